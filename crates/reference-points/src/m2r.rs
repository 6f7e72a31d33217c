//! M2R (D3.7 7.3.12)

use async_trait::async_trait;

use crate::{
    DoorResult,
    v2m::{EventFilter, HistoryEntry},
};

/// The door between monitoring and representation.
#[async_trait]
pub trait M2r: Send + Sync {
    /// Journal entries of representation, newest first, at most the filter's limit.
    ///
    /// # Errors
    /// `DatabaseUnreachable`.
    async fn journal(&self, filter: &EventFilter) -> DoorResult<Vec<HistoryEntry>>;
}
