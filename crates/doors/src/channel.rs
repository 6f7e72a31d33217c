//! The connection to a process: made at the first call, and again when it has ended.

use std::{io::Error, path::PathBuf};

use hyper::client::conn::http2::{Builder, SendRequest};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::{net::UnixStream, sync::Mutex, time::timeout};
use tonic::body::Body;

use crate::{
    FolderError, folder,
    limits::{
        CONNECT_TIMEOUT, CONNECTION_WINDOW_BYTES, KEEP_ALIVE_INTERVAL, KEEP_ALIVE_TIMEOUT, MAX_CALLS,
        STREAM_WINDOW_BYTES,
    },
    listener::belongs_to,
};

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConnectError {
    #[error(transparent)]
    Folder(#[from] FolderError),
    #[error("nobody listens at {path}: {error}")]
    Socket { path: PathBuf, error: Error },
    #[error("the connection cannot be used: {0}")]
    Handshake(#[from] hyper::Error),
    #[error("the connection was not made in time")]
    TimedOut,
}

/// One connection, which all calls share.
pub(crate) struct Channel {
    folder: PathBuf,
    socket: PathBuf,
    connected: Mutex<Option<SendRequest<Body>>>,
}

impl Channel {
    pub(crate) fn new(directory: PathBuf, entity: &str) -> Self {
        let socket = folder::socket(&directory, entity);
        Self { folder: directory, socket, connected: Mutex::new(None) }
    }

    /// A connection that lives, as far as is known.
    pub(crate) async fn connected(&self) -> Result<SendRequest<Body>, ConnectError> {
        let mut connected = self.connected.lock().await;
        if let Some(known) = connected.as_ref().filter(|known| !known.is_closed()) {
            return Ok(known.clone());
        }
        *connected = None;
        let made = timeout(CONNECT_TIMEOUT, self.connect()).await.map_err(|_| ConnectError::TimedOut)??;
        *connected = Some(made.clone());
        Ok(made)
    }

    async fn connect(&self) -> Result<SendRequest<Body>, ConnectError> {
        let owner = folder::owner(&self.folder)?;
        let failed = |error| ConnectError::Socket { path: self.socket.clone(), error };
        let stream = UnixStream::connect(&self.socket).await.map_err(failed)?;
        belongs_to(&stream, owner).map_err(failed)?;
        let (sender, connection) = Builder::new(TokioExecutor::new())
            .timer(TokioTimer::new())
            .initial_stream_window_size(STREAM_WINDOW_BYTES)
            .initial_connection_window_size(CONNECTION_WINDOW_BYTES)
            .keep_alive_interval(KEEP_ALIVE_INTERVAL)
            .keep_alive_timeout(KEEP_ALIVE_TIMEOUT)
            .keep_alive_while_idle(true)
            // Answers to calls that were dropped come late, and are nobody's fault.
            .max_concurrent_reset_streams(MAX_CALLS)
            .max_local_error_reset_streams(None)
            .handshake(TokioIo::new(stream))
            .await?;
        tokio::spawn(async move {
            // Whoever has a call under way is told; this is for the log.
            if let Err(error) = connection.await {
                tracing::debug!(%error, "the connection to a door has ended");
            }
        });
        Ok(sender)
    }
}
