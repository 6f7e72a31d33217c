use std::{collections::VecDeque, sync::Arc};

use chancery_execution::{Block, Blockchain, Finalization, FinalizeError, FinalizedBlock};
use chancery_traces::TARGET;
use commonware_actor::Feedback;
use commonware_consensus::{
    Heightable as _, Reporter,
    marshal::{Update, core::Mailbox, standard::Standard},
    types::Height,
};
use commonware_cryptography::{Digested, Digestible as _};
use commonware_runtime::Spawner;
use commonware_utils::{Acknowledgement as _, acknowledgement::Exact};
use futures::future::BoxFuture;
use tokio::sync::mpsc;
use tracing::{Span, debug, info, info_span, warn};

use crate::{
    ConsensusBlock, ConsensusScheme,
    admission::AdmissionMark,
    application::{hashes, run_blocking},
    block::hash,
    engine::MAX_PENDING_ACKS,
    storage::{BLOCKS_PER_SECTION, RETAINED_BLOCKS, certificate_bytes},
};

/// Heights of which a node that keeps no archive forgets the state, or the transactions, after a commit: more than a commit has blocks, so it gets
/// where it should be, and few enough to hold nobody up.
const FORGOTTEN_PER_COMMIT: u64 = 64;

pub(crate) type Marshal = Mailbox<ConsensusScheme, Standard<ConsensusBlock>>;

/// What committed blocks have changed for consensus and the network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ChainChange {
    /// The last block of this epoch is committed.
    EpochEnded(u64),
    /// Other nodes may connect than before.
    NodesPermitted,
}

/// A block that marshal has passed on, and how to tell it that the block is safe.
struct Delivered {
    block: Digested<ConsensusBlock>,
    acknowledgement: Exact,
}

/// Takes final blocks from marshal. Marshal delivers no more than its pending acknowledgements, which bounds the queue.
#[derive(Clone)]
pub(crate) struct FinalizedBlockReporter(mpsc::UnboundedSender<Delivered>);

impl Reporter for FinalizedBlockReporter {
    type Activity = Update<ConsensusBlock>;

    fn report(&mut self, update: Self::Activity) -> Feedback {
        match update {
            // A tip is no durability signal, and blocks follow.
            Update::Tip(..) => Feedback::Ok,
            Update::Block(block, acknowledgement) => match self.0.send(Delivered { block, acknowledgement }) {
                Ok(()) => Feedback::Ok,
                Err(_) => Feedback::Closed,
            },
        }
    }
}

/// Blocks that are executed or committed at a time. Marshal hands over twice as many, so that one half can be executed while the other half is being
/// committed.
const MAX_BATCH: usize = 8;

/// Commits final blocks to the execution store, several at once when several wait, and acknowledges them when they are durable (CHAIN-2).
///
/// A validator has executed what becomes final. A follower, and whoever is behind, has not: it executes the next blocks while those before them are
/// written.
pub(crate) struct Finalizer {
    chain: Blockchain,
    name: Arc<str>,
    marshal: Marshal,
    delivered: mpsc::UnboundedReceiver<Delivered>,
    /// Taken from `delivered` and in no batch yet.
    waiting: VecDeque<Delivered>,
    changes: mpsc::UnboundedSender<ChainChange>,
    /// Of the last time that it was looked who may connect; `None`: never, or it could not be read.
    admission: Option<AdmissionMark>,
}

/// What the store said to a batch. `None`: the runtime stops.
type Committed = Option<Result<Vec<Arc<FinalizedBlock>>, FinalizeError>>;

/// A batch that is being written, and who waits for it.
struct Commit {
    written: BoxFuture<'static, Committed>,
    acknowledgements: Vec<Exact>,
    /// Of the transactions in it that are followed: their journeys end with it.
    followed: Vec<Followed>,
}

/// A followed transaction whose block is being written. Its spans end together.
struct Followed {
    _final: Span,
    journey: Span,
}

