//! Fetching what the chain describes (SHARE-10): a file appears at its place when all of it is as described, and not otherwise.

use std::path::Path;

use futures::TryStreamExt;
use ring::digest::{Context, SHA256};
use tempfile::NamedTempFile;
use tokio::io::AsyncWriteExt;

use super::{ByteStream, FileStore, Location, StoreError};
use crate::sealing::Sealed;

/// Why a fetched file is not given out.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Longer or shorter than on chain. At most one byte more than on chain was kept while finding out.
    #[error("the file has not the {expected} bytes that are on chain")]
    Length {
        /// Bytes on chain.
        expected: u64,
        /// Whether there were more.
        longer: bool,
    },
    /// The bytes are others than those on chain.
    #[error("the file is not the one whose fingerprint is on chain")]
    Fingerprint,
    /// The file cannot be written here.
    #[error("the fetched file cannot be kept: {0}")]
    Local(#[from] std::io::Error),
}

/// Fetches a file to `target`, verified against its fingerprint and length. One that came shorter was cut on its way, for all that is known, and is asked for once more. Memory does
/// not grow with the file.
///
/// # Errors
/// [`FetchError`], and then nothing is at `target` that was not there before.
pub async fn fetch_verified(
    store: &dyn FileStore,
    location: &Location,
    expected: &Sealed,
    target: &Path,
) -> Result<(), FetchError> {
    match keep_verified(store.open(location).await?, expected, target).await {
        Err(FetchError::Length { longer: false, .. }) => {
            keep_verified(store.open(location).await?, expected, target).await
        }
        other => other,
    }
}

/// Reads a file and compares it with its fingerprint and length; nothing is kept of it. Memory does not grow with the file.
///
/// # Errors
/// [`FetchError`].
pub async fn check_verified(store: &dyn FileStore, location: &Location, expected: &Sealed) -> Result<(), FetchError> {
    let (mut stream, mut so_far) = (store.open(location).await?, SoFar::default());
    while let Some(chunk) = stream.try_next().await? {
        so_far.take(&chunk, expected)?;
    }
    so_far.finish(expected)
}

/// What was read of a file.
struct SoFar {
    hash: Context,
    bytes: u64,
}

impl Default for SoFar {
    fn default() -> Self {
        Self { hash: Context::new(&SHA256), bytes: 0 }
    }
}

impl SoFar {
    fn take(&mut self, chunk: &[u8], expected: &Sealed) -> Result<(), FetchError> {
        self.bytes += chunk.len() as u64;
        if self.bytes > expected.bytes {
            return Err(FetchError::Length { expected: expected.bytes, longer: true });
        }
        self.hash.update(chunk);
        Ok(())
    }

    fn finish(self, expected: &Sealed) -> Result<(), FetchError> {
        if self.bytes < expected.bytes {
            return Err(FetchError::Length { expected: expected.bytes, longer: false });
        }
        if self.hash.finish().as_ref() != expected.fingerprint.0 {
            return Err(FetchError::Fingerprint);
        }
        Ok(())
    }
}

/// Keeps the bytes of a stream as `target` when they are the expected ones. Memory does not grow with them.
///
/// # Errors
/// [`FetchError`], and then nothing is at `target` that was not there before.
pub async fn keep_verified(mut stream: ByteStream, expected: &Sealed, target: &Path) -> Result<(), FetchError> {
    let directory = target.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let staged = NamedTempFile::new_in(directory)?;
    let mut file = tokio::fs::File::from_std(staged.reopen()?);
    let mut so_far = SoFar::default();
    while let Some(chunk) = stream.try_next().await? {
        so_far.take(&chunk, expected)?;
        file.write_all(&chunk).await?;
    }
    so_far.finish(expected)?;
    file.flush().await?;
    file.sync_all().await?;
    staged.persist(target).map_err(|error| error.error)?;
    Ok(())
}
