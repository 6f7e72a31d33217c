//! One run over the transactions of a block.

use alloy_consensus::Header;
use alloy_consensus::{EthereumReceipt, TxEnvelope, TxType, transaction::Recovered};
use alloy_evm::{
    Evm, EvmFactory,
    block::{BlockExecutionError, BlockExecutor, BlockValidationError},
    eth::{
        EthBlockExecutionCtx, EthBlockExecutor, EthEvm, EthEvmFactory,
        receipt_builder::{ReceiptBuilder, ReceiptBuilderCtx},
    },
    precompiles::PrecompilesMap,
};
use alloy_primitives::{Address, B256};
use revm::{context::result::InvalidTransaction, inspector::NoOpInspector};

use super::BlockState;
use crate::{
    Receipt, SignedTransaction, StateError, StateView,
    evm::{Osaka, evm_env},
};

/// Receipts without blooms.
struct Receipts;

impl ReceiptBuilder for Receipts {
    type Transaction = TxEnvelope;
    type Receipt = Receipt;

    fn build_receipt<E: Evm>(&self, context: ReceiptBuilderCtx<'_, TxType, E>) -> Receipt {
        EthereumReceipt {
            tx_type: context.tx_type,
            success: context.result.is_success(),
            cumulative_gas_used: context.cumulative_gas_used,
            logs: context.result.into_logs(),
        }
    }
}

type Executor = EthBlockExecutor<'static, EthEvm<BlockState, NoOpInspector, PrecompilesMap>, Osaka, Receipts>;

/// Why a transaction did not run, or a block did not end.
#[derive(Debug)]
pub(super) enum SessionError {
    /// The transaction cannot run in this state.
    InvalidTransaction {
        /// What the EVM says.
        message: String,
        /// Its nonce is another than the sender's next.
        nonce: bool,
    },
    /// The block has not enough gas left for it.
    BlockGas,
    /// A rule around the transactions.
    Rule(String),
    /// The state cannot be read.
    State(StateError),
}

/// A block whose transactions are being run.
pub(super) struct Session {
    executor: Executor,
}

impl Session {
    /// Prepares the state of `view` for the block with this header: parent hash, time, number, beneficiary, gas limit count.
    pub(super) fn start(
        view: StateView,
        chain_id: u64,
        header: &Header,
        transactions: usize,
    ) -> Result<Self, SessionError> {
        let evm = EthEvmFactory::default().create_evm(BlockState::new(view), evm_env(chain_id, header));
        let context = EthBlockExecutionCtx {
            parent_hash: header.parent_hash,
            parent_beacon_block_root: Some(B256::ZERO),
            ommers: &[],
            withdrawals: None,
            extra_data: header.extra_data.clone(),
            tx_count_hint: Some(transactions),
            slot_number: None,
        };
        let mut executor = EthBlockExecutor::new(evm, context, Osaka, Receipts);
        executor.apply_pre_execution_changes().map_err(classify)?;
        Ok(Self { executor })
    }

    /// The next nonce of an account.
    pub(super) fn nonce(&mut self, address: Address) -> Result<u64, SessionError> {
        self.executor.evm_mut().db_mut().nonce(address).map_err(SessionError::State)
    }

    /// Gas that is left in the block.
    pub(super) fn gas_left(&self) -> u64 {
        self.executor.evm().block().gas_limit.saturating_sub(self.executor.cumulative_tx_gas_used)
    }

    /// Runs one transaction; on an error nothing has changed.
    pub(super) fn run(&mut self, transaction: &SignedTransaction, sender: Address) -> Result<(), SessionError> {
        let recovered = Recovered::new_unchecked(transaction.envelope(), sender);
        self.executor.execute_transaction(recovered).map(|_| ()).map_err(classify)
    }

    /// Ends the block: its state, its receipts, the gas it used.
    pub(super) fn finish(self) -> Result<(BlockState, Vec<Receipt>, u64), SessionError> {
        let (evm, result) = self.executor.finish().map_err(classify)?;
        if !result.requests.is_empty() {
            return Err(SessionError::Rule(
                "it makes requests to a beacon chain, which does not exist (EIP-7685)".into(),
            ));
        }
        let (state, _) = evm.finish();
        Ok((state, result.receipts, result.gas_used))
    }
}

fn classify(error: BlockExecutionError) -> SessionError {
    match error {
        BlockExecutionError::Validation(BlockValidationError::InvalidTx { error, .. }) => {
            let nonce = error.as_invalid_tx_err().is_some_and(|invalid| {
                matches!(invalid, InvalidTransaction::NonceTooLow { .. } | InvalidTransaction::NonceTooHigh { .. })
            });
            SessionError::InvalidTransaction { message: error.to_string(), nonce }
        }
        BlockExecutionError::Validation(BlockValidationError::TransactionGasLimitMoreThanAvailableBlockGas {
            ..
        }) => SessionError::BlockGas,
        BlockExecutionError::Validation(other) => SessionError::Rule(other.to_string()),
        BlockExecutionError::Internal(internal) => SessionError::State(StateError::of_execution(&internal)),
    }
}
