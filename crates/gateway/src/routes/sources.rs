//! `/v1/sources`: registering sources of data, replacing their keys, withdrawing them (R2D, M-REP-1).

use alloy_primitives::Address;
use axum::{Extension, Json as Answer, extract::State};
use chancery_reference_points::{
    Actor, Code, DoorError,
    source_data::{Source as DoorSource, SourceChange},
};
use chancery_rest::{
    types::{
        Example as _,
        sources::{Source, StateSource},
    },
    values::HexAddress,
};
use http::StatusCode;
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    authorization::layer::Caller,
    problem::{ApiError, ApiResult},
    request::{Json, Path, Query},
    state,
};

pub(super) fn routes() -> OpenApiRouter<std::sync::Arc<crate::state::Shared>> {
    OpenApiRouter::default()
        .routes(routes!(register_source))
        .routes(routes!(rotate_source_key))
        .routes(routes!(get_source, withdraw_source))
}

/// Register a source
///
/// The key in the statement becomes a source of its organization. A rotation that the present key cannot approve any more (a lost key) is stated here too.
#[utoipa::path(post, path = "/v1/sources", tag = "sources",
    request_body(content = StateSource, example = json!(StateSource::example())),
    responses((status = 201, description = "Durable; recorded with the next data block.", body = Source, example = json!(Source::example()))),
)]
async fn register_source(
    State(shared): state::State,
    Extension(caller): Extension<Caller>,
    Json(request): Json<StateSource>,
) -> ApiResult<(StatusCode, Answer<Source>)> {
    let source = change(&shared, &caller.actor, request).await?;
    Ok((StatusCode::CREATED, Answer(source)))
}

/// Replace the key of a source
///
/// Stated by the new key and approved by the present one; nobody else is needed.
#[utoipa::path(post, path = "/v1/sources/{source}/keys", tag = "sources",
    params(("source" = HexAddress, Path, description = "The source.")),
    request_body(content = StateSource, example = json!(StateSource::example())),
    responses((status = 201, description = "The new key submits from now on.", body = Source, example = json!(Source::example()))),
)]
async fn rotate_source_key(
    State(shared): state::State,
    Path(source): Path<HexAddress>,
    Json(request): Json<StateSource>,
) -> ApiResult<(StatusCode, Answer<Source>)> {
    let named = payload(&request.statement).and_then(|payload| payload["source"].as_str()?.parse::<HexAddress>().ok());
    if named.is_some_and(|named| named != source) {
        return Err(ApiError::new(Code::MalformedRequest, "statement: it is about another source than the path"));
    }
    // The two signatures say who asks.
    let source = change(&shared, &Actor::public(), request).await?;
    Ok((StatusCode::CREATED, Answer(source)))
}

/// A source
///
/// With the history of its keys.
#[utoipa::path(get, path = "/v1/sources/{source}", tag = "sources",
    params(("source" = HexAddress, Path, description = "The source.")),
    responses((status = 200, description = "The source.", body = Source, example = json!(Source::example()))),
)]
async fn get_source(State(shared): state::State, Path(source): Path<HexAddress>) -> ApiResult<Answer<Source>> {
    Ok(Answer(wire(shared.doors.r2d_sources.source(source.0).await?)?))
}

/// Why a source ends.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct WithdrawQuery {
    /// The reason, at most 256 bytes.
    #[serde(default = "unsaid")]
    #[param(required = false)]
    reason: String,
}

fn unsaid() -> String {
    "unspecified".to_owned()
}

/// Withdraw a source
///
/// Nothing more is accepted from it; what it has submitted stays provable.
#[utoipa::path(delete, path = "/v1/sources/{source}", tag = "sources",
    params(("source" = HexAddress, Path, description = "The source."), WithdrawQuery),
    responses((status = 200, description = "The source at its end.", body = Source, example = json!(Source::example()))),
)]
async fn withdraw_source(
    State(shared): state::State,
    Extension(caller): Extension<Caller>,
    Path(source): Path<HexAddress>,
    Query(query): Query<WithdrawQuery>,
) -> ApiResult<Answer<Source>> {
    let change = SourceChange::Withdraw { source: source.0, reason: query.reason };
    Ok(Answer(wire(shared.doors.r2d_sources.change_source(&caller.actor, change).await?)?))
}

async fn change(shared: &crate::state::Shared, actor: &Actor, request: StateSource) -> ApiResult<Source> {
    if actor.address.is_some()
        && let Some(organization) = organization(&request.statement)
    {
        // A source is bound to an organization that there is; whether it is the right one is the operator's word.
        shared.doors.o2c.organization(&organization).await?;
    }
    let change = SourceChange::Statement { statement: request.statement, approval: request.approval };
    wire(shared.doors.r2d_sources.change_source(actor, change).await?)
}

/// The organization that a statement names.
fn organization(statement: &str) -> Option<String> {
    payload(statement)?["organization"].as_str().map(str::to_owned)
}

/// What a statement says, not yet verified; whoever reads it in earnest says what is wrong with one that does not read.
fn payload(statement: &str) -> Option<serde_json::Value> {
    use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
    let payload = URL_SAFE_NO_PAD.decode(statement.split('.').nth(1)?).ok()?;
    serde_json::from_slice(&payload).ok()
}

fn wire(source: DoorSource) -> ApiResult<Source> {
    let json = |value: serde_json::Result<serde_json::Value>| {
        value.map_err(|error| ApiError::from(DoorError::internal(error)))
    };
    let name = |address: Address| HexAddress(address);
    let kind = json(serde_json::to_value(source.kind))?;
    Ok(Source {
        source: name(source.source),
        kind: kind.as_str().ok_or_else(|| ApiError::new(Code::Internal, ""))?.to_owned(),
        organization: source.organization,
        name: source.name,
        keys: source.keys.iter().map(|key| json(serde_json::to_value(key))).collect::<ApiResult<_>>()?,
        registered_by: name(source.registered_by),
        withdrawn: source.withdrawn.map(|withdrawal| json(serde_json::to_value(withdrawal))).transpose()?,
    })
}
