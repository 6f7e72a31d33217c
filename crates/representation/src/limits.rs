use std::time::Duration;

/// Leaves after which an answer about what is kept ends: it holds no more than these and one data block.
pub(crate) const MAX_COMPUTED_LEAVES: u64 = 10_000;

/// Every bound of this crate that an assembly may choose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Operations in one data block.
    pub max_block_operations: usize,
    /// How long a data block stays open for more operations after its first.
    pub max_gather_time: Duration,
    /// Data blocks of one chain that are being recorded at once; while there are as many, the next one grows.
    pub max_blocks_in_flight: usize,
    /// Operations of one chain that wait to enter a data block.
    pub max_waiting_operations: usize,
    /// All operations that wait or are being recorded, in KiB of messages and payloads.
    pub max_waiting_kib: u32,
    /// Message, payload and signature of one operation, in bytes.
    pub max_operation_bytes: usize,
    /// Longest wait of a source for its receipt.
    pub receipt_deadline: Duration,
    /// Longest that recording of one data block is tried.
    pub record_deadline: Duration,
    /// First pause between two tries; it doubles.
    pub retry_pause: Duration,
    /// How far a source's clock may be ahead of ours, in seconds. The contract allows 300 against the chain's.
    pub max_clock_skew_s: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_block_operations: 256,
            max_gather_time: Duration::from_millis(5),
            max_blocks_in_flight: 8,
            max_waiting_operations: 4096,
            max_waiting_kib: 64 * 1024,
            max_operation_bytes: 256 * 1024,
            receipt_deadline: Duration::from_secs(25),
            record_deadline: Duration::from_secs(60),
            retry_pause: Duration::from_millis(100),
            max_clock_skew_s: 240,
        }
    }
}
