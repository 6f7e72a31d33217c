//! What an asset's trace tells, and to whom.

use alloy_sol_types::SolEvent;
use chancery_contracts::{
    DigitalAsset::{
        AccessGranted, AccessRequested, GrantEnded, OwnershipOffered, OwnershipTransferred, RequestDecided, RightGiven,
        RightWithdrawn, VersionPublished,
    },
    ResourceDirectory::{ResourceRegistered, ResourceTakenOver},
};

use super::*;

const HOLDER: Address = Address::repeat_byte(0x01);
const READER: Address = Address::repeat_byte(0x02);
const SOURCE: Address = Address::repeat_byte(0x03);

impl WrittenChain {
    /// The next event of the directory.
    fn entered(self, event: &impl SolEvent) -> Self {
        let mut chain = self.and(event);
        if let Some(last) = chain.events.last_mut() {
            last.contract = DIRECTORY;
        }
        chain
    }
}

fn word(text: &str) -> B256 {
    B256::right_padding_from(text.as_bytes())
}

fn asked(request: u64, reader: Address, right: u64) -> AccessRequested {
    AccessRequested { request, reader, version: 1, readerKey: B256::ZERO, purpose: word("p"), right }
}

/// An asset that changed hands: made by one, owned by another now.
fn handed_over() -> Desk {
    let transferred = |from, to, epoch| OwnershipTransferred { from, to, keyEpoch: epoch };
    let granted = |request, reader| AccessGranted { request, reader, sealedKeyHash: B256::ZERO, validUntil: 50 };
    let chain = WrittenChain::default()
        .with("weather", Visibility::EVERYBODY, "B", &text("Weather", "x"))
        .and(&transferred(Address::ZERO, SOURCE, 1))
        .entered(&ResourceRegistered { resource: word("weather"), asset: ASSET, organization: word("A") })
        .entered(&ResourceRegistered { resource: word("other"), asset: ASSET, organization: word("X") })
        .and(&VersionPublished { version: 1, fingerprint: B256::ZERO, size: 1, keyEpoch: 1 })
        .and(&RightGiven { right: 1, holder: HOLDER, purpose: word("p"), validUntil: 99 })
        .and(&asked(1, HOLDER, 1))
        .and(&RequestDecided { request: 1, approved: true })
        .and(&granted(1, HOLDER))
        .and(&OwnershipOffered { owner: SOURCE, to: OWNER })
        .and(&transferred(SOURCE, OWNER, 2))
        .entered(&ResourceTakenOver { resource: word("weather"), from: word("A"), to: word("B") })
        .and(&asked(2, READER, 0))
        .and(&granted(2, READER))
        .and(&GrantEnded { request: 1, reader: HOLDER })
        .and(&RightWithdrawn { right: 1, holder: HOLDER, keyEpoch: 3 });
    Desk::new(chain)
}

async fn traced(desk: &Desk, actor: &Actor) -> Value {
    desk.ask(actor, names::TRACE, json!({"resource": "weather"})).await.unwrap()
}

fn happened(answer: &Value) -> Vec<&str> {
    let entries = answer["trace"]["entries"].as_array().unwrap();
    entries.iter().map(|entry| entry["happened"].as_str().unwrap()).collect()
}

fn edges(answer: &Value) -> Vec<(&str, &str, &str)> {
    let edges = answer["graph"]["edges"].as_array().unwrap();
    edges
        .iter()
        .map(|edge| (edge["from"].as_str().unwrap(), edge["relation"].as_str().unwrap(), edge["to"].as_str().unwrap()))
        .collect()
}

// M-APP, S-ASSET, SHARE-15, SHARE-16
#[tokio::test]
async fn a_trace_tells_source_owners_rights_transfers_and_accesses_in_order() {
    let desk = handed_over();
    let supervisor = Actor::new(Address::ZERO, [Role::Supervisor]);
    let answer = traced(&desk, &supervisor).await;
    assert_eq!(
        happened(&answer),
        [
            "transferred",
            "registered",
            "published",
            "rightGiven",
            "asked",
            "granted",
            "offered",
            "transferred",
            "takenOver",
            "asked",
            "granted",
            "ended",
            "rightWithdrawn"
        ]
    );
    let trace = &answer["trace"];
    let address = |address: Address| serde_json::to_value(address).unwrap();
    assert_eq!(
        trace["owners"],
        json!([{"by": address(SOURCE), "since": 1, "until": 10}, {"by": address(OWNER), "since": 10}])
    );
    assert_eq!(trace["organizations"], json!([{"by": "A", "since": 2, "until": 11}, {"by": "B", "since": 11}]));
    let right = &trace["rights"][0];
    assert_eq!((&right["holder"], &right["validUntil"]), (&address(HOLDER), &json!(99)));
    assert_eq!((&right["givenAt"], &right["withdrawnAt"]), (&json!(5), &json!(15)));
    let asked = &trace["entries"][4];
    assert_eq!((&asked["right"], &asked["version"], &asked["blockNumber"]), (&json!(1), &json!(1), &json!(6)));
    assert_eq!(trace["cut"], json!(false));

    let (source, owner) = (format!("a{SOURCE:x}"), format!("a{OWNER:x}"));
    let (holder, reader) = (format!("r{HOLDER:x}"), format!("r{READER:x}"));
    let (source, owner, holder, reader) = (source.as_str(), owner.as_str(), holder.as_str(), reader.as_str());
    let edges = edges(&answer);
    for edge in [
        (source, "source-of", "asset"),
        (source, "owned", "asset"),
        (owner, "owns", "asset"),
        (source, "transferred-to", owner),
        (holder, "might-use", "asset"),
        (holder, "was-granted", "v1"),
        (reader, "was-granted", "v1"),
        ("v1", "version-of", "asset"),
        ("o0", "shared", "asset"),
        ("o1", "shares", "asset"),
    ] {
        assert!(edges.contains(&edge), "{edge:?} of {edges:?}");
    }
    assert!(answer["mermaid"].as_str().unwrap().starts_with("graph LR\n"));
}

// M-APP, M-PRIV, S-DIR: who uses what is its owner's and its own affair, and that of the owner before no longer.
#[tokio::test]
async fn others_see_owners_and_transfers_and_of_readers_themselves_alone() {
    let desk = handed_over();
    let everybody = ["transferred", "registered", "published", "offered", "transferred", "takenOver"];
    for actor in [Actor::public(), Actor::new(SOURCE, [Role::Source])] {
        let answer = traced(&desk, &actor).await;
        assert_eq!(happened(&answer), everybody, "{actor:?}");
        assert_eq!(answer["trace"]["rights"], json!([]));
        assert!(!answer.to_string().contains(&format!("{HOLDER:x}")), "{actor:?}");
    }
    let own = traced(&desk, &Actor::new(READER, [])).await;
    assert_eq!(happened(&own).len(), everybody.len() + 2);
    assert!(!own.to_string().contains(&format!("{HOLDER:x}")));
    assert_eq!(happened(&traced(&desk, &Actor::new(OWNER, [])).await).len(), 13);
    let unknown = desk.ask(&Actor::public(), names::TRACE, json!({"resource": "nothing"})).await.unwrap_err();
    assert_eq!(unknown.code(), Code::UnknownResource);
}
