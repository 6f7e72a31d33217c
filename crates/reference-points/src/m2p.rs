//! M2P (D3.7 7.3.11): processing to monitoring. What the chains record, and whether it verifies.

use alloy_primitives::B256;
use async_trait::async_trait;

use crate::{
    DoorResult,
    mandate::Mandate,
    v2m::{EventFilter, HistoryEntry},
};

/// The door between monitoring and processing.
#[async_trait]
pub trait M2p: Send + Sync {
    /// Everything that the chains record about a subject, oldest first, each entry verified against the genesis: for supervisors, and for those whom its creation names.
    ///
    /// # Errors
    /// `NotCovered`, `RoleRequired`, `ChainUnreachable`.
    async fn subject_history(&self, by: &Mandate, subject: B256) -> DoorResult<Vec<HistoryEntry>>;

    /// Contract events of all chains, newest first, at most the filter's limit. For supervisors.
    ///
    /// # Errors
    /// `NotCovered`, `RoleRequired`, `ChainUnreachable`.
    async fn events(&self, by: &Mandate, filter: &EventFilter) -> DoorResult<Vec<HistoryEntry>>;
}
