use std::{
    convert::Infallible,
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use axum::{
    Router,
    extract::{DefaultBodyLimit, Request},
    http::StatusCode,
    middleware::{self, Next},
    response::{IntoResponse as _, Response},
};
use chancery_traces::{Parent, TARGET, method_name};
use hyper::{
    body::Incoming,
    service::{Service as _, service_fn},
};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::{
        conn::auto,
        graceful::{GracefulShutdown, Watcher},
    },
    service::TowerToHyperService,
};
use parking_lot::Mutex;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore, watch},
    time::{Instant, sleep, timeout},
};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tracing::{Instrument as _, field::Empty, info_span};

use super::{
    MAX_BODY_BYTES,
    channel::{Channel, cut, refuse},
    handshakes::{Handshake, Handshakes},
};
use crate::tls::{Expectation, Mutual, NodeCertificate, Peer, PeerFault, fault_of};

/// Connections at a time; with HTTP/1.1 that is requests at a time. More wait in the kernel.
const MAX_CONNECTIONS: usize = 256;
/// Longest that a request may take, the reading of its body included. Longer than a submission to a chain is waited for.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);
/// Longest that a client may take to send a request's head, and that an idle connection is kept.
const HEADER_TIMEOUT: Duration = Duration::from_secs(15);
/// Longest that a TLS handshake may take.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(3);
/// Longest that the look at the chain after it may take, and the wait for a place among the connections.
const ADMISSION_TIMEOUT: Duration = Duration::from_secs(10);
/// A first request so soon after the look at the chain that has admitted a node is part of it.
const JUST_ADMITTED: Duration = Duration::from_millis(100);
/// Longest look at the chain before a request on a connection that stands.
const LOOK_TIMEOUT: Duration = Duration::from_secs(2);
/// How long a refused node has to read why, before the connection is cut.
const CUT_AFTER: Duration = Duration::from_secs(1);
/// Most bytes that a connection buffers for a request's head.
const MAX_HEAD_BYTES: usize = 16 * 1024;
/// Longest wait for requests under way when it stops.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(5);
/// Pause after a connection that could not be accepted.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Nodes are not served in plain text beyond this machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0} is reached from other machines: without TLS listen on a loopback address, or name a certificate under [tls]"
)]
pub struct PlainListener(pub SocketAddr);

/// Checks that nobody beyond this machine is served without TLS.
///
/// # Errors
/// [`PlainListener`].
pub const fn check_listener(listen: SocketAddr, is_encrypted: bool) -> Result<(), PlainListener> {
    if is_encrypted || listen.ip().is_loopback() { Ok(()) } else { Err(PlainListener(listen)) }
}

/// Bounds bodies ([`MAX_BODY_BYTES`]) and the time that a request takes.
pub fn bounded(router: Router) -> Router {
    router.layer(DefaultBodyLimit::max(MAX_BODY_BYTES)).layer(middleware::from_fn(in_time))
}

async fn in_time(request: Request, next: Next) -> Response {
    match timeout(REQUEST_TIMEOUT, next.run(request)).await {
        Ok(answer) => answer,
        Err(_) => StatusCode::GATEWAY_TIMEOUT.into_response(),
    }
}

/// Serves a listener in plain text until `shutdown` is cancelled; then takes no more connections and waits for requests under way, for a bounded time.
pub async fn serve(listener: TcpListener, router: Router, shutdown: CancellationToken) {
    let places = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    accept(listener, shutdown, places, move |stream, _, place, watcher| {
        let conversation = converse(stream, watcher, router.clone());
        async move {
            conversation.await;
            drop(place);
        }
    })
    .await;
}

/// As [`serve`], with nodes of the alliance alone, over mutual TLS.
pub async fn serve_mutual(listener: TcpListener, router: Router, tls: Mutual, shutdown: CancellationToken) {
    serve_mutual_in(Arc::new(Semaphore::new(MAX_CONNECTIONS)), listener, router, tls, shutdown).await;
}

