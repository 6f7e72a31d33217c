#![allow(clippy::unwrap_used)]

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use alloy_primitives::{B256, b256, keccak256};
use alloy_trie::{HashBuilder, Nibbles, proof::verify_proof};
use proptest::prelude::*;

use super::*;

/// A trie whose branches are kept as their disk records, version after version.
#[derive(Default)]
struct MemoryTrie {
    top: Option<Child>,
    height: u64,
    records: HashMap<Nibbles, BTreeMap<u64, Vec<u8>>>,
    /// The newest version of every branch that exists.
    live: HashMap<Nibbles, u64>,
    values: BTreeMap<B256, Vec<u8>>,
}

impl TrieSource for MemoryTrie {
    fn branch(&self, path: &Nibbles, version: u64) -> Result<Option<Arc<Branch>>, StateError> {
        let (mut differences, mut version) = (Vec::new(), version);
        loop {
            let record = self.records.get(path).and_then(|records| records.get(&version));
            let Some(record) = record else {
                assert!(differences.is_empty(), "differences without a full version");
                return Ok(None);
            };
            match BranchRecord::decode(record).unwrap() {
                BranchRecord::Full(branch) => {
                    differences.reverse();
                    return Ok(Some(Arc::new(branch.with_differences(differences))));
                }
                BranchRecord::Difference(difference) => {
                    version = difference.base;
                    differences.push(difference);
                }
            }
        }
    }

    fn value(&self, key: &B256) -> Result<Option<Vec<u8>>, StateError> {
        Ok(self.values.get(key).cloned())
    }

    fn first_leaf(
        &self,
        prefix: &Nibbles,
        skipped: &dyn Fn(&B256) -> bool,
    ) -> Result<Option<(B256, Vec<u8>)>, StateError> {
        let mut leaves =
            self.values.iter().filter(|(key, _)| Nibbles::unpack(key).starts_with(prefix) && !skipped(key));
        Ok(leaves.next().map(|(key, value)| (*key, value.clone())))
    }
}

impl MemoryTrie {
    fn apply(&mut self, changes: &BTreeMap<B256, Option<Vec<u8>>>) {
        let list: Vec<Change> = changes
            .iter()
            .map(|(key, value)| Change { key: *key, value: value.clone(), existed: self.values.contains_key(key) })
            .collect();
        self.height += 1;
        let TrieUpdate { top, writes } = update(self, self.top.clone(), &list, self.height).unwrap();
        let mut seen = std::collections::HashSet::new();
        for (path, write) in writes {
            assert!(seen.insert(path), "one write a path");
            // TRIE-4: what is replaced is the newest version that there is.
            match write {
                NodeWrite::Put { branch, form, replaces } => {
                    assert!(branch.len() >= 2, "TRIE-1");
                    assert_eq!(replaces, self.live.insert(path, self.height));
                    self.records.entry(path).or_default().insert(self.height, branch.encode(form));
                }
                NodeWrite::Delete { replaces } => assert_eq!(Some(replaces), self.live.remove(&path)),
            }
        }
        // Through the disk form, so that nothing in memory helps.
        self.top = top.map(|top| {
            let mut bytes = Vec::new();
            top.encode(&mut bytes);
            Child::decode(&mut bytes.as_slice()).unwrap()
        });
        for (key, value) in changes {
            match value {
                Some(value) => self.values.insert(*key, value.clone()),
                None => self.values.remove(key),
            };
        }
    }

    fn root(&self) -> B256 {
        root_hash(self.top.as_ref())
    }

    fn find(&self, key: &B256) -> Found {
        find(self.top.as_ref(), key, |path, version, nibble| {
            let branch = self.branch(path, version)?.unwrap();
            let child = branch.get(nibble).cloned();
            // No other child has to be read for it.
            assert_eq!(Branch::child_in(&branch.encode_full(), nibble), Some(child.clone()));
            Ok::<_, StateError>(child)
        })
        .unwrap()
    }

