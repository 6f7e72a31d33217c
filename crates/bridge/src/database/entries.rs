//! What a node contract has committed: every entry of every final block, none left out.

use alloy::consensus::EMPTY_ROOT_HASH;
use alloy_primitives::{Address, B256, Bytes};
use alloy_sol_types::{SolCall as _, SolEvent as _, SolValue as _};
use chancery_contracts::{RuleNode, StoreNode};
use chancery_ledger::{Chain, Event, LedgerError};

use crate::contracts::NodeContract;

/// A key that got a value, with the place where that stands in the chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Which key.
    pub key: B256,
    /// How often it was written, this time included.
    pub version: u64,
    /// Its value from then on.
    pub value: B256,
    /// The transaction that has written it.
    pub transaction: B256,
}

/// A node contract whose entries are followed.
#[derive(Clone, Debug)]
pub struct Followed {
    /// The contract, on the member's chain.
    pub contract: NodeContract,
}

impl Followed {
    /// What a database keeps what was applied under: chain, genesis, contract.
    #[must_use]
    pub fn source(&self) -> String {
        let config = self.chain().config();
        let genesis = config.genesis_hash.unwrap_or_default();
        format!("{}:{genesis:?}:{:?}", config.chain_id, self.contract.address)
    }

    pub(super) const fn chain(&self) -> &Chain {
        &self.contract.chain
    }

    /// The entries of a final block in their order. That none is left out follows from the block's header, not from the node's word.
    pub(super) async fn entries(&self, block: u64) -> Result<Vec<Entry>, LedgerError> {
        // Most blocks of a quiet chain have nothing in them.
        if block == 0 || self.chain().block(block).await?.receipts_root == EMPTY_ROOT_HASH {
            return Ok(Vec::new());
        }
        let (_, events) = self.chain().block_events(block).await?;
        Ok(events.iter().filter_map(|event| entry(event, self.contract.address)).collect())
    }

    /// The subject that the transaction names that has written an entry, if it has called this contract and not another one; and what it has called with.
    pub(super) async fn named(&self, entry: &Entry, block: u64) -> Result<(Option<B256>, Bytes), LedgerError> {
        let transaction = self.chain().transaction(entry.transaction, Some(block)).await?;
        let is_direct = transaction.to == Some(self.contract.address);
        let subject = is_direct.then(|| subject_in(&transaction.input)).flatten();
        Ok((subject, transaction.input))
    }
}

/// The subject that a call with selector names.
fn subject_in(input: &Bytes) -> Option<B256> {
    if let Ok(call) = RuleNode::setCall::abi_decode(input) {
        return Some(call.subject);
    }
    let applied = StoreNode::applyDecisionCall::abi_decode(input).ok()?;
    subject_of(&applied.part.call)
}

/// The subject that a call to a node contract with rules is about.
pub(super) fn subject_of(call: &Bytes) -> Option<B256> {
    let (_, subject, _) = <(B256, B256, B256)>::abi_decode_params(call).ok()?;
    Some(subject)
}

fn entry(event: &Event, contract: Address) -> Option<Entry> {
    if event.contract != contract || event.topics.first() != Some(&StoreNode::Written::SIGNATURE_HASH) {
        return None;
    }
    let written = StoreNode::Written::decode_raw_log(event.topics.iter().copied(), &event.data).ok()?;
    let StoreNode::Written { key, version, value } = written;
    Some(Entry { key, version, value, transaction: event.tx_hash })
}
