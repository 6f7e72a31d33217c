//! A member's node contract, followed on its chain.

use alloy_primitives::{Address, B256};
use alloy_sol_types::{SolEvent as _, SolEventInterface as _};
use chancery_contracts::StoreNode;
use chancery_ledger::{Chain, ChainHead, Event, EventFilter, LedgerError};

use super::{MAX_BLOCKS, events::read_events};
use crate::{
    contracts::{NodeContract, ViewError, is_frozen},
    progress::told::{Head, MemberFact, Place, Reason, Source, Told},
};

/// By how many milliseconds the clock of a member's chain may be behind the alliance chain's.
const CLOCK_DIFFERENCE_MS: u64 = 3_600_000;

/// A member, and how far it was read.
#[derive(Debug)]
pub(super) struct Followed {
    /// Its chain, if that is known here.
    chain: Option<Chain>,
    contract: Address,
    /// Since when it is looked at, by the alliance's clock.
    begin_ms: u64,
    /// The next block.
    next: Option<u64>,
    /// The anchor there that follows the alliance chain, once it was read: it does not change.
    anchor: Option<Address>,
}

impl Followed {
    /// From a time of the alliance chain on.
    pub(super) const fn new(chain: Option<Chain>, contract: Address, begin_ms: u64) -> Self {
        Self { chain, contract, begin_ms, next: None, anchor: None }
    }

    /// From another time on, if nothing was read yet: no request that is shown is older.
    pub(super) const fn begin_at(&mut self, begin_ms: u64) {
        self.begin_ms = begin_ms;
    }

    /// What its chain is called here.
    pub(super) fn chain_name(&self) -> Option<String> {
        self.chain.as_ref().map(|chain| chain.name().to_owned())
    }

    /// The newest final block of its chain; `None`: that is not known here.
    pub(super) async fn head(&self) -> Result<Option<ChainHead>, LedgerError> {
        match &self.chain {
            Some(chain) => chain.head().await.map(Some),
            None => Ok(None),
        }
    }

    /// Whether the anchor on its chain is frozen; `None`: its chain is not known here.
    pub(super) async fn is_frozen(&mut self) -> Result<Option<bool>, ViewError> {
        let Some(chain) = &self.chain else { return Ok(None) };
        let anchor = match self.anchor {
            Some(anchor) => anchor,
            None => {
                let contract = NodeContract { chain: chain.clone(), address: self.contract };
                *self.anchor.insert(contract.anchor().await?)
            }
        };
        is_frozen(chain, anchor).await.map(Some)
    }

    /// What is new up to a head.
    pub(super) async fn read(&mut self, name: B256, head: ChainHead) -> Result<Vec<Told>, LedgerError> {
        let Some(chain) = &self.chain else { return Ok(Vec::new()) };
        let next = match self.next {
            Some(next) => next,
            None => chain.first_block_at(self.begin_ms.saturating_sub(CLOCK_DIFFERENCE_MS)).await?,
        };
        let topics = vec![
            StoreNode::Reserved::SIGNATURE_HASH,
            StoreNode::Refused::SIGNATURE_HASH,
            StoreNode::Applied::SIGNATURE_HASH,
            StoreNode::Released::SIGNATURE_HASH,
        ];
        let filter = EventFilter {
            contracts: vec![self.contract],
            topics: [topics, Vec::new(), Vec::new(), Vec::new()],
            ..EventFilter::default()
        };
        let last = head.number.min(next.saturating_add(MAX_BLOCKS - 1));
        let (events, read_to) = read_events(chain, filter, next, last).await?;
        let mut told: Vec<_> =
            events.iter().filter_map(|event| Some(Told::Member(name, Place::of(event), fact(event)?))).collect();
        self.next = Some(next.max(read_to.saturating_add(1)));
        if read_to >= head.number {
            let head = Head { block: head.number, time_ms: head.time_ms };
            told.push(Told::Head(Source::Member(name), head));
        }
        Ok(told)
    }
}

fn fact(event: &Event) -> Option<MemberFact> {
    use StoreNode::StoreNodeEvents as Known;
    match Known::decode_raw_log(&event.topics, &event.data).ok()? {
        Known::Reserved(it) => Some(MemberFact::Reserved { number: it.number }),
        Known::Refused(it) => {
            let reason = Reason::from_codes(it.reason, it.expected, it.actual);
            Some(MemberFact::Refused { number: it.number, reason })
        }
        Known::Applied(it) => Some(MemberFact::Applied { number: it.number }),
        Known::Released(it) => Some(MemberFact::Released { number: it.number }),
        _ => None,
    }
}
