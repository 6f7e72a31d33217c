//! Requester, endorsers and relay as processes over mutual TLS.

use std::{
    path::{Path, PathBuf},
    process::Command,
    sync::Arc,
    time::Duration,
};

use chancery_bridge::{
    alliance::{
        certificate::{Scope, SignatureFault},
        store::Outcome,
    },
    endorser::{EndorseRefusal, Endorser as _, RemoteEndorser},
    http::{CallError, JsonClient},
    relay::{CarryRefusal, RemoteCarrier},
    tls::{ChannelFault, Credentials, Expectation, Gate, Mutual, PeerFault},
};
use chancery_testing::process::built_binary;

use crate::support::{
    club::write_private,
    partnership::{Node, Partnership, name},
    process::Process,
};

const APPLIED: u8 = Outcome::Applied.code();
/// Many times what a request takes.
const PATIENCE: Duration = Duration::from_secs(60);

/// A command about the partnership's alliance, with a key; its answer.
fn command(partnership: &Partnership, name: &str, key_file: &Path, rest: &[&str]) -> serde_json::Value {
    let made = Command::new(built_binary())
        .args(["--json", "alliance", name, "--rpc", partnership.home.rpc(), "--genesis"])
        .arg(partnership.home.genesis_file())
        .args(["--contract", &partnership.relay.contract.to_string(), "--key-file"])
        .arg(key_file)
        .args(rest)
        .output()
        .unwrap();
    assert!(made.status.success(), "{name}: {}", String::from_utf8_lossy(&made.stderr));
    serde_json::from_slice(&made.stdout).unwrap()
}

/// Has the command make a certificate of an identity or a transaction certificate; the file.
fn issue(dir: &Path, partnership: &Partnership, node: &Node, (kind, serial): (&str, u64)) -> PathBuf {
    let out = dir.join(format!("{kind}-{serial}.pem"));
    let key_file = write_private(&dir.join(format!("{kind}-{serial}.key")), &node.secret);
    let rest = [&format!("--{kind}"), &serial.to_string(), "--out", out.to_str().unwrap()];
    let said = command(partnership, "certificate", &key_file, &rest);
    assert_eq!(said["file"], out.to_str().unwrap());
    out
}

fn mutual(partnership: &Partnership, file: &Path) -> Mutual {
    let gate = Arc::new(Gate::new(partnership.alliance()).unwrap());
    Mutual::new(Arc::new(Credentials::open(file).unwrap()), gate).unwrap()
}

fn client(tls: &Mutual, wanted: Expectation) -> JsonClient {
    JsonClient::mutual(PATIENCE, tls.clone(), wanted).unwrap()
}

