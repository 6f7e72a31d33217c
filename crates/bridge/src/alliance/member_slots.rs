//! Where an alliance's members stand in its storage, and what their words say (`docs/specs/alliance.md`, "Storage that is proven").

use alloy_primitives::{Address, B256, U256, keccak256};
use alloy_sol_types::SolValue;

/// Slot of `Alliance`: members by name.
const MEMBERS: U256 = U256::from_limbs([6, 0, 0, 0]);

/// Which chain and node contract a name stands for, for ever.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MemberRecord {
    /// EIP-155 id of its chain; 0 for a name that never was a member's.
    pub chain_id: u64,
    /// Hash of that chain's genesis header; zero for a chain without finality certificates.
    pub genesis_hash: B256,
    /// On that chain.
    pub node_contract: Address,
}

/// Slots of a member's record, but for its anchor.
#[must_use]
pub fn positions(member: B256) -> [B256; 3] {
    let first = U256::from_be_bytes(keccak256((member, MEMBERS).abi_encode()).0);
    [0_u64, 1, 2].map(|n| B256::from(first.wrapping_add(U256::from(n))))
}

/// Reads what stands there.
#[must_use]
pub fn read([authority, genesis, node]: [U256; 3]) -> MemberRecord {
    MemberRecord {
        // From the lowest byte: authority (20), chain id (8), whether it is active (1), whether it has accepted (1).
        chain_id: (authority >> 160_usize).as_limbs()[0],
        genesis_hash: B256::from(genesis),
        node_contract: Address::from_word(B256::from(node & (U256::MAX >> 96))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alliance::certificate_slots;

    // A-MORE-3: the same words that TLS reads, whose places `AllianceCertificates.t.sol` holds.
    #[test]
    fn a_record_begins_where_the_membership_stands() {
        let member = B256::repeat_byte(0x33);
        let [.., membership] = certificate_slots::positions(1, 1, member);
        let [first, second, third] = positions(member);
        assert_eq!(first, membership);
        let number = |slot: B256| U256::from_be_bytes(slot.0);
        assert_eq!(number(second) - number(first), U256::ONE);
        assert_eq!(number(third) - number(second), U256::ONE);
    }

    #[test]
    fn words_are_read_as_the_contract_packs_them() {
        let authority = U256::from_be_bytes(Address::repeat_byte(0xaa).into_word().0)
            | U256::from(7101) << 160
            | U256::from(1) << 224
            | U256::from(1) << 232;
        let (genesis, node) = (B256::repeat_byte(4), Address::repeat_byte(5));
        let read = read([authority, U256::from_be_bytes(genesis.0), U256::from_be_bytes(node.into_word().0)]);
        assert_eq!(read, MemberRecord { chain_id: 7101, genesis_hash: genesis, node_contract: node });
    }
}
