//! The handle on one chain that everything else holds.

use std::{
    ops::RangeInclusive,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use alloy_consensus::Header;
use alloy_evm::EvmEnv;
use alloy_primitives::{Address, B256, Bytes, Sealed, U256};
use alloy_rpc_types_eth::Filter;
use chancery_traces::Journeys;
use tokio::sync::broadcast;

use crate::{
    AccountProof, BlockTree, Epochs, FinalizedBlock, Genesis, GenesisConfig, LogsError, MatchedLog, OpenError, Pool,
    PoolLimits, PruneReport, Receipt, RegisteredValidator, RegistryError, RegistryRecord, StateError, StateView,
    StoreConfig, StoreError, changed_epochs, evm, logs,
    registry::last_change_before,
    store::{Commit, Store, StoreView},
};

/// How many final blocks a node keeps all of, counted from the head. `None`: every one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Retention {
    /// Blocks whose state can be read and proven.
    pub state_blocks: Option<u64>,
    /// Blocks whose transactions and receipts are kept. Headers and certificates always are.
    pub body_blocks: Option<u64>,
}

/// Heights by which a node may be behind its retention, so that pruning comes seldom and in batches.
const PRUNED_AT_ONCE: u64 = 32;

/// Changes of the validators whose records are looked for at once when a store is opened.
const RECORDS_AT_ONCE: usize = 256;

/// A final block by height or by hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, derive_more::From)]
pub enum BlockRef {
    /// By number.
    Height(u64),
    /// By hash.
    Hash(B256),
}

/// Where a transaction stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TransactionLocation {
    /// The number of its block.
    pub height: u64,
    /// Its index in the block.
    pub index: u32,
}

/// What an operator may tune; the defaults suit a chain of a small process.
#[derive(Clone, Debug, Default)]
pub struct ExecutionConfig {
    /// The store and its caches.
    pub store: StoreConfig,
    /// The pool's bounds.
    pub pool: PoolLimits,
    /// What is kept of the past.
    pub retention: Retention,
}

/// One chain: its final blocks and state, its tree of executed blocks, its pool. Cheap to clone.
///
/// Readers see the chain up to the latest final block; what they see is durable.
#[derive(Clone)]
pub struct Blockchain(Arc<Parts>);

struct Parts {
    genesis: Arc<GenesisConfig>,
    genesis_hash: B256,
    store: Arc<Store>,
    tree: BlockTree,
    pool: Pool,
    epochs: Epochs,
    retention: Retention,
    /// While somebody exports, nothing is forgotten.
    exporting: AtomicUsize,
    journeys: Journeys,
}

impl Blockchain {
    /// Opens the chain in `dir`, creating it from `genesis` when the directory is empty.
    ///
    /// # Errors
    /// [`OpenError`] names what is wrong: another chain's genesis, another version, locked by another process, corrupt.
    pub fn open(dir: &Path, genesis: &Genesis, config: ExecutionConfig) -> Result<Self, OpenError> {
        let genesis_hash = genesis.block.hash();
        let (store, created) = Store::open(dir, genesis_hash, &config.store)?;
        if created {
            store.commit_genesis(Commit {
                block: &genesis.block,
                senders: &[],
                receipts: &[],
                overlay: &genesis.overlay,
                certificate: None,
                registry: None,
            })?;
        }
        let corrupt = |problem: &str| OpenError::Corrupt { path: dir.into(), problem: problem.into() };
        let height = store.head_height()?.ok_or_else(|| corrupt("it names no head"))?;
        let head = store.block(height)?.ok_or_else(|| corrupt("its head is missing"))?;
        store.resume(height);
        let store = Arc::new(store);
        let state = StateView::of_store(StoreView::head(store.clone(), height));
        if state.root()? != head.block().header().state_root {
            return Err(corrupt("the state is not that of its head"));
        }
        let epochs = Epochs::of_state(&state)?;
        let (chain_id, gas_limit) = (genesis.config.chain_id, genesis.config.gas_limit);
        let pool = Pool::new(chain_id, gas_limit, config.pool, state.clone())?;
        keep_registry_records(&store, &state, epochs)?;
        let tree = BlockTree::new(chain_id, epochs, store.clone(), pool.clone(), head, state);
        let (genesis, retention) = (genesis.config.clone(), config.retention);
        Ok(Self(Arc::new(Parts {
            genesis,
            genesis_hash,
            store,
            tree,
            pool,
            epochs,
            retention,
            exporting: AtomicUsize::new(0),
            journeys: Journeys::default(),
        })))
    }

