//! From reading a stream to deciding what was read: chunks, one at a time, and in the end why no more was read.

use futures::{Stream, stream};
use tokio::{
    sync::{mpsc, oneshot},
    time::{Instant, timeout_at},
};

use super::Chunk;

/// What is handed from reading to deciding.
#[derive(Debug)]
pub(crate) enum Part<E> {
    Lines(Chunk),
    /// The last: why no more was read, and the number of the first line that was not handed on.
    End {
        index: u64,
        end: E,
    },
}

/// Why a chunk was not handed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unsent {
    /// Nobody waits for outcomes any more.
    ReaderGone,
    /// Until the stream's end nobody took it.
    TooSlow,
}

/// Where reading hands on.
pub(crate) struct Parts<E> {
    chunks: mpsc::Sender<Chunk>,
    end: oneshot::Sender<E>,
    ends_at: Instant,
}

/// Both ends of one stream, whose time is over at `ends_at`. At most one chunk waits between them.
pub(crate) fn parts<E>(ends_at: Instant) -> (Parts<E>, impl Stream<Item = Part<E>>) {
    let ((chunks, taken), (end, ended)) = (mpsc::channel(1), oneshot::channel());
    let received = stream::unfold((taken, Some(ended), 0), |(mut taken, ended, next)| async move {
        if let Some(chunk) = taken.recv().await {
            let next = Chunk::next(&chunk);
            return Some((Part::Lines(chunk), (taken, ended, next)));
        }
        // It was laid here before the last sender went.
        let end = ended?.try_recv().ok()?;
        Some((Part::End { index: next, end }, (taken, None, next)))
    });
    (Parts { chunks, end, ends_at }, received)
}

impl<E> Parts<E> {
    /// Hands on what was gathered, unless that is nothing, as soon as what was handed on before is taken.
    ///
    /// # Errors
    /// [`Unsent`]; the chunk is given up, and none of it is decided.
    pub(crate) async fn send(&self, chunk: Chunk) -> Result<(), Unsent> {
        if chunk.is_empty() {
            return Ok(());
        }
        match timeout_at(self.ends_at, self.chunks.send(chunk)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(Unsent::ReaderGone),
            Err(_) => Err(Unsent::TooSlow),
        }
    }

    /// When the stream's time is over.
    pub(crate) const fn ends_at(&self) -> Instant {
        self.ends_at
    }

    /// Waits until nobody waits for outcomes any more.
    pub(crate) async fn reader_gone(&self) {
        self.chunks.closed().await;
    }

    /// Says why no more was read, after what was handed on. Nothing waits for that to be taken.
    pub(crate) fn end(self, end: E) {
        // Nobody reads it any more: then it need not be said.
        let _ = self.end.send(end);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::time::Duration;

    use chancery_reference_points::Code;
    use futures::StreamExt as _;

    use super::*;
    use crate::problem::ApiError;

    fn chunk(gathered: &mut Chunk, lines: usize) -> Chunk {
        (0..lines).for_each(|_| gathered.push(Err(ApiError::new(Code::MalformedRequest, "")), 1));
        gathered.take()
    }

    // GRPC-5, DATA-9
    #[tokio::test]
    async fn nothing_waits_beyond_the_time_of_the_stream_and_its_end_is_said_after_what_was_handed_on() {
        let (parts, received) = parts(Instant::now() + Duration::from_millis(10));
        let mut gathered = Chunk::default();
        parts.send(chunk(&mut gathered, 3)).await.unwrap();
        assert_eq!(parts.send(chunk(&mut gathered, 2)).await, Err(Unsent::TooSlow));
        parts.end("late");
        let received: Vec<_> = received.collect().await;
        assert!(matches!(&received[0], Part::Lines(chunk) if (chunk.first, chunk.lines.len()) == (0, 3)));
        assert!(matches!(received[1], Part::End { index: 3, end: "late" }));
        assert_eq!(received.len(), 2);
    }

    #[tokio::test]
    async fn a_reader_that_is_gone_is_noticed() {
        let (parts, received) = parts::<()>(Instant::now() + Duration::from_secs(3600));
        drop(received);
        parts.reader_gone().await;
        assert_eq!(parts.send(chunk(&mut Chunk::default(), 1)).await, Err(Unsent::ReaderGone));
        parts.send(Chunk::default()).await.unwrap();
    }
}
