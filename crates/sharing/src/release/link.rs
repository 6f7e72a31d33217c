//! A link as the place of data (S-ASSET): a version whose metadata is a URL, with the SHA-256 and the length of what lies there. Whoever follows it believes neither the server nor a
//! node: what comes is kept when it is what the proven state says. Nobody is asked for access: whether the server asks is its own affair.

use std::{path::Path, time::Duration};

use alloy_primitives::{Address, B256};
use chancery_ledger::{Chain, ChainHead};
use futures::{StreamExt as _, stream};
use reqwest::{Url, redirect::Policy};
use ring::digest::{Context, SHA256};

use super::{ChainTrust, ReleaseError, metadata::whole_version};
use crate::{
    sealing::{Fingerprint, Sealed},
    storage::{ByteStream, FetchError, StoreError, keep_verified},
    this_machine::{client_builder, has_user_info, is_this_machine},
};

/// Longest URL, in bytes.
pub const MAX_URL_BYTES: usize = 2048;
/// Most bytes of what a link leads to.
const MAX_LINKED_BYTES: u64 = 1 << 36;
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// Longest silence of the server.
const READ_TIMEOUT: Duration = Duration::from_secs(30);
/// Hash algorithm of a fingerprint, as the contract has it.
const SHA_256: &[u8] = b"sha-256";

/// Why a link leads nowhere.
#[derive(Debug, thiserror::Error)]
pub enum LinkError {
    /// Not an address that others can be led to.
    #[error(
        "{0}: a link is a URL of https, or of http on this machine, of at most 2048 ASCII characters, without user, password and fragment"
    )]
    Url(&'static str),
    /// The server did not answer with the file.
    #[error("the server answers {0}: the link leads to the file itself, not to another address")]
    Status(u16),
    /// Beyond what is read.
    #[error("more lies there than the {0} bytes that are read")]
    TooLong(u64),
    /// Nothing lies there.
    #[error("nothing lies there: an empty file is no version")]
    Empty,
    /// It did not answer, or broke off.
    #[error("the server does not answer as it should, try again: {0}")]
    Server(String),
}

/// A link as the chain has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublishedLink {
    /// Its version.
    pub version: u32,
    /// What it leads to, as its owner has named it.
    pub data_type: String,
    /// Where.
    pub url: String,
    /// Fingerprint and length of what lies there.
    pub file: Sealed,
    /// Time of the block that published it, Unix seconds.
    pub published_at_s: u64,
    /// The final block at which it was read.
    pub block: ChainHead,
}

/// Reads an address.
///
/// # Errors
/// [`LinkError::Url`].
fn parse(text: &str) -> Result<Url, LinkError> {
    if text.len() > MAX_URL_BYTES || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(LinkError::Url("it is too long, or has other characters"));
    }
    let url = Url::parse(text).map_err(|_| LinkError::Url("it is no URL"))?;
    if has_user_info(&url) {
        return Err(LinkError::Url("it names a user or a password"));
    }
    if url.fragment().is_some() {
        return Err(LinkError::Url("it has a fragment"));
    }
    match url.scheme() {
        "https" => Ok(url),
        "http" if is_this_machine(&url) => Ok(url),
        _ => Err(LinkError::Url("what lies there cannot be fetched safely")),
    }
}

/// Fetches what a link leads to, keeps nothing of it, and says what it is. Memory does not grow with it.
///
/// # Errors
/// [`LinkError`].
pub async fn check_link(url: &str) -> Result<Sealed, LinkError> {
    let mut response = ask(parse(url)?).await?;
    let (mut hash, mut bytes) = (Context::new(&SHA256), 0_u64);
    while let Some(chunk) = response.chunk().await.map_err(server)? {
        bytes += chunk.len() as u64;
        if bytes > MAX_LINKED_BYTES {
            return Err(LinkError::TooLong(MAX_LINKED_BYTES));
        }
        hash.update(&chunk);
    }
    if bytes == 0 {
        return Err(LinkError::Empty);
    }
    let fingerprint = Fingerprint(B256::from_slice(hash.finish().as_ref()).0);
    Ok(Sealed { fingerprint, bytes })
}

/// Reads a version that is a link; the newest one without a number.
///
/// # Errors
/// [`ReleaseError::NoVersion`], [`ReleaseError::NoLink`], [`ReleaseError::Stale`], [`ReleaseError::Unproven`], [`ReleaseError::Chain`], [`ReleaseError::Answer`].
pub async fn published_link(
    chain: &Chain,
    trust: &ChainTrust,
    asset: Address,
    version: Option<u32>,
    now_s: u64,
) -> Result<PublishedLink, ReleaseError> {
    let found = whole_version(chain, trust, asset, version, now_s).await?;
    let no_link = ReleaseError::NoLink { version: found.version };
    // Sealed metadata of a file begins with other bytes than any URL.
    let Ok(url) = String::from_utf8(found.metadata) else { return Err(no_link) };
    if found.algorithm != B256::right_padding_from(SHA_256) || parse(&url).is_err() {
        return Err(no_link);
    }
    Ok(PublishedLink {
        version: found.version,
        data_type: found.data_type,
        url,
        file: Sealed { fingerprint: Fingerprint(found.fingerprint.0), bytes: found.size },
        published_at_s: found.published_at_s,
        block: found.block,
    })
}

/// Follows a link: what lies there is at `target` afterwards when it is what stands on the chain, and nothing is otherwise.
///
/// # Errors
/// [`FetchError`].
pub async fn fetch_link(link: &PublishedLink, target: &Path) -> Result<(), FetchError> {
    let refused = |error: LinkError| match error {
        LinkError::Server(reason) => StoreError::Temporary(reason),
        other => StoreError::Refused(other.to_string()),
    };
    let url = parse(&link.url).map_err(refused)?;
    let response = ask(url).await.map_err(refused)?;
    let chunks = stream::try_unfold(response, |mut response| async move {
        match response.chunk().await {
            Ok(chunk) => Ok(chunk.map(|chunk| (chunk, response))),
            Err(error) => Err(StoreError::Temporary(error.without_url().to_string())),
        }
    });
    let bytes: ByteStream = chunks.boxed();
    keep_verified(bytes, &link.file, target).await
}

async fn ask(url: Url) -> Result<reqwest::Response, LinkError> {
    let client = client_builder(&url)
        // The address that stands on the chain, and no other.
        .redirect(Policy::none())
        .connect_timeout(CONNECT_TIMEOUT)
        .read_timeout(READ_TIMEOUT)
        .build()
        .map_err(server)?;
    let response = client.get(url).send().await.map_err(server)?;
    match response.status().as_u16() {
        200 => Ok(response),
        status => Err(LinkError::Status(status)),
    }
}

/// Without the address, which whoever asks knows.
fn server(error: reqwest::Error) -> LinkError {
    LinkError::Server(error.without_url().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    // S-ASSET
    #[test]
    fn a_link_is_an_address_that_others_can_be_led_to() {
        let long = format!("https://data.example/{}", "x".repeat(MAX_URL_BYTES));
        for good in ["https://data.example/a.csv?v=1", "http://127.0.0.1:80/a", "http://localhost/a"] {
            assert!(parse(good).is_ok(), "{good}");
        }
        for bad in [
            "http://data.example/a",
            "ftp://data.example/a",
            "file:///etc/passwd",
            "https://user:word@data.example/",
            "https://data.example/#part",
            "https://data.example/a b",
            "https://data.example/\u{202e}",
            "data.example",
            "",
            long.as_str(),
        ] {
            assert!(matches!(parse(bad), Err(LinkError::Url(_))), "{bad}");
        }
    }
}
