//! Records over HTTP: `POST /records` with NDJSON. What is answered with 200 is on disk; of a request that is refused nothing is taken.

use std::time::Duration;

use axum::{
    Json, Router,
    body::{Body, to_bytes},
    extract::State,
    http::{
        HeaderMap, StatusCode,
        header::{AUTHORIZATION, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE},
    },
    response::{IntoResponse, Response},
    routing::post,
};
use ring::digest::{SHA256, digest};
use serde_json::json;
use tokio::{net::TcpListener, sync::watch};
use zeroize::Zeroizing;

use super::{CollectError, Record, syslog::received, writer::Writer};

/// Largest body.
pub const MAX_BODY_BYTES: usize = 8 * 1024 * 1024;
/// Most records of a request.
const MAX_RECORDS: usize = 20_000;
/// How long a body may take.
const BODY_TIMEOUT: Duration = Duration::from_secs(30);
/// After how many seconds a sender asks a full spool again.
const FULL_RETRY_S: u64 = 30;

#[derive(Clone)]
struct Door {
    writer: Writer,
    token: Option<Zeroizing<String>>,
}

pub(super) fn router(writer: Writer, token: Option<Zeroizing<String>>) -> Router {
    Router::new().route("/records", post(take)).with_state(Door { writer, token })
}

pub(super) async fn serve(
    listener: TcpListener,
    router: Router,
    mut stopped: watch::Receiver<bool>,
) -> Result<(), CollectError> {
    let told = async move {
        stopped.changed().await.ok();
    };
    axum::serve(listener, router)
        .with_graceful_shutdown(told)
        .await
        .map_err(|error| CollectError::Stopped(error.to_string()))
}

async fn take(State(door): State<Door>, headers: HeaderMap, body: Body) -> Response {
    if let Some(token) = &door.token
        && !shows(&headers, token)
    {
        let asked = [(WWW_AUTHENTICATE, "Bearer")];
        return (asked, problem(StatusCode::UNAUTHORIZED, "show the collector's token".to_owned())).into_response();
    }
    let bytes = match tokio::time::timeout(BODY_TIMEOUT, to_bytes(body, MAX_BODY_BYTES)).await {
        Ok(Ok(bytes)) => bytes,
        Ok(Err(_)) => {
            let said = format!("a body has at most {MAX_BODY_BYTES} bytes, and comes whole");
            return problem(StatusCode::PAYLOAD_TOO_LARGE, said);
        }
        Err(_) => return problem(StatusCode::REQUEST_TIMEOUT, "the body came too slowly".to_owned()),
    };
    let records = match records(&bytes) {
        Ok(records) => records,
        Err(said) => return problem(StatusCode::BAD_REQUEST, said),
    };
    let count = records.len();
    match door.writer.append(records, bytes.len()).await {
        Ok(()) => Json(json!({ "records": count })).into_response(),
        Err(error @ CollectError::Full(_)) => {
            tracing::warn!(%error, "records over HTTP are refused");
            let again = [(RETRY_AFTER, FULL_RETRY_S.to_string())];
            (again, problem(StatusCode::SERVICE_UNAVAILABLE, "the spool is full: send it again later".to_owned()))
                .into_response()
        }
        Err(error) => {
            tracing::error!(%error, "records over HTTP are refused");
            problem(StatusCode::INTERNAL_SERVER_ERROR, "the spool cannot be written: send it again later".to_owned())
        }
    }
}

/// One record a line, or the line that is none.
fn records(bytes: &[u8]) -> Result<Vec<Record>, String> {
    let mut records = Vec::new();
    for (index, line) in bytes.split(|byte| *byte == b'\n').enumerate() {
        if line.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        let number = index + 1;
        let mut record: Record =
            serde_json::from_slice(line).map_err(|_| format!("line {number} is no JSON object"))?;
        if record.keys().any(|name| name.starts_with('_')) {
            return Err(format!("line {number} has a member that begins with _, which are the spool's"));
        }
        received(&mut record, "http");
        records.push(record);
        if records.len() > MAX_RECORDS {
            return Err(format!("a request has at most {MAX_RECORDS} records"));
        }
    }
    if records.is_empty() { Err("there is no record".to_owned()) } else { Ok(records) }
}

/// Compared by their hashes, so that how long it takes says nothing of the token.
fn shows(headers: &HeaderMap, token: &str) -> bool {
    let shown = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    let shown = shown.and_then(|value| value.strip_prefix("Bearer ")).unwrap_or_default();
    digest(&SHA256, shown.as_bytes()).as_ref() == digest(&SHA256, token.as_bytes()).as_ref()
}

/// RFC 9457.
fn problem(status: StatusCode, detail: String) -> Response {
    let body = json!({ "title": status.canonical_reason(), "status": status.as_u16(), "detail": detail });
    (status, [(CONTENT_TYPE, "application/problem+json")], body.to_string()).into_response()
}
