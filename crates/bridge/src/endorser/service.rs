use std::sync::Arc;

use alloy_primitives::B256;
use axum::{
    Extension, Json, Router,
    extract::{State, rejection::JsonRejection},
    http::StatusCode,
    middleware::from_fn_with_state,
    response::{IntoResponse as _, Response},
    routing::{get, post},
};

use super::{ATTEST_PATH, AttestQuery, AttestRefusal, Attester, EndorseQuery, EndorseRefusal, Endorser, PATH};
use crate::{
    alliance::{certificate::Scope, message::Endorsement},
    http::{Channel, Problem, bounded, demand},
    report::{Proposal, ReportLog, Said, reports},
};

/// `POST /v1/endorsements`, `POST /v1/attestations`, `POST /v1/reports` and `GET /health`. Over TLS the first is for nodes that may request, the others for every node of the alliance; of what
/// it has answered it reports to each what concerns its member.
pub fn router<N: Endorser + Attester + 'static>(node: Arc<N>) -> Router {
    let log = Arc::new(ReportLog::default());
    let routes = Router::new()
        .route(PATH, post(endorse::<N>).layer(from_fn_with_state(Scope::REQUEST, demand)))
        .route(ATTEST_PATH, post(attest::<N>))
        .route("/health", get(health::<N>))
        .layer(Extension(Arc::clone(&log)))
        .with_state(node);
    bounded(routes).merge(reports(log))
}

/// `alive`, or `degraded` with the reason for which a renewed certificate is not taken.
async fn health<N: Endorser>(State(endorser): State<Arc<N>>) -> Json<serde_json::Value> {
    Json(match endorser.renewal_fault() {
        None => serde_json::json!({"status": "alive"}),
        Some(fault) => serde_json::json!({"status": "degraded", "reasons": [fault]}),
    })
}

async fn endorse<N: Endorser>(
    State(endorser): State<Arc<N>>,
    Extension(channel): Extension<Channel>,
    Extension(log): Extension<Arc<ReportLog>>,
    query: Result<Json<EndorseQuery>, JsonRejection>,
) -> Response {
    let query = match query {
        Ok(Json(query)) => query,
        Err(rejection) => return Problem::answer(rejection.status(), EndorseRefusal::Malformed),
    };
    let asker = channel.member();
    let answer = endorser.endorse_for(&query.request, &query.part, asker).await;
    note(&log, &query, asker, &answer);
    match answer {
        Ok(endorsement) => Json(endorsement).into_response(),
        Err(refusal) => Problem::answer(status(&refusal), refusal),
    }
}

/// Keeps what was answered of a request that is one. What is no part of it, or of another member, says nothing of the request.
fn note(log: &ReportLog, query: &EndorseQuery, asker: Option<B256>, answer: &Result<Endorsement, EndorseRefusal>) {
    let said = match answer {
        Ok(_) => Some(Said::Endorsed),
        Err(refusal) => Said::of_refusal(refusal),
    };
    if let Some(said) = said.filter(|_| query.request.check().is_ok()) {
        log.note(Proposal::of(&query.request), asker, said);
    }
}

async fn attest<N: Attester>(
    State(attester): State<Arc<N>>,
    query: Result<Json<AttestQuery>, JsonRejection>,
) -> Response {
    let query = match query {
        Ok(Json(query)) => query,
        Err(rejection) => return Problem::answer(rejection.status(), AttestRefusal::Malformed),
    };
    match attester.attest(&query).await {
        Ok(attestation) => Json(attestation).into_response(),
        Err(refusal) => Problem::answer(attest_status(&refusal), refusal),
    }
}

const fn attest_status(refusal: &AttestRefusal) -> StatusCode {
    match refusal {
        AttestRefusal::Malformed => StatusCode::BAD_REQUEST,
        AttestRefusal::OtherMember { .. } => StatusCode::NOT_FOUND,
        AttestRefusal::Open | AttestRefusal::Decided | AttestRefusal::OtherPart => StatusCode::CONFLICT,
        AttestRefusal::Channel { .. } => StatusCode::FORBIDDEN,
        AttestRefusal::Unavailable { .. } => StatusCode::SERVICE_UNAVAILABLE,
    }
}

const fn status(refusal: &EndorseRefusal) -> StatusCode {
    match refusal {
        EndorseRefusal::Malformed | EndorseRefusal::TooLong { .. } => StatusCode::BAD_REQUEST,
        EndorseRefusal::OtherMember { .. } => StatusCode::NOT_FOUND,
        EndorseRefusal::Differs { .. }
        | EndorseRefusal::DatabaseDisagrees { .. }
        | EndorseRefusal::DatabasePromised { .. } => StatusCode::CONFLICT,
        EndorseRefusal::CallRefused { .. } | EndorseRefusal::DatabaseRefuses { .. } => StatusCode::UNPROCESSABLE_ENTITY,
        EndorseRefusal::Channel { .. } => StatusCode::FORBIDDEN,
        EndorseRefusal::Unavailable { .. } => StatusCode::SERVICE_UNAVAILABLE,
    }
}
