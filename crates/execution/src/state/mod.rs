//! State: accounts, slots and code after a block, final or not.
//!
//! The store holds the state of the final head and what it was before; an [`Overlay`] holds what one executed block changed. A
//! [`StateView`] puts overlays over a snapshot of the store, so it stays what it is while blocks become final.

mod account;
mod overlay;
mod proof;
mod source;
mod transition;
mod view;

#[cfg(test)]
mod tests;

pub use account::Account;
pub use proof::{AccountProof, StorageProof};
pub use view::StateView;

pub(crate) use account::{AccountRecord, push_trimmed, take_trimmed};
pub(crate) use overlay::{AccountEntry, NodeKey, Overlay, SlotEntry};
pub(crate) use source::slot_rlp;
pub(crate) use transition::{AccountChange, StateChanges, transition};
pub(crate) use view::PendingLayer;

use revm::database_interface::DBErrorMarker;

use crate::StoreError;

/// Why state cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// Not final yet.
    #[error("block {height} is not final yet, the latest final block is {head}")]
    Future {
        /// Asked for.
        height: u64,
        /// The latest.
        head: u64,
    },
    /// Pruned.
    #[error("the state of block {height} was pruned, it is kept from block {earliest} on")]
    Pruned {
        /// Asked for.
        height: u64,
        /// The earliest that is kept.
        earliest: u64,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl DBErrorMarker for StateError {}

impl StateError {
    /// An error of this type that travelled through the EVM.
    pub(crate) fn of_execution(error: &dyn std::error::Error) -> Self {
        Self::Store(StoreError { action: "executing", message: error.to_string() })
    }
}
