//! What is known of holders, and who comes next. Anybody agrees to whatever they like, at no cost and as often as they like; so what is remembered is bounded, holders who
//! have a certificate are apart from those of whom nothing is known, and everybody has a turn.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Bound,
};

use alloy_primitives::{Address, B256};
use chancery_bridge::relay::trust::{AgreeingPage, Consent, Issued};
use tokio::time::Instant;

use super::super::{super::genesis::TRUST_MAX_AGE_S, due::pause_after};

/// Most consents that are remembered; those of holders who have a certificate of the kind. Of more, everything is read again and again.
const MAX_CONSENTS: usize = 20_000;
/// Most holders that wait of whom nothing is known. Of more, the events are read again later.
const MAX_STRANGERS: usize = 20_000;

/// How a holder is looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Look {
    /// Also what was shown and is fresh; and what is agreed to is asked anew.
    pub(super) fresh_too: bool,
    /// Until then, in seconds of the host's time, something may stand whose consent was taken back; zero: nothing does.
    pub(super) withdrawn_until_s: u64,
}

impl Look {
    fn merge(&mut self, other: Self) {
        self.fresh_too |= other.fresh_too;
        self.withdrawn_until_s = self.withdrawn_until_s.max(other.withdrawn_until_s);
    }
}

/// Holders that wait for their turn. After the one who came last comes the next by address, so that whoever waits again at once comes after all others.
#[derive(Debug, Default)]
struct Turns {
    waiting: BTreeMap<Address, Look>,
    last: Option<Address>,
}

impl Turns {
    fn add(&mut self, holder: Address, look: Look) {
        self.waiting.entry(holder).or_default().merge(look);
    }

    fn next(&mut self) -> Option<(Address, Look)> {
        let after = self.last.map_or(Bound::Unbounded, Bound::Excluded);
        let next = self.waiting.range((after, Bound::Unbounded)).next().or_else(|| self.waiting.first_key_value());
        let holder = *next?.0;
        self.last = Some(holder);
        self.waiting.remove_entry(&holder)
    }
}

/// How far all consents were read, from the newest block back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Reading {
    /// Nothing was read.
    #[default]
    Begins,
    /// The next page reaches up to this block.
    UpTo(u64),
    /// Everything was read.
    Done,
}

/// A page of consents that has to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct PageDue {
    /// Up to this block; absent: the newest.
    pub(super) to_block: Option<u64>,
}

/// What is known of holders, and what waits.
#[derive(Debug, Default)]
pub(super) struct Known {
    /// Consents of holders who have a certificate of the kind, and until when they matter, in seconds of the host's time: until what was shown lapses.
    consents: BTreeMap<Consent, u64>,
    /// Certificates of holders, newest first; of those who are known and were looked at.
    pub(super) issued: BTreeMap<Address, Vec<Issued>>,
    holders: Turns,
    strangers: Turns,
    is_strangers_turn: bool,
    /// Certificates that have changed.
    pub(super) changed: BTreeSet<B256>,
    /// What has failed: it is tried again later, and holds up nothing else.
    failed: (BTreeMap<Address, Look>, BTreeSet<B256>),
    reading: Reading,
    /// Everything has to be read anew, after what is being read.
    is_missed: bool,
    /// Some consents were not remembered: everything is read anew with the next sweep.
    is_overfull: bool,
    /// Somebody has agreed to something at some time.
    is_anybody: bool,
    /// All have to be looked at when the side chain's time is so late.
    pub(super) sweep_at_s: u64,
    retry_at: Option<Instant>,
    failures: u32,
}

impl Known {
    /// Whether anybody may have agreed to anything.
    pub(super) fn is_anybody(&self) -> bool {
        self.is_anybody || self.is_reading()
    }

    /// Whether there may be consents that were not read yet.
    pub(super) fn is_reading(&self) -> bool {
        self.reading != Reading::Done || self.is_missed
    }

    pub(super) fn has(&self, consent: Consent) -> bool {
        self.consents.contains_key(&consent)
    }

    pub(super) fn is_known(&self, holder: Address) -> bool {
        self.kinds_of(holder).next().is_some()
    }

    /// The kinds that a holder has agreed to and has certificates of.
    pub(super) fn kinds_of(&self, holder: Address) -> impl Iterator<Item = B256> {
        let first = Consent { holder, kind: B256::ZERO };
        self.consents
            .range(first..)
            .map(|(consent, _)| *consent)
            .take_while(move |consent| consent.holder == holder)
            .map(|consent| consent.kind)
    }

    /// Events went by that nobody has looked at.
    pub(super) fn missed(&mut self) {
        self.issued.clear();
        self.is_missed |= self.reading != Reading::Begins;
    }

    /// A holder has agreed to something, taken it back, or got something. What costs a look at all certificates is not done for somebody who has taken nothing back.
    pub(super) fn heard(&mut self, holder: Address, is_withdrawn: bool, now_s: u64) {
        self.is_anybody = true;
        let withdrawn_until_s = if is_withdrawn { now_s.saturating_add(TRUST_MAX_AGE_S) } else { 0 };
        let look = Look { fresh_too: true, withdrawn_until_s };
        self.wait(holder, look);
    }

