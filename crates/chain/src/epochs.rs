//! Which validators decide in which epoch, as the chain's own state says.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use alloy_primitives::B256;
use chancery_execution::{Blockchain, Epochs};
use commonware_consensus::types::{Epoch, FixedEpocher};
use commonware_cryptography::certificate::{Provider, Scoped};

use crate::{ConsensusScheme, NodeError, PermittedNodes, ValidatorKeys, ValidatorSet};

/// Epochs whose validators are remembered: the one that decides, and those before it of which something may still be on its way.
const REMEMBERED_EPOCHS: usize = 4;

/// Told at the beginning of each epoch, and at every start, who decides: whoever connects validators follows it.
pub trait PeerTracker: Send + 'static {
    /// The validators of the epoch are those to be connected with from now on.
    fn track(&mut self, validators: &ValidatorSet);

    /// Of the others, these alone may connect. Told before [`Self::track`], and again, with [`Self::track`] after it, when a final block has
    /// changed it.
    fn permit(&mut self, _permitted: &PermittedNodes) {}
}

/// The schemes of the newest epochs, as marshal asks for them. An epoch of which nothing is known yet has none, so nobody's certificate of it is
/// believed before the epoch before is final.
#[derive(Clone, Default)]
pub(crate) struct EpochSchemes(Arc<Mutex<BTreeMap<u64, Arc<ConsensusScheme>>>>);

impl fmt::Debug for EpochSchemes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EpochSchemes").finish_non_exhaustive()
    }
}

impl EpochSchemes {
    pub(crate) fn insert(&self, epoch: u64, scheme: ConsensusScheme) {
        let mut schemes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        schemes.insert(epoch, Arc::new(scheme));
        while schemes.len() > REMEMBERED_EPOCHS {
            schemes.pop_first();
        }
    }
}

impl Provider for EpochSchemes {
    type Scope = Epoch;
    type Scheme = ConsensusScheme;

    fn scoped(&self, epoch: Epoch) -> Option<Scoped<ConsensusScheme>> {
        let schemes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        schemes.get(&epoch.get()).cloned().map(Scoped::scheme)
    }
}

/// One chain's epochs and the validators in them.
#[derive(Clone)]
pub(crate) struct Membership {
    chain: Blockchain,
    genesis: ValidatorSet,
    keys: ValidatorKeys,
    schemes: EpochSchemes,
}

impl Membership {
    pub(crate) fn new(chain: Blockchain, genesis: ValidatorSet, keys: ValidatorKeys) -> Self {
        Self { chain, genesis, keys, schemes: EpochSchemes::default() }
    }

    /// What marshal asks for schemes.
    pub(crate) const fn schemes(&self) -> &EpochSchemes {
        &self.schemes
    }

    pub(crate) fn epochs(&self) -> Epochs {
        self.chain.epochs()
    }

    /// The same for consensus.
    pub(crate) fn epocher(&self) -> FixedEpocher {
        FixedEpocher::new(self.epochs().length())
    }

    /// The epoch of the block that follows the head.
    pub(crate) fn current_epoch(&self) -> u64 {
        self.epochs().of(self.chain.head().block().height().saturating_add(1))
    }

    /// The validators of an epoch: those of the genesis in the first, then those that the state after the last block of the epoch before has.
    /// That block must be final here.
    pub(crate) fn validators(&self, epoch: u64) -> Result<ValidatorSet, NodeError> {
        let failed = |source| NodeError::Registry { chain: self.chain.genesis_config().name.clone(), epoch, source };
        match self.chain.validators_of(epoch).map_err(failed)? {
            Some(registered) => self.genesis.in_epoch(epoch, &registered),
            None => Ok(self.genesis.clone()),
        }
    }

    /// Who may connect besides the validators, after the last block that is final here.
    pub(crate) fn permitted_nodes(&self) -> Result<PermittedNodes, NodeError> {
        let chain = self.chain.genesis_config().name.clone();
        PermittedNodes::at_head(&self.chain).map_err(|source| NodeError::Permissions { chain, source })
    }

    /// Makes an epoch's certificates verifiable, and says who decides in it and how this node takes part: with a vote if it is one of them.
    pub(crate) fn enter(&self, epoch: u64) -> Result<(ValidatorSet, ConsensusScheme), NodeError> {
        let validators = self.validators(epoch)?;
        let scheme = validators.scheme(&self.keys);
        self.schemes.insert(epoch, scheme.clone());
        Ok((validators, scheme))
    }

    /// The hash that an epoch begins on: that of the last block of the epoch before, or of the genesis.
    pub(crate) fn first_parent(&self, epoch: u64) -> Result<B256, NodeError> {
        let height = epoch.checked_sub(1).map_or(0, |previous| self.epochs().last(previous));
        let missing = || NodeError::Damaged {
            chain: self.chain.genesis_config().name.clone(),
            problem: format!("the store has no block {height}"),
        };
        self.chain.hash_at(height)?.ok_or_else(missing)
    }
}
