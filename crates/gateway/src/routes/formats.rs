//! `/v1/formats`: data formats in force (R2D), which operators configure through O2C.

use alloy_primitives::B256;
use axum::{Extension, Json as Answer, extract::State};
use chancery_reference_points::{
    data_format::{DataFormat, FormatId, Title},
    o2c::Change,
    operation::ChainName,
};
use chancery_rest::types::{
    Example as _,
    formats::{ConfigureFormat, Format},
    kinds::Title as WireTitle,
    organizations::Changed,
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
    OpenApiRouter::default().routes(routes!(get_format, configure_format))
}

/// Data format in force
///
/// With its schema, so that whoever submits can check content before it is sent, and seals it where the format is sealed.
#[utoipa::path(get, path = "/v1/formats/{format}", tag = "organizations",
    params(("format" = String, Path, description = "Name of the format; write its slashes as %2F.", example = "reading/air-quality")),
    responses((status = 200, description = "The format.", body = Format, example = json!(Format::example()))),
)]
async fn get_format(State(shared): state::State, Path(format): Path<String>) -> ApiResult<Answer<Format>> {
    let found = shared.doors.r2d.data_format(&FormatId(format)).await?;
    Ok(Answer(Format {
        format: found.id.0,
        version: found.version,
        chain: found.chain.0,
        title: WireTitle { en: found.title.en, zh: found.title.zh },
        source: found.source,
        sealed: found.sealed,
        schema: found.schema,
        schema_hash: found.schema_hash.into(),
    }))
}

/// Configure a data format
///
/// A new one, or the next version of a known one. With `?check=true` it says what would change, and of a format that becomes sealed what was accepted in clear.
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
