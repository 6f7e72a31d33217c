//! Doors that note every call and answer with examples, or with the error that a test has laid ready.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex},
};

use alloy_primitives::{Address, B256, Bytes};
use async_trait::async_trait;
use chancery_gateway::{
    Doors,
    doors::{
        AllianceChange, AllianceView, AnchorSeen, AnchorView, ApplicationFilter, Applications, ChainPeers,
        DatabaseProbe, Messages, PageRequest, PeerView, Presentations, Registration, Roles, ShownCertificates,
    },
};
use chancery_primitives::Disclose;
use chancery_reference_points::{
    Actor, Code, DoorError, DoorResult, Role,
    access_rule::ServiceAccess,
    chain_records::ChainStatus,
    change_approval::{Approvals, ChangeKind, ChangeReview},
    contract_release::{ContractArtifact, ContractRelease, ContractReview, ContractSimulation},
    data_block::{OperationProof, TransactionLocator},
    data_format::{DataFormat, FormatId},
    data_search::{Asset, AssetTrace, AuditReport, AuditRequest, DataPage, DataQuery, DayCount, OperationPlace},
    o2c::{Change, ChangeResult, Mode, O2c},
    operation::ChainName,
    organization::Organization,
    price::PriceSetting,
    quota::QuotaReport,
    r2d::{R2d, R2dSources, Submission, SubmissionReceipt},
    source_data::{AcceptedSubmission, Source, SourceChange, SourceOperationProof, SourceSubmission, SubmissionState},
    u2s::{ServiceDescription, ServiceRequest, U2s, U2sData},
    v2m::{EventFilter, History, HistoryEntry, V2m, V2mData},
};
use chancery_rest::types::{
    Example as _, Page,
    alliance::{Alliance, AllianceRequest},
    applications::{Application, ApplicationReceipt, Decision, SubmitApplication},
    messages::{Message, MessageBox, MessageState, SendMessage, StateReceipt},
    presentations::{CreatePresentation, Presentation, PresentationReceipt},
    shown::HolderKinds,
    users::{Confirmation, Confirmed, RegisterUser, Registered, User, UserStatus},
};
use serde_json::Value;

use crate::answers;

/// What a door does instead of answering.
#[derive(Clone, Debug)]
pub(crate) enum Trouble {
    Refuses(DoorError),
    Panics,
    NeverAnswers,
}

/// Everything that stands behind a gateway under test.
#[derive(Default)]
pub(crate) struct Behind {
    calls: Mutex<Vec<String>>,
    roles: Mutex<BTreeMap<Address, BTreeSet<Role>>>,
    ended: Mutex<BTreeMap<Address, BTreeSet<Role>>>,
    suspended: Mutex<BTreeMap<Address, BTreeSet<Role>>>,
    /// Of everybody who has a role by a right.
    pub(crate) organizations: Mutex<BTreeSet<String>>,
    /// Who asked a service last.
    pub(crate) asking: Mutex<Option<Actor>>,
    troubles: Mutex<BTreeMap<&'static str, Trouble>>,
    submitted: Mutex<Vec<Submission>>,
    changes: Mutex<Vec<Change>>,
    requests: Mutex<Vec<ServiceRequest>>,
    prices: Mutex<Vec<PriceSetting>>,
    happened: Mutex<Vec<HistoryEntry>>,
    asked_events: Mutex<Vec<EventFilter>>,
    history: Mutex<Option<History>>,
    organization: Mutex<Option<Organization>>,
    found: Mutex<Option<DataPage>>,
}

impl Behind {
    pub(crate) fn doors(self: &Arc<Self>) -> Doors {
        Doors {
            r2d: self.clone(),
            r2d_sources: self.clone(),
            u2s: self.clone(),
            u2s_data: self.clone(),
            v2m_data: self.clone(),
            o2c: self.clone(),
            v2m: self.clone(),
            roles: self.clone(),
            registration: self.clone(),
            applications: self.clone(),
            presentations: self.clone(),
            alliance: Some(self.clone()),
            anchors: Some(self.clone()),
            peers: Some(self.clone()),
            shown: Some(self.clone()),
            messages: self.clone(),
            database: self.clone(),
        }
    }