    /// EIP-155 chain id.
    pub fn chain_id(&self) -> u64 {
        self.0.genesis.chain_id
    }

    /// The transactions that are followed to their blocks.
    pub fn journeys(&self) -> &Journeys {
        &self.0.journeys
    }

    /// The genesis file this chain was opened with.
    pub fn genesis_config(&self) -> &Arc<GenesisConfig> {
        &self.0.genesis
    }

    /// Which blocks one set of validators decides. It never changes.
    pub fn epochs(&self) -> Epochs {
        self.0.epochs
    }

    /// Hash of block 0.
    pub fn genesis_hash(&self) -> B256 {
        self.0.genesis_hash
    }

    /// The latest final block. Never reads the disk.
    pub fn head(&self) -> Arc<FinalizedBlock> {
        self.0.tree.head()
    }

    /// The height of a final block. `None`: not final here (it may be executed, see [`BlockTree`]).
    pub fn height_of(&self, hash: B256) -> Result<Option<u64>, StoreError> {
        match self.0.tree.recent(|block| block.hash() == hash) {
            Some(recent) => Ok(Some(recent.block().height())),
            None => self.visible(self.0.store.height_of(&hash)?),
        }
    }

    /// The hash of the final block at a height.
    pub fn hash_at(&self, height: u64) -> Result<Option<B256>, StoreError> {
        Ok(self.header(height)?.map(|header| header.hash()))
    }

    /// The header of a final block.
    pub fn header(&self, at: impl Into<BlockRef>) -> Result<Option<Sealed<Header>>, StoreError> {
        let at = at.into();
        if let Some(recent) = self.recent(at) {
            return Ok(Some(recent.block().header().clone()));
        }
        self.height(at)?.map_or(Ok(None), |height| self.0.store.header(height))
    }

    /// A final block, its senders and its receipts. Recent ones come from memory.
    pub fn block(&self, at: impl Into<BlockRef>) -> Result<Option<Arc<FinalizedBlock>>, StoreError> {
        let at = at.into();
        if let Some(recent) = self.recent(at) {
            return Ok(Some(recent));
        }
        self.height(at)?.map_or(Ok(None), |height| self.0.store.block(height))
    }

    /// The receipts of a final block alone.
    pub fn receipts(&self, at: impl Into<BlockRef>) -> Result<Option<Arc<Vec<Receipt>>>, StoreError> {
        let at = at.into();
        if let Some(recent) = self.recent(at) {
            return Ok(Some(recent.receipts().clone()));
        }
        self.height(at)?.map_or(Ok(None), |height| self.0.store.receipts(height))
    }

    /// Where a final transaction stands. `None`: unknown or not final (ask the pool).
    pub fn transaction(&self, hash: B256) -> Result<Option<TransactionLocation>, StoreError> {
        let found = self.0.store.transaction(&hash)?;
        Ok(found.filter(|location| location.height <= self.head().block().height()))
    }

    /// The finality certificate that consensus gave for exactly this block. `None`: it became final with a descendant.
    pub fn certificate(&self, height: u64) -> Result<Option<Bytes>, StoreError> {
        self.0.store.certificate(height)
    }

    /// Adds the certificate of a block that is already final (it may come after the block), durably. Nothing happens for a
    /// height that is not final.
    pub fn put_certificate(&self, height: u64, certificate: &[u8]) -> Result<(), StoreError> {
        if self.visible(Some(height))?.is_none() {
            return Ok(());
        }
        self.0.store.put_certificate(height, certificate)
    }

