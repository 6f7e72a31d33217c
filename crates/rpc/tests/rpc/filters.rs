//! Log queries and installed filters.

use alloy::primitives::{B256, U256};
use chancery_rpc::RpcLimits;
use serde_json::{Value, json};

use super::harness::*;

fn topic(number: u64) -> Value {
    data(B256::from(U256::from(number)))
}

/// Three blocks: slots 1 and 2 written in the first, nothing in the second, slot 1 in the third.
async fn three_blocks() -> Node {
    let node = Node::start().await;
    node.include(vec![store(1, 0, 1, 10), store(1, 1, 2, 20)]);
    node.seal();
    node.include(vec![store(1, 2, 1, 30)]);
    node
}

#[tokio::test]
async fn logs_are_selected_by_range_address_and_topic() {
    let node = three_blocks().await;
    let third = data(node.chain.hash_at(3).unwrap().unwrap());
    for (filter, expected) in [
        (json!({ "fromBlock": "0x0", "toBlock": "latest" }), vec![10, 20, 30]),
        (json!({ "fromBlock": "earliest" }), vec![10, 20, 30]),
        (json!({ "fromBlock": "0x2" }), vec![30]),
        (json!({ "fromBlock": "0x1", "toBlock": "0x2" }), vec![10, 20]),
        (json!({}), vec![30]),
        (json!({ "blockHash": third }), vec![30]),
        (json!({ "fromBlock": "0x0", "address": STORE }), vec![10, 20, 30]),
        (json!({ "fromBlock": "0x0", "address": [STORE, NOBODY] }), vec![10, 20, 30]),
        (json!({ "fromBlock": "0x0", "address": NOBODY }), vec![]),
        (json!({ "fromBlock": "0x0", "topics": [topic(1)] }), vec![10, 30]),
        (json!({ "fromBlock": "0x0", "topics": [[topic(1), topic(2)]] }), vec![10, 20, 30]),
        (json!({ "fromBlock": "0x0", "topics": [null] }), vec![10, 20, 30]),
        (json!({ "fromBlock": "0x0", "topics": [topic(1), topic(1)] }), vec![]),
    ] {
        let logs = node.ok("eth_getLogs", json!([filter])).await;
        let values: Vec<_> = logs.as_array().unwrap().iter().map(|log| log["data"].clone()).collect();
        let expected: Vec<_> = expected.into_iter().map(topic).collect();
        assert_eq!(values, expected, "{filter}");
    }
    let backwards = node.fails("eth_getLogs", json!([{ "fromBlock": "0x3", "toBlock": "0x1" }])).await;
    assert_eq!(backwards.code, -32602);
    // An answer that leaves out what is still to come would look complete.
    for ahead in [json!({ "fromBlock": "0x0", "toBlock": "0x99" }), json!({ "fromBlock": "0x50", "toBlock": "0x99" })] {
        let failure = node.fails("eth_getLogs", json!([ahead])).await;
        assert_eq!((failure.code, failure.message.contains("beyond current head block 3")), (-32602, true), "{ahead}");
        let waiting = node.ok("eth_newFilter", json!([ahead])).await;
        node.ok("eth_getFilterLogs", json!([waiting])).await;
    }
    let unknown = node.fails("eth_getLogs", json!([{ "blockHash": B256::repeat_byte(1) }])).await;
    assert_eq!(unknown.code, -32001);
}

#[tokio::test]
async fn a_log_says_where_it_stands() {
    let node = three_blocks().await;
    let logs = node.ok("eth_getLogs", json!([{ "fromBlock": "0x1", "toBlock": "0x1" }])).await;
    let block = node.ok("eth_getBlockByNumber", json!(["0x1", false])).await;
    let log = &logs[1];
    assert_eq!(log["blockHash"], block["hash"]);
    assert_eq!(log["blockTimestamp"], block["timestamp"]);
    assert_eq!(log["transactionHash"], block["transactions"][1]);
    assert_eq!((&log["transactionIndex"], &log["logIndex"]), (&json!("0x1"), &json!("0x1")));
    let receipt = node.ok("eth_getTransactionReceipt", json!([log["transactionHash"]])).await;
    assert_eq!(*log, receipt["logs"][0]);
}

