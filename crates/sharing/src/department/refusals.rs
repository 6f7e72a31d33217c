//! Which refusals have a line in the journal of the owner's service. Anybody may sign a request with a key made for it, so whoever is refused decides how often: so many a minute and a day have
//! lines, and the next one that has says how many had none.

/// Refusals of a minute that have lines of their own.
pub(super) const MAX_A_MINUTE: u32 = 10;
/// Refusals of a day that have: about 300 KiB.
pub(super) const MAX_A_DAY: u32 = 1_000;
const MINUTE_S: u64 = 60;
const DAY_S: u64 = 24 * 60 * MINUTE_S;

/// What the present minute and day have, and how many were passed over since the last line. Known as long as the process runs.
#[derive(Debug)]
pub(super) struct Refusals {
    minute: (u64, u32),
    day: (u64, u32),
    unnoted: u64,
}

impl Refusals {
    pub(super) const fn new() -> Self {
        Self { minute: (0, 0), day: (0, 0), unnoted: 0 }
    }

    /// How many were passed over before one at a time, Unix seconds, that gets a line; none of one that gets none itself.
    pub(super) fn admit(&mut self, at: u64) -> Option<u64> {
        for (period, length_s) in [(&mut self.minute, MINUTE_S), (&mut self.day, DAY_S)] {
            if period.0 != at / length_s {
                *period = (at / length_s, 0);
            }
        }
        if self.minute.1 >= MAX_A_MINUTE || self.day.1 >= MAX_A_DAY {
            self.pass_over(1);
            return None;
        }
        self.minute.1 += 1;
        self.day.1 += 1;
        Some(std::mem::take(&mut self.unnoted))
    }

    /// Counts refusals that have no line.
    pub(super) const fn pass_over(&mut self, count: u64) {
        self.unnoted = self.unnoted.saturating_add(count);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // M-MON-2: a flood of refusals fills no journal, and is counted.
    #[test]
    fn a_flood_of_refusals_has_few_lines_and_the_next_one_says_how_many_there_were() {
        let mut refusals = Refusals::new();
        let lines = (0..1_000).filter(|_| refusals.admit(100).is_some()).count();
        assert_eq!(lines, MAX_A_MINUTE as usize);
        assert_eq!(refusals.admit(160), Some(990));
        assert_eq!(refusals.admit(161), Some(0));
        let of_a_day = (0..DAY_S).filter(|second| refusals.admit(DAY_S + second).is_some()).count();
        assert_eq!(of_a_day, MAX_A_DAY as usize);
        assert!(refusals.admit(2 * DAY_S).is_some_and(|unnoted| unnoted > 0), "the next day has lines again");
    }
}
