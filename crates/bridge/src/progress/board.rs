//! The state, shared between the follower and those who look at it.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use parking_lot::RwLock;
use tokio::sync::watch;

use super::{
    Follower, ProgressWindow, RequestProgress,
    told::{Head, Source, Told},
};

/// A request with the change by which it became so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changed {
    /// The request.
    pub request: RequestProgress,
    /// Number of the change: higher ones are later. They are counted anew in each process.
    pub change: u64,
}

#[derive(Debug)]
struct State {
    window: ProgressWindow,
    /// The newest change of each request of the window.
    changes: BTreeMap<u64, u64>,
    last_change: u64,
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
        let state = State { window: ProgressWindow::new(size), changes: BTreeMap::new(), last_change: 0 };
        Arc::new(Self { state: RwLock::new(state), news: watch::Sender::new(0) })
    }

    /// Takes facts, and tells those who wait if a request is shown differently.
    pub fn take(&self, told: &[Told]) {
        let mut guard = self.state.write();
        let state = &mut *guard;
        let mut concerned = BTreeSet::new();
        for fact in told {
            concerned.extend(state.window.apply(fact));
        }
        for number in concerned {
            state.last_change += 1;
            state.changes.insert(number, state.last_change);
        }
        let first = state.window.numbers().next();
        state.changes.retain(|number, _| first.is_some_and(|first| *number >= first));
        let last = state.last_change;
        drop(guard);
        self.news.send_if_modified(|known| std::mem::replace(known, last) != last);
    }

    /// Follows until it is dropped. What fails is logged and begun anew.
    pub async fn follow(&self, mut follower: Follower, pause: Duration) {
        loop {
            match follower.read().await {
                Ok(told) => self.take(&told),
                Err(error) => tracing::warn!(%error, "the alliance cannot be followed at present"),
            }
            tokio::time::sleep(pause).await;
        }
    }

    /// Who is of the alliance, and how far each chain was read; `None`: nothing was read yet.
    pub fn standing(&self) -> Option<(super::Standing, BTreeMap<Source, Head>)> {
        let state = self.state.read();
        let standing = state.window.standing()?.clone();
        let of_members = standing.members.iter().map(|member| Source::Member(member.name));
        let sources = std::iter::once(Source::Alliance).chain(of_members);
        let heads = sources.filter_map(|source| Some((source, state.window.head(source)?))).collect();
        drop(state);
        Some((standing, heads))
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

    /// Requests that have changed after a change, in the order of their newest change, at most `limit`; waits until there is one. A request that has changed more than once is
    /// told once, as it is now.
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
        let mut newer: Vec<_> = state
            .changes
            .iter()
            .filter(|(_, change)| **change > after)
            .map(|(number, change)| (*change, *number))
            .collect();
        newer.sort_unstable();
        let shown = newer
            .into_iter()
            .filter_map(|(change, number)| Some(Changed { request: state.window.request(number)?, change }));
        shown.take(limit).collect()
    }
}