    /// The price list was changed so.
    pub(crate) fn price(&self, changes: Vec<PriceSetting>) {
        *self.prices.lock().unwrap() = changes;
    }

    pub(crate) fn grant(&self, address: Address, roles: impl IntoIterator<Item = Role>) {
        self.roles.lock().unwrap().insert(address, roles.into_iter().collect());
    }

    /// The address had this role by a key whose time has ended.
    pub(crate) fn end(&self, address: Address, role: Role) {
        self.ended.lock().unwrap().insert(address, [role].into());
    }

    /// The address would have this role, but for the suspension of its organization.
    pub(crate) fn suspend(&self, address: Address, role: Role) {
        self.suspended.lock().unwrap().insert(address, [role].into());
    }

    /// A call is in trouble from now on.
    pub(crate) fn trouble(&self, call: &'static str, trouble: Trouble) {
        self.troubles.lock().unwrap().insert(call, trouble);
    }

    pub(crate) fn refuse(&self, call: &'static str, error: DoorError) {
        self.trouble(call, Trouble::Refuses(error));
    }

    /// What was called since the last time that somebody asked. What an address may do is asked to judge a request; it is no door.
    pub(crate) fn take_calls(&self) -> Vec<String> {
        std::mem::take(&mut self.calls.lock().unwrap())
    }

    pub(crate) fn take_submitted(&self) -> Vec<Submission> {
        std::mem::take(&mut self.submitted.lock().unwrap())
    }

    pub(crate) fn take_changes(&self) -> Vec<Change> {
        std::mem::take(&mut self.changes.lock().unwrap())
    }

    pub(crate) fn take_requests(&self) -> Vec<ServiceRequest> {
        std::mem::take(&mut self.requests.lock().unwrap())
    }

    /// What supervisors can be told of, newest first.
    pub(crate) fn happen(&self, entries: Vec<HistoryEntry>) {
        *self.happened.lock().unwrap() = entries;
    }

    pub(crate) fn take_asked_events(&self) -> Vec<EventFilter> {
        std::mem::take(&mut self.asked_events.lock().unwrap())
    }

    /// What happened to every certificate, from now on.
    pub(crate) fn remember(&self, history: History) {
        *self.history.lock().unwrap() = Some(history);
    }

    /// The organization that issued the certificates, from now on.
    pub(crate) fn reorganize(&self, organization: Organization) {
        *self.organization.lock().unwrap() = Some(organization);
    }

    /// What every search finds, from now on.
    pub(crate) fn find(&self, page: DataPage) {
        *self.found.lock().unwrap() = Some(page);
    }

    async fn answer<T: Send>(&self, call: &str, answer: T) -> DoorResult<T> {
        self.calls.lock().unwrap().push(call.to_owned());
        self.in_trouble(call).await.map(|()| answer)
    }

    async fn in_trouble(&self, call: &str) -> DoorResult<()> {
        let trouble = self.troubles.lock().unwrap().get(call).cloned();
        match trouble {
            None => Ok(()),
            Some(Trouble::Refuses(error)) => Err(error),
            Some(Trouble::Panics) => panic!("{call} panics, as the test has asked it to"),
            Some(Trouble::NeverAnswers) => std::future::pending().await,
        }
    }
}

#[async_trait]
impl Roles for Behind {
    async fn roles_of(&self, address: Address) -> DoorResult<BTreeSet<Role>> {
        self.in_trouble("roles").await?;
        Ok(self.roles.lock().unwrap().get(&address).cloned().unwrap_or_default())
    }

    async fn organizations_of(&self, _: Address) -> DoorResult<BTreeSet<String>> {
        Ok(self.organizations.lock().unwrap().clone())
    }

    async fn ended_roles_of(&self, address: Address) -> DoorResult<BTreeSet<Role>> {
        self.in_trouble("ended roles").await?;
        Ok(self.ended.lock().unwrap().get(&address).cloned().unwrap_or_default())
    }

