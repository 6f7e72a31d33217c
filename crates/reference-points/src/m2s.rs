//! M2S (D3.7 7.3.10)

use async_trait::async_trait;

use crate::{
    DoorResult,
    v2m::{EventFilter, HistoryEntry},
};

/// The door between monitoring and provisioning.
#[async_trait]
pub trait M2s: Send + Sync {
    /// Journal entries of provisioning, newest first, at most the filter's limit.
    ///
    /// # Errors
    /// `DatabaseUnreachable`.
    async fn journal(&self, filter: &EventFilter) -> DoorResult<Vec<HistoryEntry>>;
}
