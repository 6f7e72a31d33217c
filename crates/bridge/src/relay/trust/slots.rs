//! Where registries keep what other chains prove: `contracts/src/libraries/RegistrySlots.sol`, `docs/specs/certificate-registry.md`.

use alloy_primitives::{B256, U256, keccak256};
use alloy_sol_types::SolValue;

/// Positions of `OrganizationRegistry`.
const ORGANIZATIONS: u64 = 2;
const RIGHT_PERIODS: u64 = 5;
const KEY_RECORDS: u64 = 6;
/// Slots of a key record.
const KEY_RECORD_SLOTS: u64 = 3;
/// Positions of `CertificateRegistry`.
const CERTIFICATES: u64 = 0;
const KINDS: u64 = 2;

/// Administrator, time of registration and suspension of an organization.
pub(super) fn organization(code: B256) -> B256 {
    after(in_mapping(code, U256::from(ORGANIZATIONS).into()), 1)
}

/// A period in which an organization had a right.
pub(super) fn right_period(code: B256, right: B256, index: u64) -> B256 {
    let periods = in_mapping(right, in_mapping(code, U256::from(RIGHT_PERIODS).into()));
    after(keccak256(periods), index)
}

/// The three slots of a key record.
pub(super) fn key_record(code: B256, index: u64) -> [B256; 3] {
    let first = keccak256(in_mapping(code, U256::from(KEY_RECORDS).into()));
    let at = U256::from_be_bytes(first.0).wrapping_add(U256::from(index).wrapping_mul(U256::from(KEY_RECORD_SLOTS)));
    [0, 1, 2].map(|offset| after(at.into(), offset))
}

/// Status word, holder with the kind's number, and organization of a certificate.
pub(super) fn certificate(id: B256) -> [B256; 3] {
    let first = in_mapping(id, U256::from(CERTIFICATES).into());
    [0, 2, 4].map(|offset| after(first, offset))
}

/// A kind, by its place in the registry's list, counted from zero.
pub(super) fn kind(place: u64) -> B256 {
    after(keccak256(B256::from(U256::from(KINDS))), place)
}

fn in_mapping(key: B256, mapping: B256) -> B256 {
    keccak256((key, mapping).abi_encode())
}

fn after(slot: B256, offset: u64) -> B256 {
    U256::from_be_bytes(slot.0).wrapping_add(U256::from(offset)).into()
}
