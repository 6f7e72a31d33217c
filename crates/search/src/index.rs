//! The index: chunks on disk, the tail in memory, and what enters it.

use std::{
    collections::{BTreeSet, HashMap, HashSet},
    path::Path,
    sync::Arc,
};

use chancery_data::{Jws, Operation, SourceId, sealed, submission::Statement};
use chancery_ingest::{
    journal::{Group, Position},
    reading::{JournalEntry, SubmissionEntry, entries_of},
};
use parking_lot::RwLock;

use crate::{
    chunk::{Bounds, CHUNK_BYTES, CHUNK_ROWS, Row, SubmissionRow, Tail},
    sight,
    spans::{self, Span},
    store::{At, ClassCount, SearchError, Store},
    terms,
};

const DAY_MS: u64 = 86_400_000;

/// An index that one thread fills and many read.
pub struct SearchIndex {
    pub(crate) store: Store,
    pub(crate) state: RwLock<State>,
    chunk_rows: usize,
}

/// What changes.
pub(crate) struct State {
    /// Of the chunks on disk, in order.
    pub(crate) chunks: Vec<Bounds>,
    pub(crate) tail: Tail,
    pub(crate) organizations: HashMap<SourceId, Arc<str>>,
    at: At,
}

impl SearchIndex {
    /// Opens an index, or makes one. `durable`: how far the journal goes; an index that says more is made anew (SEARCH-1).
    ///
    /// # Errors
    /// [`SearchError`].
    pub fn open(directory: &Path, durable: u64) -> Result<Self, SearchError> {
        Self::open_with(directory, durable, CHUNK_ROWS)
    }

    pub(crate) fn open_with(directory: &Path, durable: u64, chunk_rows: usize) -> Result<Self, SearchError> {
        let store = Store::open(directory, durable)?;
        let organizations =
            store.organizations()?.into_iter().map(|(source, name)| (source, Arc::from(name))).collect();
        let state = State { chunks: store.bounds()?, tail: Tail::default(), organizations, at: store.at()? };
        Ok(Self { store, state: RwLock::new(state), chunk_rows })
    }

    /// The first place that is not in it.
    #[must_use]
    pub fn next_place(&self) -> u64 {
        self.state.read().at.next_place
    }

    /// Where reading of the journal goes on.
    pub(crate) fn position(&self) -> Option<Position> {
        self.state.read().at.position
    }

    /// Adds what is new in a group.
    ///
    /// # Errors
    /// [`SearchError`]; then nothing more may be added.
    pub fn add(&self, group: &Group) -> Result<(), SearchError> {
        let next = self.next_place();
        for (place, entry) in entries_of(group).filter(|(place, _)| *place >= next) {
            match entry.ok_or(SearchError::Damaged)? {
                JournalEntry::Submission(submission) => self.add_submission(group.position, &submission)?,
                JournalEntry::Source { source, .. } => {
                    self.store.put_organization(source.source, &source.organization)?;
                    self.state.write().organizations.insert(source.source, Arc::from(source.organization.as_str()));
                }
                JournalEntry::Quota { .. }
                | JournalEntry::Setting { .. }
                | JournalEntry::Closed { .. }
                | JournalEntry::Recorded { .. } => {}
            }
            let mut state = self.state.write();
            state.at = At { next_place: place + 1, position: Some(group.position) };
            let full = state.tail.rows.rows.len() >= self.chunk_rows || state.tail.bytes >= CHUNK_BYTES;
            // Bounds are found by looking at every row: of a full chunk only.
            if full && let Some(bounds) = state.tail.rows.bounds() {
                let bounds = Bounds { has_spans: state.tail.spans.are_whole(), ..bounds };
                let number = u32::try_from(state.chunks.len()).map_err(|_| SearchError::Damaged)?;
                self.store.seal(number, &state.tail, &bounds, state.at)?;
                state.chunks.push(bounds);
                state.tail = Tail::default();
            }
        }
        Ok(())
    }

    fn add_submission(&self, position: Position, entry: &SubmissionEntry) -> Result<(), SearchError> {
        let payload = Jws::payload_of(&entry.jws).map_err(|_| SearchError::Damaged)?;
        let statement: Statement = serde_json::from_slice(&payload).map_err(|_| SearchError::Damaged)?;
        // The terms are found before anybody is kept from reading.
        let (mut found, mut in_clear) = (Vec::with_capacity(entry.operations.len()), false);
        let (mut measured, mut is_whole) = (Vec::new(), true);
        for bytes in &entry.operations {
            let operation = Operation::parse(bytes).map_err(|_| SearchError::Damaged)?;
            in_clear |= sealed::is_in_clear(&operation);
            let mut terms = Vec::new();
            is_whole &= terms::of_operation(
                &operation,
                |term| terms.push(term),
                |kind, path, value| measured.push((spans::key(kind, path), Span::around(value))),
            );
            found.push((operation.time, terms));
        }
        let (source, format) = (terms::source(statement.source), terms::format(&statement.format));
        let mut state = self.state.write();
        let tail = &mut state.tail;
        measured.into_iter().for_each(|(key, span)| tail.spans.add(key, span));
        if !is_whole {
            tail.spans.cut();
        }
        let number = u32::try_from(tail.rows.submissions.len()).map_err(|_| SearchError::Damaged)?;
        let format_name = match tail.rows.submissions.last() {
            Some(last) if *last.format == *statement.format => Arc::clone(&last.format),
            _ => Arc::from(statement.format.as_str()),
        };
        tail.rows.submissions.push(SubmissionRow {
            place: entry.place,
            accepted_at_ms: entry.accepted_at_ms,
            expires_ms: entry.accepted_at_ms.saturating_add(u64::from(statement.control.retention_days) * DAY_MS),
            segment: position.segment,
            digest: entry.digest,
            source: statement.source,
            format: format_name,
            format_version: statement.format_version,
            access: statement.control.access,
            in_clear,
            readers: statement.control.readers.into(),
        });
        for ((index, (time_ms, terms)), (bytes, offset)) in
            (0..).zip(found).zip(entry.operations.iter().zip(&entry.offsets))
        {
            let row = u16::try_from(tail.rows.rows.len()).map_err(|_| SearchError::Damaged)?;
            let length = u32::try_from(bytes.len()).map_err(|_| SearchError::Damaged)?;
            tail.rows.rows.push(Row { submission: number, index, time_ms, offset: *offset, bytes: length });
            tail.bytes += bytes.len();
            for term in terms {
                put(tail, term, row);
            }
            put_known(tail, &source, row);
            put_known(tail, &format, row);
        }
        Ok(())
    }

    /// The sources of these organizations.
    pub(crate) fn sources_of(&self, organizations: &BTreeSet<String>) -> HashSet<SourceId> {
        if organizations.is_empty() {
            return HashSet::new();
        }
        sight::sources_of(self.state.read().organizations.iter(), organizations)
    }

    /// Counts by day, format, source and access class.
    pub(crate) fn counts(&self) -> Result<Vec<ClassCount>, SearchError> {
        let state = self.state.read();
        self.store.days(&state.tail.rows)
    }
}

/// A term that most rows have: its list is there already.
fn put_known(tail: &mut Tail, term: &str, row: u16) {
    match tail.lists.get_mut(term) {
        Some(rows) => add(rows, row),
        None => put(tail, term.to_owned(), row),
    }
}

fn put(tail: &mut Tail, term: String, row: u16) {
    add(tail.lists.entry(term).or_default(), row);
}

fn add(rows: &mut Vec<u16>, row: u16) {
    if rows.last() != Some(&row) {
        rows.push(row);
    }
}
