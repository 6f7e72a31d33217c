//! Every standard method, called on a real node with real data: parameters of the shape that the OpenRPC document of ethereum/execution-apis gives them
//! are taken, results have theirs, and errors the codes.
//!
//! The document is put together from that project's sources (`rpc_schema/execution-apis.json`, CC0-1.0, of the commit that it names);
//! `CHANCERY_OPENRPC` names another one, as that project's own build makes it. What it does not say, or says of nothing in particular, is in
//! `rpc_schema/additions.json` in our words; where both speak, both count.
#![allow(missing_docs, clippy::unwrap_used)]

#[path = "rpc_schema/calls.rs"]
mod calls;
#[path = "rpc_schema/document.rs"]
mod document;

use std::collections::BTreeSet;

use chancery_testing::{
    process::{Answer, Endpoint, Network},
    scenario::Scenario,
};
use serde_json::{Value, json};

use calls::{Call, Expected, Facts};
use document::Document;

const CHAIN_ID: u64 = 7100;
/// Long: a block comes when a transaction does.
const HEARTBEAT_MS: u64 = 10_000;

/// Methods that execution-apis does not know: other nodes have them, and each of them says what they mean.
const NOT_STANDARD: &[&str] = &[
    "web3_clientVersion",
    "web3_sha3",
    "net_listening",
    "net_peerCount",
    "rpc_modules",
    "eth_protocolVersion",
    "eth_getHeaderByNumber",
    "eth_getHeaderByHash",
    "eth_getUncleCountByBlockNumber",
    "eth_getUncleCountByBlockHash",
    "eth_getUncleByBlockNumberAndIndex",
    "eth_getUncleByBlockHashAndIndex",
    "eth_getRawTransactionByHash",
    "eth_getRawTransactionByBlockNumberAndIndex",
    "eth_getRawTransactionByBlockHashAndIndex",
    "eth_sendRawTransactionSync",
    "debug_traceCall",
    "txpool_inspect",
];

/// What is taken beyond what execution-apis ask for: parameter by method.
const BEYOND: &[(&str, &str)] = &[
    // A block by `{ "blockHash": ... }` (EIP-1898).
    ("eth_call", "Block"),
    ("eth_getBalance", "Block"),
    ("eth_getCode", "Block"),
    ("eth_getProof", "Block"),
    ("eth_getStorageAt", "Block"),
    ("eth_getTransactionCount", "Block"),
    // `data` for `input`, and changes of the state, as geth has them.
    ("eth_call", "Transaction"),
    ("eth_call", "number 3"),
    // Without percentiles there are no rewards.
    ("eth_feeHistory", "rewardPercentiles"),
];

fn is_ours(method: &str) -> bool {
    method.starts_with("chancery_")
}

fn is_subscription(method: &str) -> bool {
    method.ends_with("subscribe")
}

async fn started() -> (tempfile::TempDir, Network, Facts) {
    let dir = tempfile::tempdir().unwrap();
    let mut network = Network::init(dir.path(), 1, 0, HEARTBEAT_MS).unwrap();
    network.start_all().unwrap();
    let node = Endpoint::new(&network.nodes[0].rpc).unwrap();
    let facts = Facts::gather(node, Scenario::new(CHAIN_ID).unwrap()).await.unwrap();
    (dir, network, facts)
}

fn mistake(document: &Document, call: &Call, answer: &Answer) -> Option<String> {
    match (&call.expected, answer) {
        (Expected::Result, Answer::Result(Value::Null)) => Some("null where there is something".to_owned()),
        (Expected::Result, Answer::Result(result)) => document.mistakes(call.method, result),
        (Expected::Null, Answer::Result(Value::Null)) => document.mistakes(call.method, &Value::Null),
        (Expected::Error(code), Answer::Error(error)) => {
            let right = error["code"] == json!(code) && error["message"].as_str().is_some_and(|text| !text.is_empty());
            (!right).then(|| format!("{error} instead of {code}"))
        }
        (expected, answer) => Some(format!("{expected:?} expected, got {answer:?}")),
    }
}

