//! Submissions that were refused, counted (M-MON-2): who says to be which source, why it was refused, how often, and between which times.
//!
//! Whoever sends garbage decides how much of it there is, so single refusals are not written down. Counts of a minute become entries of the journal when it is
//! over; until then they are in memory, where supervisors see them too. How many entries a minute and a day make is bounded: what is beyond is counted without
//! the name of the source, then by the hour.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use chancery_data::SourceId;
use chancery_reference_points::{
    Code,
    journal::{Clock, Journal},
    v2m::{EventFilter, Happening, HistoryEntry},
};
use parking_lot::Mutex;

/// Sources that one period tells apart.
pub(crate) const MAX_NAMED_SOURCES: usize = 32;
/// Entries of a day after which sources are not named any more, and periods are hours.
pub(crate) const MAX_DAILY_ENTRIES: u64 = 4096;

/// After which time the end of a period is looked for.
const GRACE: Duration = Duration::from_secs(1);
const MINUTE_MS: u64 = 60_000;
const HOUR_MS: u64 = 60 * MINUTE_MS;
const DAY_MS: u64 = 24 * HOUR_MS;

/// Whose and why: a source that is registered, and the name of the error.
type Key = (Option<SourceId>, &'static str);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Count {
    times: u64,
    first_ms: u64,
    last_ms: u64,
}

/// The present period.
#[derive(Default)]
struct Period {
    ends_at_ms: u64,
    counts: BTreeMap<Key, Count>,
    /// Day since the epoch, and how many entries it has.
    day: u64,
    entries_of_day: u64,
}

impl Period {
    /// What the period that is over has counted; then a new one begins.
    fn turn(&mut self, now_ms: u64) -> BTreeMap<Key, Count> {
        if now_ms < self.ends_at_ms {
            return BTreeMap::new();
        }
        let over = std::mem::take(&mut self.counts);
        if self.day != now_ms / DAY_MS {
            (self.day, self.entries_of_day) = (now_ms / DAY_MS, 0);
        }
        self.entries_of_day += over.len() as u64;
        let length_ms = if self.is_spent() { HOUR_MS } else { MINUTE_MS };
        self.ends_at_ms = (now_ms / length_ms + 1) * length_ms;
        over
    }

    const fn is_spent(&self) -> bool {
        self.entries_of_day >= MAX_DAILY_ENTRIES
    }

    fn count(&mut self, claimed: Option<SourceId>, why: Code, now_ms: u64) {
        self.add((claimed, why.name()), Count { times: 1, first_ms: now_ms, last_ms: now_ms });
    }

    /// Adds to what is counted of a source and an error; without the name of the source where there is no room for one.
    fn add(&mut self, mut key: Key, more: Count) {
        let named = |counts: &BTreeMap<Key, Count>| counts.keys().filter(|(source, _)| source.is_some()).count();
        let is_new = !self.counts.contains_key(&key);
        if key.0.is_some() && is_new && (self.is_spent() || named(&self.counts) >= MAX_NAMED_SOURCES) {
            key.0 = None;
        }
        let Count { times, first_ms, last_ms } = more;
        let count = self.counts.entry(key).or_insert(Count { times: 0, first_ms, last_ms });
        count.times = count.times.saturating_add(times);
        (count.first_ms, count.last_ms) = (count.first_ms.min(first_ms), count.last_ms.max(last_ms));
    }
}

fn entry((&(source, why), count): (&Key, &Count)) -> HistoryEntry {
    HistoryEntry {
        time_ms: count.last_ms,
        happening: Happening::SubmissionRefused,
        name: chancery_ingest::SUBMISSION.to_owned(),
        // Nobody has shown to be the source: it is what the submission is about.
        by: None,
        subject: source.map(|source| source.to_string()).unwrap_or_default(),
        recorded: None,
        revision: None,
        facts: format!("{why}: {} times from {} to {}", count.times, count.first_ms, count.last_ms),
        right: None,
        verified: None,
    }
}

/// Counts refusals, and writes the counts down.
pub(crate) struct Refusals {
    period: Arc<Mutex<Period>>,
    journal: Arc<dyn Journal>,
    clock: Clock,
}

