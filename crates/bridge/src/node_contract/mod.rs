//! What the owner of a node contract does with it outside any request: says what each operation rests on, and brings words into it (A-CON, A-MULTI;
//! `docs/specs/alliance.md`, "A member's own rules").
//!
//! ```text
//! owner:   define, withdraw --> rule of an operation        set --> entry: another value, one version more
//! anybody: rules, rule      <--                             entry <--
//! ```
//! What the contract would refuse is an error with a name, and nothing is sent. A rule that stands already is not sent again.
//!
//! What is read is proven where the chain has finality certificates: an entry always, since its place is part of the protocol; a rule if the contract keeps it where
//! `RuleNode` does. Which operations there are, the node tells by the contract's events.

mod entry;
mod rule;

use std::sync::Arc;

use alloy_primitives::{Address, B256};
use alloy_sol_types::{SolCall, SolEvent};
use chancery_ledger::{Call, LedgerError, SubmitterKey};

pub use self::{
    entry::{Entry, EntryName, entry, set},
    rule::{DefinedRule, Rule, Rules, define, rule, rules, withdraw},
};
use crate::contracts::{NodeContract, ViewError};

/// Why a node contract was not changed, or not read.
#[derive(Debug, thiserror::Error)]
pub enum NodeContractError {
    /// The chain does not answer, or the contract refuses for a reason of its own.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// The contract's answer cannot be read.
    #[error(transparent)]
    View(#[from] ViewError),
    /// Nothing stands there.
    #[error("no contract stands at {0}: has the member joined the alliance?")]
    Missing(Address),
    /// Its owner alone changes it.
    #[error(
        "NotTheOwner: {key} does not own the node contract {contract}; use the key with which the member has joined"
    )]
    NotTheOwner {
        /// The node contract.
        contract: Address,
        /// Whose key it is.
        key: Address,
    },
    /// It knows no operations.
    #[error(
        "WithoutRules: the node contract {contract} has no rules of operations, since it is a store or the organization's own; name a word by its key"
    )]
    WithoutRules {
        /// The node contract.
        contract: Address,
    },
    /// Its words are those of subjects.
    #[error("WithRules: the words of the node contract {contract} are named by kind and subject, not by a key")]
    WithRules {
        /// The node contract.
        contract: Address,
    },
    /// For the contract that is an operation that nobody has defined.
    #[error(
        "RestsOnNothing: the rule of {} has no required kind, which for the contract is an operation that is not defined; name the kind of the word that it looks at, or withdraw the rule", readable(.operation)
    )]
    RestsOnNothing {
        /// The operation.
        operation: B256,
    },
    /// There is nothing to take back.
    #[error("OperationUnknown: {} is not defined", readable(.operation))]
    OperationUnknown {
        /// The operation.
        operation: B256,
    },
    /// Nobody writes what a request holds (ALLIANCE-6).
    #[error(
        "KeyHeld: key {key} is held by request {holder}; set it again when that has ended, at the latest at its deadline"
    )]
    KeyHeld {
        /// The key.
        key: String,
        /// The request's number.
        holder: String,
    },
    /// The transaction did not log what it should have.
    #[error("{0} is missing in what the contract has logged")]
    EventMissing(&'static str),
}

fn readable(name: &B256) -> String {
    crate::requester::readable(*name)
}

/// Calls the contract as its owner, and gives the event that says what came of it.
async fn sent<E: SolEvent>(
    contract: &NodeContract,
    owner: &Arc<SubmitterKey>,
    call: &impl SolCall,
    name: &'static str,
) -> Result<E, NodeContractError> {
    let (chain, address) = (&contract.chain, contract.address);
    let call = Call { to: Some(address), data: call.abi_encode().into() };
    let sent = chain.submit(owner, call).await.map_err(|error| named(error, address, owner.address()))?;
    let transaction = chain.transaction(sent.tx_hash, Some(sent.block.number)).await?;
    let mut events = transaction.events.iter().filter(|event| event.contract == address);
    let event = events.find_map(|event| E::decode_raw_log(event.topics.iter().copied(), &event.data).ok());
    event.ok_or(NodeContractError::EventMissing(name))
}

/// A refusal of the contract by its name.
fn named(error: LedgerError, contract: Address, key: Address) -> NodeContractError {
    let LedgerError::Reverted { reason, .. } = &error else { return error.into() };
    let argument = |name: &str| reason.argument(name).unwrap_or_default().to_owned();
    match reason.name.as_str() {
        "OwnableUnauthorizedAccount" => NodeContractError::NotTheOwner { contract, key },
        "KeyHeld" => NodeContractError::KeyHeld { key: argument("key"), holder: argument("holder") },
        _ => error.into(),
    }
}
