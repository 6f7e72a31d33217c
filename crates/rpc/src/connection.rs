//! One TCP connection: its place among the connections, and how many of its calls may be unfinished.

use std::{
    io,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    task::{Context, Poll},
};

use futures::task::AtomicWaker;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
    sync::OwnedSemaphorePermit,
};

/// Unfinished calls of one connection. While they are too many, or while the client does not take the answers that were
/// already written, nothing more is read from it.
///
/// A WebSocket client that writes requests and reads no answers would otherwise make the server keep them all.
#[derive(Debug)]
pub(crate) struct InFlight {
    calls: AtomicU32,
    most: u32,
    /// The socket took nothing of the last write.
    write_stalled: AtomicBool,
    reader: AtomicWaker,
}

impl InFlight {
    pub(crate) fn new(most: u32) -> Arc<Self> {
        Arc::new(Self {
            calls: AtomicU32::new(0),
            most: most.max(1),
            write_stalled: AtomicBool::new(false),
            reader: AtomicWaker::new(),
        })
    }

    /// Counts a call until the guard is dropped.
    pub(crate) fn begin(self: &Arc<Self>) -> InFlightCall {
        self.calls.fetch_add(1, Ordering::AcqRel);
        InFlightCall(self.clone())
    }

    fn must_not_read(&self) -> bool {
        self.calls.load(Ordering::Acquire) >= self.most || self.write_stalled.load(Ordering::Acquire)
    }

    fn wrote<T>(&self, written: Poll<T>) -> Poll<T> {
        let was_stalled = self.write_stalled.swap(written.is_pending(), Ordering::AcqRel);
        if was_stalled && written.is_ready() {
            self.reader.wake();
        }
        written
    }
}

/// One unfinished call.
#[derive(Debug)]
pub(crate) struct InFlightCall(Arc<InFlight>);

impl Drop for InFlightCall {
    fn drop(&mut self) {
        self.0.calls.fetch_sub(1, Ordering::AcqRel);
        self.0.reader.wake();
    }
}

/// The socket of a connection, which holds the connection's place and stops reading while too many calls are unfinished.
#[derive(Debug)]
pub(crate) struct ConnectionIo {
    stream: TcpStream,
    in_flight: Arc<InFlight>,
    _place: OwnedSemaphorePermit,
}

impl ConnectionIo {
    pub(crate) fn new(stream: TcpStream, in_flight: Arc<InFlight>, place: OwnedSemaphorePermit) -> Self {
        Self { stream, in_flight, _place: place }
    }
}

impl AsyncRead for ConnectionIo {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.in_flight.must_not_read() {
            self.in_flight.reader.register(context.waker());
            // A call may have finished between the check and the registration.
            if self.in_flight.must_not_read() {
                return Poll::Pending;
            }
        }
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for ConnectionIo {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.in_flight.wrote(written)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, slices);
        self.in_flight.wrote(written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}
