//! A node that begins from a snapshot, and a running node that gives one (docs/specs/snapshot.md).
//!
//! Place: `execution` writes and reads the format and asks who may be believed; this module answers with the chain's validators, followed from the
//! genesis, and puts a finished store in its place. Nothing here runs while a node of the same data runs, but [`control`]'s side in the node itself.

mod control;
mod place;
#[cfg(test)]
mod tests;
mod trust;

use std::{io, path::PathBuf};

use chancery_execution::{GenesisError, SnapshotError};

pub(crate) use control::serve as serve_control;
pub use control::{ControlError, running_export};
pub use place::{SnapshotTarget, import, verify};

use crate::NodeError;

/// Why a snapshot was not imported. The node's data are as they were.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ImportError {
    /// The snapshot is refused.
    #[error(transparent)]
    Snapshot(#[from] SnapshotError),
    /// The genesis file makes no chain.
    #[error(transparent)]
    Genesis(#[from] GenesisError),
    /// The genesis file's validators make no set.
    #[error(transparent)]
    Validators(Box<NodeError>),
    /// A node runs on these data.
    #[error("{path} is in use by another process: stop it first")]
    InUse {
        /// The folder.
        path: PathBuf,
    },
    /// The file system refuses.
    #[error("{path} cannot be {action}: {source}")]
    Files {
        /// The file or folder.
        path: PathBuf,
        /// What was being done.
        action: &'static str,
        /// What the system says.
        source: io::Error,
    },
}
