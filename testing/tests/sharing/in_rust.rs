//! What a business system in Rust does with the client alone: it submits, verifies, asks, opens.

use std::{
    fs,
    io::Read as _,
    path::Path,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use chancery_client::{
    AskedBy, Client, EventQuery, MainChain, PROOF_PATIENCE, PageQuery, PinnedChain, PinnedCity, Reader, ShareError,
    Submitter, Terms, Verified, Verifier, VerifyError,
    data::{Access, Algorithm, Basis, Control, PublicKey, SOURCE_TYP, Signer, SourceKind, SourceStatement},
    keys::PersonKeys,
    rest::types::{
        Example as _,
        data::SearchData,
        events::{Event, EventType},
        formats::ConfigureFormat,
        sources::StateSource,
    },
};
use chancery_testing::load::funded_signers;
use futures::TryStreamExt as _;

use super::bodies::Bodies;

const FORMAT: &str = "reading/air";
/// Of the operator of a city whose keys are public.
const OPERATOR: &str = "test test test test test test test test test test test junk";

fn client(bodies: &Bodies) -> Client {
    Client::trusting(bodies.gateway(), &fs::read(&bodies.certificates.ca).unwrap()).unwrap()
}

fn main_chain(bodies: &Bodies) -> PinnedChain {
    PinnedChain::from_genesis(&fs::read(bodies.path("city/genesis/main.json")).unwrap()).unwrap()
}

fn now_ms() -> u64 {
    u64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis()).unwrap()
}

