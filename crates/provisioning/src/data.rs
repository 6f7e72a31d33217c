//! Data of registered sources at U2S: who may see which, and who read what (M-SER-2, M-SER-3, M-APP).

mod record;
mod subscriptions;
mod told;

use std::{collections::BTreeSet, io, sync::Arc, time::Duration};

use alloy_primitives::B256;
use async_trait::async_trait;
use chancery_data::Operation;
use chancery_reference_points::{
    Actor, Code, DoorError, DoorResult, Role,
    data_search::{
        Aggregates, Aggregation, Asset, AssetAccess, AssetTrace, AssetVersion, AssetVersions, DataAggregate,
        DataOperation, DataPage, DataQuery, DayCount, Delivered, MAX_FIELD_BYTES, MAX_WAIT_MS, OperationPlace, Reading,
        Subscribe, Subscription, TraceRequest, Visibility,
    },
    journal::{Clock, Journal},
    mandate::{Mandate, rights},
    s2p::S2pData,
    source_data::SourceOperationProof,
    trace::Narrowing,
    u2s::U2sData,
    v2m::{Happening, HistoryEntry},
};

use self::{
    record::{Read, criteria, right_to, subject_key},
    subscriptions::{Subscribed, days, owner},
};
use crate::{
    entity::{Admission, REFUSED},
    subscription_files::Subscriptions,
};

/// How long whoever waits lets gather what comes before it looks again: what does not match would be a search for each submission and each who waits.
const GATHERING: Duration = Duration::from_millis(50);
/// Most accesses of one trace: the newest.
const MAX_ACCESSES: usize = 1000;

/// Data of registered sources, for data users.
pub struct DataService {
    data: Arc<dyn S2pData>,
    admission: Arc<dyn Admission>,
    journal: Arc<dyn Journal>,
    clock: Clock,
    subscribed: Subscribed,
}

impl DataService {
    /// The service over what processing retrieves, for whom provisioning lets ask, its journal, and the subscriptions that are kept.
    ///
    /// # Errors
    /// The subscriptions cannot be read.
    pub fn open(
        data: Arc<dyn S2pData>,
        admission: Arc<dyn Admission>,
        journal: Arc<dyn Journal>,
        clock: Clock,
        subscriptions: Arc<dyn Subscriptions>,
    ) -> io::Result<Self> {
        Ok(Self { data, admission, journal, clock, subscribed: Subscribed::open(subscriptions)? })
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
        self.record_all(about.chain(rest).collect(), service, is_public).await
    }

    /// Whoever adds up data about subjects is recorded with each of them, and once with what is not open and about none. By which right it may read each is not asked again for a sum.
    async fn record_sum(
        &self,
        actor: &Actor,
        service: &str,
        subjects: BTreeSet<B256>,
        unnamed: u64,
        criteria: &str,
    ) -> DoorResult<()> {
        let entries = subjects.into_iter().map(|subject| self.entry(actor, service, subject.to_string()));
        let unnamed = (unnamed > 0).then(|| {
            let facts = format!("{unnamed} operations that are not public, added up, found by {criteria}");
            HistoryEntry { facts, ..self.entry(actor, service, record::DATA.to_owned()) }
        });
        self.record_all(entries.chain(unnamed).collect(), service, false).await
    }

