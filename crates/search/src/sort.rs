//! A page in another order than that of acceptance (SEARCH-7): over everything that the asker may see and matches, of which no more is held than a page.

use std::{cmp::Ordering, collections::BinaryHeap, ops::ControlFlow};

use chancery_data::Operation;
use chancery_reference_points::{
    Code, DoorError, DoorResult,
    data_search::{
        CONTENT, MAX_SORT_KEY_BYTES, MAX_SORTED_BYTES, MAX_SORTED_OPERATIONS, OperationPlace, SORTABLE, Sort,
        decimal::Decimal,
    },
};
use serde_json::value::RawValue;

use crate::{
    SearchError,
    budget::Budget,
    index::SearchIndex,
    members,
    query::{Contents, Found, Plan, Visitor},
    terms,
};

/// Most operations of which the times are compared, and nothing is read.
const MAX_SORTED_TIMES: usize = 2_000_000;
/// Longest text of a cursor: of a key of control characters each has six.
const MAX_CURSOR_BYTES: usize = 8 * MAX_SORT_KEY_BYTES;

/// What an operation is sorted by, in their order. What has none is last, whichever way.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    Moment(u64),
    Number(Decimal),
    Text(String),
    Truth(bool),
    Null,
    Absent,
}

/// By what.
enum Field {
    Stated,
    Accepted,
    Subject,
    Member(String),
}

/// How a page is sorted, and after what it begins.
pub(crate) struct Sorting {
    field: Field,
    descending: bool,
    after: Option<(Key, OperationPlace)>,
}

/// A page that was found, after which operation the next begins, and by what that one is sorted.
pub(crate) struct SortedPage {
    pub(crate) found: Vec<Found>,
    pub(crate) next: Option<(OperationPlace, String)>,
}

impl Key {
    /// Of a member as it is written.
    fn of_json(json: &str) -> Self {
        match json.as_bytes().first() {
            Some(b'"') => serde_json::from_str::<String>(json).map_or(Self::Absent, Self::of_text),
            Some(b't') => Self::Truth(true),
            Some(b'f') => Self::Truth(false),
            Some(b'n') => Self::Null,
            _ if json.len() <= MAX_SORT_KEY_BYTES => json.parse().map_or(Self::Absent, Self::Number),
            _ => Self::Absent,
        }
    }

    fn of_text(mut text: String) -> Self {
        let mut end = MAX_SORT_KEY_BYTES.min(text.len());
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        text.truncate(end);
        Self::Text(text)
    }

    /// As a cursor has it: JSON in ASCII, since it stands in a header too, and nothing for what is absent.
    fn written(&self) -> String {
        match self {
            Self::Moment(at) => at.to_string(),
            Self::Number(number) => number.to_string(),
            Self::Text(text) => {
                let json = serde_json::Value::from(text.as_str()).to_string();
                let mut ascii = String::with_capacity(json.len());
                for unit in json.encode_utf16() {
                    match u8::try_from(unit) {
                        Ok(byte) if byte.is_ascii() && byte != 0x7f => ascii.push(char::from(byte)),
                        _ => ascii.extend(format!("\\u{unit:04x}").chars()),
                    }
                }
                ascii
            }
            Self::Truth(truth) => truth.to_string(),
            Self::Null => "null".to_owned(),
            Self::Absent => String::new(),
        }
    }
}

impl Field {
    fn of(name: &str) -> Option<Self> {
        match name {
            "time" => Some(Self::Stated),
            "acceptedAt" => Some(Self::Accepted),
            "subject" => Some(Self::Subject),
            _ => name.strip_prefix(CONTENT).map(|path| Self::Member(path.to_owned())),
        }
    }

    const fn is_time(&self) -> bool {
        matches!(self, Self::Stated | Self::Accepted)
    }

