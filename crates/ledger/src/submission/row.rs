//! Several calls of one key in a fixed order, in one block if the chain lets them.

use std::sync::Arc;

use alloy_primitives::B256;
use tokio::{
    sync::{mpsc, watch as latest},
    task::JoinHandle,
    time::{Instant, timeout_at},
};

use super::{Call, FinalTransaction, Pipeline, turn::Turn, watch::Mined};
use crate::LedgerError;

/// A call with the gas that it is given, unused gas included: what rests on calls before it cannot be estimated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MeasuredCall {
    /// The call.
    pub call: Call,
    /// Gas limit.
    pub gas_limit: u64,
}

/// A transaction of ours that is on its way, whether anybody waits for it or not.
#[derive(Debug)]
pub struct Underway {
    pub(super) pipeline: Arc<Pipeline>,
    pub(super) call: Call,
    pub(super) task: JoinHandle<Result<(B256, Mined), LedgerError>>,
    pub(super) hash: latest::Receiver<Option<B256>>,
    pub(super) deadline: Instant,
}

impl Underway {
    /// Waits until it is final, at most [`crate::LedgerLimits::submission_deadline`] from when it was given.
    ///
    /// # Errors
    /// `Reverted` with the contract's reason, `SubmissionRefused`, `ChainUnreachable`; `NotFinalYet` when its end is unknown.
    pub async fn finalized(self) -> Result<FinalTransaction, LedgerError> {
        let (tx_hash, mined) = match timeout_at(self.deadline, self.task).await {
            Ok(Ok(result)) => result?,
            // Its task has ended without a word, or not in time: what it has sent may become final.
            Ok(Err(_)) | Err(_) => return Err(self.pipeline.overdue(*self.hash.borrow())),
        };
        self.pipeline.conclude(&self.call, tx_hash, mined, self.deadline).await
    }
}

impl Pipeline {
    /// Gives calls their nonces, each a higher one than the call before and than everything given before, and begins to send them. A call that fails, or has to be
    /// signed anew, does not keep the others from being executed.
    pub(crate) async fn begin_row(
        self: &Arc<Self>,
        calls: Vec<MeasuredCall>,
        deadline: Instant,
    ) -> Result<Vec<Underway>, LedgerError> {
        let (limit, chain) = (self.reader.connection.limits.max_in_flight, self.reader.name());
        let count = u32::try_from(calls.len()).ok().filter(|count| *count as usize <= limit);
        let count = count.ok_or(LedgerError::RowTooLong { chain, calls: calls.len(), limit })?;
        let permit = Arc::new(self.places(count, deadline).await?);
        let nonces = self.reserve_all(calls.len()).await?;
        // From here on nothing is waited for: a nonce that was handed out has its task.
        let (sender, receiver) = mpsc::channel(1);
        let mut first = Some(receiver);
        let row = calls.into_iter().zip(nonces).map(|(measured, nonce)| {
            let turn = first.take().map_or_else(|| Turn::Before(sender.clone()), Turn::Last);
            let MeasuredCall { call, gas_limit } = measured;
            self.start(call, gas_limit, Arc::clone(&permit), Some(nonce), turn, deadline)
        });
        Ok(row.collect())
    }

    /// The transaction is mined: waits for finality and says whether it did what it should.
    async fn conclude(
        &self,
        call: &Call,
        tx_hash: B256,
        mined: Mined,
        deadline: Instant,
    ) -> Result<FinalTransaction, LedgerError> {
        let number = mined.block_number.to::<u64>();
        let block = match self.reader.block_when_final(number, deadline).await {
            Ok(block) => block,
            Err(LedgerError::UnknownBlock { .. } | LedgerError::ChainUnreachable { .. }) => {
                return Err(self.overdue(Some(tx_hash)));
            }
            Err(error) => return Err(error),
        };
        if block.hash != mined.block_hash {
            return Err(LedgerError::ProofRefused {
                chain: self.reader.name(),
                check: "HeaderHashMismatch".to_owned(),
            });
        }
        if mined.status.is_zero() {
            return Err(self.explain(call, tx_hash, number).await);
        }
        Ok(FinalTransaction { tx_hash, block })
    }
}
