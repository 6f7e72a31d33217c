//! `/v1/session`: signing in, who am I, signing out.

use std::collections::BTreeSet;

use alloy_primitives::Address;
use axum::{Extension, Json as Answer, extract::State};
use chancery_reference_points::{Code, Role};
use chancery_rest::{
    types::{
        Example as _,
        session::{Nonce, SignIn, SignedIn, WhoAmI},
    },
    values::Timestamp,
};
use http::StatusCode;
use utoipa_axum::{router::OpenApiRouter, routes};
use zeroize::Zeroizing;

use crate::{
    authentication::sign_in,
    authorization::layer::Caller,
    problem::{ApiError, ApiResult},
    request::Json,
    state::{self, Shared},
};

pub(super) fn routes() -> OpenApiRouter<std::sync::Arc<Shared>> {
    OpenApiRouter::default().routes(routes!(get_nonce)).routes(routes!(open_session, get_session, close_session))
}

/// A nonce to sign in with
#[utoipa::path(get, path = "/v1/session/nonce", tag = "session", responses(
    (status = 200, description = "The nonce.", body = Nonce, example = json!(Nonce::example())),
))]
async fn get_nonce(State(shared): state::State) -> ApiResult<Answer<Nonce>> {
    let (nonce, ends) = shared.nonces.issue(shared.clock.unix_seconds())?;
    Ok(Answer(Nonce { nonce, expires_at: Timestamp::from_unix_seconds(ends) }))
}

/// Sign in with an Ethereum key
///
/// The message is EIP-4361: domain and URI of this gateway, chain id of the main chain, a nonce of `GET /v1/session/nonce`.
#[utoipa::path(post, path = "/v1/session", tag = "session",
    request_body(content = SignIn, example = json!(SignIn::example())),
    responses((status = 201, description = "The session.", body = SignedIn, example = json!(SignedIn::example()))),
)]
async fn open_session(
    State(shared): state::State,
    Json(request): Json<SignIn>,
) -> ApiResult<(StatusCode, Answer<SignedIn>)> {
    let Opened { token, ends, address, roles } = opened(&shared, &request).await?;
    let answer = SignedIn {
        token: token.to_string(),
        expires_at: Timestamp::from_unix_seconds(ends),
        address: address.into(),
        roles: roles.into_iter().map(Into::into).collect(),
    };
    Ok((StatusCode::CREATED, Answer(answer)))
}

/// A session that was opened.
pub(crate) struct Opened {
    pub(crate) token: Zeroizing<String>,
    /// Until when it counts, Unix seconds.
    pub(crate) ends: u64,
    pub(crate) address: Address,
    pub(crate) roles: BTreeSet<Role>,
}

/// Opens a session for whoever has signed, whichever way that came.
pub(crate) async fn opened(shared: &Shared, request: &SignIn) -> ApiResult<Opened> {
    let address = sign_in(shared, request)?;
    let roles = shared.doors.roles.roles_of(address).await?;
    let (token, ends) = shared.sessions.open(address, shared.clock.unix_seconds())?;
    Ok(Opened { token, ends, address, roles })
}

/// Ends the session that a request was brought with.
pub(crate) fn closed(shared: &Shared, caller: &Caller) -> ApiResult<()> {
    let session = caller
        .session
        .ok_or_else(|| ApiError::new(Code::MalformedRequest, "a signed request has no session to end"))?;
    shared.sessions.close(session);
    Ok(())
}

/// Who am I
#[utoipa::path(get, path = "/v1/session", tag = "session", responses(
    (status = 200, description = "The caller and its roles at present.", body = WhoAmI, example = json!(WhoAmI::example())),
))]
async fn get_session(State(shared): state::State, Extension(caller): Extension<Caller>) -> ApiResult<Answer<WhoAmI>> {
    let ends = caller.session.and_then(|session| shared.sessions.ends(session));
    Ok(Answer(WhoAmI {
        address: caller.address()?.into(),
        roles: caller.actor.roles.into_iter().map(Into::into).collect(),
        expires_at: ends.map(Timestamp::from_unix_seconds),
    }))
}

/// Sign out
#[utoipa::path(delete, path = "/v1/session", tag = "session", responses(
    (status = 204, description = "The session has ended."),
))]
async fn close_session(State(shared): state::State, Extension(caller): Extension<Caller>) -> ApiResult<StatusCode> {
    closed(&shared, &caller)?;
    Ok(StatusCode::NO_CONTENT)
}
