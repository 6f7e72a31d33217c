//! What representation needs kept: which data block holds which operation. The assembly gives an implementation over the identity database.

use alloy_primitives::{Address, B256};
use async_trait::async_trait;
use chancery_primitives::data_block::{DataBlockTree, Leaf};
use chancery_reference_points::{
    DoorResult,
    data_block::{KeptBlock, KeptLeaves, TransactionLocator},
    operation::ChainName,
};

/// An operation in a data block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IndexedOperation {
    /// How it stands in the tree.
    pub leaf: Leaf,
    /// The transaction that records it: that of its own contract call, or the data block's where its kind has none. `None`: the contract
    /// refused it, and the data block is the evidence that it was submitted.
    pub recorded: Option<TransactionLocator>,
}

/// A data block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IndexedBlock {
    /// Root of the tree.
    pub root: B256,
    /// The chain that records it.
    pub chain: ChainName,
    /// When it was closed, Unix milliseconds.
    pub closed_at_ms: u64,
    /// The transaction that recorded the root; blocks are kept when that is final.
    pub recorded: Option<TransactionLocator>,
    /// All operations, in the order of the block.
    pub operations: Vec<IndexedOperation>,
}

impl IndexedBlock {
    /// What is kept of it, its root computed anew from the leaves.
    #[must_use]
    pub fn computed_anew(&self) -> KeptBlock {
        if self.operations.is_empty() && self.recorded.is_none() {
            return KeptBlock::Announced;
        }
        let leaves: Vec<Leaf> = self.operations.iter().map(|operation| operation.leaf.clone()).collect();
        let tree = DataBlockTree::new(&leaves).ok();
        KeptBlock::Leaves(KeptLeaves {
            chain: self.chain.clone(),
            root: tree.as_ref().map(|tree| tree.root().0),
            count: leaves.len() as u64,
            first_time: tree.as_ref().map_or(0, |tree| tree.first_time().get()),
            last_time: tree.as_ref().map_or(0, |tree| tree.last_time().get()),
            block_number: self.recorded.as_ref().map(|locator| locator.block_number),
        })
    }
}

/// Remembers data blocks and idempotency keys.
#[async_trait]
pub trait OperationIndex: Send + Sync {
    /// Keeps a block, or completes what is kept of it. Durable when it returns.
    ///
    /// # Errors
    /// `DatabaseUnreachable`; `IdempotencyConflict` when an operation stands in another block.
    async fn put(&self, block: &IndexedBlock) -> DoorResult<()>;

    /// Notes that a block is about to be sent, with its leaves, so that both are known whatever becomes of it. Its operations are in no block by that.
    ///
    /// # Errors
    /// `DatabaseUnreachable`.
    async fn announce(&self, block: &IndexedBlock) -> DoorResult<()>;

    /// What is kept of the block with a root; one that was only announced is not recorded, and has no operations when it was announced without its leaves.
    ///
    /// # Errors
    /// `DatabaseUnreachable`; `Internal` when it does not read.
    async fn block(&self, root: B256) -> DoorResult<Option<IndexedBlock>>;

    /// Roots of blocks that a chain is said to have recorded, from one on, in their order, at most `limit`.
    ///
    /// # Errors
    /// `DatabaseUnreachable`; `Internal` when one does not read.
    async fn roots_from(&self, chain: &ChainName, first: B256, limit: usize) -> DoorResult<Vec<B256>>;

    /// The block that holds an operation.
    ///
    /// # Errors
    /// `DatabaseUnreachable`.
    async fn block_of(&self, operation: B256) -> DoorResult<Option<IndexedBlock>>;

    /// Binds an idempotency key of a source to an operation. The same binding twice is fine.
    ///
    /// # Errors
    /// `IdempotencyConflict` when the key names another operation; `DatabaseUnreachable`.
    async fn claim_key(&self, source: Address, key: &str, operation: B256) -> DoorResult<()>;
}
