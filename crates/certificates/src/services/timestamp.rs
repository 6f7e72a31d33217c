//! Times as answers write them.

use chancery_primitives::UnixSeconds;

/// RFC 3339, UTC. What lies beyond the years that it can write becomes the last moment that it can.
#[must_use]
pub fn rfc3339(seconds: UnixSeconds) -> String {
    let seconds = i64::try_from(seconds.get()).unwrap_or(i64::MAX);
    jiff::Timestamp::from_second(seconds).unwrap_or(jiff::Timestamp::MAX).to_string()
}

/// RFC 3339, or `None` for zero, which stands for "without end".
pub(super) fn optional_rfc3339(seconds: UnixSeconds) -> Option<String> {
    (seconds != UnixSeconds::ZERO).then(|| rfc3339(seconds))
}

/// RFC 3339 of milliseconds, to the second.
pub(super) fn rfc3339_of_ms(milliseconds: u64) -> String {
    rfc3339(UnixSeconds(milliseconds / 1000))
}
