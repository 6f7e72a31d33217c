//! Where `HeldCertificates`, `Anchor` and `AnchorFactory` keep what a proof of a kind shows (`docs/specs/trust.md`, "Asked from outside"). No slot is found by the number of a certificate.

use alloy_primitives::{Address, B256, U256, keccak256};
use alloy_sol_types::SolValue as _;
use chancery_contracts::predeploys;
use chancery_primitives::CertificateKind;

/// Position of the consents of `HeldCertificates`: by holder, then by kind.
const DISCLOSED_UNTIL: u64 = 3;
/// Position of the ends of periods there: by holder, then by kind.
const VALID_UNTIL: u64 = 7;
/// Positions of `AnchorFactory`: anchors by chain id and genesis hash; what shows certificates over one, by anchor, registry and maximal age.
const ANCHORS: u64 = 0;
const HELD_CERTIFICATES: u64 = 1;
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

/// Holds until when the certificate that stands for a kind is valid (Unix seconds; zero: without an end) and, from bit 64, the block of the followed chain that showed it; zero
/// where none stands, and in contracts of an earlier version.
#[must_use]
pub fn period_slot(holder: Address, kind: CertificateKind) -> B256 {
    in_mapping(kind.to_bytes32(), in_mapping(holder.into_word(), word(VALID_UNTIL)))
}

/// Where a factory keeps the anchor that it has made of a chain, and what it has made over `anchor` to show certificates of its registry for so many seconds each.
#[must_use]
pub fn factory_slots(chain_id: u64, genesis_hash: B256, anchor: Address, max_age_s: u64) -> [B256; 2] {
    let of_anchor = in_mapping(anchor.into_word(), word(HELD_CERTIFICATES));
    let of_registry = in_mapping(predeploys::CERTIFICATE_REGISTRY.into_word(), of_anchor);
    [in_mapping(genesis_hash, in_mapping(word(chain_id), word(ANCHORS))), in_mapping(word(max_age_s), of_registry)]
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
