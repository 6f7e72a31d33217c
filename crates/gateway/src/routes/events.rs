//! `/v1/events`: what happened in the city (V2M).

mod place;

use axum::{Extension, Json as Answer, extract::State};
use chancery_reference_points::v2m::EventFilter;
use chancery_rest::{
    types::{
        Example as _, Page,
        events::{Event, EventType},
    },
    values::Timestamp,
};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

use self::place::Place;
use super::map;
use crate::{
    authorization::layer::Caller,
    problem::ApiResult,
    request::{Query, page},
    state,
};

pub(super) fn routes() -> OpenApiRouter<std::sync::Arc<crate::state::Shared>> {
    OpenApiRouter::default().routes(routes!(list_events))
}

/// Which events.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct EventsQuery {
    /// From this time on.
    from: Option<Timestamp>,
    /// Before this time.
    to: Option<Timestamp>,
    /// Only what happened so.
    #[serde(rename = "type")]
    #[param(inline)]
    event_type: Option<EventType>,
    /// Only what is about this: a certificate, an address, an organization.
    #[param(max_length = 128)]
    subject: Option<String>,
    /// Rows of the page, 1 to 100, 20 unless given.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<usize>,
    /// `nextCursor` of the page before.
    cursor: Option<String>,
}

/// What happened
///
/// Creating, updating, inspecting, accessing, configuring; newest first. That it happened, when, by whom and whether it verifies; never content.
#[utoipa::path(get, path = "/v1/events", tag = "supervision", params(EventsQuery), responses(
    (status = 200, description = "Events, newest first.", body = Page<Event>, example = json!(Page::<Event>::example())),
))]
async fn list_events(
    State(shared): state::State,
    Extension(caller): Extension<Caller>,
    Query(query): Query<EventsQuery>,
) -> ApiResult<Answer<Page<Event>>> {
    let page = page(query.limit, query.cursor)?;
    let place = page.cursor.as_deref().map(Place::read).transpose()?;
    let before_cursor = place.as_ref().map(Place::to_ms);
    let to_ms = [query.to.map(Timestamp::unix_milliseconds), before_cursor].into_iter().flatten().min();
    let filter = EventFilter {
        from_ms: query.from.map(Timestamp::unix_milliseconds),
        to_ms,
        happenings: query.event_type.map(map::happening).into_iter().collect(),
        subject: query.subject,
        limit: Some(page.limit),
        told: place.as_ref().map_or(0, Place::told),
    };
    let most = page.limit.saturating_add(filter.told);
    let entries = shared.doors.v2m.events(&caller.actor, filter).await?;
    let passed = place.map_or(0, |place| place.passed(&entries));
    let end = entries.len().min(passed + page.limit);
    let has_more = end < entries.len() || entries.len() >= most;
    let next_cursor = if has_more { Place::behind(&entries[..end]).map(|place| place.written()) } else { None };
    let shown = entries.into_iter().take(end).skip(passed);
    Ok(Answer(Page { items: shown.map(map::event).collect(), next_cursor }))
}
