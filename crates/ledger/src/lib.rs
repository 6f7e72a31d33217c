//! The port through which everything above reaches a chain, over Ethereum JSON-RPC: our own node, Besu, geth, reth or anvil.
//!
//! ```text
//!   Ledger -- name --> Chain -- submit --> Pipeline (nonces, window, rebroadcast) --+
//!                        |---- begin_row --> the same, calls that rest on one another -+
//!                        |                                                          v
//!                        +---- view, events, transaction, state proof ------> Connection (time limit, breaker,
//!                        |                                                     identity) --> JSON-RPC endpoint
//!                        +---- evidence: header, certificate, Merkle proofs, all verified here before they are handed out
//! ```
//!
//! Invariants:
//! - LEDGER-1: an endpoint is used only after it has shown the configured chain id and genesis hash, and again after every outage.
//! - LEDGER-2: what is handed out as proven has been verified against the block's header, and the header against the
//!   finality certificate where the chain has a genesis that we trust. What a chain cannot prove is named ([`Finality::Assumed`]).
//! - LEDGER-3: a nonce is used once. A transaction is signed anew only when the chain shows that its nonce was spent on another.
//! - LEDGER-4: a chain that does not answer is [`LedgerError::ChainUnreachable`] after a bounded time, and slows no other chain.
//! - LEDGER-5: a submission whose end is unknown is [`LedgerError::NotFinalYet`] with its hash, never success and never failure.
//! - LEDGER-6: every queue, retry, response and cache is bounded ([`LedgerLimits`]).
//!
//! Must not: know what contracts mean (that is processing's), keep keys longer than their [`SubmitterKey`], print them, or trust a node.

mod chain;
mod config;
mod connection;
mod endpoint;
mod error;
mod key;
mod ledger;
mod limits;
mod reading;
mod revert;
mod submission;

pub use chain::Chain;
pub use chancery_keys::KeyFailure;
pub use config::{ChainConfig, HeaderHashing};
pub use endpoint::{Endpoint, EndpointError};
pub use error::LedgerError;
pub use key::{KeyError, SubmitterKey};
pub use ledger::Ledger;
pub use limits::LedgerLimits;
pub use reading::{Block, ChainHead, Event, EventFilter, Finality, KeptEvents, ProvenTransaction, StateEvidence, View};
pub use revert::{RevertReason, RevertReasons};
pub use submission::{Call, FinalTransaction, MeasuredCall, Underway};
