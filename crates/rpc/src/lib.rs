//! Ethereum JSON-RPC over the execution crate: HTTP and WebSocket on one port, subscriptions, named limits.
//!
//! # Place
//! Reads a [`chancery_execution::Blockchain`] and hands transactions to its pool. Everything above the chain knows it by
//! this interface alone.
//!
//! ```text
//! TCP --> server (connections) --> access (Host, Origin) --> tokens --> jsonrpsee (HTTP, WebSocket, JSON)
//!                                                                           |
//!                                      subscriptions <-- dispatch (reach, turns, batches, counters) --> methods --> api --> execution
//! ```
//!
//! # Invariants
//! * RPC-1: no execution and no disk on a network thread; each kind of work has a bounded number of turns.
//! * RPC-2: whatever a client can make large is bounded by a field of [`RpcLimits`], and the error names the field.
//! * RPC-3: `latest`, `safe`, `finalized` and, for state, `pending` are one block: the last final one.
//! * RPC-4: an error shows its cause to the caller only where the caller can act on it; faults of the node go to the log.
//! * RPC-5: subscriptions of heads and logs, and filters, report every final block exactly once and in order.
//! * RPC-6: with tokens, no method is answered to whoever shows none that reaches it, over HTTP and WebSocket, alone and in batches.
//!
//! # What it must not do
//! Hold keys or sign; know consensus; keep anything that a client could not ask for again.

mod access;
mod api;
mod body;
mod connection;
mod dispatch;
mod error;
mod evm;
mod filters;
mod limits;
mod methods;
mod metrics;
mod params;
mod reports;
mod server;
mod shapes;
mod subscriptions;
mod tokens;

pub use access::RpcAccess;
pub use error::{
    BATCH_TOO_LARGE, EXECUTION_REVERTED, HISTORY_PRUNED, INTERNAL_ERROR, INVALID_PARAMS, LIMIT_EXCEEDED,
    METHOD_NOT_FOUND, RESOURCE_NOT_FOUND, RESPONSE_TOO_LARGE, RpcError, SERVER_ERROR, SYNC_TIMEOUT,
    TRANSACTION_NOT_PERMITTED, UNAUTHORIZED,
};
pub use limits::RpcLimits;
pub use metrics::{LATENCY_BUCKETS_US, MethodMetrics, RpcMetrics};
pub use reports::{
    ClockSet, DiskStatus, EvidenceRecord, HeadStatus, LastVote, NodeReports, NodeStatus, ReportedStatus, TimingStatus,
    ValidatorStatus, ViewStatus,
};
pub use server::{LocalRpc, RpcConfig, RpcHandle, RpcServer, RpcStartError};
pub use tokens::{RpcGroup, RpcToken, RpcTokens};

/// The names of all methods, subscriptions included, in no particular order.
pub fn method_names() -> impl Iterator<Item = &'static str> {
    methods::METHODS.iter().map(|method| method.name).chain(subscriptions::NAMES)
}
