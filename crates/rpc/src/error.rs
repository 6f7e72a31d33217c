//! What a call can fail with, and how that reads on the wire.
//!
//! Codes follow JSON-RPC 2.0, EIP-1474, EIP-7966 and execution-apis; texts follow geth where clients parse them.

use alloy::sol_types::{Panic, Revert, SolError};
use alloy_primitives::{B256, Bytes};
use chancery_execution::NotPermitted;
use chancery_primitives::permissions::PERMISSIONS;
use jsonrpsee::types::ErrorObjectOwned;
use serde_json::json;

use crate::tokens::RpcGroup;

/// The code of a method that does not exist or is not offered.
pub const METHOD_NOT_FOUND: i32 = -32601;
/// The code of wrong parameters.
pub const INVALID_PARAMS: i32 = -32602;
/// The code of a fault of this node.
pub const INTERNAL_ERROR: i32 = -32603;
/// The code of a refused transaction or a failed execution (EIP-1474 "invalid input").
pub const SERVER_ERROR: i32 = -32000;
/// The code of a block that does not exist (EIP-1474 and EIP-1898 "resource not found").
pub const RESOURCE_NOT_FOUND: i32 = -32001;
/// The code of a limit that is reached for now (EIP-1474 "limit exceeded").
pub const LIMIT_EXCEEDED: i32 = -32005;
/// The code of a response that is larger than the server may send.
pub const RESPONSE_TOO_LARGE: i32 = -32008;
/// The code of a batch of more calls than the server takes.
pub const BATCH_TOO_LARGE: i32 = -32010;
/// The code of a block that a node no longer has, or never had (EIP-4444 as geth answers it); `data` holds the earliest one that it has.
pub const HISTORY_PRUNED: i32 = 4444;
/// The code of a transaction that its sender is not permitted to send (EIP-1474 "transaction rejected"); `data` names who may not do what.
pub const TRANSACTION_NOT_PERMITTED: i32 = -32003;
/// The code of a call that needs a token which reaches it (EIP-1193 "unauthorized"); `data` names method and group.
pub const UNAUTHORIZED: i32 = 4100;
/// The code of an execution that reverted; `data` holds what it returned.
pub const EXECUTION_REVERTED: i32 = 3;
/// The code of a synchronous submission that was not included in time (EIP-7966); `data` holds the hash.
pub const SYNC_TIMEOUT: i32 = 4;

