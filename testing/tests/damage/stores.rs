//! A disk that is full under the stores of a city: each refuses by name, keeps what it has acknowledged, and goes on by itself when there is room. `docs/specs/data.md`: DATA-7, SEARCH-1,
//! STORE-1 to STORE-3; `docs/specs/messages.md`: MSG-5, MSG-6.

use std::{
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use alloy_primitives::{Address, B256, Bytes, FixedBytes};
use async_trait::async_trait;
use chancery_data::{
    Algorithm, Control, Operation, Signer, SourceId, Submission, merkle,
    source::{self, SourceKind, SourceStatement},
    submission::{self, Access, Basis, Statement},
};
use chancery_ingest::{ContentRules, Ingest, Limits, Parts};
use chancery_messages::{
    mailbox::{Incoming, Mailbox, MailboxError, Side},
    statement::{Correspondent, Deposit, Head, Stated, VERSION},
};
use chancery_primitives::{OrganizationCode, UnixSeconds};
use chancery_reference_points::{
    Actor, Code, DoorError, DoorResult, Role,
    chain_records::TransactionRecord,
    data_block::{DataBlock, DataBlockRecord, RootOfBlock, TransactionLocator},
    data_search::{AuditRequest, DataQuery, Visibility},
    mandate::{Mandate, rights},
    operation::{ChainName, InterpretedOperation, SignedOperation},
    p2r::P2r,
    s2p::S2pData as _,
    source_data::{AcceptedSubmission, SourceChange, SourceSubmission},
};
use chancery_search::DataSearch;
use chancery_testing::{
    ingest::now_ms,
    left_out,
    process::{MOUNTING, SmallDisk},
};

use super::MAX_WAIT;

const CHAIN: u64 = 7100;
const PAUSE: Duration = Duration::from_millis(20);
/// Operations of a submission: what the index says of them is more than it gathers before it writes.
const OPERATIONS: u32 = 500;
/// Submissions after which a chunk of the search has been sealed.
const SEALED_AFTER: u32 = 20;
/// Of an envelope, in bytes.
const ENVELOPE_BYTES: usize = 256 * 1024;
const NOW_S: u64 = 1_800_000_000;

struct AtOnce;

#[async_trait]
impl P2r for AtOnce {
    async fn check(&self, _: &SignedOperation) -> DoorResult<InterpretedOperation> {
        Err(DoorError::new(Code::UnknownOperation, ""))
    }

    async fn record(&self, _: DataBlock) -> DoorResult<DataBlockRecord> {
        Err(DoorError::new(Code::UnknownOperation, ""))
    }

    async fn record_root(&self, block: RootOfBlock) -> DoorResult<TransactionLocator> {
        Ok(TransactionLocator { chain: block.chain, tx_hash: block.root, block_number: 1, block_hash: B256::ZERO })
    }

    async fn recorded(&self, _: &TransactionLocator) -> DoorResult<TransactionRecord> {
        Err(DoorError::new(Code::UnknownOperation, ""))
    }
}

struct Anything;

impl ContentRules for Anything {
    fn check(&self, _: &Submission, _: &ChainName, _: u64) -> DoorResult<()> {
        Ok(())
    }
}

fn signer() -> Signer {
    Signer::from_bytes(Algorithm::EdDsa, &[7; 32]).unwrap()
}

/// An ingest and its one source.
async fn ingest_at(directory: &Path) -> (Ingest, SourceId) {
    let ingest = Ingest::open(Parts {
        directory: directory.to_owned(),
        chain: ChainName("main".into()),
        chain_id: CHAIN,
        receipt_key: Signer::from_bytes(Algorithm::EdDsa, &[8; 32]).unwrap(),
        p2r: Arc::new(AtOnce),
        rules: Arc::new(Anything),
        clock: Arc::new(now_ms),
        limits: Limits { max_block_time: Duration::from_millis(20), ..Limits::default() },
    })
    .unwrap();
    let statement = SourceStatement::Register {
        chain_id: CHAIN,
        kind: SourceKind::Device,
        organization: "SAMPLE".into(),
        name: "station".into(),
        jwk: signer().public_key().to_jwk(),
        time: now_ms(),
    };
    let statement = signer().sign(&statement, source::TYP).unwrap().text().to_owned();
    let operator = Actor::new(Address::ZERO, [Role::Operator]);
    let change = SourceChange::Statement { statement, approval: None };
    let source = ingest.change_source(&operator, change).await.unwrap().source;
    (ingest, source)
}

/// The same number makes the same submission, with the same key.
struct Submissions {
    source: SourceId,
    time: u64,
}

impl Submissions {
    fn make(&self, number: u32) -> SourceSubmission {
        let operation = |index: u32| {
            format!(r#"{{"time":{},"subject":"s{number}-{index}","content":{{"number":{number}}}}}"#, self.time)
        };
        let operations: Vec<String> = (0..OPERATIONS).map(operation).collect();
        let names: Vec<B256> = operations.iter().map(|one| Operation::name(one.as_bytes())).collect();
        let statement = Statement {
            chain_id: CHAIN,
            source: self.source,
            key: FixedBytes::new(u128::from(number).to_be_bytes()),
            format: "reading/air".into(),
            format_version: 1,
            time: self.time,
            count: OPERATIONS,
            root: merkle::root(&names).unwrap(),
            control: Control {
                access: Access::Public,
                retention_days: 1,
                basis: Basis::NotPersonal,
                readers: Vec::new(),
            },
        };
        SourceSubmission {
            submission: signer().sign(&statement, submission::TYP).unwrap().text().to_owned(),
            operations: operations.into_iter().map(|one| one.into_bytes().into()).collect(),
        }
    }
}

async fn accept(ingest: &Ingest, submission: SourceSubmission) -> DoorResult<AcceptedSubmission> {
    ingest.accept(vec![submission]).await.pop().unwrap()
}

/// Sends one until it is accepted: whoever is refused for now sends again.
async fn accepted_in_time(ingest: &Ingest, submission: &SourceSubmission) -> AcceptedSubmission {
    let give_up = Instant::now() + MAX_WAIT;
    loop {
        match accept(ingest, submission.clone()).await {
            Ok(accepted) => return accepted,
            Err(error) => {
                assert_eq!(error.code(), Code::JournalUnavailable, "{error}");
                assert!(Instant::now() < give_up, "it does not go on: {error}");
            }
        }
        tokio::time::sleep(PAUSE).await;
    }
}

fn stands(store: &str) -> bool {
    chancery_stores::all().iter().any(|known| known.store == store && known.stands_for.is_some())
}

async fn until(what: &str, is_so: impl Fn() -> bool) {
    let give_up = Instant::now() + MAX_WAIT;
    while !is_so() {
        assert!(Instant::now() < give_up, "{what} did not come about");
        tokio::time::sleep(PAUSE).await;
    }
}

async fn audited(ingest: &Ingest) -> u64 {
    let (mut next, mut operations) = (0, 0);
    loop {
        let report = ingest.audit(AuditRequest { from: next, operations: None }).await.unwrap();
        assert!(report.difference.is_none(), "{:?}", report.difference);
        (next, operations) = (report.next, operations + report.operations);
        if report.complete {
            return operations;
        }
    }
}

// DATA-2, DATA-3, DATA-4, DATA-7, STORE-1, STORE-3: first the index finds no room, then the journal.
#[tokio::test(flavor = "multi_thread")]
async fn what_sources_send_is_taken_again_when_there_is_room_and_nothing_is_lost_or_taken_twice() {
    let dir = tempfile::tempdir().unwrap();
    let (Some(under_index), Some(under_journal)) =
        (SmallDisk::mount(&dir.path().join("i"), 24).unwrap(), SmallDisk::mount(&dir.path().join("j"), 24).unwrap())
    else {
        return left_out("an ingest whose disk is full", MOUNTING);
    };
    let home = dir.path().join("source-data");
    std::fs::create_dir(&home).unwrap();
    for (name, disk) in [("index", &under_index), ("journal", &under_journal)] {
        let there = disk.path().join(name);
        std::fs::create_dir(&there).unwrap();
        std::os::unix::fs::symlink(there, home.join(name)).unwrap();
    }
    let (ingest, source) = ingest_at(&home).await;
    let submissions = Submissions { source, time: now_ms() };
    let mut number = 0;
    let mut places = vec![accept(&ingest, submissions.make(number)).await.unwrap().place];
    for disk in [&under_index, &under_journal] {
        disk.fill_up().unwrap();
        // Some may still find room in what was begun.
        let refused = loop {
            number += 1;
            match accept(&ingest, submissions.make(number)).await {
                Ok(accepted) => places.push(accepted.place),
                Err(error) => break error,
            }
            assert!(number < 1000, "the disk is full");
        };
        assert_eq!(refused.code(), Code::JournalUnavailable, "{refused}");
        assert!(stands("journal"), "it is told to whoever watches");
        let again = accept(&ingest, submissions.make(0)).await.unwrap_err();
        assert_eq!(again.code(), Code::JournalUnavailable, "nor is it said of anything that it is there: {again}");
        disk.free().unwrap();
        // What was refused, or durable and not found, comes again with its key: it is there once.
        let again = accepted_in_time(&ingest, &submissions.make(number)).await;
        places.push(again.place);
        assert!(!stands("journal"));
        assert_eq!(accept(&ingest, submissions.make(number)).await.unwrap().place, again.place);
        assert_eq!(accept(&ingest, submissions.make(0)).await.unwrap().place, places[0]);
    }
    let in_order = places.windows(2).all(|two| two[0] < two[1]);
    assert!(in_order, "each has a place of its own, behind what was before: {places:?}");
    for place in &places {
        let give_up = Instant::now() + MAX_WAIT;
        while ingest.submission(*place).await.unwrap().recorded.is_none() {
            assert!(Instant::now() < give_up, "the block of {place} is not recorded");
            tokio::time::sleep(PAUSE).await;
        }
    }
    assert_eq!(audited(&ingest).await, places.len() as u64 * u64::from(OPERATIONS));
    ingest.close().await;
}

// SEARCH-1, SEARCH-2, STORE-1, STORE-3
#[tokio::test(flavor = "multi_thread")]
async fn a_search_whose_disk_is_full_says_so_and_finds_everything_when_there_is_room() {
    let dir = tempfile::tempdir().unwrap();
    let Some(disk) = SmallDisk::mount(&dir.path().join("s"), 24).unwrap() else {
        return left_out("a search whose disk is full", MOUNTING);
    };
    let (ingest, source) = ingest_at(&dir.path().join("source-data")).await;
    let search = DataSearch::open(&disk.path().join("search"), ingest.reader(), None, None, None).unwrap();
    let submissions = Submissions { source, time: now_ms() };
    accept(&ingest, submissions.make(0)).await.unwrap();
    assert!(search.reaches(ingest.reader().durable()).await);
    disk.fill_up().unwrap();
    for number in 1..=SEALED_AFTER {
        accept(&ingest, submissions.make(number)).await.unwrap();
    }
    until("that the search stands", || stands("search")).await;
    let (by, newest) = (Mandate::of_the_city(rights::DATA), DataQuery::default());
    let visibility = || Visibility { access: vec![Access::Public], now_ms: now_ms() };
    let refused = search.search(&by, newest.clone(), visibility()).await.unwrap_err();
    assert_eq!(refused.code(), Code::JournalUnavailable, "what it would find is not everything: {refused}");
    disk.free().unwrap();
    let reached = tokio::time::timeout(MAX_WAIT, search.reaches(ingest.reader().durable())).await;
    assert!(reached.unwrap());
    until("that the search goes on", || !stands("search")).await;
    let counts = search.statistics(&by).await.unwrap();
    let found: u64 = counts.iter().map(|count| count.operations).sum();
    assert_eq!(found, u64::from((SEALED_AFTER + 1) * OPERATIONS), "each once");
    assert!(!search.search(&by, newest, visibility()).await.unwrap().operations.is_empty());
    drop(search);
    ingest.close().await;
}

/// A message, its deposit not final yet.
fn keep(mailbox: &Mailbox, number: u8) -> Result<B256, MailboxError> {
    let of = |byte| Correspondent {
        organization: OrganizationCode::parse("ONE").unwrap(),
        address: Address::repeat_byte(byte),
    };
    let head = Head {
        version: VERSION,
        chain_id: CHAIN,
        genesis: Some(B256::repeat_byte(9)),
        to_city: None,
        from: of(number),
        to: of(200),
        sent: UnixSeconds(NOW_S),
        in_reply_to: None,
    };
    let sealed_hash = B256::repeat_byte(number);
    let deposit = Deposit { head, sealed_hash, sealed_bytes: ENVELOPE_BYTES as u64, sealed_to: "key".into() };
    let deposit = Stated::write(deposit).unwrap();
    // What nothing makes smaller.
    let letters = (0..ENVELOPE_BYTES).scan(u32::from(number) + 1, |state, _| {
        *state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        Some(char::from(b'a' + u8::try_from(*state >> 28).unwrap()))
    });
    let (envelope, signature) = (letters.collect::<String>(), Bytes::from_static(b"signature"));
    mailbox.keep(&Incoming { deposit: &deposit, signature: &signature, envelope: &envelope, now: NOW_S })?;
    Ok(deposit.id())
}

// MSG-5, MSG-6, STORE-1, STORE-3
#[test]
fn mailboxes_whose_disk_is_full_keep_what_they_have_and_take_messages_again_when_there_is_room() {
    let dir = tempfile::tempdir().unwrap();
    let Some(disk) = SmallDisk::mount(&dir.path().join("m"), 24).unwrap() else {
        return left_out("mailboxes whose disk is full", MOUNTING);
    };
    let at = disk.path().join("messages");
    let mailbox = Mailbox::open(&at).unwrap();
    let recorded = TransactionLocator {
        chain: ChainName("main".into()),
        tx_hash: B256::repeat_byte(1),
        block_number: 1,
        block_hash: B256::repeat_byte(2),
    };
    let mut ids = vec![keep(&mailbox, 1).unwrap()];
    mailbox.deposited(ids[0], &recorded).unwrap();
    disk.fill_up().unwrap();
    let mut number = 1;
    let refused = loop {
        number += 1;
        match keep(&mailbox, number) {
            Ok(id) => ids.push(id),
            Err(error) => break error,
        }
        assert!(number < 100, "the disk is full");
    };
    assert!(matches!(refused, MailboxError::Store(_)), "{refused}");
    assert!(stands("messages"));
    assert!(mailbox.deposited(ids[0], &recorded).is_err(), "nothing is written");
    let listed = mailbox.list(Side::Received, Address::repeat_byte(200), 0, 10).unwrap();
    assert_eq!(listed.iter().map(|(id, _)| *id).collect::<Vec<_>>(), [ids[0]], "what is there is read");
    assert_eq!(mailbox.envelope(ids[0]).unwrap().unwrap().len(), ENVELOPE_BYTES);
    disk.free().unwrap();
    let give_up = Instant::now() + MAX_WAIT;
    ids.push(loop {
        match keep(&mailbox, number) {
            Ok(id) => break id,
            Err(error) => assert!(Instant::now() < give_up, "it does not go on: {error}"),
        }
        std::thread::sleep(PAUSE);
    });
    assert!(!stands("messages"));
    drop(mailbox);
    let mailbox = Mailbox::open(&at).unwrap();
    for id in &ids {
        assert_eq!(mailbox.envelope(*id).unwrap().unwrap().len(), ENVELOPE_BYTES, "{id}");
        mailbox.deposited(*id, &recorded).unwrap();
    }
    assert_eq!(mailbox.list(Side::Received, Address::repeat_byte(200), 0, 200).unwrap().len(), ids.len());
}
