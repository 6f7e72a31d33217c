//! Where `Anchor` keeps what it has of the chain that it follows (`docs/specs/anchor.md`), so that storage proofs (`eth_getProof`) show whether it is frozen, by which
//! two headers, and how far it is.

use alloy_primitives::{B256, U256};

/// Storage slot of the conflict's number; the two hashes follow it. The chain that is followed takes the three slots before.
pub const CONFLICT_SLOT: u64 = 3;
/// Storage slot of the generation (32 bits, low) and of the newest number (64 bits, above them).
pub const LATEST_SLOT: u64 = 6;

/// The slots that [`AnchorWords::decode`] reads, in its order.
#[must_use]
pub fn anchor_slots() -> [B256; 4] {
    [CONFLICT_SLOT, CONFLICT_SLOT + 1, CONFLICT_SLOT + 2, LATEST_SLOT].map(|slot| B256::from(U256::from(slot)))
}

/// What the slots of an anchor hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AnchorWords {
    /// Number and both hashes of the headers that froze it; `None`: it is not frozen.
    pub conflict: Option<(u64, [B256; 2])>,
    /// The newest number that it has; zero: none.
    pub latest: u64,
    /// How often the organizations have set the trust anew.
    pub generation: u32,
}

impl AnchorWords {
    /// Reads the slots.
    #[must_use]
    pub fn decode([number, first, second, latest]: [U256; 4]) -> Self {
        let low = |word: U256| word.as_limbs()[0];
        let conflict = (!first.is_zero()).then(|| (low(number), [first, second].map(B256::from)));
        Self { conflict, latest: low(latest >> 32), generation: (latest & U256::from(u32::MAX)).saturating_to() }
    }
}

#[cfg(test)]
mod tests {
    use alloy_primitives::uint;

    use super::*;

    // ANCHOR-4
    #[test]
    fn an_anchor_is_read_from_four_words() {
        let latest = uint!(0x0000000000000009_00000002_U256);
        let following = AnchorWords::decode([U256::ZERO, U256::ZERO, U256::ZERO, latest]);
        assert_eq!(following, AnchorWords { conflict: None, latest: 9, generation: 2 });
        let hashes = [5, 6].map(B256::repeat_byte);
        let [first, second] = hashes.map(|hash| U256::from_be_bytes(hash.0));
        let frozen = AnchorWords::decode([uint!(7_U256), first, second, latest]);
        assert_eq!(frozen.conflict, Some((7, hashes)));
    }

    #[test]
    fn its_slots_are_four() {
        let slots = anchor_slots().map(|slot| U256::from_be_bytes(slot.0));
        assert_eq!(slots, [3, 4, 5, 6].map(U256::from));
    }
}
