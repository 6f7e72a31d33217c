//! `/v1/submissions`: registered sources hand in data that authenticate themselves (`docs/specs/data.md`).

use serde::{Deserialize, Serialize};
use serde_json::{Value, json, value::RawValue};
use utoipa::ToSchema;

use super::{Example, Recorded, example_address, example_hash};
use crate::values::{HexAddress, HexHash};

/// One submission: a body of `POST /v1/submissions`, an item of an array, or a line of a stream.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SubmitData {
    /// What the source signed: JWS compact, `typ` `chancery-data+jws`.
    #[schema(max_length = 8192)]
    pub submission: String,
    /// The operations in the order of the signed root. What counts is the text of each object exactly as it stands here.
    #[schema(value_type = Vec<Object>, min_items = 1, max_items = 1000)]
    pub operations: Vec<Box<RawValue>>,
}

/// The acknowledgement: what it names is durable.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SubmissionReceipt {
    /// Its place in the journal.
    #[schema(example = 128)]
    pub place: u64,
    /// SHA-256 of what was signed; with the place it asks for state and proof.
    pub digest: HexHash,
    /// Whose it is.
    pub source: HexAddress,
    /// Its idempotency key: 16 bytes in hex.
    #[schema(example = "0x1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d")]
    pub key: String,
    /// How many operations.
    #[schema(example = 1)]
    pub count: u32,
    /// When it was accepted first, Unix milliseconds.
    #[schema(example = 1_795_230_000_000_u64)]
    pub accepted_at: u64,
    /// It had been accepted before.
    pub repeated: bool,
    /// The same, signed by the journal's key: JWS, alone or of a root over several receipts, with this one and its path after it (`docs/specs/data.md`, Receipts).
    pub receipt: String,
}

/// What became of one submission of an array (by its position) or of a stream (by its line): a receipt or a problem.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SubmissionOutcome {
    /// Which, from 0.
    pub index: u64,
    /// It was accepted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub receipt: Option<SubmissionReceipt>,
    /// It was refused: a problem document (RFC 9457).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Object)]
    pub problem: Option<Value>,
}

/// What has become of an accepted submission.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SubmissionState {
    /// Its place.
    #[schema(example = 128)]
    pub place: u64,
    /// SHA-256 of what was signed.
    pub digest: HexHash,
    /// Whose it is.
    pub source: HexAddress,
    /// How many operations.
    #[schema(example = 1)]
    pub count: u32,
    /// When it was accepted, Unix milliseconds.
    #[schema(example = 1_795_230_000_000_u64)]
    pub accepted_at: u64,
    /// Root of its data block; absent until that is final.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data_block_root: Option<HexHash>,
    /// Where the root is recorded; absent until it is final.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data_block: Option<Recorded>,
}

impl Example for SubmitData {
    fn example() -> Self {
        let operation = RawValue::from_string(r#"{"time":1795230000000,"content":{"pm25":12}}"#.to_owned());
        Self { submission: "eyJhbGciOiJFZERTQSJ9.e30.AA".into(), operations: operation.into_iter().collect() }
    }
}

impl Example for SubmissionReceipt {
    fn example() -> Self {
        Self {
            place: 128,
            digest: example_hash(0xd1),
            source: example_address(),
            key: format!("0x{}", "1d".repeat(16)),
            count: 1,
            accepted_at: 1_795_230_000_000,
            repeated: false,
            receipt: "eyJhbGciOiJFZERTQSJ9.e30.AA".into(),
        }
    }
}

impl Example for SubmissionOutcome {
    fn example() -> Self {
        Self { index: 0, receipt: Some(SubmissionReceipt::example()), problem: None }
    }
}

impl Example for SubmissionState {
    fn example() -> Self {
        Self {
            place: 128,
            digest: example_hash(0xd1),
            source: example_address(),
            count: 1,
            accepted_at: 1_795_230_000_000,
            data_block_root: Some(example_hash(0xdb)),
            data_block: Some(Recorded::example()),
        }
    }
}

/// What `GET /v1/submissions/{place}/{digest}/operations/{index}` looks like: the file that `chancery verify` reads.
#[must_use]
pub fn example_proof() -> Value {
    json!({"version": 1, "operation": "{\"time\":1795230000000,\"content\":{\"pm25\":12}}", "index": 0})
}
