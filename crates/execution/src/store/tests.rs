#![allow(clippy::unwrap_used)]

use std::{fs, path::Path};

use alloy_primitives::{Address, B256, Bytes, Log, LogData, U256};
use alloy_trie::Nibbles;
use proptest::prelude::*;

use super::*;
use crate::{
    Blockchain, ExecutionConfig, Genesis, Receipt,
    state::NodeKey,
    store::body::{Changed, ChangedKeys, decode_body, decode_receipts, encode_body, encode_receipts},
    testing::{TestChain, WRITER, Wallet, genesis_config, signed, with_changed_registry},
    trie::{BranchRecord, Child, LeafRef},
};

fn open(path: &Path, genesis: &Genesis) -> Result<Blockchain, OpenError> {
    Blockchain::open(path, genesis, ExecutionConfig::default())
}

/// A closed store of two blocks, changed by `damage`, and what opening it says.
fn reopened_after(damage: impl FnOnce(&Store)) -> OpenError {
    let TestChain { genesis, chain, directory } = {
        let chain = TestChain::new();
        chain.advance(vec![Wallet::new(0).write(0, 1, 1)]);
        chain
    };
    drop(chain);
    let (store, created) = Store::open(directory.path(), genesis.header().hash(), &StoreConfig::default()).unwrap();
    assert!(!created);
    damage(&store);
    drop(store);
    open(directory.path(), &genesis).err().unwrap()
}

#[test]
fn another_format_version_is_named() {
    let error = reopened_after(|store| store.chain.insert(keys::meta(keys::META_VERSION), 9u32.to_be_bytes()).unwrap());
    assert!(matches!(error, OpenError::Version { found: 9, expected: FORMAT_VERSION, .. }), "{error}");
}

// A database of another version or chain is refused as it was found.
#[test]
fn what_is_refused_is_not_changed() {
    let directory = tempfile::tempdir().unwrap();
    let (own, other) = (B256::repeat_byte(1), B256::repeat_byte(2));
    let database = || fjall::Database::builder(directory.path()).open().unwrap();
    let refused =
        [(OLDEST_VERSION, other), (FORMAT_VERSION, other), (OLDEST_VERSION - 1, own), (FORMAT_VERSION + 1, own)];
    for (version, genesis) in refused {
        {
            let database = database();
            let chain = database.keyspace("chain", fjall::KeyspaceCreateOptions::default).unwrap();
            chain.insert(keys::meta(keys::META_VERSION), version.to_be_bytes()).unwrap();
            chain.insert(keys::meta(keys::META_GENESIS), genesis.as_slice()).unwrap();
        }
        let refused = Store::open(directory.path(), own, &StoreConfig::default()).err().unwrap();
        assert!(matches!(refused, OpenError::Version { .. } | OpenError::OtherGenesis { .. }), "{refused}");
        let database = database();
        let made = ["blocks", "changes", "lookup", "accounts"].map(|name| database.keyspace_exists(name));
        assert_eq!(made, [false; 4], "of version {version}");
    }
}

#[test]
fn a_store_that_contradicts_itself_is_corrupt() {
    let head_without_block =
        reopened_after(|store| store.chain.insert(keys::meta(keys::META_HEAD), 9u64.to_be_bytes()).unwrap());
    assert!(matches!(head_without_block, OpenError::Corrupt { .. }), "{head_without_block}");
    let other_state = reopened_after(|store| {
        let genesis_top = store.chain.get(keys::block(keys::Kind::Top, 0)).unwrap().unwrap();
        store.chain.insert(keys::block(keys::Kind::Top, 1), genesis_top).unwrap();
    });
    assert!(matches!(other_state, OpenError::Corrupt { .. }), "{other_state}");
    let no_version = reopened_after(|store| store.chain.remove(keys::meta(keys::META_VERSION)).unwrap());
    assert!(matches!(no_version, OpenError::Corrupt { .. }), "{no_version}");
    let no_receipts = reopened_after(|store| store.blocks.remove(keys::part(keys::Kind::Receipts, 1)).unwrap());
    assert!(matches!(no_receipts, OpenError::Store(_)), "{no_receipts}");
}

#[test]
fn an_unreadable_database_is_corrupt() {
    let directory = tempfile::tempdir().unwrap();
    let genesis = genesis_config().build().unwrap();
    drop(open(directory.path(), &genesis).unwrap());
    let files =
        fs::read_dir(directory.path()).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_file());
    files.for_each(|path| fs::write(path, b"not a database").unwrap());
    assert!(matches!(open(directory.path(), &genesis), Err(OpenError::Corrupt { .. } | OpenError::Io { .. })));
}

