//! What a source or an organization has had accepted, by the journal's clock (QUOTA-2, QUOTA-3).

use std::collections::HashMap;

use chancery_reference_points::{
    Code, DoorError, DoorResult,
    quota::{Quota, QuotaSubject},
};

use crate::{
    index::{Batch, Index, IndexError},
    limits::MAX_USAGE_DAYS,
};

pub(crate) const DAY_MS: u64 = 24 * 60 * 60 * 1000;
const MINUTE_MS: u64 = 60 * 1000;

/// Operations and bytes of one day, and operations of its last minute with any.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Usage {
    /// Days since 1970 (UTC).
    pub(crate) day: u32,
    pub(crate) operations: u64,
    pub(crate) bytes: u64,
    /// Minutes since 1970.
    pub(crate) minute: u64,
    pub(crate) minute_operations: u64,
}

/// The day of a time; days of the year 11,000,000 are one.
pub(crate) fn day_of(now_ms: u64) -> u32 {
    u32::try_from(now_ms / DAY_MS).unwrap_or(u32::MAX)
}

impl Usage {
    /// The same at a time: what is of another day or an earlier minute counts no longer. When the clock was set back the later minute goes on, so that nothing is
    /// given back when it comes there again; each day is kept for itself.
    pub(crate) fn at(self, now_ms: u64) -> Self {
        let (day, minute) = (day_of(now_ms), now_ms / MINUTE_MS);
        if self.day != day {
            return Self { day, minute, ..Self::default() };
        }
        if self.minute >= minute {
            return self;
        }
        Self { minute, minute_operations: 0, ..self }
    }

    /// When a member begins again.
    fn resets_at_ms(self, member: Member) -> u64 {
        let window = match member {
            Member::OperationsPerDay | Member::BytesPerDay => u64::from(self.day),
            Member::OperationsPerMinute => self.minute,
        };
        window.saturating_add(1).saturating_mul(member.window_ms())
    }

    fn plus(self, operations: u64, bytes: u64) -> Self {
        Self {
            operations: self.operations.saturating_add(operations),
            bytes: self.bytes.saturating_add(bytes),
            minute_operations: self.minute_operations.saturating_add(operations),
            ..self
        }
    }

    const fn of(self, member: Member) -> u64 {
        match member {
            Member::OperationsPerDay => self.operations,
            Member::BytesPerDay => self.bytes,
            Member::OperationsPerMinute => self.minute_operations,
        }
    }

    /// The members of a quota of which nothing is left.
    pub(crate) fn used_up(self, quota: Quota) -> impl Iterator<Item = (&'static str, u64, u64)> {
        let bounded = Member::ALL.into_iter().filter_map(move |member| Some((member, member.limit(&quota)?)));
        let used = bounded.map(move |(member, limit)| (member.name(), limit, self.of(member)));
        used.filter(|(_, limit, used)| used >= limit)
    }
}

/// A member of a quota.
#[derive(Clone, Copy)]
enum Member {
    OperationsPerDay,
    BytesPerDay,
    OperationsPerMinute,
}

impl Member {
    /// That which lasts longest comes first: who is told when to come back is not told twice.
    const ALL: [Self; 3] = [Self::OperationsPerDay, Self::BytesPerDay, Self::OperationsPerMinute];

    const fn name(self) -> &'static str {
        match self {
            Self::OperationsPerDay => "operationsPerDay",
            Self::BytesPerDay => "bytesPerDay",
            Self::OperationsPerMinute => "operationsPerMinute",
        }
    }

    const fn limit(self, quota: &Quota) -> Option<u64> {
        match self {
            Self::OperationsPerDay => quota.operations_per_day,
            Self::BytesPerDay => quota.bytes_per_day,
            Self::OperationsPerMinute => quota.operations_per_minute,
        }
    }

    const fn window_ms(self) -> u64 {
        match self {
            Self::OperationsPerDay | Self::BytesPerDay => DAY_MS,
            Self::OperationsPerMinute => MINUTE_MS,
        }
    }
}

/// Usage that changes with one group: read from the index once, and written with it. By day too, since a clock may step over midnight and back within a group.
pub(crate) struct Meter<'a> {
    index: &'a Index,
    changed: HashMap<(QuotaSubject, u32), Usage>,
}

/// The place of a day in the ring of days.
pub(crate) const fn place_of(day: u32) -> u32 {
    day % MAX_USAGE_DAYS
}

impl<'a> Meter<'a> {
    pub(crate) fn new(index: &'a Index) -> Self {
        Self { index, changed: HashMap::new() }
    }

    fn usage(&self, subject: &QuotaSubject, now_ms: u64) -> Result<Usage, IndexError> {
        let day = day_of(now_ms);
        let known = match self.changed.get(&(subject.clone(), place_of(day))) {
            // Of a day so long before or after that it has the same place: as in the index, this one takes it.
            Some(usage) => Some(*usage).filter(|usage| usage.day == day),
            None => self.index.usage(subject, day)?,
        };
        Ok(known.unwrap_or_default().at(now_ms))
    }

