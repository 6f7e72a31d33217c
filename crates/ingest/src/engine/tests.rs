#![allow(clippy::unwrap_used)]

use std::{path::Path, sync::atomic::Ordering, time::Duration};

use alloy_primitives::{B256, FixedBytes};
use chancery_data::{
    Algorithm, Control, receipt,
    source::{self, SourceKind, SourceStatement},
    submission::{self, Access, Basis, Statement},
};
use chancery_reference_points::Role;

use self::chain::Chain;
use super::*;

mod chain;
mod happened;
mod quotas;
mod receipts;
mod sources;

const NOW_MS: u64 = 1_795_230_000_000;
const CHAIN: u64 = 7100;

struct AnyContent;

impl ContentRules for AnyContent {
    fn check(&self, _: &Submission, _: &ChainName, _: u64) -> DoorResult<()> {
        Ok(())
    }
}

fn signer(byte: u8) -> Signer {
    Signer::from_bytes(Algorithm::EdDsa, &[byte; 32]).unwrap()
}

fn operator() -> Actor {
    Actor::new(Address::repeat_byte(9), [Role::Operator])
}

async fn start(directory: &Path, chain: &Arc<Chain>) -> Ingest {
    start_at(directory, chain, Arc::new(|| NOW_MS)).await
}

fn parts(directory: &Path, chain: &Arc<Chain>, clock: &Clock) -> Parts {
    Parts {
        directory: directory.to_path_buf(),
        chain: ChainName("main".into()),
        chain_id: CHAIN,
        receipt_key: signer(1),
        p2r: chain.clone(),
        rules: Arc::new(AnyContent),
        clock: Arc::clone(clock),
        limits: Limits {
            max_block_time: Duration::from_millis(20),
            retry_pause: Duration::from_millis(5),
            ..Limits::default()
        },
    }
}

async fn start_at(directory: &Path, chain: &Arc<Chain>, clock: Clock) -> Ingest {
    for _ in 0..500 {
        match Ingest::open(parts(directory, chain, &clock)) {
            Ok(ingest) => return ingest,
            // What ended before has not let go of its index yet.
            Err(OpenError::Index(_)) => tokio::time::sleep(Duration::from_millis(10)).await,
            Err(error) => panic!("{error}"),
        }
    }
    panic!("the index stays locked");
}

async fn register(ingest: &Ingest, signer: &Signer) -> SourceId {
    let statement = SourceStatement::Register {
        chain_id: CHAIN,
        kind: SourceKind::Device,
        organization: "SAMPLE-HEALTH-OFFICE".into(),
        name: "station 1".into(),
        jwk: signer.public_key().to_jwk(),
        time: NOW_MS,
    };
    let statement = signer.sign(&statement, source::TYP).unwrap().text().to_owned();
    ingest.change_source(&operator(), SourceChange::Statement { statement, approval: None }).await.unwrap().source
}

fn submit(signer: &Signer, source: SourceId, key: u8, operations: &[&str]) -> SourceSubmission {
    let names: Vec<B256> = operations.iter().map(|one| merkle::leaf_hash(one.as_bytes())).collect();
    let statement = Statement {
        chain_id: CHAIN,
        source,
        key: FixedBytes::repeat_byte(key),
        format: "reading/air".into(),
        format_version: 1,
        time: NOW_MS,
        count: u32::try_from(names.len()).unwrap(),
        root: merkle::root(&names).unwrap(),
        control: Control { access: Access::Public, retention_days: 1, basis: Basis::NotPersonal, readers: Vec::new() },
    };
    SourceSubmission {
        submission: signer.sign(&statement, submission::TYP).unwrap().text().to_owned(),
        operations: operations.iter().map(|one| one.as_bytes().to_vec().into()).collect(),
    }
}

async fn one(ingest: &Ingest, submission: SourceSubmission) -> DoorResult<AcceptedSubmission> {
    ingest.accept(vec![submission]).await.pop().unwrap()
}

