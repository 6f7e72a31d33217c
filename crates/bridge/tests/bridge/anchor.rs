//! The anchor of `docs/specs/anchor.md`, with the headers and certificates that all verifiers share.
use alloy_primitives::keccak256;
use alloy_sol_types::SolCall as _;
use chancery_bridge::anchor::{Anchor, AnchorError, Conflict, Submission};
use chancery_contracts::{Anchor as AnchorContract, predeploys};
use chancery_light::{ChainEssentials, FinalityProof, TrustedChain, VerifyError};
use serde_json::Value;

use crate::support::chain::TestChain;

const FIRST: &str = "all of 4 signed";
/// Another header of the same number, with a certificate of the same validators.
const SECOND: &str = "an epoch, and views of several bytes";

fn finality() -> Value {
    serde_json::from_str(include_str!("../../../light/vectors/finality.json")).unwrap()
}

fn handover() -> Value {
    serde_json::from_str(include_str!("../../../light/vectors/handover.json")).unwrap()
}

fn essentials(value: &Value) -> ChainEssentials {
    serde_json::from_value(value.clone()).unwrap()
}

fn anchor() -> Anchor {
    Anchor::new(TrustedChain::new(essentials(&finality()["chains"][1]["essentials"])).unwrap())
}

fn proof(name: &str) -> FinalityProof {
    let vectors = finality();
    let case = vectors["cases"].as_array().unwrap().iter().find(|case| case["name"] == name).unwrap();
    serde_json::from_value(case["proof"].clone()).unwrap()
}

fn conflict() -> Conflict {
    Conflict { number: 1, first: keccak256(&proof(FIRST).header), second: keccak256(&proof(SECOND).header) }
}

fn frozen() -> Anchor {
    let mut anchor = anchor();
    anchor.submit(&proof(FIRST)).unwrap();
    assert_eq!(anchor.submit(&proof(SECOND)), Ok(Submission::Froze(conflict())));
    anchor
}

/// A proof as the contract takes it.
fn submitted(name: &str) -> AnchorContract::submitCall {
    let vectors = finality();
    let bytes = |value: &Value| serde_json::from_value(value.clone()).unwrap();
    let case = vectors["cases"].as_array().unwrap().iter().find(|case| case["name"] == name).unwrap();
    AnchorContract::submitCall {
        proof: AnchorContract::FinalityProof {
            header: bytes(&case["proof"]["header"]),
            certificate: bytes(&case["proof"]["certificate"]),
            signaturePoint: bytes(&case["signaturePoint"]),
            descendants: Vec::new(),
        },
        keys: bytes(&vectors["chains"][1]["keys"]),
    }
}

// ANCHOR-4: on a chain that runs, with two certificates that three of four validators have signed.
#[tokio::test(flavor = "multi_thread")]
async fn an_anchor_on_a_running_chain_freezes_at_the_second_certificate_of_a_number() {
    let dir = tempfile::tempdir().unwrap();
    let host = TestChain::start(dir.path(), "main").await;
    let vectors = finality();
    let followed = essentials(&vectors["chains"][1]["essentials"]);
    let (chain_id, genesis_hash) = (followed.chain_id, followed.genesis_hash);
    let registry = predeploys::VALIDATOR_REGISTRY;
    let arguments = AnchorContract::constructorCall { registry, chainId: chain_id, genesisHash: genesis_hash };
    let anchor = host.deploy(&AnchorContract::BYTECODE, &arguments).await;
    let first = submitted(FIRST);
    let header = serde_json::from_value(vectors["chains"][1]["genesisHeader"].clone()).unwrap();
    host.call(anchor, &AnchorContract::beginCall { genesisHeader: header, keys: first.keys.clone() }).await;

    host.call(anchor, &first).await;
    host.call(anchor, &submitted("3 of 4 signed")).await;
    let recorded = host.view(anchor, &AnchorContract::recordCall { number: 1 }).await;
    assert_eq!(recorded.hash, conflict().first, "the same header again freezes nothing");
    host.call(anchor, &submitted(SECOND)).await;
    let found = host.view(anchor, &AnchorContract::conflictCall {}).await;
    assert_eq!((found.number, found.first, found.second), (1, conflict().first, conflict().second));
    assert!(!host.tries(anchor, &first).await, "nothing more is taken");
    let question = AnchorContract::recordCall { number: 1 }.abi_encode().into();
    let refused = host.chain.view(anchor, &question).await.unwrap_err().to_string();
    assert!(refused.contains("AnchorFrozen"), "nor answered: {refused}");
}

