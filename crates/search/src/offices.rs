//! Who is an office, and of which organization: asked of processing, which knows it from the main chain (M-PRO-2).

use async_trait::async_trait;
use chancery_reference_points::{Actor, DoorResult, mandate::Mandate, s2p::S2p};

/// Says who is an office, whatever the mandate says of itself.
#[async_trait]
pub trait Offices: Send + Sync {
    /// Whether whoever the mandate is for has one of the offices that it names.
    ///
    /// # Errors
    /// `NotCovered`, `ChainUnreachable`.
    async fn confirm(&self, by: &Mandate) -> DoorResult<bool>;

    /// What stands of what the mandate says of its actor: configured roles, and organizations.
    ///
    /// # Errors
    /// `NotCovered`, `ChainUnreachable`.
    async fn standing(&self, by: &Mandate) -> DoorResult<Actor>;
}

#[async_trait]
impl<T: S2p> Offices for T {
    async fn confirm(&self, by: &Mandate) -> DoorResult<bool> {
        self.is_office(by).await
    }

    async fn standing(&self, by: &Mandate) -> DoorResult<Actor> {
        S2p::standing(self, by).await
    }
}
