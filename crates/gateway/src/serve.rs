//! The gateway itself: made of a configuration and doors, it is an axum router, and it serves a listener until it is told to stop.

use std::{net::IpAddr, sync::Arc};

use axum::{Router, middleware};
use bytes::Bytes;
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::{conn::auto, graceful::GracefulShutdown},
    service::TowerToHyperService,
};
use sha2::{Digest as _, Sha256};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::Semaphore,
};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;
use tower_http::compression::CompressionLayer;

use crate::{
    ConfigError, Doors, GatewayConfig,
    authentication::{ReplayCache, Sessions, SignInNonces},
    authorization::layer::authorize,
    clock::{Clock, SystemClock},
    grpc,
    limits::{
        Clients, DRAIN_TIMEOUT, HEADER_TIMEOUT, MAX_HEAD_BUFFER_BYTES, MAX_HTTP2_STREAMS, MAX_USED_NONCES, enforce,
    },
    metrics::{Metrics, MetricsSource},
    openapi, routes,
    state::Shared,
    web::{self, Web},
};

/// Why a gateway cannot be made or cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The configuration cannot be used.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The machine gives no randomness.
    #[error("the machine gives no randomness: {0}")]
    Randomness(String),
    /// The OpenAPI document cannot be written.
    #[error("the OpenAPI document cannot be written: {0}")]
    OpenApi(#[from] serde_json::Error),
    /// The descriptors of gRPC cannot be read.
    #[error("the descriptors of gRPC cannot be read: {0}")]
    Descriptors(#[from] tonic_reflection::server::Error),
}

/// Who is at the other end of a connection.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Peer {
    pub(crate) address: IpAddr,
    /// On this machine, and not through a proxy.
    pub(crate) is_local: bool,
}

impl Peer {
    /// Nobody in particular: a request that came through no connection of ours.
    pub(crate) const UNKNOWN: Self = Self { address: IpAddr::V4(std::net::Ipv4Addr::UNSPECIFIED), is_local: false };
}

/// The gateway.
#[derive(Clone)]
pub struct Gateway {
    shared: Arc<Shared>,
    router: Router,
}

impl Gateway {
    /// A gateway in front of doors.
    ///
    /// # Errors
    /// [`ServeError`] when the configuration cannot be used.
    pub fn new(config: GatewayConfig, doors: Doors) -> Result<Self, ServeError> {
        Self::with_clock(config, doors, Arc::new(SystemClock))
    }

    /// A gateway that reads another clock.
    ///
    /// # Errors
    /// [`ServeError`] when the configuration cannot be used.
    pub fn with_clock(config: GatewayConfig, doors: Doors, clock: Arc<dyn Clock>) -> Result<Self, ServeError> {
        if config.origins.is_empty() {
            return Err(ConfigError::NoOrigin.into());
        }
        let (router, document) = openapi::router_and_document();
        let document = Bytes::from(document.to_json()?);
        let tag = format!("W/\"{}\"", alloy_primitives::hex::encode(&Sha256::digest(&document)[..12]));
        let shared = Arc::new(Shared {
            web: Web::load(config.web_directory.as_deref())?,
            clients: Clients::new(config.limits),
            config,
            doors,
            clock,
            sessions: Sessions::default(),
            nonces: SignInNonces::new().map_err(|error| ServeError::Randomness(error.to_string()))?,
            used: ReplayCache::new(MAX_USED_NONCES),
            metrics: Metrics::new(),
            openapi: (document, tag),
        });
        let router = router
            .route_layer(middleware::from_fn_with_state(Arc::clone(&shared), authorize))
            .method_not_allowed_fallback(routes::method_not_allowed)
            .fallback(web::serve)
            .layer(CompressionLayer::new())
            .layer(middleware::from_fn_with_state(Arc::clone(&shared), enforce))
            .with_state(Arc::clone(&shared));
        Ok(Self { shared, router })
    }

    /// Adds metrics of the same process to `GET /metrics`.
    pub fn add_metrics(&self, source: MetricsSource) {
        self.shared.metrics.add_source(source);
    }

