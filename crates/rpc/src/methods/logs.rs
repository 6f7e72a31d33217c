//! Log queries and the filters that repeat them.

use std::{ops::RangeInclusive, time::Instant};

use alloy_eips::BlockNumberOrTag;
use alloy_primitives::{B256, U256};
use alloy_rpc_types_eth::{Filter, FilterBlockOption, Log};
use chancery_execution::LogsError;
use tokio::sync::broadcast::error::TryRecvError;

use super::Reply;
use crate::{
    api::{Api, recovered},
    error::RpcError,
    filters::{FilterKey, FilterKind},
    params::Args,
    shapes,
};

/// Refuses a filter that names more addresses or topics than a filter may.
pub(crate) fn check_filter(api: &Api, filter: &Filter) -> Result<(), RpcError> {
    let most = api.limits().max_log_filter_values;
    let longest = filter.topics.iter().map(|topic| topic.len()).chain([filter.address.len()]).max();
    match longest {
        Some(values) if values > most as usize => Err(RpcError::TooMuch {
            limit: "max_log_filter_values",
            value: most.into(),
            message: format!("exceed max topics or addresses: {values}"),
        }),
        _ => Ok(()),
    }
}

/// Whether a query may ask about blocks that are still to come.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Future {
    /// No: who asks learns that the answer would leave something out.
    Refused,
    /// Yes: an installed filter waits for them.
    Awaited,
}

/// The heights that a filter asks about; nothing when all of them are still to come.
fn heights(api: &Api, option: &FilterBlockOption, future: Future) -> Result<Option<RangeInclusive<u64>>, RpcError> {
    let (from, to) = match option {
        FilterBlockOption::AtBlockHash(hash) => {
            let height = api.height_of((*hash).into())?;
            // Whether it is here with its receipts.
            api.block(height)?;
            return Ok(Some(height..=height));
        }
        FilterBlockOption::Range { from_block, to_block } => (from_block, to_block),
    };
    let head = api.head_height();
    let resolve = |tag: &Option<BlockNumberOrTag>| match tag {
        Some(BlockNumberOrTag::Number(height)) => *height,
        Some(BlockNumberOrTag::Earliest) => 0,
        _ => head,
    };
    let (from, to) = (resolve(from), resolve(to));
    if from > to {
        return Err(RpcError::invalid_params(format!("invalid block range params: from block {from} to block {to}")));
    }
    if to > head && future == Future::Refused {
        return Err(RpcError::invalid_params(format!("block range extends beyond current head block {head}")));
    }
    let to = to.min(head);
    if from > to {
        return Ok(None);
    }
    // What is not here must not look like a block without logs. The genesis has none.
    let earliest = api.chain().earliest_block()?;
    if from.max(1) < earliest && to > 0 {
        return Err(RpcError::HistoryPruned { height: from.max(1), earliest });
    }
    let most = api.limits().max_log_block_range;
    if to - from >= most {
        let message = format!("exceed maximum block range: blocks {from} to {to}");
        return Err(RpcError::TooMuch { limit: "max_log_block_range", value: most, message });
    }
    Ok(Some(from..=to))
}

/// All logs that a filter asks for.
fn query(api: &Api, filter: &Filter, future: Future) -> Result<Vec<Log>, RpcError> {
    let Some(range) = heights(api, &filter.block_option, future)? else {
        return Ok(Vec::new());
    };
    let from = *range.start();
    let most = api.limits().max_log_results;
    match api.chain().logs(filter, range, most as usize) {
        Ok(found) => Ok(found.into_iter().map(shapes::matched_log).collect()),
        Err(LogsError::Store(fault)) => Err(fault.into()),
        Err(LogsError::TooMany { complete_to, .. }) => {
            let hint = complete_to
                .filter(|to| *to >= from)
                .map(|to| format!(", retry with the range {from:#x}-{to:#x}"))
                .unwrap_or_default();
            let message = format!("query exceeds max results{hint}");
            Err(RpcError::TooMuch { limit: "max_log_results", value: most.into(), message })
        }
    }
}

/// `eth_getLogs(filter)`
pub(crate) fn logs(api: &Api, args: &Args<'_>) -> Result<Reply, RpcError> {
    let filter: Filter = args.required(0, "filter")?;
    check_filter(api, &filter)?;
    api.reply(&query(api, &filter, Future::Refused)?)
}

/// The first parameter as the id of a filter. A number that no filter can have is an unknown filter, not a wrong parameter: clients poll
/// with whatever id another node gave them.
fn filter_key(args: &Args<'_>) -> Result<FilterKey, RpcError> {
    let number: U256 = args.hex(0, "filterId")?;
    FilterKey::checked_from_limbs_slice(number.as_limbs()).ok_or(RpcError::UnknownFilter)
}

fn install(api: &Api, kind: FilterKind) -> Result<Reply, RpcError> {
    api.reply(&api.filters().install(kind, Instant::now())?)
}

/// `eth_newFilter(filter)`
pub(crate) fn new_filter(api: &Api, args: &Args<'_>) -> Result<Reply, RpcError> {
    let filter: Filter = args.required(0, "filter")?;
    check_filter(api, &filter)?;
    if filter.block_option.is_block_hash() {
        return Err(RpcError::invalid_params("a filter of one block never changes: use eth_getLogs"));
    }
    install(api, FilterKind::Logs { filter: Box::new(filter), reported: api.head_height() })
}

