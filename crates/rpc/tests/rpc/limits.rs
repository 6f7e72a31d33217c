//! Every limit of `RpcLimits` holds, and the error names it.

use alloy::primitives::B256;
use chancery_rpc::RpcLimits;
use serde_json::{Value, json};

use super::harness::*;

async fn named(limits: RpcLimits, limit: &str, method: &str, params: Value) -> Failure {
    let node = Node::with_limits(limits).await;
    for nonce in 0..3 {
        node.include(vec![store(1, 2 * nonce, 1, 1), store(1, 2 * nonce + 1, 1, 2)]);
    }
    let failure = node.fails(method, params).await;
    assert!(failure.message.contains(limit), "{method}: {} should name {limit}", failure.message);
    assert_eq!(failure.data["limit"], limit, "{method}");
    failure
}

#[tokio::test]
async fn limits_of_single_calls_are_named() {
    let all = json!({ "fromBlock": "0x0" });
    let call = json!({ "to": STORE });
    let sim = |blocks: Value| json!([{ "blockStateCalls": blocks }, "latest"]);
    let default = RpcLimits::default;
    let table = [
        (RpcLimits { max_log_block_range: 3, ..default() }, "max_log_block_range", "eth_getLogs", json!([all])),
        (RpcLimits { max_log_results: 5, ..default() }, "max_log_results", "eth_getLogs", json!([all])),
        (
            RpcLimits { max_log_filter_values: 1, ..default() },
            "max_log_filter_values",
            "eth_getLogs",
            json!([{ "address": [STORE, NOBODY] }]),
        ),
        (
            RpcLimits { max_log_filter_values: 1, ..default() },
            "max_log_filter_values",
            "eth_newFilter",
            json!([{ "topics": [[B256::ZERO, B256::repeat_byte(1)]] }]),
        ),
        (
            RpcLimits { max_fee_history_percentiles: 1, ..default() },
            "max_fee_history_percentiles",
            "eth_feeHistory",
            json!(["0x1", "latest", [1, 2]]),
        ),
        (
            RpcLimits { max_proof_keys: 1, ..default() },
            "max_proof_keys",
            "eth_getProof",
            json!([STORE, ["0x0", "0x1"]]),
        ),
        (
            RpcLimits { max_simulated_blocks: 1, ..default() },
            "max_simulated_blocks",
            "eth_simulateV1",
            sim(json!([{}, {}])),
        ),
        (
            RpcLimits { max_simulated_blocks: 4, ..default() },
            "max_simulated_blocks",
            "eth_simulateV1",
            sim(json!([{ "blockOverrides": { "number": "0xff" } }])),
        ),
        (
            RpcLimits { max_simulated_calls: 1, ..default() },
            "max_simulated_calls",
            "eth_simulateV1",
            sim(json!([{ "calls": [call, call] }])),
        ),
        (
            RpcLimits { max_response_bytes: 400, ..default() },
            "max_response_bytes",
            "eth_getBlockByNumber",
            json!(["latest", true]),
        ),
        (
            RpcLimits { max_sync_wait_ms: 10, ..default() },
            "max_sync_wait_ms",
            "eth_sendRawTransactionSync",
            json!([transfer(2, 0), 11]),
        ),
        (RpcLimits { max_filters: 0, ..default() }, "max_filters", "eth_newBlockFilter", json!([])),
        (
            RpcLimits { max_trace_steps: 5, ..default() },
            "max_trace_steps",
            "debug_traceCall",
            json!([{ "to": STORE }, "latest"]),
        ),
        (
            RpcLimits { max_response_bytes: 300, ..default() },
            "max_response_bytes",
            "debug_traceBlockByNumber",
            json!(["latest", { "tracer": "callTracer" }]),
        ),
    ];
    for (limits, limit, method, params) in table {
        named(limits, limit, method, params).await;
    }
}

#[tokio::test]
async fn too_many_results_come_with_a_range_that_fits() {
    let limits = RpcLimits { max_log_results: 5, ..RpcLimits::default() };
    let failure = named(limits, "max_log_results", "eth_getLogs", json!([{ "fromBlock": "0x0" }])).await;
    assert!(failure.message.contains("retry with the range 0x0-0x2"), "{}", failure.message);
}

#[tokio::test]
async fn a_call_gets_no_more_gas_than_the_limit() {
    let node = Node::with_limits(RpcLimits { max_call_gas: 30_000, ..RpcLimits::default() }).await;
    // GAS
    let overrides = json!({ NOBODY.to_string(): { "code": "0x5a60005260206000f3" } });
    let left = node.ok("eth_call", json!([{ "to": NOBODY, "gas": "0xffffffff" }, "latest", overrides])).await;
    let left = u64::from_str_radix(left.as_str().unwrap().trim_start_matches("0x"), 16).unwrap();
    assert!((5_000..9_000).contains(&left), "{left}");
    let failure = node.fails("eth_call", json!([{ "to": STORE, "data": store_input(1, 1) }])).await;
    assert_eq!(failure.message, "out of gas");
    let failure = node.fails("eth_estimateGas", json!([{ "to": STORE, "data": store_input(1, 1) }])).await;
    assert_eq!(failure.message, "gas required exceeds allowance (30000)");
}

