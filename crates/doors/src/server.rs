//! Serving what a process offers, until it is told to stop.

use std::{convert::Infallible, pin::pin, sync::Arc, time::Duration};

use hyper::{body::Incoming, server::conn::http2::Builder, service::service_fn};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::{net::UnixStream, sync::Semaphore, time::timeout};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tonic::{Request, Response, Status, body::Body, server::Grpc};
use tonic_prost::ProstCodec;

use crate::{
    DoorListener, Offered,
    limits::{
        CONNECTION_WINDOW_BYTES, DRAIN_TIMEOUT, KEEP_ALIVE_INTERVAL, KEEP_ALIVE_TIMEOUT, MAX_CALLS,
        MAX_CALLS_OF_CONNECTION, MAX_CONNECTIONS, MAX_MESSAGE_BYTES, STREAM_WINDOW_BYTES,
    },
    wire::{Answer, Call},
};

/// Package of all services.
const PACKAGE: &str = "/chancery.doors.v1.";
/// How long nothing is accepted after a connection could not be.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// What all calls share.
struct Serving {
    offered: Offered,
    /// Calls that may be answered at a time (DOORS-4).
    places: Semaphore,
}

/// Serves doors until `shutdown` is cancelled; then answers what is under way, at most [`DRAIN_TIMEOUT`].
pub async fn serve(listener: DoorListener, offered: Offered, shutdown: CancellationToken) {
    let serving = Arc::new(Serving { offered, places: Semaphore::new(MAX_CALLS) });
    let connections = TaskTracker::new();
    let places = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    loop {
        let place = tokio::select! {
            () = shutdown.cancelled() => break,
            place = Arc::clone(&places).acquire_owned() => place,
        };
        let accepted = tokio::select! {
            () = shutdown.cancelled() => break,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok(stream) => {
                let connection = connection(Arc::clone(&serving), stream, shutdown.clone());
                connections.spawn(async move {
                    connection.await;
                    drop(place);
                });
            }
            Err(error) => {
                tracing::warn!(%error, "a connection to a door could not be accepted");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
    // Who comes now finds nobody, and not somebody who does not answer.
    drop(listener);
    connections.close();
    if timeout(DRAIN_TIMEOUT, connections.wait()).await.is_err() {
        tracing::warn!("calls of doors were still under way when the time to drain was over");
    }
}

async fn connection(serving: Arc<Serving>, stream: UnixStream, shutdown: CancellationToken) {
    let service = service_fn(move |request: http::Request<Incoming>| {
        let serving = Arc::clone(&serving);
        async move { Ok::<_, Infallible>(serving.handle(request).await) }
    });
    let connection = Builder::new(TokioExecutor::new())
        .timer(TokioTimer::new())
        .max_concurrent_streams(MAX_CALLS_OF_CONNECTION)
        .initial_stream_window_size(STREAM_WINDOW_BYTES)
        .initial_connection_window_size(CONNECTION_WINDOW_BYTES)
        .keep_alive_interval(KEEP_ALIVE_INTERVAL)
        .keep_alive_timeout(KEEP_ALIVE_TIMEOUT)
        .serve_connection(TokioIo::new(stream), service);
    let mut connection = pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = shutdown.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection to a door ended with an error");
    }
}

impl Serving {
    async fn handle(self: Arc<Self>, request: http::Request<Incoming>) -> http::Response<Body> {
        let path = request.uri().path().to_owned();
        let asked = path.strip_prefix(PACKAGE).and_then(|rest| rest.split_once('/'));
        let known = asked.filter(|(service, operation)| self.offered.deadline(service, operation).is_some());
        let Some((service, operation)) = known else {
            return Status::unimplemented(format!("{path} is not offered here")).into_http();
        };
        // Before the body is read: what waits stays in the windows of its connection.
        let Ok(_place) = self.places.acquire().await else {
            return Status::unavailable("the process is ending").into_http();
        };
        let mut grpc = Grpc::new(ProstCodec::<Answer, Call>::default())
            .max_decoding_message_size(MAX_MESSAGE_BYTES)
            .max_encoding_message_size(MAX_MESSAGE_BYTES);
        let answering = tower::service_fn(|request: Request<Call>| {
            let answer = self.offered.answer(service, operation, request.into_inner());
            async move { Ok::<_, Status>(Response::new(answer.await)) }
        });
        grpc.unary(answering, request).await
    }
}
