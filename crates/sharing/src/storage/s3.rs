//! A bucket of an S3 service. A multipart upload becomes an object when it is completed, and not before (SHARE-2). Completing replaces what has
//! the name, so a name is claimed first, by a conditional put (`If-None-Match: *`), which one of several publishers wins.

use std::{fmt, path::Path, time::Duration};

use async_trait::async_trait;
use bytes::Bytes;
use futures::{StreamExt, TryStreamExt};
use object_store::{
    ClientOptions, MultipartUpload, ObjectStore, ObjectStoreExt, PutMode, PutPayload, RetryConfig,
    aws::{AmazonS3, AmazonS3Builder},
    client::{HttpClient, HttpConnector, HttpError, HttpErrorKind},
    path::Path as Key,
};
use reqwest::{Certificate, Client, Url, redirect::Policy};
use tokio::io::AsyncReadExt;
use zeroize::Zeroizing;

use super::{
    ByteStream, FileStore, Location, StoreError, named,
    s3_refusal::{refusal, shown},
};
use crate::{
    name::ObjectName,
    this_machine::{client_builder, has_user_info, is_this_machine},
};

/// Bytes of a part of an upload: S3 takes at most 10,000, so that 80 GB fit.
const PART_BYTES: usize = 8 * 1024 * 1024;
const CLAIMS: &str = ".claims";
/// Bytes of what a claim is recognized by.
const CLAIM_BYTES: usize = 16;
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// Longest silence of the service, or the longest that it takes to send it a part.
const READ_TIMEOUT: Duration = Duration::from_secs(60);
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
    /// Names begin with it, so that several data sets share a bucket.
    pub prefix: Option<ObjectName>,
    /// Who asks.
    pub credentials: S3Credentials,
    /// Authorities (PEM) that are trusted, and no others; absent: the system's.
    pub authorities: Option<Vec<u8>>,
}

/// An access key. It is wiped when it is done with.
#[derive(Clone)]
pub struct S3Credentials {
    /// Access key id.
    pub access_key_id: String,
    /// Its secret.
    pub secret_access_key: Zeroizing<String>,
    /// Of credentials that end.
    pub session_token: Option<Zeroizing<String>>,
}

impl fmt::Debug for S3Credentials {
    /// Without secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("S3Credentials").field("access_key_id", &self.access_key_id).finish_non_exhaustive()
    }
}

/// Keeps files in a bucket.
#[derive(Debug)]
pub struct S3Store {
    bucket: AmazonS3,
    name: String,
    prefix: Option<ObjectName>,
}

impl S3Store {
    /// Prepares the client; nothing is sent. Plain HTTP is for this machine alone: who listens would have the names and what is in the bucket, and could change the answers.
    ///
    /// # Errors
    /// [`StoreError::Refused`] when the configuration cannot be used.
    pub fn new(config: &S3Config) -> Result<Self, StoreError> {
        let connector = Connector(client(config)?);
        let retry = RetryConfig { max_retries: MAX_RETRIES, retry_timeout: RETRY_TIMEOUT, ..RetryConfig::default() };
        let mut builder = AmazonS3Builder::new()
            .with_region(&config.region)
            .with_bucket_name(&config.bucket)
            .with_access_key_id(&config.credentials.access_key_id)
            .with_secret_access_key(config.credentials.secret_access_key.as_str())
            .with_http_connector(connector)
            .with_retry(retry);
        if let Some(token) = &config.credentials.session_token {
            builder = builder.with_token(token.as_str());
        }
        if !config.endpoint.is_empty() {
            builder = builder.with_endpoint(&config.endpoint);
        }
        Ok(Self { bucket: builder.build()?, name: config.bucket.clone(), prefix: config.prefix.clone() })
    }

    fn key(&self, name: &ObjectName) -> Result<Key, StoreError> {
        self.below("", name)
    }

