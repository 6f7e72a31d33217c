#![allow(clippy::unwrap_used)]

use super::*;
use proptest::prelude::*;

const VECTORS: &str = include_str!("../../vectors/data-blocks.json");

#[derive(Deserialize)]
struct File {
    #[serde(rename = "leafEncoding")]
    leaf_encoding: Vec<String>,
    vectors: Vec<Vector>,
}

#[derive(Deserialize)]
struct Vector {
    root: DataBlockRoot,
    leaves: Vec<VectorLeaf>,
}

#[derive(Deserialize)]
struct VectorLeaf {
    leaf: Leaf,
    hash: B256,
    proof: Vec<B256>,
}

fn leaf(number: u64) -> Leaf {
    Leaf {
        operation_digest: keccak256(number.to_be_bytes()),
        source: Address::repeat_byte(7),
        operation_type: OperationType::DataRecord,
        content_hash: keccak256([1]),
        time: UnixSeconds(1_000 + number % 17),
    }
}

// M-AUTH, M-REP-2: a data block is what @openzeppelin/merkle-tree makes of the same leaves.
#[test]
fn trees_are_those_of_openzeppelin() {
    let file: File = serde_json::from_str(VECTORS).unwrap();
    assert_eq!(file.leaf_encoding, Leaf::ENCODING);
    for vector in file.vectors {
        let leaves: Vec<Leaf> = vector.leaves.iter().map(|entry| entry.leaf.clone()).collect();
        let tree = DataBlockTree::new(&leaves).unwrap();
        assert_eq!(tree.root(), vector.root);
        for (index, entry) in vector.leaves.iter().enumerate() {
            assert_eq!(entry.leaf.hash(), entry.hash);
            assert_eq!(tree.proof(index).unwrap(), entry.proof);
            assert!(verify(vector.root, &entry.leaf, &entry.proof));
        }
        assert_eq!(tree.proof(leaves.len()), None);
    }
}

#[test]
fn a_block_without_operations_or_with_one_twice_is_refused() {
    assert_eq!(DataBlockTree::new(&[]).unwrap_err(), DataBlockError::Empty);
    let twice = DataBlockTree::new(&[leaf(1), leaf(2), leaf(1)]).unwrap_err();
    assert_eq!(twice, DataBlockError::Duplicate { digest: leaf(1).operation_digest });
    let many: Vec<Leaf> = (0..=MAX_OPERATIONS_PER_BLOCK as u64).map(leaf).collect();
    let refused = DataBlockTree::new(&many).unwrap_err();
    assert_eq!(refused, DataBlockError::TooMany { count: MAX_OPERATIONS_PER_BLOCK + 1 });
}

#[test]
fn the_largest_block_has_the_longest_proof() {
    let leaves: Vec<Leaf> = (0..MAX_OPERATIONS_PER_BLOCK as u64).map(leaf).collect();
    let tree = DataBlockTree::new(&leaves).unwrap();
    let proof = tree.proof(12_345).unwrap();
    assert_eq!(proof.len(), MAX_PROOF_NODES);
    assert!(verify(tree.root(), &leaves[12_345], &proof));
    assert_eq!((tree.first_time(), tree.last_time()), (UnixSeconds(1_000), UnixSeconds(1_016)));
}

proptest! {
    #[test]
    fn every_leaf_is_proven_and_no_other(count in 1..60_u64, pick in any::<u64>(), bit in 0..256_usize) {
        let leaves: Vec<Leaf> = (0..count).map(leaf).collect();
        let tree = DataBlockTree::new(&leaves).unwrap();
        let index = usize::try_from(pick % count).unwrap();
        let proof = tree.proof(index).unwrap();
        prop_assert!(verify(tree.root(), &leaves[index], &proof));
        prop_assert!(!verify(tree.root(), &leaf(count), &proof));

        let mut altered = leaves[index].clone();
        altered.content_hash.0[bit / 8] ^= 1 << (bit % 8);
        prop_assert!(!verify(tree.root(), &altered, &proof));
        if let Some(node) = proof.first() {
            let mut forged = proof.clone();
            forged[0] = *node ^ B256::with_last_byte(1);
            prop_assert!(!verify(tree.root(), &leaves[index], &forged));
        }
        let endless = vec![B256::ZERO; MAX_PROOF_NODES + 1];
        prop_assert!(!verify(tree.root(), &leaves[index], &endless));
    }

    #[test]
    fn the_order_of_leaves_does_not_matter(count in 1..40_u64, shift in 0..40_usize) {
        let mut leaves: Vec<Leaf> = (0..count).map(leaf).collect();
        let root = DataBlockTree::new(&leaves).unwrap().root();
        let length = leaves.len();
        leaves.rotate_left(shift % length);
        prop_assert_eq!(DataBlockTree::new(&leaves).unwrap().root(), root);
    }
}
