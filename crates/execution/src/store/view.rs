//! The state of one final height.

use std::{collections::BTreeMap, ops::RangeInclusive, sync::Arc};

use alloy_primitives::{Address, B256, U256, keccak256};
use alloy_rlp::Decodable;
use alloy_trie::Nibbles;
use fjall::{Keyspace, Readable, Snapshot};
use revm::bytecode::Bytecode;

use super::{
    Store, StoreError,
    keys::{self, Kind},
};
use crate::{
    state::{AccountRecord, NodeKey},
    trie::{self, Branch, BranchRecord, Child, find},
};

/// The state after the final block at one height: a snapshot of the store, read at that height.
#[derive(Clone)]
pub(crate) struct StoreView {
    pub(super) store: Arc<Store>,
    pub(super) snapshot: Snapshot,
    /// The head when the snapshot was taken.
    pub(super) head: u64,
    pub(super) height: u64,
}

type Found<T> = Result<Option<T>, StoreError>;

impl StoreView {
    /// The head's state. The caller knows that no commit is under way and that `head` is the store's head.
    pub(crate) fn head(store: Arc<Store>, head: u64) -> Self {
        let snapshot = store.database.snapshot();
        Self { store, snapshot, head, height: head }
    }

    /// The same snapshot, read at another height at or below its head.
    pub(crate) fn at(&self, height: u64) -> Self {
        Self { height: height.min(self.head), ..self.clone() }
    }

    pub(crate) fn height(&self) -> u64 {
        self.height
    }

    /// The head of the snapshot.
    pub(crate) fn snapshot_head(&self) -> u64 {
        self.head
    }

    /// Whether what an execution reads is worth reading while something else is computed: branches do not all fit their cache.
    pub(crate) fn is_larger_than_memory(&self) -> bool {
        self.store.run_ahead && self.store.caches.branches.is_full()
    }

    #[cfg(test)]
    pub(crate) fn cached_branch_bytes(&self) -> usize {
        self.store.caches.branches.bytes()
    }

    pub(super) fn get(&self, keyspace: &Keyspace, key: &[u8]) -> Found<fjall::UserValue> {
        self.snapshot.get(keyspace, key).map_err(reading())
    }

    /// What stood under a flat key at this height: the first history entry after it, or else the head's. Empty: nothing.
    pub(super) fn flat(
        &self,
        keyspace: &Keyspace,
        key: &[u8],
        history: impl Fn(&[u8]) -> Vec<u8>,
    ) -> Found<fjall::UserValue> {
        if self.height < self.head {
            let name = history(key);
            for volume in self.store.volumes.between(self.height + 1, self.head) {
                let first = keys::history_version(volume, &name, self.height + 1);
                let range = first..=keys::history_version(volume, &name, u64::MAX);
                if let Some(entry) = self.snapshot.range(&self.store.history, range).next() {
                    let value = entry.value().map_err(reading())?;
                    return Ok((!value.is_empty()).then_some(value));
                }
            }
        }
        self.get(keyspace, key)
    }

    pub(crate) fn account(&self, key: &B256) -> Found<Arc<AccountRecord>> {
        if let Some(known) = self.store.caches.accounts.get(key, self.height) {
            return Ok(known);
        }
        let found = self.flat(&self.store.accounts, key.as_slice(), keys::account_history)?;
        let record = found.map(|bytes| decode_account(&bytes)).transpose()?;
        self.store.caches.accounts.fill(*key, record.clone(), self.height);
        Ok(record)
    }

    pub(crate) fn slot(&self, address: Address, hash: &B256) -> Result<U256, StoreError> {
        let key = keys::slot(&address, hash);
        if let Some(known) = self.store.caches.slots.get(&key, self.height) {
            return Ok(known);
        }
        let value = match self.slot_in_trie(address, hash)? {
            Some(value) => value,
            None => {
                let found = self.flat(&self.store.slots, &key, keys::slot_history)?;
                found.map_or(Ok(U256::ZERO), |bytes| decode_slot(&bytes))?
            }
        };
        self.store.caches.slots.fill(key, value, self.height);
        Ok(value)
    }

