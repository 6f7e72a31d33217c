//! From facts to the state of the newest requests. Facts of one chain come in its order; those of several chains in any interleaving, and any fact more than once: the state is the
//! same. Memory is bounded by the number of requests that are kept, whatever a chain tells.

use std::collections::{BTreeMap, BTreeSet};

use alloy_primitives::{B256, U256};

use super::{
    Standing,
    told::{AllianceFact, Asked, End, Head, MemberFact, Place, Reason, Source, Told},
};
use crate::alliance::{certificate::SignatureFault, store::Outcome};

/// Requests that are kept unless told otherwise: the newest.
pub const MAX_REQUESTS: usize = 1024;
/// Policies of a member that are kept: the newest.
const MAX_POLICIES: usize = 64;
/// Members that are kept: many times what an alliance has at a time.
const MAX_MEMBERS: usize = 256;
/// Faults that are kept of a request: as many as it has endorsements.
const MAX_FAULTS: usize = crate::alliance::message::MAX_ENDORSEMENTS;

/// A bad signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) member: B256,
    pub(super) certificate: u64,
    pub(super) fault: Option<SignatureFault>,
}

/// A request as the alliance chain tells of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Record {
    pub(super) asked: Option<(Place, Asked)>,
    pub(super) faults: Vec<Fault>,
    pub(super) light: BTreeMap<B256, (U256, U256)>,
    pub(super) shown: BTreeMap<B256, (Place, Outcome, bool)>,
    pub(super) end: Option<(Place, End)>,
}

/// A part as its member's chain tells of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct PartRecord {
    /// Reserved, or refused for a reason.
    pub(super) first: Option<(Place, Result<(), Option<Reason>>)>,
    /// Applied or released.
    pub(super) last: Option<(Place, Outcome)>,
}

/// A member's endorsers from a place on.
type Policies = BTreeMap<(u64, u64), Vec<(B256, u64)>>;

/// The newest requests of an alliance.
#[derive(Clone, Debug)]
pub struct ProgressWindow {
    size: usize,
    pub(super) requests: BTreeMap<u64, Record>,
    pub(super) parts: BTreeMap<B256, BTreeMap<u64, PartRecord>>,
    pub(super) policies: BTreeMap<B256, Policies>,
    pub(super) heads: BTreeMap<Source, Head>,
    standing: Option<Standing>,
}

impl ProgressWindow {
    /// For so many requests.
    #[must_use]
    pub fn new(size: usize) -> Self {
        Self {
            size: size.max(1),
            requests: BTreeMap::new(),
            parts: BTreeMap::new(),
            policies: BTreeMap::new(),
            heads: BTreeMap::new(),
            standing: None,
        }
    }

    /// Who is of the alliance; `None`: nobody has told yet.
    #[must_use]
    pub const fn standing(&self) -> Option<&Standing> {
        self.standing.as_ref()
    }

    /// How far a chain was read; `None`: not yet.
    #[must_use]
    pub fn head(&self, source: Source) -> Option<Head> {
        self.heads.get(&source).copied()
    }

