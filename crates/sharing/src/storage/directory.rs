//! A directory: staged beside, synced, linked under its name.

use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
};

use async_trait::async_trait;
use bytes::Bytes;
use futures::StreamExt;
use tempfile::NamedTempFile;
use tokio::io::AsyncReadExt;

use super::{ByteStream, FileStore, Location, StoreError, named};
use crate::name::ObjectName;

/// Files being copied; no name begins with a dot, so it meets none.
const STAGING: &str = ".staging";
const READ_BYTES: usize = 256 * 1024;

/// Keeps files in a directory. Its owner alone writes there.
#[derive(Clone, Debug)]
pub struct DirectoryStore {
    root: PathBuf,
}

impl DirectoryStore {
    /// Uses a directory, made when it is not there.
    ///
    /// # Errors
    /// [`StoreError::Refused`], [`StoreError::Full`].
    pub fn new(root: &Path) -> Result<Self, StoreError> {
        fs::create_dir_all(root.join(STAGING))?;
        Ok(Self { root: fs::canonicalize(root)? })
    }

    fn path(&self, name: &ObjectName) -> Result<PathBuf, StoreError> {
        let path = self.root.join(name.as_str());
        // A link that somebody put into the directory must not lead out of it.
        for ancestor in path.ancestors().take_while(|ancestor| *ancestor != self.root) {
            if fs::symlink_metadata(ancestor).is_ok_and(|metadata| metadata.is_symlink()) {
                return Err(StoreError::Refused(format!("{name} leads through a symbolic link")));
            }
        }
        Ok(path)
    }

    fn publish_now(&self, name: &ObjectName, staged: &Path) -> Result<(), StoreError> {
        let path = self.path(name)?;
        let parent = path.parent().ok_or_else(|| StoreError::Refused(name.to_string()))?;
        let mut copy = NamedTempFile::new_in(self.root.join(STAGING))?;
        io::copy(&mut File::open(staged)?, copy.as_file_mut())?;
        copy.as_file().sync_all()?;
        fs::create_dir_all(parent)?;
        copy.persist_noclobber(&path).map_err(|error| match error.error.kind() {
            io::ErrorKind::AlreadyExists => StoreError::Exists(name.to_string()),
            _ => error.error.into(),
        })?;
        // The name is durable when each directory on the way to it is.
        for directory in parent.ancestors().take_while(|directory| directory.starts_with(&self.root)) {
            File::open(directory)?.sync_all()?;
        }
        Ok(())
    }
}

#[async_trait]
impl FileStore for DirectoryStore {
    async fn publish(&self, name: &ObjectName, staged: &Path) -> Result<Location, StoreError> {
        let (store, published, staged) = (self.clone(), name.clone(), staged.to_owned());
        tokio::task::spawn_blocking(move || store.publish_now(&published, &staged))
            .await
            .map_err(|error| StoreError::Temporary(error.to_string()))??;
        Ok(Location::Name(name.clone()))
    }

    async fn open(&self, location: &Location) -> Result<ByteStream, StoreError> {
        let name = named(location)?;
        let file = match tokio::fs::File::open(self.path(name)?).await {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(StoreError::NotFound(name.to_string()));
            }
            other => other?,
        };
        let chunks = futures::stream::try_unfold(file, |mut file| async move {
            let mut chunk = Vec::with_capacity(READ_BYTES);
            (&mut file).take(READ_BYTES as u64).read_to_end(&mut chunk).await?;
            Ok((!chunk.is_empty()).then(|| (Bytes::from(chunk), file)))
        });
        Ok(chunks.boxed())
    }

    async fn remove(&self, location: &Location) -> Result<(), StoreError> {
        match tokio::fs::remove_file(self.path(named(location)?)?).await {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error.into()),
            _ => Ok(()),
        }
    }
}