/// As [`serve_mutual`], with places of the caller's for connections: whoever is admitted waits for one.
pub async fn serve_mutual_in(
    places: Arc<Semaphore>,
    listener: TcpListener,
    router: Router,
    tls: Mutual,
    shutdown: CancellationToken,
) {
    let handshakes = Handshakes::default();
    accept(listener, shutdown, Handshakes::places(), move |stream, address, place, watcher| {
        let handshake = handshakes.begin(address, place);
        let (router, tls, places) = (router.clone(), tls.clone(), Arc::clone(&places));
        async move {
            match handshake {
                Some(handshake) => Box::pin(converse_mutually(stream, handshake, places, watcher, router, tls)).await,
                None => tracing::debug!(%address, "too many handshakes of one address"),
            }
        }
    })
    .await;
}

/// Takes a connection when there is one of `places` for it.
async fn accept<C>(
    listener: TcpListener,
    shutdown: CancellationToken,
    places: Arc<Semaphore>,
    converse: impl Fn(TcpStream, IpAddr, OwnedSemaphorePermit, Watcher) -> C,
) where
    C: Future<Output = ()> + Send + 'static,
{
    let graceful = GracefulShutdown::new();
    loop {
        let place = tokio::select! {
            () = shutdown.cancelled() => break,
            place = Arc::clone(&places).acquire_owned() => place,
        };
        // Nobody closes the places.
        let Ok(place) = place else { break };
        let accepted = tokio::select! {
            () = shutdown.cancelled() => break,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, address)) => {
                stream.set_nodelay(true).ok();
                tokio::spawn(converse(stream, address.ip(), place, graceful.watcher()));
            }
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                sleep(ACCEPT_PAUSE).await;
            }
        }
    }
    drop(listener);
    if timeout(DRAIN_TIMEOUT, graceful.shutdown()).await.is_err() {
        tracing::warn!("requests were still under way when the time to drain was over");
    }
}

fn builder() -> auto::Builder<TokioExecutor> {
    let mut builder = auto::Builder::new(TokioExecutor::new()).http1_only();
    builder.http1().timer(TokioTimer::new()).header_read_timeout(HEADER_TIMEOUT).max_buf_size(MAX_HEAD_BYTES);
    builder
}

async fn converse(stream: TcpStream, watcher: Watcher, router: Router) {
    let routes = TowerToHyperService::new(router);
    let service = service_fn(move |request| answer(routes.clone(), Channel::Plain, request));
    let connection = builder().serve_connection(TokioIo::new(stream), service).into_owned();
    // What goes wrong with one connection concerns nobody else.
    watcher.watch(connection).await.ok();
}

/// A node has a place among the connections once it is admitted; until then, and while it is told why it is not, it has that of a handshake.
async fn converse_mutually(
    stream: TcpStream,
    handshake: Handshake,
    places: Arc<Semaphore>,
    watcher: Watcher,
    router: Router,
    tls: Mutual,
) {
    let wanted = Expectation::default();
    let shake = async { TlsAcceptor::from(tls.server().await).accept(stream).await };
    let stream = match timeout(HANDSHAKE_TIMEOUT, shake).await {
        Ok(Ok(stream)) => stream,
        Ok(Err(error)) => {
            let fault = fault_of(&error).map_or_else(|| error.to_string(), |fault| fault.to_string());
            return tracing::info!(fault, "a TLS handshake failed");
        }
        Err(_) => return tracing::info!("a TLS handshake took too long"),
    };
    let admission = async {
        let looked_at = Instant::now();
        let admitted = tls.admit(stream.get_ref().1.peer_certificates(), &wanted).await;
        let place = if admitted.is_ok() { places.acquire().await.ok() } else { None };
        (admitted, place, looked_at)
    };
    let Ok((admitted, _place, looked_at)) = timeout(ADMISSION_TIMEOUT, admission).await else {
        return tracing::info!("a node could not be admitted in time");
    };
    let _waits = match &admitted {
        Ok(_) => {
            drop(handshake);
            None
        }
        Err(fault) => {
            tracing::info!(%fault, "a node was refused");
            Some(handshake)
        }
    };
    let (tell, told) = watch::channel(admitted.as_ref().err().cloned());
    let known = admitted.as_ref().ok().map(|(certificate, peer)| {
        let (certificate, peer, first) = (certificate.clone(), *peer, Mutex::new(Some(looked_at)));
        Arc::new(Known { tls: tls.clone(), certificate, wanted, peer, first })
    });
    let routes = TowerToHyperService::new(router);
    let service = service_fn(move |request| answer_while(routes.clone(), known.clone(), told.clone(), request));
    let connection = builder().serve_connection(TokioIo::new(stream), service).into_owned();
    let mut connection = std::pin::pin!(watcher.watch(connection));
    if let Ok((certificate, _)) = &admitted {
        tokio::select! {
            _ = &mut connection => return,
            fault = tls.refused(certificate, &wanted) => {
                tracing::info!(%fault, identity = certificate.claim.identity, "a node's connection is cut");
                tell.send_replace(Some(fault));
            }
        }
    }
    // Whatever it asks now is refused; dropping the connection cuts it.
    timeout(CUT_AFTER, connection).await.ok();
}

