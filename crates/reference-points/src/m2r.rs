//! M2R (D3.7 7.3.12)

use alloy_primitives::B256;
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

    /// Those of these roots of data blocks of which nothing is known here: neither the journal has a block with it, nor do the operations that are kept for it, each computed anew, give it, nor is it about to be sent. At most
    /// [`crate::data_block::MAX_RECORDED_ROOTS`].
    ///
    /// # Errors
    /// `MalformedRequest`, `JournalUnavailable`, `DatabaseUnreachable`.
    async fn unknown_roots(&self, roots: Vec<B256>) -> DoorResult<Vec<B256>>;

    /// Quotas, and what is used of them.
    ///
    /// # Errors
    /// `Internal`.
    async fn quotas(&self) -> DoorResult<QuotaReport>;
}
