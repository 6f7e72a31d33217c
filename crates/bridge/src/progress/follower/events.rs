//! Proven events of a range of blocks.

use chancery_ledger::{Chain, Event, EventFilter, LedgerError};
use futures::{StreamExt as _, TryStreamExt as _, stream};

/// Most events that are read of a chain in one turn.
const MAX_EVENTS: usize = 16_384;
/// Events that are proven at the same time.
const PARALLEL_PROOFS: usize = 8;

/// Proven events of the blocks from `first` on, and the last block that was read: fewer than asked for where there are many events.
pub(super) async fn read_events(
    chain: &Chain,
    filter: EventFilter,
    first: u64,
    mut last: u64,
) -> Result<(Vec<Event>, u64), LedgerError> {
    if first > last {
        return Ok((Vec::new(), last));
    }
    let events = loop {
        let filter = EventFilter { from_block: first, to_block: Some(last), ..filter.clone() };
        match chain.events(&filter, MAX_EVENTS).await {
            Err(LedgerError::TooManyEvents { .. }) if last > first => last = first + (last - first) / 2,
            result => break result?,
        }
    };
    // None begins before it is its turn.
    let proofs: Vec<_> = events.iter().map(|event| chain.verify_event(event)).collect();
    let mut proofs = stream::iter(proofs).buffered(PARALLEL_PROOFS);
    while proofs.try_next().await?.is_some() {}
    drop(proofs);
    Ok((events, last))
}
