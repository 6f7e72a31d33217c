//! What is reported of requests that have no number yet, beside what their chains show.

use std::time::{Duration, Instant};

use alloy_primitives::B256;
use futures::future::join_all;

use super::{ProgressBoard, State};
use crate::{
    progress::{ProposalProgress, proposals::Reported, told::Source},
    report::{MAX_REPORTS, MAX_REPORTS_AT_ONCE, Report, Reporter, Voice},
};

/// A report of a longer time ago is shown as one of so long ago.
const MAX_AGO: Duration = Duration::from_secs(86_400);

impl ProgressBoard {
    /// Asks those who report until it is dropped, each by itself: one that is silent keeps no other waiting. That one does not answer is logged once, and that it does again.
    pub async fn listen(&self, reporters: Vec<Reporter>, pause: Duration) {
        let each = reporters.into_iter().enumerate().map(|(place, reporter)| self.listen_to(place, reporter, pause));
        join_all(each).await;
    }

    async fn listen_to(&self, place: usize, mut reporter: Reporter, pause: Duration) {
        // What is heard before the alliance was read to its head is not taken.
        while self.state.read().window.head(Source::Alliance).is_none() {
            tokio::time::sleep(pause).await;
        }
        let (mut is_failing, mut full) = (false, 0);
        loop {
            match reporter.read().await {
                Ok((reports, is_full)) => {
                    self.hear(place, reporter.voice(), &reports);
                    if is_failing {
                        tracing::info!(voice = ?reporter.voice(), "reports are heard again");
                    }
                    is_failing = false;
                    // Who keeps no more than it may has told all of it then; who says otherwise is asked as seldom as all others.
                    full = if is_full { full + 1 } else { 0 };
                    if is_full && full < MAX_REPORTS / MAX_REPORTS_AT_ONCE {
                        continue;
                    }
                    full = 0;
                }
                Err(error) => {
                    if !is_failing {
                        tracing::warn!(voice = ?reporter.voice(), %error, "reports are not heard at present");
                    }
                    is_failing = true;
                }
            }
            tokio::time::sleep(pause).await;
        }
    }

    /// Takes reports of the reporter at a place, and tells those who wait if something is shown differently. Before the alliance was read to its head nothing is taken, and later nothing of a
    /// request that may have had its number before the oldest that is kept here: it would be taken for one that has none.
    pub fn hear(&self, place: usize, voice: Voice, reports: &[Report]) {
        self.hear_at(place, voice, reports, Instant::now());
    }

    fn hear_at(&self, place: usize, voice: Voice, reports: &[Report], now: Instant) {
        let mut guard = self.state.write();
        let state = &mut *guard;
        for report in reports {
            // A time before this machine was started is shown as now.
            let ago = Duration::from_millis(report.ago_ms).min(MAX_AGO);
            let at = now.checked_sub(ago).unwrap_or(now);
            if state.may_be_forgotten(report, now) {
                continue;
            }
            if state.proposals.take(place, voice, report, at) {
                state.is_news(report.proposal.id);
            }
        }
        state.forget_proposals();
        let last = state.last_change;
        drop(guard);
        self.tell(last);
    }

    /// A request by its hash, as it is reported; `None`: nobody has reported it.
    pub fn proposal(&self, id: B256) -> Option<ProposalProgress> {
        self.state.read().proposal(id)
    }

    /// What was reported of a request before it had its number.
    pub fn reports_of(&self, id: B256) -> Vec<Reported> {
        self.proposal(id).map_or_else(Vec::new, |proposal| proposal.reports)
    }

    /// Requests without a number that were heard of before the `before`th, newest first, at most `limit`.
    pub fn proposals(&self, before: Option<u64>, limit: usize) -> Vec<ProposalProgress> {
        let state = self.state.read();
        let mut ids: Vec<_> = state
            .proposals
            .ids()
            .filter(|(arrival, id)| before.is_none_or(|before| *arrival < before) && !state.numbers.contains_key(id))
            .collect();
        ids.sort_unstable_by(|left, right| right.cmp(left));
        ids.into_iter().take(limit).filter_map(|(_, id)| state.proposal(id)).collect()
    }
}

