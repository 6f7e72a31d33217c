//! The real server over a real chain in a temporary directory, called over real sockets on loopback.
//!
//! Blocks are made by driving the block tree directly: this crate knows no consensus.
#![allow(clippy::unwrap_used)]

mod bad_input;
mod bad_transactions;
mod blocks;
mod calls;
mod connections;
mod filters;
mod handovers;
mod harness;
mod identity;
mod limits;
mod permissions;
mod shape;
mod state;
mod submissions;
mod subscriptions;
mod tokens;
mod traces;
mod wire;
