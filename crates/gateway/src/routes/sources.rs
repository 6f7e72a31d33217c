//! `/v1/sources`: registering sources of data, replacing their keys, withdrawing them (O2C and R2D, M-REP-1).

use alloy_primitives::Address;
use axum::{
    Extension, Json as Answer,
    extract::State,
    response::{IntoResponse as _, Response},
};
use chancery_data::{PublicKey, SourceId, key::Jwk};
use chancery_reference_points::{
    Actor, Code, DoorError,
    o2c::{Change, ChangeResult, Mode},
    source_data::{Source as DoorSource, SourceChange},
};
use chancery_rest::{
    types::{
        Example as _,
        organizations::Changed,
        sources::{Source, SourceChanged, StateSource},
    },
    values::HexAddress,
};
use http::StatusCode;
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::organizations::{CheckQuery, changed};
use crate::{
    authorization::layer::Caller,
    problem::{ApiError, ApiResult},
    request::{Json, Path, Query},
    state::{self, Shared},
};

pub(super) fn routes() -> OpenApiRouter<std::sync::Arc<crate::state::Shared>> {
    OpenApiRouter::default()
        .routes(routes!(register_source))
        .routes(routes!(rotate_source_key))
        .routes(routes!(get_source, withdraw_source))
        .routes(routes!(restore_source))
}

/// Register a source
///
/// The key in the statement becomes a source of its organization. A rotation that the present key cannot approve any more (a lost key) is stated here too. With
/// `?check=true` it says what would change. Where the city wants two operators for keys, a second one approves it.
#[utoipa::path(post, path = "/v1/sources", tag = "sources", params(CheckQuery),
    request_body(content = StateSource, example = json!(StateSource::example())),
    responses(
        (status = 200, description = "Checked: what would change.", body = Changed, example = json!(Changed::example())),
        (status = 201, description = "Durable; recorded with the next data block.", body = Source, example = json!(Source::example())),
    ),
)]
async fn register_source(
    State(shared): state::State,
    Extension(caller): Extension<Caller>,
    Query(query): Query<CheckQuery>,
    Json(request): Json<StateSource>,
) -> ApiResult<Response> {
    let mode = if query.check { Mode::Check } else { Mode::Apply };
    match told(registered(&shared, &caller, request.statement, request.approval, mode).await?)? {
        SourceChanged::Source(source) => Ok((StatusCode::CREATED, Answer(source)).into_response()),
        checked @ SourceChanged::Checked(_) => Ok(Answer(checked).into_response()),
    }
}

/// Registers the key in a statement as a source, whichever way it came.
pub(crate) async fn registered(
    shared: &Shared,
    caller: &Caller,
    statement: String,
    approval: Option<String>,
    mode: Mode,
) -> ApiResult<Outcome> {
    let named = named(&statement)
        .ok_or_else(|| ApiError::new(Code::MalformedRequest, "statement: it names neither a source nor a key"))?;
    if let Some(organization) = organization(&statement) {
        // A source is bound to an organization that there is; whether it is the right one is the operator's word.
        shared.doors.o2c.organization(&organization).await?;
    }
    controlled(shared, caller, SourceChange::Statement { statement, approval }, named, mode).await
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
    let change = SourceChange::Statement { statement: request.statement, approval: request.approval };
    let source = wire(shared.doors.r2d_sources.change_source(&Actor::public(), change).await?)?;
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

/// Why a source ends, or goes on.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ReasonQuery {
    /// The reason, at most 256 bytes.
    #[serde(default = "unsaid")]
    #[param(required = false)]
    reason: String,
    /// `true`: say what would change, and change nothing (M-CON-4).
    #[serde(default)]
    #[param(required = false)]
    check: bool,
}

fn unsaid() -> String {
    "unspecified".to_owned()
}

/// Withdraw a source
///
/// Nothing more is accepted from it; what it has submitted stays provable. It can be taken back. With `?check=true` it says what would change.
#[utoipa::path(delete, path = "/v1/sources/{source}", tag = "sources",
    params(("source" = HexAddress, Path, description = "The source."), ReasonQuery),
    responses((status = 200, description = "The source at its end, or what would change.", body = SourceChanged,
        example = json!(Source::example()))),
)]
async fn withdraw_source(
    State(shared): state::State,
    Extension(caller): Extension<Caller>,
    Path(source): Path<HexAddress>,
    Query(query): Query<ReasonQuery>,
) -> ApiResult<Answer<SourceChanged>> {
    let change = SourceChange::Withdraw { source: source.0, reason: query.reason };
    let mode = if query.check { Mode::Check } else { Mode::Apply };
    Ok(Answer(told(controlled(&shared, &caller, change, source.0, mode).await?)?))
}

/// Take the withdrawal of a source back
///
/// The key that it had then submits again; that it was withdrawn stays in its history. With `?check=true` it says what would change.
#[utoipa::path(delete, path = "/v1/sources/{source}/withdrawal", tag = "sources",
    params(("source" = HexAddress, Path, description = "The source."), ReasonQuery),
    responses((status = 200, description = "The source, or what would change.", body = SourceChanged,
        example = json!(Source::example()))),
)]
async fn restore_source(
    State(shared): state::State,
    Extension(caller): Extension<Caller>,
    Path(source): Path<HexAddress>,
    Query(query): Query<ReasonQuery>,
) -> ApiResult<Answer<SourceChanged>> {
    let change = SourceChange::Restore { source: source.0, reason: query.reason };
    let mode = if query.check { Mode::Check } else { Mode::Apply };
    Ok(Answer(told(controlled(&shared, &caller, change, source.0, mode).await?)?))
}

/// What became of a change of a source.
pub(crate) enum Outcome {
    /// The source as it is now.
    Source(DoorSource),
    /// What would change: it was a check.
    Checked(ChangeResult),
}

/// What an operator changes of a source passes O2C, as every change of the configuration, whichever way it came.
pub(crate) async fn controlled(
    shared: &Shared,
    caller: &Caller,
    source: SourceChange,
    named: SourceId,
    mode: Mode,
) -> ApiResult<Outcome> {
    let change = Change::ChangeSource { source, by: caller.address()? };
    let result = shared.doors.o2c.control(&caller.actor, change, mode).await?;
    if mode == Mode::Check {
        return Ok(Outcome::Checked(result));
    }
    Ok(Outcome::Source(shared.doors.r2d_sources.source(named).await?))
}

fn told(outcome: Outcome) -> ApiResult<SourceChanged> {
    Ok(match outcome {
        Outcome::Source(source) => SourceChanged::Source(wire(source)?),
        Outcome::Checked(result) => SourceChanged::Checked(changed(result, false)),
    })
}

/// The source that a statement names, or that the key in it becomes.
fn named(statement: &str) -> Option<SourceId> {
    let payload = payload(statement)?;
    if let Some(source) = payload["source"].as_str() {
        return source.parse().ok();
    }
    let jwk: Jwk = serde_json::from_value(payload.get("jwk")?.clone()).ok()?;
    Some(PublicKey::from_jwk(&jwk).ok()?.thumbprint().source())
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
        restored: source.restored.iter().map(|one| json(serde_json::to_value(one))).collect::<ApiResult<_>>()?,
    })
}
