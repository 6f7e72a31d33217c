//! Transactions on their way into the pool.

use std::{sync::Arc, time::Duration};

use alloy_primitives::{B256, Bytes, U64, keccak256};
use chancery_execution::{FinalizedBlock, PoolError, PoolErrorKind};
use chancery_traces::is_followed;
use jsonrpsee::core::JsonRawValue;
use tokio::sync::{OwnedSemaphorePermit, broadcast::error::RecvError};
use tracing::Span;

use super::Reply;
use crate::{api::Api, error::RpcError, params::Args, shapes};

/// The method that batches are made of.
pub(crate) const SEND_RAW_TRANSACTION: &str = "eth_sendRawTransaction";

/// True for the method whose calls within a batch are handed to the pool together.
pub(crate) fn is_submission(method: &str) -> bool {
    method == SEND_RAW_TRANSACTION
}

impl From<PoolError> for RpcError {
    fn from(error: PoolError) -> Self {
        match error.kind {
            PoolErrorKind::State(fault) => Self::internal(fault),
            full @ (PoolErrorKind::Full { .. } | PoolErrorKind::SenderFull { .. }) => {
                Self::PoolFull { message: full.to_string() }
            }
            PoolErrorKind::NotPermitted(refusal) => Self::NotPermitted { refusal },
            refused => Self::rejected(refused.to_string()),
        }
    }
}

fn submit(api: &Api, raw: Bytes) -> Result<B256, RpcError> {
    match admit(api, vec![raw]).pop() {
        Some(answer) => Ok(answer?),
        None => Err(RpcError::internal("the pool gave no answer for a transaction")),
    }
}

/// Gives transactions to the pool; those of a request that is followed are followed from before they can be in a block.
fn admit(api: &Api, raws: Vec<Bytes>) -> Vec<Result<B256, PoolError>> {
    let journeys = api.chain().journeys();
    let begin = |raw: &Bytes| Some(keccak256(raw)).filter(|hash| journeys.begin(api.chain_id(), *hash));
    let begun: Vec<_> = if is_followed() { raws.iter().map(begin).collect() } else { Vec::new() };
    let answers = api.pool().add(raws);
    for (begun, answer) in begun.into_iter().zip(&answers) {
        if let (Some(hash), Err(_)) = (begun, answer) {
            journeys.forget(hash);
        }
    }
    answers
}

/// `eth_sendRawTransaction(raw)`: the hash, once the pool has the transaction.
pub(crate) fn send(api: &Api, args: &Args<'_>) -> Result<Reply, RpcError> {
    let raw = args.hex(0, "transaction")?;
    api.reply(&submit(api, raw)?)
}

/// [`send`] for many calls, whose senders the pool recovers in parallel; one answer each, in order.
pub(crate) fn send_together(api: &Api, calls: &[Option<Box<JsonRawValue>>]) -> Vec<Result<Reply, RpcError>> {
    let mut raws = Vec::with_capacity(calls.len());
    let read: Vec<Result<(), RpcError>> = calls
        .iter()
        .map(|params| {
            let args = Args::parse(params.as_deref().map(JsonRawValue::get), 1)?;
            raws.push(args.hex(0, "transaction")?);
            Ok(())
        })
        .collect();
    let mut admitted = admit(api, raws).into_iter();
    read.into_iter()
        .map(|read| {
            read?;
            match admitted.next() {
                Some(answer) => api.reply(&answer?),
                None => Err(RpcError::internal("the pool gave no answer for a transaction")),
            }
        })
        .collect()
}

/// The parameters of `eth_sendRawTransactionSync(raw, timeoutMs)`.
pub(crate) fn sync_arguments(api: &Api, args: &Args<'_>) -> Result<(Bytes, Duration), RpcError> {
    #[derive(serde::Deserialize)]
    #[serde(untagged)]
    enum Milliseconds {
        Number(u64),
        Quantity(U64),
    }
    let raw = args.hex(0, "transaction")?;
    let limits = api.limits();
    let wait_ms = match args.optional(1, "timeout")? {
        None => limits.default_sync_wait_ms,
        Some(Milliseconds::Number(wait_ms)) => wait_ms,
        Some(Milliseconds::Quantity(wait_ms)) => wait_ms.to(),
    };
    if wait_ms > limits.max_sync_wait_ms {
        let message = format!("a timeout of {wait_ms} ms");
        return Err(RpcError::TooMuch { limit: "max_sync_wait_ms", value: limits.max_sync_wait_ms, message });
    }
    Ok((raw, Duration::from_millis(wait_ms)))
}

/// `eth_sendRawTransactionSync` (EIP-7966): submits, then waits for the receipt.
pub(crate) async fn send_and_wait(
    api: Arc<Api>,
    raw: Bytes,
    wait: Duration,
    permit: OwnedSemaphorePermit,
) -> Result<Reply, RpcError> {
    // Before the transaction goes out, so that its block cannot be missed.
    let mut blocks = api.chain().subscribe();
    let (submitting, span) = (api.clone(), Span::current());
    let hash = tokio::task::spawn_blocking(move || {
        let _permit = permit;
        span.in_scope(|| submit(&submitting, raw))
    })
    .await
    .map_err(RpcError::internal)??;

    let included = async {
        loop {
            match blocks.recv().await {
                Ok(block) => {
                    if let Some(index) = index_in(&block, hash) {
                        return api.reply(&shapes::receipt_at(&block, index));
                    }
                }
                Err(RecvError::Lagged(_)) => {
                    let looking = api.clone();
                    let located = tokio::task::spawn_blocking(move || looking.located(hash));
                    if let Some((block, index)) = located.await.map_err(RpcError::internal)?? {
                        return api.reply(&shapes::receipt_at(&block, index as usize));
                    }
                }
                Err(RecvError::Closed) => return Err(RpcError::Stopping),
            }
        }
    };
    match tokio::time::timeout(wait, included).await {
        Ok(receipt) => receipt,
        Err(_) => Err(RpcError::SyncTimeout { hash, wait_ms: wait.as_millis() as u64 }),
    }
}

fn index_in(block: &FinalizedBlock, hash: B256) -> Option<usize> {
    block.block().transactions().iter().position(|signed| signed.hash() == hash)
}
