//! `/v1/applications`: a citizen asks an office for a certificate.

use axum::{Extension, Json as Answer, extract::State};
use chancery_reference_points::Code;
use chancery_rest::types::{
    Example as _, Page,
    applications::{Application, ApplicationReceipt, ApplicationStatus, Decision, SubmitApplication},
};
use http::StatusCode;
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    authorization::layer::Caller,
    doors::ApplicationFilter,
    problem::{ApiError, ApiResult},
    request::{Json, Path, Query, page},
    state,
};

pub(super) fn routes() -> OpenApiRouter<std::sync::Arc<crate::state::Shared>> {
    OpenApiRouter::default().routes(routes!(submit_application, list_applications)).routes(routes!(decide_application))
}

/// Apply for a certificate
#[utoipa::path(post, path = "/v1/applications", tag = "applications",
    request_body(content = SubmitApplication, example = json!(SubmitApplication::example())),
    responses((status = 201, description = "It waits for an office.", body = ApplicationReceipt, example = json!(ApplicationReceipt::example()))),
)]
async fn submit_application(
    State(shared): state::State,
    Extension(caller): Extension<Caller>,
    Json(request): Json<SubmitApplication>,
) -> ApiResult<(StatusCode, Answer<ApplicationReceipt>)> {
    Ok((StatusCode::CREATED, Answer(shared.doors.applications.submit(&caller.actor, request).await?)))
}

/// Which applications.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ApplicationsQuery {
    /// Only these.
    #[param(inline)]
    status: Option<ApplicationStatus>,
    /// Only of this kind.
    kind: Option<String>,
    /// Rows of the page, 1 to 100, 20 unless given.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<usize>,
    /// `nextCursor` of the page before.
    cursor: Option<String>,
}

/// Applications
///
/// A citizen sees its own, an issuer those of the kinds that it may issue.
#[utoipa::path(get, path = "/v1/applications", tag = "applications", params(ApplicationsQuery), responses(
    (status = 200, description = "Applications, newest first.", body = Page<Application>, example = json!(Page::<Application>::example())),
))]
async fn list_applications(
    State(shared): state::State,
    Extension(caller): Extension<Caller>,
    Query(query): Query<ApplicationsQuery>,
) -> ApiResult<Answer<Page<Application>>> {
    let page = page(query.limit, query.cursor)?;
    let filter = ApplicationFilter { status: query.status, kind: query.kind };
    Ok(Answer(shared.doors.applications.list(&caller.actor, filter, page).await?))
}

/// Decide an application
#[utoipa::path(post, path = "/v1/applications/{id}/decision", tag = "applications",
    params(("id" = String, Path, description = "The application.")),
    request_body(content = Decision, example = json!(Decision::example())),
    responses((status = 200, description = "Decided.", body = Application, example = json!(Application::example()))),
)]
async fn decide_application(
    State(shared): state::State,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    Json(request): Json<Decision>,
) -> ApiResult<Answer<Application>> {
    if matches!(&request, Decision::Reject { reason } if reason.trim().is_empty()) {
        return Err(ApiError::new(Code::MalformedRequest, "reason: tell the applicant why").with("member", "reason"));
    }
    Ok(Answer(shared.doors.applications.decide(&caller.actor, &id, request).await?))
}