    /// The axum router, for whoever serves it otherwise. Loopback is not known then, and `GET /metrics` wants an operator.
    pub fn router(&self) -> Router {
        self.router.clone()
    }

    /// Serves a listener until `shutdown` is cancelled; then takes no more connections and waits for requests under way, at most
    /// [`DRAIN_TIMEOUT`].
    pub async fn serve(self, listener: TcpListener, shutdown: CancellationToken) {
        accept(self.router, Protocol::Http, self.shared.config.limits.max_connections, listener, shutdown).await;
    }

    /// Serves gRPC on a listener of its own, by the same limits, sessions and roles, until `shutdown` is cancelled; then streams read no more, and what was
    /// read is decided and answered, within [`DRAIN_TIMEOUT`].
    ///
    /// # Errors
    /// [`ServeError::Descriptors`], before anything is served.
    pub async fn serve_grpc(self, listener: TcpListener, shutdown: CancellationToken) -> Result<(), ServeError> {
        let router = grpc::router(&self.shared, shutdown.clone())?;
        accept(router, Protocol::Grpc, self.shared.config.limits.max_connections, listener, shutdown).await;
        Ok(())
    }
}

/// What is spoken on a listener.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Protocol {
    /// HTTP/1.1 and HTTP/2.
    Http,
    /// HTTP/2 alone.
    Grpc,
}

async fn accept(
    router: Router,
    protocol: Protocol,
    max_connections: usize,
    listener: TcpListener,
    shutdown: CancellationToken,
) {
    let connections = Arc::new(Semaphore::new(max_connections));
    let graceful = GracefulShutdown::new();
    loop {
        // A place first: when all are taken, new connections wait in the kernel.
        let place = tokio::select! {
            () = shutdown.cancelled() => break,
            place = Arc::clone(&connections).acquire_owned() => place,
        };
        let accepted = tokio::select! {
            () = shutdown.cancelled() => break,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, peer)) => {
                let connection = graceful.watch(connection(router.clone(), protocol, stream, peer.ip()));
                tokio::spawn(async move {
                    // Errors of one connection (resets, bad bytes) concern nobody else.
                    if let Err(error) = connection.await {
                        tracing::debug!(%error, "a connection ended with an error");
                    }
                    drop(place);
                });
            }
            Err(error) => {
                // Out of file descriptors, or the peer gave up: go on, but not in a busy loop.
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(std::time::Duration::from_millis(50)).await;
            }
        }
    }
    drop(listener);
    if tokio::time::timeout(DRAIN_TIMEOUT, graceful.shutdown()).await.is_err() {
        tracing::warn!(
            seconds = DRAIN_TIMEOUT.as_secs(),
            "requests were still under way when the time to drain was over"
        );
    }
}

fn connection(
    router: Router,
    protocol: Protocol,
    stream: TcpStream,
    address: IpAddr,
) -> impl hyper_util::server::graceful::GracefulConnection<Error = Box<dyn std::error::Error + Send + Sync>> + Send {
    let peer = Peer { address, is_local: address.to_canonical().is_loopback() };
    // Answers are small: waiting for more to send only makes them late.
    let _ = stream.set_nodelay(true);
    let service = router.map_request(move |mut request: http::Request<hyper::body::Incoming>| {
        request.extensions_mut().insert(peer);
        request.map(axum::body::Body::new)
    });
    let mut builder = auto::Builder::new(TokioExecutor::new());
    if protocol == Protocol::Grpc {
        builder = builder.http2_only();
    }
    builder.http1().timer(TokioTimer::new()).header_read_timeout(HEADER_TIMEOUT).max_buf_size(MAX_HEAD_BUFFER_BYTES);
    builder
        .http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(HEADER_TIMEOUT)
        .max_concurrent_streams(MAX_HTTP2_STREAMS)
        .max_header_list_size(u32::try_from(MAX_HEAD_BUFFER_BYTES).unwrap_or(u32::MAX));
    builder.serve_connection(TokioIo::new(stream), TowerToHyperService::new(service)).into_owned()
}
