//! The genesis file.

use std::collections::BTreeMap;

use alloy_genesis::GenesisAccount;
use alloy_primitives::{Address, B256, Bytes, FixedBytes};
use chancery_light::ChainEssentials;
use serde::{Deserialize, Serialize};

/// Most validators that a genesis file may name.
pub const MAX_VALIDATORS: usize = 256;

/// The file that everybody who trusts a chain has: what the chain is, who decides, what it starts with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct GenesisConfig {
    /// The chain's name in a city: `main`, `marriage`, ... Lower-case ASCII letters, digits and hyphens.
    pub name: String,
    /// EIP-155 chain id.
    pub chain_id: u64,
    /// Seconds since 1970.
    pub timestamp: u64,
    /// Gas limit of every block.
    pub gas_limit: u64,
    /// The validators of epoch 0, in the order of the set.
    pub validators: Vec<ValidatorConfig>,
    /// Accounts that exist from the start.
    #[serde(default)]
    pub alloc: BTreeMap<Address, GenesisAccount>,
    /// Contracts that are deployed into the genesis state, in this order.
    #[serde(default)]
    pub predeploys: Vec<PredeployConfig>,
}

/// What a light client of the chain with this genesis has to know.
#[must_use]
pub fn chain_essentials(genesis: &GenesisConfig, genesis_hash: B256) -> ChainEssentials {
    ChainEssentials {
        chain_id: genesis.chain_id,
        genesis_hash,
        validators: genesis.validators.iter().map(|validator| validator.bls_public_key).collect(),
    }
}

/// One validator.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ValidatorConfig {
    /// For people.
    pub name: String,
    /// Compressed BLS12-381 G1 key that signs finality.
    pub bls_public_key: FixedBytes<48>,
    /// Ed25519 key that authenticates the connection.
    pub peer_public_key: FixedBytes<32>,
    /// The BLS key's signature of itself (compressed G2): whoever named the key knows its secret, so that no member can choose a key that
    /// cancels others' out of an aggregate. Consensus checks it before it starts (FINALITY-8).
    pub proof_of_possession: FixedBytes<96>,
    /// The account that votes for the validator's organization in the validator registry. The registry has it from its constructor; here it
    /// stands for whoever makes or reads the file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub voting_account: Option<Address>,
}

/// A contract that is there from the start, made by running its constructor at its address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PredeployConfig {
    /// Where it stands.
    pub address: Address,
    /// Creation code with constructor arguments appended.
    pub init_code: Bytes,
    /// `msg.sender` and `tx.origin` of the constructor.
    pub deployer: Address,
}

/// Why a genesis file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum GenesisError {
    /// A field has a value that makes no chain.
    #[error("genesis field {field}: {problem}")]
    Field {
        /// The JSON name.
        field: &'static str,
        /// What is wrong, and what is expected.
        problem: String,
    },
    /// A constructor failed.
    #[error("the constructor of predeploy {address} failed: {problem}")]
    Predeploy {
        /// Its address.
        address: Address,
        /// Revert data or the EVM's reason.
        problem: String,
    },
}
