//! Who may exchange messages: keys with the right `submission` for the organization that a statement names. The main chain is asked each time.

use std::sync::Arc;

use async_trait::async_trait;
use chancery_certificates::{
    directory::CityDirectory,
    registry::{Authorization, Registry},
};
use chancery_primitives::{Right, UnixSeconds};
use chancery_reference_points::{DoorResult, s2p::Retrieval};

use crate::statement::Correspondent;

/// The right that a key needs to send, and to be sent to.
pub const RIGHT: Right = Right::SUBMISSION;

/// Who may exchange messages.
#[async_trait]
pub trait Members: Send + Sync {
    /// Whether a key may exchange messages for its organization at a time, and if not, why.
    ///
    /// # Errors
    /// `ChainUnreachable`.
    async fn standing(&self, of: Correspondent, now: UnixSeconds) -> DoorResult<Authorization>;
}

/// The members whose keys `OrganizationRegistry` has.
pub struct RegisteredMembers {
    directory: Arc<CityDirectory>,
    chains: Arc<dyn Retrieval>,
}

impl RegisteredMembers {
    /// Reads the main chain through S2P.
    #[must_use]
    pub fn new(directory: Arc<CityDirectory>, chains: Arc<dyn Retrieval>) -> Self {
        Self { directory, chains }
    }
}

impl std::fmt::Debug for RegisteredMembers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RegisteredMembers").finish_non_exhaustive()
    }
}

#[async_trait]
impl Members for RegisteredMembers {
    async fn standing(&self, of: Correspondent, now: UnixSeconds) -> DoorResult<Authorization> {
        let registry = Registry::new(self.chains.as_ref(), &self.directory);
        registry.authorization(&self.directory.main(), of.address, of.organization, RIGHT, now).await
    }
}
