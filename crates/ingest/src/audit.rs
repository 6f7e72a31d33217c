//! The validity and time-sequence audit of a journal (M-MON-3, M-MON-4): everything stored is computed anew, on all cores.
//!
//! ```text
//!  group: checksum -> submission: operation names -> root = signed root; digest; source's key and signature; times
//!                  -> data block: leaves between its bounds -> root = recorded root
//! ```
//!
//! Keys are those that the journal has registered, not the index. Whether the chain has the roots is compared by monitoring, which asks processing: the report has
//! the blocks for it. The first difference ends it: what comes after damage has no known place. It must not change anything.

mod blocks;
mod registrations;
mod times;

use chancery_data::{
    Jws, Operation, PublicKey, merkle,
    submission::{self, Statement},
};
use chancery_reference_points::{
    DoorResult,
    data_search::{AuditReport, AuditRequest, AuditedBlock, Difference, MAX_AUDIT_BLOCKS, MAX_AUDIT_OPERATIONS},
    operation::ChainName,
    source_data::Restoration,
};
use rayon::prelude::*;

pub(crate) use self::registrations::Walks;
use self::{
    blocks::{Blocks, Record},
    registrations::Registrations,
    times::Times,
};
use crate::{
    blocks::unreadable,
    entry::Head,
    group::broken,
    index::Index,
    journal::{Group, JournalError},
    reading::{JournalEntry, JournalReader, SubmissionEntry, entries_of, segment_name},
};

/// Bytes of groups that are computed together.
const BATCH_BYTES: u64 = 16 * 1024 * 1024;

/// A check that failed.
#[derive(Clone)]
pub(crate) struct Failure {
    check: &'static str,
    place: u64,
    index: Option<u32>,
    detail: String,
}

impl Failure {
    pub(crate) fn new(check: &'static str, place: u64, detail: impl std::fmt::Display) -> Self {
        Self { check, place, index: None, detail: detail.to_string() }
    }

    fn at(self, group: &Group) -> Difference {
        Difference {
            check: self.check.to_owned(),
            place: self.place,
            index: self.index,
            file: segment_name(group.position.segment),
            offset: group.position.offset,
            detail: self.detail,
            stored: None,
        }
    }
}

/// A journal, and what is known beside it.
pub(crate) struct Audited<'a> {
    pub(crate) reader: &'a JournalReader,
    pub(crate) index: &'a Index,
    pub(crate) walks: &'a Walks,
    /// The chain that records its blocks.
    pub(crate) chain: &'a ChainName,
}

/// Audits a journal from a place on.
///
/// # Errors
/// `JournalUnavailable` when the disk does not answer.
pub(crate) fn audit(of: &Audited<'_>, request: AuditRequest) -> DoorResult<AuditReport> {
    let Audited { reader, index, walks, chain } = *of;
    let most = request.operations.unwrap_or(MAX_AUDIT_OPERATIONS).min(MAX_AUDIT_OPERATIONS);
    let durable = reader.durable();
    let (first, position) =
        index.group(request.from).map_err(broken)?.map_or((0, None), |(first, position)| (first, Some(position)));
    let mut report = AuditReport {
        from: first,
        next: first,
        complete: false,
        submissions: 0,
        operations: 0,
        blocks: 0,
        difference: None,
        sequence: Vec::new(),
        sources: Vec::new(),
        compared: 0,
        chain: chain.clone(),
        chains: Vec::new(),
        recorded: Vec::new(),
        standing: Vec::new(),
    };
    let is_full = |report: &AuditReport| report.operations >= most || report.recorded.len() >= MAX_AUDIT_BLOCKS;
    let mut registrations = match walks.before(request.from, reader) {
        Ok(registrations) => registrations,
        Err(error) => {
            report.difference = Some(damaged(error, first)?);
            return Ok(report);
        }
    };
    let (mut blocks, mut times) = (Blocks::default(), Times::default());
    let mut groups = reader.groups(position).map_err(unreadable)?;
    while report.difference.is_none() && !is_full(&report) {
        let (mut batch, mut bytes, mut damage) = (Vec::new(), 0, None);
        let mut wanted = most - report.operations;
        while bytes < BATCH_BYTES && wanted > 0 && damage.is_none() {
            match groups.next() {
                None => break,
                Some(Ok(group)) => {
                    bytes += group.bytes;
                    wanted = wanted.saturating_sub(operations_of(&group));
                    batch.push(group);
                }
                Some(Err(error)) => damage = Some(error),
            }
        }
        let ended = batch.is_empty() && damage.is_none();
        let refused = register(&batch, &mut registrations);
        let check = |(place, entry)| {
            let refused = refused.as_ref().filter(|failure| failure.place == place).cloned();
            (place, refused.map_or_else(|| check(place, entry, &registrations), Checked::Failed))
        };
        let checked: Vec<Vec<(u64, Checked)>> =
            batch.par_iter().map(|group| entries_of(group).map(check).collect()).collect();
        for (group, entries) in batch.iter().zip(checked) {
            let counts = |place| place >= request.from;
            take(&mut report, group, entries, counts, (&mut blocks, &mut times), (reader, index))?;
            if report.difference.is_some() || is_full(&report) {
                break;
            }
        }
        if report.difference.is_none() && !is_full(&report) {
            if let Some(error) = damage {
                report.difference = Some(damaged(error, report.next)?);
            } else if ended {
                break;
            }
        }
    }
    report.complete = report.difference.is_none() && report.next >= durable;
    if report.difference.is_none() && !report.complete && !is_full(&report) {
        report.difference = Some(Difference {
            check: "journal-complete".into(),
            place: report.next,
            index: None,
            file: String::new(),
            offset: 0,
            detail: format!("the journal ends before place {durable}, which was acknowledged"),
            stored: None,
        });
    }
    (report.sequence, report.sources) = times.finish();
    if report.difference.is_none() {
        walks.keep(report.next, registrations);
    }
    Ok(report)
}

