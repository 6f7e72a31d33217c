//! `/openapi.json` and `/docs/plain`. The readable docs at `/docs` are a page of the web.

use axum::{
    extract::State,
    response::{IntoResponse as _, Response},
};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{state, web};

pub(super) fn routes() -> OpenApiRouter<std::sync::Arc<crate::state::Shared>> {
    OpenApiRouter::default().routes(routes!(get_openapi)).routes(routes!(get_plain_docs))
}

/// This interface
///
/// OpenAPI 3.1.
#[utoipa::path(get, path = "/openapi.json", tag = "service", responses(
    (status = 200, description = "The OpenAPI document.", content_type = "application/json", body = Object),
    (status = 304, description = "The caller has this version already."),
))]
async fn get_openapi(State(shared): state::State, headers: HeaderMap) -> Response {
    let (document, tag) = &shared.openapi;
    let mut response = if web::not_modified(&headers, tag) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        ([(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))], document.clone()).into_response()
    };
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    if let Ok(tag) = HeaderValue::from_str(tag) {
        response.headers_mut().insert(header::ETAG, tag);
    }
    response
}

/// This interface as a page
///
/// Plain HTML, for when the web is not built.
#[utoipa::path(get, path = "/docs/plain", tag = "service", responses(
    (status = 200, description = "The page.", content_type = "text/html", body = String),
))]
async fn get_plain_docs(State(shared): state::State) -> Response {
    web::plain_docs(&shared)
}
