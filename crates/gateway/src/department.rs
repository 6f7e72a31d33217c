//! The door of a department that shares files (S-ODS): whoever asks signs the request (ERC-8128), and gets what its final grant gives. The files stay at their
//! owner, so this is no door of the city: each department serves its own.
//!
//! ```text
//! GET /v1/assets/{asset}/requests/{request}       terms of the grant, sealed data key
//! GET /v1/assets/{asset}/requests/{request}/file  the sealed file
//! GET /health                                     whether it answers
//! ```
//!
//! A request has no body, and an answer begins within [`REQUEST_TIMEOUT`]. The door is served over TLS, or on loopback ([`serve`]), with the gateway's bounds on connections.

use std::{
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use alloy_primitives::Address;
use async_trait::async_trait;
use axum::{
    Json as Answer, Router,
    body::{Body, HttpBody as _},
    extract::{Request, State},
    response::{IntoResponse as _, Response},
    routing::get,
};
use bytes::Bytes;
use chancery_reference_points::{Code, DoorResult};
use chancery_rest::{types::resources::GrantedAccess, values::HexAddress};
use futures::stream::BoxStream;
use http::{HeaderValue, header};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::{
    Origin,
    clock::{Clock, SystemClock},
    limits::{MAX_USED_NONCES, PerClient, REQUEST_TIMEOUT},
    problem::{ApiError, ApiResult},
    request::Path,
    serve::{Listening, Protocol, serve as serve_connections},
    signed_door::{self, SignedDoor},
    tls::ServerTls,
};

/// Connections at a time. More wait in the kernel.
const MAX_CONNECTIONS: usize = 256;
/// Connections of one client address at a time.
const MAX_CONNECTIONS_PER_CLIENT: usize = 32;

/// What is asked and answered would cross in the clear.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0} is reached from other machines, and nothing is encrypted there: give a certificate and its key, or listen on a loopback address, behind a proxy that speaks TLS"
)]
pub struct PlainDoor(pub SocketAddr);

/// Checks that nobody beyond this machine is served without TLS.
///
/// # Errors
/// [`PlainDoor`].
pub const fn check_listener(listen: SocketAddr, is_encrypted: bool) -> Result<(), PlainDoor> {
    if is_encrypted || listen.ip().is_loopback() { Ok(()) } else { Err(PlainDoor(listen)) }
}

/// Serves a door until `shutdown` is cancelled, then what is under way, for a bounded time: over TLS 1.3, or in plain text, which [`check_listener`] has for loopback alone.
/// Connections of this machine are taken for those of a proxy, and not counted for each client.
pub async fn serve(listener: TcpListener, door: Router, tls: Option<ServerTls>, shutdown: CancellationToken) {
    let listening = Listening {
        protocol: Protocol::Http,
        tls,
        max_connections: MAX_CONNECTIONS,
        per_client: PerClient::new(MAX_CONNECTIONS_PER_CLIENT),
        trusted_proxies: vec![IpAddr::from(Ipv4Addr::LOCALHOST), IpAddr::from(Ipv6Addr::LOCALHOST)],
    };
    serve_connections(listening, door, listener, shutdown).await;
}

/// A sealed file on its way out.
pub struct ReleasedFile {
    /// Its length, in bytes.
    pub size: u64,
    /// Its bytes, as they come.
    pub bytes: BoxStream<'static, io::Result<Bytes>>,
}

/// What stands behind the door: whoever releases by proof of the final grant.
#[async_trait]
pub trait Releases: Send + Sync {
    /// The final grant of a reader's request; what is approved is granted first.
    ///
    /// # Errors
    /// `UnknownResource` for another asset, `UnknownRequest`, `NotYourRequest`, `NotGranted`, `NotFinalYet`, `ChainUnreachable`.
    async fn granted(&self, reader: Address, asset: Address, request: u64) -> DoorResult<GrantedAccess>;

    /// The sealed file of a final grant.
    ///
    /// # Errors
    /// As [`Self::granted`], and `StoreUnavailable`.
    async fn file(&self, reader: Address, asset: Address, request: u64) -> DoorResult<ReleasedFile>;
}

struct Door {
    signed: SignedDoor,
    releases: Arc<dyn Releases>,
}

/// The door: reached under `origins`, for keys of the chain with this EIP-155 id. Whoever serves it bounds its connections.
pub fn router(origins: Vec<Origin>, main_chain_id: u64, releases: Arc<dyn Releases>) -> Router {
    with_clock(origins, main_chain_id, releases, Arc::new(SystemClock), REQUEST_TIMEOUT)
}

fn with_clock(
    origins: Vec<Origin>,
    main_chain_id: u64,
    releases: Arc<dyn Releases>,
    clock: Arc<dyn Clock>,
    longest: Duration,
) -> Router {
    // Readers are whoever an owner grants something to: nobody can list them beforehand.
    let signed = SignedDoor::new(origins, main_chain_id, clock, MAX_USED_NONCES);
    let routes = Router::new()
        .route("/v1/assets/{asset}/requests/{request}", get(granted))
        .route("/v1/assets/{asset}/requests/{request}/file", get(file));
    signed_door::router(routes, longest).with_state(Arc::new(Door { signed, releases }))
}

async fn granted(
    State(door): State<Arc<Door>>,
    Path((asset, number)): Path<(HexAddress, u64)>,
    request: Request,
) -> ApiResult<Answer<GrantedAccess>> {
    let reader = door.who_asks(request).await?;
    Ok(Answer(door.releases.granted(reader, asset.0, number).await?))
}

async fn file(
    State(door): State<Arc<Door>>,
    Path((asset, number)): Path<(HexAddress, u64)>,
    request: Request,
) -> ApiResult<Response> {
    let reader = door.who_asks(request).await?;
    let released = door.releases.file(reader, asset.0, number).await?;
    let mut response = Body::from_stream(released.bytes).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(released.size));
    Ok(response)
}

impl Door {
    async fn who_asks(&self, request: Request) -> ApiResult<Address> {
        // Nothing is asked by a body, and one would be read before it is known who sends it.
        if !request.body().is_end_stream() {
            return Err(ApiError::new(Code::MalformedRequest, "a request to this door has no body"));
        }
        let (reader, _) = self.signed.caller(request, None, "the reader signs each request (ERC-8128)").await?;
        Ok(reader)
    }
}

#[cfg(test)]
mod tests;
