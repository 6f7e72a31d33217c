//! What can go wrong with a disk.

use std::path::PathBuf;

use alloy_primitives::B256;

use crate::StateError;

/// The disk or the database fails. Never the fault of a block or a request.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the store failed while {action}: {message}")]
pub struct StoreError {
    /// What was being done.
    pub action: &'static str,
    /// The database's words.
    pub message: String,
}

impl From<StateError> for OpenError {
    fn from(error: StateError) -> Self {
        match error {
            StateError::Store(error) => Self::Store(error),
            other => Self::Store(StoreError { action: "opening", message: other.to_string() }),
        }
    }
}

impl StoreError {
    /// What is stored contradicts itself.
    pub(crate) fn damaged(problem: &'static str) -> Self {
        Self { action: "reading", message: format!("it is damaged: {problem}") }
    }

    /// For `map_err`.
    pub(crate) fn while_doing(action: &'static str) -> impl Fn(fjall::Error) -> Self {
        move |error| Self { action, message: error.to_string() }
    }
}

/// Why a store cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Made by another version of the format.
    #[error(
        "{path} has store format {found}, this build reads {expected}: use the build that made it, or start with an empty directory"
    )]
    Version {
        /// The directory.
        path: PathBuf,
        /// On disk.
        found: u32,
        /// Read by this build.
        expected: u32,
    },
    /// Belongs to another chain, or the genesis file was changed.
    #[error(
        "{path} holds the chain with genesis {found}, the genesis file gives {expected}: restore the file or use another directory"
    )]
    OtherGenesis {
        /// The directory.
        path: PathBuf,
        /// On disk.
        found: B256,
        /// Of the genesis file.
        expected: B256,
    },
    /// Another process has it.
    #[error("{path} is in use by another process: stop it first")]
    Locked {
        /// The directory.
        path: PathBuf,
    },
    /// The content contradicts itself.
    #[error(
        "{path} is damaged: {problem}; restore it from a backup (`chancery restore --replace`), import a snapshot of another node (`chancery snapshot import --replace`), or empty it and let the node fetch the chain again"
    )]
    Corrupt {
        /// The directory.
        path: PathBuf,
        /// What does not fit.
        problem: String,
    },
    /// The file system refuses.
    #[error("{path} cannot be opened: {source}")]
    Io {
        /// The directory or file.
        path: PathBuf,
        /// Its error.
        source: std::io::Error,
    },
    /// The database fails, or something that it holds cannot be read.
    #[error(
        "{0}; if it fails so at every start, the files are damaged: restore them from a backup (`chancery restore --replace`), import a snapshot of another node (`chancery snapshot import --replace`), or empty the chain's folder and let the node fetch the chain again"
    )]
    Store(#[from] StoreError),
}
