//! One group on its way into the journal: what is decided in the order of writing (DATA-3, DATA-5).

use std::collections::HashMap;

use alloy_primitives::B256;
use chancery_data::{SourceId, Submission, receipt::Receipt, submission::SubmissionKey};
use chancery_reference_points::{
    Code, DoorError, DoorResult,
    quota::{QuotaSetting, QuotaSubject},
    source_data::Source,
};

use crate::{
    entry::{self, Head},
    index::{Batch, Index, IndexError, Known, Version},
    journal::Entry,
    quotas::Quotas,
    receipts::GroupReceipts,
    settings::Setting,
    sources::Sources,
    usage::Meter,
};

/// An operation about a subject.
#[derive(Clone, Debug)]
pub(crate) struct Update {
    /// Its place in the submission.
    pub(crate) position: u32,
    /// Hash of organization, format and subject.
    pub(crate) subject: B256,
    /// The version that it says it replaces.
    pub(crate) previous: Option<B256>,
}

/// A submission whose signature and content have been checked.
#[derive(Debug)]
pub(crate) struct Checked {
    pub(crate) submission: Submission,
    pub(crate) updates: Vec<Update>,
}

/// Where a submission came to stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Placed {
    pub(crate) place: u64,
    pub(crate) accepted_at_ms: u64,
    pub(crate) repeated: bool,
}

/// Entries that are written together, and what the index will say of them.
pub(crate) struct Group<'a> {
    index: &'a Index,
    batch: Batch,
    first_place: u64,
    now_ms: u64,
    entries: Vec<(u8, Vec<u8>)>,
    bytes: usize,
    keys: HashMap<(SourceId, SubmissionKey), Known>,
    versions: HashMap<B256, Version>,
    meter: Meter<'a>,
    receipts: Vec<Receipt>,
}

impl<'a> Group<'a> {
    pub(crate) fn new(index: &'a Index, first_place: u64, now_ms: u64) -> Result<Self, IndexError> {
        Ok(Self {
            batch: index.batch()?,
            index,
            first_place,
            now_ms,
            entries: Vec::new(),
            bytes: 0,
            keys: HashMap::new(),
            versions: HashMap::new(),
            meter: Meter::new(index),
            receipts: Vec::new(),
        })
    }

    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    pub(crate) fn next_place(&self) -> u64 {
        self.first_place + self.entries.len() as u64
    }

    fn push(&mut self, kind: u8, body: Vec<u8>) -> u64 {
        let place = self.next_place();
        self.bytes += body.len() + 5;
        self.entries.push((kind, body));
        place
    }

    /// Finds the place of a submission, or gives it one.
    ///
    /// # Errors
    /// `IdempotencyConflict`, `VersionConflict`, `QuotaExceeded`, and what [`Sources::key_for`] refuses: the key may have been replaced since it was
    /// verified.
    pub(crate) fn submission(&mut self, sources: &Sources, quotas: &Quotas, checked: &Checked) -> DoorResult<Placed> {
        let Checked { submission, updates } = checked;
        let (source, key) = (submission.statement.source, submission.statement.key);
        let known = match self.keys.get(&(source, key)) {
            Some(known) => Some(*known),
            None => self.index.known(source, key).map_err(broken)?,
        };
        if let Some(known) = known {
            if known.digest == submission.digest {
                return Ok(Placed { place: known.place, accepted_at_ms: known.accepted_at_ms, repeated: true });
            }
            let detail = format!("key: {key} names the submission at place {} already", known.place);
            return Err(DoorError::new(Code::IdempotencyConflict, detail).with("place", known.place));
        }
        sources.key_for(submission)?;
        let versions = self.updated(submission, updates)?;
        // Every way in leads here, and a repetition has been answered above: so each is counted once (QUOTA-2).
        let organization = sources.get(source)?.organization.clone();
        let counted = [QuotaSubject::Organization(organization), QuotaSubject::Source(source)];
        let bytes = submission.operations.iter().map(|operation| operation.len() as u64).sum();
        let size = (u64::from(submission.statement.count), bytes);
        for subject in &counted {
            if let Some(quota) = quotas.in_force(subject) {
                self.meter.check(subject, &quota, size, self.now_ms)?;
            }
        }
        for subject in counted {
            self.meter.count(subject, size, self.now_ms).map_err(broken)?;
        }
        let place = self.push(entry::SUBMISSION, entry::submission(submission, self.now_ms));
        for (position, subject, version) in versions {
            self.batch.version(subject, &version, place, position);
            self.versions.insert(subject, version);
        }
        // As `entry::receipt` reads it again; the chain is the journal's, or the check before would have refused it.
        let statement = &submission.statement;
        self.receipts.push(Receipt {
            chain_id: statement.chain_id,
            place,
            digest: submission.digest,
            source,
            key,
            count: statement.count,
            accepted_at: self.now_ms,
        });
        let known = Known { place, accepted_at_ms: self.now_ms, digest: submission.digest };
        self.batch.known(source, key, &known);
        self.keys.insert((source, key), known);
        Ok(Placed { place, accepted_at_ms: self.now_ms, repeated: false })
    }

