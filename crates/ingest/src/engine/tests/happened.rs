//! What supervisors are told of what was accepted and set (M-MON-2, M-CON-3).

use std::sync::atomic::AtomicU64;

use chancery_reference_points::v2m::{EventFilter, Happening, HistoryEntry};

use super::*;
use crate::Setting;

struct Told {
    ingest: Ingest,
    clock: Arc<AtomicU64>,
    _folder: tempfile::TempDir,
}

async fn told() -> Told {
    let (folder, chain) = (tempfile::tempdir().unwrap(), Arc::new(Chain::default()));
    let clock = Arc::new(AtomicU64::new(NOW_MS));
    let now = clock.clone();
    let ingest = start_at(folder.path(), &chain, Arc::new(move || now.load(Ordering::SeqCst))).await;
    Told { ingest, clock, _folder: folder }
}

impl Told {
    async fn happened(&self, filter: EventFilter) -> Vec<HistoryEntry> {
        self.ingest.happened(&filter).await.unwrap()
    }
}

// M-MON-2
#[tokio::test(flavor = "multi_thread")]
async fn what_was_accepted_is_told_by_source_and_time_from_the_journal_alone() {
    let told = told().await;
    let (pump, meter) = (signer(2), signer(3));
    let (pump_source, meter_source) = (register(&told.ingest, &pump).await, register(&told.ingest, &meter).await);
    let mut places = Vec::new();
    for (minute, key) in (0..).zip(1..=5) {
        told.clock.store(NOW_MS + minute * 60_000, Ordering::SeqCst);
        let (device, source) = if key % 2 == 0 { (&meter, meter_source) } else { (&pump, pump_source) };
        let accepted = one(&told.ingest, submit(device, source, key, &[READING, READING])).await.unwrap();
        recorded(&told.ingest, accepted.place).await;
        places.push(accepted.place);
    }
    let all = told.happened(EventFilter::default()).await;
    assert_eq!(
        all.iter().map(|entry| entry.by.unwrap()).collect::<Vec<_>>(),
        [pump_source, meter_source, pump_source, meter_source, pump_source]
    );
    assert!(all.iter().all(|entry| entry.happening == Happening::Submitted && entry.recorded.is_some()));
    assert_eq!(all[0].facts, format!("1 submissions, 2 operations, place {}", places[4]));
    let of_meter = EventFilter { subject: Some(meter_source.to_string()), ..EventFilter::default() };
    assert_eq!(told.happened(of_meter).await.len(), 2);
    // From a time on, before a time, and as many as asked for.
    let times = async |from_ms: u64, to_ms: u64, limit: usize| {
        let filter = EventFilter {
            from_ms: Some(NOW_MS + from_ms),
            to_ms: Some(NOW_MS + to_ms),
            limit: Some(limit),
            ..EventFilter::default()
        };
        told.happened(filter).await.iter().map(|entry| entry.time_ms - NOW_MS).collect::<Vec<_>>()
    };
    assert_eq!(times(0, 60_001, 9).await, [60_000, 0]);
    assert_eq!(times(60_000, 180_000, 9).await, [120_000, 60_000]);
    assert_eq!(times(0, 1_000_000, 2).await, [240_000, 180_000]);
    let unknown = EventFilter { subject: Some(Address::repeat_byte(7).to_string()), ..EventFilter::default() };
    assert!(told.happened(unknown).await.is_empty());
    let accesses = EventFilter { happenings: vec![Happening::Accessed], ..EventFilter::default() };
    assert!(told.happened(accesses).await.is_empty());
}

// M-CON-3, M-MON-4
#[tokio::test(flavor = "multi_thread")]
async fn a_setting_is_in_a_data_block_is_told_and_outlives_the_index() {
    let (folder, chain) = (tempfile::tempdir().unwrap(), Arc::new(Chain::default()));
    let ingest = start(folder.path(), &chain).await;
    let setting = Setting {
        name: "service.offer".into(),
        subject: "certificates.query".into(),
        facts: "withdrawn".into(),
        by: Address::repeat_byte(9),
        at_ms: NOW_MS,
    };
    let locator = ingest.set(setting.clone()).await.unwrap();
    assert!(locator.is_some(), "it waits until the chain has it");
    let told = ingest.happened(&EventFilter::default()).await.unwrap();
    assert_eq!(told.len(), 1);
    assert_eq!((told[0].name.as_str(), told[0].facts.as_str()), ("service.offer", "withdrawn"));
    assert_eq!((told[0].by, &told[0].recorded), (Some(setting.by), &locator));
    let report = ingest.audit(AuditRequest::default()).await.unwrap();
    assert_eq!((report.difference, report.blocks), (None, 1), "its leaf is the one of the block");
    let long = Setting { facts: "f".repeat(5000), ..setting };
    assert_eq!(ingest.set(long).await.unwrap_err().code(), Code::ConfigurationInvalid);
    ingest.close().await;
    // The index is derived: what it knew is in the journal.
    std::fs::remove_dir_all(folder.path().join("index")).unwrap();
    let again = start(folder.path(), &chain).await;
    assert_eq!(again.happened(&EventFilter::default()).await.unwrap(), told);
}
