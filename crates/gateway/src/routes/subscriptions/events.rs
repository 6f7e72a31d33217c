//! What matches a subscription, as server-sent events (HTML, "Server-sent events"; decision 0066).
//!
//! ```text
//!  who asks, judged again --> reading, as GET .../operations answers it --> events, taken by the reader --> the next reading
//! ```
//!
//! Nothing is queued: what is read next is read when the reader has taken what came before, and where it stands is the id of its last event.

use std::{convert::Infallible, sync::Arc};

use alloy_primitives::B256;
use axum::{
    body::{Body, Bytes},
    response::{IntoResponse, Response},
};
use chancery_reference_points::{
    Actor, Code,
    data_search::{DataOperation, Delivered, OperationPlace, Reading},
};
use futures::{Stream, stream};
use http::{HeaderMap, HeaderName, header};
use tokio::time::{Duration, Instant, sleep};

use crate::{
    authentication::Proven,
    authorization::layer::{Caller, judged, row_of},
    limits::{
        EVENT_RETRY, GATHERING, HEART_BEAT, MAX_CURSOR_BYTES, MAX_EVENTS_AT_ONCE, MAX_FOLLOW_TIME, MAX_RIGHT_AGE,
    },
    problem::{ApiError, ApiResult},
    state::Shared,
};

/// The endpoint: its row judges whoever follows, again and again.
pub(super) const PATH: &str = "/v1/subscriptions/{subscription}/events";
const LAST_EVENT_ID: &str = "last-event-id";

/// Where somebody follows a subscription from.
pub(super) struct Following {
    pub(super) subscription: B256,
    pub(super) after: Option<OperationPlace>,
}

/// The id of the last event that a reader has taken.
pub(super) fn last_event(headers: &HeaderMap) -> ApiResult<Option<&str>> {
    let Some(value) = headers.get(LAST_EVENT_ID) else { return Ok(None) };
    let text = value.to_str().ok().filter(|text| text.len() <= MAX_CURSOR_BYTES);
    let text = text.ok_or_else(|| ApiError::new(Code::MalformedRequest, "last-event-id: send the id of an event"))?;
    // A client that has had no event says so.
    Ok(Some(text).filter(|text| !text.is_empty()))
}

/// A stream of events. What may not be read is said before it, as a problem: in a stream there is no place for one.
pub(super) async fn answer(shared: &Arc<Shared>, caller: &Caller, following: Following) -> ApiResult<Response> {
    let Following { subscription, after } = following;
    let mut telling = Telling {
        shared: Arc::clone(shared),
        proven: Proven { address: caller.address()?, session: caller.session },
        actor: caller.actor.clone(),
        judged_at: Instant::now(),
        subscription,
        after,
        ready: None,
        ends_at: Instant::now() + MAX_FOLLOW_TIME,
        greeted: false,
    };
    telling.ready = Some(telling.reading(Duration::ZERO).await?);
    let headers = [
        (header::CONTENT_TYPE, "text/event-stream"),
        (header::CACHE_CONTROL, "no-store"),
        // A proxy that gathers answers would keep the events back.
        (HeaderName::from_static("x-accel-buffering"), "no"),
    ];
    Ok((headers, Body::from_stream(pieces(telling))).into_response())
}

fn pieces(telling: Telling) -> impl Stream<Item = Result<Bytes, Infallible>> + Send {
    stream::unfold(telling, |mut telling| async move {
        let piece = telling.next().await?;
        Some((Ok(piece), telling))
    })
}

/// What one reader has been told.
struct Telling {
    shared: Arc<Shared>,
    proven: Proven,
    /// As it was judged last.
    actor: Actor,
    judged_at: Instant,
    subscription: B256,
    after: Option<OperationPlace>,
    /// What was read before the stream began.
    ready: Option<Delivered>,
    ends_at: Instant,
    greeted: bool,
}

impl Telling {
    /// What is sent next; `None`: the stream ends. Whoever comes back is told why, as the answer to its next request.
    async fn next(&mut self) -> Option<Bytes> {
        if !self.greeted {
            self.greeted = true;
            return Some(format!("retry: {}\n\n", EVENT_RETRY.as_millis()).into());
        }
        let (shared, begun) = (Arc::clone(&self.shared), Instant::now());
        loop {
            if begun >= self.ends_at {
                return None;
            }
            let (asked, waits) = (Instant::now(), self.ready.is_none());
            let delivered = tokio::select! {
                () = shared.stopping.cancelled() => return None,
                delivered = self.read() => delivered.ok()?,
            };
            let has_moved = delivered.cursor.is_some() && delivered.cursor != self.after;
            self.after = delivered.cursor.or(self.after);
            if !delivered.operations.is_empty() {
                return Some(delivered.operations.iter().map(event).collect::<String>().into());
            }
            if begun.elapsed() >= HEART_BEAT {
                return Some(self.heart_beat());
            }
            // Answered at once and with nothing: too many wait already. While others submit it has moved each time.
            let least = if has_moved { GATHERING } else { EVENT_RETRY };
            if waits && let Some(rest) = least.checked_sub(asked.elapsed()) {
                tokio::select! {
                    () = shared.stopping.cancelled() => return None,
                    () = sleep(rest) => {}
                }
            }
        }
    }

    async fn read(&mut self) -> ApiResult<Delivered> {
        if let Some(ready) = self.ready.take() {
            return Ok(ready);
        }
        self.judge().await?;
        let asked_as = self.actor.clone();
        let delivered = self.reading(HEART_BEAT).await?;
        // What came after a long wait is for who may have it now: with other roles it is read anew.
        self.judge().await?;
        if self.actor == asked_as {
            return Ok(delivered);
        }
        Ok(Delivered { operations: Vec::new(), cursor: self.after })
    }

    async fn reading(&self, wait: Duration) -> ApiResult<Delivered> {
        let wait_ms = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX);
        let reading = Reading { after: self.after, limit: Some(MAX_EVENTS_AT_ONCE), wait_ms };
        Ok(self.shared.doors.u2s_data.subscribed_data(&self.actor, self.subscription, reading).await?)
    }

    /// That whoever follows may still ask: its session is open, its account is not suspended, and its roles are those of now.
    async fn judge(&mut self) -> ApiResult<()> {
        if self.judged_at.elapsed() < MAX_RIGHT_AGE {
            return Ok(());
        }
        let now = self.shared.clock.unix_seconds();
        let has_ended = |session| self.shared.sessions.ends(session).is_none_or(|ends| now >= ends);
        if self.proven.session.is_some_and(has_ended) {
            return Err(ApiError::new(Code::SessionExpired, "the session has ended"));
        }
        let caller = judged(&self.shared, row_of("GET", Some(PATH))?, self.proven, false, false).await?;
        (self.actor, self.judged_at) = (caller.actor, Instant::now());
        Ok(())
    }

    /// A comment, and how far everything was delivered: whoever comes back begins there.
    fn heart_beat(&self) -> Bytes {
        match self.after {
            Some(OperationPlace { place, index }) => format!(": heart-beat\nid: {place}.{index}\n\n").into(),
            None => Bytes::from_static(b": heart-beat\n\n"),
        }
    }
}

/// One event. JSON has no line breaks outside of strings, and in strings they are escaped.
fn event(operation: &DataOperation) -> String {
    let OperationPlace { place, index } = operation.at;
    let data = serde_json::to_string(operation).unwrap_or_default();
    format!("id: {place}.{index}\nevent: operation\ndata: {data}\n\n")
}
