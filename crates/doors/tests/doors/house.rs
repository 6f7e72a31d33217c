//! A house with all its doors: it notes what it is asked, and answers from its dice, or refuses.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicBool, Ordering},
};

use alloy_primitives::{Address, B256, Bytes};
use async_trait::async_trait;
use chancery_data::SourceId;
use chancery_doors::{Offered, Remote};
use chancery_light::StateProof;
use chancery_reference_points::{
    Actor, DoorError, DoorResult,
    access_rule::{AccessRule, ServiceAccess},
    alert::{AddedReceiver, AlertReceiver, MailboxLook, NewReceiver, TestedDelivery, WatchReport},
    anchor::AnchorState,
    c2p::C2p,
    c2r::C2r,
    c2s::C2s,
    chain_records::{ChainStatus, EventQuery, EventRecord, TransactionRecord, ViewRecord},
    change_approval::{Approvals, ChangeReview},
    contract_release::{ContractArtifact, ContractRelease, ContractReview, ContractSimulation},
    data_block::{
        DataBlock, DataBlockRecord, KeptBlocks, OperationProof, RecordedBlock, RecordedRoots, RootOfBlock,
        TransactionLocator,
    },
    data_format::{DataFormat, FormatId},
    data_search::{
        Aggregates, Aggregation, AssetTrace, AssetVersions, AuditReport, AuditRequest, DataAggregate, DataPage,
        DataQuery, DayCount, Delivered, OperationPlace, Reading, Subscribe, Subscription, TraceRequest, Visibility,
    },
    m2p::M2p,
    m2r::{M2r, M2rData},
    m2s::M2s,
    mandate::Mandate,
    o2c::{Change, ChangeResult, Mode, O2c, O2cAlerts},
    operation::{ChainName, InterpretedOperation, SignedOperation},
    organization::Organization,
    p2r::P2r,
    price::PriceSetting,
    quota::QuotaReport,
    r2d::{R2d, R2dSources, Submission, SubmissionReceipt},
    s2p::{S2p, S2pData},
    source_data::{AcceptedSubmission, Source, SourceChange, SourceOperationProof, SourceSubmission, SubmissionState},
    trace::HandOver,
    u2s::{ServiceDescription, ServiceRequest, U2s, U2sData},
    v2m::{EventFilter, History, HistoryEntry, V2m, V2mData},
};
use serde_json::Value;

use crate::samples::{Dice, Sample};

/// Everything behind the doors.
pub(crate) struct House {
    dice: Mutex<Dice>,
    asked: Mutex<Vec<String>>,
    refuses: AtomicBool,
}

impl House {
    pub(crate) fn new(seed: u64) -> Arc<Self> {
        let dice = Mutex::new(Dice::new(seed));
        Arc::new(Self { dice, asked: Mutex::default(), refuses: AtomicBool::new(false) })
    }

    /// From now on every operation is refused.
    pub(crate) fn refuse(&self) {
        self.refuses.store(true, Ordering::SeqCst);
    }

    /// What it was asked since it was asked this last.
    pub(crate) fn asked(&self) -> Vec<String> {
        std::mem::take(&mut self.asked.lock().unwrap())
    }

    fn answer<T: Sample>(&self, asked: String) -> DoorResult<T> {
        self.asked.lock().unwrap().push(asked);
        let mut dice = self.dice.lock().unwrap();
        if self.refuses.load(Ordering::SeqCst) { Err(dice.sample::<DoorError>()) } else { Ok(dice.sample()) }
    }
}

macro_rules! room {
    ($($door:ident { $($method:ident($($argument:ident: $type:ty),*) -> $answer:ty;)* })*) => {
        $(#[async_trait]
        impl $door for House {
            $(async fn $method(&self, $($argument: $type),*) -> DoorResult<$answer> {
                let arguments: Vec<String> = vec![$(format!("{:?}", $argument)),*];
                self.answer(format!("{}::{}({})", stringify!($door), stringify!($method), arguments.join(", ")))
            })*
        })*
    };
}

