//! `/v1/operations`: a data source submits any declared data (R2D).

use alloy_primitives::b256;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::{Example, Recorded, example_address, example_hash, example_signature};
use crate::values::{HexAddress, HexBytes, HexHash};

/// The EIP-712 struct `DataOperation`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DataOperation {
    /// The format as signed: its name in ASCII, padded right with zeros.
    pub data_format: HexHash,
    /// keccak256 of the content's bytes.
    pub content_hash: HexHash,
    /// Who submits: the address that authenticates the request.
    pub source: HexAddress,
    /// What the data are about.
    pub subject: HexHash,
    /// The operation that this one follows, or 32 zero bytes.
    pub previous: HexHash,
    /// When it happened, Unix seconds.
    #[schema(example = 1_795_230_000)]
    pub time: u64,
    /// Fresh and random; the same key twice is the same operation.
    pub idempotency_key: HexHash,
}

/// `POST /v1/operations`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SubmitOperation {
    /// Name of the declared format.
    #[schema(example = "reading/air-quality", pattern = "^[a-z0-9/-]{1,32}$")]
    pub format: String,
    /// The chain that the signature names.
    #[schema(example = "main", min_length = 1, max_length = 32)]
    pub chain: String,
    /// What was signed.
    pub operation: DataOperation,
    /// Metadata for validation, by the format.
    #[serde(default)]
    #[schema(value_type = Object)]
    pub metadata: Value,
    /// The content's exact bytes, to be checked against hash and format: they are not kept. May be left out for data that stay at their owner.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content: Option<HexBytes>,
    /// The source's EIP-712 signature of `DataOperation`, 65 bytes.
    pub signature: HexBytes,
}

/// The answer of `POST /v1/operations`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct OperationReceipt {
    /// The operation's EIP-712 digest: its name.
    pub operation_digest: HexHash,
    /// Root of the data block that holds it.
    pub data_block_root: HexHash,
    /// Where the root is recorded.
    pub data_block: Recorded,
    /// Where the operation itself is recorded, if its kind has a contract call of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operation: Option<Recorded>,
}

/// The answer of `GET /v1/operations/{digest}`: proof that the operation is in a final data block.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct OperationProof {
    /// The operation's EIP-712 digest.
    pub operation_digest: HexHash,
    /// Who signed it.
    pub source: HexAddress,
    /// Type as `bytes32`.
    pub operation_type: HexHash,
    /// Hash of the content.
    pub content_hash: HexHash,
    /// Time in the leaf, Unix seconds.
    pub time: u64,
    /// Sibling hashes from the leaf to the root, as `@openzeppelin/merkle-tree` reads them.
    pub siblings: Vec<HexHash>,
    /// The root.
    pub root: HexHash,
    /// The chain that records the root.
    pub chain: String,
    /// Transaction and receipt of the root, header and finality certificate.
    #[schema(value_type = Object)]
    pub recorded: Value,
}

impl Example for SubmitOperation {
    fn example() -> Self {
        Self {
            format: "reading/air-quality".into(),
            chain: "main".into(),
            operation: DataOperation {
                data_format: HexHash(b256!("72656164696e672f6169722d7175616c69747900000000000000000000000000")),
                content_hash: example_hash(0xc0),
                source: example_address(),
                subject: example_hash(0x5b),
                previous: example_hash(0),
                time: 1_795_230_000,
                idempotency_key: example_hash(0x1d),
            },
            metadata: json!({"station": "SZ-01"}),
            content: Some(HexBytes(br#"{"pm25":12}"#.to_vec().into())),
            signature: example_signature(),
        }
    }
}

impl Example for OperationReceipt {
    fn example() -> Self {
        Self {
            operation_digest: example_hash(0xd1),
            data_block_root: example_hash(0xdb),
            data_block: Recorded::example(),
            operation: None,
        }
    }
}

impl Example for OperationProof {
    fn example() -> Self {
        Self {
            operation_digest: example_hash(0xd1),
            source: example_address(),
            operation_type: example_hash(0x0d),
            content_hash: example_hash(0xc0),
            time: 1_795_230_000,
            siblings: vec![example_hash(0x51)],
            root: example_hash(0xdb),
            chain: "main".into(),
            recorded: json!({}),
        }
    }
}
