//! IPFS through a kubo node's RPC. The node keeps blocks; the address is ours to compute and to verify.

use std::{path::Path, time::Duration};

use async_trait::async_trait;
use bytes::Bytes;
use futures::{StreamExt, TryStreamExt};
use reqwest::{Body, Client, Response, StatusCode, Url};
use tokio::io::AsyncReadExt;

use super::{ByteStream, Cid, FileStore, Location, StoreError, UnixFsHasher};
use crate::{
    name::ObjectName,
    this_machine::{client_builder, has_user_info, is_this_machine},
};

const READ_BYTES: usize = 256 * 1024;
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// Longest silence of the node.
const READ_TIMEOUT: Duration = Duration::from_secs(60);
/// Longest answer other than a file.
const MAX_ANSWER_BYTES: usize = 64 * 1024;
const BOUNDARY: &str = "chancery-7f1c0b5e2a9d4c38";

/// Keeps files in the IPFS node of their owner.
#[derive(Clone, Debug)]
pub struct IpfsStore {
    client: Client,
    rpc: Url,
}

impl IpfsStore {
    /// Talks to the RPC of a kubo node, for example `http://127.0.0.1:5001`. Who reaches it controls the node, so beyond this machine it is `https`, with a proxy in front of the node.
    ///
    /// # Errors
    /// [`StoreError::Refused`] when no client can be made of this.
    pub fn new(mut rpc: Url) -> Result<Self, StoreError> {
        if has_user_info(&rpc) {
            return Err(StoreError::Refused(
                "the address of an IPFS node has no user and no password in it".to_owned(),
            ));
        }
        let is_kept_to_itself = rpc.scheme() == "https" || (rpc.scheme() == "http" && is_this_machine(&rpc));
        if !is_kept_to_itself {
            return Err(StoreError::Refused(format!("{rpc} is reached over https, or is on this machine")));
        }
        if !rpc.path().ends_with('/') {
            rpc.set_path(&format!("{}/", rpc.path()));
        }
        let client = client_builder(&rpc)
            .connect_timeout(CONNECT_TIMEOUT)
            .read_timeout(READ_TIMEOUT)
            .build()
            .map_err(|error| StoreError::Refused(error.to_string()))?;
        Ok(Self { client, rpc })
    }

    async fn call(
        &self,
        command: &str,
        parameters: &[(&str, &str)],
        body: Option<Body>,
    ) -> Result<Response, StoreError> {
        let mut url =
            self.rpc.join(&format!("api/v0/{command}")).map_err(|error| StoreError::Refused(error.to_string()))?;
        url.query_pairs_mut().extend_pairs(parameters);
        let mut request = self.client.post(url);
        if let Some(body) = body {
            let kind = format!("multipart/form-data; boundary={BOUNDARY}");
            request = request.header("content-type", kind).body(body);
        }
        let answer = request.send().await.map_err(|error| {
            if error.is_connect() || error.is_timeout() {
                StoreError::Away(format!("the IPFS node at {}: {error}", self.rpc))
            } else {
                temporary(error)
            }
        })?;
        match answer.status() {
            StatusCode::OK => Ok(answer),
            status @ (StatusCode::FORBIDDEN | StatusCode::UNAUTHORIZED | StatusCode::NOT_FOUND) => {
                Err(StoreError::Refused(format!("{command}: {status}")))
            }
            status => {
                let reason = bounded(answer).await.unwrap_or_default();
                Err(StoreError::Temporary(format!("{command}: {status} {}", String::from_utf8_lossy(&reason))))
            }
        }
    }
}

#[async_trait]
impl FileStore for IpfsStore {
    async fn publish(&self, _name: &ObjectName, staged: &Path) -> Result<Location, StoreError> {
        let expected = address_of(staged).await?;
        let head = format!(
            "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"file\"\r\nContent-Type: application/octet-stream\r\n\r\n"
        );
        let tail = format!("\r\n--{BOUNDARY}--\r\n");
        let part = |text: String| futures::stream::iter([Ok::<_, std::io::Error>(Bytes::from(text))]);
        let body = part(head).chain(chunks(tokio::fs::File::open(staged).await?)).chain(part(tail));
        let parameters = [
            ("cid-version", "1"),
            ("raw-leaves", "true"),
            ("chunker", "size-262144"),
            // Not every node writes a CIDv1 in base32 unless it is asked to.
            ("cid-base", "base32"),
            ("pin", "true"),
            ("quieter", "true"),
        ];
        let answer = bounded(self.call("add", &parameters, Some(Body::wrap_stream(body))).await?).await?;
        let answer: serde_json::Value = serde_json::from_slice(&answer).map_err(temporary)?;
        let stored = answer.get("Hash").and_then(serde_json::Value::as_str).unwrap_or_default();
        if stored != expected.to_string() {
            return Err(StoreError::Altered(format!("the node stored {stored:?}, the file is {expected}")));
        }
        Ok(Location::Ipfs(expected))
    }

    async fn open(&self, location: &Location) -> Result<ByteStream, StoreError> {
        let expected = address(location)?;
        let answer = self.call("cat", &[("arg", &expected.to_string())], None).await?;
        let state = (answer.bytes_stream().map_err(temporary).boxed(), Some(UnixFsHasher::default()));
        // The last item is an error unless all of it has the address that was asked for.
        Ok(futures::stream::try_unfold(state, move |(mut bytes, hasher)| async move {
            let Some(mut hasher) = hasher else { return Ok(None) };
            match bytes.try_next().await? {
                Some(chunk) => {
                    hasher.update(&chunk);
                    Ok(Some((chunk, (bytes, Some(hasher)))))
                }
                None if hasher.finish() == expected => Ok(None),
                None => Err(StoreError::Altered(format!("what came is not {expected}"))),
            }
        })
        .boxed())
    }

    async fn remove(&self, location: &Location) -> Result<(), StoreError> {
        match self.call("pin/rm", &[("arg", &address(location)?.to_string())], None).await {
            Err(StoreError::Temporary(reason)) if reason.contains("not pinned") => Ok(()),
            other => other.map(drop),
        }
    }
}

fn address(location: &Location) -> Result<Cid, StoreError> {
    match location {
        Location::Ipfs(cid) => Ok(*cid),
        Location::Name(_) => Err(StoreError::ForeignLocation(location.to_string())),
    }
}

async fn address_of(path: &Path) -> Result<Cid, StoreError> {
    let mut hasher = UnixFsHasher::default();
    let mut bytes = chunks(tokio::fs::File::open(path).await?).boxed();
    while let Some(chunk) = bytes.try_next().await? {
        hasher.update(&chunk);
    }
    Ok(hasher.finish())
}

fn chunks(file: tokio::fs::File) -> impl futures::Stream<Item = std::io::Result<Bytes>> + Send {
    futures::stream::try_unfold(file, |mut file| async move {
        let mut chunk = Vec::with_capacity(READ_BYTES);
        (&mut file).take(READ_BYTES as u64).read_to_end(&mut chunk).await?;
        Ok((!chunk.is_empty()).then(|| (Bytes::from(chunk), file)))
    })
}

async fn bounded(mut answer: Response) -> Result<Vec<u8>, StoreError> {
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(temporary)? {
        if body.len() + chunk.len() > MAX_ANSWER_BYTES {
            return Err(StoreError::Altered(format!("an answer of more than {MAX_ANSWER_BYTES} bytes")));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

fn temporary(error: impl std::fmt::Display) -> StoreError {
    StoreError::Temporary(error.to_string())
}
