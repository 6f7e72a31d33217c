//! Quotas: what operators have set, what a change would do, and what is used (`docs/specs/data.md`, "Quotas").

use std::{cmp::Reverse, collections::HashMap};

use alloy_primitives::Address;
use chancery_reference_points::{
    Code, DoorError, DoorResult,
    data_block::TransactionLocator,
    quota::{MAX_SETTINGS, MAX_USAGE_ROWS, Quota, QuotaReport, QuotaSetting, QuotaSubject, QuotaUsage},
};
use tokio::sync::oneshot;

use crate::{
    Ingest,
    engine::{Shared, blocking},
    group::broken,
    limits::{MAX_NAMED_OVER, MAX_SHOWN_CHANGES, QUOTA_FINAL_TIMEOUT},
    unkept::ending,
    usage::{DAY_MS, Usage, day_of},
    writer::Command,
};

/// The settings in force.
#[derive(Default)]
pub(crate) struct Quotas {
    settings: HashMap<QuotaSubject, QuotaSetting>,
}

impl Quotas {
    /// Takes a change as it stands in the index or journal.
    pub(crate) fn put(&mut self, setting: QuotaSetting) {
        if setting.quota.is_some() {
            self.settings.insert(setting.subject.clone(), setting);
        } else {
            self.settings.remove(&setting.subject);
        }
    }

    /// Whether one more setting, of this subject, has a place.
    pub(crate) fn has_place_for(&self, subject: &QuotaSubject) -> bool {
        self.settings.len() < MAX_SETTINGS || self.settings.contains_key(subject)
    }

    fn own(&self, subject: &QuotaSubject) -> Option<Quota> {
        self.settings.get(subject)?.quota
    }

    /// What counts for a subject: its own setting as a whole, or else the default.
    pub(crate) fn in_force(&self, subject: &QuotaSubject) -> Option<Quota> {
        self.own(subject).or_else(|| self.own(&subject.default_of()?))
    }
}

impl Shared {
    fn usage(&self, subject: &QuotaSubject, now_ms: u64) -> DoorResult<Option<Usage>> {
        Ok(self.index.usage(subject, day_of(now_ms)).map_err(broken)?.map(|usage| usage.at(now_ms)))
    }

    /// What a change would do, and who would be over at once; nothing when it changes nothing.
    fn effects(&self, subject: &QuotaSubject, quota: Option<Quota>) -> DoorResult<Vec<String>> {
        if let QuotaSubject::Source(source) = subject {
            self.sources.read().get(*source)?;
        }
        let (mut effects, governed) = {
            let quotas = self.quotas.read();
            if quotas.own(subject) == quota {
                return Ok(Vec::new());
            }
            if quota.is_some() && !quotas.has_place_for(subject) {
                let detail = format!("there are {MAX_SETTINGS} settings: take one away first");
                return Err(DoorError::new(Code::ConfigurationInvalid, detail));
            }
            let default = || subject.default_of().and_then(|default| quotas.own(&default));
            let (before, after) = (quotas.in_force(subject), quota.or_else(default));
            let parties = self.sources.read().parties();
            let governed = parties.into_iter().filter(|party| {
                party == subject || (party.default_of().as_ref() == Some(subject) && quotas.own(party).is_none())
            });
            let governed: Vec<QuotaSubject> = governed.collect();
            (differences(subject, quota.is_some(), before, after), after.map(|after| (after, governed)))
        };
        let Some((after, governed)) = governed else { return Ok(effects) };
        let (now_ms, mut over) = ((self.clock)(), 0);
        for party in governed {
            let usage = self.usage(&party, now_ms)?.unwrap_or_default();
            for (name, limit, used) in usage.used_up(after).take(1) {
                over += 1;
                if over <= MAX_NAMED_OVER {
                    effects.push(format!("{party} is over already: {used} used of {limit} {name}"));
                }
            }
        }
        if over > MAX_NAMED_OVER {
            effects.push(format!("{} more are over already", over - MAX_NAMED_OVER));
        }
        Ok(effects)
    }

    /// Where what stands at a place is recorded, if it is.
    pub(crate) fn recorded(&self, place: u64) -> DoorResult<Option<TransactionLocator>> {
        let block = self.index.block_of(place).map_err(broken)?;
        Ok(block.and_then(|block| block.record).map(|record| record.recorded))
    }

