//! Quotas: QUOTA-1 to QUOTA-4.

use std::sync::atomic::AtomicU64;

use chancery_reference_points::quota::{Quota, QuotaSubject};

use super::*;

const DAY_MS: u64 = 24 * 60 * 60 * 1000;
const OFFICE: &str = "SAMPLE-HEALTH-OFFICE";

fn office() -> QuotaSubject {
    QuotaSubject::Organization(OFFICE.into())
}

fn a_day(operations: u64) -> Option<Quota> {
    Some(Quota { operations_per_day: Some(operations), ..Quota::default() })
}

async fn set(ingest: &Ingest, subject: QuotaSubject, quota: Option<Quota>) {
    let setting = ingest.set_quota(subject, quota, Address::repeat_byte(9)).await.unwrap();
    assert!(setting.recorded.is_some(), "it waits until its data block is final");
}

async fn used(ingest: &Ingest, subject: &QuotaSubject) -> (u64, u64) {
    let report = ingest.quotas().await.unwrap();
    let row = report.usage.iter().find(|row| row.subject == *subject);
    row.map_or((0, 0), |row| (row.operations, row.bytes))
}

struct Time(AtomicU64);

impl Time {
    fn clock(self: &Arc<Self>) -> Clock {
        let time = Arc::clone(self);
        Arc::new(move || time.0.load(Ordering::SeqCst))
    }
}

// QUOTA-2, QUOTA-4: the last operation that fits is accepted, the next is told what, how much and until when; a repetition is no second one.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_over_a_quota_is_refused_with_its_numbers_and_a_repetition_is_not_counted() {
    let (folder, chain) = (tempfile::tempdir().unwrap(), Arc::new(Chain::default()));
    let ingest = start(folder.path(), &chain).await;
    let device = signer(2);
    let source = register(&ingest, &device).await;
    set(&ingest, office(), a_day(3)).await;
    let first = submit(&device, source, 1, &[READING, READING]);
    assert!(!one(&ingest, first.clone()).await.unwrap().repeated);
    assert!(one(&ingest, first.clone()).await.unwrap().repeated);
    let refused = one(&ingest, submit(&device, source, 2, &[READING, READING])).await.unwrap_err();
    assert_eq!(refused.code(), Code::QuotaExceeded);
    let resets_at = (NOW_MS / DAY_MS + 1) * DAY_MS;
    let expected = serde_json::json!({
        "quota": "operationsPerDay", "subject": "organization:SAMPLE-HEALTH-OFFICE", "limit": 3, "used": 2, "asked": 2,
        "resetsAt": resets_at, "retryAfterMs": resets_at - NOW_MS,
    });
    assert_eq!(serde_json::Value::Object(refused.members().clone()), expected);
    one(&ingest, submit(&device, source, 3, &[READING])).await.unwrap();
    assert_eq!(code(one(&ingest, submit(&device, source, 4, &[READING])).await), "quota-exceeded");
    assert!(one(&ingest, first).await.unwrap().repeated, "what is accepted stays so when nothing is left");
    assert_eq!(used(&ingest, &office()).await, (3, 3 * READING.len() as u64));
}

// QUOTA-2: of one group, in which nothing is counted in the index yet.
#[tokio::test(flavor = "multi_thread")]
async fn what_comes_together_is_counted_together() {
    let (folder, chain) = (tempfile::tempdir().unwrap(), Arc::new(Chain::default()));
    let ingest = start(folder.path(), &chain).await;
    let (one, other) = (signer(2), signer(3));
    let (first, second) = (register(&ingest, &one).await, register(&ingest, &other).await);
    set(&ingest, office(), a_day(5)).await;
    let submissions = (0..8).map(|key| match key % 2 {
        0 => submit(&one, first, key, &[READING]),
        _ => submit(&other, second, key, &[READING]),
    });
    let results = ingest.accept(submissions.collect()).await;
    assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 5);
    assert_eq!(used(&ingest, &office()).await.0, 5);
    assert_eq!(used(&ingest, &QuotaSubject::Source(first)).await.0, 3);
}

// QUOTA-3: neither a restart nor a lost index gives anything back; the next day does.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_used_stays_used_over_a_restart_until_the_day_ends() {
    let (folder, chain) = (tempfile::tempdir().unwrap(), Arc::new(Chain::default()));
    let time = Arc::new(Time(AtomicU64::new(NOW_MS)));
    let ingest = start_at(folder.path(), &chain, time.clock()).await;
    let device = signer(2);
    let source = register(&ingest, &device).await;
    set(&ingest, QuotaSubject::EverySource, a_day(2)).await;
    one(&ingest, submit(&device, source, 1, &[READING, READING])).await.unwrap();
    ingest.close().await;

    let ingest = start_at(folder.path(), &chain, time.clock()).await;
    assert_eq!(code(one(&ingest, submit(&device, source, 2, &[READING])).await), "quota-exceeded");
    ingest.close().await;
    std::fs::remove_dir_all(folder.path().join("index")).unwrap();

    let ingest = start_at(folder.path(), &chain, time.clock()).await;
    assert_eq!(code(one(&ingest, submit(&device, source, 3, &[READING])).await), "quota-exceeded");
    assert_eq!(ingest.quotas().await.unwrap().settings.len(), 1, "settings are in the journal too");
    time.0.store(NOW_MS + DAY_MS, Ordering::SeqCst);
    one(&ingest, submit(&device, source, 4, &[READING])).await.unwrap();
    assert_eq!(used(&ingest, &QuotaSubject::Source(source)).await.0, 1);
}

