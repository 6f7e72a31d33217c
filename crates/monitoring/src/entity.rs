//! The entity: joins journals and chains, and audits the sequence.

use std::sync::Arc;

use alloy_primitives::B256;
use async_trait::async_trait;
use chancery_reference_points::{
    Actor, Code, DoorError, DoorResult, Role,
    m2p::M2p,
    m2r::M2r,
    m2s::M2s,
    mandate::{Mandate, rights},
    v2m::{EventFilter, Happening, History, HistoryEntry, MAX_TOLD, V2m},
};

use crate::sequence::audit;

/// Most entries of one answer.
pub(crate) const MAX_EVENTS: usize = 100;
/// Most journal entries of one history.
const MAX_JOURNAL_ENTRIES: usize = 1000;

/// Blockchain-based data monitoring.
pub struct Monitoring {
    m2p: Arc<dyn M2p>,
    m2r: Arc<dyn M2r>,
    m2s: Arc<dyn M2s>,
}

impl Monitoring {
    /// Monitoring over the three entities that it watches.
    #[must_use]
    pub fn new(m2p: Arc<dyn M2p>, m2r: Arc<dyn M2r>, m2s: Arc<dyn M2s>) -> Self {
        Self { m2p, m2r, m2s }
    }
}

#[async_trait]
impl V2m for Monitoring {
    async fn history(&self, actor: &Actor, subject: B256) -> DoorResult<History> {
        let from_chains = self.m2p.subject_history(&Mandate::of(actor, rights::SUPERVISION), subject).await?;
        let creator = from_chains.iter().find(|entry| entry.happening == Happening::Created);
        let Some(creation) = creator else {
            authorize_supervisor(actor)?;
            return Err(DoorError::new(Code::UnknownCertificate, "no chain records anything of this subject"));
        };
        if !actor.is(Role::Supervisor) && !creation.concerns(actor) {
            return Err(DoorError::new(
                Code::RoleRequired,
                "only supervisors, its issuer and its holder see what happened to a certificate",
            )
            .with("required", vec![Role::Supervisor.name()]));
        }
        let filter = EventFilter {
            subject: Some(subject.to_string()),
            limit: Some(MAX_JOURNAL_ENTRIES),
            ..EventFilter::default()
        };
        let (submissions, accesses) = (self.m2r.journal(&filter).await?, self.m2s.journal(&filter).await?);
        let findings = audit(&from_chains);
        let mut entries = from_chains;
        entries.extend(submissions);
        entries.extend(accesses);
        // Stable: entries of one block keep the order in which they stand in it.
        entries.sort_by_key(|entry| entry.time_ms);
        Ok(History { entries, in_order: findings.is_empty(), findings })
    }

    async fn events(&self, actor: &Actor, filter: EventFilter) -> DoorResult<Vec<HistoryEntry>> {
        authorize_supervisor(actor)?;
        let limit = filter.limit.unwrap_or(MAX_EVENTS);
        if limit == 0 || limit > MAX_EVENTS {
            return Err(DoorError::new(Code::MalformedRequest, format!("limit must be 1 to {MAX_EVENTS}")));
        }
        if let (Some(from), Some(to)) = (filter.from_ms, filter.to_ms)
            && from >= to
        {
            return Err(DoorError::new(Code::MalformedRequest, "`from` must be before `to`"));
        }
        if filter.told > MAX_TOLD {
            let detail = format!(
                "more than {MAX_TOLD} events share a millisecond: ask for those of a `type` or a `subject`, or write an earlier `to`"
            );
            return Err(DoorError::new(Code::MalformedRequest, detail));
        }
        if filter.told == 0 {
            return self.newest(actor, &filter, limit).await;
        }
        self.behind_told(actor, &filter, limit).await
    }
}

impl Monitoring {
    /// The newest so many that match, of all three.
    async fn newest(&self, actor: &Actor, filter: &EventFilter, limit: usize) -> DoorResult<Vec<HistoryEntry>> {
        let filter = EventFilter { limit: Some(limit), told: 0, ..filter.clone() };
        let mut entries = self.m2p.events(&Mandate::of(actor, rights::SUPERVISION), &filter).await?;
        entries.extend(self.m2r.journal(&filter).await?);
        entries.extend(self.m2s.journal(&filter).await?);
        entries.sort_by_key(|entry| std::cmp::Reverse(entry.time_ms));
        entries.truncate(limit);
        Ok(entries)
    }

    /// Those that were told, which are of the last millisecond before `to_ms`, and so many more. What is read to pass them over is what that millisecond has, whatever
    /// number whoever asks has written: it may have fewer than were told, since a count of refusals that goes on is of a later one then.
    async fn behind_told(&self, actor: &Actor, filter: &EventFilter, limit: usize) -> DoorResult<Vec<HistoryEntry>> {
        let moment_ms = filter.to_ms.and_then(|to_ms| to_ms.checked_sub(1)).ok_or_else(|| {
            DoorError::new(Code::MalformedRequest, "`told` counts events of the last millisecond before `to`")
        })?;
        let moment = EventFilter { from_ms: Some(moment_ms), ..filter.clone() };
        let mut entries = self.newest(actor, &moment, filter.told + limit).await?;
        let rest = limit.saturating_sub(entries.len().saturating_sub(filter.told));
        if rest > 0 && filter.from_ms.is_none_or(|from_ms| from_ms < moment_ms) {
            let earlier = EventFilter { to_ms: Some(moment_ms), ..filter.clone() };
            entries.extend(self.newest(actor, &earlier, rest).await?);
        }
        Ok(entries)
    }
}

pub(crate) fn authorize_supervisor(actor: &Actor) -> DoorResult<()> {
    if actor.is(Role::Supervisor) {
        return Ok(());
    }
    Err(DoorError::new(Code::RoleRequired, "only supervisors watch the system")
        .with("required", vec![Role::Supervisor.name()]))
}

#[cfg(test)]
mod tests;
