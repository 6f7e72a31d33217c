//! What is kept on disk: final blocks, the state after the latest of them, and what the state was before.
//!
//! One fjall database (docs/decisions/0007-log-structured-store.md): a log-structured store, because a block changes thousands of
//! keys that are hashes, spread over the whole key space. A commit is one atomic batch, synced before it returns.
//!
//! | keyspace | key | value |
//! |---|---|---|
//! | `chain` | kind, height | header, certificate, top of the account trie; code by hash; meta; the long parts of blocks in old directories |
//! | `blocks` | height, kind | body with senders, receipts |
//! | `changes` | height, kind | the keys that the block changed |
//! | `lookup` | block or transaction hash | where it stands |
//! | `accounts` | keccak(address) | account, at the head |
//! | `slots` | address, keccak(slot) | value, at the head |
//! | `history` | volume, account or slot key, height | what it was before the block at this height |
//! | `nodes` | height, owner, path | the version of a trie branch that a block wrote, with the leaves of slots: in full, or what differs from the version before |
//!
//! # Invariants
//! * STORE-1: the state of height h is the head's, overridden by the first history entry after h.
//! * STORE-2: whatever refers to a branch names the height that wrote it; a version that is a difference names the one before it.
//! * STORE-3: what a snapshot shows is one height, never parts of two.
//! * STORE-5: a leaf that stands whole in a branch of the head holds what stands under its flat key.
//! * STORE-4: the history of a block lies in the newest volume that had begun at its height; which that is never changes.

mod body;
mod branch_cache;
mod cache;
mod commit;
mod error;
mod keys;
mod open;
mod prune;
mod read;
mod scan;
mod staged;
mod view;
mod volumes;

#[cfg(test)]
mod tests;

pub(crate) use body::{Changed, ChangedKeys, decode_body, decode_receipts, encode_body, encode_receipts};
pub use error::{OpenError, StoreError};
pub use prune::PruneReport;

pub(crate) use commit::Commit;
pub(crate) use staged::StagedStore;
pub(crate) use view::StoreView;

use fjall::{Database, Keyspace};

use cache::Caches;
use volumes::Volumes;

/// Version of the format on disk. Changes whenever an older build could not read what a newer one wrote, or the other way round.
pub(crate) const FORMAT_VERSION: u32 = 5;

/// The oldest version that goes on: it becomes a store of the present one when it is opened, and only what comes is written otherwise.
///
/// * 3: its history has no volumes, which is a history whose first volume has not ended, and all parts of its blocks stand in `chain`.
/// * 4: its branches refer to the leaves of slots, whose values are then read from `slots`.
const OLDEST_VERSION: u32 = 3;

/// The first version in which the long parts of blocks stand apart.
const PARTS_APART_VERSION: u32 = 4;

/// How the store uses memory and disk. The default suits a chain of a small process, see [`Self::with_cache`] for one that has a machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoreConfig {
    /// Cache of database blocks, in bytes.
    pub block_cache_bytes: u64,
    /// Writes of one keyspace that wait in memory, in bytes; there are eight keyspaces, of which two (blocks and lists of changes) take a quarter.
    pub write_buffer_bytes: u64,
    /// Journal that is kept, in bytes: at most this much is replayed at a start. More lets writes of a keyspace gather for longer before they
    /// become a table, and the fewer tables are made, the less often what is there already is merged with them.
    pub journal_bytes: u64,
    /// Cache of accounts and slots of the head, in bytes.
    pub state_cache_bytes: usize,
    /// Cache of trie branches of the head, in bytes.
    pub trie_cache_bytes: usize,
    /// Threads that write tables in the background.
    pub worker_threads: usize,
    /// Entries of one volume of the history, about. What is written is merged with the newest volume alone, and to read the state of a height is to
    /// look into each volume since: fewer entries make writing cheaper, and reading what is long past dearer.
    pub volume_entries: u64,
    /// Whether the long parts of blocks (bodies, receipts, lists of changes) stand apart from the rest of `chain`, by height, where nothing is merged.
    /// Of new directories: those that exist go on as they are.
    pub parts_apart: bool,
    /// Whether a thread runs the transactions of a block ahead for what they read, once branches of the trie do not fit their cache.
    pub run_ahead: bool,
    /// Size of a table whose keys are hashes, in bytes. Of new directories: those that exist keep theirs. Merging goes on in parts of a few tables.
    pub table_bytes: u64,
}

impl StoreConfig {
    /// All caches together take about this much memory, in bytes, once they are full. Branches of the trie get all that the others do not need, at least half:
    /// a branch that is not there costs a read, each write needs several, and values of slots are read from them.
    #[must_use]
    pub const fn with_cache(bytes: usize) -> Self {
        let (blocks, state) =
            (at_most(bytes * 3 / 8, MOST_BLOCK_CACHE_BYTES), at_most(bytes / 8, MOST_STATE_CACHE_BYTES));
        Self {
            block_cache_bytes: blocks as u64,
            write_buffer_bytes: 16 * MIB as u64,
            journal_bytes: at_most(at_least(bytes, LEAST_JOURNAL_BYTES), MOST_JOURNAL_BYTES) as u64,
            state_cache_bytes: state,
            trie_cache_bytes: bytes - blocks - state,
            worker_threads: 1,
            volume_entries: 1 << 20,
            parts_apart: true,
            run_ahead: true,
            table_bytes: 16 * MIB as u64,
        }
    }

    /// As [`Self::with_cache`], for a chain that shares its process with several.
    #[must_use]
    pub const fn of_one_of_several(bytes: usize) -> Self {
        let mut config = Self::with_cache(bytes);
        config.write_buffer_bytes = 8 * MIB as u64;
        config
    }
}

impl Default for StoreConfig {
    fn default() -> Self {
        Self::of_one_of_several(64 * MIB)
    }
}

const MIB: usize = 1024 * 1024;
const LEAST_JOURNAL_BYTES: usize = 64 * MIB;
/// What is in the journal is replayed at a start.
const MOST_JOURNAL_BYTES: usize = 256 * MIB;
/// Blocks of the database serve what the other caches do not have, and what is read once.
const MOST_BLOCK_CACHE_BYTES: usize = 96 * MIB;
/// Accounts and slots that are read again and again. What is read once comes from the branches.
const MOST_STATE_CACHE_BYTES: usize = 48 * MIB;

const fn at_most(bytes: usize, most: usize) -> usize {
    if bytes < most { bytes } else { most }
}

const fn at_least(bytes: usize, least: usize) -> usize {
    if bytes > least { bytes } else { least }
}

/// The open store of one chain.
pub(crate) struct Store {
    database: Database,
    chain: Keyspace,
    blocks: Keyspace,
    changes: Keyspace,
    lookup: Keyspace,
    accounts: Keyspace,
    slots: Keyspace,
    history: Keyspace,
    nodes: Keyspace,
    caches: Caches,
    volumes: Volumes,
    /// From this height on the long parts of a block stand in `blocks` and `changes`.
    apart_from: u64,
    run_ahead: bool,
}
