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
use chancery_reference_points::{Code, source_data::AcceptedSubmission};
use chancery_rest::types::submissions::SubmitData;
use futures::{StreamExt as _, stream};
use http::header;
use http_body_util::BodyExt as _;
use tokio::{
    sync::mpsc,
    time::{Instant, timeout, timeout_at},
};

use super::{NDJSON, outcome, submission};
use crate::{
    limits::{
        MAX_CHUNK_BYTES, MAX_CHUNK_LINES, MAX_CHUNKS_UNDER_WAY, MAX_LINE_BYTES, MAX_STREAM_BYTES, MAX_STREAM_SILENCE,
        MAX_STREAM_TIME,
    },
    problem::{ApiError, ApiResult},
    request::read_json,
    state::Shared,
};

type Line = ApiResult<SubmitData>;

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

/// Lines that came together, and the number of the first.
struct Chunk {
    first: u64,
    lines: Vec<Line>,
    bytes: usize,
}

/// Reads lines until the body ends or breaks a bound; the last outcome then says which.
async fn read(mut body: Body, chunks: mpsc::Sender<Chunk>) {
    let (ends_at, mut rest, mut total) = (Instant::now() + MAX_STREAM_TIME, BytesMut::new(), 0_u64);
    let mut chunk = Chunk { first: 0, lines: Vec::new(), bytes: 0 };
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
            chunk.push(&line);
            if chunk.is_full() && !chunk.leave(&chunks).await {
                return;
            }
        }
        if rest.len() > MAX_LINE_BYTES {
            break Some(too_large("a line", MAX_LINE_BYTES as u64));
        }
        // What came together leaves together; nothing waits for more.
        if !chunk.lines.is_empty() && !chunk.leave(&chunks).await {
            return;
        }
    };
    match refusal {
        None => chunk.push(&rest),
        Some(refusal) => chunk.lines.push(Err(refusal)),
    }
    chunk.leave(&chunks).await;
}

impl Chunk {
    fn push(&mut self, line: &[u8]) {
        let line = line.trim_ascii();
        if line.is_empty() {
            return;
        }
        self.bytes += line.len();
        let read =
            if line.len() > MAX_LINE_BYTES { Err(too_large("a line", MAX_LINE_BYTES as u64)) } else { read_json(line) };
        self.lines.push(read);
    }

    fn is_full(&self) -> bool {
        self.lines.len() >= MAX_CHUNK_LINES || self.bytes >= MAX_CHUNK_BYTES
    }

    /// Hands on what was gathered; false when nobody reads the answer any more.
    async fn leave(&mut self, chunks: &mpsc::Sender<Self>) -> bool {
        let next = Self { first: self.first + self.lines.len() as u64, lines: Vec::new(), bytes: 0 };
        chunks.send(std::mem::replace(self, next)).await.is_ok()
    }
}

async fn accept(shared: Arc<Shared>, chunk: Chunk) -> Bytes {
    let (mut submissions, mut refused) = (Vec::with_capacity(chunk.lines.len()), Vec::new());
    for (index, line) in (chunk.first..).zip(chunk.lines) {
        match line {
            Ok(request) => submissions.push((index, submission(request))),
            Err(error) => refused.push((index, Err(error))),
        }
    }
    let (indexes, submissions): (Vec<_>, Vec<_>) = submissions.into_iter().unzip();
    let accepted: Vec<_> = match submissions.is_empty() {
        true => Vec::new(),
        false => shared.doors.r2d_sources.accept(submissions).await,
    };
    let accepted = indexes.into_iter().zip(accepted).map(|(index, one)| (index, one.map_err(ApiError::from)));
    let mut outcomes: Vec<(u64, ApiResult<AcceptedSubmission>)> = accepted.chain(refused).collect();
    outcomes.sort_by_key(|(index, _)| *index);
    let mut lines = Vec::with_capacity(outcomes.len() * 1024);
    for (index, result) in outcomes {
        // Outcomes are plain data: writing them to memory cannot fail.
        if serde_json::to_writer(&mut lines, &outcome(index, result)).is_ok() {
            lines.push(b'\n');
        }
    }
    lines.into()
}

fn too_large(what: &str, limit: u64) -> ApiError {
    ApiError::new(Code::BodyTooLarge, format!("{what} has at most {limit} bytes")).with("limit", limit)
}
