//! That a store stands, since when, and when it is tried again.

use std::{
    fmt::Display,
    sync::{Arc, Weak},
    time::{Duration, Instant},
};

use parking_lot::Mutex;

/// Pause before the first further try; each is followed by one twice as long.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
/// Longest pause before a further try.
pub const MAX_PAUSE: Duration = Duration::from_secs(5);

/// The stores of this process.
static ALL: Mutex<Vec<Weak<Kept>>> = Mutex::new(Vec::new());

/// Whether one store stands. Kept as long as the store is open.
#[derive(Debug)]
pub struct Standing(Arc<Kept>);

#[derive(Debug)]
struct Kept {
    store: &'static str,
    stopped: Mutex<Option<Stopped>>,
}

#[derive(Clone, Copy, Debug)]
struct Stopped {
    since: Instant,
    next_try: Instant,
    pause: Duration,
}

/// What is known of a store of this process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Known {
    /// Its name.
    pub store: &'static str,
    /// How long it has not been written; `None`: it is.
    pub stands_for: Option<Duration>,
}

impl Standing {
    /// Of a store that is written, by its name: lower case, with hyphens.
    #[must_use]
    pub fn of(store: &'static str) -> Self {
        let kept = Arc::new(Kept { store, stopped: Mutex::new(None) });
        let mut all = ALL.lock();
        all.retain(|other| other.strong_count() > 0);
        all.push(Arc::downgrade(&kept));
        Self(kept)
    }

    /// A write failed, or could not be made up for: the next try comes after a pause.
    pub fn failed(&self, error: &impl Display) {
        let mut stopped = self.0.stopped.lock();
        let now = Instant::now();
        let (since, pause) = match *stopped {
            None => {
                tracing::error!(store = self.0.store, %error, "the store cannot be written, and is tried again");
                (now, FIRST_PAUSE)
            }
            Some(before) => {
                tracing::debug!(store = self.0.store, %error, "the store cannot be written yet");
                (before.since, (before.pause * 2).min(MAX_PAUSE))
            }
        };
        *stopped = Some(Stopped { since, next_try: now + pause, pause });
    }

    /// It is written again.
    pub fn goes_on(&self) {
        if let Some(stopped) = self.0.stopped.lock().take() {
            let stood_for_ms = u64::try_from(stopped.since.elapsed().as_millis()).unwrap_or(u64::MAX);
            tracing::info!(store = self.0.store, stood_for_ms, "the store is written again");
        }
    }

    /// When it is tried again; `None` while it does not stand.
    #[must_use]
    pub fn next_try(&self) -> Option<Instant> {
        self.0.stopped.lock().map(|stopped| stopped.next_try)
    }

    /// Whether it stands.
    #[must_use]
    pub fn stands(&self) -> bool {
        self.next_try().is_some()
    }

    /// Whether it stands, and is not tried again yet.
    #[must_use]
    pub fn waits(&self) -> bool {
        self.next_try().is_some_and(|at| at > Instant::now())
    }
}

/// The stores that are open in this process, by their names, each once: of several with one name, the one that stands longest.
#[must_use]
pub fn all() -> Vec<Known> {
    let kept: Vec<Arc<Kept>> = ALL.lock().iter().filter_map(Weak::upgrade).collect();
    let mut known: Vec<Known> = kept
        .iter()
        .map(|kept| Known { store: kept.store, stands_for: kept.stopped.lock().map(|stopped| stopped.since.elapsed()) })
        .collect();
    known.sort_by(|one, other| one.store.cmp(other.store).then(other.stands_for.cmp(&one.stands_for)));
    known.dedup_by_key(|known| known.store);
    known
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn known(store: &str) -> Option<Known> {
        all().into_iter().find(|known| known.store == store)
    }

    // STORE-3
    #[test]
    fn a_store_that_stands_is_known_until_it_is_written_or_closed_and_its_pauses_grow_to_a_bound() {
        let (one, other) = (Standing::of("test-of-standing"), Standing::of("test-of-standing"));
        assert_eq!(known("test-of-standing").unwrap().stands_for, None);
        assert!(!one.stands() && !one.waits());
        let mut last = Duration::ZERO;
        for _ in 0..9 {
            let before = Instant::now();
            one.failed(&"no room");
            let pause = one.next_try().unwrap().duration_since(before);
            assert!(pause > last || pause >= MAX_PAUSE, "{pause:?} after {last:?}");
            last = pause;
        }
        assert!(last < MAX_PAUSE * 2);
        assert!(one.waits() && !other.stands());
        assert!(known("test-of-standing").unwrap().stands_for.is_some(), "one of two stands");
        one.goes_on();
        assert_eq!(known("test-of-standing").unwrap().stands_for, None);
        drop((one, other));
        assert_eq!(known("test-of-standing"), None);
    }
}
