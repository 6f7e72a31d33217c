//! Where the words stand that chains prove to one another (`docs/specs/alliance.md`, "Storage that is proven").

use alloy_primitives::{B256, U256, keccak256};
use alloy_sol_types::SolValue;

/// First slot of `Alliance`: requests by number. Of a node contract: outcomes by number.
const BY_NUMBER: U256 = U256::ZERO;
/// Second slot of `Alliance`: part hashes by number and member.
const PARTS: U256 = U256::ONE;
/// Slot of `Alliance`: numbers by requester and idempotency key.
const NUMBERS: U256 = U256::from_limbs([19, 0, 0, 0]);

/// Of `Alliance`: the request's [`super::decision::Decision`].
#[must_use]
pub fn request(number: u64) -> B256 {
    in_mapping(number, BY_NUMBER)
}

/// Of `Alliance`: the hash of a member's part.
#[must_use]
pub fn part(number: u64, member: B256) -> B256 {
    keccak256((member, in_mapping(number, PARTS)).abi_encode())
}

/// Of `Alliance`: the number of the request that a member's node has had sequenced under an idempotency key; zero if there is none.
#[must_use]
pub fn number(member: B256, node: B256, idempotency_key: B256) -> B256 {
    let requester = keccak256((member, node).abi_encode());
    keccak256((idempotency_key, keccak256((requester, NUMBERS).abi_encode())).abi_encode())
}

/// Of a node contract: what became of the number, see [`super::store::Outcome::from_word`].
#[must_use]
pub fn outcome(number: u64) -> B256 {
    in_mapping(number, BY_NUMBER)
}

fn in_mapping(number: u64, slot: U256) -> B256 {
    keccak256((U256::from(number), slot).abi_encode())
}
