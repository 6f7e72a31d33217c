//! More changes of the validator set than one answer shows.

use std::collections::BTreeMap;

use alloy::primitives::{B256, Bytes, U256};
use alloy_genesis::GenesisAccount;
use chancery_execution::GenesisConfig;
use chancery_light::{HANDOVERS_PER_ANSWER, Handover};
use chancery_primitives::{
    extra_data::validator_set_hash,
    validator_registry::{
        CHANGED_EPOCHS_PER_SLOT, CHANGED_EPOCHS_SLOT, EPOCH_LENGTH_SLOT, PEER_KEYS_SLOT, SET_HASH_SLOT,
        VALIDATOR_REGISTRY, changed_epochs_slot, peer_key_slot, record_slot,
    },
};
use chancery_rpc::{RpcAccess, RpcLimits};
use serde_json::{Value, json};

use super::harness::*;

/// Epochs of one block, in each of which from the first to this one the set was changed.
const CHANGES: u64 = 100;

/// A registry, written into the state by hand, that says so of its one validator.
fn changed_often() -> GenesisConfig {
    let mut config = genesis();
    let validator = config.validators[0].clone();
    let record = record_slot(validator.peer_public_key);
    let key = validator.bls_public_key;
    let mut slots = BTreeMap::from([
        (SET_HASH_SLOT, U256::from_be_bytes(validator_set_hash(&[key.0]).0)),
        (EPOCH_LENGTH_SLOT, U256::from(1)),
        (PEER_KEYS_SLOT, U256::from(1)),
        (peer_key_slot(0), U256::from_be_bytes(validator.peer_public_key.0)),
        (record, U256::from(b'A') << 248),
        (record + U256::from(1), U256::from_be_slice(&key[..32])),
        (record + U256::from(2), U256::from_be_slice(&key[32..])),
        (CHANGED_EPOCHS_SLOT, U256::from(CHANGES)),
    ]);
    for index in 0..CHANGES as usize {
        let epoch = U256::from(index + 1) << (64 * (index % CHANGED_EPOCHS_PER_SLOT));
        *slots.entry(changed_epochs_slot(index)).or_default() |= epoch;
    }
    let storage = slots.into_iter().map(|(slot, value)| (B256::from(slot), B256::from(value))).collect();
    let registry = GenesisAccount::default().with_code(Some(Bytes::from(vec![0]))).with_storage(Some(storage));
    config.alloc.insert(VALIDATOR_REGISTRY, registry);
    config
}

fn handovers(answer: Value) -> Vec<Handover> {
    serde_json::from_value(answer).unwrap()
}

// FINALITY-10
#[tokio::test]
async fn handovers_come_in_pages_that_follow_one_another_and_the_last_is_not_full() {
    let node = Node::over(&changed_often(), RpcLimits::default(), RpcAccess::default()).await;
    (0..=CHANGES).for_each(|_| drop(node.seal()));
    let mut known = 0;
    let mut pages = Vec::new();
    loop {
        let page = handovers(node.ok("chancery_getHandovers", json!([format!("{known:#x}")])).await);
        let finality = node.ok("chancery_getFinality", json!([quantity(CHANGES + 1), format!("{known:#x}")])).await;
        let same = finality.get("handovers").cloned().map_or_else(Vec::new, handovers);
        assert_eq!(same, page, "both methods show the same page");
        let Some(last) = page.last() else { break };
        assert!(last.next_epoch().unwrap() > known, "a page leads on");
        known = last.next_epoch().unwrap();
        pages.push(page.len());
        if page.len() < HANDOVERS_PER_ANSWER {
            break;
        }
    }
    assert_eq!(pages, [HANDOVERS_PER_ANSWER, CHANGES as usize - HANDOVERS_PER_ANSWER]);
    assert_eq!(known, CHANGES + 1);
}