    /// A slot of the head, from the branches that an update of it needs too: of many slots they are what a cache holds, and each stands where its
    /// reference says, while a flat value is looked for in every level of its keyspace. `None`: the trie does not say.
    fn slot_in_trie(&self, address: Address, hash: &B256) -> Found<U256> {
        if self.height < self.head {
            return Ok(None);
        }
        let Some(account) = self.account(&keccak256(address))? else { return Ok(Some(U256::ZERO)) };
        let child = |path: &Nibbles, version: u64, nibble: u8| {
            self.child(&NodeKey { owner: Some(address), path: *path }, version, nibble)
        };
        match find(account.storage_top.as_deref(), hash, child)? {
            trie::Found::Nothing => Ok(Some(U256::ZERO)),
            trie::Found::Elsewhere => Ok(None),
            trie::Found::Value(rlp) => match U256::decode(&mut rlp.as_slice()) {
                Ok(value) => Ok(Some(value)),
                Err(_) => Err(StoreError::damaged("a leaf of a storage trie holds no number")),
            },
        }
    }

    pub(crate) fn code(&self, hash: &B256) -> Found<Bytecode> {
        if let Some(code) = self.store.caches.codes.lock().get(hash) {
            return Ok(Some(code.clone()));
        }
        let Some(bytes) = self.get(&self.store.chain, &keys::code(hash))? else { return Ok(None) };
        let code =
            Bytecode::new_raw_checked(bytes.to_vec().into()).map_err(|_| StoreError::damaged("code is malformed"))?;
        self.store.caches.codes.lock().insert(*hash, code.clone());
        Ok(Some(code))
    }

    /// The version of a branch that the block at height `version` wrote.
    pub(crate) fn branch(&self, key: &NodeKey, version: u64) -> Found<Arc<Branch>> {
        if let Some(known) = self.store.caches.branches.get(key, version) {
            return Ok(Some(Arc::new(known)));
        }
        let branch = self.read_branch(&keys::node(key), version)?;
        if let Some(branch) = &branch {
            self.store.caches.branches.keep(key, version, branch);
        }
        Ok(branch.map(Arc::new))
    }

    /// One child of a branch as [`Self::branch`] gives it. Branches that are written in full are not read otherwise.
    fn child(&self, key: &NodeKey, version: u64, nibble: u8) -> Found<Child> {
        let cache = &self.store.caches.branches;
        if let Some(known) = cache.child(key, version, nibble) {
            return Ok(known);
        }
        let missing = || StoreError::damaged("a trie branch is missing");
        let record = self.get(&self.store.nodes, &keys::node_version(version, &keys::node(key)))?;
        let record = record.ok_or_else(missing)?;
        if let Some(child) = Branch::child_in(&record, nibble) {
            cache.keep_full(key, version, &record);
            return Ok(child);
        }
        let branch = self.branch(key, version)?.ok_or_else(missing)?;
        Ok(branch.get(nibble).cloned())
    }

    /// As [`Self::branch`], by the branch's name and past the cache.
    pub(super) fn read_branch(&self, name: &[u8], version: u64) -> Found<Branch> {
        let (mut differences, mut version) = (Vec::new(), version);
        loop {
            let Some(value) = self.get(&self.store.nodes, &keys::node_version(version, name))? else {
                let gap = StoreError::damaged("a version of a trie branch lacks the one before it");
                return if differences.is_empty() { Ok(None) } else { Err(gap) };
            };
            match BranchRecord::decode(&value).ok_or_else(|| StoreError::damaged("a trie branch is malformed"))? {
                BranchRecord::Full(branch) => {
                    differences.reverse();
                    return Ok(Some(branch.with_differences(differences)));
                }
                BranchRecord::Difference(difference) if difference.base < version => {
                    version = difference.base;
                    differences.push(difference);
                }
                BranchRecord::Difference(_) => {
                    return Err(StoreError::damaged("a version of a trie branch follows itself"));
                }
            }
        }
    }

    /// The top of the account trie.
    pub(crate) fn top(&self) -> Found<Child> {
        let Some(bytes) = self.get(&self.store.chain, &keys::block(Kind::Top, self.height))? else {
            return Err(StoreError::damaged("a block has no state"));
        };
        if bytes.is_empty() {
            return Ok(None);
        }
        let top =
            Child::decode(&mut bytes.as_ref()).ok_or_else(|| StoreError::damaged("the top of a trie is malformed"))?;
        Ok(Some(top))
    }

    pub(crate) fn block_hash(&self, height: u64) -> Found<B256> {
        let header = self.get(&self.store.chain, &keys::block(Kind::Header, height))?;
        Ok(header.map(keccak256))
    }