impl Refusals {
    pub(crate) fn new(journal: Arc<dyn Journal>, clock: Clock) -> Self {
        Self { period: Arc::default(), journal, clock }
    }

    /// Counts what was refused at once; writes down what the period before has counted, if it is over. Needs a tokio runtime.
    pub(crate) async fn count(&self, refused: impl IntoIterator<Item = (Option<SourceId>, Code)>) {
        let now_ms = (self.clock)();
        let (over, begins) = {
            let mut period = self.period.lock();
            let over = period.turn(now_ms);
            let was_empty = period.counts.is_empty();
            for (claimed, why) in refused {
                period.count(claimed, why, now_ms);
            }
            let begins = was_empty && !period.counts.is_empty();
            (over, begins.then(|| period.ends_at_ms.saturating_sub(now_ms)))
        };
        if let Some(rest_ms) = begins {
            self.write_at_the_end(rest_ms);
        }
        write(&self.period, self.journal.as_ref(), over).await;
    }

    /// A flood that has ended is written down although nothing more is refused.
    fn write_at_the_end(&self, rest_ms: u64) {
        let (period, journal, clock) = (Arc::downgrade(&self.period), Arc::clone(&self.journal), self.clock.clone());
        tokio::spawn(async move {
            // Clocks differ: a little later it is surely over.
            tokio::time::sleep(Duration::from_millis(rest_ms) + GRACE).await;
            let Some(period) = period.upgrade() else { return };
            let over = period.lock().turn(clock());
            write(&period, journal.as_ref(), over).await;
        });
    }

    /// What is counted and not written down yet.
    pub(crate) fn pending(&self, filter: &EventFilter) -> Vec<HistoryEntry> {
        if !filter.happenings.is_empty() && !filter.happenings.contains(&Happening::SubmissionRefused) {
            return Vec::new();
        }
        let entries: Vec<_> = self.period.lock().counts.iter().map(entry).collect();
        let is_wanted = |entry: &HistoryEntry| {
            filter.from_ms.is_none_or(|from_ms| entry.time_ms >= from_ms)
                && filter.to_ms.is_none_or(|to_ms| entry.time_ms < to_ms)
                && filter.subject.as_ref().is_none_or(|subject| *subject == entry.subject)
        };
        entries.into_iter().filter(is_wanted).collect()
    }
}

