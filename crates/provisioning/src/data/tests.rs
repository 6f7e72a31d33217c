#![allow(clippy::unwrap_used)]

mod subscribed;

use alloy_primitives::{Address, B256};
use chancery_data::{SourceId, submission::Access};
use chancery_reference_points::{
    Role,
    access_rule::{AccessEffect, AccessEntries, AccessSubject},
    mandate::OFFICES,
    read_right::ReadRight,
    right::Right,
    trace::{Entitled, HandOver, HandedBy, UseAct},
    v2m::EventFilter,
};
use parking_lot::Mutex;

use super::*;
use crate::subscription_files::KeptSubscription;

#[derive(Default)]
struct MemoryJournal(Mutex<Vec<HistoryEntry>>);

#[async_trait]
impl Journal for MemoryJournal {
    async fn record(&self, entry: HistoryEntry) -> DoorResult<()> {
        self.0.lock().push(entry);
        Ok(())
    }

    async fn entries(&self, filter: &EventFilter) -> DoorResult<Vec<HistoryEntry>> {
        let entries = self.0.lock();
        Ok(entries.iter().rev().filter(|entry| Some(&entry.subject) == filter.subject.as_ref()).cloned().collect())
    }

    async fn accesses(&self, subject: &str, by: Option<Address>, limit: usize) -> DoorResult<Vec<HistoryEntry>> {
        let entries = self.0.lock();
        let read = entries.iter().rev().filter(|entry| {
            entry.happening == Happening::Accessed && entry.subject == subject && (by.is_none() || entry.by == by)
        });
        Ok(read.take(limit).cloned().collect())
    }
}

/// Two versions of one well, the second of them as given.
struct TwoVersions(Option<B256>);

fn operation(place: u64, access: Access, text: String) -> DataOperation {
    DataOperation {
        at: OperationPlace { place, index: 0 },
        digest: B256::ZERO,
        name: Operation::name(text.as_bytes()),
        source: Address::repeat_byte(3),
        organization: "OFFICE".into(),
        format: "water".into(),
        format_version: 1,
        access,
        right: match access {
            Access::Public => ReadRight::Open,
            Access::Internal => ReadRight::Office,
            Access::Restricted => ReadRight::SameOrganization,
        },
        accepted_at: place,
        operation: text,
    }
}

