//! `eth_call`, `eth_estimateGas`, `eth_createAccessList`, `eth_simulateV1`.

use alloy::primitives::{B256, U256};
use serde_json::{Value, json};

use super::harness::*;

fn word(number: u64) -> Value {
    data(B256::from(U256::from(number)))
}

#[tokio::test]
async fn a_call_returns_what_the_contract_returns_and_changes_nothing() {
    let node = Node::start().await;
    node.include(vec![store(1, 0, 0, 77)]);
    assert_eq!(node.ok("eth_call", json!([{ "to": STORE }, "latest"])).await, word(77));
    assert_eq!(node.ok("eth_call", json!([{ "to": STORE }, "0x0"])).await, word(0));
    assert_eq!(node.ok("eth_call", json!([{ "to": STORE }])).await, word(77));
    assert_eq!(node.ok("eth_call", json!([{ "to": STORE, "input": store_input(0, 5) }, "latest"])).await, "0x");
    assert_eq!(node.ok("eth_call", json!([{ "to": STORE }, "latest"])).await, word(77));
    assert_eq!(node.ok("eth_call", json!([{ "to": NOBODY, "data": "0x1234" }, "latest"])).await, "0x");
    assert_eq!(node.chain.pool().status().pending, 0);
}

#[tokio::test]
async fn a_revert_has_code_3_its_reason_and_its_data() {
    let node = Node::start().await;
    for method in ["eth_call", "eth_estimateGas"] {
        let failure = node.fails(method, json!([{ "to": REVERTER }, "latest"])).await;
        assert_eq!((failure.code, failure.message.as_str()), (3, "execution reverted: no entry"), "{method}");
        assert!(failure.data.as_str().unwrap().starts_with("0x08c379a0"), "{method}");
    }
}

#[tokio::test]
async fn failures_read_as_clients_expect_them() {
    let node = Node::start().await;
    let poor = json!({ "from": NOBODY, "to": STORE, "value": "0x1" });
    let failure = node.fails("eth_call", json!([poor, "latest"])).await;
    assert_eq!(failure.code, -32000);
    assert!(failure.message.starts_with("insufficient funds for gas * price + value"), "{}", failure.message);
    let failure = node.fails("eth_call", json!([{ "to": LOOPER, "gas": "0x20000" }, "latest"])).await;
    assert_eq!((failure.code, failure.message.as_str()), (-32000, "out of gas"));
    let failure = node.fails("eth_estimateGas", json!([{ "to": LOOPER, "gas": "0x20000" }])).await;
    assert!(failure.message.starts_with("gas required exceeds allowance"), "{}", failure.message);
    let failure = node.fails("eth_call", json!([{ "to": STORE, "gas": "0x1" }, "latest"])).await;
    assert!(failure.message.starts_with("intrinsic gas too low"), "{}", failure.message);
    let failure = node.fails("eth_call", json!([{ "to": STORE, "gasPrice": "0x1", "maxFeePerGas": "0x1" }])).await;
    assert_eq!(failure.code, -32602);
    let failure = node.fails("eth_call", json!([{ "to": STORE, "input": "0x01", "data": "0x02" }])).await;
    assert_eq!(failure.code, -32602);
    let failure = node.fails("eth_call", json!([{ "to": STORE, "chainId": "0x1" }])).await;
    assert!(failure.message.contains("chainId"), "{}", failure.message);
}

#[tokio::test]
async fn overrides_change_state_and_block_for_one_call() {
    let node = Node::start().await;
    let slot_0 = B256::ZERO;
    let overrides = json!({ STORE.to_string(): { "stateDiff": { slot_0.to_string(): B256::from(U256::from(9)) } } });
    assert_eq!(node.ok("eth_call", json!([{ "to": STORE }, "latest", overrides])).await, word(9));
    let overrides = json!({ NOBODY.to_string(): { "code": "0x4360005260206000f3", "balance": "0x5" } });
    // NUMBER, as overridden.
    let block = json!({ "number": "0x1234" });
    assert_eq!(node.ok("eth_call", json!([{ "to": NOBODY }, "latest", overrides, block])).await, word(0x1234));
    let both = json!({ STORE.to_string(): { "state": {}, "stateDiff": {} } });
    assert_eq!(node.fails("eth_call", json!([{ "to": STORE }, "latest", both])).await.code, -32602);
    assert_eq!(node.ok("eth_call", json!([{ "to": STORE }, "latest"])).await, word(0));
}