    /// Numbers of the requests that are known, ascending.
    pub fn numbers(&self) -> impl DoubleEndedIterator<Item = u64> + '_ {
        self.requests.iter().filter(|(_, record)| record.asked.is_some()).map(|(number, _)| *number)
    }

    /// The hash of a request that has its number; `None`: it is none of the newest.
    pub(super) fn hash_of(&self, number: u64) -> Option<B256> {
        let (_, asked) = self.requests.get(&number)?.asked.as_ref()?;
        Some(asked.request_hash)
    }

    /// When a request got its number, Unix milliseconds; `None`: it is none of the newest.
    pub(super) fn time_ms_of(&self, number: u64) -> Option<u64> {
        Some(self.requests.get(&number)?.asked.as_ref()?.0.time_ms)
    }

    /// Takes a fact. The numbers of requests that are shown differently now.
    pub fn apply(&mut self, told: &Told) -> BTreeSet<u64> {
        match told {
            Told::Alliance(place, fact) => self.alliance(*place, fact).into_iter().collect(),
            Told::Member(member, place, fact) => self.member(*member, *place, *fact).into_iter().collect(),
            Told::Head(source, head) => self.advance(*source, *head),
            Told::Since(_) => BTreeSet::new(),
            Told::Standing(standing) => {
                self.standing = Some(standing.clone());
                BTreeSet::new()
            }
        }
    }

    fn alliance(&mut self, place: Place, fact: &AllianceFact) -> Option<u64> {
        let number = match fact {
            AllianceFact::Policy { member, endorsers } => {
                self.policy(*member, place, endorsers);
                return None;
            }
            AllianceFact::Asked { number, .. }
            | AllianceFact::BadSignature { number, .. }
            | AllianceFact::WeightMissing { number, .. }
            | AllianceFact::Shown { number, .. }
            | AllianceFact::Ended { number, .. } => *number,
        };
        if number < self.floor() {
            return None;
        }
        let record = self.requests.entry(number).or_default();
        let is_new = record.take(place, fact);
        self.forget();
        (is_new && self.requests.contains_key(&number)).then_some(number)
    }

    fn member(&mut self, member: B256, place: Place, fact: MemberFact) -> Option<u64> {
        let (MemberFact::Reserved { number }
        | MemberFact::Refused { number, .. }
        | MemberFact::Applied { number }
        | MemberFact::Released { number }) = fact;
        if number < self.floor() || (!self.parts.contains_key(&member) && self.parts.len() >= MAX_MEMBERS) {
            return None;
        }
        let part = self.parts.entry(member).or_default().entry(number).or_default();
        let is_new = match fact {
            MemberFact::Reserved { .. } => part.first(place, Ok(())),
            MemberFact::Refused { reason, .. } => part.first(place, Err(reason)),
            MemberFact::Applied { .. } => part.last(place, Outcome::Applied),
            MemberFact::Released { .. } => part.last(place, Outcome::Released),
        };
        self.forget();
        (is_new && self.requests.contains_key(&number)).then_some(number)
    }

    fn policy(&mut self, member: B256, place: Place, endorsers: &[(B256, u64)]) {
        if !self.policies.contains_key(&member) && self.policies.len() >= MAX_MEMBERS {
            return;
        }
        let known = self.policies.entry(member).or_default();
        known.entry(place.order()).or_insert_with(|| endorsers.to_vec());
        while known.len() > MAX_POLICIES {
            known.pop_first();
        }
    }

    /// A member that was not followed before, or a deadline that has passed, shows requests differently.
    fn advance(&mut self, source: Source, head: Head) -> BTreeSet<u64> {
        let before = self.heads.get(&source).copied();
        if before.is_some_and(|before| before.block >= head.block) {
            return BTreeSet::new();
        }
        self.heads.insert(source, head);
        match (source, before) {
            (Source::Member(_), None) => self.numbers().collect(),
            (Source::Member(_), Some(_)) => BTreeSet::new(),
            (Source::Alliance, before) => {
                let passed = |deadline_s: u64, time_ms: u64| time_ms / 1000 > deadline_s;
                let before_ms = before.map_or(0, |before| before.time_ms);
                let concerned = self.requests.iter().filter(|(_, record)| {
                    let deadline_s = record.asked.as_ref().and_then(|(_, asked)| asked.deadline_s);
                    record.end.is_none()
                        && deadline_s.is_some_and(|it| passed(it, head.time_ms) && !passed(it, before_ms))
                });
                concerned.map(|(number, _)| *number).collect()
            }
        }
    }

    /// Below it nothing is kept any more.
    fn floor(&self) -> u64 {
        if self.requests.len() < self.size { 0 } else { self.requests.keys().next().copied().unwrap_or(0) }
    }

    /// Forgets the oldest requests, the parts of those, and what a member tells of numbers far ahead of the alliance: a follower reads no member further than the alliance.
    fn forget(&mut self) {
        while self.requests.len() > self.size {
            self.requests.pop_first();
        }
        let (floor, newest) = (self.floor(), self.requests.keys().next_back().copied().unwrap_or(0));
        for parts in self.parts.values_mut() {
            while parts.first_key_value().is_some_and(|(number, _)| *number < floor) {
                parts.pop_first();
            }
            let ahead = parts.range(newest.saturating_add(1)..).count();
            for _ in self.size..ahead {
                parts.pop_last();
            }
            // Numbers that the alliance never gave out; each number of the window has one part of a member at most.
            while parts.len() > 2 * self.size {
                parts.pop_first();
            }
        }
    }
}

impl Record {
    /// Whether that was not known before.
    fn take(&mut self, place: Place, fact: &AllianceFact) -> bool {
        match fact {
            AllianceFact::Policy { .. } => false,
            AllianceFact::Asked { asked, .. } => set(&mut self.asked, || (place, asked.clone())),
            AllianceFact::BadSignature { member, certificate, fault, .. } => {
                let fault = Fault { member: *member, certificate: *certificate, fault: *fault };
                let is_new = self.faults.len() < MAX_FAULTS && !self.faults.contains(&fault);
                if is_new {
                    self.faults.push(fault);
                }
                is_new
            }
            AllianceFact::WeightMissing { member, weight, total, .. } => {
                self.light.insert(*member, (*weight, *total)).is_none()
            }
            AllianceFact::Shown { member, outcome, is_attested, .. } => {
                let is_new = !self.shown.contains_key(member);
                self.shown.entry(*member).or_insert((place, *outcome, *is_attested));
                is_new
            }
            AllianceFact::Ended { end, .. } => set(&mut self.end, || (place, *end)),
        }
    }
}

impl PartRecord {
    fn first(&mut self, place: Place, outcome: Result<(), Option<Reason>>) -> bool {
        set(&mut self.first, || (place, outcome))
    }

    fn last(&mut self, place: Place, outcome: Outcome) -> bool {
        set(&mut self.last, || (place, outcome))
    }
}

/// Outcomes are written once: what is told again changes nothing.
fn set<T>(slot: &mut Option<T>, value: impl FnOnce() -> T) -> bool {
    let is_new = slot.is_none();
    if is_new {
        *slot = Some(value());
    }
    is_new
}

#[cfg(test)]
mod tests;