impl TwoVersions {
    fn operations(&self, visibility: &Visibility) -> Vec<DataOperation> {
        let first = operation(1, Access::Public, r#"{"time":1,"subject":"well 7","content":1}"#.into());
        let previous = self.0.unwrap_or(first.name);
        let second = format!(r#"{{"time":2,"subject":"well 7","previous":"{previous}","content":2}}"#);
        let all = vec![first, operation(2, Access::Internal, second)];
        all.into_iter().filter(|one| visibility.access.contains(&one.access)).collect()
    }
}

#[async_trait]
impl S2pData for TwoVersions {
    async fn search(&self, _: &Mandate, _: DataQuery, visibility: Visibility) -> DoorResult<DataPage> {
        Ok(DataPage { operations: self.operations(&visibility), next: None, next_key: None })
    }
    async fn statistics(&self, _: &Mandate) -> DoorResult<Vec<DayCount>> {
        Ok(Vec::new())
    }
    async fn versions(&self, _: &Mandate, _: &TraceRequest, visibility: Visibility) -> DoorResult<AssetVersions> {
        let versions = (1..)
            .zip(self.operations(&visibility))
            .map(|(version, operation)| AssetVersion { version, operation })
            .collect();
        Ok(AssetVersions { versions, older: None })
    }
    async fn hand_overs(&self, _: &Mandate, sources: Vec<SourceId>) -> DoorResult<Vec<HandOver>> {
        let keys = [(None, "first", 1, HandedBy::Registration), (Some("first"), "second", 2, HandedBy::Approval)];
        let of_source = |of| {
            keys.map(|(from, to, at, how)| HandOver {
                of,
                from: from.map(str::to_owned),
                to: Some(to.to_owned()),
                at,
                how,
                recorded: None,
            })
        };
        Ok(sources.into_iter().flat_map(of_source).collect())
    }
    async fn proof(&self, _: &Mandate, _: OperationPlace) -> DoorResult<SourceOperationProof> {
        Err(DoorError::new(Code::NotFinalYet, "no chain here"))
    }
    async fn aggregate(&self, _: &Mandate, _: DataAggregate, visibility: Visibility) -> DoorResult<Aggregation> {
        let is_internal = visibility.access.contains(&Access::Internal);
        let (assets, unnamed) = (is_internal.then(well).into_iter().collect(), if is_internal { 3 } else { 0 });
        Ok(Aggregation { assets, unnamed, ..Aggregation::default() })
    }
    async fn searchable(&self, _: &Mandate, _: u64, _: u64) -> DoorResult<u64> {
        Ok(3)
    }
}

/// No folder: subscriptions are forgotten with the test.
#[derive(Debug, Default)]
struct Forgotten;

impl Subscriptions for Forgotten {
    fn all(&self) -> io::Result<Vec<KeptSubscription>> {
        Ok(Vec::new())
    }
    fn keep(&self, _: &KeptSubscription) -> io::Result<()> {
        Ok(())
    }
    fn forget(&self, _: B256) -> io::Result<()> {
        Ok(())
    }
}

fn open(data: Arc<dyn S2pData>, admission: But, journal: Arc<MemoryJournal>) -> DataService {
    DataService::open(data, Arc::new(admission), journal, Arc::new(|| 9), Arc::new(Forgotten)).unwrap()
}

/// Admits anybody to everything but one service.
struct But(&'static str);

#[async_trait]
impl Admission for But {
    async fn admit(&self, service: &str, _: &Actor) -> DoorResult<()> {
        if service == self.0 { Err(DoorError::new(Code::RoleRequired, "no")) } else { Ok(()) }
    }

    async fn narrowing(&self, service: &str) -> DoorResult<Option<Narrowing>> {
        let entries = AccessEntries::from([(AccessSubject::Anybody, AccessEffect::Deny)]);
        Ok((service == "data.proof").then(|| Narrowing { service: service.to_owned(), version: 3, entries }))
    }
}

// PROVISIONING-4, M-CON-3
#[tokio::test]
async fn each_service_of_data_asks_who_is_admitted() {
    for refused in ["data.search", "data.statistics", "data.trace", "data.proof", "data.aggregate", "data.subscription"]
    {
        let journal = Arc::new(MemoryJournal::default());
        let service = open(Arc::new(TwoVersions(None)), But(refused), journal);
        let actor = Actor::new(Address::repeat_byte(2), [Role::Inspector]);
        let asked = [
            ("data.search", service.search_data(&actor, DataQuery::default()).await.err()),
            ("data.statistics", service.data_statistics(&actor).await.err()),
            ("data.trace", service.trace_data(&actor, well().into()).await.err()),
            ("data.proof", service.data_proof(&actor, OperationPlace { place: 2, index: 0 }).await.err()),
            ("data.aggregate", service.aggregate_data(&actor, DataAggregate::default()).await.err()),
            ("data.subscription", service.subscribe(&actor, Subscribe::default()).await.err()),
            ("data.subscription", service.subscribed_data(&actor, B256::ZERO, Reading::default()).await.err()),
        ];
        for (name, error) in asked {
            let is_refused = error.is_some_and(|error| error.code() == Code::RoleRequired);
            assert_eq!(is_refused, name == refused, "{name}");
        }
    }
}

fn well() -> Asset {
    Asset { organization: "OFFICE".into(), format: "water".into(), subject: "well 7".into() }
}

// M-APP, M-MON-2: what others have read since hides nobody's own reading, and what is left off is said.
#[tokio::test]
async fn whoever_read_before_a_thousand_others_sees_its_own_reading() {
    let journal = Arc::new(MemoryJournal::default());
    let service = open(Arc::new(TwoVersions(None)), But("nothing"), journal.clone());
    let first = Actor::new(Address::repeat_byte(2), [Role::Inspector]);
    service.trace_data(&first, well().into()).await.unwrap();
    let read = journal.0.lock()[0].clone();
    let others = (0..MAX_ACCESSES).map(|_| HistoryEntry { by: Some(Address::repeat_byte(7)), ..read.clone() });
    journal.0.lock().extend(others);
    let own = service.trace_data(&first, well().into()).await.unwrap();
    assert_eq!((own.accesses.len(), own.cut), (1, false));
    let supervisor = Actor::new(Address::repeat_byte(8), [Role::Supervisor]);
    let all = service.trace_data(&supervisor, well().into()).await.unwrap();
    assert_eq!((all.accesses.len(), all.cut), (MAX_ACCESSES, true));
}

// M-APP: what the oldest version of a part follows is with the older ones, and no finding.
#[test]
fn a_part_of_the_versions_begins_anywhere() {
    let visibility = Visibility { access: vec![Access::Public, Access::Internal], now_ms: 0 };
    let operations = TwoVersions(None).operations(&visibility);
    let second = AssetVersion { version: 2, operation: operations[1].clone() };
    assert_eq!(findings(std::slice::from_ref(&second), false), Vec::<String>::new());
    assert_eq!(findings(&[second], true).len(), 1);
}

// M-APP, M-MON-2, M-PRIV
#[tokio::test]
async fn a_trace_shows_versions_and_who_read_before() {
    let journal = Arc::new(MemoryJournal::default());
    let service = open(Arc::new(TwoVersions(None)), But("nothing"), journal.clone());
    let inspector = Actor::new(Address::repeat_byte(2), [Role::Inspector]);
    assert_eq!(service.search_data(&inspector, DataQuery::default()).await.unwrap().operations.len(), 2);
    let trace = service.trace_data(&inspector, well().into()).await.unwrap();
    assert_eq!((trace.versions.len(), &trace.findings), (2, &Vec::new()));
    let read = AssetAccess { time: 9, by: inspector.address, service: "data.search".into() };
    assert_eq!(trace.accesses, [read], "two versions of one subject are one access");
    assert!(journal.0.lock().iter().all(|entry| !entry.subject.contains("well") && entry.facts.is_empty()));
    assert!(journal.0.lock().iter().all(|entry| entry.right == Some(Right::Role)), "an inspector, by office");

    let public = service.trace_data(&Actor::public(), well().into()).await.unwrap();
    // Versions that it may not see have the same subject: who reads them is not for whoever sees the public one.
    assert_eq!((public.versions.len(), public.accesses), (1, Vec::new()));
    let other = Actor::new(Address::repeat_byte(7), [Role::Operator, Role::Registrar]);
    assert!(service.trace_data(&other, well().into()).await.unwrap().accesses.is_empty());
    let own = service.trace_data(&other, well().into()).await.unwrap().accesses;
    assert_eq!(own, [AssetAccess { time: 9, by: other.address, service: "data.trace".into() }], "what it read itself");
    let supervisor = Actor::new(Address::repeat_byte(8), [Role::Supervisor]);
    let all: Vec<_> =
        service.trace_data(&supervisor, well().into()).await.unwrap().accesses.iter().map(|one| one.by).collect();
    assert_eq!(all, [inspector.address, inspector.address, None, other.address, other.address]);
    let hidden = service.data_proof(&Actor::public(), OperationPlace { place: 2, index: 0 }).await.unwrap_err();
    assert_eq!(hidden.code(), Code::UnknownSubmission);
    let shown = service.data_proof(&inspector, OperationPlace { place: 2, index: 0 }).await.unwrap_err();
    assert_eq!(shown.code(), Code::NotFinalYet);
}

// M-MON-3, DATA-5
#[tokio::test]
async fn a_version_that_does_not_follow_is_a_finding() {
    let journal = Arc::new(MemoryJournal::default());
    let service = open(Arc::new(TwoVersions(Some(B256::repeat_byte(1)))), But("nothing"), journal);
    let operator = Actor::new(Address::repeat_byte(2), [Role::Operator]);
    let trace = service.trace_data(&operator, well().into()).await.unwrap();
    assert_eq!(trace.findings, ["version 2 (place 2) does not follow the one before it"]);
    let graph = trace.graph();
    // Asset, owner, two versions and their source; four rights; the two keys that held the source.
    assert_eq!((graph.nodes.len(), graph.edges.len()), (5 + 4 + 2, 6 + 4 + 3), "{graph:?}");
    let nothing = Asset { subject: String::new(), ..well() };
    assert_eq!(service.trace_data(&operator, nothing.into()).await.unwrap_err().code(), Code::MalformedRequest);
}

// M-APP, SEARCH-3, DATA-10
#[tokio::test]
async fn a_trace_shows_who_may_use_an_asset_and_that_it_stays_its_owners() {
    let journal = Arc::new(MemoryJournal::default());
    let service = open(Arc::new(TwoVersions(None)), But("nothing"), journal);
    let inspector = Actor::new(Address::repeat_byte(2), [Role::Inspector]);
    let trace = service.trace_data(&inspector, well().into()).await.unwrap();
    let rights: Vec<_> = trace.rights.iter().map(|right| (right.act, right.access, right.by.clone())).collect();
    assert_eq!(
        rights,
        [
            (UseAct::Read, Some(Access::Public), Entitled::Anybody),
            (UseAct::Read, Some(Access::Internal), Entitled::Roles { roles: OFFICES.to_vec() }),
            (UseAct::AddVersion, None, Entitled::Organization { organization: "OFFICE".into() }),
            (UseAct::SeeHistory, None, Entitled::Roles { roles: vec![Role::Supervisor] }),
        ]
    );
    let narrowed: Vec<_> =
        trace.rights[0].narrowed_by.iter().map(|rule| (rule.service.as_str(), rule.version)).collect();
    assert_eq!((narrowed, trace.rights[2].narrowed_by.len()), (vec![("data.proof", 3)], 0));
    assert_eq!(
        (trace.transfers.transferable, trace.transfers.rule.as_str(), trace.transfers.cut),
        (false, "DATA-10", false)
    );
    let hands: Vec<_> = trace.transfers.path.iter().map(|one| (one.of, one.to.as_deref(), one.how)).collect();
    let source = Address::repeat_byte(3);
    assert_eq!(
        hands,
        [(source, Some("first"), HandedBy::Registration), (source, Some("second"), HandedBy::Approval)],
        "both versions are of one source"
    );
    let edges = trace.graph().edges;
    assert!(edges.iter().any(|edge| (edge.from.as_str(), edge.relation.as_str()) == ("h1", "took-over")), "{edges:?}");

    // Whoever may not see what is internal does not learn from the rights that there is any.
    let public = service.trace_data(&Actor::public(), well().into()).await.unwrap();
    let rule = &public.rights[0].narrowed_by[0];
    assert_eq!((rule.service.as_str(), rule.version), ("data.proof", 3), "that there is a rule, everybody sees");
    assert!(rule.entries.is_empty() && trace.rights[0].narrowed_by[0].entries.is_empty(), "not what it says");
    assert_eq!(serde_json::to_value(rule).unwrap().get("entries"), None);
    for role in [Role::Operator, Role::Supervisor] {
        let told = service.trace_data(&Actor::new(Address::repeat_byte(9), [role]), well().into()).await.unwrap();
        assert_eq!(told.rights[0].narrowed_by[0].entries.len(), 1, "{role:?}");
    }
    assert!(public.rights.iter().all(|right| right.access != Some(Access::Internal)));
}

/// Reads of data about no subject: open ones by words, restricted ones by formats, else internal ones.
struct NoSubject;

#[async_trait]
impl S2pData for NoSubject {
    async fn search(&self, _: &Mandate, query: DataQuery, visibility: Visibility) -> DoorResult<DataPage> {
        let access = match (&query.text, query.formats.is_empty()) {
            (Some(_), _) => Access::Public,
            (None, false) => Access::Restricted,
            (None, true) => Access::Internal,
        };
        let all = (4..9).map(|place| operation(place, access, r#"{"time":1,"content":1}"#.into()));
        let operations = all.filter(|one| visibility.access.contains(&one.access)).collect();
        Ok(DataPage { operations, next: None, next_key: None })
    }
    async fn aggregate(&self, _: &Mandate, _: DataAggregate, _: Visibility) -> DoorResult<Aggregation> {
        Ok(Aggregation::default())
    }
    async fn searchable(&self, _: &Mandate, _: u64, _: u64) -> DoorResult<u64> {
        Ok(9)
    }
    async fn statistics(&self, _: &Mandate) -> DoorResult<Vec<DayCount>> {
        Ok(Vec::new())
    }
    async fn versions(&self, _: &Mandate, _: &TraceRequest, _: Visibility) -> DoorResult<AssetVersions> {
        Ok(AssetVersions::default())
    }
    async fn hand_overs(&self, _: &Mandate, _: Vec<SourceId>) -> DoorResult<Vec<HandOver>> {
        Ok(Vec::new())
    }
    async fn proof(&self, _: &Mandate, _: OperationPlace) -> DoorResult<SourceOperationProof> {
        Err(DoorError::new(Code::NotFinalYet, "no chain here"))
    }
}

// M-MON-2, PROVISIONING-1
#[tokio::test]
async fn reading_what_is_not_open_is_one_entry_a_request_with_its_right() {
    let journal = Arc::new(MemoryJournal::default());
    let service = open(Arc::new(NoSubject), But("nothing"), journal.clone());
    let office = Actor::new(Address::repeat_byte(2), [Role::Source]).of_organizations(["OFFICE".to_owned()]);
    let by_words = DataQuery { text: Some("what is looked for".into()), ..DataQuery::default() };
    service.search_data(&office, by_words).await.unwrap();
    assert!(journal.0.lock().is_empty(), "open data about no subject");
    assert!(service.search_data(&Actor::public(), DataQuery::default()).await.unwrap().operations.is_empty());
    assert!(journal.0.lock().is_empty(), "nothing was read");
    let query = DataQuery { formats: vec!["water".into()], ..DataQuery::default() };
    service.search_data(&office, query).await.unwrap();
    let inspector = Actor::new(Address::repeat_byte(3), [Role::Inspector]);
    service.data_proof(&inspector, OperationPlace { place: 4, index: 0 }).await.unwrap_err();
    let entries = journal.0.lock().clone();
    let told: Vec<_> = entries.iter().map(|entry| (entry.by, entry.subject.as_str(), entry.right)).collect();
    assert_eq!(
        told,
        [(office.address, "data", Some(Right::SameOrganization)), (inspector.address, "data", Some(Right::Role))]
    );
    assert_eq!(entries[0].facts, "5 operations, places 4 to 8, found by formats; of OFFICE/water");
}

// PROVISIONING-2, M-MON-2
#[tokio::test]
async fn a_refused_request_for_data_is_in_the_journal_and_no_access() {
    for service_name in ["data.search", "data.statistics", "data.trace", "data.proof"] {
        let journal = Arc::new(MemoryJournal::default());
        let service = open(Arc::new(TwoVersions(None)), But(service_name), journal.clone());
        let actor = Actor::new(Address::repeat_byte(2), [Role::Inspector]);
        let refused = match service_name {
            "data.search" => service.search_data(&actor, DataQuery::default()).await.err(),
            "data.statistics" => service.data_statistics(&actor).await.err(),
            "data.trace" => service.trace_data(&actor, well().into()).await.err(),
            _ => service.data_proof(&actor, OperationPlace { place: 2, index: 0 }).await.err(),
        };
        assert_eq!(refused.unwrap().code(), Code::RoleRequired);
        let entries = journal.0.lock().clone();
        let told: Vec<_> = entries.iter().map(|entry| (entry.name.as_str(), entry.facts.as_str())).collect();
        assert_eq!(told, [(service_name, "refused")]);
        assert_eq!((entries[0].by, entries[0].right), (actor.address, None));
        let unrefused = open(Arc::new(TwoVersions(None)), But("nothing"), journal);
        let seen = unrefused.trace_data(&Actor::new(Address::ZERO, [Role::Supervisor]), well().into()).await.unwrap();
        assert!(seen.accesses.is_empty(), "whoever was refused has read nothing");
    }
}

// M-MON-2, SEARCH-6: whoever adds up data that are not public is in the journal with every subject of them, before it has the sum.
#[tokio::test]
async fn an_answer_over_many_is_an_access_to_each_subject_that_is_not_public() {
    let journal = Arc::new(MemoryJournal::default());
    let service = open(Arc::new(TwoVersions(None)), But("nothing"), journal.clone());
    service.aggregate_data(&Actor::public(), DataAggregate::default()).await.unwrap();
    assert!(journal.0.lock().is_empty());
    let inspector = Actor::new(Address::repeat_byte(2), [Role::Inspector]);
    service.aggregate_data(&inspector, DataAggregate::default()).await.unwrap();
    let recorded: Vec<_> = journal.0.lock().iter().map(|entry| (entry.name.clone(), entry.subject.clone())).collect();
    let subject = subject_key("OFFICE", "water", "well 7").to_string();
    assert_eq!(recorded, [("data.aggregate".to_owned(), subject), ("data.aggregate".to_owned(), "data".to_owned())]);
    let facts = journal.0.lock()[1].facts.clone();
    assert_eq!(facts, "3 operations that are not public, added up, found by nothing in particular");
}
