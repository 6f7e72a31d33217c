//! C2S (D3.7 7.3.7)

use async_trait::async_trait;

use crate::{
    DoorResult,
    o2c::{Change, ChangeResult, Mode},
};

/// The door between controlling and provisioning.
#[async_trait]
pub trait C2s: Send + Sync {
    /// Checks or applies the part of a change that concerns provisioning. A change that does not concern it has no effects and is no error.
    ///
    /// # Errors
    /// `ConfigurationInvalid` with the rule that it breaks; `ChainUnreachable`.
    async fn control(&self, change: &Change, mode: Mode) -> DoorResult<ChangeResult>;
}