    /// One for each key, whatever part of it is prefix. No name begins with a dot, so a claim meets none.
    fn claim(&self, name: &ObjectName) -> Result<Key, StoreError> {
        self.below(CLAIMS, name)
    }

    fn below(&self, folder: &str, name: &ObjectName) -> Result<Key, StoreError> {
        let parts = [folder, self.prefix.as_ref().map_or("", ObjectName::as_str), name.as_str()];
        let path = parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("/");
        Key::parse(path).map_err(|error| StoreError::Refused(error.to_string()))
    }

    /// A bucket that is not there answers as a file that is not there does, in other words.
    fn failed(&self, error: object_store::Error) -> StoreError {
        if error.to_string().contains("NoSuchBucket") {
            return StoreError::NoBucket(self.name.clone());
        }
        error.into()
    }

    /// Claims a name. Whose a claim is, stands in it: where the answer to the first one was lost, the second finds its own.
    async fn take(&self, claim: &Key, name: &ObjectName) -> Result<(), StoreError> {
        let mut own = [0; CLAIM_BYTES];
        getrandom::fill(&mut own).map_err(|error| StoreError::Temporary(error.to_string()))?;
        let own = Bytes::from(format!("{}\n", hex::encode(own)));
        match self.bucket.put_opts(claim, PutPayload::from(own.clone()), PutMode::Create.into()).await {
            Ok(_) => Ok(()),
            Err(object_store::Error::AlreadyExists { .. }) => {
                if self.is_claimed_by(claim, &own).await? {
                    Ok(())
                } else {
                    Err(StoreError::Exists(name.to_string()))
                }
            }
            Err(other) => Err(self.failed(other)),
        }
    }

    async fn is_claimed_by(&self, claim: &Key, own: &Bytes) -> Result<bool, StoreError> {
        match self.bucket.get(claim).await {
            Ok(found) => Ok(found.meta.size == own.len() as u64 && found.bytes().await? == own),
            // Given back by whoever had it.
            Err(object_store::Error::NotFound { .. }) => Ok(false),
            Err(error) => Err(self.failed(error)),
        }
    }

    async fn upload(&self, key: &Key, mut file: tokio::fs::File) -> Result<(), StoreError> {
        let mut upload = self.bucket.put_multipart(key).await.map_err(|error| self.failed(error))?;
        let sent = async {
            let mut bytes = 0;
            loop {
                let mut part = Vec::with_capacity(PART_BYTES);
                (&mut file).take(PART_BYTES as u64).read_to_end(&mut part).await?;
                if part.is_empty() {
                    break;
                }
                bytes += part.len() as u64;
                upload.put_part(PutPayload::from(part)).await?;
            }
            match upload.complete().await {
                Ok(_) => Ok(()),
                // The answer was lost, and asked once more there is no such upload any more. The name is claimed: what has it, as long as that, is what was sent.
                Err(error) => match self.bucket.head(key).await {
                    Ok(found) if found.size == bytes => Ok(()),
                    _ => Err(StoreError::from(error)),
                },
            }
        }
        .await;
        if sent.is_err()
            && let Err(error) = upload.abort().await
        {
            // What is left are parts without a name; the bucket's own rule for unfinished uploads clears them.
            tracing::warn!(error = shown(&error), "an unfinished upload could not be aborted");
        }
        sent
    }
}

#[async_trait]
impl FileStore for S3Store {
    async fn publish(&self, name: &ObjectName, staged: &Path) -> Result<Location, StoreError> {
        let (key, claim) = (self.key(name)?, self.claim(name)?);
        let file = tokio::fs::File::open(staged).await?;
        self.take(&claim, name).await?;
        let uploaded = Box::pin(self.upload(&key, file)).await;
        if uploaded.is_err()
            && let Err(error) = self.bucket.delete(&claim).await
        {
            tracing::warn!(%name, error = shown(&error), "a claim of a name could not be given back; the name stays taken");
        }
        uploaded.map(|()| Location::Name(name.clone()))
    }

