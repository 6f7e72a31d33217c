//! From an error at a door to a problem document (RFC 9457). The status comes from the class; the cause goes to the log and nowhere else.

use axum::response::{IntoResponse, Response};
use chancery_reference_points::{Class, Code, DoorError};
use chancery_rest::problem::{MEDIA_TYPE, Problem, RESERVED_MEMBERS};
use http::{HeaderValue, StatusCode, header};
use serde_json::Value;
use uuid::Uuid;

/// An error on its way out. It becomes a document in the outermost layer, which knows the request id and the log.
#[derive(Clone, Debug)]
pub(crate) struct ApiError {
    pub(crate) error: DoorError,
    pub(crate) status: StatusCode,
}

/// What a handler answers.
pub(crate) type ApiResult<T> = Result<T, ApiError>;

impl From<DoorError> for ApiError {
    fn from(error: DoorError) -> Self {
        Self { status: status(error.code()), error }
    }
}

impl ApiError {
    /// An error of this gateway.
    pub(crate) fn new(code: Code, detail: impl Into<String>) -> Self {
        DoorError::new(code, detail).into()
    }

    /// Adds a machine-readable member.
    pub(crate) fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.error = self.error.with(name, value);
        self
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

/// The status of a code: its class decides, and HTTP has finer words for a few.
pub(crate) const fn status(code: Code) -> StatusCode {
    match code.class() {
        Class::Invalid => match code {
            Code::BodyTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Code::UrlTooLong => StatusCode::URI_TOO_LONG,
            Code::HeadersTooLarge => StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            Code::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Code::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Code::NotAcceptable => StatusCode::NOT_ACCEPTABLE,
            Code::SchemaViolation => StatusCode::UNPROCESSABLE_ENTITY,
            _ => StatusCode::BAD_REQUEST,
        },
        Class::Unauthenticated => StatusCode::UNAUTHORIZED,
        Class::Refused => StatusCode::FORBIDDEN,
        Class::Missing => StatusCode::NOT_FOUND,
        Class::Conflict => StatusCode::CONFLICT,
        Class::Temporary => match code {
            Code::TooManyRequests | Code::QuotaExceeded => StatusCode::TOO_MANY_REQUESTS,
            _ => StatusCode::SERVICE_UNAVAILABLE,
        },
        Class::Broken => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// The document, with this occurrence's request id.
pub(crate) fn document(failure: &ApiError, request_id: Uuid) -> Problem {
    let error = &failure.error;
    let mut problem = Problem::new(error.code(), failure.status.as_u16(), error.detail());
    problem.instance = request_id.urn().to_string();
    if error.class() == Class::Broken {
        // Whatever broke, the reader gets the request id and nothing else.
        problem.detail = String::new();
        return problem;
    }
    problem.members = error.members().clone();
    for reserved in RESERVED_MEMBERS {
        problem.members.remove(reserved);
    }
    problem
}

/// Turns an error answer into its document; other answers pass.
pub(crate) fn render(mut response: Response, request_id: Uuid) -> Response {
    let Some(failure) = response.extensions().get::<ApiError>().cloned() else { return response };
    let problem = document(&failure, request_id);
    let body = serde_json::to_vec(&problem).unwrap_or_default();
    *response.body_mut() = body.into();
    let headers = response.headers_mut();
    headers.remove(header::CONTENT_LENGTH);
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if failure.error.class() == Class::Unauthenticated {
        // RFC 9110 15.5.2 wants it; the signature scheme has no registered name, the session's has.
        headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"chancery\""));
    }
    if failure.error.class() == Class::Temporary {
        let seconds =
            failure.error.members().get("retryAfterMs").and_then(Value::as_u64).unwrap_or(1000).div_ceil(1000).max(1);
        headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}

#[cfg(test)]
mod tests;
