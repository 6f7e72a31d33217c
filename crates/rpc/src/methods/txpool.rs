//! `txpool_`: what waits.

use std::collections::BTreeMap;

use alloy::rpc::types::txpool::TxpoolInspectSummary;
use alloy_primitives::{Address, U64};
use alloy_rpc_types_eth::Transaction;
use chancery_execution::RecoveredTransaction;
use serde::Serialize;
use serde_json::json;

use super::Reply;
use crate::{
    api::{Api, recovered},
    error::RpcError,
    params::Args,
    shapes,
};

type BySender = BTreeMap<Address, BTreeMap<u64, RecoveredTransaction>>;

fn shaped(waiting: &RecoveredTransaction) -> Transaction {
    shapes::transaction(recovered(waiting), None)
}

fn summary(waiting: &RecoveredTransaction) -> TxpoolInspectSummary {
    TxpoolInspectSummary::from_tx(waiting.envelope().clone())
}

fn by_nonce<T: Serialize>(
    waiting: &BTreeMap<u64, RecoveredTransaction>,
    show: fn(&RecoveredTransaction) -> T,
) -> BTreeMap<u64, T> {
    waiting.iter().map(|(nonce, waiting)| (*nonce, show(waiting))).collect()
}

fn by_sender<T: Serialize>(
    waiting: &BySender,
    show: fn(&RecoveredTransaction) -> T,
) -> BTreeMap<String, BTreeMap<u64, T>> {
    waiting.iter().map(|(sender, waiting)| (sender.to_checksum(None), by_nonce(waiting, show))).collect()
}

/// `txpool_status`: how many wait.
pub(crate) fn status(api: &Api, _: &Args<'_>) -> Result<Reply, RpcError> {
    let status = api.pool().status();
    api.reply(&json!({ "pending": U64::from(status.pending), "queued": U64::from(status.queued) }))
}

/// `txpool_content`: the transactions, by sender and nonce.
pub(crate) fn content(api: &Api, _: &Args<'_>) -> Result<Reply, RpcError> {
    let contents = api.pool().contents();
    api.reply(&BTreeMap::from([
        ("pending", by_sender(&contents.pending, shaped)),
        ("queued", by_sender(&contents.queued, shaped)),
    ]))
}

/// `txpool_contentFrom(address)`: the transactions of one sender, by nonce.
pub(crate) fn content_from(api: &Api, args: &Args<'_>) -> Result<Reply, RpcError> {
    let sender: Address = args.hex(0, "address")?;
    let contents = api.pool().contents();
    let of_sender =
        |waiting: &BySender| waiting.get(&sender).map(|waiting| by_nonce(waiting, shaped)).unwrap_or_default();
    api.reply(&BTreeMap::from([("pending", of_sender(&contents.pending)), ("queued", of_sender(&contents.queued))]))
}

/// `txpool_inspect`: the transactions in one line each.
pub(crate) fn inspect(api: &Api, _: &Args<'_>) -> Result<Reply, RpcError> {
    let contents = api.pool().contents();
    api.reply(&BTreeMap::from([
        ("pending", by_sender(&contents.pending, summary)),
        ("queued", by_sender(&contents.queued, summary)),
    ]))
}