// QUOTA-1: bytes and rate; its own setting takes the place of the default as a whole, and of the organization's bound none.
#[tokio::test(flavor = "multi_thread")]
async fn bytes_and_rate_are_bounded_too_and_an_own_setting_replaces_the_default() {
    let (folder, chain) = (tempfile::tempdir().unwrap(), Arc::new(Chain::default()));
    let time = Arc::new(Time(AtomicU64::new(NOW_MS)));
    let ingest = start_at(folder.path(), &chain, time.clock()).await;
    let device = signer(2);
    let source = register(&ingest, &device).await;
    let rate = Quota { operations_per_minute: Some(1), ..Quota::default() };
    set(&ingest, QuotaSubject::EverySource, Some(rate)).await;
    one(&ingest, submit(&device, source, 1, &[READING])).await.unwrap();
    let refused = one(&ingest, submit(&device, source, 2, &[READING])).await.unwrap_err();
    assert_eq!(refused.members()["quota"], "operationsPerMinute");
    assert_eq!(refused.members()["retryAfterMs"], 60_000 - NOW_MS % 60_000);
    time.0.store(NOW_MS + 60_000, Ordering::SeqCst);
    one(&ingest, submit(&device, source, 2, &[READING])).await.unwrap();

    let bytes = Quota { bytes_per_day: Some(3 * READING.len() as u64), ..Quota::default() };
    set(&ingest, QuotaSubject::Source(source), Some(bytes)).await;
    one(&ingest, submit(&device, source, 3, &[READING])).await.unwrap();
    let refused = one(&ingest, submit(&device, source, 4, &[READING])).await.unwrap_err();
    assert_eq!(refused.members()["quota"], "bytesPerDay");
    set(&ingest, QuotaSubject::Source(source), None).await;
    let refused = one(&ingest, submit(&device, source, 5, &[READING])).await.unwrap_err();
    assert_eq!(refused.members()["quota"], "operationsPerMinute", "the default counts again");
}

// M-CON-4: a dry run says what would change and who is over already, and changes nothing.
#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_names_who_is_over_already() {
    let (folder, chain) = (tempfile::tempdir().unwrap(), Arc::new(Chain::default()));
    let ingest = start(folder.path(), &chain).await;
    let device = signer(2);
    let source = register(&ingest, &device).await;
    one(&ingest, submit(&device, source, 1, &[READING, READING])).await.unwrap();
    let effects = ingest.check_quota(QuotaSubject::EveryOrganization, a_day(2)).await.unwrap();
    assert_eq!(
        effects,
        [
            "quota of organizations: operationsPerDay: 2 instead of no bound",
            "organization:SAMPLE-HEALTH-OFFICE is over already: 2 used of 2 operationsPerDay",
        ]
    );
    one(&ingest, submit(&device, source, 2, &[READING])).await.unwrap();
    set(&ingest, QuotaSubject::EveryOrganization, a_day(100)).await;
    assert!(ingest.check_quota(QuotaSubject::EveryOrganization, a_day(100)).await.unwrap().is_empty());
    let stranger = QuotaSubject::Source(Address::repeat_byte(7));
    assert_eq!(ingest.check_quota(stranger, a_day(1)).await.unwrap_err().code(), Code::UnknownSource);
}

// M-CON-2, DATA-4, M-MON-4: a change is a leaf of a recorded data block, and the audit computes it anew.
#[tokio::test(flavor = "multi_thread")]
async fn a_change_is_recorded_with_who_made_it_and_audited() {
    let (folder, chain) = (tempfile::tempdir().unwrap(), Arc::new(Chain::default()));
    let ingest = start(folder.path(), &chain).await;
    register(&ingest, &signer(2)).await;
    set(&ingest, office(), a_day(7)).await;
    set(&ingest, office(), None).await;
    let report = ingest.quotas().await.unwrap();
    assert!(report.settings.is_empty());
    let changes: Vec<_> = report.changes.iter().map(|change| (change.quota, change.by)).collect();
    assert_eq!(changes, [(None, Address::repeat_byte(9)), (a_day(7), Address::repeat_byte(9))]);
    assert!(report.changes.iter().all(|change| change.recorded.is_some()));
    let counted: u32 = chain.roots.lock().unwrap().values().sum();
    assert_eq!(counted, 3, "a registration and two changes, each in one block");
    let audit = ingest.audit(AuditRequest::default()).await.unwrap();
    assert_eq!((audit.difference, audit.complete), (None, true));
}
