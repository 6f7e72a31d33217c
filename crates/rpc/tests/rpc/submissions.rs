//! Transactions into the pool: one by one, in batches, synchronously.

use std::time::Duration;

use alloy::{
    consensus::TxEip1559,
    primitives::{Bytes, TxKind, U256},
};
use serde_json::{Value, json};

use super::harness::*;

#[tokio::test]
async fn a_transaction_is_in_the_pool_until_it_is_in_a_block() {
    let node = Node::start().await;
    let hash = node.ok("eth_sendRawTransaction", json!([transfer(1, 0)])).await;
    assert_eq!(hash, data(alloy::primitives::keccak256(transfer(1, 0))));
    let waiting = node.ok("eth_getTransactionByHash", json!([hash])).await;
    assert_eq!((&waiting["blockHash"], &waiting["from"]), (&Value::Null, &data(signer(1).address())));
    assert_eq!(node.ok("eth_getTransactionReceipt", json!([hash])).await, Value::Null);
    assert_eq!(node.ok("eth_getRawTransactionByHash", json!([hash])).await, json!(transfer(1, 0)));
    node.seal();
    assert_eq!(node.ok("eth_getTransactionByHash", json!([hash])).await["blockNumber"], "0x1");
    assert_eq!(node.ok("eth_getTransactionReceipt", json!([hash])).await["status"], "0x1");
    assert_eq!(node.chain.pool().status().pending, 0);
}

#[tokio::test]
async fn refusals_read_as_clients_expect_them() {
    let node = Node::start().await;
    node.include(vec![transfer(1, 0)]);
    node.ok("eth_sendRawTransaction", json!([transfer(2, 0)])).await;
    let priced = |value: u64| {
        let (value, max_fee_per_gas) = (U256::from(value), 10);
        sign(&signer(3), TxEip1559 { value, max_fee_per_gas, ..unpriced(0) })
    };
    node.ok("eth_sendRawTransaction", json!([priced(1)])).await;
    let poor = alloy::signers::local::PrivateKeySigner::random();
    let table = [
        (transfer(1, 0), -32000, "nonce too low"),
        (transfer(2, 0), -32000, "already known"),
        (priced(2), -32000, "replacement transaction underpriced"),
        (signed(&poor, 0, NOBODY.into(), 1, Bytes::new()), -32000, "insufficient funds"),
        (Bytes::from_static(&[1, 2, 3]), -32000, ""),
        (Bytes::new(), -32000, ""),
    ];
    for (raw, code, text) in table {
        let failure = node.fails("eth_sendRawTransaction", json!([raw])).await;
        assert_eq!(failure.code, code, "{}", failure.message);
        assert!(failure.message.starts_with(text), "{} should start with {text}", failure.message);
    }
    assert_eq!(node.chain.pool().status().pending, 2);
}

fn batch(calls: &[(&str, Value)]) -> String {
    let calls: Vec<_> = calls
        .iter()
        .enumerate()
        .map(|(id, (method, params))| json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }))
        .collect();
    Value::from(calls).to_string()
}

#[tokio::test]
async fn a_batch_is_answered_entry_by_entry_in_order() {
    let node = Node::start().await;
    let sender = signer(1).address();
    let body = batch(&[
        ("eth_sendRawTransaction", json!([transfer(1, 0)])),
        ("eth_sendRawTransaction", json!([transfer(1, 1)])),
        ("eth_sendRawTransaction", json!(["0xzz"])),
        ("eth_sendRawTransaction", json!([transfer(1, 0)])),
        // Sees what came before it, not what comes after.
        ("eth_getTransactionCount", json!([sender, "pending"])),
        ("eth_sendRawTransaction", json!([transfer(1, 2)])),
        ("eth_sendRawTransaction", json!([])),
        ("eth_nonsense", json!([])),
    ]);
    let (status, body) = node.post(body).await;
    assert_eq!(status, 200);
    let answers: Vec<Value> = serde_json::from_str(&body).unwrap();
    let ids: Vec<_> = answers.iter().map(|answer| answer["id"].as_u64().unwrap()).collect();
    assert_eq!(ids, [0, 1, 2, 3, 4, 5, 6, 7]);
    let answers: Vec<_> = answers.into_iter().map(answer).collect();
    assert_eq!(answers[0], Ok(data(alloy::primitives::keccak256(transfer(1, 0)))));
    assert_eq!(answers[1], Ok(data(alloy::primitives::keccak256(transfer(1, 1)))));
    let code = |index: usize| answers[index].clone().unwrap_err().code;
    assert_eq!((code(2), code(3), code(6), code(7)), (-32602, -32000, -32602, -32601));
    assert_eq!(answers[4], Ok(json!("0x2")));
    assert_eq!(answers[5], Ok(data(alloy::primitives::keccak256(transfer(1, 2)))));
    assert_eq!(node.chain.pool().status().pending, 3);
}

