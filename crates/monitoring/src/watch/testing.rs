//! A journal and a chain for these tests.
#![allow(clippy::unwrap_used)]

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicBool, AtomicU64, Ordering},
};

use alloy_primitives::B256;
use async_trait::async_trait;
use chancery_reference_points::{
    Code, DoorError, DoorResult,
    anchor::AnchorState,
    data_block::{KeptBlock, KeptBlocks, KeptLeaves, RecordedBlock, RecordedRoots},
    data_search::{AuditReport, AuditRequest, AuditedBlock, SourceTimes, StandingStore},
    hash_place::place_of,
    m2p::M2p,
    m2r::M2rData,
    mandate::Mandate,
    operation::ChainName,
    quota::QuotaReport,
    v2m::{EventFilter, HistoryEntry},
};

/// How the rows of a data block of single operations are kept.
#[derive(Clone, Copy)]
pub(crate) enum Rows {
    /// As they were.
    Right,
    /// One of them has another byte.
    Changed,
    /// They are said to be in another of the chain's blocks.
    Moved,
    /// They are gone, and what is left says that the block was about to be sent.
    Announced,
    /// They are those of a block that the chain never had.
    Forged,
}

/// Two data blocks, which journal and chain both have.
pub(crate) struct City {
    journal: Mutex<Vec<AuditedBlock>>,
    chain: Mutex<Vec<RecordedBlock>>,
    clocks: Mutex<Vec<SourceTimes>>,
    standing: Mutex<Vec<StandingStore>>,
    anchors: Mutex<Vec<AnchorState>>,
    /// What another chain has of single operations, and what is kept of it.
    side: Mutex<Vec<(RecordedBlock, KeptBlock)>>,
    /// Roots of blocks that are kept and were never recorded.
    forged: Mutex<Vec<B256>>,
    is_silent: AtomicBool,
    /// Whether that other chain alone does not answer.
    is_side_silent: AtomicBool,
    audits: AtomicU64,
}

fn root(number: u8) -> B256 {
    B256::repeat_byte(number)
}

impl City {
    pub(crate) fn new() -> Arc<Self> {
        let journal = [1_u8, 2].map(|number| AuditedBlock {
            first: u64::from(number) * 3 - 3,
            place: u64::from(number) * 3 - 1,
            file: "00000000000000000000.journal".into(),
            offset: 27,
            root: root(number),
            count: 1,
            first_time: 5,
            last_time: 5,
            block_number: u64::from(number) * 10,
            after_block: u64::from(number) * 10 - 10,
        });
        let chain = [1_u8, 2].map(|number| RecordedBlock {
            root: root(number),
            count: 1,
            first_time: 5,
            last_time: 5,
            recorded_at: 6,
            block_number: u64::from(number) * 10,
        });
        Arc::new(Self {
            journal: Mutex::new(journal.into()),
            chain: Mutex::new(chain.into()),
            clocks: Mutex::default(),
            standing: Mutex::default(),
            anchors: Mutex::default(),
            side: Mutex::default(),
            forged: Mutex::default(),
            is_silent: AtomicBool::new(false),
            is_side_silent: AtomicBool::new(false),
            audits: AtomicU64::new(0),
        })
    }

    /// The journal's last block has another root.
    pub(crate) fn forge(&self) {
        self.journal.lock().unwrap()[1].root = root(9);
    }

    /// The journal's last block is gone.
    pub(crate) fn cut(&self) {
        self.journal.lock().unwrap().pop();
    }

    /// As it was.
    pub(crate) fn mend(&self) {
        *self.journal.lock().unwrap() = std::mem::take(&mut *Self::new().journal.lock().unwrap());
    }

    /// What is measured of the clocks of sources.
    pub(crate) fn measure(&self, clocks: Vec<SourceTimes>) {
        *self.clocks.lock().unwrap() = clocks;
    }

    /// What stores are not written.
    pub(crate) fn stop_writing(&self, standing: Vec<StandingStore>) {
        *self.standing.lock().unwrap() = standing;
    }

    /// What the anchors are.
    pub(crate) fn anchor(&self, anchors: Vec<AnchorState>) {
        *self.anchors.lock().unwrap() = anchors;
    }

    pub(crate) fn silence(&self, is_silent: bool) {
        self.is_silent.store(is_silent, Ordering::SeqCst);
    }

    /// Nothing is kept any more that was never recorded.
    pub(crate) fn unforge(&self) {
        self.forged.lock().unwrap().clear();
    }

    pub(crate) fn silence_side(&self, is_silent: bool) {
        self.is_side_silent.store(is_silent, Ordering::SeqCst);
    }

    /// The other chain has recorded a data block of one operation.
    pub(crate) fn record(&self, number: u8, rows: Rows) {
        let root = B256::repeat_byte(0xd0 + number);
        let block_number = u64::from(number) * 10;
        let recorded = RecordedBlock { root, count: 1, first_time: 5, last_time: 5, recorded_at: 0, block_number };
        let leaves = |root, block_number| {
            let chain = ChainName("degree".into());
            KeptBlock::Leaves(KeptLeaves { chain, root, count: 1, first_time: 5, last_time: 5, block_number })
        };
        let kept = match rows {
            Rows::Right => leaves(Some(root), Some(block_number)),
            Rows::Changed => leaves(Some(B256::repeat_byte(0xee)), Some(block_number)),
            Rows::Moved => leaves(Some(root), Some(block_number + 1)),
            Rows::Announced => KeptBlock::Announced,
            Rows::Forged => {
                self.forged.lock().unwrap().push(root);
                return;
            }
        };
        let mut side = self.side.lock().unwrap();
        side.retain(|(known, _)| known.root != root);
        side.push((recorded, kept));
        side.sort_by_key(|(known, _)| known.root);
    }

