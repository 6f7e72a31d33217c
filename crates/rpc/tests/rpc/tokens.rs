//! Who may call what (M-PRO-5, RPC-6).

use chancery_rpc::{METHOD_NOT_FOUND, RpcGroup, RpcToken, RpcTokens, UNAUTHORIZED, method_names};
use futures::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::{Error as WsError, Message, client::IntoClientRequest};

use super::harness::*;

const READER: &str = "7b6f0f2cc5a14a56a1dd3ae4a2a3a7d58e8ad8b4f4ffb1d3bd0e5b1a1ce4f9a0";
const SENDER: &str = "c3f2a9d8e7b6051423324150697a8b9cadbecfd0e1f20314253647586970a1b2";

async fn node() -> Node {
    let token = |text, groups: &[RpcGroup]| RpcToken { hash: RpcToken::hash_of(text), groups: groups.to_vec() };
    let tokens = [token(READER, &[RpcGroup::Read]), token(SENDER, &[RpcGroup::Read, RpcGroup::Send])];
    Node::guarded(RpcTokens::of(&tokens)).await
}

fn call(method: &str, params: &Value) -> Value {
    json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params })
}

/// The status and the body that a token gets for a body.
async fn post(node: &Node, token: Option<&str>, body: &Value) -> (u16, Value) {
    let request = node.http().post(node.handle.url()).header("content-type", "application/json");
    let request = token.into_iter().fold(request, |request, token| request.bearer_auth(token));
    let response = request.body(body.to_string()).send().await.unwrap();
    (response.status().as_u16(), serde_json::from_str(&response.text().await.unwrap()).unwrap())
}

#[tokio::test]
async fn whoever_shows_no_token_gets_no_method_answered() {
    let node = node().await;
    for token in [None, Some("unknown"), Some("")] {
        for method in method_names() {
            let (status, body) = post(&node, token, &call(method, &json!([]))).await;
            assert_eq!((status, &body["error"]["code"]), (401, &json!(UNAUTHORIZED)), "{method}");
            assert!(body.get("result").is_none());
        }
    }
    let response = node.http().post(node.handle.url()).body("{}").send().await.unwrap();
    assert_eq!(response.headers()["www-authenticate"], "Bearer");
}

#[tokio::test]
async fn a_token_reaches_its_groups_alone_and_in_batches_too() {
    let node = node().await;
    let raw = json!([transfer(1, 0)]);
    let (_, read) = post(&node, Some(READER), &call("eth_chainId", &json!([]))).await;
    assert_eq!(read["result"], quantity(CHAIN_ID));
    for (method, group) in [
        ("eth_sendRawTransaction", "send"),
        ("eth_sendRawTransactionSync", "send"),
        ("debug_traceTransaction", "trace"),
        ("eth_simulateV1", "trace"),
        ("chancery_status", "admin"),
        ("chancery_getEvidence", "admin"),
    ] {
        let (status, body) = post(&node, Some(READER), &call(method, &raw)).await;
        assert_eq!((status, &body["error"]["code"]), (200, &json!(UNAUTHORIZED)), "{method}: {body}");
        assert_eq!(body["error"]["data"], json!({ "method": method, "group": group }));
    }
    let batch = json!([
        call("eth_sendRawTransaction", &raw),
        call("eth_sendRawTransaction", &raw),
        call("eth_blockNumber", &json!([])),
        call("chancery_status", &json!([])),
        call("eth_none", &json!([])),
    ]);
    let codes = |body: &Value| -> Vec<Value> {
        body.as_array().unwrap().iter().map(|answer| answer["error"]["code"].clone()).collect()
    };
    let (_, body) = post(&node, Some(READER), &batch).await;
    let refused = json!(UNAUTHORIZED);
    assert_eq!(codes(&body), [refused.clone(), refused.clone(), Value::Null, refused.clone(), json!(METHOD_NOT_FOUND)]);
    let (_, pool) = post(&node, Some(READER), &call("txpool_status", &json!([]))).await;
    assert_eq!(pool["result"]["pending"], "0x0", "nothing of the refused batch was taken");

    let (_, body) = post(&node, Some(SENDER), &batch).await;
    assert_eq!(codes(&body)[..1], [Value::Null], "{body}");
    assert_eq!(codes(&body)[3], refused);
}

/// The next answer; pings of the server are none.
async fn answer(socket: &mut (impl futures::Stream<Item = Result<Message, WsError>> + Unpin)) -> Value {
    loop {
        if let Message::Text(text) = socket.next().await.unwrap().unwrap() {
            return serde_json::from_str(&text).unwrap();
        }
    }
}

#[tokio::test]
async fn a_websocket_is_opened_by_a_token_and_reaches_what_the_token_reaches() {
    let node = node().await;
    match tokio_tungstenite::connect_async(node.ws_url()).await {
        Err(WsError::Http(response)) => assert_eq!(response.status().as_u16(), 401),
        other => panic!("{other:?}"),
    }
    let mut request = node.ws_url().into_client_request().unwrap();
    request.headers_mut().insert("authorization", format!("Bearer {READER}").parse().unwrap());
    let (mut socket, _) = tokio_tungstenite::connect_async(request).await.unwrap();
    for (method, params, code) in [
        ("eth_subscribe", json!(["newHeads"]), Value::Null),
        ("eth_sendRawTransaction", json!([transfer(1, 0)]), json!(UNAUTHORIZED)),
        ("chancery_status", json!([]), json!(UNAUTHORIZED)),
    ] {
        socket.send(Message::text(call(method, &params).to_string())).await.unwrap();
        let answer = answer(&mut socket).await;
        assert_eq!(answer["error"]["code"], code, "{method}: {answer}");
    }
    let sender_alone = RpcToken { hash: RpcToken::hash_of(SENDER), groups: vec![RpcGroup::Send] };
    let node = Node::guarded(RpcTokens::of(&[sender_alone])).await;
    let mut request = node.ws_url().into_client_request().unwrap();
    request.headers_mut().insert("authorization", format!("Bearer {SENDER}").parse().unwrap());
    let (mut socket, _) = tokio_tungstenite::connect_async(request).await.unwrap();
    socket.send(Message::text(call("eth_subscribe", &json!(["newHeads"])).to_string())).await.unwrap();
    let answer = answer(&mut socket).await;
    assert_eq!(answer["error"]["code"], UNAUTHORIZED, "a subscription is a read: {answer}");
}
