//! The bounds of a stream of reflection, which the library does not have: it reads what is asked as long as somebody asks.
//!
//! A stream has a place among the others, ends when a request's time is over or the city stops, and asks no more than [`MAX_QUESTION_BYTES`]. Whatever ends it
//! is named in its trailers (GRPC-4, GRPC-5).

use std::{
    pin::Pin,
    sync::{Arc, OnceLock},
    task::{Context, Poll, ready},
};

use axum::{
    body::{Body, Bytes, HttpBody},
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use chancery_reference_points::Code;
use futures::{FutureExt as _, future::BoxFuture};
use http::HeaderMap;
use hyper::body::Frame;
use tokio_util::sync::CancellationToken;

use super::{admission::status_of, call::Call, ending::ending, limits::MAX_QUESTION_BYTES};
use crate::{
    limits::keep,
    lines::{too_large, too_slow},
    problem::ApiError,
    serve::Peer,
    state::Shared,
};

/// What bounds a stream.
#[derive(Clone)]
pub(super) struct Bounds {
    pub(super) shared: Arc<Shared>,
    pub(super) shutdown: CancellationToken,
}

/// Lets a stream through to reflection, within its bounds.
pub(super) async fn bounded(State(bounds): State<Bounds>, request: Request, next: Next) -> Response {
    let Bounds { shared, shutdown } = bounds;
    let peer = request.extensions().get::<Peer>().copied().unwrap_or(Peer::UNKNOWN);
    let call = request.extensions().get::<Call>().cloned().unwrap_or_else(Call::new);
    let place = match shared.streams.take(peer.address) {
        Ok(place) => place,
        Err(refusal) => return refusal.into_response(),
    };
    let why = Arc::new(OnceLock::new());
    let (set, timeout) = (Arc::clone(&why), shared.config.limits.request_timeout);
    let request = request.map(|body| {
        Body::new(Questions {
            body,
            left: MAX_QUESTION_BYTES,
            time_over: tokio::time::sleep(timeout).boxed(),
            stopping: shutdown.cancelled_owned().boxed(),
            is_read: false,
            why: set,
        })
    });
    let response = ending(next.run(request).await, move |trailers: &HeaderMap| {
        let refusal: &ApiError = why.get().filter(|_| status_of(trailers) == Some(0))?;
        Some(call.refuse_late(refusal.clone()))
    });
    keep(response, place)
}

/// What one stream asks.
struct Questions {
    body: Body,
    /// Bytes that it may still ask.
    left: usize,
    time_over: BoxFuture<'static, ()>,
    stopping: BoxFuture<'static, ()>,
    /// To its end, whichever.
    is_read: bool,
    /// Why it was ended, if it was.
    why: Arc<OnceLock<ApiError>>,
}

impl Questions {
    fn refuse(&mut self, error: ApiError) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        self.is_read = true;
        let _ = self.why.set(error);
        Poll::Ready(None)
    }
}

impl HttpBody for Questions {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        if self.is_read {
            return Poll::Ready(None);
        }
        if self.stopping.poll_unpin(context).is_ready() {
            // What was asked is answered, and the stream ends well.
            self.is_read = true;
            return Poll::Ready(None);
        }
        if self.time_over.poll_unpin(context).is_ready() {
            return self.refuse(too_slow());
        }
        match ready!(Pin::new(&mut self.body).poll_frame(context)) {
            Some(Ok(frame)) => {
                let bytes = frame.data_ref().map_or(0, Bytes::len);
                match self.left.checked_sub(bytes) {
                    Some(left) => self.left = left,
                    None => return self.refuse(too_large("a stream of reflection", MAX_QUESTION_BYTES as u64)),
                }
                Poll::Ready(Some(Ok(frame)))
            }
            end => {
                self.is_read = true;
                Poll::Ready(end)
            }
        }
    }
}

impl Drop for Questions {
    fn drop(&mut self) {
        // The library stops reading without a word at what it cannot read.
        if !self.is_read {
            let _ = self.why.set(ApiError::new(Code::MalformedRequest, "the message is not what the .proto file says"));
        }
    }
}