#[test]
fn certificates_may_come_after_their_block() {
    let chain = TestChain::new();
    assert_eq!(chain.chain.certificate(0).unwrap(), None);
    chain.chain.put_certificate(0, b"late").unwrap();
    chain.chain.put_certificate(7, b"of nothing").unwrap();
    let chain = chain.reopen();
    assert_eq!(chain.chain.certificate(0).unwrap(), Some(Bytes::from_static(b"late")));
    assert_eq!(chain.chain.certificate(7).unwrap(), None);
}

#[test]
fn a_store_that_lacks_a_record_gets_it_from_its_state() {
    let chain = with_changed_registry();
    let record = chain.chain.registry_record(0).unwrap().unwrap();
    assert_eq!(record.validators().unwrap()[0].organization, B256::from(U256::from(8)));
    assert_eq!(chain.chain.validators_of(1).unwrap().unwrap(), record.validators().unwrap());
    assert_eq!(chain.chain.validators_of(0).unwrap(), None);
    assert!(chain.chain.validators_of(2).is_err(), "the block before that epoch is not there yet");
    let TestChain { genesis, chain, directory } = chain;
    drop(chain);
    let (store, _) = Store::open(directory.path(), genesis.header().hash(), &StoreConfig::default()).unwrap();
    store.chain.remove(keys::block(keys::Kind::Registry, 0)).unwrap();
    drop(store);
    let chain = open(directory.path(), &genesis).unwrap();
    assert_eq!(chain.registry_record(0).unwrap(), Some(record));
}

/// A chain of six blocks that each write slot 1.
fn six_blocks(store: StoreConfig) -> TestChain {
    let chain = TestChain::with_config(ExecutionConfig { store, ..ExecutionConfig::default() });
    for nonce in 0..6 {
        chain.advance(vec![Wallet::new(0).write(nonce, 1, nonce + 10)]);
    }
    chain
}

/// Each block fills one.
fn small_volumes() -> StoreConfig {
    StoreConfig { volume_entries: 4, ..StoreConfig::default() }
}

/// What slot 1 was after each block, and that the block is there.
fn assert_past(chain: &TestChain, heights: std::ops::RangeInclusive<u64>) {
    for height in heights {
        let value = chain.chain.state_at(height).unwrap().storage(WRITER, U256::from(1)).unwrap();
        assert_eq!(value, U256::from(height + 9), "after block {height}");
        let block = chain.chain.block(height).unwrap().unwrap();
        assert_eq!((block.block().transactions().len(), block.receipts().len()), (1, 1));
    }
}

/// STORE-4, EXEC-5: an old directory goes on without conversion, and is not taken for one that older builds could read.
#[test]
fn a_store_of_the_oldest_version_is_brought_up_to_date_and_keeps_its_past() {
    let old = StoreConfig { volume_entries: u64::MAX, parts_apart: false, ..StoreConfig::default() };
    let TestChain { genesis, chain, directory } = six_blocks(old);
    drop(chain);
    let open_store = || Store::open(directory.path(), genesis.header().hash(), &small_volumes()).unwrap().0;
    let store = open_store();
    assert!(store.blocks.is_empty().unwrap() && store.changes.is_empty().unwrap());
    store.chain.insert(keys::meta(keys::META_VERSION), OLDEST_VERSION.to_be_bytes()).unwrap();
    store.chain.remove(keys::meta(keys::META_VOLUME_ENTRIES)).unwrap();
    store.chain.remove(keys::meta(keys::META_APART_FROM)).unwrap();
    drop(store);
    let store = open_store();
    assert_eq!(store.meta(keys::META_VERSION).unwrap().unwrap().to_vec(), FORMAT_VERSION.to_be_bytes());
    drop(store);
    let config = ExecutionConfig { store: small_volumes(), ..ExecutionConfig::default() };
    let chain = Blockchain::open(directory.path(), &genesis, config).unwrap();
    let chain = TestChain { genesis: genesis.clone(), chain, directory: directory.clone() };
    for nonce in 6..12 {
        chain.advance(vec![Wallet::new(0).write(nonce, 1, nonce + 10)]);
    }
    let chain = chain.reopen();
    assert_past(&chain, 1..=12);
    // Across where it was brought up to date.
    chain.chain.prune(9).unwrap();
    chain.chain.prune_bodies(9).unwrap();
    assert_past(&chain, 9..=12);
    assert!(chain.chain.block(8).unwrap().is_none());
    assert!(chain.chain.state_at(8).is_err());
    drop(chain);
    let store = open_store();
    assert!(*store.part(keys::Kind::Body, 6).0 == store.chain && *store.part(keys::Kind::Body, 7).0 == store.blocks);
    assert_eq!((store.volumes.of(6), store.volumes.of(7)), (0, 1), "nobody counted what the first holds, so it ends");
    assert_eq!(store.volumes.of(12), 6);
    let pruned = |keyspace: &Keyspace, kind, height| keyspace.get(keys::part(kind, height)).unwrap().is_none();
    assert!(pruned(&store.blocks, keys::Kind::Body, 8) && pruned(&store.changes, keys::Kind::Changes, 8));
    assert!(!pruned(&store.blocks, keys::Kind::Body, 9) && !pruned(&store.changes, keys::Kind::Changes, 10));
}

