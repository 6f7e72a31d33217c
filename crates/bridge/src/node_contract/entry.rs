//! A word of a node contract, with how often it was written and who holds it.

use std::sync::Arc;

use alloy_primitives::{B256, KECCAK256_EMPTY, U256, keccak256};
use alloy_sol_types::{SolCall as _, SolValue as _};
use chancery_contracts::{RuleNode, StoreNode};
use chancery_ledger::SubmitterKey;

use super::{NodeContractError, rule::has_rules, sent};
use crate::contracts::{NodeContract, ViewError};

/// Second slot of every node contract: entries by key.
const ENTRIES: U256 = U256::ONE;

/// Which word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntryName {
    /// By the key itself (`StoreNode`).
    Key(B256),
    /// Of a subject, of some kind (`RuleNode`).
    Of {
        /// The kind: what `RuleNode` has as the name of a register.
        kind: B256,
        /// The subject.
        subject: B256,
    },
}

impl EntryName {
    /// The key on chain.
    #[must_use]
    pub fn key(&self) -> B256 {
        match *self {
            Self::Key(key) => key,
            Self::Of { kind, subject } => keccak256((kind, subject).abi_encode()),
        }
    }
}

/// A word of a node contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The word; zero for a key that was never written.
    pub value: B256,
    /// How often it was written.
    pub version: u64,
    /// The request that writes it if it commits.
    pub writer: Option<u64>,
    /// How many requests that are not ended rest on it.
    pub readers: u64,
    /// The final block that it is about.
    pub block: u64,
    /// It was proven by that block's header; otherwise it is the node's word.
    pub is_proven: bool,
}

impl Entry {
    /// From its two words: version, writer, oldest reader and how many readers, eight bytes each from the lowest; then the value.
    fn of_words(head: U256, value: U256, block: u64) -> Self {
        let [version, writer, _, readers] = *head.as_limbs();
        let writer = Some(writer).filter(|number| *number != 0);
        Self { value: B256::from(value), version, writer, readers, block, is_proven: true }
    }
}

/// Reads a word at the newest final block.
///
/// # Errors
/// `Missing` where the block proves that nothing stands; an unreachable chain, an answer that cannot be read.
pub async fn entry(contract: &NodeContract, key: B256) -> Result<Entry, NodeContractError> {
    let (chain, address) = (&contract.chain, contract.address);
    let Some(evidence) = chain.state(address, &slots_of(key)).await? else { return told(contract, key).await };
    if evidence.state.code_hash == KECCAK256_EMPTY {
        return Err(NodeContractError::Missing(address));
    }
    let mut words = evidence.state.storage.iter().map(|(_, word)| *word);
    let (head, value) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    Ok(Entry::of_words(head, value, evidence.block.number))
}

/// The same on a chain that proves nothing.
async fn told(contract: &NodeContract, key: B256) -> Result<Entry, NodeContractError> {
    let asked = StoreNode::entryCall { key }.abi_encode().into();
    let answer = contract.chain.view(contract.address, &asked).await?;
    let found = StoreNode::entryCall::abi_decode_returns(&answer.data).map_err(ViewError::from)?;
    Ok(Entry {
        value: found.value,
        version: found.version,
        writer: Some(found.writer).filter(|number| *number != 0),
        readers: found.readers,
        block: answer.block.number,
        is_proven: false,
    })
}

/// Writes a word outside any request; its version from then on.
///
/// # Errors
/// `NotTheOwner`, `KeyHeld`; `WithRules`, `WithoutRules` for a word that is named as the contract does not name it; an unreachable chain.
pub async fn set(
    contract: &NodeContract,
    owner: &Arc<SubmitterKey>,
    name: EntryName,
    value: B256,
) -> Result<u64, NodeContractError> {
    let (has_rules, address) = (has_rules(contract).await?, contract.address);
    let written: StoreNode::Written = match name {
        EntryName::Key(_) if has_rules => return Err(NodeContractError::WithRules { contract: address }),
        EntryName::Of { .. } if !has_rules => return Err(NodeContractError::WithoutRules { contract: address }),
        EntryName::Key(key) => sent(contract, owner, &StoreNode::setCall { key, value }, "Written").await?,
        EntryName::Of { kind, subject } => {
            sent(contract, owner, &RuleNode::setCall { kind, subject, value }, "Written").await?
        }
    };
    Ok(written.version)
}

fn slots_of(key: B256) -> [B256; 2] {
    let first = keccak256((key, ENTRIES).abi_encode());
    [first, B256::from(U256::from_be_bytes(first.0).wrapping_add(U256::ONE))]
}

#[cfg(test)]
mod tests {
    use super::*;

    // A-CON: as `AllianceTypes.sol` has it: version, writer, oldest reader, readers, then the value.
    #[test]
    fn an_entry_is_read_from_its_two_words() {
        let head = U256::from_limbs([3, 12, 7, 2]);
        let entry = Entry::of_words(head, U256::from(40), 9);
        let expected = Entry {
            value: B256::from(U256::from(40)),
            version: 3,
            writer: Some(12),
            readers: 2,
            block: 9,
            is_proven: true,
        };
        assert_eq!(entry, expected);
        assert_eq!(Entry::of_words(U256::ZERO, U256::ZERO, 9).writer, None);
    }

    // A-MULTI: as `RuleNode.keyOf` has it.
    #[test]
    fn the_key_of_a_subject_is_made_of_both_words() {
        let (kind, subject) = (B256::repeat_byte(1), B256::repeat_byte(2));
        let both = [kind.as_slice(), subject.as_slice()].concat();
        assert_eq!(EntryName::Of { kind, subject }.key(), keccak256(both));
        assert_eq!(EntryName::Key(subject).key(), subject);
    }
}
