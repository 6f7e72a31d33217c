use std::collections::BTreeMap;

use alloy::rpc::{json_rpc::ErrorPayload, types::Log as RpcLog};
use alloy_primitives::{B256, U64};
use futures::{StreamExt, TryStreamExt, stream};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Event, EventFilter, KeptEvents, Reader};
use crate::{LedgerError, connection::Failure};

/// The code of blocks that a node no longer has.
const HISTORY_PRUNED: i64 = 4444;

impl Reader {
    /// Final events that match, in chain order. That none is left out is the node's word; [`Self::verify_event`] proves one. A block that is named is to be final here: what a node that
    /// is behind has not yet is not taken for nothing.
    pub(crate) async fn events(&self, filter: &EventFilter, limit: usize) -> Result<Vec<Event>, LedgerError> {
        let found = self.found(filter, limit).await?;
        self.dated(filter, found).await
    }

    /// The same as the node tells them: their blocks are not looked at, and their times are 0.
    pub(crate) async fn told_events(&self, filter: &EventFilter, limit: usize) -> Result<Vec<Event>, LedgerError> {
        let found = self.found(filter, limit).await?;
        self.ordered(filter, found)
    }

    async fn found(&self, filter: &EventFilter, limit: usize) -> Result<Vec<RpcLog>, LedgerError> {
        let newest = self.head().await?.number;
        let last = filter.to_block.unwrap_or(newest);
        if last > newest {
            let reason = format!("events up to block {last} are asked for, and its newest final block is {newest}");
            return Err(LedgerError::ChainUnreachable { chain: self.name(), reason });
        }
        let mut found = Vec::new();
        let mut span = self.connection.limits.max_log_blocks.max(1);
        let mut from = filter.from_block;
        while from <= last {
            let to = last.min(from.saturating_add(span - 1));
            match self.logs(filter, from, to).await {
                Ok(logs) => {
                    found.extend(logs);
                    if found.len() > limit {
                        return Err(LedgerError::TooManyEvents { chain: self.name(), limit });
                    }
                    from = to.saturating_add(1);
                }
                // Nodes bound the range or the number of logs, each in its own words: ask for less until it is one block.
                Err(Failure::Refused(_)) if span > 1 => span = (span / 2).max(1),
                Err(failure) => return Err(self.connection.refusal("eth_getLogs", failure)),
            }
        }
        Ok(found)
    }

    /// The newest final events that match, newest first, at most `limit`: looked for backwards, block range by block range.
    pub(crate) async fn latest_events(&self, filter: &EventFilter, limit: usize) -> Result<Vec<Event>, LedgerError> {
        Ok(self.backwards(filter, limit, Forgotten::Refused).await?.events)
    }

    /// The same of the blocks that the node still has.
    pub(crate) async fn latest_kept_events(
        &self,
        filter: &EventFilter,
        limit: usize,
    ) -> Result<KeptEvents, LedgerError> {
        self.backwards(filter, limit, Forgotten::LeftOut).await
    }

    async fn backwards(
        &self,
        filter: &EventFilter,
        limit: usize,
        forgotten: Forgotten,
    ) -> Result<KeptEvents, LedgerError> {
        let mut first = filter.from_block;
        let newest = self.head().await?.number;
        let mut to = filter.to_block.map_or(newest, |block| block.min(newest));
        let mut found: Vec<RpcLog> = Vec::new();
        let mut span = self.connection.limits.max_log_blocks.max(1);
        while found.len() < limit && to >= first {
            let from = to.saturating_sub(span - 1).max(first);
            match self.logs(filter, from, to).await {
                Ok(logs) => found.extend(logs),
                Err(Failure::Refused(refusal))
                    if forgotten == Forgotten::LeftOut && earliest_block(&refusal).is_some_and(|it| it > first) =>
                {
                    first = earliest_block(&refusal).unwrap_or(first);
                    continue;
                }
                Err(Failure::Refused(_)) if span > 1 => {
                    span = (span / 2).max(1);
                    continue;
                }
                Err(failure) => return Err(self.connection.refusal("eth_getLogs", failure)),
            }
            let Some(before) = from.checked_sub(1) else { break };
            to = before;
        }
        found.sort_by_key(|log| std::cmp::Reverse((log.block_number, log.log_index)));
        found.truncate(limit);
        let mut events = self.dated(filter, found).await?;
        events.reverse();
        Ok(KeptEvents { events, first_block: first })
    }

