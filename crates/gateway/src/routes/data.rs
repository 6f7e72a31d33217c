//! `/v1/data`: search, statistics and traces (U2S), audits (V2M) of the data of registered sources.

mod aggregates;
mod arrow_stream;
mod columns;
pub(super) mod csv;
mod pages;
mod parquet_file;

pub(super) use aggregates::narrowing;
use axum::{Extension, Json as Answer, extract::State, response::Response};
use chancery_reference_points::{
    Code,
    data_search::{Asset as DoorAsset, AuditRequest, CONTENT, DataQuery, OperationPlace, SORTABLE, Sort, TraceRequest},
    operation::ChainName,
};
use chancery_rest::types::{
    Example as _,
    data::{Asset, DataAudit, DayCount, FoundData, PageFormat, SearchData, Trace},
};
use http::HeaderMap;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::map;
use crate::{
    authorization::layer::Caller,
    negotiation,
    problem::{ApiError, ApiResult},
    request::{Json, Query},
    state,
};

/// Most operations of a page with proofs.
const MAX_PROOFS: usize = 20;

pub(super) fn routes() -> OpenApiRouter<std::sync::Arc<crate::state::Shared>> {
    OpenApiRouter::default()
        .routes(routes!(search_data))
        .routes(routes!(data_statistics))
        .routes(routes!(trace_data))
        .routes(routes!(audit_data))
        .merge(aggregates::routes())
}

/// Search data
///
/// By source, format, subject, time, members of the content, ranges of numbers and times in it, and words; in the order of acceptance. Public data answer to anybody, internal
/// data to offices, restricted data to whom the source or the format names and to the organization whose they are; nothing of a sealed content is searched.
/// The answer is written as `as` says, or else as the header `accept` likes best.
#[utoipa::path(post, path = "/v1/data/search", tag = "data",
    request_body(content = SearchData, example = json!(SearchData::example())),
    responses((status = 200, description = "A page. What is no JSON has `next` in the header `chancery-next`, and no proofs.",
        headers(("chancery-next" = String, description = "`next` as JSON, unless the page is the last or is JSON itself.")),
        content(
            (FoundData = "application/json", example = json!(FoundData::example())),
            (String = "text/csv", example = json!(csv::HEAD)),
            ("application/vnd.apache.parquet"),
            ("application/vnd.apache.arrow.stream"),
        ),
    )),
)]
async fn search_data(
    State(shared): state::State,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
    Json(request): Json<SearchData>,
) -> ApiResult<Response> {
    let format = match request.format {
        Some(format) => format,
        None => negotiation::choose(&headers, &PageFormat::ALL, PageFormat::media_type)?,
    };
    let proofs = request.proofs;
    if proofs && (format != PageFormat::Json || request.limit.unwrap_or(MAX_PROOFS) > MAX_PROOFS) {
        return Err(ApiError::new(Code::MalformedRequest, format!("proofs: at most {MAX_PROOFS} operations, as json")));
    }
    let page = shared.doors.u2s_data.search_data(&caller.actor, query(request)?).await?;
    pages::write(&shared, &caller, page, format, proofs).await
}

/// Count data
///
/// Operations by day of acceptance, format and source: of public data for anybody, of internal data for offices, of restricted data for the organization whose they are and
/// for whom the format names; operators and supervisors see all numbers. No content.
#[utoipa::path(get, path = "/v1/data/statistics", tag = "data",
    responses((status = 200, description = "Counts.", body = Vec<DayCount>, example = json!([DayCount::example()]))),
)]
async fn data_statistics(
    State(shared): state::State,
    Extension(caller): Extension<Caller>,
) -> ApiResult<Answer<Vec<DayCount>>> {
    let counts = shared.doors.u2s_data.data_statistics(&caller.actor).await?;
    Ok(Answer(counts.iter().map(translate).collect::<ApiResult<_>>()?))
}

/// Trace an asset
///
/// The versions with source and owner, and who read them, as a list and as a graph: the newest 10,000, or 12 MiB of them. If there are older ones, `older` is the oldest that is
/// shown: with it as `before`, the versions before it are traced. Of accesses the newest 1,000 that the caller may see; `cut` says that there are more. This request is an access
/// itself.
#[utoipa::path(post, path = "/v1/data/trace", tag = "data",
    request_body(content = Asset, example = json!(Asset::example())),
    responses((status = 200, description = "The trace.", body = Trace, example = json!(Trace::example()))),
)]
async fn trace_data(
    State(shared): state::State,
    Extension(caller): Extension<Caller>,
    Json(asset): Json<Asset>,
) -> ApiResult<Answer<Trace>> {
    let Asset { organization, format, subject, before } = asset;
    let before = before.map(|at| OperationPlace { place: at.place, index: at.index });
    let request = TraceRequest { asset: DoorAsset { organization, format, subject }, before };
    let trace = shared.doors.u2s_data.trace_data(&caller.actor, request).await?;
    let graph = trace.graph();
    Ok(Answer(Trace { trace: map::to_json(&trace)?, mermaid: graph.mermaid(), graph: map::to_json(&graph)? }))
}

