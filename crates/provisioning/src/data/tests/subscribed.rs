//! Subscriptions: whose they are, how many, how long, and that nothing is left out between two readings.

use std::sync::atomic::{AtomicU64, Ordering};

use chancery_reference_points::data_search::{MAX_PAGE_OPERATIONS, MAX_SUBSCRIPTIONS};

use super::*;

/// A journal that grows: an operation a place, all but every third of them public, none with words; and how often it is searched.
#[derive(Default)]
struct Growing(AtomicU64, AtomicU64);

#[async_trait]
impl S2pData for Growing {
    async fn search(&self, _: &Mandate, query: DataQuery, visibility: Visibility) -> DoorResult<DataPage> {
        assert!(query.ascending);
        self.1.fetch_add(1, Ordering::SeqCst);
        let limit = query.limit.unwrap_or(MAX_PAGE_OPERATIONS);
        if limit == 0 {
            return Err(DoorError::new(Code::MalformedRequest, "limit").with("member", "limit"));
        }
        let access = |place: u64| if place.is_multiple_of(3) { Access::Internal } else { Access::Public };
        let seen = (0..self.0.load(Ordering::SeqCst))
            .filter(|place| query.after.is_none_or(|after| OperationPlace { place: *place, index: 0 } > after))
            .filter(|place| visibility.access.contains(&access(*place)) && query.text.is_none())
            .map(|place| operation(place, access(place), r#"{"time":1,"content":1}"#.into()));
        let mut operations: Vec<_> = seen.take(limit + 1).collect();
        let is_full = operations.len() > limit;
        operations.truncate(limit);
        let next = operations.last().map(|last| last.at).filter(|_| is_full);
        Ok(DataPage { operations, next, next_key: None })
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
    async fn aggregate(&self, _: &Mandate, _: DataAggregate, _: Visibility) -> DoorResult<Aggregation> {
        Ok(Aggregation::default())
    }
    /// Whoever waits finds one more.
    async fn searchable(&self, _: &Mandate, place: u64, wait_ms: u64) -> DoorResult<u64> {
        if wait_ms > 0 && self.0.load(Ordering::SeqCst) <= place {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
        Ok(self.0.load(Ordering::SeqCst))
    }
}

struct House {
    data: Arc<Growing>,
    now_ms: Arc<AtomicU64>,
    folder: tempfile::TempDir,
}

impl House {
    fn new() -> Self {
        let now_ms = Arc::new(AtomicU64::new(1000));
        Self { data: Arc::default(), now_ms, folder: tempfile::tempdir().unwrap() }
    }

    /// As after a start.
    fn open(&self) -> DataService {
        let (now_ms, journal) = (self.now_ms.clone(), Arc::new(MemoryJournal::default()));
        let clock = Arc::new(move || now_ms.load(Ordering::SeqCst));
        let files = Arc::new(crate::SubscriptionFiles::new(self.folder.path()).unwrap());
        DataService::open(self.data.clone(), Arc::new(But("nothing")), journal, clock, files).unwrap()
    }
}

fn somebody(byte: u8, roles: &[Role]) -> Actor {
    Actor::new(Address::repeat_byte(byte), roles.iter().copied())
}

fn places(delivered: &Delivered) -> Vec<u64> {
    delivered.operations.iter().map(|one| one.at.place).collect()
}

// PROVISIONING-5, SEARCH-3: over a restart and a change of roles, each operation once, and no other.
#[tokio::test]
async fn nothing_is_left_out_between_two_readings() {
    let house = House::new();
    house.data.0.store(4, Ordering::SeqCst);
    let citizen = somebody(1, &[Role::Citizen]);
    let made = house.open().subscribe(&citizen, Subscribe::default()).await.unwrap();
    assert_eq!(made.start, 4);
    house.data.0.store(12, Ordering::SeqCst);
    let service = house.open();
    let mut reading = Reading { limit: Some(3), ..Reading::default() };
    let first = service.subscribed_data(&citizen, made.id, reading).await.unwrap();
    assert_eq!(places(&first), [4, 5, 7], "place 6 is internal");
    reading.after = first.cursor;
    let second = house.open().subscribed_data(&citizen, made.id, reading).await.unwrap();
    assert_eq!(places(&second), [8, 10, 11]);
    reading.after = second.cursor;
    let third = service.subscribed_data(&citizen, made.id, reading).await.unwrap();
    assert_eq!((places(&third), third.cursor), (Vec::new(), second.cursor.max(third.cursor)));
    // What its owner may see is asked when it is read.
    let office = somebody(1, &[Role::Inspector]);
    let again = service.subscribed_data(&office, made.id, Reading { after: None, ..reading }).await.unwrap();
    assert_eq!(places(&again), [4, 5, 6]);
    let before_its_start = Reading { after: Some(OperationPlace { place: 0, index: 0 }), ..reading };
    assert_eq!(places(&service.subscribed_data(&office, made.id, before_its_start).await.unwrap()), [4, 5, 6]);
}

// PROVISIONING-5
#[tokio::test]
async fn whoever_waits_has_the_next_operation() {
    let house = House::new();
    house.data.0.store(1, Ordering::SeqCst);
    let (service, citizen) = (house.open(), somebody(1, &[]));
    let made = service.subscribe(&citizen, Subscribe::default()).await.unwrap();
    let reading = Reading { wait_ms: 1000, ..Reading::default() };
    assert_eq!(places(&service.subscribed_data(&citizen, made.id, reading).await.unwrap()), [1]);
    let bounded = Reading { limit: Some(0), ..reading };
    let refused = service.subscribed_data(&citizen, made.id, bounded).await.unwrap_err();
    assert_eq!(refused.code(), Code::MalformedRequest);
}

// SEARCH-4: while much comes that does not match, whoever waits does not search for each of it.
#[tokio::test]
async fn what_comes_close_together_is_looked_for_once() {
    const WAIT_MS: u64 = 200;
    let (house, begun) = (House::new(), std::time::Instant::now());
    let clock = Arc::new(move || u64::try_from(begun.elapsed().as_millis()).unwrap());
    let files = Arc::new(crate::SubscriptionFiles::new(house.folder.path()).unwrap());
    let journal = Arc::new(MemoryJournal::default());
    let service = DataService::open(house.data.clone(), Arc::new(But("nothing")), journal, clock, files).unwrap();
    let (citizen, query) = (somebody(1, &[]), DataQuery { text: Some("none".into()), ..DataQuery::default() });
    let made = service.subscribe(&citizen, Subscribe { query, ..Subscribe::default() }).await.unwrap();
    let before = house.data.1.load(Ordering::SeqCst);
    let reading = Reading { wait_ms: WAIT_MS, ..Reading::default() };
    assert!(service.subscribed_data(&citizen, made.id, reading).await.unwrap().operations.is_empty());
    let searches = house.data.1.load(Ordering::SeqCst) - before;
    assert!((2..=2 + WAIT_MS / 50).contains(&searches), "{searches} searches");
}

// PROVISIONING-5: somebody else's is as one that is not there; what has expired is forgotten, and makes room.
#[tokio::test]
async fn a_subscription_is_its_owners_for_its_time() {
    let house = House::new();
    let (service, owner, other) = (house.open(), somebody(1, &[]), somebody(2, &[Role::Operator]));
    let refused = service.subscribe(&Actor::public(), Subscribe::default()).await.unwrap_err();
    assert_eq!(refused.code(), Code::AuthenticationRequired);
    let one_day = || Subscribe { days: Some(1), ..Subscribe::default() };
    for _ in 0..MAX_SUBSCRIPTIONS {
        service.subscribe(&owner, one_day()).await.unwrap();
    }
    let refused = service.subscribe(&owner, one_day()).await.unwrap_err();
    assert_eq!((refused.code(), &refused.members()["limit"]), (Code::TooManySubscriptions, &MAX_SUBSCRIPTIONS.into()));
    let made = service.subscriptions(&owner).await.unwrap();
    assert_eq!((made.len(), service.subscriptions(&other).await.unwrap().len()), (MAX_SUBSCRIPTIONS, 0));
    for error in [
        service.subscribed_data(&other, made[0].id, Reading::default()).await.unwrap_err(),
        service.unsubscribe(&other, made[0].id).await.unwrap_err(),
    ] {
        assert_eq!(error.code(), Code::UnknownSubscription);
    }
    assert_eq!(service.unsubscribe(&owner, made[0].id).await.unwrap(), made[0]);
    assert_eq!(house.open().subscriptions(&owner).await.unwrap().len(), MAX_SUBSCRIPTIONS - 1);

    house.now_ms.store(made[1].expires_at, Ordering::SeqCst);
    let refused = service.subscribed_data(&owner, made[1].id, Reading::default()).await.unwrap_err();
    assert_eq!(refused.code(), Code::UnknownSubscription);
    service.subscribe(&owner, one_day()).await.unwrap();
    assert_eq!(std::fs::read_dir(house.folder.path()).unwrap().count(), 1, "expired ones are gone from the disk");
}

// SEARCH-4
#[tokio::test]
async fn what_is_no_subscription_is_refused_by_name() {
    let (house, owner) = (House::new(), somebody(1, &[]));
    let service = house.open();
    let of = |query| Subscribe { query, ..Subscribe::default() };
    for (asked, member) in [
        (Subscribe { days: Some(0), ..Subscribe::default() }, "days"),
        (Subscribe { days: Some(367), ..Subscribe::default() }, "days"),
        (Subscribe { name: "x".repeat(65), ..Subscribe::default() }, "name"),
        (of(DataQuery { ascending: true, ..DataQuery::default() }), "query"),
        (of(DataQuery { limit: Some(1), ..DataQuery::default() }), "query"),
        (of(DataQuery { sort: "time:asc".parse().ok(), ..DataQuery::default() }), "query"),
    ] {
        let error = service.subscribe(&owner, asked).await.unwrap_err();
        assert_eq!((error.code(), error.members()["member"].as_str()), (Code::MalformedRequest, Some(member)));
    }
}
