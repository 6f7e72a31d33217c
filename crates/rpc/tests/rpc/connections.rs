//! Ports, hosts, origins, connections, stopping.

use std::time::Duration;

use chancery_execution::{Blockchain, ExecutionConfig};
use chancery_rpc::{RpcAccess, RpcConfig, RpcLimits, RpcServer, RpcStartError};
use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use tokio_tungstenite::tungstenite::{Error as WsError, Message, client::IntoClientRequest};

use super::harness::*;

const PATIENCE: Duration = Duration::from_secs(20);
const CHAIN_ID_CALL: &str = r#"{"jsonrpc":"2.0","id":1,"method":"eth_chainId","params":[]}"#;

#[tokio::test]
async fn a_taken_port_is_a_named_error() {
    let node = Node::start().await;
    let directory = tempfile::tempdir().unwrap();
    let chain = Blockchain::open(directory.path(), &genesis().build().unwrap(), ExecutionConfig::default()).unwrap();
    let error = RpcServer::start(RpcConfig::new(node.handle.addr()), chain).await.unwrap_err();
    assert!(matches!(error, RpcStartError::PortTaken { address } if address == node.handle.addr()), "{error}");
    assert!(error.to_string().contains("is taken"), "{error}");
}

async fn status_for(node: &Node, header: &str, value: &str) -> u16 {
    let request = node.http().post(node.handle.url()).header("content-type", "application/json").header(header, value);
    request.body(CHAIN_ID_CALL).send().await.unwrap().status().as_u16()
}

#[tokio::test]
async fn foreign_hosts_and_origins_are_refused() {
    let access = RpcAccess {
        allowed_hosts: vec!["node.example".to_owned()],
        allowed_origins: vec!["https://wallet.example".to_owned()],
    };
    let node = Node::with(RpcLimits::default(), access).await;
    for (header, value, status) in [
        ("host", "evil.example", 403),
        ("host", "evil.example:8545", 403),
        ("host", "node.example:8545", 200),
        ("host", "localhost:1", 200),
        ("host", "192.168.1.1", 200),
        ("origin", "https://evil.example", 403),
        ("origin", "null", 403),
        ("origin", "https://wallet.example", 200),
        ("origin", "http://localhost:5173", 200),
        ("origin", "chrome-extension://nkbihfbeogaeaoehlefnkodbefgpgknn", 200),
    ] {
        assert_eq!(status_for(&node, header, value).await, status, "{header}: {value}");
    }
}

#[tokio::test]
async fn browsers_are_told_which_origins_may_read() {
    let node = Node::start().await;
    for (origin, allowed) in [("http://localhost:3000", true), ("https://evil.example", false)] {
        let request = node
            .http()
            .request(reqwest::Method::OPTIONS, node.handle.url())
            .header("origin", origin)
            .header("access-control-request-method", "POST")
            .header("access-control-request-headers", "content-type");
        let headers = request.send().await.unwrap().headers().clone();
        let answer = headers.get("access-control-allow-origin").map(|value| value.to_str().unwrap().to_owned());
        assert_eq!(answer, allowed.then(|| origin.to_owned()));
    }
}

#[tokio::test]
async fn websocket_is_closed_to_foreign_origins() {
    let node = Node::start().await;
    for (origin, allowed) in [("http://127.0.0.1:8080", true), ("https://evil.example", false)] {
        let mut request = node.ws_url().into_client_request().unwrap();
        request.headers_mut().insert("origin", origin.parse().unwrap());
        match tokio_tungstenite::connect_async(request).await {
            Ok(_) => assert!(allowed, "{origin}"),
            Err(WsError::Http(response)) => assert_eq!((allowed, response.status().as_u16()), (false, 403), "{origin}"),
            Err(other) => panic!("{origin}: {other}"),
        }
    }
}

#[tokio::test]
async fn only_json_posts_are_answered() {
    let node = Node::start().await;
    let get = node.http().get(node.handle.url()).send().await.unwrap();
    assert_eq!(get.status().as_u16(), 405);
    let form = node.http().post(node.handle.url()).header("content-type", "text/plain").body(CHAIN_ID_CALL);
    assert_eq!(form.send().await.unwrap().status().as_u16(), 415);
}

