//! `eth_simulateV1`: blocks that could be, call by call.
//!
//! The simulated headers are real but for `stateRoot`, which is zero: the trie of a state that never was is not computed.

use alloy::rpc::types::simulate::{SimBlock, SimCallResult, SimulateError, SimulatePayload, SimulatedBlock};
use alloy_consensus::{
    BlockBody, EMPTY_OMMER_ROOT_HASH, EMPTY_ROOT_HASH, Header, TxEnvelope, TxReceipt, TxType,
    proofs::{calculate_receipt_root, calculate_transaction_root},
    transaction::Recovered,
};
use alloy_eips::{BlockId, Typed2718, eip7685::EMPTY_REQUESTS_HASH};
use alloy_evm::{EvmEnv, overrides::OverrideBlockHashes};
use alloy_primitives::{Address, B256, Bloom, Sealable, Sealed, Signature, U256};
use alloy_rpc_types_eth::{Block, BlockOverrides, BlockTransactions, TransactionRequest};
use chancery_execution::Receipt;
use revm::{
    Database, DatabaseCommit,
    context_interface::result::{EVMError, ExecutionResult, InvalidTransaction, ResultAndState},
};
use revm_inspectors::transfer::TransferInspector;

use super::Reply;
use crate::{
    api::Api,
    error::RpcError,
    evm::{self, CallState, IntoRpcError, words},
    params::Args,
    shapes::{self, Position},
};

/// Seconds between simulated blocks that name no time, as on mainnet.
const BLOCK_SECONDS: u64 = 12;

/// `eth_simulateV1(payload, block)`
pub(crate) fn simulate(api: &Api, args: &Args<'_>) -> Result<Reply, RpcError> {
    let payload: SimulatePayload = args.required(0, "payload")?;
    let block: BlockId = args.optional(1, "block")?.unwrap_or_default();
    let calls: usize = payload.block_state_calls.iter().map(|block| block.calls.len()).sum();
    check("max_simulated_calls", api.limits().max_simulated_calls.into(), calls as u64, "calls")?;
    check("max_simulated_blocks", api.limits().max_simulated_blocks, payload.block_state_calls.len() as u64, "blocks")?;

    let height = api.height_of(block)?;
    let base = api.header(height)?;
    let mut simulation = Simulation {
        api,
        state: evm::call_state(api.state_db(height)?),
        last_number: base.number.saturating_add(api.limits().max_simulated_blocks),
        parent: base,
        gas_left: api.limits().max_call_gas,
        validation: payload.validation,
        trace_transfers: payload.trace_transfers,
        full: payload.return_full_transactions,
        blocks: Vec::new(),
    };
    for block in payload.block_state_calls {
        simulation.add(block)?;
    }
    api.reply(&simulation.blocks)
}

fn check(limit: &'static str, value: u64, asked: u64, what: &str) -> Result<(), RpcError> {
    if asked > value {
        return Err(RpcError::TooMuch { limit, value, message: format!("{asked} simulated {what}") });
    }
    Ok(())
}

fn refused(code: i32, message: impl Into<String>) -> RpcError {
    RpcError::Simulation { code, message: message.into() }
}

struct Simulation<'a> {
    api: &'a Api,
    state: CallState,
    parent: Sealed<Header>,
    last_number: u64,
    gas_left: u64,
    validation: bool,
    trace_transfers: bool,
    full: bool,
    blocks: Vec<SimulatedBlock>,
}

/// A block while its calls run.
struct Open {
    env: EvmEnv,
    beacon_root: B256,
    gas_used: u64,
    transactions: Vec<Recovered<TxEnvelope>>,
    receipts: Vec<Receipt>,
    results: Vec<SimCallResult>,
}

