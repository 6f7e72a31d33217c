//! The derived index: what is looked up, beside the journal that says it all (decision 0019).

use std::{
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

use alloy_primitives::B256;
use chancery_data::{SourceId, submission::SubmissionKey};
use chancery_reference_points::{
    quota::{QuotaSetting, QuotaSubject},
    source_data::Source,
};
use chancery_stores::check_room;
use fjall::{Database, Keyspace, KeyspaceCreateOptions, OwnedWriteBatch};
use parking_lot::{MappedRwLockReadGuard, RwLock, RwLockReadGuard};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::{
    entry::{BlockBounds, BlockRecord},
    journal::Position,
    settings::Setting,
    usage::{Usage, place_of},
};

const CACHE_BYTES: u64 = 16 * 1024 * 1024;
const MAX_INDEX_JOURNAL_BYTES: u64 = 64 * 1024 * 1024;
const WRITE_BUFFER_BYTES: u64 = 8 * 1024 * 1024;
const COMPLETE_TO: &str = "complete-to";
/// Says that `roots` has all recorded blocks: an index of before did not have it.
const HAS_ROOTS: &str = "has-roots";
/// Blocks of one batch while `roots` is made.
const ROOTS_OF_A_BATCH: usize = 4096;
const CLOSED: &str = "is not open yet";

/// The index cannot be read or written. It may be deleted: it is made anew from the journal.
#[derive(Debug, thiserror::Error)]
#[error(
    "the index {doing}: {problem}. It may be deleted while the city stands still; it is made anew from the journal"
)]
pub struct IndexError {
    doing: &'static str,
    problem: String,
}

impl IndexError {
    /// It could not be opened again yet: it is tried again.
    fn closed() -> Self {
        Self { doing: CLOSED, problem: "a write failed before".to_owned() }
    }

    /// Whether it is only not open at present.
    pub(crate) fn is_closed(&self) -> bool {
        self.doing == CLOSED
    }
}

fn failed(doing: &'static str) -> impl FnOnce(fjall::Error) -> IndexError {
    move |error| IndexError { doing, problem: error.to_string() }
}

/// An accepted submission by its idempotency key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Known {
    pub(crate) place: u64,
    pub(crate) accepted_at_ms: u64,
    pub(crate) digest: B256,
}

/// The newest operation about a subject.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Version {
    pub(crate) name: B256,
    pub(crate) number: u64,
}

/// A data block.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Block {
    pub(crate) bounds: BlockBounds,
    pub(crate) record: Option<BlockRecord>,
}

/// The index of one journal. A store that a write failed in takes no further one: it is closed and opened again.
pub(crate) struct Index {
    directory: PathBuf,
    tables: RwLock<Option<Arc<Tables>>>,
}

/// What is open.
struct Tables {
    database: Database,
    keys: Keyspace,
    groups: Keyspace,
    subjects: Keyspace,
    versions: Keyspace,
    sources: Keyspace,
    blocks: Keyspace,
    roots: Keyspace,
    quotas: Keyspace,
    quota_changes: Keyspace,
    settings: Keyspace,
    usage: Keyspace,
    meta: Keyspace,
}

/// Changes that become visible together.
pub(crate) struct Batch {
    tables: Arc<Tables>,
    batch: OwnedWriteBatch,
}

impl Tables {
    fn open(directory: &Path) -> Result<Self, IndexError> {
        let database = Database::builder(directory)
            .cache_size(CACHE_BYTES)
            .worker_threads(1)
            .max_journaling_size(MAX_INDEX_JOURNAL_BYTES)
            .manual_journal_persist(true)
            .open()
            .map_err(failed("cannot be opened"))?;
        let keyspace = |name: &str| {
            let options =
                || KeyspaceCreateOptions::default().max_memtable_size(WRITE_BUFFER_BYTES).manual_journal_persist(true);
            database.keyspace(name, options).map_err(failed("cannot be opened"))
        };
        let tables = Self {
            keys: keyspace("keys")?,
            groups: keyspace("groups")?,
            subjects: keyspace("subjects")?,
            versions: keyspace("versions")?,
            sources: keyspace("sources")?,
            blocks: keyspace("blocks")?,
            roots: keyspace("roots")?,
            quotas: keyspace("quotas")?,
            quota_changes: keyspace("quota-changes")?,
            settings: keyspace("settings")?,
            usage: keyspace("usage")?,
            meta: keyspace("meta")?,
            database,
        };
        tables.make_roots()?;
        Ok(tables)
    }

