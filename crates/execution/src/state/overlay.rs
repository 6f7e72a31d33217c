//! What one block changed.

use std::{collections::HashMap, sync::Arc};

use alloy_primitives::{
    Address, B256, U256,
    map::{AddressMap, B256Map},
};
use alloy_trie::Nibbles;
use revm::bytecode::Bytecode;

use super::AccountRecord;
use crate::trie::{Branch, Child, NodeWrite};

/// Names a branch: `owner` is the account whose storage trie it belongs to, `None` for the account trie.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct NodeKey {
    pub(crate) owner: Option<Address>,
    pub(crate) path: Nibbles,
}

/// An account that a block changed.
#[derive(Clone, Debug)]
pub(crate) struct AccountEntry {
    /// keccak256 of its address.
    pub(crate) key: B256,
    pub(crate) address: Address,
    pub(crate) before: Option<Arc<AccountRecord>>,
    pub(crate) after: Option<Arc<AccountRecord>>,
}

/// A slot that a block changed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SlotEntry {
    /// keccak256 of the slot number.
    pub(crate) key: B256,
    pub(crate) before: U256,
    pub(crate) after: U256,
}

/// What one block changed, and the tries after it.
#[derive(Debug, Default)]
pub(crate) struct Overlay {
    /// Sorted by key.
    pub(crate) accounts: Vec<AccountEntry>,
    /// By account, each sorted by key.
    pub(crate) slots: AddressMap<Vec<SlotEntry>>,
    /// Code that did not exist before, as far as the block knows.
    pub(crate) codes: B256Map<Bytecode>,
    /// Branches of all tries that changed.
    pub(crate) nodes: HashMap<NodeKey, NodeWrite>,
    /// The top of the account trie.
    pub(crate) top: Option<Child>,
    /// Its hash.
    pub(crate) state_root: B256,
}

impl Overlay {
    /// Accounts and slots that changed.
    pub(crate) fn values(&self) -> usize {
        self.accounts.len() + self.slots.values().map(Vec::len).sum::<usize>()
    }

    /// The account after the block, `None` when the block did not change it.
    pub(crate) fn account(&self, key: &B256) -> Option<Option<&Arc<AccountRecord>>> {
        let index = self.accounts.binary_search_by(|entry| entry.key.cmp(key)).ok()?;
        Some(self.accounts[index].after.as_ref())
    }

    /// The slot after the block, `None` when the block did not change it.
    pub(crate) fn slot(&self, address: &Address, key: &B256) -> Option<U256> {
        let slots = self.slots.get(address)?;
        let index = slots.binary_search_by(|entry| entry.key.cmp(key)).ok()?;
        Some(slots[index].after)
    }

    /// The version of a branch that the block wrote, `None` when it wrote none.
    pub(crate) fn branch(&self, key: &NodeKey) -> Option<Arc<Branch>> {
        match self.nodes.get(key)? {
            NodeWrite::Put { branch, .. } => Some(branch.clone()),
            NodeWrite::Delete { .. } => None,
        }
    }
}
