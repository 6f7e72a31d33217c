//! What has been used once and must not be used again until it ends by itself.

use std::collections::{BTreeMap, HashSet};

use parking_lot::Mutex;
use sha2::{Digest as _, Sha256};

/// What became of a use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Use {
    /// The first one.
    First,
    /// Not the first one.
    Again,
    /// So many are remembered that no further one can be; forgetting one that has not ended would let it be used again.
    Full,
}

#[derive(Default)]
struct Entries {
    used: HashSet<[u8; 32]>,
    by_end: BTreeMap<u64, Vec<[u8; 32]>>,
}

/// Remembers uses until they end. Bounded: it refuses rather than forgets.
pub(crate) struct ReplayCache {
    entries: Mutex<Entries>,
    capacity: usize,
}

impl ReplayCache {
    pub(crate) fn new(capacity: usize) -> Self {
        Self { entries: Mutex::default(), capacity }
    }

    /// Uses the thing that `parts` name, which cannot be used any more after `ends` (Unix seconds).
    pub(crate) fn consume(&self, parts: &[&[u8]], ends: u64, now: u64) -> Use {
        let mut hasher = Sha256::new();
        for part in parts {
            // Lengths keep ("ab", "c") and ("a", "bc") apart.
            hasher.update((part.len() as u64).to_be_bytes());
            hasher.update(part);
        }
        let key: [u8; 32] = hasher.finalize().into();
        let mut entries = self.entries.lock();
        entries.forget_ended(now);
        if entries.used.contains(&key) {
            return Use::Again;
        }
        if entries.used.len() >= self.capacity {
            return Use::Full;
        }
        entries.used.insert(key);
        entries.by_end.entry(ends).or_default().push(key);
        Use::First
    }
}

impl Entries {
    fn forget_ended(&mut self, now: u64) {
        while let Some(entry) = self.by_end.first_entry().filter(|entry| *entry.key() < now) {
            for key in entry.remove() {
                self.used.remove(&key);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_use_counts_once_until_it_ends() {
        let cache = ReplayCache::new(10);
        assert_eq!(cache.consume(&[b"a"], 100, 50), Use::First);
        assert_eq!(cache.consume(&[b"a"], 100, 100), Use::Again);
        assert_eq!(cache.consume(&[b"a"], 200, 101), Use::First);
    }

    #[test]
    fn parts_are_kept_apart() {
        let cache = ReplayCache::new(10);
        assert_eq!(cache.consume(&[b"ab", b"c"], 100, 0), Use::First);
        assert_eq!(cache.consume(&[b"a", b"bc"], 100, 0), Use::First);
    }

    #[test]
    fn a_full_memory_refuses_and_forgets_nothing() {
        let cache = ReplayCache::new(2);
        assert_eq!(cache.consume(&[b"a"], 100, 0), Use::First);
        assert_eq!(cache.consume(&[b"b"], 200, 0), Use::First);
        assert_eq!(cache.consume(&[b"c"], 100, 0), Use::Full);
        assert_eq!(cache.consume(&[b"a"], 100, 0), Use::Again);
        assert_eq!(cache.consume(&[b"c"], 300, 101), Use::First);
    }
}
