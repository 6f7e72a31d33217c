//! `/v1/resources`: the directory of shared resources, and how far requests for access are (U2S, S-DIR). A request itself is a transaction to the asset's
//! contract, which only its reader can sign; the file is fetched from the owner's service ([`crate::department`]).

use axum::{Extension, Json as Answer, extract::State};
use chancery_rest::{
    types::{
        Example as _, Page,
        data::Trace,
        resources::{
            AccessRequest, AccessesKept, AssetReader, DescribeResource, DescribedResource, HandAccesses, SharedResource,
        },
    },
    values::HexAddress,
};
use serde::Deserialize;
use serde_json::json;
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::map::{self, services};
use crate::{
    authorization::layer::Caller,
    problem::ApiResult,
    request::{Json, Path, Query, page},
    state,
};

pub(super) fn routes() -> OpenApiRouter<std::sync::Arc<crate::state::Shared>> {
    OpenApiRouter::default()
        .routes(routes!(find_resources))
        .routes(routes!(get_resource))
        .routes(routes!(describe_resource))
        .routes(routes!(get_access_request))
        .routes(routes!(get_readers))
        .routes(routes!(trace_resource))
        .routes(routes!(hand_accesses))
}

/// Which resources.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ResourcesQuery {
    /// With all of these words in name, title, description or names of columns.
    #[param(max_length = 256)]
    text: Option<String>,
    /// Of this organization.
    organization: Option<String>,
    /// Rows of the page, 1 to 100, 20 unless given. A page may be short and have a next one.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<usize>,
    /// `nextCursor` of the page before.
    cursor: Option<String>,
}

/// Find shared resources
///
/// What public bodies share, in the order of registration. A resource that only some roles may see is shown to them alone.
#[utoipa::path(get, path = "/v1/resources", tag = "sharing", params(ResourcesQuery), responses(
    (status = 200, description = "A page of the directory.", body = Page<SharedResource>, example = json!(Page::<SharedResource>::example())),
))]
async fn find_resources(
    State(shared): state::State,
    Extension(caller): Extension<Caller>,
    Query(query): Query<ResourcesQuery>,
) -> ApiResult<Answer<Page<SharedResource>>> {
    let page = page(query.limit, query.cursor)?;
    let parameters = json!({
        "text": query.text, "organization": query.organization, "limit": page.limit, "cursor": page.cursor,
    });
    Ok(Answer(map::ask(&shared, &caller, services::FIND_RESOURCES, &parameters).await?))
}

/// A shared resource
///
/// With the rule and the newest versions of its asset, as the contract has them.
#[utoipa::path(get, path = "/v1/resources/{resource}", tag = "sharing",
    params(("resource" = String, Path, description = "Its name.")),
    responses((status = 200, description = "The resource.", body = SharedResource, example = json!(SharedResource::example()))),
)]
async fn get_resource(
    State(shared): state::State,
    Extension(caller): Extension<Caller>,
    Path(resource): Path<String>,
) -> ApiResult<Answer<SharedResource>> {
    Ok(Answer(map::ask(&shared, &caller, services::RESOURCE, &json!({"resource": resource})).await?))
}

/// Bring a description
///
/// Of a resource that only some roles may see: on the chain stands a hash alone, of the name too. The text, with the salts, is kept when its keccak256 is that hash.
#[utoipa::path(put, path = "/v1/resources/{resource}/description", tag = "sharing",
    params(("resource" = String, Path, description = "The resource.")),
    request_body(content = DescribeResource, example = json!(DescribeResource::example())),
    responses((status = 200, description = "Kept.", body = DescribedResource, example = json!(DescribedResource::example()))),
)]
async fn describe_resource(
    State(shared): state::State,
    Extension(caller): Extension<Caller>,
    Path(resource): Path<String>,
    Json(request): Json<DescribeResource>,
) -> ApiResult<Answer<DescribedResource>> {
    let parameters = json!({"resource": resource, "description": request.description});
    Ok(Answer(map::ask(&shared, &caller, services::DESCRIBE, &parameters).await?))
}

