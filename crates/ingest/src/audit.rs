//! The validity and time-sequence audit of a journal (M-MON-3, M-MON-4): everything stored is computed anew, on all cores.
//!
//! ```text
//!  group: checksum -> submission: operation names -> root = signed root; digest; source's key and signature; times
//!                  -> data block: leaves between its bounds -> root = recorded root
//! ```
//!
//! The first difference ends it: what comes after damage has no known place. It must not change anything.

mod blocks;
mod times;

use std::collections::HashMap;

use chancery_data::{
    Jws, Operation, PublicKey, SourceId, merkle,
    submission::{self, Statement},
};
use chancery_reference_points::{
    DoorResult,
    data_search::{AuditReport, AuditRequest, Difference, MAX_AUDIT_OPERATIONS},
    source_data::Source,
};
use rayon::prelude::*;

use self::{blocks::Blocks, times::Times};
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
        }
    }
}

/// Audits a journal from a place on. `sources` are those of the index: a key history only grows, so the newest serves all places.
///
/// # Errors
/// `JournalUnavailable` when the disk does not answer.
pub(crate) fn audit(reader: &JournalReader, index: &Index, request: AuditRequest) -> DoorResult<AuditReport> {
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
    };
    let keys: HashMap<SourceId, Source> =
        index.sources().map_err(broken)?.into_iter().map(|source| (source.source, source)).collect();
    let (mut blocks, mut times) = (Blocks::default(), Times::default());
    let mut groups = reader.groups(position).map_err(unreadable)?;
    while report.difference.is_none() && report.operations < most {
        let (mut batch, mut bytes, mut damage) = (Vec::new(), 0, None);
        while bytes < BATCH_BYTES && damage.is_none() {
            match groups.next() {
                None => break,
                Some(Ok(group)) => {
                    bytes += group.bytes;
                    batch.push(group);
                }
                Some(Err(error)) => damage = Some(error),
            }
        }
        let ended = batch.is_empty() && damage.is_none();
        let checked: Vec<Vec<(u64, Checked)>> = batch
            .par_iter()
            .map(|group| entries_of(group).map(|(place, entry)| (place, check(place, entry, &keys))).collect())
            .collect();
        for (group, entries) in batch.iter().zip(checked) {
            let counts = |place| place >= request.from;
            take(&mut report, group, entries, counts, (&mut blocks, &mut times), (reader, index))?;
            if report.difference.is_some() || report.operations >= most {
                break;
            }
        }
        if report.difference.is_none() && report.operations < most {
            if let Some(error) = damage {
                report.difference = Some(damaged(error, report.next)?);
            } else if ended {
                break;
            }
        }
    }
    report.complete = report.difference.is_none() && report.next >= durable;
    if ended_early(&report, durable, most) {
        report.difference = Some(Difference {
            check: "journal-complete".into(),
            place: report.next,
            index: None,
            file: String::new(),
            offset: 0,
            detail: format!("the journal ends before place {durable}, which was acknowledged"),
        });
    }
    (report.sequence, report.sources) = times.finish();
    Ok(report)
}

fn ended_early(report: &AuditReport, durable: u64, most: u64) -> bool {
    report.difference.is_none() && !report.complete && report.operations < most && report.next < durable
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
                blocks.closed(place, bounds, report.from)
            }
            Checked::Recorded { first, root } => match blocks.recorded(place, first, root, reader, index)? {
                Ok(compared) => {
                    report.blocks += u64::from(compared && counts(place));
                    Ok(())
                }
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
    Recorded { first: u64, root: alloy_primitives::B256 },
    Failed(Failure),
}

fn check(place: u64, entry: Option<JournalEntry>, sources: &HashMap<SourceId, Source>) -> Checked {
    match entry {
        None => Checked::Failed(Failure::new("entry-readable", place, "an entry does not read")),
        Some(JournalEntry::Submission(kept)) => check_submission(&kept, sources).unwrap_or_else(Checked::Failed),
        Some(JournalEntry::Source { head, .. }) => Checked::Source(head),
        Some(JournalEntry::Quota { head, .. }) => Checked::Quota(head),
        Some(JournalEntry::Setting { head, .. }) => Checked::Setting(head),
        Some(JournalEntry::Closed { first, last, count, closed_at_ms }) => {
            Checked::Closed { bounds: crate::entry::BlockBounds { first, last, count, closed_at_ms } }
        }
        Some(JournalEntry::Recorded { first, root, .. }) => Checked::Recorded { first, root },
    }
}

fn check_submission(kept: &SubmissionEntry, sources: &HashMap<SourceId, Source>) -> Result<Checked, Failure> {
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
    let source =
        sources.get(&statement.source).ok_or_else(|| failure("source-key", "the source is not known".into()))?;
    let kid = jws.kid.to_kid();
    let key = source.keys.iter().find(|key| key.kid == kid);
    let key = key.ok_or_else(|| failure("source-key", "the key was never the source's".into()))?;
    if kept.accepted_at_ms < key.from_ms || key.until_ms.is_some_and(|until| kept.accepted_at_ms > until) {
        return Err(failure("source-key", "the key was not the source's at that time".into()));
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
        }),
        other => Err(unreadable(other)),
    }
}
