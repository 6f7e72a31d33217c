//! Where `DataBlockRegistry` keeps what it has recorded (`docs/specs/data.md`, "Audit"), so that storage proofs (`eth_getProof`) show which roots a chain has,
//! in which order, and that it has no other.

use alloy_primitives::{B256, U256, keccak256};

use crate::permissions::mapping_slot;

/// Storage slot of the list of roots; the contract's bases take the slots before it.
pub const ROOTS_SLOT: u64 = 3;
/// Storage slot of the mapping from roots to data blocks.
pub const DATA_BLOCKS_SLOT: u64 = 4;

/// How many roots there are.
#[must_use]
pub fn roots_slot() -> B256 {
    B256::from(U256::from(ROOTS_SLOT))
}

/// A root by its number, in the order of recording, from 0.
#[must_use]
pub fn root_slot(number: u64) -> B256 {
    let first = U256::from_be_bytes(keccak256(roots_slot()).0);
    B256::from(first.wrapping_add(U256::from(number)))
}

/// The two slots of a data block that say more than its root: [`DataBlockWords::decode`] reads them.
#[must_use]
pub fn block_slots(root: B256) -> [B256; 2] {
    let block = mapping_slot(root, U256::from(DATA_BLOCKS_SLOT));
    [1, 2].map(|offset| B256::from(block.wrapping_add(U256::from(offset))))
}

/// What the slots of a data block hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DataBlockWords {
    /// How many operations.
    pub operation_count: u32,
    /// Earliest time of an operation, Unix seconds.
    pub first_time: u64,
    /// Latest.
    pub last_time: u64,
    /// When it was recorded, Unix seconds; zero when it was not.
    pub recorded_at: u64,
    /// The chain's block that recorded it.
    pub recorded_block: u64,
}

impl DataBlockWords {
    /// Reads both slots, in order.
    #[must_use]
    pub fn decode(times: U256, place: U256) -> Self {
        let low = |word: U256| word.as_limbs()[0];
        Self {
            operation_count: (times & U256::from(u32::MAX)).saturating_to(),
            first_time: low(times >> 32),
            last_time: low(times >> 96),
            recorded_at: low(times >> 160),
            recorded_block: low(place),
        }
    }

    /// Whether the chain has such a data block.
    #[must_use]
    pub const fn is_recorded(&self) -> bool {
        self.recorded_at != 0
    }
}

#[cfg(test)]
mod tests {
    use alloy_primitives::uint;

    use super::*;

    // M-MON-4: members of a structure lie from the low end of a word on, in the order of their declaration.
    #[test]
    fn a_data_block_is_read_from_two_words() {
        let times = uint!(0x00000000_0000000000000004_0000000000000003_0000000000000002_00000001_U256);
        let place = uint!(0x00000000_1111111111111111111111111111111111111111_0000000000000005_U256);
        let words = DataBlockWords::decode(times, place);
        assert_eq!((words.operation_count, words.first_time, words.last_time), (1, 2, 3));
        assert_eq!((words.recorded_at, words.recorded_block, words.is_recorded()), (4, 5, true));
        assert!(!DataBlockWords::decode(U256::ZERO, U256::ZERO).is_recorded());
    }

    #[test]
    fn roots_lie_one_after_the_other() {
        let at = |number| U256::from_be_bytes(root_slot(number).0);
        assert_eq!(at(7).wrapping_sub(at(0)), U256::from(7));
        let [times, place] = block_slots(B256::repeat_byte(1)).map(|slot| U256::from_be_bytes(slot.0));
        assert_eq!(place.wrapping_sub(times), U256::from(1));
    }
}
