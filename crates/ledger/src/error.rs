use std::time::Duration;

use alloy_primitives::{Address, B256};

use chancery_keys::KeyFailure;

use crate::RevertReason;

/// What can go wrong between us and a chain. Each says what the caller can conclude.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LedgerError {
    /// No chain of this name is configured.
    #[error("no chain is named {chain}")]
    UnknownChain {
        /// The name.
        chain: String,
    },
    /// The endpoint does not answer in time, or not at all. Nothing was learnt; a submission was not sent.
    #[error("chain {chain} does not answer: {reason}")]
    ChainUnreachable {
        /// The chain.
        chain: String,
        /// For the log: may hold the endpoint's address.
        reason: String,
    },
    /// The endpoint is of another chain.
    #[error("the endpoint of {chain} is chain {found}, not {expected}: correct its URL or chain id")]
    WrongChainId {
        /// The chain.
        chain: String,
        /// Configured.
        expected: u64,
        /// Shown by the endpoint.
        found: u64,
    },
    /// The endpoint has the right chain id and another history.
    #[error("the endpoint of {chain} began with block {found}, not {expected}: its data are of another chain")]
    WrongGenesis {
        /// The chain.
        chain: String,
        /// Configured.
        expected: B256,
        /// Shown by the endpoint.
        found: B256,
    },
    /// The configured essentials cannot be trusted at all.
    #[error("the genesis of {chain} cannot be used: {reason}")]
    GenesisUnusable {
        /// The chain.
        chain: String,
        /// Why.
        reason: String,
    },
    /// The endpoint is on another machine and would be spoken to in clear. Nothing was asked.
    #[error(
        "the endpoint of {chain} is not encrypted, and on another machine: use its https or wss address, or a tunnel to it on this machine"
    )]
    InClear {
        /// The chain.
        chain: String,
    },
    /// The contract refuses the call, now or when it was executed. Nothing was changed.
    #[error("a contract of {chain} refuses: {reason}")]
    Reverted {
        /// The chain.
        chain: String,
        /// In the contract's own terms.
        reason: Box<RevertReason>,
        /// The transaction that failed in a block; absent when the refusal came before it was sent.
        tx_hash: Option<B256>,
    },
    /// The node does not take the transaction. Nothing was changed.
    #[error("the node of {chain} does not take the transaction: {reason}")]
    SubmissionRefused {
        /// The chain.
        chain: String,
        /// In the node's words.
        reason: String,
        /// Whether that is because of the call, which no node of this kind takes then: too large, or more gas than a block has. If not, the account or the node is to blame.
        is_for_call: bool,
    },
    /// The nonces of the account with which we send were spent by somebody else, again and again. Nothing of this call was executed.
    #[error("the nonces of {account} on {chain} are spent elsewhere: does somebody else send with its key?")]
    NoncesLost {
        /// The chain.
        chain: String,
        /// The account.
        account: Address,
    },
    /// More calls in a fixed order than may be under way at a time. Nothing was sent.
    #[error("{calls} calls in a row to {chain} are more than the {limit} that may be under way")]
    RowTooLong {
        /// The chain.
        chain: String,
        /// How many there are.
        calls: usize,
        /// How many there may be.
        limit: usize,
    },
    /// Whoever keeps the key with which we send did not sign. Nothing was sent.
    #[error("a transaction to {chain} is not signed: {failure}")]
    NotSigned {
        /// The chain.
        chain: String,
        /// Why.
        failure: KeyFailure,
    },
    /// The chain does not let the account with which we send send this. Nothing was changed.
    #[error("{chain} does not permit {account} to send: {reason}")]
    NotPermitted {
        /// The chain.
        chain: String,
        /// The account.
        account: Address,
        /// In the node's words.
        reason: String,
    },
    /// Sent, and not final within the deadline. It may still become final.
    #[error("transaction {tx_hash} of {chain} is not final yet")]
    NotFinalYet {
        /// The chain.
        chain: String,
        /// The transaction.
        tx_hash: B256,
    },
    /// Too many submissions wait. Nothing was sent.
    #[error("too many submissions wait for {chain}; try again in {retry_after:?}")]
    Busy {
        /// The chain.
        chain: String,
        /// When a place is likely.
        retry_after: Duration,
    },
    /// The chain has no such final transaction (in that block).
    #[error("{chain} has no final transaction {tx_hash} there")]
    UnknownTransaction {
        /// The chain.
        chain: String,
        /// The transaction.
        tx_hash: B256,
    },
    /// The chain has no such block yet.
    #[error("{chain} has no final block {number}")]
    UnknownBlock {
        /// The chain.
        chain: String,
        /// Its number.
        number: u64,
    },
    /// The node's answer does not verify: it lies or is broken. `check` names what failed.
    #[error("an answer of the node of {chain} does not verify: {check}")]
    ProofRefused {
        /// The chain.
        chain: String,
        /// The check, by the name it has in the light client where it has one.
        check: String,
    },
    /// More events match than the caller allows.
    #[error("more than {limit} events of {chain} match: narrow the query")]
    TooManyEvents {
        /// The chain.
        chain: String,
        /// The bound.
        limit: usize,
    },
    /// More storage slots than one proof holds.
    #[error("more than {limit} storage slots: ask for fewer at a time")]
    TooManySlots {
        /// The bound.
        limit: usize,
    },
    /// The answer cannot be read as what the method is documented to return.
    #[error("the node of {chain} answers {method} with something else: {reason}")]
    MalformedAnswer {
        /// The chain.
        chain: String,
        /// The method.
        method: &'static str,
        /// What is wrong.
        reason: String,
    },
    /// The node answers with an error of its own.
    #[error("the node of {chain} refuses {method}: {reason} ({code})")]
    RequestRefused {
        /// The chain.
        chain: String,
        /// The method.
        method: &'static str,
        /// JSON-RPC error code.
        code: i64,
        /// In the node's words.
        reason: String,
    },
}

impl LedgerError {
    /// Whether the same call may succeed later, unchanged.
    #[must_use]
    pub const fn is_temporary(&self) -> bool {
        matches!(
            self,
            Self::ChainUnreachable { .. }
                | Self::NotFinalYet { .. }
                | Self::Busy { .. }
                | Self::NoncesLost { .. }
                | Self::NotSigned { failure: KeyFailure::Unavailable(_), .. }
        )
    }
}
