//! Whoever reads an answer, and how long it takes nothing of it. An answer is handed on in pieces, the next when the one before was taken, so that what waits for its
//! reader waits in the answer, which is counted, and not in a connection's buffers.
//!
//! ```text
//! handler's body --> [`Answer`]: pieces --> hyper, within the reader's window
//!                        | since when a piece waits
//!                    [`Reader`] --> [`while_read`] ends the stream (HTTP/2), or the connection (HTTP/1.1), whose reader takes nothing
//! ```

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use axum::body::{Body, Bytes, HttpBody};
use hyper::{
    body::{Frame, SizeHint},
    rt::Executor,
};
use parking_lot::Mutex;
use tokio::time::{Instant, sleep, sleep_until};

use super::activity::UnderWay;
use crate::limits::MAX_PIECE_BYTES;

tokio::task_local! {
    /// Whoever reads what the task writes.
    static READER: Arc<Reader>;
}

/// Since when a piece that was handed on waits to be taken.
#[derive(Debug, Default)]
struct Reader(Mutex<Option<Instant>>);

impl Reader {
    /// Ends when a piece has waited for so long.
    async fn takes_nothing(&self, silence: Duration) {
        loop {
            let since = *self.0.lock();
            match since.map(|since| since + silence) {
                Some(until) if until <= Instant::now() => return,
                Some(until) => sleep_until(until).await,
                None => sleep(silence).await,
            }
        }
    }
}

/// Runs what writes an answer as long as its reader takes some of it; `None` when it takes nothing for so long.
pub(super) async fn while_read<F: Future>(writing: F, silence: Duration) -> Option<F::Output> {
    let reader = Arc::new(Reader::default());
    tokio::select! {
        output = READER.scope(Arc::clone(&reader), writing) => Some(output),
        () = reader.takes_nothing(silence) => None,
    }
}

/// Runs the streams of an HTTP/2 connection, each with a reader of its own.
#[derive(Clone, Copy, Debug)]
pub(super) struct Streams {
    /// Longest that a reader takes nothing.
    pub(super) silence: Duration,
}

impl<F> Executor<F> for Streams
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    fn execute(&self, stream: F) {
        let silence = self.silence;
        tokio::spawn(async move {
            if while_read(stream, silence).await.is_none() {
                tracing::debug!("a stream was ended: nobody read its answer");
            }
        });
    }
}

/// The body of an answer, in pieces.
pub(super) struct Answer {
    body: Body,
    /// What of the last part is not handed on yet.
    rest: Bytes,
    reader: Option<Arc<Reader>>,
    _under_way: UnderWay,
}

impl Answer {
    /// Of a request that is under way until the answer is dropped. To be made in the task that writes it.
    pub(super) fn new(body: Body, under_way: UnderWay) -> Self {
        Self { body, rest: Bytes::new(), reader: READER.try_with(Arc::clone).ok(), _under_way: under_way }
    }

    fn waits_for_reader(&self, since: Option<Instant>) {
        if let Some(reader) = &self.reader {
            *reader.0.lock() = since;
        }
    }
}

impl HttpBody for Answer {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        // Whoever asks for more has taken what there was.
        self.waits_for_reader(None);
        let frame = if self.rest.is_empty() {
            match ready!(Pin::new(&mut self.body).poll_frame(context)) {
                Some(Ok(frame)) => frame,
                end => return Poll::Ready(end),
            }
        } else {
            Frame::data(std::mem::take(&mut self.rest))
        };
        self.waits_for_reader(Some(Instant::now()));
        Poll::Ready(Some(Ok(match frame.into_data() {
            Ok(mut data) => {
                let piece = data.split_to(data.len().min(MAX_PIECE_BYTES));
                self.rest = data;
                Frame::data(piece)
            }
            Err(other) => other,
        })))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty() && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let (body, rest) = (self.body.size_hint(), self.rest.len() as u64);
        let mut hint = SizeHint::new();
        if let Some(upper) = body.upper() {
            hint.set_upper(upper.saturating_add(rest));
        }
        hint.set_lower(body.lower().saturating_add(rest));
        hint
    }
}

impl Drop for Answer {
    fn drop(&mut self) {
        self.waits_for_reader(None);
    }
}
