//! Writing final blocks.

use std::sync::Arc;

use alloy_primitives::{Address, Bytes, U256};
use fjall::OwnedWriteBatch;

use super::{
    FORMAT_VERSION, Store, StoreError,
    body::{self, ChangedKeys},
    keys::{self, Kind},
};
use crate::{
    Block, Receipt, RegistryRecord,
    state::{AccountRecord, Overlay},
    trie::NodeWrite,
};

/// A block that becomes final.
pub(crate) struct Commit<'a> {
    pub(crate) block: &'a Block,
    pub(crate) senders: &'a [Address],
    pub(crate) receipts: &'a [Receipt],
    pub(crate) overlay: &'a Overlay,
    pub(crate) certificate: Option<&'a Bytes>,
    /// Of the last block of an epoch in which the validators changed.
    pub(crate) registry: Option<&'a RegistryRecord>,
}

impl Store {
    /// Writes the genesis block with the store's identity.
    pub(crate) fn commit_genesis(&self, genesis: Commit<'_>) -> Result<(), StoreError> {
        let mut batch = self.batch();
        batch.insert(&self.chain, keys::meta(keys::META_VERSION), FORMAT_VERSION.to_be_bytes());
        batch.insert(&self.chain, keys::meta(keys::META_GENESIS), genesis.block.hash().as_slice());
        if self.apart_from > 0 {
            batch.insert(&self.chain, keys::meta(keys::META_APART_FROM), self.apart_from.to_be_bytes());
        }
        self.write(batch, &[genesis])
    }

    /// Makes blocks final, oldest first: one atomic batch, synced when this returns.
    pub(crate) fn commit(&self, blocks: &[Commit<'_>]) -> Result<(), StoreError> {
        self.write(self.batch(), blocks)
    }

    fn write(&self, mut batch: OwnedWriteBatch, blocks: &[Commit<'_>]) -> Result<(), StoreError> {
        let Some(last) = blocks.last() else { return Ok(()) };
        let mut volumes = self.volumes.extension();
        for block in blocks {
            let height = block.block.height();
            let place = volumes.place(height, block.overlay.values());
            if place.begins {
                batch.insert(&self.chain, keys::block(Kind::Volume, place.volume.into()), height.to_be_bytes());
            }
            self.write_block(&mut batch, block);
            self.write_state(&mut batch, block, place.volume);
        }
        batch.insert(&self.chain, keys::meta(keys::META_VOLUME_ENTRIES), volumes.entries().to_be_bytes());
        batch.insert(&self.chain, keys::meta(keys::META_HEAD), last.block.height().to_be_bytes());
        batch.commit().map_err(StoreError::while_doing("committing blocks"))?;
        self.volumes.extend(volumes);
        self.caches.advance(last.block.height());
        for block in blocks {
            self.refresh_caches(block);
        }
        Ok(())
    }

    fn write_block(&self, batch: &mut OwnedWriteBatch, commit: &Commit<'_>) {
        let (block, height) = (commit.block, commit.block.height());
        batch.insert(&self.chain, keys::block(Kind::Header, height), alloy_rlp::encode(block.header().inner()));
        let (keyspace, key) = self.part(Kind::Body, height);
        batch.insert(keyspace, key, body::encode_body(block.transactions(), commit.senders));
        let (keyspace, key) = self.part(Kind::Receipts, height);
        batch.insert(keyspace, key, body::encode_receipts(commit.receipts));
        if let Some(certificate) = commit.certificate {
            batch.insert(&self.chain, keys::block(Kind::Certificate, height), &certificate[..]);
        }
        if let Some(record) = commit.registry {
            batch.insert(&self.chain, keys::block(Kind::Registry, record.epoch), &record.encode()[..]);
        }
        batch.insert(&self.lookup, keys::block_hash(&block.hash()), height.to_be_bytes());
        for (index, transaction) in block.transactions().iter().enumerate() {
            // A block has far fewer than 2^32 transactions.
            let place = keys::place(height, index as u32);
            batch.insert(&self.lookup, keys::transaction_hash(&transaction.hash()), place);
        }
    }

    /// Keeps the registry's record of an epoch that ended before records were kept.
    pub(crate) fn put_registry(&self, record: &RegistryRecord) -> Result<(), StoreError> {
        let mut batch = self.batch();
        batch.insert(&self.chain, keys::block(Kind::Registry, record.epoch), &record.encode()[..]);
        batch.commit().map_err(StoreError::while_doing("keeping a registry record"))
    }

    fn write_state(&self, batch: &mut OwnedWriteBatch, commit: &Commit<'_>, volume: u32) {
        let (overlay, height) = (commit.overlay, commit.block.height());
        let mut changed = ChangedKeys::default();
        for entry in &overlay.accounts {
            let history = keys::account_history(entry.key.as_slice());
            let version = keys::history_version(volume, &history, height);
            batch.insert(&self.history, version, encode_account(entry.before.as_ref()));
            changed.push_state(&history);
            match &entry.after {
                Some(record) => batch.insert(&self.accounts, entry.key.as_slice(), record.encode()),
                None => batch.remove(&self.accounts, entry.key.as_slice()),
            }
        }
        for (address, slots) in &overlay.slots {
            for entry in slots {
                let key = keys::slot(address, &entry.key);
                let history = keys::slot_history(&key);
                batch.insert(&self.history, keys::history_version(volume, &history, height), encode_slot(entry.before));
                changed.push_state(&history);
                if entry.after.is_zero() {
                    batch.remove(&self.slots, key);
                } else {
                    batch.insert(&self.slots, key, encode_slot(entry.after));
                }
            }
        }
        for (key, write) in &overlay.nodes {
            let name = keys::node(key);
            match write {
                NodeWrite::Put { branch, form, replaces } => {
                    batch.insert(&self.nodes, keys::node_version(height, &name), branch.encode(*form));
                    changed.push_node(&name, true, *replaces);
                }
                NodeWrite::Delete { replaces } => changed.push_node(&name, false, Some(*replaces)),
            }
        }
        for (hash, code) in &overlay.codes {
            batch.insert(&self.chain, keys::code(hash), code.original_byte_slice());
        }
        let mut top = Vec::new();
        if let Some(child) = &overlay.top {
            child.encode(&mut top);
        }
        batch.insert(&self.chain, keys::block(Kind::Top, height), top);
        let (keyspace, key) = self.part(Kind::Changes, height);
        batch.insert(keyspace, key, changed.into_bytes());
    }

    fn refresh_caches(&self, commit: &Commit<'_>) {
        let (overlay, height) = (commit.overlay, commit.block.height());
        for entry in &overlay.accounts {
            self.caches.accounts.replace(entry.key, entry.after.clone(), height);
        }
        for (address, slots) in &overlay.slots {
            for entry in slots {
                self.caches.slots.replace(keys::slot(address, &entry.key), entry.after, height);
            }
        }
        for (key, write) in &overlay.nodes {
            match write {
                NodeWrite::Put { branch, .. } => self.caches.branches.keep(key, height, branch),
                NodeWrite::Delete { .. } => self.caches.branches.forget(key),
            }
        }
        let mut codes = self.caches.codes.lock();
        for (hash, code) in &overlay.codes {
            codes.insert(*hash, code.clone());
        }
    }
}

pub(super) fn encode_account(record: Option<&Arc<AccountRecord>>) -> Vec<u8> {
    record.map(|record| record.encode()).unwrap_or_default()
}

pub(super) fn encode_slot(value: U256) -> Vec<u8> {
    value.to_be_bytes_trimmed_vec()
}
