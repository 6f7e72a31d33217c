//! Where a process is spoken to: a Unix-domain socket in the folder of the city's doors.

use std::{
    io::{Error, ErrorKind},
    path::{Path, PathBuf},
};

use tokio::net::{UnixListener, UnixStream};

use crate::{EntityLock, FolderError, folder, limits::MAX_SOCKET_PATH_BYTES};

/// Why a process cannot listen.
#[derive(Debug, thiserror::Error)]
pub enum ListenError {
    /// The folder.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// The system's bound.
    #[error(
        "{path} is longer than a socket's path may be ({MAX_SOCKET_PATH_BYTES} bytes): choose a shorter --data-dir"
    )]
    TooLong {
        /// The socket.
        path: PathBuf,
    },
    /// The system.
    #[error("cannot listen at {path}: {error}")]
    Unusable {
        /// The socket.
        path: PathBuf,
        /// Why.
        error: Error,
    },
}

/// A socket that is listened at, by the process that is the entity.
#[derive(Debug)]
pub struct DoorListener {
    listener: UnixListener,
    owner: u32,
}

/// Checks that an entity can be listened at, before anything is opened for it: makes the folder if it is missing.
///
/// # Errors
/// [`ListenError`].
pub fn check(directory: &Path, entity: &str) -> Result<(), ListenError> {
    folder::prepare(directory)?;
    short(folder::socket(directory, entity)).map(|_| ())
}

/// A path that a socket may have.
fn short(path: PathBuf) -> Result<PathBuf, ListenError> {
    if path.as_os_str().len() > MAX_SOCKET_PATH_BYTES {
        return Err(ListenError::TooLong { path });
    }
    Ok(path)
}

impl DoorListener {
    /// Listens as an entity, whose lock the caller has and keeps: what a process that was killed has left behind is taken away.
    ///
    /// # Errors
    /// [`ListenError`].
    pub fn bind(directory: &Path, entity: &str, _alone: &EntityLock) -> Result<Self, ListenError> {
        let owner = folder::owner(directory)?;
        let path = short(folder::socket(directory, entity))?;
        let unusable = |error| ListenError::Unusable { path: path.clone(), error };
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(unusable(error)),
            _ => {}
        }
        let listener = UnixListener::bind(&path).map_err(unusable)?;
        Ok(Self { listener, owner })
    }

    /// The next connection of a process of the same owner; others are closed without a word (DOORS-2).
    pub(crate) async fn accept(&self) -> Result<UnixStream, Error> {
        loop {
            let (stream, _) = self.listener.accept().await?;
            match belongs_to(&stream, self.owner) {
                Ok(()) => return Ok(stream),
                Err(error) => tracing::warn!(%error, "a connection to a door was closed"),
            }
        }
    }
}

/// Whether the process at the other end is a user's.
pub(crate) fn belongs_to(stream: &UnixStream, owner: u32) -> Result<(), Error> {
    let peer = stream.peer_cred()?.uid();
    if peer == owner {
        return Ok(());
    }
    Err(Error::new(ErrorKind::PermissionDenied, format!("the process at the other end is of user {peer}, not {owner}")))
}
