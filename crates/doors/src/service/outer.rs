//! The four outer doors, as the gateway reaches them in other processes.

use alloy_primitives::B256;
use chancery_reference_points::{
    Actor, DoorResult,
    access_rule::ServiceAccess,
    alert::{AddedReceiver, AlertReceiver, MailboxLook, NewReceiver, TestedDelivery, WatchReport},
    chain_records::ChainStatus,
    change_approval::{Approvals, ChangeReview},
    contract_release::{ContractArtifact, ContractRelease, ContractReview, ContractSimulation},
    data_block::OperationProof,
    data_format::{DataFormat, FormatId},
    data_search::{
        Aggregates, AssetTrace, AuditReport, AuditRequest, DataAggregate, DataPage, DataQuery, DayCount, Delivered,
        OperationPlace, Reading, Subscribe, Subscription, TraceRequest,
    },
    o2c::{Change, ChangeResult, Mode, O2c, O2cAlerts},
    operation::ChainName,
    organization::Organization,
    price::PriceSetting,
    quota::QuotaReport,
    r2d::{R2d, Submission, SubmissionReceipt},
    source_data::SourceOperationProof,
    u2s::{ServiceDescription, ServiceRequest, U2s, U2sData},
    v2m::{EventFilter, History, HistoryEntry, V2m, V2mData},
};
use serde_json::Value;

use super::{door, owned, passed};

door! {
    R2d as r2d, "R2d";
    "DataFormats", READ: data_formats() -> Vec<DataFormat>;
    "DataFormat", READ: data_format([&] id: FormatId) -> DataFormat;
    "Submit", WRITE: submit([&] actor: Actor, [] submission: Submission) -> SubmissionReceipt;
    "OperationProof", READ: operation_proof([] digest: B256) -> OperationProof;
}

door! {
    U2s as u2s, "U2s";
    "Catalogue", READ: catalogue() -> Vec<ServiceDescription>;
    "Withdrawn", READ: withdrawn() -> Vec<ServiceDescription>;
    "Prices", READ: prices() -> Vec<PriceSetting>;
    "Request", READ: request([&] actor: Actor, [] request: ServiceRequest) -> Value;
    "ServiceAccess", READ: service_access([&] service: str) -> ServiceAccess;
    "Chains", READ: chains() -> Vec<ChainStatus>;
}

door! {
    U2sData as u2s_data, "U2sData";
    "SearchData", READ: search_data([&] actor: Actor, [] query: DataQuery) -> DataPage;
    "DataStatistics", READ: data_statistics([&] actor: Actor) -> Vec<DayCount>;
    "TraceData", READ: trace_data([&] actor: Actor, [] request: TraceRequest) -> AssetTrace;
    "DataProof", READ: data_proof([&] actor: Actor, [] at: OperationPlace) -> SourceOperationProof;
    "AggregateData", READ: aggregate_data([&] actor: Actor, [] aggregate: DataAggregate) -> Aggregates;
    "Subscribe", READ: subscribe([&] actor: Actor, [] subscribe: Subscribe) -> Subscription;
    "Subscriptions", READ: subscriptions([&] actor: Actor) -> Vec<Subscription>;
    "Unsubscribe", READ: unsubscribe([&] actor: Actor, [] id: B256) -> Subscription;
    "SubscribedData", READ: subscribed_data([&] actor: Actor, [] id: B256, [] reading: Reading) -> Delivered;
}

door! {
    O2c as o2c, "O2c";
    "Control", WRITE: control([&] actor: Actor, [] change: Change, [] mode: Mode) -> ChangeResult;
    "Organizations", READ: organizations() -> Vec<Organization>;
    "Organization", READ: organization([&] code: str) -> Organization;
    "SimulateContract", WRITE: simulate_contract([&] actor: Actor, [] artifact: ContractArtifact) -> ContractSimulation;
    "Contracts", READ: contracts([&] chain: ChainName, [] offset: u64) -> Vec<ContractRelease>;
    "Contract", READ: contract([&] chain: ChainName, [] release: B256) -> ContractReview;
    "Changes", READ: changes([] offset: u64) -> Approvals;
    "Change", READ: change([] change: B256) -> ChangeReview;
}

door! {
    O2cAlerts as o2c_alerts, "O2cAlerts";
    "AlertReceivers", READ: alert_receivers([&] actor: Actor) -> Vec<AlertReceiver>;
    "AddAlertReceiver", WRITE: add_alert_receiver([&] actor: Actor, [] receiver: NewReceiver, [] mode: Mode) -> AddedReceiver;
    "RemoveAlertReceiver", WRITE: remove_alert_receiver([&] actor: Actor, [&] receiver: str, [] mode: Mode) -> AlertReceiver;
    "TestAlertReceiver", WRITE: test_alert_receiver([&] actor: Actor, [&] receiver: str, [] note: String) -> TestedDelivery;
}

door! {
    V2m as v2m, "V2m";
    "History", AUDIT: history([&] actor: Actor, [] subject: B256) -> History;
    "Events", AUDIT: events([&] actor: Actor, [] filter: EventFilter) -> Vec<HistoryEntry>;
}

door! {
    V2mData as v2m_data, "V2mData";
    "AuditData", AUDIT: audit_data([&] actor: Actor, [] request: AuditRequest) -> AuditReport;
    "AuditChain", AUDIT: audit_chain([&] actor: Actor, [&] chain: ChainName, [] from: u64) -> AuditReport;
    "MailboxesAudited", WRITE: mailboxes_audited([] looked: MailboxLook) -> WatchReport;
    "AuditStatus", READ: audit_status([&] actor: Actor) -> WatchReport;
    "Quotas", READ: quotas([&] actor: Actor) -> QuotaReport;
}