    /// The state after the block at `height`.
    ///
    /// # Errors
    /// [`StateError`]: the height is in the future or was pruned, or the store fails.
    pub fn state_at(&self, height: u64) -> Result<StateView, StateError> {
        let head = self.head_state();
        if height > head.height() {
            return Err(StateError::Future { height, head: head.height() });
        }
        let earliest = self.0.store.earliest_state()?;
        if height < earliest {
            return Err(StateError::Pruned { height, earliest });
        }
        Ok(head.at(height))
    }

    /// The state after the latest final block.
    pub fn head_state(&self) -> StateView {
        self.0.tree.head_state()
    }

    /// Merkle-Patricia proofs of an account and some of its slots after the block at `height` (EIP-1186).
    ///
    /// # Errors
    /// [`StateError`].
    pub fn proof(&self, address: Address, slots: &[U256], height: u64) -> Result<AccountProof, StateError> {
        self.state_at(height)?.proof(address, slots)
    }

    /// The logs of a range of heights that match addresses and topics of `filter` (its block option is not looked at).
    /// Bound the range: every header in it is read.
    ///
    /// # Errors
    /// [`LogsError`]: more than `limit` logs match, or the store fails.
    pub fn logs(
        &self,
        filter: &Filter,
        range: RangeInclusive<u64>,
        limit: usize,
    ) -> Result<Vec<MatchedLog>, LogsError> {
        logs::logs(self, filter, range, limit)
    }

    /// Every block that becomes final from now on, in order, after it is durable. A receiver that lags gets `Lagged` and
    /// should read what it missed by height.
    pub fn subscribe(&self) -> broadcast::Receiver<Arc<FinalizedBlock>> {
        self.0.tree.subscribe()
    }

    /// The blocks that are executed and not yet final.
    pub fn tree(&self) -> &BlockTree {
        &self.0.tree
    }

    /// The transactions that wait.
    pub fn pool(&self) -> &Pool {
        &self.0.pool
    }

    /// The EVM environment in which the transactions of `header`'s block run: for traces, and for `eth_call` on top of it.
    pub fn evm_env(&self, header: &Header) -> EvmEnv {
        evm::evm_env(self.chain_id(), header)
    }

    /// The EVM environment of a block that would follow `parent` at `timestamp` (seconds; raised to the parent's).
    pub fn next_evm_env(&self, parent: &Sealed<Header>, timestamp: u64) -> EvmEnv {
        evm::next_evm_env(self.chain_id(), parent, parent.hash(), timestamp)
    }

    /// The registry after the last block of an epoch, with its proofs. `None`: the validators did not change in it, or it has not ended.
    pub fn registry_record(&self, epoch: u64) -> Result<Option<RegistryRecord>, StoreError> {
        self.0.store.registry(epoch)
    }

    /// Who decides in an epoch that has begun, as the registry named them when it did. `None`: the validators of the genesis.
    ///
    /// # Errors
    /// [`RegistryError`]; [`StateError::Future`] if the block before the epoch is not final here.
    pub fn validators_of(&self, epoch: u64) -> Result<Option<Vec<RegisteredValidator>>, RegistryError> {
        let state = self.head_state();
        let before = epoch.checked_sub(1).map_or(0, |previous| self.0.epochs.last(previous));
        if before > state.height() {
            return Err(StateError::Future { height: before, head: state.height() }.into());
        }
        let Some(changed) = last_change_before(&state, epoch)? else { return Ok(None) };
        let record = self.0.store.registry(changed).map_err(StateError::from)?;
        record.ok_or(RegistryError::Unknown { epoch })?.validators().map(Some)
    }

    /// The earliest block, the genesis aside, that is here with its transactions and receipts. Headers may go back further.
    pub fn earliest_block(&self) -> Result<u64, StoreError> {
        self.0.store.earliest_block()
    }

    /// The earliest block whose state is here.
    pub fn earliest_state(&self) -> Result<u64, StoreError> {
        self.0.store.earliest_state()
    }

