//! What an operation of a `RuleNode` rests on, and what it writes.

use std::sync::Arc;

use alloy_primitives::{B256, U256, keccak256};
use alloy_sol_types::{SolEvent as _, SolValue as _};
use chancery_contracts::RuleNode;
use chancery_ledger::{EventFilter, LedgerError, SubmitterKey};

use super::{NodeContractError, sent};
use crate::contracts::{NodeContract, ViewError, view};

/// Slot of `RuleNode`: rules by operation, behind the four of every node contract and its owner's.
const RULES: U256 = U256::from_limbs([5, 0, 0, 0]);
/// Words of a rule.
const WORDS: usize = 3;
/// Definitions that are looked through, the newest.
const MAX_DEFINITIONS: usize = 4_096;
/// Operations whose rules are read.
const MAX_OPERATIONS: usize = 256;

/// What an operation on a subject rests on, and what it writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    /// The kind of the subject's word that is looked at.
    pub required_kind: B256,
    /// What that word has to be; zero: not written, or emptied.
    pub required_value: B256,
    /// The kind of the subject's word that gets the call's value; `None`: nothing is written.
    pub written_kind: Option<B256>,
}

impl Rule {
    /// From the contract's words; `None`: the operation is not defined.
    fn of_words([required_kind, required_value, written_kind]: [B256; WORDS]) -> Option<Self> {
        let written_kind = Some(written_kind).filter(|kind| !kind.is_zero());
        Some(Self { required_kind, required_value, written_kind }).filter(|rule| !rule.required_kind.is_zero())
    }
}

/// An operation with its rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DefinedRule {
    /// The operation.
    pub operation: B256,
    /// Its rule, as it is now.
    pub rule: Rule,
    /// A final header proves it; otherwise it is the node's word: of a chain without certificates, or of an organization's own contract that keeps it elsewhere.
    pub is_proven: bool,
}

/// The rules of a node contract.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rules {
    /// Those that are defined, ascending by operation.
    pub defined: Vec<DefinedRule>,
    /// There were more definitions or operations than are looked at: older ones may be missing.
    pub is_cut: bool,
}

/// Defines the rule of an operation, or defines it anew; `false`: it was so already, and nothing was sent.
///
/// # Errors
/// `RestsOnNothing`, `WithoutRules`, `NotTheOwner`; an unreachable chain.
pub async fn define(
    contract: &NodeContract,
    owner: &Arc<SubmitterKey>,
    operation: B256,
    wanted: Rule,
) -> Result<bool, NodeContractError> {
    if wanted.required_kind.is_zero() {
        return Err(NodeContractError::RestsOnNothing { operation });
    }
    if rule(contract, operation).await?.is_some_and(|found| found.rule == wanted) {
        return Ok(false);
    }
    put(contract, owner, operation, Some(wanted)).await?;
    Ok(true)
}

/// Takes the rule of an operation back: its calls are refused from then on.
///
/// # Errors
/// `OperationUnknown`, `WithoutRules`, `NotTheOwner`; an unreachable chain.
pub async fn withdraw(
    contract: &NodeContract,
    owner: &Arc<SubmitterKey>,
    operation: B256,
) -> Result<(), NodeContractError> {
    if rule(contract, operation).await?.is_none() {
        return Err(NodeContractError::OperationUnknown { operation });
    }
    put(contract, owner, operation, None).await
}

async fn put(
    contract: &NodeContract,
    owner: &Arc<SubmitterKey>,
    operation: B256,
    wanted: Option<Rule>,
) -> Result<(), NodeContractError> {
    let rule = RuleNode::Rule {
        requiredKind: wanted.map_or(B256::ZERO, |rule| rule.required_kind),
        requiredValue: wanted.map_or(B256::ZERO, |rule| rule.required_value),
        writtenKind: wanted.and_then(|rule| rule.written_kind).unwrap_or_default(),
    };
    let call = RuleNode::defineRuleCall { operation, rule };
    let _: RuleNode::RuleDefined = sent(contract, owner, &call, "RuleDefined").await?;
    Ok(())
}

/// The rule of an operation; `None`: it is not defined.
///
/// # Errors
/// `WithoutRules`; an unreachable chain.
pub async fn rule(contract: &NodeContract, operation: B256) -> Result<Option<DefinedRule>, NodeContractError> {
    let Some(told) = told(contract, operation).await? else {
        return Err(NodeContractError::WithoutRules { contract: contract.address });
    };
    let Some(rule) = Rule::of_words(told) else { return Ok(None) };
    let evidence = contract.chain.state(contract.address, &slots_of(operation)).await?;
    let is_proven = evidence.is_some_and(|evidence| {
        let words = evidence.state.storage.iter().map(|(_, word)| B256::from(*word));
        words.eq(told)
    });
    Ok(Some(DefinedRule { operation, rule, is_proven }))
}

/// All rules that are defined.
///
/// # Errors
/// `WithoutRules`; an unreachable chain.
pub async fn rules(contract: &NodeContract) -> Result<Rules, NodeContractError> {
    if !has_rules(contract).await? {
        return Err(NodeContractError::WithoutRules { contract: contract.address });
    }
    let filter = EventFilter {
        contracts: vec![contract.address],
        topics: [vec![RuleNode::RuleDefined::SIGNATURE_HASH], Vec::new(), Vec::new(), Vec::new()],
        ..EventFilter::default()
    };
    let events = contract.chain.latest_events(&filter, MAX_DEFINITIONS).await?;
    // Newest first: what is cut is what was defined longest ago.
    let mut operations: Vec<B256> = Vec::new();
    for operation in events.iter().filter_map(|event| event.topics.get(1).copied()) {
        if !operations.contains(&operation) {
            operations.push(operation);
        }
    }
    let is_cut = events.len() >= MAX_DEFINITIONS || operations.len() > MAX_OPERATIONS;
    operations.truncate(MAX_OPERATIONS);
    operations.sort_unstable();
    let mut defined = Vec::new();
    for operation in operations {
        defined.extend(rule(contract, operation).await?);
    }
    Ok(Rules { defined, is_cut })
}

/// Whether the contract knows operations. It is the node's word.
pub(super) async fn has_rules(contract: &NodeContract) -> Result<bool, NodeContractError> {
    Ok(told(contract, B256::ZERO).await?.is_some())
}

/// The words of a rule as the node tells them; `None`: the contract has no rules.
async fn told(contract: &NodeContract, operation: B256) -> Result<Option<[B256; WORDS]>, NodeContractError> {
    match view(&contract.chain, contract.address, &RuleNode::ruleOfCall { operation }).await {
        Ok(rule) => Ok(Some([rule.requiredKind, rule.requiredValue, rule.writtenKind])),
        Err(ViewError::Answer(_) | ViewError::Ledger(LedgerError::Reverted { .. })) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

fn slots_of(operation: B256) -> [B256; WORDS] {
    let first = U256::from_be_bytes(keccak256((operation, RULES).abi_encode()).0);
    [0_u64, 1, 2].map(|word| B256::from(first.wrapping_add(U256::from(word))))
}

#[cfg(test)]
mod tests {
    use super::*;

    // A-MULTI: a rule without a word that it looks at is no rule, for the contract and here.
    #[test]
    fn a_rule_that_rests_on_nothing_is_none() {
        let (kind, value) = (B256::repeat_byte(1), B256::repeat_byte(2));
        let rule = Rule { required_kind: kind, required_value: value, written_kind: None };
        assert_eq!(Rule::of_words([kind, value, B256::ZERO]), Some(rule));
        assert_eq!(Rule::of_words([B256::ZERO, value, kind]), None);
    }
}
