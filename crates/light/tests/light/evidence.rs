//! Evidence against a validator: what the consensus library signs verifies, and nothing else does.
use crate::support::{CHAIN_ID, Digest, TestChain};
use alloy_primitives::{B256, FixedBytes};
use chancery_light::{
    ChainReference, ConflictingVotes, EVIDENCE_VERSION, EvidenceError, Misconduct, SignedVote, TrustedChain, VoteKind,
    VotedBlock, finality_namespace,
};
use commonware_codec::{DecodeExt as _, Encode as _};
use commonware_consensus::{
    simplex::types::{Finalize, Notarize, Nullify, Proposal},
    types::{Epoch, Round, View},
};

const EPOCH: u64 = 3;
const VIEW: u64 = 300;
const PARENT_VIEW: u64 = 299;

fn block(byte: u8) -> VotedBlock {
    VotedBlock { parent_view: PARENT_VIEW, hash: B256::repeat_byte(byte) }
}

fn round() -> Round {
    Round::new(Epoch::new(EPOCH), View::new(VIEW))
}

fn proposal(block: VotedBlock) -> Proposal<Digest> {
    Proposal::new(round(), View::new(block.parent_view), Digest::decode(block.hash.0.to_vec()).unwrap())
}

/// A vote as the consensus library signs it.
fn vote(chain: &TestChain, validator: usize, kind: VoteKind, block: Option<VotedBlock>) -> SignedVote {
    let namespace = finality_namespace(CHAIN_ID, chain.essentials.genesis_hash);
    let scheme = chain.validators.scheme(&namespace, validator);
    let signature = match kind {
        VoteKind::Notarize => Notarize::sign(&scheme, proposal(block.unwrap())).unwrap().attestation.signature.encode(),
        VoteKind::Nullify => Nullify::sign::<Digest>(&scheme, round()).unwrap().attestation.signature.encode(),
        VoteKind::Finalize => Finalize::sign(&scheme, proposal(block.unwrap())).unwrap().attestation.signature.encode(),
    };
    SignedVote { kind, block, signature: FixedBytes::from_slice(&signature) }
}

fn evidence(chain: &TestChain, validator: usize, votes: [SignedVote; 2]) -> ConflictingVotes {
    ConflictingVotes {
        version: EVIDENCE_VERSION,
        chain: ChainReference { chain_id: CHAIN_ID, genesis_hash: chain.essentials.genesis_hash },
        epoch: EPOCH,
        view: VIEW,
        validator: chain.essentials.validators[validator],
        votes,
    }
}

fn good(chain: &TestChain) -> ConflictingVotes {
    let votes = [1, 2].map(|byte| vote(chain, 2, VoteKind::Notarize, Some(block(byte))));
    evidence(chain, 2, votes)
}

// EVIDENCE-1 to EVIDENCE-4
#[test]
fn each_way_of_voting_twice_is_proven_by_the_two_votes() {
    let chain = TestChain::new(CHAIN_ID, 4);
    let trusted = TrustedChain::new(chain.essentials.clone()).unwrap();
    let two = |kind| [1, 2].map(|byte| vote(&chain, 2, kind, Some(block(byte))));
    let nullify = vote(&chain, 2, VoteKind::Nullify, None);
    let finalize = vote(&chain, 2, VoteKind::Finalize, Some(block(1)));
    let cases = [
        (two(VoteKind::Notarize), Misconduct::NotarizedTwo),
        (two(VoteKind::Finalize), Misconduct::FinalizedTwo),
        ([nullify.clone(), finalize.clone()], Misconduct::NullifiedAndFinalized),
        ([finalize, nullify], Misconduct::NullifiedAndFinalized),
    ];
    for (votes, misconduct) in cases {
        let evidence = evidence(&chain, 2, votes);
        assert_eq!(trusted.verify_conflict(&evidence), Ok((2, misconduct)));
        // As JSON it is the same evidence.
        let json = serde_json::to_string(&evidence).unwrap();
        assert_eq!(serde_json::from_str::<ConflictingVotes>(&json).unwrap(), evidence);
    }
}

#[test]
fn votes_that_an_honest_validator_gives_are_no_evidence() {
    let chain = TestChain::new(CHAIN_ID, 4);
    let notarize = vote(&chain, 2, VoteKind::Notarize, Some(block(1)));
    let finalize = vote(&chain, 2, VoteKind::Finalize, Some(block(1)));
    let nullify = vote(&chain, 2, VoteKind::Nullify, None);
    let harmless = [
        [notarize.clone(), notarize.clone()],
        [notarize.clone(), finalize.clone()],
        [notarize, nullify.clone()],
        [nullify.clone(), nullify],
        [finalize.clone(), finalize],
    ];
    for votes in harmless {
        assert_eq!(evidence(&chain, 2, votes).verify(), Err(EvidenceError::NotConflicting));
    }
}

#[test]
fn forged_evidence_is_refused_with_the_check_that_failed() {
    let chain = TestChain::new(CHAIN_ID, 4);
    let trusted = TrustedChain::new(chain.essentials.clone()).unwrap();
    let forge = |change: fn(&mut ConflictingVotes)| {
        let mut evidence = good(&chain);
        change(&mut evidence);
        trusted.verify_conflict(&evidence).unwrap_err()
    };
    assert_eq!(forge(|it| it.votes[1].block = Some(block(9))), EvidenceError::Signature { vote: 2 });
    assert_eq!(forge(|it| it.votes[0].signature = it.votes[1].signature), EvidenceError::Signature { vote: 1 });
    assert_eq!(forge(|it| it.view += 1), EvidenceError::Signature { vote: 1 });
    assert_eq!(forge(|it| it.epoch += 1), EvidenceError::Signature { vote: 1 });
    assert_eq!(
        forge(|it| it.votes.iter_mut().for_each(|vote| vote.kind = VoteKind::Finalize)),
        EvidenceError::Signature { vote: 1 }
    );
    assert_eq!(forge(|it| it.votes[1].block = None).check(), "EvidenceMalformed");
    assert_eq!(forge(|it| it.votes[0].signature = FixedBytes::ZERO).check(), "EvidenceMalformed");
    assert_eq!(forge(|it| it.version += 1).check(), "EvidenceMalformed");
    assert_eq!(forge(|it| it.chain.chain_id += 1).check(), "WrongChain");
    assert_eq!(forge(|it| it.chain.genesis_hash = B256::ZERO).check(), "WrongChain");
    assert_eq!(forge(|it| it.validator = FixedBytes::ZERO).check(), "UnknownValidator");

    let mut blamed = good(&chain);
    blamed.validator = chain.essentials.validators[1];
    assert_eq!(trusted.verify_conflict(&blamed), Err(EvidenceError::Signature { vote: 1 }), "another is blamed");
}

#[test]
fn the_same_votes_are_no_evidence_on_another_chain() {
    let chain = TestChain::new(CHAIN_ID, 4);
    let mut essentials = chain.essentials.clone();
    essentials.chain_id += 1;
    let mut evidence = good(&chain);
    evidence.chain.chain_id += 1;
    let refused = TrustedChain::new(essentials).unwrap().verify_conflict(&evidence);
    assert_eq!(refused, Err(EvidenceError::Signature { vote: 1 }));
}
