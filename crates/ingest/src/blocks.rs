//! Data blocks: their leaves from the journal, their roots to the chain, their proofs to whoever asks.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use chancery_primitives::data_block::{DataBlockTree, Leaf};
use chancery_reference_points::{
    Code, DoorError, DoorResult,
    data_block::{RootOfBlock, TransactionLocator},
    operation::ChainName,
    p2r::P2r,
};
use chancery_traces::TARGET;
use tokio::sync::{Semaphore, mpsc};
use tracing::{Instrument as _, info_span};

use crate::{
    entry::{self, BlockBounds, BlockRecord, Head},
    index::Index,
    journal::{self, JournalError},
    limits::{Limits, MAX_BLOCKS_IN_FLIGHT},
    writer::Command,
};

/// Longest pause between two tries to record a block, in times of the first.
const MAX_PAUSE_FACTOR: u32 = 100;

/// The leaves between two places, with their places.
///
/// # Errors
/// `JournalUnavailable`; damage is logged with its file and offset.
pub(crate) fn leaves(directory: &Path, index: &Index, bounds: &BlockBounds) -> DoorResult<Vec<(u64, Leaf)>> {
    let (_, position) = index
        .group(bounds.first)
        .map_err(crate::group::broken)?
        .ok_or_else(|| DoorError::internal(std::io::Error::other("no group holds the block's first place")))?;
    let mut leaves = Vec::with_capacity(bounds.count as usize);
    for group in journal::read_from(directory, position).map_err(unreadable)? {
        let group = group.map_err(unreadable)?;
        for (place, (kind, body)) in (group.first_place..).zip(&group.entries) {
            let is_leaf = entry::is_leaf(*kind);
            if is_leaf && (bounds.first..=bounds.last).contains(&place) {
                let head = Head::read(body).ok_or_else(|| DoorError::internal(std::io::Error::other("a cut entry")))?;
                leaves.push((place, head.leaf(*kind)));
            }
        }
        if group.first_place + group.entries.len() as u64 > bounds.last {
            break;
        }
    }
    if leaves.len() == bounds.count as usize {
        return Ok(leaves);
    }
    Err(DoorError::internal(std::io::Error::other("a data block has other leaves than its bounds say")))
}

pub(crate) fn unreadable(error: JournalError) -> DoorError {
    tracing::error!(%error, "the journal does not read");
    DoorError::new(Code::JournalUnavailable, "what was kept cannot be read at present").caused_by(error)
}

/// The tree of a block.
pub(crate) fn tree(leaves: &[(u64, Leaf)]) -> DoorResult<DataBlockTree> {
    let leaves: Vec<Leaf> = leaves.iter().map(|(_, leaf)| leaf.clone()).collect();
    DataBlockTree::new(&leaves).map_err(DoorError::internal)
}

/// Records closed blocks until there are no more.
pub(crate) struct Recorder {
    pub(crate) directory: PathBuf,
    pub(crate) index: Arc<Index>,
    pub(crate) p2r: Arc<dyn P2r>,
    pub(crate) chain: ChainName,
    pub(crate) commands: mpsc::UnboundedSender<Command>,
    pub(crate) limits: Limits,
}

impl Recorder {
    pub(crate) async fn run(self, mut closed: mpsc::UnboundedReceiver<BlockBounds>) {
        let this = Arc::new(self);
        let places = Arc::new(Semaphore::new(MAX_BLOCKS_IN_FLIGHT));
        while let Some(bounds) = closed.recv().await {
            let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
            let this = Arc::clone(&this);
            let span = info_span!(target: TARGET, "data block", chain = %this.chain.0, data_block.first = bounds.first, operations = bounds.count);
            let recording = async move {
                this.record(bounds).await;
                drop(place);
            };
            tokio::spawn(recording.instrument(span));
        }
    }

    /// Until it is recorded: it was accepted, so there is no other end (DATA-4).
    async fn record(&self, bounds: BlockBounds) {
        let mut pause = self.limits.retry_pause;
        while !self.commands.is_closed() {
            match self.try_record(&bounds).await {
                Ok((root, recorded)) => {
                    // The process may be ending: the next start records the same root and finds it.
                    let _ = self.commands.send(Command::Recorded(BlockRecord { first: bounds.first, root, recorded }));
                    return;
                }
                Err(error) => tracing::warn!(first = bounds.first, ?error, "a data block is not recorded yet"),
            }
            tokio::time::sleep(pause).await;
            pause = longer(pause, self.limits.retry_pause);
        }
    }

    async fn try_record(&self, bounds: &BlockBounds) -> DoorResult<(alloy_primitives::B256, TransactionLocator)> {
        let (directory, index, bounds) = (self.directory.clone(), Arc::clone(&self.index), bounds.clone());
        let tree = tokio::task::spawn_blocking(move || tree(&leaves(&directory, &index, &bounds)?));
        let tree = tree.await.map_err(DoorError::internal)??;
        let block = RootOfBlock {
            chain: self.chain.clone(),
            root: tree.root().0,
            count: u32::try_from(tree.operation_count()).map_err(DoorError::internal)?,
            first_time: tree.first_time().get(),
            last_time: tree.last_time().get(),
        };
        let root = block.root;
        Ok((root, self.p2r.record_root(block).await?))
    }
}

fn longer(pause: Duration, first: Duration) -> Duration {
    (pause * 2).min(first * MAX_PAUSE_FACTOR)
}
