//! Why a transaction is refused, and what its sender can do.

use alloy_primitives::{Address, B256, U256};

use crate::{NotPermitted, TransactionDecodeError};

/// A transaction that the pool refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{kind}")]
pub struct PoolError {
    /// The transaction's hash, where it could be decoded.
    pub hash: Option<B256>,
    /// Why.
    pub kind: PoolErrorKind,
}

/// Why a transaction was refused, and what its sender can do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PoolErrorKind {
    /// Not a transaction that this chain knows.
    #[error(transparent)]
    Decode(#[from] TransactionDecodeError),
    /// The signature gives no sender.
    #[error("invalid signature: sign the transaction again")]
    Signature,
    /// Signed for another chain, or for none.
    #[error("invalid chain id: signed for {actual:?}, this chain is {expected}")]
    ChainId {
        /// This chain.
        expected: u64,
        /// The transaction's; `None` for one without replay protection.
        actual: Option<u64>,
    },
    /// It is in the pool already.
    #[error("already known")]
    AlreadyKnown,
    /// The nonce was used.
    #[error("nonce too low: next nonce {expected}, tx nonce {actual}")]
    NonceTooLow {
        /// The account's next nonce.
        expected: u64,
        /// The transaction's.
        actual: u64,
    },
    /// The nonce lies too far ahead.
    #[error("nonce too high: tx nonce {actual}, at most {max} is kept; send the transactions before it first")]
    NonceTooHigh {
        /// The highest that is accepted.
        max: u64,
        /// The transaction's.
        actual: u64,
    },
    /// Another transaction with this nonce waits and pays as much.
    #[error("replacement transaction underpriced: raise the fees by at least {min_bump_percent}%")]
    Underpriced {
        /// The bump asked for.
        min_bump_percent: u128,
    },
    /// The sender cannot pay value and fees.
    #[error(transparent)]
    InsufficientFunds(Box<InsufficientFunds>),
    /// Less gas than the transaction costs before its first instruction.
    #[error("intrinsic gas too low: gas limit {gas_limit}, at least {intrinsic} is needed")]
    IntrinsicGas {
        /// The transaction's limit.
        gas_limit: u64,
        /// EIP-2028, EIP-2930, EIP-3860, EIP-7623, EIP-7702 costs.
        intrinsic: u64,
    },
    /// More gas than a transaction may ask for (EIP-7825) or a block has.
    #[error("gas limit {gas_limit} exceeds the cap {cap}")]
    GasLimit {
        /// The transaction's limit.
        gas_limit: u64,
        /// The most that is accepted.
        cap: u64,
    },
    /// The tip is above the fee cap (EIP-1559).
    #[error("max priority fee per gas higher than max fee per gas")]
    TipAboveFeeCap,
    /// Creation code above the limit of EIP-3860.
    #[error("init code has {actual} bytes, at most {max} are allowed (EIP-3860)")]
    InitCodeSize {
        /// Its bytes.
        actual: usize,
        /// The limit.
        max: usize,
    },
    /// An EIP-7702 transaction without authorizations.
    #[error("a set-code transaction needs at least one authorization (EIP-7702)")]
    EmptyAuthorizationList,
    /// The sender is a contract (EIP-3607).
    #[error("the sender has code (EIP-3607)")]
    SenderHasCode,
    /// The organizations of the chain have not permitted it.
    #[error(transparent)]
    NotPermitted(NotPermitted),
    /// The sender has too many transactions waiting.
    #[error("the sender has {limit} transactions waiting: wait until some are final")]
    SenderFull {
        /// The bound.
        limit: usize,
    },
    /// The pool is full.
    #[error("the pool is full ({limit} {unit}): try again in a moment")]
    Full {
        /// The bound that is reached.
        limit: usize,
        /// `transactions` or `bytes`.
        unit: &'static str,
    },
    /// The state could not be read. Not the sender's fault.
    #[error("the node cannot read its state: {0}")]
    State(String),
}

/// A sender that cannot pay.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("insufficient funds for gas * price + value: address {address} has {balance}, needs {cost}")]
pub struct InsufficientFunds {
    /// The sender.
    pub address: Address,
    /// What it has, in wei.
    pub balance: U256,
    /// What the transaction may cost, in wei.
    pub cost: U256,
}

impl PoolErrorKind {
    pub(super) fn of(self, hash: B256) -> PoolError {
        PoolError { hash: Some(hash), kind: self }
    }
}
