//! The anchor of `docs/specs/anchor.md`, with the headers and certificates that all verifiers share.
use alloy_primitives::keccak256;
use chancery_bridge::anchor::{Anchor, AnchorError, Conflict, Submission};
use chancery_light::{ChainEssentials, FinalityProof, TrustedChain, VerifyError};
use serde_json::Value;

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