    /// Which block has which root, of an index that does not have it yet.
    fn make_roots(&self) -> Result<(), IndexError> {
        if self.meta.get(HAS_ROOTS).map_err(failed("cannot be read"))?.is_some() {
            return Ok(());
        }
        let (mut batch, mut count) = (self.database.batch(), 0);
        for guard in self.blocks.iter() {
            let block: Block = decode(&guard.value().map_err(failed("cannot be read"))?)?;
            let Some(record) = block.record else { continue };
            batch.insert(&self.roots, record.root.as_slice(), record.first.to_be_bytes());
            count += 1;
            if count >= ROOTS_OF_A_BATCH {
                std::mem::replace(&mut batch, self.database.batch()).commit().map_err(failed("cannot be written"))?;
                count = 0;
            }
        }
        batch.insert(&self.meta, HAS_ROOTS, [1]);
        batch.commit().map_err(failed("cannot be written"))
    }
}

impl Index {
    pub(crate) fn open(directory: &Path) -> Result<Self, IndexError> {
        let tables = Arc::new(Tables::open(directory)?);
        Ok(Self { directory: directory.into(), tables: RwLock::new(Some(tables)) })
    }

    /// Whether its folder can be written, before it is closed.
    ///
    /// # Errors
    /// As [`check_room`].
    pub(crate) fn check_room(&self) -> io::Result<()> {
        check_room(&self.directory, 0)
    }

    /// Closes it, after a write that failed, and opens it anew, since a store is open once. What is in it may be less than it was: nobody finds anything here before
    /// [`Self::take_over`]. No [`Batch`] may be left.
    ///
    /// # Errors
    /// When it does not open; then it is tried again.
    pub(crate) fn closed_and_opened(&self) -> Result<Self, IndexError> {
        *self.tables.write() = None;
        Self::open(&self.directory)
    }

    /// What was opened anew, and is complete again, is found here from now on.
    pub(crate) fn take_over(&self, opened: Self) {
        *self.tables.write() = opened.tables.into_inner();
    }

