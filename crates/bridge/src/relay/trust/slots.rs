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

#[cfg(test)]
mod tests {
    use alloy_primitives::b256;

    use super::*;

    // Made with `cast index` and `cast keccak` of Foundry; that these are the contracts' positions, `contracts/test/trust/RegistrySlots.t.sol` tests.
    #[test]
    fn slots_are_those_that_foundry_computes() {
        let (code, right) = (B256::right_padding_from(b"UNIVERSITY-1"), B256::right_padding_from(b"degree"));
        let first = b256!("85a92036154a7cccab8d2760f81e8bc13c3764872db8954536ad71d4e102fb02");
        assert_eq!(organization(code), after(first, 1));
        let first = b256!("ad430eab4666a6fdf5f4932b8bd0bec3d896e56226a115030e325a8866f4e6c9");
        assert_eq!((right_period(code, right, 0), right_period(code, right, 2)), (first, after(first, 2)));
        let first = b256!("2c47732847c81ec1d6141007ce6893cad7d10ef40403c350ba8dda7d33004d3f");
        assert_eq!(key_record(code, 0), [first, after(first, 1), after(first, 2)]);
        assert_eq!(key_record(code, 2), [after(first, 6), after(first, 7), after(first, 8)]);
        let first = b256!("a46c9a5e42ee711d67cec634bfb278f07133f8b3c236b826c53d763ec9766625");
        assert_eq!(certificate(B256::with_last_byte(0xa1)), [first, after(first, 2), after(first, 4)]);
        assert_eq!(kind(1), b256!("405787fa12a823e0f2b7631cc41b3ba8828b3321ca811111fa75cd3aa3bb5acf"));
    }

    #[test]
    fn an_offset_past_the_last_slot_begins_again() {
        assert_eq!(after(B256::repeat_byte(0xff), 2), B256::with_last_byte(1));
    }
}
