//! Why a block is refused.

use alloy_primitives::B256;
use chancery_primitives::extra_data::ExtraDataError;

use crate::NotPermitted;

/// A block that breaks a rule. Says something about its proposer, nothing about this node.
#[derive(Debug, thiserror::Error)]
#[error("block {height} ({hash}) is invalid: {reason}")]
pub struct InvalidBlock {
    /// The block's hash.
    pub hash: B256,
    /// The block's number.
    pub height: u64,
    /// The rule it breaks.
    #[source]
    pub reason: InvalidReason,
}

/// The rule that a block breaks.
#[derive(Debug, thiserror::Error)]
pub enum InvalidReason {
    /// The number is not the parent's plus one.
    #[error("its number does not follow its parent's ({parent})")]
    Height {
        /// The parent's number.
        parent: u64,
    },
    /// Earlier than the parent.
    #[error("its time {time_ms} ms lies before its parent's {parent_time_ms} ms")]
    TimeBackwards {
        /// The block's time in milliseconds since 1970.
        time_ms: u64,
        /// The parent's.
        parent_time_ms: u64,
    },
    /// Not the chain's gas limit.
    #[error("its gas limit is {actual}, this chain's is {expected}")]
    GasLimit {
        /// The chain's.
        expected: u64,
        /// The block's.
        actual: u64,
    },
    /// `extraData` is not a consensus context.
    #[error("its extraData is malformed: {0}")]
    ExtraData(#[from] ExtraDataError),
    /// A header field that has one allowed value has another.
    #[error("header field {field} has a value that this chain never uses")]
    HeaderField {
        /// The field's JSON-RPC name.
        field: &'static str,
    },
    /// The encoded block is larger than [`crate::MAX_BLOCK_BYTES`].
    #[error("it has {actual} bytes, more than the limit")]
    Size {
        /// The number of bytes.
        actual: usize,
    },
    /// The transactions are not those the header commits to.
    #[error("its transactions hash to {actual}, its header says {expected}")]
    TransactionsRoot {
        /// In the header.
        expected: B256,
        /// Computed.
        actual: B256,
    },
    /// A blob transaction.
    #[error("transaction {index} is a blob transaction, which this chain does not carry")]
    BlobTransaction {
        /// Index in the block.
        index: usize,
    },
    /// A signature that gives no sender.
    #[error("transaction {index} has an invalid signature")]
    Signature {
        /// Index in the block.
        index: usize,
    },
    /// The parent's state does not let the sender send it (PERMIT-2).
    #[error("transaction {index} is not permitted: {refusal}")]
    NotPermitted {
        /// Index in the block.
        index: usize,
        /// Who may not do what.
        refusal: NotPermitted,
    },
    /// The EVM refuses a transaction (nonce, balance, gas, chain id and the like).
    #[error("transaction {index} cannot be executed: {message}")]
    Transaction {
        /// Index in the block.
        index: usize,
        /// The EVM's words.
        message: String,
    },
    /// A system call or another rule around the transactions fails.
    #[error("{0}")]
    Execution(String),
    /// Gas used differs.
    #[error("it uses {actual} gas, its header says {expected}")]
    GasUsed {
        /// In the header.
        expected: u64,
        /// Computed.
        actual: u64,
    },
    /// Receipts differ.
    #[error("its receipts hash to {actual}, its header says {expected}")]
    ReceiptsRoot {
        /// In the header.
        expected: B256,
        /// Computed.
        actual: B256,
    },
    /// The logs bloom differs.
    #[error("its logs bloom differs from its header's")]
    LogsBloom,
    /// The state after it differs.
    #[error("its state root is {actual}, its header says {expected}")]
    StateRoot {
        /// In the header.
        expected: B256,
        /// Computed.
        actual: B256,
    },
}
