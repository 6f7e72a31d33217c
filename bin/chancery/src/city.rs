//! A city: chains and gateway in one process, and the five entities in the same or in five others.
//!
//! ```text
//! keys, genesis files -> nodes (main and side chains) -> ledger -> processing -> representation, provisioning, controlling, monitoring -> gateway
//!                        `-> relay, which carries headers and proofs between them
//! ```

mod apart;
mod assembly;
mod chain_access;
mod children;
mod entities;
mod entity;
mod facts;
mod founded;
pub(crate) mod genesis;
pub(crate) mod layout;
mod listen;
mod mqtt;
mod nodes;
mod peers;
mod ports;
mod relay;
mod running;
mod samples;
pub(crate) mod secrets;
mod served;
mod watch_metrics;

pub(crate) use assembly::{lock, up};
pub(crate) use entity::run as run_entity;
pub(crate) use founded::main_chain_id;
pub(crate) use genesis::config as genesis_config;
pub(crate) use layout::{DataDir, chain_named};
pub(crate) use samples::{OFFICE_CODES, sample_subject};
