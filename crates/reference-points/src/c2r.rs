//! C2R (D3.7 7.3.9)

use async_trait::async_trait;

use crate::{
    DoorResult,
    o2c::{Change, ChangeResult, Mode},
};

/// The door between controlling and representation.
#[async_trait]
pub trait C2r: Send + Sync {
    /// Checks or applies the part of a change that concerns representation. A change that does not concern it has no effects and is no error.
    ///
    /// # Errors
    /// `ConfigurationInvalid` with the rule that it breaks; `ChainUnreachable`.
    async fn control(&self, change: &Change, mode: Mode) -> DoorResult<ChangeResult>;
}