    /// An account whose hashed address starts with `prefix` and is not `skipped`.
    pub(crate) fn first_account(
        &self,
        prefix: &Nibbles,
        skipped: &dyn Fn(&B256) -> bool,
    ) -> Found<(B256, Arc<AccountRecord>)> {
        let (low, high) = keys::hash_range(prefix);
        if self.height == self.head {
            for entry in self.snapshot.range(&self.store.accounts, low.to_vec()..=high.to_vec()) {
                let (key, value) = entry.into_inner().map_err(reading())?;
                let key = account_key(&key)?;
                if !skipped(&key) {
                    return Ok(Some((key, decode_account(&value)?)));
                }
            }
            return Ok(None);
        }
        for key in self.keys(&self.store.accounts, low.to_vec()..=high.to_vec(), keys::account_history) {
            let key = account_key(&key?)?;
            if let (false, Some(record)) = (skipped(&key), self.account(&key)?) {
                return Ok(Some((key, record)));
            }
        }
        Ok(None)
    }

    /// A slot whose hashed number starts with `prefix` and is not `skipped`.
    pub(crate) fn first_slot(
        &self,
        address: Address,
        prefix: &Nibbles,
        skipped: &dyn Fn(&B256) -> bool,
    ) -> Found<(B256, U256)> {
        if self.height == self.head {
            let (low, high) = keys::hash_range(prefix);
            let range = keys::slot(&address, &low)..=keys::slot(&address, &high);
            for entry in self.snapshot.range(&self.store.slots, range) {
                let (key, value) = entry.into_inner().map_err(reading())?;
                let key = slot_key(&key)?;
                if !skipped(&key) {
                    return Ok(Some((key, decode_slot(&value)?)));
                }
            }
            return Ok(None);
        }
        for key in self.slot_keys(address, prefix) {
            let key = key?;
            if skipped(&key) {
                continue;
            }
            let value = self.slot(address, &key)?;
            if !value.is_zero() {
                return Ok(Some((key, value)));
            }
        }
        Ok(None)
    }

    /// All slots of an account.
    pub(crate) fn all_slots(&self, address: Address) -> Result<BTreeMap<B256, U256>, StoreError> {
        let keys = self.slot_keys(address, &Nibbles::default());
        keys.map(|key| key.and_then(|key| Ok((key, self.slot(address, &key)?)))).collect()
    }

    fn slot_keys(&self, address: Address, prefix: &Nibbles) -> impl Iterator<Item = Result<B256, StoreError>> + '_ {
        let (low, high) = keys::hash_range(prefix);
        let range = keys::slot(&address, &low).to_vec()..=keys::slot(&address, &high).to_vec();
        self.keys(&self.store.slots, range, keys::slot_history).map(|key| slot_key(&key?))
    }

    /// Keys of `keyspace` in a range, and for an older height those that have vanished since.
    fn keys(
        &self,
        keyspace: &Keyspace,
        range: RangeInclusive<Vec<u8>>,
        history: impl Fn(&[u8]) -> Vec<u8>,
    ) -> impl Iterator<Item = Result<Vec<u8>, StoreError>> {
        let current =
            self.snapshot.range(keyspace, range.clone()).map(|entry| Ok(entry.key().map_err(reading())?.to_vec()));
        let old = (self.height < self.head).then(|| {
            let (first, last) = (history(range.start()), history(range.end()));
            self.store.volumes.between(self.height + 1, self.head).flat_map(move |volume| {
                let first = keys::history_version(volume, &first, 0);
                let range = first..=keys::history_version(volume, &last, u64::MAX);
                self.snapshot.range(&self.store.history, range).map(move |entry| {
                    let key = entry.key().map_err(reading())?;
                    let key = keys::of_history(volume, &key).map(<[u8]>::to_vec);
                    key.ok_or_else(|| StoreError::damaged("a key of the history is malformed"))
                })
            })
        });
        current.chain(old.into_iter().flatten())
    }
}

pub(super) fn reading() -> impl Fn(fjall::Error) -> StoreError {
    StoreError::while_doing("reading state")
}

fn account_key(bytes: &[u8]) -> Result<B256, StoreError> {
    B256::try_from(bytes).map_err(|_| StoreError::damaged("an account key is malformed"))
}

/// The hash of a slot's number, from its key.
fn slot_key(bytes: &[u8]) -> Result<B256, StoreError> {
    let hash = bytes.get(Address::len_bytes()..).and_then(|hash| B256::try_from(hash).ok());
    hash.ok_or_else(|| StoreError::damaged("a slot key is malformed"))
}

pub(super) fn decode_account(bytes: &[u8]) -> Result<Arc<AccountRecord>, StoreError> {
    AccountRecord::decode(bytes).map(Arc::new).ok_or_else(|| StoreError::damaged("an account is malformed"))
}

pub(super) fn decode_slot(bytes: &[u8]) -> Result<U256, StoreError> {
    U256::try_from_be_slice(bytes).ok_or_else(|| StoreError::damaged("a slot is malformed"))
}