#[tokio::test]
async fn a_fee_history_is_cut_to_the_limit() {
    let node = Node::with_limits(RpcLimits { max_fee_history_blocks: 2, ..RpcLimits::default() }).await;
    (0..5).for_each(|_| drop(node.seal()));
    let history = node.ok("eth_feeHistory", json!(["0x400", "latest", []])).await;
    assert_eq!(history["oldestBlock"], "0x4");
}

#[tokio::test]
async fn pending_transactions_come_in_portions() {
    let node = Node::with_limits(RpcLimits { max_pending_transactions_per_poll: 2, ..RpcLimits::default() }).await;
    let filter = node.ok("eth_newPendingTransactionFilter", json!([])).await;
    for nonce in 0..3 {
        node.ok("eth_sendRawTransaction", json!([transfer(1, nonce)])).await;
    }
    assert_eq!(node.ok("eth_getFilterChanges", json!([filter])).await.as_array().unwrap().len(), 2);
    assert_eq!(node.ok("eth_getFilterChanges", json!([filter])).await.as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn only_so_many_synchronous_submissions_wait() {
    let node = Node::with_limits(RpcLimits { max_concurrent_sync_waits: 1, ..RpcLimits::default() }).await;
    let first = node.call("eth_sendRawTransactionSync", json!([transfer(1, 0), 20_000]));
    let second = async {
        node.chain.pool().wait_nonempty().await;
        let failure = node.fails("eth_sendRawTransactionSync", json!([transfer(2, 0)])).await;
        node.seal();
        failure
    };
    let (receipt, failure) = tokio::join!(first, second);
    assert_eq!(receipt.unwrap()["status"], "0x1");
    assert_eq!((failure.code, &failure.data["limit"]), (-32005, &json!("max_concurrent_sync_waits")));
}

#[tokio::test]
async fn an_idle_filter_is_removed() {
    let node = Node::with_limits(RpcLimits { filter_idle_seconds: 0, ..RpcLimits::default() }).await;
    let filter = node.ok("eth_newBlockFilter", json!([])).await;
    assert_eq!(node.fails("eth_getFilterChanges", json!([filter])).await.message, "filter not found");
}

#[tokio::test]
async fn a_certificate_too_far_away_is_not_searched_for() {
    let node = Node::with_limits(RpcLimits { max_finality_headers: 0, ..RpcLimits::default() }).await;
    node.seal();
    let failure = node.fails("chancery_getFinality", json!(["0x0"])).await;
    assert_eq!(failure.data["limit"], "max_finality_headers");
}

#[tokio::test]
async fn batches_are_limited_in_length_and_in_what_they_answer() {
    let node =
        Node::with_limits(RpcLimits { max_batch_length: 2, max_response_bytes: 2_000, ..RpcLimits::default() }).await;
    let call = json!({ "jsonrpc": "2.0", "id": 1, "method": "eth_chainId", "params": [] });
    let answers: Value = serde_json::from_str(&node.post(json!([call, call]).to_string()).await.1).unwrap();
    assert_eq!(answers.as_array().unwrap().len(), 2);
    let refused: Value = serde_json::from_str(&node.post(json!([call, call, call]).to_string()).await.1).unwrap();
    assert_eq!(refused["error"]["code"], -32010);
    assert!(refused["error"]["message"].as_str().unwrap().contains("max_batch_length"), "{refused}");
    let code = json!({ "jsonrpc": "2.0", "id": 1, "method": "debug_getRawHeader", "params": ["latest"] });
    let refused: Value = serde_json::from_str(&node.post(json!([code, code]).to_string()).await.1).unwrap();
    assert!(refused["error"]["message"].as_str().unwrap().contains("max_response_bytes"), "{refused}");
}

#[tokio::test]
async fn bodies_are_limited_with_and_without_a_declared_length() {
    let node = Node::with_limits(RpcLimits { max_body_bytes: 1_000, ..RpcLimits::default() }).await;
    let long =
        json!({ "jsonrpc": "2.0", "id": 1, "method": "web3_sha3", "params": [format!("0x{}", "00".repeat(1_000))] });
    let (status, body) = node.post(long.to_string()).await;
    assert_eq!(status, 413);
    assert!(body.contains("max_body_bytes"), "{body}");
    let pieces = futures::stream::iter((0..40).map(|_| Ok::<_, std::io::Error>(vec![b'['; 100])));
    let (status, body) = node.post(reqwest::Body::wrap_stream(pieces)).await;
    assert_eq!(status, 413);
    assert!(body.contains("max_body_bytes"), "{body}");
}
