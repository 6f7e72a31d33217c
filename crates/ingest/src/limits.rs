//! Every bound of the ingest (DATA-9).

use std::time::Duration;

/// Most sources.
pub const MAX_SOURCES: usize = 100_000;
/// Most keys of one source, over all time.
pub const MAX_KEYS_OF_SOURCE: usize = 16;
/// How far the clock of a source may be ahead, in milliseconds. The contract allows 300 s against the chain's.
pub const MAX_CLOCK_SKEW_MS: u64 = 240_000;
/// Data blocks that are being recorded at once; while there are as many, the next one grows.
pub const MAX_BLOCKS_IN_FLIGHT: usize = 4;
/// Closed data blocks that wait for a chain; with as many, nothing more is accepted.
pub const MAX_UNRECORDED_BLOCKS: usize = 1024;
/// Days of which the index keeps what a source or an organization has used.
pub const MAX_USAGE_DAYS: u32 = 64;
/// Changes of quotas that a report shows.
pub const MAX_SHOWN_CHANGES: usize = 100;
/// Most that a dry run names of those who are over.
pub const MAX_NAMED_OVER: usize = 100;
/// How long a change of a quota waits until it is final, before it is answered.
pub const QUOTA_FINAL_TIMEOUT: Duration = Duration::from_secs(20);
/// Groups of the journal whose receipts are remembered for submissions that come again; of the largest, some 5 MiB each.
pub const MAX_REMEMBERED_GROUPS: usize = 8;
/// Most that read groups of the past at a time, for submissions that come again, states and proofs; more wait.
pub const MAX_PAST_READERS: usize = 8;
/// Most that wait at a time for whoever keeps the key of receipts, where it is kept elsewhere; more wait for them. A token signs one after the other.
pub const MAX_RECEIPT_SIGNERS: usize = 8;
/// How long a setting waits until it is final, before it is answered.
pub const SETTING_FINAL_TIMEOUT: Duration = Duration::from_secs(20);
/// Longest setting, in bytes of name, subject and value.
pub const MAX_SETTING_BYTES: usize = 4096;
/// Quotas and settings of which supervisors are told, each the newest.
pub const MAX_SHOWN_SETTINGS: usize = 10_000;
/// Entries of an answer to a supervisor that does not say how many.
pub const DEFAULT_HAPPENED: usize = 1000;
/// Most entries of one answer to a supervisor: a page, and those of its millisecond that were told before.
pub const MAX_HAPPENED: usize = 100 + chancery_reference_points::v2m::MAX_TOLD;
/// Bytes of the journal that are read for one answer to a supervisor.
pub const MAX_WALKED_BYTES: u64 = 256 * 1024 * 1024;
/// How often the withdrawal of one source is taken back.
pub const MAX_RESTORATIONS: usize = 16;
/// Longest reason of a withdrawal or a restoration, in bytes.
pub const MAX_REASON_BYTES: usize = 256;

/// Bounds that an assembly may choose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// How long a data block stays open after its first submission.
    pub max_block_time: Duration,
    /// Most submissions of one data block; at most that of the contract.
    pub max_block_submissions: u32,
    /// All submissions under way, in KiB.
    pub max_waiting_kib: u32,
    /// First pause before a block is sent again; it doubles up to a hundred times as long.
    pub retry_pause: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_block_time: Duration::from_millis(250),
            max_block_submissions: 65_536,
            max_waiting_kib: 64 * 1024,
            retry_pause: Duration::from_millis(200),
        }
    }
}
