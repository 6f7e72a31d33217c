//! Blocks between execution and finality.

use std::{
    collections::{HashMap, HashSet, VecDeque},
    sync::{Arc, mpsc},
};

use alloy_consensus::Header;
use alloy_primitives::{Address, B256, Sealed, map::AddressMap};
use parking_lot::{Mutex, RwLock};
use tokio::sync::broadcast;

use crate::{
    Block, BuildAttributes, BuildBudget, Epochs, ExecutedBlock, FinalizedBlock, Pool, RegistryRecord, StateError,
    StateView, executor, recover_senders,
    state::{Overlay, PendingLayer},
    store::{Commit, Store, StoreView},
};

mod outcome;

#[cfg(test)]
mod tests;

pub use outcome::{BuildError, ExecuteError, Finalization, FinalizeError};

use outcome::TooManyPending;

/// Most blocks that are executed and not final. Consensus that runs further ahead gets [`ExecuteError::TooManyPending`].
pub const MAX_PENDING_BLOCKS: usize = 256;

/// Most blocks that one commit writes: bounds its memory.
const MAX_BLOCKS_PER_COMMIT: usize = 32;

/// Blocks whose senders are recovered before they are executed: enough that recovery never waits for execution, which bounds its memory.
const RECOVERED_AHEAD: usize = 2;

/// Final blocks that stay in memory for readers.
const RECENT_BLOCKS: usize = 8;

/// Final blocks that a slow subscriber may fall behind.
const ANNOUNCED_BLOCKS: usize = 256;

/// The blocks that are executed and not yet final. Cheap to clone. All operations block the calling thread.
#[derive(Clone)]
pub struct BlockTree(Arc<Shared>);

struct Shared {
    chain_id: u64,
    epochs: Epochs,
    store: Arc<Store>,
    pool: Pool,
    /// Held by who commits: commits come one after another.
    committing: Mutex<()>,
    /// Head and pending blocks change together.
    fork: RwLock<Fork>,
    announcements: broadcast::Sender<Arc<FinalizedBlock>>,
}

struct Fork {
    head: Arc<FinalizedBlock>,
    head_state: StateView,
    /// Executed and not final, by hash.
    pending: HashMap<B256, Arc<ExecutedBlock>>,
    /// The latest final blocks, oldest first.
    recent: VecDeque<Arc<FinalizedBlock>>,
}

impl Fork {
    /// The state after an executed block or the head, `None` when the block is neither.
    fn state(&self, hash: B256) -> Option<StateView> {
        let (mut layers, mut at) = (Vec::new(), hash);
        while at != self.head.block().hash() {
            let executed = self.pending.get(&at)?;
            let block = &executed.block;
            layers.push(PendingLayer { height: block.height(), hash: at, overlay: executed.overlay.clone() });
            at = block.parent_hash();
        }
        Some(if layers.is_empty() { self.head_state.clone() } else { self.head_state.with_overlays(layers) })
    }

    fn header(&self, hash: B256) -> Option<Sealed<Header>> {
        if hash == self.head.block().hash() {
            return Some(self.head.block().header().clone());
        }
        self.pending.get(&hash).map(|executed| executed.block.header().clone())
    }
}

impl BlockTree {
    /// A tree over the store's head.
    pub(crate) fn new(
        chain_id: u64,
        epochs: Epochs,
        store: Arc<Store>,
        pool: Pool,
        head: Arc<FinalizedBlock>,
        head_state: StateView,
    ) -> Self {
        let fork = Fork { recent: VecDeque::from([head.clone()]), head, head_state, pending: HashMap::new() };
        Self(Arc::new(Shared {
            chain_id,
            epochs,
            store,
            pool,
            committing: Mutex::new(()),
            fork: RwLock::new(fork),
            announcements: broadcast::channel(ANNOUNCED_BLOCKS).0,
        }))
    }