#[test]
fn a_final_header_is_recorded_once() {
    let mut anchor = anchor();
    assert_eq!(anchor.header(1).err(), Some(AnchorError::NotAnchored(1)));
    assert_eq!(anchor.submit(&proof(FIRST)), Ok(Submission::Recorded));
    assert_eq!(anchor.submit(&proof("3 of 4 signed")), Ok(Submission::Known), "whatever certificate it comes with");
    assert_eq!(anchor.header(1).unwrap().hash(), conflict().first);
    assert_eq!(anchor.latest(), Some(1));
}

#[test]
fn a_header_that_is_not_final_is_refused_by_name() {
    let mut anchor = anchor();
    let refused = anchor.submit(&proof("2 of 4 signed"));
    assert_eq!(refused, Err(AnchorError::Refused(VerifyError::BelowQuorum { signers: 2, quorum: 3 })));
    assert_eq!(anchor.latest(), None);
}

#[test]
fn a_frozen_anchor_takes_and_answers_nothing() {
    let mut anchor = frozen();
    assert_eq!(anchor.conflict(), Some(conflict()));
    assert_eq!(anchor.submit(&proof(FIRST)), Err(AnchorError::Frozen(conflict())));
    assert_eq!(anchor.header(1).err(), Some(AnchorError::Frozen(conflict())));
}

#[test]
fn after_a_vote_nothing_counts_that_was_recorded_before() {
    let mut anchor = frozen();
    let chain = anchor.chain().clone();
    let validators = chain.validators().to_vec();
    let renewed = TrustedChain::at_epoch(chain.essentials().clone(), 5, validators).unwrap();
    anchor.set_trust(renewed).unwrap();
    assert_eq!((anchor.conflict(), anchor.generation(), anchor.latest()), (None, 1, None));
    let early = anchor.submit(&proof(FIRST));
    assert_eq!(early, Err(AnchorError::Refused(VerifyError::EpochMismatch { from: 5, found: 0 })));
    assert_eq!(anchor.submit(&proof(SECOND)), Ok(Submission::Recorded), "it is of epoch 5");
}

#[test]
fn trust_is_set_for_the_followed_chain_alone() {
    let mut anchor = anchor();
    let other = TrustedChain::new(ChainEssentials { chain_id: 1, ..anchor.chain().essentials().clone() }).unwrap();
    let expected = anchor.chain().chain_id();
    assert_eq!(anchor.set_trust(other), Err(AnchorError::OtherChain { expected, found: 1 }));
}

#[test]
fn validators_are_followed_by_handovers_one_by_one() {
    let vectors = handover();
    let mut anchor = Anchor::new(TrustedChain::new(essentials(&vectors["essentials"])).unwrap());
    let proof: FinalityProof = serde_json::from_value(vectors["cases"][0]["proof"].clone()).unwrap();
    assert_eq!(anchor.submit(&proof), Err(AnchorError::HandoversInside(2)));
    for handover in &proof.handovers {
        assert_eq!(anchor.follow(handover), Ok(Submission::Recorded));
        assert!(anchor.header(anchor.latest().unwrap()).is_ok(), "the last block of the epoch is anchored with it");
        assert!(matches!(anchor.follow(handover), Err(AnchorError::Refused(VerifyError::EpochMismatch { .. }))));
    }
    assert_eq!(anchor.submit(&FinalityProof { handovers: vec![], ..proof }), Ok(Submission::Recorded));
}
