//! `debug_trace*`: executions again, watched.

use std::sync::Arc;

use alloy::rpc::types::trace::geth::{
    GethDebugBuiltInTracerType as BuiltIn, GethDebugTracerType, GethDebugTracingCallOptions, GethDebugTracingOptions,
    GethTrace,
};
use alloy_eips::{BlockId, eip2935, eip4788};
use alloy_evm::{Evm, EvmEnv, FromRecoveredTx};
use alloy_primitives::{Address, B256, Bytes};
use alloy_rpc_types_eth::TransactionRequest;
use chancery_execution::{FinalizedBlock, RecoveredTransaction};
use revm::{Database, DatabaseCommit, context::TxEnv};
use revm_inspectors::tracing::{DebugInspector, TraceLimits, TransactionContext};
use serde::Serialize;

use super::{
    Reply, blocks,
    calls::{Prepared, prepare},
};
use crate::{
    api::Api,
    error::RpcError,
    evm::{self, CallState, IntoRpcError},
    params::Args,
};

/// A block being executed again, up to some transaction.
struct Replay {
    block: Arc<FinalizedBlock>,
    state: CallState,
    env: EvmEnv,
}

impl Replay {
    /// Opens the state before the first transaction of `block`.
    fn open(api: &Api, block: Arc<FinalizedBlock>) -> Result<Self, RpcError> {
        let header = block.block().header().clone();
        let parent = header.number.checked_sub(1).ok_or_else(|| RpcError::rejected("genesis is not traceable"))?;
        let mut replay =
            Self { state: evm::call_state(api.state_db(parent)?), env: api.chain().evm_env(&header), block };
        if let Some(root) = header.parent_beacon_block_root {
            replay.system_call(eip4788::BEACON_ROOTS_ADDRESS, root)?;
        }
        replay.system_call(eip2935::HISTORY_STORAGE_ADDRESS, header.parent_hash)?;
        Ok(replay)
    }

    /// What the protocol writes into `contract` at the start of a block (EIP-4788, EIP-2935), if the contract is there.
    fn system_call(&mut self, contract: Address, word: B256) -> Result<(), RpcError> {
        let exists = self
            .state
            .basic(contract)
            .map_err(RpcError::internal)?
            .is_some_and(|account| !account.is_empty_code_hash());
        if exists {
            let input = Bytes::copy_from_slice(word.as_slice());
            let outcome = evm::evm(&mut self.state, self.env.clone())
                .transact_system_call(eip4788::SYSTEM_ADDRESS, contract, input)
                .map_err(IntoRpcError::into_rpc_error)?;
            self.state.commit(outcome.state);
        }
        Ok(())
    }

    /// Executes a transaction without watching.
    fn skip(&mut self, sent: &RecoveredTransaction) -> Result<(), RpcError> {
        let outcome = evm::execute(&mut evm::evm(&mut self.state, self.env.clone()), transaction_env(sent))?;
        self.state.commit(outcome.state);
        Ok(())
    }

    /// Executes the transaction at `index` and says what happened.
    fn trace(
        &mut self,
        api: &Api,
        index: usize,
        sent: &RecoveredTransaction,
        tracer: Tracer,
    ) -> Result<GethTrace, RpcError> {
        let context = TransactionContext {
            block_hash: Some(self.block.block().hash()),
            tx_index: Some(index),
            tx_hash: Some(sent.hash()),
        };
        tracer.run(api, &mut self.state, self.env.clone(), transaction_env(sent), Some(context))
    }
}

fn transaction_env(sent: &RecoveredTransaction) -> TxEnv {
    TxEnv::from_recovered_tx(sent.envelope(), sent.sender())
}

/// A tracer, bounded in what it keeps.
struct Tracer {
    inspector: DebugInspector,
    /// Steps after which the default tracer stops, where that is our limit and not the caller's.
    max_steps: Option<u64>,
}

impl Tracer {
    fn new(api: &Api, mut options: GethDebugTracingOptions) -> Result<Self, RpcError> {
        use GethDebugTracerType::BuiltInTracer;
        match options.tracer.as_ref().filter(|tracer| !tracer.as_str().is_empty()) {
            None
            | Some(BuiltInTracer(
                BuiltIn::CallTracer
                | BuiltIn::FlatCallTracer
                | BuiltIn::PreStateTracer
                | BuiltIn::FourByteTracer
                | BuiltIn::NoopTracer,
            )) => {}
            Some(other) => {
                let name: String = other.as_str().chars().take(32).collect();
                return Err(RpcError::invalid_params(format!(
                    "tracer not supported: {name}; there are callTracer, flatCallTracer, prestateTracer, 4byteTracer and the default"
                )));
            }
        }
        let most = api.limits().max_trace_steps;
        let asked = options.config.limit.filter(|limit| *limit > 0 && *limit <= most);
        options.config.limit = Some(asked.unwrap_or(most));
        let bytes = TraceLimits::default().set_max_recorded_bytes(Some(api.limits().max_response_bytes as usize));
        let inspector = match DebugInspector::new(options)
            .map_err(|error| RpcError::invalid_params(error.to_string()))?
        {
            DebugInspector::Default(inspector, config) => DebugInspector::Default(inspector.with_limits(bytes), config),
            DebugInspector::CallTracer(inspector, config) => {
                DebugInspector::CallTracer(inspector.with_limits(bytes), config)
            }
            DebugInspector::FlatCallTracer(inspector) => DebugInspector::FlatCallTracer(inspector.with_limits(bytes)),
            other => other,
        };
        Ok(Self { inspector, max_steps: asked.is_none().then_some(most) })
    }

