//! Gas limits of what a relay sends in a row, where a call rests on those before it and cannot be estimated. Unused gas is given back, so they are bounds with room, not
//! measurements; measured are (`contracts/snapshots/bridge.json`) 313,000 for an update with four validators, 59,000 for an account, 92,000 for a reservation of one key.
//! Where a bound does not suffice the call fails, changes nothing, and is sent again by itself with an estimate.

use alloy_primitives::Address;
use alloy_sol_types::SolCall;
use chancery_ledger::{Call, MeasuredCall};

use super::encoded;
use crate::alliance::message::Part;

/// Showing an account, or using a slot: a path of at most 64 nodes.
pub(super) const PROOF: u64 = 500_000;
/// The pairing, the header, its record.
const UPDATE: u64 = 450_000;
const UPDATE_VALIDATOR: u64 = 25_000;
const UPDATE_DESCENDANT: u64 = 60_000;
/// A key that is read, or written and held.
const KEY: u64 = 60_000;
/// Sequencing: a request's record, a part's, and an endorsement's signature and certificates.
const REQUEST: u64 = 300_000;
const PART: u64 = 120_000;
const ENDORSEMENT: u64 = 60_000;
/// An endorsement looked at for a part, and compared with another one of that.
const ENDORSEMENT_OF_PART: u64 = 2_000;
const COMPARISON: u64 = 500;
/// A transaction, and a byte of its data at the dearest (EIP-7623 counts 10 for a token, and four tokens for a byte that is not zero).
const TRANSACTION: u64 = 21_000;
const DATA_BYTE: u64 = 40;
/// More no transaction may have (EIP-7825).
const MOST: u64 = 1 << 24;

/// Anchoring a header.
pub(super) fn update(validators: usize, descendants: usize) -> u64 {
    UPDATE
        .saturating_add(UPDATE_VALIDATOR.saturating_mul(count(validators)))
        .saturating_add(UPDATE_DESCENDANT.saturating_mul(count(descendants)))
}

/// Sequencing a request.
pub(super) fn sequence(parts: usize, endorsements: usize) -> u64 {
    let (parts, endorsements) = (count(parts), count(endorsements));
    let pairs = endorsements.saturating_mul(endorsements);
    let of_part = PART
        .saturating_add(ENDORSEMENT_OF_PART.saturating_mul(endorsements))
        .saturating_add(COMPARISON.saturating_mul(pairs) / 2);
    REQUEST.saturating_add(ENDORSEMENT.saturating_mul(endorsements)).saturating_add(of_part.saturating_mul(parts))
}

/// Reserving a part, applying or releasing it, with the proof that allows it. A node contract's own rule has what a proof is given.
pub(super) fn part(part: &Part) -> u64 {
    KEY.saturating_mul(count(part.reads.len() + part.writes.len())).saturating_add(2 * PROOF)
}

/// A call with what its execution may use, data included.
pub(super) fn measured(to: Address, call: &impl SolCall, execution: u64) -> MeasuredCall {
    let data = encoded(call);
    let gas_limit = TRANSACTION.saturating_add(DATA_BYTE.saturating_mul(count(data.len()))).saturating_add(execution);
    MeasuredCall { call: Call { to: Some(to), data }, gas_limit: gas_limit.min(MOST) }
}

fn count(of: usize) -> u64 {
    u64::try_from(of).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use alloy_primitives::{B256, Bytes};

    use super::*;
    use crate::alliance::message::{MAX_KEYS, Read, Write};

    #[test]
    fn the_largest_part_stays_below_what_a_transaction_may_have() {
        let (read, write) = (Read { key: B256::ZERO, version: 0 }, Write { key: B256::ZERO, value: B256::ZERO });
        let (reads, writes) = (vec![read; MAX_KEYS], vec![write; MAX_KEYS]);
        let largest = Part { member: B256::ZERO, call: Bytes::new(), reads, writes };
        assert!(part(&largest) < MOST);
        assert!(update(64, 32) < MOST);
    }
}
