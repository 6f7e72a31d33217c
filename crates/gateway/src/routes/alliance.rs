//! `/v1/alliance`: a cross-chain alliance, and its requests on their way (`docs/specs/alliance.md`, "The live view").

use axum::{Json as Answer, extract::State, response::Response};
use chancery_reference_points::Code;
use chancery_rest::types::{
    Example as _, Page,
    alliance::{Alliance, AllianceProposal, AllianceRequest},
};
use http::HeaderMap;
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    doors::AllianceView,
    limits::{MAX_CURSOR_BYTES, keep},
    problem::{ApiError, ApiResult},
    request::{Path, Query, page},
    serve::Peer,
    state::{self, Shared},
};

mod news;

/// Names the last event that a client has taken, when it comes back (HTML, "Server-sent events").
const LAST_EVENT_ID: &str = "last-event-id";

pub(super) fn routes() -> OpenApiRouter<std::sync::Arc<Shared>> {
    OpenApiRouter::default()
        .routes(routes!(get_alliance))
        .routes(routes!(list_alliance_requests))
        .routes(routes!(get_alliance_request))
        .routes(routes!(list_alliance_proposals))
        .routes(routes!(follow_alliance))
}

fn view(shared: &Shared) -> ApiResult<&std::sync::Arc<dyn AllianceView>> {
    shared.doors.alliance.as_ref().ok_or_else(|| ApiError::new(Code::NoAlliance, "no alliance is configured"))
}

/// The alliance
///
/// Its members with their chains, and which guarantees are missing because of a chain without finality certificates.
#[utoipa::path(get, path = "/v1/alliance", tag = "alliance", responses(
    (status = 200, description = "The alliance.", body = Alliance, example = json!(Alliance::example())),
))]
async fn get_alliance(State(shared): state::State) -> ApiResult<Answer<Alliance>> {
    Ok(Answer(view(&shared)?.alliance().await?))
}

/// Which requests.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct AllianceRequestsQuery {
    /// Rows of the page, 1 to 100, 20 unless given.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<usize>,
    /// `nextCursor` of the page before.
    cursor: Option<String>,
}

/// Requests of the alliance
///
/// The newest that this gateway keeps, by number, newest first.
#[utoipa::path(get, path = "/v1/alliance/requests", tag = "alliance", params(AllianceRequestsQuery), responses(
    (status = 200, description = "Requests, newest first.", body = Page<AllianceRequest>, example = json!(Page::<AllianceRequest>::example())),
))]
async fn list_alliance_requests(
    State(shared): state::State,
    Query(query): Query<AllianceRequestsQuery>,
) -> ApiResult<Answer<Page<AllianceRequest>>> {
    let page = page(query.limit, query.cursor)?;
    Ok(Answer(view(&shared)?.requests(page).await?))
}

/// A request of the alliance
///
/// For each member of its parts the five steps that leave a trace on a chain: where each is recorded, who has endorsed, who is awaited, and until when.
#[utoipa::path(get, path = "/v1/alliance/requests/{number}", tag = "alliance",
    params(("number" = u64, Path, description = "Its number.")),
    responses((status = 200, description = "The request.", body = AllianceRequest, example = json!(AllianceRequest::example()))),
)]
async fn get_alliance_request(
    State(shared): state::State,
    Path(number): Path<u64>,
) -> ApiResult<Answer<AllianceRequest>> {
    Ok(Answer(view(&shared)?.request(number).await?))
}

/// Requests that have no number yet
///
/// As endorsers, relays and requesters report them, newest first: who has asked, who has endorsed, who has not and why, and what ended before it got a number. Nothing of it is proven; none where
/// the gateway asks nobody. What has got its number is among the requests, with what was reported of it.
#[utoipa::path(get, path = "/v1/alliance/proposals", tag = "alliance", params(AllianceRequestsQuery), responses(
    (status = 200, description = "Requests without a number, newest first.", body = Page<AllianceProposal>, example = json!(Page::<AllianceProposal>::example())),
))]
async fn list_alliance_proposals(
    State(shared): state::State,
    Query(query): Query<AllianceRequestsQuery>,
) -> ApiResult<Answer<Page<AllianceProposal>>> {
    let page = page(query.limit, query.cursor)?;
    Ok(Answer(view(&shared)?.proposals(page).await?))
}

/// Follow the requests of the alliance
///
/// A stream of server-sent events. Each event `request` is a request that has changed, as `GET /v1/alliance/requests/{number}` answers it; of one that has changed more than once
/// the newest state. Each event `proposal` is likewise one of `GET /v1/alliance/proposals`; with its number it is told once more.
/// Without `Last-Event-ID` it begins with the requests that the gateway keeps. A comment every 15 seconds shows that the stream lives; after an hour it
/// ends, and the client comes back with the id of its last event.
#[utoipa::path(get, path = "/v1/alliance/events", tag = "alliance",
    params(("Last-Event-ID" = Option<String>, Header, description = "The id of the last event that was taken.")),
    responses((status = 200, description = "Requests as they change.", body = String, content_type = "text/event-stream")),
)]
async fn follow_alliance(
    State(shared): state::State,
    peer: Option<axum::Extension<Peer>>,
    headers: HeaderMap,
) -> ApiResult<Response> {
    let view = std::sync::Arc::clone(view(&shared)?);
    let after = last_event(&headers)?;
    let peer = peer.map_or(Peer::UNKNOWN, |axum::Extension(peer)| peer);
    // What cannot be watched is said before the stream, as a problem: in a stream there is no place for one.
    view.alliance().await?;
    let place = shared.followers.take(peer.address)?;
    Ok(keep(news::answer(view, after, shared.stopping.clone()), place))
}

fn last_event(headers: &HeaderMap) -> ApiResult<Option<String>> {
    let Some(value) = headers.get(LAST_EVENT_ID) else { return Ok(None) };
    let text = value.to_str().ok().filter(|text| text.len() <= MAX_CURSOR_BYTES);
    let text = text.ok_or_else(|| ApiError::new(Code::MalformedRequest, "last-event-id: send the id of an event"))?;
    // A client that has had no event says so.
    Ok(Some(text.to_owned()).filter(|text| !text.is_empty()))
}
