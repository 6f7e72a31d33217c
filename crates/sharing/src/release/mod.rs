//! Release by proof of the final grant (SHARE-7, SHARE-9, SHARE-10).
//!
//! ```text
//! owner:   request --prepare--> sealed key, kept --grant(id, hash)--> chain
//! owner:   release: slot `grants[id]`, proven against a final header == commitment of what was prepared --> bytes
//! reader:  receive: slots of the version, proven the same way --> length and fingerprint --> file, data key
//! ```
//!
//! Both sides read the chain for themselves, and neither believes a node: what a node says of a request only chooses what is compared.

mod evidence;
mod grant;
mod link;
mod metadata;
mod owner;
mod reader;
mod text;

pub use evidence::{ChainTrust, PublishedVersion, Standing, grant_standing, owner_standing, published_version};
pub use grant::{Grant, grant_slot, version_slots};
pub use link::{LinkError, MAX_URL_BYTES, PublishedLink, check_link, fetch_link, published_link};
pub use owner::{PreparedGrant, Released, prepare_grant, release};
pub use reader::{Reception, receive};
pub use text::{MAX_TEXT_BYTES, PublishedText, published_text};

use crate::{sealing::KeyError, storage::FetchError, storage::StoreError};

/// Why nothing is handed out, or nothing is kept. Not a byte has left then.
#[derive(Debug, thiserror::Error)]
pub enum ReleaseError {
    /// The final state has no grant under this request: none yet, or it ended. Ask the owner.
    #[error("request {request} has no final grant, or it ended")]
    NotGranted {
        /// The request.
        request: u64,
    },
    /// The final grant is of another reader, key, version, epoch, sealed key or end than was prepared here. Prepare and grant anew.
    #[error("the final grant of request {request} is another than the one prepared here")]
    OtherGrant {
        /// The request.
        request: u64,
    },
    /// The grant's last second is over.
    #[error("the grant of request {request} was valid until {valid_until}")]
    Over {
        /// The request.
        request: u64,
        /// Unix seconds.
        valid_until: u64,
    },
    /// The asset has changed hands.
    #[error("the asset is owned by {owner}, who hands it out now")]
    NotOwner {
        /// By the final state.
        owner: alloy_primitives::Address,
    },
    /// There is no such version on the proven chain.
    #[error("version {version} is not published")]
    NoVersion {
        /// The version.
        version: u32,
    },
    /// The version is a file, which is asked for.
    #[error("version {version} is a file, not a text: `chancery share ask` asks its owner for access")]
    NoText {
        /// The version.
        version: u32,
    },
    /// The version is no link.
    #[error(
        "version {version} is no link: `chancery share text` reads a text, `chancery share ask` asks for a file of its owner"
    )]
    NoLink {
        /// The version.
        version: u32,
    },
    /// The node shows no final block that is young enough, so an end of the grant could be hidden. Try again.
    #[error("the newest final block is {age_s} s old, more than the {max_age_s} s that are accepted")]
    Stale {
        /// Age by this side's clock, in seconds.
        age_s: u64,
        /// Accepted.
        max_age_s: u64,
    },
    /// The chain has no finality certificates, and this configuration does not accept that.
    #[error("the chain proves nothing, and its word alone is not accepted here")]
    Unproven,
    /// The sealed data key that came is not the one whose hash was granted.
    #[error("the sealed data key is not the granted one")]
    OtherSealedKey,
    /// The chain did not answer, or its proof was refused.
    #[error(transparent)]
    Chain(#[from] chancery_ledger::LedgerError),
    /// The chain answered with what is not of its contract.
    #[error("the asset's contract answered with something else")]
    Answer,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The fetched file is not the published one.
    #[error(transparent)]
    Fetch(#[from] FetchError),
    /// The data key could not be sealed or opened.
    #[error(transparent)]
    Key(#[from] KeyError),
}
