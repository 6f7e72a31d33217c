//! The four outer doors.

use std::time::Duration;

use alloy_primitives::{Address, B256};
use async_trait::async_trait;
use chancery_reference_points::{
    Actor, Code, DoorError, DoorResult, Role,
    access_rule::ServiceAccess,
    alert::{
        AddedReceiver, AlertReceiver, AuditStatus, Deliveries, MailboxLook, NewReceiver, ReceiverSecret,
        TestedDelivery, WatchReport,
    },
    chain_records::ChainStatus,
    change_approval::{Approvals, ChangeKind, ChangeReview},
    contract_release::{ContractArtifact, ContractRelease, ContractReview, ContractSimulation},
    data_block::OperationProof,
    data_format::{DataFormat, FormatId},
    data_search::{
        Aggregates, AssetTrace, AuditReport, AuditRequest, DataAggregate, DataPage, DataQuery, DayCount, Delivered,
        Group, OperationPlace, Reading, Subscribe, Subscription, TraceRequest,
    },
    o2c::{Change, ChangeResult, Mode, O2c, O2cAlerts},
    operation::ChainName,
    organization::Organization,
    price::PriceSetting,
    quota::QuotaReport,
    r2d::{R2d, R2dSources, Submission, SubmissionReceipt},
    source_data::{AcceptedSubmission, Source, SourceChange, SourceOperationProof, SourceSubmission, SubmissionState},
    trace::Transfers,
    u2s::{ServiceDescription, ServiceRequest, U2s, U2sData},
    v2m::{EventFilter, History, HistoryEntry, V2m, V2mData},
};
use serde_json::Value;

use super::Behind;
use crate::answers;

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
        let accepted = self.accepted.lock().unwrap().clone();
        self.answer("r2d.submission", accepted.map_or_else(answers::submission_state, |(state, _)| state)).await
    }

    async fn submitted_operation_proof(&self, _: u64, _: u32) -> DoorResult<SourceOperationProof> {
        self.answer("r2d.submitted_operation_proof", answers::submitted_operation_proof()).await
    }

    async fn change_source(&self, _: &Actor, _: SourceChange) -> DoorResult<Source> {
        self.answer("r2d.change_source", answers::source()).await
    }

    async fn source(&self, _: Address) -> DoorResult<Source> {
        let accepted = self.accepted.lock().unwrap().clone();
        self.answer("r2d.source", accepted.map_or_else(answers::source, |(_, source)| source)).await
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
        let rows = filter.limit.map_or(usize::MAX, |rows| rows.saturating_add(filter.told));
        let found = self.happened.lock().unwrap().iter().filter(is_before_end).take(rows).cloned().collect();
        self.asked_events.lock().unwrap().push(filter);
        self.answer("v2m.events", found).await
    }
}

#[async_trait]
impl U2sData for Behind {
    async fn search_data(&self, _: &Actor, _: DataQuery) -> DoorResult<DataPage> {
        let found = self.found.lock().unwrap().clone();
        self.answer("u2s.search_data", found.unwrap_or(DataPage { operations: Vec::new(), next: None, next_key: None }))
            .await
    }

    async fn data_statistics(&self, _: &Actor) -> DoorResult<Vec<DayCount>> {
        self.answer("u2s.data_statistics", Vec::new()).await
    }

    async fn trace_data(&self, _: &Actor, request: TraceRequest) -> DoorResult<AssetTrace> {
        let trace = AssetTrace {
            asset: request.asset,
            versions: Vec::new(),
            older: request.before,
            rights: Vec::new(),
            transfers: Transfers::never("DATA-10", "it stays its owner's", Vec::new()),
            accesses: Vec::new(),
            cut: false,
            findings: Vec::new(),
        };
        self.answer("u2s.trace_data", trace).await
    }

    async fn data_proof(&self, _: &Actor, _: OperationPlace) -> DoorResult<SourceOperationProof> {
        self.answer("u2s.data_proof", answers::submitted_operation_proof()).await
    }

    async fn aggregate_data(&self, _: &Actor, aggregate: DataAggregate) -> DoorResult<Aggregates> {
        let key = aggregate.by.iter().map(|member| Some(member.path.clone())).collect();
        let group = Group { from: Some(1), key, operations: 2, values: 1, others: 1, ..Group::default() };
        let group = Group { sum: Some("-0.5".into()), ..group };
        let next = Some(OperationPlace { place: 128, index: 1 });
        self.answer("u2s.aggregate_data", Aggregates { groups: vec![group], operations: 2, next }).await
    }

    async fn subscribe(&self, _: &Actor, subscribe: Subscribe) -> DoorResult<Subscription> {
        let known = Subscription { name: subscribe.name, query: subscribe.query, ..answers::subscription() };
        self.answer("u2s.subscribe", known).await
    }

