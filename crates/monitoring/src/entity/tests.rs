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
}

#[async_trait]
impl M2p for Teller {
    async fn subject_history(&self, _: &Mandate, _: B256) -> DoorResult<Vec<HistoryEntry>> {
        self.tell()
    }
    async fn events(&self, _: &Mandate, _: &EventFilter) -> DoorResult<Vec<HistoryEntry>> {
        self.tell()
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
    async fn journal(&self, _: &EventFilter) -> DoorResult<Vec<HistoryEntry>> {
        self.tell()
    }
}

#[async_trait]
impl M2s for Teller {
    async fn journal(&self, _: &EventFilter) -> DoorResult<Vec<HistoryEntry>> {
        self.tell()
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
    let told = EventFilter { limit: Some(1), told: 2, ..EventFilter::default() };
    assert_eq!(monitoring.events(&supervisor(), told).await.unwrap().len(), 3, "those that were told, and one more");
    for wrong in [
        EventFilter { limit: Some(0), ..EventFilter::default() },
        EventFilter { limit: Some(101), ..EventFilter::default() },
        EventFilter { told: MAX_TOLD + 1, ..EventFilter::default() },
        EventFilter { from_ms: Some(5), to_ms: Some(5), ..EventFilter::default() },
    ] {
        assert_eq!(monitoring.events(&supervisor(), wrong).await.unwrap_err().code(), Code::MalformedRequest);
    }
}
