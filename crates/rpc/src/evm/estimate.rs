//! The smallest gas limit with which a transaction succeeds, by bisection.

use alloy_evm::Evm;
use revm::{
    context::TxEnv,
    context_interface::result::{ExecutionResult, HaltReason},
};

use super::{IntoRpcError, execute, words};
use crate::error::RpcError;

/// Gas that a `CALL` with value hands on for free (EIP-150): a first guess must leave room for it.
const CALL_STIPEND: u64 = 2_300;
/// An estimate is good when it is at most this share above the true minimum: 15 thousandths, as geth has it.
const TOLERANCE_THOUSANDTHS: u64 = 15;
/// Executions of one estimate at most; halving 2^64 gas down to nothing takes no more.
const MAX_EXECUTIONS: u32 = 64;

/// The gas limit that `transaction` needs, at most its own.
///
/// # Errors
/// What the execution fails with at its own limit: a revert with its data, or that the limit does not suffice.
pub(crate) fn estimate<E>(evm: &mut E, transaction: TxEnv) -> Result<u64, RpcError>
where
    E: Evm<Tx = TxEnv, HaltReason = HaltReason>,
    E::Error: IntoRpcError,
{
    let allowance = transaction.gas_limit;
    let at_most = execute(evm, transaction.clone())?.result;
    let gas = *at_most.gas();
    match at_most {
        ExecutionResult::Success { .. } => {}
        ExecutionResult::Revert { output, .. } => return Err(RpcError::Reverted { output }),
        ExecutionResult::Halt { reason: HaltReason::OutOfGas(_), .. } => {
            return Err(RpcError::rejected(format!("gas required exceeds allowance ({allowance})")));
        }
        ExecutionResult::Halt { reason, .. } => {
            return Err(RpcError::rejected(words::halt(&reason)));
        }
    }

    // Nothing less than what was used can suffice, and often just that does: a transfer needs its 21,000 exactly. Else what
    // the 1/64 rule holds back and what is refunded explain most of the rest.
    let mut fails = gas.tx_gas_used().saturating_sub(1);
    let mut suffices = allowance;
    let spent = gas.total_gas_spent().max(gas.floor_gas());
    let mut guesses = [gas.tx_gas_used(), spent.saturating_add(CALL_STIPEND).saturating_mul(64) / 63].into_iter();
    for _ in 0..MAX_EXECUTIONS {
        if suffices.saturating_sub(fails) <= 1 || is_close(fails, suffices) {
            break;
        }
        let middle = fails + (suffices - fails) / 2;
        // Most transactions need little more than they use, so the upper half of a wide range is mostly waste.
        let near = middle.min(fails.saturating_mul(2).max(fails + 1));
        let probe = guesses.find(|guess| (fails + 1..suffices).contains(guess)).unwrap_or(near);
        if succeeds_with(evm, &transaction, probe)? {
            suffices = probe;
        } else {
            fails = probe;
        }
    }
    Ok(suffices)
}

fn is_close(fails: u64, suffices: u64) -> bool {
    (suffices - fails).saturating_mul(1_000) < suffices.saturating_mul(TOLERANCE_THOUSANDTHS)
}

fn succeeds_with<E>(evm: &mut E, transaction: &TxEnv, gas_limit: u64) -> Result<bool, RpcError>
where
    E: Evm<Tx = TxEnv, HaltReason = HaltReason>,
    E::Error: IntoRpcError,
{
    let attempt = TxEnv { gas_limit, ..transaction.clone() };
    match execute(evm, attempt) {
        Ok(outcome) => Ok(outcome.result.is_success()),
        // Below the intrinsic gas the transaction is invalid rather than failing.
        Err(RpcError::Rejected { .. }) => Ok(false),
        Err(fault) => Err(fault),
    }
}
