//! Chunks on disk: a log-structured store without syncs (fjall), whose batches are whole or not there (decision 0022).

use std::{collections::BTreeMap, path::Path};

use chancery_data::{SourceId, submission::Access};
use chancery_ingest::journal::{JournalError, Position};
use chancery_reference_points::data_search::{DayCount, OperationPlace};
use fjall::{
    Database, Keyspace, KeyspaceCreateOptions,
    config::{PartitioningPolicy, PinningPolicy},
};

use crate::{
    chunk::{Bounds, Rows, Tail, class_byte, class_of, decode_list, encode_list},
    spans::Span,
};

const CACHE_BYTES: u64 = 64 * 1024 * 1024;
const MAX_STORE_JOURNAL_BYTES: u64 = 128 * 1024 * 1024;
const WRITE_BUFFER_BYTES: u64 = 16 * 1024 * 1024;
const AT: &str = "at";
/// Of the layout of the index; another one is made anew. 2: of two layouts that never met, readers of restricted data with counts by access class, or spans of members. 3: both. 4: the
/// indices of tables are read in pieces.
const VERSION: u64 = 4;
const DAY_MS: u64 = 86_400_000;

/// The index of the search cannot be used. It may be deleted: it is made anew from the journal.
#[derive(Debug, thiserror::Error)]
pub enum SearchError {
    /// The store.
    #[error("the search index: {0}. It may be deleted while the city stands still; it is made anew from the journal")]
    Store(#[from] fjall::Error),
    /// A value that does not read.
    #[error(
        "the search index does not read. It may be deleted while the city stands still; it is made anew from the journal"
    )]
    Damaged,
    /// An operation that was changed on the disk.
    #[error("the operation {} of place {} is damaged: the operator audits the journal", .0.index, .0.place)]
    Content(OperationPlace),
    /// What it is made from.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// A write failed before, and it is opened anew, or not yet as far as it was.
    #[error("the search index is not as far as it was: a write failed before")]
    Closed,
    /// The disk.
    #[error("the folder of the search index: {0}")]
    Folder(#[from] std::io::Error),
}

/// Up to where the journal is in the chunks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct At {
    /// The first place that is not.
    pub(crate) next_place: u64,
    /// The group that holds it, or the one before.
    pub(crate) position: Option<Position>,
}

/// Operations of one day, source, format and access class.
pub(crate) struct ClassCount {
    pub(crate) access: Access,
    pub(crate) in_clear: bool,
    pub(crate) count: DayCount,
}

pub(crate) struct Store {
    database: Database,
    rows: Keyspace,
    lists: Keyspace,
    spans: Keyspace,
    bounds: Keyspace,
    days: Keyspace,
    sources: Keyspace,
    meta: Keyspace,
}

impl Store {
    /// Opens the store; makes it anew when it is of another layout, or says more than the journal holds.
    pub(crate) fn open(directory: &Path, durable: u64) -> Result<Self, SearchError> {
        let store = Self::open_as_it_is(directory)?;
        match store.at() {
            Ok(at) if at.next_place <= durable => Ok(store),
            _ => {
                tracing::warn!("the search index is made anew");
                drop(store);
                std::fs::remove_dir_all(directory)?;
                Self::open_as_it_is(directory)
            }
        }
    }

    fn open_as_it_is(directory: &Path) -> Result<Self, SearchError> {
        std::fs::create_dir_all(directory)?;
        let database = Database::builder(directory)
            .cache_size(CACHE_BYTES)
            .worker_threads(1)
            .max_journaling_size(MAX_STORE_JOURNAL_BYTES)
            .manual_journal_persist(true)
            .open()?;
        let keyspace = |name: &str| {
            // Indices and filters of tables are read in pieces: the whole index of a table of short lists takes a millisecond to read, and the cache holds few of them.
            let options = || {
                KeyspaceCreateOptions::default()
                    .max_memtable_size(WRITE_BUFFER_BYTES)
                    .manual_journal_persist(true)
                    .index_block_partitioning_policy(PartitioningPolicy::all(true))
                    .filter_block_partitioning_policy(PartitioningPolicy::all(true))
                    .index_block_pinning_policy(PinningPolicy::all(true))
                    .filter_block_pinning_policy(PinningPolicy::all(true))
            };
            database.keyspace(name, options)
        };
        Ok(Self {
            rows: keyspace("rows")?,
            lists: keyspace("lists")?,
            spans: keyspace("spans")?,
            bounds: keyspace("bounds")?,
            days: keyspace("days")?,
            sources: keyspace("sources")?,
            meta: keyspace("meta")?,
            database,
        })
    }

    pub(crate) fn at(&self) -> Result<At, SearchError> {
        let Some(bytes) = self.meta.get(AT)? else { return Ok(At::default()) };
        let numbers: Vec<u64> =
            bytes.chunks_exact(8).filter_map(|chunk| chunk.try_into().ok()).map(u64::from_le_bytes).collect();
        match numbers[..] {
            [VERSION, next_place, segment, offset] => {
                Ok(At { next_place, position: Some(Position { segment, offset }) })
            }
            _ => Err(SearchError::Damaged),
        }
    }