    fn wait(&mut self, holder: Address, look: Look) {
        if self.is_known(holder) {
            self.holders.add(holder, look);
        } else if self.strangers.waiting.len() < MAX_STRANGERS || self.strangers.waiting.contains_key(&holder) {
            self.strangers.add(holder, Look { fresh_too: true, ..look });
        } else {
            self.is_missed = true;
        }
    }

    /// The page that has to be read now, if there is room for those in it.
    pub(super) fn page_due(&mut self) -> Option<PageDue> {
        if self.reading == Reading::Done && std::mem::take(&mut self.is_missed) {
            self.reading = Reading::Begins;
        }
        let to_block = match self.reading {
            Reading::Begins => None,
            Reading::UpTo(block) => Some(block),
            Reading::Done => return None,
        };
        (self.strangers.waiting.len() < MAX_STRANGERS).then_some(PageDue { to_block })
    }

    /// A page was read: all in it are looked at.
    pub(super) fn read(&mut self, page: AgreeingPage, now_s: u64) {
        self.is_anybody |= !page.holders.is_empty();
        self.reading = page.before.map_or(Reading::Done, Reading::UpTo);
        for (holder, withdrawn_s) in page.holders {
            let until_s = if withdrawn_s == 0 { 0 } else { withdrawn_s.saturating_add(TRUST_MAX_AGE_S) };
            let withdrawn_until_s = if until_s > now_s { until_s } else { 0 };
            let look = Look { fresh_too: true, withdrawn_until_s };
            // There was room for them.
            if self.is_known(holder) { self.holders.add(holder, look) } else { self.strangers.add(holder, look) }
        }
    }

    /// To what a holder agrees now, of kinds of which there is a certificate. What was taken back, or is over, matters until what was shown lapses.
    pub(super) fn agree(
        &mut self,
        holder: Address,
        issued: &[Issued],
        agreed: &BTreeMap<B256, u64>,
        withdrawn_until_s: u64,
        now_s: u64,
    ) {
        let certified: BTreeSet<B256> = issued.iter().map(|issued| issued.kind).collect();
        for kind in certified {
            let consent = Consent { holder, kind };
            let known = self.consents.get(&consent).copied();
            let until_s = match (agreed.get(&kind), known) {
                (Some(until_s), _) => until_s.saturating_add(TRUST_MAX_AGE_S),
                (None, Some(known)) => known.min(now_s.saturating_add(TRUST_MAX_AGE_S)),
                (None, None) if withdrawn_until_s > now_s => withdrawn_until_s,
                (None, None) => continue,
            };
            if known.is_some() || self.consents.len() < MAX_CONSENTS {
                self.consents.insert(consent, until_s);
            } else {
                self.is_overfull = true;
            }
        }
    }

    /// Every holder is looked at, and what matters no more is dropped.
    pub(super) fn sweep(&mut self, now_s: u64) {
        self.consents.retain(|_, until_s| *until_s > now_s);
        self.is_missed |= std::mem::take(&mut self.is_overfull);
        let holders: BTreeSet<Address> = self.consents.keys().map(|consent| consent.holder).collect();
        self.issued.retain(|holder, _| holders.contains(holder));
        for holder in holders {
            self.holders.add(holder, Look::default());
        }
    }

    /// Whose turn it is: a holder who is known and one who is not, by turns.
    pub(super) fn next(&mut self) -> Option<(Address, Look)> {
        self.is_strangers_turn = !self.is_strangers_turn;
        if self.is_strangers_turn {
            self.strangers.next().or_else(|| self.holders.next())
        } else {
            self.holders.next().or_else(|| self.strangers.next())
        }
    }

    pub(super) fn change_failed(&mut self, id: B256) {
        self.failed.1.insert(id);
    }

    pub(super) fn look_failed(&mut self, holder: Address, look: Look) {
        if self.failed.0.len() < MAX_STRANGERS || self.is_known(holder) {
            self.failed.0.entry(holder).or_default().merge(look);
        } else {
            self.is_missed = true;
        }
    }

    pub(super) const fn retry_at(&self) -> Option<Instant> {
        self.retry_at
    }

    /// What has failed waits again, once its time has come; whether it has.
    pub(super) fn is_retry(&mut self) -> bool {
        let is_retry = self.retry_at.is_none_or(|at| Instant::now() >= at);
        if is_retry {
            for (holder, look) in std::mem::take(&mut self.failed.0) {
                self.wait(holder, look);
            }
            self.changed.append(&mut self.failed.1);
        }
        is_retry
    }

    pub(super) fn ended(&mut self, is_retry: bool, is_done: bool) {
        if !is_done && (is_retry || self.retry_at.is_none()) {
            self.retry_at = Some(Instant::now() + pause_after(self.failures));
            self.failures = self.failures.saturating_add(1);
        } else if is_done && is_retry {
            (self.retry_at, self.failures) = (None, 0);
        }
    }
}

#[cfg(test)]
mod tests;
