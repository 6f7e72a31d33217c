//! A request on its way between the alliance chain and its members. What is decided, the contracts decide.

use std::sync::Arc;

use alloy_primitives::{Address, B256, Bytes, U256};
use alloy_sol_types::SolCall;
use chancery_contracts::{Alliance, StoreNode};
use chancery_ledger::{Call, Chain, SubmitterKey};

use super::{AnchorRelay, Proven, RelayError, Testimony, encoded, gas};
use crate::alliance::{
    decision::{Decision, RequestState},
    message::Part,
    slots,
    submission::Submission,
};

/// A member with the ways to it and back.
#[derive(Clone, Debug)]
pub struct MemberLink {
    /// The member's name.
    pub name: B256,
    /// Its node contract.
    pub node_contract: Address,
    /// From the alliance chain to the member's anchor.
    pub to_member: AnchorRelay,
    /// From the member to the alliance.
    pub to_alliance: Testimony,
}

/// What became of a member's part when the decision was carried to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Settlement {
    /// Its writes are in force.
    Applied,
    /// Its keys were given back.
    Released,
    /// The alliance may still commit until then (seconds of its chain): come again.
    Open {
        /// Last second in which it can be committed.
        deadline: u64,
    },
    /// The alliance has no such request.
    Unknown,
}

/// Carries requests of one alliance.
#[derive(Clone, Debug)]
pub struct RequestRelay {
    /// The alliance chain.
    pub chain: Chain,
    /// Its `Alliance` contract.
    pub contract: Address,
    /// Pays on all chains; grants nothing.
    pub key: Arc<SubmitterKey>,
}

impl RequestRelay {
    /// Step 3: what the requester has put together and signed. The same again changes nothing (ALLIANCE-13).
    ///
    /// # Errors
    /// `Reverted` with the contract's reason; an unreachable chain.
    pub async fn submit(&self, submission: &Submission) -> Result<(), RelayError> {
        self.send(&self.chain, self.contract, &submit_call(submission)).await
    }

    /// The same of what the contract was asked about before, and did not refuse: it is not estimated once more unless it fails.
    pub(super) async fn submit_examined(&self, submission: &Submission) -> Result<(), RelayError> {
        let (parts, endorsements) = (submission.request.parts.len(), submission.endorsements.len());
        let row = vec![gas::measured(self.contract, &submit_call(submission), gas::sequence(parts, endorsements))];
        for transaction in self.chain.begin_row(&self.key, row).await? {
            match Box::pin(transaction.finalized()).await.map_err(RelayError::from) {
                Err(error) if error.is_refusal() => Box::pin(self.submit(submission)).await?,
                result => _ = result?,
            }
        }
        Ok(())
    }

    /// Step 4: shows the member that its part was sequenced, so that it reserves or refuses.
    ///
    /// # Errors
    /// `Reverted` with `KeyHeld`: try again; with `PartNotSequenced`: another part, or none. Unreachable chains.
    pub async fn reserve(&self, member: &MemberLink, number: u64, part: &Part) -> Result<(), RelayError> {
        let proven = member.to_member.prove(self.contract, &[slots::part(number, member.name)]).await?;
        self.reserve_with(member, number, part, &proven).await
    }

    pub(super) async fn reserve_with(
        &self,
        member: &MemberLink,
        number: u64,
        part: &Part,
        proven: &Proven,
    ) -> Result<(), RelayError> {
        let call = reserve_call(number, part, proven);
        self.send(&member.to_member.host, member.node_contract, &call).await
    }

    /// Step 5: shows the alliance what the member came to.
    ///
    /// # Errors
    /// `Reverted` with `OutcomeOpen`: reserve first; with `DeadlinePassed`: let it expire. Unreachable chains.
    pub async fn report(&self, member: &MemberLink, number: u64, party: u8) -> Result<(), RelayError> {
        match &member.to_alliance {
            Testimony::Proven(anchor) => {
                let proven = anchor.prove(member.node_contract, &[slots::outcome(number)]).await?;
                self.report_with(number, party, &proven).await
            }
            Testimony::Attested(attesters) => self.attest(member, attesters, number, party).await,
        }
    }

    pub(super) async fn report_with(&self, number: u64, party: u8, proven: &Proven) -> Result<(), RelayError> {
        let call = prove_call(number, party, proven);
        self.send(&self.chain, self.contract, &call).await
    }

