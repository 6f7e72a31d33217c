//! Every kind of source with every kind of key, by REST: it registers, submits, is given a receipt, and is refused with another's key and when it was withdrawn.

use alloy_primitives::{B256, FixedBytes};
use chancery_data::{
    Algorithm, Control, Operation, PublicKey, Signer,
    jws::Header,
    merkle,
    receipt::Receipt,
    source::{self, SourceKind, SourceStatement},
    submission::{self, Access, Basis, Statement},
};
use chancery_testing::ingest::now_ms;
use serde_json::{Value, json};

use super::{
    signed_in::{SignedIn, exchange},
    support::*,
};

const FORMAT: &str = "reading/of-every-source";
const CHAIN_ID: u64 = 7100;
const ORGANIZATION: &str = "SAMPLE-HEALTH-OFFICE";
const KINDS: [SourceKind; 4] =
    [SourceKind::Person, SourceKind::Organization, SourceKind::Device, SourceKind::Application];
const KEYS: [(Algorithm, &str); 3] =
    [(Algorithm::EdDsa, "Ed25519"), (Algorithm::Es256, "P-256"), (Algorithm::Es256K, "secp256k1")];

/// A source of one kind, with a key of one kind.
struct Party {
    kind: SourceKind,
    curve: &'static str,
    signer: Signer,
}

fn new_key(algorithm: Algorithm) -> Signer {
    Signer::from_bytes(algorithm, &B256::random().0).unwrap()
}

impl Party {
    fn name(&self) -> String {
        self.signer.public_key().thumbprint().source().to_string().to_lowercase()
    }

    fn header(&self) -> Header {
        let public = self.signer.public_key();
        Header { alg: public.algorithm(), kid: public.thumbprint().to_kid(), typ: submission::TYP.to_owned() }
    }

    /// One reading as it is submitted, in the name of this source: with its header, or with that of whoever signs.
    fn submission(&self, signed_by: &Signer, header: &Header) -> String {
        let operation = json!({"time": now_ms(), "content": {"pm25": 12}}).to_string();
        let statement = Statement {
            chain_id: CHAIN_ID,
            source: self.signer.public_key().thumbprint().source(),
            key: FixedBytes::random(),
            format: FORMAT.into(),
            format_version: 1,
            time: now_ms(),
            count: 1,
            root: merkle::root(&[Operation::name(operation.as_bytes())]).unwrap(),
            control: Control {
                access: Access::Public,
                retention_days: 1,
                basis: Basis::NotPersonal,
                readers: Vec::new(),
            },
        };
        let payload = serde_json::to_vec(&statement).unwrap();
        let jws = signed_by.sign_with(header, &payload, submission::TYP).unwrap();
        format!("{{\"submission\":\"{}\",\"operations\":[{operation}]}}", jws.text())
    }

    fn own(&self) -> String {
        self.submission(&self.signer, &self.header())
    }
}

/// What became of each of these.
async fn outcomes(submissions: Vec<String>) -> Vec<Value> {
    let count = submissions.len();
    let request = reqwest::Client::new()
        .post(format!("{}/v1/submissions", shared().city.gateway))
        .header("content-type", "application/json")
        .body(format!("[{}]", submissions.join(",")));
    let (status, answer) = exchange(request).await;
    assert_eq!(status, 200, "{answer}");
    let outcomes = answer.as_array().unwrap().clone();
    assert_eq!(outcomes.len(), count);
    outcomes
}

/// The code of each refusal.
async fn refusals(submissions: Vec<String>) -> Vec<String> {
    let outcomes = outcomes(submissions).await;
    outcomes.iter().map(|outcome| outcome["problem"]["code"].as_str().unwrap_or("accepted").to_owned()).collect()
}