/// Operations of a group.
fn operations_of(group: &Group) -> u64 {
    group.entries.iter().map(|(kind, body)| crate::entry::operation_count(*kind, body)).sum()
}

/// Takes what a batch registers, up to the first entry that does not follow.
fn register(batch: &[Group], registrations: &mut Registrations) -> Option<Failure> {
    for group in batch {
        for (place, (kind, body)) in (group.first_place..).zip(&group.entries) {
            if *kind != crate::entry::SOURCE {
                continue;
            }
            // One that does not read is found as such.
            let (Some(source), Some(head)) = (crate::entry::read_source(body), Head::read(body)) else { continue };
            if let Err(failure) = registrations.take(place, source, &head) {
                return Some(failure);
            }
        }
    }
    None
}

/// One group into the report, up to its first difference. What stands before the place that was asked for is checked, and counted by the audit before.
fn take(
    report: &mut AuditReport,
    group: &Group,
    entries: Vec<(u64, Checked)>,
    counts: impl Fn(u64) -> bool,
    (blocks, times): (&mut Blocks, &mut Times),
    (reader, index): (&JournalReader, &Index),
) -> DoorResult<()> {
    if group.first_place != report.next {
        let detail = format!("the group begins with place {}, not {}", group.first_place, report.next);
        report.difference = Some(Failure::new("place-follows", report.next, detail).at(group));
        return Ok(());
    }
    for (place, checked) in entries {
        let outcome = match checked {
            Checked::Failed(failure) => Err(failure),
            Checked::Submission { head, operations, signed_ms } => {
                if counts(place) {
                    report.submissions += 1;
                    report.operations += operations;
                    times.submission(place, head.source, signed_ms, head.accepted_at_ms);
                }
                blocks.leaf(place, head.leaf(crate::entry::SUBMISSION));
                Ok(())
            }
            Checked::Source(head) => {
                times.accepted(place, head.accepted_at_ms);
                blocks.leaf(place, head.leaf(crate::entry::SOURCE));
                Ok(())
            }
            Checked::Quota(head) => {
                times.accepted(place, head.accepted_at_ms);
                blocks.leaf(place, head.leaf(crate::entry::QUOTA));
                Ok(())
            }
            Checked::Setting(head) => {
                times.accepted(place, head.accepted_at_ms);
                blocks.leaf(place, head.leaf(crate::entry::SETTING));
                Ok(())
            }
            Checked::Closed { bounds } => {
                times.accepted(place, bounds.closed_at_ms);
                blocks.closed(place, &bounds, report.from, index)?
            }
            Checked::Recorded(record) => match blocks.recorded(place, &record, reader, index)? {
                Ok(computed) if counts(place) => {
                    report.blocks += 1;
                    report.recorded.push(AuditedBlock {
                        first: record.first,
                        place,
                        file: segment_name(group.position.segment),
                        offset: group.position.offset,
                        root: record.root,
                        count: computed.count,
                        first_time: computed.first_time,
                        last_time: computed.last_time,
                        block_number: record.block_number,
                        after_block: computed.after_block,
                    });
                    Ok(())
                }
                Ok(_) => Ok(()),
                Err(failure) => Err(failure),
            },
        };
        if let Err(failure) = outcome {
            report.difference = Some(failure.at(group));
            return Ok(());
        }
        report.next = place + 1;
    }
    Ok(())
}

