//! Both ways to the server, for tests that want the same on each.

use std::time::Duration;

use futures::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, tungstenite::Message};

use super::harness::*;

/// How long an answer may take; a test that waits so long has failed.
const PATIENCE: Duration = Duration::from_secs(60);

/// A connection of one of the two kinds.
pub(crate) enum Wire<'a> {
    Http(&'a Node),
    WebSocket(Box<WebSocketStream<MaybeTlsStream<TcpStream>>>),
}

impl<'a> Wire<'a> {
    /// One of each.
    pub(crate) async fn both(node: &'a Node) -> [Self; 2] {
        let (socket, _) = tokio_tungstenite::connect_async(node.ws_url()).await.unwrap();
        [Self::Http(node), Self::WebSocket(Box::new(socket))]
    }

    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Http(_) => "HTTP",
            Self::WebSocket(_) => "WebSocket",
        }
    }

    /// Sends a text as it is; the JSON that comes back.
    pub(crate) async fn send(&mut self, text: String) -> Value {
        let body = match self {
            Self::Http(node) => node.post(text.clone()).await.1,
            Self::WebSocket(socket) => {
                socket.send(Message::text(text.clone())).await.unwrap();
                // The server's pings come in between.
                loop {
                    let message = tokio::time::timeout(PATIENCE, socket.next()).await.expect("an answer in time");
                    if let Message::Text(answer) = message.unwrap().unwrap() {
                        break answer.to_string();
                    }
                }
            }
        };
        serde_json::from_str(&body).unwrap_or_else(|_| panic!("{text} was answered with {body}"))
    }

    pub(crate) async fn call(&mut self, method: &str, params: Value) -> Answer {
        answer(self.send(json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params }).to_string()).await)
    }

    /// A call that must fail.
    pub(crate) async fn fails(&mut self, method: &str, params: Value) -> Failure {
        match self.call(method, params.clone()).await {
            Ok(result) => panic!("{method} {params} gave {result} over {}", self.name()),
            Err(failure) => failure,
        }
    }
}
