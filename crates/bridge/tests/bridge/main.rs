//! The protocol's rules state by state, its encodings, and relays and endorsers over real chains.
#![allow(missing_docs, clippy::unwrap_used, clippy::print_stdout, clippy::large_futures)]

mod admission;
mod alliance;
mod anchor;
mod byzantine;
mod cells;
mod database;
mod files;
mod foreign;
mod frozen;
mod intents;
mod killed_relay;
mod kills;
mod many;
mod members;
mod membership;
mod model;
mod newcomer;
mod progress;
mod relay;
mod renewal;
mod request_proof;
mod seeds;
mod sequences;
mod support;
mod tls;
mod trust;
mod vectors;
