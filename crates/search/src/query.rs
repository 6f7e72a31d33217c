//! A query as lists of terms and bounds, and what of the chunks matches it (SEARCH-2, SEARCH-3, SEARCH-4).

use std::ops::ControlFlow;

use chancery_data::{Operation, submission::Access};
use chancery_reference_points::{
    Code, DoorError, DoorResult,
    data_search::{
        DataQuery, MAX_ALTERNATIVES, MAX_FIELD_BYTES, MAX_PAGE_OPERATIONS, MAX_TEXT_BYTES, MAX_WORDS, OperationPlace,
        TimeStamp,
    },
    read_right::ReadRight,
};

use crate::{
    SearchError,
    chunk::{Bounds, Row, Rows, SubmissionRow},
    index::{SearchIndex, State},
    ranges::Range,
    sight::Sight,
    sort::Sorting,
    terms,
};

const DEFAULT_PAGE_OPERATIONS: usize = 20;
/// Most chunks that one page looks at; then it says where the next goes on.
const MAX_CHUNKS: usize = 2048;

/// A row that was found, with its submission.
pub(crate) type Found = (SubmissionRow, Row);

/// Where the bytes of a row are read.
pub(crate) trait Contents {
    /// The exact bytes of an operation.
    fn bytes(&self, submission: &SubmissionRow, row: &Row) -> Result<Vec<u8>, SearchError>;
}

/// Who is shown what matches, one after the other.
pub(crate) trait Visitor {
    /// How many it takes at most from now on.
    fn room(&self) -> usize;

    /// Takes one.
    fn visit(&mut self, found: Found) -> Result<ControlFlow<()>, SearchError>;
}

/// What is looked for: every group has to be matched by one of its terms.
pub(crate) struct Plan {
    groups: Vec<Vec<String>>,
    pub(crate) ranges: Vec<Range>,
    from: u64,
    to: u64,
    pub(crate) time: TimeStamp,
    ascending: bool,
    pub(crate) limit: usize,
    after: Option<OperationPlace>,
    pub(crate) sorting: Option<Sorting>,
    sight: Sight,
}

impl Plan {
    /// # Errors
    /// `MalformedRequest` with the member that is beyond its bounds.
    pub(crate) fn new(query: DataQuery, sight: Sight) -> DoorResult<Self> {
        let refuse = |member: &str, detail: String| {
            Err(DoorError::new(Code::MalformedRequest, format!("{member}: {detail}")).with("member", member))
        };
        let limit = query.limit.unwrap_or(DEFAULT_PAGE_OPERATIONS);
        if !(1..=MAX_PAGE_OPERATIONS).contains(&limit) {
            return refuse("limit", format!("write 1 to {MAX_PAGE_OPERATIONS}"));
        }
        for (member, count) in [
            ("sources", query.sources.len()),
            ("formats", query.formats.len()),
            ("fields", query.fields.len()),
            ("ranges", query.ranges.len()),
        ] {
            if count > MAX_ALTERNATIVES {
                return refuse(member, format!("write at most {MAX_ALTERNATIVES}"));
            }
        }
        let (from, to) = (query.from.unwrap_or(0), query.to.unwrap_or(u64::MAX));
        if from >= to {
            return refuse("from", "it must be before `to`".into());
        }
        let is_long = |text: &str| text.len() > MAX_FIELD_BYTES;
        if query.formats.iter().any(|text| is_long(text)) || query.subject.as_deref().is_some_and(is_long) {
            return refuse("formats", format!("formats and subject have at most {MAX_FIELD_BYTES} bytes"));
        }
        if query.fields.iter().any(|field| field.path.is_empty() || is_long(&field.path) || is_long(&field.value)) {
            return refuse(
                "fields",
                format!("path and value have at most {MAX_FIELD_BYTES} bytes, a path at least one"),
            );
        }
        let mut ranges = Vec::with_capacity(query.ranges.len());
        for asked in &query.ranges {
            let bounds = [&asked.at_least, &asked.above, &asked.at_most, &asked.below];
            if asked.path.is_empty() || is_long(&asked.path) || bounds.into_iter().flatten().any(|text| is_long(text)) {
                let detail = format!("path and bounds have at most {MAX_FIELD_BYTES} bytes, a path at least one");
                return refuse("ranges", detail);
            }
            match Range::new(asked) {
                Ok(range) => ranges.push(range),
                Err(detail) => return refuse("ranges", detail.into()),
            }
        }
        let mut groups: Vec<Vec<String>> = Vec::new();
        groups.extend(query.subject.as_deref().map(|subject| vec![terms::subject(subject)]));
        groups.extend(query.fields.iter().map(|field| terms::asked_field(&field.path, &field.value)));
        if let Some(text) = &query.text {
            let words = if text.len() > MAX_TEXT_BYTES { Vec::new() } else { terms::words(text) };
            if words.is_empty() || words.len() > MAX_WORDS {
                return refuse("text", format!("write 1 to {MAX_WORDS} words, at most {MAX_TEXT_BYTES} bytes"));
            }
            groups.extend(words.into_iter().map(|word| vec![word]));
        }
        // What is common comes last: a group without rows ends the chunk.
        groups.push(query.formats.iter().map(|format| terms::format(format)).collect());
        groups.push(query.sources.iter().map(|source| terms::source(*source)).collect());
        groups.retain(|group| !group.is_empty());
        if query.sort.is_some() && query.ascending {
            return refuse("sort", "it says the order, which `ascending` says of the order of acceptance".into());
        }
        let is_sorted = query.sort.is_some();
        let sorting = query.sort.map(|sort| Sorting::new(sort, query.after)).transpose()?;
        Ok(Self {
            groups,
            ranges,
            from,
            to,
            time: query.time,
            ascending: query.ascending,
            limit,
            // A sorted page may begin after an operation wherever that stands.
            after: query.after.filter(|_| !is_sorted),
            sorting,
            sight,
        })
    }

