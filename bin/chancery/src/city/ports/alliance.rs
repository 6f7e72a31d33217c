//! The gateway's port over an alliance that is watched: what its chains show, in the words of the interface.

mod reported;
mod shown;

use std::sync::Arc;

use alloy_primitives::Address;
use anyhow::{Context as _, Result};
use async_trait::async_trait;
use chancery_bridge::progress::{News, ProgressBoard, RequestProgress, Source};
use chancery_gateway::doors::{AllianceChange, AllianceNews, AllianceView, PageRequest};
use chancery_reference_points::{Code, DoorError, DoorResult};
use chancery_rest::{
    types::{
        Page,
        alliance::{Alliance, AllianceProposal, AllianceRequest},
    },
    values::{HexAddress, Timestamp},
};

use reported::Clock;
use shown::Chains;

/// An alliance that is watched.
pub(crate) struct AlliancePort {
    board: Arc<ProgressBoard>,
    /// What its chain is called here.
    chain: String,
    chain_id: u64,
    contract: Address,
    /// Tells changes of this process from those of one before it, which were counted otherwise.
    epoch: u64,
    clock: Clock,
}

impl AlliancePort {
    pub(crate) fn new(board: Arc<ProgressBoard>, chain: String, chain_id: u64, contract: Address) -> Result<Self> {
        let epoch = getrandom::u64().context("no randomness")?;
        Ok(Self { board, chain, chain_id, contract, epoch, clock: Clock::now() })
    }

    fn cursor(&self, change: u64) -> String {
        format!("{:016x}-{change}", self.epoch)
    }

    /// The change that a cursor names; 0, after which all are told, if it is of another process.
    fn change(&self, cursor: &str) -> u64 {
        let own = cursor.split_once('-').filter(|(epoch, _)| u64::from_str_radix(epoch, 16) == Ok(self.epoch));
        own.and_then(|(_, change)| change.parse().ok()).unwrap_or(0)
    }

    /// The place in the order of proposals that a cursor names; `None` if it is of another process.
    fn place(&self, cursor: &str) -> DoorResult<Option<u64>> {
        let parts = cursor
            .split_once('-')
            .and_then(|(epoch, place)| Some((u64::from_str_radix(epoch, 16).ok()?, place.parse::<u64>().ok()?)));
        let (epoch, place) = parts.ok_or_else(malformed_cursor)?;
        Ok(Some(place).filter(|_| epoch == self.epoch))
    }

    fn chains(&self) -> DoorResult<Chains> {
        let Some((standing, readings)) = self.board.standing() else {
            let detail = format!("nothing was read of chain {} yet", self.chain);
            return Err(DoorError::new(Code::ChainUnreachable, detail).with("chain", self.chain.as_str()));
        };
        Ok(Chains { alliance: self.chain.clone(), standing, readings })
    }

    /// What is proven of a request, and what was reported of it.
    fn request_of(&self, chains: &Chains, request: &RequestProgress) -> AllianceRequest {
        let reports = self.board.reports_of(request.asked.request_hash);
        AllianceRequest { reports: self.clock.reports(&reports), ..chains.request(request) }
    }
}

#[async_trait]
impl AllianceView for AlliancePort {
    async fn alliance(&self) -> DoorResult<Alliance> {
        let chains = self.chains()?;
        let reading = chains.readings.get(&Source::Alliance);
        Ok(Alliance {
            purpose: shown::name(chains.standing.purpose),
            state: shown::state(chains.standing.state),
            chain: self.chain.clone(),
            chain_id: self.chain_id,
            contract: HexAddress(self.contract),
            height: reading.map(|reading| reading.head.block),
            time: reading.map(|reading| Timestamp::from_unix_milliseconds(reading.head.time_ms)),
            up_to_date: reading.is_some_and(|reading| reading.is_up_to_date),
            members: chains.members(),
        })
    }

