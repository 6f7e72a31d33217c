//! The layer between routing and handlers: finds the matrix row, learns who asks, reads the body within its bound, and decides.

use std::{collections::BTreeSet, sync::Arc};

use alloy_primitives::Address;
use axum::{
    extract::{MatchedPath, RawPathParams, Request, State, rejection::RawPathParamsRejection},
    middleware::Next,
    response::Response,
};
use chancery_reference_points::{Actor, Code, Role};
use chancery_rest::values::HexAddress;

use super::matrix::{self, Row, Verdict, Who};
use crate::{
    authentication::{Credential, Proven, read_body},
    problem::{ApiError, ApiResult},
    request::content_type,
    routes::NDJSON,
    serve::Peer,
    state::Shared,
};

/// The caller, as handlers see it.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    /// Who asks and what it may do.
    pub(crate) actor: Actor,
    /// The session, when there is one.
    pub(crate) session: Option<crate::authentication::SessionKey>,
}

impl Caller {
    /// The caller's address.
    ///
    /// # Errors
    /// `AuthenticationRequired` when there is none; the matrix asks for one before any handler that needs it.
    pub(crate) fn address(&self) -> ApiResult<Address> {
        self.actor
            .address
            .ok_or_else(|| ApiError::new(Code::AuthenticationRequired, "this endpoint is for signed-in addresses"))
    }
}

/// Lets a request through to its handler, or answers why not.
pub(crate) async fn authorize(
    State(shared): State<Arc<Shared>>,
    path: Option<MatchedPath>,
    parameters: Result<RawPathParams, RawPathParamsRejection>,
    request: Request,
    next: Next,
) -> ApiResult<Response> {
    let row = row_of(request.method().as_str(), path.as_ref().map(MatchedPath::as_str))?;
    let local = request.extensions().get::<Peer>().is_some_and(|peer| peer.is_local);
    let credential = Credential::of(&request)?;
    // Whoever brings no credential is judged before the body is read.
    if matches!(credential, Credential::None) {
        judge(row, &Actor::public(), local, false)?;
    }
    let parameters = parameters.map_err(|_| {
        ApiError::new(Code::MalformedRequest, "a part of the path is not UTF-8 once its percent signs are decoded")
    })?;
    let (proven, request) = match credential {
        // A stream is bounded line by line by its handler, which reads no faster than it accepts.
        Credential::None if is_stream(row, &request) => (None, request),
        Credential::None => (None, read_body(request).await?),
        Credential::Session(token) => (Some(shared.sessions.find(&token, shared.clock.unix_seconds())?), request),
        Credential::Signature => {
            let (proven, request) = crate::authentication::verify_request(shared.judge(), request).await?;
            (Some(proven), request)
        }
    };
    let caller = match proven {
        None => Caller { actor: Actor::public(), session: None },
        Some(proven) => {
            let itself = parameters.iter().any(|(name, value)| {
                name == "address" && value.parse::<HexAddress>().is_ok_and(|named| named.0 == proven.address)
            });
            judged(&shared, row, proven, local, itself).await?
        }
    };
    let mut request = if caller.session.is_some() { read_body(request).await? } else { request };
    request.extensions_mut().insert(caller);
    Ok(next.run(request).await)
}

/// The caller that an address is to a row, if the row lets it in. `itself`: the request is about the address's own affairs.
pub(crate) async fn judged(shared: &Shared, row: &Row, proven: Proven, local: bool, itself: bool) -> ApiResult<Caller> {
    let Proven { address, session } = proven;
    match shared.doors.roles.is_suspended(address).await {
        Ok(true) => return Err(ApiError::new(Code::UserSuspended, "an operator has suspended this account")),
        // What anybody may ask without saying who is answered also when that cannot be found out.
        Err(error) if row.needs_authentication() => return Err(error.into()),
        Ok(false) | Err(_) => {}
    }
    let roles = roles(shared, row, address).await?;
    let organizations = organizations(shared, &roles, address).await?;
    let actor = Actor::new(address, roles).of_organizations(organizations);
    if let Err(refusal) = judge(row, &actor, local, itself) {
        return Err(lost_role(shared, row, address).await.unwrap_or(refusal));
    }
    Ok(Caller { actor, session })
}

fn is_stream(row: &Row, request: &Request) -> bool {
    row.path == "/v1/submissions" && content_type(request.headers()).as_deref() == Some(NDJSON)
}

/// No row, no way in: a route that was added without saying who may use it is closed.
pub(crate) fn row_of(method: &str, template: Option<&str>) -> ApiResult<&'static Row> {
    template
        .and_then(|template| matrix::find(method, template))
        .ok_or_else(|| ApiError::new(Code::UnknownRoute, "no endpoint with this method and path"))
}

/// Roles are asked for where somebody needs them: an open endpoint works even when the main chain does not answer.
async fn roles(shared: &Shared, row: &Row, address: Address) -> ApiResult<BTreeSet<Role>> {
    if row.needs_authentication() || !row.roles().is_empty() || row.who == Who::AnybodyByRole {
        Ok(shared.doors.roles.roles_of(address).await?)
    } else if row.asks_service() {
        // What anybody may ask, an access rule may have narrowed: then roles count. When they cannot be read, whoever asks is anybody.
        Ok(shared.doors.roles.roles_of(address).await.unwrap_or_default())
    } else {
        Ok(BTreeSet::new())
    }
}

/// Whoever has a role by a right has it of an organization.
async fn organizations(shared: &Shared, roles: &BTreeSet<Role>, address: Address) -> ApiResult<BTreeSet<String>> {
    const BY_RIGHT: [Role; 4] = [Role::Issuer, Role::Registrar, Role::Inspector, Role::Source];
    if BY_RIGHT.iter().any(|role| roles.contains(role)) {
        Ok(shared.doors.roles.organizations_of(address).await?)
    } else {
        Ok(BTreeSet::new())
    }
}

/// Why the address has none of the row's roles any more: its key was retired or revoked, or its organization is suspended. When that cannot be read, the
/// refusal stays what it is.
async fn lost_role(shared: &Shared, row: &Row, address: Address) -> Option<ApiError> {
    let of_row = |roles: BTreeSet<Role>| row.roles().iter().any(|role| roles.contains(role));
    let roles = &shared.doors.roles;
    if of_row(roles.ended_roles_of(address).await.unwrap_or_default()) {
        return Some(ApiError::new(Code::KeyRotated, "the key's authorization has ended: it was retired or revoked"));
    }
    of_row(roles.suspended_roles_of(address).await.unwrap_or_default())
        .then(|| ApiError::new(Code::OrganizationSuspended, "the organization of the key is suspended"))
}

pub(crate) fn judge(row: &Row, actor: &Actor, local: bool, itself: bool) -> ApiResult<()> {
    match row.judge(actor, local, itself) {
        Verdict::Granted => Ok(()),
        Verdict::AuthenticationRequired => {
            let detail = format!("{} {} has to know who asks", row.method, row.path);
            Err(ApiError::new(Code::AuthenticationRequired, detail))
        }
        Verdict::RoleRequired => {
            let names = |roles: &mut dyn Iterator<Item = Role>| roles.map(Role::name).collect::<Vec<_>>();
            let required = names(&mut row.roles().iter().copied());
            let actual = names(&mut actor.roles.iter().copied());
            let detail = format!("{} {} needs one of: {}", row.method, row.path, required.join(", "));
            Err(ApiError::new(Code::RoleRequired, detail).with("required", required).with("actual", actual))
        }
    }
}
