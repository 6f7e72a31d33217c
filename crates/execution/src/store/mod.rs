//! What is kept on disk: final blocks, the state after the latest of them, and what the state was before.
//!
//! One fjall database (docs/decisions/0007-log-structured-store.md): a log-structured store, because a block changes thousands of
//! keys that are hashes, spread over the whole key space. A commit is one atomic batch, synced before it returns.
//!
//! | keyspace | key | value |
//! |---|---|---|
//! | `chain` | kind, height | header, body with senders, receipts, certificate, top of the account trie, changed keys; code by hash; meta |
//! | `lookup` | block or transaction hash | where it stands |
//! | `accounts` | keccak(address) | account, at the head |
//! | `slots` | address, keccak(slot) | value, at the head |
//! | `history` | account or slot key, height | what it was before the block at this height |
//! | `nodes` | owner, path, height | a version of a trie branch: in full, or what differs from the version before |
//!
//! # Invariants
//! * STORE-1: the state of height h is the head's, overridden by the first history entry after h.
//! * STORE-2: a branch at height h is its greatest full version at or below h with the differences up to h.
//! * STORE-3: what a snapshot shows is one height, never parts of two.

mod body;
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

#[cfg(test)]
mod tests;

pub(crate) use body::{ChangedKeys, decode_body, decode_receipts, encode_body, encode_receipts};
pub use error::{OpenError, StoreError};
pub use prune::PruneReport;

pub(crate) use commit::Commit;
pub(crate) use staged::StagedStore;
pub(crate) use view::StoreView;

use fjall::{Database, Keyspace};

use cache::Caches;

/// Version of the format on disk. Changes whenever an older build could not read what a newer one wrote, or the other way round.
pub(crate) const FORMAT_VERSION: u32 = 2;

/// An earlier version, which lacks the registry's records and holds every block; opening it makes it the present one.
pub(crate) const UPGRADED_VERSION: u32 = 1;

/// How the store uses memory and disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoreConfig {
    /// Cache of database blocks, in bytes.
    pub block_cache_bytes: u64,
    /// Writes of one keyspace that wait in memory, in bytes; there are six keyspaces.
    pub write_buffer_bytes: u64,
    /// Cache of accounts and slots of the head, in bytes.
    pub state_cache_bytes: usize,
    /// Cache of trie branches of the head, in bytes.
    pub trie_cache_bytes: usize,
}

impl Default for StoreConfig {
    fn default() -> Self {
        Self {
            block_cache_bytes: 16 * 1024 * 1024,
            write_buffer_bytes: 8 * 1024 * 1024,
            state_cache_bytes: 8 * 1024 * 1024,
            trie_cache_bytes: 32 * 1024 * 1024,
        }
    }
}

/// The open store of one chain.
pub(crate) struct Store {
    database: Database,
    chain: Keyspace,
    lookup: Keyspace,
    accounts: Keyspace,
    slots: Keyspace,
    history: Keyspace,
    nodes: Keyspace,
    caches: Caches,
}
