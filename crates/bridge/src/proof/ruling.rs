//! What the alliance chain's state says of a request and of its members.

use alloy_primitives::{Address, B256, U256};
use chancery_light::AccountState;

use super::file::ProofFailure;
use crate::alliance::{decision::Decision, member_slots, slots};

/// A member as the alliance has it, and its part of the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Listed {
    pub(super) member: B256,
    /// Zero: it has none.
    pub(super) part_hash: B256,
    pub(super) chain_id: u64,
    /// Zero: a chain without finality certificates.
    pub(super) genesis_hash: B256,
    pub(super) node_contract: Address,
}

/// The slots of a request and of these members, in the order of the file.
pub(super) fn positions(number: u64, members: &[B256]) -> Vec<B256> {
    let each = members.iter().flat_map(|member| {
        let [authority, genesis, node] = member_slots::positions(*member);
        [slots::part(number, *member), authority, genesis, node]
    });
    std::iter::once(slots::request(number)).chain(each).collect()
}

/// Reads them.
pub(super) fn read(
    number: u64,
    contract: Address,
    members: &[B256],
    state: &AccountState,
) -> Result<(Decision, Vec<Listed>), ProofFailure> {
    if state.address != contract {
        let detail = format!("the state is that of {}, not of the alliance {contract}", state.address);
        return Err(ProofFailure::new("state-of-alliance", detail));
    }
    let expected = positions(number, members);
    if !expected.iter().map(|slot| U256::from_be_bytes(slot.0)).eq(state.storage.iter().map(|(slot, _)| *slot)) {
        let detail = "the slots are not those of the request, and of each member's part and record";
        return Err(ProofFailure::new("state-complete", detail));
    }
    let mut words = state.storage.iter().map(|(_, word)| *word);
    let decision = words.next().and_then(Decision::from_word).ok_or_else(|| {
        ProofFailure::new("request-decided", format!("the alliance has no request {number} in that state"))
    })?;
    let mut listed = Vec::new();
    for member in members {
        let mut next = || words.next().unwrap_or_default();
        let part_hash = B256::from(next());
        let record = member_slots::read([next(), next(), next()]);
        listed.push(Listed {
            member: *member,
            part_hash,
            chain_id: record.chain_id,
            genesis_hash: record.genesis_hash,
            node_contract: record.node_contract,
        });
    }
    Ok((decision, listed))
}
