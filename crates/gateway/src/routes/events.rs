//! `/v1/events`: what happened in the city (V2M).

mod place;

use axum::{Extension, Json as Answer, extract::State};
use chancery_reference_points::{
    Actor,
    v2m::{EventFilter, Happening, HistoryEntry},
};
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
    doors::PageRequest,
    problem::ApiResult,
    request::{Query, page},
    state::{self, Shared},
};

pub(super) fn routes() -> OpenApiRouter<std::sync::Arc<Shared>> {
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
    let asked = Asked {
        from_ms: query.from.map(Timestamp::unix_milliseconds),
        to_ms: query.to.map(Timestamp::unix_milliseconds),
        happening: query.event_type.map(map::happening),
        subject: query.subject,
    };
    let (shown, next_cursor) = happened(&shared, &caller.actor, asked, page(query.limit, query.cursor)?).await?;
    Ok(Answer(Page { items: shown.into_iter().map(map::event).collect(), next_cursor }))
}

/// Which events are asked for, whichever way it is asked.
pub(crate) struct Asked {
    /// From this time on, Unix milliseconds.
    pub(crate) from_ms: Option<u64>,
    /// Before this time, Unix milliseconds.
    pub(crate) to_ms: Option<u64>,
    /// Only what happened so.
    pub(crate) happening: Option<Happening>,
    /// Only what is about this.
    pub(crate) subject: Option<String>,
}

/// A page of events, newest first, and where the next one begins.
pub(crate) async fn happened(
    shared: &Shared,
    actor: &Actor,
    asked: Asked,
    page: PageRequest,
) -> ApiResult<(Vec<HistoryEntry>, Option<String>)> {
    let place = page.cursor.as_deref().map(Place::read).transpose()?;
    let before_cursor = place.as_ref().map(Place::to_ms);
    let to_ms = [asked.to_ms, before_cursor].into_iter().flatten().min();
    let filter = EventFilter {
        from_ms: asked.from_ms,
        to_ms,
        happenings: asked.happening.into_iter().collect(),
        subject: asked.subject,
        limit: Some(page.limit),
        // An end that was set before the place is not of its millisecond.
        told: place.as_ref().filter(|place| to_ms == Some(place.to_ms())).map_or(0, Place::told),
    };
    let most = page.limit.saturating_add(filter.told);
    let entries = shared.doors.v2m.events(actor, filter).await?;
    let passed = place.map_or(0, |place| place.passed(&entries));
    let end = entries.len().min(passed + page.limit);
    // Of a millisecond that has fewer than were told, fewer are answered.
    let is_full = end == passed + page.limit;
    let has_more = is_full || end < entries.len() || entries.len() >= most;
    let next_cursor = if has_more { Place::behind(&entries[..end]).map(|place| place.written()) } else { None };
    Ok((entries.into_iter().take(end).skip(passed).collect(), next_cursor))
}
