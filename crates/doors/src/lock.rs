//! One process an entity: a file that is locked as long as the process lives, with its process id in it. The system gives the lock back however it ends.

use std::{
    fs::{File, OpenOptions, TryLockError},
    io::{ErrorKind, Write as _},
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use crate::{FolderError, folder};

/// How often a lock is tried that somebody else has.
const PAUSE: Duration = Duration::from_millis(50);
/// How often a file is opened again that was replaced before it was locked.
const MAX_TRIES: usize = 8;

/// Why an entity's lock was not taken.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// The folder.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// The file.
    #[error("{path} cannot be locked: {error}")]
    Unusable {
        /// The file.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// Somebody takes the file away all the time.
    #[error("{0} is replaced again and again while it is locked: leave it where it is")]
    Replaced(PathBuf),
    /// Another process is the entity.
    #[error("another process is {entity} of this city: stop the city that runs, or wait until it has ended ({path})")]
    Taken {
        /// The entity.
        entity: String,
        /// The file; it names the process.
        path: PathBuf,
    },
}

/// Whoever has it is the entity, until it is dropped.
#[derive(Debug)]
pub struct EntityLock {
    file: File,
}

impl EntityLock {
    /// Takes the lock of an entity; waits at most `patience` for another process to end.
    ///
    /// # Errors
    /// [`LockError`].
    pub async fn take(folder: &Path, entity: &str, patience: Duration) -> Result<Self, LockError> {
        let give_up = Instant::now() + patience;
        loop {
            match Self::try_take(folder, entity) {
                Err(LockError::Taken { .. }) if Instant::now() < give_up => tokio::time::sleep(PAUSE).await,
                taken => return taken,
            }
        }
    }

    /// Takes it if nobody has it.
    ///
    /// # Errors
    /// [`LockError`].
    pub fn try_take(folder: &Path, entity: &str) -> Result<Self, LockError> {
        folder::prepare(folder)?;
        let path = path(folder, entity);
        let unusable = |error| LockError::Unusable { path: path.clone(), error };
        let mut options = OpenOptions::new();
        options.create(true).truncate(false).write(true);
        for _ in 0..MAX_TRIES {
            let mut file = options.open(&path).map_err(unusable)?;
            match file.try_lock() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => return Err(LockError::Taken { entity: entity.to_owned(), path }),
                Err(TryLockError::Error(error)) => return Err(unusable(error)),
            }
            // A file that is not there any more locks nobody out.
            if !is_at(&file, &path).map_err(unusable)? {
                continue;
            }
            file.set_len(0).map_err(unusable)?;
            file.write_all(std::process::id().to_string().as_bytes()).map_err(unusable)?;
            return Ok(Self { file });
        }
        Err(LockError::Replaced(path))
    }

    /// Keeps it until the process ends, and not a moment less, whatever becomes of everything else in it.
    #[must_use]
    pub fn until_the_process_ends(self) -> &'static Self {
        Box::leak(Box::new(self))
    }
}

impl Drop for EntityLock {
    /// A process that another thread is starting has the file open too until it has become that program: closed here, the lock would live on there.
    fn drop(&mut self) {
        // What cannot be unlocked is when it is closed.
        self.file.unlock().ok();
    }
}

/// Whether an open file is the one at a path.
fn is_at(file: &File, path: &Path) -> std::io::Result<bool> {
    let open = file.metadata()?;
    match std::fs::metadata(path) {
        Ok(there) => Ok((there.dev(), there.ino()) == (open.dev(), open.ino())),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// The process that is an entity, as its lock says; `None` when nobody is.
#[must_use]
pub fn holder(folder: &Path, entity: &str) -> Option<u32> {
    let path = path(folder, entity);
    let file = File::open(&path).ok()?;
    match file.try_lock_shared() {
        Err(TryLockError::WouldBlock) => std::fs::read_to_string(path).ok()?.parse().ok(),
        _ => None,
    }
}

fn path(folder: &Path, entity: &str) -> PathBuf {
    folder.join(format!("{entity}.lock"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    // DOORS-2
    #[tokio::test]
    async fn one_process_is_an_entity_and_the_folder_is_its_owners_alone() {
        let directory = tempfile::tempdir().unwrap();
        let folder = directory.path().join("doors");
        let held = EntityLock::take(&folder, "processing", Duration::ZERO).await.unwrap();
        assert_eq!(std::fs::read_to_string(folder.join("processing.lock")).unwrap(), std::process::id().to_string());
        let taken = EntityLock::take(&folder, "processing", Duration::from_millis(1)).await.unwrap_err();
        assert!(matches!(taken, LockError::Taken { .. }), "{taken}");
        EntityLock::try_take(&folder, "monitoring").unwrap();
        assert_eq!(holder(&folder, "processing"), Some(std::process::id()));
        assert_eq!((holder(&folder, "monitoring"), holder(&folder, "controlling")), (None, None));
        drop(held);
        EntityLock::try_take(&folder, "processing").unwrap();
        std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o750)).unwrap();
        let open = EntityLock::try_take(&folder, "processing").unwrap_err();
        assert!(open.to_string().contains("chmod 700"), "{open}");
    }
    // DOORS-2: whose file is taken away while it is locked does not believe itself alone.
    #[test]
    fn a_lock_is_of_the_file_that_is_there() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("processing.lock");
        let file = File::create(&path).unwrap();
        assert!(is_at(&file, &path).unwrap());
        std::fs::remove_file(&path).unwrap();
        assert!(!is_at(&file, &path).unwrap());
        let _other = File::create(&path).unwrap();
        assert!(!is_at(&file, &path).unwrap());
    }
}
