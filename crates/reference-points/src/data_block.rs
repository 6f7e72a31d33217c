//! The data block (D3.7 7.1.1): one or more operations under one Merkle root.

use alloy_primitives::{Address, B256};
use chancery_light::ProofBundle;
use chancery_primitives::{UnixSeconds, data_block::Leaf};
use serde::{Deserialize, Serialize};

use crate::{
    Code, DoorError, DoorResult,
    operation::{ChainName, InterpretedOperation, SignedOperation},
};

/// Operations of one chain, gathered by representation. The tree is in `chancery_primitives::data_block`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DataBlock {
    /// The chain that records it.
    pub chain: ChainName,
    /// Root of the Merkle tree over the operations' leaves.
    pub root: B256,
    /// Operations in the order of their arrival.
    pub operations: Vec<(SignedOperation, InterpretedOperation)>,
    /// When the block was closed, Unix milliseconds (M-REP-3).
    pub closed_at_ms: u64,
}

impl DataBlock {
    /// The leaves of the block's tree, in the order of the operations.
    ///
    /// # Errors
    /// `MalformedRequest` for a kind of operation without a name in the encodings.
    pub fn leaves(&self) -> DoorResult<Vec<Leaf>> {
        self.operations.iter().map(|(operation, interpreted)| leaf(operation, interpreted, self.closed_at_ms)).collect()
    }
}

/// How an operation stands in a data block that was closed at a time. An operation without a time of its own has the block's.
///
/// # Errors
/// `MalformedRequest` for a kind of operation without a name in the encodings.
pub fn leaf(operation: &SignedOperation, interpreted: &InterpretedOperation, closed_at_ms: u64) -> DoorResult<Leaf> {
    let name = &operation.operation_type;
    let operation_type = chancery_primitives::OperationType::ALL
        .into_iter()
        .find(|known| known.as_str() == name.0)
        .ok_or_else(|| DoorError::new(Code::MalformedRequest, format!("there is no operation `{name}`")))?;
    let time = if interpreted.time == 0 { closed_at_ms / 1000 } else { interpreted.time };
    Ok(Leaf {
        operation_digest: interpreted.digest,
        source: interpreted.source,
        operation_type,
        content_hash: interpreted.content_hash,
        time: UnixSeconds(time),
    })
}

/// Where a data block, or the operation's own contract call, is recorded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TransactionLocator {
    /// The chain.
    pub chain: ChainName,
    /// The transaction.
    pub tx_hash: B256,
    /// The final block that holds it.
    pub block_number: u64,
    /// Its hash.
    pub block_hash: B256,
}

/// A data block by its root.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RootOfBlock {
    /// The chain that records it.
    pub chain: ChainName,
    /// The root.
    pub root: B256,
    /// How many leaves.
    pub count: u32,
    /// Earliest time of a leaf, Unix seconds.
    pub first_time: u64,
    /// Latest.
    pub last_time: u64,
}

/// What a chain has of a data block: proven by the state of a final block.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RecordedBlock {
    /// The root.
    pub root: B256,
    /// How many leaves.
    pub count: u32,
    /// Earliest time of a leaf, Unix seconds.
    pub first_time: u64,
    /// Latest.
    pub last_time: u64,
    /// When it was recorded, Unix seconds.
    pub recorded_at: u64,
    /// The chain's block that recorded it.
    pub block_number: u64,
}

/// Some of the roots that a chain has, in the order of recording: proven by the state of a final block, and none between them is left out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RecordedRoots {
    /// How many the chain has.
    pub total: u64,
    /// The roots from the one that was asked for on, at most [`MAX_RECORDED_ROOTS`]; empty beyond the last.
    pub roots: Vec<B256>,
}

/// What is kept here of data blocks that a chain has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct KeptBlocks {
    /// The chain that records the journal.
    pub journal: ChainName,
    /// Of each root that was asked for, in that order; fewer when they have many leaves, and at least the first.
    pub blocks: Vec<KeptBlock>,
}

/// What is kept of one data block.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum KeptBlock {
    /// Nothing.
    Nothing,
    /// The journal has it, recorded or on its way; its leaves are computed anew where the journal is.
    InJournal,
    /// That it was about to be sent, and none of its leaves.
    Announced,
    /// A row that does not read.
    Unreadable,
    /// The leaves of single operations, computed anew.
    Leaves(KeptLeaves),
}

/// The leaves of a data block of single operations, computed anew.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct KeptLeaves {
    /// The chain that records it, as it is kept.
    pub chain: ChainName,
    /// The root that the leaves give; absent when they give none.
    pub root: Option<B256>,
    /// How many leaves.
    pub count: u64,
    /// Earliest time of a leaf, Unix seconds.
    pub first_time: u64,
    /// Latest.
    pub last_time: u64,
    /// The chain's block that recorded it, as it is kept; absent while that is not known.
    pub block_number: Option<u64>,
}

/// Most roots of one question about what a chain has, and of one answer.
pub const MAX_RECORDED_ROOTS: usize = 1024;

/// What became of one operation of a data block.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum OperationOutcome {
    /// Recorded by its own contract call.
    Recorded(TransactionLocator),
    /// Recorded by its membership in the data block alone.
    InDataBlock,
    /// The contract refused it; the data block remains as evidence that it was submitted.
    Refused(#[serde(with = "crate::error::parts")] crate::DoorError),
}

/// What processing answers when a data block is final.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct DataBlockRecord {
    /// Root of the block.
    pub root: B256,
    /// The transaction that recorded the root.
    pub recorded: TransactionLocator,
    /// Outcome of each operation, in the order of the block.
    pub outcomes: Vec<OperationOutcome>,
}

/// Proof that an operation is in a data block, and the block's root on the chain; verifiable offline.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OperationProof {
    /// The operation's EIP-712 digest.
    pub operation_digest: B256,
    /// Who signed it.
    pub source: Address,
    /// Type as `bytes32`.
    pub operation_type: B256,
    /// Hash of the content.
    pub content_hash: B256,
    /// Time in the leaf, Unix seconds.
    pub time: u64,
    /// Sibling hashes from the leaf to the root.
    pub siblings: Vec<B256>,
    /// The root.
    pub root: B256,
    /// The chain that records the root.
    pub chain: ChainName,
    /// The transaction that recorded the root.
    pub recorded: TransactionLocator,
    /// That transaction with its receipt, header and finality; absent for chains without finality certificates.
    pub proof: Option<ProofBundle>,
}