impl Simulation<'_> {
    /// Simulates a block, and empty ones before it where its number leaves a gap.
    fn add(&mut self, block: SimBlock) -> Result<(), RpcError> {
        let mut overrides = block.block_overrides.unwrap_or_default();
        let number: u64 = overrides.number.map_or(self.parent.number + 1, |number| number.saturating_to());
        if number <= self.parent.number {
            let message = format!("block numbers must be in order: {number} <= {}", self.parent.number);
            return Err(refused(-38020, message));
        }
        if number > self.last_number {
            let value = self.api.limits().max_simulated_blocks;
            let message = format!("block {number} leaves a gap of too many blocks");
            return Err(RpcError::TooMuch { limit: "max_simulated_blocks", value, message });
        }
        while self.parent.number + 1 < number {
            let empty = self.open(BlockOverrides::default())?;
            self.close(empty);
        }
        overrides.number = Some(U256::from(number));
        let mut open = self.open(overrides)?;
        evm::apply_overrides(&mut self.state, &mut open.env, block.state_overrides, None)?;
        for call in block.calls {
            self.call(&mut open, call)?;
        }
        self.close(open);
        Ok(())
    }

    fn open(&mut self, overrides: BlockOverrides) -> Result<Open, RpcError> {
        let time = overrides.time.unwrap_or(self.parent.timestamp.saturating_add(BLOCK_SECONDS));
        if time < self.parent.timestamp {
            let message = format!("block timestamps must be in order: {time} < {}", self.parent.timestamp);
            return Err(refused(-38021, message));
        }
        let mut env = self.api.chain().next_evm_env(&self.parent, time);
        if !self.validation {
            evm::loosen(&mut env);
        }
        let beacon_root = overrides.beacon_root.unwrap_or_default();
        self.state.apply_block_overrides(overrides, &mut env.block_env);
        Ok(Open { env, beacon_root, gas_used: 0, transactions: Vec::new(), receipts: Vec::new(), results: Vec::new() })
    }

    fn call(&mut self, open: &mut Open, request: TransactionRequest) -> Result<(), RpcError> {
        let (request, from) = self.completed(open, request)?;
        let gas = request.gas.unwrap_or_default();
        let transaction = evm::transaction(request.clone(), &open.env, gas)?;
        let ResultAndState { result, state } = if self.trace_transfers {
            let inspector = TransferInspector::new(false).with_logs(true);
            evm::try_execute(&mut evm::inspected(&mut self.state, open.env.clone(), inspector), transaction)
        } else {
            evm::try_execute(&mut evm::evm(&mut self.state, open.env.clone()), transaction)
        }
        .map_err(|error| match error {
            EVMError::Transaction(invalid) => refused(code_of(&invalid), words::invalid_transaction(&invalid)),
            fault => fault.into_rpc_error(),
        })?;
        self.state.commit(state);

        let gas_used = result.tx_gas_used();
        self.gas_left = self.gas_left.saturating_sub(gas_used);
        open.gas_used = open.gas_used.saturating_add(gas_used);
        let envelope = unsigned(request)?;
        open.receipts.push(Receipt {
            tx_type: TxType::try_from(envelope.ty()).unwrap_or_default(),
            success: result.is_success(),
            cumulative_gas_used: open.gas_used,
            logs: result.logs().to_vec(),
        });
        open.transactions.push(Recovered::new_unchecked(envelope, from));
        open.results.push(call_result(result));
        Ok(())
    }

    /// Fills in what a call may leave out: nonce, gas, fees, chain.
    fn completed(
        &mut self,
        open: &Open,
        mut request: TransactionRequest,
    ) -> Result<(TransactionRequest, Address), RpcError> {
        let from = request.from.unwrap_or_default();
        let block_gas_left = open.env.block_env.gas_limit.saturating_sub(open.gas_used);
        let gas_left = block_gas_left.min(self.gas_left);
        if request.gas.is_some_and(|gas| gas > block_gas_left) {
            let gas = request.gas.unwrap_or_default();
            return Err(refused(-38015, format!("block gas limit reached: {gas} wanted, {block_gas_left} left")));
        }
        let most = if self.validation { gas_left.min(self.api.transaction_gas_cap()) } else { gas_left };
        request.gas = Some(request.gas.unwrap_or(most).min(gas_left));
        if request.nonce.is_none() {
            let account = self.state.basic(from).map_err(RpcError::internal)?;
            request.nonce = Some(account.map_or(0, |account| account.nonce));
        }
        request.chain_id.get_or_insert(self.api.chain_id());
        request.to.get_or_insert_default();
        if request.gas_price.is_none() {
            request.max_fee_per_gas.get_or_insert(open.env.block_env.basefee.into());
            request.max_priority_fee_per_gas.get_or_insert_default();
        }
        Ok((request, from))
    }

    /// Makes the block and the parent of the next.
    fn close(&mut self, open: Open) {
        let Open { env, beacon_root, gas_used, transactions, receipts, mut results } = open;
        let block_env = env.block_env;
        let blooms: Vec<_> = receipts.iter().map(|receipt| receipt.with_bloom_ref()).collect();
        let envelopes: Vec<&TxEnvelope> = transactions.iter().map(|sent| sent.inner()).collect();
        let header = Header {
            parent_hash: self.parent.hash(),
            ommers_hash: EMPTY_OMMER_ROOT_HASH,
            beneficiary: block_env.beneficiary,
            state_root: B256::ZERO,
            transactions_root: calculate_transaction_root(&envelopes),
            receipts_root: calculate_receipt_root(&blooms),
            logs_bloom: receipts.iter().fold(Bloom::ZERO, |bloom, receipt| bloom | receipt.bloom()),
            difficulty: block_env.difficulty,
            number: block_env.number.saturating_to(),
            gas_limit: block_env.gas_limit,
            gas_used,
            timestamp: block_env.timestamp.saturating_to(),
            mix_hash: block_env.prevrandao.unwrap_or_default(),
            base_fee_per_gas: Some(block_env.basefee),
            withdrawals_root: Some(EMPTY_ROOT_HASH),
            blob_gas_used: Some(0),
            excess_blob_gas: Some(0),
            parent_beacon_block_root: Some(beacon_root),
            requests_hash: Some(EMPTY_REQUESTS_HASH),
            ..Header::default()
        }
        .seal_slow();
        let size = encoded_length(&header, &transactions);
        place_logs(&header, &transactions, &receipts, &mut results);
        let transactions = shaped(&header, transactions, self.full);
        self.state.override_block_hashes([(header.number, header.hash())].into());
        let inner = Block {
            header: shapes::header(&header, Some(size)),
            uncles: Vec::new(),
            transactions,
            withdrawals: Some(Vec::new().into()),
        };
        self.blocks.push(SimulatedBlock { inner, calls: results });
        self.parent = header;
    }
}

