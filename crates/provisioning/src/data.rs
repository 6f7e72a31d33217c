//! Data of registered sources at U2S: who may see which, and who read what (M-SER-2, M-SER-3, M-APP).

mod record;
mod told;

use std::sync::Arc;

use async_trait::async_trait;
use chancery_data::Operation;
use chancery_reference_points::{
    Actor, Code, DoorError, DoorResult, Role,
    data_search::{
        Asset, AssetAccess, AssetTrace, AssetVersion, DataOperation, DataPage, DataQuery, DayCount, MAX_FIELD_BYTES,
        OperationPlace, Visibility,
    },
    journal::{Clock, Journal},
    mandate::{Mandate, rights},
    s2p::S2pData,
    source_data::SourceOperationProof,
    trace::Narrowing,
    u2s::U2sData,
    v2m::{EventFilter, Happening, HistoryEntry},
};

use self::record::{Read, criteria, right_to, subject_key};
use crate::entity::{Admission, REFUSED};

/// Most accesses of one trace.
const MAX_ACCESSES: usize = 1000;

/// Data of registered sources, for data users.
pub struct DataService {
    data: Arc<dyn S2pData>,
    admission: Arc<dyn Admission>,
    journal: Arc<dyn Journal>,
    clock: Clock,
}

impl DataService {
    /// The service over what processing retrieves, for whom provisioning lets ask, and its journal.
    #[must_use]
    pub fn new(data: Arc<dyn S2pData>, admission: Arc<dyn Admission>, journal: Arc<dyn Journal>, clock: Clock) -> Self {
        Self { data, admission, journal, clock }
    }

    /// The access rules that narrow who may read. What they say is for operators and supervisors, as at O2C (M-CON-3); that there is one, for everybody.
    async fn narrowed(&self, actor: &Actor) -> DoorResult<Vec<Narrowing>> {
        let sees_entries = actor.is_any(&[Role::Operator, Role::Supervisor]);
        let mut narrowed = Vec::new();
        for service in told::READING {
            let one = self.admission.narrowing(service).await?;
            narrowed.extend(one.map(|one| if sees_entries { one } else { one.without_entries() }));
        }
        Ok(narrowed)
    }

    fn visibility(&self, actor: &Actor) -> Visibility {
        Visibility { access: by(actor).access_classes(), now_ms: (self.clock)() }
    }

    /// That somebody may ask, or an entry that says that it was refused (PROVISIONING-2).
    async fn admit(&self, actor: &Actor, service: &str, subject: impl FnOnce() -> String) -> DoorResult<()> {
        let outcome = self.admission.admit(service, actor).await;
        if let Err(refusal) = &outcome
            && matches!(refusal.code(), Code::RoleRequired | Code::ServiceRefused)
        {
            let entry = self.entry(actor, service, subject());
            self.journal.record(HistoryEntry { facts: REFUSED.to_owned(), ..entry }).await?;
        }
        outcome
    }

    /// Who reads is in the journal before it has what it asks for (PROVISIONING-1): of data about subjects with each subject, of data about none that are
    /// not open once for all of them.
    async fn record(
        &self,
        actor: &Actor,
        service: &str,
        operations: &[&DataOperation],
        criteria: &str,
    ) -> DoorResult<()> {
        let Read { about, rest, is_public } = Read::of(operations);
        let about = about.into_iter().map(|(subject, operations)| {
            let entry = self.entry(actor, service, subject.to_string());
            HistoryEntry { right: Some(right_to(&operations)), ..entry }
        });
        let rest = (!rest.is_empty()).then(|| {
            let (right, facts) = (Some(right_to(&rest)), record::facts(&rest, criteria));
            HistoryEntry { right, facts, ..self.entry(actor, service, record::DATA.to_owned()) }
        });
        let entries: Vec<HistoryEntry> = about.chain(rest).collect();
        for entry in entries {
            match self.journal.record(entry).await {
                Err(error) if is_public => tracing::warn!(%error, service, "an access was not recorded"),
                outcome => outcome?,
            }
        }
        Ok(())
    }

    fn entry(&self, actor: &Actor, service: &str, subject: String) -> HistoryEntry {
        HistoryEntry {
            time_ms: (self.clock)(),
            happening: Happening::Accessed,
            name: service.to_owned(),
            by: actor.address,
            subject,
            recorded: None,
            facts: String::new(),
            revision: None,
            right: None,
            verified: None,
        }
    }
}

