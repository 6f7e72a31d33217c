//! Records over HTTP: `POST /records` with NDJSON. What is answered with 200 is on disk; of a request that is refused nothing is taken.

use std::{sync::Arc, time::Duration};

use axum::{
    Json, Router,
    body::{Body, HttpBody as _, to_bytes},
    extract::State,
    http::{
        HeaderMap, HeaderValue, StatusCode,
        header::{AUTHORIZATION, CONNECTION, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE},
    },
    middleware::map_response,
    response::{IntoResponse, Response},
    routing::post,
};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::{conn::auto, graceful::GracefulShutdown},
    service::TowerToHyperService,
};
use ring::digest::{SHA256, digest};
use serde_json::json;
use tokio::{
    net::TcpListener,
    sync::{Semaphore, watch},
    task::JoinSet,
    time::{sleep, timeout},
};
use zeroize::Zeroizing;

use super::{
    CollectError, Encryption, Record,
    batches::{BATCH, Batch},
    encrypted::opened,
    places::Places,
    syslog::received,
    taken::Taken,
    writer::Writer,
};

/// Names a batch (draft-ietf-httpapi-idempotency-key-header), so that it can be sent again.
const IDEMPOTENCY_KEY: &str = "idempotency-key";
/// Largest body.
pub const MAX_BODY_BYTES: usize = 8 * 1024 * 1024;
/// Most records of a request.
const MAX_RECORDS: usize = 20_000;
/// How long a body may take.
const BODY_TIMEOUT: Duration = Duration::from_secs(30);
/// Connections at a time, and so bodies in memory. More wait in the kernel.
const MAX_CONNECTIONS: usize = 32;
/// Connections of one other host at a time; this machine's may be those of a proxy.
const MAX_CONNECTIONS_OF_ONE: usize = 8;
/// Requests whose records are in memory.
const MAX_PARSED: usize = 4;
/// How long a sender may take for a request's head, and an idle connection is kept.
const HEADER_TIMEOUT: Duration = Duration::from_secs(15);
/// Most bytes of a request's head.
const MAX_HEAD_BYTES: usize = 16 * 1024;
/// Longest that a sender takes nothing of an answer.
const MAX_READER_SILENCE: Duration = Duration::from_secs(30);
/// How long requests under way are waited for at the end.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(5);
/// Pause after a connection that could not be accepted.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
/// After how many seconds a sender asks a full spool again.
const FULL_RETRY_S: u64 = 30;

#[derive(Clone)]
struct Door {
    writer: Writer,
    token: Option<Zeroizing<String>>,
    parsed: Arc<Semaphore>,
}

pub(super) fn router(writer: Writer, token: Option<Zeroizing<String>>) -> Router {
    let door = Door { writer, token, parsed: Arc::new(Semaphore::new(MAX_PARSED)) };
    Router::new().route("/records", post(take)).layer(map_response(closing)).with_state(door)
}

/// Whoever is refused loses its place: to keep one takes what is accepted, and so the token.
async fn closing(mut answer: Response) -> Response {
    if answer.status().is_client_error() {
        answer.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    }
    answer
}

/// Serves in plain text or under TLS, until it is told to stop; requests under way are then waited for, for a bounded time.
pub(super) async fn serve(
    listener: TcpListener,
    router: Router,
    encryption: Option<Arc<dyn Encryption>>,
    mut stopped: watch::Receiver<bool>,
) -> Result<(), CollectError> {
    let places = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    let (graceful, mut connections) = (GracefulShutdown::new(), JoinSet::new());
    let of_each = Places::new(MAX_CONNECTIONS_OF_ONE);
    let mut builder = auto::Builder::new(TokioExecutor::new()).http1_only();
    builder.http1().timer(TokioTimer::new()).header_read_timeout(HEADER_TIMEOUT).max_buf_size(MAX_HEAD_BYTES);
    loop {
        let place = Arc::clone(&places).acquire_owned();
        let (place, accepted) = tokio::select! {
            accepted = async { (place.await, listener.accept().await) } => accepted,
            _ = stopped.changed() => break,
        };
        while connections.try_join_next().is_some() {}
        let Ok((stream, from)) = accepted else {
            sleep(ACCEPT_PAUSE).await;
            continue;
        };
        let address = from.ip().to_canonical();
        let held = if address.is_loopback() { None } else { of_each.take(address) };
        if held.is_none() && !address.is_loopback() {
            tracing::debug!(%from, "a connection is refused: there are too many of its host");
            continue;
        }
        let service = TowerToHyperService::new(router.clone());
        let (builder, watcher, encryption) = (builder.clone(), graceful.watcher(), encryption.clone());
        connections.spawn(async move {
            match opened(stream, encryption).await {
                Ok(stream) => {
                    let stream = TokioIo::new(Taken::new(stream, MAX_READER_SILENCE));
                    let connection = builder.serve_connection(stream, service).into_owned();
                    // What goes wrong with one connection concerns nobody else.
                    watcher.watch(connection).await.ok();
                }
                Err(error) => tracing::debug!(%error, "a TLS handshake failed"),
            }
            drop((place, held));
        });
    }
    drop((listener, router));
    if timeout(DRAIN_TIMEOUT, graceful.shutdown()).await.is_err() {
        tracing::warn!("requests were still under way when the time to drain was over");
    }
    connections.shutdown().await;
    Ok(())
}