#[tokio::test]
async fn batches_with_notifications_and_rubbish() {
    let node = Node::start().await;
    let mixed = r#"[{"jsonrpc":"2.0","method":"eth_chainId"},7,{"jsonrpc":"2.0","id":5,"method":"eth_chainId"}]"#;
    let answers: Vec<Value> = serde_json::from_str(&node.post(mixed).await.1).unwrap();
    assert_eq!(answers.len(), 2, "a notification has no answer");
    assert_eq!(answers[0]["error"]["code"], -32600);
    assert_eq!((&answers[1]["id"], &answers[1]["result"]), (&json!(5), &json!("0x1bbc")));

    let (status, body) = node.post(r#"[{"jsonrpc":"2.0","method":"eth_chainId"}]"#).await;
    assert_eq!((status, body.is_empty() || body == "null"), (200, true), "{body}");
    let empty: Value = serde_json::from_str(&node.post("[]").await.1).unwrap();
    assert_eq!(empty["error"]["code"], -32600);
}

#[tokio::test]
async fn a_large_batch_of_transactions_goes_in_whole() {
    let node = Node::start().await;
    let calls: Vec<_> =
        (0..100).map(|index| ("eth_sendRawTransaction", json!([transfer(index % 20 + 1, index / 20)]))).collect();
    let answers: Vec<Value> = serde_json::from_str(&node.post(batch(&calls)).await.1).unwrap();
    assert!(answers.iter().all(|answer| answer.get("result").is_some()));
    assert_eq!(node.seal().block().transactions().len(), 100);
    let counted = node.handle.metrics().snapshot();
    let sent = counted.iter().find(|counts| counts.method == "eth_sendRawTransaction").unwrap();
    assert_eq!((sent.requests, sent.errors), (100, 0));
}

#[tokio::test]
async fn a_synchronous_submission_returns_the_receipt() {
    let node = Node::start().await;
    let sending = node.call("eth_sendRawTransactionSync", json!([transfer(1, 0), 20_000]));
    let sealing = async {
        node.chain.pool().wait_nonempty().await;
        node.seal()
    };
    let (receipt, block) = tokio::join!(sending, sealing);
    let receipt = receipt.unwrap();
    assert_eq!(receipt["blockHash"], data(block.block().hash()));
    assert_eq!(receipt["status"], "0x1");
}

#[tokio::test]
async fn a_synchronous_submission_that_is_not_included_names_its_hash() {
    let node = Node::start().await;
    let failure = node.fails("eth_sendRawTransactionSync", json!([transfer(1, 0), 1])).await;
    assert_eq!(failure.code, 4);
    assert_eq!(failure.data, data(alloy::primitives::keccak256(transfer(1, 0))));
    assert_eq!(node.chain.pool().status().pending, 1, "the transaction stays");
    let refused = node.fails("eth_sendRawTransactionSync", json!([transfer(1, 0), 1])).await;
    assert_eq!((refused.code, refused.message.as_str()), (-32000, "already known"));
}

#[tokio::test]
async fn the_pool_can_be_looked_at() {
    let node = Node::start().await;
    node.ok("eth_sendRawTransaction", json!([transfer(1, 0)])).await;
    node.ok("eth_sendRawTransaction", json!([transfer(1, 5)])).await;
    node.ok("eth_sendRawTransaction", json!([signed(&signer(2), 0, TxKind::Create, 0, Bytes::new())])).await;
    assert_eq!(node.ok("txpool_status", json!([])).await, json!({ "pending": "0x2", "queued": "0x1" }));
    let (first, second) = (signer(1).address().to_string(), signer(2).address().to_string());
    let content = node.ok("txpool_content", json!([])).await;
    assert_eq!(content["pending"][&first]["0"]["nonce"], "0x0");
    assert_eq!(content["queued"][&first]["5"]["nonce"], "0x5");
    let from = node.ok("txpool_contentFrom", json!([signer(1).address()])).await;
    assert_eq!(from["pending"]["0"], content["pending"][&first]["0"]);
    assert_eq!(from["queued"]["5"], content["queued"][&first]["5"]);
    let lines = node.ok("txpool_inspect", json!([])).await;
    assert!(lines["pending"][&first]["0"].as_str().unwrap().contains("1 wei + 1000000 gas"));
    assert!(lines["pending"][&second]["0"].as_str().unwrap().starts_with("contract creation"));
}

#[tokio::test]
async fn many_senders_submit_at_the_same_time() {
    let node = Node::start().await;
    let clients = (1..=20u64).map(|sender| {
        let calls: Vec<_> = (0..25).map(|nonce| ("eth_sendRawTransaction", json!([transfer(sender, nonce)]))).collect();
        node.post(batch(&calls))
    });
    let answered = tokio::time::timeout(Duration::from_secs(60), futures::future::join_all(clients)).await.unwrap();
    assert!(answered.iter().all(|(status, body)| *status == 200 && !body.contains("error")));
    assert_eq!(node.seal().block().transactions().len(), 500);
}