    /// Records that a deadline has passed without a commit.
    ///
    /// # Errors
    /// `Reverted` with `DeadlineAhead`. An unreachable chain.
    pub async fn expire(&self, number: u64) -> Result<(), RelayError> {
        self.send(&self.chain, self.contract, &Alliance::expireCall { number }).await
    }

    /// Step 6: shows the member the decision, or that there can be no commit any more.
    ///
    /// # Errors
    /// `Reverted` with `NotReserved`: it has refused, or is done. Unreachable chains.
    pub async fn settle(&self, member: &MemberLink, number: u64, part: &Part) -> Result<Settlement, RelayError> {
        let proven = member.to_member.prove(self.contract, &[slots::request(number)]).await?;
        self.settle_with(member, number, part, &proven).await
    }

    pub(super) async fn settle_with(
        &self,
        member: &MemberLink,
        number: u64,
        part: &Part,
        proven: &Proven,
    ) -> Result<Settlement, RelayError> {
        let settlement = settlement(proven);
        let (host, node) = (&member.to_member.host, member.node_contract);
        match settlement {
            Settlement::Applied => self.send(host, node, &apply_call(number, part, proven)).await?,
            Settlement::Released => self.send(host, node, &release_call(number, part, proven)).await?,
            Settlement::Open { .. } | Settlement::Unknown => {}
        }
        Ok(settlement)
    }

    async fn send(&self, chain: &Chain, to: Address, call: &impl SolCall) -> Result<(), RelayError> {
        chain.submit(&self.key, Call { to: Some(to), data: encoded(call) }).await?;
        Ok(())
    }
}

pub(crate) fn submit_call(submission: &Submission) -> Alliance::submitCall {
    let request = &submission.request;
    let parts = request.parts.iter();
    let endorsements = submission.endorsements.iter().map(|endorsement| Alliance::Endorsement {
        certificate: endorsement.certificate,
        member: endorsement.member,
        signature: endorsement.signature.clone(),
    });
    Alliance::submitCall {
        asked: Alliance::Request {
            idempotencyKey: request.idempotency_key,
            certificate: request.certificate,
            validUntil: request.valid_until,
            window: request.window,
            parts: parts
                .map(|part| Alliance::PartReference { member: part.member, partHash: part.part_hash })
                .collect(),
        },
        endorsements: endorsements.collect(),
        signature: submission.signature.clone(),
    }
}

/// The word in the one slot that was asked for.
pub(super) fn word(proven: &Proven) -> U256 {
    proven.slots.first().map_or(U256::ZERO, |slot| slot.value)
}

/// What a request's word in the alliance allows on a member.
pub(super) fn settlement(proven: &Proven) -> Settlement {
    let Some(decision) = Decision::from_word(word(proven)) else { return Settlement::Unknown };
    match decision.state() {
        RequestState::Committed => Settlement::Applied,
        RequestState::Sequenced if proven.time_s <= decision.deadline() => {
            Settlement::Open { deadline: decision.deadline() }
        }
        RequestState::Sequenced | RequestState::Aborted | RequestState::Invalid => Settlement::Released,
    }
}

pub(super) fn reserve_call(number: u64, part: &Part, proven: &Proven) -> StoreNode::reserveCall {
    StoreNode::reserveCall { number, part: binding(part), anchored: proven.anchored, proof: nodes(proven) }
}

pub(super) fn prove_call(number: u64, party: u8, proven: &Proven) -> Alliance::proveCall {
    Alliance::proveCall { number, party: U256::from(party), anchored: proven.anchored, proof: nodes(proven) }
}

pub(super) fn apply_call(number: u64, part: &Part, proven: &Proven) -> StoreNode::applyDecisionCall {
    StoreNode::applyDecisionCall { number, part: binding(part), anchored: proven.anchored, proof: nodes(proven) }
}

pub(super) fn release_call(number: u64, part: &Part, proven: &Proven) -> StoreNode::releaseCall {
    StoreNode::releaseCall { number, part: binding(part), anchored: proven.anchored, proof: nodes(proven) }
}

/// The path to the one slot that was asked for.
fn nodes(proven: &Proven) -> Vec<Bytes> {
    proven.slots.first().map_or_else(Vec::new, |slot| slot.proof.clone())
}

fn binding(part: &Part) -> StoreNode::Part {
    StoreNode::Part {
        member: part.member,
        call: part.call.clone(),
        reads: part.reads.iter().map(|read| StoreNode::Read { key: read.key, version: read.version }).collect(),
        writes: part.writes.iter().map(|write| StoreNode::Write { key: write.key, value: write.value }).collect(),
    }
}
