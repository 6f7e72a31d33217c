//! Where the validator registry keeps what nodes read and light clients get proven (docs/specs/finality.md, "Membership").
//!
//! The contract is `contracts/src/ValidatorRegistry.sol`; the places are part of the protocol and a test in `contracts/test` holds it to them.

use alloy_primitives::{Address, B256, U256, address, keccak256};

use crate::permissions::mapping_slot;

/// Where the registry stands on every chain that has one.
pub const VALIDATOR_REGISTRY: Address = address!("C4A0000000000000000000000000000000000007");

/// Slot of the set hash: [`crate::extra_data::validator_set_hash`] of the set as it stands.
pub const SET_HASH_SLOT: U256 = U256::from_limbs([0, 0, 0, 0]);

/// Slot of the number of blocks of an epoch; nothing ever changes it.
pub const EPOCH_LENGTH_SLOT: U256 = U256::from_limbs([1, 0, 0, 0]);

/// Slot of the number of validators; their peer keys follow at [`peer_key_slot`].
pub const PEER_KEYS_SLOT: U256 = U256::from_limbs([2, 0, 0, 0]);

/// Slot of the records by peer key, see [`record_slot`].
const RECORDS_SLOT: U256 = U256::from_limbs([3, 0, 0, 0]);

/// Slot of the number of epochs in which the set was changed; the epochs follow at [`changed_epochs_slot`].
pub const CHANGED_EPOCHS_SLOT: U256 = U256::from_limbs([4, 0, 0, 0]);

/// Slot of the organizations by voting account, see [`voter_slot`].
const VOTERS_SLOT: U256 = U256::from_limbs([8, 0, 0, 0]);

/// Epochs in one slot of the list of epochs in which the set was changed, the first in its lowest 64 bits.
pub const CHANGED_EPOCHS_PER_SLOT: usize = 4;

/// The slot that holds the epoch with this index in the list of epochs in which the set was changed.
#[must_use]
pub fn changed_epochs_slot(index: usize) -> U256 {
    array_slot(CHANGED_EPOCHS_SLOT, index / CHANGED_EPOCHS_PER_SLOT)
}

/// The slot of a validator's peer key, by its position in the set.
#[must_use]
pub fn peer_key_slot(index: usize) -> U256 {
    array_slot(PEER_KEYS_SLOT, index)
}

/// The slot of the organization that an account votes for; zero there: it votes for none.
#[must_use]
pub fn voter_slot(account: Address) -> U256 {
    mapping_slot(account.into_word(), VOTERS_SLOT)
}

fn array_slot(array: U256, index: usize) -> U256 {
    U256::from_be_bytes(keccak256(array.to_be_bytes::<32>()).0).wrapping_add(U256::from(index))
}

/// The first of the three slots of a validator: organization, the first 32 bytes of its BLS key, the last 16 (in the lower half of the slot).
#[must_use]
pub fn record_slot(peer_key: B256) -> U256 {
    mapping_slot(peer_key, RECORDS_SLOT)
}

#[cfg(test)]
mod tests {
    use alloy_primitives::b256;

    use super::*;

    #[test]
    fn slots_are_where_solidity_puts_them() {
        // keccak256 of the number 2 as a word, which the Solidity documentation's rule for arrays asks for.
        let first = b256!("405787fa12a823e0f2b7631cc41b3ba8828b3321ca811111fa75cd3aa3bb5ace");
        assert_eq!(peer_key_slot(0), U256::from_be_bytes(first.0));
        assert_eq!(peer_key_slot(2), U256::from_be_bytes(first.0) + U256::from(2));
        assert_ne!(record_slot(B256::ZERO), record_slot(B256::with_last_byte(1)));
    }
}