    fn tables(&self) -> Result<MappedRwLockReadGuard<'_, Arc<Tables>>, IndexError> {
        RwLockReadGuard::try_map(self.tables.read_recursive(), Option::as_ref).map_err(|_| IndexError::closed())
    }

    /// Whether a recorded block has this root.
    pub(crate) fn has_root(&self, root: B256) -> Result<bool, IndexError> {
        Ok(self.tables()?.roots.get(root).map_err(failed("cannot be read"))?.is_some())
    }

    /// The place up to which everything is in here.
    pub(crate) fn complete_to(&self) -> Result<u64, IndexError> {
        let value = self.tables()?.meta.get(COMPLETE_TO).map_err(failed("cannot be read"))?;
        Ok(value.and_then(|bytes| bytes.as_ref().try_into().ok()).map_or(0, u64::from_be_bytes))
    }

    pub(crate) fn known(&self, source: SourceId, key: SubmissionKey) -> Result<Option<Known>, IndexError> {
        let value = self.tables()?.keys.get(key_of(source, key)).map_err(failed("cannot be read"))?;
        Ok(value.and_then(|bytes| {
            let (place, rest) = bytes.split_first_chunk()?;
            let (accepted, digest) = rest.split_first_chunk()?;
            Some(Known {
                place: u64::from_be_bytes(*place),
                accepted_at_ms: u64::from_be_bytes(*accepted),
                digest: B256::try_from(digest).ok()?,
            })
        }))
    }

    pub(crate) fn version(&self, subject: B256) -> Result<Option<Version>, IndexError> {
        let value = self.tables()?.subjects.get(subject).map_err(failed("cannot be read"))?;
        Ok(value.and_then(|bytes| {
            let (number, name) = bytes.split_first_chunk()?;
            Some(Version { number: u64::from_be_bytes(*number), name: B256::try_from(name).ok()? })
        }))
    }

    /// The group that holds a place.
    pub(crate) fn group(&self, place: u64) -> Result<Option<(u64, Position)>, IndexError> {
        let Some(found) = self.tables()?.groups.range(..=place.to_be_bytes()).next_back() else { return Ok(None) };
        let (first, value) = found.into_inner().map_err(failed("cannot be read"))?;
        let number = |bytes: &[u8]| bytes.try_into().ok().map(u64::from_be_bytes);
        Ok(number(&first).zip(value.split_at_checked(8)).and_then(|(first, (segment, offset))| {
            Some((first, Position { segment: number(segment)?, offset: number(offset)? }))
        }))
    }

    /// The data block whose bounds are around a place.
    pub(crate) fn block_of(&self, place: u64) -> Result<Option<Block>, IndexError> {
        let Some(found) = self.tables()?.blocks.range(..=place.to_be_bytes()).next_back() else { return Ok(None) };
        let block: Block = decode(&found.value().map_err(failed("cannot be read"))?)?;
        Ok((block.bounds.last >= place).then_some(block))
    }

    /// The last block that was closed.
    pub(crate) fn last_block(&self) -> Result<Option<Block>, IndexError> {
        self.block_of_last(self.tables()?.blocks.iter().next_back())
    }

    fn block_of_last(&self, found: Option<fjall::Guard>) -> Result<Option<Block>, IndexError> {
        found.map(|found| decode(&found.value().map_err(failed("cannot be read"))?)).transpose()
    }

    /// Blocks that are closed and not recorded, in order.
    pub(crate) fn unrecorded(&self) -> Result<Vec<BlockBounds>, IndexError> {
        let mut found = Vec::new();
        // Blocks are recorded about in order: everything before the first of a long recorded run is done, so the newest are looked at first.
        let mut recorded_run = 0;
        for guard in self.tables()?.blocks.iter().rev() {
            let block: Block = decode(&guard.value().map_err(failed("cannot be read"))?)?;
            if block.record.is_none() {
                recorded_run = 0;
                found.push(block.bounds);
            } else {
                recorded_run += 1;
                if recorded_run > 2 * crate::limits::MAX_UNRECORDED_BLOCKS {
                    break;
                }
            }
        }
        found.reverse();
        Ok(found)
    }

    pub(crate) fn sources(&self) -> Result<Vec<Source>, IndexError> {
        self.tables()?.sources.iter().map(|guard| decode(&guard.value().map_err(failed("cannot be read"))?)).collect()
    }

    /// The settings in force.
    pub(crate) fn quotas(&self) -> Result<Vec<QuotaSetting>, IndexError> {
        self.tables()?.quotas.iter().map(|guard| decode(&guard.value().map_err(failed("cannot be read"))?)).collect()
    }

    /// The newest changes of quotas, newest first.
    pub(crate) fn quota_changes(&self, most: usize) -> Result<Vec<QuotaSetting>, IndexError> {
        let newest = self.tables()?.quota_changes.iter().rev().take(most);
        newest.map(|guard| decode(&guard.value().map_err(failed("cannot be read"))?)).collect()
    }

    /// The newest settings with their places, newest first.
    pub(crate) fn settings(&self, most: usize) -> Result<Vec<(u64, Setting)>, IndexError> {
        let newest = self.tables()?.settings.iter().rev().take(most);
        newest.map(|guard| decode(&guard.value().map_err(failed("cannot be read"))?)).collect()
    }

    /// What a subject has used on a day; `None` when nothing.
    pub(crate) fn usage(&self, subject: &QuotaSubject, day: u32) -> Result<Option<Usage>, IndexError> {
        let value = self.tables()?.usage.get(usage_key(subject, day)).map_err(failed("cannot be read"))?;
        Ok(value.and_then(|bytes| read_usage(&bytes)).filter(|usage| usage.day == day))
    }

    pub(crate) fn batch(&self) -> Result<Batch, IndexError> {
        let tables = Arc::clone(&*self.tables()?);
        Ok(Batch { batch: tables.database.batch(), tables })
    }
}

impl Batch {
    pub(crate) fn known(&mut self, source: SourceId, key: SubmissionKey, known: &Known) {
        let mut value = [0; 48];
        value[..8].copy_from_slice(&known.place.to_be_bytes());
        value[8..16].copy_from_slice(&known.accepted_at_ms.to_be_bytes());
        value[16..].copy_from_slice(known.digest.as_slice());
        self.batch.insert(&self.tables.keys, key_of(source, key), value);
    }

