//! The signed acknowledgement of a submission: the evidence against whoever loses it.

use alloy_primitives::B256;
use serde::{Deserialize, Serialize};

use crate::{SourceId, submission::SubmissionKey};

/// `typ` of a receipt.
pub const TYP: &str = "chancery-receipt+jws";

/// The payload of a receipt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Receipt {
    /// The chain that will record it.
    pub chain_id: u64,
    /// Its place in the journal.
    pub place: u64,
    /// SHA-256 of what the source signed.
    pub digest: B256,
    /// Whose it is.
    pub source: SourceId,
    /// Its idempotency key.
    pub key: SubmissionKey,
    /// How many operations.
    pub count: u32,
    /// When it was accepted, Unix milliseconds.
    pub accepted_at: u64,
}