async fn recorded(ingest: &Ingest, place: u64) -> SubmissionState {
    for _ in 0..500 {
        let state = ingest.submission(place).await.unwrap();
        if state.recorded.is_some() {
            return state;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("{place} is not recorded");
}

fn code(result: DoorResult<AcceptedSubmission>) -> &'static str {
    result.unwrap_err().code().name()
}

const READING: &str = r#"{"time":1795229999000,"content":{"pm25":12}}"#;

// DATA-2, DOORS-2: the journal itself knows its one writer, whatever became of every other lock.
#[tokio::test(flavor = "multi_thread")]
async fn a_journal_has_one_writer() {
    let (folder, chain) = (tempfile::tempdir().unwrap(), Arc::new(Chain::default()));
    let directory = folder.path().join("journal");
    std::fs::create_dir(&directory).unwrap();
    let other = journal::JournalLock::take(&directory).unwrap();
    let clock: Clock = Arc::new(|| NOW_MS);
    let refused = Ingest::open(parts(folder.path(), &chain, &clock)).err();
    assert!(matches!(refused, Some(OpenError::Journal(journal::JournalError::InUse(_)))), "{refused:?}");
    drop(other);
    let ingest = start_at(folder.path(), &chain, clock).await;
    let refused = journal::JournalLock::take(&directory).unwrap_err();
    assert!(matches!(refused, journal::JournalError::InUse(_)), "{refused}");
    drop(ingest);
}

// DATA-2, DATA-3
#[tokio::test(flavor = "multi_thread")]
async fn the_same_submission_has_one_place_also_after_a_restart() {
    let (folder, chain) = (tempfile::tempdir().unwrap(), Arc::new(Chain::default()));
    let ingest = start(folder.path(), &chain).await;
    let device = signer(2);
    let source = register(&ingest, &device).await;
    let twice = vec![submit(&device, source, 1, &[READING, READING]), submit(&device, source, 1, &[READING, READING])];
    let both = ingest.accept(twice).await;
    let (first, second) = (both[0].clone().unwrap(), both[1].clone().unwrap());
    // Which place that is depends on whether the registration's data block was closed before.
    let place = first.place;
    assert_eq!((first.repeated, second.place, second.repeated), (false, place, true));
    let receipt = Jws::parse(&first.receipt, receipt::TYP).unwrap();
    receipt.verify(&signer(1).public_key()).unwrap();
    assert_eq!(second.receipt, first.receipt);
    let other = submit(&device, source, 1, &[READING]);
    assert_eq!(code(one(&ingest, other).await), "idempotency-conflict");
    recorded(&ingest, place).await;
    ingest.close().await;

    let ingest = start(folder.path(), &chain).await;
    let again = one(&ingest, submit(&device, source, 1, &[READING, READING])).await.unwrap();
    assert_eq!((again.place, again.repeated, &again.receipt), (place, true, &first.receipt));
}

// DATA-9, DATA-12: what reads the past is bounded together, however little it costs to ask for it; what is new does not wait for it.
#[tokio::test(flavor = "multi_thread")]
async fn whoever_asks_for_the_past_waits_for_a_place_and_what_is_new_does_not() {
    let (folder, chain) = (tempfile::tempdir().unwrap(), Arc::new(Chain::default()));
    let ingest = start(folder.path(), &chain).await;
    let device = signer(2);
    let source = register(&ingest, &device).await;
    let first = one(&ingest, submit(&device, source, 1, &[READING])).await.unwrap();
    // In another group: the first is repeated from the journal.
    let second = one(&ingest, submit(&device, source, 2, &[READING])).await.unwrap();
    let held = Arc::clone(&ingest.past).acquire_many_owned(u32::try_from(MAX_PAST_READERS).unwrap()).await.unwrap();
    tokio::select! {
        biased;
        state = ingest.submission(second.place) => panic!("it had a place: {state:?}"),
        proof = ingest.proof(second.place, 0) => panic!("it had a place: {proof:?}"),
        new = one(&ingest, submit(&device, source, 3, &[READING])) => assert!(!new.unwrap().repeated),
    }
    let again = ingest.accept(vec![submit(&device, source, 1, &[READING])]);
    tokio::pin!(again);
    tokio::select! {
        biased;
        repeated = &mut again => panic!("it had a place: {repeated:?}"),
        new = one(&ingest, submit(&device, source, 4, &[READING])) => assert!(!new.unwrap().repeated),
    }
    drop(held);
    let repeated = again.await.pop().unwrap().unwrap();
    assert_eq!((repeated.place, repeated.repeated, repeated.receipt), (first.place, true, first.receipt));
}

/// Every format is sealed.
struct AnySealed;

impl ContentRules for AnySealed {
    fn check(&self, _: &Submission, _: &ChainName, _: u64) -> DoorResult<()> {
        Ok(())
    }

    fn is_sealed(&self, _: &str) -> bool {
        true
    }
}

// DATA-11, SEARCH-3: whom a submission is for follows from the formats in force, and not from what its source said alone.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_in_clear_of_a_format_that_is_sealed_now_is_restricted() {
    let (folder, chain) = (tempfile::tempdir().unwrap(), Arc::new(Chain::default()));
    let ingest = start(folder.path(), &chain).await;
    let device = signer(2);
    let source = register(&ingest, &device).await;
    let elsewhere = format!(r#"{{"time":1795229999000,"contentHash":"{}"}}"#, B256::repeat_byte(7));
    let mut places = Vec::new();
    for (key, operations) in [(1, [READING]), (2, [elsewhere.as_str()])] {
        places.push(one(&ingest, submit(&device, source, key, &operations)).await.unwrap().place);
    }
    let state = ingest.submission(places[0]).await.unwrap();
    assert_eq!((state.access, state.expires_ms), (Access::Public, NOW_MS + 24 * 60 * 60 * 1000));
    recorded(&ingest, places[1]).await;
    ingest.close().await;

    let clock: Clock = Arc::new(|| NOW_MS);
    let mut again = Ingest::open(Parts { rules: Arc::new(AnySealed), ..parts(folder.path(), &chain, &clock) });
    while let Err(OpenError::Index(_)) = again {
        // What ended before has not let go of its index yet.
        tokio::task::yield_now().await;
        again = Ingest::open(Parts { rules: Arc::new(AnySealed), ..parts(folder.path(), &chain, &clock) });
    }
    let ingest = again.unwrap();
    assert_eq!(ingest.submission(places[0]).await.unwrap().access, Access::Restricted);
    assert_eq!(ingest.submission(places[1]).await.unwrap().access, Access::Public);
}

// DATA-7, decision 0019: the index is derived
#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_index_is_made_anew_from_the_journal() {
    let (folder, chain) = (tempfile::tempdir().unwrap(), Arc::new(Chain::default()));
    let ingest = start(folder.path(), &chain).await;
    let device = signer(2);
    let source = register(&ingest, &device).await;
    let first = r#"{"time":1,"subject":"well 7","content":1}"#;
    let accepted = one(&ingest, submit(&device, source, 1, &[first])).await.unwrap();
    let before = recorded(&ingest, accepted.place).await;
    ingest.close().await;
    std::fs::remove_dir_all(folder.path().join("index")).unwrap();

    let ingest = start(folder.path(), &chain).await;
    assert_eq!(ingest.submission(accepted.place).await.unwrap(), before);
    assert!(one(&ingest, submit(&device, source, 1, &[first])).await.unwrap().repeated);
    assert_eq!(code(one(&ingest, submit(&device, source, 2, &[first])).await), "version-conflict");
}

