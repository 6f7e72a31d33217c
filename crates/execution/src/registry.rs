//! The validator set as the state of a chain has it, and the epochs that follow from it.
//!
//! A chain whose genesis has the validator registry changes its set at the end of each epoch (`docs/specs/finality.md`, "Membership"). A chain
//! without it has one epoch, and the set of its genesis for ever.

use std::num::NonZeroU64;

use alloy_primitives::{B256, FixedBytes, U256};
use chancery_primitives::{
    extra_data::{BLS_PUBLIC_KEY_BYTES, validator_set_hash},
    validator_registry::{
        CHANGED_EPOCHS_PER_SLOT, CHANGED_EPOCHS_SLOT, EPOCH_LENGTH_SLOT, PEER_KEYS_SLOT, SET_HASH_SLOT,
        VALIDATOR_REGISTRY, changed_epochs_slot, peer_key_slot, record_slot,
    },
};

use crate::{MAX_VALIDATORS, StateError, StateView};

mod record;

pub use record::{MEMBER_SLOTS_PER_PROOF, RegistryRecord};

/// Epochs of a fixed number of blocks: epoch *e* has the heights from *e* times the length on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Epochs {
    length: NonZeroU64,
}

impl Epochs {
    /// What the state says; one endless epoch where it says nothing.
    pub(crate) fn of_state(state: &StateView) -> Result<Self, StateError> {
        let length = state.storage(VALIDATOR_REGISTRY, EPOCH_LENGTH_SLOT)?;
        Ok(Self { length: NonZeroU64::new(length.saturating_to()).unwrap_or(NonZeroU64::MAX) })
    }

    /// Blocks of an epoch.
    #[must_use]
    pub const fn length(self) -> NonZeroU64 {
        self.length
    }

    /// Whether there is more than one epoch.
    #[must_use]
    pub const fn change(self) -> bool {
        self.length.get() != u64::MAX
    }

    /// The epoch that a height lies in.
    #[must_use]
    pub const fn of(self, height: u64) -> u64 {
        height / self.length.get()
    }

    /// The first height of an epoch.
    #[must_use]
    pub const fn first(self, epoch: u64) -> u64 {
        epoch.saturating_mul(self.length.get())
    }

    /// The last height of an epoch: the state after it decides who the validators of the next one are.
    #[must_use]
    pub const fn last(self, epoch: u64) -> u64 {
        self.first(epoch).saturating_add(self.length.get() - 1)
    }
}

/// A validator as the registry has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegisteredValidator {
    /// The organization that runs it: 1 to 32 bytes, padded right with zeros.
    pub organization: B256,
    /// Ed25519 key that authenticates its connections.
    pub peer_public_key: FixedBytes<32>,
    /// Compressed BLS12-381 G1 key that signs finality.
    pub bls_public_key: FixedBytes<BLS_PUBLIC_KEY_BYTES>,
}

impl RegisteredValidator {
    /// The organization's name for people.
    #[must_use]
    pub fn organization_name(&self) -> String {
        organization_text(&self.organization)
    }
}

/// An organization's name for people, from the bytes that the registry has of it.
#[must_use]
pub fn organization_text(organization: &B256) -> String {
    let end = organization.iter().position(|byte| *byte == 0).unwrap_or(organization.len());
    String::from_utf8_lossy(&organization[..end]).into_owned()
}

/// Why the registry cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum RegistryError {
    /// The state cannot be read.
    #[error(transparent)]
    State(#[from] StateError),
    /// This node began after that epoch, from a snapshot, and knows no more of it than the keys.
    #[error("who the validators of epoch {epoch} were, this node does not know: it began after it, from a snapshot")]
    Unknown {
        /// The epoch.
        epoch: u64,
    },
    /// The registry contradicts itself. It cannot, unless the genesis has another contract in its place.
    #[error("the validator registry names {count} validators whose keys have the hash {found}, and not {expected}")]
    Contradiction {
        /// Validators that it names.
        count: U256,
        /// Hash of their keys.
        found: B256,
        /// The hash that it names.
        expected: B256,
    },
}

/// The validators that the registry names in a state, in the order of the set. `None`: the chain has no registry.
///
/// # Errors
/// [`RegistryError`].
pub fn registered_validators(state: &StateView) -> Result<Option<Vec<RegisteredValidator>>, RegistryError> {
    read_validators(|slot| Ok(state.storage(VALIDATOR_REGISTRY, slot)?))
}

/// The validators that the registry's slots name.
fn read_validators(
    slot: impl Fn(U256) -> Result<U256, RegistryError>,
) -> Result<Option<Vec<RegisteredValidator>>, RegistryError> {
    let expected = B256::from(slot(SET_HASH_SLOT)?);
    if expected.is_zero() {
        return Ok(None);
    }
    let count = slot(PEER_KEYS_SLOT)?;
    let mut validators = Vec::new();
    for index in 0..count.saturating_to::<usize>().min(MAX_VALIDATORS) {
        let peer = B256::from(slot(peer_key_slot(index))?);
        let record = record_slot(peer);
        let word = |offset: u64| slot(record.wrapping_add(U256::from(offset))).map(B256::from);
        let mut key = FixedBytes::<BLS_PUBLIC_KEY_BYTES>::ZERO;
        key[..32].copy_from_slice(word(1)?.as_slice());
        key[32..].copy_from_slice(&word(2)?[16..]);
        validators.push(RegisteredValidator { organization: word(0)?, peer_public_key: peer, bls_public_key: key });
    }
    let keys: Vec<_> = validators.iter().map(|validator| validator.bls_public_key.0).collect();
    let found = validator_set_hash(&keys);
    if found != expected || U256::from(keys.len()) != count {
        return Err(RegistryError::Contradiction { count, found, expected });
    }
    Ok(Some(validators))
}

/// At most `limit` epochs from `from` on in which the set was changed, ascending: after the last block of each, another set may decide.
///
/// # Errors
/// [`StateError`].
pub fn changed_epochs(state: &StateView, from: u64, limit: usize) -> Result<Vec<u64>, StateError> {
    let count = state.storage(VALIDATOR_REGISTRY, CHANGED_EPOCHS_SLOT)?.saturating_to::<usize>();
    let (mut low, mut high) = (0, count);
    while low < high {
        let middle = low.midpoint(high);
        if changed_epoch(state, middle)? < from { low = middle + 1 } else { high = middle }
    }
    (low..count).take(limit).map(|index| changed_epoch(state, index)).collect()
}

/// The last epoch before `epoch` in which the set was changed; `None`: the validators of the genesis still decide in it.
pub(crate) fn last_change_before(state: &StateView, epoch: u64) -> Result<Option<u64>, StateError> {
    let count = state.storage(VALIDATOR_REGISTRY, CHANGED_EPOCHS_SLOT)?.saturating_to::<usize>();
    let (mut low, mut high) = (0, count);
    while low < high {
        let middle = low.midpoint(high);
        if changed_epoch(state, middle)? < epoch { low = middle + 1 } else { high = middle }
    }
    low.checked_sub(1).map(|index| changed_epoch(state, index)).transpose()
}

fn changed_epoch(state: &StateView, index: usize) -> Result<u64, StateError> {
    let slot = state.storage(VALIDATOR_REGISTRY, changed_epochs_slot(index))?;
    Ok(slot.as_limbs()[index % CHANGED_EPOCHS_PER_SLOT])
}
