//! Fees: gas is free, so most answers are zero.

use alloy_eips::BlockNumberOrTag;
use alloy_primitives::{U64, U256};
use alloy_rpc_types_eth::FeeHistory;
use serde::Deserialize;

use super::Reply;
use crate::{api::Api, error::RpcError, params::Args};

/// The blob base fee of a chain without blobs: the protocol's minimum (EIP-4844 `MIN_BASE_FEE_PER_BLOB_GAS`), in wei.
const MIN_BLOB_BASE_FEE: u64 = 1;

/// `eth_gasPrice`, `eth_maxPriorityFeePerGas`, `eth_baseFee`: nothing.
pub(crate) fn zero(api: &Api, _: &Args<'_>) -> Result<Reply, RpcError> {
    api.reply(&U64::ZERO)
}

/// `eth_blobBaseFee`
pub(crate) fn blob_base_fee(api: &Api, _: &Args<'_>) -> Result<Reply, RpcError> {
    api.reply(&U64::from(MIN_BLOB_BASE_FEE))
}

/// A count as a hexadecimal quantity, or as a number or decimal text as older clients send it.
#[derive(Deserialize)]
#[serde(untagged)]
enum Count {
    Number(u64),
    Quantity(U256),
}

/// `eth_feeHistory(blockCount, newestBlock, rewardPercentiles)`
pub(crate) fn history(api: &Api, args: &Args<'_>) -> Result<Reply, RpcError> {
    let count = match args.required(0, "blockCount")? {
        Count::Number(count) => count,
        Count::Quantity(count) => count.saturating_to(),
    };
    let newest: BlockNumberOrTag = args.required(1, "newestBlock")?;
    let percentiles: Option<Vec<f64>> = args.optional(2, "rewardPercentiles")?;
    if let Some(percentiles) = &percentiles {
        check_percentiles(api, percentiles)?;
    }

    let newest = api.height_of(newest.into())?;
    // As geth does it: a count above the limit gets the limit, for wallets ask without knowing it.
    let count = count.min(api.limits().max_fee_history_blocks).min(newest.saturating_add(1));
    let oldest = (newest + 1).saturating_sub(count);
    let mut gas_used_ratio = Vec::new();
    for height in oldest..oldest + count {
        let header = api.header(height)?;
        gas_used_ratio.push(header.gas_used as f64 / header.gas_limit.max(1) as f64);
    }
    let blocks = gas_used_ratio.len();
    if blocks == 0 {
        return api.reply(&FeeHistory::default());
    }
    api.reply(&FeeHistory {
        base_fee_per_gas: vec![0; blocks + 1],
        base_fee_per_blob_gas: vec![MIN_BLOB_BASE_FEE.into(); blocks + 1],
        blob_gas_used_ratio: vec![0.0; blocks],
        oldest_block: oldest,
        // Nobody needs to pay, so a wallet that pays what others pay should pay nothing, whatever some chose to pay.
        reward: percentiles.map(|percentiles| vec![vec![0; percentiles.len()]; blocks]),
        gas_used_ratio,
    })
}

fn check_percentiles(api: &Api, percentiles: &[f64]) -> Result<(), RpcError> {
    let most = api.limits().max_fee_history_percentiles;
    if percentiles.len() > most as usize {
        return Err(RpcError::TooMuch {
            limit: "max_fee_history_percentiles",
            value: most.into(),
            message: format!("{} reward percentiles", percentiles.len()),
        });
    }
    let outside = percentiles.iter().any(|percentile| !(0.0..=100.0).contains(percentile));
    if outside || percentiles.windows(2).any(|pair| pair[0] > pair[1]) {
        return Err(RpcError::invalid_params("invalid reward percentile: must rise from 0 to 100"));
    }
    Ok(())
}
