//! What goes in and out of the tree.

use alloy_primitives::{B256, Bytes};

use super::MAX_PENDING_BLOCKS;
use crate::{
    Block, InvalidBlock, RegistryError, StateError, StoreError,
    executor::{BuildFailure, ExecuteFailure},
};

/// A block that consensus has finalized.
#[derive(Clone, Debug)]
pub struct Finalization {
    /// The block. Executed now if it was not before.
    pub block: Block,
    /// The encoded finality certificate, where consensus has one for exactly this block.
    pub certificate: Option<Bytes>,
}

/// Why no block was built.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// The parent is neither executed nor the final head.
    #[error("the parent {0} is not known here: execute it first")]
    UnknownParent(B256),
    /// See [`MAX_PENDING_BLOCKS`].
    #[error("{MAX_PENDING_BLOCKS} blocks wait for finality: finalize some first")]
    TooManyPending,
    /// The budget does not even hold a header.
    #[error("a block of at most {max_bytes} bytes cannot hold a header")]
    Budget {
        /// Of the budget.
        max_bytes: usize,
    },
    /// A rule around the transactions fails (a system call): a bug.
    #[error("execution failed: {0}")]
    Execution(String),
    /// The state cannot be read.
    #[error(transparent)]
    State(#[from] StateError),
}

/// Why a block was not executed.
#[derive(Debug, thiserror::Error)]
pub enum ExecuteError {
    /// The block breaks a rule: its proposer is at fault.
    #[error(transparent)]
    Invalid(#[from] InvalidBlock),
    /// The parent is neither executed nor the final head: execute it first, or the block is a loser of a finished height.
    #[error("the parent {parent} of block {hash} is not known here: execute it first")]
    UnknownParent {
        /// The block.
        hash: B256,
        /// Its parent.
        parent: B256,
    },
    /// See [`MAX_PENDING_BLOCKS`].
    #[error("{MAX_PENDING_BLOCKS} blocks wait for finality: finalize some first")]
    TooManyPending,
    /// The state cannot be read: this node is at fault.
    #[error(transparent)]
    State(#[from] StateError),
}

/// Why blocks did not become final.
#[derive(Debug, thiserror::Error)]
pub enum FinalizeError {
    /// A block contradicts the final chain. Either consensus is broken or the store belongs to another history: stop the node.
    #[error("block {hash} at height {height} contradicts the final chain, which has {expected}")]
    Conflict {
        /// The height.
        height: u64,
        /// The block.
        hash: B256,
        /// What is final at this height, or the parent that was expected.
        expected: B256,
    },
    /// Blocks between the head and this one are missing.
    #[error("block {height} cannot become final after {head}: hand over the blocks between first")]
    Gap {
        /// The block's height.
        height: u64,
        /// The final head.
        head: u64,
    },
    /// The block had to be executed and could not.
    #[error(transparent)]
    Execute(#[from] ExecuteError),
    /// The validator registry in the state contradicts itself.
    #[error(transparent)]
    Registry(#[from] RegistryError),
    /// The commit failed; nothing became visible. The node must stop.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// See [`MAX_PENDING_BLOCKS`].
pub(super) struct TooManyPending;

impl From<TooManyPending> for BuildError {
    fn from(_: TooManyPending) -> Self {
        Self::TooManyPending
    }
}

impl From<TooManyPending> for ExecuteError {
    fn from(_: TooManyPending) -> Self {
        Self::TooManyPending
    }
}

impl From<BuildFailure> for BuildError {
    fn from(failure: BuildFailure) -> Self {
        match failure {
            BuildFailure::Budget { max_bytes } => Self::Budget { max_bytes },
            BuildFailure::Rule(message) => Self::Execution(message),
            BuildFailure::State(error) => Self::State(error),
        }
    }
}

impl From<ExecuteFailure> for ExecuteError {
    fn from(failure: ExecuteFailure) -> Self {
        match failure {
            ExecuteFailure::Invalid(invalid) => Self::Invalid(invalid),
            ExecuteFailure::State(error) => Self::State(error),
        }
    }
}
