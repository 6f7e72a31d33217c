//! A folder that its owner alone may enter, and files in it.

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io::{self, Write as _},
    path::Path,
};

/// Makes the folder when it is not there.
pub(crate) fn make_private(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.recursive(true).create(folder)
}

/// Whether others than its owner may enter it.
pub(crate) fn is_exposed(folder: &Path) -> io::Result<bool> {
    let found = fs::metadata(folder)?;
    #[cfg(unix)]
    return Ok(std::os::unix::fs::PermissionsExt::mode(&found.permissions()) & 0o077 != 0);
    #[cfg(not(unix))]
    return Ok(!found.is_dir());
}

/// Opens files that are made with mode 0600.
pub(crate) fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// Replaces a file in one step.
pub(crate) fn replace(folder: &Path, name: &str, bytes: &[u8]) -> io::Result<()> {
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    file.persist(folder.join(name)).map_err(|error| error.error)?;
    File::open(folder)?.sync_all()
}

/// A lock file that is held (flock), until this is dropped.
#[derive(Debug)]
pub struct FolderLock(File);

impl FolderLock {
    /// Takes it, and makes the file when it is not there; none when somebody has it.
    pub(crate) fn try_take(file: &Path) -> io::Result<Option<Self>> {
        let file = private().write(true).create(true).truncate(false).open(file)?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Self(file))),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }
}

impl Drop for FolderLock {
    /// A process that another thread is starting has the file open too until it has become that program: closed here, the lock would live on there.
    fn drop(&mut self) {
        // What cannot be unlocked is when it is closed.
        self.0.unlock().ok();
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn a_lock_ends_with_its_holder_and_not_with_a_process_that_was_just_started() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lock");
        let lock = FolderLock::try_take(&path).unwrap().unwrap();
        assert!(FolderLock::try_take(&path).unwrap().is_none());
        // What a process is born with: the same open file.
        let inherited = lock.0.try_clone().unwrap();
        drop(lock);
        assert!(FolderLock::try_take(&path).unwrap().is_some());
        drop(inherited);
    }
}
