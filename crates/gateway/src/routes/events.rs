//! `/v1/events`: what happened in the city (V2M).

use axum::{Extension, Json as Answer, extract::State};
use chancery_reference_points::{Code, v2m::EventFilter};
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

use super::map;
use crate::{
    authorization::layer::Caller,
    problem::{ApiError, ApiResult},
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
    let before_cursor = page.cursor.as_deref().map(cursor_time).transpose()?;
    let to_ms = [query.to.map(Timestamp::unix_milliseconds), before_cursor].into_iter().flatten().min();
    let filter = EventFilter {
        from_ms: query.from.map(Timestamp::unix_milliseconds),
        to_ms,
        happenings: query.event_type.map(map::happening).into_iter().collect(),
        subject: query.subject,
        limit: Some(page.limit),
    };
    let entries = shared.doors.v2m.events(&caller.actor, filter).await?;
    // The door answers what is before a time, so the page ends with a whole millisecond: all that share the last one come with the next page,
    // unless the page is nothing but that millisecond.
    let full = entries.len() >= page.limit;
    let last_ms = entries.last().map(|entry| entry.time_ms);
    let keep =
        if full { entries.iter().position(|entry| Some(entry.time_ms) == last_ms).filter(|at| *at > 0) } else { None };
    let next_cursor = match (full, keep, last_ms) {
        (true, Some(_), Some(last_ms)) => Some(last_ms.saturating_add(1).to_string()),
        (true, None, Some(last_ms)) => Some(last_ms.to_string()),
        _ => None,
    };
    let rows = keep.unwrap_or(entries.len());
    Ok(Answer(Page { items: entries.into_iter().take(rows).map(map::event).collect(), next_cursor }))
}

fn cursor_time(cursor: &str) -> ApiResult<u64> {
    cursor.parse().map_err(|_| ApiError::new(Code::MalformedRequest, "cursor: write what `nextCursor` said"))
}
