//! State as readers and the EVM see it.

use std::{collections::BTreeMap, fmt, sync::Arc};

use alloy_primitives::{Address, B256, Bytes, KECCAK256_EMPTY, U256, keccak256};
use revm::{DatabaseRef, bytecode::Bytecode, state::AccountInfo};

use super::{Account, AccountRecord, NodeKey, Overlay, StateError};
use crate::{
    store::StoreView,
    trie::{Branch, Child, root_hash},
};

/// The state after one block, final or executed. Cheap to clone; stays readable while newer blocks come.
///
/// Do not keep one for long: the store cannot reclaim what it still sees.
#[derive(Clone)]
pub struct StateView(Arc<Layers>);

struct Layers {
    height: u64,
    /// Newest first.
    overlays: Vec<PendingLayer>,
    /// `None` below the genesis block.
    base: Option<StoreView>,
}

/// A block over the base.
#[derive(Clone)]
pub(crate) struct PendingLayer {
    pub(crate) height: u64,
    pub(crate) hash: B256,
    pub(crate) overlay: Arc<Overlay>,
}

impl StateView {
    /// Nothing at all: the state that the genesis block starts from.
    pub(crate) fn empty() -> Self {
        Self(Arc::new(Layers { height: 0, overlays: Vec::new(), base: None }))
    }

    /// The state of the store.
    pub(crate) fn of_store(base: StoreView) -> Self {
        Self(Arc::new(Layers { height: base.height(), overlays: Vec::new(), base: Some(base) }))
    }

    /// The state after `layers`, newest first, over the store.
    pub(crate) fn with_overlays(&self, layers: Vec<PendingLayer>) -> Self {
        let height = layers.first().map_or(self.0.height, |layer| layer.height);
        Self(Arc::new(Layers { height, overlays: layers, base: self.0.base.clone() }))
    }

    /// The same snapshot of the store at another height at or below its head.
    pub(crate) fn at(&self, height: u64) -> Self {
        match &self.0.base {
            Some(base) => Self::of_store(base.at(height)),
            None => self.clone(),
        }
    }

    /// The root of the account trie.
    pub(crate) fn root(&self) -> Result<B256, StateError> {
        Ok(root_hash(self.top()?.as_ref()))
    }

    /// The height of the block after which this is the state.
    pub fn height(&self) -> u64 {
        self.0.height
    }

    /// An account; `None` when it does not exist.
    pub fn account(&self, address: Address) -> Result<Option<Account>, StateError> {
        Ok(self.record(&keccak256(address))?.map(|record| record.account()))
    }

    /// A storage slot; zero when it was never written.
    pub fn storage(&self, address: Address, slot: U256) -> Result<U256, StateError> {
        self.slot(address, &keccak256(slot.to_be_bytes::<32>()))
    }

    /// Code by hash; empty for the hash of nothing and for code that is unknown.
    pub fn code(&self, code_hash: B256) -> Result<Bytes, StateError> {
        Ok(self.bytecode(&code_hash)?.original_bytes())
    }

    /// The hash of a block at or below this one.
    pub fn block_hash(&self, height: u64) -> Result<Option<B256>, StateError> {
        if let Some(layer) = self.0.overlays.iter().find(|layer| layer.height == height) {
            return Ok(Some(layer.hash));
        }
        match &self.0.base {
            Some(base) if height <= base.height() => Ok(base.block_hash(height)?),
            _ => Ok(None),
        }
    }

    /// All slots of an account that are not zero, by the hash of their number. For removing an account and for dumps.
    pub(crate) fn all_slots(&self, address: Address) -> Result<BTreeMap<B256, U256>, StateError> {
        let mut slots = match &self.0.base {
            Some(base) => base.all_slots(address)?,
            None => BTreeMap::new(),
        };
        for layer in self.0.overlays.iter().rev() {
            for entry in layer.overlay.slots.get(&address).into_iter().flatten() {
                slots.insert(entry.key, entry.after);
            }
        }
        slots.retain(|_, value| !value.is_zero());
        Ok(slots)
    }

    pub(crate) fn overlays(&self) -> impl Iterator<Item = &Overlay> {
        self.0.overlays.iter().map(|layer| &*layer.overlay)
    }

    pub(crate) fn base(&self) -> Option<&StoreView> {
        self.0.base.as_ref()
    }

    pub(crate) fn record(&self, key: &B256) -> Result<Option<Arc<AccountRecord>>, StateError> {
        for overlay in self.overlays() {
            if let Some(record) = overlay.account(key) {
                return Ok(record.cloned());
            }
        }
        self.0.base.as_ref().map_or(Ok(None), |base| Ok(base.account(key)?))
    }

    pub(crate) fn slot(&self, address: Address, key: &B256) -> Result<U256, StateError> {
        for overlay in self.overlays() {
            if let Some(value) = overlay.slot(&address, key) {
                return Ok(value);
            }
        }
        self.0.base.as_ref().map_or(Ok(U256::ZERO), |base| Ok(base.slot(address, key)?))
    }

    pub(crate) fn bytecode(&self, code_hash: &B256) -> Result<Bytecode, StateError> {
        if *code_hash == KECCAK256_EMPTY {
            return Ok(Bytecode::default());
        }
        for overlay in self.overlays() {
            if let Some(code) = overlay.codes.get(code_hash) {
                return Ok(code.clone());
            }
        }
        let code = self.0.base.as_ref().map_or(Ok(None), |base| base.code(code_hash))?;
        Ok(code.unwrap_or_default())
    }

    /// The version of a branch that the block at height `version` wrote.
    pub(crate) fn branch(&self, key: &NodeKey, version: u64) -> Result<Option<Arc<Branch>>, StateError> {
        if let Some(layer) = self.0.overlays.iter().find(|layer| layer.height == version) {
            return Ok(layer.overlay.branch(key));
        }
        self.0.base.as_ref().map_or(Ok(None), |base| Ok(base.branch(key, version)?))
    }

    /// The height of a block that is executed on this state.
    pub(crate) fn next_height(&self) -> u64 {
        if self.0.base.is_none() && self.0.overlays.is_empty() { 0 } else { self.0.height + 1 }
    }

    /// The top of the account trie.
    pub(crate) fn top(&self) -> Result<Option<Child>, StateError> {
        match (self.0.overlays.first(), &self.0.base) {
            (Some(layer), _) => Ok(layer.overlay.top.clone()),
            (None, Some(base)) => Ok(base.top()?),
            (None, None) => Ok(None),
        }
    }
}

impl fmt::Debug for StateView {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("StateView")
            .field("height", &self.0.height)
            .field("pending", &self.0.overlays.len())
            .finish()
    }
}

impl DatabaseRef for StateView {
    type Error = StateError;

    fn basic_ref(&self, address: Address) -> Result<Option<AccountInfo>, StateError> {
        Ok(self.record(&keccak256(address))?.map(|record| record.info()))
    }

    fn code_by_hash_ref(&self, code_hash: B256) -> Result<Bytecode, StateError> {
        self.bytecode(&code_hash)
    }

    fn storage_ref(&self, address: Address, slot: U256) -> Result<U256, StateError> {
        self.storage(address, slot)
    }

    fn block_hash_ref(&self, number: u64) -> Result<B256, StateError> {
        Ok(self.block_hash(number)?.unwrap_or_default())
    }
}
