//! A city in one process: chains, the five entities, the gateway.
//!
//! ```text
//! keys, genesis files -> nodes (main and side chains) -> ledger -> processing -> representation, provisioning, controlling, monitoring -> gateway
//! ```

mod assembly;
mod entities;
mod genesis;
mod layout;
mod listen;
mod mqtt;
mod nodes;
mod ports;
mod samples;
pub(crate) mod secrets;
mod served;

pub(crate) use assembly::{lock, up};
pub(crate) use genesis::{Founding, config as genesis_config};
pub(crate) use layout::{DataDir, MAIN, chain_named};
pub(crate) use samples::{OFFICE_CODES, sample_subject};