room! {
    R2d {
        data_formats() -> Vec<DataFormat>;
        data_format(id: &FormatId) -> DataFormat;
        submit(actor: &Actor, submission: Submission) -> SubmissionReceipt;
        operation_proof(digest: B256) -> OperationProof;
    }
    U2s {
        catalogue() -> Vec<ServiceDescription>;
        withdrawn() -> Vec<ServiceDescription>;
        prices() -> Vec<PriceSetting>;
        request(actor: &Actor, request: ServiceRequest) -> Value;
        service_access(service: &str) -> ServiceAccess;
        chains() -> Vec<ChainStatus>;
    }
    U2sData {
        search_data(actor: &Actor, query: DataQuery) -> DataPage;
        data_statistics(actor: &Actor) -> Vec<DayCount>;
        trace_data(actor: &Actor, request: TraceRequest) -> AssetTrace;
        data_proof(actor: &Actor, at: OperationPlace) -> SourceOperationProof;
        aggregate_data(actor: &Actor, aggregate: DataAggregate) -> Aggregates;
        subscribe(actor: &Actor, subscribe: Subscribe) -> Subscription;
        subscriptions(actor: &Actor) -> Vec<Subscription>;
        unsubscribe(actor: &Actor, id: B256) -> Subscription;
        subscribed_data(actor: &Actor, id: B256, reading: Reading) -> Delivered;
    }
    O2c {
        control(actor: &Actor, change: Change, mode: Mode) -> ChangeResult;
        organizations() -> Vec<Organization>;
        organization(code: &str) -> Organization;
        simulate_contract(actor: &Actor, artifact: ContractArtifact) -> ContractSimulation;
        contracts(chain: &ChainName, offset: u64) -> Vec<ContractRelease>;
        contract(chain: &ChainName, release: B256) -> ContractReview;
        changes(offset: u64) -> Approvals;
        change(change: B256) -> ChangeReview;
    }
    O2cAlerts {
        alert_receivers(actor: &Actor) -> Vec<AlertReceiver>;
        add_alert_receiver(actor: &Actor, receiver: NewReceiver, mode: Mode) -> AddedReceiver;
        remove_alert_receiver(actor: &Actor, receiver: &str, mode: Mode) -> AlertReceiver;
        test_alert_receiver(actor: &Actor, receiver: &str, note: String) -> TestedDelivery;
    }
    V2m {
        history(actor: &Actor, subject: B256) -> History;
        events(actor: &Actor, filter: EventFilter) -> Vec<HistoryEntry>;
    }
    V2mData {
        audit_data(actor: &Actor, request: AuditRequest) -> AuditReport;
        audit_chain(actor: &Actor, chain: &ChainName, from: u64) -> AuditReport;
        mailboxes_audited(looked: MailboxLook) -> WatchReport;
        audit_status(actor: &Actor) -> WatchReport;
        quotas(actor: &Actor) -> QuotaReport;
    }
    P2r {
        check(operation: &SignedOperation) -> InterpretedOperation;
        record(block: DataBlock) -> DataBlockRecord;
        recorded(locator: &TransactionLocator) -> TransactionRecord;
        record_root(block: RootOfBlock) -> TransactionLocator;
    }
    S2p {
        chains(by: &Mandate) -> Vec<ChainStatus>;
        transaction(by: &Mandate, chain: Option<&ChainName>, block: u64, tx_hash: B256) -> TransactionRecord;
        events(by: &Mandate, query: EventQuery) -> Vec<EventRecord>;
        view(by: &Mandate, chain: &ChainName, contract: Address, call: Bytes) -> ViewRecord;
        state_proof(by: &Mandate, chain: &ChainName, contract: Address, slots: Vec<B256>) -> Option<StateProof>;
        access_rules(service: Option<&str>) -> Vec<AccessRule>;
        is_office(by: &Mandate) -> bool;
        standing(by: &Mandate) -> Actor;
    }
    S2pData {
        search(by: &Mandate, query: DataQuery, visibility: Visibility) -> DataPage;
        statistics(by: &Mandate) -> Vec<DayCount>;
        versions(by: &Mandate, request: &TraceRequest, visibility: Visibility) -> AssetVersions;
        hand_overs(by: &Mandate, sources: Vec<SourceId>) -> Vec<HandOver>;
        proof(by: &Mandate, at: OperationPlace) -> SourceOperationProof;
        aggregate(by: &Mandate, aggregate: DataAggregate, visibility: Visibility) -> Aggregation;
        searchable(by: &Mandate, place: u64, wait_ms: u64) -> u64;
    }
    C2s { control(change: &Change, mode: Mode) -> ChangeResult; }
    C2p {
        control(by: &Mandate, change: &Change, mode: Mode) -> ChangeResult;
        organizations() -> Vec<Organization>;
        simulate_contract(by: &Mandate, artifact: &ContractArtifact) -> ContractSimulation;
        contracts(chain: &ChainName, offset: u64) -> Vec<ContractRelease>;
        contract(chain: &ChainName, release: B256) -> ContractReview;
        approvals(offset: u64) -> Approvals;
        change(change: B256) -> ChangeReview;
    }
    C2r { control(change: &Change, mode: Mode) -> ChangeResult; }
    M2s { journal(filter: &EventFilter) -> Vec<HistoryEntry>; }
    M2p {
        subject_history(by: &Mandate, subject: B256) -> Vec<HistoryEntry>;
        events(by: &Mandate, filter: &EventFilter) -> Vec<HistoryEntry>;
        recorded_blocks(by: &Mandate, chain: &ChainName, roots: Vec<B256>) -> Vec<Option<RecordedBlock>>;
        recorded_roots(by: &Mandate, chain: &ChainName, from: u64) -> RecordedRoots;
        anchors(by: &Mandate) -> Vec<AnchorState>;
    }
    M2r { journal(filter: &EventFilter) -> Vec<HistoryEntry>; }
    M2rData {
        audit(request: AuditRequest) -> AuditReport;
        kept_blocks(roots: Vec<B256>) -> KeptBlocks;
        indexed_roots(chain: &ChainName, from: u64) -> Vec<B256>;
        quotas() -> QuotaReport;
    }
}

