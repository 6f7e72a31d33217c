//! A query as lists of terms and bounds, and its answer from chunks (SEARCH-2, SEARCH-3, SEARCH-4).

use chancery_data::submission::Access;
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
    sight::Sight,
    terms,
};

const DEFAULT_PAGE_OPERATIONS: usize = 20;
/// Most chunks that one page looks at; then it says where the next goes on.
const MAX_CHUNKS: usize = 2048;

/// A row that was found, with its submission.
pub(crate) type Found = (SubmissionRow, Row);

/// What is looked for: every group has to be matched by one of its terms.
pub(crate) struct Plan {
    groups: Vec<Vec<String>>,
    from: u64,
    to: u64,
    time: TimeStamp,
    ascending: bool,
    limit: usize,
    after: Option<OperationPlace>,
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
        for (member, count) in
            [("sources", query.sources.len()), ("formats", query.formats.len()), ("fields", query.fields.len())]
        {
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
        Ok(Self { groups, from, to, time: query.time, ascending: query.ascending, limit, after: query.after, sight })
    }

    /// What is found, and after which one the next page begins.
    pub(crate) fn run(&self, index: &SearchIndex) -> Result<(Vec<Found>, Option<OperationPlace>), SearchError> {
        let mut found = Vec::new();
        let chunks = {
            let state = index.state.read();
            if !self.ascending && self.chunk_of_tail(&state, &mut found) {
                return Ok(self.page(found, None));
            }
            state.chunks.clone()
        };
        let mut looked = 0;
        let mut numbers: Box<dyn Iterator<Item = usize> + Send> =
            if self.ascending { Box::new(0..chunks.len()) } else { Box::new((0..chunks.len()).rev()) };
        let numbers = numbers.by_ref().filter(|number| chunks.get(*number).is_some_and(|bounds| self.can_hold(bounds)));
        for number in numbers {
            let Some(bounds) = chunks.get(number) else { continue };
            if looked == MAX_CHUNKS {
                let edge = if self.ascending {
                    OperationPlace { place: bounds.first_place, index: 0 }
                } else {
                    OperationPlace { place: bounds.last_place + 1, index: 0 }
                };
                return Ok(self.page(found, Some(edge)));
            }
            looked += 1;
            if self.chunk(index, number, &mut found)? {
                return Ok(self.page(found, None));
            }
        }
        if self.ascending {
            // What was sealed since the chunks were listed comes with the next page.
            let state = index.state.read();
            if state.chunks.len() > chunks.len() {
                let next =
                    state.chunks.get(chunks.len()).map(|bounds| OperationPlace { place: bounds.first_place, index: 0 });
                return Ok(self.page(found, next));
            }
            self.chunk_of_tail(&state, &mut found);
        }
        Ok(self.page(found, None))
    }

    /// One row more than the limit says that there is a next page.
    fn page(&self, mut found: Vec<Found>, edge: Option<OperationPlace>) -> (Vec<Found>, Option<OperationPlace>) {
        if found.len() > self.limit {
            found.truncate(self.limit);
            let last =
                found.last().map(|(submission, row)| OperationPlace { place: submission.place, index: row.index });
            return (found, last);
        }
        // An edge is outside of the chunk in the order asked for: the operation before it is not skipped.
        (found, edge.map(|edge| if self.ascending { before(edge) } else { edge }))
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

    /// Whether the page is full.
    fn chunk(&self, index: &SearchIndex, number: usize, found: &mut Vec<Found>) -> Result<bool, SearchError> {
        let number = u32::try_from(number).map_err(|_| SearchError::Damaged)?;
        let Some(matching) = self.matching(|term| index.store.list(term, number))? else {
            return Ok(self.take(&index.store.rows(number)?, None, found));
        };
        Ok(!matching.is_empty() && self.take(&index.store.rows(number)?, Some(&matching), found))
    }

    fn chunk_of_tail(&self, state: &State, found: &mut Vec<Found>) -> bool {
        let lists = |term: &str| Ok(state.tail.lists.get(term).cloned().unwrap_or_default());
        match self.matching(lists) {
            Ok(matching) => self.take(&state.tail.rows, matching.as_deref(), found),
            Err(_) => false,
        }
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

    /// Takes what may be seen, in order, until one more than the page holds.
    fn take(&self, rows: &Rows, matching: Option<&[u16]>, found: &mut Vec<Found>) -> bool {
        let count = matching.map_or(rows.rows.len(), <[u16]>::len);
        for position in 0..count {
            let position = if self.ascending { position } else { count - 1 - position };
            let at = matching.map_or(Some(position), |list| list.get(position).map(|row| usize::from(*row)));
            let Some(row) = at.and_then(|at| rows.rows.get(at)) else { continue };
            let Some(submission) = rows.submissions.get(row.submission as usize) else { continue };
            if self.admits(submission, row) {
                found.push((submission.clone(), *row));
                if found.len() > self.limit {
                    return true;
                }
            }
        }
        false
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