    /// What a cursor says; `None` for what no operation is sorted by here.
    fn read(&self, text: &str) -> Option<Key> {
        if text.len() > MAX_CURSOR_BYTES {
            return None;
        }
        if self.is_time() {
            return text.parse().ok().map(Key::Moment);
        }
        if text.is_empty() {
            return Some(Key::Absent);
        }
        let key = match text {
            "true" => Key::Truth(true),
            "false" => Key::Truth(false),
            "null" => Key::Null,
            _ if text.starts_with('"') => Key::of_text(serde_json::from_str(text).ok()?),
            _ => Key::Number(text.parse().ok()?),
        };
        Some(key)
    }
}

impl Sorting {
    /// # Errors
    /// `MalformedRequest` with the member that says something else than what can be sorted by.
    pub(crate) fn new(sort: Sort, after: Option<OperationPlace>) -> DoorResult<Self> {
        let refuse = |member: &str, detail: String| {
            DoorError::new(Code::MalformedRequest, format!("{member}: {detail}")).with("member", member)
        };
        sort.check().map_err(|error| refuse("sort", error.to_string()).with("sortable", SORTABLE.to_vec()))?;
        let unsortable = || refuse("sort", "there is no such field".into()).with("sortable", SORTABLE.to_vec());
        let field = Field::of(&sort.field).ok_or_else(unsortable)?;
        let after = match (sort.after.as_deref(), after) {
            (None, None) => None,
            (Some(key), Some(at)) => {
                let key = field.read(key);
                Some((key.ok_or_else(|| refuse("after", "its key is none of a page that is sorted so".into()))?, at))
            }
            _ => {
                return Err(refuse("after", "of a sorted page it is the operation and its key, as `next` said".into()));
            }
        };
        Ok(Self { field, descending: sort.descending, after })
    }

    /// The page. It looks at everything that matches, however large the page.
    pub(crate) fn page(
        &self,
        plan: &Plan,
        index: &SearchIndex,
        contents: &impl Contents,
    ) -> Result<DoorResult<SortedPage>, SearchError> {
        let reads = !self.field.is_time() || !plan.ranges.is_empty();
        let most = if reads { MAX_SORTED_OPERATIONS } else { MAX_SORTED_TIMES };
        let budget = Budget::new(most, MAX_SORTED_BYTES);
        let mut sorted =
            Sorted { sorting: self, plan, contents, reads, first: BinaryHeap::new(), budget, is_beyond: false };
        let edge = plan.visit(index, &mut sorted)?;
        if sorted.is_beyond || edge.is_some() {
            return Ok(Err(beyond(most)));
        }
        let mut entries = sorted.first.into_sorted_vec();
        let has_more = entries.len() > plan.limit;
        entries.truncate(plan.limit);
        let next = entries.last().filter(|_| has_more).map(|last| (last.at, last.key.written()));
        Ok(Ok(SortedPage { found: entries.into_iter().map(|entry| entry.found).collect(), next }))
    }

    fn order(&self, left: (&Key, OperationPlace), right: (&Key, OperationPlace)) -> Ordering {
        let is_absent = |key: &Key| *key == Key::Absent;
        let forward = left.cmp(&right);
        let directed = if self.descending { forward.reverse() } else { forward };
        is_absent(left.0).cmp(&is_absent(right.0)).then(directed)
    }
}

fn beyond(most: usize) -> DoorError {
    let detail =
        format!("sort: at most {most} operations and {MAX_SORTED_BYTES} bytes of them are sorted: narrow the query");
    DoorError::new(Code::MalformedRequest, detail).with("member", "sort").with("limit", most)
}

/// One of a page, which is ordered as the page is.
struct Entry<'a> {
    sorting: &'a Sorting,
    key: Key,
    at: OperationPlace,
    found: Found,
}

impl Ord for Entry<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.sorting.order((&self.key, self.at), (&other.key, other.at))
    }
}

impl PartialOrd for Entry<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Entry<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Entry<'_> {}

