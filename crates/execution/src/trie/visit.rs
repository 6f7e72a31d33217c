//! Reading the way to a key before somebody needs it.

use alloy_primitives::B256;
use alloy_trie::Nibbles;

use super::{Child, TrieSource};
use crate::StateError;

/// Reads the branches from the top down to where `key` is, or would be, for the sake of the cache that `source` reads through. Returns how many.
pub(crate) fn visit(source: &dyn TrieSource, top: Option<&Child>, key: &B256) -> Result<usize, StateError> {
    let nibbles = Nibbles::unpack(key);
    let (mut path, mut child, mut read) = (Nibbles::default(), top.cloned(), 0);
    while let Some(Child::Branch(branch)) = child {
        path = path.join(&branch.extension());
        let Some(nibble) = nibbles.get(path.len()).filter(|_| nibbles.starts_with(&path)) else { break };
        let Some(node) = source.branch(&path, branch.version)? else { break };
        read += 1;
        path.push(nibble);
        child = node.get(nibble).cloned();
    }
    Ok(read)
}
