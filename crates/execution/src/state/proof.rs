//! Proofs against a state root (EIP-1186).

use alloy_primitives::{Address, Bytes, U256, keccak256};

use super::{
    Account, StateError, StateView,
    source::{AccountTrie, StorageTrie},
};
use crate::trie::prove;

/// Proof of an account and some of its slots against a state root (EIP-1186).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountProof {
    /// The account.
    pub address: Address,
    /// Its content; `None`: the proof shows that it does not exist.
    pub account: Option<Account>,
    /// RLP nodes from the state root down.
    pub proof: Vec<Bytes>,
    /// One proof per slot asked for, in order.
    pub storage: Vec<StorageProof>,
}

/// Proof of one slot against its account's storage root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StorageProof {
    /// The slot.
    pub slot: U256,
    /// Its value; zero: the proof shows that it is not set.
    pub value: U256,
    /// RLP nodes from the storage root down; empty for an empty trie.
    pub proof: Vec<Bytes>,
}

impl StateView {
    /// Merkle-Patricia proofs of an account and some of its slots in this state.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn proof(&self, address: Address, slots: &[U256]) -> Result<AccountProof, StateError> {
        let key = keccak256(address);
        let record = self.record(&key)?;
        let proof = prove(&AccountTrie(self), self.top()?.as_ref(), &key)?;
        let trie = StorageTrie { view: self, owner: address };
        let storage_top = record.as_ref().and_then(|record| record.storage_top.as_deref());
        let storage = slots
            .iter()
            .map(|slot| {
                let key = keccak256(slot.to_be_bytes::<32>());
                Ok(StorageProof {
                    slot: *slot,
                    value: self.slot(address, &key)?,
                    proof: prove(&trie, storage_top, &key)?,
                })
            })
            .collect::<Result<_, StateError>>()?;
        Ok(AccountProof { address, account: record.map(|record| record.account()), proof, storage })
    }
}
