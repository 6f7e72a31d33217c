//! What a courier does for one part of a request, as far as it comes without asking others.

use std::sync::Arc;

use alloy_primitives::{B256, U256};
use chancery_ledger::MeasuredCall;

use super::{
    MemberLink, Proven, RelayError, RequestRelay, Settlement,
    errand::Stop,
    ferry::Ferry,
    gas,
    request::{apply_call, prove_call, release_call, reserve_call, settlement, word},
    roads::Route,
};
use crate::alliance::{message::Part, slots, store::Outcome};

/// A part at its member, with the way there.
pub(super) struct Visitor<'a> {
    pub(super) relay: &'a RequestRelay,
    pub(super) route: &'a Route,
    pub(super) number: u64,
    pub(super) party: u8,
    /// Each step is estimated first.
    pub(super) is_careful: bool,
}

impl Visitor<'_> {
    /// Has the member reserve, and reports what it came to if that can be proven.
    pub(super) async fn reserve(&self, stop: Stop, part_hash: B256, part: Part) -> Result<Option<Outcome>, RelayError> {
        let (number, link, out) = (self.number, &self.route.link, &self.route.out);
        let slot = slots::part(number, stop.member);
        if self.is_careful {
            let proven = out.prove(number, slot).await?;
            self.relay.reserve_with(link, number, &part, &proven).await?;
        } else {
            let node = link.node_contract;
            let step = move |proven: &Proven| {
                let is_sequenced = word(proven) == U256::from_be_bytes(part_hash.0);
                is_sequenced.then(|| gas::measured(node, &reserve_call(number, &part, proven), gas::part(&part)))
            };
            out.carry(number, slot, step).await?;
        }
        match &self.route.back {
            Some(_) => self.report().await,
            None => Ok(None),
        }
    }

    /// Shows the alliance what the member came to; what that is, if it was proven.
    pub(super) async fn report(&self) -> Result<Option<Outcome>, RelayError> {
        let Some(back) = &self.route.back else {
            self.relay.report(&self.route.link, self.number, self.party).await?;
            return Ok(None);
        };
        let proven = self.prove_outcome(back).await?;
        Ok(Outcome::from_word(word(&proven)))
    }

    async fn prove_outcome(&self, back: &Arc<Ferry>) -> Result<Proven, RelayError> {
        let (number, party, slot) = (self.number, self.party, slots::outcome(self.number));
        if self.is_careful {
            let proven = back.prove(number, slot).await?;
            self.relay.report_with(number, party, &proven).await?;
            return Ok(proven);
        }
        let alliance = self.relay.contract;
        let step = move |proven: &Proven| {
            let outcome = Outcome::from_word(word(proven));
            let is_news = matches!(outcome, Some(Outcome::Reserved | Outcome::Refused));
            is_news.then(|| gas::measured(alliance, &prove_call(number, party, proven), gas::PROOF))
        };
        back.carry(number, slot, step).await
    }

    /// Shows the member the decision.
    pub(super) async fn settle(&self, part: Part) -> Result<Settlement, RelayError> {
        let (number, link, out) = (self.number, &self.route.link, &self.route.out);
        let slot = slots::request(number);
        if self.is_careful {
            let proven = out.prove(number, slot).await?;
            return self.relay.settle_with(link, number, &part, &proven).await;
        }
        let link: &MemberLink = link;
        let node = link.node_contract;
        let step = move |proven: &Proven| -> Option<MeasuredCall> {
            let limit = gas::part(&part);
            match settlement(proven) {
                Settlement::Applied => Some(gas::measured(node, &apply_call(number, &part, proven), limit)),
                Settlement::Released => Some(gas::measured(node, &release_call(number, &part, proven), limit)),
                Settlement::Open { .. } | Settlement::Unknown => None,
            }
        };
        let proven = out.carry(number, slot, step).await?;
        Ok(settlement(&proven))
    }
}