    /// Removes the state and trie versions that only heights below `below_height` need; blocks and receipts stay.
    pub fn prune(&self, below_height: u64) -> Result<PruneReport, StoreError> {
        self.0.store.prune(below_height)
    }

    /// Removes transactions and receipts of the blocks below `below_height`, the genesis aside; headers and certificates stay.
    pub fn prune_bodies(&self, below_height: u64) -> Result<PruneReport, StoreError> {
        self.0.store.prune_bodies(below_height)
    }

    /// Whether this node keeps everything for ever.
    pub fn is_archive(&self) -> bool {
        self.0.retention == Retention::default()
    }

    /// Forgets what [`Retention`] does not keep, at most `max_heights` of it: nothing until there is some for a batch. For calling after each
    /// commit.
    pub fn retain(&self, max_heights: u64) -> Result<PruneReport, StoreError> {
        if self.0.exporting.load(Ordering::Acquire) > 0 {
            return Ok(PruneReport::default());
        }
        let head = self.head().block().height();
        // Where to prune to, given what is kept and what is there; nothing is done for a few.
        let below = |kept: Option<u64>, earliest: u64| {
            let below = head.saturating_sub(kept?.saturating_sub(1));
            (below >= earliest + PRUNED_AT_ONCE).then(|| below.min(earliest + max_heights))
        };
        let mut report = PruneReport::default();
        if let Some(below) = below(self.0.retention.state_blocks, self.earliest_state()?) {
            report = self.prune(below)?;
        }
        if let Some(below) = below(self.0.retention.body_blocks, self.earliest_block()?) {
            report.bodies = self.prune_bodies(below)?.bodies;
        }
        Ok(report)
    }

    /// Until what it returns is dropped, [`Self::retain`] forgets nothing.
    pub(crate) fn keep_all(&self) -> KeptWhole {
        self.0.exporting.fetch_add(1, Ordering::AcqRel);
        KeptWhole(self.clone())
    }

    fn recent(&self, at: BlockRef) -> Option<Arc<FinalizedBlock>> {
        match at {
            BlockRef::Height(height) => self.0.tree.recent(|block| block.height() == height),
            BlockRef::Hash(hash) => self.0.tree.recent(|block| block.hash() == hash),
        }
    }

    fn height(&self, at: BlockRef) -> Result<Option<u64>, StoreError> {
        match at {
            BlockRef::Height(height) => self.visible(Some(height)),
            BlockRef::Hash(hash) => self.visible(self.0.store.height_of(&hash)?),
        }
    }

    /// Heights up to the head: what a commit is just writing is not visible yet.
    fn visible(&self, height: Option<u64>) -> Result<Option<u64>, StoreError> {
        Ok(height.filter(|height| *height <= self.head().block().height()))
    }
}

/// See [`Blockchain::keep_all`].
pub(crate) struct KeptWhole(Blockchain);

impl Drop for KeptWhole {
    fn drop(&mut self) {
        self.0.0.exporting.fetch_sub(1, Ordering::AcqRel);
    }
}

/// Makes the records of changes of the validators that a store lacks, from the state that it has.
fn keep_registry_records(store: &Store, head: &StateView, epochs: Epochs) -> Result<(), OpenError> {
    if !epochs.change() {
        return Ok(());
    }
    let mut from = 0;
    loop {
        let changed = changed_epochs(head, from, RECORDS_AT_ONCE)?;
        let Some(last) = changed.last() else { return Ok(()) };
        from = last + 1;
        for epoch in changed {
            let height = epochs.last(epoch);
            if height > head.height() || store.registry(epoch)?.is_some() || height < store.earliest_state()? {
                continue;
            }
            let record = RegistryRecord::of_state(&head.at(height), epoch);
            let failed = |error: RegistryError| StoreError { action: "opening", message: error.to_string() };
            if let Some(record) = record.map_err(failed)? {
                store.put_registry(&record)?;
            }
        }
    }
}
