//! The gateway itself: made of a configuration and doors, it is an axum router, and it serves a listener until it is told to stop.

use std::{net::IpAddr, sync::Arc};

use axum::{Router, middleware};
use bytes::Bytes;
use sha2::{Digest as _, Sha256};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tower_http::compression::CompressionLayer;

use crate::{
    ConfigError, Doors, GatewayConfig,
    authentication::{ReplayCache, Sessions, SignInNonces},
    authorization::layer::authorize,
    clock::{Clock, SystemClock},
    grpc,
    limits::{Clients, MAX_USED_NONCES, PerClient, Streams, enforce},
    metrics::{Metrics, MetricsSource},
    openapi, routes,
    state::Shared,
    tls::Spoken,
    web::{self, Web},
};

mod activity;
mod connection;
mod listening;
mod reader;
#[cfg(test)]
mod tests;

pub(crate) use self::listening::{Listening, serve};

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
    /// Whoever is connected from this address.
    fn at(address: IpAddr) -> Self {
        Self { address, is_local: address.to_canonical().is_loopback() }
    }

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
            connections: PerClient::new(config.limits.max_connections_per_client),
            streams: Streams::of_submissions(),
            followers: Streams::of_followers(),
            config,
            doors,
            clock,
            sessions: Sessions::default(),
            nonces: SignInNonces::new().map_err(|error| ServeError::Randomness(error.to_string()))?,
            used: ReplayCache::new(MAX_USED_NONCES),
            metrics: Metrics::new(),
            stopping: CancellationToken::new(),
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
    /// [`DRAIN_TIMEOUT`](crate::limits::DRAIN_TIMEOUT).
    pub async fn serve(self, listener: TcpListener, shutdown: CancellationToken) {
        let stopping = self.shared.stopping.clone();
        let told = shutdown.clone();
        let tell = async move {
            told.cancelled().await;
            stopping.cancel();
        };
        // Serving ends after it was told so, and no earlier.
        let listening = Listening::of(&self.shared, Protocol::Http);
        tokio::join!(serve(listening, self.router, listener, shutdown), tell);
    }

    /// The doors over gRPC, for a listener of their own, by the same limits, sessions and roles. What cannot be made is known before anything is served.
    ///
    /// # Errors
    /// [`ServeError::Descriptors`].
    pub async fn grpc(&self, shutdown: CancellationToken) -> Result<GrpcGateway, ServeError> {
        let router = grpc::router(&self.shared, shutdown.clone()).await?;
        Ok(GrpcGateway { shared: Arc::clone(&self.shared), router, shutdown })
    }
}

/// The gateway over gRPC.
pub struct GrpcGateway {
    shared: Arc<Shared>,
    router: Router,
    shutdown: CancellationToken,
}

impl GrpcGateway {
    /// Serves a listener until the token that it was made with is cancelled; then streams read no more, and what was read is decided and answered, within
    /// [`DRAIN_TIMEOUT`](crate::limits::DRAIN_TIMEOUT).
    pub async fn serve(self, listener: TcpListener) {
        serve(Listening::of(&self.shared, Protocol::Grpc), self.router, listener, self.shutdown).await;
    }
}

/// What is spoken on a listener.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Protocol {
    /// HTTP/1.1 and HTTP/2.
    Http,
    /// HTTP/2 alone.
    Grpc,
}

impl From<Protocol> for Spoken {
    fn from(protocol: Protocol) -> Self {
        match protocol {
            Protocol::Http => Self::Http,
            Protocol::Grpc => Self::Grpc,
        }
    }
}
