//! A store that is made from a snapshot: written in bulk, and a store only when it is finished.

use std::{collections::HashSet, path::Path, sync::Arc};

use alloy_primitives::{Address, B256, Bytes, keccak256};
use alloy_trie::Nibbles;
use fjall::{OwnedWriteBatch, PersistMode};

use super::{
    FORMAT_VERSION, OpenError, Store, StoreConfig, StoreError, StoreView,
    body::encode_body,
    commit::{encode_account, encode_slot},
    keys::{self, Kind},
};
use crate::{
    Block, Receipt, RegistryRecord, SignedTransaction,
    state::{AccountRecord, NodeKey},
    store::body::encode_receipts,
    trie::{Branch, Child},
};

/// Entries written at once: bounds the memory of an import.
const ENTRIES_PER_BATCH: usize = 16_384;

/// A store without a version, which nothing opens, until [`Self::finish`].
pub(crate) struct StagedStore {
    store: Store,
    genesis: B256,
    height: u64,
    batch: OwnedWriteBatch,
    /// Code in the batch.
    codes: HashSet<B256>,
}

impl StagedStore {
    /// Begins in an empty directory.
    pub(crate) fn create(dir: &Path, genesis: B256, height: u64, config: &StoreConfig) -> Result<Self, OpenError> {
        let (store, created) = Store::open(dir, genesis, config)?;
        if !created {
            return Err(OpenError::Corrupt { path: dir.into(), problem: "it is no empty directory".into() });
        }
        let batch = store.database.batch();
        Ok(Self { store, genesis, height, batch, codes: HashSet::new() })
    }

    fn written(&mut self) -> Result<(), StoreError> {
        if self.batch.len() < ENTRIES_PER_BATCH { Ok(()) } else { self.flush() }
    }

    /// Writes what waits, so that it can be read.
    pub(crate) fn flush(&mut self) -> Result<(), StoreError> {
        let batch = std::mem::replace(&mut self.batch, self.store.database.batch());
        self.codes.clear();
        batch.commit().map_err(StoreError::while_doing("importing"))
    }

    pub(crate) fn slot(&mut self, owner: Address, key: &B256, value: alloy_primitives::U256) -> Result<(), StoreError> {
        self.batch.insert(&self.store.slots, keys::slot(&owner, key), encode_slot(value));
        self.written()
    }

    pub(crate) fn branch(&mut self, owner: Option<Address>, path: Nibbles, branch: &Branch) -> Result<(), StoreError> {
        let name = keys::node(&NodeKey { owner, path });
        self.batch.insert(&self.store.nodes, keys::node_version(self.height, &name), branch.encode_full());
        self.written()
    }

    /// Puts the top of an account's storage aside until the account comes.
    pub(crate) fn set_storage_top(&mut self, owner: Address, top: &Child) -> Result<(), StoreError> {
        let mut bytes = Vec::new();
        top.encode(&mut bytes);
        self.batch.insert(&self.store.lookup, keys::staged_top(&keccak256(owner)), bytes);
        self.written()
    }

    /// Takes what [`Self::set_storage_top`] put aside. Needs [`Self::flush`] in between.
    pub(crate) fn take_storage_top(&mut self, account: &B256) -> Result<Option<Child>, StoreError> {
        let key = keys::staged_top(account);
        let Some(bytes) = self.store.lookup.get(key).map_err(StoreError::while_doing("importing"))? else {
            return Ok(None);
        };
        self.batch.remove(&self.store.lookup, key);
        let top = Child::decode(&mut bytes.as_ref());
        top.map(Some).ok_or_else(|| StoreError::damaged("the top of a trie is malformed"))
    }

    pub(crate) fn account(&mut self, key: &B256, record: &Arc<AccountRecord>) -> Result<(), StoreError> {
        self.batch.insert(&self.store.accounts, key.as_slice(), encode_account(Some(record)));
        self.written()
    }

