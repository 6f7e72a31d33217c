use alloy_primitives::{B256, Bytes};
use alloy_rlp::encode_fixed_size;
use alloy_trie::{
    EMPTY_ROOT_HASH, HashBuilder, Nibbles,
    proof::{ProofRetainer, verify_proof},
    root::adjust_index_for_rlp,
};

use crate::VerifyError;

/// Most nodes in one trie proof: a key of 32 bytes has 64 nibbles, and the root.
pub const MAX_PROOF_NODES: usize = 65;
/// Longest trie node accepted, in bytes. The value of an included transaction or receipt is in its leaf.
pub const MAX_PROOF_NODE_BYTES: usize = 1024 * 1024;

/// The root of the trie in which item *i* stands under RLP(*i*): what a header's transactions and receipts roots are.
#[must_use]
pub fn ordered_trie_root<T: AsRef<[u8]>>(items: &[T]) -> B256 {
    if items.is_empty() {
        return EMPTY_ROOT_HASH;
    }
    build(items, None).root()
}

/// The nodes on the way from the root to item `index`, root first; `None` if there is no such item.
#[must_use]
pub fn prove_inclusion<T: AsRef<[u8]>>(items: &[T], index: usize) -> Option<Vec<Bytes>> {
    if index >= items.len() {
        return None;
    }
    let mut builder = build(items, Some(key(index)));
    builder.root();
    Some(builder.take_proof_nodes().into_nodes_sorted().into_iter().map(|(_, node)| node).collect())
}

/// Whether `item` stands at `index` of the ordered trie with this root.
///
/// # Errors
/// [`VerifyError::ProofTooLarge`] if the proof exceeds its bounds; otherwise `refusal`, if the proof does not hold.
pub fn verify_inclusion(
    root: B256,
    index: u64,
    item: &[u8],
    proof: &[Bytes],
    refusal: VerifyError,
) -> Result<(), VerifyError> {
    check_bounds(proof)?;
    let key = Nibbles::unpack(alloy_rlp::encode(index));
    // An empty value would mean "nothing is there", which is never a proof of inclusion.
    if item.is_empty() {
        return Err(refusal);
    }
    verify_proof(root, key, Some(item.to_vec()), proof).map_err(|_| refusal)
}

pub(crate) fn check_bounds(proof: &[Bytes]) -> Result<(), VerifyError> {
    if proof.len() > MAX_PROOF_NODES {
        return Err(VerifyError::ProofTooLarge { found: proof.len(), limit: MAX_PROOF_NODES });
    }
    match proof.iter().map(|node| node.len()).find(|bytes| *bytes > MAX_PROOF_NODE_BYTES) {
        Some(found) => Err(VerifyError::ProofTooLarge { found, limit: MAX_PROOF_NODE_BYTES }),
        None => Ok(()),
    }
}

fn key(index: usize) -> Nibbles {
    Nibbles::unpack(encode_fixed_size(&index))
}

fn build<T: AsRef<[u8]>>(items: &[T], target: Option<Nibbles>) -> HashBuilder {
    let mut builder = HashBuilder::default();
    if let Some(target) = target {
        builder = builder.with_proof_retainer(ProofRetainer::new(vec![target]));
    }
    for position in 0..items.len() {
        // The hash builder wants its keys in order, and RLP puts index 0 (0x80) after 0x7f.
        let index = adjust_index_for_rlp(position, items.len());
        builder.add_leaf(key(index), items[index].as_ref());
    }
    builder
}
