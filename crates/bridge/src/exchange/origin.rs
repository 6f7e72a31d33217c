//! Who has asked for a request, and under which key: told by an event, and proven by the word that only such a request has.

use alloy_primitives::{B256, U256};
use alloy_sol_types::SolEvent as _;
use chancery_contracts::Alliance;
use chancery_ledger::EventFilter;

use crate::{
    alliance::{message::MAX_WINDOW_S, slots},
    contracts::{AllianceContract, ViewError},
};

/// Where a request comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Origin {
    /// The member whose node has asked.
    pub(super) requester: B256,
    /// That node.
    pub(super) node: B256,
    /// Under which key it was sequenced.
    pub(super) idempotency_key: B256,
}

/// Of a request that was sequenced; `None`: what the node shows of it proves nothing.
pub(super) async fn origin(alliance: &AllianceContract, number: u64) -> Result<Option<Origin>, ViewError> {
    let Some(decision) = alliance.decision(number).await? else { return Ok(None) };
    // It was sequenced before its deadline, and not longer before than its window.
    let latest_s = decision.deadline();
    let earliest_s = latest_s.saturating_sub(MAX_WINDOW_S);
    let filter = EventFilter {
        contracts: vec![alliance.address],
        topics: [vec![Alliance::Sequenced::SIGNATURE_HASH], vec![U256::from(number).into()], Vec::new(), Vec::new()],
        from_block: alliance.chain.first_block_at(earliest_s.saturating_mul(1000)).await?,
        to_block: Some(alliance.chain.first_block_at(latest_s.saturating_mul(1000)).await?),
    };
    let events = alliance.chain.latest_events(&filter, 1).await?;
    let Some(event) = events.first() else { return Ok(None) };
    let event = Alliance::Sequenced::decode_raw_log(event.topics.iter().copied(), &event.data)?;
    let Some((_, identity)) = alliance.certificate(event.certificate).await? else { return Ok(None) };
    // The contract has the number under this member's node and key, and under no other.
    let slot = slots::number(identity.member, identity.node, event.idempotencyKey);
    let proven = alliance.chain.state(alliance.address, &[slot]).await?;
    let is_proven = proven.is_some_and(|evidence| {
        let words = evidence.state.storage.iter().map(|(_, word)| *word);
        words.eq([U256::from(number)])
    });
    let origin = Origin { requester: identity.member, node: identity.node, idempotency_key: event.idempotencyKey };
    Ok(is_proven.then_some(origin))
}