    /// How often the journal was looked at.
    pub(crate) fn audits(&self) -> u64 {
        self.audits.load(Ordering::SeqCst)
    }

    fn answers(&self) -> DoorResult<()> {
        if self.is_silent.load(Ordering::SeqCst) {
            return Err(DoorError::new(Code::ChainUnreachable, "no answer").with("chain", "main"));
        }
        Ok(())
    }

    /// What a chain has.
    fn on(&self, chain: &ChainName) -> DoorResult<Vec<RecordedBlock>> {
        self.answers()?;
        if chain.0 == "main" {
            return Ok(self.chain.lock().unwrap().clone());
        }
        if self.is_side_silent.load(Ordering::SeqCst) {
            return Err(DoorError::new(Code::ChainUnreachable, "no answer").with("chain", chain.0.as_str()));
        }
        Ok(self.side.lock().unwrap().iter().map(|(recorded, _)| recorded.clone()).collect())
    }
}

#[async_trait]
impl M2rData for City {
    /// One block a part.
    async fn audit(&self, request: AuditRequest) -> DoorResult<AuditReport> {
        self.audits.fetch_add(1, Ordering::SeqCst);
        let every = request.operations.is_none();
        let blocks = self.journal.lock().unwrap().clone();
        let all = blocks.iter().filter(|block| block.place >= request.from).count();
        let recorded: Vec<AuditedBlock> = blocks.into_iter().filter(|block| block.place >= request.from).collect();
        let recorded: Vec<AuditedBlock> = recorded.into_iter().take(if every { all } else { 1 }).collect();
        let count = recorded.len() as u64;
        Ok(AuditReport {
            from: request.from,
            next: recorded.last().map_or(request.from, |block| block.place + 1),
            complete: recorded.len() == all,
            submissions: count,
            operations: count,
            blocks: count,
            difference: None,
            sequence: Vec::new(),
            sources: self.clocks.lock().unwrap().clone(),
            compared: 0,
            chain: ChainName("main".into()),
            chains: ["degree", "main"].map(|name| ChainName(name.into())).into(),
            recorded,
            standing: self.standing.lock().unwrap().clone(),
        })
    }

    async fn kept_blocks(&self, roots: Vec<B256>) -> DoorResult<KeptBlocks> {
        let (known, side) = (self.journal.lock().unwrap(), self.side.lock().unwrap());
        let kept = |root: B256| {
            if known.iter().any(|block| block.root == root) {
                return KeptBlock::InJournal;
            }
            let found = side.iter().find(|(recorded, _)| recorded.root == root);
            found.map_or(KeptBlock::Nothing, |(_, kept)| kept.clone())
        };
        Ok(KeptBlocks { journal: ChainName("main".into()), blocks: roots.into_iter().map(kept).collect() })
    }

    async fn indexed_roots(&self, chain: &ChainName, from: u64) -> DoorResult<Vec<B256>> {
        if chain.0 == "main" {
            return Ok(Vec::new());
        }
        let kept = self.side.lock().unwrap().iter().map(|(recorded, _)| recorded.root).collect::<Vec<_>>();
        let forged = self.forged.lock().unwrap().clone();
        Ok(kept.into_iter().chain(forged).filter(|root| place_of(*root) >= from).collect())
    }

    async fn quotas(&self) -> DoorResult<QuotaReport> {
        let (settings, changes, usage) = (Vec::new(), Vec::new(), Vec::new());
        Ok(QuotaReport { now_ms: 0, day_ends_ms: 1, settings, changes, usage, left_off: 0 })
    }
}

#[async_trait]
impl M2p for City {
    async fn subject_history(&self, _: &Mandate, _: B256) -> DoorResult<Vec<HistoryEntry>> {
        Ok(Vec::new())
    }

    async fn events(&self, _: &Mandate, _: &EventFilter) -> DoorResult<Vec<HistoryEntry>> {
        Ok(Vec::new())
    }

    async fn recorded_blocks(
        &self,
        _: &Mandate,
        chain: &ChainName,
        roots: Vec<B256>,
    ) -> DoorResult<Vec<Option<RecordedBlock>>> {
        let chain = self.on(chain)?;
        Ok(roots.iter().map(|root| chain.iter().find(|block| block.root == *root).cloned()).collect())
    }

    async fn recorded_roots(&self, _: &Mandate, chain: &ChainName, from: u64) -> DoorResult<RecordedRoots> {
        let chain = self.on(chain)?;
        // A page holds one, so that whoever reads has to turn it.
        let roots = chain.iter().skip(usize::try_from(from).unwrap()).map(|block| block.root).take(1).collect();
        Ok(RecordedRoots { total: chain.len() as u64, roots })
    }

    async fn anchors(&self, _: &Mandate) -> DoorResult<Vec<AnchorState>> {
        self.answers()?;
        Ok(self.anchors.lock().unwrap().clone())
    }
}
