//! Every request as a span: of whoever asks, if they say of which trace it is (`docs/specs/traces.md`).

use chancery_traces::{Parent, TARGET, method_name};
use http::HeaderMap;
use tracing::{Span, field::Empty, info_span};

/// The span of a request, by its method and route template: a path names people's addresses and certificates (TRACE-1). Not entered yet.
pub(crate) fn request(method: &str, route: &str, headers: &HeaderMap) -> Span {
    let method = method_name(method);
    let span = info_span!(
        target: TARGET,
        "request",
        otel.name = format!("{method} {route}"),
        otel.kind = "server",
        otel.status_code = Empty,
        http.request.method = method,
        http.route = route,
        http.response.status_code = Empty,
        error.code = Empty,
    );
    adopted(span, headers)
}

/// The span of a gRPC call, by its method's path; of what is no method, by nothing that the caller says.
pub(crate) fn call(path: &str, headers: &HeaderMap) -> Span {
    let span = info_span!(
        target: TARGET,
        "call",
        otel.name = path,
        otel.kind = "server",
        otel.status_code = Empty,
        rpc.system = "grpc",
        rpc.grpc.status_code = Empty,
        error.code = Empty,
    );
    adopted(span, headers)
}

fn adopted(span: Span, headers: &HeaderMap) -> Span {
    if !span.is_disabled()
        && let Some(parent) = Parent::of(headers)
    {
        parent.adopted_by(&span);
    }
    span
}

/// Notes how a request was answered: `status` under the field's name, and the code of a problem; what it says stays out.
pub(crate) fn answered(span: &Span, field: &'static str, status: u16, code: Option<&str>) {
    span.record(field, status);
    if let Some(code) = code {
        span.record("error.code", code);
    }
    // What the caller did wrong is no error of the server (OpenTelemetry semantic conventions for HTTP).
    if field == HTTP_STATUS && status >= 500 {
        span.record("otel.status_code", "ERROR");
    }
}

/// Field of the status of an answer over HTTP.
pub(crate) const HTTP_STATUS: &str = "http.response.status_code";
/// Field of the status of an answer over gRPC.
pub(crate) const GRPC_STATUS: &str = "rpc.grpc.status_code";
