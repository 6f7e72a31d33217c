//! `/v1/inspections`: checking a certificate, and recording the check (C-API-3).

use axum::{Extension, Json as Answer, extract::State};
use chancery_reference_points::{Code, Role};
use chancery_rest::types::{
    Example as _, Page,
    inspections::{CheckCertificate, Checked, Inspected, Inspection, RecordInspection},
};
use chancery_rest::values::HexAddress;
use http::StatusCode;
use serde::Deserialize;
use serde_json::json;
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    certificates::check_sealed,
    map::{self, services},
    submissions,
};
use crate::{
    authorization::layer::Caller,
    problem::{ApiError, ApiResult},
    request::{IdempotencyKey, Json, Query, page},
    state,
};

pub(super) fn routes() -> OpenApiRouter<std::sync::Arc<crate::state::Shared>> {
    OpenApiRouter::default().routes(routes!(record_inspection, list_inspections)).routes(routes!(check_certificate))
}

/// Record an inspection (C-API-3)
///
/// The checks are made here as well: a signed outcome that differs from what they find is refused and not recorded.
#[utoipa::path(post, path = "/v1/inspections", tag = "inspections",
    request_body(content = RecordInspection, example = json!(RecordInspection::example())),
    responses((status = 201, description = "Recorded.", body = Inspected, example = json!(Inspected::example()))),
)]
async fn record_inspection(
    State(shared): state::State,
    Extension(caller): Extension<Caller>,
    IdempotencyKey(idempotency_key): IdempotencyKey,
    Json(request): Json<RecordInspection>,
) -> ApiResult<(StatusCode, Answer<Inspected>)> {
    if let Some(sealed) = &request.sealed {
        check_sealed(sealed)?;
    }
    let (check, outcome) = (submissions::check_of(&request), request.outcome);
    let found: Checked = map::ask(&shared, &caller, services::CHECK, &check).await?;
    if found.outcome != outcome {
        let failed: Vec<_> =
            found.checks.iter().filter(|check| check.passed != Some(true)).map(|check| check.name.clone()).collect();
        let error = ApiError::new(Code::OutcomeMismatch, "outcome: the checks find another one");
        return Err(error
            .with("expected", map::to_json(&found.outcome)?)
            .with("actual", map::to_json(&outcome)?)
            .with("checks", failed));
    }
    let receipt = submissions::submit(&shared, &caller, submissions::inspect(request, idempotency_key)?).await?;
    let recorded = submissions::own_record(receipt)?;
    Ok((StatusCode::CREATED, Answer(Inspected { recorded, outcome, checks: found.checks })))
}

/// Check a certificate
///
/// What an inspection would find; nothing is recorded.
#[utoipa::path(post, path = "/v1/inspections/checks", tag = "inspections",
    request_body(content = CheckCertificate, example = json!(CheckCertificate::example())),
    responses((status = 200, description = "The outcome and each check.", body = Checked, example = json!(Checked::example()))),
)]
async fn check_certificate(
    State(shared): state::State,
    Extension(caller): Extension<Caller>,
    Json(request): Json<CheckCertificate>,
) -> ApiResult<Answer<Checked>> {
    if let Some(sealed) = &request.sealed {
        check_sealed(sealed)?;
    }
    Ok(Answer(map::ask(&shared, &caller, services::CHECK, &request).await?))
}

/// Which inspections.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct InspectionsQuery {
    /// Only those of this inspector; an inspector sees its own whatever it writes.
    inspector: Option<HexAddress>,
    /// Rows of the page, 1 to 100, 20 unless given.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<usize>,
    /// `nextCursor` of the page before.
    cursor: Option<String>,
}

/// Recorded inspections
///
/// An inspector sees its own, a supervisor all.
#[utoipa::path(get, path = "/v1/inspections", tag = "inspections", params(InspectionsQuery), responses(
    (status = 200, description = "Inspections, newest first.", body = Page<Inspection>, example = json!(Page::<Inspection>::example())),
))]
async fn list_inspections(
    State(shared): state::State,
    Extension(caller): Extension<Caller>,
    Query(query): Query<InspectionsQuery>,
) -> ApiResult<Answer<Page<Inspection>>> {
    let page = page(query.limit, query.cursor)?;
    let inspector =
        if caller.actor.is(Role::Supervisor) { query.inspector } else { Some(HexAddress(caller.address()?)) };
    let parameters = json!({ "inspector": inspector, "limit": page.limit, "cursor": page.cursor });
    Ok(Answer(map::ask(&shared, &caller, services::INSPECTIONS, &parameters).await?))
}
