//! `/v1/organizations`: read by anybody, configured by operators through O2C.

use axum::{Extension, Json as Answer, extract::State};
use chancery_reference_points::{
    Code,
    o2c::{Change, ChangeResult, Mode},
    organization::OrganizationKey as DoorKey,
};
use chancery_rest::{
    types::{
        Example as _,
        organizations::{
            AuthorizeKey, Changed, KeyEnd, Organization, Organizations, RegisterOrganization, SuspendOrganization,
        },
    },
    values::{HexAddress, Timestamp},
};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::map;
use crate::{
    authorization::layer::Caller,
    problem::{ApiError, ApiResult},
    request::{Json, Path, Query},
    state::{self, Shared},
};

pub(super) fn routes() -> OpenApiRouter<std::sync::Arc<crate::state::Shared>> {
    OpenApiRouter::default()
        .routes(routes!(list_organizations, register_organization))
        .routes(routes!(get_organization))
        .routes(routes!(suspend_organization))
        .routes(routes!(authorize_key))
        .routes(routes!(end_key))
}

/// Organizations
///
/// From the main chain, keys with their history.
#[utoipa::path(get, path = "/v1/organizations", tag = "organizations", responses(
    (status = 200, description = "All organizations.", body = Organizations, example = json!(Organizations::example())),
))]
async fn list_organizations(State(shared): state::State) -> ApiResult<Answer<Organizations>> {
    let organizations = shared.doors.o2c.organizations().await?;
    Ok(Answer(Organizations { organizations: organizations.into_iter().map(map::organization).collect() }))
}

/// One organization
#[utoipa::path(get, path = "/v1/organizations/{code}", tag = "organizations",
    params(("code" = String, Path, description = "Its code.", example = "12440300455765412A")),
    responses((status = 200, description = "The organization.", body = Organization, example = json!(Organization::example()))),
)]
async fn get_organization(State(shared): state::State, Path(code): Path<String>) -> ApiResult<Answer<Organization>> {
    Ok(Answer(map::organization(shared.doors.o2c.organization(&code).await?)))
}

/// Whether to look only.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct CheckQuery {
    /// `true`: say what would change, and change nothing (M-CON-4).
    #[serde(default)]
    #[param(required = false)]
    pub(super) check: bool,
}

/// Checks or applies a change.
pub(super) async fn control(
    shared: &Shared,
    caller: &Caller,
    change: Change,
    check: bool,
) -> ApiResult<Answer<Changed>> {
    let mode = if check { Mode::Check } else { Mode::Apply };
    let result = shared.doors.o2c.control(&caller.actor, change, mode).await?;
    Ok(Answer(changed(result, !check)))
}

/// What a change has done, or would do.
pub(super) fn changed(result: ChangeResult, applied: bool) -> Changed {
    Changed { applied, effects: result.effects, recorded: result.recorded.into_iter().map(map::recorded).collect() }
}

/// Register an organization
#[utoipa::path(post, path = "/v1/organizations", tag = "organizations", params(CheckQuery),
    request_body(content = RegisterOrganization, example = json!(RegisterOrganization::example())),
    responses((status = 200, description = "What changes.", body = Changed, example = json!(Changed::example()))),
)]
async fn register_organization(
    State(shared): state::State,
    Extension(caller): Extension<Caller>,
    Query(query): Query<CheckQuery>,
    Json(request): Json<RegisterOrganization>,
) -> ApiResult<Answer<Changed>> {
    let change =
        Change::RegisterOrganization { code: request.code, name: request.name, administrator: request.administrator.0 };
    control(&shared, &caller, change, query.check).await
}