impl State {
    /// Time of the alliance chain, seconds; 0 before anything was read.
    pub(super) fn time_s(&self) -> u64 {
        self.window.head(Source::Alliance).map_or(0, |head| head.time_ms / 1000)
    }

    /// Whether a report is of a request whose number may be one that is not kept any more.
    fn may_be_forgotten(&self, report: &Report, now: Instant) -> bool {
        let Some(head) = self.window.head(Source::Alliance) else { return true };
        let Some(since_ms) = self.since_ms else { return false };
        let id = report.proposal.id;
        // One that was never put together has none.
        if report.proposal.valid_until_s.is_none() || self.numbers.contains_key(&id) || self.proposals.contains(id) {
            return false;
        }
        let read_ms =
            self.read_at.get(&Source::Alliance).map_or(0, |at| now.saturating_duration_since(*at).as_millis());
        let now_ms = head.time_ms.saturating_add(u64::try_from(read_ms).unwrap_or(0));
        now_ms.saturating_sub(report.ago_ms) <= since_ms
    }

    pub(super) fn proposal(&self, id: B256) -> Option<ProposalProgress> {
        self.proposals.proposal(id, self.numbers.get(&id).copied(), self.time_s())
    }

    /// A proposal is shown differently, and the request that it has become.
    pub(super) fn is_news(&mut self, id: B256) {
        if !self.proposals.contains(id) {
            return;
        }
        self.last_change += 1;
        self.proposal_changes.insert(id, self.last_change);
        if let Some(number) = self.numbers.get(&id).copied() {
            self.last_change += 1;
            self.changes.insert(number, self.last_change);
        }
    }

