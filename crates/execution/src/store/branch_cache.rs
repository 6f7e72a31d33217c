//! Branches that need not be read again, bounded in bytes.

use std::hash::BuildHasher;

use alloy_primitives::map::DefaultHashBuilder;
use parking_lot::Mutex;
use schnellru::{Limiter, LruMap};

use super::keys;
use crate::{
    state::NodeKey,
    trie::{Branch, Child},
};

/// Locks of the cache: the threads of an update seldom meet.
const SHARDS: usize = 16;

/// Longest key that is kept, in bytes. The paths of a million million slots are shorter; what is deeper, because somebody looked for keys that
/// share many nibbles, is read from the store each time.
const MAX_KEY_BYTES: usize = 32;

/// Bookkeeping of one entry in bytes: its links, its place in the table, what the allocator rounds up.
const ENTRY_OVERHEAD: usize = 40;

/// A branch's key as it stands in the store, filled up with zeros. It holds its own length.
type PackedKey = [u8; MAX_KEY_BYTES];

/// The newest versions of branches. They are kept as they stand on disk, which takes a third of the memory that they take when in use.
///
/// What has been used least recently goes first. Any update uses the upper levels, so they stay.
pub(super) struct BranchCache {
    shards: Vec<Mutex<LruMap<PackedKey, Cached, ByBytes>>>,
    hasher: DefaultHashBuilder,
}

struct Cached {
    /// The height of the block that wrote it.
    version: u64,
    differences: u8,
    bytes: Box<[u8]>,
}

impl BranchCache {
    pub(super) fn new(max_bytes: usize) -> Self {
        let per_shard = max_bytes / SHARDS;
        let shards = (0..SHARDS).map(|_| Mutex::new(LruMap::new(ByBytes { max_bytes: per_shard, bytes: 0 }))).collect();
        Self { shards, hasher: DefaultHashBuilder::default() }
    }

    fn shard(&self, key: &PackedKey) -> &Mutex<LruMap<PackedKey, Cached, ByBytes>> {
        &self.shards[self.hasher.hash_one(key) as usize % SHARDS]
    }

    /// A version of a branch, if it is here.
    pub(super) fn get(&self, key: &NodeKey, version: u64) -> Option<Branch> {
        let key = pack(key)?;
        let mut shard = self.shard(&key).lock();
        let cached = shard.get(&key).filter(|cached| cached.version == version)?;
        Branch::decode_full(&cached.bytes, cached.differences)
    }

    /// The child at a nibble of a version of a branch, if the branch is here.
    pub(super) fn child(&self, key: &NodeKey, version: u64, nibble: u8) -> Option<Option<Child>> {
        let key = pack(key)?;
        let mut shard = self.shard(&key).lock();
        let cached = shard.get(&key).filter(|cached| cached.version == version)?;
        Branch::child_in(&cached.bytes, nibble)
    }

    /// Keeps a version, unless a newer one is here: old ones are asked for by readers of the past.
    pub(super) fn keep(&self, key: &NodeKey, version: u64, branch: &Branch) {
        self.put(key, Cached { version, differences: branch.differences(), bytes: branch.encode_full().into() });
    }

    /// As [`Self::keep`], of a version that stands in full on disk.
    pub(super) fn keep_full(&self, key: &NodeKey, version: u64, record: &[u8]) {
        self.put(key, Cached { version, differences: 0, bytes: record.into() });
    }

    fn put(&self, key: &NodeKey, cached: Cached) {
        let Some(key) = pack(key) else { return };
        let mut shard = self.shard(&key).lock();
        if shard.peek(&key).is_none_or(|known| known.version < cached.version) {
            shard.insert(key, cached);
        }
    }

    /// Forgets a branch that ceased to exist.
    pub(super) fn forget(&self, key: &NodeKey) {
        if let Some(key) = pack(key) {
            self.shard(&key).lock().remove(&key);
        }
    }

    /// Whether it holds about as much as it may: then there are branches that are not here. All parts fill up alike.
    pub(super) fn is_full(&self) -> bool {
        self.shards.first().is_some_and(|shard| {
            let shard = shard.lock();
            let ByBytes { max_bytes, bytes } = shard.limiter();
            *bytes >= max_bytes - max_bytes / 16
        })
    }

    #[cfg(test)]
    pub(super) fn bytes(&self) -> usize {
        self.shards.iter().map(|shard| shard.lock().limiter().bytes).sum()
    }
}

