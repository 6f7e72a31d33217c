use std::{collections::HashMap, sync::Arc};

use alloy_primitives::B256;
use chancery_primitives::data_block::{DataBlockTree, Leaf};
use chancery_reference_points::{
    Class, Code, DoorError, DoorResult,
    data_block::{DataBlock, DataBlockRecord, OperationOutcome},
    journal::Clock,
    operation::ChainName,
    p2r::P2r,
};
use chancery_traces::{Parent, TARGET};
use futures::future::{BoxFuture, join_all};
use parking_lot::Mutex;
use tokio::time::{Instant, sleep};
use tracing::{
    Instrument as _, Span,
    field::{Empty, display},
    info_span,
};

use super::{Item, Placed, Waiting};
use crate::{IndexedBlock, IndexedOperation, Limits, OperationIndex};

/// Has data blocks recorded, and answers those who wait.
pub(super) struct Recorder {
    p2r: Arc<dyn P2r>,
    index: Arc<dyn OperationIndex>,
    clock: Clock,
    limits: Limits,
    /// Operations that are queued or being recorded, by digest.
    pub(super) under_way: Mutex<HashMap<B256, Waiting>>,
}

/// A data block as it is recorded, with its leaves.
struct Prepared {
    block: DataBlock,
    leaves: Vec<Leaf>,
}

impl Prepared {
    /// As it is known before anybody has it.
    fn announced(&self) -> IndexedBlock {
        let leaves = self.leaves.iter().cloned();
        IndexedBlock {
            root: self.block.root,
            chain: self.block.chain.clone(),
            closed_at_ms: self.block.closed_at_ms,
            recorded: None,
            operations: leaves.map(|leaf| IndexedOperation { leaf, recorded: None }).collect(),
        }
    }
}

/// The span of a data block: of one of the requests that it is recorded for, and linked to the others.
fn span(chain: &ChainName, items: &[Item]) -> Span {
    let parents = items.iter().filter_map(|item| item.parent.as_ref());
    Parent::together(
        parents,
        || info_span!(target: TARGET, "data block", chain = %chain.0, operations = items.len(), data_block.root = Empty),
    )
}

impl Recorder {
    pub(super) fn new(p2r: Arc<dyn P2r>, index: Arc<dyn OperationIndex>, clock: Clock, limits: Limits) -> Self {
        Self { p2r, index, clock, limits, under_way: Mutex::default() }
    }

    /// Records the items as one data block and answers each.
    pub(super) fn record(self: Arc<Self>, chain: ChainName, items: Vec<Item>) -> BoxFuture<'static, ()> {
        let span = span(&chain, &items);
        let recording = async move {
            let prepared = match self.prepare(chain.clone(), &items) {
                Ok(prepared) => prepared,
                Err(error) => return self.separate(chain, items, error).await,
            };
            let root = prepared.block.root;
            Span::current().record("data_block.root", display(root));
            if let Err(error) = self.index.announce(&prepared.announced()).await {
                // It is recorded all the same; an audit may take it for one that somebody has lost, if it is not kept afterwards either.
                tracing::warn!(%root, %error, "a data block is not known before it is sent");
            }
            match self.record_until_final(&prepared.block).await {
                Ok(record) => self.conclude(prepared, record, items).await,
                Err(error) => self.separate(chain, items, error).await,
            }
        };
        Box::pin(recording.instrument(span))
    }

    fn prepare(&self, chain: ChainName, items: &[Item]) -> DoorResult<Prepared> {
        let operations = items.iter().map(|item| (item.operation.clone(), item.interpreted.clone())).collect();
        let mut block = DataBlock { chain, root: B256::ZERO, operations, closed_at_ms: (self.clock)() };
        let leaves = block.leaves()?;
        block.root = DataBlockTree::new(&leaves).map_err(DoorError::internal)?.root().0;
        Ok(Prepared { block, leaves })
    }

    /// Tries until the block is final, it is refused for good, or the time is over. The same root is recorded once, however often it is sent.
    async fn record_until_final(&self, block: &DataBlock) -> DoorResult<DataBlockRecord> {
        let give_up = Instant::now() + self.limits.record_deadline;
        let mut pause = self.limits.retry_pause;
        loop {
            match self.p2r.record(block.clone()).await {
                Err(error) if concerns_one(&error) && block.operations.len() > 1 => return Err(error),
                Err(error) if error.class() == Class::Temporary && Instant::now() + pause < give_up => {
                    tracing::debug!(root = %block.root, %error, "recording again");
                    sleep(pause).await;
                    pause = pause.saturating_mul(2);
                }
                result => return result,
            }
        }
    }

    /// REPRESENTATION-4: when a block is refused for good, or because of one of its operations, each of them is tried by itself.
    async fn separate(self: Arc<Self>, chain: ChainName, items: Vec<Item>, error: DoorError) {
        if items.len() > 1 && (error.class() != Class::Temporary || concerns_one(&error)) {
            let alone = items.into_iter().map(|item| Arc::clone(&self).record(chain.clone(), vec![item]));
            join_all(alone).await;
            return;
        }
        for item in items {
            self.answer(item, Err(error.clone()));
        }
    }

    async fn conclude(&self, prepared: Prepared, record: DataBlockRecord, items: Vec<Item>) {
        let Prepared { block, leaves } = prepared;
        let DataBlockRecord { root, recorded, outcomes } = record;
        let operations = leaves
            .into_iter()
            .zip(&outcomes)
            .map(|(leaf, outcome)| IndexedOperation {
                leaf,
                recorded: match outcome {
                    OperationOutcome::Recorded(locator) => Some(locator.clone()),
                    OperationOutcome::InDataBlock => Some(recorded.clone()),
                    OperationOutcome::Refused(_) => None,
                },
            })
            .collect();
        let indexed = IndexedBlock {
            root,
            chain: block.chain,
            closed_at_ms: block.closed_at_ms,
            recorded: Some(recorded.clone()),
            operations,
        };
        if let Err(error) = self.index.put(&indexed).await {
            // It is recorded and final: that is what the receipt says. Its proof cannot be given out until it is sent again.
            tracing::error!(%root, %error, "a recorded data block is missing in the index");
        }
        for (item, outcome) in items.into_iter().zip(outcomes) {
            let operation = match outcome {
                OperationOutcome::Recorded(locator) => Ok(Some(locator)),
                OperationOutcome::InDataBlock => Ok(None),
                OperationOutcome::Refused(error) => Err(error),
            };
            let data_block = recorded.clone();
            self.answer(item, operation.map(|operation| Placed { root, data_block, operation }));
        }
    }

    fn answer(&self, item: Item, result: DoorResult<Placed>) {
        self.under_way.lock().remove(&item.interpreted.digest);
        // Who does not wait any more asks again and finds it in the index.
        let _ = item.reply.send(result);
    }
}

/// Whether it is about one operation of a block, passing as it is: the others must not wait for it.
fn concerns_one(error: &DoorError) -> bool {
    error.code() == Code::RightNotShown
}