/// Which part of the journal.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct AuditQuery {
    /// From this place on: `next` of the audit before. Of a chain the number of a data block, of the mailboxes a part of a message's name.
    from: Option<u64>,
    /// At most about so many operations of the journal, 1 to 500000.
    #[param(minimum = 1, maximum = 500_000)]
    operations: Option<u64>,
    /// Not the journal, but the data blocks of this chain, and the operations that are kept for them: one of `chains`.
    chain: Option<String>,
    /// Not the journal, but the mailboxes of messages.
    mailboxes: Option<bool>,
}

/// Audit data
///
/// Recomputes hashes, signatures and data blocks of what is stored, compares them with what the chain has recorded, and measures times; ends at the first difference. Without
/// `chain` and `mailboxes` it is the journal of registered sources; with `chain` the operations that are kept for the data blocks of a chain, with `mailboxes` the messages
/// between organizations, a page of each. No content is shown.
#[utoipa::path(get, path = "/v1/data/audit", tag = "supervision", params(AuditQuery),
    responses((status = 200, description = "What was found.", body = DataAudit, example = json!(DataAudit::example()))),
)]
async fn audit_data(
    State(shared): state::State,
    Extension(caller): Extension<Caller>,
    Query(which): Query<AuditQuery>,
) -> ApiResult<Answer<DataAudit>> {
    let AuditQuery { from, operations, chain, mailboxes } = which;
    let (actor, from, mailboxes) = (&caller.actor, from.unwrap_or(0), mailboxes.unwrap_or(false));
    let refuse = |member: &str, detail: &str| Err(ApiError::new(Code::MalformedRequest, detail).with("member", member));
    let report = match (chain, mailboxes, operations) {
        (Some(_), true, _) => return refuse("mailboxes", "mailboxes: not together with `chain`"),
        (Some(_), ..) | (_, true, _) if operations.is_some() => {
            return refuse("operations", "operations: of the journal alone, not with `chain` or `mailboxes`");
        }
        (Some(chain), ..) => shared.doors.v2m_data.audit_chain(actor, &ChainName(chain), from).await?,
        (None, true, _) => shared.doors.messages.audit(actor, from).await?,
        (None, false, operations) => shared.doors.v2m_data.audit_data(actor, AuditRequest { from, operations }).await?,
    };
    Ok(Answer(translate(&report)?))
}

/// Both sides write the same JSON, but for what only the wire knows, and for the order of a page and where it goes on.
pub(super) fn query(mut request: SearchData) -> ApiResult<DataQuery> {
    let refuse = |member: &str, detail: String| {
        ApiError::new(Code::MalformedRequest, format!("{member}: {detail}")).with("member", member)
    };
    let (sort, after) = (request.sort.take(), request.after.take());
    let sort = sort.map(|text| text.parse::<Sort>()).transpose();
    let sort =
        sort.map_err(|error| refuse("sort", error.to_string()).with("sortable", [&SORTABLE[..], &[CONTENT]].concat()))?;
    let mut value = map::to_json(&SearchData { proofs: false, format: None, ..request })?;
    if let Some(members) = value.as_object_mut() {
        members.remove("proofs");
    }
    let query: DataQuery = translate(&value)?;
    let (at, key) = after.map(|after| (OperationPlace { place: after.place, index: after.index }, after.key)).unzip();
    let key = key.flatten();
    if key.is_some() && sort.is_none() {
        return Err(refuse("after", "`key` is of a page with `sort`".to_owned()));
    }
    Ok(DataQuery { after: at, sort: sort.map(|sort| Sort { after: key, ..sort }), ..query })
}

/// A query as the wire has it.
pub(super) fn shown(query: &DataQuery) -> ApiResult<SearchData> {
    let mut value = map::to_json(query)?;
    if let Some(members) = value.as_object_mut() {
        members.retain(|_, member| !member.is_null());
    }
    translate(&value)
}

fn translate<T: DeserializeOwned>(value: &impl Serialize) -> ApiResult<T> {
    serde_json::from_value(map::to_json(value)?)
        .map_err(|error| ApiError::new(Code::MalformedRequest, error.to_string()))
}
