//! U2S (D3.7 7.3.1): what data users ask. A catalogue of services; applications bring them (`application::Service`).

use alloy_primitives::B256;
use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    Actor, DoorResult, Role,
    access_rule::ServiceAccess,
    chain_records::ChainStatus,
    data_search::{
        Aggregates, AssetTrace, DataAggregate, DataPage, DataQuery, DayCount, Delivered, OperationPlace, Reading,
        Subscribe, Subscription, TraceRequest,
    },
    price::PriceSetting,
    source_data::SourceOperationProof,
};

/// An entry of the catalogue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceDescription {
    /// Name.
    pub name: String,
    /// One line.
    pub description: String,
    /// Roles of which one is needed to ask; empty: anybody.
    #[serde(default)]
    pub roles: Vec<Role>,
}

/// A request: procedure 8.7, step 1.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceRequest {
    /// Name of the service.
    pub service: String,
    /// Its parameters.
    pub parameters: Value,
}

impl ServiceRequest {
    /// A request with parameters that serialize to JSON.
    ///
    /// # Errors
    /// `MalformedRequest` when they do not.
    pub fn new(service: &str, parameters: &impl Serialize) -> DoorResult<Self> {
        let parameters = serde_json::to_value(parameters)
            .map_err(|error| crate::DoorError::new(crate::Code::MalformedRequest, error.to_string()))?;
        Ok(Self { service: service.to_owned(), parameters })
    }
}

/// The door between data users and provisioning.
#[async_trait]
pub trait U2s: Send + Sync {
    /// The services that are offered.
    async fn catalogue(&self) -> DoorResult<Vec<ServiceDescription>>;

    /// The services that an operator has withdrawn: they can be offered again.
    async fn withdrawn(&self) -> DoorResult<Vec<ServiceDescription>>;

    /// Every change of the price list of inspections, oldest first (C-FEE).
    ///
    /// # Errors
    /// `DatabaseUnreachable`.
    async fn prices(&self) -> DoorResult<Vec<PriceSetting>>;

    /// Answers a service request; the access is recorded (M-MON-2).
    ///
    /// # Errors
    /// `UnknownService`, `RoleRequired`, `ServiceRefused`, and those of the service; `ChainUnreachable` as long as the access rules were never read.
    async fn request(&self, actor: &Actor, request: ServiceRequest) -> DoorResult<Value>;

    /// Who may ask for a service: its upper bound, and the versions of its rule.
    ///
    /// # Errors
    /// `UnknownService` when no application brings it; `ChainUnreachable`.
    async fn service_access(&self, service: &str) -> DoorResult<ServiceAccess>;

    /// The chains of the city: what a light client needs to verify answers by itself.
    ///
    /// # Errors
    /// None of its own: a chain that does not answer is listed without height.
    async fn chains(&self) -> DoorResult<Vec<ChainStatus>>;
}

/// The part of U2S for data of registered sources. Public data answer to anybody, internal data to whoever has an office, restricted data to who is named.
/// Whoever reads data about a subject is in the journal with that subject (M-MON-2).
#[async_trait]
pub trait U2sData: Send + Sync {
    /// A page of operations.
    ///
    /// # Errors
    /// `MalformedRequest`, `DatabaseUnreachable`, `JournalUnavailable`.
    async fn search_data(&self, actor: &Actor, query: DataQuery) -> DoorResult<DataPage>;

    /// Counts by day, format and source, of what the actor may see; operators and supervisors see all counts.
    ///
    /// # Errors
    /// `ChainUnreachable`, `JournalUnavailable`.
    async fn data_statistics(&self, actor: &Actor) -> DoorResult<Vec<DayCount>>;

    /// The versions, sources and readers of an asset: the newest versions, or the newest before one, as many as one answer holds
    /// ([`MAX_TRACE_VERSIONS`](crate::data_search::MAX_TRACE_VERSIONS), [`MAX_TRACE_BYTES`](crate::data_search::MAX_TRACE_BYTES)).
    ///
    /// # Errors
    /// `UnknownOperation` when nothing that the actor may see is about it; `MalformedRequest`, `DatabaseUnreachable`, `JournalUnavailable`.
    async fn trace_data(&self, actor: &Actor, request: TraceRequest) -> DoorResult<AssetTrace>;

    /// The proof of an operation that the actor has found.
    ///
    /// # Errors
    /// `UnknownSubmission`, `NotFinalYet`, `ChainUnreachable`, `JournalUnavailable`.
    async fn data_proof(&self, actor: &Actor, at: OperationPlace) -> DoorResult<SourceOperationProof>;

    /// Counts, sums, bounds and means over everything that matches and the actor may see.
    ///
    /// # Errors
    /// `MalformedRequest`, also when there are more groups or subjects than one answer has
    /// ([`MAX_GROUPS`](crate::data_search::MAX_GROUPS), [`MAX_AGGREGATED_SUBJECTS`](crate::data_search::MAX_AGGREGATED_SUBJECTS));
    /// `DatabaseUnreachable`, `JournalUnavailable`.
    async fn aggregate_data(&self, actor: &Actor, aggregate: DataAggregate) -> DoorResult<Aggregates>;

    /// Keeps a query for the actor: what matches it from now on.
    ///
    /// # Errors
    /// `AuthenticationRequired`, `MalformedRequest`, `TooManySubscriptions`; `StoreUnavailable`, `JournalUnavailable`.
    async fn subscribe(&self, actor: &Actor, subscribe: Subscribe) -> DoorResult<Subscription>;

    /// The actor's subscriptions, oldest first.
    ///
    /// # Errors
    /// `AuthenticationRequired`, `StoreUnavailable`.
    async fn subscriptions(&self, actor: &Actor) -> DoorResult<Vec<Subscription>>;

    /// Ends a subscription of the actor.
    ///
    /// # Errors
    /// `AuthenticationRequired`, `UnknownSubscription`, `StoreUnavailable`.
    async fn unsubscribe(&self, actor: &Actor, id: B256) -> DoorResult<Subscription>;

    /// What matches a subscription of the actor and the actor may see now, oldest first; with the wait that is asked for if there is nothing.
    ///
    /// # Errors
    /// `AuthenticationRequired`, `UnknownSubscription`, `MalformedRequest`; `DatabaseUnreachable`, `StoreUnavailable`, `JournalUnavailable`.
    async fn subscribed_data(&self, actor: &Actor, id: B256, reading: Reading) -> DoorResult<Delivered>;
}
