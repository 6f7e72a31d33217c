use std::task;

use alloy::{
    pubsub::{ConnectionHandle, PubSubConnect},
    rpc::json_rpc::{RequestPacket, ResponsePacket},
    transports::{
        Authorization, TransportError, TransportErrorKind, TransportFut, TransportResult,
        http::reqwest::{self, header::HeaderMap},
        ws::{WebSocketConfig, WsConnect},
    },
};
use chancery_traces::{is_followed, pass_on};
use tower::Service;
use url::Url;

use crate::Endpoint;

/// JSON-RPC over HTTP that reads at most so much of an answer: a node must not be able to fill our memory.
#[derive(Clone, Debug)]
pub(super) struct BoundedHttp {
    client: reqwest::Client,
    url: Url,
    max_response_bytes: usize,
}

impl BoundedHttp {
    pub(super) fn new(endpoint: &Endpoint, max_response_bytes: usize) -> Result<Self, reqwest::Error> {
        // An endpoint is named by the operator: a proxy from the environment would see and could alter every answer.
        // Nor does it say where else somebody is asked.
        let client = reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none());
        let client = client.tcp_nodelay(true).default_headers(endpoint.headers()).build()?;
        Ok(Self { client, url: endpoint.url().clone(), max_response_bytes })
    }

    async fn exchange(self, packet: RequestPacket) -> TransportResult<ResponsePacket> {
        let mut request = self.client.post(self.url).json(&packet);
        if is_followed() {
            let mut headers = HeaderMap::new();
            pass_on(&mut headers);
            request = request.headers(headers);
        }
        let mut response = request.send().await.map_err(TransportErrorKind::custom)?;
        let status = response.status();
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(TransportErrorKind::custom)? {
            if body.len() + chunk.len() > self.max_response_bytes {
                return Err(TransportErrorKind::non_retryable_str(TOO_LONG));
            }
            body.extend_from_slice(&chunk);
        }
        // Some nodes send JSON-RPC errors with an HTTP error status: the body decides, the status only if it is no JSON-RPC.
        match serde_json::from_slice(&body) {
            Ok(packet) => Ok(packet),
            Err(_) if !status.is_success() => Err(TransportErrorKind::http_error(status.as_u16(), String::new())),
            Err(error) => Err(TransportError::deser_err(error, "")),
        }
    }
}

/// The text of the transport error for an answer beyond the bound.
pub(super) const TOO_LONG: &str = "the answer is longer than allowed";

impl Service<RequestPacket> for BoundedHttp {
    type Response = ResponsePacket;
    type Error = TransportError;
    type Future = TransportFut<'static>;

    fn poll_ready(&mut self, _context: &mut task::Context<'_>) -> task::Poll<Result<(), Self::Error>> {
        task::Poll::Ready(Ok(()))
    }

    fn call(&mut self, packet: RequestPacket) -> Self::Future {
        Box::pin(self.clone().exchange(packet))
    }
}

/// JSON-RPC over one WebSocket (RFC 6455), with the same bound of an answer. When it ends it stays so: what is opened anew in silence, with the questions
/// that were under way asked again, may lead to a node of another chain.
#[derive(Clone, Debug)]
pub(super) struct OneWebSocket(WsConnect);

impl OneWebSocket {
    pub(super) fn new(endpoint: &Endpoint, max_response_bytes: usize) -> Self {
        let bounds = WebSocketConfig::default()
            .max_message_size(Some(max_response_bytes))
            .max_frame_size(Some(max_response_bytes));
        let opening = WsConnect::new(endpoint.url().as_str()).with_config(bounds).with_max_retries(0);
        Self(match endpoint.token() {
            Some(token) => opening.with_auth(Authorization::bearer(token)),
            None => opening,
        })
    }
}

impl PubSubConnect for OneWebSocket {
    fn is_local(&self) -> bool {
        self.0.is_local()
    }

    async fn connect(&self) -> TransportResult<ConnectionHandle> {
        self.0.connect().await
    }

    async fn try_reconnect(&self) -> TransportResult<ConnectionHandle> {
        Err(TransportErrorKind::backend_gone())
    }
}