    async fn suspended_roles_of(&self, address: Address) -> DoorResult<BTreeSet<Role>> {
        self.in_trouble("suspended roles").await?;
        Ok(self.suspended.lock().unwrap().get(&address).cloned().unwrap_or_default())
    }
}

#[async_trait]
impl R2d for Behind {
    async fn data_formats(&self) -> DoorResult<Vec<DataFormat>> {
        self.answer("r2d.data_formats", vec![answers::format()]).await
    }

    async fn data_format(&self, _: &FormatId) -> DoorResult<DataFormat> {
        self.answer("r2d.data_format", answers::format()).await
    }

    async fn submit(&self, _: &Actor, submission: Submission) -> DoorResult<SubmissionReceipt> {
        let receipt = self.answer("r2d.submit", answers::receipt()).await;
        self.submitted.lock().unwrap().push(submission);
        receipt
    }

    async fn operation_proof(&self, _: B256) -> DoorResult<OperationProof> {
        self.answer("r2d.operation_proof", answers::proof()).await
    }
}

#[async_trait]
impl R2dSources for Behind {
    async fn accept(&self, submissions: Vec<SourceSubmission>) -> Vec<DoorResult<AcceptedSubmission>> {
        let mut accepted = Vec::new();
        for submission in submissions {
            accepted.push(self.answer("r2d.accept", answers::accepted(&submission)).await);
        }
        accepted
    }

    async fn submission(&self, _: u64) -> DoorResult<SubmissionState> {
        self.answer("r2d.submission", answers::submission_state()).await
    }

    async fn submitted_operation_proof(&self, _: u64, _: u32) -> DoorResult<SourceOperationProof> {
        self.answer("r2d.submitted_operation_proof", answers::submitted_operation_proof()).await
    }

    async fn change_source(&self, _: &Actor, _: SourceChange) -> DoorResult<Source> {
        self.answer("r2d.change_source", answers::source()).await
    }

    async fn source(&self, _: Address) -> DoorResult<Source> {
        self.answer("r2d.source", answers::source()).await
    }
}

#[async_trait]
impl U2s for Behind {
    async fn catalogue(&self) -> DoorResult<Vec<ServiceDescription>> {
        self.answer("u2s.catalogue", vec![answers::described("certificates.query", &[])]).await
    }

    async fn withdrawn(&self) -> DoorResult<Vec<ServiceDescription>> {
        self.answer("u2s.withdrawn", vec![answers::described("certificates.activity", &[Role::Operator])]).await
    }

    async fn prices(&self) -> DoorResult<Vec<PriceSetting>> {
        let prices = self.prices.lock().unwrap().clone();
        self.answer("u2s.prices", prices).await
    }

    async fn request(&self, actor: &Actor, request: ServiceRequest) -> DoorResult<Value> {
        *self.asking.lock().unwrap() = Some(actor.clone());
        let (call, answer) = (format!("u2s.{}", request.service), answers::service(&request));
        self.requests.lock().unwrap().push(request);
        self.answer(&call, answer).await
    }

    async fn service_access(&self, service: &str) -> DoorResult<ServiceAccess> {
        self.answer("u2s.service_access", answers::service_access(service)).await
    }

    async fn chains(&self) -> DoorResult<Vec<ChainStatus>> {
        self.answer("u2s.chains", answers::chains()).await
    }
}

#[async_trait]
impl O2c for Behind {
    async fn control(&self, _: &Actor, change: Change, mode: Mode) -> DoorResult<ChangeResult> {
        let call = match mode {
            Mode::Check => "o2c.check",
            Mode::Apply => "o2c.apply",
        };
        self.changes.lock().unwrap().push(change);
        self.answer(call, ChangeResult { effects: vec!["one effect".into()], recorded: Vec::new() }).await
    }

    async fn organizations(&self) -> DoorResult<Vec<Organization>> {
        self.answer("o2c.organizations", vec![answers::organization()]).await
    }

    async fn organization(&self, _: &str) -> DoorResult<Organization> {
        let organization = self.organization.lock().unwrap().clone().unwrap_or_else(answers::organization);
        self.answer("o2c.organization", organization).await
    }