#[async_trait]
impl R2dSources for House {
    /// Refuses every second one, whatever else it does: each has a verdict of its own.
    async fn accept(&self, submissions: Vec<SourceSubmission>) -> Vec<DoorResult<AcceptedSubmission>> {
        self.asked.lock().unwrap().push(format!("R2dSources::accept({submissions:?})"));
        let mut dice = self.dice.lock().unwrap();
        (0..submissions.len())
            .map(|place| if place.is_multiple_of(2) { Ok(dice.sample()) } else { Err(dice.sample()) })
            .collect()
    }

    async fn submission(&self, place: u64) -> DoorResult<SubmissionState> {
        self.answer(format!("R2dSources::submission({place:?})"))
    }

    async fn submitted_operation_proof(&self, place: u64, index: u32) -> DoorResult<SourceOperationProof> {
        self.answer(format!("R2dSources::submitted_operation_proof({place:?}, {index:?})"))
    }

    async fn change_source(&self, actor: &Actor, change: SourceChange) -> DoorResult<Source> {
        self.answer(format!("R2dSources::change_source({actor:?}, {change:?})"))
    }

    async fn source(&self, source: SourceId) -> DoorResult<Source> {
        self.answer(format!("R2dSources::source({source:?})"))
    }
}

/// The twelve doors with their parts, however they are reached.
pub(crate) struct Reached {
    pub(crate) r2d: Arc<dyn R2d>,
    pub(crate) r2d_sources: Arc<dyn R2dSources>,
    pub(crate) u2s: Arc<dyn U2s>,
    pub(crate) u2s_data: Arc<dyn U2sData>,
    pub(crate) o2c: Arc<dyn O2c>,
    pub(crate) o2c_alerts: Arc<dyn O2cAlerts>,
    pub(crate) v2m: Arc<dyn V2m>,
    pub(crate) v2m_data: Arc<dyn V2mData>,
    pub(crate) p2r: Arc<dyn P2r>,
    pub(crate) s2p: Arc<dyn S2p>,
    pub(crate) s2p_data: Arc<dyn S2pData>,
    pub(crate) c2s: Arc<dyn C2s>,
    pub(crate) c2p: Arc<dyn C2p>,
    pub(crate) c2r: Arc<dyn C2r>,
    pub(crate) m2s: Arc<dyn M2s>,
    pub(crate) m2p: Arc<dyn M2p>,
    pub(crate) m2r: Arc<dyn M2r>,
    pub(crate) m2r_data: Arc<dyn M2rData>,
}

macro_rules! reached {
    ($by:ident: $($door:ident)*) => { Reached { $($door: $by.clone()),* } };
}

macro_rules! offered {
    ($by:ident: $($door:ident)*) => { Offered::new("house")$(.$door($by.clone()))* };
}

impl Reached {
    pub(crate) fn in_process(house: &Arc<House>) -> Self {
        reached!(house: r2d r2d_sources u2s u2s_data o2c o2c_alerts v2m v2m_data p2r s2p s2p_data c2s c2p c2r m2s m2p m2r m2r_data)
    }

    pub(crate) fn over_the_wire(remote: &Arc<Remote>) -> Self {
        reached!(remote: r2d r2d_sources u2s u2s_data o2c o2c_alerts v2m v2m_data p2r s2p s2p_data c2s c2p c2r m2s m2p m2r m2r_data)
    }
}

/// The house as a process offers it.
pub(crate) fn offered(house: &Arc<House>) -> Offered {
    offered!(house: r2d r2d_sources u2s u2s_data o2c o2c_alerts v2m v2m_data p2r s2p s2p_data c2s c2p c2r m2s m2p m2r m2r_data)
}
