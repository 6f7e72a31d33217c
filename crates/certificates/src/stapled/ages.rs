//! How old something is: the only use of the verifier's clock (STAPLE-7, STAPLE-8).

use chancery_primitives::UnixSeconds;

use crate::verify::VerificationFailure;

/// How far a block's time, or a holder's, may be ahead of the verifier's clock, in seconds.
pub const MAX_CLOCK_SKEW_S: u64 = 60;

/// What whoever verifies accepts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Its clock.
    pub now: UnixSeconds,
    /// The oldest proof on which it decides, in seconds; `None`: any, its age being shown.
    pub max_age_s: Option<u64>,
}

impl Policy {
    /// How old something is; what is ahead within the skew has no age.
    pub(super) const fn age_s(&self, at: UnixSeconds) -> u64 {
        self.now.get().saturating_sub(at.get())
    }

    pub(super) fn is_too_old(&self, age_s: u64) -> bool {
        self.max_age_s.is_some_and(|most| age_s > most)
    }
}

/// A time that lies ahead by more than clocks differ would never grow old.
pub(super) fn not_ahead(what: &str, at: UnixSeconds, policy: Policy) -> Result<(), VerificationFailure> {
    let ahead_s = at.get().saturating_sub(policy.now.get());
    if ahead_s <= MAX_CLOCK_SKEW_S {
        return Ok(());
    }
    let detail = format!("{what} is {ahead_s} s ahead of the clock here: check the clock");
    Err(VerificationFailure::new("time-not-ahead", detail))
}
