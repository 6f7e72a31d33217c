//! How bodies, receipts and lists of changed keys are written.

use std::sync::Arc;

use alloy_primitives::{Address, Bytes};
use alloy_rlp::{Decodable, Encodable};

use crate::{Receipt, SignedTransaction};

const ADDRESS_BYTES: usize = 20;
const LENGTH_BYTES: usize = 4;

/// Each transaction after its sender and its length.
pub(crate) fn encode_body(transactions: &[Arc<SignedTransaction>], senders: &[Address]) -> Vec<u8> {
    let bytes = transactions.iter().map(|transaction| transaction.size() + ADDRESS_BYTES + LENGTH_BYTES).sum();
    let mut out = Vec::with_capacity(bytes);
    for (transaction, sender) in transactions.iter().zip(senders) {
        out.extend_from_slice(sender.as_slice());
        // A transaction has at most MAX_TRANSACTION_BYTES.
        out.extend_from_slice(&(transaction.size() as u32).to_be_bytes());
        out.extend_from_slice(transaction.encoded());
    }
    out
}

/// Reads what [`encode_body`] wrote. `None`: the bytes are damaged.
pub(crate) fn decode_body(bytes: &[u8]) -> Option<(Vec<Arc<SignedTransaction>>, Vec<Address>)> {
    let all = Bytes::copy_from_slice(bytes);
    let (mut transactions, mut senders, mut at) = (Vec::new(), Vec::new(), 0);
    while at < all.len() {
        let head = all.get(at..at + ADDRESS_BYTES + LENGTH_BYTES)?;
        let sender = Address::from_slice(&head[..ADDRESS_BYTES]);
        let length = u32::from_be_bytes(head[ADDRESS_BYTES..].try_into().ok()?) as usize;
        at += ADDRESS_BYTES + LENGTH_BYTES;
        let end = at.checked_add(length).filter(|end| *end <= all.len())?;
        let transaction = SignedTransaction::decode(all.slice(at..end)).ok()?;
        transaction.set_sender(sender);
        transactions.push(Arc::new(transaction));
        senders.push(sender);
        at = end;
    }
    Some((transactions, senders))
}

/// RLP, without blooms.
pub(crate) fn encode_receipts(receipts: &[Receipt]) -> Vec<u8> {
    let mut out = Vec::with_capacity(receipts.len() * 32);
    receipts.iter().for_each(|receipt| receipt.encode(&mut out));
    out
}

/// Reads what [`encode_receipts`] wrote. `None`: the bytes are damaged.
pub(crate) fn decode_receipts(mut bytes: &[u8]) -> Option<Vec<Receipt>> {
    let mut receipts = Vec::new();
    while !bytes.is_empty() {
        receipts.push(Receipt::decode(&mut bytes).ok()?);
    }
    Some(receipts)
}

/// What a block changed, entry after entry; for pruning.
#[derive(Debug, Default)]
pub(crate) struct ChangedKeys(Vec<u8>);

/// An entry of [`ChangedKeys`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Changed<'a> {
    /// The prefix of a history entry.
    State(&'a [u8]),
    /// A trie branch.
    Node {
        /// Its name.
        name: &'a [u8],
        /// Whether the block wrote a version of it, or it ceased to exist.
        written: bool,
        /// The version that no later state needs.
        replaces: Option<u64>,
    },
}

const STATE: u8 = 0;
const NODE: u8 = 1;
const NODE_WRITTEN: u8 = 2;
const NODE_REPLACES: u8 = 4;

impl ChangedKeys {
    pub(crate) fn push_state(&mut self, prefix: &[u8]) {
        self.push(STATE, prefix);
    }

    pub(crate) fn push_node(&mut self, name: &[u8], written: bool, replaces: Option<u64>) {
        let flag = |set: bool, flag: u8| if set { flag } else { 0 };
        self.push(NODE | flag(written, NODE_WRITTEN) | flag(replaces.is_some(), NODE_REPLACES), name);
        if let Some(version) = replaces {
            self.0.extend_from_slice(&version.to_be_bytes());
        }
    }

    fn push(&mut self, tag: u8, key: &[u8]) {
        self.0.push(tag);
        // Keys have at most 54 bytes.
        self.0.push(key.len() as u8);
        self.0.extend_from_slice(key);
    }

    pub(crate) fn into_bytes(self) -> Vec<u8> {
        self.0
    }

    /// Reads what was pushed. `None`: the bytes are damaged.
    pub(crate) fn decode(mut bytes: &[u8]) -> Option<Vec<Changed<'_>>> {
        let mut keys = Vec::new();
        while let Some((head, rest)) = bytes.split_at_checked(2) {
            let (key, mut rest) = rest.split_at_checked(usize::from(head[1]))?;
            let tag = head[0];
            keys.push(if tag == STATE {
                Changed::State(key)
            } else {
                let mut replaces = None;
                if tag & NODE_REPLACES != 0 {
                    let (version, after) = rest.split_at_checked(8)?;
                    replaces = Some(u64::from_be_bytes(version.try_into().ok()?));
                    rest = after;
                }
                Changed::Node { name: key, written: tag & NODE_WRITTEN != 0, replaces }
            });
            bytes = rest;
        }
        bytes.is_empty().then_some(keys)
    }
}
