use std::time::Duration;

use parking_lot::Mutex;
use tokio::time::Instant;

/// Keeps a dead chain from costing every caller a full time limit: after some failures in a row nobody asks for a while,
/// then one caller tries.
#[derive(Debug)]
pub(super) struct Breaker {
    failures_allowed: u32,
    open_min: Duration,
    open_max: Duration,
    probe_time: Duration,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    failures: u32,
    open_until: Option<Instant>,
    open_for: Duration,
}

impl Breaker {
    /// `probe_time`: how long a single try after a pause may take; others stay refused meanwhile.
    pub(super) fn new(failures_allowed: u32, open_min: Duration, open_max: Duration, probe_time: Duration) -> Self {
        let state = Mutex::new(State { open_for: open_min, ..State::default() });
        Self { failures_allowed, open_min, open_max, probe_time, state }
    }

    /// Whether a request may be sent now. `false` only while the pause lasts or somebody else tries.
    pub(super) fn admits(&self, now: Instant) -> bool {
        let mut state = self.state.lock();
        match state.open_until {
            None => true,
            Some(until) if now < until => false,
            Some(_) => {
                state.open_until = Some(now + self.probe_time);
                true
            }
        }
    }

    /// The endpoint answered, be it with an error.
    pub(super) fn answered(&self) {
        let mut state = self.state.lock();
        *state = State { open_for: self.open_min, ..State::default() };
    }

    /// The endpoint did not answer.
    pub(super) fn failed(&self, now: Instant) {
        let mut state = self.state.lock();
        state.failures = state.failures.saturating_add(1);
        if state.failures < self.failures_allowed {
            return;
        }
        let pause = state.open_for;
        state.open_until = Some(now + pause);
        state.open_for = (pause * 2).min(self.open_max);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIN: Duration = Duration::from_millis(100);
    const MAX: Duration = Duration::from_millis(300);
    const PROBE: Duration = Duration::from_millis(50);

    fn breaker() -> (Breaker, Instant) {
        (Breaker::new(2, MIN, MAX, PROBE), Instant::now())
    }

    #[test]
    fn opens_after_the_named_failures_and_lets_one_try_after_the_pause() {
        let (breaker, start) = breaker();
        breaker.failed(start);
        assert!(breaker.admits(start), "one failure is no outage");
        breaker.failed(start);
        assert!(!breaker.admits(start));
        assert!(!breaker.admits(start + MIN - Duration::from_millis(1)));
        assert!(breaker.admits(start + MIN), "one tries");
        assert!(!breaker.admits(start + MIN), "the others wait for its result");
    }

    #[test]
    fn the_pause_doubles_up_to_its_bound_and_an_answer_ends_it() {
        let (breaker, start) = breaker();
        for _ in 0..2 {
            breaker.failed(start);
        }
        breaker.failed(start);
        assert!(!breaker.admits(start + 2 * MIN - Duration::from_millis(1)));
        assert!(breaker.admits(start + 2 * MIN));
        for _ in 0..10 {
            breaker.failed(start);
        }
        assert!(breaker.admits(start + MAX), "never longer than the bound");
        breaker.answered();
        assert!(breaker.admits(start) && breaker.admits(start));
        breaker.failed(start);
        assert!(breaker.admits(start), "the count began anew");
    }
}