/// How long the block would be in RLP, in bytes.
fn encoded_length(header: &Sealed<Header>, transactions: &[Recovered<TxEnvelope>]) -> usize {
    let body = BlockBody {
        transactions: transactions.iter().map(|sent| sent.inner().clone()).collect(),
        ommers: Vec::new(),
        withdrawals: Some(Vec::new().into()),
    };
    alloy_consensus::Block::rlp_length_for(header.inner(), &body)
}

fn shaped(
    header: &Sealed<Header>,
    transactions: Vec<Recovered<TxEnvelope>>,
    full: bool,
) -> BlockTransactions<alloy_rpc_types_eth::Transaction> {
    if !full {
        return BlockTransactions::Hashes(transactions.iter().map(|sent| *sent.tx_hash()).collect());
    }
    let shaped =
        (0..).zip(transactions).map(|(index, sent)| shapes::transaction(sent, Some(Position { block: header, index })));
    BlockTransactions::Full(shaped.collect())
}

/// Tells the logs of the results in which block and transaction they stand, now that these have hashes.
fn place_logs(
    header: &Sealed<Header>,
    transactions: &[Recovered<TxEnvelope>],
    receipts: &[Receipt],
    results: &mut [SimCallResult],
) {
    let mut first = 0;
    for (index, ((sent, receipt), result)) in (0..).zip(transactions.iter().zip(receipts).zip(results)) {
        if result.status {
            result.logs = shapes::logs(&receipt.logs, *sent.tx_hash(), Position { block: header, index }, first);
        }
        first += receipt.logs.len() as u64;
    }
}

fn call_result(result: ExecutionResult) -> SimCallResult {
    let gas_used = result.tx_gas_used();
    let max_used_gas = Some(result.gas().total_gas_spent());
    let (status, return_data, error) = match result {
        ExecutionResult::Success { output, .. } => (true, output.into_data(), None),
        ExecutionResult::Revert { output, .. } => {
            let error = SimulateError {
                code: SimulateError::EXECUTION_REVERTED_CODE,
                message: RpcError::Reverted { output: output.clone() }.to_string(),
                data: Some(output.clone()),
            };
            (false, output, Some(error))
        }
        ExecutionResult::Halt { reason, .. } => {
            let code = SimulateError::VM_EXECUTION_ERROR_CODE;
            (
                false,
                Default::default(),
                Some(SimulateError {
                    code,
                    message: format!("vm execution error: {}", words::halt(&reason)),
                    data: None,
                }),
            )
        }
    };
    SimCallResult { return_data, logs: Vec::new(), gas_used, max_used_gas, status, error }
}

/// A transaction that nobody signed, so that the block can list it.
fn unsigned(request: TransactionRequest) -> Result<TxEnvelope, RpcError> {
    let transaction = request.build_consensus_tx().map_err(|error| RpcError::invalid_params(error.error))?;
    Ok(transaction.into_envelope(Signature::new(U256::ZERO, U256::ZERO, false)))
}

/// The codes that execution-apis gives to transactions that cannot run.
fn code_of(invalid: &InvalidTransaction) -> i32 {
    match invalid {
        InvalidTransaction::NonceTooLow { .. } => -38010,
        InvalidTransaction::NonceTooHigh { .. } => -38011,
        InvalidTransaction::GasPriceLessThanBasefee => -38012,
        InvalidTransaction::CallGasCostMoreThanGasLimit { .. }
        | InvalidTransaction::GasFloorMoreThanGasLimit { .. } => -38013,
        InvalidTransaction::LackOfFundForMaxFee { .. } | InvalidTransaction::OverflowPaymentInTransaction => -38014,
        InvalidTransaction::CallerGasLimitMoreThanBlock => -38015,
        InvalidTransaction::RejectCallerWithCode => -38024,
        InvalidTransaction::CreateInitCodeSizeLimit => -38025,
        _ => crate::error::SERVER_ERROR,
    }
}
