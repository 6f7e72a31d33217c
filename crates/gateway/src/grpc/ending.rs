//! How an answer ends: its trailers are looked at before they leave.

use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};

use axum::{
    body::{Body, Bytes, HttpBody},
    response::Response,
};
use http::HeaderMap;
use hyper::body::{Frame, SizeHint};
use tonic::Status;

/// The answer, with another status at its end where `name` has one for its trailers.
pub(super) fn ending(
    response: Response,
    name: impl Fn(&HeaderMap) -> Option<Status> + Send + Unpin + 'static,
) -> Response {
    response.map(|body| Body::new(Ending { body, name }))
}

struct Ending<F> {
    body: Body,
    name: F,
}

impl<F: Fn(&HeaderMap) -> Option<Status> + Unpin> HttpBody for Ending<F> {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let frame = match ready!(Pin::new(&mut self.body).poll_frame(context)) {
            Some(Ok(frame)) => frame,
            end => return Poll::Ready(end),
        };
        let frame = match frame.into_trailers() {
            Ok(trailers) => {
                Frame::trailers((self.name)(&trailers).and_then(|status| written(&status)).unwrap_or(trailers))
            }
            Err(frame) => frame,
        };
        Poll::Ready(Some(Ok(frame)))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

fn written(status: &Status) -> Option<HeaderMap> {
    let mut trailers = HeaderMap::new();
    status.add_header(&mut trailers).ok()?;
    Some(trailers)
}
