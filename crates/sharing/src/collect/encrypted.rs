//! The port through which a listener gets its TLS: whoever assembles the process has certificate and key.

use std::{fmt, io, sync::Arc};

use async_trait::async_trait;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
};

/// What is read and written after the handshake.
pub trait Channel: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Channel for S {}

/// Encrypts connections of one listener.
#[async_trait]
pub trait Encryption: fmt::Debug + Send + Sync {
    /// The handshake with a client, within a bounded time.
    ///
    /// # Errors
    /// What the client did not do, or not in time; it is spoken to no more.
    async fn accept(&self, stream: TcpStream) -> io::Result<Box<dyn Channel>>;

    /// Whether it lets in those alone who show a certificate of an authority that the owner has named (RFC 8446, section 4.3.2).
    fn verifies_senders(&self) -> bool;
}

/// A connection as it is spoken on: in plain text where nothing encrypts it.
///
/// # Errors
/// As [`Encryption::accept`].
pub(super) async fn opened(stream: TcpStream, encryption: Option<Arc<dyn Encryption>>) -> io::Result<Box<dyn Channel>> {
    match encryption {
        None => Ok(Box::new(stream)),
        Some(encryption) => encryption.accept(stream).await,
    }
}
