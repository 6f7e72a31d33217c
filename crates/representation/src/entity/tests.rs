#![allow(clippy::unwrap_used)]

use std::{
    collections::{HashMap, VecDeque},
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use alloy_primitives::{Address, B256, Bytes, address, keccak256};
use async_trait::async_trait;
use chancery_reference_points::{
    Actor, Code, DoorError, DoorResult, Role,
    application::{ContractCall, OperationHandler},
    c2r::C2r,
    chain_records::TransactionRecord,
    data_block::{DataBlock, DataBlockRecord, KeptBlock, OperationOutcome, RootOfBlock, TransactionLocator},
    data_format::FormatId,
    m2r::{M2r, M2rData},
    o2c::{Change, Mode},
    operation::{InterpretedOperation, OperationType, SignedOperation},
    r2d::{R2d, R2dSources, Submission},
    s2p::Retrieval,
    source_data::SourceSubmission,
    v2m::{EventFilter, Happening, HistoryEntry},
};
use futures::future::join_all;
use parking_lot::Mutex;
use serde_json::json;
use tokio::sync::Semaphore;

use super::*;
use crate::{
    IndexedBlock,
    formats::{FormatFiles, tests::format},
};

const SOURCE: Address = address!("1111111111111111111111111111111111111111");
/// Acts for the source.
const MACHINE: Address = address!("2222222222222222222222222222222222222222");

/// Reads `{"source": ..., "number": ...}`; the digest is that of the message.
struct Plain;

#[async_trait]
impl OperationHandler for Plain {
    fn operation_type(&self) -> OperationType {
        OperationType("data.record".into())
    }
    fn interpret(&self, operation: &SignedOperation) -> DoorResult<InterpretedOperation> {
        let digest = keccak256(operation.message.to_string());
        let source = operation.message["source"].as_str().and_then(|source| source.parse().ok()).unwrap_or(SOURCE);
        let time = operation.message["time"].as_u64().unwrap_or(0);
        Ok(InterpretedOperation { digest, source, content_hash: keccak256(&operation.payload), subject: digest, time })
    }
    async fn check(&self, _: &SignedOperation, _: &InterpretedOperation, _: &dyn Retrieval, _: u64) -> DoorResult<()> {
        Ok(())
    }
    fn contract_call(&self, _: &SignedOperation) -> DoorResult<Option<ContractCall>> {
        Ok(None)
    }
}

/// Processing that notes the blocks it is given.
struct Notebook {
    blocks: Mutex<Vec<DataBlock>>,
    checks: AtomicUsize,
    refuses: bool,
    /// Errors for the next blocks, before any is recorded.
    fails: Mutex<VecDeque<DoorError>>,
    /// A block with this operation is refused as a whole; alone, too.
    poison: Option<u64>,
    /// The chain was not shown the right of this operation: no block with it is recorded now.
    not_shown: Option<u64>,
    /// The contract refuses this operation, as long as it stands here.
    refused: Mutex<Option<u64>>,
    /// Blocks that may be recorded; closed gates let callers wait.
    gate: Semaphore,
}

impl Default for Notebook {
    fn default() -> Self {
        Self {
            blocks: Mutex::default(),
            checks: AtomicUsize::new(0),
            refuses: false,
            fails: Mutex::default(),
            poison: None,
            not_shown: None,
            refused: Mutex::default(),
            gate: Semaphore::new(Semaphore::MAX_PERMITS),
        }
    }
}

impl Notebook {
    fn digests(&self) -> Vec<B256> {
        let blocks = self.blocks.lock();
        blocks.iter().flat_map(|block| block.operations.iter().map(|(_, interpreted)| interpreted.digest)).collect()
    }
}

fn number_of(operation: &SignedOperation) -> Option<u64> {
    operation.message["number"].as_u64()
}

#[async_trait]
impl P2r for Notebook {
    async fn check(&self, operation: &SignedOperation) -> DoorResult<InterpretedOperation> {
        self.checks.fetch_add(1, Ordering::SeqCst);
        if self.refuses {
            return Err(DoorError::new(Code::IssuerNotAuthorized, "no"));
        }
        Plain.interpret(operation)
    }
    async fn record_root(&self, block: RootOfBlock) -> DoorResult<TransactionLocator> {
        Ok(TransactionLocator { chain: block.chain, tx_hash: block.root, block_number: 1, block_hash: B256::ZERO })
    }
    async fn record(&self, block: DataBlock) -> DoorResult<DataBlockRecord> {
        self.gate.acquire().await.unwrap().forget();
        if let Some(error) = self.fails.lock().pop_front() {
            return Err(error);
        }
        if self.poison.is_some() && block.operations.iter().any(|(operation, _)| number_of(operation) == self.poison) {
            return Err(DoorError::new(Code::TransactionRefused, "poison"));
        }
        if self.not_shown.is_some()
            && block.operations.iter().any(|(operation, _)| number_of(operation) == self.not_shown)
        {
            return Err(DoorError::new(Code::RightNotShown, "on its way"));
        }
        let recorded = TransactionLocator {
            chain: block.chain.clone(),
            tx_hash: block.root,
            block_number: 1,
            block_hash: B256::ZERO,
        };
        let refused = *self.refused.lock();
        let outcomes = block.operations.iter().map(|(operation, _)| {
            if refused.is_some() && number_of(operation) == refused {
                OperationOutcome::Refused(DoorError::new(Code::StaleRevision, "changed meanwhile"))
            } else {
                OperationOutcome::InDataBlock
            }
        });
        let record = DataBlockRecord { root: block.root, recorded, outcomes: outcomes.collect() };
        self.blocks.lock().push(block);
        Ok(record)
    }
    async fn recorded(&self, _: &TransactionLocator) -> DoorResult<TransactionRecord> {
        Err(DoorError::new(Code::ChainUnreachable, "no chain"))
    }
}

#[derive(Default)]
struct Memory {
    blocks: Mutex<Vec<IndexedBlock>>,
    announced: Mutex<Vec<IndexedBlock>>,
    keys: Mutex<HashMap<(Address, String), B256>>,
    entries: Mutex<Vec<HistoryEntry>>,
}

#[async_trait]
impl OperationIndex for Memory {
    async fn put(&self, block: &IndexedBlock) -> DoorResult<()> {
        let mut blocks = self.blocks.lock();
        blocks.retain(|known| known.root != block.root);
        // As the database: an operation stands in one block.
        let stands = |known: &IndexedBlock| {
            known.operations.iter().any(|one| {
                block.operations.iter().any(|other| one.leaf.operation_digest == other.leaf.operation_digest)
            })
        };
        if blocks.iter().any(stands) {
            return Err(DoorError::new(Code::IdempotencyConflict, "stands in another block"));
        }
        blocks.push(block.clone());
        Ok(())
    }
    async fn announce(&self, block: &IndexedBlock) -> DoorResult<()> {
        self.announced.lock().push(block.clone());
        Ok(())
    }
    async fn block(&self, root: B256) -> DoorResult<Option<IndexedBlock>> {
        let kept = self.blocks.lock().iter().find(|block| block.root == root).cloned();
        Ok(kept.or_else(|| self.announced.lock().iter().find(|block| block.root == root).cloned()))
    }
    async fn roots_from(&self, chain: &ChainName, first: B256, limit: usize) -> DoorResult<Vec<B256>> {
        let blocks = self.blocks.lock();
        let recorded = blocks.iter().filter(|block| block.chain == *chain && block.recorded.is_some());
        let mut roots: Vec<B256> = recorded.map(|block| block.root).filter(|root| *root >= first).collect();
        roots.sort();
        roots.truncate(limit);
        Ok(roots)
    }
    async fn block_of(&self, operation: B256) -> DoorResult<Option<IndexedBlock>> {
        Ok(self
            .blocks
            .lock()
            .iter()
            .find(|block| block.operations.iter().any(|known| known.leaf.operation_digest == operation))
            .cloned())
    }
    async fn claim_key(&self, source: Address, key: &str, operation: B256) -> DoorResult<()> {
        let known = *self.keys.lock().entry((source, key.to_owned())).or_insert(operation);
        if known == operation { Ok(()) } else { Err(DoorError::new(Code::IdempotencyConflict, "used")) }
    }
}

#[async_trait]
impl Journal for Memory {
    async fn record(&self, entry: HistoryEntry) -> DoorResult<()> {
        self.entries.lock().push(entry);
        Ok(())
    }
    async fn entries(&self, _: &EventFilter) -> DoorResult<Vec<HistoryEntry>> {
        Ok(self.entries.lock().clone())
    }

    async fn accesses(&self, _: &str, _: Option<Address>, _: usize) -> DoorResult<Vec<HistoryEntry>> {
        Ok(Vec::new())
    }
}

struct House {
    representation: Representation,
    processing: Arc<Notebook>,
    memory: Arc<Memory>,
    _formats: tempfile::TempDir,
}

fn house(processing: Notebook) -> House {
    house_with(processing, Limits { retry_pause: Duration::from_millis(1), ..Limits::default() })
}

fn house_with(processing: Notebook, limits: Limits) -> House {
    let (processing, memory, directory) =
        (Arc::new(processing), Arc::new(Memory::default()), tempfile::tempdir().unwrap());
    let representation = Representation::open(Parts {
        source_data: SourceData {
            directory: directory.path().join("data"),
            chain: ChainName("main".into()),
            chain_id: 7100,
            receipt_key: chancery_data::Signer::from_bytes(chancery_data::Algorithm::EdDsa, &[1; 32]).unwrap(),
            limits: chancery_ingest::Limits::default(),
        },
        p2r: processing.clone(),
        handlers: OperationHandlers::default().with(Arc::new(Plain)),
        formats: vec![format("reading/air", 1, json!({"type": "object", "required": ["celsius"]}))],
        format_store: Arc::new(FormatFiles::new(directory.path())),
        chains: vec![ChainName("main".into())],
        journal: memory.clone(),
        index: memory.clone(),
        clock: Arc::new(|| 1_000_000),
        acts_for: BTreeMap::from([(MACHINE, BTreeSet::from([SOURCE]))]),
        limits,
    })
    .unwrap();
    House { representation, processing, memory, _formats: directory }
}

fn submission(number: u64) -> Submission {
    Submission {
        operation: SignedOperation {
            operation_type: OperationType("data.record".into()),
            chain: ChainName("main".into()),
            message: json!({"number": number}),
            payload: Bytes::from_static(br#"{"celsius": 21}"#),
            signature: Bytes::new(),
        },
        format: FormatId("reading/air".into()),
        metadata: serde_json::Value::Null,
        idempotency_key: None,
    }
}

fn source() -> Actor {
    Actor::new(SOURCE, [Role::Source])
}

// REPRESENTATION-3, M-REP-2, M-P-SUB
#[tokio::test]
async fn nothing_is_lost_and_nothing_is_recorded_twice() {
    let house = house(Notebook::default());
    let actor = source();
    let submissions = (0..600).map(|number| house.representation.submit(&actor, submission(number)));
    let receipts: Vec<_> = join_all(submissions).await.into_iter().map(Result::unwrap).collect();
    let blocks = house.processing.blocks.lock();
    let mut recorded: Vec<_> =
        blocks.iter().flat_map(|block| block.operations.iter().map(|(_, interpreted)| interpreted.digest)).collect();
    assert_eq!(recorded.len(), 600);
    recorded.sort_unstable();
    recorded.dedup();
    assert_eq!(recorded.len(), 600);
    assert!(blocks.len() < 100, "operations are gathered, not recorded one by one: {} blocks", blocks.len());
    for receipt in &receipts {
        let block = blocks.iter().find(|block| block.root == receipt.data_block_root).unwrap();
        assert!(block.operations.iter().any(|(_, interpreted)| interpreted.digest == receipt.operation_digest));
    }
}

// REPRESENTATION-2
#[tokio::test]
async fn the_same_operation_from_many_connections_is_recorded_once() {
    let house = house(Notebook::default());
    let actor = source();
    let receipts = join_all((0..20).map(|_| house.representation.submit(&actor, submission(7)))).await;
    let roots: std::collections::BTreeSet<_> =
        receipts.into_iter().map(|receipt| receipt.unwrap().data_block_root).collect();
    assert_eq!(roots.len(), 1);
    let later = house.representation.submit(&actor, submission(7)).await.unwrap();
    assert!(roots.contains(&later.data_block_root));
    assert_eq!(house.processing.blocks.lock().iter().map(|block| block.operations.len()).sum::<usize>(), 1);
}

// REPRESENTATION-1, M-REP-1
#[tokio::test]
async fn only_who_signed_submits() {
    let house = house(Notebook::default());
    let thief = Actor::new(Address::repeat_byte(9), [Role::Source]);
    assert_eq!(house.representation.submit(&thief, submission(1)).await.unwrap_err().code(), Code::SignatureInvalid);
    assert_eq!(
        house.representation.submit(&Actor::public(), submission(1)).await.unwrap_err().code(),
        Code::AuthenticationRequired
    );
    assert!(house.processing.blocks.lock().is_empty());
    assert_eq!(house.processing.checks.load(Ordering::SeqCst), 0, "no chain was asked");
}

// M-ACQ, M-MON-2
#[tokio::test]
async fn what_breaks_its_format_is_refused_and_noted() {
    let house = house(Notebook::default());
    let mut wrong = submission(1);
    wrong.operation.payload = Bytes::from_static(b"{}");
    assert_eq!(house.representation.submit(&source(), wrong).await.unwrap_err().code(), Code::SchemaViolation);
    let mut elsewhere = submission(1);
    elsewhere.operation.chain = ChainName("degree".into());
    assert_eq!(house.representation.submit(&source(), elsewhere).await.unwrap_err().code(), Code::WrongChain);
    let entries = M2r::journal(&house.representation, &EventFilter::default()).await.unwrap();
    let facts: Vec<_> = entries.iter().map(|entry| (entry.happening, entry.facts.as_str())).collect();
    assert_eq!(
        facts,
        [(Happening::SubmissionRefused, "schema-violation"), (Happening::SubmissionRefused, "wrong-chain")]
    );
}

#[tokio::test]
async fn what_processing_refuses_is_in_no_block() {
    let house = house(Notebook { refuses: true, ..Notebook::default() });
    assert_eq!(
        house.representation.submit(&source(), submission(1)).await.unwrap_err().code(),
        Code::IssuerNotAuthorized
    );
    assert!(house.memory.blocks.lock().is_empty());
    // It may be tried again once the right is there: nothing is left on its way.
    assert!(house.representation.batching.under_way() == 0);
}

#[tokio::test]
async fn an_idempotency_key_belongs_to_one_operation() {
    let house = house(Notebook::default());
    let with_key = |number| Submission { idempotency_key: Some("k".into()), ..submission(number) };
    let first = house.representation.submit(&source(), with_key(1)).await.unwrap();
    assert_eq!(
        house.representation.submit(&source(), with_key(1)).await.unwrap().data_block_root,
        first.data_block_root
    );
    assert_eq!(
        house.representation.submit(&source(), with_key(2)).await.unwrap_err().code(),
        Code::IdempotencyConflict
    );
}

// C2R, M-CON-4
#[tokio::test]
async fn a_format_is_configured_after_a_check() {
    let house = house(Notebook::default());
    let change = Change::ConfigureFormat(format("reading/water", 1, json!({"type": "object"})));
    let checked = C2r::control(&house.representation, &change, Mode::Check).await.unwrap();
    assert_eq!(checked.effects, ["format reading/water: new, version 1"]);
    assert_eq!(house.representation.data_formats().await.unwrap().len(), 1);
    C2r::control(&house.representation, &change, Mode::Apply).await.unwrap();
    assert_eq!(house.representation.data_formats().await.unwrap().len(), 2);
}

// REPRESENTATION-2
#[tokio::test]
async fn a_submitter_who_goes_away_changes_nothing() {
    let house = house(Notebook { gate: Semaphore::new(0), ..Notebook::default() });
    let actor = source();
    {
        let submitting = house.representation.submit(&actor, submission(3));
        futures::pin_mut!(submitting);
        assert!(futures::poll!(submitting.as_mut()).is_pending());
        assert_eq!(house.representation.batching.under_way(), 1);
    }
    let again = house.representation.submit(&actor, submission(3));
    house.processing.gate.add_permits(100);
    let receipt = again.await.unwrap();
    assert_eq!(house.processing.digests(), [receipt.operation_digest]);
    assert_eq!(house.representation.batching.under_way(), 0);
}

// REPRESENTATION-1
#[tokio::test]
async fn a_machine_submits_for_whom_it_acts() {
    let house = house(Notebook::default());
    house.representation.submit(&Actor::new(MACHINE, []), submission(1)).await.unwrap();
    let mut others = submission(2);
    others.operation.message["source"] = json!(Address::repeat_byte(9).to_string());
    let error = house.representation.submit(&Actor::new(MACHINE, []), others).await.unwrap_err();
    assert_eq!(error.code(), Code::SignatureInvalid);
}

// REPRESENTATION-4
#[tokio::test]
async fn an_operation_that_cannot_be_recorded_keeps_no_other_back() {
    let house = house(Notebook { poison: Some(7), ..Notebook::default() });
    let actor = source();
    let results = join_all((0..20).map(|number| house.representation.submit(&actor, submission(number)))).await;
    for (number, result) in results.into_iter().enumerate() {
        match (number, result) {
            (7, Err(error)) => assert_eq!(error.code(), Code::TransactionRefused),
            (_, result) => assert!(result.is_ok(), "{number}: {result:?}"),
        }
    }
    assert_eq!(house.processing.digests().len(), 19);
}

// REPRESENTATION-4, TRUST-3: one right that is on its way, or has lapsed, holds up nobody else's operation.
#[tokio::test]
async fn an_operation_whose_right_was_not_shown_keeps_no_other_back() {
    let millisecond = Duration::from_millis(1);
    let limits = Limits { retry_pause: millisecond, record_deadline: 50 * millisecond, ..Limits::default() };
    let house = house_with(Notebook { not_shown: Some(7), ..Notebook::default() }, limits);
    let actor = source();
    let results = join_all((0..20).map(|number| house.representation.submit(&actor, submission(number)))).await;
    for (number, result) in results.into_iter().enumerate() {
        match (number, result) {
            (7, Err(error)) => assert_eq!(error.code(), Code::RightNotShown),
            (_, result) => assert!(number != 7 && result.is_ok(), "{number}: {result:?}"),
        }
    }
    assert_eq!(house.processing.digests().len(), 19);
}

// REPRESENTATION-4: what the contract refused is not answered as recorded when it comes again; when nothing speaks against it any more, it is recorded.
#[tokio::test]
async fn a_refused_operation_that_comes_again_is_tried_again() {
    let house = house(Notebook { refused: Mutex::new(Some(5)), ..Notebook::default() });
    let actor = source();
    let refused = || async { house.representation.submit(&actor, submission(5)).await.unwrap_err().code() };
    assert_eq!(refused().await, Code::StaleRevision);
    assert_eq!(refused().await, Code::StaleRevision);
    // In one block with others it would keep them out of the index.
    let others = join_all((6..9).map(|number| house.representation.submit(&actor, submission(number))));
    let (others, again) = futures::future::join(others, refused()).await;
    assert_eq!(again, Code::StaleRevision);
    for receipt in others {
        let digest = receipt.unwrap().operation_digest;
        assert!(house.memory.block_of(digest).await.unwrap().is_some());
    }
    *house.processing.refused.lock() = None;
    house.representation.submit(&actor, submission(5)).await.unwrap();
}

// M-MON-4, WATCH-1: a root says nothing of the rows by which its operations are proven; these are computed anew.
#[tokio::test]
async fn a_row_that_was_changed_gives_another_root() {
    let house = house(Notebook::default());
    let root = house.representation.submit(&source(), submission(1)).await.unwrap().data_block_root;
    let kept = house.memory.blocks.lock().clone();
    let change = |alter: &dyn Fn(&mut IndexedBlock)| {
        let mut blocks = house.memory.blocks.lock();
        blocks.clone_from(&kept);
        blocks.iter_mut().filter(|block| block.root == root).for_each(alter);
    };
    let given = async || {
        let mut found = house.representation.kept_blocks(vec![root]).await.unwrap();
        match found.blocks.remove(0) {
            KeptBlock::Leaves(leaves) => (leaves.root, leaves.count, leaves.block_number),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(given().await, (Some(root), 1, Some(1)));
    let leaves: [&dyn Fn(&mut IndexedBlock); 3] = [
        &|block| block.operations[0].leaf.content_hash = B256::ZERO,
        &|block| block.operations[0].leaf.source = Address::ZERO,
        &|block| block.operations[0].leaf.operation_digest = B256::ZERO,
    ];
    for alter in leaves {
        change(alter);
        let (found, count, _) = given().await;
        assert!(found.is_some_and(|found| found != root) && count == 1);
    }
    change(&|block| block.operations.clear());
    assert_eq!(given().await, (None, 0, Some(1)), "it is recorded, and its operations are gone");
    change(&|_| {});
    assert_eq!(given().await.0, Some(root));
}

// M-MON-4, WATCH-1: a row that says no more than that something was about to be sent does not pass for its leaves.
#[tokio::test]
async fn a_block_is_announced_with_its_leaves() {
    let house = house(Notebook::default());
    let root = house.representation.submit(&source(), submission(1)).await.unwrap().data_block_root;
    let announced = house.memory.announced.lock().first().cloned().unwrap();
    assert_eq!((announced.root, announced.operations.len(), &announced.recorded), (root, 1, &None));
    let (empty, strange) = (B256::repeat_byte(0xa1), B256::repeat_byte(0x51));
    let without = IndexedBlock { root: empty, operations: Vec::new(), ..announced };
    house.memory.announced.lock().push(without);
    // As after a kill before the index had it.
    house.memory.blocks.lock().clear();
    let found = house.representation.kept_blocks(vec![root, empty, strange]).await.unwrap();
    let KeptBlock::Leaves(leaves) = &found.blocks[0] else { panic!("{found:?}") };
    assert_eq!((leaves.root, leaves.block_number), (Some(root), None));
    assert_eq!(found.blocks[1..], [KeptBlock::Announced, KeptBlock::Nothing]);
}

// REPRESENTATION-6
#[tokio::test]
async fn a_block_whose_end_is_unknown_is_sent_again_with_the_same_root() {
    let unknown = || DoorError::new(Code::NotFinalYet, "who knows");
    let processing =
        Notebook { fails: Mutex::new(VecDeque::from([unknown(), unknown(), unknown()])), ..Notebook::default() };
    let house = house(processing);
    let receipt = house.representation.submit(&source(), submission(1)).await.unwrap();
    let roots: Vec<B256> = house.processing.blocks.lock().iter().map(|block| block.root).collect();
    assert_eq!(roots, [receipt.data_block_root]);
}

#[tokio::test]
async fn a_source_that_waited_long_enough_may_ask_again() {
    let limits = Limits { receipt_deadline: Duration::from_millis(20), ..Limits::default() };
    let house = house_with(Notebook { gate: Semaphore::new(0), ..Notebook::default() }, limits);
    let error = house.representation.submit(&source(), submission(1)).await.unwrap_err();
    assert_eq!(error.code(), Code::NotFinalYet);
    house.processing.gate.add_permits(100);
    let receipt = loop {
        match house.representation.submit(&source(), submission(1)).await {
            Err(error) if error.code() == Code::NotFinalYet => {}
            receipt => break receipt.unwrap(),
        }
    };
    assert_eq!(house.processing.digests(), [receipt.operation_digest]);
}

// REPRESENTATION-5
#[tokio::test]
async fn beyond_the_bounds_a_submission_is_turned_away() {
    let limits =
        Limits { max_waiting_operations: 3, max_blocks_in_flight: 1, max_block_operations: 1, ..Limits::default() };
    let house = house_with(Notebook { gate: Semaphore::new(0), ..Notebook::default() }, limits);
    let actor = source();
    let all = join_all((0..50).map(|number| house.representation.submit(&actor, submission(number))));
    let open = async {
        tokio::task::yield_now().await;
        house.processing.gate.add_permits(1000);
    };
    let (results, ()) = futures::future::join(all, open).await;
    let refused =
        results.iter().filter(|result| matches!(result, Err(error) if error.code() == Code::TooManyRequests)).count();
    let accepted = results.iter().filter(|result| result.is_ok()).count();
    assert!(refused > 0);
    assert_eq!(refused + accepted, 50);
    assert_eq!(house.processing.digests().len(), accepted);

    let narrow = Limits { max_operation_bytes: 64, ..Limits::default() };
    let house = house_with(Notebook::default(), narrow);
    let mut large = submission(1);
    large.operation.payload = vec![b' '; 100].into();
    assert_eq!(house.representation.submit(&actor, large).await.unwrap_err().code(), Code::BodyTooLarge);
}

#[tokio::test]
async fn a_time_in_the_future_would_spoil_a_block_and_is_refused() {
    let house = house(Notebook::default());
    let mut early = submission(1);
    early.operation.message["time"] = json!(1000 + Limits::default().max_clock_skew_s + 1);
    assert_eq!(house.representation.submit(&source(), early).await.unwrap_err().code(), Code::MalformedRequest);
    let mut now = submission(1);
    now.operation.message["time"] = json!(1000);
    house.representation.submit(&source(), now).await.unwrap();
}

// M-MON-2, REPRESENTATION-7
#[tokio::test]
async fn refused_submissions_of_sources_are_told_and_counted() {
    let house = house(Notebook::default());
    let operations = vec![Bytes::from_static(b"{}")];
    let garbage = SourceSubmission { submission: "not.a.jws".into(), operations };
    let verdicts = house.representation.accept(vec![garbage.clone(), garbage]).await;
    assert!(verdicts.iter().all(|verdict| verdict.as_ref().unwrap_err().code() == Code::MalformedRequest));
    let refused = EventFilter { happenings: vec![Happening::SubmissionRefused], ..EventFilter::default() };
    let told = M2r::journal(&house.representation, &refused).await.unwrap();
    assert_eq!(told.len(), 1, "one entry, however many there were: {told:?}");
    assert!(told[0].facts.starts_with("malformed-request: 2 times"), "{}", told[0].facts);
    assert!(house.memory.entries.lock().is_empty(), "it is written down when its minute is over");
}

// M-CON-3, M-MON-2
#[tokio::test(flavor = "multi_thread")]
async fn what_provisioning_applies_is_recorded_in_a_data_block() {
    let house = house(Notebook::default());
    let by = Address::repeat_byte(9);
    let change = Change::OfferService { service: "certificates.query".into(), offered: false, by };
    let checked = house.representation.control(&change, Mode::Check).await.unwrap();
    assert!(checked.effects.is_empty() && checked.recorded.is_empty());
    let configured = EventFilter { happenings: vec![Happening::Configured], ..EventFilter::default() };
    assert!(M2r::journal(&house.representation, &configured).await.unwrap().is_empty(), "a check records nothing");
    let applied = house.representation.control(&change, Mode::Apply).await.unwrap();
    assert_eq!(applied.recorded.len(), 1);
    let told = M2r::journal(&house.representation, &configured).await.unwrap();
    assert_eq!((told.len(), told[0].by, told[0].recorded.as_ref()), (1, Some(by), applied.recorded.first()));
    assert_eq!((told[0].subject.as_str(), told[0].facts.as_str()), ("certificates.query", "withdrawn"));
}
