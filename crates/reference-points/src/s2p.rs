//! S2P (D3.7 7.3.6): processing to provisioning. Retrieval from the chains, with proofs. Read only.

use std::sync::Arc;

use alloy_primitives::{Address, B256, Bytes};
use async_trait::async_trait;
use chancery_data::SourceId;
use chancery_light::StateProof;

use crate::{
    Actor, DoorResult,
    access_rule::AccessRule,
    chain_records::{ChainStatus, EventQuery, EventRecord, TransactionRecord, ViewRecord},
    data_search::{
        Aggregation, AssetVersions, DataAggregate, DataPage, DataQuery, DayCount, OperationPlace, TraceRequest,
        Visibility,
    },
    mandate::Mandate,
    operation::ChainName,
    source_data::SourceOperationProof,
    trace::HandOver,
};

/// The most events that one query answers; a query that would find more is refused and has to be narrowed.
pub const MAX_EVENTS: usize = 10_000;

/// The door between provisioning and processing. Each request says on whose behalf and by which right it is asked; processing refuses what the right does not cover,
/// with `NotCovered`, and whoever does not have it, with `RoleRequired` (M-PRO-2).
#[async_trait]
pub trait S2p: Send + Sync {
    /// As [`Retrieval::chains`].
    ///
    /// # Errors
    /// `NotCovered`.
    async fn chains(&self, by: &Mandate) -> DoorResult<Vec<ChainStatus>>;

    /// As [`Retrieval::transaction`].
    ///
    /// # Errors
    /// `NotCovered`, `RoleRequired`, and those of retrieval.
    async fn transaction(
        &self,
        by: &Mandate,
        chain: Option<&ChainName>,
        block: u64,
        tx_hash: B256,
    ) -> DoorResult<TransactionRecord>;

    /// As [`Retrieval::events`].
    ///
    /// # Errors
    /// As [`Self::transaction`].
    async fn events(&self, by: &Mandate, query: EventQuery) -> DoorResult<Vec<EventRecord>>;

    /// As [`Retrieval::view`].
    ///
    /// # Errors
    /// As [`Self::transaction`].
    async fn view(&self, by: &Mandate, chain: &ChainName, contract: Address, call: Bytes) -> DoorResult<ViewRecord>;

    /// As [`Retrieval::state_proof`].
    ///
    /// # Errors
    /// As [`Self::transaction`].
    async fn state_proof(
        &self,
        by: &Mandate,
        chain: &ChainName,
        contract: Address,
        slots: Vec<B256>,
    ) -> DoorResult<Option<StateProof>>;

    /// Access rules as the main chain records them: with `service`, the versions of its rule, newest first, at most
    /// [`MAX_ACCESS_VERSIONS`](crate::access_rule::MAX_ACCESS_VERSIONS); without, the rule in force of each service that has one.
    /// A main chain that was founded without a registry of rules has none.
    ///
    /// # Errors
    /// `ChainUnreachable`.
    async fn access_rules(&self, service: Option<&str>) -> DoorResult<Vec<AccessRule>>;

    /// Whether whoever a mandate by the right [`DATA`](crate::mandate::rights::DATA) is for has one of the [`OFFICES`](crate::mandate::OFFICES) that it names: by the main
    /// chain and the configuration, not by what the door says. The search over registered sources asks it before it shows what is internal.
    ///
    /// # Errors
    /// `NotCovered` by another right; `ChainUnreachable`.
    async fn is_office(&self, by: &Mandate) -> DoorResult<bool>;

    /// Of what a mandate by the right [`DATA`](crate::mandate::rights::DATA) says of its actor, what stands: the roles that are configured (operator, supervisor), and the
    /// organizations of which the main chain gives its address a right now. The search asks it before it shows what is restricted, or counts it.
    ///
    /// # Errors
    /// `NotCovered` by another right; `ChainUnreachable`.
    async fn standing(&self, by: &Mandate) -> DoorResult<Actor>;
}

/// Retrieval through the door, on somebody's behalf.
#[derive(Clone)]
pub struct OnBehalf {
    door: Arc<dyn S2p>,
    mandate: Mandate,
}

impl OnBehalf {
    /// By this mandate, whatever is asked.
    #[must_use]
    pub fn new(door: Arc<dyn S2p>, mandate: Mandate) -> Self {
        Self { door, mandate }
    }
}

#[async_trait]
impl Retrieval for OnBehalf {
    async fn chains(&self) -> DoorResult<Vec<ChainStatus>> {
        self.door.chains(&self.mandate).await
    }

    async fn transaction(&self, chain: Option<&ChainName>, block: u64, tx_hash: B256) -> DoorResult<TransactionRecord> {
        self.door.transaction(&self.mandate, chain, block, tx_hash).await
    }

    async fn events(&self, query: EventQuery) -> DoorResult<Vec<EventRecord>> {
        self.door.events(&self.mandate, query).await
    }

