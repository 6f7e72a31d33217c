//! `/v1/services`: what data users may ask for (U2S), offered and withdrawn by operators through O2C (M-CON-3).

use axum::{Extension, Json as Answer, extract::State};
use chancery_reference_points::{
    DoorError, DoorResult,
    access_rule::{AccessEffect as DoorEffect, AccessEntries, AccessRule as DoorRule, AccessSubject},
    o2c::Change,
    u2s::ServiceDescription,
};
use chancery_rest::types::{
    Example as _,
    organizations::Changed,
    roles::Role,
    services::{AccessEffect, AccessRule, ConfigureAccess, OfferService, Service, ServiceAccess, Services},
};
use chancery_rest::values::{HexAddress, Timestamp};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::organizations::{CheckQuery, control};
use crate::{
    authorization::layer::Caller,
    problem::ApiResult,
    request::{Json, Path, Query},
    state,
};

pub(super) fn routes() -> OpenApiRouter<std::sync::Arc<crate::state::Shared>> {
    OpenApiRouter::default()
        .routes(routes!(list_services))
        .routes(routes!(offer_service))
        .routes(routes!(service_access, configure_access))
}

/// Services
///
/// What is offered, and who may ask for it. What an operator has withdrawn is named apart, and is not answered.
#[utoipa::path(get, path = "/v1/services", tag = "service", responses(
    (status = 200, description = "The catalogue.", body = Services, example = json!(Services::example())),
))]
async fn list_services(State(shared): state::State) -> ApiResult<Answer<Services>> {
    // In this order: what is offered again meanwhile is named twice, and never left out.
    let withdrawn = shared.doors.u2s.withdrawn().await?;
    let offered = shared.doors.u2s.catalogue().await?;
    Ok(Answer(Services {
        services: offered.into_iter().map(service).collect(),
        withdrawn: withdrawn.into_iter().map(service).collect(),
    }))
}

fn service(known: ServiceDescription) -> Service {
    Service {
        name: known.name,
        description: known.description,
        roles: known.roles.into_iter().map(Role::from).collect(),
    }
}

/// Offer or withdraw a service
///
/// A withdrawn service stays withdrawn over a restart; supervisors see who asked for it. With `?check=true` it says what would change.
#[utoipa::path(put, path = "/v1/services/{service}", tag = "service",
    params(("service" = String, Path, description = "Its name.", example = "certificates.query"), CheckQuery),
    request_body(content = OfferService, example = json!(OfferService::example())),
    responses((status = 200, description = "What changes.", body = Changed, example = json!(Changed::example()))),
)]
async fn offer_service(
    State(shared): state::State,
    Extension(caller): Extension<Caller>,
    Path(service): Path<String>,
    Query(query): Query<CheckQuery>,
    Json(request): Json<OfferService>,
) -> ApiResult<Answer<Changed>> {
    let change = Change::OfferService { service, offered: request.offered, by: caller.address()? };
    control(&shared, &caller, change, query.check).await
}

/// Who may ask for a service
///
/// Its upper bound, which the service itself brings, and the versions of its access rule, from the main chain.
#[utoipa::path(get, path = "/v1/services/{service}/access", tag = "service",
    params(("service" = String, Path, description = "Its name.", example = "certificates.query")),
    responses((status = 200, description = "Who may.", body = ServiceAccess, example = json!(ServiceAccess::example()))),
)]
async fn service_access(State(shared): state::State, Path(service): Path<String>) -> ApiResult<Answer<ServiceAccess>> {
    let access = shared.doors.u2s.service_access(&service).await?;
    let roles = access.roles.map(|roles| roles.into_iter().map(|role| role.name().to_owned()).collect());
    let versions = access.versions.into_iter().map(rule).collect();
    Ok(Answer(ServiceAccess { service: access.service, roles, versions }))
}

/// Say who may ask for a service
///
/// The next version of its access rule, which narrows what the service itself allows and is recorded on the main chain. An earlier version is restored by sending
/// its entries again. With `?check=true` it says who gains and who loses. A rule that keeps operators from what is theirs to ask is refused.
#[utoipa::path(put, path = "/v1/services/{service}/access", tag = "service",
    params(("service" = String, Path, description = "Its name.", example = "certificates.query"), CheckQuery),
    request_body(content = ConfigureAccess, example = json!(ConfigureAccess::example())),
    responses((status = 200, description = "What changes.", body = Changed, example = json!(Changed::example()))),
)]
async fn configure_access(
    State(shared): state::State,
    Extension(caller): Extension<Caller>,
    Path(service): Path<String>,
    Query(query): Query<CheckQuery>,
    Json(request): Json<ConfigureAccess>,
) -> ApiResult<Answer<Changed>> {
    let entries = request.entries.into_iter().map(|(subject, effect)| {
        let effect = match effect {
            AccessEffect::Allow => DoorEffect::Allow,
            AccessEffect::Deny => DoorEffect::Deny,
        };
        let subject: AccessSubject = subject.parse()?;
        Ok::<_, DoorError>((subject, effect))
    });
    let entries = entries.collect::<DoorResult<AccessEntries>>()?;
    let change = Change::ConfigureAccess { service, version: request.version, entries, by: caller.address()? };
    control(&shared, &caller, change, query.check).await
}

fn rule(rule: DoorRule) -> AccessRule {
    let entries = rule.entries.into_iter().map(|(subject, effect)| {
        let effect = match effect {
            DoorEffect::Allow => AccessEffect::Allow,
            DoorEffect::Deny => AccessEffect::Deny,
        };
        (subject.to_string(), effect)
    });
    AccessRule {
        version: rule.version,
        entries: entries.collect(),
        by: HexAddress(rule.by),
        configured_at: Timestamp::from_unix_seconds(rule.configured_at),
    }
}
