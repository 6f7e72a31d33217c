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

/// Fetches a file to `target`, verified against its fingerprint and length. Memory does not grow with the file.
///
/// # Errors
/// [`FetchError`], and then nothing is at `target` that was not there before.
pub async fn fetch_verified(
    store: &dyn FileStore,
    location: &Location,
    expected: &Sealed,
    target: &Path,
) -> Result<(), FetchError> {
    keep_verified(store.open(location).await?, expected, target).await
}

/// Keeps the bytes of a stream as `target` when they are the expected ones. Memory does not grow with them.
///
/// # Errors
/// [`FetchError`], and then nothing is at `target` that was not there before.
pub async fn keep_verified(mut stream: ByteStream, expected: &Sealed, target: &Path) -> Result<(), FetchError> {
    let directory = target.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let staged = NamedTempFile::new_in(directory)?;
    let mut file = tokio::fs::File::from_std(staged.reopen()?);
    let mut hash = Context::new(&SHA256);
    let mut bytes = 0u64;
    while let Some(chunk) = stream.try_next().await? {
        bytes += chunk.len() as u64;
        if bytes > expected.bytes {
            return Err(FetchError::Length { expected: expected.bytes, longer: true });
        }
        hash.update(&chunk);
        file.write_all(&chunk).await?;
    }
    if bytes < expected.bytes {
        return Err(FetchError::Length { expected: expected.bytes, longer: false });
    }
    if hash.finish().as_ref() != expected.fingerprint.0 {
        return Err(FetchError::Fingerprint);
    }
    file.flush().await?;
    file.sync_all().await?;
    staged.persist(target).map_err(|error| error.error)?;
    Ok(())
}
