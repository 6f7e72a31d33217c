//! The start: what the journal has and the index has not, and where gathering goes on (DATA-2, DATA-4, DATA-7).

use std::{path::Path, time::Instant};

use chancery_data::{Operation, submission::Statement};
use chancery_reference_points::{DoorError, quota::QuotaSubject};

use crate::{
    entry::{self, BlockBounds, BlockRecord, Head},
    index::{Block, Index, IndexError, Known, Version},
    journal::{self, Group, Journal, JournalError, JournalLock},
    quotas::Quotas,
    sources::Sources,
    subject::subject_key,
    usage::Meter,
    writer::OpenBlock,
};

/// Why the ingest does not start.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The journal.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The index.
    #[error(transparent)]
    Index(#[from] IndexError),
    /// An entry with a right checksum that does not read: another version wrote it.
    #[error("entry {place} of the journal is of a kind that this version does not read")]
    Entry {
        /// Its place.
        place: u64,
    },
    /// A source.
    #[error("a source does not read: {0}")]
    Source(DoorError),
}

pub(crate) struct Opened {
    pub(crate) lock: JournalLock,
    pub(crate) journal: Journal,
    pub(crate) known: Followed,
}

/// What follows from the journal, and is kept beside it.
pub(crate) struct Followed {
    pub(crate) sources: Sources,
    pub(crate) quotas: Quotas,
    pub(crate) open: Option<OpenBlock>,
    pub(crate) unrecorded: Vec<BlockBounds>,
}

/// Opens the journal, and brings the index up to it.
pub(crate) fn open(directory: &Path, index: &Index, chain_id: u64) -> Result<Opened, OpenError> {
    std::fs::create_dir_all(directory).map_err(|source| JournalError::Io { path: directory.into(), source })?;
    let lock = JournalLock::take(directory)?;
    let complete_to = index.complete_to()?;
    let journal = Journal::open(directory, chain_id, complete_to)?;
    let known = follow(directory, index, journal.next_place())?;
    Ok(Opened { lock, journal, known })
}

/// Brings the index up to a journal, and reads what follows from both.
pub(crate) fn follow(directory: &Path, index: &Index, next_place: u64) -> Result<Followed, OpenError> {
    let complete_to = index.complete_to()?;
    let mut sources = Sources::default();
    for source in index.sources()? {
        sources.put(source).map_err(OpenError::Source)?;
    }
    if complete_to < next_place {
        catch_up(directory, index, complete_to, &mut sources)?;
    }
    let mut quotas = Quotas::default();
    for setting in index.quotas()? {
        quotas.put(setting);
    }
    let open = gathering(directory, index, next_place)?;
    Ok(Followed { sources, quotas, open, unrecorded: index.unrecorded()? })
}

fn catch_up(directory: &Path, index: &Index, complete_to: u64, sources: &mut Sources) -> Result<(), OpenError> {
    let begin = match complete_to.checked_sub(1) {
        Some(last) => index.group(last)?.map(|(_, position)| position),
        None => None,
    };
    let Some(begin) = begin.or(journal::first_position(directory)?) else { return Ok(()) };
    for group in journal::read_from(directory, begin)? {
        let group = group?;
        if group.first_place >= complete_to {
            index_group(index, &group, sources)?;
        }
    }
    Ok(())
}