/// Suspend or resume an organization
///
/// A suspended organization issues nothing and none of its keys has a right, whichever it was; what it issued before stays what it is. On the main chain, and on each
/// chain that knows the organization: where rights are taken over by proof, the answer comes when it counts there. Taken back by the same call. With `?check=true` it
/// says what would change.
#[utoipa::path(put, path = "/v1/organizations/{code}/standing", tag = "organizations",
    params(("code" = String, Path, description = "The organization's code."), CheckQuery),
    request_body(content = SuspendOrganization, example = json!(SuspendOrganization::example())),
    responses((status = 200, description = "What changes.", body = Changed, example = json!(Changed::example()))),
)]
async fn suspend_organization(
    State(shared): state::State,
    Extension(caller): Extension<Caller>,
    Path(organization): Path<String>,
    Query(query): Query<CheckQuery>,
    Json(request): Json<SuspendOrganization>,
) -> ApiResult<Answer<Changed>> {
    let change = Change::SuspendOrganization { organization, suspended: request.suspended };
    control(&shared, &caller, change, query.check).await
}

/// Authorize a key
///
/// For a certificate kind, or for `inspection`, `registration` or `submission`.
#[utoipa::path(post, path = "/v1/organizations/{code}/keys", tag = "organizations",
    params(("code" = String, Path, description = "The organization's code."), CheckQuery),
    request_body(content = AuthorizeKey, example = json!(AuthorizeKey::example())),
    responses((status = 200, description = "What changes.", body = Changed, example = json!(Changed::example()))),
)]
async fn authorize_key(
    State(shared): state::State,
    Extension(caller): Extension<Caller>,
    Path(organization): Path<String>,
    Query(query): Query<CheckQuery>,
    Json(request): Json<AuthorizeKey>,
) -> ApiResult<Answer<Changed>> {
    let key = DoorKey {
        address: request.address.0,
        right: request.right,
        not_before: request.not_before.map_or_else(|| shared.clock.unix_seconds(), Timestamp::unix_seconds),
        not_after: request.not_after.map(Timestamp::unix_seconds),
        revoked_at: None,
    };
    control(&shared, &caller, Change::AuthorizeKey { organization, key }, query.check).await
}

/// How a key ends.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct EndKeyQuery {
    /// `retired` unless given.
    #[serde(default)]
    #[param(inline, required = false)]
    reason: KeyEnd,
    /// The right that a retired key loses; all when absent.
    right: Option<String>,
    /// From when on nothing signed by a compromised key is believed; now when absent.
    from: Option<Timestamp>,
    /// `true`: say what would change, and change nothing.
    #[serde(default)]
    #[param(required = false)]
    check: bool,
}

/// Retire or revoke a key
///
/// A retired key's signatures stay valid; a compromised key's are not believed from `from` on.
#[utoipa::path(delete, path = "/v1/organizations/{code}/keys/{address}", tag = "organizations",
    params(
        ("code" = String, Path, description = "The organization's code."),
        ("address" = HexAddress, Path, description = "The key's address."),
        EndKeyQuery,
    ),
    responses((status = 200, description = "What changes.", body = Changed, example = json!(Changed::example()))),
)]
async fn end_key(
    State(shared): state::State,
    Extension(caller): Extension<Caller>,
    Path((organization, address)): Path<(String, HexAddress)>,
    Query(query): Query<EndKeyQuery>,
) -> ApiResult<Answer<Changed>> {
    let address = address.0;
    let change = match query.reason {
        KeyEnd::Retired if query.from.is_some() => {
            let error = ApiError::new(Code::MalformedRequest, "from: only with reason=compromised");
            return Err(error.with("member", "from"));
        }
        KeyEnd::Retired => Change::RetireKey { organization, address, right: query.right },
        KeyEnd::Compromised if query.right.is_some() => {
            let error = ApiError::new(Code::MalformedRequest, "right: a compromised key loses all its rights");
            return Err(error.with("member", "right"));
        }
        KeyEnd::Compromised => {
            let from = query.from.map_or_else(|| shared.clock.unix_seconds(), Timestamp::unix_seconds);
            Change::RevokeKey { organization, address, from }
        }
    };
    control(&shared, &caller, change, query.check).await
}
