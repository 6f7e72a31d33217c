//! Listening, accepting, serving, stopping.

use std::{convert::Infallible, fmt, io, net::SocketAddr, sync::Arc, time::Duration};

use chancery_execution::Blockchain;
use chancery_traces::Parent;
use http::StatusCode;
use http_body_util::BodyExt;
use hyper::body::{Body, Bytes};
use hyper_util::rt::{TokioIo, TokioTimer};
use jsonrpsee::{
    RpcModule,
    core::middleware::RpcServiceBuilder,
    server::{
        BatchRequestConfig, HttpBody, PingConfig, ServerConfig, ServerHandle, StopHandle, TowerServiceBuilder,
        stop_channel,
    },
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::Semaphore,
};
use tower::{Service, ServiceBuilder, ServiceExt, util::MapRequestLayer};

use crate::{
    access::{AccessLayer, RpcAccess, cors, refusal_body, refusal_response},
    api::Api,
    body::{BodyLayer, BoxError},
    connection::{ConnectionIo, InFlight},
    dispatch::{Dispatch, Dispatcher, OverWebSocket},
    limits::RpcLimits,
    metrics::RpcMetrics,
    reports::NodeReports,
    subscriptions::{self, HexIds},
    tokens::{RpcTokens, TokenLayer},
};

/// Connections above the limit that are told so at the same time; further ones are closed without a word.
const MAX_REFUSALS: usize = 32;
/// How long a refused connection may take to read why.
const REFUSAL_TIME: Duration = Duration::from_secs(1);
/// How long calls may still run when the server stops.
const STOP_TIME: Duration = Duration::from_secs(5);
/// How often WebSocket connections are pinged.
const PING_INTERVAL: Duration = Duration::from_secs(30);
/// How long a WebSocket connection may leave pings unanswered.
const PING_ANSWER_TIME: Duration = Duration::from_secs(60);
/// Answers that wait to be written to one WebSocket connection.
const MESSAGE_BUFFER: u32 = 256;
/// How many times `max_batch_length` a batch may have for the error to name the limit.
const MAX_UNPACKED_BATCHES: u32 = 16;
/// How long accepting pauses when the system has no more file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// How a server listens.
#[derive(Clone, Debug)]
pub struct RpcConfig {
    /// Where to listen; port 0 takes a free one. HTTP and WebSocket share the port.
    pub listen: SocketAddr,
    /// What clients may use.
    pub limits: RpcLimits,
    /// Which browsers may call.
    pub access: RpcAccess,
    /// Who may call what.
    pub tokens: RpcTokens,
    /// The answer to `web3_clientVersion`, for example `Chancery/0.1.0/linux-x86_64`.
    pub client_version: String,
}

impl RpcConfig {
    /// The default limits and access at `listen`, open to everybody who reaches it.
    pub fn new(listen: SocketAddr) -> Self {
        let (os, arch) = (std::env::consts::OS, std::env::consts::ARCH);
        Self {
            listen,
            limits: RpcLimits::default(),
            access: RpcAccess::default(),
            tokens: RpcTokens::open(),
            client_version: format!("Chancery/v{}/{os}-{arch}", env!("CARGO_PKG_VERSION")),
        }
    }
}