/// Lets go of the followed transactions of a block.
fn followed(chain: &Blockchain, name: &str, block: &Block) -> Vec<Followed> {
    let journeys = chain.journeys().end(hashes(block));
    let ending = |journey: Span| {
        let last = info_span!(target: TARGET, parent: &journey, "block", chain = name, block.height = block.height(), block.hash = %block.hash());
        Followed { _final: last, journey }
    };
    journeys.into_iter().map(ending).collect()
}

impl Finalizer {
    pub(crate) fn new(
        chain: Blockchain,
        name: Arc<str>,
        marshal: Marshal,
        changes: mpsc::UnboundedSender<ChainChange>,
    ) -> (Self, FinalizedBlockReporter) {
        let (sender, delivered) = mpsc::unbounded_channel();
        let admission = AdmissionMark::at_head(&chain).ok();
        let waiting = VecDeque::new();
        (Self { chain, name, marshal, delivered, waiting, changes, admission }, FinalizedBlockReporter(sender))
    }

    /// Runs until marshal ends.
    ///
    /// # Errors
    /// [`FinalizeError`] if the store fails or consensus contradicts it. Nothing is acknowledged then, so that everything
    /// is delivered again after a restart.
    pub(crate) async fn run<E: Spawner>(mut self, context: E) -> Result<(), FinalizeError> {
        let mut pruned_below = 0;
        let mut commit: Option<Commit> = None;
        loop {
            let first = tokio::select! {
                // In this order and not in a random one: on the deterministic runtime a seed has to give one run.
                biased;
                written = written(&mut commit) => {
                    if !self.finish(commit.take(), written)? {
                        return Ok(());
                    }
                    pruned_below = self.prune(pruned_below);
                    if !self.forget(&context).await? {
                        return Ok(());
                    }
                    continue;
                }
                first = self.next() => first,
            };
            let Some(first) = first else { break };
            let mut batch = self.executed_batch(&context, first).await;
            let written = match &mut commit {
                Some(commit) => Some((&mut commit.written).await),
                None => None,
            };
            if let Some(written) = written {
                if !self.finish(commit.take(), written)? {
                    return Ok(());
                }
                pruned_below = self.prune(pruned_below);
                if !self.forget(&context).await? {
                    return Ok(());
                }
            }
            self.add_executed(&mut batch);
            commit = Some(self.commit(&context, batch).await);
        }
        if let Some(mut last) = commit {
            let written = (&mut last.written).await;
            self.finish(Some(last), written)?;
        }
        info!(chain = %self.name, "no more blocks become final");
        Ok(())
    }

    /// Tells of it when the last blocks have changed it (PERMIT-5).
    fn look_who_may_connect(&mut self) {
        match AdmissionMark::at_head(&self.chain) {
            Ok(mark) if self.admission == Some(mark) => {}
            Ok(mark) => {
                self.admission = Some(mark);
                // One a commit at most; nobody takes it when consensus has ended already.
                let _ = self.changes.send(ChainChange::NodesPermitted);
            }
            // The next commit looks again.
            Err(error) => warn!(chain = %self.name, %error, "cannot read who may connect"),
        }
    }

    /// The next block. Cancel-safe.
    async fn next(&mut self) -> Option<Delivered> {
        match self.waiting.pop_front() {
            Some(next) => Some(next),
            None => self.delivered.recv().await,
        }
    }

    fn next_at_once(&mut self) -> Option<Delivered> {
        self.waiting.pop_front().or_else(|| self.delivered.try_recv().ok())
    }

    fn is_executed(&self, delivered: &Delivered) -> bool {
        self.chain.tree().get(hash(delivered.block.digest())).is_some()
    }

    /// Adds the blocks behind a batch that need no execution any more: those that became final while the batch before was being written.
    fn add_executed(&mut self, batch: &mut Vec<Delivered>) {
        while batch.len() < MAX_PENDING_ACKS.get()
            && let Some(next) = self.next_at_once()
        {
            if !self.is_executed(&next) {
                self.waiting.push_front(next);
                return;
            }
            batch.push(next);
        }
    }

