//! The same signed transactions and the same questions to one of our nodes and to anvil: the same answers, but for the differences that
//! `rpc_differential/intended.json` names, each with its reason, as `docs/specs/rpc.md` tells them.
#![allow(missing_docs, clippy::unwrap_used)]

#[path = "rpc_differential/difference.rs"]
mod difference;
#[path = "rpc_differential/questions.rs"]
mod questions;
#[path = "rpc_differential/refusals.rs"]
mod refusals;

use std::collections::BTreeSet;

use chancery_testing::{
    process::{Answer, Anvil, Endpoint, Network, project_root},
    scenario::Scenario,
};
use serde_json::{Value, json};

use difference::{Difference, Intended, differences};
use questions::Side;

const CHAIN_ID: u64 = 7100;
/// Long: a block comes when a transaction does.
const HEARTBEAT_MS: u64 = 10_000;

/// Our node, anvil, and the story told to both.
struct Pair {
    _dir: tempfile::TempDir,
    _network: Network,
    _anvil: Anvil,
    ours: Side,
    theirs: Side,
    story: Scenario,
}

/// An anvil of the same hard fork, chain id, gas limit and prices, whose accounts own the same.
async fn anvil_like(node: &Endpoint, story: &Scenario) -> Anvil {
    let genesis = node.result("eth_getBlockByNumber", json!(["0x0", false])).await.unwrap();
    let gas_limit = u64::from_str_radix(genesis["gasLimit"].as_str().unwrap().trim_start_matches("0x"), 16).unwrap();
    let anvil = Anvil::start(&[
        "--hardfork",
        "osaka",
        "--chain-id",
        &CHAIN_ID.to_string(),
        "--gas-limit",
        &gas_limit.to_string(),
        "--gas-price",
        "0",
        "--block-base-fee-per-gas",
        "0",
        "--enable-tx-gas-limit",
        "--steps-tracing",
    ])
    .unwrap();
    let other = Endpoint::new(&anvil.url).unwrap();
    let senders: BTreeSet<_> = story.steps.iter().map(|step| step.sender).chain([story.delegating]).collect();
    for sender in senders {
        let balance = node.result("eth_getBalance", json!([sender, "earliest"])).await.unwrap();
        other.result("anvil_setBalance", json!([sender, balance])).await.unwrap();
    }
    anvil
}

async fn both() -> Pair {
    let dir = tempfile::tempdir().unwrap();
    let mut network = Network::init(dir.path(), 1, 0, HEARTBEAT_MS).unwrap();
    network.start_all().unwrap();
    let story = Scenario::new(CHAIN_ID).unwrap();
    let node = Endpoint::new(&network.nodes[0].rpc).unwrap();
    let anvil = anvil_like(&node, &story).await;
    let theirs = Side::tell(Endpoint::new(&anvil.url).unwrap(), &story).await.unwrap();
    let ours = Side::tell(node, &story).await.unwrap();
    Pair { _dir: dir, _network: network, _anvil: anvil, ours, theirs, story }
}

fn as_value(answer: Answer) -> Value {
    match answer {
        Answer::Result(result) => json!({ "result": result }),
        Answer::Error(error) => json!({ "error": error }),
    }
}

async fn compare(pair: &Pair) -> Vec<Difference> {
    let mut found = Vec::new();
    let questions = pair.ours.questions(&pair.story).into_iter().zip(pair.theirs.questions(&pair.story));
    for ((method, ours), (_, theirs)) in questions {
        let our_answer = as_value(pair.ours.node.call(method, ours.clone()).await.unwrap());
        let their_answer = as_value(pair.theirs.node.call(method, theirs).await.unwrap());
        found.extend(differences(method, &ours, &our_answer, &their_answer));
    }
    for (name, raw) in refusals::refused(&pair.story) {
        let params = json!([raw]);
        let our_answer = as_value(pair.ours.node.call("eth_sendRawTransaction", params.clone()).await.unwrap());
        let their_answer = as_value(pair.theirs.node.call("eth_sendRawTransaction", params).await.unwrap());
        assert!(our_answer["error"]["code"].is_number(), "{name} was accepted: {our_answer}");
        found.extend(differences("eth_sendRawTransaction", &json!([name]), &our_answer, &their_answer));
    }
    found
}

fn intended() -> Vec<Intended> {
    let path = project_root().join("testing/tests/rpc_differential/intended.json");
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

#[tokio::test]
async fn our_node_answers_as_anvil_does_but_for_what_is_intended() {
    let pair = both().await;
    let found = compare(&pair).await;
    let intended = intended();
    let unexplained: Vec<String> = found
        .iter()
        .filter(|difference| !intended.iter().any(|intended| intended.explains(difference)))
        .map(Difference::to_string)
        .collect();
    let shown: Vec<_> = unexplained.iter().take(200).cloned().collect();
    assert!(unexplained.is_empty(), "{} differences that nobody intends:\n{}", unexplained.len(), shown.join("\n"));
    for intended in &intended {
        let seen = found.iter().any(|difference| intended.explains(difference));
        assert!(seen, "`{}` is no difference any more: take it off the list", intended.reason);
    }
}

#[test]
fn every_intended_difference_is_told_with_its_reason() {
    let text = std::fs::read_to_string(project_root().join("docs/specs/rpc.md")).unwrap();
    let told: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
    for intended in intended() {
        assert!(told.contains(&intended.reason), "docs/specs/rpc.md does not say: {}", intended.reason);
    }
}

#[test]
fn a_difference_is_found_wherever_it_is_and_nothing_else_is() {
    let answer = json!({ "result": { "a": [1, { "b": "0x1" }], "c": null } });
    let found = |other: Value| -> Vec<String> {
        let found = differences("eth_call", &json!([]), &answer, &other);
        found.into_iter().map(|difference| difference.path).collect()
    };
    assert_eq!(found(answer.clone()), Vec::<String>::new());
    assert_eq!(found(json!({ "result": { "a": [1, { "b": "0x2" }], "c": null } })), ["/result/a/1/b"]);
    assert_eq!(found(json!({ "result": { "a": [1], "c": null } })), ["/result/a/1"]);
    assert_eq!(found(json!({ "result": { "a": [1, { "b": "0x1" }] } })), ["/result/c"]);
    assert_eq!(found(json!({ "error": { "code": 3 } })), ["/error", "/result"]);
}