fn by_reference(child: Option<&Child>) -> Option<Child> {
    child.cloned().map(|child| match child {
        Child::Leaf(leaf) => Child::Leaf(LeafRef::Reference { node: leaf.node(), key: None }),
        branch @ Child::Branch(_) => branch,
    })
}

/// STORE-5: branches of format 4 refer to their leaves, whose values are found all the same, and come to stand in the branches that are written since.
#[test]
fn slots_of_a_store_whose_branches_refer_to_their_leaves_are_read() {
    let chain = TestChain::new();
    chain.advance((0..40).map(|slot| Wallet::new(0).write(slot, slot, slot + 100)).collect());
    let TestChain { genesis, chain, directory } = chain;
    drop(chain);
    let (store, _) = Store::open(directory.path(), genesis.header().hash(), &StoreConfig::default()).unwrap();
    let mut changed = 0;
    for entry in store.nodes.iter() {
        let (key, value) = entry.into_inner().unwrap();
        let BranchRecord::Full(mut branch) = BranchRecord::decode(&value).unwrap() else { panic!("a difference") };
        for nibble in 0..16 {
            let child = by_reference(branch.get(nibble));
            branch.set(nibble, child);
        }
        changed += usize::from(branch.encode_full() != value.to_vec());
        store.nodes.insert(&key[..], branch.encode_full()).unwrap();
    }
    assert!(changed > 10, "{changed}");
    store.chain.insert(keys::meta(keys::META_VERSION), 4u32.to_be_bytes()).unwrap();
    drop(store);
    let chain = Blockchain::open(directory.path(), &genesis, ExecutionConfig::default()).unwrap();
    let chain = TestChain { genesis, chain, directory };
    let slot = |slot: u64| chain.chain.head_state().storage(WRITER, U256::from(slot)).unwrap();
    assert_eq!(slot(40), U256::ZERO);
    (0..40).for_each(|number| assert_eq!(slot(number), U256::from(number + 100)));
    chain.advance((0..20).map(|slot| Wallet::new(0).write(slot + 40, slot, slot + 200)).collect());
    let chain = chain.reopen();
    let slot = |slot: u64| chain.chain.head_state().storage(WRITER, U256::from(slot)).unwrap();
    (0..40).for_each(|number| assert_eq!(slot(number), U256::from(number + if number < 20 { 200 } else { 100 })));
    assert_eq!(slot(41), U256::ZERO);
}

#[test]
fn the_past_in_volumes_is_read_and_pruned_after_a_restart() {
    let chain = six_blocks(small_volumes()).reopen();
    assert_past(&chain, 1..=6);
    let report = chain.chain.prune(4).unwrap();
    assert!(report.state_versions > 0);
    assert_past(&chain, 4..=6);
    let TestChain { genesis, chain, directory } = chain;
    drop(chain);
    let (store, _) = Store::open(directory.path(), genesis.header().hash(), &StoreConfig::default()).unwrap();
    assert_eq!(store.volumes.of(6), 6);
    // What block 4 changed is what the state after block 3 needed; that is gone, volume or not.
    let left = store.history.iter().map(|entry| entry.key().unwrap());
    let heights: Vec<u64> = left.map(|key| u64::from_be_bytes(key[key.len() - 8..].try_into().unwrap())).collect();
    assert!(!heights.is_empty());
    assert!(heights.iter().all(|height| *height > 4), "{heights:?}");
}

#[test]
fn volumes_out_of_order_are_damage() {
    let TestChain { genesis, chain, directory } = six_blocks(small_volumes());
    drop(chain);
    let open_store = || Store::open(directory.path(), genesis.header().hash(), &StoreConfig::default());
    let (store, _) = open_store().unwrap();
    store.chain.insert(keys::block(keys::Kind::Volume, 1), 99u64.to_be_bytes()).unwrap();
    drop(store);
    assert!(matches!(open_store(), Err(OpenError::Corrupt { .. })));
}