    /// No changes are kept of what is not kept.
    pub(super) fn forget_proposals(&mut self) {
        let proposals = &self.proposals;
        self.proposal_changes.retain(|id, _| proposals.contains(*id));
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::{
        progress::{AllianceFact, Asked, Head, News, Place, ProposalState, Told},
        report::{Proposal, Said},
    };

    const BANK: B256 = B256::repeat_byte(0xba);
    const ID: B256 = B256::repeat_byte(7);

    fn report(id: B256, said: Said) -> Report {
        let proposal = Proposal { id, parties: vec![BANK], valid_until_s: Some(1000) };
        Report { proposal, asker: Some(BANK), said, ago_ms: 5 }
    }

    fn head(block: u64, time_s: u64) -> Told {
        Told::Head(Source::Alliance, Head { block, time_ms: time_s * 1000 })
    }

    // A-MULTI: what is reported and what is proven of one request is one request, by its hash.
    #[tokio::test]
    async fn a_reported_request_is_joined_to_its_number_and_one_without_lapses() {
        let (board, other) = (ProgressBoard::new(8), B256::repeat_byte(8));
        board.take(&[head(1, 990)]);
        board.hear(0, Voice::Endorser(BANK), &[report(ID, Said::Endorsed), report(other, Said::Endorsed)]);
        let first = board.changes(0, 16).await;
        assert!(matches!(&first[0].news, News::Proposal(it) if it.id == ID && it.state == ProposalState::UnderWay));
        assert_eq!((first.len(), board.proposals(None, 16).len()), (2, 2));

        let asked = Asked {
            request_hash: ID,
            certificate: 1,
            requester: None,
            deadline_s: Some(1060),
            parties: vec![BANK],
            signed: None,
        };
        let place = Place { block: 2, log: 0, block_hash: B256::ZERO, time_ms: 995_000, tx_hash: B256::ZERO };
        board.take(&[Told::Alliance(place, AllianceFact::Asked { number: 3, asked }), head(2, 995)]);
        let news = board.changes(first[1].change, 16).await;
        assert!(news.iter().any(|it| matches!(&it.news, News::Request(request) if request.number == 3)));
        assert!(news.iter().any(|it| matches!(&it.news, News::Proposal(it) if it.number == Some(3))));
        assert_eq!((news.len(), board.reports_of(ID).len()), (2, 1));
        let left: Vec<_> = board.proposals(None, 16).iter().map(|it| it.id).collect();
        assert_eq!(left, [other]);

        // A later report of what has its number is news of the request.
        board.hear(1, Voice::Relay, &[report(ID, Said::HandedIn)]);
        let later = board.changes(news[1].change, 16).await;
        assert!(later.iter().any(|it| matches!(&it.news, News::Request(request) if request.number == 3)));

        board.take(&[head(3, 1001)]);
        let lapsed = board.changes(later[1].change, 16).await;
        let is_lapsed =
            |it: &News| matches!(it, News::Proposal(it) if it.id == other && it.state == ProposalState::Lapsed);
        assert!(lapsed.len() == 1 && is_lapsed(&lapsed[0].news));
    }

    fn asked(number: u64, time_s: u64) -> Told {
        let asked = Asked {
            request_hash: B256::with_last_byte(u8::try_from(number).unwrap()),
            certificate: 1,
            requester: None,
            deadline_s: Some(time_s + 60),
            parties: vec![BANK],
            signed: None,
        };
        let place =
            Place { block: number, log: 0, block_hash: B256::ZERO, time_ms: time_s * 1000, tx_hash: B256::ZERO };
        Told::Alliance(place, AllianceFact::Asked { number, asked })
    }

    // A-ERR: a request that was sequenced, and whose number is none of the newest, is not said to have lapsed.
    #[test]
    fn what_may_have_had_a_number_before_the_oldest_that_is_kept_is_not_told() {
        let now = Instant::now();
        let hear = |board: &ProgressBoard, byte: u8, ago_ms: u64| {
            let report = Report { ago_ms, ..report(B256::repeat_byte(byte), Said::Endorsed) };
            board.hear_at(0, Voice::Endorser(BANK), &[report], now);
            board.proposal(B256::repeat_byte(byte)).is_some()
        };
        let board = ProgressBoard::new(2);
        // Before anything was read nothing is known of numbers.
        assert!(!hear(&board, 0xa0, 0));
        // This board began with the request of second 980, of which it does not know that it is the first.
        board.take_at(&[Told::Since(980_000), asked(7, 980), head(7, 990)], now);
        assert!(!hear(&board, 0xa1, 10_000) && hear(&board, 0xa2, 9_000));
        // One that has its number is joined to it, however old its report.
        board.hear(
            0,
            Voice::Endorser(BANK),
            &[Report { ago_ms: 90_000, ..report(B256::with_last_byte(7), Said::Endorsed) }],
        );
        assert_eq!(board.proposal(B256::with_last_byte(7)).unwrap().number, Some(7));
        // The oldest that is kept is another one by now; what was heard before stays.
        board.take_at(&[asked(8, 991), asked(9, 995), head(9, 996)], now);
        assert!(!hear(&board, 0xa3, 5_100) && hear(&board, 0xa4, 4_900) && hear(&board, 0xa2, 14_000));
        // Nor of those that came with more than are kept.
        let flooded = ProgressBoard::new(2);
        flooded.take_at(&[asked(1, 970), asked(2, 980), asked(3, 990), asked(4, 995), head(9, 996)], now);
        assert!(!hear(&flooded, 0xa1, 10_000) && hear(&flooded, 0xa2, 2_000));
        // Of one that has read all there ever was, nothing is forgotten.
        let whole = ProgressBoard::new(2);
        whole.take_at(&[asked(1, 980), head(7, 990)], now);
        assert!(hear(&whole, 0xa1, 80_000));
    }
}