    /// The parent's header and state, unless too many blocks wait.
    fn parent(&self, hash: B256) -> Result<Option<(Sealed<Header>, StateView)>, TooManyPending> {
        let fork = self.0.fork.read();
        if fork.pending.len() >= MAX_PENDING_BLOCKS {
            return Err(TooManyPending);
        }
        Ok(fork.header(hash).zip(fork.state(hash)))
    }

    /// Keeps an executed block while its parent is still there.
    fn keep(&self, executed: ExecutedBlock) -> Option<Arc<ExecutedBlock>> {
        let mut fork = self.0.fork.write();
        let (hash, parent) = (executed.block.hash(), executed.block.parent_hash());
        if let Some(known) = fork.pending.get(&hash) {
            return Some(known.clone());
        }
        if parent != fork.head.block().hash() && !fork.pending.contains_key(&parent) {
            return None;
        }
        let executed = Arc::new(executed);
        fork.pending.insert(hash, executed.clone());
        Some(executed)
    }

    /// Builds a block on `parent` from the pool's ready transactions and keeps it as executed.
    ///
    /// # Errors
    /// [`BuildError`]; a transaction that cannot be executed is left out (and dropped from the pool), never an error.
    pub fn build(
        &self,
        parent: B256,
        attributes: BuildAttributes,
        budget: BuildBudget,
    ) -> Result<Arc<ExecutedBlock>, BuildError> {
        let (header, state) = self.parent(parent)?.ok_or(BuildError::UnknownParent(parent))?;
        let candidates = self.0.pool.best();
        let built = executor::build(&state, self.0.chain_id, &header, parent, &attributes, &budget, candidates)?;
        if !built.unusable.is_empty() {
            self.0.pool.remove_unusable(&built.unusable);
        }
        self.keep(built.executed).ok_or(BuildError::UnknownParent(parent))
    }

    /// Executes a block on its parent, checks everything its header claims, and keeps it. A block that is kept already is
    /// returned as it is.
    ///
    /// # Errors
    /// [`ExecuteError`] keeps bad blocks and a failing store apart. A block that is final already has no parent here any more;
    /// ask [`Self::contains`] first.
    pub fn execute(&self, block: &Block) -> Result<Arc<ExecutedBlock>, ExecuteError> {
        self.execute_with(block, || self.senders(block))
    }

    fn execute_with(
        &self,
        block: &Block,
        recover: impl FnOnce() -> Vec<Option<Address>>,
    ) -> Result<Arc<ExecutedBlock>, ExecuteError> {
        if let Some(known) = self.get(block.hash()) {
            return Ok(known);
        }
        let (hash, parent) = (block.hash(), block.parent_hash());
        let unknown = || ExecuteError::UnknownParent { hash, parent };
        let (header, state) = self.parent(parent)?.ok_or_else(unknown)?;
        let executed = executor::execute(&state, self.0.chain_id, &header, parent, block, recover)?;
        self.keep(executed).ok_or_else(unknown)
    }

    /// Executes blocks, each the child of the one before, while the senders of the next ones are being recovered. What is executed or final already
    /// is passed over. Stops at the first block that cannot be executed here; [`Self::finalize`] says why.
    pub fn execute_ahead(&self, blocks: &[Block]) {
        let unknown: Vec<&Block> = blocks.iter().filter(|block| !self.contains(block.hash())).collect();
        match unknown[..] {
            [] => return,
            [block] => {
                // The error comes again when the block is made final.
                let _ = self.execute(block);
                return;
            }
            _ => {}
        }
        std::thread::scope(|scope| {
            let (recovered, senders) = mpsc::sync_channel(RECOVERED_AHEAD);
            let unknown = &unknown;
            let recover = move || unknown.iter().try_for_each(|block| recovered.send(self.senders(block)));
            let recovering = std::thread::Builder::new().name("recover-ahead".into()).spawn_scoped(scope, recover);
            if recovering.is_err() {
                // No thread to be had: each block is executed when it is made final.
                return;
            }
            for block in unknown {
                let Ok(senders) = senders.recv() else { return };
                if self.execute_with(block, || senders).is_err() {
                    return;
                }
            }
        });
    }