    async fn open(&self, location: &Location) -> Result<ByteStream, StoreError> {
        let answer = self.bucket.get(&self.key(named(location)?)?).await.map_err(|error| self.failed(error))?;
        Ok(answer.into_stream().map_err(StoreError::from).boxed())
    }

    async fn remove(&self, location: &Location) -> Result<(), StoreError> {
        let name = named(location)?;
        for key in [self.key(name)?, self.claim(name)?] {
            match self.bucket.delete(&key).await {
                Ok(()) | Err(object_store::Error::NotFound { .. }) => {}
                Err(error) => return Err(self.failed(error)),
            }
        }
        Ok(())
    }
}

/// Asks with a client of ours: that of the crate would give what is for this machine to the proxy of the environment, in plain text.
#[derive(Debug)]
struct Connector(Client);

impl HttpConnector for Connector {
    fn connect(&self, _: &ClientOptions) -> object_store::Result<HttpClient> {
        Ok(HttpClient::new(self.0.clone()))
    }
}

/// The client of an endpoint. It follows nobody elsewhere, and its lengths are those of what was stored.
fn client(config: &S3Config) -> Result<Client, StoreError> {
    let endpoint = endpoint(&config.endpoint)?;
    let is_plain = endpoint.as_ref().is_some_and(|url| url.scheme() == "http");
    let mut builder = endpoint.as_ref().map_or_else(Client::builder, client_builder);
    let unusable = |what: String| StoreError::Refused(format!("the certificates to trust: {what}"));
    if let Some(authorities) = &config.authorities {
        let known = Certificate::from_pem_bundle(authorities).map_err(|error| unusable(error.to_string()))?;
        if known.is_empty() {
            return Err(unusable("there is none in PEM".to_owned()));
        }
        builder = builder.tls_certs_only(known);
    }
    builder
        .connect_timeout(CONNECT_TIMEOUT)
        .read_timeout(READ_TIMEOUT)
        .redirect(Policy::none())
        .https_only(!is_plain)
        .http1_only()
        .no_gzip()
        .no_brotli()
        .no_zstd()
        .no_deflate()
        .build()
        .map_err(|error| unusable(error.to_string()))
}

/// The address of an endpoint, none of Amazon's own: `https`, or plain HTTP of this machine.
fn endpoint(text: &str) -> Result<Option<Url>, StoreError> {
    if text.is_empty() {
        return Ok(None);
    }
    let url = Url::parse(text).map_err(|error| StoreError::Refused(format!("the endpoint is no address: {error}")))?;
    if has_user_info(&url) {
        return Err(StoreError::Refused("an endpoint has no user and no password in it".to_owned()));
    }
    match url.scheme() {
        "https" => Ok(Some(url)),
        "http" if is_this_machine(&url) => Ok(Some(url)),
        _ => Err(StoreError::Refused(format!("{url} is reached over https, or is on this machine"))),
    }
}

/// Whether nobody answered.
fn is_silence(error: &object_store::Error) -> bool {
    let mut causes = std::iter::successors(std::error::Error::source(error), |cause| cause.source());
    causes.any(|cause| {
        cause
            .downcast_ref::<HttpError>()
            .is_some_and(|error| matches!(error.kind(), HttpErrorKind::Connect | HttpErrorKind::Timeout))
    })
}

impl From<object_store::Error> for StoreError {
    fn from(error: object_store::Error) -> Self {
        if let Some(refusal) = refusal(&error) {
            return refusal;
        }
        match error {
            object_store::Error::NotFound { path, .. } => Self::NotFound(path),
            object_store::Error::AlreadyExists { path, .. } => Self::Exists(path),
            object_store::Error::PermissionDenied { .. }
            | object_store::Error::Unauthenticated { .. }
            | object_store::Error::UnknownConfigurationKey { .. }
            | object_store::Error::InvalidPath { .. } => Self::Refused(shown(&error)),
            other if is_silence(&other) => Self::Away(shown(&other)),
            other => Self::Temporary(shown(&other)),
        }
    }
}
