//! Proofs across changes of the validator set, from a chain that `crates/chain/tests/chain/membership.rs` ran. The TypeScript verifier reads the same file.
use chancery_light::{ChainEssentials, FinalityProof, MAX_HANDOVERS, TrustedChain};
use serde::Deserialize;

#[derive(Deserialize)]
struct Vectors {
    essentials: ChainEssentials,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    name: String,
    expect: String,
    proof: FinalityProof,
}

fn vectors() -> (TrustedChain, Vec<Case>) {
    let Vectors { essentials, cases } = serde_json::from_str(include_str!("../../vectors/handover.json")).unwrap();
    (TrustedChain::new(essentials).unwrap(), cases)
}

// FINALITY-10
#[test]
fn each_handover_gives_its_outcome() {
    let (chain, cases) = vectors();
    assert!(cases.len() > 10);
    for Case { name, expect, proof } in cases {
        let outcome = chain.verify_finality(&proof).map_or_else(|error| error.check(), |_| "ok");
        assert_eq!(outcome, expect, "{name}");
    }
}

// FINALITY-10: a chain that was followed before needs no handover again, and refuses to go back.
#[test]
fn a_chain_that_was_followed_goes_on_from_there() {
    let (chain, cases) = vectors();
    let proof = &cases[0].proof;
    let followed = chain.follow_all(&proof.handovers).unwrap();
    assert_eq!(followed.essentials(), chain.essentials(), "what was trusted first stays what is trusted");
    followed.verify_finality(proof).unwrap();
    followed.verify_finality(&FinalityProof { handovers: vec![], ..proof.clone() }).unwrap();
    let again = TrustedChain::at_epoch(chain.essentials().clone(), followed.epoch(), followed.validators().to_vec());
    again.unwrap().verify_finality(proof).unwrap();
    assert!(followed.follow(proof.handovers.last().unwrap()).is_err(), "a handover is not taken twice");
}

#[test]
fn more_handovers_than_a_chain_can_have_are_refused_before_they_are_looked_at() {
    let (chain, cases) = vectors();
    let handovers = vec![cases[0].proof.handovers[0].clone(); MAX_HANDOVERS + 1];
    assert_eq!(chain.follow_all(&handovers).unwrap_err().check(), "ProofTooLarge");
}
