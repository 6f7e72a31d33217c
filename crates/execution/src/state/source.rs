//! The tries of a [`StateView`], as the trie code reads them.

use std::{cmp::Ordering, sync::Arc};

use alloy_primitives::{Address, B256, U256, map::B256Set};
use alloy_trie::Nibbles;

use super::{NodeKey, Overlay, StateError, StateView};
use crate::trie::{Branch, TrieSource};

/// The account trie.
pub(crate) struct AccountTrie<'a>(pub(crate) &'a StateView);

/// The storage trie of one account.
pub(crate) struct StorageTrie<'a> {
    pub(crate) view: &'a StateView,
    pub(crate) owner: Address,
}

/// What a storage leaf holds.
pub(crate) fn slot_rlp(value: U256) -> Vec<u8> {
    alloy_rlp::encode(value)
}

impl TrieSource for AccountTrie<'_> {
    fn branch(&self, path: &Nibbles, version: u64) -> Result<Option<Arc<Branch>>, StateError> {
        self.0.branch(&NodeKey { owner: None, path: *path }, version)
    }

    fn value(&self, key: &B256) -> Result<Option<Vec<u8>>, StateError> {
        Ok(self.0.record(key)?.map(|record| record.leaf_rlp()))
    }

    fn first_leaf(
        &self,
        prefix: &Nibbles,
        skipped: &dyn Fn(&B256) -> bool,
    ) -> Result<Option<(B256, Vec<u8>)>, StateError> {
        let keys = |overlay: &Overlay| {
            let range = within(&overlay.accounts, |entry| &entry.key, prefix)?;
            Some(overlay.accounts[range].iter().map(|entry| entry.key).collect())
        };
        let changed = changed_keys(self.0, keys);
        for key in &changed {
            if let (false, Some(record)) = (skipped(key), self.0.record(key)?) {
                return Ok(Some((*key, record.leaf_rlp())));
            }
        }
        let Some(base) = self.0.base() else { return Ok(None) };
        let found = base.first_account(prefix, &|key| skipped(key) || changed.contains(key))?;
        Ok(found.map(|(key, record)| (key, record.leaf_rlp())))
    }
}

impl TrieSource for StorageTrie<'_> {
    fn branch(&self, path: &Nibbles, version: u64) -> Result<Option<Arc<Branch>>, StateError> {
        self.view.branch(&NodeKey { owner: Some(self.owner), path: *path }, version)
    }

    fn value(&self, key: &B256) -> Result<Option<Vec<u8>>, StateError> {
        let value = self.view.slot(self.owner, key)?;
        Ok((!value.is_zero()).then(|| slot_rlp(value)))
    }

    fn first_leaf(
        &self,
        prefix: &Nibbles,
        skipped: &dyn Fn(&B256) -> bool,
    ) -> Result<Option<(B256, Vec<u8>)>, StateError> {
        let keys = |overlay: &Overlay| {
            let slots = overlay.slots.get(&self.owner)?;
            let range = within(slots, |entry| &entry.key, prefix)?;
            Some(slots[range].iter().map(|entry| entry.key).collect())
        };
        let changed = changed_keys(self.view, keys);
        for key in changed.iter().filter(|key| !skipped(key)) {
            if let Some(value) = self.value(key)? {
                return Ok(Some((*key, value)));
            }
        }
        let Some(base) = self.view.base() else { return Ok(None) };
        let found = base.first_slot(self.owner, prefix, &|key| skipped(key) || changed.contains(key))?;
        Ok(found.map(|(key, value)| (key, slot_rlp(value))))
    }
}

/// The keys that `keys` finds in the overlays of a view.
fn changed_keys(view: &StateView, keys: impl Fn(&Overlay) -> Option<Vec<B256>>) -> B256Set {
    view.overlays().filter_map(keys).flatten().collect()
}

/// The part of a sorted list whose keys start with `prefix`; `None` when there is none.
fn within<T>(sorted: &[T], key: impl Fn(&T) -> &B256, prefix: &Nibbles) -> Option<std::ops::Range<usize>> {
    let order = |entry: &T| compare_to_prefix(key(entry), prefix);
    let start = sorted.partition_point(|entry| order(entry) == Ordering::Less);
    let end = sorted.partition_point(|entry| order(entry) != Ordering::Greater);
    (start < end).then_some(start..end)
}

/// Where a key lies relative to those that start with `prefix`.
fn compare_to_prefix(key: &B256, prefix: &Nibbles) -> Ordering {
    Nibbles::unpack(key).slice(..prefix.len()).cmp(prefix)
}
