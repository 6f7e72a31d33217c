//! What the header says about the transactions once they ran.

use alloy_consensus::{Eip2718EncodableReceipt, TxReceipt};
use alloy_primitives::{B256, Bloom};
use alloy_trie::root::ordered_trie_root_with_encoder;

use crate::Receipt;

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
