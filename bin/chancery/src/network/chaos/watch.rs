//! How long a spell of weather lasts, and when those who should had gone on.

use std::time::Duration;

use super::phases::Phase;

/// The longest wait, beyond the length of a spell, until those who should go on have.
pub(super) const MAX_WAIT: Duration = Duration::from_secs(60);

/// Looks at the hosts during one spell. A view that the change of weather cost takes longer to give up than a short spell lasts, so it goes on while one that
/// should have a new block has none.
pub(super) struct Watch<'a> {
    phase: &'a Phase,
    /// The final blocks when what was on its way had arrived.
    before: &'a [u64],
    length: Duration,
    went_on_after: Option<Duration>,
}

impl<'a> Watch<'a> {
    pub(super) const fn new(phase: &'a Phase, before: &'a [u64], length: Duration) -> Self {
        Self { phase, before, length, went_on_after: None }
    }

    /// Whether the spell is over, given so long after the weather changed where the hosts are.
    pub(super) fn is_over(&mut self, elapsed: Duration, heads: &[u64]) -> bool {
        if self.went_on_after.is_none() && self.phase.all_went_on(self.before, heads) {
            self.went_on_after = Some(elapsed);
        }
        elapsed >= self.length && (self.went_on_after.is_some() || elapsed >= self.length.saturating_add(MAX_WAIT))
    }

    /// From the change of the weather until every host that should go on was first seen with a new final block. `None`: nobody has to, or somebody has none.
    pub(super) fn went_on_after(&self) -> Option<Duration> {
        self.went_on_after.filter(|_| !self.phase.go_on.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::{super::phases::phases, *};

    const LENGTH: Duration = Duration::from_secs(6);
    const BEFORE: [u64; 4] = [5, 5, 5, 5];

    fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    // CHAIN-3: the time is that of the last host that has to go on, and not the length of the spell.
    #[test]
    fn the_time_until_all_went_on_is_that_of_the_last_who_should() {
        let phases = phases();
        let mut cut_off = Watch::new(&phases[1], &BEFORE, LENGTH);
        assert!(!cut_off.is_over(at(2), &[6, 6, 5, 5]));
        assert_eq!(cut_off.went_on_after(), None);
        assert!(!cut_off.is_over(at(3), &[6, 6, 6, 5]));
        assert!(cut_off.is_over(at(6), &[9, 9, 9, 5]));
        assert_eq!(cut_off.went_on_after(), Some(at(3)));
    }

    #[test]
    fn a_spell_goes_on_for_whoever_has_no_new_block_and_not_for_ever() {
        let phases = phases();
        let mut calm = Watch::new(&phases[0], &BEFORE, LENGTH);
        assert!(!calm.is_over(at(6), &[6, 6, 6, 5]));
        assert!(!calm.is_over(at(65), &[6, 6, 6, 5]));
        assert!(calm.is_over(at(66), &[6, 6, 6, 5]));
        assert_eq!(calm.went_on_after(), None);
    }

    #[test]
    fn where_nobody_has_to_go_on_there_is_no_time() {
        let phases = phases();
        let mut cut = Watch::new(&phases[2], &BEFORE, LENGTH);
        assert!(!cut.is_over(at(5), &BEFORE));
        assert!(cut.is_over(at(6), &BEFORE));
        assert_eq!(cut.went_on_after(), None);
    }
}
