//! Whoever a file is for fetches it, and keeps it only if it is the one that was committed (EXCHANGE-3).

use std::{
    fs::File,
    io::{self, Seek as _, SeekFrom, Write as _},
    path::Path,
};

use alloy_primitives::{B256, Bytes};
use chancery_sharing::sealing::{DataKey, KeyError, OpeningReader, ReaderSecret};
use url::Url;
use zeroize::Zeroizing;

use super::{
    message::{FilePiece, FileQuery, FileRefusal, Receive},
    provider::{entry, place},
    shelf::{MAX_SEALED_BYTES, digest_of},
};
use crate::{
    http::JsonClient,
    proof::Ending,
    requester::{RequestError, Requester},
};

/// The file of which entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Awaited {
    /// The request's number.
    pub number: u64,
    /// Whose entry, and who provides it.
    pub member: B256,
    /// The key.
    pub key: B256,
}

/// Why there is no file. Nothing of it is kept then.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// The request has not ended in a way that this node can prove.
    #[error(transparent)]
    Request(#[from] RequestError),
    /// The request was not committed.
    #[error("request {0} was not committed: there is no file of it")]
    NotCommitted(u64),
    /// Why the provider does not hand it over, or why the request has none.
    #[error(transparent)]
    Refused(#[from] FileRefusal),
    /// The provider has sent something else: do not use it, and ask the member.
    #[error("what came is not the file that was committed: its digest is {found}, and the entry has {committed}")]
    OtherFile {
        /// Of what came.
        found: B256,
        /// As the chain has it.
        committed: B256,
    },
    /// The provider contradicts itself, or exceeds a bound.
    #[error("the provider answers what it may not: {0}")]
    Malformed(&'static str),
    /// The key that came does not open it.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// It cannot be written, or does not open.
    #[error("the file cannot be written, or does not open: {0}")]
    Io(#[from] io::Error),
    /// The node's key does not sign, or the machine gives no randomness.
    #[error("the query cannot be made: {0}")]
    Query(String),
}

/// Fetches the file of a committed entry from its provider, and writes it where nothing stands yet; its length. `url` has the service's path.
///
/// # Errors
/// [`FetchError`].
pub async fn fetch(
    requester: &Requester,
    client: &JsonClient,
    url: &Url,
    awaited: Awaited,
    target: &Path,
) -> Result<u64, FetchError> {
    let verified = Box::pin(requester.proven(awaited.number)).await?;
    if verified.outcome != Ending::Committed {
        return Err(FetchError::NotCommitted(awaited.number));
    }
    let secret = one_time()?;
    let receive = Receive {
        number: awaited.number,
        member: awaited.member,
        key: awaited.key,
        encryption_key: B256::from(secret.public().0),
        certificate: requester.identity.certificate,
    };
    let committed = entry(&verified, &receive)?;
    let signature = requester
        .identity
        .key
        .sign_aside(&receive, &requester.alliance.domain())
        .await
        .map_err(|error| FetchError::Query(error.to_string()))?;
    let mut sealed = tempfile::tempfile()?;
    let sealed_key = gather(client, url, (&receive, &signature), &mut sealed).await?;
    let key = DataKey::open(&sealed_key, &secret, &place(requester, awaited.number))?;
    let target = target.to_owned();
    tokio::task::spawn_blocking(move || open(sealed, &key, committed, &target))
        .await
        .map_err(|error| FetchError::Query(error.to_string()))?
}

/// A key for this file alone: who learns a node's keys later opens nothing with them.
fn one_time() -> Result<ReaderSecret, FetchError> {
    let mut bytes = Zeroizing::new([0; 32]);
    getrandom::fill(bytes.as_mut_slice()).map_err(|error| FetchError::Query(error.to_string()))?;
    Ok(ReaderSecret::from_bytes(&bytes)?)
}

/// All pieces in their order; the sealed key that came with the last.
async fn gather(
    client: &JsonClient,
    url: &Url,
    (receive, signature): (&Receive, &Bytes),
    sealed: &mut File,
) -> Result<Bytes, FetchError> {
    let mut offset = 0;
    loop {
        let query = FileQuery { receive: *receive, signature: signature.clone(), offset };
        let answer = client.post::<FilePiece, FileRefusal>(url.clone(), &query).await.map_err(FileRefusal::from)?;
        let FilePiece { sealed_bytes, sealed_key, piece } = answer?;
        if sealed_bytes > MAX_SEALED_BYTES {
            return Err(FetchError::Malformed("a file beyond its bound"));
        }
        offset += piece.len() as u64;
        if piece.is_empty() || offset > sealed_bytes {
            return Err(FetchError::Malformed("a piece that is empty, or beyond the file"));
        }
        sealed.write_all(&piece)?;
        if offset == sealed_bytes {
            return Ok(sealed_key);
        }
    }
}

/// The digest first: what is not the committed file is not even opened.
fn open(mut sealed: File, key: &DataKey, committed: B256, target: &Path) -> Result<u64, FetchError> {
    sealed.seek(SeekFrom::Start(0))?;
    let (found, _) = digest_of(&mut sealed)?;
    if found != committed {
        return Err(FetchError::OtherFile { found, committed });
    }
    sealed.seek(SeekFrom::Start(0))?;
    let folder = target.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."));
    // Of mode 0600, and in its place only when it is whole.
    let mut opened = tempfile::NamedTempFile::new_in(folder)?;
    let mut reader = OpeningReader::new(sealed, key).map_err(io::Error::from)?;
    let bytes = io::copy(&mut reader, &mut opened)?;
    opened.as_file().sync_all()?;
    opened.persist_noclobber(target).map_err(|error| error.error)?;
    Ok(bytes)
}