#[tokio::test]
async fn answers_are_not_compressed() {
    let node = Node::start().await;
    let request = node
        .http()
        .post(node.handle.url())
        .header("content-type", "application/json")
        .header("accept-encoding", "gzip");
    let response = request.body(CHAIN_ID_CALL).send().await.unwrap();
    assert!(response.headers().get("content-encoding").is_none());
}

#[tokio::test]
async fn one_connection_serves_many_calls_and_too_many_connections_are_told() {
    let node = Node::with_limits(RpcLimits { max_connections: 1, ..RpcLimits::default() }).await;
    let mut first = TcpStream::connect(node.handle.addr()).await.unwrap();
    let request = format!(
        "POST / HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{CHAIN_ID_CALL}",
        CHAIN_ID_CALL.len()
    );
    for _ in 0..3 {
        first.write_all(request.as_bytes()).await.unwrap();
        let mut answer = vec![0; 4_096];
        let read = first.read(&mut answer).await.unwrap();
        assert!(String::from_utf8_lossy(&answer[..read]).starts_with("HTTP/1.1 200"));
    }
    let mut second = TcpStream::connect(node.handle.addr()).await.unwrap();
    let mut refusal = String::new();
    tokio::time::timeout(PATIENCE, second.read_to_string(&mut refusal)).await.unwrap().unwrap();
    assert!(refusal.starts_with("HTTP/1.1 503"), "{refusal}");
    assert!(refusal.contains("max_connections = 1"), "{refusal}");
    drop((first, second));
}

#[tokio::test]
async fn a_websocket_client_that_does_not_read_is_not_read_from() {
    use futures::{SinkExt, StreamExt};
    let node = Node::with_limits(RpcLimits { max_calls_in_flight_per_connection: 2, ..RpcLimits::default() }).await;
    let (mut socket, _) = tokio_tungstenite::connect_async(node.ws_url()).await.unwrap();
    // More calls than may be unfinished: they are all answered, some at a time.
    for id in 0..50 {
        let call = json!({ "jsonrpc": "2.0", "id": id, "method": "eth_getBalance", "params": [STORE, "latest"] });
        socket.send(Message::text(call.to_string())).await.unwrap();
    }
    let mut answered = 0;
    while answered < 50 {
        let message = tokio::time::timeout(PATIENCE, socket.next()).await.unwrap().unwrap().unwrap();
        if message.is_text() {
            answered += 1;
        }
    }
}

#[tokio::test]
async fn a_client_that_sends_no_request_is_hung_up_on() {
    let node = Node::with_limits(RpcLimits { idle_connection_seconds: 1, ..RpcLimits::default() }).await;
    let mut silent = TcpStream::connect(node.handle.addr()).await.unwrap();
    silent.write_all(b"POST / HTTP/1.1\r\nhost: local").await.unwrap();
    let mut rest = Vec::new();
    tokio::time::timeout(PATIENCE, silent.read_to_end(&mut rest)).await.expect("the server hangs up").unwrap();
}

#[tokio::test]
async fn a_body_that_does_not_come_is_given_up() {
    let node = Node::with_limits(RpcLimits { body_timeout_seconds: 1, ..RpcLimits::default() }).await;
    let mut slow = TcpStream::connect(node.handle.addr()).await.unwrap();
    let head = "POST / HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{";
    slow.write_all(head.as_bytes()).await.unwrap();
    let mut answer = vec![0; 4_096];
    let read = tokio::time::timeout(PATIENCE, slow.read(&mut answer)).await.expect("the server answers").unwrap();
    let answer = String::from_utf8_lossy(&answer[..read]).into_owned();
    assert!(answer.starts_with("HTTP/1.1 408") && answer.contains("body_timeout_seconds = 1"), "{answer}");
}

#[tokio::test]
async fn a_stopped_server_lets_go_of_its_port() {
    let node = Node::start().await;
    let address = node.handle.addr();
    let (_socket, _) = tokio_tungstenite::connect_async(node.ws_url()).await.unwrap();
    node.ok("eth_chainId", json!([])).await;
    let Node { chain, handle, .. } = node;
    tokio::time::timeout(PATIENCE, handle.stop()).await.unwrap();
    let again = RpcServer::start(RpcConfig::new(address), chain).await.unwrap();
    assert_eq!(again.addr(), address);
}