/// Why a server did not start.
#[derive(Debug, thiserror::Error)]
pub enum RpcStartError {
    /// Somebody else has the port.
    #[error("the JSON-RPC port {address} is taken: stop the process that listens there, or choose another port")]
    PortTaken {
        /// Where the server was to listen.
        address: SocketAddr,
    },
    /// The system refused to listen there.
    #[error("cannot listen for JSON-RPC on {address}: {source}")]
    Listen {
        /// Where the server was to listen.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// Two subscriptions of one name: a fault of this crate.
    #[error("cannot register the subscriptions: {0}")]
    Register(#[from] jsonrpsee::core::RegisterMethodError),
}

/// The JSON-RPC server.
#[derive(Debug)]
pub struct RpcServer;

/// A running server. Dropping it stops the server without waiting.
#[derive(Debug)]
pub struct RpcHandle {
    address: SocketAddr,
    metrics: Arc<RpcMetrics>,
    server: ServerHandle,
}

impl RpcServer {
    /// Listens at `config.listen` and serves `chain` (its pool included) until the handle is stopped or dropped.
    ///
    /// Must be called within a tokio runtime, which then runs the server.
    ///
    /// # Errors
    /// [`RpcStartError`] where the address cannot be listened on.
    pub async fn start(config: RpcConfig, chain: Blockchain) -> Result<RpcHandle, RpcStartError> {
        Self::start_beside(config, chain, None).await
    }

    /// Like [`Self::start`], beside a consensus that reports what it hears: `chancery_status` and `chancery_getEvidence`.
    ///
    /// # Errors
    /// [`RpcStartError`] where the address cannot be listened on.
    pub async fn start_beside(
        config: RpcConfig,
        chain: Blockchain,
        reports: Option<Arc<dyn NodeReports>>,
    ) -> Result<RpcHandle, RpcStartError> {
        let address = config.listen;
        let listener = TcpListener::bind(address).await.map_err(|source| match source.kind() {
            io::ErrorKind::AddrInUse => RpcStartError::PortTaken { address },
            _ => RpcStartError::Listen { address, source },
        })?;
        let address = listener.local_addr().map_err(|source| RpcStartError::Listen { address, source })?;

        let (acceptor, server) = Acceptor::new(config, chain, reports)?;
        let metrics = acceptor.dispatcher.metrics();
        tokio::spawn(acceptor.accept_until_stopped(listener));
        Ok(RpcHandle { address, metrics, server })
    }
}

/// The server without its socket: the same layers, limits and methods, one request at a time.
pub struct LocalRpc {
    acceptor: Acceptor,
    _running: ServerHandle,
}

impl fmt::Debug for LocalRpc {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("LocalRpc").finish_non_exhaustive()
    }
}

impl LocalRpc {
    /// Serves `chain` to whoever holds this; where `config` would listen is of no matter.
    ///
    /// # Errors
    /// [`RpcStartError::Register`].
    pub fn new(
        config: RpcConfig,
        chain: Blockchain,
        reports: Option<Arc<dyn NodeReports>>,
    ) -> Result<Self, RpcStartError> {
        let (acceptor, running) = Acceptor::new(config, chain, reports)?;
        Ok(Self { acceptor, _running: running })
    }

    /// Answers the body of one HTTP request: status and body. Must be called within a tokio runtime.
    ///
    /// # Errors
    /// What broke the request off.
    pub async fn answer(&self, body: Vec<u8>) -> Result<(u16, Vec<u8>), BoxError> {
        let in_flight = InFlight::new(self.acceptor.limits.max_calls_in_flight_per_connection);
        let request = http::Request::post("/")
            .header(http::header::HOST, "localhost")
            .header(http::header::CONTENT_TYPE, "application/json")
            .body(HttpBody::from(body))?;
        let response = self.acceptor.service(in_flight).oneshot(request).await?;
        let (head, body) = response.into_parts();
        Ok((head.status.as_u16(), body.collect().await?.to_bytes().into()))
    }
}

impl RpcHandle {
    /// Where the server listens; the port is the real one even if 0 was asked for.
    pub fn addr(&self) -> SocketAddr {
        self.address
    }

    /// The HTTP URL; with `ws://` in front the same port takes WebSocket.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What was called, how often, how long.
    pub fn metrics(&self) -> Arc<RpcMetrics> {
        self.metrics.clone()
    }

