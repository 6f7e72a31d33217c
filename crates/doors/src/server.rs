//! Serving what a process offers, until it is told to stop.

use std::{convert::Infallible, pin::pin, sync::Arc, time::Duration};

use chancery_traces::Parent;
use http_body_util::BodyExt as _;
use hyper::{body::Incoming, server::conn::http2::Builder, service::service_fn};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use prost::Message as _;
use tokio::{
    net::UnixStream,
    sync::{OwnedSemaphorePermit, Semaphore},
    time::timeout,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tonic::{Request, Response, Status, body::Body, server::Grpc};
use tonic_prost::ProstCodec;
use tracing::Instrument as _;

use crate::{
    DoorListener, Offered, followed,
    limits::{
        CONNECTION_WINDOW_BYTES, DRAIN_TIMEOUT, KEEP_ALIVE_INTERVAL, KEEP_ALIVE_TIMEOUT, MAX_CALLS,
        MAX_CALLS_OF_CONNECTION, MAX_CONNECTIONS, MAX_MESSAGE_BYTES, MAX_MESSAGES_KIB, STREAM_WINDOW_BYTES,
    },
    weight,
    wire::{Answer, Call},
};

/// Package of all services.
pub(crate) const PACKAGE: &str = "/chancery.doors.v1.";
/// How long nothing is accepted after a connection could not be.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// What all calls share.
struct Serving {
    offered: Offered,
    /// Calls that may be answered at a time (DOORS-4).
    places: Semaphore,
    /// KiB of the messages of all calls.
    asked: Arc<Semaphore>,
    /// KiB of all answers: apart, so that what is done waits for nothing that is still to do.
    answered: Arc<Semaphore>,
}

/// Serves doors until `shutdown` is cancelled; then answers what is under way, at most [`DRAIN_TIMEOUT`].
pub async fn serve(listener: DoorListener, offered: Offered, shutdown: CancellationToken) {
    serve_within(MAX_MESSAGES_KIB as usize, listener, offered, shutdown).await;
}

/// As [`serve`], with other memory for calls, and for answers, in KiB.
async fn serve_within(memory_kib: usize, listener: DoorListener, offered: Offered, shutdown: CancellationToken) {
    let [asked, answered] = [(); 2].map(|()| Arc::new(Semaphore::new(memory_kib)));
    let serving = Arc::new(Serving { offered, places: Semaphore::new(MAX_CALLS), asked, answered });
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
        // Whoever drops a call does no wrong: it must not end the connection, which others share. Callers are processes of this city (DOORS-2).
        .max_pending_accept_reset_streams(MAX_CALLS)
        .max_local_error_reset_streams(None)
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
        let (parts, body) = request.into_parts();
        let (kib, body) = match weight::of_message(body).await {
            Ok(weighed) => weighed,
            Err(status) => return status.into_http(),
        };
        let Ok(held) = Arc::clone(&self.asked).acquire_many_owned(kib).await else {
            return Status::unavailable("the process is ending").into_http();
        };
        let mut held = Some(held);
        let mut grpc = Grpc::new(ProstCodec::<Answer, Call>::default())
            .max_decoding_message_size(MAX_MESSAGE_BYTES)
            .max_encoding_message_size(MAX_MESSAGE_BYTES);
        let serving = self.as_ref();
        // Here and not before: what waits for a place is of its caller's span.
        let span = followed::answering(service, operation, Parent::of(&parts.headers).as_ref());
        let answering = tower::service_fn(|request: Request<Call>| {
            let (held, span) = (held.take(), span.clone());
            async move {
                let answer = serving.offered.answer(service, operation, request.into_inner()).instrument(span).await;
                drop(held);
                serving.held(answer).await
            }
        });
        let mut response = grpc.unary(answering, http::Request::from_parts(parts, body)).await;
        let held = response.extensions_mut().remove::<Held>();
        response.map(|body| {
            Body::new(body.map_frame(move |frame| {
                // Until the answer is sent, or nobody waits for it any more.
                let _ = &held;
                frame
            }))
        })
    }

    /// An answer with the memory that it takes.
    async fn held(&self, answer: Answer) -> Result<Response<Answer>, Status> {
        let kib = weight::kib(answer.encoded_len());
        let held = Arc::clone(&self.answered).acquire_many_owned(kib).await;
        let held = held.map_err(|_| Status::unavailable("the process is ending"))?;
        let mut response = Response::new(answer);
        response.extensions_mut().insert(Held(Arc::new(held)));
        Ok(response)
    }
}

/// What an answer takes, as long as it is there.
#[derive(Clone)]
struct Held(#[expect(dead_code, reason = "it is held, not read")] Arc<OwnedSemaphorePermit>);

#[cfg(test)]
mod tests;