/// What a request that names no subject is about.
fn data() -> String {
    record::DATA.to_owned()
}

/// By which right processing is asked.
fn by(actor: &Actor) -> Mandate {
    Mandate::of(actor, rights::DATA)
}

#[async_trait]
impl U2sData for DataService {
    async fn search_data(&self, actor: &Actor, query: DataQuery) -> DoorResult<DataPage> {
        self.admit(actor, "data.search", data).await?;
        let found_by = criteria(&query);
        let page = self.data.search(&by(actor), query, self.visibility(actor)).await?;
        self.record(actor, "data.search", &page.operations.iter().collect::<Vec<_>>(), &found_by).await?;
        Ok(page)
    }

    async fn data_statistics(&self, actor: &Actor) -> DoorResult<Vec<DayCount>> {
        self.admit(actor, "data.statistics", data).await?;
        self.data.statistics(&by(actor)).await
    }

    async fn trace_data(&self, actor: &Actor, asset: Asset) -> DoorResult<AssetTrace> {
        let key = || subject_key(&asset.organization, &asset.format, &asset.subject).to_string();
        self.admit(actor, "data.trace", key).await?;
        if [&asset.organization, &asset.format, &asset.subject]
            .iter()
            .any(|text| text.is_empty() || text.len() > MAX_FIELD_BYTES)
        {
            let detail = format!("organization, format and subject have 1 to {MAX_FIELD_BYTES} bytes");
            return Err(DoorError::new(Code::MalformedRequest, detail));
        }
        let versions = self.data.versions(&by(actor), &asset, self.visibility(actor)).await?;
        if versions.is_empty() {
            return Err(DoorError::new(Code::UnknownOperation, "nothing that you may see is about this subject"));
        }
        let filter = EventFilter {
            subject: Some(key()),
            happenings: vec![Happening::Accessed],
            limit: Some(MAX_ACCESSES),
            ..EventFilter::default()
        };
        let read = self.journal.entries(&filter).await?;
        let sees_all = actor.is(Role::Supervisor);
        let accesses = read
            .into_iter()
            .rev()
            .filter(|entry| entry.facts != REFUSED)
            .filter(|entry| sees_all || (entry.by.is_some() && entry.by == actor.address))
            .map(|entry| AssetAccess { time: entry.time_ms, by: entry.by, service: entry.name });
        let (sources, is_whole) = told::sources(&versions);
        let path = self.data.hand_overs(&by(actor), sources).await?;
        let trace = AssetTrace {
            findings: findings(&versions),
            rights: told::rights(&asset, &versions, &self.narrowed(actor).await?),
            transfers: told::transfers(path, is_whole),
            accesses: accesses.collect(),
            asset,
            versions,
        };
        let read: Vec<_> = trace.versions.iter().map(|version| &version.operation).collect();
        self.record(actor, "data.trace", &read, "subject").await?;
        Ok(trace)
    }

    async fn data_proof(&self, actor: &Actor, at: OperationPlace) -> DoorResult<SourceOperationProof> {
        self.admit(actor, "data.proof", data).await?;
        let query = DataQuery { ascending: true, limit: Some(1), after: at.before(), ..DataQuery::default() };
        let page = self.data.search(&by(actor), query, self.visibility(actor)).await?;
        let found = page.operations.iter().find(|operation| operation.at == at);
        let found = found.ok_or_else(|| {
            DoorError::new(Code::UnknownSubmission, "there is no operation that you may see at this place")
        })?;
        self.record(actor, "data.proof", &[found], "place").await?;
        self.data.proof(&by(actor), at).await
    }
}

/// Each version names the one before (DATA-5). Where some may not be seen, what is seen does not follow, and says so.
fn findings(versions: &[AssetVersion]) -> Vec<String> {
    let mut findings = Vec::new();
    let mut before = None;
    for AssetVersion { version, operation } in versions {
        let previous = Operation::parse(operation.operation.as_bytes()).ok().and_then(|parsed| parsed.previous);
        if previous != before {
            findings
                .push(format!("version {version} (place {}) does not follow the one before it", operation.at.place));
        }
        before = Some(operation.name);
    }
    findings
}

#[cfg(test)]
mod tests;