/// Why a call failed.
#[derive(Clone, Debug, thiserror::Error)]
pub enum RpcError {
    /// No such method, or one that this node does not offer.
    #[error("the method {method} does not exist/is not available{}", hint.map(|hint| format!(": {hint}")).unwrap_or_default())]
    MethodNotFound {
        /// The name that was called.
        method: String,
        /// What to do instead, where that is known.
        hint: Option<&'static str>,
    },
    /// A subscription over a transport that cannot carry it.
    #[error("notifications not supported: call {method} over a WebSocket connection")]
    NeedsWebSocket {
        /// The name that was called.
        method: String,
    },
    /// The token of the request does not reach the method.
    #[error("unauthorized: the token does not reach {method}, which is in the group {}", group.name())]
    OutOfReach {
        /// The name that was called.
        method: &'static str,
        /// What the token would have to reach.
        group: RpcGroup,
    },
    /// The parameters are not what the method takes.
    #[error("{message}")]
    InvalidParams {
        /// What is wrong, and with which parameter.
        message: String,
    },
    /// The request asks for more than a limit allows: ask for less.
    #[error("{message} (limit {limit} = {value})")]
    TooMuch {
        /// The field of [`crate::RpcLimits`].
        limit: &'static str,
        /// Its value.
        value: u64,
        /// What was asked.
        message: String,
    },
    /// A limit is reached for now: ask again later.
    #[error("{message}, try again later (limit {limit} = {value})")]
    Busy {
        /// The field of [`crate::RpcLimits`].
        limit: &'static str,
        /// Its value.
        value: u64,
        /// What there is too much of.
        message: &'static str,
    },
    /// The response would be larger than a response may be.
    #[error("response is too big: ask for less (limit max_response_bytes = {max_bytes})")]
    ResponseTooLarge {
        /// The limit, in bytes.
        max_bytes: u32,
    },
    /// A batch of too many calls: send several.
    #[error("a batch of {calls} calls is too long (limit max_batch_length = {most})")]
    BatchTooLong {
        /// How many there were.
        calls: usize,
        /// The limit.
        most: u32,
    },
    /// The block that the call refers to is not there.
    #[error("header not found: {block}")]
    UnknownBlock {
        /// The block as the caller named it.
        block: String,
    },
    /// The block was pruned, or lies before the one that this node began at.
    #[error("pruned history unavailable: this node has blocks from {earliest} on, and not block {height}")]
    HistoryPruned {
        /// The block.
        height: u64,
        /// The earliest block that is here, the genesis aside.
        earliest: u64,
    },
    /// State of that block is no longer kept.
    #[error("missing trie node: the state of block {height} is no longer kept, it is kept from block {earliest} on")]
    StatePruned {
        /// The block.
        height: u64,
        /// The earliest block whose state is kept.
        earliest: u64,
    },
    /// The filter was never installed here, or was not polled for too long.
    #[error("filter not found")]
    UnknownFilter,
    /// The transaction that the call refers to is not there.
    #[error("transaction not found")]
    UnknownTransaction,
    /// The execution ran and reverted.
    #[error("{}", revert_text(.output))]
    Reverted {
        /// What the execution returned.
        output: Bytes,
    },
    /// The execution or the transaction was refused, in the words that geth uses.
    #[error("{message}")]
    Rejected {
        /// What happened.
        message: String,
    },
    /// The organizations of the chain do not let the sender send this transaction.
    #[error("{refusal}")]
    NotPermitted {
        /// Who may not do what.
        refusal: NotPermitted,
    },
    /// The pool has no room for now.
    #[error("{message}")]
    PoolFull {
        /// Which bound is reached.
        message: String,
    },
    /// EIP-7966: accepted, but not in a block in time.
    #[error("the transaction was added to the pool but was not included within {wait_ms} ms")]
    SyncTimeout {
        /// The transaction.
        hash: B256,
        /// How long the call waited.
        wait_ms: u64,
    },
    /// A simulated transaction or block cannot be, with the code that execution-apis gives to the reason.
    #[error("{message}")]
    Simulation {
        /// The code.
        code: i32,
        /// The reason.
        message: String,
    },
    /// The server is going down.
    #[error("the server is stopping")]
    Stopping,
    /// A fault of this node. What it was is in the log, not in the answer.
    #[error("internal error")]
    Internal,
}

impl RpcError {
    /// Wrong parameters.
    pub(crate) fn invalid_params(message: impl Into<String>) -> Self {
        Self::InvalidParams { message: message.into() }
    }

    /// A refusal in geth's words.
    pub(crate) fn rejected(message: impl Into<String>) -> Self {
        Self::Rejected { message: message.into() }
    }

    /// A fault of this node: logs `detail`, tells the caller nothing of it.
    pub(crate) fn internal(detail: impl std::fmt::Display) -> Self {
        tracing::error!(%detail, "a JSON-RPC call failed for a reason inside the node");
        Self::Internal
    }

    /// The JSON-RPC error code.
    pub fn code(&self) -> i32 {
        match self {
            Self::MethodNotFound { .. } | Self::NeedsWebSocket { .. } => METHOD_NOT_FOUND,
            Self::OutOfReach { .. } => UNAUTHORIZED,
            Self::InvalidParams { .. } | Self::TooMuch { .. } => INVALID_PARAMS,
            Self::Busy { .. } | Self::PoolFull { .. } | Self::Stopping => LIMIT_EXCEEDED,
            Self::ResponseTooLarge { .. } => RESPONSE_TOO_LARGE,
            Self::BatchTooLong { .. } => BATCH_TOO_LARGE,
            Self::UnknownBlock { .. } => RESOURCE_NOT_FOUND,
            Self::HistoryPruned { .. } => HISTORY_PRUNED,
            Self::StatePruned { .. } | Self::UnknownFilter | Self::UnknownTransaction | Self::Rejected { .. } => {
                SERVER_ERROR
            }
            Self::NotPermitted { .. } => TRANSACTION_NOT_PERMITTED,
            Self::Reverted { .. } => EXECUTION_REVERTED,
            Self::SyncTimeout { .. } => SYNC_TIMEOUT,
            Self::Simulation { code, .. } => *code,
            Self::Internal => INTERNAL_ERROR,
        }
    }
}

