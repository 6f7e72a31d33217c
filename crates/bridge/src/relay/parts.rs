//! Contents of parts, by their hashes. The alliance chain has the hashes alone; a content comes with a submission or, once it is reserved, from the member's chain.

use std::collections::{HashMap, VecDeque};

use alloy_primitives::{B256, U256};
use alloy_sol_types::{SolCall, SolEvent};
use chancery_contracts::StoreNode;
use chancery_ledger::EventFilter;

use super::RelayError;
use crate::{
    alliance::{
        decision::Decision,
        message::{MAX_WINDOW_S, Part, Read, Write},
    },
    contracts::NodeContract,
};

/// Parts that are remembered; the longest known is forgotten first, and its requester sends it again.
const MAX_PARTS_KEPT: usize = 4096;
/// By how many seconds the clock of a member's chain may be ahead of the alliance chain's.
const CLOCK_DIFFERENCE_S: u64 = 3600;

/// Parts that came with submissions.
#[derive(Debug, Default)]
pub(super) struct Parts {
    known: HashMap<B256, Part>,
    order: VecDeque<B256>,
}

impl Parts {
    pub(super) fn insert(&mut self, hash: B256, part: Part) {
        if self.known.insert(hash, part).is_none() {
            self.order.push_back(hash);
        }
        while self.order.len() > MAX_PARTS_KEPT {
            if let Some(oldest) = self.order.pop_front() {
                self.known.remove(&oldest);
            }
        }
    }

    pub(super) fn get(&self, hash: B256) -> Option<Part> {
        self.known.get(&hash).cloned()
    }
}

/// The part that was reserved under a number, out of the transaction that did it; `None` if that cannot be read from there.
pub(crate) async fn reserved(
    contract: &NodeContract,
    number: u64,
    hash: B256,
    decision: &Decision,
) -> Result<Option<Part>, RelayError> {
    // An aborted request keeps its deadline, so both ends of the time in which it was reserved are known.
    let earliest_s = decision.deadline().saturating_sub(MAX_WINDOW_S + CLOCK_DIFFERENCE_S);
    let filter = EventFilter {
        contracts: vec![contract.address],
        topics: [vec![StoreNode::Reserved::SIGNATURE_HASH], vec![U256::from(number).into()], Vec::new(), Vec::new()],
        from_block: contract.chain.first_block_at(earliest_s.saturating_mul(1000)).await?,
        to_block: None,
    };
    let events = contract.chain.latest_events(&filter, 1).await?;
    let Some(event) = events.first() else { return Ok(None) };
    let transaction = contract.chain.transaction(event.tx_hash, Some(event.block_number)).await?;
    let Ok(call) = StoreNode::reserveCall::abi_decode(&transaction.input) else { return Ok(None) };
    let part = Part {
        member: call.part.member,
        call: call.part.call,
        reads: call.part.reads.iter().map(|read| Read { key: read.key, version: read.version }).collect(),
        writes: call.part.writes.iter().map(|write| Write { key: write.key, value: write.value }).collect(),
    };
    Ok(Some(part).filter(|part| part.hash() == hash))
}

#[cfg(test)]
mod tests {
    use alloy_primitives::Bytes;

    use super::*;

    #[test]
    fn the_longest_known_part_is_forgotten_first() {
        let mut parts = Parts::default();
        let part = Part { member: B256::ZERO, call: Bytes::new(), reads: vec![], writes: vec![] };
        let hash = |i: usize| B256::from(U256::from(i));
        for i in 0..=MAX_PARTS_KEPT {
            parts.insert(hash(i), part.clone());
        }
        assert_eq!(parts.get(hash(0)), None);
        assert_eq!(parts.get(hash(1)), Some(part));
        assert_eq!(parts.order.len(), parts.known.len());
    }
}
