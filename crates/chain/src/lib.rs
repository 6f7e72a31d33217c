//! The node: commonware simplex around the execution crate, with the JSON-RPC in front.
//!
//! ```text
//!   peers <-> network (authenticated) <-> simplex engine <-> marshal (orders, backfills) --Update::Block--> finalizer
//!                                             |                  |                                          |
//!                                          propose, verify       +-- recent blocks and certificates         | commit, then
//!                                             v                                                             v acknowledge
//!                                        application ----------------> execution (tree, pool, store) <------+
//!                                                                           ^
//!                                                                         JSON-RPC
//! ```
//!
//! Place: [`Node`] is what a process starts, once a chain; [`start_engine`] is the part of it that has no sockets, which
//! the simulations run on a deterministic clock and network.
//!
//! Invariants (`docs/specs/chain.md`, "Consensus"):
//! - CHAIN-1: the digest that consensus decides on is the block hash; nothing else identifies a block.
//! - CHAIN-2: a block is acknowledged to consensus only after the execution store holds it durably.
//! - CHAIN-3: a validator votes for a block only after it has executed it and its header names the round it is voted in.
//! - CHAIN-4: a failing disk or a missing ancestor is never a vote against a block: the validator abstains.
//! - CHAIN-5: with unchanged flags and files, a node that was killed at any moment starts again and loses no final block.
//! - CHAIN-6: damaged files, a full disk and a clock that was put back end in a [`NodeError`] that says what to do; never in a panic of the process,
//!   and never in an answer that differs from what was final.
//! - CHAIN-7: a validator whose journal of votes is lost, or was put back, votes in no view that it may have voted in before,
//!   unless it is the chain's only one (decision 0016).
//! - CHAIN-9: what validators tell of themselves is for whoever asks why the chain stands still; nothing is decided by it.
//!
//! What this crate must not do: decide what a valid block is (execution does), serve methods (rpc does), or verify
//! certificates for others (light does).

mod admission;
mod application;
mod block;
mod claims;
mod config;
mod diagnosis;
mod engine;
mod epochs;
mod error;
mod final_views;
mod finalizer;
mod gossip;
mod keys;
mod last_final;
mod last_proposal;
mod last_votes;
mod network;
mod node;
mod orchestrator;
mod presumption;
mod recovery;
mod self_report;
mod snapshot;
mod storage;
mod validators;
mod vote_record;
pub mod wire;
mod witness;

pub use admission::PermittedNodes;
pub use block::{BlockDigest, ConsensusBlock};
pub use chancery_execution::chain_essentials;
pub use config::{
    ConsensusTiming, DEFAULT_HEARTBEAT, MAX_CLOCK_DRIFT, NodeConfig, P2pConfig, PeerAddress, Role, runtime_config,
};
pub use diagnosis::{CutLink, Diagnosis, Finding, Severity, Silence, diagnose};
pub use engine::{Channels, EngineConfig, EngineHandle, start_engine};
pub use epochs::PeerTracker;
pub use error::{KeyError, NodeError};
pub use keys::ValidatorKeys;
pub use network::max_message_bytes;
pub use node::{Node, NodeHandle};
pub use snapshot::{
    ControlError, ImportError, SnapshotTarget, import as import_snapshot, running_export, verify as verify_snapshot,
};
pub use validators::{ConsensusScheme, PeerKey, ValidatorSet};
pub use witness::{Witness, free_bytes, is_locked, read_evidence};
