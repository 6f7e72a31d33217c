use std::{error::Error, io, path::PathBuf};

use alloy_primitives::B256;

use super::FORMAT_VERSION;
use crate::{OpenError, RegistryError, StateError, StoreError};

/// Why a snapshot cannot be made, or is refused. Whatever it is, nothing of the snapshot remains.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SnapshotError {
    /// Reading or writing the snapshot fails.
    #[error("the snapshot cannot be read or written: {0}")]
    Io(#[from] io::Error),
    /// Another kind of file.
    #[error("this is not a snapshot: it does not begin like one")]
    NotASnapshot,
    /// Made by a build that writes another format.
    #[error("the snapshot has format {found}, this build reads {FORMAT_VERSION}: use the build that made it")]
    Version {
        /// In the snapshot.
        found: u32,
    },
    /// It ends too early.
    #[error("the snapshot is cut off after chunk {after}: copy it again")]
    Truncated {
        /// Complete chunks.
        after: u32,
    },
    /// Its bytes are not those that were written.
    #[error("chunk {index} of the snapshot is damaged: copy it again")]
    Damaged {
        /// The chunk.
        index: u32,
    },
    /// A chunk stands where another belongs.
    #[error("chunk {found} of the snapshot stands where chunk {expected} belongs")]
    OutOfOrder {
        /// By its place.
        expected: u32,
        /// What it says.
        found: u32,
    },
    /// A chunk of a kind that does not belong there, or that is too large, or says something else than it can.
    #[error("chunk {index} of the snapshot is malformed: {problem}")]
    Malformed {
        /// The chunk.
        index: u32,
        /// What is wrong.
        problem: &'static str,
    },
    /// Bytes follow the end.
    #[error("bytes follow the end of the snapshot")]
    TrailingBytes,
    /// The last chunk contradicts the others.
    #[error("the snapshot's own summary does not fit what stands in it")]
    Manifest,
    /// Of another chain, or the genesis file was changed.
    #[error("the snapshot is of the chain with genesis {found}, the genesis file gives {expected}")]
    OtherChain {
        /// In the snapshot.
        found: B256,
        /// Of the genesis file.
        expected: B256,
    },
    /// Nobody who may has signed it.
    #[error("the snapshot's block is not final by this chain's validators: {0}")]
    Untrusted(Box<dyn Error + Send + Sync>),
    /// The state names a change of the validators that the snapshot does not prove.
    #[error(
        "the snapshot leaves out a change of the validators in epoch {epoch}: its block was signed by a set that no longer decides"
    )]
    StaleValidators {
        /// The epoch.
        epoch: u64,
    },
    /// An earlier header or block is not an ancestor of the snapshot's block.
    #[error("block {height} in the snapshot is not an ancestor of its block")]
    NotAnAncestor {
        /// The height.
        height: u64,
    },
    /// A block's content is not that of its header.
    #[error("block {height} in the snapshot is not what its header says: {what}")]
    BlockContent {
        /// The height.
        height: u64,
        /// What does not fit.
        what: &'static str,
    },
    /// The state is not the one that was signed.
    #[error(
        "the state in the snapshot has the root {found}, its block has {expected}: the snapshot is forged or damaged"
    )]
    StateRoot {
        /// Of the block.
        expected: B256,
        /// Of what stands in the snapshot.
        found: B256,
    },
    /// Storage that no account has.
    #[error("the snapshot has storage of {0} accounts that do not exist: it is forged or damaged")]
    StrayStorage(u64),
    /// An account's code is not there.
    #[error("the snapshot has no code with the hash {0}, which an account names")]
    MissingCode(B256),
    /// There is no block that a snapshot could be of.
    #[error(
        "no block between {from} and {head} has a finality certificate of its own: let the chain make a block and try again"
    )]
    NoCertificate {
        /// The lowest that was looked at.
        from: u64,
        /// The head.
        head: u64,
    },
    /// A part that the snapshot needs is not here.
    #[error("this node has no {what} of block {height}, which the snapshot needs")]
    Incomplete {
        /// What is missing.
        what: &'static str,
        /// The height.
        height: u64,
    },
    /// There are chain data already.
    #[error(
        "{path} holds a chain already: a snapshot is imported into an empty node (`--replace` puts it in its place)"
    )]
    Exists {
        /// The folder.
        path: PathBuf,
    },
    /// The registry cannot be read.
    #[error(transparent)]
    Registry(#[from] RegistryError),
    /// The state cannot be read.
    #[error(transparent)]
    State(#[from] StateError),
    /// The store fails.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The store cannot be made.
    #[error(transparent)]
    Open(#[from] OpenError),
}
