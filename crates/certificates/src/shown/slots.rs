//! Where `HeldCertificates` and `Anchor` keep what a proof of a kind shows (`docs/specs/trust.md`, "Asked from outside"). No slot is found by the number of a certificate.

use alloy_primitives::{Address, B256, U256, keccak256};
use alloy_sol_types::SolValue as _;
use chancery_primitives::CertificateKind;

/// Position of the consents of `HeldCertificates`: by holder, then by kind.
const DISCLOSED_UNTIL: u64 = 3;
/// Positions of `Anchor`: id and first epoch of the followed chain, its genesis hash, the first of two conflicting blocks, generation with the newest number, records.
const CHAIN: u64 = 0;
const GENESIS_HASH: u64 = 1;
const CONFLICT_FIRST: u64 = 4;
const GENERATION: u64 = 6;
const RECORDS: u64 = 7;
/// In a record, after hash, state root and receipts root: the times.
const RECORD_TIMES: u64 = 3;

/// Holds until when a holder agrees that a kind is shown, Unix seconds.
#[must_use]
pub fn consent_slot(holder: Address, kind: CertificateKind) -> B256 {
    in_mapping(kind.to_bytes32(), in_mapping(holder.into_word(), word(DISCLOSED_UNTIL)))
}

/// What an anchor says of a block of the chain that it follows, in the order of the proof: which chain, its genesis hash, whether it is frozen, its generation, and the
/// hash and the times of the block.
#[must_use]
pub fn anchor_slots(generation: u64, number: u64) -> [B256; 6] {
    let record = in_mapping(word(number), in_mapping(word(generation), word(RECORDS)));
    let times = B256::from(U256::from_be_bytes(record.0).wrapping_add(U256::from(RECORD_TIMES)));
    [word(CHAIN), word(GENESIS_HASH), word(CONFLICT_FIRST), word(GENERATION), record, times]
}

fn word(number: u64) -> B256 {
    U256::from(number).into()
}

fn in_mapping(key: B256, mapping: B256) -> B256 {
    keccak256((key, mapping).abi_encode())
}
