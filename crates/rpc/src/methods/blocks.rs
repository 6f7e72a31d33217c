//! Blocks, headers, and what is counted in them.

use std::sync::Arc;

use alloy_consensus::TxReceipt;
use alloy_eips::{BlockId, BlockNumberOrTag, Encodable2718};
use alloy_primitives::{B256, Bytes, U64};
use alloy_rpc_types_eth::Index;
use chancery_execution::FinalizedBlock;

use super::Reply;
use crate::{api::Api, error::RpcError, params::Args, shapes};

/// `eth_blockNumber`
pub(crate) fn number(api: &Api, _: &Args<'_>) -> Result<Reply, RpcError> {
    api.reply(&U64::from(api.head_height()))
}

/// The first parameter as a block number or tag.
pub(super) fn block_by_number(api: &Api, args: &Args<'_>) -> Result<Option<Arc<FinalizedBlock>>, RpcError> {
    let number: BlockNumberOrTag = args.required(0, "block")?;
    block(api, number.into())
}

/// The first parameter as a block hash.
pub(super) fn block_by_hash(api: &Api, args: &Args<'_>) -> Result<Option<Arc<FinalizedBlock>>, RpcError> {
    let hash: B256 = args.hex(0, "blockHash")?;
    block(api, hash.into())
}

fn block(api: &Api, id: BlockId) -> Result<Option<Arc<FinalizedBlock>>, RpcError> {
    match api.find(id)? {
        Some(height) => api.block(height).map(Some),
        None => Ok(None),
    }
}

/// `eth_getBlockByNumber(block, full)`
pub(crate) fn by_number(api: &Api, args: &Args<'_>) -> Result<Reply, RpcError> {
    let full = args.optional(1, "full")?.unwrap_or(false);
    api.reply(&block_by_number(api, args)?.map(|block| shapes::block(&block, full)))
}

/// `eth_getBlockByHash(blockHash, full)`
pub(crate) fn by_hash(api: &Api, args: &Args<'_>) -> Result<Reply, RpcError> {
    let full = args.optional(1, "full")?.unwrap_or(false);
    api.reply(&block_by_hash(api, args)?.map(|block| shapes::block(&block, full)))
}

/// `eth_getHeaderByNumber(block)`
pub(crate) fn header_by_number(api: &Api, args: &Args<'_>) -> Result<Reply, RpcError> {
    let number: BlockNumberOrTag = args.required(0, "block")?;
    let header = match api.find(number.into())? {
        Some(height) => Some(shapes::header(&api.header(height)?, None)),
        None => None,
    };
    api.reply(&header)
}

/// `eth_getHeaderByHash(blockHash)`
pub(crate) fn header_by_hash(api: &Api, args: &Args<'_>) -> Result<Reply, RpcError> {
    let hash: B256 = args.hex(0, "blockHash")?;
    let header = api.chain().header(hash)?;
    api.reply(&header.map(|header| shapes::header(&header, None)))
}

/// `eth_getBlockReceipts(block)`
pub(crate) fn receipts(api: &Api, args: &Args<'_>) -> Result<Reply, RpcError> {
    let id: BlockId = args.required(0, "block")?;
    api.reply(&block(api, id)?.map(|block| shapes::receipts(&block)))
}

fn transaction_count(api: &Api, block: Option<Arc<FinalizedBlock>>) -> Result<Reply, RpcError> {
    api.reply(&block.map(|block| U64::from(block.block().transactions().len())))
}

/// `eth_getBlockTransactionCountByNumber(block)`
pub(crate) fn transaction_count_by_number(api: &Api, args: &Args<'_>) -> Result<Reply, RpcError> {
    transaction_count(api, block_by_number(api, args)?)
}

/// `eth_getBlockTransactionCountByHash(blockHash)`
pub(crate) fn transaction_count_by_hash(api: &Api, args: &Args<'_>) -> Result<Reply, RpcError> {
    transaction_count(api, block_by_hash(api, args)?)
}

/// `eth_getUncleCountByBlockNumber(block)`: none, ever.
pub(crate) fn uncle_count_by_number(api: &Api, args: &Args<'_>) -> Result<Reply, RpcError> {
    api.reply(&block_by_number(api, args)?.map(|_| U64::ZERO))
}

/// `eth_getUncleCountByBlockHash(blockHash)`: none, ever.
pub(crate) fn uncle_count_by_hash(api: &Api, args: &Args<'_>) -> Result<Reply, RpcError> {
    api.reply(&block_by_hash(api, args)?.map(|_| U64::ZERO))
}

/// `eth_getUncleByBlockNumberAndIndex(block, index)`: null.
pub(crate) fn uncle_by_number(api: &Api, args: &Args<'_>) -> Result<Reply, RpcError> {
    let _: BlockNumberOrTag = args.required(0, "block")?;
    let _: Index = args.required(1, "index")?;
    api.reply(&())
}

/// `eth_getUncleByBlockHashAndIndex(blockHash, index)`: null.
pub(crate) fn uncle_by_hash(api: &Api, args: &Args<'_>) -> Result<Reply, RpcError> {
    let _: B256 = args.hex(0, "blockHash")?;
    let _: Index = args.required(1, "index")?;
    api.reply(&())
}

/// `debug_getRawHeader(block)`: the RLP whose keccak256 is the block hash.
pub(crate) fn raw_header(api: &Api, args: &Args<'_>) -> Result<Reply, RpcError> {
    let height = api.height_of(args.required(0, "block")?)?;
    let header = api.header(height)?;
    api.reply(&Bytes::from(alloy_rlp::encode(header.inner())))
}

/// `debug_getRawBlock(block)`
pub(crate) fn raw_block(api: &Api, args: &Args<'_>) -> Result<Reply, RpcError> {
    let height = api.height_of(args.required(0, "block")?)?;
    api.reply(&api.block(height)?.block().encode())
}

/// `debug_getRawReceipts(block)`: the values of the receipts trie.
pub(crate) fn raw_receipts(api: &Api, args: &Args<'_>) -> Result<Reply, RpcError> {
    let height = api.height_of(args.required(0, "block")?)?;
    let block = api.block(height)?;
    let encoded: Vec<Bytes> =
        block.receipts().iter().map(|receipt| receipt.with_bloom_ref().encoded_2718().into()).collect();
    api.reply(&encoded)
}