/// M-P-SUB, M-REP-1, DATA-3, DATA-8, DATA-12: from a key to what is proven, with every kind of key.
pub(crate) async fn a_source_submits_and_verifies(bodies: &Bodies, organization: &str) {
    let (client, main) = (client(bodies), main_chain(bodies));
    let operator =
        client.clone().signing_with(PersonKeys::from_phrase(OPERATOR).unwrap().account(), main.essentials().chain_id);
    operator.configure_format(FORMAT, &ConfigureFormat::example(), false).await.unwrap();
    let journal = serde_json::from_slice(&fs::read(bodies.path("city/receipts.jwk")).unwrap()).unwrap();
    let journal = PublicKey::from_jwk(&journal).unwrap();
    let verifier = Verifier::new(PinnedCity::new(vec![main.clone()]).unwrap()).with_receipt_key(journal.clone());
    for (byte, algorithm) in (11..).zip([Algorithm::EdDsa, Algorithm::Es256, Algorithm::Es256K]) {
        let signer = Signer::from_bytes(algorithm, &[byte; 32]).unwrap();
        let statement = SourceStatement::Register {
            chain_id: main.essentials().chain_id,
            kind: SourceKind::Device,
            organization: organization.to_owned(),
            name: format!("Station {byte}"),
            jwk: signer.public_key().to_jwk(),
            time: now_ms(),
        };
        let statement = signer.sign(&statement, SOURCE_TYP).unwrap().text().to_owned();
        operator.register_source(&StateSource { statement, approval: None }).await.unwrap();

        let control =
            Control { access: Access::Public, retention_days: 30, basis: Basis::NotPersonal, readers: Vec::new() };
        let terms = Terms { format: FORMAT.to_owned(), format_version: 1, control };
        let submitter = Submitter::open(client.clone(), signer, terms).await.unwrap().believing(journal.clone());
        let operations = [1, 2].map(|pm25| submitter.prepare_content(&format!("{{\"pm25\":{pm25}}}")).unwrap());
        let signed = submitter.sign(operations.to_vec()).await.unwrap();
        let receipt = submitter.send(&signed).await.unwrap();
        let again = submitter.send(&signed).await.unwrap();
        assert!(again.repeated && again.place == receipt.place, "sent twice it is accepted once");

        let proof = client.proof_of(&receipt, 1, PROOF_PATIENCE).await.unwrap();
        let proven = verifier.operation(&serde_json::to_vec(&proof).unwrap()).unwrap();
        assert_eq!((&proven.statement, proven.statement.count), (signed.statement(), 2));
        let mut altered = proof.clone();
        altered["operation"] = proof["operation"].as_str().unwrap().replace("\"pm25\":2", "\"pm25\":3").into();
        let refused = verifier.operation(&serde_json::to_vec(&altered).unwrap());
        assert!(matches!(refused, Err(VerifyError::Refused { .. })), "{refused:?}");
        let shown = verifier.file(&serde_json::to_vec(&receipt).unwrap()).unwrap();
        assert!(matches!(shown, Verified::Receipts(one) if one[0].digest == signed.digest()));
    }
    // Searched for page by page, everything is found once.
    let which = SearchData { formats: vec![FORMAT.to_owned()], limit: Some(2), ..SearchData::default() };
    let mut found = Vec::new();
    // What is durable is indexed a moment later; the proofs above took longer, and what is not there is asked for again.
    for _ in 0..PROOF_PATIENCE.as_millis() / 100 {
        found = client.search_operations(which.clone()).try_collect::<Vec<_>>().await.unwrap();
        if found.len() >= 6 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let mut places: Vec<String> = found.iter().map(|one| one["at"].to_string()).collect();
    places.sort();
    places.dedup();
    assert_eq!((found.len(), places.len()), (6, 6));
}

/// M-MON-2: what a supervisor reads of who came for a resource, newest first, once there are so many entries: an owner's service hands over by itself what it has answered.
pub(crate) async fn a_supervisor_reads(bodies: &Bodies, resource: &str, count: usize) -> Vec<Event> {
    let supervisor = funded_signers(9).unwrap().pop().unwrap();
    let client = client(bodies).signing_with(supervisor, main_chain(bodies).essentials().chain_id);
    let which = EventQuery {
        event_type: Some(EventType::Accessed),
        subject: Some(resource.to_owned()),
        page: PageQuery { limit: Some(100), cursor: None },
        ..EventQuery::default()
    };
    let mut told = Vec::new();
    for _ in 0..PROOF_PATIENCE.as_millis() / 100 {
        told = client.events(&which).await.unwrap().items;
        told.retain(|event| event.name == "sharing.fetch");
        if told.len() >= count {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    told
}

/// S-RULES, SHARE-9, SHARE-10: asked for, handed out, proven, and opened chunk by chunk; the same that the command line wrote.
pub(crate) async fn a_reader_asks_and_opens(bodies: &Bodies, who: &str, resource: &str, version: u32, expected: &Path) {
    let (client, main) = (client(bodies), main_chain(bodies));
    let node = client.main_chain().await.unwrap().rpc_url;
    let chain = MainChain::connect(&main, &node).await.unwrap();
    let phrase = fs::read_to_string(bodies.path(&format!("{who}.key"))).unwrap();
    let reader = Reader::with_keys(&client, chain, &PersonKeys::from_phrase(&phrase).unwrap()).await.unwrap();
    let asked = reader.ask(resource, Some(version), AskedBy::Purpose("statistics")).await.unwrap();
    reader.wait(resource, asked.request, PROOF_PATIENCE).await.unwrap();
    let file = reader.fetch(resource, asked.request, &bodies.path("")).await.unwrap();
    assert!(file.is_proven() && file.version() == version);
    let mut opened = Vec::new();
    file.read().unwrap().read_to_end(&mut opened).unwrap();
    assert!(opened == fs::read(expected).unwrap(), "the client in Rust opens another file");
    let saved = bodies.path("in-rust");
    assert_eq!(file.save(&saved).unwrap(), opened.len() as u64);
    assert!(matches!(file.save(&saved), Err(ShareError::Write { .. })), "what is there is not written over");

    reader.end(resource, asked.request, None).await.unwrap();
    assert!(!reader.open_requests(asked.asset).await.unwrap().contains(&asked.request));
    let over = reader.wait(resource, asked.request, PROOF_PATIENCE).await;
    assert!(matches!(over, Err(ShareError::Closed { .. })), "{over:?}");
}
