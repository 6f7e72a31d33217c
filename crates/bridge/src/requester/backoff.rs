use std::time::Duration;

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
        doubled.min(self.longest).mul_f64(f64::from(chance) / f64::from(u32::MAX))
    }
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
}
