//! What a member's receipt says of a request's number.

use alloy_primitives::{Address, Log};
use alloy_sol_types::SolEvent as _;
use chancery_contracts::StoreNode;

use super::{
    file::ProofFailure,
    verify::{ProvenRefusal, ProvenWrite},
};
use crate::alliance::message::Part;

/// The writes of a part, as the node contract has logged them before it logged that the number is applied: all of them, and nothing between.
pub(super) fn applied(
    logs: &[Log],
    node_contract: Address,
    number: u64,
    part: &Part,
) -> Result<Vec<ProvenWrite>, ProofFailure> {
    let own: Vec<_> = logs.iter().filter(|log| log.address == node_contract).collect();
    let is_applied =
        |log: &&Log| StoreNode::Applied::decode_log_data(&log.data).is_ok_and(|event| event.number == number);
    let end = own.iter().position(is_applied).ok_or_else(|| {
        ProofFailure::new(
            "write-applied",
            format!("the transaction does not apply request {number} on the node contract {node_contract}"),
        )
    })?;
    let incomplete = || {
        ProofFailure::new("writes-complete", "the transaction does not write exactly what the part of the request says")
    };
    let start = end.checked_sub(part.writes.len()).ok_or_else(incomplete)?;
    let mut proven = Vec::new();
    for (log, write) in own[start..end].iter().zip(&part.writes) {
        let written = StoreNode::Written::decode_log_data(&log.data).map_err(|_| incomplete())?;
        if (written.key, written.value) != (write.key, write.value) {
            return Err(incomplete());
        }
        proven.push(ProvenWrite { key: write.key, version: written.version, value: write.value });
    }
    // A write more would be one that nobody has asked for.
    if start > 0 && StoreNode::Written::decode_log_data(&own[start - 1].data).is_ok() {
        return Err(incomplete());
    }
    Ok(proven)
}

/// Why the node contract refused the number.
pub(super) fn refused(logs: &[Log], node_contract: Address, number: u64) -> Result<ProvenRefusal, ProofFailure> {
    let own = logs.iter().filter(|log| log.address == node_contract);
    let mut events = own.filter_map(|log| StoreNode::Refused::decode_log_data(&log.data).ok());
    let found = events.find(|event| event.number == number).ok_or_else(|| {
        ProofFailure::new("refusal-recorded", format!("the transaction does not refuse request {number}"))
    })?;
    let (reason, expected, actual) = (found.reason, found.expected, found.actual);
    Ok(ProvenRefusal { reason, key: Some(found.key).filter(|key| !key.is_zero()), expected, actual })
}
