//! Requests before they have a number, as they are reported: reports to state, without I/O and without a clock. Nothing here is proven; that one has got its number, the alliance chain says. Memory is
//! bounded, and whoever reports most loses the oldest of its own first.
//!
//! Whose word counts for what: the parties, and until when the request can be sequenced, an endorser says, which has computed its hash; where none has, a relay, which has too; where no relay has, whoever
//! asks. Who that is, the endorser says that was asked first; where none was, who was first to tell a relay of it, or to hand it in: others know the request later. So a node speaks of the end of its own
//! member's requests alone.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Instant,
};

use alloy_primitives::B256;

use crate::report::{Proposal, Report, ReportedStep, Said, Voice, loudest};

/// Steps of requesters and relays that are kept of a request, by each reporter; of endorsers there is one for each.
const MAX_STEPS: usize = 16;

/// How far a request without a number is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProposalState {
    /// Endorsers are asked.
    UnderWay,
    /// A relay has it.
    HandedIn,
    /// Its requester has given it up before it handed it in, as it reports.
    Ended,
    /// A final block of the alliance chain is later than the last second in which it could be sequenced, as that is reported.
    Lapsed,
    /// It has its number: what is proven is told of that.
    Sequenced,
}

/// What somebody has reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reported {
    /// Who.
    pub voice: Voice,
    /// The member whose node asked whoever reports, or told it; `None`: it does not know.
    pub asker: Option<B256>,
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

/// Of one step the newest word of a reporter counts; of a relay, that of each member that tells it.
type Slot = (usize, ReportedStep, Option<B256>);

/// One word, and what it says that the request is.
#[derive(Clone, Debug)]
struct Word {
    reported: Reported,
    proposal: Proposal,
    /// Its place among all that were heard.
    order: u64,
}

#[derive(Clone, Debug)]
struct Record {
    /// Who has brought it up first: the reporter, and the member that told it.
    brought_by: (usize, Option<B256>),
    arrival: u64,
    first: Instant,
    words: BTreeMap<Slot, Word>,
}

impl Record {
    /// Words of a step, those first that were heard first.
    fn of(&self, step: ReportedStep) -> Vec<&Word> {
        let mut words: Vec<_> = self.words.values().filter(|word| word.reported.said.step() == step).collect();
        words.sort_by_key(|word| word.order);
        words
    }

    /// Words of the request, those first that count most.
    fn witnesses(&self) -> impl Iterator<Item = &Word> {
        let mut told: Vec<_> = self.words.values().filter(|word| word.reported.said.is_of_requester()).collect();
        told.sort_by_key(|word| word.order);
        self.of(ReportedStep::Endorsing).into_iter().chain(self.of(ReportedStep::Carrying)).chain(told)
    }

    fn asker(&self) -> Option<B256> {
        let mut words: Vec<_> = self.words.values().collect();
        words.sort_by_key(|word| (!word.reported.said.is_of_endorser(), word.order));
        words.into_iter().find_map(|word| word.reported.asker)
    }

    /// What the request is, by whoever counts most; of those who tell of their own steps the one who asks.
    fn proposal(&self) -> Option<&Proposal> {
        let asker = self.asker();
        let counts = |word: &&Word| !word.reported.said.is_of_requester() || word.reported.asker == asker;
        self.witnesses().find(counts).map(|word| &word.proposal)
    }

    fn valid_until_s(&self) -> Option<u64> {
        self.proposal().and_then(|proposal| proposal.valid_until_s)
    }

    fn is_handed_in(&self) -> bool {
        self.words.values().any(|word| word.reported.said == Said::HandedIn)
    }

    /// Whether the member that asks has given it up, and nobody has it.
    fn is_ended(&self) -> bool {
        let asker = self.asker();
        // A relay to which one need not show a certificate knows nobody.
        let is_theirs = |word: &&Word| word.reported.asker.is_none() || word.reported.asker == asker;
        !self.is_handed_in() && self.of(ReportedStep::GivingUp).iter().any(is_theirs)
    }
}

/// The newest proposals.
#[derive(Clone, Debug)]
pub(super) struct ProposalWindow {
    size: usize,
    arrivals: u64,
    words: u64,
    known: BTreeMap<B256, Record>,
}

impl ProposalWindow {
    /// For so many.
    pub(super) const fn new(size: usize) -> Self {
        Self { size, arrivals: 0, words: 0, known: BTreeMap::new() }
    }

