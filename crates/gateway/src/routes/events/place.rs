//! Where a page of events ended, to the event: a time alone does not say it, since all events of a block share that of the block.

use std::fmt::Write as _;

use chancery_reference_points::{Code, v2m::HistoryEntry};
use sha2::{Digest as _, Sha256};

use crate::problem::{ApiError, ApiResult};

/// Hexadecimal digits of an entry in a cursor.
const ENTRY_DIGITS: usize = 16;

/// Behind which entry a page begins, newest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// Behind all that did not happen before this time (Unix milliseconds): cursors of earlier versions.
    Before(u64),
    /// Behind the last of so many of one millisecond.
    Within {
        /// Unix milliseconds.
        time_ms: u64,
        /// How many of it were told.
        told: usize,
        /// What the last of them is known by.
        last: String,
    },
}

impl Place {
    /// Reads a cursor.
    ///
    /// # Errors
    /// `MalformedRequest` for what is none.
    pub(super) fn read(cursor: &str) -> ApiResult<Self> {
        let wrong = || ApiError::new(Code::MalformedRequest, "cursor: write what `nextCursor` said");
        let mut parts = cursor.split('-');
        let time_ms = parts.next().and_then(|part| part.parse().ok()).ok_or_else(wrong)?;
        match (parts.next(), parts.next(), parts.next()) {
            (None, ..) => Ok(Self::Before(time_ms)),
            (Some(told), Some(last), None) if last.len() == ENTRY_DIGITS => {
                let told = told.parse::<usize>().ok().filter(|told| *told > 0).ok_or_else(wrong)?;
                Ok(Self::Within { time_ms, told, last: last.to_owned() })
            }
            _ => Err(wrong()),
        }
    }

    /// Behind the last of these, which are newest first and begin with all of their newest millisecond.
    pub(super) fn behind(entries: &[HistoryEntry]) -> Option<Self> {
        let last = entries.last()?;
        let told = entries.iter().rev().take_while(|entry| entry.time_ms == last.time_ms).count();
        Some(Self::Within { time_ms: last.time_ms, told, last: known_by(last) })
    }

    /// Before which time everything lies that may come behind it.
    pub(super) const fn to_ms(&self) -> u64 {
        match self {
            Self::Before(time_ms) => *time_ms,
            Self::Within { time_ms, .. } => time_ms.saturating_add(1),
        }
    }

    /// How many of the newest millisecond were told.
    pub(super) const fn told(&self) -> usize {
        match self {
            Self::Before(_) => 0,
            Self::Within { told, .. } => *told,
        }
    }

    /// How many of these are passed over. Entries that came in between, of a chain whose block of that time was not final, move the others; where the last that
    /// was told is not there any more, its millisecond is told once more rather than in part.
    pub(super) fn passed(&self, entries: &[HistoryEntry]) -> usize {
        let Self::Within { time_ms, told, last } = self else { return 0 };
        let of_it = entries.iter().take_while(|entry| entry.time_ms == *time_ms);
        let same = of_it.enumerate().filter(|(_, entry)| known_by(entry) == *last).map(|(index, _)| index + 1);
        same.min_by_key(|passed| passed.abs_diff(*told)).unwrap_or(0)
    }

    /// As `nextCursor`.
    pub(super) fn written(&self) -> String {
        match self {
            Self::Before(time_ms) => time_ms.to_string(),
            Self::Within { time_ms, told, last } => format!("{time_ms}-{told}-{last}"),
        }
    }
}

/// By what does not change: where it is recorded and whether it verifies is found out later.
fn known_by(entry: &HistoryEntry) -> String {
    let HistoryEntry { time_ms, happening, name, by, subject, revision, facts, .. } = entry;
    let said = serde_json::json!([time_ms, happening, name, by, subject, revision, facts]).to_string();
    let mut digits = String::with_capacity(ENTRY_DIGITS);
    for byte in Sha256::digest(said.as_bytes()).iter().take(ENTRY_DIGITS / 2) {
        let _ = write!(digits, "{byte:02x}");
    }
    digits
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use chancery_reference_points::v2m::Happening;

    use super::*;

    fn entry(name: &str, time_ms: u64) -> HistoryEntry {
        HistoryEntry {
            time_ms,
            happening: Happening::Created,
            name: name.to_owned(),
            by: None,
            subject: String::new(),
            recorded: None,
            revision: None,
            facts: String::new(),
            right: None,
            verified: None,
        }
    }

    // M-MON-2
    #[test]
    fn a_place_is_found_again_also_when_others_came_before_it() {
        let told = [entry("a", 9), entry("b", 7), entry("c", 7)];
        let place = Place::behind(&told).unwrap();
        assert_eq!((place.to_ms(), place.told()), (8, 2));
        assert_eq!(Place::read(&place.written()).unwrap(), place);
        let now = [entry("new", 7), entry("b", 7), entry("c", 7), entry("d", 7), entry("e", 5)];
        assert_eq!((place.passed(&now[1..]), place.passed(&now)), (2, 3));
        assert_eq!(place.passed(&[entry("b", 7), entry("d", 7)]), 0, "twice rather than not at all");
        let same = [entry("b", 7), entry("b", 7), entry("b", 7)];
        assert_eq!(Place::behind(&same[..2]).unwrap().passed(&same), 2, "the same twice are two");
    }

    #[test]
    fn an_old_cursor_is_a_time_and_anything_else_is_none() {
        assert_eq!(Place::read("1795220000000").unwrap(), Place::Before(1_795_220_000_000));
        for wrong in [
            "",
            "x",
            "-1",
            "5-",
            "5-1",
            "5-1-",
            "5-x-0123456789abcdef",
            "5-1-0123456789abcdef-",
            "5-1-01",
            "5-0-0123456789abcdef",
        ] {
            assert!(Place::read(wrong).is_err(), "{wrong}");
        }
    }
}