    async fn view(&self, chain: &ChainName, contract: Address, call: Bytes) -> DoorResult<ViewRecord> {
        self.door.view(&self.mandate, chain, contract, call).await
    }

    async fn state_proof(
        &self,
        chain: &ChainName,
        contract: Address,
        slots: Vec<B256>,
    ) -> DoorResult<Option<StateProof>> {
        self.door.state_proof(&self.mandate, chain, contract, slots).await
    }
}

/// Retrieval from the chains, as applications are given it: whose behalf it is on is settled ([`OnBehalf`]), or it stays within processing.
#[async_trait]
pub trait Retrieval: Send + Sync {
    /// All chains of the city; one that does not answer is there without height.
    async fn chains(&self) -> DoorResult<Vec<ChainStatus>>;

    /// A final transaction with its events and proof. Without `chain`, all are asked; a chain that does not answer makes "not found" uncertain.
    ///
    /// # Errors
    /// `UnknownTransaction`, also when it is not in block `block`; `ChainUnreachable`; `UnknownChain`.
    async fn transaction(&self, chain: Option<&ChainName>, block: u64, tx_hash: B256) -> DoorResult<TransactionRecord>;

    /// Final events in chain order.
    ///
    /// # Errors
    /// `ChainUnreachable`, `UnknownChain`, `MalformedRequest` when more than [`MAX_EVENTS`] match.
    async fn events(&self, query: EventQuery) -> DoorResult<Vec<EventRecord>>;

    /// Calls a view function at the latest final block.
    ///
    /// # Errors
    /// `ChainUnreachable`, `UnknownChain`; `TransactionRefused` when the contract reverts, with the reason.
    async fn view(&self, chain: &ChainName, contract: Address, call: Bytes) -> DoorResult<ViewRecord>;

    /// Proof of storage slots of a contract at the latest final block, with that block's finality; `None` for a chain without finality
    /// certificates, where it would prove nothing to others.
    ///
    /// # Errors
    /// `ChainUnreachable`, `UnknownChain`.
    async fn state_proof(
        &self,
        chain: &ChainName,
        contract: Address,
        slots: Vec<B256>,
    ) -> DoorResult<Option<StateProof>>;
}

/// The part of S2P for data of registered sources: retrieval from what was accepted. Read only. What the mandate's right does not cover is `NotCovered`.
#[async_trait]
pub trait S2pData: Send + Sync {
    /// A page of operations that match and may be seen.
    ///
    /// # Errors
    /// `MalformedRequest` for a query beyond its bounds; `JournalUnavailable`.
    async fn search(&self, by: &Mandate, query: DataQuery, visibility: Visibility) -> DoorResult<DataPage>;

    /// How many operations of each day, format and source were accepted: public ones for anybody, internal ones for offices, restricted ones for the organization whose they
    /// are; all of them for operators and supervisors, who see what is accepted without its content.
    ///
    /// # Errors
    /// `NotCovered`, `ChainUnreachable`, `JournalUnavailable`.
    async fn statistics(&self, by: &Mandate) -> DoorResult<Vec<DayCount>>;

    /// The newest versions of an asset that may be seen, or the newest before one, oldest first.
    ///
    /// # Errors
    /// `NotCovered`, `ChainUnreachable`, `JournalUnavailable`.
    async fn versions(&self, by: &Mandate, request: &TraceRequest, visibility: Visibility)
    -> DoorResult<AssetVersions>;

    /// In whose hands sources of an asset were, at most [`MAX_TRACE_SOURCES`](crate::data_search::MAX_TRACE_SOURCES) of them: their keys, one after the other.
    ///
    /// # Errors
    /// `UnknownSource`, `MalformedRequest` for more sources; `JournalUnavailable`.
    async fn hand_overs(&self, by: &Mandate, sources: Vec<SourceId>) -> DoorResult<Vec<HandOver>>;

    /// The operation at a place, recomputed from what is stored, with its proof up to the chain.
    ///
    /// # Errors
    /// `UnknownSubmission`, also for what the right does not cover; `NotFinalYet`, `ChainUnreachable`, `JournalUnavailable`.
    async fn proof(&self, by: &Mandate, at: OperationPlace) -> DoorResult<SourceOperationProof>;

    /// Counts, sums, bounds and means over operations that match and may be seen.
    ///
    /// # Errors
    /// `MalformedRequest` for what is beyond its bounds, asked or found; `JournalUnavailable`.
    async fn aggregate(
        &self,
        by: &Mandate,
        aggregate: DataAggregate,
        visibility: Visibility,
    ) -> DoorResult<Aggregation>;

    /// Up to which place everything that is accepted is found: the first place that is not. Waits, at most so long, until that is beyond `place`.
    ///
    /// # Errors
    /// `JournalUnavailable`.
    async fn searchable(&self, by: &Mandate, place: u64, wait_ms: u64) -> DoorResult<u64>;
}
