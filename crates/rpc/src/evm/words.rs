//! What the EVM refuses and how it halts, in the words that geth uses: client libraries recognise errors by them.

use revm::context_interface::result::{HaltReason, InvalidTransaction};

/// A transaction that cannot be executed.
pub(crate) fn invalid_transaction(invalid: &InvalidTransaction) -> String {
    use InvalidTransaction as Invalid;
    match invalid {
        Invalid::LackOfFundForMaxFee { fee, balance } => {
            format!("insufficient funds for gas * price + value: have {balance} want {fee}")
        }
        Invalid::OverflowPaymentInTransaction => {
            "insufficient funds for gas * price + value: cost overflows".to_owned()
        }
        Invalid::NonceTooLow { tx, state } => {
            format!("nonce too low: next nonce {state}, tx nonce {tx}")
        }
        Invalid::NonceTooHigh { tx, state } => {
            format!("nonce too high: next nonce {state}, tx nonce {tx}")
        }
        Invalid::NonceOverflowInTransaction => "nonce has max value".to_owned(),
        Invalid::CallGasCostMoreThanGasLimit { initial_gas, gas_limit } => {
            format!("intrinsic gas too low: have {gas_limit}, want {initial_gas}")
        }
        Invalid::GasFloorMoreThanGasLimit { gas_floor, gas_limit } => {
            format!("insufficient gas for floor data gas cost: have {gas_limit}, want {gas_floor}")
        }
        Invalid::TxGasLimitGreaterThanCap { gas_limit, cap } => {
            format!("transaction gas limit too high (cap: {cap}, tx: {gas_limit})")
        }
        Invalid::CallerGasLimitMoreThanBlock => "exceeds block gas limit".to_owned(),
        Invalid::PriorityFeeGreaterThanMaxFee => "max priority fee per gas higher than max fee per gas".to_owned(),
        Invalid::GasPriceLessThanBasefee => "max fee per gas less than block base fee".to_owned(),
        Invalid::RejectCallerWithCode => "sender not an eoa".to_owned(),
        Invalid::CreateInitCodeSizeLimit => "max initcode size exceeded".to_owned(),
        Invalid::InvalidChainId => "invalid chain id for signer".to_owned(),
        Invalid::EmptyAuthorizationList => "EIP-7702 transaction with empty auth list".to_owned(),
        Invalid::AuthorizationListInvalidFields => "EIP-7702 transaction cannot be used to create contract".to_owned(),
        other => other.to_string(),
    }
}

/// An execution that ended without returning or reverting.
pub(crate) fn halt(reason: &HaltReason) -> String {
    match reason {
        HaltReason::OutOfGas(_) => "out of gas".to_owned(),
        HaltReason::OpcodeNotFound | HaltReason::NotActivated => "invalid opcode: opcode not defined".to_owned(),
        HaltReason::InvalidFEOpcode => "invalid opcode: INVALID".to_owned(),
        HaltReason::StackOverflow => "stack limit reached 1024".to_owned(),
        HaltReason::OutOfOffset => "return data out of bounds".to_owned(),
        HaltReason::CreateCollision => "contract address collision".to_owned(),
        HaltReason::CreateContractSizeLimit => "max code size exceeded".to_owned(),
        HaltReason::CreateInitCodeSizeLimit => "max initcode size exceeded".to_owned(),
        HaltReason::CreateContractStartingWithEF => "invalid code: must not begin with 0xef".to_owned(),
        HaltReason::NonceOverflow => "nonce uint64 overflow".to_owned(),
        HaltReason::StateChangeDuringStaticCall | HaltReason::CallNotAllowedInsideStatic => {
            "write protection".to_owned()
        }
        HaltReason::OutOfFunds => "insufficient balance for transfer".to_owned(),
        HaltReason::CallTooDeep => "max call depth exceeded".to_owned(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy_primitives::U256;

    #[test]
    fn clients_find_the_words_they_look_for() {
        let funds =
            InvalidTransaction::LackOfFundForMaxFee { fee: Box::new(U256::from(5)), balance: Box::new(U256::ZERO) };
        assert!(invalid_transaction(&funds).starts_with("insufficient funds for gas * price + value"));
        let nonce = InvalidTransaction::NonceTooLow { tx: 1, state: 2 };
        assert_eq!(invalid_transaction(&nonce), "nonce too low: next nonce 2, tx nonce 1");
        assert_eq!(halt(&HaltReason::InvalidFEOpcode), "invalid opcode: INVALID");
    }
}
