#![allow(clippy::unwrap_used)]

use std::{collections::BTreeMap, sync::Arc};

use alloy_consensus::Header;
use alloy_primitives::{Address, B256, KECCAK256_EMPTY, U256, keccak256, map::B256Map};
use alloy_trie::{EMPTY_ROOT_HASH, Nibbles, TrieAccount, proof::verify_proof, root};
use proptest::prelude::*;

use super::*;
use crate::{
    Block, StoreConfig,
    store::{Commit, Store, StoreView},
};

/// An account of the model: nonce, balance, slots.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct ModelAccount {
    nonce: u64,
    balance: U256,
    slots: BTreeMap<U256, U256>,
}

type Model = BTreeMap<Address, ModelAccount>;

/// What happens to an account in a block: `None` removes it.
type Edit = Option<(u64, Vec<(u8, u64)>)>;
type BlockEdits = BTreeMap<u8, Edit>;

fn address(number: u8) -> Address {
    Address::repeat_byte(number)
}

fn edits() -> impl Strategy<Value = BlockEdits> {
    let edit = proptest::option::weighted(
        0.9,
        (1u64..1_000, proptest::collection::vec((0u8..24, prop_oneof![Just(0u64), 1u64..50]), 0..12)),
    );
    proptest::collection::btree_map(0u8..12, edit, 0..6)
}

/// Applies edits to the model and gives them as execution would.
fn apply(model: &mut Model, view: &StateView, edits: &BlockEdits) -> StateChanges {
    let mut accounts = Vec::new();
    for (number, edit) in edits {
        let address = address(*number);
        let before = view.record(&keccak256(address)).unwrap();
        assert_eq!(before.is_some(), model.contains_key(&address));
        match edit {
            None => {
                model.remove(&address);
                accounts.push(AccountChange { address, before, after: None, slots: Vec::new() });
            }
            Some((nonce, writes)) => {
                let account = model.entry(address).or_default();
                account.nonce = *nonce;
                account.balance = U256::from(*nonce) << 70;
                let mut slots = BTreeMap::new();
                for (slot, value) in writes {
                    let (slot, value) = (U256::from(*slot), U256::from(*value));
                    let old = account.slots.get(&slot).copied().unwrap_or_default();
                    slots.entry(slot).or_insert((old, old)).1 = value;
                    account.slots.insert(slot, value);
                }
                account.slots.retain(|_, value| !value.is_zero());
                let slots = slots.into_iter().map(|(slot, (before, after))| (slot, before, after)).collect();
                let after = Some((account.nonce, account.balance, KECCAK256_EMPTY));
                accounts.push(AccountChange { address, before, after, slots });
            }
        }
    }
    StateChanges { accounts, codes: B256Map::default() }
}

fn model_root(model: &Model) -> B256 {
    root::state_root_unhashed(model.iter().map(|(address, account)| {
        let storage = account.slots.iter().map(|(slot, value)| (B256::from(slot.to_be_bytes::<32>()), *value));
        let storage_root =
            if account.slots.is_empty() { EMPTY_ROOT_HASH } else { root::storage_root_unhashed(storage) };
        (*address, TrieAccount::new(account.nonce, account.balance, storage_root, KECCAK256_EMPTY))
    }))
}

fn check(view: &StateView, model: &Model) {
    let root = model_root(model);
    assert_eq!(view.root().unwrap(), root);
    for number in 0..12 {
        let address = address(number);
        let expected = model.get(&address);
        let account = view.account(address).unwrap();
        assert_eq!(
            account.map(|account| (account.nonce, account.balance)),
            expected.map(|account| (account.nonce, account.balance))
        );
        let slots: Vec<U256> = (0..24).map(U256::from).collect();
        for slot in &slots {
            let value = expected.and_then(|account| account.slots.get(slot)).copied().unwrap_or_default();
            assert_eq!(view.storage(address, *slot).unwrap(), value);
        }
        let all: Vec<U256> = view.all_slots(address).unwrap().into_values().collect();
        assert_eq!(all.len(), expected.map_or(0, |account| account.slots.len()));
        let proof = view.proof(address, &slots[..3]).unwrap();
        let leaf = account.map(|account| {
            alloy_rlp::encode(TrieAccount::new(account.nonce, account.balance, account.storage_root, account.code_hash))
        });
        verify_proof(root, Nibbles::unpack(keccak256(address)), leaf, &proof.proof).unwrap();
        for slot in proof.storage.iter().filter(|_| account.is_some()) {
            let value = (!slot.value.is_zero()).then(|| alloy_rlp::encode(slot.value));
            let key = Nibbles::unpack(keccak256(slot.slot.to_be_bytes::<32>()));
            verify_proof(account.unwrap().storage_root, key, value, &slot.proof).unwrap();
        }
    }
}

