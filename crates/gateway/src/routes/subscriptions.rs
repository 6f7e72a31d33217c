//! `/v1/subscriptions`: queries that are kept, and what matches them as it comes (U2S).

mod events;

use axum::{Extension, Json as Answer, extract::State, response::Response};
use chancery_reference_points::{
    Code,
    data_search::{MAX_WAIT_MS, OperationPlace, Reading, Subscribe as DoorSubscribe, Subscription as DoorSubscription},
};
use chancery_rest::{
    types::{
        Example as _,
        subscriptions::{DeliveredData, Subscribe, Subscription, Subscriptions},
    },
    values::{HexHash, Timestamp},
};
use http::HeaderMap;
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

use self::events::Following;
use super::{data, map};
use crate::{
    authorization::layer::Caller,
    limits::keep,
    problem::{ApiError, ApiResult},
    request::{Json, Path, Query, page},
    serve::Peer,
    state,
};

const SECOND_MS: u64 = 1000;

pub(super) fn routes() -> OpenApiRouter<std::sync::Arc<crate::state::Shared>> {
    OpenApiRouter::default()
        .routes(routes!(subscribe, list_subscriptions))
        .routes(routes!(end_subscription))
        .routes(routes!(subscribed_operations))
        .routes(routes!(follow_subscription))
}

/// Subscribe to data
///
/// Keeps a query for whoever asks, who then reads what is accepted from now on and matches. At most 32 of one address; each ends by itself.
#[utoipa::path(post, path = "/v1/subscriptions", tag = "data",
    request_body(content = Subscribe, example = json!(Subscribe::example())),
    responses((status = 200, description = "The subscription.", body = Subscription, example = json!(Subscription::example()))),
)]
async fn subscribe(
    State(shared): state::State,
    Extension(caller): Extension<Caller>,
    Json(request): Json<Subscribe>,
) -> ApiResult<Answer<Subscription>> {
    let query = data::query(data::narrowing(request.query)?)?;
    let asked = DoorSubscribe { name: request.name, query, days: request.days };
    Ok(Answer(subscription(&shared.doors.u2s_data.subscribe(&caller.actor, asked).await?)?))
}

/// Subscriptions
///
/// Those of whoever asks, oldest first.
#[utoipa::path(get, path = "/v1/subscriptions", tag = "data",
    responses((status = 200, description = "Subscriptions.", body = Subscriptions, example = json!(Subscriptions::example()))),
)]
async fn list_subscriptions(
    State(shared): state::State,
    Extension(caller): Extension<Caller>,
) -> ApiResult<Answer<Subscriptions>> {
    let found = shared.doors.u2s_data.subscriptions(&caller.actor).await?;
    Ok(Answer(Subscriptions { subscriptions: found.iter().map(subscription).collect::<ApiResult<_>>()? }))
}

/// End a subscription
#[utoipa::path(delete, path = "/v1/subscriptions/{subscription}", tag = "data",
    params(("subscription" = HexHash, Path, description = "Its id.")),
    responses((status = 200, description = "As it was.", body = Subscription, example = json!(Subscription::example()))),
)]
async fn end_subscription(
    State(shared): state::State,
    Extension(caller): Extension<Caller>,
    Path(id): Path<HexHash>,
) -> ApiResult<Answer<Subscription>> {
    Ok(Answer(subscription(&shared.doors.u2s_data.unsubscribe(&caller.actor, id.0).await?)?))
}

/// Where a reader stands.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ReadingQuery {
    /// `cursor` of the reading before; from the start of the subscription when absent.
    #[param(pattern = "^[0-9]+\\.[0-9]+$")]
    after: Option<String>,
    /// At most so many operations, 1 to 100, 20 unless given.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<usize>,
    /// If there is none, wait so many seconds until there is, 0 to 20; 0 unless given.
    #[param(minimum = 0, maximum = 20)]
    wait: Option<u64>,
}

