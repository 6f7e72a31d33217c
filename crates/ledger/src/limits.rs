use std::time::Duration;

/// Every bound of this crate. The defaults suit a chain in the same network; tests choose smaller ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LedgerLimits {
    /// Longest wait for the answer to one request.
    pub request_timeout: Duration,
    /// Requests that one chain is asked at a time; more wait for their turn, which does not count as waiting for an answer.
    pub max_requests_in_flight: usize,
    /// Longest answer read, in bytes.
    pub max_response_bytes: usize,
    /// Requests in a row without an answer after which a chain is not asked for a while.
    pub breaker_failures: u32,
    /// The first such while; it doubles up to `breaker_open_max`.
    pub breaker_open_min: Duration,
    /// The longest such while.
    pub breaker_open_max: Duration,
    /// Longest wait of a caller for its transaction to be final.
    pub submission_deadline: Duration,
    /// Longest that an unmined transaction is followed and sent again after its caller has gone.
    pub abandon_after: Duration,
    /// Transactions of one key on one chain that are sent and not mined yet.
    pub max_in_flight: usize,
    /// Callers that wait for a place among those; more are [`crate::LedgerError::Busy`].
    pub max_waiting: usize,
    /// An unmined transaction is sent again after so long (its node may have restarted with an empty pool).
    pub rebroadcast_after: Duration,
    /// Times that one submission is signed anew because its nonce was spent elsewhere.
    pub max_signings: u32,
    /// Missing nonces that are filled with empty transactions at a time.
    pub max_gap_fill: usize,
    /// Shortest pause between two looks for a new block while something waits for one.
    pub poll_min: Duration,
    /// Longest such pause.
    pub poll_max: Duration,
    /// Blocks looked through one by one; a wider gap is skipped and each waiting transaction asked for by itself.
    pub max_scanned_blocks: u64,
    /// Requests of one operation that run at once.
    pub max_parallel_requests: usize,
    /// Blocks in one `eth_getLogs`; halved when a node refuses.
    pub max_log_blocks: u64,
    /// Transactions of a block for which proofs are made.
    pub max_block_transactions: usize,
    /// Verified headers kept.
    pub cached_headers: u32,
    /// Blocks kept with all transactions and receipts for proofs.
    pub cached_bodies: u32,
    /// Answers of view functions kept, of at most 4 KiB each.
    pub cached_views: u32,
    /// Gas added to an estimate, in percent: other transactions may come first.
    pub gas_margin_percent: u64,
    /// Most that one transaction may cost, in wei, by what the node says of fees; `None`: any. What may cost more is not signed.
    pub max_cost_wei: Option<u128>,
    /// Longest use of the fees read last on a chain whose base fee is not zero.
    pub fee_refresh: Duration,
}

impl Default for LedgerLimits {
    fn default() -> Self {
        Self {
            request_timeout: Duration::from_secs(3),
            max_requests_in_flight: 64,
            max_response_bytes: 64 * 1024 * 1024,
            breaker_failures: 3,
            breaker_open_min: Duration::from_millis(250),
            breaker_open_max: Duration::from_secs(5),
            submission_deadline: Duration::from_secs(20),
            abandon_after: Duration::from_secs(300),
            max_in_flight: 256,
            max_waiting: 4096,
            rebroadcast_after: Duration::from_secs(1),
            max_signings: 8,
            max_gap_fill: 64,
            poll_min: Duration::from_millis(4),
            poll_max: Duration::from_millis(200),
            max_scanned_blocks: 64,
            max_parallel_requests: 16,
            max_log_blocks: 10_000,
            max_block_transactions: 50_000,
            cached_headers: 4096,
            cached_bodies: 16,
            cached_views: 1024,
            gas_margin_percent: 25,
            max_cost_wei: None,
            fee_refresh: Duration::from_secs(5),
        }
    }
}
