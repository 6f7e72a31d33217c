//! Events newest first, as many as are wanted. A query that would find too many is refused, and whoever makes events decides how many there are: so it is asked for fewer blocks then, and
//! nobody can make the newest ones unreadable.

use alloy_primitives::{Address, B256};
use chancery_reference_points::{
    Code, DoorResult,
    chain_records::{EventQuery, EventRecord},
    s2p::Retrieval,
};

use super::Directory;

/// Most queries for events of one answer.
const MAX_QUERIES: usize = 256;
/// What is left of the blocks of a query that would have found too many: one of so many.
const FEWER: u64 = 8;

/// How many queries one answer may still make, up to a block.
#[derive(Debug)]
pub(in crate::directory) struct Search {
    head: u64,
    left: usize,
    /// Unix milliseconds.
    since_ms: u64,
}

/// What was found.
#[derive(Debug)]
pub(in crate::directory) struct Found {
    /// In chain order; those that were wanted are the last ones.
    pub(in crate::directory) events: Vec<EventRecord>,
    /// Whether there are no older ones, of the time that is looked for.
    pub(in crate::directory) is_whole: bool,
    /// Whether every block that was looked at has no more than a query answers.
    pub(in crate::directory) is_gapless: bool,
}

impl Search {
    /// Looks no further than a block, the newest.
    pub(in crate::directory) const fn up_to(head: u64) -> Self {
        Self { head, left: MAX_QUERIES, since_ms: 0 }
    }

    /// Looks no further back than is needed for all from a time on, Unix milliseconds.
    pub(in crate::directory) const fn since(self, since_ms: u64) -> Self {
        Self { since_ms, ..self }
    }

    /// The block.
    pub(in crate::directory) const fn head(&self) -> u64 {
        self.head
    }
}

impl Directory {
    /// The newest final events of a contract that somebody named: at least as many as are wanted, where there are, and no more than a query finds beyond them.
    pub(in crate::directory) async fn newest(
        &self,
        chains: &dyn Retrieval,
        search: &mut Search,
        contract: Address,
        topics: [Vec<B256>; 4],
        wanted: usize,
    ) -> DoorResult<Found> {
        let (mut events, mut is_gapless) = (Vec::new(), true);
        let (mut last, mut blocks) = (search.head, search.head.saturating_add(1));
        loop {
            if search.left == 0 {
                return Ok(Found { events, is_whole: false, is_gapless });
            }
            search.left -= 1;
            let first = last.saturating_sub(blocks - 1);
            match self.events(chains, contract, topics.clone(), first, last).await? {
                Some(mut older) => {
                    older.append(&mut events);
                    events = older;
                }
                None if blocks > 1 => {
                    blocks = (blocks / FEWER).max(1);
                    continue;
                }
                // More in one block than a query answers.
                None => is_gapless = false,
            }
            let is_end = first == 0 || events.first().is_some_and(|oldest| oldest.block_time_ms < search.since_ms);
            if is_end || events.len() >= wanted {
                return Ok(Found { events, is_whole: is_end && is_gapless, is_gapless });
            }
            last = first - 1;
            blocks = blocks.saturating_mul(2);
        }
    }

    /// Final events of a contract in a range of blocks, in chain order; `None` when they are more than one query answers.
    pub(in crate::directory) async fn events(
        &self,
        chains: &dyn Retrieval,
        contract: Address,
        topics: [Vec<B256>; 4],
        from_block: u64,
        to_block: u64,
    ) -> DoorResult<Option<Vec<EventRecord>>> {
        let (chain, contract, to_block) = (Some(self.at.chain.clone()), Some(contract), Some(to_block));
        match chains.events(EventQuery { chain, contract, topics, from_block, to_block, ..EventQuery::default() }).await
        {
            Ok(events) => Ok(Some(events)),
            Err(error) if error.code() == Code::MalformedRequest => Ok(None),
            Err(error) => Err(error),
        }
    }
}