    async fn requests(&self, page: PageRequest) -> DoorResult<Page<AllianceRequest>> {
        let before = before(&page)?;
        let chains = self.chains()?;
        let mut found = self.board.requests(before, page.limit.saturating_add(1));
        let is_last = found.len() <= page.limit;
        found.truncate(page.limit);
        let next_cursor = found.last().filter(|_| !is_last).map(|last| last.number.to_string());
        Ok(Page { items: found.iter().map(|request| self.request_of(&chains, request)).collect(), next_cursor })
    }

    async fn request(&self, number: u64) -> DoorResult<AllianceRequest> {
        let chains = self.chains()?;
        let found = self.board.request(number).map(|request| self.request_of(&chains, &request));
        found.ok_or_else(|| DoorError::new(Code::UnknownAllianceRequest, format!("request {number}")))
    }

    async fn proposals(&self, page: PageRequest) -> DoorResult<Page<AllianceProposal>> {
        // A place in the order of this process says nothing in that of another: there the newest are told.
        let before = page.cursor.as_deref().map(|cursor| self.place(cursor)).transpose()?.flatten();
        // Before its chain was read nothing is known of numbers.
        self.chains()?;
        let mut found = self.board.proposals(before, page.limit.saturating_add(1));
        let is_last = found.len() <= page.limit;
        found.truncate(page.limit);
        let next_cursor = found.last().filter(|_| !is_last).map(|last| self.cursor(last.arrival));
        Ok(Page { items: found.iter().map(|proposal| self.clock.proposal(proposal)).collect(), next_cursor })
    }

    async fn changes(&self, after: Option<String>, limit: usize) -> DoorResult<Vec<AllianceChange>> {
        let after = after.map_or(0, |cursor| self.change(&cursor));
        let changed = self.board.changes(after, limit).await;
        let chains = self.chains()?;
        let told = changed.iter().map(|changed| {
            let news = match &changed.news {
                News::Request(request) => AllianceNews::Request(Box::new(self.request_of(&chains, request))),
                News::Proposal(proposal) => AllianceNews::Proposal(Box::new(self.clock.proposal(proposal))),
            };
            AllianceChange { news, cursor: self.cursor(changed.change) }
        });
        Ok(told.collect())
    }
}

/// What a page begins behind.
fn before(page: &PageRequest) -> DoorResult<Option<u64>> {
    let before = page.cursor.as_deref().map(str::parse::<u64>).transpose();
    before.map_err(|_| malformed_cursor())
}

fn malformed_cursor() -> DoorError {
    DoorError::new(Code::MalformedRequest, "cursor: write what `nextCursor` said")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn a_cursor_of_another_process_begins_anew() {
        let port = || AlliancePort::new(ProgressBoard::new(1), "alliance".to_owned(), 7100, Address::ZERO).unwrap();
        let (port, other) = (port(), port());
        assert_eq!(port.change(&port.cursor(7)), 7);
        for unknown in [other.cursor(7).as_str(), "", "-", "7", "x-7"] {
            assert_eq!(port.change(unknown), 0, "{unknown}");
        }
        assert_eq!(port.place(&port.cursor(7)).unwrap(), Some(7));
        assert_eq!(port.place(&other.cursor(7)).unwrap(), None);
        for malformed in ["", "-", "7", "x-7", "7-x"] {
            assert_eq!(port.place(malformed).unwrap_err().code(), Code::MalformedRequest, "{malformed}");
        }
    }

    // A-MULTI: what is reported is shown beside what is proven, so not before that was read.
    #[tokio::test]
    async fn before_the_chain_was_read_nothing_is_told_of_requests_without_a_number() {
        let port = AlliancePort::new(ProgressBoard::new(1), "alliance".to_owned(), 7100, Address::ZERO).unwrap();
        let page = PageRequest { limit: 10, cursor: None };
        assert_eq!(port.proposals(page).await.unwrap_err().code(), Code::ChainUnreachable);
    }
}