    async fn simulate_contract(&self, _: &Actor, _: ContractArtifact) -> DoorResult<ContractSimulation> {
        self.answer("o2c.simulate_contract", answers::contract_simulation()).await
    }

    async fn contracts(&self, _: &ChainName, _: u64) -> DoorResult<Vec<ContractRelease>> {
        self.answer("o2c.contracts", vec![answers::contract_release()]).await
    }

    async fn contract(&self, _: &ChainName, _: B256) -> DoorResult<ContractReview> {
        self.answer("o2c.contract", answers::contract_review()).await
    }

    async fn changes(&self, _: u64) -> DoorResult<Approvals> {
        let approvals =
            Approvals { required: vec![ChangeKind::Keys], changes: vec![answers::change_review().proposal] };
        self.answer("o2c.changes", approvals).await
    }

    async fn change(&self, _: B256) -> DoorResult<ChangeReview> {
        self.answer("o2c.change", answers::change_review()).await
    }
}

#[async_trait]
impl V2m for Behind {
    async fn history(&self, _: &Actor, _: B256) -> DoorResult<History> {
        let nothing = || History { entries: Vec::new(), in_order: true, findings: Vec::new() };
        let history = self.history.lock().unwrap().clone().unwrap_or_else(nothing);
        self.answer("v2m.history", history).await
    }

    async fn events(&self, _: &Actor, filter: EventFilter) -> DoorResult<Vec<HistoryEntry>> {
        let is_before_end = |entry: &&HistoryEntry| filter.to_ms.is_none_or(|to_ms| entry.time_ms < to_ms);
        let rows = filter.limit.unwrap_or(usize::MAX);
        let found = self.happened.lock().unwrap().iter().filter(is_before_end).take(rows).cloned().collect();
        self.asked_events.lock().unwrap().push(filter);
        self.answer("v2m.events", found).await
    }
}

#[async_trait]
impl U2sData for Behind {
    async fn search_data(&self, _: &Actor, _: DataQuery) -> DoorResult<DataPage> {
        let found = self.found.lock().unwrap().clone();
        self.answer("u2s.search_data", found.unwrap_or(DataPage { operations: Vec::new(), next: None })).await
    }

    async fn data_statistics(&self, _: &Actor) -> DoorResult<Vec<DayCount>> {
        self.answer("u2s.data_statistics", Vec::new()).await
    }

    async fn trace_data(&self, _: &Actor, asset: Asset) -> DoorResult<AssetTrace> {
        let trace = AssetTrace { asset, versions: Vec::new(), accesses: Vec::new(), findings: Vec::new() };
        self.answer("u2s.trace_data", trace).await
    }

    async fn data_proof(&self, _: &Actor, _: OperationPlace) -> DoorResult<SourceOperationProof> {
        self.answer("u2s.data_proof", answers::submitted_operation_proof()).await
    }
}

#[async_trait]
impl V2mData for Behind {
    async fn audit_data(&self, _: &Actor, request: AuditRequest) -> DoorResult<AuditReport> {
        let report = AuditReport {
            from: request.from,
            next: request.from,
            complete: true,
            submissions: 0,
            operations: 0,
            blocks: 0,
            difference: None,
            sequence: Vec::new(),
            sources: Vec::new(),
        };
        self.answer("v2m.audit_data", report).await
    }

    async fn quotas(&self, _: &Actor) -> DoorResult<QuotaReport> {
        let (settings, changes, usage) = (Vec::new(), Vec::new(), Vec::new());
        let report = QuotaReport { now_ms: 1, day_ends_ms: 2, settings, changes, usage, left_off: 0 };
        self.answer("v2m.quotas", report).await
    }
}

#[async_trait]
impl Registration for Behind {
    async fn register(&self, _: &Actor, _: RegisterUser) -> DoorResult<Registered> {
        self.answer("registration.register", Registered::example()).await
    }

    async fn users(&self, _: &Actor, _: UserStatus, _: PageRequest) -> DoorResult<Page<User>> {
        self.answer("registration.users", Page::example()).await
    }

    async fn user(&self, _: &Actor, _: Address) -> DoorResult<User> {
        self.answer("registration.user", User::example()).await
    }

