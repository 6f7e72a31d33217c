//! What was reported last, in memory.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use alloy_primitives::B256;
use parking_lot::Mutex;

use super::{
    MAX_REPORTS, MAX_REPORTS_AT_ONCE, MAX_REPORTS_OF_ONE, Proposal, Report, ReportAnswer, ReportQuery, Said, loudest,
};

/// The newest reports of one process.
#[derive(Debug)]
pub struct ReportLog {
    instance: u64,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    last: u64,
    kept: VecDeque<Kept>,
}

#[derive(Debug)]
struct Kept {
    number: u64,
    proposal: Proposal,
    asker: Option<B256>,
    said: Said,
    at: Instant,
}

impl Default for ReportLog {
    fn default() -> Self {
        // Without randomness a reader may take this process for the one before it, and is told what is new alone.
        Self { instance: getrandom::u64().unwrap_or_default(), state: Mutex::default() }
    }
}

impl ReportLog {
    /// Keeps what was said now. The same as what was said last of the same step of a request is nothing new. Whoever has most kept loses the oldest of its own first.
    pub fn note(&self, proposal: Proposal, asker: Option<B256>, said: Said) {
        self.note_at(proposal, asker, said, Instant::now());
    }

    fn note_at(&self, proposal: Proposal, asker: Option<B256>, said: Said, at: Instant) {
        if !proposal.is_well_formed() {
            return;
        }
        let mut state = self.state.lock();
        let is_of_step =
            |kept: &&Kept| kept.asker == asker && kept.proposal.id == proposal.id && kept.said.step() == said.step();
        if state.kept.iter().rev().find(is_of_step).is_some_and(|newest| newest.said == said) {
            return;
        }
        if state.kept.iter().filter(|kept| kept.asker == asker).count() >= MAX_REPORTS_OF_ONE {
            state.forget_of(asker);
        } else if state.kept.len() >= MAX_REPORTS {
            let loudest = loudest(state.kept.iter().map(|kept| kept.asker)).flatten();
            state.forget_of(loudest);
        }
        state.last += 1;
        let number = state.last;
        state.kept.push_back(Kept { number, proposal, asker, said, at });
    }

    /// What is new for a node of a member (`reader`): of requests that the member asks or has a part in. `None`, who is on this machine, is told all.
    #[must_use]
    pub fn tell(&self, query: ReportQuery, reader: Option<B256>) -> ReportAnswer {
        self.tell_at(query, reader, Instant::now())
    }

    fn tell_at(&self, query: ReportQuery, reader: Option<B256>, now: Instant) -> ReportAnswer {
        let state = self.state.lock();
        let after = if query.instance == self.instance { query.after } else { 0 };
        let concerns =
            |kept: &Kept| reader.is_none_or(|it| kept.asker == Some(it) || kept.proposal.parties.contains(&it));
        let told: Vec<_> =
            state.kept.iter().filter(|kept| kept.number > after && concerns(kept)).take(MAX_REPORTS_AT_ONCE).collect();
        // A full answer goes on where it ends: nobody pushes out of it what others have said.
        let last = told.last().filter(|_| told.len() == MAX_REPORTS_AT_ONCE).map_or(state.last, |kept| kept.number);
        let reports = told.into_iter().map(|kept| Report {
            proposal: kept.proposal.clone(),
            asker: kept.asker,
            said: kept.said,
            ago_ms: milliseconds(now.saturating_duration_since(kept.at)),
        });
        ReportAnswer { instance: self.instance, last, reports: reports.collect() }
    }
}

impl State {
    fn forget_of(&mut self, asker: Option<B256>) {
        if let Some(oldest) = self.kept.iter().position(|kept| kept.asker == asker) {
            self.kept.remove(oldest);
        }
    }
}

