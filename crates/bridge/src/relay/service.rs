use std::sync::Arc;

use axum::{
    Json, Router,
    extract::{State, rejection::JsonRejection},
    http::StatusCode,
    middleware::from_fn_with_state,
    response::{IntoResponse as _, Response},
    routing::{get, post},
};

use super::carrier::{Carried, Carrier, CarryRefusal, PATH};
use crate::{
    alliance::{certificate::Scope, submission::Submission},
    http::{Problem, bounded, demand},
};

/// `POST /v1/submissions` and `GET /health`, which says no more than that it answers. Over TLS the first is for nodes that may request.
pub fn router(carrier: Arc<dyn Carrier>) -> Router {
    submissions(carrier).route("/health", get(|| async { Json(serde_json::json!({"status": "alive"})) }))
}

/// `POST /v1/submissions` alone.
pub fn submissions(carrier: Arc<dyn Carrier>) -> Router {
    let routes =
        Router::new().route(PATH, post(carry).layer(from_fn_with_state(Scope::REQUEST, demand))).with_state(carrier);
    bounded(routes)
}

async fn carry(
    State(carrier): State<Arc<dyn Carrier>>,
    submission: Result<Json<Submission>, JsonRejection>,
) -> Response {
    let submission = match submission {
        Ok(Json(submission)) => submission,
        Err(rejection) => return Problem::answer(rejection.status(), CarryRefusal::Unreadable),
    };
    match carrier.carry(&submission).await {
        Ok(number) => Json(Carried { number }).into_response(),
        Err(refusal) => Problem::answer(status(&refusal), refusal),
    }
}

const fn status(refusal: &CarryRefusal) -> StatusCode {
    match refusal {
        CarryRefusal::Malformed { .. } | CarryRefusal::Unreadable => StatusCode::BAD_REQUEST,
        CarryRefusal::RequesterRefused { .. } | CarryRefusal::Channel { .. } => StatusCode::FORBIDDEN,
        CarryRefusal::IdempotencyKeyUsed { .. } => StatusCode::CONFLICT,
        CarryRefusal::Refused { .. } => StatusCode::UNPROCESSABLE_ENTITY,
        CarryRefusal::Unavailable { .. } => StatusCode::SERVICE_UNAVAILABLE,
    }
}