async fn write(period: &Mutex<Period>, journal: &dyn Journal, over: BTreeMap<Key, Count>) {
    for (key, count) in over {
        if let Err(error) = journal.record(entry((&key, &count))).await {
            // Whoever was refused is told in any case; sources do not wait for this journal. It is written with what comes next.
            tracing::warn!(%error, "refused submissions are not in the journal yet");
            period.lock().add(key, count);
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::sync::atomic::{AtomicU64, Ordering};

    use async_trait::async_trait;
    use chancery_reference_points::DoorResult;

    use super::*;

    #[derive(Default)]
    struct MemoryJournal(Mutex<Vec<HistoryEntry>>, std::sync::atomic::AtomicBool);

    #[async_trait]
    impl Journal for MemoryJournal {
        async fn record(&self, entry: HistoryEntry) -> DoorResult<()> {
            if self.1.load(Ordering::SeqCst) {
                return Err(chancery_reference_points::DoorError::new(Code::DatabaseUnreachable, "no journal"));
            }
            self.0.lock().push(entry);
            Ok(())
        }

        async fn entries(&self, _: &EventFilter) -> DoorResult<Vec<HistoryEntry>> {
            Ok(self.0.lock().clone())
        }

        async fn accesses(
            &self,
            _: &str,
            _: Option<alloy_primitives::Address>,
            _: usize,
        ) -> DoorResult<Vec<HistoryEntry>> {
            Ok(Vec::new())
        }
    }

    struct Door {
        refusals: Refusals,
        journal: Arc<MemoryJournal>,
        now_ms: Arc<AtomicU64>,
    }

    fn door() -> Door {
        let (journal, now_ms) = (Arc::new(MemoryJournal::default()), Arc::new(AtomicU64::new(10 * DAY_MS)));
        let clock: Clock = {
            let now_ms = now_ms.clone();
            Arc::new(move || now_ms.load(Ordering::SeqCst))
        };
        Door { refusals: Refusals::new(journal.clone(), clock), journal, now_ms }
    }

    fn source(number: u64) -> SourceId {
        SourceId::left_padding_from(&number.to_be_bytes())
    }

    // M-MON-2
    #[tokio::test]
    async fn a_flood_of_forged_signatures_is_one_entry_a_minute() {
        let Door { refusals, journal, now_ms } = door();
        let forged = || (0..1000).map(|_| (Some(source(1)), Code::SignatureInvalid));
        refusals.count(forged()).await;
        now_ms.fetch_add(5000, Ordering::SeqCst);
        refusals.count(forged().chain([(None, Code::MalformedRequest)])).await;
        assert!(journal.0.lock().is_empty(), "the minute is not over");
        let pending = refusals.pending(&EventFilter { subject: Some(source(1).to_string()), ..EventFilter::default() });
        let begin = 10 * DAY_MS;
        let facts = format!("signature-invalid: 2000 times from {begin} to {}", begin + 5000);
        assert_eq!((pending.len(), pending[0].facts.as_str(), pending[0].by), (1, facts.as_str(), None));
        now_ms.fetch_add(MINUTE_MS, Ordering::SeqCst);
        refusals.count([(None, Code::UnknownSource)]).await;
        let written = journal.0.lock().clone();
        let told: Vec<_> = written.iter().map(|entry| entry.facts.clone()).collect();
        let once = format!("malformed-request: 1 times from {0} to {0}", begin + 5000);
        assert_eq!(told, [once, facts]);
        assert!(written.iter().all(|entry| entry.happening == Happening::SubmissionRefused));
        assert_eq!(refusals.pending(&EventFilter::default()).len(), 1, "what was written down is told once");
    }

    // M-MON-2
    #[tokio::test]
    async fn what_the_journal_did_not_take_is_written_with_what_comes_next() {
        let Door { refusals, journal, now_ms } = door();
        refusals.count([(Some(source(1)), Code::SignatureInvalid)]).await;
        journal.1.store(true, Ordering::SeqCst);
        now_ms.fetch_add(MINUTE_MS, Ordering::SeqCst);
        refusals.count([(Some(source(1)), Code::SignatureInvalid)]).await;
        assert!(journal.0.lock().is_empty());
        assert_eq!(refusals.pending(&EventFilter::default()).len(), 1, "supervisors see it all the while");
        journal.1.store(false, Ordering::SeqCst);
        now_ms.fetch_add(MINUTE_MS, Ordering::SeqCst);
        refusals.count([]).await;
        let begin = 10 * DAY_MS;
        let told: Vec<_> = journal.0.lock().iter().map(|entry| entry.facts.clone()).collect();
        assert_eq!(told, [format!("signature-invalid: 2 times from {begin} to {}", begin + MINUTE_MS)]);
    }

    // M-MON-2: whoever floods the door with ever new sources does not fill the disk.
    #[tokio::test]
    async fn entries_of_a_minute_and_of_a_day_are_bounded_and_every_refusal_is_counted() {
        let Door { refusals, journal, now_ms } = door();
        let (minutes, a_minute) = (24 * 60, 1000);
        for minute in 0..minutes {
            let forged = (0..a_minute).map(|number| (Some(source(minute * a_minute + number)), Code::SignatureInvalid));
            refusals.count(forged).await;
            now_ms.fetch_add(MINUTE_MS, Ordering::SeqCst);
        }
        refusals.count([]).await;
        let written = journal.0.lock().clone();
        let most = MAX_DAILY_ENTRIES + MAX_NAMED_SOURCES as u64 + 1 + 24;
        assert!(written.len() as u64 <= most, "{} entries", written.len());
        let times = |entry: &HistoryEntry| entry.facts.split(' ').nth(1).unwrap().parse::<u64>().unwrap();
        assert_eq!(written.iter().map(times).sum::<u64>(), minutes * a_minute);
    }
}
