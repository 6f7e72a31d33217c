//! The port through which entities keep a journal of what happened at their doors (M-MON-2). It holds no content and no personal data. The assembly gives an
//! implementation for each entity.

use std::sync::Arc;

use alloy_primitives::Address;
use async_trait::async_trait;

use crate::{
    DoorResult,
    v2m::{EventFilter, HistoryEntry},
};

/// The present time, Unix milliseconds. A port, so that rules can be tested without waiting.
pub type Clock = Arc<dyn Fn() -> u64 + Send + Sync>;

/// A durable, append-only journal of one entity.
#[async_trait]
pub trait Journal: Send + Sync {
    /// Adds an entry; it is durable when this returns.
    ///
    /// # Errors
    /// `DatabaseUnreachable`.
    async fn record(&self, entry: HistoryEntry) -> DoorResult<()>;

    /// Entries, newest first, at most the filter's limit.
    ///
    /// # Errors
    /// `DatabaseUnreachable`.
    async fn entries(&self, filter: &EventFilter) -> DoorResult<Vec<HistoryEntry>>;

    /// Who read what is about a subject, newest first, at most so many: one address alone, or everybody without one.
    ///
    /// # Errors
    /// `DatabaseUnreachable`.
    async fn accesses(&self, subject: &str, by: Option<Address>, limit: usize) -> DoorResult<Vec<HistoryEntry>>;
}
