//! The folder of the sockets: it belongs to one user, and nobody else may enter it. That is how the processes of a city know one another.

use std::{
    fs,
    os::unix::fs::{DirBuilderExt as _, MetadataExt as _},
    path::{Path, PathBuf},
};

/// Others could speak through the folder, or it is not there.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// It cannot be made or looked at.
    #[error("{path} cannot be used for the doors' sockets: {error}")]
    Unusable {
        /// The folder.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// Somebody else may enter it.
    #[error("{path} may be entered by others (mode {mode:o}): chmod 700 it")]
    Open {
        /// The folder.
        path: PathBuf,
        /// Its permissions.
        mode: u32,
    },
}

/// Makes the folder of a city's doors if it is missing, and checks that nobody but its owner may enter it.
///
/// # Errors
/// [`FolderError`].
pub fn prepare(path: &Path) -> Result<(), FolderError> {
    make(path)?;
    owner(path).map(|_| ())
}

/// Makes the folder if it is missing, for its owner alone.
fn make(path: &Path) -> Result<(), FolderError> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true).mode(0o700);
    builder.create(path).map_err(|error| FolderError::Unusable { path: path.to_path_buf(), error })
}

/// Who owns it; nobody else may enter.
pub(crate) fn owner(path: &Path) -> Result<u32, FolderError> {
    let metadata = fs::metadata(path).map_err(|error| FolderError::Unusable { path: path.to_path_buf(), error })?;
    let mode = metadata.mode() & 0o777;
    if mode & 0o077 != 0 {
        return Err(FolderError::Open { path: path.to_path_buf(), mode });
    }
    Ok(metadata.uid())
}

/// The socket of an entity.
pub(crate) fn socket(path: &Path, entity: &str) -> PathBuf {
    path.join(format!("{entity}.sock"))
}
