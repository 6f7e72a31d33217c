//! Time as the gateway needs it: a port, so that tests can set it.

use std::time::{SystemTime, UNIX_EPOCH};

/// Tells the time.
pub trait Clock: Send + Sync {
    /// Unix milliseconds.
    fn unix_milliseconds(&self) -> u64;

    /// Unix seconds.
    fn unix_seconds(&self) -> u64 {
        self.unix_milliseconds() / 1000
    }
}

/// The machine's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn unix_milliseconds(&self) -> u64 {
        // A clock before 1970 is no clock; zero makes everything signed look as if it came from the future, which is refused.
        let elapsed = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX)
    }
}
