//! `/v1/submissions`: data of registered sources (R2D, M-ACQ, M-P-SUB). One, an array, or a stream of lines; then state and proof.

mod stream;

use axum::{
    Extension, Json as Answer,
    body::Bytes,
    extract::{FromRequest as _, Request, State},
    response::{IntoResponse as _, Response},
};
use chancery_reference_points::Code;
use chancery_rest::{
    types::{
        Example as _,
        submissions::{SubmissionOutcome, SubmissionReceipt, SubmissionState, SubmitData, example_proof},
    },
    values::HexHash,
};
use http::{HeaderMap, StatusCode};
use serde_json::Value;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::map;
use crate::{
    authorization::layer::Caller,
    limits::MAX_ARRAY_SUBMISSIONS,
    lines::{outcome, receipt, submission},
    problem::{ApiError, ApiResult},
    request::{Path, content_type, read_json},
    state,
    submission_proof::{ASKING_SOURCE, Wanted, named, prove},
};

/// The type of a stream of lines.
pub(crate) const NDJSON: &str = "application/x-ndjson";

pub(super) fn routes() -> OpenApiRouter<std::sync::Arc<crate::state::Shared>> {
    OpenApiRouter::default()
        .routes(routes!(submit_data))
        .routes(routes!(get_submission))
        .routes(routes!(prove_operation))
}

/// Submit data of a registered source
///
/// The signature in it says whose it is. `application/json`: one submission is answered with its receipt; an array of at most 256 with an outcome for each.
/// `application/x-ndjson`: a submission a line, an outcome a line, in order and as they are durable, for up to an hour; it is read no faster than it is accepted.
#[utoipa::path(post, path = "/v1/submissions", tag = "submissions",
    request_body(content = SubmitData, example = json!(SubmitData::example())),
    responses(
        (status = 201, description = "One submission: durable.", body = SubmissionReceipt, example = json!(SubmissionReceipt::example())),
        (status = 200, description = "An array or a stream: what became of each.", body = Vec<SubmissionOutcome>, example = json!([SubmissionOutcome::example()])),
    ),
)]
async fn submit_data(State(shared): state::State, request: Request) -> ApiResult<Response> {
    let essence = content_type(request.headers());
    match essence.as_deref() {
        Some("application/json") => {}
        Some(NDJSON) => return stream::answer(&shared, request),
        other => {
            let got = other.unwrap_or("nothing").to_owned();
            return Err(ApiError::new(Code::UnsupportedMediaType, format!("content-type says {got:.100}")));
        }
    }
    let body = Bytes::from_request(request, &())
        .await
        .map_err(|error| ApiError::new(Code::MalformedRequest, error.body_text()))?;
    if body.trim_ascii_start().first() != Some(&b'[') {
        let accepted = shared.doors.r2d_sources.accept(vec![submission(read_json(&body)?)]).await.pop();
        let accepted = accepted.ok_or_else(|| ApiError::new(Code::Internal, ""))??;
        return Ok((StatusCode::CREATED, Answer(receipt(accepted))).into_response());
    }
    let submissions: Vec<SubmitData> = read_json(&body)?;
    if submissions.is_empty() {
        return Err(ApiError::new(Code::MalformedRequest, "line 1: an array has at least one submission"));
    }
    if submissions.len() > MAX_ARRAY_SUBMISSIONS {
        let detail = format!("an array has at most {MAX_ARRAY_SUBMISSIONS} submissions; send a stream of lines");
        return Err(ApiError::new(Code::BodyTooLarge, detail).with("limit", MAX_ARRAY_SUBMISSIONS));
    }
    let accepted = shared.doors.r2d_sources.accept(submissions.into_iter().map(submission).collect()).await;
    let outcomes: Vec<_> =
        (0..).zip(accepted).map(|(index, one)| outcome(index, one.map_err(ApiError::from))).collect();
    Ok(Answer(outcomes).into_response())
}

/// State of a submission
///
/// For whoever has its receipt: the digest is what asks.
#[utoipa::path(get, path = "/v1/submissions/{place}/{digest}", tag = "submissions",
    params(
        ("place" = u64, Path, description = "The place that the receipt names."),
        ("digest" = HexHash, Path, description = "The digest that the receipt names."),
    ),
    responses((status = 200, description = "What has become of it.", body = SubmissionState, example = json!(SubmissionState::example()))),
)]
async fn get_submission(
    State(shared): state::State,
    Path((place, digest)): Path<(u64, HexHash)>,
) -> ApiResult<Answer<SubmissionState>> {
    let state = named(&shared, place, digest.0).await?;
    let (data_block_root, data_block) = state.recorded.unzip();
    Ok(Answer(SubmissionState {
        place: state.place,
        digest: state.digest.into(),
        source: state.source.into(),
        count: state.count,
        accepted_at: state.accepted_at_ms,
        data_block_root: data_block_root.map(Into::into),
        data_block: data_block.map(map::recorded),
    }))
}

/// Proof of an operation of a submission
///
/// From the operation's bytes to a final block, in one file; `chancery verify` reads it without any network. Of public data within their retention for whoever knows the digest; of
/// others for whoever may read the operation, and for its source, which asks by its own key in `chancery-source`.
#[utoipa::path(get, path = "/v1/submissions/{place}/{digest}/operations/{index}", tag = "submissions",
    params(
        ("place" = u64, Path, description = "The place that the receipt names."),
        ("digest" = HexHash, Path, description = "The digest that the receipt names."),
        ("index" = u32, Path, description = "Which operation of the submission, from 0."),
        ("chancery-source" = Option<String>, Header, description = "JWS by the source's present key, `typ` `chancery-ask+jws`, of `{chainId, source, place, digest, time}`."),
    ),
    responses((status = 200, description = "The proof.", body = Object, example = json!(example_proof()))),
)]
async fn prove_operation(
    State(shared): state::State,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
    Path((place, digest, index)): Path<(u64, HexHash, u32)>,
) -> ApiResult<Answer<Value>> {
    // What is no text is no statement either.
    let asking = headers.get(ASKING_SOURCE).map(|value| value.to_str().unwrap_or_default());
    let proof = prove(&shared, &caller.actor, asking, Wanted { place, digest: digest.0, index }).await?;
    Ok(Answer(map::to_json(&proof)?))
}
