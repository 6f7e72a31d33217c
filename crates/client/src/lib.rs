//! The client of a city for Rust: it submits signed data, queries, verifies proofs by a pinned genesis, and asks for shared files and opens them.
//!
//! ```text
//! Client::new(url) or ::trusting(url, authorities) -> open endpoints
//!   .signing_with(signer, main chain id) -> every request signed by ERC-8128
//! Submitter --sign, send--> receipt (durable) --Client::proof_of--> file --Verifier--> what is proven
//! Reader --ask, wait, fetch--> SharedFile, proven by the MainChain      ^ PinnedCity, from genesis files or hashes
//! ```
//!
//! Place: above `rest`, whose types it speaks, and the crates that know what is signed, sealed and proven; it knows the gateway over HTTP alone, and a node of the main chain over
//! JSON-RPC. The command line does these things through it. Every error tells what to do: a problem document of the gateway becomes [`ClientError::Problem`] with its code, detail and
//! remedy.
//!
//! Invariants: a key never leaves this process; answers are read up to [`MAX_ANSWER_BYTES`], and files as they come; redirects are not followed, since a signature names its authority; what
//! another body's server is sent is of no worth elsewhere. What is tried again is what is the same however often it is sent ([`Retry`]), and nothing else.
//!
//! It must not decide anything about certificates, or keep state on disk but the sealed bytes of a file that is fetched.
//!
//! ```no_run
//! use std::time::Duration;
//!
//! use chancery_client::{
//!     AskedBy, Client, MainChain, PinnedChain, PinnedCity, Reader, Submitter, Terms, Verifier,
//!     data::{Access, Algorithm, Basis, Control, Signer},
//!     keys::PersonKeys,
//! };
//!
//! # async fn example(secret: [u8; 32], phrase: &str) -> Result<(), Box<dyn std::error::Error>> {
//! let client = Client::new("https://city.example")?;
//! let main = PinnedChain::from_genesis(&std::fs::read("genesis/main.json")?)?;
//!
//! // Submit: one signature over one or more operations, accepted once however often it is sent.
//! let station = Signer::from_bytes(Algorithm::EdDsa, &secret)?;
//! let control = Control { access: Access::Public, retention_days: 365, basis: Basis::NotPersonal, readers: Vec::new() };
//! let terms = Terms { format: "reading/air".into(), format_version: 1, control };
//! let submitter = Submitter::open(client.clone(), station, terms).await?;
//! let receipt = submitter.submit([r#"{"time":1795230000000,"content":{"pm25":12}}"#]).await?;
//!
//! // Verify: what the gateway gave proves itself by the genesis.
//! let proof = client.proof_of(&receipt, 0, Duration::from_secs(60)).await?;
//! let verifier = Verifier::new(PinnedCity::new(vec![main.clone()])?);
//! let proven = verifier.operation(&serde_json::to_vec(&proof)?)?;
//! println!("{} is in block {}", proven.operation, proven.block_number);
//!
//! // Share: asked for by a transaction, handed out by its owner, proven by the chain.
//! let node = client.main_chain().await?.rpc_url;
//! let reader = Reader::with_keys(&client, MainChain::connect(&main, &node).await?, &PersonKeys::from_phrase(phrase)?).await?;
//! let asked = reader.ask("weather-daily", None, AskedBy::Purpose("statistics")).await?;
//! reader.wait("weather-daily", asked.request, Duration::from_secs(3600)).await?;
//! let file = reader.fetch("weather-daily", asked.request, std::path::Path::new(".")).await?;
//! file.save(std::path::Path::new("weather.parquet"))?;
//! # Ok(())
//! # }
//! ```

mod clock;
mod endpoints;
mod error;
mod query;
mod request;
mod retry;
mod sealed;
mod share;
mod signing;
mod submit;
mod trust;
mod verify;

pub use chancery_rest as rest;
pub use endpoints::{ApplicationQuery, DataFile, EndKey, EventQuery, PageQuery, PeriodQuery, ResourceSearch};
pub use error::ClientError;
pub use query::{MAX_JOINED_GROUPS, Parts, Until};
pub use request::{Client, FileStream, MAX_ANSWER_BYTES, MAX_PROBLEM_BYTES, REQUEST_TIMEOUT};
pub use retry::Retry;
pub use sealed::{OpenError, SealedOperation};
pub use share::{AskedBy, AskedFor, FETCH_TIMEOUT, Reader, ShareError, SharedFile};
pub use submit::{
    Batch, MAX_BATCH_BYTES, Outcome, Outcomes, PROOF_PATIENCE, Prepared, SignedSubmission, SubmitError, Submitter,
    Terms,
};
pub use trust::{GenesisFile, MAX_COST_WEI, MAX_GENESIS_BYTES, MainChain, PinError, PinnedChain, PinnedCity};
pub use verify::{
    DEFAULT_MAX_AGE_S, FileKind, RECEIPT_CHECKS, ReceiptFailure, ShownReceipt, Verified, Verifier, VerifyError,
    claimed_chain,
};

/// What sources sign, and with what.
pub mod data {
    pub use chancery_data::{
        Algorithm, Control, Operation, PublicKey, Reader, Signer, SourceId,
        key::Jwk,
        source::{SourceKind, SourceStatement, TYP as SOURCE_TYP},
        submission::{Access, Basis, Statement},
    };
}

/// Keys of people and offices, and those that others seal to.
pub mod keys {
    pub use chancery_certificates::keys::{EncryptionPublicKey, PersonKeys};
    pub use chancery_keys::AccountKey;
    pub use chancery_sharing::sealing::ReaderSecret;
}

#[cfg(test)]
mod tests;
