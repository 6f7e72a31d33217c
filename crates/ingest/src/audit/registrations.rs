//! Whose key was whose, as the journal itself has it: registrations and rotations verified by their signatures. The index is not asked.

use std::collections::HashMap;

use chancery_data::{
    PublicKey, SourceId,
    source::{ShownKey, SourceStatement},
};
use chancery_reference_points::source_data::{Source, SourceKey};
use parking_lot::Mutex;

use super::Failure;
use crate::{
    entry::{self, Head},
    journal::JournalError,
    reading::JournalReader,
    sources::withdrawal_digest,
};

/// Walks through the journal whose registrations are kept: one that goes on by itself, and somebody's who asks.
const MAX_WALKS: usize = 2;

/// Sources as they were registered before a place.
#[derive(Clone, Default)]
pub(super) struct Registrations(HashMap<SourceId, Source>);

/// What audits have read up to where they ended, for those that go on from there.
#[derive(Default)]
pub(crate) struct Walks(Mutex<Vec<(u64, Registrations)>>);

impl Walks {
    /// The registrations before a place: kept, or read from the journal.
    pub(super) fn before(&self, place: u64, reader: &JournalReader) -> Result<Registrations, JournalError> {
        let mut kept = self.0.lock();
        if let Some(found) = kept.iter().position(|(until, _)| *until == place) {
            return Ok(kept.remove(found).1);
        }
        drop(kept);
        Registrations::read(place, reader)
    }

    /// Keeps them for the audit that goes on at a place.
    pub(super) fn keep(&self, place: u64, registrations: Registrations) {
        let mut kept = self.0.lock();
        kept.retain(|(until, _)| *until != place);
        if kept.len() >= MAX_WALKS {
            kept.remove(0);
        }
        kept.push((place, registrations));
    }
}

impl Registrations {
    fn read(place: u64, reader: &JournalReader) -> Result<Self, JournalError> {
        let mut found = Self::default();
        if place == 0 {
            return Ok(found);
        }
        for group in reader.groups(None)? {
            let group = group?;
            if group.first_place >= place {
                break;
            }
            for (at, (kind, body)) in (group.first_place..).zip(&group.entries) {
                // What was verified by the audit before: it ended here.
                if *kind == entry::SOURCE
                    && at < place
                    && let Some(source) = entry::read_source(body)
                {
                    found.0.insert(source.source, source);
                }
            }
        }
        Ok(found)
    }

    pub(super) fn get(&self, source: SourceId) -> Option<&Source> {
        self.0.get(&source)
    }

    /// A registration, a rotation or a withdrawal: it follows from what its keys have signed, and from what was before. What is known already is no news.
    pub(super) fn take(&mut self, place: u64, source: Source, head: &Head) -> Result<(), Failure> {
        let wrong = |detail: &str| Failure::new("source-statement", place, detail);
        if head.source != source.source {
            return Err(wrong("the entry is about another source than its leaf"));
        }
        let known = self.0.get(&source.source);
        // What was read ahead by the audit before is no news.
        if let Some(newer) = known.filter(|known| is_newer(known, &source)) {
            let begins = follows(&source.keys, &newer.keys[..source.keys.len()]);
            return if begins { Ok(()) } else { Err(wrong("the source had other keys before")) };
        }
        if let Some(withdrawal) = &source.withdrawn {
            let known = known.ok_or_else(|| wrong("a source is withdrawn that was never registered"))?;
            if !follows(&known.keys, &source.keys) || head.digest != withdrawal_digest(source.source, withdrawal) {
                return Err(wrong("the withdrawal is not the one of its leaf"));
            }
        } else {
            statement(known, &source, head).map_err(|detail| Failure::new("source-statement", place, detail))?;
        }
        self.0.insert(source.source, source);
        Ok(())
    }
}

/// Whether a source is as it became by this entry or a later one.
fn is_newer(known: &Source, entry: &Source) -> bool {
    known == entry
        || known.keys.len() > entry.keys.len()
        || (known.keys.len() == entry.keys.len() && known.withdrawn.is_some() && entry.withdrawn.is_none())
}

/// Whether the newest key stands there by its own signature, and by whoever could let it.
fn statement(known: Option<&Source>, source: &Source, head: &Head) -> Result<(), String> {
    let (newest, before) = source.keys.split_last().ok_or("the source has no key")?;
    let shown = ShownKey::parse(&newest.statement).map_err(|error| error.to_string())?;
    if Head::new(&shown.leaf(source.source), head.accepted_at_ms) != *head {
        return Err("what is kept for the data block is not what was signed".into());
    }
    if shown.key.to_jwk() != newest.jwk || shown.thumbprint.to_kid() != newest.kid {
        return Err("the key is not the one of its statement".into());
    }
    match &shown.statement {
        SourceStatement::Register { kind, organization, name, .. } => {
            let is_said = (kind, organization, name) == (&source.kind, &source.organization, &source.name);
            let is_new = known.is_none() && before.is_empty() && shown.thumbprint.source() == source.source;
            if is_said && is_new { Ok(()) } else { Err("the source is not the one that its key has registered".into()) }
        }
        SourceStatement::Rotate { source: named, .. } => {
            let known = known.ok_or("a key is replaced of a source that was never registered")?;
            if *named != source.source || !follows(&known.keys, before) {
                return Err("the source had other keys before".into());
            }
            let Some(approval) = &newest.approval else { return Ok(()) };
            let old = before.last().ok_or("the key before is missing")?;
            let old = PublicKey::from_jwk(&old.jwk).map_err(|error| error.to_string())?;
            shown.approved_by(approval, &old).map_err(|error| format!("the approval: {error}"))
        }
    }
}

/// Whether keys are those of before; the time of the last may have ended meanwhile.
fn follows(before: &[SourceKey], now: &[SourceKey]) -> bool {
    before.len() == now.len()
        && before.iter().zip(now).all(|(old, new)| {
            let has_ended = SourceKey { until_ms: new.until_ms, ..old.clone() };
            *new == has_ended && (old.until_ms.is_none() || old.until_ms == new.until_ms)
        })
}
