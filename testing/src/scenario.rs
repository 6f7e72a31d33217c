//! One story for every chain: the same signed transactions of every type, deterministic down to the byte.
//!
//! Addresses follow from senders and nonces, so a node that executes the steps in order, each in a block of its own, ends with the same
//! contracts at the same places as any other. What the contracts do is plain EVM code ([`contracts`]), so that no compiler is needed.

pub mod contracts;
mod steps;
mod wallet;

pub use steps::{Scenario, Step, words};
pub use wallet::{Draft, Wallet};
