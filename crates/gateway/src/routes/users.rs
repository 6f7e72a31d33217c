//! `/v1/users`: real-name registration (C-API-1) and public keys (C-API-4).

use axum::{Extension, Json as Answer, extract::State};
use chancery_reference_points::{Code, o2c::Change};
use chancery_rest::{
    types::{
        Example as _, Page,
        organizations::Changed,
        users::{
            Confirmation, ConfirmationDecision, Confirmed, PublicKey, RegisterUser, Registered, SuspendUser, User,
            UserStatus,
        },
    },
    values::HexAddress,
};
use http::StatusCode;
use serde::Deserialize;
use serde_json::json;
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    map::{self, services},
    organizations::{CheckQuery, control},
    standing::of_somebody,
};
use crate::{
    authorization::layer::Caller,
    problem::{ApiError, ApiResult},
    request::{Json, Path, Query, page},
    state::{self, Shared},
};

pub(super) fn routes() -> OpenApiRouter<std::sync::Arc<Shared>> {
    OpenApiRouter::default()
        .routes(routes!(register_user, list_users))
        .routes(routes!(get_user))
        .routes(routes!(get_public_key))
        .routes(routes!(confirm_user))
        .routes(routes!(suspend_user))
}

/// Register (C-API-1)
///
/// The keys are made on the user's side; the private key is never sent. An office confirms the real name afterwards.
#[utoipa::path(post, path = "/v1/users", tag = "users",
    request_body(content = RegisterUser, example = json!(RegisterUser::example())),
    responses((status = 201, description = "Registered; it waits for an office.", body = Registered, example = json!(Registered::example()))),
)]
async fn register_user(
    State(shared): state::State,
    Extension(caller): Extension<Caller>,
    Json(request): Json<RegisterUser>,
) -> ApiResult<(StatusCode, Answer<Registered>)> {
    if request.address.0 != caller.address()? {
        let error =
            ApiError::new(Code::SignatureInvalid, "address: this is not the address that authenticates the request");
        return Err(error.with("member", "address"));
    }
    if request.public_key.0.len() != 65 {
        return Err(ApiError::new(Code::MalformedRequest, "publicKey: write the 65 bytes of the uncompressed key")
            .with("member", "publicKey"));
    }
    let registered = shared.doors.registration.register(&caller.actor, request).await?;
    Ok((StatusCode::CREATED, Answer(registered)))
}

/// Which registrations.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct UsersQuery {
    /// Only these; pending unless given.
    #[param(inline)]
    status: Option<UserStatus>,
    /// Rows of the page, 1 to 100, 20 unless given.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<usize>,
    /// `nextCursor` of the page before.
    cursor: Option<String>,
}

/// Applicants to confirm
///
/// Personal data: every look is recorded.
#[utoipa::path(get, path = "/v1/users", tag = "users", params(UsersQuery), responses(
    (status = 200, description = "Registrations, newest first.", body = Page<User>, example = json!(Page::<User>::example())),
))]
async fn list_users(
    State(shared): state::State,
    Extension(caller): Extension<Caller>,
    Query(query): Query<UsersQuery>,
) -> ApiResult<Answer<Page<User>>> {
    let page = page(query.limit, query.cursor)?;
    let status = query.status.unwrap_or(UserStatus::Pending);
    Ok(Answer(shared.doors.registration.users(&caller.actor, status, page).await?))
}

/// One registration
///
/// For its owner and for registrars. Personal data: every look is recorded.
#[utoipa::path(get, path = "/v1/users/{address}", tag = "users",
    params(("address" = HexAddress, Path, description = "The user's address.")),
    responses((status = 200, description = "The registration.", body = User, example = json!(User::example()))),
)]
async fn get_user(
    State(shared): state::State,
    Extension(caller): Extension<Caller>,
    Path(address): Path<HexAddress>,
) -> ApiResult<Answer<User>> {
    Ok(Answer(shared.doors.registration.user(&caller.actor, address.0).await?))
}

/// Public keys of an address (C-API-4)
///
/// Read from the main chain.
#[utoipa::path(get, path = "/v1/users/{address}/public-key", tag = "users",
    params(("address" = HexAddress, Path, description = "The user's address.")),
    responses((status = 200, description = "The keys, and the block at which they were read.", body = PublicKey, example = json!(PublicKey::example()))),
)]
async fn get_public_key(
    State(shared): state::State,
    Extension(caller): Extension<Caller>,
    Path(address): Path<HexAddress>,
) -> ApiResult<Answer<PublicKey>> {
    let answer = map::ask(&shared, &caller, services::PUBLIC_KEY, &json!({ "address": address })).await?;
    Ok(Answer(answer))
}

/// Suspend or restore an account
///
/// Whoever signs in or signs requests with a suspended address is answered nothing; keys of organizations and registrations stay what they are. Recorded with
/// the next data block, and taken back by the same call. Of an address that nobody has: one that has not registered, has and had no key of an organization and is
/// not signed in here, nothing is changed. With `?check=true` it says what would change.
#[utoipa::path(put, path = "/v1/users/{address}/standing", tag = "users",
    params(("address" = HexAddress, Path, description = "The user's address."), CheckQuery),
    request_body(content = SuspendUser, example = json!(SuspendUser::example())),
    responses((status = 200, description = "What changes.", body = Changed, example = json!(Changed::example()))),
)]
async fn suspend_user(
    State(shared): state::State,
    Extension(caller): Extension<Caller>,
    Path(address): Path<HexAddress>,
    Query(query): Query<CheckQuery>,
    Json(request): Json<SuspendUser>,
) -> ApiResult<Answer<Changed>> {
    let change = Change::SuspendUser { address: address.0, suspended: request.suspended, by: caller.address()? };
    of_somebody(&shared, &change).await?;
    control(&shared, &caller, change, query.check).await
}

/// Confirm or reject a registration
///
/// A confirmation writes the digital identity to the main chain.
#[utoipa::path(post, path = "/v1/users/{address}/confirmation", tag = "users",
    params(("address" = HexAddress, Path, description = "The user's address.")),
    request_body(content = Confirmation, example = json!(Confirmation::example())),
    responses((status = 200, description = "Decided.", body = Confirmed, example = json!(Confirmed::example()))),
)]
async fn confirm_user(
    State(shared): state::State,
    Extension(caller): Extension<Caller>,
    Path(address): Path<HexAddress>,
    Json(request): Json<Confirmation>,
) -> ApiResult<Answer<Confirmed>> {
    let without_reason = request.reason.as_deref().is_none_or(|reason| reason.trim().is_empty());
    if request.decision == ConfirmationDecision::Reject && without_reason {
        return Err(ApiError::new(Code::MalformedRequest, "reason: tell the applicant why").with("member", "reason"));
    }
    Ok(Answer(shared.doors.registration.confirm(&caller.actor, address.0, request).await?))
}