    /// Visits what matches the index's terms, times and access, in order, without looking into contents. Where it was bounded: outside of what was looked at.
    pub(crate) fn visit(
        &self,
        index: &SearchIndex,
        visitor: &mut impl Visitor,
    ) -> Result<Option<OperationPlace>, SearchError> {
        let chunks = {
            let state = index.state.read();
            let tail = if self.ascending { Vec::new() } else { self.of_tail(&state, visitor.room())? };
            let chunks = state.chunks.clone();
            drop(state);
            if pass(tail, visitor)?.is_break() {
                return Ok(None);
            }
            chunks
        };
        let mut looked = 0;
        for position in 0..chunks.len() {
            let number = if self.ascending { position } else { chunks.len() - 1 - position };
            let Some(bounds) = chunks.get(number).filter(|bounds| self.can_hold(bounds)) else { continue };
            if looked == MAX_CHUNKS {
                let edge = if self.ascending {
                    before(OperationPlace { place: bounds.first_place, index: 0 })
                } else {
                    OperationPlace { place: bounds.last_place + 1, index: 0 }
                };
                return Ok(Some(edge));
            }
            looked += 1;
            let found = self.of_chunk(index, number, bounds, visitor.room())?;
            if pass(found, visitor)?.is_break() {
                return Ok(None);
            }
        }
        if self.ascending {
            // What was sealed since the chunks were listed comes with the next page.
            let state = index.state.read();
            if let Some(sealed) = state.chunks.get(chunks.len()) {
                return Ok(Some(before(OperationPlace { place: sealed.first_place, index: 0 })));
            }
            let tail = self.of_tail(&state, visitor.room())?;
            drop(state);
            let _ = pass(tail, visitor)?;
        }
        Ok(None)
    }

    fn can_hold(&self, bounds: &Bounds) -> bool {
        let (least, most) = match self.time {
            TimeStamp::Stated => (bounds.least_time_ms, bounds.most_time_ms),
            TimeStamp::Accepted => (bounds.least_accepted_ms, bounds.most_accepted_ms),
        };
        let after = self.after.is_none_or(|after| {
            if self.ascending { bounds.last_place >= after.place } else { bounds.first_place <= after.place }
        });
        after && most >= self.from && least < self.to
    }