// M-REP-1, DATA-1: persons, organizations, devices and applications, each with a key of each of the three kinds.
#[tokio::test]
async fn every_kind_of_source_submits_with_every_kind_of_key_and_with_no_other() {
    let operator = SignedIn::as_development_account(0).await;
    let format = json!({
        "version": 1, "chain": "main", "title": {"en": "Reading", "zh": "读数"}, "source": "HJ 633-2012, 5", "sealed": false,
        "schema": {"type": "object", "required": ["pm25"], "properties": {"pm25": {"type": "integer", "minimum": 0}}},
    });
    let (status, applied) = operator.ask("PUT", "/v1/formats/reading%2Fof-every-source", Some(&format)).await;
    assert_eq!(status, 200, "{applied}");

    let mut parties = Vec::new();
    for kind in KINDS {
        for (algorithm, curve) in KEYS {
            parties.push(Party { kind, curve, signer: new_key(algorithm) });
        }
    }
    let unregistered = parties.iter().map(Party::own).collect();
    assert_eq!(refusals(unregistered).await, ["unknown-source"; 12]);
    for party in &parties {
        let statement = SourceStatement::Register {
            chain_id: CHAIN_ID,
            kind: party.kind,
            organization: ORGANIZATION.into(),
            name: format!("{:?} with {}", party.kind, party.curve),
            jwk: party.signer.public_key().to_jwk(),
            time: now_ms(),
        };
        let statement = party.signer.sign(&statement, source::TYP).unwrap().text().to_owned();
        let (status, registered) = operator.ask("POST", "/v1/sources", Some(&json!({ "statement": statement }))).await;
        assert_eq!(status, 201, "{registered}");
        let (status, shown) = operator.ask("GET", &format!("/v1/sources/{}", party.name()), None).await;
        assert_eq!((status, &shown["kind"], &shown["organization"]), (200, &json!(party.kind), &json!(ORGANIZATION)));
        assert_eq!(shown["keys"][0]["jwk"]["crv"], party.curve, "{shown}");
    }

    let jwk = serde_json::from_slice(&std::fs::read(shared().data.path().join("city/receipts.jwk")).unwrap()).unwrap();
    let receipt_key = PublicKey::from_jwk(&jwk).unwrap();
    let accepted = outcomes(parties.iter().map(Party::own).collect()).await;
    for (party, outcome) in parties.iter().zip(&accepted) {
        let receipt = Receipt::verify(outcome["receipt"]["receipt"].as_str().unwrap_or_default(), &receipt_key);
        let receipt = receipt.unwrap_or_else(|error| panic!("{error}: {outcome}"));
        assert_eq!(receipt.source, party.signer.public_key().thumbprint().source());
    }

    // In its name, with the key of the next source; with a key of nobody; and with its own key named and another's used, of whatever kind.
    let next = || parties.iter().skip(1).chain(&parties[..1]);
    let of_next = parties.iter().zip(next()).map(|(party, next)| party.submission(&next.signer, &next.header()));
    assert_eq!(refusals(of_next.collect()).await, ["signature-invalid"; 12]);
    let nobody = Party { kind: SourceKind::Person, curve: "Ed25519", signer: new_key(Algorithm::EdDsa) };
    let of_nobody = parties.iter().map(|party| party.submission(&nobody.signer, &nobody.header()));
    assert_eq!(refusals(of_nobody.collect()).await, ["unknown-source"; 12]);
    let disguised = parties.iter().zip(next()).map(|(party, next)| party.submission(&next.signer, &party.header()));
    assert_eq!(refusals(disguised.collect()).await, ["signature-invalid"; 12]);
    let same_kind = parties.iter().map(|party| party.submission(&new_key(party.header().alg), &party.header()));
    assert_eq!(refusals(same_kind.collect()).await, ["signature-invalid"; 12]);

    for party in &parties {
        let (status, ended) = operator.ask("DELETE", &format!("/v1/sources/{}?reason=lost", party.name()), None).await;
        assert_eq!((status, &ended["withdrawn"]["reason"]), (200, &json!("lost")), "{ended}");
    }
    assert_eq!(refusals(parties.iter().map(Party::own).collect()).await, ["source-withdrawn"; 12]);
}
