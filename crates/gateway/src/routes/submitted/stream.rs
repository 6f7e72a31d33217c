//! A stream of submissions: a line in, a line out.
//!
//! ```text
//! body --> lines (bounded) --> chunks --> accept (as many at once as are durable together) --> outcomes, in order --> answer
//!              ^ read no further while so many chunks are under way: the sender waits (DATA-9)
//! ```

use std::{convert::Infallible, sync::Arc};

use axum::{
    body::{Body, Bytes},
    response::{IntoResponse as _, Response},
};
use bytes::BytesMut;
use chancery_reference_points::Code;
use futures::{StreamExt as _, stream};
use http::header;
use http_body_util::BodyExt as _;
use tokio::{
    sync::mpsc,
    time::{Instant, timeout, timeout_at},
};

use super::NDJSON;
use crate::{
    limits::{MAX_CHUNKS_UNDER_WAY, MAX_LINE_BYTES, MAX_STREAM_BYTES, MAX_STREAM_SILENCE, MAX_STREAM_TIME},
    lines::{self, Chunk, outcome, too_large},
    problem::ApiError,
    state::Shared,
};

/// The answer: its head at once, its lines as outcomes are known.
pub(super) fn answer(shared: Arc<Shared>, body: Body) -> Response {
    let (sender, receiver) = mpsc::channel(1);
    tokio::spawn(read(body, sender));
    let chunks = stream::unfold(receiver, |mut receiver| async move { Some((receiver.recv().await?, receiver)) });
    let outcomes = chunks
        .map(move |chunk| accept(Arc::clone(&shared), chunk))
        .buffered(MAX_CHUNKS_UNDER_WAY)
        .map(Ok::<_, Infallible>);
    ([(header::CONTENT_TYPE, NDJSON)], Body::from_stream(outcomes)).into_response()
}

/// Reads lines until the body ends or breaks a bound; the last outcome then says which.
async fn read(mut body: Body, chunks: mpsc::Sender<Chunk>) {
    let (ends_at, mut rest, mut total) = (Instant::now() + MAX_STREAM_TIME, BytesMut::new(), 0_u64);
    let mut chunk = Chunk::default();
    let refusal = loop {
        let frame = timeout(MAX_STREAM_SILENCE, timeout_at(ends_at, body.frame())).await;
        let data = match frame {
            Err(_) | Ok(Err(_)) => {
                break Some(ApiError::new(Code::TimedOut, "the stream was silent too long, or took too long"));
            }
            Ok(Ok(None)) => break None,
            Ok(Ok(Some(Err(_)))) => break Some(ApiError::new(Code::MalformedRequest, "the body ended early")),
            Ok(Ok(Some(Ok(frame)))) => frame.into_data().unwrap_or_default(),
        };
        total += data.len() as u64;
        if total > MAX_STREAM_BYTES {
            break Some(too_large("a stream", MAX_STREAM_BYTES));
        }
        rest.extend_from_slice(&data);
        while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
            let line = rest.split_to(end + 1);
            push(&mut chunk, &line);
            if chunk.is_full() && !chunk.leave(&chunks).await {
                return;
            }
        }
        if rest.len() > MAX_LINE_BYTES {
            break Some(too_large("a line", MAX_LINE_BYTES as u64));
        }
        // What came together leaves together; nothing waits for more.
        if !chunk.is_empty() && !chunk.leave(&chunks).await {
            return;
        }
    };
    match refusal {
        None => push(&mut chunk, &rest),
        Some(refusal) => chunk.push(Err(refusal), 0),
    }
    chunk.leave(&chunks).await;
}

/// Adds a line, unless there is nothing in it.
fn push(chunk: &mut Chunk, line: &[u8]) {
    let line = line.trim_ascii();
    if !line.is_empty() {
        chunk.push(lines::read(line), line.len());
    }
}

async fn accept(shared: Arc<Shared>, chunk: Chunk) -> Bytes {
    let results = lines::accept(shared.doors.r2d_sources.as_ref(), chunk.lines).await;
    let mut answer = Vec::with_capacity(results.len() * 1024);
    for (index, result) in (chunk.first..).zip(results) {
        // Outcomes are plain data: writing them to memory cannot fail.
        if serde_json::to_writer(&mut answer, &outcome(index, result)).is_ok() {
            answer.push(b'\n');
        }
    }
    answer.into()
}
