#![allow(clippy::unwrap_used)]

use std::fs;

use alloy_primitives::{B256, FixedBytes};
use chancery_light::{ChainReference, EVIDENCE_VERSION, SignedVote, VoteKind, VotedBlock};

use super::*;

fn record(validator: u8, view: u64) -> EvidenceRecord {
    let vote = |byte| SignedVote {
        kind: VoteKind::Notarize,
        block: Some(VotedBlock { parent_view: 1, hash: B256::repeat_byte(byte) }),
        signature: FixedBytes::repeat_byte(byte),
    };
    EvidenceRecord {
        organization: format!("office {validator}"),
        misconduct: Misconduct::NotarizedTwo,
        heard_at_ms: 5,
        evidence: ConflictingVotes {
            version: EVIDENCE_VERSION,
            chain: ChainReference { chain_id: 1, genesis_hash: B256::ZERO },
            epoch: 0,
            view,
            validator: FixedBytes::repeat_byte(validator),
            votes: [vote(1), vote(2)],
        },
        membership: None,
    }
}

#[test]
fn what_is_kept_is_there_after_a_restart_and_only_once() {
    let dir = tempfile::tempdir().unwrap();
    let mut file = EvidenceFile::open(dir.path()).unwrap();
    for view in [1, 2, 1, 2] {
        file.keep(record(1, view)).unwrap();
    }
    assert_eq!(file.records(), [record(1, 1), record(1, 2)]);
    assert_eq!(read_evidence(dir.path()).unwrap(), [record(1, 1), record(1, 2)]);
}

// EVIDENCE-5: other programs read the file, and so do nodes of a later version.
#[test]
fn a_line_is_what_the_specification_says() {
    let dir = tempfile::tempdir().unwrap();
    EvidenceFile::open(dir.path()).unwrap().keep(record(1, 1)).unwrap();
    let written = fs::read_to_string(dir.path().join("evidence")).unwrap();
    let (checksum, json) = written.strip_suffix('\n').unwrap().split_once(' ').unwrap();
    assert_eq!(checksum, &hex::encode(keccak256(json))[..16]);
    assert_eq!(serde_json::from_str::<EvidenceRecord>(json).unwrap(), record(1, 1));
}

#[test]
fn a_validator_that_lies_without_end_fills_neither_disk_nor_the_place_of_others() {
    let dir = tempfile::tempdir().unwrap();
    let mut file = EvidenceFile::open(dir.path()).unwrap();
    (0..100).for_each(|view| file.keep(record(1, view)).unwrap());
    file.keep(record(2, 1)).unwrap();
    assert_eq!(file.records().len(), MAX_RECORDS_PER_VALIDATOR + 1);
    assert_eq!(read_evidence(dir.path()).unwrap(), file.records());
}

#[test]
fn a_torn_line_and_a_flipped_bit_lose_their_record_alone() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join(FILE_NAME);
    let mut file = EvidenceFile::open(dir.path()).unwrap();
    (1..=3).for_each(|view| file.keep(record(1, view)).unwrap());

    let whole = fs::read(&path).unwrap();
    fs::write(&path, &whole[..whole.len() - 7]).unwrap();
    let mut file = EvidenceFile::open(dir.path()).unwrap();
    assert_eq!(file.records(), [record(1, 1), record(1, 2)]);
    file.keep(record(1, 4)).unwrap();
    assert_eq!(read_evidence(dir.path()).unwrap(), [record(1, 1), record(1, 2), record(1, 4)]);

    let mut flipped = fs::read(&path).unwrap();
    flipped[40] ^= 1;
    fs::write(&path, flipped).unwrap();
    assert_eq!(read_evidence(dir.path()).unwrap(), [record(1, 2), record(1, 4)]);
}
