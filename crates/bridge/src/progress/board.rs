//! The state, shared between the follower and those who look at it.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::{Duration, Instant},
};

use alloy_primitives::B256;
use parking_lot::RwLock;
use tokio::sync::watch;

use super::{
    Follower, ProgressWindow, ProposalProgress, RequestProgress,
    proposals::ProposalWindow,
    told::{AllianceFact, Head, Source, Told},
};

mod hearing;

/// A chain that was not read to its newest block for so long is not up to date: twenty turns of the gateway's follower.
pub const MAX_READ_AGE: Duration = Duration::from_secs(10);

/// What has changed, as it is now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum News {
    /// A request with a number.
    Request(Box<RequestProgress>),
    /// One that has none as far as it is reported, or did not have one.
    Proposal(Box<ProposalProgress>),
}

/// Something with the change by which it became so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changed {
    /// It.
    pub news: News,
    /// Number of the change: higher ones are later. They are counted anew in each process.
    pub change: u64,
}

/// How far a chain was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reading {
    /// Its newest final block, when it was read to the end.
    pub head: Head,
    /// That was at most [`MAX_READ_AGE`] ago; if not, its chain is silent, or more is there than was read.
    pub is_up_to_date: bool,
}

#[derive(Debug)]
struct State {
    window: ProgressWindow,
    /// The newest change of each request of the window.
    changes: BTreeMap<u64, u64>,
    last_change: u64,
    /// What is reported of requests without a number.
    proposals: ProposalWindow,
    /// The newest change of each of these.
    proposal_changes: BTreeMap<B256, u64>,
    /// Numbers of the requests of the window by their hashes.
    numbers: BTreeMap<B256, u64>,
    /// Requests that got their number in a later block, Unix milliseconds, are all known, or were; `None`: all that there ever were.
    since_ms: Option<u64>,
    /// When each chain was last read to its newest final block.
    read_at: BTreeMap<Source, Instant>,
}

/// The newest requests of an alliance, as they are now.
#[derive(Debug)]
pub struct ProgressBoard {
    state: RwLock<State>,
    news: watch::Sender<u64>,
}

impl ProgressBoard {
    /// For so many requests.
    #[must_use]
    pub fn new(size: usize) -> Arc<Self> {
        let state = State {
            window: ProgressWindow::new(size),
            changes: BTreeMap::new(),
            last_change: 0,
            proposals: ProposalWindow::new(size),
            proposal_changes: BTreeMap::new(),
            numbers: BTreeMap::new(),
            since_ms: None,
            read_at: BTreeMap::new(),
        };
        Arc::new(Self { state: RwLock::new(state), news: watch::Sender::new(0) })
    }

    /// Takes facts, and tells those who wait if a request is shown differently.
    pub fn take(&self, told: &[Told]) {
        self.take_at(told, Instant::now());
    }

    pub(super) fn take_at(&self, told: &[Told], now: Instant) {
        let mut guard = self.state.write();
        let state = &mut *guard;
        let mut concerned = BTreeSet::new();
        let before_s = state.time_s();
        for fact in told {
            concerned.extend(state.window.apply(fact));
            match fact {
                Told::Head(source, _) => drop(state.read_at.insert(*source, now)),
                Told::Since(time_ms) => state.since_ms = state.since_ms.max(Some(*time_ms)),
                Told::Alliance(..) | Told::Member(..) | Told::Standing(_) => {}
            }
        }
        for number in concerned.iter().copied() {
            state.last_change += 1;
            state.changes.insert(number, state.last_change);
            state.join(number);
        }
        for id in state.proposals.lapsing(before_s, state.time_s()) {
            if !state.numbers.contains_key(&id) {
                state.is_news(id);
            }
        }
        let first = state.window.numbers().next();
        let is_kept = |number: u64| first.is_some_and(|first| number >= first);
        state.changes.retain(|number, _| is_kept(*number));
        for (hash, _) in state.numbers.iter().filter(|(_, number)| !is_kept(**number)) {
            state.proposals.remove(*hash);
        }
        let known = state.numbers.len();
        state.numbers.retain(|_, number| is_kept(*number));
        // Also those that came with what has pushed them out.
        if state.numbers.len() < known
            || told
                .iter()
                .any(|fact| matches!(fact, Told::Alliance(_, AllianceFact::Asked { number, .. }) if !is_kept(*number)))
        {
            let oldest_ms = first.and_then(|first| state.window.time_ms_of(first));
            state.since_ms = state.since_ms.max(oldest_ms);
        }
        state.forget_proposals();
        let last = state.last_change;
        drop(guard);
        self.tell(last);
    }

    /// Tells those who wait, if that change is new to them.
    fn tell(&self, last: u64) {
        self.news.send_if_modified(|known| std::mem::replace(known, last) != last);
    }

