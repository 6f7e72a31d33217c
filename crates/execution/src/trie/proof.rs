//! Merkle proofs: the RLP of the nodes between the root and a key.

use alloy_primitives::{B256, Bytes};
use alloy_trie::{Nibbles, nodes::LeafNodeRef};

use super::{Child, LeafRef, TrieSource};
use crate::{StateError, StoreError};

/// The nodes from the top down to where `key` is, or would be. Nodes shorter than 32 bytes stand inside the node above them and
/// are not repeated, save for the top. `source` is the state of the trie under `top`.
pub(crate) fn prove(source: &dyn TrieSource, top: Option<&Child>, key: &B256) -> Result<Vec<Bytes>, StateError> {
    let mut proof = Vec::new();
    let Some(top) = top else { return Ok(proof) };
    let nibbles = Nibbles::unpack(key);
    let mut push = |rlp: Vec<u8>| {
        if proof.is_empty() || rlp.len() >= B256::len_bytes() {
            proof.push(Bytes::from(rlp));
        }
    };
    let mut path = Nibbles::default();
    let mut child = top.clone();
    loop {
        match child {
            Child::Leaf(LeafRef::Whole { suffix, value }) => {
                push(rlp_of(&suffix, &value));
                return Ok(proof);
            }
            Child::Leaf(LeafRef::Reference { .. }) => {
                push(leaf_rlp(source, &path, key)?);
                return Ok(proof);
            }
            Child::Branch(ref branch) => {
                if let Some(rlp) = child.extension_rlp() {
                    push(rlp);
                }
                path = path.join(&branch.extension());
                if !nibbles.starts_with(&path) {
                    return Ok(proof);
                }
                let node =
                    source.branch(&path, branch.version)?.ok_or_else(|| damaged("a branch of the trie is missing"))?;
                let mut rlp = Vec::with_capacity(544);
                node.rlp(&mut rlp);
                push(rlp);
                let nibble = nibbles.get_unchecked(path.len());
                let Some(next) = node.get(nibble) else { return Ok(proof) };
                path.push(nibble);
                child = next.clone();
            }
        }
    }
}

/// The leaf below `path`: that of `key`, or of another key, which shows that `key` has none.
fn leaf_rlp(source: &dyn TrieSource, path: &Nibbles, key: &B256) -> Result<Vec<u8>, StateError> {
    let (key, value) = match source.value(key)? {
        Some(value) => (*key, value),
        None => source.first_leaf(path, &|_| false)?.ok_or_else(|| damaged("a leaf of the trie has no key"))?,
    };
    Ok(rlp_of(&Nibbles::unpack(key).slice(path.len()..), &value))
}

fn rlp_of(suffix: &Nibbles, value: &[u8]) -> Vec<u8> {
    let mut rlp = Vec::with_capacity(value.len() + 40);
    LeafNodeRef::new(suffix, value).rlp(&mut rlp);
    rlp
}

fn damaged(problem: &'static str) -> StateError {
    StateError::Store(StoreError::damaged(problem))
}
