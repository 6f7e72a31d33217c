//! What was begun on a chain and not ended, out of the events of a contract: from the newest block back to the first, so that nothing is too old to be found, a page at a time, so
//! that a long history keeps nobody waiting. What is newer than the last look is looked through in the same way.

use std::collections::BTreeSet;

use alloy_primitives::{Address, B256, U256};
use alloy_sol_types::SolEvent as _;
use chancery_contracts::{Alliance, StoreNode};
use chancery_ledger::{Chain, EventFilter, LedgerError};
use futures::{StreamExt as _, TryStreamExt as _, stream};

use crate::{
    alliance::{decision::RequestState, store::Outcome},
    contracts::{AllianceContract, NodeContract, ViewError},
};

/// Blocks of a page.
const PAGE_BLOCKS: u64 = 10_000;
/// Events of a page; of more, fewer blocks are read.
const MAX_EVENTS: usize = 16_384;
/// Ends that are remembered until their beginning is met; what is forgotten is asked of the contract.
const MAX_ENDS: usize = 65_536;
/// Questions at a time.
const PARALLEL: usize = 16;

/// Where something begins and ends.
#[derive(Clone, Debug)]
pub(crate) enum Register {
    /// Requests that are sequenced, until they are decided.
    Requests(AllianceContract),
    /// Parts that are reserved, until they are applied or released.
    Reservations(NodeContract),
}

impl Register {
    const fn chain(&self) -> &Chain {
        match self {
            Self::Requests(alliance) => &alliance.chain,
            Self::Reservations(node) => &node.chain,
        }
    }

    const fn contract(&self) -> Address {
        match self {
            Self::Requests(alliance) => alliance.address,
            Self::Reservations(node) => node.address,
        }
    }

    /// The event that begins, and those that end.
    const fn topics(&self) -> [B256; 3] {
        match self {
            Self::Requests(_) => [
                Alliance::Sequenced::SIGNATURE_HASH,
                Alliance::Committed::SIGNATURE_HASH,
                Alliance::Aborted::SIGNATURE_HASH,
            ],
            Self::Reservations(_) => [
                StoreNode::Reserved::SIGNATURE_HASH,
                StoreNode::Applied::SIGNATURE_HASH,
                StoreNode::Released::SIGNATURE_HASH,
            ],
        }
    }

    /// Whether a number has no end in the newest final block.
    async fn is_unended(&self, number: u64) -> Result<bool, ViewError> {
        Ok(match self {
            Self::Requests(alliance) => {
                alliance.decision(number).await?.is_some_and(|decision| decision.state() == RequestState::Sequenced)
            }
            Self::Reservations(node) => node.outcome(number).await? == Some(Outcome::Reserved),
        })
    }

    /// Those of them that have no end in the newest final block, in their order.
    ///
    /// # Errors
    /// The chain does not answer, or answers something else.
    pub(crate) async fn unended(&self, numbers: Vec<u64>) -> Result<Vec<u64>, ViewError> {
        // None begins before it is its turn.
        let asked: Vec<_> = numbers
            .into_iter()
            .map(|number| async move { Ok::<_, ViewError>(self.is_unended(number).await?.then_some(number)) })
            .collect();
        let all: Vec<_> = stream::iter(asked).buffered(PARALLEL).try_collect().await?;
        Ok(all.into_iter().flatten().collect())
    }

    /// Numbers without an end, of the next page; `None`: there is none until there are new blocks. The same again until [`Sweep::turn`].
    ///
    /// # Errors
    /// The chain does not answer, or answers something else.
    pub(crate) async fn page(&self, sweep: &mut Sweep) -> Result<Option<Page>, ViewError> {
        let head = self.chain().head().await?.number;
        loop {
            let Some((first, last)) = sweep.next(head) else { return Ok(None) };
            let filter = EventFilter {
                contracts: vec![self.contract()],
                topics: [self.topics().to_vec(), Vec::new(), Vec::new(), Vec::new()],
                from_block: first,
                to_block: Some(last),
            };
            let events = match self.chain().told_events(&filter, MAX_EVENTS).await {
                Err(LedgerError::TooManyEvents { .. }) if last > first => {
                    sweep.span = (last - first).div_ceil(2);
                    continue;
                }
                events => events?,
            };
            let [begun, ..] = self.topics();
            let told = events.iter().filter_map(|event| {
                let number = u64::try_from(U256::from_be_bytes(event.topics.get(1)?.0)).ok()?;
                Some((event.topics.first() == Some(&begun), number))
            });
            let mut ends = sweep.ends.clone();
            let candidates = sift(told.rev(), &mut ends);
            let numbers = self.unended(candidates).await?;
            return Ok(Some(Page { first, ends, numbers }));
        }
    }