    pub(crate) fn code(&mut self, hash: B256, code: &[u8]) -> Result<(), StoreError> {
        self.batch.insert(&self.store.chain, keys::code(&hash), code);
        self.codes.insert(hash);
        self.written()
    }

    pub(crate) fn has_code(&self, hash: &B256) -> Result<bool, StoreError> {
        let stored = || self.store.chain.contains_key(keys::code(hash)).map_err(StoreError::while_doing("importing"));
        Ok(self.codes.contains(hash) || stored()?)
    }

    pub(crate) fn header(&mut self, height: u64, hash: &B256, rlp: &[u8]) -> Result<(), StoreError> {
        self.batch.insert(&self.store.chain, keys::block(Kind::Header, height), rlp);
        self.batch.insert(&self.store.lookup, keys::block_hash(hash), height.to_be_bytes());
        self.written()
    }

    pub(crate) fn certificate(&mut self, height: u64, certificate: &Bytes) -> Result<(), StoreError> {
        self.batch.insert(&self.store.chain, keys::block(Kind::Certificate, height), &certificate[..]);
        self.written()
    }

    pub(crate) fn registry(&mut self, record: &RegistryRecord) -> Result<(), StoreError> {
        self.batch.insert(&self.store.chain, keys::block(Kind::Registry, record.epoch), &record.encode()[..]);
        self.written()
    }

    pub(crate) fn block(&mut self, block: &Block, senders: &[Address], receipts: &[Receipt]) -> Result<(), StoreError> {
        let height = block.height();
        self.header(height, &block.hash(), &alloy_rlp::encode(block.header().inner()))?;
        let (keyspace, key) = self.store.part(Kind::Body, height);
        self.batch.insert(keyspace, key, encode_body(block.transactions(), senders));
        let (keyspace, key) = self.store.part(Kind::Receipts, height);
        self.batch.insert(keyspace, key, encode_receipts(receipts));
        for (index, transaction) in block.transactions().iter().enumerate() {
            self.transaction(height, index, transaction)?;
        }
        self.written()
    }

    fn transaction(&mut self, height: u64, index: usize, transaction: &SignedTransaction) -> Result<(), StoreError> {
        // A block has far fewer than 2^32 transactions.
        let place = keys::place(height, index as u32);
        self.batch.insert(&self.store.lookup, keys::transaction_hash(&transaction.hash()), place);
        self.written()
    }

    /// Makes it the store of a chain whose head is the snapshot's block, durably; the state of that block. It is not a store before the last write.
    pub(crate) fn finish(mut self, top: Option<&Child>, earliest_block: u64) -> Result<StoreView, StoreError> {
        let mut bytes = Vec::new();
        if let Some(top) = top {
            top.encode(&mut bytes);
        }
        self.batch.insert(&self.store.chain, keys::block(Kind::Top, self.height), bytes);
        self.flush()?;
        let Self { store, genesis, height, .. } = self;
        store.database.persist(PersistMode::SyncAll).map_err(StoreError::while_doing("importing"))?;
        let mut batch = store.batch();
        batch.insert(&store.chain, keys::meta(keys::META_GENESIS), genesis.as_slice());
        if store.apart_from > 0 {
            batch.insert(&store.chain, keys::meta(keys::META_APART_FROM), store.apart_from.to_be_bytes());
        }
        batch.insert(&store.chain, keys::meta(keys::META_HEAD), height.to_be_bytes());
        batch.insert(&store.chain, keys::meta(keys::META_EARLIEST_STATE), height.to_be_bytes());
        batch.insert(&store.chain, keys::meta(keys::META_EARLIEST_BLOCK), earliest_block.to_be_bytes());
        batch.insert(&store.chain, keys::meta(keys::META_VERSION), FORMAT_VERSION.to_be_bytes());
        batch.commit().map_err(StoreError::while_doing("importing"))?;
        store.resume(height);
        Ok(StoreView::head(Arc::new(store), height))
    }
}
