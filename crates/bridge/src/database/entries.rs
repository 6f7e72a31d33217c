//! What a node contract has committed: every entry of every final block, none left out.

use alloy::consensus::EMPTY_ROOT_HASH;
use alloy_primitives::{Address, B256, Bytes};
use alloy_sol_types::{SolCall as _, SolEvent as _, SolValue as _};
use chancery_contracts::{RuleNode, StoreNode};
use chancery_ledger::{Chain, Event, LedgerError};

use super::{mapping::Book, subjects::key_of};
use crate::contracts::{NodeContract, ViewError, view};

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

    /// What the transaction names that has written an entry, if it has called this contract and not another one; and what it has called with.
    pub(super) async fn named(&self, entry: &Entry, block: u64) -> Result<(Option<Named>, Bytes), LedgerError> {
        let transaction = self.chain().transaction(entry.transaction, Some(block)).await?;
        let is_direct = transaction.to == Some(self.contract.address);
        let named = is_direct.then(|| named_in(&transaction.input)).flatten();
        Ok((named, transaction.input))
    }

    /// The registers that an operation of a contract with rules is about, as its rule is now; none of another contract. It is the node's word: a key is of one of them if it is
    /// made of it.
    pub(super) async fn kinds_of(&self, operation: B256) -> Result<Vec<B256>, LedgerError> {
        let asked = RuleNode::ruleOfCall { operation };
        match view(self.chain(), self.contract.address, &asked).await {
            Ok(rule) => Ok(vec![rule.requiredKind, rule.writtenKind]),
            Err(ViewError::Ledger(error)) if error.is_temporary() => Err(error),
            // It has no rules.
            Err(_) => Ok(Vec::new()),
        }
    }
}

/// What a call names, in the form of a contract with rules. Of a contract that has another form it may be anything: the key says whether it is so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Named {
    /// The register; or the operation, whose rule says which registers it is about.
    pub(super) kind: B256,
    pub(super) subject: B256,
}

impl Named {
    /// Of a call without selector.
    pub(super) fn of(call: &Bytes) -> Option<Self> {
        let (kind, subject, _) = <(B256, B256, B256)>::abi_decode_params(call).ok()?;
        Some(Self { kind, subject })
    }

    /// Whether the key is that of the subject for certain: in the register that is named, or in one of the declaration.
    pub(super) fn makes(&self, key: B256, book: &Book) -> bool {
        self.is_in(&[self.kind], key) || book.is_of(key, self.subject)
    }

    /// Whether the key is that of the subject in one of these registers.
    pub(super) fn is_in(&self, kinds: &[B256], key: B256) -> bool {
        kinds.iter().any(|kind| key_of(*kind, self.subject) == key)
    }
}

/// What a call with selector names.
fn named_in(input: &Bytes) -> Option<Named> {
    if let Ok(RuleNode::setCall { kind, subject, .. }) = RuleNode::setCall::abi_decode(input) {
        return Some(Named { kind, subject });
    }
    let applied = StoreNode::applyDecisionCall::abi_decode(input).ok()?;
    Named::of(&applied.part.call)
}

fn entry(event: &Event, contract: Address) -> Option<Entry> {
    if event.contract != contract || event.topics.first() != Some(&StoreNode::Written::SIGNATURE_HASH) {
        return None;
    }
    let written = StoreNode::Written::decode_raw_log(event.topics.iter().copied(), &event.data).ok()?;
    let StoreNode::Written { key, version, value } = written;
    Some(Entry { key, version, value, transaction: event.tx_hash })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::database::{Declaration, EntryDeclaration, Form, LONGEST_PROMISE_S, Place};

    // DATABASE-6: what a contract of another form is called with names nothing, though it can be read as if it did.
    #[test]
    fn what_is_named_counts_if_it_makes_the_key() {
        let word = |text: &str| B256::right_padding_from(text.as_bytes());
        let entry = EntryDeclaration {
            kind: Some("lien".to_owned()),
            key: Form::Text,
            value: Form::Text,
            query: "SELECT lien FROM parcels WHERE parcel = {key}".to_owned(),
            apply: "UPDATE parcels SET lien = {value} WHERE parcel = {key}".to_owned(),
        };
        let declaration = Declaration {
            from_block: 0,
            ignore_others: true,
            longest_promise_s: LONGEST_PROMISE_S,
            entries: vec![entry],
        };
        let book = Book::new(Place::Sqlite("none.db".into()), &declaration).unwrap();
        let (lien, owner, parcel) = (word("lien"), word("owner"), word("parcel 7"));
        let named = Named::of(&(owner, parcel, B256::ZERO).abi_encode_params().into()).unwrap();
        assert!(named.makes(key_of(owner, parcel), &book), "of another register");
        assert!(named.makes(key_of(lien, parcel), &book));
        assert!(!named.makes(key_of(lien, word("parcel 8")), &book), "of a subject that is not named");
        let tax = word("tax");
        assert!(!named.makes(key_of(tax, parcel), &book) && named.is_in(&[lien, tax], key_of(tax, parcel)));
    }
}
