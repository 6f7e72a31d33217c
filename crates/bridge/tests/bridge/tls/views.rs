//! A gate whose node shows it the alliance chain as it was.

use std::{sync::Arc, time::Duration};

use alloy_primitives::U64;
use chancery_bridge::{
    alliance::certificate::SignatureFault,
    contracts::AllianceContract,
    tls::{Credentials, Expectation, Gate, NodeCertificate, PeerFault, Serial},
};
use chancery_testing::process::{Fault, Wire};
use tokio::time::{sleep, timeout};

use crate::support::{club::Club, partnership::Node};

const ANYBODY: Expectation = Expectation { member: None, scope: None };
/// Many times what the chain takes for a block.
const MAX_WAIT: Duration = Duration::from_secs(60);
/// Some heartbeats of the tests' chains.
const MAX_SILENCE: Duration = Duration::from_secs(12);

async fn gate_behind(wire: &Wire, club: &Club) -> Gate {
    let chain = club.home.through(&wire.url).await;
    Gate::new(AllianceContract { chain, address: club.alliance.address }).unwrap()
}

async fn certificate(club: &Club, node: &Node) -> NodeCertificate {
    let path = club.issue("shown", node, Serial::Transaction(node.certificate)).await;
    Credentials::open(&path).unwrap().certificate()
}

/// Has the node say that this block is its newest.
fn freeze(wire: &Wire, number: u64) {
    wire.set(Fault::Pretend("eth_blockNumber", serde_json::to_value(U64::from(number)).unwrap()));
}

async fn until_refused(gate: &Gate, certificate: &NodeCertificate) -> PeerFault {
    let asks = async {
        loop {
            match gate.admit(certificate, &ANYBODY).await {
                Ok(_) => sleep(Duration::from_millis(20)).await,
                Err(fault) => break fault,
            }
        }
    };
    timeout(MAX_WAIT, asks).await.expect("it is not accepted for ever")
}

// A-CERT: who keeps the chain's end from a node does not keep a certificate alive that was revoked.
#[tokio::test(flavor = "multi_thread")]
async fn a_chain_that_shows_no_new_block_is_not_believed_for_ever() {
    let dir = tempfile::tempdir().unwrap();
    let club = Club::start(dir.path()).await;
    let node = club.node(club.bank, 0).await;
    let shown = certificate(&club, &node).await;
    let wire = Wire::to(club.home.rpc()).await.unwrap();
    let gate = gate_behind(&wire, &club).await.with_max_silence(MAX_SILENCE);
    assert!(gate.admit(&shown, &ANYBODY).await.is_ok());

    freeze(&wire, club.home.height().await);
    assert!(gate.admit(&shown, &ANYBODY).await.is_ok(), "it may be a pause");
    club.revoke(node.certificate).await;
    let fault = until_refused(&gate, &shown).await;
    assert!(fault.is_temporary(), "nothing is known of it: {fault}");

    wire.set(Fault::None);
    let revoked = PeerFault::Certificate { fault: SignatureFault::CertificateRevoked };
    assert_eq!(gate.admit(&shown, &ANYBODY).await, Err(revoked));
}

// A-CERT: it does not go back behind a block that it has shown, whatever it is asked about.
#[tokio::test(flavor = "multi_thread")]
async fn a_chain_that_is_shown_as_it_was_before_is_not_believed() {
    let dir = tempfile::tempdir().unwrap();
    let club = Club::start(dir.path()).await;
    let (node, other) = (club.node(club.bank, 0).await, club.node(club.land, 1).await);
    let (shown, others) = (certificate(&club, &node).await, certificate(&club, &other).await);
    let wire = Wire::to(club.home.rpc()).await.unwrap();
    let gate = Arc::new(gate_behind(&wire, &club).await);
    let before = club.home.height().await;
    club.revoke(node.certificate).await;
    // Of the revoked one itself nothing is remembered.
    assert!(gate.admit(&others, &ANYBODY).await.is_ok());

    freeze(&wire, before);
    let fault = gate.admit(&shown, &ANYBODY).await.unwrap_err();
    assert!(fault.is_temporary(), "it was good at that block: {fault}");
    wire.set(Fault::None);
    let revoked = PeerFault::Certificate { fault: SignatureFault::CertificateRevoked };
    assert_eq!(gate.admit(&shown, &ANYBODY).await, Err(revoked));
}