#[tokio::test]
async fn every_answer_has_the_shape_that_execution_apis_give_it() {
    let document = Document::read();
    let (_dir, _network, facts) = started().await;
    let calls = facts.calls();
    let mut mistakes = Vec::new();
    let mut beyond = BTreeSet::new();
    for call in &calls {
        if !matches!(call.expected, Expected::Error(calls::INVALID_PARAMS)) {
            beyond.extend(document.other_parameters(call.method, &call.params).into_iter().map(|it| (call.method, it)));
        }
        let answer = facts.node.call(call.method, call.params.clone()).await.unwrap();
        if let Some(mistake) = mistake(&document, call, &answer) {
            mistakes.push(format!("{} {}: {mistake}", call.method, call.params));
        }
    }
    assert!(mistakes.is_empty(), "{} of {} calls:\n{}", mistakes.len(), calls.len(), mistakes.join("\n"));

    // Everything else that was asked had the parameters of the specification, and was taken.
    let known: BTreeSet<_> = BEYOND.iter().map(|(method, parameter)| (*method, (*parameter).to_owned())).collect();
    assert_eq!(beyond, known);

    let answered: BTreeSet<_> =
        calls.iter().filter(|call| matches!(call.expected, Expected::Result)).map(|call| call.method).collect();
    let offered = chancery_rpc::method_names().filter(|method| !is_ours(method) && !is_subscription(method));
    for method in offered {
        // There are no uncles, so there is none to be shown.
        let never = method.starts_with("eth_getUncleBy");
        assert!(never || answered.contains(method), "{method} is offered, but no result of it was looked at");
        assert!(document.has(method), "{method} has no schema");
    }
}

#[test]
fn methods_of_no_standard_are_known_as_such() {
    let document = Document::read();
    for method in chancery_rpc::method_names().filter(|method| !is_ours(method) && !is_subscription(method)) {
        assert_eq!(
            document.is_standard(method),
            !NOT_STANDARD.contains(&method),
            "{method}: rpc_schema.rs and the document disagree on whether it is standard"
        );
    }
}

#[test]
fn a_parameter_of_another_shape_is_noticed() {
    let document = Document::read();
    for (method, params, wrong) in [
        ("eth_getBalance", json!(["0x00", "latest"]), vec!["Address"]),
        ("eth_getBalance", json!([]), vec!["Address"]),
        ("eth_getBlockByNumber", json!(["newest", 1]), vec!["Block", "Hydrated transactions"]),
        ("eth_chainId", json!([1]), vec!["number 1"]),
        ("eth_getLogs", json!([{ "address": "0x1" }]), vec!["Filter"]),
        ("eth_getTransactionByHash", json!([format!("0x{}", "0".repeat(64))]), vec![]),
    ] {
        assert_eq!(document.other_parameters(method, &params), wrong, "{method} {params}");
    }
}

#[test]
fn a_result_of_another_shape_is_noticed() {
    let document = Document::read();
    for (method, wrong) in [
        ("eth_blockNumber", json!("0x01")),
        ("eth_blockNumber", json!(1)),
        ("eth_getBalance", json!("1")),
        ("eth_getCode", json!("0xXY")),
        ("eth_getBlockByNumber", json!({})),
        ("eth_getTransactionReceipt", json!({ "status": "0x1" })),
        ("eth_getLogs", json!([{ "transactionHash": "0x00" }])),
        ("eth_getLogs", json!([{ "transactionHash": format!("0x{}", "0".repeat(64)), "extra": 1 }])),
        ("eth_getBlockReceipts", json!({})),
        ("eth_simulateV1", json!([{}])),
        ("debug_traceTransaction", json!(null)),
        ("txpool_status", json!({ "pending": 1, "queued": "0x0" })),
    ] {
        assert!(document.mistakes(method, &wrong).is_some(), "{method} may not answer {wrong}");
    }
}