    /// The first of a chunk, at most so many.
    fn of_chunk(
        &self,
        index: &SearchIndex,
        number: usize,
        bounds: &Bounds,
        most: usize,
    ) -> Result<Vec<Found>, SearchError> {
        let number = u32::try_from(number).map_err(|_| SearchError::Damaged)?;
        if bounds.has_spans {
            for range in &self.ranges {
                if index.store.span(&range.key, number)?.is_none_or(|span| !span.meets(range.reach)) {
                    return Ok(Vec::new());
                }
            }
        }
        match self.matching(|term| index.store.list(term, number))? {
            None => Ok(self.take(&index.store.rows(number)?, None, most)),
            Some(matching) if matching.is_empty() => Ok(Vec::new()),
            Some(matching) => Ok(self.take(&index.store.rows(number)?, Some(&matching), most)),
        }
    }

    fn of_tail(&self, state: &State, most: usize) -> Result<Vec<Found>, SearchError> {
        let lists = |term: &str| Ok(state.tail.lists.get(term).cloned().unwrap_or_default());
        Ok(self.take(&state.tail.rows, self.matching(lists)?.as_deref(), most))
    }

    /// Rows that every group has; `None` when there is no group.
    fn matching(&self, list: impl Fn(&str) -> Result<Vec<u16>, SearchError>) -> Result<Option<Vec<u16>>, SearchError> {
        let mut matching: Option<Vec<u16>> = None;
        for group in &self.groups {
            let mut rows = Vec::new();
            for term in group {
                let list = list(term)?;
                if rows.is_empty() {
                    rows = list;
                } else {
                    rows.extend(list);
                    rows.sort_unstable();
                    rows.dedup();
                }
            }
            let both = match matching {
                None => rows,
                Some(before) => intersection(&before, &rows),
            };
            if both.is_empty() {
                return Ok(Some(both));
            }
            matching = Some(both);
        }
        Ok(matching)
    }

    /// What may be seen, in order, at most so many.
    fn take(&self, rows: &Rows, matching: Option<&[u16]>, most: usize) -> Vec<Found> {
        let (count, mut found) = (matching.map_or(rows.rows.len(), <[u16]>::len), Vec::new());
        for position in 0..count {
            if found.len() >= most {
                break;
            }
            let position = if self.ascending { position } else { count - 1 - position };
            let at = matching.map_or(Some(position), |list| list.get(position).map(|row| usize::from(*row)));
            let Some(row) = at.and_then(|at| rows.rows.get(at)) else { continue };
            let Some(submission) = rows.submissions.get(row.submission as usize) else { continue };
            if self.admits(submission, row) {
                found.push((submission.clone(), *row));
            }
        }
        found
    }

    /// Whether the content is within every range. Nothing sealed is.
    pub(crate) fn holds(&self, operation: &Operation<'_>) -> bool {
        let content = if self.ranges.is_empty() { None } else { terms::content_of(operation) };
        self.ranges.iter().all(|range| range.holds(content))
    }

    fn admits(&self, submission: &SubmissionRow, row: &Row) -> bool {
        let at = OperationPlace { place: submission.place, index: row.index };
        let is_after = self.after.is_none_or(|after| if self.ascending { at > after } else { at < after });
        let time_ms = match self.time {
            TimeStamp::Stated => row.time_ms,
            TimeStamp::Accepted => submission.accepted_at_ms,
        };
        is_after && (self.from..self.to).contains(&time_ms) && self.sight.right_to(submission).is_some()
    }

    /// Access class and right by which what was found is seen; `None` for what is not.
    pub(crate) fn seen(&self, submission: &SubmissionRow) -> Option<(Access, ReadRight)> {
        let class = self.sight.class(&submission.format, submission.access, submission.in_clear);
        Some((class, self.sight.right_to(submission)?))
    }
}

fn pass(found: Vec<Found>, visitor: &mut impl Visitor) -> Result<ControlFlow<()>, SearchError> {
    for one in found {
        if visitor.visit(one)?.is_break() {
            return Ok(ControlFlow::Break(()));
        }
    }
    Ok(ControlFlow::Continue(()))
}

/// The greatest place before an edge.
const fn before(edge: OperationPlace) -> OperationPlace {
    match edge.place.checked_sub(1) {
        Some(place) => OperationPlace { place, index: u32::MAX },
        None => edge,
    }
}

fn intersection(left: &[u16], right: &[u16]) -> Vec<u16> {
    let (mut both, mut at) = (Vec::with_capacity(left.len().min(right.len())), 0);
    for row in left {
        while right.get(at).is_some_and(|other| other < row) {
            at += 1;
        }
        if right.get(at) == Some(row) {
            both.push(*row);
        }
    }
    both
}
