//! Reading a request's body: how long it may be and how long it may take.
//!
//! jsonrpsee bounds the length too, but not the time, and answers a body of undeclared length that grows too long as if the
//! server had failed.

use std::{
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use futures::future::BoxFuture;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::body::{Body, Bytes};
use jsonrpsee::server::{HttpBody, ws::is_upgrade_request};
use tower::{Layer, Service};

use crate::{access::refusal_response, limits::RpcLimits};

pub(crate) type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Reads the whole body before the request goes on.
#[derive(Clone, Debug)]
pub(crate) struct BodyLayer {
    limits: Arc<RpcLimits>,
}

impl BodyLayer {
    pub(crate) fn new(limits: Arc<RpcLimits>) -> Self {
        Self { limits }
    }
}

impl<S> Layer<S> for BodyLayer {
    type Service = ReadBody<S>;

    fn layer(&self, inner: S) -> Self::Service {
        ReadBody { inner, limits: self.limits.clone() }
    }
}

/// See [`BodyLayer`].
#[derive(Clone, Debug)]
pub(crate) struct ReadBody<S> {
    inner: S,
    limits: Arc<RpcLimits>,
}

impl<S, B> Service<Request<B>> for ReadBody<S>
where
    S: Service<Request<HttpBody>, Response = Response<HttpBody>> + Clone + Send + 'static,
    S::Future: Send,
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    type Response = Response<HttpBody>;
    type Error = S::Error;
    type Future = BoxFuture<'static, Result<Self::Response, Self::Error>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        // The service that was polled ready is the one to call; the clone takes its place.
        let clone = self.inner.clone();
        let mut ready = std::mem::replace(&mut self.inner, clone);
        let limits = self.limits.clone();
        Box::pin(async move {
            if is_upgrade_request(&request) {
                return ready.call(request.map(|_| HttpBody::empty())).await;
            }
            let (head, body) = request.into_parts();
            match read(body, &limits).await {
                Ok(bytes) => ready.call(Request::from_parts(head, HttpBody::from(bytes))).await,
                Err((status, message)) => Ok(refusal_response(status, &message)),
            }
        })
    }
}

/// The whole body, or with which status and message it is refused.
async fn read<B>(body: B, limits: &RpcLimits) -> Result<Vec<u8>, (StatusCode, String)>
where
    B: Body<Data = Bytes>,
    B::Error: Into<BoxError>,
{
    let (most, seconds) = (limits.max_body_bytes, limits.body_timeout_seconds);
    let too_large = || {
        let message = format!("request is too big: send less at once (limit max_body_bytes = {most})");
        (StatusCode::PAYLOAD_TOO_LARGE, message)
    };
    if body.size_hint().lower() > most.into() {
        return Err(too_large());
    }
    let collecting = Limited::new(body, most as usize).collect();
    match tokio::time::timeout(Duration::from_secs(seconds), collecting).await {
        Ok(Ok(collected)) => Ok(collected.to_bytes().into()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(too_large()),
        Ok(Err(_)) => Err((StatusCode::BAD_REQUEST, "the request broke off".to_owned())),
        Err(_) => {
            let message = format!("the request took too long to arrive (limit body_timeout_seconds = {seconds})");
            Err((StatusCode::REQUEST_TIMEOUT, message))
        }
    }
}