async fn take(State(door): State<Door>, headers: HeaderMap, body: Body) -> Response {
    if let Some(token) = &door.token
        && !shows(&headers, token)
    {
        let asked = [(WWW_AUTHENTICATE, "Bearer")];
        return (asked, problem(StatusCode::UNAUTHORIZED, "show the collector's token".to_owned())).into_response();
    }
    let long = || {
        problem(StatusCode::PAYLOAD_TOO_LARGE, format!("a body has at most {MAX_BODY_BYTES} bytes, and comes whole"))
    };
    if body.size_hint().lower() > MAX_BODY_BYTES as u64 {
        return long();
    }
    let bytes = match timeout(BODY_TIMEOUT, to_bytes(body, MAX_BODY_BYTES)).await {
        Ok(Ok(bytes)) => bytes,
        Ok(Err(_)) => return long(),
        Err(_) => return problem(StatusCode::REQUEST_TIMEOUT, "the body came too slowly".to_owned()),
    };
    // Held until the records are on disk.
    let Ok(_parsed) = door.parsed.acquire().await else {
        return problem(StatusCode::SERVICE_UNAVAILABLE, "the collector ends: send it again later".to_owned());
    };
    let Ok(batch) = batch_of(&headers, &bytes) else {
        let said = "Idempotency-Key is 32 hexadecimal digits that you drew once, `-`, and a number that rises";
        return problem(StatusCode::BAD_REQUEST, said.to_owned());
    };
    let mut records = match records(&bytes) {
        Ok(records) => records,
        Err(said) => return problem(StatusCode::BAD_REQUEST, said),
    };
    if let Some(batch) = &batch {
        let named = json!(batch.to_string());
        records.iter_mut().for_each(|record| drop(record.insert(BATCH.to_owned(), named.clone())));
    }
    let count = records.len();
    match door.writer.append_batch(records, bytes.len(), batch).await {
        Ok(()) => Json(json!({ "records": count })).into_response(),
        Err(error) if error.passes() => {
            let is_full = matches!(error, CollectError::Full(_));
            let said = if is_full { "the spool is full" } else { "the spool cannot be written at present" };
            let again = [(RETRY_AFTER, FULL_RETRY_S.to_string())];
            (again, problem(StatusCode::SERVICE_UNAVAILABLE, format!("{said}: send it again later"))).into_response()
        }
        Err(error @ (CollectError::TooManySenders(_) | CollectError::BatchPassed { .. })) => {
            problem(StatusCode::CONFLICT, error.to_string())
        }
        // The draft has this status for a key that comes again with another content.
        Err(error @ CollectError::BatchChanged(_)) => problem(StatusCode::UNPROCESSABLE_ENTITY, error.to_string()),
        Err(error @ CollectError::UnnamedSender(_)) => problem(StatusCode::FORBIDDEN, error.to_string()),
        Err(error) => {
            tracing::debug!(%error, "records over HTTP are refused");
            problem(StatusCode::INTERNAL_SERVER_ERROR, "the spool cannot be written: send it again later".to_owned())
        }
    }
}

/// The batch that a request is; none when its sender does not number them.
fn batch_of(headers: &HeaderMap, body: &[u8]) -> Result<Option<Batch>, ()> {
    let Some(value) = headers.get(IDEMPOTENCY_KEY) else { return Ok(None) };
    value.to_str().ok().and_then(|value| Batch::of_request(value, body)).map(Some).ok_or(())
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
    let Some(shown) = shown.and_then(|value| value.strip_prefix("Bearer ")) else { return false };
    digest(&SHA256, shown.as_bytes()).as_ref() == digest(&SHA256, token.as_bytes()).as_ref()
}

/// RFC 9457.
fn problem(status: StatusCode, detail: String) -> Response {
    let body = json!({ "title": status.canonical_reason(), "status": status.as_u16(), "detail": detail });
    (status, [(CONTENT_TYPE, "application/problem+json")], body.to_string()).into_response()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    // S-COL
    #[test]
    fn a_token_is_shown_or_not_at_all() {
        let with = |value: &str| HeaderMap::from_iter([(AUTHORIZATION, value.parse().unwrap())]);
        assert!(shows(&with("Bearer secret"), "secret"));
        for token in ["secret", ""] {
            assert!(!shows(&HeaderMap::new(), token));
            assert!(!shows(&with("Basic secret"), token));
        }
    }
}