    /// The senders of a block's transactions: those that wait in the pool are known, the others are recovered.
    fn senders(&self, block: &Block) -> Vec<Option<Address>> {
        for (transaction, sender) in block.transactions().iter().zip(self.0.pool.known_senders(block.transactions())) {
            if let Some(sender) = sender {
                transaction.set_sender(sender);
            }
        }
        recover_senders(block.transactions())
    }

    /// True when the block is executed or final here.
    ///
    /// A failing store answers false: whatever is done with the block next meets the same failure, and can report it.
    pub fn contains(&self, hash: B256) -> bool {
        let is_final = || {
            let found = self.0.store.height_of(&hash);
            found
                .inspect_err(|error| tracing::error!(%error, "cannot look up a block"))
                .is_ok_and(|height| height.is_some())
        };
        self.get(hash).is_some() || is_final()
    }

    /// An executed block that is not final.
    pub fn get(&self, hash: B256) -> Option<Arc<ExecutedBlock>> {
        self.0.fork.read().pending.get(&hash).cloned()
    }

    /// The state after an executed block or the final head.
    pub fn state(&self, hash: B256) -> Option<StateView> {
        self.0.fork.read().state(hash)
    }

    /// Whether a block on `parent` could carry a transaction. What stands in blocks between the head and `parent` does not count.
    ///
    /// # Errors
    /// [`StateError`]; `Ok(false)` for a parent that is not known here.
    pub fn has_work(&self, parent: B256) -> Result<bool, StateError> {
        let Some(state) = self.state(parent) else { return Ok(false) };
        if parent == self.head().block().hash() {
            return Ok(self.0.pool.has_pending());
        }
        let mut nonces = AddressMap::<u64>::default();
        for transaction in self.0.pool.best() {
            let nonce = match nonces.get(&transaction.sender()) {
                Some(nonce) => *nonce,
                None => {
                    let nonce = state.account(transaction.sender())?.map_or(0, |account| account.nonce);
                    nonces.insert(transaction.sender(), nonce);
                    nonce
                }
            };
            if transaction.nonce() >= nonce {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Completes when a block on `parent` could carry a transaction. Cancel-safe.
    ///
    /// # Errors
    /// [`StateError`].
    pub async fn wait_for_work(&self, parent: B256) -> Result<(), StateError> {
        loop {
            let admitted = self.0.pool.admitted();
            if self.has_work(parent)? {
                return Ok(());
            }
            admitted.await;
        }
    }

    /// Makes blocks final, in order, durably; prunes what lost; tells pool and subscribers. Blocks that come together share a
    /// commit, so hand over all there are.
    ///
    /// Blocks that are final already are skipped (a restart redelivers); blocks that were not executed are executed now.
    /// Returns those that became final by this call.
    ///
    /// # Errors
    /// [`FinalizeError`]. Blocks before the one that failed may have become final.
    pub fn finalize(&self, blocks: Vec<Finalization>) -> Result<Vec<Arc<FinalizedBlock>>, FinalizeError> {
        let _committing = self.0.committing.lock();
        let mut finalized = Vec::new();
        for chunk in blocks.chunks(MAX_BLOCKS_PER_COMMIT) {
            finalized.extend(self.finalize_chunk(chunk)?);
        }
        Ok(finalized)
    }

    fn finalize_chunk(&self, blocks: &[Finalization]) -> Result<Vec<Arc<FinalizedBlock>>, FinalizeError> {
        self.execute_ahead(&blocks.iter().map(|finalization| finalization.block.clone()).collect::<Vec<_>>());
        let head = self.head();
        let (mut height, mut parent) = (head.block().height(), head.block().hash());
        let mut executed = Vec::with_capacity(blocks.len());
        for finalization in blocks {
            let block = &finalization.block;
            let conflict = |expected| FinalizeError::Conflict { height: block.height(), hash: block.hash(), expected };
            if block.height() <= head.block().height() {
                let known = self.0.store.header(block.height())?.map(|header| header.hash()).unwrap_or_default();
                if known != block.hash() {
                    return Err(conflict(known));
                }
                continue;
            }
            if block.height() != height + 1 {
                return Err(FinalizeError::Gap { height: block.height(), head: height });
            }
            if block.parent_hash() != parent {
                return Err(conflict(parent));
            }
            let done = self.execute(block)?;
            executed.push((done, finalization.certificate.as_ref(), self.registry_after(block)?));
            (height, parent) = (block.height(), block.hash());
        }
        if executed.is_empty() {
            return Ok(Vec::new());
        }
        let commits: Vec<Commit<'_>> = executed
            .iter()
            .map(|(executed, certificate, registry)| Commit {
                block: &executed.block,
                senders: &executed.senders,
                receipts: &executed.receipts,
                overlay: &executed.overlay,
                certificate: *certificate,
                registry: registry.as_ref(),
            })
            .collect();
        self.0.store.commit(&commits)?;
        let executed: Vec<Arc<ExecutedBlock>> = executed.into_iter().map(|(executed, ..)| executed).collect();
        Ok(self.publish(&executed))
    }

    /// What is kept of the registry after an executed block: of the last one of an epoch in which the validators changed.
    fn registry_after(&self, block: &Block) -> Result<Option<RegistryRecord>, FinalizeError> {
        let epoch = self.0.epochs.of(block.height());
        if !self.0.epochs.change() || block.height() != self.0.epochs.last(epoch) {
            return Ok(None);
        }
        let Some(state) = self.state(block.hash()) else { return Ok(None) };
        Ok(RegistryRecord::of_state(&state, epoch)?)
    }

    /// Moves the head over committed blocks and tells everybody.
    fn publish(&self, executed: &[Arc<ExecutedBlock>]) -> Vec<Arc<FinalizedBlock>> {
        let finalized: Vec<Arc<FinalizedBlock>> =
            executed.iter().map(|executed| Arc::new(executed.finalized())).collect();
        let Some(head) = finalized.last().cloned() else { return finalized };
        let state = StateView::of_store(StoreView::head(self.0.store.clone(), head.block().height()));
        {
            let mut fork = self.0.fork.write();
            fork.head = head.clone();
            fork.head_state = state.clone();
            fork.recent.extend(finalized.iter().cloned());
            while fork.recent.len() > RECENT_BLOCKS {
                fork.recent.pop_front();
            }
            retain_descendants(&mut fork.pending, head.block());
        }
        self.0.pool.on_finalized(state, executed.iter().map(|executed| -> &Overlay { &executed.overlay }));
        for block in &finalized {
            // Nobody listens: nothing is lost.
            let _ = self.0.announcements.send(block.clone());
        }
        finalized
    }

    pub(crate) fn head(&self) -> Arc<FinalizedBlock> {
        self.0.fork.read().head.clone()
    }

    pub(crate) fn head_state(&self) -> StateView {
        self.0.fork.read().head_state.clone()
    }

    /// A final block that is still in memory.
    pub(crate) fn recent(&self, matches: impl Fn(&Block) -> bool) -> Option<Arc<FinalizedBlock>> {
        self.0.fork.read().recent.iter().rev().find(|block| matches(block.block())).cloned()
    }

    pub(crate) fn subscribe(&self) -> broadcast::Receiver<Arc<FinalizedBlock>> {
        self.0.announcements.subscribe()
    }
}

/// Drops what is not built on `head`.
fn retain_descendants(pending: &mut HashMap<B256, Arc<ExecutedBlock>>, head: &Block) {
    let mut blocks: Vec<_> = pending.values().map(|executed| executed.block.clone()).collect();
    blocks.sort_unstable_by_key(Block::height);
    let mut kept = HashSet::from([head.hash()]);
    for block in blocks {
        if block.height() > head.height() && kept.contains(&block.parent_hash()) {
            kept.insert(block.hash());
        } else {
            pending.remove(&block.hash());
        }
    }
}
