//! `debug_trace*`.

use alloy::primitives::{B256, Bytes, U256};
use serde_json::{Value, json};

use super::harness::*;

#[tokio::test]
async fn a_transaction_is_traced_as_it_ran() {
    let node = Node::start().await;
    // The second transaction overwrites what the first one wrote: its trace must run on the state after the first.
    let block = node.include(vec![store(1, 0, 7, 1), store(2, 0, 7, 2)]);
    let sent = data(block.block().transactions()[1].hash());
    let receipt = node.ok("eth_getTransactionReceipt", json!([sent])).await;

    let frame = node
        .ok("debug_traceTransaction", json!([sent, { "tracer": "callTracer", "tracerConfig": { "withLog": true } }]))
        .await;
    assert_eq!((&frame["type"], &frame["to"], &frame["gasUsed"]), (&json!("CALL"), &data(STORE), &receipt["gasUsed"]));
    assert_eq!(frame["logs"][0]["address"], data(STORE));

    let before = node.ok("debug_traceTransaction", json!([sent, { "tracer": "prestateTracer" }])).await;
    let slot = B256::from(U256::from(7)).to_string();
    assert_eq!(before[data(STORE).as_str().unwrap()]["storage"][&slot], data(B256::from(U256::from(1))));

    let steps = node.ok("debug_traceTransaction", json!([sent])).await;
    assert_eq!(steps["failed"], false);
    let opcodes: Vec<_> = steps["structLogs"].as_array().unwrap().iter().map(|step| step["op"].clone()).collect();
    assert_eq!(opcodes.first(), Some(&json!("CALLDATASIZE")));
    assert!(opcodes.contains(&json!("SSTORE")) && opcodes.contains(&json!("LOG1")));

    let whole = node
        .ok(
            "debug_traceBlockByNumber",
            json!(["latest", { "tracer": "callTracer", "tracerConfig": { "withLog": true } }]),
        )
        .await;
    assert_eq!(whole.as_array().unwrap().len(), 2);
    assert_eq!((&whole[1]["txHash"], &whole[1]["result"]), (&sent, &frame));
    let hash = data(block.block().hash());
    assert_eq!(
        node.ok("debug_traceBlockByHash", json!([hash, { "tracer": "callTracer" }])).await.as_array().unwrap().len(),
        2
    );
}

#[tokio::test]
async fn a_call_is_traced_with_its_revert() {
    let node = Node::start().await;
    let frame = node.ok("debug_traceCall", json!([{ "to": REVERTER }, "latest", { "tracer": "callTracer" }])).await;
    assert_eq!((&frame["error"], &frame["revertReason"]), (&json!("execution reverted"), &json!("no entry")));
    let overrides = json!({ NOBODY.to_string(): { "code": "0x600160005260206000f3" } });
    let frame = node
        .ok(
            "debug_traceCall",
            json!([{ "to": NOBODY }, "latest", { "tracer": "callTracer", "stateOverrides": overrides }]),
        )
        .await;
    assert_eq!(frame["output"], data(Bytes::from(U256::from(1).to_be_bytes::<32>())));
}

#[tokio::test]
async fn what_cannot_be_traced_says_why() {
    let node = Node::start().await;
    let block = node.include(vec![store(1, 0, 7, 1)]);
    let sent = data(block.block().transactions()[0].hash());
    let unknown = node.fails("debug_traceTransaction", json!([B256::ZERO])).await;
    assert_eq!((unknown.code, unknown.message.as_str()), (-32000, "transaction not found"));
    let genesis = node.fails("debug_traceBlockByNumber", json!(["0x0"])).await;
    assert_eq!(genesis.message, "genesis is not traceable");
    for tracer in ["muxTracer", "{ step: function() {} }"] {
        let failure = node.fails("debug_traceTransaction", json!([sent, { "tracer": tracer }])).await;
        assert_eq!(failure.code, -32602, "{}", failure.message);
        assert!(failure.message.contains("tracer not supported"), "{}", failure.message);
    }
    let wrong = node
        .fails("debug_traceTransaction", json!([sent, { "tracer": "callTracer", "tracerConfig": { "withLog": 5 } }]))
        .await;
    assert_eq!(wrong.code, -32602);
    assert_eq!(
        node.ok("debug_traceBlockByNumber", json!(["0x1", { "tracer": "noopTracer" }])).await[0]["result"],
        json!({})
    );
    assert_ne!(node.ok("debug_traceTransaction", json!([sent, { "limit": 3 }])).await, Value::Null);
}
