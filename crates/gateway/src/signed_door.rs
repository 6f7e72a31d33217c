//! What a department's door ([`crate::department`]) and that of a network of persons ([`crate::persons`]) have in common: whoever asks signs the request (ERC-8128), once,
//! and every answer is complete. There are no sessions here, and no roles: what stands behind the door decides.

use std::{sync::Arc, time::Duration};

use alloy_primitives::Address;
use axum::{
    Json as Answer, Router,
    extract::{MatchedPath, Request},
    middleware::{self, Next},
    response::{IntoResponse as _, Response},
    routing::get,
};
use chancery_reference_points::Code;
use http::{HeaderName, HeaderValue, header};
use serde_json::json;
use tracing::Instrument as _;
use uuid::Uuid;

use crate::{
    Origin,
    authentication::{Credential, Judge, Members, ReplayCache, verify_request},
    clock::Clock,
    followed,
    problem::{ApiError, ApiResult, render},
    routes::method_not_allowed,
};

/// Where a door is reached, and what was used there.
pub(crate) struct SignedDoor {
    origins: Vec<Origin>,
    main_chain_id: u64,
    clock: Arc<dyn Clock>,
    used: ReplayCache,
}

impl SignedDoor {
    /// Reached under `origins`, for keys of the chain with this EIP-155 id. So many nonces are remembered.
    pub(crate) fn new(origins: Vec<Origin>, main_chain_id: u64, clock: Arc<dyn Clock>, nonces: usize) -> Self {
        Self { origins, main_chain_id, clock, used: ReplayCache::new(nonces) }
    }

    /// Who has signed, and the request with its body in memory. Of whoever is not among the members nothing is read or remembered.
    ///
    /// # Errors
    /// `AuthenticationRequired` with these words when nothing is signed, `RoleRequired` of a stranger; see [`verify_request`].
    pub(crate) async fn caller(
        &self,
        request: Request,
        members: Option<Members<'_>>,
        unsigned: &'static str,
    ) -> ApiResult<(Address, Request)> {
        match Credential::of(&request)? {
            Credential::Signature => {
                let judge = Judge {
                    main_chain_id: self.main_chain_id,
                    origins: &self.origins,
                    now: self.clock.unix_seconds(),
                    used: &self.used,
                    members,
                };
                let (proven, request) = verify_request(judge, request).await?;
                Ok((proven.address, request))
            }
            Credential::None | Credential::Session(_) => Err(ApiError::new(Code::AuthenticationRequired, unsigned)),
        }
    }
}

/// Routes with what every such door has: `GET /health`, problems for what is not there, a bound of time, and complete answers.
pub(crate) fn router<S: Clone + Send + Sync + 'static>(routes: Router<S>, longest: Duration) -> Router<S> {
    routes
        .route("/health", get(|| async { Answer(json!({"status": "ok"})) }))
        .fallback(|| async { ApiError::new(Code::UnknownRoute, "no endpoint with this method and path") })
        .method_not_allowed_fallback(method_not_allowed)
        .layer(middleware::from_fn(move |request, next| in_time(longest, request, next)))
        .layer(middleware::from_fn(complete))
}

/// An answer that does not begin in time is none. What was begun for it goes on: a grant that was sent is found by the next request.
async fn in_time(longest: Duration, request: Request, next: Next) -> Response {
    match tokio::time::timeout(longest, next.run(request)).await {
        Ok(answer) => answer,
        Err(_) => {
            ApiError::new(Code::TimedOut, format!("no answer within {} seconds", longest.as_secs())).into_response()
        }
    }
}

/// Makes of whatever comes back a complete answer: a problem document, a request id, nothing that a cache keeps.
async fn complete(request: Request, next: Next) -> Response {
    let id = Uuid::now_v7();
    // The template, as at the gateway.
    let route =
        request.extensions().get::<MatchedPath>().map_or_else(|| "none".to_owned(), |path| path.as_str().to_owned());
    let span = followed::request(request.method().as_str(), &route, request.headers());
    let response = next.run(request).instrument(span.clone()).await;
    let code = response.extensions().get::<ApiError>().map(|failure| failure.error.code().name());
    followed::answered(&span, followed::HTTP_STATUS, response.status().as_u16(), code);
    if let Some(failure) = response.extensions().get::<ApiError>() {
        let code = failure.error.code().name();
        let cause = failure.error.cause().map(ToString::to_string).unwrap_or_default();
        tracing::info!(request_id = %id, code, cause, "refused");
    }
    let mut response = render(response, id);
    let headers = response.headers_mut();
    chancery_traces::answer(&span, headers);
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if let Ok(value) = HeaderValue::from_str(&id.to_string()) {
        headers.insert(HeaderName::from_static("x-request-id"), value);
    }
    response
}
