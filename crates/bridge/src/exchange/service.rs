use std::sync::Arc;

use axum::{
    Json, Router,
    extract::{State, rejection::JsonRejection},
    http::StatusCode,
    response::{IntoResponse as _, Response},
    routing::{get, post},
};

use super::{
    message::{FileQuery, FileRefusal, PATH},
    provider::Provider,
};
use crate::http::{Problem, bounded};

/// `POST /v1/files` and `GET /health`. Who is asking is told by the signature in the query, over TLS by the connection's certificate besides.
pub fn router(provider: Arc<Provider>) -> Router {
    let routes = Router::new()
        .route(PATH, post(piece))
        .route("/health", get(|| async { Json(serde_json::json!({"status": "alive"})) }))
        .with_state(provider);
    bounded(routes)
}

async fn piece(State(provider): State<Arc<Provider>>, query: Result<Json<FileQuery>, JsonRejection>) -> Response {
    let query = match query {
        Ok(Json(query)) => query,
        Err(rejection) => return Problem::answer(rejection.status(), FileRefusal::Malformed),
    };
    match Box::pin(provider.piece(&query)).await {
        Ok(piece) => Json(piece).into_response(),
        Err(refusal) => Problem::answer(status(&refusal), refusal),
    }
}

const fn status(refusal: &FileRefusal) -> StatusCode {
    match refusal {
        FileRefusal::Malformed => StatusCode::BAD_REQUEST,
        FileRefusal::OtherMember { .. } | FileRefusal::NoSuchEntry { .. } | FileRefusal::NotHere { .. } => {
            StatusCode::NOT_FOUND
        }
        FileRefusal::Certificate { .. }
        | FileRefusal::NotAParty { .. }
        | FileRefusal::OtherRequest { .. }
        | FileRefusal::Channel { .. } => StatusCode::FORBIDDEN,
        FileRefusal::NotCommitted { .. } => StatusCode::CONFLICT,
        FileRefusal::Busy | FileRefusal::Unavailable { .. } => StatusCode::SERVICE_UNAVAILABLE,
    }
}