    async fn confirm(&self, _: &Actor, _: Address, _: Confirmation) -> DoorResult<Confirmed> {
        self.answer("registration.confirm", Confirmed::example()).await
    }
}

#[async_trait]
impl Applications for Behind {
    async fn submit(&self, _: &Actor, _: SubmitApplication) -> DoorResult<ApplicationReceipt> {
        self.answer("applications.submit", ApplicationReceipt::example()).await
    }

    async fn list(&self, _: &Actor, _: ApplicationFilter, _: PageRequest) -> DoorResult<Page<Application>> {
        self.answer("applications.list", Page::example()).await
    }

    async fn decide(&self, _: &Actor, _: &str, _: Decision) -> DoorResult<Application> {
        self.answer("applications.decide", Application::example()).await
    }
}

#[async_trait]
impl Presentations for Behind {
    async fn keep(&self, _: &Actor, _: CreatePresentation) -> DoorResult<PresentationReceipt> {
        self.answer("presentations.keep", PresentationReceipt::example()).await
    }

    async fn fetch(&self, _: &str) -> DoorResult<Presentation> {
        self.answer("presentations.fetch", Presentation::example()).await
    }
}

#[async_trait]
impl AllianceView for Behind {
    async fn alliance(&self) -> DoorResult<Alliance> {
        self.answer("alliance.alliance", Alliance::example()).await
    }

    async fn requests(&self, _: PageRequest) -> DoorResult<Page<AllianceRequest>> {
        self.answer("alliance.requests", Page::example()).await
    }

    async fn request(&self, _: u64) -> DoorResult<AllianceRequest> {
        self.answer("alliance.request", AllianceRequest::example()).await
    }

    /// One change, after which nothing can be watched any more: the stream has an end.
    async fn changes(&self, after: Option<String>, _: usize) -> DoorResult<Vec<AllianceChange>> {
        let change = AllianceChange { request: AllianceRequest::example(), cursor: "1".into() };
        let changes = self.answer("alliance.changes", vec![change]).await?;
        match after {
            None => Ok(changes),
            Some(_) => Err(DoorError::new(Code::ChainUnreachable, "it is not followed any more")),
        }
    }
}

#[async_trait]
impl Messages for Behind {
    async fn send(&self, _: &Actor, _: SendMessage) -> DoorResult<MessageState> {
        self.answer("messages.send", MessageState::example()).await
    }

    async fn list(&self, _: &Actor, which: MessageBox, _: PageRequest) -> DoorResult<Page<MessageState>> {
        let call = match which {
            MessageBox::Received => "messages.received",
            MessageBox::Sent => "messages.sent",
        };
        self.answer(call, Page::example()).await
    }

    async fn fetch(&self, _: &Actor, _: B256) -> DoorResult<Message> {
        self.answer("messages.fetch", Message::example()).await
    }

    async fn acknowledge(&self, _: &Actor, _: B256, _: StateReceipt) -> DoorResult<MessageState> {
        self.answer("messages.acknowledge", MessageState::example()).await
    }

    async fn proof(&self, _: &Actor, _: B256) -> DoorResult<Value> {
        self.answer("messages.proof", Value::Null).await
    }
}

#[async_trait]
impl DatabaseProbe for Behind {
    async fn answers(&self) -> bool {
        self.answer("database.answers", true).await.unwrap_or(false)
    }
}

#[async_trait]
impl ShownCertificates for Behind {
    async fn of_holder(&self, _: &str, _: Address) -> DoorResult<HolderKinds> {
        self.answer("shown.of_holder", HolderKinds::example()).await
    }

    async fn disclose(&self, _: &str, _: Disclose, _: Bytes) -> DoorResult<TransactionLocator> {
        self.answer("shown.disclose", answers::locator()).await
    }
}

impl AnchorView for Behind {
    fn on_chain(&self, name: &str) -> Vec<AnchorSeen> {
        answers::anchors(name)
    }
}

impl PeerView for Behind {
    fn of_chain(&self, name: &str) -> Option<ChainPeers> {
        answers::peers(name)
    }
}
