#![allow(clippy::unwrap_used)]

use alloy_primitives::{Address, address};
use chancery_reference_points::{
    anchor::AnchorState,
    data_block::{RecordedBlock, RecordedRoots, TransactionLocator},
    operation::ChainName,
    v2m::Verification,
};

use super::*;

const ISSUER: Address = address!("1111111111111111111111111111111111111111");
const HOLDER: Address = address!("2222222222222222222222222222222222222222");

fn on_chain(happening: Happening, time_ms: u64) -> HistoryEntry {
    HistoryEntry {
        time_ms,
        happening,
        name: "CertificateIssued".into(),
        by: Some(ISSUER),
        subject: B256::repeat_byte(1).to_string(),
        recorded: Some(TransactionLocator {
            chain: ChainName("degree".into()),
            tx_hash: B256::ZERO,
            block_number: time_ms,
            block_hash: B256::ZERO,
        }),
        facts: format!("holder {HOLDER}"),
        revision: None,
        right: None,
        verified: Some(Verification::Verified),
    }
}

fn in_journal(happening: Happening, time_ms: u64) -> HistoryEntry {
    HistoryEntry { recorded: None, revision: None, verified: None, happening, time_ms, ..on_chain(happening, time_ms) }
}

/// An entity that tells what it was given; `None`: it does not answer.
struct Teller(Option<Vec<HistoryEntry>>);

impl Teller {
    fn tell(&self) -> DoorResult<Vec<HistoryEntry>> {
        self.0.clone().ok_or_else(|| DoorError::new(Code::ChainUnreachable, "no answer"))
    }

    /// As many of the newest as are wanted, of the times that are.
    fn newest(&self, filter: &EventFilter) -> DoorResult<Vec<HistoryEntry>> {
        let mut entries = self.tell()?;
        let (from_ms, to_ms) = (filter.from_ms.unwrap_or(0), filter.to_ms.unwrap_or(u64::MAX));
        entries.retain(|entry| (from_ms..to_ms).contains(&entry.time_ms));
        entries.sort_by_key(|entry| std::cmp::Reverse(entry.time_ms));
        entries.truncate(filter.limit.unwrap_or(usize::MAX));
        Ok(entries)
    }
}

#[async_trait]
impl M2p for Teller {
    async fn subject_history(&self, _: &Mandate, _: B256) -> DoorResult<Vec<HistoryEntry>> {
        self.tell()
    }
    async fn events(&self, _: &Mandate, filter: &EventFilter) -> DoorResult<Vec<HistoryEntry>> {
        self.newest(filter)
    }
    async fn recorded_blocks(
        &self,
        _: &Mandate,
        _: &ChainName,
        _: Vec<B256>,
    ) -> DoorResult<Vec<Option<RecordedBlock>>> {
        self.tell().map(|_| Vec::new())
    }
    async fn recorded_roots(&self, _: &Mandate, _: &ChainName, _: u64) -> DoorResult<RecordedRoots> {
        self.tell().map(|_| RecordedRoots { total: 0, roots: Vec::new() })
    }
    async fn anchors(&self, _: &Mandate) -> DoorResult<Vec<AnchorState>> {
        self.tell().map(|_| Vec::new())
    }
}

#[async_trait]
impl M2r for Teller {
    async fn journal(&self, filter: &EventFilter) -> DoorResult<Vec<HistoryEntry>> {
        self.newest(filter)
    }
}

#[async_trait]
impl M2s for Teller {
    async fn journal(&self, filter: &EventFilter) -> DoorResult<Vec<HistoryEntry>> {
        self.newest(filter)
    }
}

fn monitoring(chains: Option<Vec<HistoryEntry>>) -> Monitoring {
    Monitoring::new(
        Arc::new(Teller(chains)),
        Arc::new(Teller(Some(vec![in_journal(Happening::Submitted, 900)]))),
        Arc::new(Teller(Some(vec![in_journal(Happening::Accessed, 1500)]))),
    )
}

fn supervisor() -> Actor {
    Actor::new(Address::ZERO, [Role::Supervisor])
}

// M-MON-2, M-MON-3
#[tokio::test]
async fn a_history_joins_journals_and_chains_in_time_order() {
    let monitoring = monitoring(Some(vec![on_chain(Happening::Created, 1000), on_chain(Happening::Updated, 2000)]));
    let history = monitoring.history(&supervisor(), B256::repeat_byte(1)).await.unwrap();
    let happenings: Vec<_> = history.entries.iter().map(|entry| entry.happening).collect();
    assert_eq!(happenings, [Happening::Submitted, Happening::Created, Happening::Accessed, Happening::Updated]);
    assert!(history.in_order && history.findings.is_empty());
}

