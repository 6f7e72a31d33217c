//! Accounts, storage, nonces, proofs; blocks named in every way.

use alloy::primitives::{B256, Bytes, U256, keccak256};
use alloy_rlp::Encodable;
use alloy_trie::{Nibbles, TrieAccount, proof::verify_proof};
use serde_json::{Value, json};

use super::harness::*;

#[tokio::test]
async fn state_is_read_at_the_block_that_is_named() {
    let node = Node::start().await;
    let first = node.include(vec![store(1, 0, 5, 60)]);
    let second = node.include(vec![store(1, 1, 5, 70)]);
    let (first_hash, second_hash) = (data(first.block().hash()), data(second.block().hash()));
    for (block, expected) in [
        (json!("earliest"), 0),
        (json!("0x0"), 0),
        (json!("0x1"), 60),
        (json!({ "blockNumber": "0x1" }), 60),
        (json!({ "blockHash": first_hash }), 60),
        (json!({ "blockHash": second_hash, "requireCanonical": true }), 70),
        (second_hash, 70),
        (json!("latest"), 70),
        (json!("safe"), 70),
        (json!("finalized"), 70),
        (json!("pending"), 70),
        (Value::Null, 70),
    ] {
        let value = node.ok("eth_getStorageAt", json!([STORE, "0x5", block])).await;
        assert_eq!(value, data(B256::from(U256::from(expected))), "{block}");
    }
    // A slot may be a quantity or 32 bytes.
    let padded = data(B256::from(U256::from(5)));
    assert_eq!(node.ok("eth_getStorageAt", json!([STORE, padded])).await, data(B256::from(U256::from(70))));
    for unknown in [json!("0x99"), json!({ "blockHash": B256::repeat_byte(3) })] {
        for method in ["eth_getBalance", "eth_getCode", "eth_getTransactionCount"] {
            let failure = node.fails(method, json!([STORE, unknown])).await;
            assert_eq!(failure.code, -32001, "{method}");
            assert!(failure.message.starts_with("header not found"), "{}", failure.message);
        }
    }
}

#[tokio::test]
async fn accounts_have_balance_code_and_nonce() {
    let node = Node::start().await;
    node.include(vec![transfer(1, 0), transfer(1, 1)]);
    let sender = signer(1).address();
    assert_eq!(node.ok("eth_getBalance", json!([sender, "earliest"])).await, json!(start_balance()));
    assert_eq!(node.ok("eth_getBalance", json!([sender, "latest"])).await, json!(start_balance() - U256::from(2)));
    assert_eq!(node.ok("eth_getBalance", json!([NOBODY])).await, "0x2");
    assert_eq!(node.ok("eth_getTransactionCount", json!([sender, "latest"])).await, "0x2");
    assert_eq!(node.ok("eth_getTransactionCount", json!([sender, "0x0"])).await, "0x0");
    assert_eq!(node.ok("eth_getCode", json!([sender, "latest"])).await, "0x");
    assert!(node.ok("eth_getCode", json!([STORE, "latest"])).await.as_str().unwrap().starts_with("0x3615"));
}

#[tokio::test]
async fn the_pending_nonce_counts_what_waits_in_the_pool() {
    let node = Node::start().await;
    let sender = signer(1).address();
    for nonce in 0..3u64 {
        node.ok("eth_sendRawTransaction", json!([transfer(1, nonce)])).await;
    }
    assert_eq!(node.ok("eth_getTransactionCount", json!([sender, "pending"])).await, "0x3");
    assert_eq!(node.ok("eth_getTransactionCount", json!([sender, "latest"])).await, "0x0");
    // One that waits for a nonce before it does not count.
    node.ok("eth_sendRawTransaction", json!([transfer(1, 9)])).await;
    assert_eq!(node.ok("eth_getTransactionCount", json!([sender, "pending"])).await, "0x3");
    assert_eq!(node.ok("eth_getTransactionCount", json!([NOBODY, "pending"])).await, "0x0");
    node.seal();
    assert_eq!(node.ok("eth_getTransactionCount", json!([sender, "pending"])).await, "0x3");
}

fn nodes(proof: &Value) -> Vec<Bytes> {
    proof.as_array().unwrap().iter().map(|node| node.as_str().unwrap().parse().unwrap()).collect()
}

#[tokio::test]
async fn proofs_hold_against_the_state_root() {
    let node = Node::start().await;
    let block = node.include(vec![store(1, 0, 5, 60), store(2, 0, 6, 61)]);
    node.include(vec![store(1, 1, 5, 99)]);
    let proof = node.ok("eth_getProof", json!([STORE, ["0x5", "0x6", "0x7"], "0x1"])).await;

    let root = block.block().header().state_root;
    let storage_root: B256 = proof["storageHash"].as_str().unwrap().parse().unwrap();
    let account = TrieAccount {
        nonce: 0,
        balance: U256::ZERO,
        storage_root,
        code_hash: proof["codeHash"].as_str().unwrap().parse().unwrap(),
    };
    let mut rlp = Vec::new();
    account.encode(&mut rlp);
    let account_nodes = nodes(&proof["accountProof"]);
    verify_proof(root, Nibbles::unpack(keccak256(STORE)), Some(rlp.clone()), &account_nodes).unwrap();
    // The proof is of this content and no other.
    assert!(verify_proof(root, Nibbles::unpack(keccak256(NOBODY)), Some(rlp), &account_nodes).is_err());

    for (index, (slot, value)) in [(5u64, 60u64), (6, 61), (7, 0)].into_iter().enumerate() {
        let proven = &proof["storageProof"][index];
        assert_eq!(proven["value"], quantity(value));
        let expected = (value != 0).then(|| alloy_rlp::encode(U256::from(value)));
        let key = Nibbles::unpack(keccak256(B256::from(U256::from(slot))));
        verify_proof(storage_root, key, expected, &nodes(&proven["proof"])).unwrap();
    }
}

#[tokio::test]
async fn the_absence_of_an_account_is_proven() {
    let node = Node::start().await;
    let block = node.seal();
    let proof = node.ok("eth_getProof", json!([NOBODY, ["0x1"], "latest"])).await;
    assert_eq!((&proof["balance"], &proof["nonce"]), (&json!("0x0"), &json!("0x0")));
    let root = block.block().header().state_root;
    verify_proof(root, Nibbles::unpack(keccak256(NOBODY)), None, &nodes(&proof["accountProof"])).unwrap();
    assert_eq!(proof["storageProof"][0]["value"], "0x0");
}
