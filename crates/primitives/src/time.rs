//! Points in time as they are signed.

use derive_more::{Display, From, Into};
use serde::{Deserialize, Serialize};

/// Whole seconds since 1970-01-01T00:00:00Z, the unit of everything signed and of block timestamps.
#[derive(
    Clone, Copy, Debug, Default, Display, From, Into, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct UnixSeconds(pub u64);

impl UnixSeconds {
    /// The start of 1970, where it stands for "not set".
    pub const ZERO: Self = Self(0);

    /// The number of seconds.
    #[must_use]
    pub const fn get(self) -> u64 {
        self.0
    }

    /// This time and a duration in seconds later; stays at the end of time instead of overflowing.
    #[must_use]
    pub const fn saturating_add(self, duration_s: u64) -> Self {
        Self(self.0.saturating_add(duration_s))
    }
}
