//! Data blocks (D3.7 8.1): signed operations gathered under one Merkle root that is recorded on chain.
//!
//! The tree is that of `@openzeppelin/merkle-tree` (`StandardMerkleTree`): leaf = `keccak256(keccak256(abi.encode(...)))`,
//! leaves sorted, a complete binary tree whose inner nodes hash the sorted pair; so contracts check a proof with
//! OpenZeppelin's `MerkleProof` and browsers with that package.

use crate::{OperationType, UnixSeconds};
use alloy_primitives::{Address, B256, keccak256};
use alloy_sol_types::SolValue;
use derive_more::Display;
use serde::{Deserialize, Serialize};

/// Most operations in one data block; also `DataBlockRegistry.MAX_OPERATIONS_PER_BLOCK`.
pub const MAX_OPERATIONS_PER_BLOCK: usize = 65_536;

/// Longest proof that is looked at: the depth of the largest tree.
pub const MAX_PROOF_NODES: usize = 16;

/// The Merkle root of a data block, which names it.
#[derive(Clone, Copy, Debug, Display, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct DataBlockRoot(pub B256);

/// One operation as it stands in a data block.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Leaf {
    /// The EIP-712 digest that the source signed.
    pub operation_digest: B256,
    /// Who signed it.
    pub source: Address,
    /// What sort of operation it is.
    #[serde(rename = "type")]
    pub operation_type: OperationType,
    /// `keccak256` of the content's bytes.
    pub content_hash: B256,
    /// When it entered.
    pub time: UnixSeconds,
}

impl Leaf {
    /// The types of a leaf as `StandardMerkleTree.of` takes them.
    pub const ENCODING: [&'static str; 5] = ["bytes32", "address", "bytes32", "bytes32", "uint64"];

    /// `keccak256(keccak256(abi.encode(...)))`. Hashed twice, so that no inner node can pass as a leaf.
    #[must_use]
    pub fn hash(&self) -> B256 {
        let fields =
            (self.operation_digest, self.source, self.operation_type.to_bytes32(), self.content_hash, self.time.get());
        keccak256(keccak256(fields.abi_encode_params()))
    }
}

/// Why operations make no data block.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DataBlockError {
    /// No operation.
    #[error("a data block has at least one operation")]
    Empty,
    /// Too many operations.
    #[error("a data block has at most {MAX_OPERATIONS_PER_BLOCK} operations, not {count}: split it")]
    TooMany {
        /// How many were given.
        count: usize,
    },
    /// The same operation twice.
    #[error("operation {digest} stands in the block twice: leave one out")]
    Duplicate {
        /// Its digest.
        digest: B256,
    },
}

/// The tree over the operations of one data block.
#[derive(Clone, Debug)]
pub struct DataBlockTree {
    /// Root first; the children of node `i` are `2i + 1` and `2i + 2`.
    nodes: Vec<B256>,
    /// Node index of each leaf, in the order in which the leaves were given.
    positions: Vec<usize>,
    first_time: UnixSeconds,
    last_time: UnixSeconds,
}

impl DataBlockTree {
    /// Builds the tree.
    ///
    /// # Errors
    /// No leaf, more than [`MAX_OPERATIONS_PER_BLOCK`], or an operation twice.
    pub fn new(leaves: &[Leaf]) -> Result<Self, DataBlockError> {
        let count = leaves.len();
        let (Some(first_time), Some(last_time)) =
            (leaves.iter().map(|leaf| leaf.time).min(), leaves.iter().map(|leaf| leaf.time).max())
        else {
            return Err(DataBlockError::Empty);
        };
        if count > MAX_OPERATIONS_PER_BLOCK {
            return Err(DataBlockError::TooMany { count });
        }
        let mut digests: Vec<B256> = leaves.iter().map(|leaf| leaf.operation_digest).collect();
        digests.sort_unstable();
        if let Some(pair) = digests.windows(2).find(|pair| pair[0] == pair[1]) {
            return Err(DataBlockError::Duplicate { digest: pair[0] });
        }

        let mut sorted: Vec<(B256, usize)> =
            leaves.iter().enumerate().map(|(index, leaf)| (leaf.hash(), index)).collect();
        sorted.sort_unstable();
        let node_count = 2 * count - 1;
        let mut nodes = vec![B256::ZERO; node_count];
        let mut positions = vec![0; count];
        for (rank, (hash, index)) in sorted.into_iter().enumerate() {
            // The smallest leaf stands last.
            let position = node_count - 1 - rank;
            nodes[position] = hash;
            positions[index] = position;
        }
        for parent in (0..node_count - count).rev() {
            nodes[parent] = hash_pair(nodes[2 * parent + 1], nodes[2 * parent + 2]);
        }
        Ok(Self { nodes, positions, first_time, last_time })
    }

    /// The root.
    #[must_use]
    pub fn root(&self) -> DataBlockRoot {
        DataBlockRoot(self.nodes[0])
    }

    /// How many operations it holds.
    #[must_use]
    pub fn operation_count(&self) -> usize {
        self.positions.len()
    }

    /// The earliest time among the operations.
    #[must_use]
    pub const fn first_time(&self) -> UnixSeconds {
        self.first_time
    }

    /// The latest time among the operations.
    #[must_use]
    pub const fn last_time(&self) -> UnixSeconds {
        self.last_time
    }

    /// The proof of the leaf that was given at `index`: the siblings from the leaf up. `None` beyond the last leaf.
    #[must_use]
    pub fn proof(&self, index: usize) -> Option<Vec<B256>> {
        let mut node = *self.positions.get(index)?;
        let mut proof = Vec::with_capacity(MAX_PROOF_NODES);
        while node > 0 {
            let sibling = if node % 2 == 1 { node + 1 } else { node - 1 };
            proof.push(self.nodes[sibling]);
            node = (node - 1) / 2;
        }
        Some(proof)
    }
}

/// Whether the leaf stands in the data block with this root. A proof longer than [`MAX_PROOF_NODES`] proves nothing.
#[must_use]
pub fn verify(root: DataBlockRoot, leaf: &Leaf, proof: &[B256]) -> bool {
    proof.len() <= MAX_PROOF_NODES
        && proof.iter().fold(leaf.hash(), |node, sibling| hash_pair(node, *sibling)) == root.0
}

fn hash_pair(one: B256, other: B256) -> B256 {
    let (low, high) = if one <= other { (one, other) } else { (other, one) };
    let mut preimage = [0; 64];
    preimage[..32].copy_from_slice(low.as_slice());
    preimage[32..].copy_from_slice(high.as_slice());
    keccak256(preimage)
}

#[cfg(test)]
mod tests;