/// How far a request for access is
///
/// As the asset's contract has it, with the service from which its reader fetches what is granted.
#[utoipa::path(get, path = "/v1/resources/{resource}/requests/{request}", tag = "sharing",
    params(
        ("resource" = String, Path, description = "The resource."),
        ("request" = u64, Path, description = "The number that the request was given."),
    ),
    responses((status = 200, description = "The request.", body = AccessRequest, example = json!(AccessRequest::example()))),
)]
async fn get_access_request(
    State(shared): state::State,
    Extension(caller): Extension<Caller>,
    Path((resource, request)): Path<(String, u64)>,
) -> ApiResult<Answer<AccessRequest>> {
    let parameters = json!({"resource": resource, "request": request});
    Ok(Answer(map::ask(&shared, &caller, services::ACCESS_REQUEST, &parameters).await?))
}

/// Which readers.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ReadersQuery {
    /// This one alone.
    reader: Option<HexAddress>,
    /// Rows of the page, 1 to 100, 20 unless given.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<usize>,
    /// `nextCursor` of the page before.
    cursor: Option<String>,
}

/// Who may read a resource
///
/// The list of identities, in the order in which they were first listed, those that were removed too, each with its grants. The owner of the asset and supervisors are shown all of
/// them; everybody else is shown itself. Each look is recorded.
#[utoipa::path(get, path = "/v1/resources/{resource}/readers", tag = "sharing",
    params(("resource" = String, Path, description = "The resource."), ReadersQuery),
    responses((status = 200, description = "A page of readers.", body = Page<AssetReader>, example = json!(Page::<AssetReader>::example()))),
)]
async fn get_readers(
    State(shared): state::State,
    Extension(caller): Extension<Caller>,
    Path(resource): Path<String>,
    Query(query): Query<ReadersQuery>,
) -> ApiResult<Answer<Page<AssetReader>>> {
    let page = page(query.limit, query.cursor)?;
    let parameters = json!({
        "resource": resource, "reader": query.reader, "limit": page.limit, "cursor": page.cursor,
    });
    Ok(Answer(map::ask(&shared, &caller, services::READERS, &parameters).await?))
}

/// Which page of a trace.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct TraceQuery {
    /// Events of the page, 1 to 100, and those that share the first one's block; and as many fetches. Without it 2,000 events and 500 fetches.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<usize>,
    /// `nextCursor` of the page before, in `trace`.
    cursor: Option<String>,
}

/// The trace of a shared asset
///
/// Where it comes from, who owned it from when to when, under which organizations it stood, rights of use, every transfer and every access that was asked for or granted, in the order of
/// the chain, and who then came for which key or file and who was refused, as its owner tells and signs it; and all of it as a graph. The newest first, in pages. Readers, rights and
/// accesses are shown to the owner and to supervisors, and to everybody else its own. Each look is recorded.
#[utoipa::path(get, path = "/v1/resources/{resource}/trace", tag = "sharing",
    params(("resource" = String, Path, description = "The resource."), TraceQuery),
    responses((status = 200, description = "The trace.", body = Trace, example = json!(Trace::example()))),
)]
async fn trace_resource(
    State(shared): state::State,
    Extension(caller): Extension<Caller>,
    Path(resource): Path<String>,
    Query(query): Query<TraceQuery>,
) -> ApiResult<Answer<Trace>> {
    let is_limited = query.limit.is_some();
    let page = page(query.limit, query.cursor)?;
    let limit = is_limited.then_some(page.limit);
    let parameters = json!({"resource": resource, "limit": limit, "cursor": page.cursor});
    Ok(Answer(map::ask(&shared, &caller, services::TRACE, &parameters).await?))
}

/// Hand over who came
///
/// The owner of a shared asset, or whoever has owned it, hands over lines of the journal of its service: who came for which key or file, and who was refused. Each line is kept once, however
/// often it is sent, and told to supervisors in the journal; the trace of the asset shows it.
#[utoipa::path(post, path = "/v1/resources/{resource}/accesses", tag = "sharing",
    params(("resource" = String, Path, description = "The resource.")),
    request_body(content = HandAccesses, example = json!(HandAccesses::example())),
    responses((status = 200, description = "Kept.", body = AccessesKept, example = json!(AccessesKept::example()))),
)]
async fn hand_accesses(
    State(shared): state::State,
    Extension(caller): Extension<Caller>,
    Path(resource): Path<String>,
    Json(request): Json<HandAccesses>,
) -> ApiResult<Answer<AccessesKept>> {
    let HandAccesses { asset, lines, signature } = request;
    let parameters = json!({"resource": resource, "asset": asset, "lines": lines, "signature": signature});
    Ok(Answer(map::ask(&shared, &caller, services::ACCESSES, &parameters).await?))
}