    /// Proves that the event stands in its block as given.
    pub(crate) async fn verify_event(&self, event: &Event) -> Result<super::Finality, LedgerError> {
        let body = self.body(event.block_number).await?;
        let index = body.index(event.tx_hash).ok_or_else(|| self.refused("TransactionNotIncluded"))?;
        if body.events(index, event.tx_hash).contains(event) {
            Ok(body.block.finality.clone())
        } else {
            Err(self.refused("ReceiptNotIncluded"))
        }
    }

    /// Every event of a final block, none left out: the root of its receipts is computed here.
    pub(crate) async fn block_events(&self, number: u64) -> Result<(super::Finality, Vec<Event>), LedgerError> {
        let body = self.body(number).await?;
        Ok((body.block.finality.clone(), body.all_events()))
    }

    async fn logs(&self, filter: &EventFilter, from: u64, to: u64) -> Result<Vec<RpcLog>, Failure> {
        self.connection.attempt("eth_getLogs", (query(filter, from, to),)).await
    }

    /// Checks that the node answered what was asked.
    fn ordered(&self, filter: &EventFilter, logs: Vec<RpcLog>) -> Result<Vec<Event>, LedgerError> {
        let mut events = Vec::with_capacity(logs.len());
        for log in logs {
            events.push(self.event(filter, log)?);
        }
        events.sort_by_key(|event| (event.block_number, event.log_index));
        events.dedup_by_key(|event| (event.block_number, event.log_index));
        Ok(events)
    }

    /// The same, with the times of the blocks.
    async fn dated(&self, filter: &EventFilter, logs: Vec<RpcLog>) -> Result<Vec<Event>, LedgerError> {
        let mut events = self.ordered(filter, logs)?;
        let mut times: BTreeMap<u64, (B256, u64)> = BTreeMap::new();
        let mut numbers: Vec<u64> = events.iter().map(|event| event.block_number).collect();
        numbers.dedup();
        let parallel = self.connection.limits.max_parallel_requests;
        let mut blocks = stream::iter(numbers).map(|number| self.block(number)).buffer_unordered(parallel);
        while let Some(block) = blocks.try_next().await? {
            times.insert(block.number, (block.hash, block.time_ms));
        }
        for event in &mut events {
            let (hash, time_ms) = times.get(&event.block_number).copied().unwrap_or_default();
            if hash != event.block_hash {
                return Err(self.refused("HeaderHashMismatch"));
            }
            event.block_time_ms = time_ms;
        }
        Ok(events)
    }

    fn event(&self, filter: &EventFilter, log: RpcLog) -> Result<Event, LedgerError> {
        let (Some(block_number), Some(block_hash), Some(tx_hash), Some(log_index)) =
            (log.block_number, log.block_hash, log.transaction_hash, log.log_index)
        else {
            return Err(self.connection.malformed("eth_getLogs", "an event without its place"));
        };
        let event = Event {
            block_number,
            block_hash,
            block_time_ms: 0,
            tx_hash,
            log_index,
            contract: log.inner.address,
            topics: log.inner.data.topics().to_vec(),
            data: log.inner.data.data,
        };
        if filter.matches(&event) {
            Ok(event)
        } else {
            Err(self.connection.malformed("eth_getLogs", "an event that was not asked for"))
        }
    }
}

/// What of blocks that a node no longer has.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Forgotten {
    Refused,
    LeftOut,
}

/// The earliest block that a node says it still has (EIP-4444 as geth answers it, `docs/specs/rpc.md`); `None`: it refuses for another reason.
fn earliest_block(refusal: &ErrorPayload) -> Option<u64> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Kept {
        earliest_block: U64,
    }
    if refusal.code != HISTORY_PRUNED {
        return None;
    }
    let kept: Kept = serde_json::from_str(refusal.data.as_deref()?.get()).ok()?;
    Some(kept.earliest_block.to())
}

impl EventFilter {
    fn matches(&self, event: &Event) -> bool {
        let contract = self.contracts.is_empty() || self.contracts.contains(&event.contract);
        let topics = self.topics.iter().enumerate().all(|(position, alternatives)| {
            alternatives.is_empty() || event.topics.get(position).is_some_and(|topic| alternatives.contains(topic))
        });
        contract && topics && event.block_number >= self.from_block
    }
}

fn query(filter: &EventFilter, from: u64, to: u64) -> Value {
    let used = filter.topics.iter().rposition(|alternatives| !alternatives.is_empty());
    let topics: Vec<Value> = filter.topics[..used.map_or(0, |position| position + 1)]
        .iter()
        .map(|alternatives| if alternatives.is_empty() { Value::Null } else { json!(alternatives) })
        .collect();
    let mut query = json!({ "fromBlock": U64::from(from), "toBlock": U64::from(to), "topics": topics });
    if !filter.contracts.is_empty() {
        query["address"] = json!(filter.contracts);
    }
    query
}