async fn answer(
    routes: TowerToHyperService<Router>,
    channel: Channel,
    mut request: hyper::Request<Incoming>,
) -> Result<Response, Infallible> {
    request.extensions_mut().insert(channel);
    // No path: whoever asks chooses it.
    let span = info_span!(target: TARGET, "node request", otel.kind = "server", http.request.method = method_name(request.method().as_str()), http.response.status_code = Empty);
    if let Some(parent) = Parent::of(request.headers()) {
        parent.adopted_by(&span);
    }
    let mut response = routes.call(request).instrument(span.clone()).await?;
    span.record("http.response.status_code", response.status().as_u16());
    chancery_traces::answer(&span, response.headers_mut());
    Ok(response)
}

/// A node that was admitted.
struct Known {
    tls: Mutual,
    certificate: NodeCertificate,
    wanted: Expectation,
    peer: Peer,
    /// When the look at the chain began that has admitted it; `None` from its first request on.
    first: Mutex<Option<Instant>>,
}

impl Known {
    /// Looks for each request whether the certificate and its identity count in the newest final block: what was revoked since the last look at the connection is not
    /// answered. A chain that does not say so in time is the concern of that look, which bears with it for a while.
    async fn look(&self) -> Result<(), PeerFault> {
        let looked_at = self.first.lock().take();
        if looked_at.is_some_and(|at| at.elapsed() < JUST_ADMITTED) {
            return Ok(());
        }
        match timeout(LOOK_TIMEOUT, self.tls.still_admits(&self.certificate, &self.wanted)).await {
            Ok(Err(fault)) if !fault.is_temporary() => Err(fault),
            _ => Ok(()),
        }
    }
}

/// Answers as long as the node is accepted; a request under way is given up when it is not any more.
async fn answer_while(
    routes: TowerToHyperService<Router>,
    known: Option<Arc<Known>>,
    mut told: watch::Receiver<Option<PeerFault>>,
    request: hyper::Request<Incoming>,
) -> Result<Response, Infallible> {
    let Some(known) = known.filter(|_| told.borrow().is_none()) else {
        let fault = told.borrow().clone().unwrap_or(PeerFault::Missing);
        return Ok(refuse(fault));
    };
    if let Err(fault) = Box::pin(known.look()).await {
        return Ok(refuse(fault));
    }
    tokio::select! {
        answered = answer(routes, Channel::Mutual(known.peer), request) => answered,
        fault = refused(&mut told) => Ok(cut(fault)),
    }
}

async fn refused(told: &mut watch::Receiver<Option<PeerFault>>) -> PeerFault {
    let fault = told.wait_for(Option::is_some).await.ok().and_then(|fault| fault.clone());
    match fault {
        Some(fault) => fault,
        // Nobody tells any more: the connection ends anyway.
        None => std::future::pending().await,
    }
}
