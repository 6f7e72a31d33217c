#![allow(clippy::unwrap_used)]

use alloy_primitives::Address;
use chancery_reference_points::Role;
use parking_lot::Mutex;

use super::*;

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
        Ok(DataPage { operations: self.operations(&visibility), next: None })
    }
    async fn statistics(&self) -> DoorResult<Vec<DayCount>> {
        Ok(Vec::new())
    }
    async fn versions(&self, _: &Mandate, _: &Asset, visibility: Visibility) -> DoorResult<Vec<AssetVersion>> {
        Ok((1..)
            .zip(self.operations(&visibility))
            .map(|(version, operation)| AssetVersion { version, operation })
            .collect())
    }
    async fn proof(&self, _: &Mandate, _: OperationPlace) -> DoorResult<SourceOperationProof> {
        Err(DoorError::new(Code::NotFinalYet, "no chain here"))
    }
}

/// Admits anybody to everything but one service.
struct But(&'static str);

#[async_trait]
impl Admission for But {
    async fn admit(&self, service: &str, _: &Actor) -> DoorResult<()> {
        if service == self.0 { Err(DoorError::new(Code::RoleRequired, "no")) } else { Ok(()) }
    }
}

// PROVISIONING-4, M-CON-3
#[tokio::test]
async fn each_service_of_data_asks_who_is_admitted() {
    for refused in ["data.search", "data.statistics", "data.trace", "data.proof"] {
        let journal = Arc::new(MemoryJournal::default());
        let service = DataService::new(Arc::new(TwoVersions(None)), Arc::new(But(refused)), journal, Arc::new(|| 9));
        let actor = Actor::new(Address::repeat_byte(2), [Role::Inspector]);
        let asked = [
            ("data.search", service.search_data(&actor, DataQuery::default()).await.err()),
            ("data.statistics", service.data_statistics(&actor).await.err()),
            ("data.trace", service.trace_data(&actor, well()).await.err()),
            ("data.proof", service.data_proof(&actor, OperationPlace { place: 2, index: 0 }).await.err()),
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

// M-APP, M-MON-2, M-PRIV
#[tokio::test]
async fn a_trace_shows_versions_and_who_read_before() {
    let journal = Arc::new(MemoryJournal::default());
    let service =
        DataService::new(Arc::new(TwoVersions(None)), Arc::new(But("nothing")), journal.clone(), Arc::new(|| 9));
    let inspector = Actor::new(Address::repeat_byte(2), [Role::Inspector]);
    assert_eq!(service.search_data(&inspector, DataQuery::default()).await.unwrap().operations.len(), 2);
    let trace = service.trace_data(&inspector, well()).await.unwrap();
    assert_eq!((trace.versions.len(), &trace.findings), (2, &Vec::new()));
    let read = AssetAccess { time: 9, by: inspector.address, service: "data.search".into() };
    assert_eq!(trace.accesses, [read], "two versions of one subject are one access");
    assert!(journal.0.lock().iter().all(|entry| !entry.subject.contains("well") && entry.facts.is_empty()));

    let public = service.trace_data(&Actor::public(), well()).await.unwrap();
    assert_eq!((public.versions.len(), public.accesses.len()), (1, 2));
    let hidden = service.data_proof(&Actor::public(), OperationPlace { place: 2, index: 0 }).await.unwrap_err();
    assert_eq!(hidden.code(), Code::UnknownSubmission);
    let shown = service.data_proof(&inspector, OperationPlace { place: 2, index: 0 }).await.unwrap_err();
    assert_eq!(shown.code(), Code::NotFinalYet);
}

// M-MON-3, DATA-5
#[tokio::test]
async fn a_version_that_does_not_follow_is_a_finding() {
    let journal = Arc::new(MemoryJournal::default());
    let service = DataService::new(
        Arc::new(TwoVersions(Some(B256::repeat_byte(1)))),
        Arc::new(But("nothing")),
        journal,
        Arc::new(|| 9),
    );
    let operator = Actor::new(Address::repeat_byte(2), [Role::Operator]);
    let trace = service.trace_data(&operator, well()).await.unwrap();
    assert_eq!(trace.findings, ["version 2 (place 2) does not follow the one before it"]);
    let graph = trace.graph();
    assert_eq!((graph.nodes.len(), graph.edges.len()), (5, 6), "{graph:?}");
    let nothing = Asset { subject: String::new(), ..well() };
    assert_eq!(service.trace_data(&operator, nothing).await.unwrap_err().code(), Code::MalformedRequest);
}
