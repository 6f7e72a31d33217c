//! Ranges over members that are numbers or times: exact, by what is written (SEARCH-5).

use std::cmp::Ordering;

use chancery_reference_points::data_search::{FieldRange, decimal::Decimal};
use serde_json::value::RawValue;

use crate::{
    members, moments,
    spans::{self, Kind, Span},
};

const NANOSECONDS_OF_MS: f64 = 1e6;

/// One condition.
pub(crate) struct Range {
    path: String,
    bounds: Bounds,
    /// The key of its spans, and what it reaches at most.
    pub(crate) key: String,
    pub(crate) reach: Span,
}

enum Bounds {
    Numbers(Between<Decimal>),
    Moments(Between<i128>),
}

/// A bound, and whether what is equal to it is within.
type Bound<T> = Option<(T, bool)>;

struct Between<T> {
    least: Bound<T>,
    most: Bound<T>,
}

impl<T: Ord> Between<T> {
    fn holds(&self, value: &T) -> bool {
        let within = |bound: &Bound<T>, inside: Ordering| {
            bound.as_ref().is_none_or(|(bound, is_within)| match value.cmp(bound) {
                Ordering::Equal => *is_within,
                other => other == inside,
            })
        };
        within(&self.least, Ordering::Greater) && within(&self.most, Ordering::Less)
    }
}

impl Range {
    /// What was asked.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(crate) fn new(asked: &FieldRange) -> Result<Self, &'static str> {
        let one = |inclusive: &Option<String>, exclusive: &Option<String>| match (inclusive, exclusive) {
            (Some(_), Some(_)) => Err("of `atLeast` and `above`, and of `atMost` and `below`, one is written"),
            (Some(text), None) => Ok(Some((text.clone(), true))),
            (None, Some(text)) => Ok(Some((text.clone(), false))),
            (None, None) => Ok(None),
        };
        let (least, most) = (one(&asked.at_least, &asked.above)?, one(&asked.at_most, &asked.below)?);
        if least.is_none() && most.is_none() {
            return Err("a range has at least one bound");
        }
        let (kind, bounds, reach) = if let Some(between) = both(&least, &most, |text| text.parse::<Decimal>().ok()) {
            // Beyond what a fraction holds is infinite, whose next one inwards is the greatest that it does hold.
            let reach = reach(&least, &most, |text| text.parse::<f64>().ok());
            (Kind::Number, Bounds::Numbers(between), reach)
        } else if let Some(between) = both(&least, &most, moments::nanoseconds) {
            let ms = |text: &str| moments::nanoseconds(text).map(|at| at as f64 / NANOSECONDS_OF_MS);
            (Kind::Moment, Bounds::Moments(between), reach(&least, &most, ms))
        } else {
            return Err("its bounds are numbers as JSON writes them, or all of them dates or times (RFC 3339)");
        };
        Ok(Self { key: spans::key(kind, &asked.path), path: asked.path.clone(), bounds, reach })
    }

    /// Whether a content has the member, and it is within.
    pub(crate) fn holds(&self, content: Option<&RawValue>) -> bool {
        let mut holds = false;
        if let Some(content) = content {
            members::each(content, &self.path, |text| {
                holds |= match &self.bounds {
                    Bounds::Numbers(between) => text.parse::<Decimal>().is_ok_and(|number| between.holds(&number)),
                    Bounds::Moments(between) => moment(text).is_some_and(|at| between.holds(&at)),
                };
            });
        }
        holds
    }
}

/// The time that a member of the content is, if it is one.
pub(crate) fn moment(json: &str) -> Option<i128> {
    let text = json.starts_with('"').then(|| serde_json::from_str::<String>(json).ok())??;
    moments::nanoseconds(&text)
}

fn both<T>(least: &Bound<String>, most: &Bound<String>, read: impl Fn(&str) -> Option<T>) -> Option<Between<T>> {
    let read = |bound: &Bound<String>| match bound {
        None => Some(None),
        Some((text, is_within)) => read(text).map(|value| Some((value, *is_within))),
    };
    Some(Between { least: read(least)?, most: read(most)? })
}

fn reach(least: &Bound<String>, most: &Bound<String>, read: impl Fn(&str) -> Option<f64>) -> Span {
    let edge = |bound: &Bound<String>| bound.as_ref().and_then(|(text, _)| read(text));
    Span {
        least: edge(least).map_or(f64::NEG_INFINITY, f64::next_down),
        most: edge(most).map_or(f64::INFINITY, f64::next_up),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn range(bounds: [Option<&str>; 4]) -> Result<Range, &'static str> {
        let [at_least, above, at_most, below] = bounds.map(|bound| bound.map(str::to_owned));
        Range::new(&FieldRange { path: "a".into(), at_least, above, at_most, below })
    }

    fn holds(bounds: [Option<&str>; 4], value: &str) -> bool {
        let content = serde_json::from_str::<Box<RawValue>>(&format!(r#"{{"a":{value}}}"#)).unwrap();
        range(bounds).unwrap().holds(Some(&content))
    }

    // SEARCH-5, M-SER-2, M-SER-3
    #[test]
    fn a_range_holds_what_is_within_its_bounds_and_of_their_kind() {
        for (bounds, value, expected) in [
            ([Some("1"), None, None, None], "1.0", true),
            ([None, Some("1"), None, None], "1.0", false),
            ([None, Some("1"), None, None], "1.00000000000000000001", true),
            ([None, None, Some("9007199254740992"), None], "9007199254740993", false),
            ([None, None, None, Some("-1")], "[0,-2]", true),
            ([Some("1"), None, Some("2"), None], "[0,3]", false),
            ([Some("1"), None, None, None], "\"5\"", false),
            ([Some("1"), None, None, None], "null", false),
            ([Some("2012-01-01"), None, None, Some("2012-02-01")], "\"2012-01-31T23:59:59.999Z\"", true),
            ([Some("2012-01-01"), None, None, Some("2012-02-01")], "\"2012-02-01\"", false),
            ([Some("2012-01-01"), None, None, None], "2013", false),
            ([None, Some("1e999"), None, None], "2e999", true),
        ] {
            assert_eq!(holds(bounds, value), expected, "{bounds:?} {value}");
        }
        assert!(!range([Some("1"), None, None, None]).unwrap().holds(None));
    }

    // SEARCH-4
    #[test]
    fn a_range_that_is_none_is_refused() {
        for bounds in [
            [None; 4],
            [Some("1"), Some("1"), None, None],
            [Some("1"), None, Some("2012-01-01"), None],
            [Some("x"), None, None, None],
            [Some(""), None, None, None],
        ] {
            assert!(range(bounds).is_err(), "{bounds:?}");
        }
    }
}
