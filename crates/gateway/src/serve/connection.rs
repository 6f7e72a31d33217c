//! One connection: who is at its other end, and how long it may stand still.

use std::{convert::Infallible, pin::pin, time::Duration};

use axum::{Router, body::Body, response::Response};
use hyper::{Request, body::Incoming};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::conn::auto,
    service::TowerToHyperService,
};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_util::sync::CancellationToken;
use tower::{Service as _, service_fn};

use super::{
    Peer, Protocol,
    activity::Activity,
    reader::{Answer, Streams, while_read},
};
use crate::limits::{
    DRAIN_TIMEOUT, HEADER_TIMEOUT, IDLE_TIMEOUT, MAX_HEAD_BUFFER_BYTES, MAX_HTTP2_STREAMS, MAX_READER_SILENCE,
};

/// How long a connection may stand still.
#[derive(Clone, Copy, Debug)]
pub(super) struct Patience {
    /// Until a request's head is there, and from the beginning until the first is.
    pub(super) head: Duration,
    /// With nothing under way.
    pub(super) idle: Duration,
    /// With an answer of which nothing is taken.
    pub(super) reader: Duration,
    /// After the client was told that the connection ends.
    pub(super) drain: Duration,
}

impl Patience {
    pub(super) const USUAL: Self =
        Self { head: HEADER_TIMEOUT, idle: IDLE_TIMEOUT, reader: MAX_READER_SILENCE, drain: DRAIN_TIMEOUT };
}

/// How a connection ends.
type Ended = Result<(), Box<dyn std::error::Error + Send + Sync>>;

/// Serves a connection until its client ends it, asks nothing for too long or does not read, or until `shutdown` is cancelled and nothing is under way any more.
pub(super) async fn connection(
    router: Router,
    protocol: Protocol,
    stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
    peer: Peer,
    patience: Patience,
    shutdown: CancellationToken,
) -> Ended {
    let activity = Activity::new();
    let begun = activity.clone();
    let service = service_fn(move |request: Request<Incoming>| {
        let under_way = begun.begin();
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(peer);
        let mut router = router.clone();
        async move {
            let response: Response = router.call(request).await?;
            Ok::<_, Infallible>(response.map(|body| Answer::new(body, under_way)))
        }
    });
    let mut builder = auto::Builder::new(Streams { silence: patience.reader });
    if protocol == Protocol::Grpc {
        builder = builder.http2_only();
    }
    builder.http1().timer(TokioTimer::new()).header_read_timeout(patience.head).max_buf_size(MAX_HEAD_BUFFER_BYTES);
    builder
        .http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(HEADER_TIMEOUT)
        .max_concurrent_streams(MAX_HTTP2_STREAMS)
        .max_header_list_size(u32::try_from(MAX_HEAD_BUFFER_BYTES).unwrap_or(u32::MAX));
    let serving = async {
        let mut serving = pin!(builder.serve_connection(TokioIo::new(stream), TowerToHyperService::new(service)));
        tokio::select! {
            ended = serving.as_mut() => return ended,
            () = activity.quiet(patience.head, patience.idle) => {}
            () = shutdown.cancelled() => {}
        }
        if !activity.was_asked() && !shutdown.is_cancelled() {
            return Ok(());
        }
        // The client is told, and what it has asked meanwhile is answered.
        serving.as_mut().graceful_shutdown();
        tokio::select! {
            ended = serving.as_mut() => ended,
            () = activity.quiet_from_now(patience.drain) => Ok(()),
        }
    };
    // Streams of HTTP/2 have readers of their own: this one is that of HTTP/1.1.
    while_read(serving, patience.reader).await.unwrap_or(Ok(()))
}