    /// Executes, commits, and shapes the trace.
    fn run(
        mut self,
        api: &Api,
        state: &mut CallState,
        env: EvmEnv,
        transaction: TxEnv,
        context: Option<TransactionContext>,
    ) -> Result<GethTrace, RpcError> {
        let block_env = env.block_env.clone();
        let outcome = evm::execute(&mut evm::inspected(state, env, &mut self.inspector), transaction.clone())?;
        let max_bytes = api.limits().max_response_bytes;
        let too_large = match &self.inspector {
            DebugInspector::Default(inspector, _)
            | DebugInspector::CallTracer(inspector, _)
            | DebugInspector::FlatCallTracer(inspector) => inspector.limit_exceeded(),
            _ => false,
        };
        if too_large {
            return Err(RpcError::ResponseTooLarge { max_bytes });
        }
        let trace = self
            .inspector
            .get_result(context, &transaction, &block_env, &outcome, state)
            .map_err(RpcError::internal)?;
        if let (GethTrace::Default(frame), Some(most)) = (&trace, self.max_steps)
            && frame.struct_logs.len() as u64 >= most
        {
            let message = "the transaction takes more steps: name a limit, or use a tracer".to_owned();
            return Err(RpcError::TooMuch { limit: "max_trace_steps", value: most, message });
        }
        state.commit(outcome.state);
        Ok(trace)
    }
}

fn options(args: &Args<'_>) -> Result<GethDebugTracingOptions, RpcError> {
    Ok(args.optional(1, "options")?.unwrap_or_default())
}

/// `debug_traceTransaction(hash, options)`
pub(crate) fn transaction(api: &Api, args: &Args<'_>) -> Result<Reply, RpcError> {
    let hash: B256 = args.hex(0, "transactionHash")?;
    let tracer = Tracer::new(api, options(args)?)?;
    let (block, index) = api.located(hash)?.ok_or(RpcError::UnknownTransaction)?;
    let transactions: Vec<_> = block.recovered().take(index as usize + 1).collect();
    let Some((traced, before)) = transactions.split_last() else {
        return Err(RpcError::UnknownTransaction);
    };
    let mut replay = Replay::open(api, block)?;
    for sent in before {
        replay.skip(sent)?;
    }
    api.reply(&replay.trace(api, index as usize, traced, tracer)?)
}

/// The trace of one transaction of a block.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct TracedTransaction {
    tx_hash: B256,
    result: GethTrace,
}

fn traced_block(api: &Api, block: Option<Arc<FinalizedBlock>>, args: &Args<'_>) -> Result<Reply, RpcError> {
    let options = options(args)?;
    let block = block.ok_or_else(|| RpcError::UnknownBlock { block: "the block to trace".to_owned() })?;
    let transactions: Vec<_> = block.recovered().collect();
    let mut replay = Replay::open(api, block)?;
    let mut traces = Vec::with_capacity(transactions.len());
    let mut bytes = 0usize;
    for (index, sent) in transactions.iter().enumerate() {
        let tracer = Tracer::new(api, options.clone())?;
        let result = replay.trace(api, index, sent, tracer)?;
        let traced = api.reply(&TracedTransaction { tx_hash: sent.hash(), result })?;
        // Checked as they come: the traces of a full block would not fit into memory.
        bytes = bytes.saturating_add(traced.get().len());
        if bytes > api.limits().max_response_bytes as usize {
            return Err(RpcError::ResponseTooLarge { max_bytes: api.limits().max_response_bytes });
        }
        traces.push(traced);
    }
    api.reply(&traces)
}

/// `debug_traceBlockByNumber(block, options)`
pub(crate) fn block_by_number(api: &Api, args: &Args<'_>) -> Result<Reply, RpcError> {
    traced_block(api, blocks::block_by_number(api, args)?, args)
}

/// `debug_traceBlockByHash(blockHash, options)`
pub(crate) fn block_by_hash(api: &Api, args: &Args<'_>) -> Result<Reply, RpcError> {
    traced_block(api, blocks::block_by_hash(api, args)?, args)
}

/// `debug_traceCall(transaction, block, options)`
pub(crate) fn call(api: &Api, args: &Args<'_>) -> Result<Reply, RpcError> {
    let request: TransactionRequest = args.required(0, "transaction")?;
    let block: Option<BlockId> = args.optional(1, "block")?;
    let options: GethDebugTracingCallOptions = args.optional(2, "options")?.unwrap_or_default();
    if options.tx_index.is_some() {
        return Err(RpcError::invalid_params("txIndex is not supported: the call runs after the whole block"));
    }
    let tracer = Tracer::new(api, options.tracing_options)?;
    let Prepared { mut state, env } = prepare(api, block, options.state_overrides, options.block_overrides)?;
    let transaction = evm::transaction(request, &env, api.limits().max_call_gas)?;
    api.reply(&tracer.run(api, &mut state, env, transaction, None)?)
}