fn open(path: &std::path::Path) -> Arc<Store> {
    // Caches of a few entries, so that most reads go to the disk and the rest meet eviction; volumes of about two blocks.
    let config = StoreConfig {
        state_cache_bytes: 32 * 1024,
        trie_cache_bytes: 8 * 1024,
        volume_entries: 24,
        ..StoreConfig::default()
    };
    let (store, _) = Store::open(path, genesis_block().hash(), &config).unwrap();
    if let Some(head) = store.head_height().unwrap() {
        store.resume(head);
    }
    Arc::new(store)
}

fn genesis_block() -> Block {
    Block::new(Header::default(), Vec::new())
}

struct Pending {
    block: Block,
    overlay: Arc<Overlay>,
}

fn commit(store: &Arc<Store>, pending: &[Pending]) -> StateView {
    let commits: Vec<Commit<'_>> = pending
        .iter()
        .map(|Pending { block, overlay }| Commit {
            block,
            senders: &[],
            receipts: &[],
            overlay,
            certificate: None,
            registry: None,
        })
        .collect();
    store.commit(&commits).unwrap();
    StateView::of_store(StoreView::head(store.clone(), pending.last().unwrap().block.height()))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// STORE-1 to STORE-4, EXEC-5: any sequence of blocks, committed in any grouping, over several blocks that wait, with
    /// reopening and pruning in between, reads like a map kept by height.
    #[test]
    fn reads_like_a_model_at_every_height(
        blocks in proptest::collection::vec(edits(), 1..14),
        groups in proptest::collection::vec(1usize..4, 14),
        reopened in proptest::collection::vec(proptest::bool::weighted(0.2), 14),
        prune in proptest::option::of(0u64..14),
    ) {
        let directory = tempfile::tempdir().unwrap();
        let mut store = open(directory.path());
        let genesis = Pending {
            block: genesis_block(),
            overlay: Arc::new(transition(&StateView::empty(), StateChanges::default()).unwrap()),
        };
        store.commit_genesis(Commit { block: &genesis.block, senders: &[], receipts: &[], overlay: &genesis.overlay, certificate: None, registry: None }).unwrap();
        let mut head = StateView::of_store(StoreView::head(store.clone(), 0));
        let mut models = vec![Model::new()];
        let mut pending: Vec<Pending> = Vec::new();
        let mut groups = groups.into_iter();
        let mut group = groups.next().unwrap();
        let mut old_view = head.clone();
        for (index, edits) in blocks.iter().enumerate() {
            let height = index as u64 + 1;
            let mut model = models.last().unwrap().clone();
            let layers = pending.iter().rev().map(|Pending { block, overlay }| PendingLayer { height: block.height(), hash: block.hash(), overlay: overlay.clone() });
            let view = if pending.is_empty() { head.clone() } else { head.with_overlays(layers.collect()) };
            let overlay = transition(&view, apply(&mut model, &view, edits)).unwrap();
            prop_assert_eq!(overlay.state_root, model_root(&model));
            models.push(model);
            pending.push(Pending { block: Block::new(Header { number: height, ..Header::default() }, Vec::new()), overlay: Arc::new(overlay) });
            if pending.len() >= group {
                let before = head.clone();
                head = commit(&store, &pending);
                // A view that was taken before the commit still shows what it showed.
                check(&before, &models[before.height() as usize]);
                pending.clear();
                group = groups.next().unwrap();
                if reopened[index] {
                    // Every handle, as the end of a process would.
                    drop((before, old_view, head, view));
                    drop(store);
                    store = open(directory.path());
                    head = StateView::of_store(StoreView::head(store.clone(), height));
                    old_view = head.clone();
                }
            }
        }
        check(&old_view, &models[old_view.height() as usize]);
        let last = head.height();
        let mut earliest = 0;
        if let Some(below) = prune {
            store.prune(below).unwrap();
            earliest = below.min(last);
            head = StateView::of_store(StoreView::head(store.clone(), last));
        }
        for height in earliest..=last {
            check(&head.at(height), &models[height as usize]);
        }
    }

    #[test]
    fn account_records_are_read_as_written(nonce: u64, balance: [u8; 32], code: Option<[u8; 32]>) {
        let record = AccountRecord {
            nonce,
            balance: U256::from_be_bytes(balance),
            code_hash: code.map_or(KECCAK256_EMPTY, B256::from),
            storage_root: EMPTY_ROOT_HASH,
            storage_top: None,
        };
        prop_assert_eq!(AccountRecord::decode(&record.encode()), Some(record));
    }

    #[test]
    fn damaged_account_records_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..160)) {
        let _ = AccountRecord::decode(&bytes);
    }
}
