//! `/v1/formats`: operators configure data formats through O2C.

use alloy_primitives::B256;
use axum::{Extension, Json as Answer, extract::State};
use chancery_reference_points::{
    data_format::{DataFormat, FormatId, Title},
    o2c::Change,
    operation::ChainName,
};
use chancery_rest::types::{Example as _, formats::ConfigureFormat, organizations::Changed};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::organizations::{CheckQuery, control};
use crate::{
    authorization::layer::Caller,
    problem::ApiResult,
    request::{Json, Path, Query},
    state,
};

pub(super) fn routes() -> OpenApiRouter<std::sync::Arc<crate::state::Shared>> {
    OpenApiRouter::default().routes(routes!(configure_format))
}

/// Configure a data format
///
/// A new one, or the next version of a known one. With `?check=true` it says what would change.
#[utoipa::path(put, path = "/v1/formats/{format}", tag = "organizations",
    params(
        ("format" = String, Path, description = "Name of the format; write its slashes as %2F.", example = "reading/air-quality"),
        CheckQuery,
    ),
    request_body(content = ConfigureFormat, example = json!(ConfigureFormat::example())),
    responses((status = 200, description = "What changes.", body = Changed, example = json!(Changed::example()))),
)]
async fn configure_format(
    State(shared): state::State,
    Extension(caller): Extension<Caller>,
    Path(format): Path<String>,
    Query(query): Query<CheckQuery>,
    Json(request): Json<ConfigureFormat>,
) -> ApiResult<Answer<Changed>> {
    let format = DataFormat {
        id: FormatId(format),
        version: request.version,
        chain: ChainName(request.chain),
        title: Title { en: request.title.en, zh: request.title.zh },
        source: request.source,
        sealed: request.sealed,
        schema: request.schema,
        schema_hash: B256::ZERO,
    };
    // The hash is what the main chain keeps; it follows from the schema, so nobody is asked for it.
    let (_, schema_hash) = format.canonical_schema()?;
    let format = DataFormat { schema_hash, ..format };
    control(&shared, &caller, Change::ConfigureFormat(format), query.check).await
}
