//! Forgetting old state.

use std::{collections::BTreeMap, sync::Arc};

use super::{
    Store, StoreError, StoreView,
    body::{self, Changed, ChangedKeys},
    keys::{self, Kind},
};
use crate::trie::Form;

/// Heights that one batch removes: bounds its memory and how long it holds the journal.
const HEIGHTS_PER_BATCH: u64 = 32;

/// Entries that one batch removes for blocks, about: a block may have thousands of transactions.
const ENTRIES_PER_BATCH: usize = 65_536;

/// What pruning removed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PruneReport {
    /// Bodies with their receipts.
    pub bodies: u64,
    /// Versions of accounts and slots.
    pub state_versions: u64,
    /// Versions of trie nodes.
    pub node_versions: u64,
}

impl Store {
    /// Removes what only states below `below_height` need. The state of `below_height` and of all after it stays.
    pub(crate) fn prune(self: &Arc<Self>, below_height: u64) -> Result<PruneReport, StoreError> {
        let head = self.head_height()?.unwrap_or_default();
        let below_height = below_height.min(head);
        let mut report = PruneReport::default();
        let mut from = self.earliest_state()?;
        while from < below_height {
            let to = below_height.min(from + HEIGHTS_PER_BATCH);
            self.prune_range(from, to, head, &mut report)?;
            from = to;
        }
        Ok(report)
    }

    /// Removes bodies, receipts and transaction index of blocks below `below_height`. Headers, certificates and the genesis stay.
    pub(crate) fn prune_bodies(&self, below_height: u64) -> Result<PruneReport, StoreError> {
        let failed = StoreError::while_doing("pruning blocks");
        let below_height = below_height.min(self.head_height()?.unwrap_or_default());
        let mut report = PruneReport::default();
        let mut next = self.earliest_block()?.max(1);
        while next < below_height {
            let mut batch = self.batch();
            while next < below_height && batch.len() < ENTRIES_PER_BATCH {
                let ((bodies, body), (keyspace, receipts)) =
                    (self.part(Kind::Body, next), self.part(Kind::Receipts, next));
                if let Some(bytes) = bodies.get(body).map_err(&failed)? {
                    let (transactions, _) =
                        body::decode_body(&bytes).ok_or_else(|| StoreError::damaged("a body is malformed"))?;
                    for transaction in transactions {
                        batch.remove(&self.lookup, keys::transaction_hash(&transaction.hash()));
                    }
                    report.bodies += 1;
                }
                batch.remove(bodies, body);
                batch.remove(keyspace, receipts);
                next += 1;
            }
            batch.insert(&self.chain, keys::meta(keys::META_EARLIEST_BLOCK), next.to_be_bytes());
            batch.commit().map_err(&failed)?;
        }
        Ok(report)
    }

    /// Makes `to` the earliest height with state; it was `from` before.
    fn prune_range(
        self: &Arc<Self>,
        from: u64,
        to: u64,
        head: u64,
        report: &mut PruneReport,
    ) -> Result<(), StoreError> {
        let view = StoreView::head(self.clone(), head);
        let mut batch = self.batch();
        // By name, the newest version that stays.
        let mut kept: BTreeMap<Vec<u8>, u64> = BTreeMap::new();
        for height in from..=to {
            let (keyspace, key) = self.part(Kind::Changes, height);
            let Some(changes) = keyspace.get(key).map_err(StoreError::while_doing("pruning"))? else { continue };
            let changes =
                ChangedKeys::decode(&changes).ok_or_else(|| StoreError::damaged("a list of changes is malformed"))?;
            let volume = self.volumes.of(height);
            for change in changes {
                match change {
                    Changed::State(name) => {
                        batch.remove(&self.history, keys::history_version(volume, name, height));
                        report.state_versions += 1;
                    }
                    Changed::Node { name, written, replaces } => {
                        if let Some(version) = replaces {
                            batch.remove(&self.nodes, keys::node_version(version, name));
                            report.node_versions += 1;
                        }
                        kept.remove(name);
                        if written {
                            kept.insert(name.to_vec(), height);
                        }
                    }
                }
            }
            batch.remove(keyspace, key);
            if height < to {
                batch.remove(&self.chain, keys::block(Kind::Top, height));
            }
        }
        for (name, version) in kept {
            // What it differed from goes.
            if let Some(branch) = view.read_branch(&name, version)? {
                batch.insert(&self.nodes, keys::node_version(version, &name), branch.encode(Form::Full));
            }
        }
        batch.insert(&self.chain, keys::meta(keys::META_EARLIEST_STATE), to.to_be_bytes());
        batch.commit().map_err(StoreError::while_doing("pruning"))
    }
}