    /// The first block and those that wait behind it, executed as far as they can be.
    async fn executed_batch<E: Spawner>(&mut self, context: &E, first: Delivered) -> Vec<Delivered> {
        let mut batch = vec![first];
        while batch.len() < MAX_BATCH
            && let Some(next) = self.next_at_once()
        {
            batch.push(next);
        }
        let unknown = batch.iter().filter(|delivered| !self.is_executed(delivered));
        let blocks: Vec<Block> = unknown.map(|delivered| delivered.block.inner().block().clone()).collect();
        let tree = self.chain.tree().clone();
        if !blocks.is_empty() {
            // Whatever cannot be executed fails again, by name, when it is committed.
            let _ = run_blocking(context, "execute", move || tree.execute_ahead(&blocks)).await;
        }
        batch
    }

    /// Starts to write a batch.
    async fn commit<E: Spawner>(&self, context: &E, batch: Vec<Delivered>) -> Commit {
        let mut blocks = Vec::with_capacity(batch.len());
        let mut acknowledgements = Vec::with_capacity(batch.len());
        let mut followed_here = Vec::new();
        for Delivered { block, acknowledgement } in batch {
            followed_here.extend(followed(&self.chain, &self.name, block.inner().block()));
            let height: Height = block.height();
            let certificate = self.marshal.get_finalization(height).await;
            blocks.push(Finalization {
                block: block.inner().block().clone(),
                certificate: certificate.as_ref().map(certificate_bytes),
            });
            acknowledgements.push(acknowledgement);
        }
        let tree = self.chain.tree().clone();
        let span = info_span!(target: TARGET, "block.commit", chain = %self.name, blocks = blocks.len());
        for one in &followed_here {
            span.follows_from(&one.journey);
        }
        let write = move || span.in_scope(|| tree.finalize(blocks));
        let writing = context.child("commit").shared(true).spawn(move |_| async move { write() });
        Commit { written: Box::pin(async move { writing.await.ok() }), acknowledgements, followed: followed_here }
    }

    /// Tells everybody about a batch that is written. False: the runtime stops.
    fn finish(&mut self, commit: Option<Commit>, written: Committed) -> Result<bool, FinalizeError> {
        let (Some(commit), Some(committed)) = (commit, written) else { return Ok(false) };
        let committed = committed?;
        // It is durable and readable from here on.
        drop(commit.followed);
        if let Some(last) = committed.last() {
            let (height, hash) = (last.block().height(), last.block().hash());
            debug!(chain = %self.name, height, %hash, blocks = committed.len(), "final");
        }
        self.look_who_may_connect();
        let epochs = self.chain.epochs();
        for height in committed.iter().map(|block| block.block().height()) {
            if height == epochs.last(epochs.of(height)) {
                // One an epoch at most; nobody takes it when consensus has ended already.
                let _ = self.changes.send(ChainChange::EpochEnded(epochs.of(height)));
            }
        }
        for acknowledgement in commit.acknowledgements {
            acknowledgement.acknowledge();
        }
        Ok(true)
    }

    /// Lets the execution store forget what this node does not keep. False: the runtime stops.
    async fn forget<E: Spawner>(&self, context: &E) -> Result<bool, FinalizeError> {
        if self.chain.is_archive() {
            return Ok(true);
        }
        let chain = self.chain.clone();
        match run_blocking(context, "forget", move || chain.retain(FORGOTTEN_PER_COMMIT)).await {
            Some(forgotten) => forgotten.map(|_| true).map_err(FinalizeError::from),
            None => Ok(false),
        }
    }

    /// Lets consensus drop what the execution store has had for long; returns the height below which it may.
    fn prune(&self, pruned_below: u64) -> u64 {
        let below = self.chain.head().block().height().saturating_sub(RETAINED_BLOCKS);
        if below < pruned_below + BLOCKS_PER_SECTION.get() {
            return pruned_below;
        }
        self.marshal.prune(Height::new(below));
        below
    }
}

/// Waits for the batch that is being written; for ever when there is none.
async fn written(commit: &mut Option<Commit>) -> Committed {
    match commit {
        Some(commit) => (&mut commit.written).await,
        None => std::future::pending().await,
    }
}
