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
    data_block::{RecordedBlock, RecordedRoots},
    data_search::{AuditReport, AuditRequest, AuditedBlock, SourceTimes},
    m2p::M2p,
    m2r::M2rData,
    mandate::Mandate,
    operation::ChainName,
    quota::QuotaReport,
    v2m::{EventFilter, HistoryEntry},
};

/// Two data blocks, which journal and chain both have.
pub(crate) struct City {
    journal: Mutex<Vec<AuditedBlock>>,
    chain: Mutex<Vec<RecordedBlock>>,
    clocks: Mutex<Vec<SourceTimes>>,
    anchors: Mutex<Vec<AnchorState>>,
    is_silent: AtomicBool,
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
            anchors: Mutex::default(),
            is_silent: AtomicBool::new(false),
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

    /// What the anchors are.
    pub(crate) fn anchor(&self, anchors: Vec<AnchorState>) {
        *self.anchors.lock().unwrap() = anchors;
    }

    pub(crate) fn silence(&self, is_silent: bool) {
        self.is_silent.store(is_silent, Ordering::SeqCst);
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
            recorded,
        })
    }

    async fn unknown_roots(&self, roots: Vec<B256>) -> DoorResult<Vec<B256>> {
        let known = self.journal.lock().unwrap();
        Ok(roots.into_iter().filter(|root| !known.iter().any(|block| block.root == *root)).collect())
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
        _: &ChainName,
        roots: Vec<B256>,
    ) -> DoorResult<Vec<Option<RecordedBlock>>> {
        self.answers()?;
        let chain = self.chain.lock().unwrap();
        Ok(roots.iter().map(|root| chain.iter().find(|block| block.root == *root).cloned()).collect())
    }

    async fn recorded_roots(&self, _: &Mandate, _: &ChainName, from: u64) -> DoorResult<RecordedRoots> {
        self.answers()?;
        let chain = self.chain.lock().unwrap();
        // A page holds one, so that whoever reads has to turn it.
        let roots = chain.iter().skip(usize::try_from(from).unwrap()).map(|block| block.root).take(1).collect();
        Ok(RecordedRoots { total: chain.len() as u64, roots })
    }

    async fn anchors(&self, _: &Mandate) -> DoorResult<Vec<AnchorState>> {
        self.answers()?;
        Ok(self.anchors.lock().unwrap().clone())
    }
}
