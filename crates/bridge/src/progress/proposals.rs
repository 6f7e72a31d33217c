//! Requests before they have a number, as they are reported: reports to state, without I/O and without a clock. Nothing here is proven; that one has got its number, or cannot get one any more, the
//! alliance chain says. Memory is bounded, and whoever reports most loses the oldest of its own first.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Instant,
};

use alloy_primitives::B256;

use crate::report::{Report, Said, Voice};

/// How far a request without a number is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProposalState {
    /// Endorsers are asked.
    UnderWay,
    /// A relay has it.
    HandedIn,
    /// Its requester has given it up before it handed it in, as it reports.
    Ended,
    /// A final block of the alliance chain is later than the last second in which it could be sequenced.
    Lapsed,
    /// It has its number: what is proven is told of that.
    Sequenced,
}

/// What somebody has reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reported {
    /// Who.
    pub voice: Voice,
    /// What.
    pub said: Said,
    /// When that was, by how long ago it was said to be.
    pub at: Instant,
}

/// A request, as it is reported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProposalProgress {
    /// What it is known by: the hash that the alliance has of it from its number on.
    pub id: B256,
    /// That number.
    pub number: Option<u64>,
    /// How far it is.
    pub state: ProposalState,
    /// The member whose node asks; `None`: nobody who reports knows.
    pub asker: Option<B256>,
    /// Members of its parts.
    pub parties: Vec<B256>,
    /// Last second of the alliance chain in which it can be sequenced; `None`: it was never put together.
    pub valid_until_s: Option<u64>,
    /// The place of its first report in the order in which they were heard.
    pub arrival: u64,
    /// When it was first heard of.
    pub first: Instant,
    /// In the order of the time that they have.
    pub reports: Vec<Reported>,
}

/// What a reporter has said: of an endorser the newest answer alone.
type Slot = (usize, u8);

#[derive(Clone, Debug)]
struct Record {
    /// Who has brought it up first.
    brought_by: usize,
    arrival: u64,
    first: Instant,
    asker: Option<B256>,
    parties: Vec<B256>,
    valid_until_s: Option<u64>,
    said: BTreeMap<Slot, Reported>,
}

/// The newest proposals.
#[derive(Clone, Debug)]
pub(super) struct ProposalWindow {
    size: usize,
    arrivals: u64,
    known: BTreeMap<B256, Record>,
}

impl ProposalWindow {
    /// For so many.
    pub(super) const fn new(size: usize) -> Self {
        Self { size, arrivals: 0, known: BTreeMap::new() }
    }

    /// Takes a report of the reporter at `place`, made at `at`; whether something is shown differently now.
    pub(super) fn take(&mut self, place: usize, voice: Voice, report: &Report, at: Instant) -> bool {
        if !voice.may_say(report) {
            return false;
        }
        let (proposal, said) = (&report.proposal, report.said);
        let is_known = self.known.contains_key(&proposal.id);
        let arrivals = &mut self.arrivals;
        let record = self.known.entry(proposal.id).or_insert_with(|| {
            *arrivals += 1;
            Record {
                brought_by: place,
                arrival: *arrivals,
                first: at,
                asker: None,
                parties: proposal.parties.clone(),
                valid_until_s: proposal.valid_until_s,
                said: BTreeMap::new(),
            }
        });
        let learns = record.asker.is_none() && report.asker.is_some();
        record.asker = record.asker.or(report.asker);
        let reported = Reported { voice, said, at };
        let before = record.said.insert((place, slot(said)), reported);
        let is_new = before.is_none_or(|before| before.said != said);
        // The same again has the time of the first.
        if let Some(before) = before.filter(|_| !is_new) {
            record.said.insert((place, slot(said)), before);
        }
        self.forget();
        (!is_known || learns || is_new) && self.known.contains_key(&proposal.id)
    }

    /// One of them; `number` is what the alliance has for it, `time_s` its time.
    pub(super) fn proposal(&self, id: B256, number: Option<u64>, time_s: u64) -> Option<ProposalProgress> {
        let record = self.known.get(&id)?;
        let mut reports: Vec<_> = record.said.values().copied().collect();
        reports.sort_by_key(|reported| reported.at);
        let has = |wanted: fn(Said) -> bool| reports.iter().any(|reported| wanted(reported.said));
        let state = if number.is_some() {
            ProposalState::Sequenced
        } else if has(|said| matches!(said, Said::GivenUp { .. })) {
            ProposalState::Ended
        } else if record.valid_until_s.is_some_and(|until_s| time_s > until_s) {
            ProposalState::Lapsed
        } else if has(|said| said == Said::HandedIn) {
            ProposalState::HandedIn
        } else {
            ProposalState::UnderWay
        };
        Some(ProposalProgress {
            id,
            number,
            state,
            asker: record.asker,
            parties: record.parties.clone(),
            valid_until_s: record.valid_until_s,
            arrival: record.arrival,
            first: record.first,
            reports,
        })
    }

