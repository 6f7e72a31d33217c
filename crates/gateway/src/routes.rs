//! The endpoints, one module for each first part of the path.

use std::sync::Arc;

use axum::response::{IntoResponse as _, Response};
use chancery_reference_points::Code;
use utoipa_axum::router::OpenApiRouter;

use crate::{problem::ApiError, state::Shared};

mod alerts;
mod alliance;
mod applications;
pub(crate) mod certificates;
pub(crate) mod chains;
pub(crate) mod changes;
mod contracts;
mod data;
mod docs;
pub(crate) mod events;
mod fees;
mod formats;
mod health;
mod inspections;
mod kinds;
mod map;
mod messages;
mod operations;
mod organizations;
mod presentations;
mod problems;
mod quotas;
pub(crate) mod reports;
mod resources;
mod services;
pub(crate) mod session;
mod shown;
pub(crate) mod sources;
pub(crate) mod standing;
mod submissions;
mod submitted;
mod subscriptions;
mod users;

/// All endpoints.
pub(crate) fn all() -> OpenApiRouter<Arc<Shared>> {
    OpenApiRouter::default()
        .merge(health::routes())
        .merge(docs::routes())
        .merge(problems::routes())
        .merge(chains::routes())
        .merge(shown::routes())
        .merge(kinds::routes())
        .merge(session::routes())
        .merge(users::routes())
        .merge(applications::routes())
        .merge(certificates::routes())
        .merge(presentations::routes())
        .merge(inspections::routes())
        .merge(organizations::routes())
        .merge(formats::routes())
        .merge(quotas::routes())
        .merge(contracts::routes())
        .merge(changes::routes())
        .merge(services::routes())
        .merge(operations::routes())
        .merge(messages::routes())
        .merge(sources::routes())
        .merge(submitted::routes())
        .merge(data::routes())
        .merge(subscriptions::routes())
        .merge(alerts::routes())
        .merge(resources::routes())
        .merge(alliance::routes())
        .merge(reports::routes())
        .merge(fees::routes())
        .merge(events::routes())
}

pub(crate) use submitted::NDJSON;

/// The path is known, the method is not. The header `allow` is set by the router.
pub(crate) async fn method_not_allowed() -> Response {
    ApiError::new(Code::MethodNotAllowed, "this path has no such method").into_response()
}
