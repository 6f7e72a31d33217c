//! A request's place among those of its client: taken before anything looks at it, given back when the body of its answer is.

use std::{
    net::IpAddr,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use axum::{
    body::{Body, Bytes, HttpBody},
    extract::Request,
    response::Response,
};
use chancery_reference_points::Code;
use http::HeaderMap;
use hyper::body::{Frame, SizeHint};

use super::{MAX_HEADER_BYTES, MAX_URL_BYTES};
use crate::{problem::ApiError, serve::Peer, state::Shared};

/// A request under way, until its answer is handed on to its end. Its place is given back when it is dropped, also when nobody waits for the answer any more.
pub(crate) struct Place {
    shared: Arc<Shared>,
    address: IpAddr,
}

impl Place {
    fn new(shared: &Arc<Shared>, address: IpAddr) -> Self {
        shared.metrics.request_begins();
        Self { shared: Arc::clone(shared), address }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.shared.clients.leave(self.address);
        self.shared.metrics.request_ends();
    }
}

/// Takes a place for a request that keeps the bounds of every request.
pub(crate) fn admit(shared: &Arc<Shared>, request: &mut Request) -> Result<Place, ApiError> {
    let peer = client(shared, request);
    request.extensions_mut().insert(peer);
    shared.clients.enter(peer.address, shared.clock.unix_milliseconds()).map_err(|refusal| {
        ApiError::new(Code::TooManyRequests, format!("this client is past {}", refusal.bound))
            .with("retryAfterMs", refusal.retry_after_ms)
    })?;
    let place = Place::new(shared, peer.address);
    let url_bytes = request.uri().path_and_query().map_or(0, |url| url.as_str().len());
    if url_bytes > MAX_URL_BYTES {
        return Err(
            ApiError::new(Code::UrlTooLong, format!("the URL has {url_bytes} bytes")).with("limit", MAX_URL_BYTES)
        );
    }
    let header_bytes = header_bytes(request.headers());
    if header_bytes > MAX_HEADER_BYTES {
        return Err(ApiError::new(Code::HeadersTooLarge, format!("the headers have {header_bytes} bytes"))
            .with("limit", MAX_HEADER_BYTES));
    }
    Ok(place)
}

fn header_bytes(headers: &HeaderMap) -> usize {
    headers.iter().map(|(name, value)| name.as_str().len() + value.len()).sum()
}

/// Who is at the other end: the peer, or, behind a proxy that we trust, whom the proxy names last.
fn client(shared: &Shared, request: &Request) -> Peer {
    let peer = request.extensions().get::<Peer>().copied().unwrap_or(Peer::UNKNOWN);
    let forwarded = request.headers().get_all("x-forwarded-for").iter().next_back();
    let Some(forwarded) = forwarded else { return peer };
    // Whatever came through a proxy is not of this machine.
    let remote = Peer { is_local: false, ..peer };
    if !shared.config.trusted_proxies.contains(&peer.address.to_canonical()) {
        return remote;
    }
    let last = forwarded
        .to_str()
        .ok()
        .and_then(|list| list.rsplit(',').next())
        .and_then(|address| address.trim().parse().ok());
    last.map_or(remote, |address| Peer { address, is_local: false })
}

/// The answer with something that it needs or takes as long as it is not handed on.
pub(crate) fn keep<T: Send + Unpin + 'static>(response: Response, held: T) -> Response {
    response.map(|body| Body::new(Keeping { body, _held: held }))
}

/// A body, and what is dropped with it.
struct Keeping<T> {
    body: Body,
    _held: T,
}

impl<T: Unpin> HttpBody for Keeping<T> {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
