//! What has been used once and must not be used again until it ends by itself.

use std::collections::{BTreeMap, HashMap, HashSet, hash_map::Entry};

use alloy_primitives::Address;
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

/// Whose a use is, if it is counted for somebody, and its key.
type Used = (Option<Address>, [u8; 32]);

#[derive(Default)]
struct Entries {
    used: HashSet<[u8; 32]>,
    by_end: BTreeMap<u64, Vec<Used>>,
    /// How many each owner has, of those who have any.
    of_owners: HashMap<Address, usize>,
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
        self.consume_within(None, parts, ends, now)
    }

    /// The same for an owner of whom at most so many are remembered: whoever uses more waits, and nobody else.
    pub(crate) fn consume_of(&self, owner: Address, most: usize, parts: &[&[u8]], ends: u64, now: u64) -> Use {
        self.consume_within(Some((owner, most)), parts, ends, now)
    }

    fn consume_within(&self, bound: Option<(Address, usize)>, parts: &[&[u8]], ends: u64, now: u64) -> Use {
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
        let is_over = |(owner, most): (Address, usize)| entries.of_owners.get(&owner).is_some_and(|has| *has >= most);
        if entries.used.len() >= self.capacity || bound.is_some_and(is_over) {
            return Use::Full;
        }
        let owner = bound.map(|(owner, _)| owner);
        if let Some(owner) = owner {
            *entries.of_owners.entry(owner).or_default() += 1;
        }
        entries.used.insert(key);
        entries.by_end.entry(ends).or_default().push((owner, key));
        Use::First
    }
}

impl Entries {
    fn forget_ended(&mut self, now: u64) {
        while let Some(entry) = self.by_end.first_entry().filter(|entry| *entry.key() < now) {
            for (owner, key) in entry.remove() {
                self.used.remove(&key);
                if let Some(owner) = owner
                    && let Entry::Occupied(mut has) = self.of_owners.entry(owner)
                {
                    *has.get_mut() -= 1;
                    if *has.get() == 0 {
                        has.remove();
                    }
                }
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

    // PERSONS-6
    #[test]
    fn an_owner_takes_its_own_places_alone_and_gets_them_back() {
        let cache = ReplayCache::new(10);
        let use_of = |owner: u8, part: &[u8], ends, now| {
            cache.consume_of(Address::repeat_byte(owner), 2, &[&[owner], part], ends, now)
        };
        assert_eq!([use_of(1, b"a", 100, 0), use_of(1, b"b", 200, 0)], [Use::First; 2]);
        assert_eq!((use_of(1, b"c", 300, 0), use_of(1, b"a", 100, 0)), (Use::Full, Use::Again));
        assert_eq!(use_of(2, b"a", 100, 0), Use::First, "another's places are its own");
        assert_eq!((use_of(1, b"c", 300, 101), use_of(1, b"d", 300, 101)), (Use::First, Use::Full));
        assert_eq!([use_of(1, b"d", 400, 301), use_of(1, b"e", 400, 301)], [Use::First; 2]);
        assert_eq!(cache.entries.lock().of_owners.len(), 1, "who has none is forgotten");
    }
}
