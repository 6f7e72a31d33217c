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
use chancery_reference_points::{Code, r2d::R2dSources, source_data::AcceptedSubmission};
use futures::{FutureExt as _, Stream, StreamExt as _, stream};
use tokio::{
    sync::{OwnedSemaphorePermit, mpsc},
    time::{Instant, timeout, timeout_at},
};
use tokio_util::sync::CancellationToken;
use tonic::Status;

use super::{admission::named_status, call::Call, reading::read};
use crate::{
    limits::{MAX_CHUNKS_UNDER_WAY, MAX_STREAM_BYTES, MAX_STREAM_SILENCE, MAX_STREAM_TIME},
    lines::{self, Chunk, noted, too_large},
    problem::{ApiError, ApiResult},
};

/// What a stream is served with.
pub(super) struct Serving {
    pub(super) sources: Arc<dyn R2dSources>,
    pub(super) shutdown: CancellationToken,
    pub(super) call: Call,
    /// Its place among the streams; given back with the last outcome.
    pub(super) place: Option<OwnedSemaphorePermit>,
}

/// What is handed from reading to accepting.
enum Part {
    Lines(Chunk),
    /// The last: why no more is read.
    End(End),
}

/// Why a stream ends before the sender ends it.
#[derive(Debug)]
enum End {
    Refused(Box<ApiError>),
    Stopping,
}

impl End {
    fn refused(error: ApiError) -> Option<Self> {
        Some(Self::Refused(Box::new(error)))
    }

    fn status(self, call: &Call) -> Status {
        match self {
            Self::Refused(error) => call.refuse_late(*error),
            Self::Stopping => Status::unavailable("the city is stopping: submit again what has no outcome"),
        }
    }
}

/// The outcomes of messages, in order, each when it is known; then how it ended.
pub(super) fn outcomes<M>(messages: M, serving: Serving) -> impl Stream<Item = Result<SubmissionOutcome, Status>> + Send
where
    M: Stream<Item = Result<Message, Status>> + Send + Unpin + 'static,
{
    let Serving { sources, shutdown, call, place } = serving;
    let (sender, receiver) = mpsc::channel(1);
    tokio::spawn(gather(messages, sender, shutdown));
    let parts = stream::unfold((receiver, place), |(mut receiver, place)| async move {
        let part = receiver.recv().await?;
        Some((part, (receiver, place)))
    });
    parts
        .map(move |part| decide(Arc::clone(&sources), call.clone(), part))
        .buffered(MAX_CHUNKS_UNDER_WAY)
        .flat_map(stream::iter)
}

/// Reads messages until they end or break a bound, or the city stops.
async fn gather<M>(mut messages: M, parts: mpsc::Sender<Part>, shutdown: CancellationToken)
where
    M: Stream<Item = Result<Message, Status>> + Send + Unpin,
{
    let (ends_at, mut total, mut chunk) = (Instant::now() + MAX_STREAM_TIME, 0_u64, Chunk::default());
    let too_slow = || ApiError::new(Code::TimedOut, "the stream was silent too long, or took too long");
    let end = loop {
        if shutdown.is_cancelled() {
            break Some(End::Stopping);
        }
        let next = match messages.next().now_or_never() {
            Some(next) if Instant::now() < ends_at => next,
            Some(_) => break End::refused(too_slow()),
            // Nothing more is at hand. What came together leaves together; nothing waits for more.
            None => {
                if !chunk.is_empty() && parts.send(Part::Lines(chunk.take())).await.is_err() {
                    return;
                }
                tokio::select! {
                    () = shutdown.cancelled() => break Some(End::Stopping),
                    // Whoever asked is gone: what they have not sent is not waited for.
                    () = parts.closed() => return,
                    next = timeout(MAX_STREAM_SILENCE, timeout_at(ends_at, messages.next())) => match next {
                        Ok(Ok(next)) => next,
                        Ok(Err(_)) | Err(_) => break End::refused(too_slow()),
                    },
                }
            }
        };
        let message = match next {
            None => break None,
            Some(Ok(message)) => message,
            // Statuses without a name say that the sender is gone; nobody reads what is answered then.
            Some(Err(status)) => break named_status(status.code()).and_then(End::refused),
        };
        let bytes = message.bytes();
        total += bytes as u64;
        if total > MAX_STREAM_BYTES {
            break End::refused(too_large("a stream", MAX_STREAM_BYTES));
        }
        chunk.push(read(message), bytes);
        if chunk.is_full() && parts.send(Part::Lines(chunk.take())).await.is_err() {
            return;
        }
    };
    if !chunk.is_empty() && parts.send(Part::Lines(chunk)).await.is_err() {
        return;
    }
    if let Some(end) = end {
        // Nobody reads it any more: then it need not be said.
        let _ = parts.send(Part::End(end)).await;
    }
}

async fn decide(sources: Arc<dyn R2dSources>, call: Call, part: Part) -> Vec<Result<SubmissionOutcome, Status>> {
    match part {
        Part::End(end) => vec![Err(end.status(&call))],
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