    /// Takes a report of the reporter at `place`, made at `at`; whether something is shown differently now.
    pub(super) fn take(&mut self, place: usize, voice: Voice, report: &Report, at: Instant) -> bool {
        if !voice.may_say(report) {
            return false;
        }
        let Report { proposal, asker, said, .. } = report;
        self.words += 1;
        let arrivals = &mut self.arrivals;
        let record = self.known.entry(proposal.id).or_insert_with(|| {
            *arrivals += 1;
            Record { brought_by: (place, *asker), arrival: *arrivals, first: at, words: BTreeMap::new() }
        });
        // An endorser is asked by whomever the request names; who tells a relay of a step may be anybody.
        let slot = (place, said.step(), asker.filter(|_| !said.is_of_endorser()));
        let before = record.words.get(&slot);
        // The same again has the time of the first.
        let is_known = |it: &Word| it.reported.said == *said && (it.reported.asker.is_some() || asker.is_none());
        if before.is_some_and(|it| is_known(it) && it.proposal == *proposal) {
            return false;
        }
        let others =
            || record.words.keys().filter(|(of, step, _)| *of == place && *step != ReportedStep::Endorsing).count();
        if before.is_none() && !said.is_of_endorser() && others() >= MAX_STEPS {
            return false;
        }
        // Who asks is not somebody else because another one asks the same, or the one who has asked says more.
        let (order, first) = before.map_or((self.words, None), |before| (before.order, before.reported.asker));
        let reported = Reported { voice, asker: first.or(*asker), said: *said, at };
        record.words.insert(slot, Word { reported, proposal: proposal.clone(), order });
        self.forget();
        self.known.contains_key(&proposal.id)
    }

