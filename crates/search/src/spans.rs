//! Between which bounds the members of a chunk are that are numbers or times: what no range reaches is not read (decision 0061).

use std::collections::HashMap;

use crate::terms;

/// Most members of a chunk of which bounds are kept. A chunk with more has none: it is read.
const MAX_SPANS: usize = 4096;

/// What a member is compared as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Kind {
    /// A number.
    Number,
    /// A date, with or without a time: milliseconds since 1970.
    Moment,
}

/// Least and greatest, each moved outwards by what a binary fraction leaves off.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Span {
    pub(crate) least: f64,
    pub(crate) most: f64,
}

impl Span {
    /// Of one value, read to the nearest fraction.
    pub(crate) const fn around(value: f64) -> Self {
        Self { least: value.next_down(), most: value.next_up() }
    }

    pub(crate) const fn join(self, other: Self) -> Self {
        Self { least: self.least.min(other.least), most: self.most.max(other.most) }
    }

    pub(crate) fn meets(self, other: Self) -> bool {
        self.least <= other.most && other.least <= self.most
    }

    pub(crate) fn encode(self) -> [u8; 16] {
        let (mut bytes, [least, most]) = ([0; 16], [self.least, self.most].map(f64::to_le_bytes));
        bytes[..8].copy_from_slice(&least);
        bytes[8..].copy_from_slice(&most);
        bytes
    }

    pub(crate) fn decode(bytes: &[u8]) -> Option<Self> {
        let (least, rest) = bytes.split_first_chunk::<8>()?;
        let span = Self { least: f64::from_le_bytes(*least), most: f64::from_le_bytes(rest.try_into().ok()?) };
        (span.least <= span.most).then_some(span)
    }
}

/// The spans of a chunk that is being filled, by kind and path.
#[derive(Debug, Default)]
pub(crate) struct Spans {
    by_key: HashMap<String, Span>,
    is_cut: bool,
}

/// The key of a member's span.
pub(crate) fn key(kind: Kind, path: &str) -> String {
    match kind {
        Kind::Number => terms::bounded('n', path),
        Kind::Moment => terms::bounded('t', path),
    }
}

impl Spans {
    pub(crate) fn add(&mut self, key: String, span: Span) {
        if self.is_cut {
            return;
        }
        let known = self.by_key.entry(key).or_insert(span);
        *known = known.join(span);
        if self.by_key.len() > MAX_SPANS {
            self.cut();
        }
    }

    /// A content was not read: nothing is known of the chunk.
    pub(crate) fn cut(&mut self) {
        self.is_cut = true;
        self.by_key = HashMap::new();
    }

    /// Whether every number and time is in one of them.
    pub(crate) const fn are_whole(&self) -> bool {
        !self.is_cut
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, Span)> {
        self.by_key.iter().map(|(key, span)| (key.as_str(), *span))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use proptest::prelude::*;

    use super::*;

    proptest! {
        // SEARCH-2: what is in a chunk is within its span, however it is rounded.
        #[test]
        fn a_span_reads_as_it_was_written_and_holds_what_went_in(values in prop::collection::vec(any::<i64>(), 1..20)) {
            let whole = values.iter().map(|value| Span::around(*value as f64)).reduce(Span::join).unwrap();
            prop_assert_eq!(Span::decode(&whole.encode()), Some(whole));
            prop_assert!(values.iter().all(|value| whole.meets(Span::around(*value as f64))));
        }
    }

    #[test]
    fn a_chunk_of_too_many_members_is_read() {
        let mut spans = Spans::default();
        (0..=MAX_SPANS).for_each(|number| spans.add(key(Kind::Number, &number.to_string()), Span::around(1.0)));
        assert!(!spans.are_whole());
        assert_eq!(spans.iter().count(), 0);
    }
}
