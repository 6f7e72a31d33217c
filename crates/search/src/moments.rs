//! Dates and times as contents write them, and spans of the calendar, in UTC.

use chancery_reference_points::data_search::Interval;
use jiff::{Timestamp, civil::DateTime, tz::TimeZone};

/// Longest text that is looked at as a time, in bytes.
const MAX_MOMENT_BYTES: usize = 40;
const NANOSECONDS_OF_MS: i128 = 1_000_000;

/// Nanoseconds since 1970 of a date, or of a date with a time (RFC 3339). What names no offset is UTC.
pub(crate) fn nanoseconds(text: &str) -> Option<i128> {
    // Nearly every text is none: said without looking further.
    let bytes = text.as_bytes();
    let begins = bytes.get(..5).is_some_and(|head| head[..4].iter().all(u8::is_ascii_digit) && head[4] == b'-');
    if !begins || bytes.len() > MAX_MOMENT_BYTES {
        return None;
    }
    if let Ok(instant) = text.parse::<Timestamp>() {
        return Some(instant.as_nanosecond());
    }
    let civil = text.parse::<DateTime>().ok()?;
    Some(civil.to_zoned(TimeZone::UTC).ok()?.timestamp().as_nanosecond())
}

/// Where the span of the calendar begins that a time is in, Unix milliseconds; `None` beyond the years that calendars have.
pub(crate) fn begin(nanoseconds: i128, interval: Interval) -> Option<i64> {
    let at = Timestamp::from_nanosecond(nanoseconds).ok()?.to_zoned(TimeZone::UTC).datetime();
    let date = at.date();
    let begin = match interval {
        Interval::Hour => date.at(at.hour(), 0, 0, 0),
        Interval::Day => date.at(0, 0, 0, 0),
        Interval::Month => date.first_of_month().at(0, 0, 0, 0),
        Interval::Year => date.first_of_year().at(0, 0, 0, 0),
    };
    Some(begin.to_zoned(TimeZone::UTC).ok()?.timestamp().as_millisecond())
}

/// Of Unix milliseconds.
pub(crate) fn of_ms(unix_ms: u64) -> i128 {
    i128::from(unix_ms) * NANOSECONDS_OF_MS
}

#[cfg(test)]
mod tests {
    use super::*;

    // M-SER-3
    #[test]
    fn a_time_is_read_in_any_of_its_spellings_and_nothing_else_is() {
        let day = 1_325_376_000_i128 * 1_000_000_000;
        for (text, expected) in [
            ("2012-01-01", day),
            ("2012-01-01T00:00:00", day),
            ("2012-01-01T01:00:00+01:00", day),
            ("2012-01-01T00:00:00.5Z", day + 500_000_000),
        ] {
            assert_eq!(nanoseconds(text), Some(expected), "{text}");
        }
        for text in ["", "2012", "2012-13-01", "snow", "1.5", "2012-01-01 and more of the same thing, longer than any"]
        {
            assert_eq!(nanoseconds(text), None, "{text}");
        }
    }

    // S-APP
    #[test]
    fn spans_of_the_calendar_begin_where_they_do() {
        let at = nanoseconds("2012-02-29T23:59:59.999Z");
        for (interval, text) in [
            (Interval::Hour, "2012-02-29T23:00:00Z"),
            (Interval::Day, "2012-02-29"),
            (Interval::Month, "2012-02-01"),
            (Interval::Year, "2012-01-01"),
        ] {
            let begin = at.and_then(|at| begin(at, interval));
            assert_eq!(begin.map(|ms| i128::from(ms) * NANOSECONDS_OF_MS), nanoseconds(text), "{interval:?}");
        }
        assert_eq!(begin(i128::MAX, Interval::Day), None);
    }
}
