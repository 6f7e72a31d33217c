//! What was accepted and set, as supervisors see it (M-MON-2): read from the journal when they ask, so that it costs a submission nothing.
//!
//! The journal has no index by time. Its places are in the order of time, so the newest group before a time is found by halving; from there groups are read
//! backwards, one entry for each source of a group.

use std::collections::BTreeMap;

use alloy_primitives::Address;
use chancery_data::SourceId;
use chancery_reference_points::{
    Code, DoorError, DoorResult,
    data_block::TransactionLocator,
    v2m::{EventFilter, Happening, HistoryEntry},
};

use crate::{
    Ingest,
    blocks::unreadable,
    engine::{Shared, blocking},
    entry::{self, BlockBounds, Head},
    group::broken,
    journal::{self, Group},
    limits::{DEFAULT_HAPPENED, MAX_HAPPENED, MAX_SHOWN_SETTINGS, MAX_WALKED_BYTES},
};

/// The name of an entry of accepted submissions.
pub const SUBMISSION: &str = "data.submission";
/// The name of an entry of a quota.
const QUOTA: &str = "data.quota";

/// What one source handed in with one group.
struct HandedIn {
    at_ms: u64,
    submissions: u64,
    operations: u64,
    first: u64,
    last: u64,
}

impl Ingest {
    /// Accepted submissions, quotas and settings, newest first, at most the filter's limit: of the submissions of one source that became durable together one
    /// entry. What changed a source is not among them: its doors note it.
    ///
    /// # Errors
    /// `MalformedRequest` when too much of the journal would have to be read, with the time back to which it was; `JournalUnavailable`.
    pub async fn happened(&self, filter: &EventFilter) -> DoorResult<Vec<HistoryEntry>> {
        let (shared, filter) = (std::sync::Arc::clone(&self.shared), filter.clone());
        blocking(move || {
            let wants = |happening| filter.happenings.is_empty() || filter.happenings.contains(&happening);
            let limit = filter.limit.unwrap_or(DEFAULT_HAPPENED).min(MAX_HAPPENED);
            let mut entries = Vec::new();
            if wants(Happening::Submitted) {
                entries = shared.submitted(&filter, limit)?;
            }
            if wants(Happening::Configured) {
                entries.extend(shared.configured(&filter)?);
            }
            entries.sort_by_key(|entry| std::cmp::Reverse(entry.time_ms));
            entries.truncate(limit);
            Ok(entries)
        })
        .await
    }
}

impl Shared {
    fn submitted(&self, filter: &EventFilter, limit: usize) -> DoorResult<Vec<HistoryEntry>> {
        let only = match &filter.subject {
            None => None,
            // What is no source has submitted nothing.
            Some(subject) => match subject.parse::<Address>() {
                Ok(source) if self.sources.read().get(source).is_ok() => Some(source),
                _ => return Ok(Vec::new()),
            },
        };
        let from_ms = filter.from_ms.unwrap_or(0);
        let mut entries = Vec::new();
        let mut next = match filter.to_ms {
            None => self.durable(),
            Some(to_ms) => self.place_at(to_ms)?,
        };
        let mut walked = 0;
        while next > 0 && entries.len() < limit {
            let group = self.group_of(next - 1)?;
            next = group.first_place;
            let Some(at_ms) = time_of(&group) else { continue };
            if at_ms < from_ms {
                break;
            }
            if walked > MAX_WALKED_BYTES {
                let detail = format!(
                    "too much was submitted since {at_ms} to look through at once: write `from`, or an earlier `to`"
                );
                return Err(DoorError::new(Code::MalformedRequest, detail).with("lookedBackTo", at_ms));
            }
            walked += group.bytes;
            let by_source = handed_in(&group, only);
            for (source, handed_in) in by_source {
                if filter.to_ms.is_none_or(|to_ms| handed_in.at_ms < to_ms) && handed_in.at_ms >= from_ms {
                    entries.push(self.entry(source, &handed_in)?);
                }
            }
        }
        entries.truncate(limit);
        Ok(entries)
    }

