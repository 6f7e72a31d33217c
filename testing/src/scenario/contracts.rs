//! The contracts of the story, as EVM code. A comment behind each says what it does; offsets are in bytes.

use alloy::sol_types::{Revert, SolError};
use alloy_primitives::{Bytes, hex};

/// `sstore(calldataload(0), calldataload(32)); log1("", calldataload(0))`.
pub const WRITER: &[u8] = &hex!("6020356000355560003560006000a100");

/// `log0` to `log4`, each with the call data as its data and topics 1, 2, 3, 4.
pub const EMITTER: &[u8] =
    &hex!("365f5f37 365fa0 6001365fa1 60026001365fa2 600360026001365fa3 6004600360026001365fa4 00");

/// `create2` of the call data with salt 0x43; returns the address.
pub const FACTORY: &[u8] = &hex!("365f5f37 6043365f5ff5 5f5260205ff3");

/// Word 0 of the call data names a target; what follows is given to it by `call` (with the value), `delegatecall` and `staticcall`. Returns
/// the three outcomes.
pub const CALLER: &[u8] = &hex!(
    "6020360360205f37"
    "5f5f602036035f345f355af1 61040052"
    "5f5f602036035f5f355af4 61042052"
    "5f5f602036035f5f355afa 61044052"
    "6060610400f3"
);

/// Returns chain id, base fee, gas price, origin, caller, own address, value, own balance, blob base fee and the block's gas limit.
pub const ENVIRONMENT: &[u8] =
    &hex!("465f52 48602052 3a604052 32606052 33608052 3060a052 3460c052 4760e052 4a61010052 4561012052 6101405ff3");

/// Runs until its gas is gone.
pub const LOOPER: &[u8] = &hex!("5b5f56");

/// Counts the leading zeros of its word (EIP-7939, Osaka).
pub const LEADING_ZEROS: &[u8] = &hex!("5f351e5f5260205ff3");

/// Hashes the call data with the precompile 0x02 and stores the hash under 0.
pub const HASHER: &[u8] = &hex!("365f5f37 60205f365f5f60025af1 5f5155 00");

/// An opcode that there is not.
pub const INVALID: &[u8] = &hex!("fe");

/// Creation code that sends its value back and is gone (EIP-6780: within its own transaction).
pub const DESTROYED_AT_BIRTH: &[u8] = &hex!("33ff");

/// What [`REVERTER`](reverter) says.
pub const REASON: &str = "no entry";

/// Reverts with `Error(REASON)`.
#[must_use]
pub fn reverter() -> Vec<u8> {
    reverting(&Revert::from(REASON).abi_encode())
}

/// Reverts with an error that only its contract knows.
#[must_use]
pub fn custom_reverter() -> Vec<u8> {
    reverting(&hex!("c0ffee11 0000000000000000000000000000000000000000000000000000000000000007"))
}

/// Creation code for a contract.
#[must_use]
pub fn creation(runtime: &[u8]) -> Bytes {
    // push2 length; dup1; push1 10; push0; codecopy; push0; return
    let [.., high, low] = runtime.len().to_be_bytes();
    [&[0x61, high, low, 0x80, 0x60, 10, 0x5f, 0x39, 0x5f, 0xf3], runtime].concat().into()
}

/// Code that reverts with up to 255 bytes of data.
fn reverting(data: &[u8]) -> Vec<u8> {
    // push1 length; push1 10; push0; codecopy; push1 length; push0; revert
    let length = u8::try_from(data.len()).unwrap_or(u8::MAX);
    [&[0x60, length, 0x60, 10, 0x5f, 0x39, 0x60, length, 0x5f, 0xfd], data].concat()
}
