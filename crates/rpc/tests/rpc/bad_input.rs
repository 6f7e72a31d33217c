//! Malformed, oversized and wrong-typed requests to every method: a typed error, never a fault, nothing written.

use chancery_rpc::method_names;
use serde_json::{Value, json};

use super::{harness::*, wire::Wire};

/// Methods that take no parameters at all.
const WITHOUT_PARAMETERS: &[&str] = &[
    "web3_clientVersion",
    "net_version",
    "net_listening",
    "net_peerCount",
    "rpc_modules",
    "eth_chainId",
    "eth_syncing",
    "eth_accounts",
    "eth_protocolVersion",
    "eth_config",
    "eth_gasPrice",
    "eth_maxPriorityFeePerGas",
    "eth_blobBaseFee",
    "eth_baseFee",
    "eth_blockNumber",
    "eth_newBlockFilter",
    "txpool_status",
    "txpool_content",
    "txpool_inspect",
    "chancery_genesis",
    "chancery_permissions",
    "chancery_status",
    "chancery_getEvidence",
];

/// Methods whose parameters may all be left out.
const ALL_OPTIONAL: &[&str] = &["eth_newPendingTransactionFilter", "chancery_validators", "chancery_getHandovers"];

/// The codes that a client may see for its own mistakes.
const CLIENT_CODES: &[i64] = &[-32602, -32601, -32000, -32001, 3, 4];

fn is_subscription(method: &str) -> bool {
    method.ends_with("subscribe")
}

#[tokio::test]
async fn every_method_refuses_what_is_no_parameter_list() {
    let node = Node::start().await;
    for mut wire in Wire::both(&node).await {
        for method in method_names().filter(|method| !is_subscription(method)) {
            for params in [json!({ "to": STORE }), json!("0x1"), json!(5), json!(vec![Value::Null; 9])] {
                let failure = wire.fails(method, params.clone()).await;
                assert_eq!(failure.code, -32602, "{method} {params} over {}: {}", wire.name(), failure.message);
            }
        }
    }
}

#[tokio::test]
async fn every_method_refuses_missing_and_wrong_parameters() {
    let node = Node::start().await;
    for mut wire in Wire::both(&node).await {
        refuse_missing_and_wrong_parameters(&mut wire).await;
    }
    assert_eq!(node.chain.head().block().height(), 0);
    assert_eq!(node.chain.pool().status().bytes, 0);
}

async fn refuse_missing_and_wrong_parameters(wire: &mut Wire<'_>) {
    for method in method_names().filter(|method| !is_subscription(method)) {
        if WITHOUT_PARAMETERS.contains(&method) {
            wire.call(method, json!([])).await.unwrap();
            let failure = wire.fails(method, json!(["0x1"])).await;
            assert_eq!(failure.code, -32602, "{method}");
            assert!(failure.message.contains("too many arguments"), "{method}: {}", failure.message);
            continue;
        }
        if !ALL_OPTIONAL.contains(&method) {
            for missing in [json!([]), json!([null])] {
                let failure = wire.fails(method, missing).await;
                assert_eq!(failure.code, -32602, "{method}");
                assert!(
                    failure.message.contains("missing value for required argument 0"),
                    "{method}: {}",
                    failure.message
                );
            }
        }
        for wrong in [
            json!("zz"),
            json!("0xzz"),
            json!(-1),
            json!({ "a": { "b": [] } }),
            json!("0x".to_owned() + &"f".repeat(199)),
        ] {
            // A log filter and a transaction may have fields that are not known; those are not wrong.
            let lenient = wrong.is_object();
            match wire.call(method, json!([wrong])).await {
                Ok(_) if lenient => {}
                Ok(result) => panic!("{method} took {wrong} and gave {result}"),
                Err(failure) if lenient => assert!(CLIENT_CODES.contains(&failure.code), "{method} {failure:?}"),
                Err(failure) => assert_eq!(failure.code, -32602, "{method} {wrong}: {}", failure.message),
            }
        }
    }
}

/// Values that are right somewhere and wrong elsewhere.
fn mixed_values() -> Vec<Value> {
    let mut deep = json!([]);
    for _ in 0..100 {
        deep = json!([deep]);
    }
    vec![
        json!(null),
        json!(true),
        json!(0),
        json!(u64::MAX),
        json!(1.5),
        json!(""),
        json!("0x"),
        json!("0x0"),
        json!("0xffffffffffffffff"),
        json!(format!("0x{}", "f".repeat(64))),
        json!("latest"),
        json!("earliest"),
        json!([]),
        json!(["0x0"]),
        json!({}),
        json!({ "blockHash": null }),
        json!({ "fromBlock": "latest", "toBlock": "earliest", "blockHash": "0x0" }),
        json!({ "gas": "0xffffffffffffffffffff" }),
        json!({ "blockStateCalls": [{ "calls": [{}] }] }),
        json!({ "tracer": {} }),
        json!(STORE),
        deep,
    ]
}

#[tokio::test]
async fn no_mixture_of_parameters_is_a_fault_of_the_node() {
    let node = Node::start().await;
    node.include(vec![store(1, 0, 1, 2)]);
    let values = mixed_values();
    for method in method_names().filter(|method| !is_subscription(method)) {
        for first in &values {
            let mut batch = Vec::new();
            for second in &values {
                // Half of them with more parameters than two, where a method takes as many.
                let params = match batch.len() % 2 {
                    0 => json!([first, second]),
                    _ => json!([first, "latest", second, second]),
                };
                batch.push(json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params }));
            }
            let (status, body) = node.post(Value::from(batch).to_string()).await;
            assert_eq!(status, 200, "{method} {first}: {body}");
            let answers: Vec<Value> =
                serde_json::from_str(&body).unwrap_or_else(|_| panic!("{method} {first}: {body}"));
            for response in answers {
                if let Err(failure) = answer(response) {
                    assert_ne!(failure.code, -32603, "{method} {first}: {failure:?}");
                    assert!(
                        failure.message.len() < 1_000,
                        "{method} {first}: a message of {} bytes",
                        failure.message.len()
                    );
                }
            }
        }
    }
    assert_eq!(node.chain.head().block().height(), 1);
    assert_eq!(node.chain.pool().status().bytes, 0);
}

#[tokio::test]
async fn requests_that_are_no_json_rpc_are_refused() {
    let node = Node::start().await;
    for (body, status, code) in [
        ("", 400, -32700),
        ("rubbish", 400, -32700),
        ("{", 200, -32700),
        // Without an id jsonrpsee does not tell a wrong request from text that is no JSON.
        ("{}", 200, -32700),
        (r#"{"id":1}"#, 200, -32600),
        (r#"{"jsonrpc":"1.0","id":1,"method":"eth_chainId"}"#, 200, -32600),
        (r#"{"jsonrpc":"2.0","id":1}"#, 200, -32600),
        (r#"{"jsonrpc":"2.0","id":1,"method":7}"#, 200, -32600),
        ("[1,", 200, -32700),
        ("\u{0}\u{1}", 400, -32700),
    ] {
        let (got, text) = node.post(body).await;
        let response: Value = serde_json::from_str(&text).unwrap_or_else(|_| panic!("{body}: {text}"));
        assert_eq!((got, response["error"]["code"].as_i64()), (status, Some(code)), "{body}: {text}");
    }
    node.ok("eth_chainId", json!([])).await;
}
