//! A request over mutual TLS: a connection of its own, so that both certificates are looked at for each.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use axum::{
    body::Bytes,
    http::{Method, StatusCode, header},
};
use chancery_traces::pass_on;
use http_body_util::{BodyExt as _, Full};
use hyper::{Request, client::conn::http1};
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use tokio::{net::TcpStream, time::timeout};
use tokio_rustls::TlsConnector;
use url::{Host, Url};

use super::{CallError, MAX_BODY_BYTES, client::CONNECT_TIMEOUT};
use crate::tls::{ChannelFault, Expectation, Mutual, PeerFault, fault_of};

/// Speaks to nodes of the alliance.
#[derive(Clone, Debug)]
pub(super) struct MutualClient {
    pub(super) tls: Mutual,
    pub(super) wanted: Expectation,
    /// Longest that a request may take, with everything.
    pub(super) patience: Duration,
}

impl MutualClient {
    /// Status and body of the answer.
    pub(super) async fn post(&self, url: &Url, body: Vec<u8>) -> Result<(StatusCode, Vec<u8>), CallError> {
        let late = || CallError::Unreachable("it took too long".to_owned());
        timeout(self.patience, self.ask(url, body)).await.map_err(|_| late())?
    }

    async fn ask(&self, url: &Url, body: Vec<u8>) -> Result<(StatusCode, Vec<u8>), CallError> {
        let (name, place) = server(url)?;
        let connected = timeout(CONNECT_TIMEOUT, TcpStream::connect(place)).await;
        let stream =
            connected.map_err(|_| unreachable(&"no connection in time"))?.map_err(|error| unreachable(&error))?;
        stream.set_nodelay(true).ok();
        let connector = TlsConnector::from(self.tls.client().await);
        let stream = connector.connect(name, stream).await.map_err(|error| handshake(&error))?;
        let shown = stream.get_ref().1.peer_certificates();
        let (certificate, _) = self.tls.admit(shown, &self.wanted).await.map_err(theirs)?;
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(|error| broken(&error))?;
        // Ends with this request, or when it is dropped.
        let carries = tokio::spawn(connection);
        let _ends = AbortOnDrop(carries.abort_handle());
        let mut request = Request::builder()
            .method(Method::POST)
            .uri(&url[url::Position::BeforePath..url::Position::AfterQuery])
            .header(header::HOST, authority(url))
            .header(header::CONTENT_TYPE, "application/json")
            .body(Full::new(Bytes::from(body)))
            .map_err(|error| unreachable(&error))?;
        pass_on(request.headers_mut());
        let is_sent = AtomicBool::new(false);
        let answers = async {
            sender.ready().await.map_err(|error| broken(&error))?;
            is_sent.store(true, Ordering::Relaxed);
            let answer = sender.send_request(request).await.map_err(|error| broken(&error))?;
            let status = answer.status();
            Ok::<_, CallError>((status, read(answer.into_body()).await?))
        };
        let answer = tokio::select! {
            answer = answers => answer,
            fault = self.tls.refused(&certificate, &self.wanted) => Err(theirs(fault)),
        };
        answer.map_err(|error| if is_sent.load(Ordering::Relaxed) { error.of_sent() } else { error })
    }
}

async fn read(mut body: hyper::body::Incoming) -> Result<Vec<u8>, CallError> {
    let mut bytes = Vec::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| broken(&error))?;
        let Some(chunk) = frame.data_ref() else { continue };
        if bytes.len() + chunk.len() > MAX_BODY_BYTES {
            return Err(CallError::Malformed(format!("it is longer than {MAX_BODY_BYTES} bytes")));
        }
        bytes.extend_from_slice(chunk);
    }
    Ok(bytes)
}

/// What TLS calls the server, which nobody compares, and where it is.
fn server(url: &Url) -> Result<(ServerName<'static>, (String, u16)), CallError> {
    let port = url.port_or_known_default();
    let (Some(host), Some(port)) = (url.host(), port) else { return Err(unreachable(&"the URL names no server")) };
    Ok(match host {
        Host::Domain(domain) => {
            let name = ServerName::try_from(domain.to_owned()).map_err(|error| unreachable(&error))?;
            (name, (domain.to_owned(), port))
        }
        Host::Ipv4(address) => (ServerName::from(std::net::IpAddr::from(address)), (address.to_string(), port)),
        Host::Ipv6(address) => (ServerName::from(std::net::IpAddr::from(address)), (address.to_string(), port)),
    })
}

/// Host and port as a URL has them.
fn authority(url: &Url) -> &str {
    &url[url::Position::BeforeHost..url::Position::AfterPort]
}

fn theirs(fault: PeerFault) -> CallError {
    CallError::Channel(ChannelFault::Theirs { fault })
}

fn unreachable(reason: &dyn std::fmt::Display) -> CallError {
    CallError::Unreachable(reason.to_string())
}

fn handshake(error: &std::io::Error) -> CallError {
    match fault_of(error) {
        Some(fault) => theirs(fault),
        None => failed(error),
    }
}

/// The other side tells by an alert that it does not take our certificate, when we have begun to speak.
fn broken(error: &hyper::Error) -> CallError {
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        if let Some(cause) = cause.downcast_ref::<std::io::Error>() {
            return failed(cause);
        }
        source = cause.source();
    }
    unreachable(error)
}

fn failed(error: &std::io::Error) -> CallError {
    match error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
        Some(reason) => CallError::Channel(ChannelFault::Handshake { reason: reason.to_string() }),
        None => unreachable(error),
    }
}

struct AbortOnDrop(tokio::task::AbortHandle);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}
