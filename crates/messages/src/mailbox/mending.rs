//! Going on after a write that failed: the store takes no further one then, so it is opened anew, once there is room (STORE-1 to STORE-3).
//!
//! What the failed write was for was refused, and may be in its journal all the same, as after a kill: the same message sent again is one (MSG-6), and what waits for its end is
//! looked at as after a start.

use std::{
    fs::{self, File},
    io,
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
};

use chancery_stores::{check_room, write_anew};
use fjall::OwnedWriteBatch;
use parking_lot::{MappedRwLockReadGuard, MutexGuard, RwLockReadGuard};

use super::{Mailbox, MailboxError, store::Store};

/// What the files of the store's journal end with.
const JOURNAL: &str = "jnl";
/// The file that whoever opens the store locks.
const LOCK: &str = "lock";
/// What a file system counts its blocks in, in bytes (POSIX `st_blocks` on Linux).
const BLOCK_BYTES: u64 = 512;

impl Mailbox {
    /// The store, to be read.
    ///
    /// # Errors
    /// [`MailboxError::Stands`] while it is not open.
    pub(super) fn reading(&self) -> Result<MappedRwLockReadGuard<'_, Store>, MailboxError> {
        RwLockReadGuard::try_map(self.store.read(), Option::as_ref).map_err(|_| MailboxError::Stands)
    }

    /// The store, to be written by one at a time, after what failed before was made up for.
    ///
    /// # Errors
    /// [`MailboxError::Stands`] until it is tried again; what made that fail then.
    pub(super) fn writing(&self) -> Result<(MutexGuard<'_, ()>, MappedRwLockReadGuard<'_, Store>), MailboxError> {
        let writer = self.writer.lock();
        if self.standing.stands() {
            if self.standing.waits() {
                return Err(MailboxError::Stands);
            }
            self.open_anew().inspect_err(|error| self.standing.failed(error))?;
            self.standing.goes_on();
        }
        Ok((writer, self.reading()?))
    }

    /// Writes a batch; when this returns it is on the disk.
    ///
    /// # Errors
    /// [`MailboxError::Store`]; nothing more is written then before [`Self::writing`] has made up for it.
    pub(super) fn commit(&self, batch: OwnedWriteBatch) -> Result<(), MailboxError> {
        batch.commit().map_err(|error| {
            self.standing.failed(&error);
            MailboxError::Store(error)
        })
    }

    /// What is open stays as long as there is no room for what is to be done.
    fn open_anew(&self) -> Result<(), MailboxError> {
        check_room(&self.directory, bytes_of(&journals(&self.directory)?)?)?;
        let mut store = self.store.write();
        // A store is open once.
        *store = None;
        // If a sync failed, what can be read of the journal may be on no disk, and whatever followed it would be lost with it (STORE-2).
        for path in journals(&self.directory)? {
            write_anew(&path)?;
        }
        *store = Some(Store::open(&self.directory)?);
        Ok(())
    }
}

/// Has the store's journals on the disk, as they can be read.
///
/// # Errors
/// Where there is no room for them, or somebody has the store open.
pub(super) fn on_disk(directory: &Path) -> io::Result<()> {
    let journals = journals(directory)?;
    if journals.is_empty() {
        return Ok(());
    }
    // The lock that the store takes itself: whoever has it may be writing.
    let lock = File::open(directory.join(LOCK))?;
    lock.try_lock()?;
    check_room(directory, bytes_of(&journals)?)?;
    journals.iter().try_for_each(|path| write_anew(path))?;
    lock.unlock()
}

fn bytes_of(files: &[PathBuf]) -> io::Result<u64> {
    files.iter().map(|path| Ok(fs::metadata(path)?.blocks() * BLOCK_BYTES)).sum()
}

/// None where there is no store yet.
fn journals(directory: &Path) -> io::Result<Vec<PathBuf>> {
    let entries = match fs::read_dir(directory) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let mut found = Vec::new();
    for entry in entries {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == JOURNAL) {
            found.push(path);
        }
    }
    Ok(found)
}
