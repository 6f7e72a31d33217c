//! C2P (D3.7 7.3.8)

use async_trait::async_trait;

use crate::{
    DoorResult,
    o2c::{Change, ChangeResult, Mode},
    organization::Organization,
};

/// The door between controlling and processing.
#[async_trait]
pub trait C2p: Send + Sync {
    /// Checks or applies the part of a change that concerns processing. A change that does not concern it has no effects and is no error.
    ///
    /// # Errors
    /// `ConfigurationInvalid` with the rule that it breaks; `ChainUnreachable`.
    async fn control(&self, change: &Change, mode: Mode) -> DoorResult<ChangeResult>;

    /// All organizations as the main chain records them.
    ///
    /// # Errors
    /// `ChainUnreachable`.
    async fn organizations(&self) -> DoorResult<Vec<Organization>>;
}
