//! A bucket of an S3 service. A multipart upload becomes an object when it is completed, and not before (SHARE-2). Completing replaces what has
//! the name, so a name is claimed first, by a conditional put (`If-None-Match: *`), which one of several publishers wins.

use std::{path::Path, time::Duration};

use async_trait::async_trait;
use futures::{StreamExt, TryStreamExt};
use object_store::{
    ClientOptions, MultipartUpload, ObjectStore, ObjectStoreExt, PutMode, PutPayload, RetryConfig,
    aws::{AmazonS3, AmazonS3Builder},
    path::Path as Key,
};
use tokio::io::AsyncReadExt;
use zeroize::Zeroizing;

use super::{ByteStream, FileStore, Location, StoreError, named};
use crate::name::ObjectName;

/// Bytes of a part of an upload: S3 takes at most 10,000, so that 80 GB fit.
const PART_BYTES: usize = 8 * 1024 * 1024;
const CLAIMS: &str = ".claims";
const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);
const MAX_RETRIES: usize = 4;
const RETRY_TIMEOUT: Duration = Duration::from_secs(60);

/// How a bucket is reached.
#[derive(Clone)]
pub struct S3Config {
    /// `https://host[:port]`; empty for Amazon's own.
    pub endpoint: String,
    /// Region, `us-east-1` for most services that are not Amazon's.
    pub region: String,
    /// Name of the bucket, which exists.
    pub bucket: String,
    /// Access key id.
    pub access_key_id: String,
    /// Its secret.
    pub secret_access_key: Zeroizing<String>,
    /// Whether plain HTTP is accepted: on the same machine alone.
    pub allow_http: bool,
}

/// Keeps files in a bucket.
#[derive(Debug)]
pub struct S3Store {
    bucket: AmazonS3,
}

impl S3Store {
    /// Prepares the client; nothing is sent.
    ///
    /// # Errors
    /// [`StoreError::Refused`] when the configuration cannot be used.
    pub fn new(config: &S3Config) -> Result<Self, StoreError> {
        let options = ClientOptions::new().with_timeout(REQUEST_TIMEOUT).with_allow_http(config.allow_http);
        let retry = RetryConfig { max_retries: MAX_RETRIES, retry_timeout: RETRY_TIMEOUT, ..RetryConfig::default() };
        let mut builder = AmazonS3Builder::new()
            .with_region(&config.region)
            .with_bucket_name(&config.bucket)
            .with_access_key_id(&config.access_key_id)
            .with_secret_access_key(config.secret_access_key.as_str())
            .with_client_options(options)
            .with_retry(retry);
        if !config.endpoint.is_empty() {
            builder = builder.with_endpoint(&config.endpoint);
        }
        Ok(Self { bucket: builder.build()? })
    }

    async fn upload(&self, key: &Key, mut file: tokio::fs::File) -> Result<(), StoreError> {
        let mut upload = self.bucket.put_multipart(key).await?;
        let sent = async {
            loop {
                let mut part = Vec::with_capacity(PART_BYTES);
                (&mut file).take(PART_BYTES as u64).read_to_end(&mut part).await?;
                if part.is_empty() {
                    break;
                }
                upload.put_part(PutPayload::from(part)).await?;
            }
            upload.complete().await?;
            Ok(())
        }
        .await;
        if sent.is_err()
            && let Err(error) = upload.abort().await
        {
            // What is left are parts without a name; the bucket's own rule for unfinished uploads clears them.
            tracing::warn!(%error, "an unfinished upload could not be aborted");
        }
        sent
    }
}

#[async_trait]
impl FileStore for S3Store {
    async fn publish(&self, name: &ObjectName, staged: &Path) -> Result<Location, StoreError> {
        let (key, claim) = (key(name)?, claim(name)?);
        let file = tokio::fs::File::open(staged).await?;
        self.bucket.put_opts(&claim, PutPayload::from_static(b"\n"), PutMode::Create.into()).await.map_err(
            |error| match error {
                object_store::Error::AlreadyExists { .. } => StoreError::Exists(name.to_string()),
                other => other.into(),
            },
        )?;
        let uploaded = Box::pin(self.upload(&key, file)).await;
        if uploaded.is_err()
            && let Err(error) = self.bucket.delete(&claim).await
        {
            tracing::warn!(%name, %error, "a claim of a name could not be given back; the name stays taken");
        }
        uploaded.map(|()| Location::Name(name.clone()))
    }

    async fn open(&self, location: &Location) -> Result<ByteStream, StoreError> {
        let answer = self.bucket.get(&key(named(location)?)?).await?;
        Ok(answer.into_stream().map_err(StoreError::from).boxed())
    }

    async fn remove(&self, location: &Location) -> Result<(), StoreError> {
        let name = named(location)?;
        for key in [key(name)?, claim(name)?] {
            match self.bucket.delete(&key).await {
                Ok(()) | Err(object_store::Error::NotFound { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }
}

/// No name begins with a dot, so a claim meets none.
fn claim(name: &ObjectName) -> Result<Key, StoreError> {
    Key::parse(format!("{CLAIMS}/{name}")).map_err(|error| StoreError::Refused(error.to_string()))
}

fn key(name: &ObjectName) -> Result<Key, StoreError> {
    Key::parse(name.as_str()).map_err(|error| StoreError::Refused(error.to_string()))
}

impl From<object_store::Error> for StoreError {
    fn from(error: object_store::Error) -> Self {
        match error {
            object_store::Error::NotFound { path, .. } => Self::NotFound(path),
            object_store::Error::AlreadyExists { path, .. } => Self::Exists(path),
            object_store::Error::PermissionDenied { .. }
            | object_store::Error::Unauthenticated { .. }
            | object_store::Error::UnknownConfigurationKey { .. }
            | object_store::Error::InvalidPath { .. } => Self::Refused(error.to_string()),
            other => Self::Temporary(other.to_string()),
        }
    }
}
