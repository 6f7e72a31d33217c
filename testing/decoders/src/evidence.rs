//! Evidence against validators: files that anybody may hand over, and the lines in which a node keeps it (EVIDENCE-1 to -6).

use std::sync::LazyLock;

use alloy_primitives::{B256, FixedBytes, keccak256};
use chancery_chain::{BlockDigest, ConsensusScheme, ValidatorKeys, ValidatorSet, wire::decode_evidence_line};
use chancery_execution::GenesisConfig;
use chancery_light::{
    ChainReference, ConflictingVotes, EVIDENCE_VERSION, Misconduct, SignedVote, TrustedChain, VoteKind, VotedBlock,
};
use chancery_rpc::EvidenceRecord;
use commonware_codec::{DecodeExt as _, Encode as _};
use commonware_consensus::{
    simplex::types::{Finalize, Notarize, Nullify, Proposal},
    types::{Epoch, Round, View},
};

use crate::{genesis, patches};

const EPOCH: u64 = 0;
const VIEW: u64 = 300;
const PARENT_VIEW: u64 = 299;

/// Two validators, of which the first lies in one view and the second never does; and all that they have signed.
struct Known {
    chain: TrustedChain,
    liar: usize,
    votes: Vec<SignedVote>,
    evidence: Vec<ConflictingVotes>,
}

static KNOWN: LazyLock<Known> = LazyLock::new(|| {
    let mut keys: Vec<_> = (1..=4).map(ValidatorKeys::from_seed).collect();
    keys.sort_by_key(ValidatorKeys::peer_public_key);
    let validators = keys.iter().map(|keys| keys.public("validator")).collect();
    let config = GenesisConfig { validators, ..genesis::small() };
    let set = ValidatorSet::new(&config, config.build().unwrap().header().hash()).unwrap();
    let (liar, honest) = (0, 1);
    let scheme = |index: usize| set.scheme(&keys[index]);
    let votes: Vec<_> = [
        vote(&scheme(liar), VoteKind::Notarize, Some(1)),
        vote(&scheme(liar), VoteKind::Notarize, Some(2)),
        vote(&scheme(liar), VoteKind::Finalize, Some(1)),
        vote(&scheme(liar), VoteKind::Nullify, None),
        vote(&scheme(honest), VoteKind::Notarize, Some(1)),
        vote(&scheme(honest), VoteKind::Finalize, Some(1)),
    ]
    .into();
    let chain = set.trusted().clone();
    let evidence = [(0, 1), (2, 3), (3, 2)].map(|(one, two)| ConflictingVotes {
        version: EVIDENCE_VERSION,
        chain: ChainReference { chain_id: chain.chain_id(), genesis_hash: chain.genesis_hash() },
        epoch: EPOCH,
        view: VIEW,
        validator: chain.validators()[liar],
        votes: [votes[one].clone(), votes[two].clone()],
    });
    Known { chain, liar, votes, evidence: evidence.into() }
});

fn vote(scheme: &ConsensusScheme, kind: VoteKind, block: Option<u8>) -> SignedVote {
    let round = Round::new(Epoch::new(EPOCH), View::new(VIEW));
    let proposal = |byte| {
        let digest = BlockDigest::decode(bytes::Bytes::from(vec![byte; 32])).unwrap();
        Proposal::new(round, View::new(PARENT_VIEW), digest)
    };
    let signature = match (kind, block) {
        (VoteKind::Notarize, Some(byte)) => {
            Notarize::sign(scheme, proposal(byte)).unwrap().attestation.signature.encode()
        }
        (VoteKind::Finalize, Some(byte)) => {
            Finalize::sign(scheme, proposal(byte)).unwrap().attestation.signature.encode()
        }
        _ => Nullify::sign::<BlockDigest>(scheme, round).unwrap().attestation.signature.encode(),
    };
    let block = block.map(|byte| VotedBlock { parent_view: PARENT_VIEW, hash: B256::repeat_byte(byte) });
    SignedVote { kind, block, signature: FixedBytes::from_slice(&signature) }
}

/// Evidence is read as it is written; changed in any way it blames nobody who has not signed both votes.
pub fn check(data: &[u8]) {
    if let Some(record) = decode_evidence_line(data) {
        blame(&record.evidence);
    }
    if data.first() == Some(&patches::JSON_START) {
        if let Ok(evidence) = serde_json::from_slice::<ConflictingVotes>(data) {
            let written = serde_json::to_vec(&evidence).unwrap();
            assert_eq!(serde_json::from_slice::<ConflictingVotes>(&written).unwrap(), evidence);
            blame(&evidence);
        }
        return;
    }
    let Some(([case, validator, one, two, view], changes)) = data.split_first_chunk::<5>() else { return };
    let mut evidence = KNOWN.evidence[usize::from(*case) % KNOWN.evidence.len()].clone();
    let validators = KNOWN.chain.validators();
    let pick = |number: u8| KNOWN.votes[usize::from(number) % KNOWN.votes.len()].clone();
    evidence.validator = validators[usize::from(*validator) % validators.len()];
    evidence.votes = [pick(*one), pick(*two)];
    evidence.view = if view % 8 == 0 { u64::from(*view) } else { VIEW };
    let [first, second] = &mut evidence.votes;
    let mut signatures = [first, second].map(|vote| (vote.signature.to_vec().into(), vote));
    patches::apply(changes, &mut signatures.iter_mut().map(|(bytes, _)| bytes).collect::<Vec<_>>());
    for (bytes, vote) in signatures {
        vote.signature = FixedBytes::try_from(&bytes[..]).unwrap_or_default();
    }
    blame(&evidence);
}

fn blame(evidence: &ConflictingVotes) {
    let Ok((position, misconduct)) = KNOWN.chain.verify_conflict(evidence) else { return };
    assert_eq!(position, KNOWN.liar, "an honest validator is blamed");
    assert_eq!((evidence.epoch, evidence.view), (EPOCH, VIEW));
    assert_ne!(misconduct, Misconduct::FinalizedTwo, "nobody has");
    assert!(evidence.votes.iter().all(|vote| KNOWN.votes.contains(vote)));
}

/// Evidence as JSON, as a line of the file, and changes of it.
#[must_use]
pub fn seeds() -> Vec<Vec<u8>> {
    let whole = KNOWN.evidence.iter().map(|evidence| serde_json::to_vec(evidence).unwrap());
    let lines = KNOWN.evidence.iter().map(|evidence| {
        let record = EvidenceRecord {
            organization: "liar".to_owned(),
            misconduct: evidence.misconduct().unwrap(),
            heard_at_ms: 1,
            evidence: evidence.clone(),
            membership: None,
        };
        let json = serde_json::to_string(&record).unwrap();
        format!("{} {json}\n", &hex::encode(keccak256(&json))[..16]).into_bytes()
    });
    let picked = (0..4u8).flat_map(|one| (0..6u8).map(move |two| vec![0, two % 2, one, two, 1]));
    let changed = patches::seeds(2).into_iter().map(|changes| [&[0, 0, 0, 1, 1][..], &changes].concat());
    whole.chain(lines).chain(picked).chain(changed).collect()
}
