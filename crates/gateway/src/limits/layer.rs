//! The outermost layer: what comes before anything looks at a request, and what follows any answer.

use std::{
    any::Any,
    panic::AssertUnwindSafe,
    sync::Arc,
    time::{Duration, Instant},
};

use axum::{
    extract::{MatchedPath, Request, State},
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use chancery_reference_points::{Class, Code, DoorError};
use futures::FutureExt as _;
use http::{HeaderName, HeaderValue};
use tracing::Instrument as _;
use uuid::Uuid;

use super::{admit, keep};
use crate::{
    followed,
    problem::{ApiError, render},
    state::Shared,
    web::security_headers,
};

static REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Bounds a request, and makes of whatever comes back a complete answer: problem document, request id, security headers, one line in the log.
pub(crate) async fn enforce(State(shared): State<Arc<Shared>>, mut request: Request, next: Next) -> Response {
    let started = Instant::now();
    let request_id = Uuid::now_v7();
    let method = request.method().clone();
    // The template, not the path: paths name people's addresses and certificates.
    let route =
        request.extensions().get::<MatchedPath>().map_or_else(|| "web".to_owned(), |path| path.as_str().to_owned());
    let span = followed::request(method.as_str(), &route, request.headers());
    let (response, place) = match admit(&shared, &mut request) {
        Ok(place) => (in_time(&shared, next.run(request)).instrument(span.clone()).await, Some(place)),
        Err(refusal) => (refusal.into_response(), None),
    };
    let failure = response.extensions().get::<ApiError>().cloned();
    let mut response = render(response, request_id);
    security_headers(response.headers_mut());
    if let Ok(value) = HeaderValue::from_str(&request_id.to_string()) {
        response.headers_mut().insert(REQUEST_ID.clone(), value);
    }
    let (status, elapsed) = (response.status().as_u16(), started.elapsed());
    let code = failure.as_ref().map(|failure| failure.error.code().name());
    chancery_traces::answer(&span, response.headers_mut());
    followed::answered(&span, followed::HTTP_STATUS, status, code);
    shared.metrics.answered(method.as_str(), &route, status, code, elapsed);
    log(method.as_str(), &route, status, elapsed, request_id, failure.as_ref());
    keep(response, place)
}

/// The answer, in time, whatever the handler does.
pub(crate) async fn in_time(shared: &Shared, answer: impl Future<Output = Response>) -> Response {
    let timeout = shared.config.limits.request_timeout;
    let answer = AssertUnwindSafe(answer).catch_unwind();
    match tokio::time::timeout(timeout, answer).await {
        Ok(Ok(response)) => response,
        Ok(Err(panic)) => ApiError::from(DoorError::internal(Panicked(message(&*panic)))).into_response(),
        Err(_) => {
            ApiError::new(Code::TimedOut, format!("no answer within {} seconds", timeout.as_secs())).into_response()
        }
    }
}

/// A handler panicked: a bug. The message goes to the log.
#[derive(Debug, thiserror::Error)]
#[error("a handler panicked: {0}")]
struct Panicked(String);

fn message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(ToString::to_string);
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_default()
}

/// One line an answer. No path, no query, no body, no address, no detail: each may name a person.
pub(crate) fn log(
    method: &str,
    route: &str,
    status: u16,
    elapsed: Duration,
    request_id: Uuid,
    failure: Option<&ApiError>,
) {
    let duration_ms = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX);
    let code = failure.map_or("", |failure| failure.error.code().name());
    tracing::info!(target: "chancery::access", %method, route, status, duration_ms, %request_id, code, "answered");
    let Some(failure) = failure else { return };
    let cause = failure.error.cause().map(ToString::to_string);
    match (failure.error.class(), cause) {
        (Class::Broken, cause) => {
            let cause = cause.unwrap_or_else(|| failure.error.detail().to_owned());
            tracing::error!(%request_id, route, code, cause, "an internal error was answered");
        }
        (Class::Temporary, Some(cause)) => tracing::warn!(%request_id, route, code, cause, "something does not answer"),
        _ => {}
    }
}
