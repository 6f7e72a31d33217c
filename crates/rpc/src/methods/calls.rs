//! `eth_call`, `eth_estimateGas`, `eth_createAccessList`.

use alloy_eips::BlockId;
use alloy_evm::EvmEnv;
use alloy_primitives::U256;
use alloy_rpc_types_eth::{AccessListResult, BlockOverrides, TransactionRequest, state::StateOverride};
use revm::context_interface::result::ExecutionResult;
use revm_inspectors::access_list::AccessListInspector;

use super::Reply;
use crate::{
    api::Api,
    error::RpcError,
    evm::{self, CallState, estimate, words},
    params::Args,
};

/// A call's state and environment, overrides applied.
pub(crate) struct Prepared {
    pub(crate) state: CallState,
    pub(crate) env: EvmEnv,
}

/// Opens the state and environment of `block` for a call.
pub(crate) fn prepare(
    api: &Api,
    block: Option<BlockId>,
    accounts: Option<StateOverride>,
    overrides: Option<BlockOverrides>,
) -> Result<Prepared, RpcError> {
    let height = api.height_of(block.unwrap_or_default())?;
    let mut env = api.evm_env(height)?;
    evm::loosen(&mut env);
    let mut state = evm::call_state(api.state_db(height)?);
    evm::apply_overrides(&mut state, &mut env, accounts, overrides)?;
    Ok(Prepared { state, env })
}

fn prepare_from(api: &Api, args: &Args<'_>) -> Result<Prepared, RpcError> {
    let accounts = args.optional(2, "stateOverrides")?;
    let overrides = args.optional(3, "blockOverrides")?;
    prepare(api, args.optional(1, "block")?, accounts, overrides)
}

/// `eth_call(transaction, block, stateOverrides, blockOverrides)`: what the call returns.
pub(crate) fn call(api: &Api, args: &Args<'_>) -> Result<Reply, RpcError> {
    let request: TransactionRequest = args.required(0, "transaction")?;
    let Prepared { mut state, env } = prepare_from(api, args)?;
    let transaction = evm::transaction(request, &env, api.limits().max_call_gas)?;
    let outcome = evm::execute(&mut evm::evm(&mut state, env), transaction)?;
    api.reply(&evm::output(outcome.result)?)
}

/// `eth_estimateGas(transaction, block, stateOverrides, blockOverrides)`: the gas limit that suffices.
pub(crate) fn estimate_gas(api: &Api, args: &Args<'_>) -> Result<Reply, RpcError> {
    let request: TransactionRequest = args.required(0, "transaction")?;
    let Prepared { mut state, env } = prepare_from(api, args)?;
    // More than this no transaction may have, so more is no use to the caller.
    let most = api.limits().max_call_gas.min(env.block_env.gas_limit).min(api.transaction_gas_cap());
    let transaction = evm::transaction(request, &env, most)?;
    let gas = estimate::estimate(&mut evm::evm(&mut state, env), transaction)?;
    api.reply(&U256::from(gas))
}

/// `eth_createAccessList(transaction, block, stateOverrides)`: what the transaction touches, and its gas with that list.
pub(crate) fn create_access_list(api: &Api, args: &Args<'_>) -> Result<Reply, RpcError> {
    let request: TransactionRequest = args.required(0, "transaction")?;
    let Prepared { mut state, env } = prepare_from(api, args)?;
    let mut transaction = evm::transaction(request, &env, api.limits().max_call_gas)?;

    let mut inspector = AccessListInspector::new(transaction.access_list.clone());
    evm::execute(&mut evm::inspected(&mut state, env.clone(), &mut inspector), transaction.clone())?;
    let mut access_list = inspector.into_access_list();
    // The inspector's order is that of a hash map; the same question is to have the same answer.
    access_list.0.sort_unstable_by_key(|item| item.address);

    transaction.access_list = access_list.clone();
    // A list makes a transaction of the type without lists into one with; other types can carry a list as they are.
    transaction.tx_type = transaction.tx_type.max(1);
    let outcome = evm::execute(&mut evm::evm(&mut state, env), transaction)?.result;
    let error = match &outcome {
        ExecutionResult::Success { .. } => None,
        ExecutionResult::Revert { output, .. } => Some(RpcError::Reverted { output: output.clone() }.to_string()),
        ExecutionResult::Halt { reason, .. } => Some(words::halt(reason)),
    };
    api.reply(&AccessListResult { access_list, gas_used: U256::from(outcome.tx_gas_used()), error })
}