    async fn record_all(&self, entries: Vec<HistoryEntry>, service: &str, is_public: bool) -> DoorResult<()> {
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

impl DataService {
    /// The newest accesses of a subject that the actor may see, oldest first, and whether there were more: supervisors see everybody's, everybody else its own.
    async fn accesses(&self, actor: &Actor, subject: &str) -> DoorResult<(Vec<AssetAccess>, bool)> {
        let of = if actor.is(Role::Supervisor) { None } else { actor.address };
        // Who does not say who it is has no reading of its own.
        if of.is_none() && !actor.is(Role::Supervisor) {
            return Ok((Vec::new(), false));
        }
        let mut read = self.journal.accesses(subject, of, MAX_ACCESSES + 1).await?;
        let cut = read.len() > MAX_ACCESSES;
        read.truncate(MAX_ACCESSES);
        let accesses = read
            .into_iter()
            .rev()
            .filter(|entry| entry.facts != REFUSED)
            .map(|entry| AssetAccess { time: entry.time_ms, by: entry.by, service: entry.name })
            .collect();
        Ok((accesses, cut))
    }
}

/// What a request that names no subject is about.
fn data() -> String {
    record::DATA.to_owned()
}

impl DataService {
    /// What matches a subscription and its owner may see now, from where its reader stands; waits if there is nothing.
    async fn deliver(&self, actor: &Actor, subscription: Subscription, reading: Reading) -> DoorResult<Delivered> {
        let (by, begun_ms) = (by(actor), (self.clock)());
        let start = OperationPlace { place: subscription.start, index: 0 }.before();
        let mut cursor = reading.after.max(start);
        let waiting = if reading.wait_ms > 0 { self.subscribed.wait(owner(actor)?) } else { None };
        let wait_ms = waiting.as_ref().map_or(0, |_| reading.wait_ms.min(MAX_WAIT_MS));
        loop {
            // Asked before the search: what is found by then, the search looks at.
            let reached = self.data.searchable(&by, 0, 0).await?;
            let query =
                DataQuery { ascending: true, limit: reading.limit, after: cursor, ..subscription.query.clone() };
            let DataPage { operations, next, .. } = self.data.search(&by, query, self.visibility(actor)).await?;
            cursor = match next {
                Some(next) => Some(next),
                None => {
                    let searched = OperationPlace { place: reached, index: 0 }.before();
                    cursor.max(searched).max(operations.last().map(|last| last.at))
                }
            };
            // A clock that is set back ends the wait.
            let left_ms = (self.clock)().checked_sub(begun_ms).map_or(0, |waited_ms| wait_ms.saturating_sub(waited_ms));
            if !operations.is_empty() || next.is_some() || left_ms == 0 {
                let (read, found_by) = (operations.iter().collect::<Vec<_>>(), criteria(&subscription.query));
                self.record(actor, "data.subscription", &read, &found_by).await?;
                return Ok(Delivered { operations, cursor });
            }
            self.data.searchable(&by, reached, left_ms).await?;
            tokio::time::sleep(GATHERING).await;
        }
    }
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

    async fn trace_data(&self, actor: &Actor, request: TraceRequest) -> DoorResult<AssetTrace> {
        let asset = &request.asset;
        let key = || subject_key(&asset.organization, &asset.format, &asset.subject).to_string();
        self.admit(actor, "data.trace", key).await?;
        if [&asset.organization, &asset.format, &asset.subject]
            .iter()
            .any(|text| text.is_empty() || text.len() > MAX_FIELD_BYTES)
        {
            let detail = format!("organization, format and subject have 1 to {MAX_FIELD_BYTES} bytes");
            return Err(DoorError::new(Code::MalformedRequest, detail));
        }
        let found = self.data.versions(&by(actor), &request, self.visibility(actor)).await?;
        let AssetVersions { versions, older } = found;
        if versions.is_empty() {
            return Err(DoorError::new(Code::UnknownOperation, "nothing that you may see is about this subject"));
        }
        let (accesses, cut) = self.accesses(actor, &key()).await?;
        let (sources, is_whole) = told::sources(&versions);
        let path = self.data.hand_overs(&by(actor), sources).await?;
        let trace = AssetTrace {
            findings: findings(&versions, older.is_none()),
            rights: told::rights(asset, &versions, &self.narrowed(actor).await?),
            transfers: told::transfers(path, is_whole && older.is_none()),
            accesses,
            cut,
            asset: request.asset,
            versions,
            older,
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

    async fn aggregate_data(&self, actor: &Actor, aggregate: DataAggregate) -> DoorResult<Aggregates> {
        self.admit(actor, "data.aggregate", data).await?;
        let found_by = criteria(&aggregate.query);
        let answer = self.data.aggregate(&by(actor), aggregate, self.visibility(actor)).await?;
        let Aggregation { aggregates, assets, unnamed } = answer;
        let key = |asset: &Asset| subject_key(&asset.organization, &asset.format, &asset.subject);
        let subjects = assets.iter().map(key).collect();
        self.record_sum(actor, "data.aggregate", subjects, unnamed, &found_by).await?;
        Ok(aggregates)
    }

    async fn subscribe(&self, actor: &Actor, subscribe: Subscribe) -> DoorResult<Subscription> {
        let owner = owner(actor)?;
        self.admit(actor, "data.subscription", data).await?;
        let days = days(&subscribe)?;
        self.subscribed.room(owner, (self.clock)())?;
        let start = self.data.searchable(&by(actor), 0, 0).await?;
        // A query that could never be answered is refused now: one page of it, behind everything that there is.
        let after = OperationPlace { place: start, index: 0 }.before();
        let query = DataQuery { ascending: true, limit: Some(1), after, ..subscribe.query.clone() };
        self.data.search(&by(actor), query, self.visibility(actor)).await?;
        self.subscribed.add(owner, subscribe, days, start, (self.clock)())
    }

    async fn subscriptions(&self, actor: &Actor) -> DoorResult<Vec<Subscription>> {
        Ok(self.subscribed.of(owner(actor)?, (self.clock)()))
    }

    async fn unsubscribe(&self, actor: &Actor, id: B256) -> DoorResult<Subscription> {
        self.subscribed.end(owner(actor)?, id, (self.clock)())
    }

    async fn subscribed_data(&self, actor: &Actor, id: B256, reading: Reading) -> DoorResult<Delivered> {
        let owner = owner(actor)?;
        self.admit(actor, "data.subscription", data).await?;
        let subscription = self.subscribed.one(owner, id, (self.clock)())?;
        self.deliver(actor, subscription, reading).await
    }
}

/// Each version names the one before (DATA-5). Where some may not be seen, what is seen does not follow, and says so. `is_whole`: the first of all is the first here; otherwise
/// what that one follows is with the older ones.
fn findings(versions: &[AssetVersion], is_whole: bool) -> Vec<String> {
    let mut findings = Vec::new();
    let previous_of = |operation: &DataOperation| {
        Operation::parse(operation.operation.as_bytes()).ok().and_then(|parsed| parsed.previous)
    };
    let mut before = versions.first().filter(|_| !is_whole).and_then(|first| previous_of(&first.operation));
    for AssetVersion { version, operation } in versions {
        if previous_of(operation) != before {
            findings
                .push(format!("version {version} (place {}) does not follow the one before it", operation.at.place));
        }
        before = Some(operation.name);
    }
    findings
}

#[cfg(test)]
mod tests;