    fn report(&self) -> DoorResult<QuotaReport> {
        let now_ms = (self.clock)();
        let (settings, rows) = {
            let quotas = self.quotas.read();
            let settings: Vec<QuotaSetting> = quotas.settings.values().cloned().collect();
            let parties = self.sources.read().parties();
            let rows = parties.into_iter().map(|party| {
                let (own, quota) = (quotas.own(&party).is_some(), quotas.in_force(&party));
                (party, own, quota)
            });
            (settings, rows.collect::<Vec<_>>())
        };
        let mut usage = Vec::new();
        for (subject, own, quota) in rows {
            let used = self.usage(&subject, now_ms)?;
            if used.is_none() && !own {
                continue;
            }
            let used = used.unwrap_or_default();
            let used_up = quota.map(|quota| used.used_up(quota).map(|(name, ..)| name.to_owned()).collect());
            let Usage { operations, bytes, minute_operations, .. } = used;
            let used_up = used_up.unwrap_or_default();
            usage.push(QuotaUsage { subject, operations, bytes, minute_operations, quota, used_up });
        }
        usage.sort_by(|one, other| {
            Reverse(one.operations).cmp(&Reverse(other.operations)).then_with(|| one.subject.cmp(&other.subject))
        });
        let left_off = usage.len().saturating_sub(MAX_USAGE_ROWS);
        usage.truncate(MAX_USAGE_ROWS);
        let with_place = |setting: QuotaSetting| -> DoorResult<QuotaSetting> {
            Ok(QuotaSetting { recorded: self.recorded(setting.place)?, ..setting })
        };
        let changes = self.index.quota_changes(MAX_SHOWN_CHANGES).map_err(broken)?;
        let mut settings = settings.into_iter().map(with_place).collect::<DoorResult<Vec<_>>>()?;
        settings.sort_by(|one, other| one.subject.cmp(&other.subject));
        Ok(QuotaReport {
            now_ms,
            day_ends_ms: (now_ms / DAY_MS + 1).saturating_mul(DAY_MS),
            settings,
            changes: changes.into_iter().map(with_place).collect::<DoorResult<_>>()?,
            usage,
            left_off,
        })
    }
}

/// What counts for a subject after a change, member by member.
fn differences(subject: &QuotaSubject, own: bool, before: Option<Quota>, after: Option<Quota>) -> Vec<String> {
    let bound = |limit: Option<u64>| limit.map_or_else(|| "no bound".to_owned(), |limit| limit.to_string());
    let (before, after) = (before.unwrap_or_default().members(), after.unwrap_or_default().members());
    let changed = before.into_iter().zip(after).filter(|(before, after)| before != after);
    let mut lines: Vec<String> = changed
        .map(|((name, before), (_, after))| {
            format!("quota of {subject}: {name}: {} instead of {}", bound(after), bound(before))
        })
        .collect();
    if lines.is_empty() {
        let word = if own { "has a setting of its own" } else { "has no setting of its own" };
        lines.push(format!("quota of {subject}: it {word} from now on"));
    }
    lines
}

impl Ingest {
    /// What setting a quota would do, or taking it away: one line for each effect, none when nothing changes (M-CON-4).
    ///
    /// # Errors
    /// `UnknownSource`, `ConfigurationInvalid` beyond the most settings.
    pub async fn check_quota(&self, subject: QuotaSubject, quota: Option<Quota>) -> DoorResult<Vec<String>> {
        let shared = std::sync::Arc::clone(&self.shared);
        blocking(move || shared.effects(&subject, quota)).await
    }

    /// Sets a quota, or takes it away: durable when this returns, in force from the next group on, and recorded as data are. Waits until that
    /// is final, or [`QUOTA_FINAL_TIMEOUT`] is over: then `recorded` is absent.
    ///
    /// # Errors
    /// `ConfigurationInvalid`, `TooManyRequests`, `JournalUnavailable`.
    pub async fn set_quota(
        &self,
        subject: QuotaSubject,
        quota: Option<Quota>,
        by: Address,
    ) -> DoorResult<QuotaSetting> {
        let (reply, answer) = oneshot::channel();
        self.commands.send(Command::Quota { subject, quota, by, reply }).map_err(|_| ending())?;
        let setting = answer.await.map_err(|_| ending())??;
        let final_or_not = tokio::time::timeout(QUOTA_FINAL_TIMEOUT, self.recorded(setting.place)).await;
        let recorded = final_or_not.unwrap_or(Ok(None))?;
        Ok(QuotaSetting { recorded, ..setting })
    }

    /// Waits until the data block of a place is recorded.
    pub(crate) async fn recorded(&self, place: u64) -> DoorResult<Option<TransactionLocator>> {
        let mut reader = self.reader();
        loop {
            let durable = reader.durable();
            let shared = std::sync::Arc::clone(&self.shared);
            let recorded = blocking(move || shared.recorded(place)).await?;
            // What records a block is an entry too.
            if recorded.is_some() || !reader.grows_beyond(durable).await {
                return Ok(recorded);
            }
        }
    }

    /// `M2rData::quotas`.
    ///
    /// # Errors
    /// As there.
    pub async fn quotas(&self) -> DoorResult<QuotaReport> {
        let shared = std::sync::Arc::clone(&self.shared);
        blocking(move || shared.report()).await
    }
}
