//! Where `OrganizationRegistry` keeps what decides whether a key had a right at a time (`docs/specs/trust.md`, "What a proof says"), so that storage
//! proofs (`eth_getProof`) tell a verifier what `isAuthorized` answers.

use alloy_primitives::{Address, B256, U256, keccak256};
use alloy_sol_types::SolValue;

use crate::{OrganizationCode, Right, UnixSeconds};

/// Storage slot of the mapping of organizations; the contract's base takes slot 0.
pub const ORGANIZATIONS_SLOT: u64 = 2;
/// Storage slot of the mapping of suspensions.
pub const SUSPENSIONS_SLOT: u64 = 3;
/// Storage slot of the mapping of the periods of rights.
pub const RIGHT_PERIODS_SLOT: u64 = 5;
/// Storage slot of the mapping of key records.
pub const KEY_RECORDS_SLOT: u64 = 6;
/// Slots of a key record.
pub const KEY_RECORD_SLOTS: u64 = 3;
/// Most periods of one right, and most suspensions of one organization, that the registry keeps.
pub const MAX_PERIODS: u64 = 64;

/// Administrator, time of registration and suspension of an organization: an [`OrganizationWord`].
#[must_use]
pub fn organization_slot(code: OrganizationCode) -> B256 {
    after(in_mapping(code.to_bytes32(), position(ORGANIZATIONS_SLOT)), 1)
}

/// How many suspensions an organization has had.
#[must_use]
pub fn suspensions_slot(code: OrganizationCode) -> B256 {
    in_mapping(code.to_bytes32(), position(SUSPENSIONS_SLOT))
}

/// One suspension: a [`Period`].
#[must_use]
pub fn suspension_slot(code: OrganizationCode, index: u64) -> B256 {
    after(keccak256(suspensions_slot(code)), index)
}

/// How many periods of a right an organization has had.
#[must_use]
pub fn right_periods_slot(code: OrganizationCode, right: Right) -> B256 {
    in_mapping(right.to_bytes32(), in_mapping(code.to_bytes32(), position(RIGHT_PERIODS_SLOT)))
}

/// A period in which an organization had a right: a [`Period`].
#[must_use]
pub fn right_period_slot(code: OrganizationCode, right: Right, index: u64) -> B256 {
    after(keccak256(right_periods_slot(code, right)), index)
}

/// How many key records an organization has: the registry keeps every one that there was.
#[must_use]
pub fn key_records_slot(code: OrganizationCode) -> B256 {
    in_mapping(code.to_bytes32(), position(KEY_RECORDS_SLOT))
}

/// The three slots of a key record, which [`KeyRecord::decode`] reads.
#[must_use]
pub fn key_record_slots(code: OrganizationCode, index: u64) -> [B256; 3] {
    let first = keccak256(key_records_slot(code));
    let offset = U256::from(index).wrapping_mul(U256::from(KEY_RECORD_SLOTS));
    let record = B256::from(U256::from_be_bytes(first.0).wrapping_add(offset));
    [0, 1, 2].map(|slot| after(record, slot))
}

/// What the slot of an organization holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OrganizationWord {
    /// Time of the block that registered it; zero when it is unknown.
    pub registered_at: UnixSeconds,
    /// Whether it is suspended.
    pub is_suspended: bool,
}

impl OrganizationWord {
    /// Reads the slot: administrator (160 bits), registration (64), suspension (8), from the low end.
    #[must_use]
    pub fn decode(word: U256) -> Self {
        Self { registered_at: seconds(word, 160), is_suspended: word.bit(224) }
    }
}

/// A stretch of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Period {
    /// First second in it.
    pub from: UnixSeconds,
    /// First second after it; zero is without end.
    pub until: UnixSeconds,
}

impl Period {
    /// Reads a slot: beginning and end, 64 bits each, from the low end. An empty slot is no period.
    #[must_use]
    pub fn decode(word: U256) -> Option<Self> {
        (!word.is_zero()).then(|| Self { from: seconds(word, 0), until: seconds(word, 64) })
    }

    /// Whether a time lies in it.
    #[must_use]
    pub fn contains(&self, time: UnixSeconds) -> bool {
        self.from <= time && (self.until == UnixSeconds::ZERO || time < self.until)
    }
}

/// One authorization of one key for one right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyRecord {
    /// The key.
    pub key: Address,
    /// The right, as the registry writes it.
    pub right: B256,
    /// First second at which it counts.
    pub not_before: UnixSeconds,
    /// Last second at which it counts; zero is without end.
    pub not_after: UnixSeconds,
    /// First second at which it no longer counts; zero is not revoked.
    pub revoked_at: UnixSeconds,
}