    fn entry(&self, source: SourceId, handed_in: &HandedIn) -> DoorResult<HistoryEntry> {
        let HandedIn { at_ms, submissions, operations, first, last } = *handed_in;
        let places = if first == last { format!("place {first}") } else { format!("places {first} to {last}") };
        // Recorded is what is recorded to the last.
        let recorded = match self.recorded(first)? {
            Some(_) => self.recorded(last)?,
            None => None,
        };
        Ok(HistoryEntry {
            time_ms: at_ms,
            happening: Happening::Submitted,
            name: SUBMISSION.to_owned(),
            by: Some(source),
            subject: source.to_string(),
            recorded,
            revision: None,
            facts: format!("{submissions} submissions, {operations} operations, {places}"),
            right: None,
            verified: None,
        })
    }

    fn configured(&self, filter: &EventFilter) -> DoorResult<Vec<HistoryEntry>> {
        let entry = |time_ms, name: &str, by, subject, facts, recorded: Option<TransactionLocator>| HistoryEntry {
            time_ms,
            happening: Happening::Configured,
            name: name.to_owned(),
            by: Some(by),
            subject,
            recorded,
            revision: None,
            facts,
            right: None,
            verified: None,
        };
        let mut entries = Vec::new();
        for change in self.index.quota_changes(MAX_SHOWN_SETTINGS).map_err(broken)? {
            let recorded = self.recorded(change.place)?;
            let facts = match change.quota {
                Some(quota) => serde_json::to_string(&quota).map_err(DoorError::internal)?,
                None => "taken away".to_owned(),
            };
            entries.push(entry(change.at_ms, QUOTA, change.by, change.subject.to_string(), facts, recorded));
        }
        for (place, setting) in self.index.settings(MAX_SHOWN_SETTINGS).map_err(broken)? {
            let recorded = self.recorded(place)?;
            entries.push(entry(setting.at_ms, &setting.name, setting.by, setting.subject, setting.facts, recorded));
        }
        entries.retain(|entry| {
            filter.from_ms.is_none_or(|from_ms| entry.time_ms >= from_ms)
                && filter.to_ms.is_none_or(|to_ms| entry.time_ms < to_ms)
                && filter.subject.as_ref().is_none_or(|subject| *subject == entry.subject)
        });
        Ok(entries)
    }

    /// The place before which everything is older than a time.
    fn place_at(&self, time_ms: u64) -> DoorResult<u64> {
        let (mut before, mut after) = (0, self.durable());
        while before < after {
            let middle = self.group_of(before + (after - before) / 2)?;
            let (begin, end) = (middle.first_place, middle.first_place + middle.entries.len() as u64);
            let mut timed = middle;
            // A group that says only where blocks are recorded has no time: it is as old as the one before it.
            let time = loop {
                if let Some(time) = time_of(&timed) {
                    break Some(time);
                }
                match timed.first_place.checked_sub(1).filter(|place| *place >= before) {
                    Some(place) => timed = self.group_of(place)?,
                    None => break None,
                }
            };
            match time {
                Some(time) if time >= time_ms => after = timed.first_place.min(begin).max(before),
                _ => before = end,
            }
        }
        Ok(before)
    }

    fn group_of(&self, place: u64) -> DoorResult<Group> {
        let (_, position) = self
            .index
            .group(place)
            .map_err(broken)?
            .ok_or_else(|| DoorError::internal(std::io::Error::other("no group holds a durable place")))?;
        journal::read_group(self.directory(), position).map_err(unreadable)
    }
}

/// When a group was written; `None` for one that says only where blocks are recorded.
fn time_of(group: &Group) -> Option<u64> {
    group.entries.iter().find_map(|(kind, body)| match *kind {
        kind if entry::is_leaf(kind) => Some(Head::read(body)?.accepted_at_ms),
        entry::CLOSED => Some(serde_json::from_slice::<BlockBounds>(body).ok()?.closed_at_ms),
        _ => None,
    })
}

fn handed_in(group: &Group, only: Option<SourceId>) -> BTreeMap<SourceId, HandedIn> {
    let mut by_source: BTreeMap<SourceId, HandedIn> = BTreeMap::new();
    for (place, (kind, body)) in
        (group.first_place..).zip(&group.entries).filter(|(_, (kind, _))| *kind == entry::SUBMISSION)
    {
        let Some(head) = Head::read(body).filter(|head| only.is_none_or(|only| only == head.source)) else { continue };
        let handed_in = by_source.entry(head.source).or_insert(HandedIn {
            at_ms: head.accepted_at_ms,
            submissions: 0,
            operations: 0,
            first: place,
            last: place,
        });
        handed_in.submissions += 1;
        handed_in.operations += entry::operation_count(*kind, body);
        handed_in.last = place;
    }
    by_source
}
