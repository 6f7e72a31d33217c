//! Small text on the chain (S-ASSET): a version whose metadata is the text itself. It is read from the final state, proven; nobody is asked for access, and
//! nobody hands anything out: what stands on a chain can be read by whoever reads the chain.

use alloy_primitives::Address;
use chancery_ledger::{Chain, ChainHead};

use super::{ChainTrust, ReleaseError, metadata::whole_version};

/// Longest text, in bytes; the contract's bound of metadata.
pub const MAX_TEXT_BYTES: usize = 4096;

/// A text as the chain has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublishedText {
    /// Its version.
    pub version: u32,
    /// What it is, as its owner has named it.
    pub data_type: String,
    /// The text.
    pub text: String,
    /// Time of the block that published it, Unix seconds.
    pub published_at_s: u64,
    /// The final block at which it was read.
    pub block: ChainHead,
}

/// Reads a version that is a text; the newest one without a number.
///
/// # Errors
/// [`ReleaseError::NoVersion`], [`ReleaseError::NoText`] for a version that is a file; [`ReleaseError::Stale`], [`ReleaseError::Unproven`],
/// [`ReleaseError::Chain`], [`ReleaseError::Answer`] also for metadata that is no text.
pub async fn published_text(
    chain: &Chain,
    trust: &ChainTrust,
    asset: Address,
    version: Option<u32>,
    now_s: u64,
) -> Result<PublishedText, ReleaseError> {
    let found = whole_version(chain, trust, asset, version, now_s).await?;
    if !found.algorithm.is_zero() {
        return Err(ReleaseError::NoText { version: found.version });
    }
    Ok(PublishedText {
        version: found.version,
        data_type: found.data_type,
        text: String::from_utf8(found.metadata).map_err(|_| ReleaseError::Answer)?,
        published_at_s: found.published_at_s,
        block: found.block,
    })
}