    /// Whether a subject may have more accepted.
    ///
    /// # Errors
    /// `QuotaExceeded`, for the member that is used up longest.
    pub(crate) fn check(
        &self,
        subject: &QuotaSubject,
        quota: &Quota,
        (operations, bytes): (u64, u64),
        now_ms: u64,
    ) -> DoorResult<()> {
        let usage = self.usage(subject, now_ms).map_err(crate::group::broken)?;
        for member in Member::ALL {
            let Some(limit) = member.limit(quota) else { continue };
            let asked = if matches!(member, Member::BytesPerDay) { bytes } else { operations };
            let used = usage.of(member);
            if used.saturating_add(asked) > limit {
                let resets_at_ms = usage.resets_at_ms(member);
                let name = member.name();
                let detail = if asked > limit {
                    format!("{subject}: the submission alone has {asked}, {name} allows {limit}: send fewer at once")
                } else {
                    format!("{subject}: {used} are used of {limit} {name}, and the submission has {asked}")
                };
                return Err(DoorError::new(Code::QuotaExceeded, detail)
                    .with("quota", name)
                    .with("subject", subject.to_string())
                    .with("limit", limit)
                    .with("used", used)
                    .with("asked", asked)
                    .with("resetsAt", resets_at_ms)
                    .with("retryAfterMs", resets_at_ms.saturating_sub(now_ms)));
            }
        }
        Ok(())
    }

    /// Counts what was accepted.
    pub(crate) fn count(
        &mut self,
        subject: QuotaSubject,
        (operations, bytes): (u64, u64),
        now_ms: u64,
    ) -> Result<(), IndexError> {
        let usage = self.usage(&subject, now_ms)?.plus(operations, bytes);
        self.changed.insert((subject, place_of(usage.day)), usage);
        Ok(())
    }

    /// Everything that changed, into the batch.
    pub(crate) fn write(&self, batch: &mut Batch) {
        for ((subject, _), usage) in &self.changed {
            batch.usage(subject, usage);
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    // QUOTA-3: a day and a minute are those of the clock (UTC); what was used in another counts no longer.
    #[test]
    fn usage_of_another_day_or_minute_counts_no_longer() {
        let midnight = 20_000 * DAY_MS;
        let before = Usage::default().at(midnight - 1).plus(7, 70);
        assert_eq!((before.operations, before.minute_operations), (7, 7));
        let same_minute = before.at(midnight - MINUTE_MS);
        assert_eq!((same_minute.operations, same_minute.minute_operations), (7, 7));
        let later = Usage::default().at(midnight - MINUTE_MS - 1).plus(7, 70).at(midnight - 1);
        assert_eq!((later.operations, later.minute_operations), (7, 0));
        let after = before.at(midnight);
        assert_eq!((after.day, after.operations, after.bytes, after.minute_operations), (20_000, 0, 0, 0));
    }

    // QUOTA-3: a clock that is set back and comes again gives nothing back.
    #[test]
    fn a_clock_that_steps_back_gives_nothing_back() {
        let midnight = 20_000 * DAY_MS;
        let noon = Usage::default().at(midnight + DAY_MS / 2).plus(7, 70);
        let back = noon.at(midnight + DAY_MS / 2 - MINUTE_MS);
        assert_eq!(back, noon, "the later minute is kept");
        assert_eq!(back.plus(1, 1).at(midnight + DAY_MS / 2).minute_operations, 8);
        assert_eq!(back.resets_at_ms(Member::OperationsPerDay), midnight + DAY_MS);
        assert_eq!(back.resets_at_ms(Member::OperationsPerMinute), midnight + DAY_MS / 2 + MINUTE_MS);
    }

    // QUOTA-2, QUOTA-3: also when it steps over midnight and back while one group is gathered.
    #[test]
    fn a_group_counts_each_day_for_itself() {
        let folder = tempfile::tempdir().unwrap();
        let index = Index::open(folder.path()).unwrap();
        let (subject, midnight) = (QuotaSubject::EveryOrganization, 20_000 * DAY_MS);
        let mut meter = Meter::new(&index);
        for (now_ms, operations) in [(midnight, 3), (midnight - 1, 2), (midnight + 1, 4), (midnight - 2, 1)] {
            meter.count(subject.clone(), (operations, operations), now_ms).unwrap();
        }
        let mut batch = index.batch().unwrap();
        meter.write(&mut batch);
        batch.commit(1).unwrap();
        let used = |day| index.usage(&subject, day).unwrap().map(|usage| usage.operations);
        assert_eq!((used(19_999), used(20_000)), (Some(3), Some(7)));
    }

    // QUOTA-1
    #[test]
    fn a_quota_of_nothing_is_used_up_at_once() {
        let quota = Quota { operations_per_minute: Some(0), bytes_per_day: Some(1), ..Quota::default() };
        let used_up: Vec<_> = Usage::default().used_up(quota).collect();
        assert_eq!(used_up, [("operationsPerMinute", 0, 0)]);
    }
}