    /// A new version, with its place for the history.
    pub(crate) fn version(&mut self, subject: B256, version: &Version, place: u64, position: u32) {
        let mut value = [0; 40];
        value[..8].copy_from_slice(&version.number.to_be_bytes());
        value[8..].copy_from_slice(version.name.as_slice());
        self.batch.insert(&self.tables.subjects, subject.as_slice(), value);
        let mut key = [0; 40];
        key[..32].copy_from_slice(subject.as_slice());
        key[32..].copy_from_slice(&version.number.to_be_bytes());
        let mut at = [0; 44];
        at[..8].copy_from_slice(&place.to_be_bytes());
        at[8..12].copy_from_slice(&position.to_be_bytes());
        at[12..].copy_from_slice(version.name.as_slice());
        self.batch.insert(&self.tables.versions, key, at);
    }

    pub(crate) fn group(&mut self, first_place: u64, position: Position) {
        let mut value = [0; 16];
        value[..8].copy_from_slice(&position.segment.to_be_bytes());
        value[8..].copy_from_slice(&position.offset.to_be_bytes());
        self.batch.insert(&self.tables.groups, first_place.to_be_bytes(), value);
    }

    pub(crate) fn source(&mut self, source: &Source) -> Result<(), IndexError> {
        self.batch.insert(&self.tables.sources, source.source.as_slice(), encode(source)?);
        Ok(())
    }

    pub(crate) fn block(&mut self, block: &Block) -> Result<(), IndexError> {
        let first = block.bounds.first.to_be_bytes();
        self.batch.insert(&self.tables.blocks, first, encode(block)?);
        if let Some(record) = &block.record {
            self.batch.insert(&self.tables.roots, record.root.as_slice(), first);
        }
        Ok(())
    }

    /// A quota that was set or taken away.
    pub(crate) fn quota(&mut self, setting: &QuotaSetting) -> Result<(), IndexError> {
        let (subject, value) = (setting.subject.to_string(), encode(setting)?);
        self.batch.insert(&self.tables.quota_changes, setting.place.to_be_bytes(), value.clone());
        if setting.quota.is_some() {
            self.batch.insert(&self.tables.quotas, subject.as_str(), value);
        } else {
            self.batch.remove(&self.tables.quotas, subject.as_str());
        }
        Ok(())
    }

    /// A setting of the city.
    pub(crate) fn setting(&mut self, place: u64, setting: &Setting) -> Result<(), IndexError> {
        self.batch.insert(&self.tables.settings, place.to_be_bytes(), encode(&(place, setting))?);
        Ok(())
    }

    /// What a subject has used on a day, in the place of what it had used `MAX_USAGE_DAYS` before.
    pub(crate) fn usage(&mut self, subject: &QuotaSubject, usage: &Usage) {
        let Usage { day, operations, bytes, minute, minute_operations } = usage;
        let mut value = [0; 36];
        value[..4].copy_from_slice(&day.to_be_bytes());
        for (place, number) in value[4..].chunks_exact_mut(8).zip([operations, bytes, minute, minute_operations]) {
            place.copy_from_slice(&number.to_be_bytes());
        }
        self.batch.insert(&self.tables.usage, usage_key(subject, *day), value);
    }

    pub(crate) fn commit(mut self, complete_to: u64) -> Result<(), IndexError> {
        self.batch.insert(&self.tables.meta, COMPLETE_TO, complete_to.to_be_bytes());
        self.batch.commit().map_err(failed("cannot be written"))
    }
}

fn key_of(source: SourceId, key: SubmissionKey) -> [u8; 36] {
    let mut bytes = [0; 36];
    bytes[..20].copy_from_slice(source.as_slice());
    bytes[20..].copy_from_slice(key.as_slice());
    bytes
}

/// The subject's text and the day's place in the ring of days.
fn usage_key(subject: &QuotaSubject, day: u32) -> Vec<u8> {
    let mut key = subject.to_string().into_bytes();
    key.extend(place_of(day).to_be_bytes());
    key
}

fn read_usage(bytes: &[u8]) -> Option<Usage> {
    let (day, rest) = bytes.split_first_chunk()?;
    let mut numbers = rest.chunks_exact(8).filter_map(|number| Some(u64::from_be_bytes(number.try_into().ok()?)));
    Some(Usage {
        day: u32::from_be_bytes(*day),
        operations: numbers.next()?,
        bytes: numbers.next()?,
        minute: numbers.next()?,
        minute_operations: numbers.next()?,
    })
}

fn encode(value: &impl Serialize) -> Result<Vec<u8>, IndexError> {
    serde_json::to_vec(value).map_err(|error| IndexError { doing: "cannot be written", problem: error.to_string() })
}

fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, IndexError> {
    serde_json::from_slice(bytes).map_err(|error| IndexError { doing: "does not read", problem: error.to_string() })
}