    /// All of them, ascending.
    ///
    /// # Errors
    /// As [`Self::page`].
    pub(crate) async fn all(&self) -> Result<Vec<u64>, ViewError> {
        let (mut sweep, mut all) = (Sweep::default(), BTreeSet::new());
        while let Some(page) = self.page(&mut sweep).await? {
            all.extend(page.numbers.iter().copied());
            if sweep.turn(page) {
                break;
            }
        }
        Ok(all.into_iter().collect())
    }
}

/// What a page has.
#[derive(Debug)]
pub(crate) struct Page {
    first: u64,
    ends: BTreeSet<u64>,
    /// Newest first.
    pub(crate) numbers: Vec<u64>,
}

/// How far a register was looked through.
#[derive(Debug)]
pub(crate) struct Sweep {
    /// Everything up to this block was.
    swept_to: Option<u64>,
    /// The newest block of the look that is under way, and the newest that is still to be read of it.
    under_way: Option<(u64, u64)>,
    /// Ends whose beginnings lie further back.
    ends: BTreeSet<u64>,
    span: u64,
}

impl Default for Sweep {
    fn default() -> Self {
        Self { swept_to: None, under_way: None, ends: BTreeSet::new(), span: PAGE_BLOCKS }
    }
}

impl Sweep {
    /// The page took too long: the next one has fewer blocks.
    pub(crate) fn narrow(&mut self) {
        self.span = (self.span / 2).max(1);
    }

    /// First and last block of the next page.
    fn next(&mut self, head: u64) -> Option<(u64, u64)> {
        let floor = self.floor();
        let (_, last) = match self.under_way {
            Some(under_way) => under_way,
            None if floor > head => return None,
            None => *self.under_way.insert((head, head)),
        };
        Some((last.saturating_sub(self.span - 1).max(floor), last))
    }

    fn floor(&self) -> u64 {
        self.swept_to.map_or(0, |block| block.saturating_add(1))
    }

    /// Its numbers are taken care of; whether that was the last page for now.
    pub(crate) fn turn(&mut self, page: Page) -> bool {
        let (floor, Page { first, ends, .. }) = (self.floor(), page);
        self.ends = ends;
        self.span = self.span.saturating_mul(2).min(PAGE_BLOCKS);
        let Some((top, _)) = self.under_way else { return true };
        match first.checked_sub(1).filter(|last| *last >= floor) {
            Some(last) => {
                self.under_way = Some((top, last));
                false
            }
            None => {
                self.swept_to = Some(top);
                self.under_way = None;
                self.ends.clear();
                true
            }
        }
    }
}

/// Numbers that were begun without an end, newest first, out of events from the newest to the oldest: whether each is a beginning, and of which number.
fn sift(events: impl Iterator<Item = (bool, u64)>, ends: &mut BTreeSet<u64>) -> Vec<u64> {
    let mut unended = Vec::new();
    for (is_beginning, number) in events {
        if !is_beginning {
            ends.insert(number);
            while ends.len() > MAX_ENDS {
                ends.pop_last();
            }
        } else if !ends.remove(&number) {
            unended.push(number);
        }
    }
    unended
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn page(first: u64, ends: &[u64]) -> Page {
        Page { first, ends: ends.iter().copied().collect(), numbers: Vec::new() }
    }

    // A-MORE-1: however old it is; and a page that could not be taken is read again.
    #[test]
    fn pages_go_back_to_the_first_block_and_then_from_where_it_was_looked_last() {
        let mut sweep = Sweep::default();
        assert_eq!(sweep.next(25_000), Some((15_001, 25_000)));
        assert_eq!(sweep.next(26_000), Some((15_001, 25_000)), "it was not turned");
        assert!(!sweep.turn(page(15_001, &[7])));
        // Many events: smaller, and then larger again.
        sweep.span = 100;
        assert_eq!(sweep.next(26_000), Some((14_901, 15_000)));
        assert!(!sweep.turn(page(14_901, &[7])));
        assert_eq!(sweep.next(26_000), Some((14_701, 14_900)));
        sweep.span = PAGE_BLOCKS;
        assert!(!sweep.turn(page(4_901, &[])));
        assert_eq!(sweep.next(26_000), Some((0, 4_900)));
        assert!(sweep.turn(page(0, &[7])) && sweep.ends.is_empty());
        assert_eq!(sweep.next(25_000), None);
        assert_eq!(sweep.next(26_000), Some((25_001, 26_000)));
        assert!(sweep.turn(page(25_001, &[])));
        assert_eq!((sweep.next(26_000), sweep.floor()), (None, 26_001));
    }

    #[test]
    fn what_ends_later_was_not_left() {
        let mut ends = BTreeSet::new();
        // Newest first: 3 ends, 2 begins, 3 begins, 1 ends.
        let newer = [(false, 3), (true, 2), (true, 3), (false, 1)];
        assert_eq!(sift(newer.into_iter(), &mut ends), [2]);
        assert_eq!(ends, BTreeSet::from([1]), "its beginning is further back");
        assert_eq!(sift([(true, 1), (true, 0)].into_iter(), &mut ends), [0]);
        assert!(ends.is_empty());
    }
}