/// An entry that was computed anew.
enum Checked {
    Submission { head: Head, operations: u64, signed_ms: u64 },
    Source(Head),
    Quota(Head),
    Setting(Head),
    Closed { bounds: crate::entry::BlockBounds },
    Recorded(Record),
    Failed(Failure),
}

fn check(place: u64, entry: Option<JournalEntry>, sources: &Registrations) -> Checked {
    match entry {
        None => Checked::Failed(Failure::new("entry-readable", place, "an entry does not read")),
        Some(JournalEntry::Submission(kept)) => check_submission(&kept, sources).unwrap_or_else(Checked::Failed),
        Some(JournalEntry::Source { head, .. }) => Checked::Source(head),
        Some(JournalEntry::Quota { head, .. }) => Checked::Quota(head),
        Some(JournalEntry::Setting { head, .. }) => Checked::Setting(head),
        Some(JournalEntry::Closed { first, last, count, closed_at_ms }) => {
            Checked::Closed { bounds: crate::entry::BlockBounds { first, last, count, closed_at_ms } }
        }
        Some(JournalEntry::Recorded { first, root, at }) => {
            Checked::Recorded(Record { first, root, block_number: at.block_number })
        }
    }
}

fn check_submission(kept: &SubmissionEntry, sources: &Registrations) -> Result<Checked, Failure> {
    let failure = |check, detail: String| Failure::new(check, kept.place, detail);
    let jws =
        Jws::parse(&kept.jws, submission::TYP).map_err(|error| failure("submission-readable", error.to_string()))?;
    let statement: Statement =
        serde_json::from_slice(&jws.payload).map_err(|error| failure("submission-readable", error.to_string()))?;
    let mut names = Vec::with_capacity(kept.operations.len());
    for (index, bytes) in (0..).zip(&kept.operations) {
        Operation::parse(bytes)
            .map_err(|error| Failure { index: Some(index), ..failure("operation-readable", error.to_string()) })?;
        names.push(Operation::name(bytes));
    }
    if merkle::root(&names) != Some(statement.root) || names.len() != statement.count as usize {
        return Err(failure("operations-root", "the operations are not those under the signed root".into()));
    }
    let leaf = submission::leaf(jws.digest(), &statement);
    let head = Head::new(&leaf, kept.accepted_at_ms);
    if head.digest != kept.digest
        || head.source != kept.source
        || head.content_hash != kept.content_hash
        || head.time_s != kept.time_s
    {
        return Err(failure("leaf-matches", "what is kept for the data block is not what was signed".into()));
    }
    let source = sources
        .get(statement.source)
        .ok_or_else(|| failure("source-key", "the journal has not registered it".into()))?;
    let kid = jws.kid.to_kid();
    let key = source.keys.iter().find(|key| key.kid == kid);
    let key = key.ok_or_else(|| failure("source-key", "the key was never the source's".into()))?;
    if kept.accepted_at_ms < key.from_ms || key.until_ms.is_some_and(|until| kept.accepted_at_ms > until) {
        return Err(failure("source-key", "the key was not the source's at that time".into()));
    }
    let was_withdrawn =
        |one: &Restoration| one.withdrawn.at_ms < kept.accepted_at_ms && kept.accepted_at_ms < one.at_ms;
    if source.restored.iter().any(was_withdrawn) {
        return Err(failure("source-key", "the source was withdrawn at that time".into()));
    }
    let key = PublicKey::from_jwk(&key.jwk).map_err(|error| failure("source-key", error.to_string()))?;
    jws.verify(&key).map_err(|error| failure("source-signature", error.to_string()))?;
    Ok(Checked::Submission { head, operations: names.len() as u64, signed_ms: statement.time })
}

/// Damage is a finding; a disk that does not answer is not.
fn damaged(error: JournalError, place: u64) -> DoorResult<Difference> {
    match error {
        JournalError::Damaged { path, offset, detail } => Ok(Difference {
            check: "group-checksum".into(),
            place,
            index: None,
            file: path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default(),
            offset,
            detail,
            stored: None,
        }),
        other => Err(unreadable(other)),
    }
}
