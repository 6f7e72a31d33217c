//! `/health` and `/metrics`.

use std::collections::BTreeMap;

use axum::{
    Json as Answer,
    extract::State,
    response::{IntoResponse as _, Response},
};
use chancery_reference_points::DoorError;
use chancery_rest::types::{
    Example as _,
    health::{ChainHealth, DatabaseHealth, Health, HealthStatus, StoreHealth},
};
use chancery_stores::Known;
use http::{HeaderValue, StatusCode, header};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{metrics::MEDIA_TYPE, problem::ApiResult, state};

pub(super) fn routes() -> OpenApiRouter<std::sync::Arc<crate::state::Shared>> {
    OpenApiRouter::default().routes(routes!(get_health)).routes(routes!(get_metrics))
}

/// Whether the city serves
///
/// 503 with the same body when a chain or the database does not answer, or a store is not written.
#[utoipa::path(get, path = "/health", tag = "service", responses(
    (status = 200, description = "Everything answers.", body = Health, example = json!(Health::example())),
    (status = 503, description = "Something does not answer, or is not written; the rest is served.", body = Health),
))]
async fn get_health(State(shared): state::State) -> ApiResult<Response> {
    let (chains, database) = tokio::join!(shared.doors.u2s.chains(), shared.doors.database.answers());
    let now_ms = shared.clock.unix_milliseconds();
    let chains: BTreeMap<_, _> = chains?
        .into_iter()
        .map(|chain| {
            let age_ms = chain.block_time_ms.map(|time_ms| now_ms.saturating_sub(time_ms));
            (chain.name.0, ChainHealth { height: chain.height, age_ms })
        })
        .collect();
    let stores = stores(&chancery_stores::all());
    let answers = database && !chains.is_empty() && chains.values().all(|chain| chain.height.is_some());
    let healthy = answers && stores.values().all(|store| *store == StoreHealth::Ok);
    let health = Health {
        status: if healthy { HealthStatus::Ok } else { HealthStatus::Degraded },
        chains,
        database: if database { DatabaseHealth::Ok } else { DatabaseHealth::Unreachable },
        stores,
    };
    let status = if healthy { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    Ok((status, Answer(health)).into_response())
}

/// Metrics
///
/// OpenMetrics text, which Prometheus reads. For callers on this machine, and for operators.
#[utoipa::path(get, path = "/metrics", tag = "service", responses(
    (status = 200, description = "The metrics.", content_type = "application/openmetrics-text", body = String),
))]
async fn get_metrics(State(shared): state::State) -> ApiResult<Response> {
    let text = shared.metrics.text(shared.sessions.count()).map_err(DoorError::internal)?;
    Ok(([(header::CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE))], text).into_response())
}

/// The stores of this process, by name.
fn stores(known: &[Known]) -> BTreeMap<String, StoreHealth> {
    let health = |known: &Known| if known.stands_for.is_some() { StoreHealth::Stands } else { StoreHealth::Ok };
    known.iter().map(|known| (known.store.to_owned(), health(known))).collect()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    // STORE-3: whoever decides where requests go hears which store is not written.
    #[test]
    fn a_store_that_is_not_written_stands() {
        let known =
            [Known { store: "journal", stands_for: Some(Duration::ZERO) }, Known { store: "search", stands_for: None }];
        let shown = stores(&known);
        assert_eq!((shown["journal"], shown["search"]), (StoreHealth::Stands, StoreHealth::Ok));
    }
}
