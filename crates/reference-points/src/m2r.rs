//! M2R (D3.7 7.3.12)

use async_trait::async_trait;

use crate::{
    DoorResult,
    data_search::{AuditReport, AuditRequest},
    quota::QuotaReport,
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

/// The part of M2R for data of registered sources.
#[async_trait]
pub trait M2rData: Send + Sync {
    /// Recomputes what is stored, from a place on.
    ///
    /// # Errors
    /// `JournalUnavailable` when the disk does not answer; damage is no error but the report's difference.
    async fn audit(&self, request: AuditRequest) -> DoorResult<AuditReport>;

    /// Quotas, and what is used of them.
    ///
    /// # Errors
    /// `Internal`.
    async fn quotas(&self) -> DoorResult<QuotaReport>;
}