impl KeyRecord {
    /// Reads the three slots: key (160 bits) and time of authorization; right; beginning, end and revocation (64 bits each), from the low end.
    #[must_use]
    pub fn decode(words: [U256; 3]) -> Self {
        let [key, right, times] = words;
        Self {
            key: Address::from_word(B256::from(key & ADDRESS_MASK)),
            right: B256::from(right),
            not_before: seconds(times, 0),
            not_after: seconds(times, 64),
            revoked_at: seconds(times, 128),
        }
    }

    /// Whether a signature that was recorded at a time counts.
    #[must_use]
    pub fn counts_at(&self, time: UnixSeconds) -> bool {
        let is_over = self.not_after != UnixSeconds::ZERO && self.not_after < time;
        let is_revoked = self.revoked_at != UnixSeconds::ZERO && self.revoked_at <= time;
        self.key != Address::ZERO && self.not_before <= time && !is_over && !is_revoked
    }
}

const ADDRESS_MASK: U256 = U256::from_limbs([u64::MAX, u64::MAX, u32::MAX as u64, 0]);

fn seconds(word: U256, from_bit: usize) -> UnixSeconds {
    UnixSeconds((word >> from_bit).as_limbs()[0])
}

fn position(slot: u64) -> B256 {
    U256::from(slot).into()
}

fn in_mapping(key: B256, mapping: B256) -> B256 {
    keccak256((key, mapping).abi_encode())
}

fn after(slot: B256, offset: u64) -> B256 {
    U256::from_be_bytes(slot.0).wrapping_add(U256::from(offset)).into()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use alloy_primitives::b256;

    use super::*;

    // Made with `cast index` and `cast keccak` of Foundry (as those of the relay); that these are the contracts' positions,
    // `contracts/test/trust/RegistrySlots.t.sol` tests.
    #[test]
    fn slots_are_those_that_foundry_computes() {
        let code: OrganizationCode = "UNIVERSITY-1".parse().unwrap();
        let right = Right::issue(crate::CertificateKind::DEGREE);
        let first = b256!("85a92036154a7cccab8d2760f81e8bc13c3764872db8954536ad71d4e102fb02");
        assert_eq!(organization_slot(code), after(first, 1));
        let first = b256!("ad430eab4666a6fdf5f4932b8bd0bec3d896e56226a115030e325a8866f4e6c9");
        assert_eq!((right_period_slot(code, right, 0), right_period_slot(code, right, 2)), (first, after(first, 2)));
        let first = b256!("2c47732847c81ec1d6141007ce6893cad7d10ef40403c350ba8dda7d33004d3f");
        assert_eq!(key_record_slots(code, 2), [after(first, 6), after(first, 7), after(first, 8)]);
    }

    #[test]
    fn words_are_read_as_solidity_packs_them() {
        let word = U256::from(7) | (U256::from(1_700_000_000u64) << 160) | (U256::from(1) << 224);
        let organization = OrganizationWord::decode(word);
        assert_eq!((organization.registered_at.get(), organization.is_suspended), (1_700_000_000, true));
        assert!(!OrganizationWord::decode(word ^ (U256::from(1) << 224)).is_suspended);
        let period = Period::decode(U256::from(10) | (U256::from(20) << 64)).unwrap();
        assert_eq!([9, 10, 19, 20].map(|time| period.contains(UnixSeconds(time))), [false, true, true, false]);
        assert_eq!(Period::decode(U256::ZERO), None);
        let open = Period::decode(U256::from(10)).unwrap();
        assert!(open.contains(UnixSeconds(u64::MAX)));
    }

    #[test]
    fn a_key_counts_from_its_first_second_to_its_last_and_not_from_its_revocation_on() {
        let key = Address::repeat_byte(0xab);
        let record = |not_after: u64, revoked_at: u64| {
            let times = U256::from(10) | (U256::from(not_after) << 64) | (U256::from(revoked_at) << 128);
            let first = U256::from_be_bytes(key.into_word().0) | (U256::from(5) << 160) | (U256::from(1) << 224);
            KeyRecord::decode([first, U256::from(3), times])
        };
        assert_eq!((record(0, 0).key, record(0, 0).right), (key, B256::from(U256::from(3))));
        let counts = |record: KeyRecord| [9, 10, 20, 21].map(|time| record.counts_at(UnixSeconds(time)));
        assert_eq!(counts(record(0, 0)), [false, true, true, true]);
        assert_eq!(counts(record(20, 0)), [false, true, true, false]);
        assert_eq!(counts(record(0, 20)), [false, true, false, false]);
        assert!(!KeyRecord::decode([U256::ZERO; 3]).counts_at(UnixSeconds(1)), "an empty record is none");
    }
}
