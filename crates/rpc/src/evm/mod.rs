//! Executing calls that become no blocks: the environment, its overrides, the outcome.

pub(crate) mod estimate;
pub(crate) mod words;

use alloy_evm::{
    Evm, EvmEnv,
    eth::{EthEvm, EthEvmBuilder, EthEvmContext},
    overrides::{StateOverrideError, apply_block_overrides, apply_state_overrides},
    precompiles::PrecompilesMap,
    rpc::TryIntoTxEnv,
};
use alloy_primitives::Bytes;
use alloy_rpc_types_eth::{BlockOverrides, TransactionRequest, state::StateOverride};
use revm::{
    Inspector,
    context::TxEnv,
    context_interface::result::{EVMError, ExecutionResult, HaltReason, ResultAndState},
    database::State,
    inspector::NoOpInspector,
};

use crate::{api::StateDb, error::RpcError};

/// The state that a call reads, with what the call's overrides and earlier calls wrote over it.
pub(crate) type CallState = State<StateDb>;

/// An EVM over that state.
pub(crate) type CallEvm<'a, I = NoOpInspector> = EthEvm<&'a mut CallState, I, PrecompilesMap>;

/// The state of a block to write over.
pub(crate) fn call_state(base: StateDb) -> CallState {
    State::builder().with_database(base).build()
}

/// Lifts the checks that concern only transactions that pay for a place in a block.
///
/// A call may come from a contract's address, may exceed a block's gas (the server has a limit of its own), and pays what it
/// says it pays. Its nonce is not checked.
pub(crate) fn loosen(env: &mut EvmEnv) {
    env.cfg_env.disable_eip3607 = true;
    env.cfg_env.disable_block_gas_limit = true;
    env.cfg_env.disable_base_fee = true;
    env.cfg_env.disable_nonce_check = true;
    env.cfg_env.tx_gas_limit_cap = Some(u64::MAX);
}

/// Writes the overrides of a call into its state and environment.
pub(crate) fn apply_overrides(
    state: &mut CallState,
    env: &mut EvmEnv,
    accounts: Option<StateOverride>,
    block: Option<BlockOverrides>,
) -> Result<(), RpcError> {
    if let Some(block) = block {
        if block.beacon_root.is_some() {
            return Err(RpcError::invalid_params("block overrides of a call cannot set beaconRoot"));
        }
        apply_block_overrides(block, state, &mut env.block_env);
    }
    if let Some(accounts) = accounts {
        if accounts.values().any(|account| account.move_precompile_to.is_some()) {
            return Err(RpcError::invalid_params("movePrecompileToAddress is not supported"));
        }
        apply_state_overrides(accounts, state).map_err(|error| match error {
            StateOverrideError::Database(fault) => RpcError::internal(fault),
            wrong => RpcError::invalid_params(wrong.to_string()),
        })?;
    }
    Ok(())
}

/// Turns a request into a transaction for `env`, with at most `max_gas`, which is also what it gets if it names none.
pub(crate) fn transaction(mut request: TransactionRequest, env: &EvmEnv, max_gas: u64) -> Result<TxEnv, RpcError> {
    if request.blob_versioned_hashes.is_some() || request.sidecar.is_some() {
        return Err(RpcError::invalid_params("blob transactions are not supported by this chain"));
    }
    if request.chain_id.is_some_and(|id| id != env.cfg_env.chain_id) {
        let (have, want) = (request.chain_id.unwrap_or_default(), env.cfg_env.chain_id);
        return Err(RpcError::invalid_params(format!("chainId does not match node's (have={have}, want={want})")));
    }
    request.gas = Some(request.gas.unwrap_or(max_gas).min(max_gas));
    request.try_into_tx_env(env).map_err(|error| RpcError::invalid_params(error.to_string()))
}

/// An EVM without inspector.
pub(crate) fn evm(state: &mut CallState, env: EvmEnv) -> CallEvm<'_> {
    EthEvmBuilder::new(state, env).build()
}

/// An EVM that tells `inspector` what it does.
pub(crate) fn inspected<'a, I>(state: &'a mut CallState, env: EvmEnv, inspector: I) -> CallEvm<'a, I>
where
    I: Inspector<EthEvmContext<&'a mut CallState>>,
{
    EthEvmBuilder::new(state, env).activate_inspector(inspector).build()
}

/// Executes, leaving the state as it was.
pub(crate) fn execute<E>(evm: &mut E, transaction: TxEnv) -> Result<ResultAndState, RpcError>
where
    E: Evm<Tx = TxEnv, HaltReason = HaltReason>,
    E::Error: IntoRpcError,
{
    try_execute(evm, transaction).map_err(IntoRpcError::into_rpc_error)
}

/// [`execute`] with the EVM's own error.
pub(crate) fn try_execute<E>(evm: &mut E, transaction: TxEnv) -> Result<ResultAndState, E::Error>
where
    E: Evm<Tx = TxEnv, HaltReason = HaltReason>,
{
    evm.transact_raw(transaction)
}

/// How an error of the EVM reads on the wire.
pub(crate) trait IntoRpcError {
    fn into_rpc_error(self) -> RpcError;
}

impl<D: std::fmt::Display> IntoRpcError for EVMError<D> {
    fn into_rpc_error(self) -> RpcError {
        match self {
            Self::Transaction(invalid) => RpcError::rejected(words::invalid_transaction(&invalid)),
            Self::Header(invalid) => RpcError::internal(invalid),
            Self::Database(fault) => RpcError::internal(fault),
            Self::Custom(fault) => RpcError::internal(fault),
            Self::CustomAny(fault) => RpcError::internal(fault),
        }
    }
}

/// What a successful execution returned; a revert or halt is an error.
pub(crate) fn output(result: ExecutionResult) -> Result<Bytes, RpcError> {
    match result {
        ExecutionResult::Success { output, .. } => Ok(output.into_data()),
        ExecutionResult::Revert { output, .. } => Err(RpcError::Reverted { output }),
        ExecutionResult::Halt { reason, .. } => Err(RpcError::rejected(words::halt(&reason))),
    }
}
