//! A validator that votes twice is found out: honest nodes keep both votes, and anybody can verify them.
//! `docs/specs/finality.md`: EVIDENCE-1 to EVIDENCE-6.

use crate::support::{
    faults::lies::conflicting,
    simulation::{Simulation, good_link, simulate},
    until,
};
use chancery_chain::{BlockDigest, ConsensusScheme, read_evidence};
use chancery_light::{EvidenceError, Misconduct, TrustedChain};
use commonware_codec::{DecodeExt as _, Encode as _};
use commonware_consensus::simplex::types::{Finalize, Notarize, Nullify, Vote};
use commonware_p2p::{Receiver as _, Recipients, Sender as _, utils::mux};
use commonware_runtime::{Quota, Spawner as _, Supervisor as _};
use commonware_utils::NZU32;

type TestVote = Vote<ConsensusScheme, BlockDigest>;

/// Position of the liar in the set.
const LIAR: usize = 2;

/// What the liar answers to a vote that it hears.
type Answer = fn(&ConsensusScheme, &TestVote) -> Vec<TestVote>;

fn two_blocks(scheme: &ConsensusScheme, vote: &TestVote) -> Vec<TestVote> {
    conflicting(scheme, vote, BlockDigest::decode(vec![7; 32]).unwrap())
}

fn gives_up_and_finalizes(scheme: &ConsensusScheme, vote: &TestVote) -> Vec<TestVote> {
    let Vote::Finalize(heard) = vote else { return vec![] };
    let nullify = Nullify::sign::<BlockDigest>(scheme, heard.proposal.round).map(Vote::Nullify);
    let finalize = Finalize::sign(scheme, heard.proposal.clone()).map(Vote::Finalize);
    nullify.into_iter().chain(finalize).collect()
}

/// Two votes of which one carries the signature of the other: nobody's key has signed it.
fn with_a_forged_signature(scheme: &ConsensusScheme, vote: &TestVote) -> Vec<TestVote> {
    let Vote::Notarize(_) = vote else { return vec![] };
    let mut votes = two_blocks(scheme, vote);
    let signatures: Vec<_> = votes
        .iter()
        .map(|vote| match vote {
            Vote::Notarize(vote) => vote.attestation.signature.clone(),
            _ => unreachable!(),
        })
        .collect();
    if let Some(Vote::Notarize(Notarize { attestation, .. })) = votes.last_mut() {
        attestation.signature = signatures[0].clone();
    }
    votes
}

/// Four validators, one of which answers votes in its own way.
async fn with_liar(context: commonware_runtime::deterministic::Context, answer: Answer) -> Simulation {
    let mut simulation = Simulation::new(context, 4, good_link()).await;
    for index in (0..4).filter(|index| *index != LIAR) {
        simulation.start(index).await;
    }
    let keys = simulation.nodes[LIAR].keys.clone();
    let scheme = simulation.genesis.validators.scheme(&keys);
    let control = simulation.oracle.control(keys.peer_public_key());
    let (mut sender, mut receiver) = control.register(0, Quota::per_second(NZU32!(100_000))).await.unwrap();
    simulation.context.child("liar").spawn(move |_| async move {
        while let Ok((_, message)) = receiver.recv().await {
            // Votes carry the number of their epoch in front; there is one epoch.
            let Ok((0, message)) = mux::parse(message) else { continue };
            let Ok(vote) = TestVote::decode(message) else { continue };
            for vote in answer(&scheme, &vote) {
                sender.send(Recipients::All, [&[0], vote.encode().as_ref()].concat(), true);
            }
        }
    });
    simulation
}

/// Runs until every honest node keeps evidence: it names the liar, verifies, stays, and cannot be turned against another.
fn accuse(seed: u64, answer: Answer, misconduct: Misconduct) {
    simulate(seed, move |context| async move {
        let mut simulation = with_liar(context, answer).await;
        let honest: Vec<usize> = simulation.running().collect();
        let kept = |simulation: &Simulation, index: usize| simulation.nodes[index].witness.as_ref().unwrap().evidence();
        until(&simulation.context, || honest.iter().all(|index| !kept(&simulation, *index).is_empty())).await;
        let trusted = simulation.trusted.clone();
        for index in honest {
            let records = kept(&simulation, index);
            for record in &records {
                assert_eq!(record.organization, format!("validator {LIAR}"));
                assert_eq!(record.misconduct, misconduct);
                assert_eq!(trusted.verify_conflict(&record.evidence), Ok((LIAR, misconduct)));
            }
            simulation.kill(index).await;
            assert_eq!(read_evidence(simulation.dirs[index].path()).unwrap(), records, "kept over the end of the node");
        }
        refuse_forged(&trusted, &simulation);
    });
}

fn refuse_forged(trusted: &TrustedChain, simulation: &Simulation) {
    let mut record = read_evidence(simulation.dirs[0].path()).unwrap().remove(0);
    record.evidence.validator = trusted.essentials().validators[0];
    let refused = trusted.verify_conflict(&record.evidence);
    assert_eq!(refused, Err(EvidenceError::Signature { vote: 1 }), "an honest validator is blamed");
}

#[test]
fn a_validator_that_votes_for_two_blocks_is_named_by_every_honest_one() {
    accuse(4_000, two_blocks, Misconduct::NotarizedTwo);
}

#[test]
fn a_validator_that_gives_up_a_view_and_finalizes_it_is_named() {
    accuse(4_001, gives_up_and_finalizes, Misconduct::NullifiedAndFinalized);
}

// Consensus compares votes before it verifies them.
#[test]
fn votes_with_forged_signatures_are_kept_as_evidence_by_nobody() {
    simulate(4_002, |context| async move {
        let simulation = with_liar(context, with_a_forged_signature).await;
        simulation.submit(0, 0, 0);
        simulation.until_nonces(0, 1).await;
        until(&simulation.context, || simulation.running().all(|index| simulation.nodes[index].height() > 5)).await;
        for index in simulation.running() {
            let witness = simulation.nodes[index].witness.as_ref().unwrap();
            assert_eq!(witness.evidence(), [], "validator {index}");
        }
    });
}
