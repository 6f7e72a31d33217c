//! The Merkle tree hash of RFC 9162, section 2.1 (SHA-256), over the operations of one submission.

use alloy_primitives::B256;
use sha2::{Digest as _, Sha256};

/// Longest inclusion path that is looked at: that of [`crate::submission::MAX_OPERATIONS`].
pub const MAX_PATH_NODES: usize = 10;

/// Hash of a leaf: an operation's name.
#[must_use]
pub fn leaf_hash(bytes: &[u8]) -> B256 {
    B256::new(Sha256::new().chain_update([0]).chain_update(bytes).finalize().into())
}

fn node_hash(left: B256, right: B256) -> B256 {
    let mut preimage = [1; 65];
    preimage[1..33].copy_from_slice(left.as_slice());
    preimage[33..].copy_from_slice(right.as_slice());
    B256::new(Sha256::digest(preimage).into())
}

/// The root over leaf hashes; `None` for no leaf, which no submission has.
#[must_use]
pub fn root(leaves: &[B256]) -> Option<B256> {
    let mut level = leaves.to_vec();
    while level.len() > 1 {
        level = parents(&level);
    }
    level.first().copied()
}

/// The next level up. An odd node at the end rises as it is, which is the shape of RFC 9162.
fn parents(level: &[B256]) -> Vec<B256> {
    level.chunks(2).map(|pair| if let [left, right] = pair { node_hash(*left, *right) } else { pair[0] }).collect()
}

/// The inclusion path of a leaf (2.1.3.1); `None` beyond the last.
#[must_use]
pub fn path(leaves: &[B256], index: usize) -> Option<Vec<B256>> {
    Tree::new(leaves.to_vec())?.path(index)
}

/// A tree with all its levels, for whoever shows many leaves of it.
#[derive(Clone, Debug)]
pub struct Tree(Vec<Vec<B256>>);

impl Tree {
    /// Over leaf hashes; `None` for no leaf.
    #[must_use]
    pub fn new(leaves: Vec<B256>) -> Option<Self> {
        leaves.first()?;
        let mut levels = vec![leaves];
        while let Some(next) = levels.last().filter(|level| level.len() > 1).map(|level| parents(level)) {
            levels.push(next);
        }
        Some(Self(levels))
    }

    /// How many leaves it has.
    #[must_use]
    pub fn count(&self) -> usize {
        self.0.first().map_or(0, Vec::len)
    }

    /// The root.
    #[must_use]
    pub fn root(&self) -> B256 {
        self.0.last().and_then(|level| level.first()).copied().unwrap_or_default()
    }

    /// The inclusion path of a leaf; `None` beyond the last.
    #[must_use]
    pub fn path(&self, mut index: usize) -> Option<Vec<B256>> {
        self.0.first()?.get(index)?;
        let mut path = Vec::with_capacity(self.0.len());
        for level in &self.0 {
            // The root has none.
            path.extend(level.get(index ^ 1));
            index /= 2;
        }
        Some(path)
    }
}

/// Whether the leaf stands at `index` of `count` under the root (2.1.3.2).
#[must_use]
pub fn verify(root: B256, leaf: B256, index: u64, count: u64, path: &[B256]) -> bool {
    if index >= count || path.len() > MAX_PATH_NODES {
        return false;
    }
    let (mut node, mut place, mut last) = (leaf, index, count - 1);
    for sibling in path {
        if last == 0 {
            return false;
        }
        if place & 1 == 1 || place == last {
            node = node_hash(*sibling, node);
            // Levels in which this node had no sibling.
            while place & 1 == 0 && place != 0 {
                place >>= 1;
                last >>= 1;
            }
        } else {
            node = node_hash(node, *sibling);
        }
        place >>= 1;
        last >>= 1;
    }
    last == 0 && node == root
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    /// The definition of RFC 9162, 2.1.1, word for word.
    fn defined(leaves: &[B256]) -> B256 {
        if let [leaf] = leaves {
            return *leaf;
        }
        let k = leaves.len().next_power_of_two() / 2;
        node_hash(defined(&leaves[..k]), defined(&leaves[k..]))
    }

    proptest! {
        // DATA-8
        #[test]
        fn every_path_verifies_and_no_other_place_does(count in 1..200_usize, index in any::<prop::sample::Index>(), other in any::<prop::sample::Index>()) {
            let leaves: Vec<B256> = (0..count).map(|number| leaf_hash(&number.to_be_bytes())).collect();
            let (index, other) = (index.index(count), other.index(count));
            let root = root(&leaves).unwrap();
            prop_assert_eq!(root, defined(&leaves));
            let path = path(&leaves, index).unwrap();
            let at = |place: usize, leaf| verify(root, leaf, place as u64, count as u64, &path);
            prop_assert!(at(index, leaves[index]));
            prop_assert_eq!(at(other, leaves[index]), other == index);
            prop_assert_eq!(at(index, leaves[other]), other == index);
        }
    }
}
