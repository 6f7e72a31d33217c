//! Transactions and receipts, by hash and by place.

use std::sync::Arc;

use alloy_primitives::{B256, Bytes};
use alloy_rpc_types_eth::Index;
use chancery_execution::FinalizedBlock;

use super::{
    Reply,
    blocks::{block_by_hash, block_by_number},
};
use crate::{
    api::{Api, recovered},
    error::RpcError,
    params::Args,
    shapes,
};

/// `eth_getTransactionByHash(hash)`: from a final block, else from the pool, else null.
pub(crate) fn by_hash(api: &Api, args: &Args<'_>) -> Result<Reply, RpcError> {
    let hash: B256 = args.hex(0, "transactionHash")?;
    // The pool first: a transaction leaves it only after its block is there, so it is always in one of the two.
    let waiting = api.pool().get(hash);
    let shaped = match api.located(hash)? {
        Some((block, index)) => shapes::transaction_at(&block, index as usize),
        None => waiting.map(|waiting| shapes::transaction(recovered(&waiting), None)),
    };
    api.reply(&shaped)
}

fn at_index(api: &Api, block: Option<Arc<FinalizedBlock>>, args: &Args<'_>) -> Result<Reply, RpcError> {
    let index: Index = args.required(1, "index")?;
    api.reply(&block.and_then(|block| shapes::transaction_at(&block, index.into())))
}

/// `eth_getTransactionByBlockNumberAndIndex(block, index)`
pub(crate) fn by_number_and_index(api: &Api, args: &Args<'_>) -> Result<Reply, RpcError> {
    at_index(api, block_by_number(api, args)?, args)
}

/// `eth_getTransactionByBlockHashAndIndex(blockHash, index)`
pub(crate) fn by_hash_and_index(api: &Api, args: &Args<'_>) -> Result<Reply, RpcError> {
    at_index(api, block_by_hash(api, args)?, args)
}

/// `eth_getRawTransactionByHash(hash)`, `debug_getRawTransaction(hash)`: the EIP-2718 bytes.
pub(crate) fn raw_by_hash(api: &Api, args: &Args<'_>) -> Result<Reply, RpcError> {
    let hash: B256 = args.hex(0, "transactionHash")?;
    let waiting = api.pool().get(hash).map(|waiting| waiting.encoded().clone());
    let raw = match api.located(hash)? {
        Some((block, index)) => raw_at(&block, index as usize),
        None => waiting,
    };
    api.reply(&raw)
}

fn raw_at(block: &FinalizedBlock, index: usize) -> Option<Bytes> {
    block.block().transactions().get(index).map(|signed| signed.encoded().clone())
}

fn raw_at_index(api: &Api, block: Option<Arc<FinalizedBlock>>, args: &Args<'_>) -> Result<Reply, RpcError> {
    let index: Index = args.required(1, "index")?;
    api.reply(&block.and_then(|block| raw_at(&block, index.into())))
}

/// `eth_getRawTransactionByBlockNumberAndIndex(block, index)`
pub(crate) fn raw_by_number_and_index(api: &Api, args: &Args<'_>) -> Result<Reply, RpcError> {
    raw_at_index(api, block_by_number(api, args)?, args)
}

/// `eth_getRawTransactionByBlockHashAndIndex(blockHash, index)`
pub(crate) fn raw_by_hash_and_index(api: &Api, args: &Args<'_>) -> Result<Reply, RpcError> {
    raw_at_index(api, block_by_hash(api, args)?, args)
}

/// `eth_getTransactionReceipt(hash)`: null while the transaction is not final.
pub(crate) fn receipt(api: &Api, args: &Args<'_>) -> Result<Reply, RpcError> {
    let hash: B256 = args.hex(0, "transactionHash")?;
    let located = api.located(hash)?;
    api.reply(&located.and_then(|(block, index)| shapes::receipt_at(&block, index as usize)))
}
