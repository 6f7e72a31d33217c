//! `eth_subscribe` over WebSocket.

use std::time::Duration;

use alloy::primitives::{B256, U256};
use chancery_rpc::RpcLimits;
use jsonrpsee::{
    core::client::{ClientT, Error as ClientError, Subscription, SubscriptionClientT},
    rpc_params,
    ws_client::{WsClient, WsClientBuilder},
};
use serde_json::{Value, json};

use super::harness::*;

/// How long a notification may take; a test that waits so long has failed.
const PATIENCE: Duration = Duration::from_secs(20);

async fn client(node: &Node) -> WsClient {
    WsClientBuilder::default().build(node.ws_url()).await.unwrap()
}

async fn subscribe(client: &WsClient, params: Value) -> Subscription<Value> {
    let params: Vec<Value> = serde_json::from_value(params).unwrap();
    client.subscribe("eth_subscribe", params, "eth_unsubscribe").await.unwrap()
}

async fn next(subscription: &mut Subscription<Value>) -> Value {
    tokio::time::timeout(PATIENCE, subscription.next()).await.expect("a notification in time").unwrap().unwrap()
}

#[tokio::test]
async fn heads_come_in_order_each_once() {
    let node = Node::start().await;
    node.seal();
    let client = client(&node).await;
    let mut heads = subscribe(&client, json!(["newHeads"])).await;
    for expected in 2..=20u64 {
        let block = node.seal();
        assert_eq!(block.block().height(), expected);
    }
    for expected in 2..=20u64 {
        let head = next(&mut heads).await;
        assert_eq!(head["number"], quantity(expected));
        assert_eq!(head["hash"], data(node.chain.hash_at(expected).unwrap().unwrap()));
        assert!(head.get("transactions").is_none());
    }
}

#[tokio::test]
async fn logs_come_filtered() {
    let node = Node::start().await;
    let client = client(&node).await;
    let topic = data(B256::from(U256::from(2)));
    let mut all = subscribe(&client, json!(["logs"])).await;
    let mut some = subscribe(&client, json!(["logs", { "address": STORE, "topics": [topic] }])).await;
    let mut none = subscribe(&client, json!(["logs", { "address": NOBODY }])).await;
    node.include(vec![store(1, 0, 1, 10), store(1, 1, 2, 20)]);
    assert_eq!(next(&mut all).await["logIndex"], "0x0");
    assert_eq!(next(&mut all).await["logIndex"], "0x1");
    let log = next(&mut some).await;
    assert_eq!((&log["logIndex"], &log["removed"]), (&json!("0x1"), &json!(false)));
    let receipt = node.ok("eth_getTransactionReceipt", json!([log["transactionHash"]])).await;
    assert_eq!(log, receipt["logs"][0]);
    // Whatever `none` would have been sent was sent before this answer on the same connection.
    let _: String = client.request("eth_chainId", rpc_params![]).await.unwrap();
    assert!(futures::future::FutureExt::now_or_never(none.next()).is_none());
}

#[tokio::test]
async fn pending_transactions_come_as_hashes_or_whole() {
    let node = Node::start().await;
    let client = client(&node).await;
    let mut hashes = subscribe(&client, json!(["newPendingTransactions"])).await;
    let mut whole = subscribe(&client, json!(["newPendingTransactions", true])).await;
    let sent: Value = client.request("eth_sendRawTransaction", rpc_params![transfer(1, 0)]).await.unwrap();
    assert_eq!(next(&mut hashes).await, sent);
    assert_eq!(next(&mut whole).await["hash"], sent);
}

#[tokio::test]
async fn ids_are_hexadecimal_and_an_end_is_an_end() {
    let node = Node::start().await;
    let client = client(&node).await;
    let id: String = client.request("eth_subscribe", rpc_params!["newHeads"]).await.unwrap();
    assert!(id.starts_with("0x") && id.len() == 34, "{id}");
    let ended: bool = client.request("eth_unsubscribe", rpc_params![&id]).await.unwrap();
    assert!(ended);
    let again: bool = client.request("eth_unsubscribe", rpc_params![&id]).await.unwrap();
    assert!(!again);
}

#[tokio::test]
async fn subscriptions_need_websocket_and_a_known_name() {
    let node = Node::start().await;
    let failure = node.fails("eth_subscribe", json!(["newHeads"])).await;
    assert_eq!(failure.code, -32601);
    assert!(failure.message.starts_with("notifications not supported"), "{}", failure.message);
    let client = client(&node).await;
    for bad in
        [rpc_params!["newNonsense"], rpc_params![], rpc_params!["logs", 5], rpc_params!["newPendingTransactions", "x"]]
    {
        let error = client.request::<Value, _>("eth_subscribe", bad).await.unwrap_err();
        assert!(matches!(&error, ClientError::Call(object) if object.code() == -32602), "{error:?}");
    }
}

#[tokio::test]
async fn every_subscription_method_refuses_what_it_cannot_read() {
    let node = Node::start().await;
    let client = client(&node).await;
    let names: Vec<_> = chancery_rpc::method_names().filter(|name| name.ends_with("subscribe")).collect();
    assert_eq!(names.len(), 4);
    for method in names {
        let failure = node.fails(method, json!(["newHeads"])).await;
        assert_eq!(failure.code, -32601, "{method} over HTTP");
        for bad in [rpc_params![], rpc_params![json!({ "to": STORE })], rpc_params![json!([])]] {
            let error = client.request::<Value, _>(method, bad).await.unwrap_err();
            assert!(matches!(&error, ClientError::Call(object) if object.code() == -32602), "{method}: {error:?}");
        }
        if method.ends_with("unsubscribe") {
            assert!(
                !client.request::<bool, _>(method, rpc_params!["0xnone"]).await.unwrap(),
                "{method}: nothing to end"
            );
        }
    }
}

#[tokio::test]
async fn calls_work_over_websocket_too() {
    let node = Node::start().await;
    let client = client(&node).await;
    let id: String = client.request("eth_chainId", rpc_params![]).await.unwrap();
    assert_eq!(id, "0x1bbc");
}

#[tokio::test]
async fn a_connection_has_a_limited_number_of_subscriptions() {
    let limits = RpcLimits { max_subscriptions_per_connection: 2, ..RpcLimits::default() };
    let node = Node::with_limits(limits).await;
    let client = client(&node).await;
    let _first = subscribe(&client, json!(["newHeads"])).await;
    let _second = subscribe(&client, json!(["newHeads"])).await;
    let error = client.request::<Value, _>("eth_subscribe", rpc_params!["newHeads"]).await.unwrap_err();
    assert!(format!("{error:?}").contains("max_subscriptions_per_connection"), "{error:?}");
}

#[tokio::test]
async fn every_certified_block_comes_with_its_certificate() {
    let node = Node::start().await;
    let client = client(&node).await;
    let mut finality: Subscription<Value> =
        client.subscribe("chancery_subscribe", rpc_params!["finality"], "chancery_unsubscribe").await.unwrap();
    for height in 1..=3u64 {
        let block = node.seal();
        let notice = next(&mut finality).await;
        assert_eq!(notice["number"], quantity(height));
        assert_eq!(notice["hash"], data(block.block().hash()));
        let asked = node.ok("chancery_getFinality", json!([quantity(height)])).await;
        assert_eq!((&notice["header"], &notice["certificate"]), (&asked["header"], &asked["certificate"]));
    }
    let other = client.request::<Value, _>("chancery_subscribe", rpc_params!["newHeads"]).await.unwrap_err();
    assert!(other.to_string().contains("finality"), "{other}");
}
