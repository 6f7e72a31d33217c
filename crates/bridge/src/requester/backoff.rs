use std::time::Duration;

use super::{RequestError, RequesterLimits};
use crate::database::{CLOCK_DIFFERENCE_S, MAX_PROMISE_S};

/// Tries before which it waits until promises of others have lapsed. One try comes after a short pause first: most promises are applied soon.
const LAST_TRIES: u32 = 2;

/// Pauses between tries: doubled each time, and any length up to that, so that those who collided do not meet again ("full jitter").
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backoff {
    /// Longest pause after the first try.
    pub first: Duration,
    /// Longest pause at all.
    pub longest: Duration,
}

impl Backoff {
    /// How long to wait after so many tries.
    #[must_use]
    pub fn delay(&self, tries: u32) -> Duration {
        // Without randomness: the whole pause.
        self.delay_of(tries, getrandom::u32().unwrap_or(u32::MAX))
    }

    /// The same for a given chance: 0 is no pause, `u32::MAX` the longest.
    fn delay_of(&self, tries: u32, chance: u32) -> Duration {
        let doubled = self.first.saturating_mul(2_u32.saturating_pow(tries.saturating_sub(1)));
        doubled.min(self.longest).mul_f64(share(chance))
    }
}

impl RequesterLimits {
    /// How long to wait after an error and so many tries.
    pub(super) fn pause(&self, error: &RequestError, tries: u32) -> Duration {
        self.pause_of(error.is_promised(), tries, getrandom::u32().unwrap_or(u32::MAX))
    }

    /// Two requests that exclude each other, each promised by an endorser that the other needs, are in each other's way as long as both renew it with each try. Before the last
    /// tries each waits so long that what it was promised has lapsed, and any time up to as much again: whoever comes first has all then.
    fn pause_of(&self, is_promised: bool, tries: u32, chance: u32) -> Duration {
        if !is_promised || tries < LAST_TRIES || tries.saturating_add(LAST_TRIES) < self.max_tries {
            return self.backoff.delay_of(tries, chance);
        }
        let promised_s = self.valid_for_s.saturating_add(self.window_s).saturating_add(CLOCK_DIFFERENCE_S);
        // Longer nothing is promised.
        let promised = Duration::from_secs(promised_s.min(MAX_PROMISE_S + CLOCK_DIFFERENCE_S));
        promised.saturating_add(promised.mul_f64(share(chance)))
    }
}

fn share(chance: u32) -> f64 {
    f64::from(chance) / f64::from(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const BACKOFF: Backoff = Backoff { first: Duration::from_millis(100), longest: Duration::from_secs(1) };

    #[test]
    fn pauses_double_up_to_the_longest_and_are_spread_below() {
        let longest = |tries| BACKOFF.delay_of(tries, u32::MAX).as_millis();
        assert_eq!([longest(1), longest(2), longest(3), longest(5), longest(u32::MAX)], [100, 200, 400, 1000, 1000]);
        assert_eq!(BACKOFF.delay_of(3, 0), Duration::ZERO);
        assert!(BACKOFF.delay_of(3, u32::MAX / 2) < Duration::from_millis(201));
        assert!(BACKOFF.delay(4) <= Duration::from_millis(800));
    }

    // A-ERR, DATABASE-8: two that hold what the other needs wait, before their last tries, until both have lapsed, and not for the same time.
    #[test]
    fn before_its_last_tries_it_waits_until_promises_have_lapsed() {
        let limits = RequesterLimits {
            valid_for_s: 60,
            window_s: 30,
            max_tries: 6,
            backoff: BACKOFF,
            ..RequesterLimits::default()
        };
        let promised = Duration::from_secs(150);
        let pause = |tries, chance| limits.pause_of(true, tries, chance);
        assert!((1..4).all(|tries| pause(tries, u32::MAX) <= BACKOFF.longest));
        for tries in [4, 5] {
            assert_eq!([pause(tries, 0), pause(tries, u32::MAX)], [promised, promised * 2]);
            assert!(limits.pause_of(false, tries, u32::MAX) <= BACKOFF.longest, "for another reason");
        }
        let once = RequesterLimits { max_tries: 2, ..limits };
        assert!(once.pause_of(true, 1, u32::MAX) <= BACKOFF.longest);
        let twice = RequesterLimits { max_tries: 3, ..limits };
        assert!(twice.pause_of(true, 1, u32::MAX) <= BACKOFF.longest && twice.pause_of(true, 2, 0) == promised);
    }
}