/// `eth_newBlockFilter()`
pub(crate) fn new_block_filter(api: &Api, _: &Args<'_>) -> Result<Reply, RpcError> {
    install(api, FilterKind::Blocks { reported: api.head_height() })
}

/// `eth_newPendingTransactionFilter(full)`
pub(crate) fn new_pending_transaction_filter(api: &Api, args: &Args<'_>) -> Result<Reply, RpcError> {
    let full = args.optional(0, "full")?.unwrap_or(false);
    install(api, FilterKind::PendingTransactions { announced: api.pool().subscribe(), full })
}

/// `eth_uninstallFilter(id)`: whether it was there.
pub(crate) fn uninstall_filter(api: &Api, args: &Args<'_>) -> Result<Reply, RpcError> {
    let key = filter_key(args)?;
    api.reply(&api.filters().uninstall(key))
}

/// What a poll has to look up, the filter's lock released.
enum Due {
    Blocks(RangeInclusive<u64>),
    Logs(Box<Filter>, RangeInclusive<u64>),
    Answered(Reply),
}

/// `eth_getFilterChanges(id)`: what is new since the last poll.
pub(crate) fn filter_changes(api: &Api, args: &Args<'_>) -> Result<Reply, RpcError> {
    let key = filter_key(args)?;
    let head = api.head_height();
    let most = api.limits().max_log_block_range;
    let due = api.filters().poll(key, Instant::now(), |kind| match kind {
        FilterKind::Blocks { reported } => {
            let range = *reported + 1..=head.min(reported.saturating_add(most));
            *reported = (*reported).max(*range.end());
            Ok(Due::Blocks(range))
        }
        FilterKind::Logs { filter, reported } => {
            let range = *reported + 1..=head.min(reported.saturating_add(most));
            *reported = (*reported).max(*range.end());
            Ok(Due::Logs(filter.clone(), range))
        }
        FilterKind::PendingTransactions { announced, full } => {
            pending_transactions(api, announced, *full).map(Due::Answered)
        }
    })??;
    match due {
        Due::Answered(reply) => Ok(reply),
        Due::Blocks(range) => {
            let mut hashes: Vec<B256> = Vec::new();
            for height in range {
                hashes.extend(api.chain().hash_at(height)?);
            }
            api.reply(&hashes)
        }
        Due::Logs(filter, range) => changed_logs(api, key, &filter, range),
    }
}

/// The logs of a poll, as many as one answer may have; what does not fit comes with the next poll.
fn changed_logs(api: &Api, key: FilterKey, filter: &Filter, range: RangeInclusive<u64>) -> Result<Reply, RpcError> {
    let (from_bound, to_bound) = filter.extract_block_range();
    let from = (*range.start()).max(from_bound.unwrap_or(0));
    let to = (*range.end()).min(to_bound.unwrap_or(u64::MAX));
    if from > to {
        return api.reply(&[(); 0]);
    }
    let most = api.limits().max_log_results;
    let found = match api.chain().logs(filter, from..=to, most as usize) {
        Ok(found) => found,
        Err(LogsError::Store(fault)) => return Err(fault.into()),
        Err(LogsError::TooMany { complete_to: Some(complete_to), .. }) if complete_to >= from => {
            let found = api.chain().logs(filter, from..=complete_to, most as usize);
            api.filters().poll(key, Instant::now(), |kind| {
                if let FilterKind::Logs { reported, .. } = kind {
                    *reported = (*reported).min(complete_to);
                }
            })?;
            found.map_err(RpcError::internal)?
        }
        Err(LogsError::TooMany { .. }) => {
            let message = format!("block {from} alone exceeds max results: narrow the filter");
            return Err(RpcError::TooMuch { limit: "max_log_results", value: most.into(), message });
        }
    };
    api.reply(&found.into_iter().map(shapes::matched_log).collect::<Vec<_>>())
}

fn pending_transactions(
    api: &Api,
    announced: &mut tokio::sync::broadcast::Receiver<chancery_execution::RecoveredTransaction>,
    full: bool,
) -> Result<Reply, RpcError> {
    let mut transactions = Vec::new();
    while transactions.len() < api.limits().max_pending_transactions_per_poll as usize {
        match announced.try_recv() {
            Ok(transaction) => transactions.push(transaction),
            // What was overwritten is lost to this filter: pending transactions are a hint, not a record.
            Err(TryRecvError::Lagged(_)) => {}
            Err(TryRecvError::Empty | TryRecvError::Closed) => break,
        }
    }
    if full {
        let shaped: Vec<_> = transactions.iter().map(|sent| shapes::transaction(recovered(sent), None)).collect();
        return api.reply(&shaped);
    }
    api.reply(&transactions.iter().map(|sent| sent.hash()).collect::<Vec<_>>())
}

/// `eth_getFilterLogs(id)`: everything that the filter matches, as if it were asked for the first time.
pub(crate) fn filter_logs(api: &Api, args: &Args<'_>) -> Result<Reply, RpcError> {
    let key = filter_key(args)?;
    let filter = api.filters().poll(key, Instant::now(), |kind| match kind {
        FilterKind::Logs { filter, .. } => Some(filter.clone()),
        _ => None,
    })?;
    // geth answers the same for a filter that is none of logs.
    let filter = filter.ok_or(RpcError::UnknownFilter)?;
    api.reply(&query(api, &filter, Future::Awaited)?)
}