// M-MON-1
#[tokio::test]
async fn issuer_and_holder_see_theirs_and_strangers_nothing() {
    let monitoring = monitoring(Some(vec![on_chain(Happening::Created, 1000)]));
    for (address, admitted) in [(ISSUER, true), (HOLDER, true), (Address::repeat_byte(9), false)] {
        let seen = monitoring.history(&Actor::new(address, [Role::Citizen]), B256::repeat_byte(1)).await;
        assert_eq!(seen.is_ok(), admitted, "{address}");
    }
    assert!(monitoring.history(&Actor::public(), B256::repeat_byte(1)).await.is_err());
    assert_eq!(
        monitoring.events(&Actor::new(ISSUER, [Role::Issuer]), EventFilter::default()).await.unwrap_err().code(),
        Code::RoleRequired
    );
}

// MONITORING-3
#[tokio::test]
async fn a_silent_chain_makes_a_history_fail_and_not_shorter() {
    let error = monitoring(None).history(&supervisor(), B256::repeat_byte(1)).await.unwrap_err();
    assert_eq!(error.code(), Code::ChainUnreachable);
}

#[tokio::test]
async fn a_subject_that_no_chain_knows_is_unknown() {
    let error = monitoring(Some(Vec::new())).history(&supervisor(), B256::ZERO).await.unwrap_err();
    assert_eq!(error.code(), Code::UnknownCertificate);
}

#[tokio::test]
async fn events_are_bounded_and_newest_first() {
    let monitoring = monitoring(Some(vec![on_chain(Happening::Created, 1000)]));
    let events =
        monitoring.events(&supervisor(), EventFilter { limit: Some(2), ..EventFilter::default() }).await.unwrap();
    assert_eq!(events.iter().map(|event| event.time_ms).collect::<Vec<_>>(), [1500, 1000]);
    for wrong in [
        EventFilter { limit: Some(0), ..EventFilter::default() },
        EventFilter { limit: Some(101), ..EventFilter::default() },
        EventFilter { told: MAX_TOLD + 1, to_ms: Some(1501), ..EventFilter::default() },
        EventFilter { told: 1, ..EventFilter::default() },
        EventFilter { told: 1, to_ms: Some(0), ..EventFilter::default() },
        EventFilter { from_ms: Some(5), to_ms: Some(5), ..EventFilter::default() },
    ] {
        assert_eq!(monitoring.events(&supervisor(), wrong).await.unwrap_err().code(), Code::MalformedRequest);
    }
}

/// Counts how many entries are read of it.
struct Counted(Teller, std::sync::atomic::AtomicUsize);

#[async_trait]
impl M2s for Counted {
    async fn journal(&self, filter: &EventFilter) -> DoorResult<Vec<HistoryEntry>> {
        let entries = self.0.newest(filter)?;
        self.1.fetch_add(entries.len(), std::sync::atomic::Ordering::Relaxed);
        Ok(entries)
    }
}

// M-MON-2, SUPERVISION-7: what was told is counted in its own millisecond, and no number leads to more than that has.
#[tokio::test]
async fn a_place_is_within_its_millisecond_and_reads_no_more_than_that_has() {
    let many = (0..200).map(|number| in_journal(Happening::Accessed, 1000 - number));
    let journal = Arc::new(Counted(Teller(Some(many.collect())), std::sync::atomic::AtomicUsize::default()));
    let monitoring = Monitoring::new(
        Arc::new(Teller(Some(vec![on_chain(Happening::Created, 1000), on_chain(Happening::Updated, 1000)]))),
        Arc::new(Teller(Some(vec![in_journal(Happening::Submitted, 999)]))),
        journal.clone(),
    );
    let behind = |told, to_ms| EventFilter { limit: Some(2), told, to_ms: Some(to_ms), ..EventFilter::default() };
    let times = async |filter| {
        let events = monitoring.events(&supervisor(), filter).await?;
        Ok::<_, DoorError>(events.iter().map(|event| event.time_ms).collect::<Vec<_>>())
    };
    assert_eq!(times(behind(2, 1001)).await.unwrap(), [1000, 1000, 1000, 999], "those that were told, and two more");
    assert_eq!(times(behind(3, 1001)).await.unwrap(), [1000, 1000, 1000, 999, 999]);
    let only = EventFilter { from_ms: Some(1000), ..behind(3, 1001) };
    assert_eq!(times(only).await.unwrap(), [1000; 3], "nothing is before");

    // Of a millisecond that has fewer, as of a cursor that lies: what it has, and two more.
    let before = journal.1.load(std::sync::atomic::Ordering::Relaxed);
    assert_eq!(times(behind(4, 1001)).await.unwrap(), [1000, 1000, 1000, 999, 999]);
    assert_eq!(times(behind(MAX_TOLD, 1001)).await.unwrap(), [1000, 1000, 1000, 999, 999]);
    assert_eq!(times(behind(MAX_TOLD, 5000)).await.unwrap(), [1000, 1000]);
    assert_eq!(times(behind(MAX_TOLD, 802)).await.unwrap(), [801]);
    assert_eq!(times(behind(MAX_TOLD, 1)).await.unwrap(), [0; 0]);
    let read = journal.1.load(std::sync::atomic::Ordering::Relaxed) - before;
    assert_eq!(read, 3 + 3 + 2 + 1, "one of each millisecond, and at most two more");
}
