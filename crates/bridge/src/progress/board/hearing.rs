//! What is reported of requests that have no number yet, beside what their chains show.

use std::time::{Duration, Instant};

use alloy_primitives::B256;
use futures::future::join_all;

use super::{ProgressBoard, State};
use crate::{
    progress::{ProposalProgress, proposals::Reported, told::Source},
    report::{Report, Reporter, Voice},
};

impl ProgressBoard {
    /// Asks those who report until it is dropped, each by itself: one that is silent keeps no other waiting. That one does not answer is logged once, and that it does again.
    pub async fn listen(&self, reporters: Vec<Reporter>, pause: Duration) {
        let each = reporters.into_iter().enumerate().map(|(place, reporter)| self.listen_to(place, reporter, pause));
        join_all(each).await;
    }

    async fn listen_to(&self, place: usize, mut reporter: Reporter, pause: Duration) {
        let mut is_failing = false;
        loop {
            match reporter.read().await {
                Ok(reports) => {
                    self.hear(place, reporter.voice(), &reports);
                    if is_failing {
                        tracing::info!(voice = ?reporter.voice(), "reports are heard again");
                    }
                    is_failing = false;
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

    /// Takes reports of the reporter at a place, and tells those who wait if something is shown differently.
    pub fn hear(&self, place: usize, voice: Voice, reports: &[Report]) {
        let now = Instant::now();
        let mut guard = self.state.write();
        let state = &mut *guard;
        for report in reports {
            // A time before this machine was started is shown as now.
            let at = now.checked_sub(Duration::from_millis(report.ago_ms)).unwrap_or(now);
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
}
