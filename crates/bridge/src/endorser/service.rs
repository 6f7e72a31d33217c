use std::sync::Arc;

use axum::{
    Json, Router,
    extract::{State, rejection::JsonRejection},
    http::StatusCode,
    response::{IntoResponse as _, Response},
    routing::{get, post},
};

use super::{EndorseQuery, EndorseRefusal, Endorser, PATH};
use crate::http::{Problem, bounded};

/// `POST /v1/endorsements` and `GET /health`.
pub fn router(endorser: Arc<dyn Endorser>) -> Router {
    let routes = Router::new()
        .route(PATH, post(endorse))
        .route("/health", get(|| async { Json(serde_json::json!({"status": "alive"})) }))
        .with_state(endorser);
    bounded(routes)
}

async fn endorse(
    State(endorser): State<Arc<dyn Endorser>>,
    query: Result<Json<EndorseQuery>, JsonRejection>,
) -> Response {
    let query = match query {
        Ok(Json(query)) => query,
        Err(rejection) => return Problem::answer(rejection.status(), EndorseRefusal::Malformed),
    };
    match endorser.endorse(&query.request, &query.part).await {
        Ok(endorsement) => Json(endorsement).into_response(),
        Err(refusal) => Problem::answer(status(&refusal), refusal),
    }
}

const fn status(refusal: &EndorseRefusal) -> StatusCode {
    match refusal {
        EndorseRefusal::Malformed => StatusCode::BAD_REQUEST,
        EndorseRefusal::OtherMember { .. } => StatusCode::NOT_FOUND,
        EndorseRefusal::Differs { .. } => StatusCode::CONFLICT,
        EndorseRefusal::CallRefused { .. } => StatusCode::UNPROCESSABLE_ENTITY,
        EndorseRefusal::Unavailable { .. } => StatusCode::SERVICE_UNAVAILABLE,
    }
}
