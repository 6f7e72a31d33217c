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
        senders.push(Address::from_slice(&head[..ADDRESS_BYTES]));
        let length = u32::from_be_bytes(head[ADDRESS_BYTES..].try_into().ok()?) as usize;
        at += ADDRESS_BYTES + LENGTH_BYTES;
        let end = at.checked_add(length).filter(|end| *end <= all.len())?;
        transactions.push(Arc::new(SignedTransaction::decode(all.slice(at..end)).ok()?));
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

/// Keys after their lengths; for pruning.
#[derive(Debug, Default)]
pub(crate) struct ChangedKeys(Vec<u8>);

/// Which keyspace a changed key belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Changed {
    /// The prefix of history entries.
    State,
    /// The prefix of node versions.
    Node,
}

impl ChangedKeys {
    pub(crate) fn push(&mut self, table: Changed, key: &[u8]) {
        self.0.push(matches!(table, Changed::Node) as u8);
        // Keys have at most 54 bytes.
        self.0.push(key.len() as u8);
        self.0.extend_from_slice(key);
    }

    pub(crate) fn into_bytes(self) -> Vec<u8> {
        self.0
    }

    /// Reads what was pushed. `None`: the bytes are damaged.
    pub(crate) fn decode(mut bytes: &[u8]) -> Option<Vec<(Changed, &[u8])>> {
        let mut keys = Vec::new();
        while let Some((head, rest)) = bytes.split_at_checked(2) {
            let (key, rest) = rest.split_at_checked(usize::from(head[1]))?;
            keys.push((if head[0] == 0 { Changed::State } else { Changed::Node }, key));
            bytes = rest;
        }
        bytes.is_empty().then_some(keys)
    }
}