    /// The versions that a submission makes; all of them or none (DATA-5).
    fn updated(&self, submission: &Submission, updates: &[Update]) -> DoorResult<Vec<(u32, B256, Version)>> {
        let mut made: Vec<(u32, B256, Version)> = Vec::with_capacity(updates.len());
        let mut newest: HashMap<B256, Version> = HashMap::new();
        for Update { position, subject, previous } in updates {
            let present = match newest.get(subject).or_else(|| self.versions.get(subject)) {
                Some(version) => Some(*version),
                None => self.index.version(*subject).map_err(broken)?,
            };
            if *previous != present.map(|version| version.name) {
                let said = |name: Option<B256>| name.map(|name| name.to_string());
                let detail = format!("operations[{position}].previous: it is not the newest version of the subject");
                let error = DoorError::new(Code::VersionConflict, detail)
                    .with("operation", *position)
                    .with("expected", said(*previous))
                    .with("actual", said(present.map(|version| version.name)));
                return Err(error);
            }
            let name = submission.names.get(*position as usize).copied().unwrap_or_default();
            let version = Version { name, number: present.map_or(1, |version| version.number + 1) };
            made.push((*position, *subject, version));
            newest.insert(*subject, version);
        }
        Ok(made)
    }

    pub(crate) fn source(&mut self, head: &Head, source: &Source) -> DoorResult<u64> {
        let body = entry::source(head, source).map_err(DoorError::internal)?;
        self.batch.source(source).map_err(broken)?;
        Ok(self.push(entry::SOURCE, body))
    }

    /// A quota that is set, or taken away when there is none.
    pub(crate) fn quota(&mut self, change: entry::QuotaChange) -> DoorResult<QuotaSetting> {
        let (head, body) = change.write().map_err(DoorError::internal)?;
        let setting = change.setting(self.next_place(), head.digest);
        self.batch.quota(&setting).map_err(broken)?;
        self.push(entry::QUOTA, body);
        Ok(setting)
    }

    /// A setting of the city; its place.
    pub(crate) fn setting(&mut self, setting: &Setting) -> DoorResult<u64> {
        let body = entry::setting(setting).map_err(DoorError::internal)?;
        self.batch.setting(self.next_place(), setting).map_err(broken)?;
        Ok(self.push(entry::SETTING, body))
    }

    pub(crate) fn closed(&mut self, bounds: &entry::BlockBounds) -> DoorResult<()> {
        let body = serde_json::to_vec(bounds).map_err(DoorError::internal)?;
        self.batch.block(&crate::index::Block { bounds: bounds.clone(), record: None }).map_err(broken)?;
        self.push(entry::CLOSED, body);
        Ok(())
    }

    pub(crate) fn recorded(&mut self, record: &entry::BlockRecord) -> DoorResult<()> {
        let body = serde_json::to_vec(record).map_err(DoorError::internal)?;
        let Some(block) = self.index.block_of(record.first).map_err(broken)? else { return Ok(()) };
        self.batch
            .block(&crate::index::Block { bounds: block.bounds, record: Some(record.clone()) })
            .map_err(broken)?;
        self.push(entry::RECORDED, body);
        Ok(())
    }

    /// The entries, to be appended.
    pub(crate) fn entries(&self) -> Vec<Entry<'_>> {
        self.entries.iter().map(|(kind, body)| Entry { kind: *kind, body }).collect()
    }

    /// What may be given out for its submissions once it is durable.
    pub(crate) fn receipts(&self) -> GroupReceipts {
        GroupReceipts::new(&self.receipts)
    }

    /// Makes it visible, after it is durable.
    pub(crate) fn commit(mut self, position: crate::journal::Position) -> Result<(), IndexError> {
        let next = self.next_place();
        self.meter.write(&mut self.batch);
        self.batch.group(self.first_place, position);
        self.batch.commit(next)
    }
}

pub(crate) fn broken(error: IndexError) -> DoorError {
    if error.is_closed() {
        return DoorError::new(Code::JournalUnavailable, "what was kept cannot be looked up at present")
            .caused_by(error);
    }
    DoorError::internal(error)
}