fn index_group(index: &Index, group: &Group, sources: &mut Sources) -> Result<(), OpenError> {
    let mut batch = index.batch()?;
    let mut versions: std::collections::HashMap<_, Version> = std::collections::HashMap::new();
    let mut closed: Vec<BlockBounds> = Vec::new();
    let mut meter = Meter::new(index);
    for (place, (kind, body)) in (group.first_place..).zip(&group.entries) {
        let unknown = || OpenError::Entry { place };
        match *kind {
            entry::SUBMISSION => {
                let kept = entry::read_submission(body).ok_or_else(unknown)?;
                let Head { accepted_at_ms, digest, source, .. } = kept.head;
                batch.known(source, kept.key, &Known { place, accepted_at_ms, digest });
                let jws = chancery_data::Jws::parse(&kept.jws, chancery_data::submission::TYP);
                let jws = jws.map_err(|_| unknown())?;
                let statement: Statement = serde_json::from_slice(&jws.payload).map_err(|_| unknown())?;
                let organization = sources.get(source).map(|source| source.organization.clone());
                let bytes = kept.operations.iter().map(|operation| operation.len() as u64).sum();
                let counted = (kept.operations.len() as u64, bytes);
                let of = organization.iter().cloned().map(QuotaSubject::Organization);
                for subject in of.chain([QuotaSubject::Source(source)]) {
                    meter.count(subject, counted, accepted_at_ms)?;
                }
                for (position, bytes) in (0..).zip(&kept.operations) {
                    let operation = Operation::parse(bytes).map_err(|_| unknown())?;
                    let Some(subject) = &operation.subject else { continue };
                    let organization = organization.as_ref().map_err(|error| OpenError::Source(error.clone()))?;
                    let subject = subject_key(organization, &statement.format, subject);
                    let present = match versions.get(&subject) {
                        Some(version) => Some(*version),
                        None => index.version(subject)?,
                    };
                    let number = present.map_or(1, |version| version.number + 1);
                    let version = Version { name: Operation::name(bytes), number };
                    batch.version(subject, &version, place, position);
                    versions.insert(subject, version);
                }
            }
            entry::SOURCE => {
                let source = entry::read_source(body).ok_or_else(unknown)?;
                batch.source(&source)?;
                sources.put(source).map_err(OpenError::Source)?;
            }
            entry::QUOTA => {
                let (head, change) = entry::QuotaChange::read(body).ok_or_else(unknown)?;
                batch.quota(&change.setting(place, head.digest))?;
            }
            entry::SETTING => {
                let (_, setting) = entry::read_setting(body).ok_or_else(unknown)?;
                batch.setting(place, &setting)?;
            }
            entry::CLOSED => {
                let bounds: BlockBounds = serde_json::from_slice(body).map_err(|_| unknown())?;
                batch.block(&Block { bounds: bounds.clone(), record: None })?;
                closed.push(bounds);
            }
            entry::RECORDED => {
                let record: BlockRecord = serde_json::from_slice(body).map_err(|_| unknown())?;
                let here = closed.iter().find(|bounds| bounds.first == record.first).cloned();
                let bounds = match here {
                    Some(bounds) => Some(bounds),
                    None => index.block_of(record.first)?.map(|block| block.bounds),
                };
                if let Some(bounds) = bounds {
                    batch.block(&Block { bounds, record: Some(record) })?;
                }
            }
            _ => return Err(unknown()),
        }
    }
    meter.write(&mut batch);
    batch.group(group.first_place, group.position);
    Ok(batch.commit(group.first_place + group.entries.len() as u64)?)
}

/// The leaves after the last closed block: the block that was being gathered.
fn gathering(directory: &Path, index: &Index, next_place: u64) -> Result<Option<OpenBlock>, OpenError> {
    let from = index.last_block()?.map_or(0, |block| block.bounds.last + 1);
    let Some((_, position)) = index.group(from)? else { return Ok(None) };
    let mut open: Option<OpenBlock> = None;
    if from >= next_place {
        return Ok(None);
    }
    for group in journal::read_from(directory, position)? {
        let group = group?;
        for (place, (kind, _)) in (group.first_place..).zip(&group.entries) {
            if place >= from && entry::is_leaf(*kind) {
                let block = open.get_or_insert_with(|| OpenBlock {
                    first: place,
                    last: place,
                    count: 0,
                    opened: Instant::now(),
                });
                block.last = place;
                block.count += 1;
            }
        }
    }
    Ok(open)
}
