//! What owners hand over of who came, and who is shown it.

use std::sync::Mutex;

use chancery_contracts::{
    DigitalAsset::{AccessRequested, OwnershipTransferred},
    ResourceDirectory::ResourceRegistered,
};
use chancery_ledger::SubmitterKey;
use chancery_reference_points::{right::Right, v2m::HistoryEntry};
use ring::digest::{SHA256, digest};

use super::*;
use crate::{
    department::{Fetch, Fetched, HandedLines},
    directory::{Accesses, KeptLine, MAX_TRACE_EVENTS, ProvenAccesses, TracedAccess, VerifiedAccesses},
};

const READER: Address = Address::repeat_byte(0x02);
const OTHER: Address = Address::repeat_byte(0x03);

/// Keeps in memory what a city keeps.
#[derive(Debug, Default)]
pub(super) struct Told {
    kept: Mutex<Vec<(Address, KeptLine)>>,
    entries: Mutex<Vec<HistoryEntry>>,
}

#[async_trait]
impl Accesses for Told {
    async fn keep(&self, accesses: VerifiedAccesses) -> DoorResult<usize> {
        let (mut kept, mut new) = (self.kept.lock().unwrap(), 0);
        for line in &accesses.lines {
            if kept.iter().any(|(_, known)| known.line == line.text) {
                continue;
            }
            new += 1;
            self.entries.lock().unwrap().push(accesses.told(line, 9_000));
            let line = KeptLine {
                id: kept.len() as u64 + 1,
                owner: accesses.owner,
                line: line.text.clone(),
                signed_through: accesses.lines.last().unwrap().fetch.number,
                signature: accesses.signature.clone(),
                recorded_at_ms: 9_000,
            };
            kept.push((accesses.asset, line));
        }
        Ok(new)
    }

    async fn before(
        &self,
        asset: Address,
        reader: Option<Address>,
        before: u64,
        limit: usize,
    ) -> DoorResult<Vec<KeptLine>> {
        let of = |line: &str| serde_json::from_str::<Fetch>(line).unwrap().reader;
        let kept = self.kept.lock().unwrap();
        let found = kept.iter().rev().filter(|(of_asset, line)| {
            *of_asset == asset && line.id < before && reader.is_none_or(|reader| of(&line.line) == reader)
        });
        Ok(found.take(limit).map(|(_, line)| line.clone()).collect())
    }
}

/// Lines of a journal, one after the other.
fn lines() -> Vec<String> {
    let mut previous = B256::ZERO;
    let come = [(READER, None), (OTHER, Some("not-granted")), (READER, None)];
    (1..)
        .zip(come)
        .map(|(number, (reader, refused))| {
            let fetch = Fetch {
                number,
                at: 100 + number,
                reader,
                request: 1,
                version: u32::from(refused.is_none()),
                fetched: if number == 3 { Fetched::File } else { Fetched::Key },
                refused: refused.map(str::to_owned),
                unnoted: 0,
                previous,
            };
            let line = serde_json::to_string(&fetch).unwrap();
            previous = B256::from_slice(digest(&SHA256, line.as_bytes()).as_ref());
            line
        })
        .collect()
}

fn handed(key: &SubmitterKey, lines: &[String]) -> Value {
    let last: Fetch = serde_json::from_str(lines.last().unwrap()).unwrap();
    let hash = B256::from_slice(digest(&SHA256, lines.last().unwrap().as_bytes()).as_ref());
    let signature = key.sign_message(HandedLines::statement(ASSET, last.number, hash).as_bytes()).unwrap();
    json!({"resource": "weather", "asset": ASSET, "lines": lines, "signature": Bytes::from(signature.as_bytes().to_vec())})
}

/// An asset that one had, and another has.
fn given_away_by(before: Address) -> Desk {
    let word = B256::right_padding_from(b"weather");
    let mut chain = WrittenChain::default()
        .with("weather", Visibility::EVERYBODY, "A", &text("Weather", "x"))
        .and(&OwnershipTransferred { from: Address::ZERO, to: before, keyEpoch: 1 })
        .and(&ResourceRegistered { resource: word, asset: ASSET, organization: word });
    chain.events.last_mut().unwrap().contract = DIRECTORY;
    chain = chain.and(&OwnershipTransferred { from: before, to: OWNER, keyEpoch: 2 });
    for request in 1..=5 {
        let (version, right) = (1, 0);
        let asked =
            AccessRequested { request, reader: READER, version, readerKey: B256::ZERO, purpose: B256::ZERO, right };
        chain = chain.and(&asked);
    }
    Desk::new(chain)
}

