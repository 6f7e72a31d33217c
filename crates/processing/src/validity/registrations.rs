//! The port to whoever keeps the register of persons.

use alloy_primitives::Address;
use async_trait::async_trait;
use chancery_reference_points::{DoorResult, Role};

/// Who is registered, by the register itself and not by who asks.
#[async_trait]
pub trait Registrations: Send + Sync {
    /// `Registered` while an office has not confirmed who it is, `Citizen` afterwards; `None` of whoever is not registered, was turned away, or has been replaced by
    /// another address.
    ///
    /// # Errors
    /// `DatabaseUnreachable`: it cannot be found out, which is no "no".
    async fn role_of(&self, address: Address) -> DoorResult<Option<Role>>;
}