fn pack(key: &NodeKey) -> Option<PackedKey> {
    let bytes = keys::node(key);
    let mut packed = [0; MAX_KEY_BYTES];
    packed.get_mut(..bytes.len())?.copy_from_slice(&bytes);
    Some(packed)
}

/// Bounds a map by the bytes of its entries.
struct ByBytes {
    max_bytes: usize,
    bytes: usize,
}

fn memory(cached: &Cached) -> usize {
    size_of::<PackedKey>() + size_of::<Cached>() + ENTRY_OVERHEAD + cached.bytes.len()
}

impl Limiter<PackedKey, Cached> for ByBytes {
    type KeyToInsert<'a> = PackedKey;
    type LinkType = u32;

    fn is_over_the_limit(&self, _: usize) -> bool {
        self.bytes > self.max_bytes
    }

    fn on_insert(&mut self, _: usize, key: PackedKey, value: Cached) -> Option<(PackedKey, Cached)> {
        let bytes = memory(&value);
        if bytes > self.max_bytes {
            return None;
        }
        self.bytes += bytes;
        Some((key, value))
    }

    fn on_replace(&mut self, _: usize, _: &mut PackedKey, _: PackedKey, old: &mut Cached, new: &mut Cached) -> bool {
        self.bytes = self.bytes - memory(old) + memory(new);
        true
    }

    fn on_removed(&mut self, _: &mut PackedKey, value: &mut Cached) {
        self.bytes -= memory(value);
    }

    fn on_cleared(&mut self) {
        self.bytes = 0;
    }

    fn on_grow(&mut self, _: usize) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use alloy_primitives::{Address, B256, keccak256};
    use alloy_trie::Nibbles;

    use super::*;

    fn branch(children: u8) -> Branch {
        let mut branch = Branch::default();
        (0..children).for_each(|nibble| branch.set(nibble, Some(Child::leaf(9, keccak256([nibble]), &[nibble; 40]))));
        branch
    }

    fn key(number: u32, nibbles: usize) -> NodeKey {
        let path = Nibbles::unpack(keccak256(number.to_be_bytes())).slice(..nibbles);
        NodeKey { owner: Some(Address::repeat_byte(7)), path }
    }

    #[test]
    fn a_branch_is_found_in_the_version_that_is_asked_for_and_in_no_other() {
        let cache = BranchCache::new(1 << 20);
        cache.keep(&key(1, 5), 7, &branch(3));
        assert_eq!(cache.get(&key(1, 5), 7), Some(branch(3)));
        for nibble in 0..16 {
            assert_eq!(cache.child(&key(1, 5), 7, nibble), Some(branch(3).get(nibble).cloned()));
        }
        assert_eq!((cache.child(&key(1, 5), 6, 0), cache.child(&key(2, 5), 7, 0)), (None, None));
        assert_eq!(cache.get(&key(1, 5), 6), None);
        assert_eq!(cache.get(&key(2, 5), 7), None);
        // A reader of the past does not displace the present.
        cache.keep(&key(1, 5), 4, &branch(2));
        assert_eq!(cache.get(&key(1, 5), 7), Some(branch(3)));
        cache.forget(&key(1, 5));
        assert_eq!(cache.get(&key(1, 5), 7), None);
        assert_eq!(cache.bytes(), 0);
    }

    #[test]
    fn the_cache_stays_within_its_bytes_and_keeps_what_is_used() {
        let max_bytes = 1 << 20;
        let cache = BranchCache::new(max_bytes);
        assert!(!cache.is_full());
        for number in 1..20_000 {
            cache.keep(&key(0, 5), u64::from(number), &branch(16));
            cache.keep(&key(number, 5), 1, &branch((number % 15) as u8 + 2));
            assert!(cache.bytes() <= max_bytes);
        }
        assert!(cache.is_full());
        assert_eq!(cache.get(&key(0, 5), 19_999), Some(branch(16)));
        assert_eq!(cache.get(&key(1, 5), 1), None);
    }

    #[test]
    fn branches_that_lie_too_deep_are_not_kept() {
        let cache = BranchCache::new(1 << 20);
        cache.keep(&key(1, 60), 1, &branch(2));
        assert_eq!(cache.get(&key(1, 60), 1), None);
        let deep = NodeKey { owner: None, path: Nibbles::unpack(B256::ZERO).slice(..40) };
        cache.keep(&deep, 1, &branch(2));
        assert_eq!(cache.get(&deep, 1), Some(branch(2)));
    }
}
