//! What chains answer, in the terms of the doors.

use alloy_primitives::{Address, B256, Bytes};
use chancery_light::ProofBundle;
use serde::{Deserialize, Serialize};

use crate::{data_block::TransactionLocator, operation::ChainName};

/// A chain of the city as processing sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ChainStatus {
    /// Name.
    pub name: ChainName,
    /// EIP-155 chain id.
    pub chain_id: u64,
    /// JSON-RPC endpoint.
    pub rpc_url: String,
    /// Hash of block 0.
    pub genesis_hash: B256,
    /// The file that a light client trusts; absent for chains without finality certificates.
    pub genesis: Option<serde_json::Value>,
    /// Latest final block; absent when the chain does not answer.
    pub height: Option<u64>,
    /// Its time, Unix milliseconds.
    pub block_time_ms: Option<u64>,
}

/// An event of a contract, final.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EventRecord {
    /// Where.
    pub locator: TransactionLocator,
    /// Time of the block, Unix milliseconds.
    pub block_time_ms: u64,
    /// Index of the log in the block.
    pub log_index: u64,
    /// The contract.
    pub contract: Address,
    /// Topics, the first names the event.
    pub topics: Vec<B256>,
    /// ABI-encoded data.
    pub data: Bytes,
}

/// Which events.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventQuery {
    /// The chain.
    pub chain: Option<ChainName>,
    /// The contract.
    pub contract: Option<Address>,
    /// Alternatives for each topic position; an empty list matches anything.
    pub topics: [Vec<B256>; 4],
    /// From this block on.
    pub from_block: u64,
    /// Up to this block; `None`: the latest.
    pub to_block: Option<u64>,
    /// Of blocks from this time on, Unix milliseconds; `None`: of any. Blocks before it are not read.
    #[serde(default)]
    pub from_ms: Option<u64>,
    /// Of blocks before this time.
    #[serde(default)]
    pub to_ms: Option<u64>,
}

/// A transaction with its events and the proof that it is final.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TransactionRecord {
    /// Where.
    pub locator: TransactionLocator,
    /// Time of the block, Unix milliseconds.
    pub block_time_ms: u64,
    /// Who sent it.
    pub from: Address,
    /// What it called.
    pub to: Option<Address>,
    /// Call data.
    pub input: Bytes,
    /// Whether it succeeded.
    pub succeeded: bool,
    /// Its events.
    pub events: Vec<EventRecord>,
    /// Inclusion and finality; absent for chains without finality certificates.
    pub proof: Option<ProofBundle>,
}

/// The answer of a contract's view function at a final block.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ViewRecord {
    /// The block that the answer is about.
    pub block_number: u64,
    /// Its time, Unix milliseconds.
    pub block_time_ms: u64,
    /// ABI-encoded answer.
    pub data: Bytes,
}