fn milliseconds(of: Duration) -> u64 {
    u64::try_from(of.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::cast_possible_truncation)]

    use std::collections::BTreeSet;

    use super::*;
    use crate::report::Why;

    const BANK: B256 = B256::repeat_byte(0xba);
    const REGISTRY: B256 = B256::repeat_byte(0xde);
    const TAX: B256 = B256::repeat_byte(0x7a);

    fn proposal(id: u64, parties: &[B256]) -> Proposal {
        Proposal {
            id: B256::from(alloy_primitives::U256::from(id)),
            parties: parties.to_vec(),
            valid_until_s: Some(1000),
        }
    }

    fn ids(answer: &ReportAnswer) -> Vec<u64> {
        answer.reports.iter().map(|report| u64::from(report.proposal.id.0[31])).collect()
    }

    // A-MULTI: nobody learns of a request before its number but those whom it concerns.
    #[test]
    fn a_member_is_told_of_what_it_asks_or_has_a_part_in() {
        let log = ReportLog::default();
        log.note(proposal(1, &[BANK, REGISTRY]), Some(BANK), Said::Endorsed);
        log.note(proposal(2, &[REGISTRY]), Some(TAX), Said::Declined { why: Why::Stale });
        let told = |reader| ids(&log.tell(ReportQuery::default(), reader));
        assert_eq!((told(Some(BANK)), told(Some(TAX))), (vec![1], vec![2]));
        assert_eq!((told(Some(REGISTRY)), told(None)), (vec![1, 2], vec![1, 2]));
        assert_eq!(told(Some(B256::ZERO)), Vec::<u64>::new());
    }

    #[test]
    fn what_is_new_is_told_once_and_all_of_it_to_whoever_knew_another_process() {
        let (log, begun) = (ReportLog::default(), Instant::now());
        log.note_at(proposal(1, &[BANK]), None, Said::Proposed, begun);
        let first = log.tell_at(ReportQuery::default(), None, begun + Duration::from_millis(70));
        assert_eq!((ids(&first), first.reports[0].ago_ms), (vec![1], 70));
        let known = ReportQuery { instance: first.instance, after: first.last };
        // The same again is nothing new.
        log.note(proposal(1, &[BANK]), None, Said::Proposed);
        assert_eq!(ids(&log.tell(known, None)), Vec::<u64>::new());
        log.note(proposal(1, &[BANK]), None, Said::HandedIn);
        assert_eq!(ids(&log.tell(known, None)), [1]);
        let of_another = ReportQuery { instance: first.instance.wrapping_add(1), after: 99 };
        assert_eq!(log.tell(of_another, None).reports.len(), 2);
    }

    #[test]
    fn a_full_answer_goes_on_where_it_ends() {
        let log = ReportLog::default();
        let askers = [None, Some(BANK), Some(REGISTRY)];
        for id in 0..MAX_REPORTS_AT_ONCE as u64 + 40 {
            log.note(proposal(id, &[TAX]), askers[id as usize % 3], Said::Endorsed);
        }
        let first = log.tell(ReportQuery::default(), Some(TAX));
        let known = ReportQuery { instance: first.instance, after: first.last };
        let rest = log.tell(known, Some(TAX));
        assert_eq!((first.reports.len(), rest.reports.len()), (MAX_REPORTS_AT_ONCE, 40));
        let told: BTreeSet<_> = first.reports.iter().chain(&rest.reports).map(|report| report.proposal.id).collect();
        assert_eq!(told.len(), MAX_REPORTS_AT_ONCE + 40);
        // Whom they do not concern is at the newest at once.
        assert_eq!(log.tell(ReportQuery::default(), Some(B256::ZERO)).last, rest.last);
    }

    #[test]
    fn an_answer_that_is_taken_back_and_given_again_is_told() {
        let log = ReportLog::default();
        let stale = Said::Declined { why: Why::Stale };
        for said in [Said::Endorsed, stale, Said::Endorsed, Said::HandedIn, Said::Endorsed] {
            log.note(proposal(1, &[BANK]), Some(BANK), said);
        }
        let reports = log.tell(ReportQuery::default(), None).reports;
        let said: Vec<_> = reports.iter().map(|report| report.said).collect();
        assert_eq!(said, [Said::Endorsed, stale, Said::Endorsed, Said::HandedIn]);
    }

    #[test]
    fn where_all_is_full_whoever_has_most_forgets_its_own() {
        let log = ReportLog::default();
        let quiet = B256::repeat_byte(1);
        log.note(proposal(1, &[quiet]), Some(quiet), Said::Endorsed);
        // As many as there is room for each, of more than there is room for.
        for id in 0..6 * MAX_REPORTS_OF_ONE as u64 {
            log.note(proposal(id + 2, &[BANK]), Some(B256::repeat_byte(2 + (id % 6) as u8)), Said::Endorsed);
        }
        assert_eq!(ids(&log.tell(ReportQuery::default(), Some(quiet))), [1]);
    }

    #[test]
    fn whoever_asks_much_forgets_its_own() {
        let log = ReportLog::default();
        log.note(proposal(7, &[REGISTRY]), Some(REGISTRY), Said::Endorsed);
        for id in 1000..3000 {
            log.note(proposal(id, &[BANK]), Some(BANK), Said::Endorsed);
        }
        let of = |member| log.tell(ReportQuery::default(), Some(member));
        assert_eq!(ids(&of(REGISTRY)), [7]);
        let told = of(BANK).reports;
        assert_eq!(told.len(), MAX_REPORTS_OF_ONE);
        assert_eq!(told.last().map(|report| report.proposal.id), Some(proposal(2999, &[]).id));
        // What has no parties, or too many, is nothing that could be told.
        log.note(proposal(8, &[]), Some(REGISTRY), Said::Endorsed);
        log.note(proposal(9, &[REGISTRY; 17]), Some(REGISTRY), Said::Endorsed);
        assert_eq!(ids(&of(REGISTRY)), [7]);
    }
}
