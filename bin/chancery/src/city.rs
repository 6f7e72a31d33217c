//! A city: its gateway, over chains of the same process or of others, and the five entities in the same or in five others.
//!
//! ```text
//! keys, genesis files -> chains (nodes here or elsewhere) -> ledger -> processing -> representation, provisioning, controlling, monitoring -> gateway
//!                        `-> relay, which carries headers and proofs between them
//! ```

mod apart;
mod assembly;
mod chain_access;
mod chains;
mod children;
pub(crate) mod elsewhere;
mod entities;
mod entity;
mod facts;
mod founded;
pub(crate) mod genesis;
pub(crate) mod layout;
mod listen;
mod listeners;
mod mqtt;
mod nodes;
mod peers;
mod ports;
mod relay;
mod running;
mod samples;
pub(crate) mod secrets;
mod served;
mod serving;
mod store_metrics;
mod watch_metrics;

pub(crate) use assembly::{gateway, lock, up};
pub(crate) use entity::run as run_entity;
pub(crate) use founded::main_chain_id;
pub(crate) use genesis::config as genesis_config;
pub(crate) use layout::{DataDir, chain_named};
pub(crate) use samples::{OFFICE_CODES, sample_subject};