/// Read what matches a subscription
///
/// What its owner may see at this moment, oldest first. Everything behind `after` that matches is delivered, over restarts of the city and of the reader: `after` is a place in the
/// journal, and the reader's to keep. With `wait` the answer comes when there is something; when many wait, at once. Every reading of data about a subject is recorded.
#[utoipa::path(get, path = "/v1/subscriptions/{subscription}/operations", tag = "data",
    params(("subscription" = HexHash, Path, description = "Its id."), ReadingQuery),
    responses((status = 200, description = "Operations.", body = DeliveredData, example = json!(DeliveredData::example()))),
)]
async fn subscribed_operations(
    State(shared): state::State,
    Extension(caller): Extension<Caller>,
    Path(id): Path<HexHash>,
    Query(query): Query<ReadingQuery>,
) -> ApiResult<Answer<DeliveredData>> {
    let wait_ms = query.wait.unwrap_or_default().saturating_mul(SECOND_MS);
    if wait_ms > MAX_WAIT_MS {
        let detail = format!("wait: write 0 to {}", MAX_WAIT_MS / SECOND_MS);
        return Err(ApiError::new(Code::MalformedRequest, detail).with("member", "wait"));
    }
    let after = query.after.as_deref().map(place).transpose()?;
    let reading = Reading { after, limit: Some(page(query.limit, None)?.limit), wait_ms };
    let delivered = shared.doors.u2s_data.subscribed_data(&caller.actor, id.0, reading).await?;
    Ok(Answer(DeliveredData {
        operations: delivered.operations.iter().map(map::to_json).collect::<ApiResult<_>>()?,
        cursor: delivered.cursor.map(|at| format!("{}.{}", at.place, at.index)),
    }))
}

/// Where somebody begins who has had no event.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct FollowingQuery {
    /// `cursor` of a reading; from the start of the subscription when absent. `Last-Event-ID` comes before it.
    #[param(pattern = "^[0-9]+\\.[0-9]+$")]
    after: Option<String>,
}

/// Follow a subscription
///
/// A stream of server-sent events. Each event `operation` is an operation that matches and its owner may see when it is sent, oldest first; its id is the cursor from which whoever comes
/// back goes on, by `Last-Event-ID`. A comment every 15 seconds shows that the stream lives, with the cursor as its id. It ends after an hour, with the session that it was asked in, when
/// the owner may not ask any more, and with the subscription. Nothing is queued: what is not taken is not read. 16 streams of one client address, with those of an alliance.
#[utoipa::path(get, path = "/v1/subscriptions/{subscription}/events", tag = "data",
    params(
        ("subscription" = HexHash, Path, description = "Its id."),
        ("Last-Event-ID" = Option<String>, Header, description = "The id of the last event that was taken."),
        FollowingQuery,
    ),
    responses((status = 200, description = "Operations as they come.", body = String, content_type = "text/event-stream")),
)]
async fn follow_subscription(
    State(shared): state::State,
    Extension(caller): Extension<Caller>,
    peer: Option<Extension<Peer>>,
    headers: HeaderMap,
    Path(id): Path<HexHash>,
    Query(query): Query<FollowingQuery>,
) -> ApiResult<Response> {
    let after = events::last_event(&headers)?.or(query.after.as_deref()).map(place).transpose()?;
    let peer = peer.map_or(Peer::UNKNOWN, |Extension(peer)| peer);
    let taken = shared.followers.take(peer.address)?;
    let answer = events::answer(&shared, &caller, Following { subscription: id.0, after }).await?;
    Ok(keep(answer, taken))
}

fn place(text: &str) -> ApiResult<OperationPlace> {
    let read =
        |(place, index): (&str, &str)| Some(OperationPlace { place: place.parse().ok()?, index: index.parse().ok()? });
    text.split_once('.')
        .and_then(read)
        .ok_or_else(|| ApiError::new(Code::MalformedRequest, "after: write what `cursor` said").with("member", "after"))
}

fn subscription(known: &DoorSubscription) -> ApiResult<Subscription> {
    Ok(Subscription {
        id: HexHash(known.id),
        name: known.name.clone(),
        query: data::shown(&known.query)?,
        start: known.start,
        created_at: Timestamp::from_unix_milliseconds(known.created_at),
        expires_at: Timestamp::from_unix_milliseconds(known.expires_at),
    })
}
