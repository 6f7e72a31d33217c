//! The search for a contract that a relay's key has made, when where it stands was noted and the note is lost: among the key's first and last transactions, then by what holders have
//! agreed to there, page by page of the whole chain. Where nobody has agreed to anything nothing is lost if another one is made.

use std::collections::HashSet;

use alloy_primitives::{Address, B256};
use alloy_sol_types::SolEvent as _;
use chancery_contracts::HeldCertificates;
use chancery_ledger::{EventFilter, LedgerError};

use super::super::{AnchorRelay, RelayError, standing::searched};

/// Blocks of a page.
const BLOCKS_OF_A_PAGE: u64 = 10_000;
/// Events of a page that has more than one block.
const EVENTS_OF_A_PAGE: usize = 1_000;
/// Transactions of a key among which it may have made contracts: the addresses of all are some tens of megabytes.
const MAX_TRANSACTIONS: u64 = 1 << 20;

/// Where a search stands. What fails goes on from there.
#[derive(Debug)]
pub struct HeldSearch {
    blocks_of_a_page: u64,
    /// The first and last transactions were looked at.
    has_looked_at_transactions: bool,
    /// All that the key may have made.
    made: Option<HashSet<Address>>,
    next_block: u64,
    /// The newest block when it began: whoever agrees to something later has been told of a contract.
    last_block: Option<u64>,
}

impl Default for HeldSearch {
    fn default() -> Self {
        Self {
            blocks_of_a_page: BLOCKS_OF_A_PAGE,
            has_looked_at_transactions: false,
            made: None,
            next_block: 0,
            last_block: None,
        }
    }
}

impl HeldSearch {
    /// By events alone, in pages of so many blocks.
    #[must_use]
    pub fn of_events(blocks_of_a_page: u64) -> Self {
        let blocks_of_a_page = blocks_of_a_page.max(1);
        Self { blocks_of_a_page, has_looked_at_transactions: true, ..Self::default() }
    }

    /// The block that the next page begins with.
    #[must_use]
    pub const fn next_block(&self) -> u64 {
        self.next_block
    }

    /// Whether everything was looked through.
    pub(super) fn is_over(&self) -> bool {
        self.last_block.is_some_and(|last| self.next_block > last)
    }

    /// Addresses of the next page at which it may stand. It was looked through when [`Self::looked`] is told.
    pub(super) async fn page(&mut self, anchor: &AnchorRelay) -> Result<(Vec<Address>, Looked), RelayError> {
        let (host, key) = (&anchor.host, anchor.key.address());
        if !self.has_looked_at_transactions {
            let next = host.next_nonce(&anchor.key).await?;
            return Ok((searched(next).map(|nonce| key.create(nonce)).collect(), Looked::AtTransactions));
        }
        let last = match self.last_block {
            Some(last) => last,
            None => *self.last_block.insert(host.head().await?.number),
        };
        if self.made.is_none() {
            let next = host.next_nonce(&anchor.key).await?.min(MAX_TRANSACTIONS);
            let all = tokio::task::spawn_blocking(move || (0..next).map(|nonce| key.create(nonce)).collect());
            // Nothing in it panics, and nobody ends it.
            self.made = Some(all.await.unwrap_or_default());
        }
        let (to, found) = disclosing(anchor, (self.next_block, last), self.blocks_of_a_page).await?;
        let made = self.made.as_ref();
        let own = found.into_iter().filter(|contract| made.is_some_and(|made| made.contains(contract)));
        Ok((own.collect(), Looked::To(to)))
    }

    /// A page was looked at, and it was not there.
    pub(super) const fn looked(&mut self, looked: Looked) {
        match looked {
            Looked::AtTransactions => self.has_looked_at_transactions = true,
            Looked::To(block) => self.next_block = block.saturating_add(1),
        }
    }
}

/// What a page was.
#[derive(Clone, Copy, Debug)]
pub(super) enum Looked {
    /// The key's first and last transactions.
    AtTransactions,
    /// Blocks up to this one.
    To(u64),
}

/// Contracts at which somebody has agreed to something in a page of blocks, in their order; and the last block of the page.
async fn disclosing(
    anchor: &AnchorRelay,
    (from, last): (u64, u64),
    blocks: u64,
) -> Result<(u64, Vec<Address>), RelayError> {
    let mut blocks = blocks;
    let (to, events) = loop {
        let to = last.min(from.saturating_add(blocks - 1));
        let filter = EventFilter {
            contracts: Vec::new(),
            topics: [vec![HeldCertificates::Disclosed::SIGNATURE_HASH], Vec::<B256>::new(), Vec::new(), Vec::new()],
            from_block: from,
            to_block: Some(to),
        };
        // Of one block all are read: its gas bounds them.
        let limit = if to == from { usize::MAX } else { EVENTS_OF_A_PAGE };
        match anchor.host.events(&filter, limit).await {
            Ok(events) => break (to, events),
            Err(LedgerError::TooManyEvents { .. }) if to > from => blocks = (blocks / 2).max(1),
            Err(error) => return Err(error.into()),
        }
    };
    let mut contracts: Vec<Address> = Vec::new();
    for event in events {
        if !contracts.contains(&event.contract) {
            contracts.push(event.contract);
        }
    }
    Ok((to, contracts))
}