#[tokio::test]
async fn a_block_filter_reports_each_block_once() {
    let node = Node::start().await;
    node.seal();
    let filter = node.ok("eth_newBlockFilter", json!([])).await;
    assert_eq!(node.ok("eth_getFilterChanges", json!([filter])).await, json!([]));
    let hashes = [data(node.seal().block().hash()), data(node.seal().block().hash())];
    assert_eq!(node.ok("eth_getFilterChanges", json!([filter])).await, json!(hashes));
    assert_eq!(node.ok("eth_getFilterChanges", json!([filter])).await, json!([]));
    assert_eq!(node.ok("eth_uninstallFilter", json!([filter])).await, true);
    assert_eq!(node.ok("eth_uninstallFilter", json!([filter])).await, false);
    let gone = node.fails("eth_getFilterChanges", json!([filter])).await;
    assert_eq!((gone.code, gone.message.as_str()), (-32000, "filter not found"));
}

#[tokio::test]
async fn a_log_filter_reports_new_logs_and_can_repeat_all() {
    let node = three_blocks().await;
    let filter = node.ok("eth_newFilter", json!([{ "fromBlock": "0x0", "topics": [topic(1)] }])).await;
    assert_eq!(node.ok("eth_getFilterChanges", json!([filter])).await, json!([]));
    node.include(vec![store(1, 3, 1, 40), store(1, 4, 2, 50)]);
    let changes = node.ok("eth_getFilterChanges", json!([filter])).await;
    assert_eq!(changes.as_array().unwrap().len(), 1);
    assert_eq!(changes[0]["data"], topic(40));
    assert_eq!(node.ok("eth_getFilterChanges", json!([filter])).await, json!([]));
    let all = node.ok("eth_getFilterLogs", json!([filter])).await;
    assert_eq!(all.as_array().unwrap().len(), 3);
    let blocks = node.ok("eth_newBlockFilter", json!([])).await;
    assert_eq!(node.fails("eth_getFilterLogs", json!([blocks])).await.message, "filter not found");
    assert_eq!(node.fails("eth_newFilter", json!([{ "blockHash": B256::ZERO }])).await.code, -32602);
}

#[tokio::test]
async fn a_filter_with_an_end_reports_nothing_after_it() {
    let node = Node::start().await;
    let filter = node.ok("eth_newFilter", json!([{ "toBlock": "0x1" }])).await;
    node.include(vec![store(1, 0, 1, 10)]);
    node.include(vec![store(1, 1, 1, 20)]);
    let changes = node.ok("eth_getFilterChanges", json!([filter])).await;
    assert_eq!(changes.as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_poll_returns_what_fits_and_the_next_poll_the_rest() {
    let node = Node::with_limits(RpcLimits { max_log_results: 2, ..RpcLimits::default() }).await;
    let filter = node.ok("eth_newFilter", json!([{}])).await;
    for nonce in 0..5 {
        node.include(vec![store(1, nonce, 1, nonce)]);
    }
    let mut seen = Vec::new();
    for _ in 0..3 {
        let changes = node.ok("eth_getFilterChanges", json!([filter])).await;
        seen.extend(changes.as_array().unwrap().iter().map(|log| log["data"].clone()));
    }
    assert_eq!(seen, (0..5).map(topic).collect::<Vec<_>>(), "every log exactly once, in order");
}

#[tokio::test]
async fn a_filter_of_pending_transactions_reports_them_as_they_come() {
    let node = Node::start().await;
    let hashes = node.ok("eth_newPendingTransactionFilter", json!([])).await;
    let whole = node.ok("eth_newPendingTransactionFilter", json!([true])).await;
    let hash = node.ok("eth_sendRawTransaction", json!([transfer(1, 0)])).await;
    assert_eq!(node.ok("eth_getFilterChanges", json!([hashes])).await, json!([hash]));
    assert_eq!(node.ok("eth_getFilterChanges", json!([whole])).await[0]["hash"], hash);
    assert_eq!(node.ok("eth_getFilterChanges", json!([hashes])).await, json!([]));
}
