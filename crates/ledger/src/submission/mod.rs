//! Sending transactions: one [`pipeline::Pipeline`] for each key and chain, one [`watch::Watch`] for each chain.
//!
//! ```text
//! submit -> simulate (typed refusal, gas) -> reserve nonce -> sign -> send -> mined? -> final
//!                                              ^                       |  no, for a while: send again, fill gaps
//!                                              +--- nonce spent -------+
//! ```
//! The work of a submission runs in its own task, so that a caller who goes away leaves no nonce behind.

mod fees;
mod nonces;
mod pipeline;
mod recovery;
mod refusal;
mod row;
mod sending;
mod signed;
mod turn;
mod watch;

use std::sync::Arc;

use alloy_primitives::{Address, B256, Bytes};

pub use self::row::{MeasuredCall, Underway};
pub(crate) use self::{pipeline::Pipeline, watch::Watch};
use crate::Block;

/// A call of a contract, or the making of one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// The contract; `None`: one is made.
    pub to: Option<Address>,
    /// ABI-encoded function and arguments; of a contract that is made, its creation code and the constructor's arguments.
    pub data: Bytes,
}

/// A transaction of ours that succeeded in a final block.
#[derive(Clone, Debug)]
pub struct FinalTransaction {
    /// Hash.
    pub tx_hash: B256,
    /// Its block, verified final.
    pub block: Arc<Block>,
}