// DATA-4: silent chain, restart, and still one block with one root for each submission
#[tokio::test(flavor = "multi_thread")]
async fn what_was_accepted_while_the_chain_was_silent_is_recorded_once_after_a_restart() {
    let (folder, chain) = (tempfile::tempdir().unwrap(), Arc::new(Chain::default()));
    chain.is_silent.store(true, Ordering::SeqCst);
    let ingest = start(folder.path(), &chain).await;
    let device = signer(2);
    let source = register(&ingest, &device).await;
    let mut places = Vec::new();
    for key in 0..20 {
        let accepted = one(&ingest, submit(&device, source, key, &[READING])).await.unwrap();
        // Bounds of blocks stand between submissions.
        places.push(accepted.place);
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert!(chain.asked.load(Ordering::SeqCst) > 0);
    assert_eq!(ingest.proof(places[0], 0).await.unwrap_err().code(), Code::NotFinalYet);
    ingest.close().await;
    chain.is_silent.store(false, Ordering::SeqCst);

    let ingest = start(folder.path(), &chain).await;
    for place in places {
        recorded(&ingest, place).await;
    }
    tokio::time::sleep(Duration::from_millis(100)).await;
    let counted: u32 = chain.roots.lock().unwrap().values().sum();
    assert_eq!(counted, 21, "twenty submissions and a registration, each in one block");
}

// DATA-5
#[tokio::test(flavor = "multi_thread")]
async fn an_update_names_the_version_that_it_replaces() {
    let (folder, chain) = (tempfile::tempdir().unwrap(), Arc::new(Chain::default()));
    let ingest = start(folder.path(), &chain).await;
    let device = signer(2);
    let source = register(&ingest, &device).await;
    let first = r#"{"time":1,"subject":"well 7","content":1}"#;
    let name = merkle::leaf_hash(first.as_bytes());
    let second = format!(r#"{{"time":2,"subject":"well 7","previous":"{name}","content":2}}"#);
    // Both in one submission: the second follows on the first.
    one(&ingest, submit(&device, source, 1, &[first, &second])).await.unwrap();
    let refused = one(&ingest, submit(&device, source, 2, &[&second])).await.unwrap_err();
    assert_eq!(refused.code(), Code::VersionConflict);
    assert_eq!(refused.members()["expected"], name.to_string());
    assert_eq!(refused.members()["actual"], merkle::leaf_hash(second.as_bytes()).to_string());
    // A refused submission leaves none of its versions behind.
    let fine = r#"{"time":1,"subject":"well 8","content":1}"#;
    assert_eq!(code(one(&ingest, submit(&device, source, 3, &[fine, first])).await), "version-conflict");
    one(&ingest, submit(&device, source, 4, &[fine])).await.unwrap();
}

// DATA-1, M-REP-1
#[tokio::test(flavor = "multi_thread")]
async fn only_the_present_key_of_a_source_submits() {
    let (folder, chain) = (tempfile::tempdir().unwrap(), Arc::new(Chain::default()));
    let ingest = start(folder.path(), &chain).await;
    let (old, new, stranger) = (signer(2), signer(3), signer(4));
    let source = register(&ingest, &old).await;
    assert_eq!(code(one(&ingest, submit(&stranger, source, 1, &[READING])).await), "unknown-source");
    let other = register(&ingest, &stranger).await;
    assert_eq!(code(one(&ingest, submit(&stranger, source, 1, &[READING])).await), "signature-invalid");
    let mut forged = submit(&old, source, 1, &[READING]);
    let signature = forged.submission.rfind('.').unwrap() + 1;
    forged.submission.replace_range(signature..=signature, "A");
    let forged_again = submit(&old, source, 1, &[READING]);
    assert_ne!(forged.submission, forged_again.submission, "the signature is another");
    assert_eq!(code(one(&ingest, forged).await), "signature-invalid");
    let mut replaced = submit(&old, source, 1, &[READING]);
    replaced.operations = vec![READING.replace("12", "13").into_bytes().into()];
    assert_eq!(code(one(&ingest, replaced).await), "malformed-request");

    let rotate = SourceStatement::Rotate { chain_id: CHAIN, source, jwk: new.public_key().to_jwk(), time: NOW_MS };
    let signed = |by: &Signer| by.sign(&rotate, source::TYP).unwrap().text().to_owned();
    let change = |approval: Option<String>| SourceChange::Statement { statement: signed(&new), approval };
    let nobody = Actor::public();
    let refused = ingest.change_source(&nobody, change(None)).await.unwrap_err();
    assert_eq!(refused.code(), Code::RoleRequired);
    let refused = ingest.change_source(&nobody, change(Some(signed(&stranger)))).await.unwrap_err();
    assert_eq!(refused.code(), Code::SignatureInvalid);
    let rotated = ingest.change_source(&nobody, change(Some(signed(&old)))).await.unwrap();
    assert_eq!((rotated.source, rotated.keys.len()), (source, 2));
    assert_eq!(code(one(&ingest, submit(&old, source, 5, &[READING])).await), "key-rotated");
    one(&ingest, submit(&new, source, 6, &[READING])).await.unwrap();

    let withdraw = || SourceChange::Withdraw { source: other, reason: "scrapped".into() };
    assert_eq!(ingest.change_source(&nobody, withdraw()).await.unwrap_err().code(), Code::RoleRequired);
    ingest.change_source(&operator(), withdraw()).await.unwrap();
    assert_eq!(code(one(&ingest, submit(&stranger, other, 7, &[READING])).await), "source-withdrawn");
    ingest.close().await;
    let ingest = start(folder.path(), &chain).await;
    assert_eq!(code(one(&ingest, submit(&old, source, 8, &[READING])).await), "key-rotated");
    assert_eq!(code(one(&ingest, submit(&stranger, other, 9, &[READING])).await), "source-withdrawn");
}

// Bad input: clock skew, another chain
#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_is_ahead_is_told_the_time() {
    let (folder, chain) = (tempfile::tempdir().unwrap(), Arc::new(Chain::default()));
    let ingest = start(folder.path(), &chain).await;
    let device = signer(2);
    let source = register(&ingest, &device).await;
    let ahead = format!(r#"{{"time":{},"content":1}}"#, NOW_MS + 300_000);
    let refused = one(&ingest, submit(&device, source, 1, &[&ahead])).await.unwrap_err();
    assert_eq!((refused.code(), &refused.members()["now"]), (Code::ClockSkew, &NOW_MS.into()));
}

// M-MON-4: a changed byte is found with its place and check, and everything before it is right.
#[tokio::test(flavor = "multi_thread")]
async fn an_audit_finds_the_first_difference() {
    let (folder, chain) = (tempfile::tempdir().unwrap(), Arc::new(Chain::default()));
    let ingest = start(folder.path(), &chain).await;
    let device = signer(2);
    let source = register(&ingest, &device).await;
    for key in 1..=3 {
        let accepted = one(&ingest, submit(&device, source, key, &[READING, READING])).await.unwrap();
        recorded(&ingest, accepted.place).await;
    }
    let report = ingest.audit(AuditRequest::default()).await.unwrap();
    assert_eq!((report.difference.clone(), report.complete, report.operations), (None, true, 6), "{report:?}");
    assert!(report.blocks >= 3 && report.sequence.is_empty() && report.sources[0].submissions == 3, "{report:?}");
    let rest = ingest.audit(AuditRequest { from: report.next - 1, operations: None }).await.unwrap();
    assert_eq!((rest.difference, rest.complete, rest.submissions), (None, true, 0));

    // The second submission's content is changed, and the checksum of its group made right again.
    let file = folder.path().join("journal/00000000000000000000.journal");
    let mut bytes = std::fs::read(&file).unwrap();
    let places: Vec<usize> = (0..bytes.len() - 9).filter(|at| bytes[*at..].starts_with(b"\"pm25\":12")).collect();
    bytes[places[2] + 8] = b'3';
    let frame = (0..places[2]).rev().find(|at| bytes[*at..].starts_with(b"CHJF")).unwrap();
    let body = u32::from_le_bytes(bytes[frame + 8..frame + 12].try_into().unwrap()) as usize;
    let whole = frame + journal::FRAME_HEADER_BYTES + body;
    let checksum = crc32fast::hash(&bytes[frame + 8..whole]);
    let before = bytes[frame + 4..frame + 8].to_vec();
    bytes[frame + 4..frame + 8].copy_from_slice(&checksum.to_le_bytes());
    std::fs::write(&file, &bytes).unwrap();
    let found = ingest.audit(AuditRequest::default()).await.unwrap();
    let difference = found.difference.unwrap();
    assert_eq!((difference.check.as_str(), difference.offset, found.operations), ("operations-root", frame as u64, 2));
    assert!(!found.complete && difference.place == found.next && difference.file == "00000000000000000000.journal");

    // With the checksum as it was, the group itself is what does not read.
    bytes[frame + 4..frame + 8].copy_from_slice(&before);
    std::fs::write(&file, &bytes).unwrap();
    let found = ingest.audit(AuditRequest::default()).await.unwrap().difference.unwrap();
    assert_eq!((found.check.as_str(), found.offset), ("group-checksum", frame as u64));
}