    fn reference_root(&self) -> B256 {
        let mut builder = HashBuilder::default();
        self.values.iter().for_each(|(key, value)| builder.add_leaf(Nibbles::unpack(key), value));
        builder.root()
    }
}

/// Keys that share long prefixes in all places, so that extensions, splits and inline nodes happen.
fn clustered_key() -> impl Strategy<Value = B256> {
    let choice = prop_oneof![Just(0x00u8), Just(0x01), Just(0x10), Just(0xff)];
    (choice.clone(), choice.clone(), 0usize..32, choice).prop_map(|(first, second, position, last)| {
        let mut key = B256::ZERO;
        key[0] = first;
        key[position.max(1)] ^= second;
        key[31] ^= last;
        key
    })
}

fn any_key() -> impl Strategy<Value = B256> {
    prop_oneof![3 => clustered_key(), 1 => any::<[u8; 32]>().prop_map(B256::from), 1 => (0u8..40).prop_map(|seed| keccak256([seed]))]
}

fn value() -> impl Strategy<Value = Option<Vec<u8>>> {
    // RLP of a small number (one byte, so leaves can be shorter than a hash) and of something long; or removal.
    prop_oneof![
        3 => (1u8..0x80).prop_map(|byte| Some(vec![byte])),
        2 => any::<[u8; 40]>().prop_map(|bytes| Some(alloy_rlp::encode(bytes.as_slice()))),
        1 => any::<[u8; 32]>().prop_map(|bytes| Some(alloy_rlp::encode(bytes.as_slice()))),
        3 => Just(None),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    /// TRIE-3, against an independent implementation, with proofs of presence and absence.
    #[test]
    fn root_is_that_of_the_reference_after_every_update(
        updates in proptest::collection::vec(proptest::collection::btree_map(any_key(), value(), 1..40), 1..12),
        asked in proptest::collection::vec(any_key(), 4),
    ) {
        let mut trie = MemoryTrie::default();
        for changes in &updates {
            trie.apply(changes);
            prop_assert_eq!(trie.root(), trie.reference_root());
        }
        for key in asked.iter().chain(trie.values.keys().take(8)) {
            let proof = prove(&trie, trie.top.as_ref(), key).unwrap();
            let expected = trie.values.get(key).cloned();
            prop_assert!(verify_proof(trie.root(), Nibbles::unpack(key), expected.clone(), &proof).is_ok());
            // STORE-5: short values stand in the branches, long ones do not, and neither is taken for another key's.
            let found = trie.find(key);
            match expected {
                None => prop_assert!(found == Found::Nothing || found == Found::Elsewhere, "{:?}", found),
                Some(value) if value.len() <= 33 => {
                    prop_assert_eq!(found, Found::Value(value.as_slice().try_into().unwrap()));
                }
                Some(_) => prop_assert_eq!(found, Found::Elsewhere),
            }
        }
    }

    /// Everything that was put in can be taken out again, and nothing stays behind.
    #[test]
    fn removing_all_keys_leaves_an_empty_trie(keys in proptest::collection::btree_set(any_key(), 1..60), half: bool) {
        let mut trie = MemoryTrie::default();
        trie.apply(&keys.iter().map(|key| (*key, Some(vec![1]))).collect());
        if half {
            trie.apply(&keys.iter().step_by(2).map(|key| (*key, None)).collect());
            prop_assert_eq!(trie.root(), trie.reference_root());
        }
        trie.apply(&keys.iter().map(|key| (*key, None)).collect());
        prop_assert_eq!(trie.root(), EMPTY_ROOT);
        prop_assert!(trie.live.is_empty());
    }

    #[test]
    fn child_bytes_that_decode_have_one_encoding(bytes in proptest::collection::vec(any::<u8>(), 0..80)) {
        if let Some(child) = Child::decode(&mut bytes.as_slice()) {
            let mut encoded = Vec::new();
            child.encode(&mut encoded);
            let again = Child::decode(&mut encoded.as_slice());
            prop_assert_eq!(again, Some(child));
        }
    }

    #[test]
    fn damaged_branch_records_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200), nibble in 0u8..16) {
        let _ = BranchRecord::decode(&bytes);
        let _ = Branch::child_in(&bytes, nibble);
    }
}

