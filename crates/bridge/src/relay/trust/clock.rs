//! Whether a host takes now what is final on the followed chain (TRUST-4).

use super::super::{AnchorRelay, RelayError};

/// `MAX_AHEAD` of `AnchoredFacts`.
const MAX_AHEAD_S: u64 = 60;

/// Asks before a header and an account are paid for, of which every fact would be refused.
///
/// # Errors
/// `ClockAhead`; see [`RelayError`].
pub(super) async fn check(relay: &AnchorRelay) -> Result<(), RelayError> {
    // A chain without a heartbeat may be idle: the time of its newest block says nothing of that of the next.
    if relay.host.config().essentials.is_none() {
        return Ok(());
    }
    let followed = relay.followed.head().await?.time_ms;
    let host = relay.host.head().await?.time_ms;
    match too_far_ahead_s(followed, host) {
        None => Ok(()),
        Some(ahead_s) => Err(RelayError::ClockAhead {
            followed: relay.followed.name().to_owned(),
            host: relay.host.name().to_owned(),
            ahead_s,
        }),
    }
}

/// By how many seconds one time (milliseconds) lies ahead of another, when that is more than a host takes. Contracts know whole seconds.
const fn too_far_ahead_s(followed_ms: u64, host_ms: u64) -> Option<u64> {
    let ahead_s = (followed_ms / 1000).saturating_sub(host_ms / 1000);
    if ahead_s > MAX_AHEAD_S { Some(ahead_s) } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_may_lie_a_minute_ahead_and_not_a_second_more() {
        assert_eq!(too_far_ahead_s(160_999, 100_000), None, "60 seconds, as the contract counts");
        assert_eq!(too_far_ahead_s(161_000, 100_999), Some(61));
        assert_eq!(too_far_ahead_s(100_000, 900_000), None, "behind");
    }
}
