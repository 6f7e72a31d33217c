//! M2R (D3.7 7.3.12)

use alloy_primitives::B256;
use async_trait::async_trait;

use crate::{
    DoorResult,
    data_block::KeptBlocks,
    data_search::{AuditReport, AuditRequest},
    operation::ChainName,
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

    /// What is kept here of the data blocks with these roots, each computed anew from its rows: a prefix of them, so that one answer computes no more than some thousand
    /// operations. At most [`crate::data_block::MAX_RECORDED_ROOTS`].
    ///
    /// # Errors
    /// `MalformedRequest`, `JournalUnavailable`, `DatabaseUnreachable`.
    async fn kept_blocks(&self, roots: Vec<B256>) -> DoorResult<KeptBlocks>;

    /// Roots of data blocks of single operations that a chain is said here to have recorded, from a place among hashes on ([`crate::hash_place`]), in their order: at most
    /// [`crate::data_block::MAX_RECORDED_ROOTS`], and fewer at the end.
    ///
    /// # Errors
    /// `DatabaseUnreachable`, `Internal`.
    async fn indexed_roots(&self, chain: &ChainName, from: u64) -> DoorResult<Vec<B256>>;

    /// Quotas, and what is used of them.
    ///
    /// # Errors
    /// `Internal`.
    async fn quotas(&self) -> DoorResult<QuotaReport>;
}
