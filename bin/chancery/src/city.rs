//! A city in one process: chains, the five entities, the gateway.
//!
//! ```text
//! keys, genesis files -> nodes (main and side chains) -> ledger -> processing -> representation, provisioning, controlling, monitoring -> gateway
//! ```

mod assembly;
mod entities;
mod genesis;
mod layout;
mod ports;
mod samples;
pub(crate) mod secrets;

pub(crate) use assembly::up;
pub(crate) use samples::{OFFICE_CODES, sample_subject};
