//! The eight inner doors.

use alloy_primitives::{Address, B256, Bytes};
use chancery_data::SourceId;
use chancery_light::StateProof;
use chancery_reference_points::{
    Actor, DoorResult,
    access_rule::AccessRule,
    anchor::AnchorState,
    c2p::C2p,
    c2r::C2r,
    c2s::C2s,
    chain_records::{ChainStatus, EventQuery, EventRecord, TransactionRecord, ViewRecord},
    change_approval::{Approvals, ChangeReview},
    contract_release::{ContractArtifact, ContractRelease, ContractReview, ContractSimulation},
    data_block::{
        DataBlock, DataBlockRecord, KeptBlocks, RecordedBlock, RecordedRoots, RootOfBlock, TransactionLocator,
    },
    data_search::{
        Aggregation, AssetVersions, AuditReport, AuditRequest, DataAggregate, DataPage, DataQuery, DayCount,
        OperationPlace, TraceRequest, Visibility,
    },
    m2p::M2p,
    m2r::{M2r, M2rData},
    m2s::M2s,
    mandate::Mandate,
    o2c::{Change, ChangeResult, Mode},
    operation::{ChainName, InterpretedOperation, SignedOperation},
    organization::Organization,
    p2r::P2r,
    quota::QuotaReport,
    s2p::{S2p, S2pData},
    source_data::SourceOperationProof,
    trace::HandOver,
    v2m::{EventFilter, HistoryEntry},
};

use super::{door, owned, passed};

door! {
    P2r as p2r, "P2r";
    "Check", READ: check([&] operation: SignedOperation) -> InterpretedOperation;
    "Record", WRITE: record([] block: DataBlock) -> DataBlockRecord;
    "Recorded", READ: recorded([&] locator: TransactionLocator) -> TransactionRecord;
    "RecordRoot", WRITE: record_root([] block: RootOfBlock) -> TransactionLocator;
}

door! {
    S2p as s2p, "S2p";
    "Chains", READ: chains([&] by: Mandate) -> Vec<ChainStatus>;
    "Transaction", READ: transaction(
        [&] by: Mandate,
        [] chain: Option<&ChainName> as Option<ChainName> => chain.as_ref(),
        [] block: u64,
        [] tx_hash: B256
    ) -> TransactionRecord;
    "Events", READ: events([&] by: Mandate, [] query: EventQuery) -> Vec<EventRecord>;
    "View", READ: view([&] by: Mandate, [&] chain: ChainName, [] contract: Address, [] call: Bytes) -> ViewRecord;
    "StateProof", READ: state_proof([&] by: Mandate, [&] chain: ChainName, [] contract: Address, [] slots: Vec<B256>) -> Option<StateProof>;
    "AccessRules", READ: access_rules([] service: Option<&str> as Option<String> => service.as_deref()) -> Vec<AccessRule>;
    "IsOffice", READ: is_office([&] by: Mandate) -> bool;
    "Standing", READ: standing([&] by: Mandate) -> Actor;
}

door! {
    S2pData as s2p_data, "S2pData";
    "Search", READ: search([&] by: Mandate, [] query: DataQuery, [] visibility: Visibility) -> DataPage;
    "Statistics", READ: statistics([&] by: Mandate) -> Vec<DayCount>;
    "Versions", READ: versions([&] by: Mandate, [&] request: TraceRequest, [] visibility: Visibility) -> AssetVersions;
    "HandOvers", READ: hand_overs([&] by: Mandate, [] sources: Vec<SourceId>) -> Vec<HandOver>;
    "Proof", READ: proof([&] by: Mandate, [] at: OperationPlace) -> SourceOperationProof;
    "Aggregate", READ: aggregate([&] by: Mandate, [] aggregate: DataAggregate, [] visibility: Visibility) -> Aggregation;
    "Searchable", READ: searchable([&] by: Mandate, [] place: u64, [] wait_ms: u64) -> u64;
}

door! {
    C2s as c2s, "C2s";
    "Control", WRITE: control([&] change: Change, [] mode: Mode) -> ChangeResult;
}

door! {
    C2p as c2p, "C2p";
    "Control", WRITE: control([&] by: Mandate, [&] change: Change, [] mode: Mode) -> ChangeResult;
    "Organizations", READ: organizations() -> Vec<Organization>;
    "SimulateContract", WRITE: simulate_contract([&] by: Mandate, [&] artifact: ContractArtifact) -> ContractSimulation;
    "Contracts", READ: contracts([&] chain: ChainName, [] offset: u64) -> Vec<ContractRelease>;
    "Contract", READ: contract([&] chain: ChainName, [] release: B256) -> ContractReview;
    "Approvals", READ: approvals([] offset: u64) -> Approvals;
    "Change", READ: change([] change: B256) -> ChangeReview;
}

door! {
    C2r as c2r, "C2r";
    "Control", WRITE: control([&] change: Change, [] mode: Mode) -> ChangeResult;
}

door! {
    M2s as m2s, "M2s";
    "Journal", READ: journal([&] filter: EventFilter) -> Vec<HistoryEntry>;
}

door! {
    M2p as m2p, "M2p";
    "SubjectHistory", AUDIT: subject_history([&] by: Mandate, [] subject: B256) -> Vec<HistoryEntry>;
    "Events", AUDIT: events([&] by: Mandate, [&] filter: EventFilter) -> Vec<HistoryEntry>;
    "RecordedBlocks", AUDIT: recorded_blocks([&] by: Mandate, [&] chain: ChainName, [] roots: Vec<B256>) -> Vec<Option<RecordedBlock>>;
    "RecordedRoots", AUDIT: recorded_roots([&] by: Mandate, [&] chain: ChainName, [] from: u64) -> RecordedRoots;
    "Anchors", AUDIT: anchors([&] by: Mandate) -> Vec<AnchorState>;
}

door! {
    M2r as m2r, "M2r";
    "Journal", READ: journal([&] filter: EventFilter) -> Vec<HistoryEntry>;
}

door! {
    M2rData as m2r_data, "M2rData";
    "Audit", AUDIT: audit([] request: AuditRequest) -> AuditReport;
    "KeptBlocks", AUDIT: kept_blocks([] roots: Vec<B256>) -> KeptBlocks;
    "IndexedRoots", AUDIT: indexed_roots([&] chain: ChainName, [] from: u64) -> Vec<B256>;
    "Quotas", READ: quotas() -> QuotaReport;
}
