//! M2P (D3.7 7.3.11): processing to monitoring. What the chains record, and whether it verifies.

use alloy_primitives::B256;
use async_trait::async_trait;

use crate::{
    DoorResult,
    anchor::AnchorState,
    data_block::{RecordedBlock, RecordedRoots},
    mandate::Mandate,
    operation::ChainName,
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

    /// What a chain has of data blocks, by their roots and in their order, each proven by the state of a final block; `None`: it has none with that root. At most
    /// [`crate::data_block::MAX_RECORDED_ROOTS`] roots.
    ///
    /// # Errors
    /// `NotCovered`, `UnknownChain`, `MalformedRequest`, `ChainUnreachable`; `NotProvable` for a chain without certificates of finality.
    async fn recorded_blocks(
        &self,
        by: &Mandate,
        chain: &ChainName,
        roots: Vec<B256>,
    ) -> DoorResult<Vec<Option<RecordedBlock>>>;

    /// The roots that a chain has, from a number on (0 is the first that was recorded), proven as above.
    ///
    /// # Errors
    /// As [`Self::recorded_blocks`].
    async fn recorded_roots(&self, by: &Mandate, chain: &ChainName, from: u64) -> DoorResult<RecordedRoots>;

    /// The anchors of the city's chains, and what each has of the chain that it follows, proven by the state of a final block. A chain that does not answer hides no other.
    ///
    /// # Errors
    /// `NotCovered`.
    async fn anchors(&self, by: &Mandate) -> DoorResult<Vec<AnchorState>>;
}
