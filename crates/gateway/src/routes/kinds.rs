//! `/v1/kinds`.

use axum::{Extension, Json as Answer, extract::State};
use chancery_reference_points::{Code, data_format::DataFormat, o2c::Change};
use chancery_rest::types::{
    Example as _,
    kinds::{Conditions, Kind, Kinds, SetConditions, Title},
    organizations::Changed,
};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    map::{self, services},
    organizations::{CheckQuery, control},
};
use crate::{
    authorization::layer::Caller,
    problem::{ApiError, ApiResult},
    request::{Json, Path, Query},
    state::{self, Shared},
};

/// How the formats of certificate documents are named.
const CERTIFICATE_FORMAT: &str = "certificate/";
/// How the formats of applications are named.
const APPLICATION_FORMAT: &str = "application/";

pub(super) fn routes() -> OpenApiRouter<std::sync::Arc<crate::state::Shared>> {
    OpenApiRouter::default()
        .routes(routes!(list_kinds))
        .routes(routes!(get_kind))
        .routes(routes!(get_conditions, set_conditions))
}

/// The certificate kinds
#[utoipa::path(get, path = "/v1/kinds", tag = "chains", responses(
    (status = 200, description = "The kinds with their data formats.", body = Kinds, example = json!(Kinds::example())),
))]
async fn list_kinds(State(shared): state::State) -> ApiResult<Answer<Kinds>> {
    Ok(Answer(Kinds { kinds: kinds(&shared).await? }))
}

/// One certificate kind
#[utoipa::path(get, path = "/v1/kinds/{kind}", tag = "chains",
    params(("kind" = String, Path, description = "Name of the kind.", example = "degree")),
    responses((status = 200, description = "The kind with its data formats.", body = Kind, example = json!(Kind::example()))),
)]
async fn get_kind(State(shared): state::State, Path(name): Path<String>) -> ApiResult<Answer<Kind>> {
    let kind = kinds(&shared).await?.into_iter().find(|kind| kind.kind == name);
    kind.map(Answer).ok_or_else(|| ApiError::new(Code::UnknownKind, "GET /v1/kinds lists them"))
}

/// The rule of a kind
///
/// Which certificates of other chains a holder needs to get one of this kind. The contract of the kind's chain holds it, whoever issues.
#[utoipa::path(get, path = "/v1/kinds/{kind}/conditions", tag = "chains",
    params(("kind" = String, Path, description = "Name of the kind.", example = "business-licence")),
    responses((status = 200, description = "The rule.", body = Conditions, example = json!(Conditions::example()))),
)]
async fn get_conditions(
    State(shared): state::State,
    Extension(caller): Extension<Caller>,
    Path(kind): Path<String>,
) -> ApiResult<Answer<Conditions>> {
    Ok(Answer(map::ask(&shared, &caller, services::CONDITIONS, &serde_json::json!({ "kind": kind })).await?))
}

/// Set the rule of a kind
///
/// It takes the place of the rule before as a whole; what was issued stands. With `?check=true` it says what would change.
#[utoipa::path(put, path = "/v1/kinds/{kind}/conditions", tag = "organizations",
    params(("kind" = String, Path, description = "Name of the kind.", example = "business-licence"), CheckQuery),
    request_body(content = SetConditions, example = json!(SetConditions::example())),
    responses((status = 200, description = "What changes.", body = Changed, example = json!(Changed::example()))),
)]
async fn set_conditions(
    State(shared): state::State,
    Extension(caller): Extension<Caller>,
    Path(kind): Path<String>,
    Query(query): Query<CheckQuery>,
    Json(request): Json<SetConditions>,
) -> ApiResult<Answer<Changed>> {
    let change = Change::SetConditions { kind, requires: request.requires };
    control(&shared, &caller, change, query.check).await
}

async fn kinds(shared: &Shared) -> ApiResult<Vec<Kind>> {
    let formats = shared.doors.r2d.data_formats().await?;
    let application_schema = |kind: &str| {
        let format = formats.iter().find(|format| format.id.0.strip_prefix(APPLICATION_FORMAT) == Some(kind));
        format.map_or_else(|| serde_json::json!({"type": "object"}), |format| format.schema.clone())
    };
    let kind = |format: &DataFormat| {
        let name = format.id.0.strip_prefix(CERTIFICATE_FORMAT)?;
        Some(Kind {
            kind: name.to_owned(),
            chain: format.chain.0.clone(),
            title: Title { en: format.title.en.clone(), zh: format.title.zh.clone() },
            version: format.version,
            schema: format.schema.clone(),
            application_schema: application_schema(name),
            source: format.source.clone(),
        })
    };
    Ok(formats.iter().filter_map(kind).collect())
}