    /// Stops accepting, lets running calls finish for a few seconds, closes every connection.
    pub async fn stop(self) {
        if self.server.stop().is_ok() {
            // Stragglers are cut off by their own timers; whoever stops the server need not wait longer.
            let _ = tokio::time::timeout(STOP_TIME, self.server.clone().stopped()).await;
        }
    }
}

fn server_config(limits: &RpcLimits) -> ServerConfig {
    ServerConfig::builder()
        .max_request_body_size(limits.max_body_bytes)
        .max_response_body_size(limits.max_response_bytes)
        // Connections are counted where they are accepted; jsonrpsee would count requests.
        .max_connections(u32::MAX >> 4)
        .max_subscriptions_per_connection(limits.max_subscriptions_per_connection)
        // The limit itself is checked where the error can name it; this bounds what is unpacked before.
        .set_batch_request_config(BatchRequestConfig::Limit(
            limits.max_batch_length.saturating_mul(MAX_UNPACKED_BATCHES),
        ))
        .set_message_buffer_capacity(MESSAGE_BUFFER)
        .set_id_provider(HexIds)
        .enable_ws_ping(PingConfig::new().ping_interval(PING_INTERVAL).inactive_limit(PING_ANSWER_TIME))
        .build()
}

struct Acceptor {
    access: Arc<RpcAccess>,
    tokens: RpcTokens,
    dispatcher: Arc<Dispatcher>,
    subscriptions: RpcModule<()>,
    places: Arc<Semaphore>,
    refusals: Arc<Semaphore>,
    server_config: ServerConfig,
    limits: Arc<RpcLimits>,
    stop: StopHandle,
}

impl Acceptor {
    fn new(
        config: RpcConfig,
        chain: Blockchain,
        reports: Option<Arc<dyn NodeReports>>,
    ) -> Result<(Self, ServerHandle), RpcStartError> {
        let api = Arc::new(Api::new(chain, config.limits.clone(), config.client_version, reports));
        let subscriptions = subscriptions::module(api.clone())?;
        let (stop, server) = stop_channel();
        let acceptor = Self {
            access: Arc::new(config.access),
            tokens: config.tokens,
            dispatcher: Arc::new(Dispatcher::new(api)),
            subscriptions,
            places: Arc::new(Semaphore::new(config.limits.max_connections.max(1) as usize)),
            refusals: Arc::new(Semaphore::new(MAX_REFUSALS)),
            server_config: server_config(&config.limits),
            limits: Arc::new(config.limits),
            stop,
        };
        Ok((acceptor, server))
    }

