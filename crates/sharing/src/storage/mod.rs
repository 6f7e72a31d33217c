//! Where shared files lie: one port, owned by this crate, and its three stores.

mod cid;
mod directory;
mod fetch;
mod ipfs;
mod s3;
mod s3_refusal;
mod unixfs;

use std::{fmt, io, path::Path};

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::BoxStream;
use serde::{Deserialize, Serialize};

use crate::name::ObjectName;
pub use cid::{Cid, CidError};
pub use directory::DirectoryStore;
pub use fetch::{FetchError, check_verified, fetch_verified, keep_verified};
pub use ipfs::IpfsStore;
pub use s3::{S3Config, S3Credentials, S3Store};
pub use unixfs::UnixFsHasher;

/// Where a published file is found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Location {
    /// Under its name, in a directory or a bucket.
    Name(ObjectName),
    /// Under its content's address, in IPFS.
    Ipfs(Cid),
}

impl fmt::Display for Location {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => name.fmt(formatter),
            Self::Ipfs(cid) => write!(formatter, "ipfs://{cid}"),
        }
    }
}

/// What a store answers when it does not do as asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// There is no such file.
    #[error("there is no {0} in this store")]
    NotFound(String),
    /// A published file is never replaced (SHARE-2).
    #[error("{0} is published already")]
    Exists(String),
    /// No space is left: free some, then do it again.
    #[error("the store is full")]
    Full,
    /// Nobody has made it.
    #[error("there is no bucket {0}: make it, or correct the name in the declaration")]
    NoBucket(String),
    /// Nobody answers there, not even that something is wrong: do it again when it is running.
    #[error("the store does not answer ({0}): is it running, and is its address right?")]
    Away(String),
    /// The store does not let us: its configuration is to be corrected.
    #[error("the store refuses: {0}; correct its address or its credentials, or what they may do there")]
    Refused(String),
    /// The service refuses by a reason that it names, and one setting is to be looked at.
    #[error("the store refuses: {said}; look at {look_at}")]
    Misconfigured {
        /// What it says.
        said: String,
        /// Which setting, or what it stands for.
        look_at: &'static str,
    },
    /// Do it again later.
    #[error("the store does not answer as it should, try again: {0}")]
    Temporary(String),
    /// What came is not what was asked for.
    #[error("the store answered with something else: {0}")]
    Altered(String),
    /// A location of another store.
    #[error("{0} is no location of this store")]
    ForeignLocation(String),
}

impl From<io::Error> for StoreError {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => Self::Full,
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => Self::Refused(error.to_string()),
            io::ErrorKind::NotFound => Self::NotFound(error.to_string()),
            _ => Self::Temporary(error.to_string()),
        }
    }
}

/// The bytes of a file, as they come.
pub type ByteStream = BoxStream<'static, Result<Bytes, StoreError>>;

/// The port: keeps sealed files, in which it can read nothing.
#[async_trait]
pub trait FileStore: fmt::Debug + Send + Sync {
    /// Publishes a staged file in one step: afterwards all of it is there, or none (SHARE-2). Memory does not grow with the file.
    ///
    /// # Errors
    /// [`StoreError`], and then nothing is published under the name.
    async fn publish(&self, name: &ObjectName, staged: &Path) -> Result<Location, StoreError>;

    /// Opens a file. What comes is not verified: use [`fetch_verified`].
    ///
    /// # Errors
    /// [`StoreError`].
    async fn open(&self, location: &Location) -> Result<ByteStream, StoreError>;

    /// Removes a file; one that is not there counts as removed.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn remove(&self, location: &Location) -> Result<(), StoreError>;
}

fn named(location: &Location) -> Result<&ObjectName, StoreError> {
    match location {
        Location::Name(name) => Ok(name),
        Location::Ipfs(_) => Err(StoreError::ForeignLocation(location.to_string())),
    }
}
