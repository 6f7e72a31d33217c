//! Where `OrganizationRegistry` keeps organizations, their rights and their keys, so that storage proofs (`eth_getProof`) show who may sign for whom. The same positions are in
//! `contracts/src/libraries/RegistrySlots.sol`, whose test reads them out of the real contract.

use crate::{OrganizationCode, Right, UnixSeconds};
use alloy_primitives::{Address, B256, U256, keccak256};
use alloy_sol_types::SolValue;

const ORGANIZATIONS: u64 = 2;
const RIGHT_PERIODS: u64 = 5;
const KEY_RECORDS: u64 = 6;
const KEY_RECORD_SLOTS: u64 = 3;

/// The slot with an organization's administrator, time of registration and suspension: an [`OrganizationWord`].
#[must_use]
pub fn organization(code: OrganizationCode) -> B256 {
    after(in_mapping(code.to_bytes32(), number(ORGANIZATIONS)), U256::ONE)
}

/// The slot with the number of periods in which an organization had a right.
#[must_use]
pub fn right_periods(code: OrganizationCode, right: Right) -> B256 {
    in_mapping(right.to_bytes32(), in_mapping(code.to_bytes32(), number(RIGHT_PERIODS)))
}

/// The slot with one of them: a [`PeriodWord`].
#[must_use]
pub fn right_period(code: OrganizationCode, right: Right, index: u64) -> B256 {
    after(keccak256(right_periods(code, right)), U256::from(index))
}

/// The three slots of an organization's key record: together a [`KeyRecordWords`].
#[must_use]
pub fn key_record(code: OrganizationCode, index: u64) -> [B256; 3] {
    let first = keccak256(in_mapping(code.to_bytes32(), number(KEY_RECORDS)));
    let at = U256::from(index).wrapping_mul(U256::from(KEY_RECORD_SLOTS));
    [0u64, 1, 2].map(|offset| after(first, at.wrapping_add(U256::from(offset))))
}

/// An organization.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OrganizationWord {
    /// When it was registered; zero when it is unknown.
    pub registered_at: UnixSeconds,
    /// Whether it is suspended.
    pub suspended: bool,
}

impl OrganizationWord {
    /// Reads the slot. Solidity packs from the low end: administrator (160 bits), time (64), suspension (8).
    #[must_use]
    pub fn decode(word: U256) -> Self {
        Self { registered_at: seconds(word, 160), suspended: word.byte(28) != 0 }
    }
}

/// A stretch of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PeriodWord {
    /// First second in it.
    pub from: UnixSeconds,
    /// First second after it; zero is without end.
    pub until: UnixSeconds,
}

impl PeriodWord {
    /// Reads the slot.
    #[must_use]
    pub fn decode(word: U256) -> Self {
        Self { from: seconds(word, 0), until: seconds(word, 64) }
    }

    /// Whether a time lies in it.
    #[must_use]
    pub fn contains(&self, time: UnixSeconds) -> bool {
        self.from <= time && (self.until == UnixSeconds::ZERO || time < self.until)
    }
}

/// One authorization of a key for a right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyRecordWords {
    /// The key.
    pub key: Address,
    /// The right as `bytes32`.
    pub right: B256,
    /// First second at which it counts.
    pub not_before: UnixSeconds,
    /// Last second at which it counts; zero is without end.
    pub not_after: UnixSeconds,
    /// First second at which it no longer counts; zero is not revoked.
    pub revoked_at: UnixSeconds,
}

impl KeyRecordWords {
    /// Reads the three slots.
    #[must_use]
    pub fn decode([key, right, times]: [U256; 3]) -> Self {
        Self {
            key: Address::from_word(B256::from(key & (U256::MAX >> 96))),
            right: B256::from(right),
            not_before: seconds(times, 0),
            not_after: seconds(times, 64),
            revoked_at: seconds(times, 128),
        }
    }

    /// Whether it counts at a time. What is taken away carries the time of the next second, so that is looked at too.
    #[must_use]
    pub fn counts_at(&self, time: UnixSeconds) -> bool {
        let ended = self.not_after != UnixSeconds::ZERO && self.not_after < time;
        let revoked = self.revoked_at != UnixSeconds::ZERO && self.revoked_at <= time.saturating_add(1);
        self.not_before <= time && !ended && !revoked
    }
}

fn seconds(word: U256, shift: usize) -> UnixSeconds {
    UnixSeconds((word >> shift).as_limbs()[0])
}

fn in_mapping(key: B256, mapping: B256) -> B256 {
    keccak256((key, mapping).abi_encode())
}

fn number(value: u64) -> B256 {
    B256::from(U256::from(value))
}

fn after(slot: B256, offset: U256) -> B256 {
    B256::from(U256::from_be_bytes(slot.0).wrapping_add(offset))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use alloy_primitives::b256;

    use super::*;

    // Made with `cast index` and `cast keccak` of Foundry, as those of `crates/bridge`; that these are the contract's positions, `contracts/test/trust/RegistrySlots.t.sol` tests.
    #[test]
    fn slots_are_those_that_foundry_computes() {
        let (code, right) = (OrganizationCode::parse("UNIVERSITY-1").unwrap(), Right::parse("degree").unwrap());
        let first = b256!("85a92036154a7cccab8d2760f81e8bc13c3764872db8954536ad71d4e102fb02");
        assert_eq!(organization(code), after(first, U256::ONE));
        let first = b256!("ad430eab4666a6fdf5f4932b8bd0bec3d896e56226a115030e325a8866f4e6c9");
        assert_eq!(right_period(code, right, 0), first);
        assert_eq!(keccak256(right_periods(code, right)), first);
        let first = b256!("2c47732847c81ec1d6141007ce6893cad7d10ef40403c350ba8dda7d33004d3f");
        assert_eq!(key_record(code, 2), [6u64, 7, 8].map(|offset| after(first, U256::from(offset))));
    }

    #[test]
    fn words_are_read_from_the_low_end() {
        let packed = |parts: &[(u64, usize)]| {
            parts.iter().fold(U256::ZERO, |word, (value, shift)| word | (U256::from(*value) << *shift))
        };
        let word = OrganizationWord::decode(packed(&[(7, 0), (9, 160), (1, 224)]));
        assert_eq!(word, OrganizationWord { registered_at: UnixSeconds(9), suspended: true });
        assert!(!OrganizationWord::decode(packed(&[(9, 160)])).suspended);
        let period = PeriodWord::decode(packed(&[(10, 0), (20, 64)]));
        assert_eq!([9, 10, 19, 20].map(|time| period.contains(UnixSeconds(time))), [false, true, true, false]);
        assert!(PeriodWord::decode(packed(&[(10, 0)])).contains(UnixSeconds(u64::MAX)));
        let record = KeyRecordWords::decode([
            packed(&[(5, 0), (9, 160)]),
            U256::from_be_bytes(Right::SUBMISSION.to_bytes32().0),
            packed(&[(10, 0), (20, 64), (15, 128)]),
        ]);
        assert_eq!((record.key, record.right), (Address::with_last_byte(5), Right::SUBMISSION.to_bytes32()));
        assert_eq!([9, 10, 13, 14].map(|time| record.counts_at(UnixSeconds(time))), [false, true, true, false]);
    }
}
