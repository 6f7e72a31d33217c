//! One writer a journal: its folder itself is locked (flock), so that there is no other file to lose. The system gives the lock back however its holder ends.

use std::{
    fs::{File, TryLockError},
    path::Path,
};

use super::JournalError;

/// Whoever has it may write the journal, until it is dropped.
#[derive(Debug)]
pub struct JournalLock {
    folder: File,
}

impl JournalLock {
    /// Takes the lock of the journal in a folder, which has to be there.
    ///
    /// # Errors
    /// [`JournalError::InUse`] when somebody has it, [`JournalError::Io`].
    pub fn take(directory: &Path) -> Result<Self, JournalError> {
        let io = |source| JournalError::io(directory, source);
        let folder = File::open(directory).map_err(io)?;
        match folder.try_lock() {
            Ok(()) => Ok(Self { folder }),
            Err(TryLockError::WouldBlock) => Err(JournalError::InUse(directory.into())),
            Err(TryLockError::Error(error)) => Err(io(error)),
        }
    }
}

impl Drop for JournalLock {
    /// A process that another thread is starting has the folder open too until it has become that program: closed here, the lock would live on there.
    fn drop(&mut self) {
        // What cannot be unlocked is when it is closed.
        self.folder.unlock().ok();
    }
}