proptest! {
    #[test]
    fn a_registry_record_is_read_as_written(bytes in proptest::collection::vec(any::<u8>(), 0..80)) {
        let _ = crate::RegistryRecord::decode(&bytes);
    }

    #[test]
    fn the_range_of_a_prefix_holds_exactly_the_keys_that_start_with_it(key: [u8; 32], prefix: [u8; 32], length in 0usize..64, own: bool) {
        let key = B256::from(key);
        let prefix = Nibbles::unpack(if own { key } else { B256::from(prefix) }).slice(..length);
        let (low, high) = keys::hash_range(&prefix);
        prop_assert_eq!((low..=high).contains(&key), Nibbles::unpack(key).starts_with(&prefix));
    }

    /// No two versions share a key, and what a later block writes lies behind.
    #[test]
    fn versions_of_branches_lie_in_the_order_of_their_blocks(first: [u8; 32], second: [u8; 32], lengths in (0usize..64, 0usize..64), owners in (0u8..3, 0u8..3), heights: (u64, u64)) {
        let key = |hash: [u8; 32], length, owner: u8| NodeKey {
            owner: owner.checked_sub(1).map(Address::repeat_byte),
            path: Nibbles::unpack(B256::from(hash)).slice(..length),
        };
        let (first, second) = (key(first, lengths.0, owners.0), key(second, lengths.1, owners.1));
        let (one, other) = (keys::node_version(heights.0, &keys::node(&first)), keys::node_version(heights.1, &keys::node(&second)));
        prop_assert_eq!(one == other, (heights.0, first) == (heights.1, second));
        if heights.0 < heights.1 {
            prop_assert!(one < other);
        }
    }

    #[test]
    fn the_history_of_a_volume_lies_behind_that_of_earlier_ones(key: [u8; 52], other: [u8; 32], volumes in (0u32..5, 0u32..5), heights: (u64, u64)) {
        let (slot, account) = (keys::slot_history(&key), keys::account_history(&other));
        let (one, two) = (keys::history_version(volumes.0, &slot, heights.0), keys::history_version(volumes.1, &account, heights.1));
        prop_assert_eq!(keys::of_history(volumes.0, &one), Some(&key[..]));
        prop_assert_eq!(keys::of_history(volumes.1, &two), Some(&other[..]));
        if volumes.0 != volumes.1 {
            prop_assert_eq!(one < two, volumes.0 < volumes.1);
        }
    }

    #[test]
    fn bodies_and_receipts_are_read_as_written(count in 0usize..5, topics in 0usize..4, data in proptest::collection::vec(any::<u8>(), 0..90)) {
        let transactions: Vec<_> = (0..count).map(|nonce| signed(Wallet::new(0).write(nonce as u64, 1, 1))).collect();
        let senders = vec![Wallet::new(0).address(); count];
        let body = encode_body(&transactions, &senders);
        let (read, read_senders) = decode_body(&body).unwrap();
        prop_assert_eq!(read_senders, senders);
        prop_assert!(read.iter().map(|transaction| transaction.hash()).eq(transactions.iter().map(|transaction| transaction.hash())));
        if !body.is_empty() {
            prop_assert!(decode_body(&body[..body.len() - 1]).is_none());
        }
        let log = Log { address: Address::ZERO, data: LogData::new_unchecked(vec![B256::ZERO; topics], data.into()) };
        let receipts: Vec<Receipt> = (0..count as u64)
            .map(|index| Receipt { success: index % 2 == 0, cumulative_gas_used: index * 21_000, logs: vec![log.clone(); index as usize], ..Receipt::default() })
            .collect();
        prop_assert_eq!(decode_receipts(&encode_receipts(&receipts)), Some(receipts));
    }

    #[test]
    fn damaged_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..120)) {
        let _ = (decode_body(&bytes), decode_receipts(&bytes), ChangedKeys::decode(&bytes));
    }

    #[test]
    fn changed_keys_are_read_as_written(keys in proptest::collection::vec((any::<bool>(), any::<bool>(), any::<Option<u64>>(), proptest::collection::vec(any::<u8>(), 1..60)), 0..8)) {
        let mut changed = ChangedKeys::default();
        let mut expected = Vec::new();
        for (node, written, replaces, name) in &keys {
            if *node {
                changed.push_node(name, *written, *replaces);
                expected.push(Changed::Node { name, written: *written, replaces: *replaces });
            } else {
                changed.push_state(name);
                expected.push(Changed::State(name));
            }
        }
        let bytes = changed.into_bytes();
        prop_assert_eq!(ChangedKeys::decode(&bytes), Some(expected));
    }
}
