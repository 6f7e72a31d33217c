//! A stream of submissions: a message in, an outcome out.
//!
//! ```text
//! messages --> chunks --> accept (as many at once as are durable together) --> outcomes, in order --> status
//!     ^ read no further while so many chunks are under way: the sender waits (DATA-9)
//! ```

use std::sync::Arc;

use chancery_grpc::{
    problem::problem,
    r2d::{Line as Message, Outcome, SubmissionOutcome},
};
use chancery_reference_points::{r2d::R2dSources, source_data::AcceptedSubmission};
use futures::{FutureExt as _, Stream, StreamExt as _, stream};
use tokio::time::{Instant, timeout, timeout_at};
use tokio_util::sync::CancellationToken;
use tonic::Status;

use super::{admission::named_status, call::Call, limits::MAX_MESSAGE_BYTES, reading::read};
use crate::{
    limits::{MAX_CHUNKS_UNDER_WAY, MAX_STREAM_BYTES, MAX_STREAM_SILENCE, MAX_STREAM_TIME, StreamPlace},
    lines::{self, Chunk, Part, Parts, Unsent, noted, parts, too_large, too_slow},
    problem::{ApiError, ApiResult},
};

/// What a stream is served with.
pub(super) struct Serving {
    pub(super) sources: Arc<dyn R2dSources>,
    pub(super) shutdown: CancellationToken,
    pub(super) call: Call,
    /// Its place among the streams; given back with the stream of outcomes.
    pub(super) place: Option<StreamPlace>,
}

/// Why a stream ends before the sender ends it.
#[derive(Debug)]
enum End {
    Refused(Box<ApiError>),
    Stopping,
}

impl End {
    fn status(self, call: &Call) -> Status {
        match self {
            Self::Refused(error) => call.refuse_late(*error),
            Self::Stopping => Status::unavailable("the city is stopping: submit again what has no outcome"),
        }
    }
}

impl From<ApiError> for Stop {
    fn from(error: ApiError) -> Self {
        Self::End(End::Refused(Box::new(error)))
    }
}

/// Why reading stopped before the sender ended the stream.
enum Stop {
    /// Nobody waits for outcomes any more, or the sender is gone, and nobody reads what is answered then.
    NothingToSay,
    End(End),
}

impl From<Unsent> for Stop {
    fn from(unsent: Unsent) -> Self {
        match unsent {
            Unsent::ReaderGone => Self::NothingToSay,
            Unsent::TooSlow => too_slow().into(),
        }
    }
}

/// The outcomes of messages, in order, each when it is known; then how it ended.
pub(super) fn outcomes<M>(messages: M, serving: Serving) -> impl Stream<Item = Result<SubmissionOutcome, Status>> + Send
where
    M: Stream<Item = Result<Message, Status>> + Send + Unpin + 'static,
{
    outcomes_until(Instant::now() + MAX_STREAM_TIME, messages, serving)
}

/// The same of a stream whose time is over then.
pub(super) fn outcomes_until<M>(
    ends_at: Instant,
    messages: M,
    serving: Serving,
) -> impl Stream<Item = Result<SubmissionOutcome, Status>> + Send
where
    M: Stream<Item = Result<Message, Status>> + Send + Unpin + 'static,
{
    let Serving { sources, shutdown, call, place } = serving;
    let (sender, parts) = parts(ends_at);
    tokio::spawn(gather(messages, sender, shutdown));
    parts
        .map(move |part| {
            let _held = &place;
            decide(Arc::clone(&sources), call.clone(), part)
        })
        .buffered(MAX_CHUNKS_UNDER_WAY)
        .flat_map(stream::iter)
}

/// Reads messages until they end or break a bound, or the city stops.
async fn gather<M>(mut messages: M, parts: Parts<End>, shutdown: CancellationToken)
where
    M: Stream<Item = Result<Message, Status>> + Send + Unpin,
{
    let mut chunk = Chunk::default();
    let stop = read_all(&mut messages, &parts, &mut chunk, &shutdown).await;
    // What was read is decided, whatever ended the reading.
    let stop = match parts.send(chunk).await {
        Ok(()) => stop,
        Err(unsent) => Err(unsent.into()),
    };
    if let Err(Stop::End(end)) = stop {
        parts.end(end);
    }
}

async fn read_all<M>(
    messages: &mut M,
    parts: &Parts<End>,
    chunk: &mut Chunk,
    shutdown: &CancellationToken,
) -> Result<(), Stop>
where
    M: Stream<Item = Result<Message, Status>> + Send + Unpin,
{
    let mut total = 0_u64;
    loop {
        if shutdown.is_cancelled() {
            return Err(Stop::End(End::Stopping));
        }
        if Instant::now() >= parts.ends_at() {
            return Err(too_slow().into());
        }
        let next = match messages.next().now_or_never() {
            Some(next) => next,
            // Nothing more is at hand. What came together leaves together; nothing waits for more.
            None => {
                parts.send(chunk.take()).await?;
                tokio::select! {
                    () = shutdown.cancelled() => return Err(Stop::End(End::Stopping)),
                    // Whoever asked is gone: what they have not sent is not waited for.
                    () = parts.reader_gone() => return Err(Stop::NothingToSay),
                    next = timeout(MAX_STREAM_SILENCE, timeout_at(parts.ends_at(), messages.next())) => match next {
                        Ok(Ok(next)) => next,
                        Ok(Err(_)) | Err(_) => return Err(too_slow().into()),
                    },
                }
            }
        };
        let message = match next {
            None => return Ok(()),
            Some(Ok(message)) => message,
            // Statuses without a name say that the sender is gone.
            Some(Err(status)) => {
                return Err(named_status(status.code(), MAX_MESSAGE_BYTES).map_or(Stop::NothingToSay, Stop::from));
            }
        };
        // As it came: what holds nothing takes room too.
        let bytes = message.framed_bytes();
        total += bytes as u64;
        if total > MAX_STREAM_BYTES {
            return Err(too_large("a stream", MAX_STREAM_BYTES).into());
        }
        chunk.push(read(message), bytes);
        if chunk.is_full() {
            parts.send(chunk.take()).await?;
        }
    }
}

async fn decide(sources: Arc<dyn R2dSources>, call: Call, part: Part<End>) -> Vec<Result<SubmissionOutcome, Status>> {
    match part {
        Part::End { end, .. } => vec![Err(end.status(&call))],
        Part::Lines(chunk) => {
            let results = lines::accept(sources.as_ref(), chunk.lines).await;
            (chunk.first..).zip(results).map(|(index, result)| Ok(outcome(index, result))).collect()
        }
    }
}

/// The outcome of one of several. A problem in it has an identifier of its own.
fn outcome(index: u64, result: ApiResult<AcceptedSubmission>) -> SubmissionOutcome {
    let outcome = match result {
        Ok(accepted) => Outcome::Receipt(accepted.into()),
        Err(error) => Outcome::Problem(problem(&error.error, noted(&error).urn().to_string())),
    };
    SubmissionOutcome { index, outcome: Some(outcome) }
}