    /// Follows until it is dropped. What fails is begun anew; that it fails is logged once, and that it goes on again.
    pub async fn follow(&self, mut follower: Follower, pause: Duration) {
        let mut is_failing = false;
        loop {
            match follower.read().await {
                Ok(told) => {
                    self.take(&told);
                    if is_failing {
                        tracing::info!("the alliance is followed again");
                    }
                    is_failing = false;
                }
                Err(error) => {
                    if !is_failing {
                        tracing::warn!(%error, "the alliance cannot be followed at present");
                    }
                    is_failing = true;
                }
            }
            tokio::time::sleep(pause).await;
        }
    }

    /// Who is of the alliance, and how far each chain was read; `None`: nothing was read yet.
    pub fn standing(&self) -> Option<(super::Standing, BTreeMap<Source, Reading>)> {
        self.standing_at(Instant::now())
    }

    fn standing_at(&self, now: Instant) -> Option<(super::Standing, BTreeMap<Source, Reading>)> {
        let state = self.state.read();
        let standing = state.window.standing()?.clone();
        let of_members = standing.members.iter().map(|member| Source::Member(member.name));
        let sources = std::iter::once(Source::Alliance).chain(of_members);
        let readings = sources.filter_map(|source| {
            let head = state.window.head(source)?;
            let read_at = state.read_at.get(&source);
            let is_up_to_date = read_at.is_some_and(|at| now.saturating_duration_since(*at) <= MAX_READ_AGE);
            Some((source, Reading { head, is_up_to_date }))
        });
        let readings = readings.collect();
        drop(state);
        Some((standing, readings))
    }

    /// A request; `None`: it is none of the newest.
    pub fn request(&self, number: u64) -> Option<RequestProgress> {
        self.state.read().window.request(number)
    }

    /// Requests with numbers below `before`, newest first, at most `limit`.
    pub fn requests(&self, before: Option<u64>, limit: usize) -> Vec<RequestProgress> {
        let state = self.state.read();
        let numbers = state.window.numbers().rev().filter(|number| before.is_none_or(|before| *number < before));
        numbers.take(limit).filter_map(|number| state.window.request(number)).collect()
    }

    /// What has changed after a change, in the order of its newest change, at most `limit`; waits until there is something. What has changed more than once is told once, as it is
    /// now.
    pub async fn changes(&self, after: u64, limit: usize) -> Vec<Changed> {
        let mut news = self.news.subscribe();
        loop {
            let changed = self.changed(after, limit);
            // Its sender is ours: it does not end before us.
            if !changed.is_empty() || news.changed().await.is_err() {
                return changed;
            }
        }
    }

    fn changed(&self, after: u64, limit: usize) -> Vec<Changed> {
        let state = self.state.read();
        let numbers = state.changes.iter().map(|(number, change)| (*change, Ok(*number)));
        let proposals = state.proposal_changes.iter().map(|(id, change)| (*change, Err(*id)));
        let mut newer: Vec<_> = numbers.chain(proposals).filter(|(change, _)| *change > after).collect();
        newer.sort_unstable_by_key(|(change, _)| *change);
        let shown = newer.into_iter().filter_map(|(change, what)| {
            let news = match what {
                Ok(number) => News::Request(Box::new(state.window.request(number)?)),
                Err(id) => News::Proposal(Box::new(state.proposal(id)?)),
            };
            Some(Changed { news, change })
        });
        shown.take(limit).collect()
    }
}

impl State {
    /// A request has its number: what was reported of it is of that.
    fn join(&mut self, number: u64) {
        let Some(hash) = self.window.hash_of(number) else { return };
        if self.numbers.insert(hash, number).is_none() && self.proposals.contains(hash) {
            self.last_change += 1;
            self.proposal_changes.insert(hash, self.last_change);
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use alloy_primitives::{Address, B256};

    use super::*;
    use crate::progress::{AllianceState, MemberStanding, Standing};

    // A-MULTI, A-ERR
    #[test]
    fn a_chain_that_is_not_read_to_its_end_for_too_long_is_not_up_to_date() {
        let name = B256::repeat_byte(0xba);
        let member = MemberStanding {
            name,
            chain: Some("bank".to_owned()),
            chain_id: 7101,
            node_contract: Address::ZERO,
            is_active: true,
            is_foreign: false,
            is_unreachable: false,
            is_frozen_there: false,
            is_frozen_here: false,
        };
        let standing = Standing { purpose: B256::ZERO, state: Some(AllianceState::Active), members: vec![member] };
        let head = |source| Told::Head(source, Head { block: 5, time_ms: 5000 });
        let (board, begun) = (ProgressBoard::new(8), Instant::now());
        board.take_at(&[Told::Standing(standing), head(Source::Alliance), head(Source::Member(name))], begun);
        let shown = |now| {
            let (_, readings) = board.standing_at(now).unwrap();
            [Source::Alliance, Source::Member(name)].map(|source| readings[&source].is_up_to_date)
        };
        assert_eq!(shown(begun + MAX_READ_AGE), [true, true]);
        let later = begun + MAX_READ_AGE + Duration::from_millis(1);
        assert_eq!(shown(later), [false, false]);
        // The same block again: the chain answers, and has nothing new.
        board.take_at(&[head(Source::Alliance)], later);
        assert_eq!(shown(later), [true, false]);
    }
}
