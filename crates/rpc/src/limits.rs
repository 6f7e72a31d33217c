//! Every bound of the server, by name. The name in an error message is the name of the field here.

use serde::{Deserialize, Serialize};

/// What one server lets its clients use. An error that one of these causes names the field.
///
/// The defaults suit a node whose clients are the organization's own machines. A public endpoint wants them lower.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RpcLimits {
    /// Bytes of one HTTP request body or WebSocket message.
    pub max_body_bytes: u32,
    /// Calls in one batch.
    pub max_batch_length: u32,
    /// Bytes of one response, a batch's response included.
    pub max_response_bytes: u32,
    /// Open TCP connections, HTTP and WebSocket together.
    pub max_connections: u32,
    /// Unfinished calls of one WebSocket connection; the server stops reading from it beyond that.
    pub max_calls_in_flight_per_connection: u32,
    /// Subscriptions of one WebSocket connection.
    pub max_subscriptions_per_connection: u32,
    /// Seconds a connection may take to send a request's head; also how long an idle connection is kept.
    pub idle_connection_seconds: u64,
    /// Seconds a request's body may take to arrive.
    pub body_timeout_seconds: u64,
    /// Blocks that one `eth_getLogs` or log filter query may span.
    pub max_log_block_range: u64,
    /// Logs that one query may return.
    pub max_log_results: u32,
    /// Addresses, and alternatives of one topic, in a log filter.
    pub max_log_filter_values: u32,
    /// Gas of one `eth_call`, `eth_estimateGas`, `eth_createAccessList` or `debug_traceCall`, and of a whole `eth_simulateV1`.
    pub max_call_gas: u64,
    /// Blocks of one `eth_feeHistory`.
    pub max_fee_history_blocks: u64,
    /// Percentiles of one `eth_feeHistory`.
    pub max_fee_history_percentiles: u32,
    /// Storage keys of one `eth_getProof`.
    pub max_proof_keys: u32,
    /// Blocks of one `eth_simulateV1`.
    pub max_simulated_blocks: u64,
    /// Calls of one `eth_simulateV1`, over all of its blocks.
    pub max_simulated_calls: u32,
    /// Block headers between a block and the descendant that carries its finality certificate.
    pub max_finality_headers: u64,
    /// Installed filters, over all clients.
    pub max_filters: u32,
    /// Seconds without a poll after which a filter is removed.
    pub filter_idle_seconds: u64,
    /// Transactions that one poll of a pending-transaction filter returns; the rest comes with the next poll.
    pub max_pending_transactions_per_poll: u32,
    /// Calls that read state or execute, running at the same time.
    pub max_concurrent_calls: u32,
    /// Traces and simulations running at the same time.
    pub max_concurrent_traces: u32,
    /// Steps that the default tracer of `debug_trace*` keeps.
    pub max_trace_steps: u64,
    /// Submissions of transactions (each a whole batch) being checked at the same time.
    pub max_concurrent_submissions: u32,
    /// Calls of any kind that wait for their turn, over all connections.
    pub max_waiting_calls: u32,
    /// Longest wait of `eth_sendRawTransactionSync` for a receipt, in milliseconds.
    pub max_sync_wait_ms: u64,
    /// Wait of `eth_sendRawTransactionSync` where the caller names none, in milliseconds.
    pub default_sync_wait_ms: u64,
    /// Calls of `eth_sendRawTransactionSync` that wait for a receipt at the same time.
    pub max_concurrent_sync_waits: u32,
}

impl Default for RpcLimits {
    fn default() -> Self {
        Self {
            max_body_bytes: 16 * 1024 * 1024,
            max_batch_length: 1_000,
            max_response_bytes: 32 * 1024 * 1024,
            max_connections: 512,
            max_calls_in_flight_per_connection: 256,
            max_subscriptions_per_connection: 64,
            idle_connection_seconds: 120,
            body_timeout_seconds: 30,
            max_log_block_range: 100_000,
            max_log_results: 20_000,
            max_log_filter_values: 1_000,
            max_call_gas: 50_000_000,
            max_fee_history_blocks: 1_024,
            max_fee_history_percentiles: 100,
            max_proof_keys: 1_024,
            max_simulated_blocks: 256,
            max_simulated_calls: 1_000,
            max_finality_headers: 1_024,
            max_filters: 1_024,
            filter_idle_seconds: 300,
            max_pending_transactions_per_poll: 10_000,
            max_concurrent_calls: 8,
            max_concurrent_traces: 2,
            max_trace_steps: 100_000,
            max_concurrent_submissions: 4,
            max_waiting_calls: 2_048,
            max_sync_wait_ms: 30_000,
            default_sync_wait_ms: 2_000,
            max_concurrent_sync_waits: 256,
        }
    }
}
