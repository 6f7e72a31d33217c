//! Bounded caches of the head's state.

use std::{
    hash::{BuildHasher, Hash},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use alloy_primitives::{B256, U256, map::DefaultHashBuilder};
use parking_lot::Mutex;
use revm::bytecode::Bytecode;
use schnellru::{ByLength, LruMap};

use super::{StoreConfig, branch_cache::BranchCache, keys::SLOT_BYTES};
use crate::state::AccountRecord;

/// Locks of one cache: readers and the committer seldom meet.
const SHARDS: usize = 16;

/// Contracts whose analysed code stays in memory; each has at most about 50 kB.
const CACHED_CODES: u32 = 256;

/// Estimated memory of cached things with their bookkeeping, in bytes.
const ACCOUNT_MEMORY: usize = 320;
const SLOT_MEMORY: usize = 192;

/// Values of the head by key, each with the height since which it is known to hold.
///
/// CACHE-1: an entry holds at every height from its `since` to the head. Commits keep it so by replacing what they change; a
/// reader may add what it read only while the head is still the one it read from.
pub(super) struct HeadCache<K, V> {
    shards: Vec<Mutex<LruMap<K, Entry<V>, ByLength>>>,
    hasher: DefaultHashBuilder,
    head: AtomicU64,
}

struct Entry<V> {
    value: V,
    since: u64,
}

impl<K: Hash + Eq, V: Clone> HeadCache<K, V> {
    fn new(entries: usize) -> Self {
        let per_shard = u32::try_from(entries / SHARDS).unwrap_or(u32::MAX).max(1);
        let shards = (0..SHARDS).map(|_| Mutex::new(LruMap::new(ByLength::new(per_shard)))).collect();
        Self { shards, hasher: DefaultHashBuilder::default(), head: AtomicU64::new(0) }
    }

    fn shard(&self, key: &K) -> &Mutex<LruMap<K, Entry<V>, ByLength>> {
        &self.shards[self.hasher.hash_one(key) as usize % SHARDS]
    }

    /// The value at `height`, if it is known.
    pub(super) fn get(&self, key: &K, height: u64) -> Option<V> {
        let mut shard = self.shard(key).lock();
        let entry = shard.get(key)?;
        (entry.since <= height).then(|| entry.value.clone())
    }

    /// Adds what a reader found in the store at `height`.
    pub(super) fn fill(&self, key: K, value: V, height: u64) {
        let mut shard = self.shard(&key).lock();
        if self.head.load(Ordering::Acquire) == height {
            shard.insert(key, Entry { value, since: height });
        }
    }

    /// Replaces a value that the block at `height` changed. [`Self::advance`] comes first.
    pub(super) fn replace(&self, key: K, value: V, height: u64) {
        self.shard(&key).lock().insert(key, Entry { value, since: height });
    }

    /// From now on only readers of `height` may fill.
    pub(super) fn advance(&self, height: u64) {
        self.head.store(height, Ordering::Release);
    }
}

/// All caches of a store.
pub(super) struct Caches {
    pub(super) accounts: HeadCache<B256, Option<Arc<AccountRecord>>>,
    pub(super) slots: HeadCache<[u8; SLOT_BYTES], U256>,
    pub(super) branches: BranchCache,
    pub(super) codes: Mutex<LruMap<B256, Bytecode, ByLength>>,
}

impl Caches {
    pub(super) fn new(config: &StoreConfig) -> Self {
        Self {
            accounts: HeadCache::new(config.state_cache_bytes / 2 / ACCOUNT_MEMORY),
            slots: HeadCache::new(config.state_cache_bytes / 2 / SLOT_MEMORY),
            branches: BranchCache::new(config.trie_cache_bytes),
            codes: Mutex::new(LruMap::new(ByLength::new(CACHED_CODES))),
        }
    }

    pub(super) fn advance(&self, height: u64) {
        self.accounts.advance(height);
        self.slots.advance(height);
    }
}
