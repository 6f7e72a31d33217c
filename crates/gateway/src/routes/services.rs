//! `/v1/services`: the catalogue (U2S), of which an operator offers or withdraws (O2C).

use axum::{Extension, Json as Answer, extract::State};
use chancery_reference_points::o2c::Change;
use chancery_rest::types::{
    Example as _,
    organizations::Changed,
    services::{OfferService, OfferedService, Services},
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
    OpenApiRouter::default().routes(routes!(get_services)).routes(routes!(offer_service))
}

/// Services
///
/// What is offered now. Endpoints ask these services; one that is withdrawn answers `unknown-service`.
#[utoipa::path(get, path = "/v1/services", tag = "organizations",
    responses((status = 200, description = "The catalogue.", body = Services, example = json!(Services::example()))),
)]
async fn get_services(State(shared): state::State) -> ApiResult<Answer<Services>> {
    let offered = shared.doors.u2s.catalogue().await?;
    let services =
        offered.into_iter().map(|service| OfferedService { name: service.name, description: service.description });
    Ok(Answer(Services { services: services.collect() }))
}

/// Offer or withdraw a service
///
/// It counts at once and over a restart. With `?check=true` it says what would change.
#[utoipa::path(put, path = "/v1/services/{service}", tag = "organizations",
    params(("service" = String, Path, description = "Its name.", example = "sharing.find"), CheckQuery),
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
