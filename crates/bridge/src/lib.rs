//! Anchors between chains and the cross-chain alliance: what is signed, what is stored, and the rules by which it changes.
//!
//! ```text
//!  requester --Request, Endorse, Sequence--> alliance chain ----- decision (final header, proof) ----.
//!                                               ^                                                    v
//!                                               '--- outcome (final header, proof) --- member chain: reserve, apply, release
//! ```
//!
//! Place: an application beside the five entities. The rules here are those of the contracts in `contracts/src/bridge`, so that whoever prepares a message
//! knows beforehand what a contract will say to it, and so that a model can explore them (`tests/bridge/model.rs`).
//!
//! Invariants: ANCHOR-1 to ANCHOR-9 of `docs/specs/anchor.md`, ALLIANCE-1 to ALLIANCE-13 of `docs/specs/alliance.md`.
//!
//! [`relay`] carries headers and proofs over the ledger port, [`progress`] shows where requests are, [`proof`] shows to anybody how one ended, [`database`] keeps a business database as a
//! node contract is, [`node_contract`] is what its owner does with it by itself, [`report`] is what is said of a request before it has a number, [`checkup`] says what is wrong with an alliance, and [`exchange`] hands files over when a request is committed; the rules do no I/O.
//!
//! Must not: read a clock (time is the alliance chain's, and comes with the evidence), hold keys that count, trust whoever carries a message.

pub mod alliance;
pub mod anchor;
pub mod checkup;
pub mod contracts;
pub mod database;
pub mod endorser;
pub mod establish;
pub mod exchange;
pub mod http;
pub mod key;
pub mod node_contract;
pub mod progress;
pub mod proof;
pub mod relay;
pub mod report;
pub mod requester;
pub mod tls;
