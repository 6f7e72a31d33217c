use std::{
    io,
    path::{Path, PathBuf},
};

/// What can be wrong with a journal.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// Something else than a torn end does not read: acknowledged entries may be missing.
    #[error(
        "the journal is damaged: {path}, byte {offset}: {detail}. Restore the file from a copy; if there is none, `chancery repair-journal` shows what can be kept"
    )]
    Damaged {
        /// The file.
        path: PathBuf,
        /// Where.
        offset: u64,
        /// What.
        detail: String,
    },
    /// It belongs to another chain.
    #[error("the journal {path} is of chain {found}, not of {expected}: use the data folder of this chain")]
    OtherChain {
        /// The file.
        path: PathBuf,
        /// Whose it is.
        found: u64,
        /// Whose it should be.
        expected: u64,
    },
    /// Another process writes it, or repairs it.
    #[error("another process writes the journal {0}: stop it first, or wait until it has ended")]
    InUse(PathBuf),
    /// An entry that is longer than an entry may be, or more entries than a group takes.
    #[error("a group of the journal is too large: {bytes} bytes")]
    TooLarge {
        /// How long.
        bytes: usize,
    },
    /// The disk.
    #[error("{path}: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

impl JournalError {
    pub(super) fn io(path: &Path, source: io::Error) -> Self {
        Self::Io { path: path.into(), source }
    }

    pub(super) fn damaged(path: &Path, offset: u64, detail: String) -> Self {
        Self::Damaged { path: path.into(), offset, detail }
    }
}