fn times(trace: &Value, member: &str) -> Vec<u64> {
    trace[member].as_array().unwrap().iter().map(|one| one["time"].as_u64().unwrap()).collect()
}

// M-MON-2, S-ASSET, SHARE-19: what an owner hands over supervisors read in the journal, and the trace shows it; once, however often it is sent.
#[tokio::test]
async fn who_came_is_told_once_by_its_owner_and_by_nobody_else() {
    let (key, stranger) = (SubmitterKey::random(), SubmitterKey::random());
    let (desk, owner) = (given_away_by(key.address()), Actor::new(key.address(), []));
    let lines = lines();
    let send = async |actor: &Actor, sent: Value| desk.ask(actor, names::ACCESSES, sent).await;
    let kept = send(&owner, handed(&key, &lines[..2])).await.unwrap();
    assert_eq!(kept, json!({"through": 2, "new": 2}));
    assert_eq!(send(&owner, handed(&key, &lines)).await.unwrap(), json!({"through": 3, "new": 1}));
    assert_eq!(send(&owner, handed(&key, &lines)).await.unwrap(), json!({"through": 3, "new": 0}));

    let entries = desk.told.entries.lock().unwrap().clone();
    let told: Vec<_> = entries.iter().map(|entry| (entry.by, entry.right, entry.subject.as_str())).collect();
    let granted = (Some(READER), Some(Right::Granted), "weather");
    assert_eq!(told, [granted, (Some(OTHER), None, "weather"), granted]);
    assert!(entries[1].facts.starts_with("key refused (not-granted), request 1, at 102"), "{}", entries[1].facts);
    assert!(entries[2].facts.starts_with("file of version 1, request 1, at 103; line 3"), "{}", entries[2].facts);

    let foreign = send(&Actor::new(stranger.address(), []), handed(&stranger, &lines)).await.unwrap_err();
    assert_eq!(foreign.code(), Code::UnknownResource);
    let nobody = send(&Actor::public(), handed(&key, &lines)).await.unwrap_err();
    assert_eq!(nobody.code(), Code::AuthenticationRequired);
    // Another name, and the word of the right one, under which the journal may have something else.
    for other in ["rivers".to_owned(), B256::right_padding_from(b"weather").to_string()] {
        let mut elsewhere = handed(&key, &lines);
        elsewhere["resource"] = json!(other);
        assert_eq!(send(&owner, elsewhere).await.unwrap_err().code(), Code::UnknownResource, "{other}");
    }
    let altered = [lines[0].clone(), lines[1].replace("not-granted", "store-down")];
    let mut sent = handed(&key, &lines[..2]);
    sent["lines"] = json!(altered);
    assert_eq!(send(&owner, sent).await.unwrap_err().code(), Code::MalformedRequest);
    assert_eq!(desk.told.kept.lock().unwrap().len(), 3, "nothing of it is kept");
}

