//! Finding logs through the blooms of headers.

use std::ops::RangeInclusive;

use alloy_primitives::{B256, Log};
use alloy_rpc_types_eth::Filter;

use crate::{Blockchain, FinalizedBlock, StoreError};

/// A log and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MatchedLog {
    /// The log.
    pub log: Log,
    /// Number of its block.
    pub height: u64,
    /// Hash of its block.
    pub block_hash: B256,
    /// Timestamp of its block, in seconds.
    pub timestamp: u64,
    /// Hash of its transaction.
    pub transaction_hash: B256,
    /// Index of its transaction in the block.
    pub transaction_index: u32,
    /// Index of the log in the block.
    pub log_index: u32,
}

/// Why a log query has no answer.
#[derive(Debug, thiserror::Error)]
pub enum LogsError {
    /// More logs match than the caller allows.
    #[error("more than {limit} logs match: ask for fewer blocks (those up to {complete_to:?} are within the limit)")]
    TooMany {
        /// The caller's limit.
        limit: usize,
        /// The last height whose logs still fit; `None` when not even those of the first block do.
        complete_to: Option<u64>,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The logs of a block that match addresses and topics of `filter`, in order.
pub fn matching_logs<'a>(block: &'a FinalizedBlock, filter: &'a Filter) -> impl Iterator<Item = MatchedLog> + 'a {
    let header = block.block().header();
    let transactions = block.block().transactions().iter().zip(block.receipts().iter()).enumerate();
    let mut next_log = 0u32;
    transactions.flat_map(move |(index, (transaction, receipt))| {
        let first_log = next_log;
        next_log += receipt.logs.len() as u32;
        let matching = receipt.logs.iter().enumerate().filter(|(_, log)| filter.matches(log));
        matching.map(move |(offset, log)| MatchedLog {
            log: log.clone(),
            height: header.number,
            block_hash: header.hash(),
            timestamp: header.timestamp,
            transaction_hash: transaction.hash(),
            // A block has far fewer than 2^32 transactions and logs: each costs gas.
            transaction_index: index as u32,
            log_index: first_log + offset as u32,
        })
    })
}

/// See [`Blockchain::logs`].
pub(crate) fn logs(
    chain: &Blockchain,
    filter: &Filter,
    range: RangeInclusive<u64>,
    limit: usize,
) -> Result<Vec<MatchedLog>, LogsError> {
    let (first, last) = (*range.start(), (*range.end()).min(chain.head().block().height()));
    let mut found = Vec::new();
    for height in first..=last {
        let Some(header) = chain.header(height)? else { continue };
        if !filter.matches_bloom(header.logs_bloom) {
            continue;
        }
        let Some(block) = chain.block(height)? else { continue };
        found.extend(matching_logs(&block, filter).take(limit - found.len() + 1));
        if found.len() > limit {
            return Err(LogsError::TooMany { limit, complete_to: (height > first).then(|| height - 1) });
        }
    }
    Ok(found)
}
