//! A stream of submissions: a line in, a line out.
//!
//! ```text
//! body --> lines (bounded) --> chunks --> accept (as many at once as are durable together) --> outcomes, in order --> answer
//!              ^ read no further while so many chunks are under way: the sender waits (DATA-9)
//! ```

use std::{convert::Infallible, sync::Arc};

use axum::{
    body::{Body, Bytes},
    extract::Request,
    response::{IntoResponse as _, Response},
};
use bytes::BytesMut;
use chancery_reference_points::{Code, r2d::R2dSources};
use futures::{Stream, StreamExt as _};
use http::header;
use http_body_util::BodyExt as _;
use tokio::time::{Instant, timeout, timeout_at};

use super::NDJSON;
use crate::{
    limits::{MAX_CHUNKS_UNDER_WAY, MAX_LINE_BYTES, MAX_STREAM_BYTES, MAX_STREAM_SILENCE, MAX_STREAM_TIME, keep},
    lines::{self, Chunk, Part, Parts, Unsent, outcome, parts, too_large, too_slow},
    problem::{ApiError, ApiResult},
    serve::Peer,
    state::Shared,
};

/// What an outcome with a receipt takes, about.
const OUTCOME_BYTES: usize = 1536;

/// The answer: its head at once, its lines as outcomes are known.
pub(super) fn answer(shared: &Shared, request: Request) -> ApiResult<Response> {
    let peer = request.extensions().get::<Peer>().copied().unwrap_or(Peer::UNKNOWN);
    let place = shared.streams.take(peer.address)?;
    let ends_at = Instant::now() + MAX_STREAM_TIME;
    let outcomes = outcomes(ends_at, Arc::clone(&shared.doors.r2d_sources), request.into_body());
    let body = Body::from_stream(outcomes.map(Ok::<_, Infallible>));
    Ok(keep(([(header::CONTENT_TYPE, NDJSON)], body).into_response(), place))
}

/// The outcomes of the lines of a body, in order, as lines; its time is over at `ends_at`.
fn outcomes(ends_at: Instant, sources: Arc<dyn R2dSources>, body: Body) -> impl Stream<Item = Bytes> + Send {
    let (sender, parts) = parts(ends_at);
    tokio::spawn(gather(body, sender));
    parts.map(move |part| decide(Arc::clone(&sources), part)).buffered(MAX_CHUNKS_UNDER_WAY)
}

/// Why reading stopped before the body ended.
enum Stop {
    ReaderGone,
    Refused(Box<ApiError>),
}

impl From<Unsent> for Stop {
    fn from(unsent: Unsent) -> Self {
        match unsent {
            Unsent::ReaderGone => Self::ReaderGone,
            Unsent::TooSlow => too_slow().into(),
        }
    }
}

impl From<ApiError> for Stop {
    fn from(error: ApiError) -> Self {
        Self::Refused(Box::new(error))
    }
}

/// Reads lines until the body ends or breaks a bound; the last outcome then says which.
async fn gather(mut body: Body, parts: Parts<ApiError>) {
    let mut chunk = Chunk::default();
    let refused = match read(&mut body, &parts, &mut chunk).await {
        Ok(()) => None,
        Err(Stop::ReaderGone) => return,
        Err(Stop::Refused(error)) => Some(*error),
    };
    // What was read is decided, whatever ended the reading.
    let refused = match parts.send(chunk).await {
        Ok(()) => refused,
        Err(Unsent::ReaderGone) => return,
        Err(Unsent::TooSlow) => Some(too_slow()),
    };
    if let Some(error) = refused {
        parts.end(error);
    }
}

async fn read(body: &mut Body, parts: &Parts<ApiError>, chunk: &mut Chunk) -> Result<(), Stop> {
    let (mut rest, mut total) = (BytesMut::new(), 0_u64);
    loop {
        let frame = tokio::select! {
            // Whoever asked is gone: what they have not sent is not waited for.
            () = parts.reader_gone() => return Err(Stop::ReaderGone),
            frame = timeout(MAX_STREAM_SILENCE, timeout_at(parts.ends_at(), body.frame())) => frame,
        };
        if Instant::now() >= parts.ends_at() {
            return Err(too_slow().into());
        }
        let data = match frame {
            Err(_) | Ok(Err(_)) => return Err(too_slow().into()),
            Ok(Ok(None)) => {
                push(chunk, &rest);
                return Ok(());
            }
            Ok(Ok(Some(Err(_)))) => {
                return Err(ApiError::new(Code::MalformedRequest, "the body ended early").into());
            }
            Ok(Ok(Some(Ok(frame)))) => frame.into_data().unwrap_or_default(),
        };
        total += data.len() as u64;
        if total > MAX_STREAM_BYTES {
            return Err(too_large("a stream", MAX_STREAM_BYTES).into());
        }
        rest.extend_from_slice(&data);
        while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
            let line = rest.split_to(end + 1);
            push(chunk, &line);
            if chunk.is_full() {
                parts.send(chunk.take()).await?;
            }
        }
        if rest.len() > MAX_LINE_BYTES {
            return Err(too_large("a line", MAX_LINE_BYTES as u64).into());
        }
        // What came together leaves together; nothing waits for more.
        parts.send(chunk.take()).await?;
    }
}

/// Adds a line, unless there is nothing in it.
fn push(chunk: &mut Chunk, line: &[u8]) {
    let line = line.trim_ascii();
    if !line.is_empty() {
        chunk.push(lines::read(line), line.len());
    }
}

async fn decide(sources: Arc<dyn R2dSources>, part: Part<ApiError>) -> Bytes {
    let (first, results) = match part {
        Part::Lines(chunk) => (chunk.first, lines::accept(sources.as_ref(), chunk.lines).await),
        Part::End { index, end } => (index, vec![Err(end)]),
    };
    let mut answer = Vec::with_capacity(results.len() * OUTCOME_BYTES);
    for (index, result) in (first..).zip(results) {
        // Outcomes are plain data: writing them to memory cannot fail.
        if serde_json::to_writer(&mut answer, &outcome(index, result)).is_ok() {
            answer.push(b'\n');
        }
    }
    answer.into()
}

#[cfg(test)]
mod tests;
