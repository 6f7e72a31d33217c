use std::sync::Arc;

use axum::{
    Extension, Json, Router,
    extract::{State, rejection::JsonRejection},
    http::StatusCode,
    middleware::from_fn_with_state,
    response::{IntoResponse as _, Response},
    routing::{get, post},
};

use super::carrier::{Carried, Carrier, CarryRefusal, PATH};
use crate::{
    alliance::{certificate::Scope, submission::Submission},
    http::{Channel, Problem, bounded, demand},
    report::{Proposal, ReportLog, Said, reports, steps},
};

/// `POST /v1/submissions`, what is reported, and `GET /health`, which says no more than that it answers. Over TLS the first is for nodes that may request.
pub fn router(carrier: Arc<dyn Carrier>) -> Router {
    submissions(carrier).route("/health", get(|| async { Json(serde_json::json!({"status": "alive"})) }))
}

/// `POST /v1/submissions`; and what was handed in and what requesters tell of their steps (`POST /v1/steps`), for whom it concerns (`POST /v1/reports`).
pub fn submissions(carrier: Arc<dyn Carrier>) -> Router {
    let log = Arc::new(ReportLog::default());
    let routes = Router::new()
        .route(PATH, post(carry).layer(from_fn_with_state(Scope::REQUEST, demand)))
        .layer(Extension(Arc::clone(&log)))
        .with_state(carrier);
    bounded(routes).merge(reports(Arc::clone(&log))).merge(steps(log))
}

async fn carry(
    State(carrier): State<Arc<dyn Carrier>>,
    Extension(channel): Extension<Channel>,
    Extension(log): Extension<Arc<ReportLog>>,
    submission: Result<Json<Submission>, JsonRejection>,
) -> Response {
    let submission = match submission {
        Ok(Json(submission)) => submission,
        Err(rejection) => return Problem::answer(rejection.status(), CarryRefusal::Unreadable),
    };
    let note = |said| {
        if submission.request.check().is_ok() {
            log.note(Proposal::of(&submission.request), channel.member(), said);
        }
    };
    note(Said::HandedIn);
    match carrier.carry(&submission).await {
        Ok(number) => Json(Carried { number }).into_response(),
        Err(refusal) => {
            // Whether what is not known to be refused is sequenced, the chain says.
            if !refusal.is_temporary() {
                note(Said::NotCarried);
            }
            Problem::answer(status(&refusal), refusal)
        }
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
