//! Blocks, transactions and receipts.

use alloy::primitives::{B256, Bytes, TxKind};
use serde_json::{Value, json};

use super::harness::*;

#[tokio::test]
async fn every_name_of_the_head_is_the_head() {
    let node = Node::start().await;
    node.seal();
    let head = node.seal();
    for tag in ["latest", "safe", "finalized", "pending", "0x2"] {
        let block = node.ok("eth_getBlockByNumber", json!([tag, false])).await;
        assert_eq!(block["hash"], data(head.block().hash()), "{tag}");
    }
    let genesis = node.ok("eth_getBlockByNumber", json!(["earliest", false])).await;
    assert_eq!(genesis["hash"], data(node.chain.genesis_hash()));
    assert_eq!(node.ok("eth_getBlockByNumber", json!(["0x3", false])).await, Value::Null);
    assert_eq!(node.ok("eth_getBlockByHash", json!([B256::repeat_byte(9), false])).await, Value::Null);
}

#[tokio::test]
async fn a_block_hashes_to_its_hash_and_says_its_milliseconds() {
    let node = Node::start().await;
    let block = node.include(vec![transfer(1, 0)]);
    let raw: Bytes = node.ok("debug_getRawHeader", json!(["latest"])).await.as_str().unwrap().parse().unwrap();
    assert_eq!(alloy::primitives::keccak256(&raw), block.block().hash());
    let shown = node.ok("eth_getBlockByNumber", json!(["latest", false])).await;
    assert_eq!(shown["baseFeePerGas"], "0x0");
    assert_eq!(shown["size"], quantity(block.block().encoded_length() as u64));
    let extra: Bytes = shown["extraData"].as_str().unwrap().parse().unwrap();
    let millisecond = u64::from(u16::from_be_bytes([extra[21], extra[22]]));
    let seconds = u64::from_str_radix(&shown["timestamp"].as_str().unwrap()[2..], 16).unwrap();
    assert_eq!(seconds * 1_000 + millisecond, block.block().time_ms());
    let raw_block: Bytes = node.ok("debug_getRawBlock", json!(["latest"])).await.as_str().unwrap().parse().unwrap();
    assert_eq!(raw_block, block.block().encode());
}

#[tokio::test]
async fn transactions_are_found_by_hash_and_by_place() {
    let node = Node::start().await;
    let block = node.include(vec![transfer(1, 0), store(2, 0, 3, 4)]);
    let block_hash = data(block.block().hash());
    for (index, sent) in block.block().transactions().iter().enumerate() {
        let place = quantity(index as u64);
        let by_hash = node.ok("eth_getTransactionByHash", json!([data(sent.hash())])).await;
        assert_eq!(by_hash["hash"], data(sent.hash()));
        assert_eq!(by_hash["transactionIndex"], place);
        assert_eq!(by_hash["blockHash"], block_hash);
        assert_eq!(by_hash["from"], data(signer(index as u64 + 1).address()));
        assert_eq!(by_hash["gasPrice"], "0x0");
        assert_eq!(by_hash, node.ok("eth_getTransactionByBlockHashAndIndex", json!([block_hash, place])).await);
        assert_eq!(by_hash, node.ok("eth_getTransactionByBlockNumberAndIndex", json!(["0x1", place])).await);
        let raw = data(sent.encoded());
        assert_eq!(raw, node.ok("eth_getRawTransactionByHash", json!([data(sent.hash())])).await);
        assert_eq!(raw, node.ok("eth_getRawTransactionByBlockHashAndIndex", json!([block_hash, place])).await);
        assert_eq!(raw, node.ok("eth_getRawTransactionByBlockNumberAndIndex", json!(["0x1", place])).await);
    }
    let whole = node.ok("eth_getBlockByNumber", json!(["0x1", true])).await;
    assert_eq!(whole["transactions"].as_array().unwrap().len(), 2);
    assert_eq!(whole["transactions"][1]["to"], data(STORE));
    assert_eq!(node.ok("eth_getTransactionByHash", json!([B256::ZERO])).await, Value::Null);
    assert_eq!(node.ok("eth_getBlockTransactionCountByNumber", json!(["0x1"])).await, "0x2");
    assert_eq!(node.ok("eth_getBlockTransactionCountByNumber", json!(["0x7"])).await, Value::Null);
}

#[tokio::test]
async fn receipts_count_gas_and_logs_within_the_block() {
    let node = Node::start().await;
    let deployment = signed(&signer(3), 0, TxKind::Create, 0, Bytes::from_static(&[0x60, 0, 0x60, 0, 0xf3]));
    let reverting = signed(&signer(4), 0, REVERTER.into(), 0, Bytes::new());
    let block = node.include(vec![store(1, 0, 3, 4), store(2, 0, 5, 6), deployment, reverting]);
    let receipts = node.ok("eth_getBlockReceipts", json!(["latest"])).await;
    let receipts = receipts.as_array().unwrap();
    let mut cumulative = 0;
    for (receipt, sent) in receipts.iter().zip(block.block().transactions()) {
        assert_eq!(*receipt, node.ok("eth_getTransactionReceipt", json!([data(sent.hash())])).await);
        let number = |name: &str| u64::from_str_radix(&receipt[name].as_str().unwrap()[2..], 16).unwrap();
        cumulative += number("gasUsed");
        assert_eq!(number("cumulativeGasUsed"), cumulative);
        assert_eq!(receipt["effectiveGasPrice"], "0x0");
        assert_eq!(receipt["type"], "0x2");
    }
    assert_eq!(receipts[0]["logs"][0]["logIndex"], "0x0");
    assert_eq!(receipts[1]["logs"][0]["logIndex"], "0x1");
    assert_eq!(receipts[1]["logs"][0]["address"], data(STORE));
    assert_eq!(receipts[2]["contractAddress"], data(signer(3).address().create(0)));
    assert_eq!(receipts[2]["to"], Value::Null);
    let statuses: Vec<_> = receipts.iter().map(|receipt| receipt["status"].clone()).collect();
    assert_eq!(statuses, ["0x1", "0x1", "0x1", "0x0"]);
    assert_eq!(node.ok("eth_getBlockReceipts", json!([data(block.block().hash())])).await.as_array().unwrap().len(), 4);
    assert_eq!(node.ok("eth_getBlockReceipts", json!(["0x44"])).await, Value::Null);
}

#[tokio::test]
async fn there_are_no_uncles() {
    let node = Node::start().await;
    let hash = data(node.seal().block().hash());
    assert_eq!(node.ok("eth_getUncleCountByBlockNumber", json!(["latest"])).await, "0x0");
    assert_eq!(node.ok("eth_getUncleCountByBlockHash", json!([hash])).await, "0x0");
    assert_eq!(node.ok("eth_getUncleByBlockNumberAndIndex", json!(["latest", "0x0"])).await, Value::Null);
    assert_eq!(node.ok("eth_getUncleByBlockHashAndIndex", json!([hash, "0x0"])).await, Value::Null);
}