/// The first of everything so far: one more than a page has, which says that there is a next.
struct Sorted<'a, C> {
    sorting: &'a Sorting,
    plan: &'a Plan,
    contents: &'a C,
    /// Whether what is compared stands in the operations themselves.
    reads: bool,
    first: BinaryHeap<Entry<'a>>,
    budget: Budget,
    is_beyond: bool,
}

impl<C: Contents> Sorted<'_, C> {
    /// By what an operation is sorted; `None` for one that is not within the ranges.
    fn key(&self, (submission, row): &Found) -> Result<Option<Key>, SearchError> {
        let bytes = if self.reads { self.contents.bytes(submission, row)? } else { Vec::new() };
        // What does not read is last, and refused by name when it is shown.
        let operation = if bytes.is_empty() { None } else { Operation::parse(&bytes).ok() };
        if operation.as_ref().is_some_and(|operation| !self.plan.holds(operation)) {
            return Ok(None);
        }
        let key = match &self.sorting.field {
            Field::Stated => Key::Moment(row.time_ms),
            Field::Accepted => Key::Moment(submission.accepted_at_ms),
            Field::Subject => {
                let subject = operation.as_ref().and_then(|operation| operation.subject.as_ref());
                subject.map_or(Key::Absent, |subject| Key::of_text(subject.to_string()))
            }
            Field::Member(path) => {
                let content = operation.as_ref().and_then(terms::content_of);
                content.and_then(|content| first(content, path)).map_or(Key::Absent, Key::of_json)
            }
        };
        Ok(Some(key))
    }
}

fn first<'a>(content: &'a RawValue, path: &str) -> Option<&'a str> {
    let mut found = None;
    members::each(content, path, |json| found = found.or(Some(json)));
    found
}

impl<C: Contents> Visitor for Sorted<'_, C> {
    fn room(&self) -> usize {
        usize::MAX
    }

    fn visit(&mut self, found: Found) -> Result<ControlFlow<()>, SearchError> {
        if !self.budget.has_room() {
            self.is_beyond = true;
            return Ok(ControlFlow::Break(()));
        }
        self.budget.spend(if self.reads { found.1.bytes as usize } else { 0 });
        let Some(key) = self.key(&found)? else { return Ok(ControlFlow::Continue(())) };
        let sorting = self.sorting;
        let at = OperationPlace { place: found.0.place, index: found.1.index };
        let after = sorting.after.as_ref();
        if after.is_none_or(|(before, place)| sorting.order((before, *place), (&key, at)) == Ordering::Less) {
            self.first.push(Entry { sorting, key, at, found });
            if self.first.len() > self.plan.limit + 1 {
                self.first.pop();
            }
        }
        Ok(ControlFlow::Continue(()))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    // SEARCH-7: a cursor is ASCII, and reads as what it was written of.
    #[test]
    fn a_key_reads_as_it_was_written() {
        let member = Field::Member("a".into());
        for json in [
            "-1.50",
            "1e400",
            "0.01e-2305843009213693951",
            "\"\"",
            "\"港口 \\u0007 \\\"x\\\" 😀\"",
            "true",
            "false",
            "null",
            "[]",
        ] {
            let key = Key::of_json(json);
            let written = key.written();
            assert!(written.is_ascii() && !written.chars().any(char::is_control), "{written}");
            assert_eq!(member.read(&written), Some(key), "{json}");
        }
        assert_eq!(Key::of_json("1.0"), Key::of_json("10e-1"));
        assert_eq!(Key::of_json(&format!("\"{}\"", "é".repeat(200))), Key::of_text("é".repeat(128)));
        assert_eq!(Key::of_json(&"1".repeat(257)), Key::Absent);
        for text in ["x", "1.", "\"", "01", &"1".repeat(3000)] {
            assert_eq!(member.read(text), None, "{text}");
        }
        assert_eq!((Field::Stated.read("12"), Field::Stated.read("")), (Some(Key::Moment(12)), None));
    }
}
