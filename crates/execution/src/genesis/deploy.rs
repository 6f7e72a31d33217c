//! Deploying contracts into the genesis state.

use std::collections::BTreeMap;

use alloy_consensus::Header;
use alloy_evm::{Evm, EvmFactory, eth::EthEvmFactory};
use alloy_genesis::GenesisAccount;
use alloy_primitives::{Address, B256, Bytes, TxKind, U256, keccak256};
use revm::{
    Inspector,
    context::TxEnv,
    context_interface::{CreateScheme, result::ExecutionResult},
    database::{CacheDB, EmptyDB},
    interpreter::{CreateInputs, CreateOutcome},
    state::{Account, AccountInfo, Bytecode},
};

use super::{GenesisConfig, GenesisError, PredeployConfig};
use crate::{evm::evm_env, executor::fixed_fields};

/// Gas of all constructors together. Far above a block's, since what a chain starts with need not fit a transaction, and seconds of computing at most: whoever only wants to know the
/// hash of a stranger's genesis file runs its constructors too.
const CONSTRUCTORS_GAS: u64 = 1 << 31;

/// Contracts that are made in a genesis: more than those of a chain that follows 255 others.
const MAX_PREDEPLOYS: usize = 640;

type Alloc = BTreeMap<Address, GenesisAccount>;

/// Runs the constructors in order, within one amount of gas, and adds what they leave to `alloc`.
pub(super) fn deploy(config: &GenesisConfig, header: &Header, alloc: &mut Alloc) -> Result<(), GenesisError> {
    // Each looks at all that was there before it.
    if let Some(predeploy) = config.predeploys.get(MAX_PREDEPLOYS) {
        let problem = format!("a genesis has at most {MAX_PREDEPLOYS} contracts");
        return Err(GenesisError::Predeploy { address: predeploy.address, problem });
    }
    let mut gas = CONSTRUCTORS_GAS;
    for predeploy in &config.predeploys {
        let changed = run(config, header, alloc, predeploy, &mut gas)?;
        for (address, account) in changed {
            // Paying for the creation is no part of the genesis state: the deployer keeps its nonce.
            if address != predeploy.deployer {
                keep(alloc, address, account);
            }
        }
    }
    Ok(())
}

/// Hash of the code that a creation code leaves at an address of a chain, whoever sends it: by it a contract that was made after the genesis is told from another. Of a
/// constructor that asks other contracts, or its sender, it says nothing.
///
/// # Errors
/// [`GenesisError::Predeploy`]: it leaves none.
pub fn code_hash_at(chain_id: u64, address: Address, init_code: Bytes) -> Result<B256, GenesisError> {
    let config = GenesisConfig {
        name: String::new(),
        chain_id,
        timestamp: 0,
        gas_limit: CONSTRUCTORS_GAS,
        validators: Vec::new(),
        alloc: Alloc::new(),
        predeploys: vec![PredeployConfig { address, init_code, deployer: Address::repeat_byte(0xde) }],
    };
    let header = fixed_fields(Header { gas_limit: config.gas_limit, ..Header::default() });
    let mut alloc = Alloc::new();
    deploy(&config, &header, &mut alloc)?;
    let code = alloc.get(&address).and_then(|account| account.code.as_ref());
    code.map(keccak256).ok_or_else(|| GenesisError::Predeploy { address, problem: "it left no code".into() })
}

type Changed = BTreeMap<Address, Account>;

fn run(
    config: &GenesisConfig,
    header: &Header,
    alloc: &Alloc,
    predeploy: &PredeployConfig,
    gas: &mut u64,
) -> Result<Changed, GenesisError> {
    let failed = |problem: String| GenesisError::Predeploy { address: predeploy.address, problem };
    if alloc
        .get(&predeploy.address)
        .is_some_and(|account| account.code.is_some() || account.nonce.unwrap_or_default() > 0)
    {
        return Err(failed("the address is taken".into()));
    }
    let database = database(alloc).map_err(|error| failed(error.to_string()))?;
    let nonce = alloc.get(&predeploy.deployer).and_then(|account| account.nonce).unwrap_or_default();
    let mut env = evm_env(config.chain_id, header);
    env.cfg_env.tx_gas_limit_cap = Some(*gas);
    env.block_env.gas_limit = *gas;
    let place = Place { address: predeploy.address, placed: false };
    let mut evm = EthEvmFactory::default().create_evm_with_inspector(database, env, place);
    let transaction = TxEnv {
        caller: predeploy.deployer,
        gas_limit: *gas,
        kind: TxKind::Create,
        data: predeploy.init_code.clone(),
        nonce,
        chain_id: Some(config.chain_id),
        ..TxEnv::default()
    };
    let outcome = evm.transact_raw(transaction).map_err(|error| failed(error.to_string()))?;
    match outcome.result {
        ExecutionResult::Success { .. } => {}
        ExecutionResult::Revert { output, .. } => return Err(failed(format!("it reverted with {output}"))),
        ExecutionResult::Halt { reason, .. } => return Err(failed(format!("it halted: {reason:?}"))),
    }
    *gas -= outcome.result.tx_gas_used().min(*gas);
    let changed: Changed =
        outcome.state.into_iter().filter(|(_, account)| account.is_touched() && !account.is_empty()).collect();
    if changed.get(&predeploy.address).is_none_or(|account| account.info.is_empty_code_hash()) {
        return Err(failed("it left no code".into()));
    }
    Ok(changed)
}

/// Creates the first contract of the transaction at a fixed address instead of one derived from the deployer's nonce.
struct Place {
    address: Address,
    placed: bool,
}

impl<Context> Inspector<Context> for Place {
    fn create(&mut self, _: &mut Context, inputs: &mut CreateInputs) -> Option<CreateOutcome> {
        if !self.placed {
            self.placed = true;
            inputs.set_scheme(CreateScheme::Custom { address: self.address });
        }
        None
    }
}

fn database(alloc: &Alloc) -> Result<CacheDB<EmptyDB>, std::convert::Infallible> {
    let mut database = CacheDB::new(EmptyDB::new());
    for (address, account) in alloc {
        let code = Bytecode::new_raw(account.code.clone().unwrap_or_default());
        let info = AccountInfo {
            nonce: account.nonce.unwrap_or_default(),
            balance: account.balance,
            ..AccountInfo::default()
        };
        database.insert_account_info(*address, info.with_code(code));
        for (slot, value) in account.storage.iter().flatten() {
            database.insert_account_storage(*address, U256::from_be_bytes(slot.0), U256::from_be_bytes(value.0))?;
        }
    }
    Ok(database)
}

/// Writes an account as a constructor left it.
fn keep(alloc: &mut Alloc, address: Address, account: Account) {
    let entry = alloc.entry(address).or_default();
    entry.balance = account.info.balance;
    entry.nonce = (account.info.nonce > 0).then_some(account.info.nonce);
    if let Some(code) = account.info.code.filter(|code| !code.is_empty()) {
        entry.code = Some(code.original_bytes());
    }
    let storage = entry.storage.get_or_insert_default();
    for (slot, value) in account.storage {
        let (slot, value) = (B256::from(slot.to_be_bytes::<32>()), value.present_value);
        if value.is_zero() {
            storage.remove(&slot);
        } else {
            storage.insert(slot, B256::from(value.to_be_bytes::<32>()));
        }
    }
}
