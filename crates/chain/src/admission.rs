//! Which nodes may connect, as the chain's own state has it (`docs/specs/permissions.md`, PERMIT-4 to PERMIT-6).
//!
//! It is read from this node's own store: after the last final block that it has, or from the genesis when it has none. So a network of which
//! every node was stopped starts again without asking anybody.

use std::{collections::BTreeSet, fmt};

use alloy_primitives::{B256, U256};
use chancery_execution::{Blockchain, RegistryError, StateError, permitted_nodes};
use chancery_primitives::{
    permissions::{MODES_SLOT, PERMISSIONS},
    validator_registry::{SET_HASH_SLOT, VALIDATOR_REGISTRY},
};

use crate::PeerKey;

/// The nodes that may connect besides the validators of the epoch.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct PermittedNodes(Option<BTreeSet<B256>>);

impl fmt::Debug for PermittedNodes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            None => f.write_str("everybody"),
            Some(listed) => write!(f, "{} nodes", listed.len()),
        }
    }
}

impl PermittedNodes {
    /// After the last final block.
    pub(crate) fn at_head(chain: &Blockchain) -> Result<Self, RegistryError> {
        permitted_nodes(&chain.head_state()).map(Self)
    }

    /// These alone.
    #[must_use]
    pub fn only(keys: impl IntoIterator<Item = B256>) -> Self {
        Self(Some(keys.into_iter().collect()))
    }

    /// Whether it is one of them.
    #[must_use]
    pub fn permits(&self, peer: &PeerKey) -> bool {
        self.0.as_ref().is_none_or(|listed| listed.contains(&B256::from_slice(peer.as_ref())))
    }
}

/// What changes whenever [`PermittedNodes`] may have: two slots, so that looking costs nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct AdmissionMark([U256; 2]);

impl AdmissionMark {
    pub(crate) fn at_head(chain: &Blockchain) -> Result<Self, StateError> {
        let state = chain.head_state();
        Ok(Self([state.storage(PERMISSIONS, MODES_SLOT)?, state.storage(VALIDATOR_REGISTRY, SET_HASH_SLOT)?]))
    }
}
