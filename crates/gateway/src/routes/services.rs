//! `/v1/services`: what data users may ask for (U2S), offered and withdrawn by operators through O2C (M-CON-3).

use axum::{Extension, Json as Answer, extract::State};
use chancery_reference_points::{o2c::Change, u2s::ServiceDescription};
use chancery_rest::types::{
    Example as _,
    organizations::Changed,
    roles::Role,
    services::{OfferService, Service, Services},
};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::organizations::{CheckQuery, control};
use crate::{
    authorization::layer::Caller,
    problem::ApiResult,
    request::{Json, Path, Query},
    state,
};

pub(super) fn routes() -> OpenApiRouter<std::sync::Arc<crate::state::Shared>> {
    OpenApiRouter::default().routes(routes!(list_services)).routes(routes!(offer_service))
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
/// A withdrawn service stays withdrawn over a restart. With `?check=true` it says what would change.
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
    control(&shared, &caller, Change::OfferService { service, offered: request.offered }, query.check).await
}
