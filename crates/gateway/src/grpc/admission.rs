//! The layer around the services: what comes before a call reaches one, and the one line in the log after.

use std::{sync::Arc, time::Instant};

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::Response,
};
use chancery_reference_points::{Actor, Code};
use http::{HeaderMap, header};
use tonic::Code as GrpcCode;

use super::{
    call::Call,
    limits::MAX_MESSAGE_BYTES,
    methods::{self, Method},
};
use crate::{
    authentication::Credential,
    authorization::layer::{Caller, judge, judged, row_of},
    limits::{admit as take_place, log, run},
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
    let response = match take_place(&shared, &mut request) {
        Err(refusal) => answer(&call, refusal),
        Ok(place) => {
            shared.metrics.request_begins();
            let response = match admitted(&shared, method, &mut request).await {
                Err(refusal) => answer(&call, refusal),
                Ok(()) => named(&call, run(&shared, request, next).await),
            };
            shared.metrics.request_ends();
            drop(place);
            response
        }
    };
    let (status, elapsed) = (status_of(response.headers()).unwrap_or(0), started.elapsed());
    let failure = call.refusal();
    let code = failure.map(|failure| failure.error.code().name());
    shared.metrics.answered("gRPC", route, status, code, elapsed);
    log("gRPC", route, status, elapsed, call.id, failure);
    response
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
fn named(call: &Call, response: Response) -> Response {
    if let Some(failure) = response.extensions().get::<ApiError>() {
        return answer(call, failure.clone());
    }
    let headers = response.headers();
    let Some(status) = status_of(headers).filter(|status| *status != 0) else { return response };
    if headers.contains_key(GRPC_DETAILS) {
        return response;
    }
    match named_status(GrpcCode::from_i32(status.into())) {
        Some(refusal) => answer(call, refusal),
        None => response,
    }
}

/// What a status of the library is about: it refuses messages that are too long or unreadable, and methods that it does not know. Others pass.
pub(super) fn named_status(code: GrpcCode) -> Option<ApiError> {
    match code {
        GrpcCode::OutOfRange | GrpcCode::ResourceExhausted => Some(too_large("a message", MAX_MESSAGE_BYTES as u64)),
        GrpcCode::Internal | GrpcCode::InvalidArgument | GrpcCode::DataLoss | GrpcCode::Unknown => {
            Some(ApiError::new(Code::MalformedRequest, "the message is not what the .proto file says"))
        }
        GrpcCode::Unimplemented => Some(ApiError::new(Code::UnknownRoute, "there is no such method or compression")),
        _ => None,
    }
}

fn status_of(headers: &HeaderMap) -> Option<u16> {
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
