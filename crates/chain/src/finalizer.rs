use std::sync::Arc;

use chancery_execution::{Blockchain, Finalization, FinalizeError};
use commonware_actor::Feedback;
use commonware_consensus::{
    Heightable as _, Reporter,
    marshal::{Update, core::Mailbox, standard::Standard},
    types::Height,
};
use commonware_cryptography::Digested;
use commonware_runtime::Spawner;
use commonware_utils::{Acknowledgement as _, acknowledgement::Exact};
use tokio::sync::mpsc;
use tracing::{debug, info, warn};

use crate::{
    ConsensusBlock, ConsensusScheme,
    admission::AdmissionMark,
    application::run_blocking,
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

/// Commits final blocks to the execution store, as many at once as wait, and acknowledges them when they are durable
/// (CHAIN-2).
pub(crate) struct Finalizer {
    chain: Blockchain,
    name: Arc<str>,
    marshal: Marshal,
    delivered: mpsc::UnboundedReceiver<Delivered>,
    changes: mpsc::UnboundedSender<ChainChange>,
    /// Of the last time that it was looked who may connect; `None`: never, or it could not be read.
    admission: Option<AdmissionMark>,
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
        (Self { chain, name, marshal, delivered, changes, admission }, FinalizedBlockReporter(sender))
    }

    /// Runs until marshal ends.
    ///
    /// # Errors
    /// [`FinalizeError`] if the store fails or consensus contradicts it. Nothing is acknowledged then, so that everything
    /// is delivered again after a restart.
    pub(crate) async fn run<E: Spawner>(mut self, context: E) -> Result<(), FinalizeError> {
        let mut pruned_below = 0;
        while let Some(first) = self.delivered.recv().await {
            let mut batch = vec![first];
            while let Ok(next) = self.delivered.try_recv() {
                batch.push(next);
            }
            let mut blocks = Vec::with_capacity(batch.len());
            for delivered in &batch {
                let height: Height = delivered.block.height();
                let certificate = self.marshal.get_finalization(height).await;
                blocks.push(Finalization {
                    block: delivered.block.inner().block().clone(),
                    certificate: certificate.as_ref().map(certificate_bytes),
                });
            }
            let tree = self.chain.tree().clone();
            let Some(committed) = run_blocking(&context, "commit", move || tree.finalize(blocks)).await else {
                return Ok(());
            };
            let committed = committed?;
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
            for delivered in batch {
                delivered.acknowledgement.acknowledge();
            }
            pruned_below = self.prune(pruned_below);
            if !self.chain.is_archive() {
                let chain = self.chain.clone();
                match run_blocking(&context, "forget", move || chain.retain(FORGOTTEN_PER_COMMIT)).await {
                    None => return Ok(()),
                    Some(forgotten) => _ = forgotten?,
                }
            }
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