    async fn subscriptions(&self, _: &Actor) -> DoorResult<Vec<Subscription>> {
        self.answer("u2s.subscriptions", vec![answers::subscription()]).await
    }

    async fn unsubscribe(&self, _: &Actor, id: B256) -> DoorResult<Subscription> {
        self.answer("u2s.unsubscribe", Subscription { id, ..answers::subscription() }).await
    }

    async fn subscribed_data(&self, _: &Actor, _: B256, reading: Reading) -> DoorResult<Delivered> {
        let found = self.found.lock().unwrap().clone();
        let (follows, has_some) = (reading.wait_ms == FOLLOWING_MS, found.is_some());
        let operations = found.map(|page| page.operations).unwrap_or_default();
        let cursor = operations.last().map(|last| last.at).or(reading.after);
        let delivered = self.answer("u2s.subscribed_data", Delivered { operations, cursor }).await?;
        match (follows, has_some) {
            (true, true) => tokio::time::sleep(BETWEEN_OPERATIONS).await,
            // Where nothing comes, whoever goes on following is told that the subscription has ended.
            (true, false) => return Err(DoorError::new(Code::UnknownSubscription, "it has ended")),
            (false, _) => {}
        }
        Ok(delivered)
    }
}

/// How long whoever follows a subscription waits at a time.
const FOLLOWING_MS: u64 = 15_000;
/// How long it takes until there is something.
const BETWEEN_OPERATIONS: Duration = Duration::from_millis(20);

fn alert_receiver(id: &str) -> AlertReceiver {
    AlertReceiver {
        id: id.to_owned(),
        url: "https://alerts.example.org/hook".into(),
        allow_private: false,
        added_by: Address::ZERO,
        added_at_ms: 1,
        waiting: 0,
        delivered_at_ms: None,
        trouble: None,
    }
}

#[async_trait]
impl O2cAlerts for Behind {
    async fn alert_receivers(&self, _: &Actor) -> DoorResult<Vec<AlertReceiver>> {
        self.answer("o2c.alert_receivers", vec![alert_receiver("a")]).await
    }

    async fn add_alert_receiver(&self, _: &Actor, _: NewReceiver, mode: Mode) -> DoorResult<AddedReceiver> {
        let secret = (mode == Mode::Apply).then(|| ReceiverSecret("whsec_AAAA".into()));
        self.answer("o2c.add_alert_receiver", AddedReceiver { receiver: alert_receiver("a"), secret }).await
    }

    async fn remove_alert_receiver(&self, _: &Actor, receiver: &str, _: Mode) -> DoorResult<AlertReceiver> {
        self.answer("o2c.remove_alert_receiver", alert_receiver(receiver)).await
    }

    async fn test_alert_receiver(&self, _: &Actor, _: &str, detail: String) -> DoorResult<TestedDelivery> {
        self.answer("o2c.test_alert_receiver", TestedDelivery { delivered: true, status: Some(204), detail }).await
    }
}

/// An audit that had nothing to look at.
pub(crate) fn looked_at(chain: ChainName, from: u64) -> AuditReport {
    AuditReport {
        from,
        next: from,
        complete: true,
        submissions: 0,
        operations: 0,
        blocks: 0,
        difference: None,
        sequence: Vec::new(),
        sources: Vec::new(),
        compared: 0,
        chain,
        chains: Vec::new(),
        recorded: Vec::new(),
        standing: Vec::new(),
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
            compared: 0,
            chain: ChainName("main".into()),
            chains: vec![ChainName("main".into())],
            recorded: Vec::new(),
            standing: Vec::new(),
        };
        self.answer("v2m.audit_data", report).await
    }

    async fn audit_chain(&self, _: &Actor, chain: &ChainName, from: u64) -> DoorResult<AuditReport> {
        self.answer("v2m.audit_chain", looked_at(chain.clone(), from)).await
    }

    async fn mailboxes_audited(&self, _: MailboxLook) -> DoorResult<WatchReport> {
        let (audit, alerts, deliveries) = (AuditStatus::default(), Vec::new(), Deliveries::default());
        self.answer("v2m.mailboxes_audited", WatchReport { audit, alerts, deliveries }).await
    }

    async fn audit_status(&self, _: &Actor) -> DoorResult<WatchReport> {
        let (audit, alerts, deliveries) = (AuditStatus::default(), Vec::new(), Deliveries::default());
        self.answer("v2m.audit_status", WatchReport { audit, alerts, deliveries }).await
    }

    async fn quotas(&self, _: &Actor) -> DoorResult<QuotaReport> {
        let (settings, changes, usage) = (Vec::new(), Vec::new(), Vec::new());
        let report = QuotaReport { now_ms: 1, day_ends_ms: 2, settings, changes, usage, left_off: 0 };
        self.answer("v2m.quotas", report).await
    }
}
