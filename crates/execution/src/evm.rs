//! The rules: Osaka from the first block, no base fee, no blobs.

use alloy_consensus::Header;
use alloy_evm::{EvmEnv, eth::spec::EthExecutorSpec};
use alloy_hardforks::{EthereumHardfork, EthereumHardforks, ForkCondition};
use alloy_primitives::{Address, B256, U256, keccak256};
use revm::{
    context::{BlockEnv, CfgEnv},
    context_interface::block::BlobExcessGasAndPrice,
    primitives::hardfork::SpecId,
};

/// EIP-7825: the most gas a transaction may ask for.
pub const TRANSACTION_GAS_LIMIT_CAP: u64 = 16_777_216;

/// Gas limit of a block when the genesis file does not name another: 60 transactions of the largest size, 47,000 transfers.
pub const BLOCK_GAS_LIMIT_DEFAULT: u64 = 1_000_000_000;

/// The least blob gas price (EIP-4844), which `BLOBBASEFEE` answers on a chain without blobs.
const BLOB_GAS_PRICE: u128 = 1;

/// All forks up to Osaka are active from the genesis block, the DAO's irregular change and all later forks never.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Osaka;

impl EthereumHardforks for Osaka {
    fn ethereum_fork_activation(&self, fork: EthereumHardfork) -> ForkCondition {
        match fork {
            EthereumHardfork::Dao => ForkCondition::Never,
            fork if fork > EthereumHardfork::Osaka => ForkCondition::Never,
            fork if fork >= EthereumHardfork::Shanghai => ForkCondition::ZERO_TIMESTAMP,
            _ => ForkCondition::ZERO_BLOCK,
        }
    }
}

impl EthExecutorSpec for Osaka {
    fn deposit_contract_address(&self) -> Option<Address> {
        None
    }
}

/// `mixHash` of a block, which `PREVRANDAO` answers: there is no beacon, so it is predictable and nobody may rely on it.
pub(crate) fn mix_hash(parent_hash: B256) -> B256 {
    keccak256(parent_hash)
}

/// The environment in which the transactions of a block with this header run.
pub(crate) fn evm_env(chain_id: u64, header: &Header) -> EvmEnv {
    let mut cfg_env = CfgEnv::new_with_spec(SpecId::OSAKA).with_chain_id(chain_id);
    cfg_env.tx_gas_limit_cap = Some(TRANSACTION_GAS_LIMIT_CAP);
    let block_env = BlockEnv {
        number: U256::from(header.number),
        beneficiary: header.beneficiary,
        timestamp: U256::from(header.timestamp),
        gas_limit: header.gas_limit,
        basefee: 0,
        difficulty: U256::ZERO,
        prevrandao: Some(header.mix_hash),
        blob_excess_gas_and_price: Some(BlobExcessGasAndPrice { excess_blob_gas: 0, blob_gasprice: BLOB_GAS_PRICE }),
        slot_num: 0,
    };
    EvmEnv::new(cfg_env, block_env)
}

/// The environment of a block that would follow `parent` (whose hash is given) at `timestamp`, in seconds.
pub(crate) fn next_evm_env(chain_id: u64, parent: &Header, parent_hash: B256, timestamp: u64) -> EvmEnv {
    let header = Header {
        number: parent.number + 1,
        timestamp: timestamp.max(parent.timestamp),
        mix_hash: mix_hash(parent_hash),
        gas_limit: parent.gas_limit,
        beneficiary: parent.beneficiary,
        ..Header::default()
    };
    evm_env(chain_id, &header)
}