    pub(crate) fn bounds(&self) -> Result<Vec<Bounds>, SearchError> {
        self.bounds.iter().map(|guard| Bounds::decode(&guard.value()?).ok_or(SearchError::Damaged)).collect()
    }

    pub(crate) fn organizations(&self) -> Result<Vec<(SourceId, String)>, SearchError> {
        let pairs = self.sources.iter().map(|guard| {
            let (source, organization) = guard.into_inner()?;
            let source = SourceId::try_from(source.as_ref()).map_err(|_| SearchError::Damaged)?;
            Ok((source, String::from_utf8_lossy(&organization).into_owned()))
        });
        pairs.collect()
    }

    pub(crate) fn put_organization(&self, source: SourceId, organization: &str) -> Result<(), SearchError> {
        Ok(self.sources.insert(source.as_slice(), organization.as_bytes())?)
    }

    /// A chunk with its lists, counts, bounds and the place that it ends at: all or nothing.
    pub(crate) fn seal(&self, number: u32, tail: &Tail, bounds: &Bounds, at: At) -> Result<(), SearchError> {
        let mut batch = self.database.batch();
        batch.insert(&self.rows, number.to_be_bytes(), tail.rows.encode());
        batch.insert(&self.bounds, number.to_be_bytes(), bounds.encode());
        for (term, rows) in &tail.lists {
            batch.insert(&self.lists, list_key(term, number), encode_list(rows));
        }
        for (key, span) in tail.spans.iter() {
            batch.insert(&self.spans, list_key(key, number), span.encode());
        }
        for (key, count) in counts(&tail.rows) {
            let before =
                self.days.get(&key)?.and_then(|bytes| bytes.as_ref().try_into().ok()).map_or(0, u64::from_le_bytes);
            batch.insert(&self.days, key, (before + count).to_le_bytes());
        }
        let position = at.position.unwrap_or(Position { segment: 0, offset: 0 });
        let value = [VERSION, at.next_place, position.segment, position.offset];
        batch.insert(&self.meta, AT, value.iter().flat_map(|number| number.to_le_bytes()).collect::<Vec<u8>>());
        Ok(batch.commit()?)
    }

    pub(crate) fn rows(&self, number: u32) -> Result<Rows, SearchError> {
        let bytes = self.rows.get(number.to_be_bytes())?.ok_or(SearchError::Damaged)?;
        Rows::decode(&bytes).ok_or(SearchError::Damaged)
    }

    /// The rows of a chunk that have a term.
    pub(crate) fn list(&self, term: &str, number: u32) -> Result<Vec<u16>, SearchError> {
        match self.lists.get(list_key(term, number))? {
            None => Ok(Vec::new()),
            Some(bytes) => decode_list(&bytes).ok_or(SearchError::Damaged),
        }
    }

    /// Between which bounds a member of a chunk is, by its key, where the chunk has spans; `None`: nothing of it is comparable.
    pub(crate) fn span(&self, key: &str, number: u32) -> Result<Option<Span>, SearchError> {
        let bytes = self.spans.get(list_key(key, number))?;
        bytes.map(|bytes| Span::decode(&bytes).ok_or(SearchError::Damaged)).transpose()
    }

    /// Counts of the chunks, and of a tail that is in none yet.
    pub(crate) fn days(&self, tail: &Rows) -> Result<Vec<ClassCount>, SearchError> {
        let mut all = counts(tail);
        for guard in self.days.iter() {
            let (key, count) = guard.into_inner()?;
            let count = count.as_ref().try_into().map(u64::from_le_bytes).map_err(|_| SearchError::Damaged)?;
            *all.entry(key.to_vec()).or_default() += count;
        }
        all.iter().map(|(key, count)| ClassCount::of(key, *count).ok_or(SearchError::Damaged)).collect()
    }
}

fn list_key(term: &str, number: u32) -> Vec<u8> {
    let mut key = Vec::with_capacity(term.len() + 5);
    key.extend(term.as_bytes());
    key.push(0);
    key.extend(number.to_be_bytes());
    key
}

fn counts(rows: &Rows) -> BTreeMap<Vec<u8>, u64> {
    let mut counts = BTreeMap::new();
    for row in &rows.rows {
        let Some(submission) = rows.submissions.get(row.submission as usize) else { continue };
        let day = u32::try_from(submission.accepted_at_ms / DAY_MS).unwrap_or(u32::MAX);
        let mut key = day.to_be_bytes().to_vec();
        key.extend(submission.source);
        key.push(class_byte(submission.access, submission.in_clear));
        key.extend(submission.format.as_bytes());
        *counts.entry(key).or_default() += 1;
    }
    counts
}

impl ClassCount {
    fn of(key: &[u8], operations: u64) -> Option<Self> {
        let (day, rest) = key.split_first_chunk::<4>()?;
        let (source, rest) = rest.split_first_chunk::<20>()?;
        let (class, format) = rest.split_first()?;
        let (access, in_clear) = class_of(*class)?;
        let count = DayCount {
            day: u32::from_be_bytes(*day),
            format: String::from_utf8(format.to_vec()).ok()?,
            source: SourceId::new(*source),
            operations,
        };
        Some(Self { access, in_clear, count })
    }
}
