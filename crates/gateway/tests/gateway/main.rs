//! The gateway over real sockets on loopback: who may do what, what becomes of bad input, what the web is served with.
//!
//! Behind it stand doors that note each call and answer with examples, so that a test sees whether a refused request has reached one; the clock is set by
//! the test. GATEWAY-1 to GATEWAY-6 are in the crate's documentation.
#![allow(clippy::unwrap_used)]

mod alliance;
mod answers;
mod authorization;
mod bad_input;
mod callers;
mod configuring;
mod doors;
mod events;
mod following;
mod grpc;
mod grpc_configuring;
mod harness;
mod lasting;
mod logs;
mod narrowing;
mod portals;
mod problems;
mod proofs;
mod requests;
mod routes;
mod searches;
mod sessions;
mod tls;
mod web;
mod wire;