    /// One of them; `number` is what the alliance has for it, `time_s` its time.
    pub(super) fn proposal(&self, id: B256, number: Option<u64>, time_s: u64) -> Option<ProposalProgress> {
        let record = self.known.get(&id)?;
        let mut reports: Vec<_> = record.words.values().map(|word| word.reported).collect();
        reports.sort_by_key(|reported| reported.at);
        let valid_until_s = record.valid_until_s();
        let state = if number.is_some() {
            ProposalState::Sequenced
        } else if record.is_ended() {
            ProposalState::Ended
        } else if valid_until_s.is_some_and(|until_s| time_s > until_s) {
            ProposalState::Lapsed
        } else if record.is_handed_in() {
            ProposalState::HandedIn
        } else {
            ProposalState::UnderWay
        };
        Some(ProposalProgress {
            id,
            number,
            state,
            asker: record.asker(),
            parties: record.proposal().map(|proposal| proposal.parties.clone()).unwrap_or_default(),
            valid_until_s,
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
        let passes =
            |record: &Record| record.valid_until_s().is_some_and(|until_s| (after_s..now_s).contains(&until_s));
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

    /// Of the reporter that has brought up most, the member that has told it most loses the oldest of its own: who has asked, is the reporter's word, so it is counted by itself first.
    fn forget(&mut self) {
        while self.known.len() > self.size {
            let places = self.known.values().map(|record| record.brought_by.0);
            let Some(place) = loudest(places) else { return };
            let own = || self.known.iter().filter(|(_, record)| record.brought_by.0 == place);
            let Some(asker) = loudest(own().map(|(_, record)| record.brought_by.1)) else { return };
            let theirs = own().filter(|(_, record)| record.brought_by.1 == asker);
            let Some(oldest) = theirs.min_by_key(|(_, record)| record.arrival).map(|(id, _)| *id) else { return };
            self.known.remove(&oldest);
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::time::Duration;

    use alloy_primitives::U256;

    use super::*;
    use crate::report::Why;

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
        assert!(window.take(0, Voice::Relay, &report(ID, Said::HandedIn), begun));
        assert_eq!(state(&window, 1000), ProposalState::HandedIn);
        // Another relay has it still; that one has not, says the one that had it.
        assert!(window.take(3, Voice::Relay, &report(ID, Said::HandedIn), begun));
        assert!(window.take(0, Voice::Relay, &report(ID, Said::NotCarried), begun));
        assert_eq!(state(&window, 1000), ProposalState::HandedIn);
        assert!(window.take(3, Voice::Relay, &report(ID, Said::NotCarried), begun));
        assert_eq!(state(&window, 1000), ProposalState::UnderWay);
        let given_up = Said::GivenUp { member: REGISTRY, why: Why::TooFew };
        assert!(window.take(0, Voice::Relay, &report(ID, given_up), begun));
        assert_eq!((state(&window, 1000), state(&window, 1001)), (ProposalState::Ended, ProposalState::Ended));
        // Whatever is reported: what the chain has, is so.
        assert_eq!(window.proposal(ID, Some(4), 1001).unwrap().state, ProposalState::Sequenced);
    }

    /// What somebody says with a certificate of a member.
    fn told(asker: B256, said: Said, valid_until_s: u64) -> Report {
        let mut report = Report { asker: Some(asker), ..report(ID, said) };
        report.proposal.valid_until_s = Some(valid_until_s);
        report
    }

    // A-ERR, A-CERT: who may request ends no request of another member, neither by its word nor by the time that it says.
    #[test]
    fn nobody_ends_the_request_of_another_member() {
        let (mut window, now, tax) = (ProposalWindow::new(8), Instant::now(), B256::repeat_byte(0x7a));
        let given_up = Said::GivenUp { member: REGISTRY, why: Why::TooFew };
        // Nobody else has said anything of it yet: then its word is what there is, and called so.
        assert!(window.take(0, Voice::Relay, &told(tax, given_up, 1), now));
        let first = window.proposal(ID, None, 500).unwrap();
        assert_eq!((first.state, first.asker), (ProposalState::Ended, Some(tax)));
        assert!(window.take(1, Voice::Endorser(BANK), &told(BANK, Said::Endorsed, 1000), now));
        let shown = window.proposal(ID, None, 500).unwrap();
        assert_eq!((shown.state, shown.asker, shown.valid_until_s), (ProposalState::UnderWay, Some(BANK), Some(1000)));
        assert!(shown.reports.iter().any(|it| it.said == given_up && it.asker == Some(tax)));
        // A later time of somebody else keeps it from lapsing as little.
        assert!(window.take(0, Voice::Relay, &told(tax, Said::Proposed, 9000), now));
        assert_eq!(state(&window, 1001), ProposalState::Lapsed);
        assert_eq!((window.lapsing(1000, 1001).len(), window.lapsing(1, 2).len()), (1, 0));
        // Nor is the request another's because he asks the same endorser for it, or hands it in.
        assert!(!window.take(1, Voice::Endorser(BANK), &told(tax, Said::Endorsed, 1000), now));
        assert!(window.take(0, Voice::Relay, &told(tax, Said::HandedIn, 1000), now));
        assert!(window.take(0, Voice::Relay, &told(tax, Said::NotCarried, 1000), now));
        let shown = window.proposal(ID, None, 500).unwrap();
        assert_eq!((shown.state, shown.asker), (ProposalState::UnderWay, Some(BANK)));
        // Who asks ends its own.
        assert!(window.take(0, Voice::Relay, &told(BANK, given_up, 1000), now));
        assert_eq!(state(&window, 500), ProposalState::Ended);
    }

    #[test]
    fn a_relay_that_was_handed_it_knows_it_better_than_who_tells_of_it() {
        let (mut window, now, tax) = (ProposalWindow::new(8), Instant::now(), B256::repeat_byte(0x7a));
        assert!(window.take(0, Voice::Relay, &told(tax, Said::Proposed, 1), now));
        assert_eq!(state(&window, 500), ProposalState::Lapsed);
        assert!(window.take(0, Voice::Relay, &told(BANK, Said::HandedIn, 1000), now));
        assert_eq!((state(&window, 500), state(&window, 1001)), (ProposalState::HandedIn, ProposalState::Lapsed));
        // However many tell of it: so many are kept.
        for other in 0..1000_u64 {
            window.take(0, Voice::Relay, &told(B256::from(U256::from(other)), Said::Proposed, 1), now);
        }
        assert_eq!(window.proposal(ID, None, 0).unwrap().reports.len(), MAX_STEPS);
        assert!(window.take(1, Voice::Endorser(BANK), &told(BANK, Said::Endorsed, 1000), now));
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
        let tax = B256::repeat_byte(0x7a);
        window.take(0, Voice::Endorser(BANK), &report(ID, Said::Endorsed), now);
        for lie in 100..1000_u64 {
            window.take(1, Voice::Endorser(REGISTRY), &report(B256::from(U256::from(lie)), Said::Endorsed), now);
        }
        assert_eq!((window.ids().count(), window.contains(ID)), (16, true));
        assert!(window.contains(B256::from(U256::from(999))));
        // Through one relay, too: a member that tells much pushes out what it has told itself.
        let other = B256::repeat_byte(8);
        window.take(2, Voice::Relay, &Report { asker: Some(BANK), ..report(other, Said::Proposed) }, now);
        for lie in 1000..2000_u64 {
            let lie = Report { asker: Some(tax), ..report(B256::from(U256::from(lie)), Said::Proposed) };
            window.take(2, Voice::Relay, &lie, now);
        }
        assert!(window.contains(other) && window.contains(ID));
        // A reporter that lies says of each that another member has asked it: all of them are its own.
        for lie in 2000..3000_u64 {
            let asker = Some(B256::from(U256::from(lie)));
            let lie = Report { asker, ..report(B256::from(U256::from(lie)), Said::Proposed) };
            window.take(0, Voice::Relay, &lie, now);
        }
        assert!(window.contains(other));
    }
}
