//! What is to be shown to a side chain when: whom the main chain has changed at once, what failed and all others in their time.

use std::{collections::BTreeSet, time::Duration};

use alloy_primitives::B256;
use tokio::time::Instant;

use super::{super::genesis::TRUST_MAX_AGE_S, RETRY_PAUSE};

/// How often all that a side chain knows is looked through, in seconds of the main chain's time: what is half as old as it may become is shown again, so that
/// nothing lapses before three quarters of its time are over.
pub(super) const SWEEP_S: u64 = TRUST_MAX_AGE_S / 4;
/// How often the pause after a failure is doubled: it becomes a minute.
const MAX_DOUBLINGS: u32 = 6;

/// Pause after so many failures in a row.
pub(super) fn pause_after(failures: u32) -> Duration {
    RETRY_PAUSE * (1 << failures.min(MAX_DOUBLINGS))
}

/// What waits.
#[derive(Debug, Default)]
pub(super) struct Due {
    /// Organizations that have changed.
    changed: BTreeSet<B256>,
    /// Organizations that have changed and could not be shown.
    again: BTreeSet<B256>,
    /// When what failed is tried again, and how often it has failed in a row.
    retry_at: Option<Instant>,
    failures: u32,
    /// All have to be looked through when the main chain's time is so late.
    sweep_at_s: u64,
}

/// What is shown now.
#[derive(Debug)]
pub(super) struct Round {
    /// Organizations, before all others.
    pub(super) codes: BTreeSet<B256>,
    /// All others after them.
    pub(super) is_sweep: bool,
    /// What failed before is in it.
    is_retry: bool,
}

impl Due {
    /// These have changed.
    pub(super) fn changed(&mut self, codes: BTreeSet<B256>) {
        self.changed.extend(codes);
    }

    /// All may have changed.
    pub(super) fn sweep(&mut self) {
        self.sweep_at_s = 0;
    }

    /// Whether something waits at this time of the main chain.
    pub(super) fn is_anything(&self, time_s: u64) -> bool {
        !self.changed.is_empty() || !self.again.is_empty() || time_s >= self.sweep_at_s
    }

    /// What has changed waits for nothing. What failed may have cost a header, and is not tried again at each block.
    pub(super) fn round(&mut self, now: Instant, time_s: u64) -> Round {
        let is_retry = self.retry_at.is_none_or(|at| now >= at);
        let mut codes = std::mem::take(&mut self.changed);
        if is_retry {
            codes.append(&mut self.again);
        }
        Round { codes, is_sweep: is_retry && time_s >= self.sweep_at_s, is_retry }
    }

    /// Whether those who have changed were shown, and at which time of the main chain looking through all was begun, if all were shown.
    pub(super) fn ended(&mut self, round: Round, is_done: bool, swept_at_s: Option<u64>, now: Instant) {
        if !is_done {
            self.again.extend(round.codes);
        }
        if let Some(time_s) = swept_at_s {
            self.sweep_at_s = time_s.saturating_add(SWEEP_S);
        }
        if is_done && (swept_at_s.is_some() || !round.is_sweep) {
            if round.is_retry {
                (self.retry_at, self.failures) = (None, 0);
            }
        } else if round.is_retry {
            // Who changes something that fails again and again does not put off when the others are tried.
            self.retry_at = Some(now + pause_after(self.failures));
            self.failures += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: B256 = B256::repeat_byte(1);
    const B: B256 = B256::repeat_byte(2);

    // TRUST-6: what an organization does so that its own facts fail holds up nobody's loss.
    #[test]
    fn what_has_changed_is_shown_at_once_however_often_something_else_failed() {
        let (mut due, now) = (Due::default(), Instant::now());
        for _ in 0..9 {
            due.changed([A].into());
            let round = due.round(now, 100);
            due.ended(round, false, None, now);
        }
        due.changed([B].into());
        let round = due.round(now, 100);
        assert_eq!((&round.codes, round.is_sweep), (&[B].into(), false), "what failed waits");
        due.ended(round, true, None, now);
        assert!(due.is_anything(100), "A and the sweep are left");
        let later = now + RETRY_PAUSE;
        let round = due.round(later, 100);
        assert_eq!((&round.codes, round.is_sweep), (&[A].into(), true), "nobody has put it off");
        due.ended(round, true, Some(100), later);
        assert!(!due.is_anything(100) && !due.is_anything(100 + SWEEP_S - 1) && due.is_anything(100 + SWEEP_S));
    }

    #[test]
    fn the_pause_after_failures_grows_to_a_minute() {
        let (mut due, mut now) = (Due::default(), Instant::now());
        for pause_s in [1, 2, 4, 8, 16, 32, 64, 64] {
            let round = due.round(now, 1);
            assert!(round.is_sweep);
            due.ended(round, true, None, now);
            assert!(!due.round(now + Duration::from_secs(pause_s) - Duration::from_millis(1), 1).is_sweep);
            now += Duration::from_secs(pause_s);
        }
    }
}
