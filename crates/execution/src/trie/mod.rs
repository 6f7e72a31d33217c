//! The secure Merkle-Patricia trie of Ethereum (yellow paper, appendix D): keys are 32-byte hashes.
//!
//! Only branch nodes are kept. A leaf that is short, as those of slots are, stands whole in the branch above it; of a long one, an account's, the branch
//! holds the reference, and the content is the flat state's. An extension is a part of the reference to the branch below it. Hence an update of an
//! existing key touches the branches on its way and nothing else, a slot is read from the branch that its update needs anyway, and the flat state is
//! asked only when a long leaf must move: a new key splits it, or a deletion leaves it alone.
//!
//! # Invariants
//! * TRIE-1: a kept branch has at least two children.
//! * TRIE-2: exactly one leaf lies below a leaf reference.
//! * TRIE-3: the same set of keys and values has one root, whatever the order of updates that led to it.
//! * TRIE-4: a reference to a branch names the block that wrote it, so that path and height find it without a search.

mod find;
mod node;
mod proof;
mod stream;
mod update;

#[cfg(test)]
mod tests;

pub(crate) use find::{Found, find};
pub(crate) use node::{Branch, BranchRecord, BranchRef, Child, Form, KeptValue, LeafRef};
pub(crate) use proof::prove;
pub(crate) use stream::TrieBuilder;
pub(crate) use update::{Change, NodeWrite, TrieUpdate, update};

use std::sync::Arc;

use alloy_primitives::B256;
use alloy_trie::Nibbles;

use crate::StateError;

/// Nibbles of a key.
pub(crate) const KEY_NIBBLES: usize = 64;

/// What an update reads: the trie and the flat content as they were before it.
pub(crate) trait TrieSource: Sync {
    /// The branch that stands at `path`, in the version that the reference to it names.
    fn branch(&self, path: &Nibbles, version: u64) -> Result<Option<Arc<Branch>>, StateError>;

    /// The RLP that the leaf of `key` holds.
    fn value(&self, key: &B256) -> Result<Option<Vec<u8>>, StateError>;

    /// The first key from `prefix` on that starts with it and is not `skipped`, with its RLP.
    fn first_leaf(
        &self,
        prefix: &Nibbles,
        skipped: &dyn Fn(&B256) -> bool,
    ) -> Result<Option<(B256, Vec<u8>)>, StateError>;
}

/// The root of an empty trie: keccak256 of the RLP of nothing.
pub(crate) const EMPTY_ROOT: B256 = alloy_trie::EMPTY_ROOT_HASH;

/// The root hash of a trie whose top node is `top`.
pub(crate) fn root_hash(top: Option<&Child>) -> B256 {
    top.map_or(EMPTY_ROOT, Child::root_hash)
}