#[test]
fn large_updates_run_in_parallel_and_give_the_reference_root() {
    let mut trie = MemoryTrie::default();
    for round in 0u32..4 {
        let changes = (0..2_000u32)
            .map(|index| (index * 7 + round * 3_000) % 6_000)
            .map(|index| {
                (keccak256(index.to_be_bytes()), (index % 5 != round % 5).then(|| alloy_rlp::encode(index + 1)))
            })
            .collect();
        trie.apply(&changes);
        assert_eq!(trie.root(), trie.reference_root());
    }
}

/// `testdata` of the Ethereum tests, trietest "insert-middle-leaf" and the like have short keys; the secure variant has these.
#[test]
fn known_roots() {
    assert_eq!(EMPTY_ROOT, b256!("56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421"));
    // hex_encoded_securetrie_test.json, "test1".
    let vector = [
        (
            "a94f5374fce5edbc8e2a8697c15331677e6ebf0b",
            "f848018405f446a7a056e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421a0c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470",
        ),
        (
            "095e7baea6a6c7c4c2dfeb977efac326af552d87",
            "f8440101a056e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421a004bccc5d94f4d1f99aab44369a910179931772f2a5c001c3229f57831c102769",
        ),
        (
            "d2571607e241ecf590ed94b12d87c94babe36db6",
            "f8440180a0ba4b47865c55a341a4a78759bb913cd15c3ee8eaf30a62fa8d1c8863113d84e8a0c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470",
        ),
        (
            "62c01474f089b07dae603491675dc5b5748f7049",
            "f8448080a056e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421a0c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470",
        ),
        (
            "2adc25665018aa1fe0e6bc666dac8fc2697ff9ba",
            "f8478083019a59a056e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421a0c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470",
        ),
    ];
    let mut trie = MemoryTrie::default();
    for (key, value) in vector {
        let (key, value) = (alloy_primitives::hex::decode(key).unwrap(), alloy_primitives::hex::decode(value).unwrap());
        trie.apply(&BTreeMap::from([(keccak256(key), Some(value))]));
    }
    assert_eq!(trie.root(), b256!("730a444e08ab4b8dee147c9b232fc52d34a223d600031c1e9d25bfc985cbd797"));
}

#[test]
fn a_branch_is_written_in_full_often_enough_to_bound_reading() {
    let mut trie = MemoryTrie::default();
    trie.apply(&(0..16u8).map(|nibble| (B256::repeat_byte(nibble << 4), Some(vec![1]))).collect());
    for round in 2..100u8 {
        trie.apply(&BTreeMap::from([(B256::repeat_byte(0x10), Some(vec![round]))]));
    }
    let full = |record: &&Vec<u8>| matches!(BranchRecord::decode(record).unwrap(), BranchRecord::Full(_));
    let records: Vec<_> = trie.records[&Nibbles::default()].values().collect();
    assert!(records.windows(8).all(|window| window.iter().any(full)), "eight versions in a row without a full one");
    assert!(
        records.iter().filter(|record| full(record)).count() < records.len() / 4,
        "differences are what is written mostly"
    );
}

#[test]
fn a_branch_with_few_children_is_always_written_in_full() {
    let mut trie = MemoryTrie::default();
    trie.apply(&(0..4u8).map(|nibble| (B256::repeat_byte(nibble << 4), Some(vec![1]))).collect());
    trie.apply(&BTreeMap::from([(B256::repeat_byte(0x10), Some(vec![2]))]));
    let records = &trie.records[&Nibbles::default()];
    assert_eq!(records.len(), 2);
    assert!(records.values().all(|record| matches!(BranchRecord::decode(record).unwrap(), BranchRecord::Full(_))));
}
