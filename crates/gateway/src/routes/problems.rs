//! `/problems/{name}`: what a problem document's `type` points to.

use axum::{
    Json as Answer,
    response::{IntoResponse as _, Response},
};
use chancery_reference_points::Code;
use chancery_rest::Problem;
use http::{HeaderMap, header};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    problem::{ApiError, ApiResult, status},
    request::Path,
    web,
};

pub(super) fn routes() -> OpenApiRouter<std::sync::Arc<crate::state::Shared>> {
    OpenApiRouter::default().routes(routes!(explain_problem))
}

/// What a problem means
///
/// As a page for browsers, as JSON otherwise.
#[utoipa::path(get, path = "/problems/{name}", tag = "service",
    params(("name" = String, Path, description = "The code of a problem.", example = "role-required")),
    responses((status = 200, description = "Title, status and remedy.", body = Problem)),
)]
async fn explain_problem(Path(name): Path<String>, headers: HeaderMap) -> ApiResult<Response> {
    let code = Code::ALL
        .iter()
        .copied()
        .find(|code| code.name() == name)
        .ok_or_else(|| ApiError::new(Code::UnknownRoute, "no problem has this name"))?;
    let accept = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if accept.contains("text/html") {
        return Ok(web::explain(code));
    }
    Ok(Answer(Problem::new(code, status(code).as_u16(), "")).into_response())
}