// A-CERT, A-END, M-SEC
#[tokio::test(flavor = "multi_thread")]
async fn a_request_goes_over_mutual_tls_between_processes() {
    let dir = tempfile::tempdir().unwrap();
    let partnership = Partnership::start(dir.path()).await;
    let alliance = partnership.alliance();
    let (bank, land) = (&partnership.partners[0], &partnership.partners[1]);

    // The relay says who it is, and needs no more.
    let carrier = &land.nodes[2];
    let identity = alliance.certificate(carrier.certificate).await.unwrap().unwrap().0.identity;
    let file = issue(dir.path(), &partnership, carrier, ("identity", identity));
    let mut relay = Process::relay(dir.path(), &partnership).with_tls(&file, None);
    relay.start();

    let file = issue(dir.path(), &partnership, &bank.nodes[0], ("transaction", bank.nodes[0].certificate));
    let own = mutual(&partnership, &file);
    let anybody = client(&own, Expectation::default());
    let mut requester = partnership.requester(Arc::new(RemoteCarrier::new(anybody, relay.url())));
    let mut endorsers = Vec::new();
    for (partner, access) in partnership.partners.iter().zip(&mut requester.members) {
        access.endorsers.clear();
        let wanted = Expectation { member: Some(partner.name), scope: Some(Scope::ENDORSE) };
        for node in &partner.nodes[..2] {
            // The requester's own node endorses too: it has its file.
            let file = dir.path().join(format!("transaction-{}.pem", node.certificate));
            if !file.exists() {
                issue(dir.path(), &partnership, node, ("transaction", node.certificate));
            }
            let endorser = Process::endorser(dir.path(), &partnership, partner, node);
            let mut endorser = endorser.with_tls(&file, Some(&partnership.home));
            endorser.start();
            access.endorsers.push(Arc::new(RemoteEndorser::new(client(&own, wanted), endorser.url())));
            endorsers.push(endorser);
        }
    }
    let key = name("parcel 7");
    let committed = requester.execute(name("sale"), &partnership.calls(key, [40, 60])).await.unwrap();
    partnership.settled(committed.number, key, [(APPLIED, 1, 40), (APPLIED, 1, 60)]).await;

    // Who shows an identity alone may ask neither for an endorsement nor for a request to be carried.
    let submission = partnership.submission(&requester, "next", &partnership.calls(key, [41, 61])).await;
    let modest = mutual(&partnership, &dir.path().join(format!("identity-{identity}.pem")));
    let missing = PeerFault::Certificate { fault: SignatureFault::ScopeMissing };
    let expected = ChannelFault::Ours { fault: missing };
    let endorser = RemoteEndorser::new(client(&modest, Expectation::default()), endorsers[0].url());
    let refused = endorser.endorse(&submission.request, &submission.parts[0]).await;
    assert_eq!(refused, Err(EndorseRefusal::Channel { fault: expected.clone() }));
    let carrier = RemoteCarrier::new(client(&modest, Expectation::default()), relay.url());
    let refused = chancery_bridge::relay::Carrier::carry(&carrier, &submission).await;
    assert_eq!(refused, Err(CarryRefusal::Channel { fault: expected }));

    // A member's endorser does not pass for another member's.
    let of_land = Expectation { member: Some(land.name), scope: Some(Scope::ENDORSE) };
    let posted = client(&own, of_land).post::<serde_json::Value, EndorseRefusal>(endorsers[0].url(), &()).await;
    let other = PeerFault::OtherMember { expected: land.name, found: bank.name };
    assert_eq!(posted, Err(CallError::Channel(ChannelFault::Theirs { fault: other })));

    // Nor does it start with one: nobody would accept it there.
    let file = dir.path().join(format!("transaction-{}.pem", bank.nodes[0].certificate));
    let confused = Process::endorser(dir.path(), &partnership, land, &land.nodes[2]);
    let said = confused.with_tls(&file, Some(&partnership.home)).refusal();
    assert!(said.contains("cannot be used: it is a node of"), "{said}");

    // The member's authority issues and revokes by the same command.
    let authority = write_private(&dir.path().join("authority.key"), &partnership.home.operator_secret());
    let ask = |name: &str, rest: &[&str]| command(&partnership, name, &authority, rest)["serial"].as_u64().unwrap();
    let key = bank.nodes[0].key.address();
    let identity = ask("issue-identity", &["--member", "bank", "--node", "node 1", "--node-key", &key.to_string()]);
    let rest = ["--identity", &identity.to_string(), "--scope", "endorse", "--hours", "168"];
    let serial = ask("issue-transaction", &rest);
    let (transaction, found) = alliance.certificate(serial).await.unwrap().unwrap();
    assert_eq!((transaction.identity, transaction.scope, found.key), (identity, Scope::ENDORSE, key));
    ask("revoke-transaction", &["--serial", &serial.to_string()]);
    ask("revoke-identity", &["--serial", &identity.to_string()]);
    let (transaction, found) = alliance.certificate(serial).await.unwrap().unwrap();
    assert!(transaction.revoked && found.revoked);
}

// M-SEC: attesters beyond this machine are spoken to as nodes of the alliance or not at all, and the Web's authorities have no say.
#[tokio::test(flavor = "multi_thread")]
async fn a_relay_without_a_certificate_asks_no_attester_elsewhere() {
    let dir = tempfile::tempdir().unwrap();
    let partnership = Partnership::start(dir.path()).await;
    for (place, expected) in
        [("https://127.0.0.1:1", "needs a certificate"), ("http://192.0.2.1:1", "is not on this machine")]
    {
        let relay = Process::relay(dir.path(), &partnership);
        let said = relay.with(&format!("[[attesters]]\nmember = \"abroad\"\nurls = [\"{place}\"]\n")).refusal();
        assert!(said.contains(expected), "{place}: {said}");
    }
}
