//! Changes as server-sent events (HTML, "Server-sent events"). A reader that is slow misses states in between, never the newest: nothing is queued for it but one batch.

use std::{convert::Infallible, sync::Arc, time::Duration};

use axum::{
    body::{Body, Bytes},
    response::{IntoResponse, Response},
};
use futures::{Stream, stream};
use http::header;
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;

use crate::{
    doors::{AllianceChange, AllianceNews, AllianceView},
    limits::{EVENT_RETRY, HEART_BEAT, MAX_EVENTS_AT_ONCE, MAX_FOLLOW_TIME},
};

/// What one reader has been told.
struct Telling {
    view: Arc<dyn AllianceView>,
    after: Option<String>,
    ends_at: Instant,
    heart_beat: Duration,
    stopping: CancellationToken,
    greeted: bool,
}

/// A stream of events from after an event on.
pub(super) fn answer(view: Arc<dyn AllianceView>, after: Option<String>, stopping: CancellationToken) -> Response {
    let telling = Telling {
        view,
        after,
        ends_at: Instant::now() + MAX_FOLLOW_TIME,
        heart_beat: HEART_BEAT,
        stopping,
        greeted: false,
    };
    let headers = [
        (header::CONTENT_TYPE, "text/event-stream"),
        (header::CACHE_CONTROL, "no-store"),
        // A proxy that gathers answers would keep the events back.
        (header::HeaderName::from_static("x-accel-buffering"), "no"),
    ];
    (headers, Body::from_stream(pieces(telling))).into_response()
}

fn pieces(telling: Telling) -> impl Stream<Item = Result<Bytes, Infallible>> + Send {
    stream::unfold(telling, |mut telling| async move {
        let piece = telling.next().await?;
        Some((Ok(piece), telling))
    })
}

impl Telling {
    /// What is sent next; `None`: the stream ends.
    async fn next(&mut self) -> Option<Bytes> {
        if !self.greeted {
            self.greeted = true;
            return Some(format!("retry: {}\n\n", EVENT_RETRY.as_millis()).into());
        }
        if Instant::now() >= self.ends_at {
            return None;
        }
        let changes = timeout(self.heart_beat, self.view.changes(self.after.clone(), MAX_EVENTS_AT_ONCE));
        let changes = tokio::select! {
            () = self.stopping.cancelled() => return None,
            changes = changes => changes,
        };
        match changes {
            Err(_) => Some(Bytes::from_static(b": heart-beat\n\n")),
            // Whoever comes back is told why, as the answer to its next request.
            Ok(Err(_)) => None,
            Ok(Ok(changes)) => {
                self.after = changes.last().map(|change| change.cursor.clone()).or_else(|| self.after.take());
                Some(changes.iter().map(event).collect::<String>().into())
            }
        }
    }
}

/// One event. JSON has no line breaks outside of strings, and in strings they are escaped.
fn event(change: &AllianceChange) -> String {
    let (name, data) = match &change.news {
        AllianceNews::Request(request) => ("request", serde_json::to_string(request)),
        AllianceNews::Proposal(proposal) => ("proposal", serde_json::to_string(proposal)),
    };
    format!("id: {}\nevent: {name}\ndata: {}\n\n", change.cursor, data.unwrap_or_default())
}

#[cfg(test)]
mod tests;
