//! The layer around the services: what comes before a call reaches one, and the one line in the log after.

use std::{sync::Arc, time::Instant};

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use chancery_reference_points::{Actor, Code, DoorError};
use http::{HeaderMap, header};
use tonic::{Code as GrpcCode, Status};
use tracing::Instrument as _;

use super::{
    call::Call,
    ending::ending,
    limits::{MAX_ANSWER_BYTES, MAX_QUESTION_BYTES},
    methods::{self, Method},
};
use crate::{
    authentication::Credential,
    authorization::layer::{Caller, judge, judged, row_of},
    followed,
    limits::{admit as take_place, in_time, keep, log},
    lines::too_large,
    problem::{ApiError, ApiResult},
    serve::Peer,
    state::Shared,
};

/// The trailer or header that says how a call ended.
const GRPC_STATUS: &str = "grpc-status";
/// The details of that, `google.rpc.Status`.
const GRPC_DETAILS: &str = "grpc-status-details-bin";

/// Lets a call through to its service, or answers why not.
pub(super) async fn admit(State(shared): State<Arc<Shared>>, mut request: Request, next: Next) -> Response {
    let (started, call) = (Instant::now(), Call::new());
    let method = methods::find(request.uri().path());
    // A path that is no method is what the caller says: it is not written anywhere.
    let route = method.map_or("no method", |method| method.path);
    request.extensions_mut().insert(call.clone());
    let span = followed::call(route, request.headers());
    let max_message_bytes = method.map_or(MAX_QUESTION_BYTES, Method::max_message_bytes);
    let (mut response, place) = match take_place(&shared, &mut request) {
        Err(refusal) => (answer(&call, refusal), None),
        Ok(place) => {
            let answered = async {
                match admitted(&shared, method, &mut request).await {
                    Err(refusal) => refusal.into_response(),
                    Ok(()) => next.run(request).await,
                }
            };
            let answered = in_time(&shared, answered).instrument(span.clone()).await;
            (named(&call, answered, max_message_bytes), Some(place))
        }
    };
    let (status, elapsed) = (status_of(response.headers()).unwrap_or(0), started.elapsed());
    let failure = call.refusal();
    let code = failure.map(|failure| failure.error.code().name());
    chancery_traces::answer(&span, response.headers_mut());
    followed::answered(&span, followed::GRPC_STATUS, status, code);
    shared.metrics.answered("gRPC", route, status, code, elapsed);
    log("gRPC", route, status, elapsed, call.id, failure);
    let late = call.clone();
    let response = ending(response, move |trailers| named_late(&late, trailers, max_message_bytes));
    keep(response, place)
}

/// Who asks, if the method's row lets them in.
async fn admitted(shared: &Shared, method: Option<&'static Method>, request: &mut Request) -> ApiResult<()> {
    let method = method.ok_or_else(|| {
        ApiError::new(Code::UnknownRoute, "there is no such method; reflection and the .proto files name them")
    })?;
    let row = row_of(method.row.0, Some(method.row.1))?;
    let local = request.extensions().get::<Peer>().is_some_and(|peer| peer.is_local);
    let caller = match Credential::of(request)? {
        Credential::None => {
            judge(row, &Actor::public(), local, false)?;
            Caller { actor: Actor::public(), session: None }
        }
        Credential::Session(token) => {
            let proven = shared.sessions.find(&token, shared.clock.unix_seconds())?;
            judged(shared, row, proven, local, false).await?
        }
        Credential::Signature => {
            let detail =
                "a call is not signed: bring a session, authorization: Bearer and the token of POST /v1/session";
            return Err(ApiError::new(Code::AuthenticationRequired, detail));
        }
    };
    request.extensions_mut().insert(caller);
    Ok(())
}

fn answer(call: &Call, refusal: ApiError) -> Response {
    call.refuse(refusal).into_http()
}

/// Gives a name to what was refused without one: by the layers of HTTP, or by the library before a service was reached (GRPC-4).
fn named(call: &Call, response: Response, max_message_bytes: usize) -> Response {
    if let Some(failure) = response.extensions().get::<ApiError>() {
        return answer(call, failure.clone());
    }
    match unnamed(response.headers()).and_then(|code| named_status(code, max_message_bytes)) {
        Some(refusal) => answer(call, refusal),
        None => response,
    }
}

/// The same after the answer has begun.
fn named_late(call: &Call, trailers: &HeaderMap, max_message_bytes: usize) -> Option<Status> {
    let refusal = match unnamed(trailers)? {
        // It is the answer that was too large: its door should have refused.
        GrpcCode::OutOfRange | GrpcCode::ResourceExhausted => DoorError::internal(TooLargeAnswer).into(),
        code => named_status(code, max_message_bytes)?,
    };
    Some(call.refuse_late(refusal))
}

/// An answer has more bytes than a message may have: a bug.
#[derive(Debug, thiserror::Error)]
#[error("an answer has more than {MAX_ANSWER_BYTES} bytes")]
struct TooLargeAnswer;

/// The code of a refusal without a name.
fn unnamed(headers: &HeaderMap) -> Option<GrpcCode> {
    let status = status_of(headers).filter(|status| *status != 0)?;
    (!headers.contains_key(GRPC_DETAILS)).then(|| GrpcCode::from_i32(status.into()))
}

/// What a status of the library is about: it refuses messages that are too long or unreadable, and methods and names that it does not know. Others pass.
pub(super) fn named_status(code: GrpcCode, max_message_bytes: usize) -> Option<ApiError> {
    match code {
        GrpcCode::OutOfRange | GrpcCode::ResourceExhausted => Some(too_large("a message", max_message_bytes as u64)),
        GrpcCode::Internal | GrpcCode::InvalidArgument | GrpcCode::DataLoss | GrpcCode::Unknown => {
            Some(ApiError::new(Code::MalformedRequest, "the message is not what the .proto file says"))
        }
        GrpcCode::Unimplemented => Some(ApiError::new(Code::UnknownRoute, "there is no such method or compression")),
        // Health and reflection are asked about names.
        GrpcCode::NotFound => Some(ApiError::new(Code::UnknownService, "nothing of this name is served")),
        _ => None,
    }
}

pub(super) fn status_of(headers: &HeaderMap) -> Option<u16> {
    headers.get(GRPC_STATUS)?.to_str().ok()?.parse().ok()
}

/// What is no gRPC at all, by RFC 9110: a status of HTTP, since whoever asks reads no other.
pub(super) async fn not_grpc(request: Request, next: Next) -> Response {
    let content = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let subtype = content.and_then(|content| content.strip_prefix("application/grpc"));
    let is_grpc = subtype.is_some_and(|rest| matches!(rest, "" | "+proto") || rest.starts_with(';'));
    if is_grpc && request.method() == http::Method::POST {
        return next.run(request).await;
    }
    let mut response = Response::default();
    *response.status_mut() = http::StatusCode::UNSUPPORTED_MEDIA_TYPE;
    response
}
