//! Gathering operations into data blocks, one queue a chain.
//!
//! ```text
//! place --> queue (bounded) --> gather: until full, or max_gather_time after the first --> data block --> recorder task
//!                                  ^ waits for a free place among max_blocks_in_flight: under load blocks grow, alone they leave at once
//! ```

mod gather;
mod recorder;

use std::{
    collections::HashMap,
    sync::{Arc, Weak},
};

use alloy_primitives::B256;
use chancery_reference_points::{
    Code, DoorError, DoorResult,
    data_block::TransactionLocator,
    journal::Clock,
    operation::{ChainName, InterpretedOperation, SignedOperation},
    p2r::P2r,
};
use chancery_traces::Parent;
use futures::{
    FutureExt,
    future::{BoxFuture, Shared},
};
use parking_lot::Mutex;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};

use self::{gather::gather, recorder::Recorder};
use crate::{Limits, OperationIndex};

/// Where an operation came to stand.
#[derive(Clone, Debug)]
pub(crate) struct Placed {
    /// The data block.
    pub(crate) root: B256,
    /// The transaction of its root.
    pub(crate) data_block: TransactionLocator,
    /// The transaction of its own contract call, if its kind has one.
    pub(crate) operation: Option<TransactionLocator>,
}

/// What all who wait for the same operation wait for.
pub(crate) type Waiting = Shared<BoxFuture<'static, DoorResult<Placed>>>;

/// An operation on its way into a data block.
pub(crate) struct Item {
    pub(crate) operation: SignedOperation,
    pub(crate) interpreted: InterpretedOperation,
    pub(crate) reply: oneshot::Sender<DoorResult<Placed>>,
    /// The request that it came with, where that is followed.
    pub(crate) parent: Option<Parent>,
    /// Its share of the memory that all may take; given back when it is answered.
    _memory: OwnedSemaphorePermit,
}

/// The queues of all chains.
pub(crate) struct Batching {
    recorder: Arc<Recorder>,
    queues: Mutex<HashMap<ChainName, mpsc::Sender<Item>>>,
    memory: Arc<Semaphore>,
    limits: Limits,
}

impl Batching {
    pub(crate) fn new(p2r: Arc<dyn P2r>, index: Arc<dyn OperationIndex>, clock: Clock, limits: Limits) -> Self {
        Self {
            recorder: Arc::new(Recorder::new(p2r, index, clock, limits)),
            queues: Mutex::default(),
            memory: Arc::new(Semaphore::new(limits.max_waiting_kib as usize)),
            limits,
        }
    }

    /// What to wait for, if the operation is on its way already.
    pub(crate) fn joined(&self, digest: B256) -> Option<Waiting> {
        self.recorder.under_way.lock().get(&digest).cloned()
    }

    /// How many operations are on their way.
    #[cfg(test)]
    pub(crate) fn under_way(&self) -> usize {
        self.recorder.under_way.lock().len()
    }

    /// Puts an operation into the queue of its chain. The same operation twice waits for one recording.
    ///
    /// # Errors
    /// `TooManyRequests` when the queue or the memory for it is full.
    pub(crate) fn place(
        &self,
        operation: SignedOperation,
        interpreted: InterpretedOperation,
        bytes: usize,
    ) -> DoorResult<Waiting> {
        let chain = operation.chain.clone();
        self.enter(operation, interpreted, bytes, |item| {
            self.queue(&chain).try_send(item).map_err(|_| too_many(self.limits))
        })
    }

    /// Records an operation in a data block of its own: one that was refused before stands in another block already.
    ///
    /// # Errors
    /// `TooManyRequests` when the memory for it is full.
    pub(crate) fn place_alone(
        &self,
        operation: SignedOperation,
        interpreted: InterpretedOperation,
        bytes: usize,
    ) -> DoorResult<Waiting> {
        let chain = operation.chain.clone();
        self.enter(operation, interpreted, bytes, |item| {
            tokio::spawn(Arc::clone(&self.recorder).record(chain, vec![item]));
            Ok(())
        })
    }

    fn enter(
        &self,
        operation: SignedOperation,
        interpreted: InterpretedOperation,
        bytes: usize,
        send: impl FnOnce(Item) -> DoorResult<()>,
    ) -> DoorResult<Waiting> {
        let digest = interpreted.digest;
        let mut under_way = self.recorder.under_way.lock();
        if let Some(waiting) = under_way.get(&digest) {
            return Ok(waiting.clone());
        }
        let kib = u32::try_from(bytes.div_ceil(1024)).unwrap_or(u32::MAX).max(1);
        let memory = Arc::clone(&self.memory).try_acquire_many_owned(kib).map_err(|_| too_many(self.limits))?;
        let (reply, answer) = oneshot::channel();
        send(Item { operation, interpreted, reply, parent: Parent::current(), _memory: memory })?;
        let waiting = async move { answer.await.unwrap_or_else(|_| Err(lost())) }.boxed().shared();
        under_way.insert(digest, waiting.clone());
        Ok(waiting)
    }

    /// The queue of a chain; its gatherer is started with it and ends with this value.
    fn queue(&self, chain: &ChainName) -> mpsc::Sender<Item> {
        let mut queues = self.queues.lock();
        queues
            .entry(chain.clone())
            .or_insert_with(|| {
                let (sender, receiver) = mpsc::channel(self.limits.max_waiting_operations);
                let recorder: Weak<Recorder> = Arc::downgrade(&self.recorder);
                tokio::spawn(gather(receiver, self.limits, move |items| {
                    let recorder = recorder.upgrade();
                    let chain = chain_of(&items);
                    async move {
                        if let (Some(recorder), Some(chain)) = (recorder, chain) {
                            recorder.record(chain, items).await;
                        }
                    }
                }));
                sender
            })
            .clone()
    }
}

fn chain_of(items: &[Item]) -> Option<ChainName> {
    items.first().map(|item| item.operation.chain.clone())
}

fn too_many(limits: Limits) -> DoorError {
    let wait_ms = u64::try_from(limits.retry_pause.as_millis()).unwrap_or(u64::MAX);
    DoorError::new(Code::TooManyRequests, "too many operations wait to be recorded").with("retryAfterMs", wait_ms)
}

/// The process is ending, or a recorder's task broke: it is not known whether the operation was recorded.
fn lost() -> DoorError {
    DoorError::new(Code::NotFinalYet, "the recording was interrupted: send the operation again for its receipt")
}