#[tokio::test]
async fn an_estimate_suffices_and_is_close() {
    let node = Node::start().await;
    let transfer = json!({ "from": signer(1).address(), "to": NOBODY, "value": "0x1" });
    assert_eq!(node.ok("eth_estimateGas", json!([transfer])).await, "0x5208");

    let write = json!({ "from": signer(1).address(), "to": STORE, "data": store_input(1, 2) });
    let estimate = node.ok("eth_estimateGas", json!([write, "latest"])).await;
    let estimate = u64::from_str_radix(&estimate.as_str().unwrap()[2..], 16).unwrap();
    let block = node.include(vec![store(1, 0, 1, 2)]);
    let used = block.block().header().gas_used;
    assert!((used..used + used / 50).contains(&estimate), "estimated {estimate}, used {used}");
    // An account without any balance can have its gas estimated: gas is free.
    node.ok("eth_estimateGas", json!([{ "from": NOBODY, "to": STORE, "data": store_input(1, 2) }])).await;
}

#[tokio::test]
async fn an_access_list_names_what_is_touched() {
    let node = Node::start().await;
    let call = json!({ "from": signer(1).address(), "to": NOBODY, "data": "0x" });
    assert_eq!(node.ok("eth_createAccessList", json!([call, "latest"])).await["accessList"], json!([]));
    let call = json!({ "from": signer(1).address(), "to": STORE, "data": store_input(3, 2) });
    let created = node.ok("eth_createAccessList", json!([call, "latest"])).await;
    assert_eq!(created["accessList"], json!([{ "address": data(STORE), "storageKeys": [word(3)] }]));
    assert!(created.get("error").is_none());
    let created = node.ok("eth_createAccessList", json!([{ "to": REVERTER }, "latest"])).await;
    assert_eq!(created["error"], "execution reverted: no entry");
}

#[tokio::test]
async fn simulated_blocks_build_on_each_other() {
    let node = Node::start().await;
    let payload = json!({
        "blockStateCalls": [
            {
                "stateOverrides": { NOBODY.to_string(): { "balance": "0x64" } },
                "calls": [
                    { "from": NOBODY, "to": STORE, "input": store_input(0, 41) },
                    { "from": NOBODY, "to": STORE },
                    { "from": NOBODY, "to": REVERTER },
                ],
            },
            { "blockOverrides": { "number": "0x5" }, "calls": [{ "from": NOBODY, "to": STORE, "value": "0x1" }] },
        ],
        "traceTransfers": true,
    });
    let blocks = node.ok("eth_simulateV1", json!([payload, "latest"])).await;
    let numbers: Vec<_> = blocks.as_array().unwrap().iter().map(|block| block["number"].clone()).collect();
    assert_eq!(numbers, ["0x1", "0x2", "0x3", "0x4", "0x5"], "gaps are filled with empty blocks");
    let calls = blocks[0]["calls"].as_array().unwrap();
    assert_eq!(calls[0]["status"], "0x1");
    assert_eq!(calls[0]["logs"][0]["address"], data(STORE));
    assert_eq!(calls[0]["logs"][0]["blockHash"], blocks[0]["hash"]);
    assert_eq!(calls[0]["logs"][0]["transactionHash"], blocks[0]["transactions"][0]);
    assert_eq!(calls[1]["returnData"], word(41));
    assert_eq!((&calls[2]["status"], &calls[2]["error"]["code"]), (&json!("0x0"), &json!(3)));
    assert_eq!(blocks[1]["parentHash"], blocks[0]["hash"]);
    let last = &blocks[4]["calls"][0];
    assert_eq!(last["returnData"], word(41));
    assert_eq!(last["logs"][0]["address"], "0xeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee");
    assert_eq!(node.ok("eth_blockNumber", json!([])).await, "0x0", "nothing became real");
}

#[tokio::test]
async fn a_simulation_that_cannot_be_has_the_code_of_its_reason() {
    let node = Node::start().await;
    node.seal();
    let sender = signer(1).address();
    let table = [
        (json!([{ "blockOverrides": { "number": "0x1" } }]), -38020),
        (json!([{ "blockOverrides": { "time": "0x1" } }]), -38021),
        (json!([{ "calls": [{ "from": NOBODY, "to": STORE, "value": "0x1" }] }]), -38014),
        (json!([{ "calls": [{ "from": sender, "to": STORE, "nonce": "0x7" }] }]), -38011),
        (json!([{ "calls": [{ "from": sender, "to": STORE, "gas": "0x3" }] }]), -38013),
        (json!([{ "calls": [{ "from": sender, "to": STORE, "gas": "0xffffffffff" }] }]), -38015),
    ];
    for (blocks, code) in table {
        let payload = json!({ "blockStateCalls": blocks, "validation": true });
        let failure = node.fails("eth_simulateV1", json!([payload, "latest"])).await;
        assert_eq!(failure.code, code, "{blocks}: {}", failure.message);
    }
    let unchecked = json!({ "blockStateCalls": [{ "calls": [{ "from": sender, "to": STORE, "nonce": "0x7" }] }] });
    node.ok("eth_simulateV1", json!([unchecked, "latest"])).await;
}