impl From<RpcError> for ErrorObjectOwned {
    fn from(error: RpcError) -> Self {
        let data = match &error {
            RpcError::TooMuch { limit, value, .. } | RpcError::Busy { limit, value, .. } => {
                Some(json!({ "limit": limit, "value": value }))
            }
            RpcError::HistoryPruned { earliest, .. } => Some(json!({ "earliestBlock": format!("{earliest:#x}") })),
            RpcError::ResponseTooLarge { max_bytes } => {
                Some(json!({ "limit": "max_response_bytes", "value": max_bytes }))
            }
            RpcError::BatchTooLong { most, .. } => Some(json!({ "limit": "max_batch_length", "value": most })),
            RpcError::NotPermitted { refusal: NotPermitted { permission, account } } => {
                Some(json!({ "permission": permission.name(), "account": account, "contract": PERMISSIONS }))
            }
            RpcError::OutOfReach { method, group } => Some(json!({ "method": method, "group": group })),
            RpcError::Reverted { output } => Some(json!(output)),
            RpcError::SyncTimeout { hash, .. } => Some(json!(hash)),
            _ => None,
        };
        Self::owned(error.code(), error.to_string(), data)
    }
}

/// `execution reverted`, with the reason where the output is `Error(string)` or `Panic(uint256)`.
fn revert_text(output: &Bytes) -> String {
    const BARE: &str = "execution reverted";
    if let Ok(revert) = Revert::abi_decode(output) {
        return format!("{BARE}: {}", revert.reason);
    }
    if let Ok(panic) = Panic::abi_decode(output) {
        return match panic_text(panic.code.saturating_to()) {
            Some(reason) => format!("{BARE}: {reason}"),
            None => format!("{BARE}: unknown panic code: {:#x}", panic.code),
        };
    }
    BARE.to_owned()
}

/// What geth calls the codes with which Solidity panics.
fn panic_text(code: u64) -> Option<&'static str> {
    Some(match code {
        0x00 => "generic panic",
        0x01 => "assert(false)",
        0x11 => "arithmetic underflow or overflow",
        0x12 => "division or modulo by zero",
        0x21 => "enum overflow",
        0x22 => "invalid encoded storage byte array accessed",
        0x31 => "out-of-bounds array access; popping on an empty array",
        0x32 => "out-of-bounds access of an array or bytesN",
        0x41 => "out of memory",
        0x51 => "uninitialized function",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_revert_reads_as_its_reason_and_carries_the_output() {
        let output: Bytes = Revert::from("not the owner").abi_encode().into();
        let object = ErrorObjectOwned::from(RpcError::Reverted { output: output.clone() });
        assert_eq!(object.code(), EXECUTION_REVERTED);
        assert_eq!(object.message(), "execution reverted: not the owner");
        assert_eq!(object.data().unwrap().get(), format!("\"{output}\""));
    }

    #[test]
    fn a_revert_without_reason_is_bare_and_a_panic_is_named() {
        let custom = RpcError::Reverted { output: Bytes::from_static(&[1, 2, 3, 4]) };
        assert_eq!(custom.to_string(), "execution reverted");
        let panic: Bytes = Panic::from(0x11u64).abi_encode().into();
        let text = RpcError::Reverted { output: panic }.to_string();
        assert_eq!(text, "execution reverted: arithmetic underflow or overflow");
        let unknown: Bytes = Panic::from(0x99u64).abi_encode().into();
        assert_eq!(RpcError::Reverted { output: unknown }.to_string(), "execution reverted: unknown panic code: 0x99");
    }

    #[test]
    fn limits_are_named_in_text_and_data() {
        let error = RpcError::TooMuch { limit: "max_proof_keys", value: 4, message: "5 keys".into() };
        let object = ErrorObjectOwned::from(error);
        assert_eq!(object.code(), INVALID_PARAMS);
        assert!(object.message().contains("max_proof_keys = 4"), "{}", object.message());
        assert_eq!(object.data().unwrap().get(), r#"{"limit":"max_proof_keys","value":4}"#);
    }
}