    async fn accept_until_stopped(self, listener: TcpListener) {
        let stopped = self.stop.clone().shutdown();
        tokio::pin!(stopped);
        loop {
            let accepted = tokio::select! {
                () = &mut stopped => return,
                accepted = listener.accept() => accepted,
            };
            match accepted {
                Ok((stream, _)) => self.take(stream),
                Err(error) => {
                    tracing::warn!(%error, "cannot accept a JSON-RPC connection");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    }

    fn take(&self, stream: TcpStream) {
        match self.places.clone().try_acquire_owned() {
            Ok(place) => {
                if let Err(error) = stream.set_nodelay(true) {
                    tracing::debug!(%error, "cannot set TCP_NODELAY");
                }
                let in_flight = InFlight::new(self.limits.max_calls_in_flight_per_connection);
                let io = ConnectionIo::new(stream, in_flight.clone(), place);
                self.serve(io, in_flight);
            }
            Err(_) => {
                if let Ok(refusal) = self.refusals.clone().try_acquire_owned() {
                    let most = self.limits.max_connections;
                    tokio::spawn(async move {
                        let _ = tokio::time::timeout(REFUSAL_TIME, refuse(stream, most)).await;
                        drop(refusal);
                    });
                }
            }
        }
    }

    fn serve(&self, io: ConnectionIo, in_flight: Arc<InFlight>) {
        let head_time = Duration::from_secs(self.limits.idle_connection_seconds);
        tokio::spawn(serve_connection(io, self.service(in_flight), head_time, self.stop.clone()));
    }

    /// Everything between a connection and the methods.
    fn service<B>(&self, in_flight: Arc<InFlight>) -> impl HttpService<B>
    where
        B: Body<Data = Bytes> + Send + 'static,
        B::Error: Into<BoxError>,
    {
        let dispatcher = self.dispatcher.clone();
        let rpc = RpcServiceBuilder::new()
            .layer_fn(move |subscriptions| Dispatch::new(subscriptions, dispatcher.clone(), in_flight.clone()));
        let builder: TowerServiceBuilder<_, _> = jsonrpsee::server::Server::builder()
            .set_config(self.server_config.clone())
            .set_rpc_middleware(rpc)
            .to_service_builder();
        let jsonrpc = builder.build(self.subscriptions.clone(), self.stop.clone());
        ServiceBuilder::new()
            .layer(cors(self.access.clone()))
            .layer(AccessLayer(self.access.clone()))
            .layer(TokenLayer(self.tokens.clone()))
            .layer(BodyLayer::new(self.limits.clone()))
            .layer(MapRequestLayer::new(mark_transport))
            .service(jsonrpc)
    }
}

/// Answers HTTP requests with such a body.
trait HttpService<B>:
    Service<
        http::Request<B>,
        Response = http::Response<HttpBody>,
        Error = BoxError,
        Future: Future<Output = Result<http::Response<HttpBody>, BoxError>> + Send,
    > + Clone
    + Send
    + 'static
{
}

impl<B, S> HttpService<B> for S where
    S: Service<
            http::Request<B>,
            Response = http::Response<HttpBody>,
            Error = BoxError,
            Future: Future<Output = Result<http::Response<HttpBody>, BoxError>> + Send,
        > + Clone
        + Send
        + 'static
{
}

/// Serves one connection until the client leaves or the server stops. A WebSocket connection goes on by itself after the upgrade.
async fn serve_connection(
    io: ConnectionIo,
    service: impl HttpService<hyper::body::Incoming>,
    head_time: Duration,
    stop: StopHandle,
) {
    let service = hyper::service::service_fn(move |request| {
        let service = service.clone();
        async move {
            let response = service.oneshot(request).await.unwrap_or_else(|error| {
                tracing::debug!(%error, "a JSON-RPC request broke off");
                refusal_response(StatusCode::BAD_REQUEST, "the request broke off")
            });
            Ok::<_, Infallible>(response)
        }
    });
    let connection = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(head_time)
        .serve_connection(TokioIo::new(io), service)
        .with_upgrades();
    tokio::pin!(connection);
    let served = tokio::select! {
        served = connection.as_mut() => served,
        () = stop.shutdown() => {
            connection.as_mut().graceful_shutdown();
            match tokio::time::timeout(STOP_TIME, connection.as_mut()).await {
                Ok(served) => served,
                Err(_) => return,
            }
        }
    };
    if let Err(error) = served {
        tracing::debug!(%error, "a JSON-RPC connection ended");
    }
}

fn mark_transport<B>(mut request: http::Request<B>) -> http::Request<B> {
    if jsonrpsee::server::ws::is_upgrade_request(&request) {
        // What a connection belongs to, its calls need not.
        request.extensions_mut().insert(OverWebSocket);
    } else if let Some(parent) = Parent::of(request.headers()) {
        request.extensions_mut().insert(parent);
    }
    request
}

/// Tells a client that there are too many connections, whatever it asked.
async fn refuse(mut stream: TcpStream, most: u32) -> io::Result<()> {
    let body = refusal_body(&format!("too many connections, try again later (limit max_connections = {most})"));
    let head = format!(
        "HTTP/1.1 503 Service Unavailable\r\ncontent-type: application/json\r\nretry-after: 1\r\nconnection: close\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).await?;
    stream.write_all(body.as_bytes()).await?;
    stream.shutdown().await?;
    // Read what the client sends until it closes: closing over unread bytes would reset the connection, and the answer with it.
    let mut ignored = [0u8; 4096];
    while stream.read(&mut ignored).await? > 0 {}
    Ok(())
}
