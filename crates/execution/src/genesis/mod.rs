//! The genesis file and the block and state it gives.

mod build;
mod config;
mod deploy;

#[cfg(test)]
mod tests;

pub use build::Genesis;
pub use config::{GenesisConfig, GenesisError, MAX_VALIDATORS, PredeployConfig, ValidatorConfig, chain_essentials};
pub use deploy::code_hash_at;
