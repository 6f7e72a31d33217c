//! What the header says about the transactions once they ran.

use std::sync::Arc;

use alloy_consensus::{EMPTY_ROOT_HASH, Eip2718EncodableReceipt, TxReceipt};
use alloy_primitives::{B256, Bloom};
use alloy_trie::root::{ordered_trie_root_encoded, ordered_trie_root_with_encoder};

use crate::{Receipt, SignedTransaction};

/// Root of the trie of transactions (yellow paper 4.4.3).
pub(crate) fn transactions_root(transactions: &[Arc<SignedTransaction>]) -> B256 {
    if transactions.is_empty() {
        return EMPTY_ROOT_HASH;
    }
    let encoded: Vec<&[u8]> = transactions.iter().map(|transaction| &transaction.encoded()[..]).collect();
    ordered_trie_root_encoded(&encoded)
}

/// Root of the trie of receipts, and the union of their blooms.
pub(crate) fn receipts_root(receipts: &[Receipt]) -> (B256, Bloom) {
    let mut union = Bloom::ZERO;
    let root = ordered_trie_root_with_encoder(receipts, |receipt, out| {
        let bloom = receipt.bloom();
        union.accrue_bloom(&bloom);
        receipt.eip2718_encode_with_bloom(&bloom, out);
    });
    (root, union)
}