// S-ASSET, M-PRIV: pages of a trace, until there is nothing older; each line to whom it is for.
#[tokio::test]
async fn a_trace_goes_on_page_by_page_and_shows_who_came() {
    let key = SubmitterKey::random();
    let desk = given_away_by(key.address());
    desk.ask(&Actor::new(key.address(), []), names::ACCESSES, handed(&key, &lines())).await.unwrap();
    let supervisor = Actor::new(Address::ZERO, [Role::Supervisor]);
    let page = async |actor: &Actor, limit: usize, cursor: Option<&str>| {
        desk.ask(actor, names::TRACE, json!({"resource": "weather", "limit": limit, "cursor": cursor})).await
    };
    let whole = page(&supervisor, MAX_TRACE_EVENTS, None).await.unwrap()["trace"].clone();
    assert_eq!(times(&whole, "entries"), (1..=8).collect::<Vec<_>>());
    assert_eq!((times(&whole, "accesses"), &whole["nextCursor"]), (vec![101, 102, 103], &Value::Null));
    let refused = &whole["accesses"][1];
    assert_eq!((&refused["refused"], &refused["version"]), (&json!("not-granted"), &Value::Null));
    assert_eq!((&refused["number"], &refused["signedThrough"]), (&json!(2), &json!(3)));

    let (mut entries, mut accesses, mut pages, mut cursor) = (Vec::new(), Vec::new(), 0, None::<String>);
    loop {
        let answer = page(&supervisor, 2, cursor.as_deref()).await.unwrap();
        let trace = &answer["trace"];
        assert!(times(trace, "entries").len() <= 2 && times(trace, "accesses").len() <= 2);
        assert_eq!(trace["owners"], whole["owners"], "owners are on every page");
        entries = [times(trace, "entries"), entries].concat();
        accesses = [times(trace, "accesses"), accesses].concat();
        pages += 1;
        match trace["nextCursor"].as_str() {
            Some(next) => cursor = Some(next.to_owned()),
            None => break,
        }
    }
    assert_eq!((entries, accesses, pages), (times(&whole, "entries"), times(&whole, "accesses"), 4));

    let mine = page(&Actor::new(OTHER, []), MAX_TRACE_EVENTS, None).await.unwrap();
    assert_eq!(times(&mine["trace"], "accesses"), [102]);
    assert!(!mine.to_string().contains(&format!("{READER:x}")));
    let anybody = page(&Actor::public(), MAX_TRACE_EVENTS, None).await.unwrap();
    assert_eq!(times(&anybody["trace"], "accesses"), Vec::<u64>::new());
    let edges = page(&supervisor, MAX_TRACE_EVENTS, None).await.unwrap()["graph"]["edges"].to_string();
    assert!(["fetched-key", "fetched-file", "was-refused"].iter().all(|relation| edges.contains(relation)), "{edges}");
    for (limit, cursor) in [(0, None), (MAX_TRACE_EVENTS + 1, None), (1, Some("9")), (1, Some("a.1"))] {
        let refused = page(&supervisor, limit, cursor).await.unwrap_err();
        assert_eq!(refused.code(), Code::MalformedRequest, "{limit} {cursor:?}");
    }
}

// S-ASSET, SHARE-19: whoever is shown who came proves it by the owner's signature, and finds what was changed on the way.
#[tokio::test]
async fn what_a_trace_shows_of_who_came_is_what_its_owner_has_signed() {
    let key = SubmitterKey::random();
    let (desk, owner) = (given_away_by(key.address()), Actor::new(key.address(), []));
    let lines = lines();
    for sent in [&lines[..2], &lines[..]] {
        desk.ask(&owner, names::ACCESSES, handed(&key, sent)).await.unwrap();
    }
    let shown = async |actor: &Actor| -> Vec<TracedAccess> {
        let answer = desk.ask(actor, names::TRACE, json!({"resource": "weather"})).await.unwrap();
        serde_json::from_value(answer["trace"]["accesses"].clone()).unwrap()
    };
    let all = shown(&Actor::new(Address::ZERO, [Role::Supervisor])).await;
    let proven = |signed, unproven, wrong| ProvenAccesses { signed, unproven, wrong };
    assert_eq!(ProvenAccesses::of(ASSET, &all), proven(3, 0, 0));
    // The first line is signed by the second, which is another's; the third by itself.
    let own = shown(&Actor::new(READER, [])).await;
    assert_eq!(ProvenAccesses::of(ASSET, &own), proven(1, 1, 0));

    let altered = |change: fn(&mut TracedAccess)| {
        let mut altered = all.clone();
        change(&mut altered[2]);
        ProvenAccesses::of(ASSET, &altered)
    };
    let changes: [fn(&mut TracedAccess); 5] = [
        |one| one.reader = OTHER,
        |one| one.time += 1,
        |one| one.refused = Some("not-granted".to_owned()),
        |one| one.owner = OTHER,
        |one| one.line = one.line.replace("file", "key"),
    ];
    for change in changes {
        assert_eq!(altered(change), proven(2, 0, 1));
    }
    assert_eq!(ProvenAccesses::of(DIRECTORY, &all), proven(0, 0, 3), "another asset");
}