    /// Those that are kept, with the places of their first reports.
    pub(super) fn ids(&self) -> impl Iterator<Item = (u64, B256)> + '_ {
        self.known.iter().map(|(id, record)| (record.arrival, *id))
    }

    /// Those that can be sequenced until some second from `after_s` to before `now_s`: with a block of that time they lapse.
    pub(super) fn lapsing(&self, after_s: u64, now_s: u64) -> BTreeSet<B256> {
        let passes = |record: &Record| record.valid_until_s.is_some_and(|until_s| (after_s..now_s).contains(&until_s));
        self.known.iter().filter(|(_, record)| passes(record)).map(|(id, _)| *id).collect()
    }

    /// Whether it is kept.
    pub(super) fn contains(&self, id: B256) -> bool {
        self.known.contains_key(&id)
    }

    /// Forgets one.
    pub(super) fn remove(&mut self, id: B256) {
        self.known.remove(&id);
    }

    fn forget(&mut self) {
        while self.known.len() > self.size {
            let mut of: BTreeMap<usize, (usize, u64, B256)> = BTreeMap::new();
            for (id, record) in &self.known {
                let own = of.entry(record.brought_by).or_insert((0, u64::MAX, *id));
                own.0 += 1;
                if record.arrival < own.1 {
                    (own.1, own.2) = (record.arrival, *id);
                }
            }
            let Some((_, _, oldest)) = of.into_values().max_by_key(|(count, ..)| *count) else { return };
            self.known.remove(&oldest);
        }
    }
}

/// Of an endorser's answers, and of a relay's, the newest counts.
const fn slot(said: Said) -> u8 {
    match said {
        Said::Proposed => 0,
        Said::Endorsed | Said::Declined { .. } => 1,
        Said::HandedIn => 2,
        Said::NotCarried => 3,
        Said::GivenUp { .. } => 4,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::time::Duration;

    use alloy_primitives::U256;

    use super::*;
    use crate::report::{Proposal, Why};

    const BANK: B256 = B256::repeat_byte(0xba);
    const REGISTRY: B256 = B256::repeat_byte(0xde);
    const ID: B256 = B256::repeat_byte(7);

    fn report(id: B256, said: Said) -> Report {
        let proposal = Proposal { id, parties: vec![BANK, REGISTRY], valid_until_s: Some(1000) };
        Report { proposal, asker: None, said, ago_ms: 0 }
    }

    fn state(window: &ProposalWindow, time_s: u64) -> ProposalState {
        window.proposal(ID, None, time_s).unwrap().state
    }

    // A-MULTI, A-ERR
    #[test]
    fn a_request_is_seen_before_its_number_and_as_ended_when_it_gets_none() {
        let (mut window, begun) = (ProposalWindow::new(8), Instant::now());
        let mut take = |place, voice, said, after_ms| {
            window.take(place, voice, &report(ID, said), begun + Duration::from_millis(after_ms))
        };
        let stale = Said::Declined { why: Why::Stale };
        assert!(take(0, Voice::Relay, Said::Proposed, 0));
        assert!(take(1, Voice::Endorser(BANK), Said::Endorsed, 3));
        assert!(take(2, Voice::Endorser(REGISTRY), stale, 2));
        // The same again is no news, another answer of the same endorser takes the place of the first.
        assert!(!take(1, Voice::Endorser(BANK), Said::Endorsed, 9));
        assert!(take(2, Voice::Endorser(REGISTRY), Said::Endorsed, 4));
        let shown = window.proposal(ID, None, 1000).unwrap();
        let said: Vec<_> = shown.reports.iter().map(|reported| (reported.voice, reported.said)).collect();
        let expected = [
            (Voice::Relay, Said::Proposed),
            (Voice::Endorser(BANK), Said::Endorsed),
            (Voice::Endorser(REGISTRY), Said::Endorsed),
        ];
        assert_eq!((said.as_slice(), shown.state), (expected.as_slice(), ProposalState::UnderWay));
        // It can be sequenced in its last second, and not after it.
        assert_eq!((state(&window, 1000), state(&window, 1001)), (ProposalState::UnderWay, ProposalState::Lapsed));
        assert_eq!((window.lapsing(999, 1000).len(), window.lapsing(1000, 1001).len()), (0, 1));
        let given_up = Said::GivenUp { member: REGISTRY, why: Why::TooFew };
        assert!(window.take(0, Voice::Relay, &report(ID, Said::HandedIn), begun));
        assert_eq!(state(&window, 1000), ProposalState::HandedIn);
        assert!(window.take(0, Voice::Relay, &report(ID, given_up), begun));
        assert_eq!(state(&window, 1000), ProposalState::Ended);
        // Whatever is reported: what the chain has, is so.
        assert_eq!(window.proposal(ID, Some(4), 1001).unwrap().state, ProposalState::Sequenced);
    }

    #[test]
    fn nobody_speaks_for_others() {
        let (mut window, now) = (ProposalWindow::new(8), Instant::now());
        let mut take = |voice, said| window.take(0, voice, &report(ID, said), now);
        assert!(!take(Voice::Relay, Said::Endorsed));
        assert!(!take(Voice::Endorser(BANK), Said::GivenUp { member: REGISTRY, why: Why::Rule }));
        // Of a request without a part of its member an endorser was not asked.
        assert!(!take(Voice::Endorser(B256::repeat_byte(9)), Said::Endorsed));
        assert!(window.proposal(ID, None, 0).is_none());
    }

    #[test]
    fn whoever_reports_much_pushes_out_its_own() {
        let (mut window, now) = (ProposalWindow::new(16), Instant::now());
        window.take(0, Voice::Endorser(BANK), &report(ID, Said::Endorsed), now);
        for lie in 100..1000_u64 {
            window.take(1, Voice::Endorser(REGISTRY), &report(B256::from(U256::from(lie)), Said::Endorsed), now);
        }
        assert_eq!((window.ids().count(), window.contains(ID)), (16, true));
        assert!(window.contains(B256::from(U256::from(999))));
    }
}
