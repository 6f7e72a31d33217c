//! The data operation: what a data source signs. One shape for a licence, a sensor reading or a deposit.

use alloy_primitives::{Address, B256, Bytes};
use serde::{Deserialize, Serialize};

/// The name of a kind of operation: `certificate.issue`, `data.record`, ... At most 32 ASCII bytes, so that it fits a `bytes32`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct OperationType(pub String);

/// The name of a chain of the city: `main`, `marriage`, ...
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ChainName(pub String);

impl std::fmt::Display for ChainName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::fmt::Display for OperationType {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// A submitted operation: the signed message in the terms of the application that knows it, and the signature over its EIP-712 digest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignedOperation {
    /// Which application handler reads `message`.
    pub operation_type: OperationType,
    /// The chain that the signature names and that records the operation.
    pub chain: ChainName,
    /// The members of the EIP-712 struct, as JSON.
    pub message: serde_json::Value,
    /// What travels with the operation but is only named by its hash in the message (a sealed certificate, a reading).
    #[serde(default)]
    pub payload: Bytes,
    /// 65 bytes (r, s, v), or what an ERC-1271 account answers to.
    pub signature: Bytes,
}

/// An operation that its handler has read: what the entities need to know of it without knowing the application.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InterpretedOperation {
    /// The EIP-712 digest that was signed; the operation's name in data blocks and journals.
    pub digest: B256,
    /// Whose signature it is.
    pub source: Address,
    /// Hash of the content that the operation commits to.
    pub content_hash: B256,
    /// What it is about (a certificate id, a data subject): the key of histories.
    pub subject: B256,
    /// When the source says it happened, Unix seconds; zero when the message carries no time (then the data block's time counts).
    pub time: u64,
}
