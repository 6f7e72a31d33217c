//! A shared file that was proven, and is opened as it is read.

use std::{
    fs::File,
    io::{self, BufWriter, Read, Write as _},
    path::{Path, PathBuf},
};

use chancery_ledger::ChainHead;
use chancery_sharing::{
    release::{Reception, Standing},
    sealing::{OpeningReader, SealError},
};
use tempfile::{NamedTempFile, TempDir};

use super::ShareError;

/// A version of an asset, whole and proven to be the published one. Sealed it lies on the disk, and is removed with this; what comes out is authenticated chunk by chunk, and
/// no chunk before it was. Sharing as `chancery share` does it makes files in Parquet.
#[derive(Debug)]
pub struct SharedFile {
    scratch: TempDir,
    received: Reception,
    version: u32,
}

impl SharedFile {
    pub(super) const fn new(scratch: TempDir, received: Reception, version: u32) -> Self {
        Self { scratch, received, version }
    }

    /// Which version.
    #[must_use]
    pub const fn version(&self) -> u32 {
        self.version
    }

    /// Whether the chain has proven it: always, but for a chain whose word alone was accepted.
    #[must_use]
    pub const fn is_proven(&self) -> bool {
        matches!(self.received.standing, Standing::Proven(_))
    }

    /// The final block by which grant and version are proven.
    #[must_use]
    pub const fn block(&self) -> &ChainHead {
        self.received.standing.block()
    }

    /// Opens it from the beginning, as often as it is called. Reading takes memory for one chunk. What was read is the whole file when the end is reached without an error, and only then.
    ///
    /// # Errors
    /// [`ShareError::Opening`].
    pub fn read(&self) -> Result<impl Read + use<>, ShareError> {
        let sealed = File::open(sealed_in(&self.scratch)).map_err(SealError::Io)?;
        Ok(OpeningReader::new(sealed, &self.received.data_key)?)
    }

    /// Writes the opened file, readable by its owner alone; whole, or not at all. The bytes that it has.
    ///
    /// # Errors
    /// [`ShareError::Folder`], [`ShareError::Opening`]; [`ShareError::Write`] also when something is there already.
    pub fn save(&self, path: &Path) -> Result<u64, ShareError> {
        let folder = folder_of(path);
        let cannot = |cause| ShareError::Write { path: path.to_owned(), cause };
        let mut plain =
            NamedTempFile::new_in(folder).map_err(|cause| ShareError::Folder { folder: folder.to_owned(), cause })?;
        let mut writer = BufWriter::new(plain.as_file_mut());
        let bytes = io::copy(&mut self.read()?, &mut writer).map_err(cannot)?;
        writer.flush().map_err(cannot)?;
        drop(writer);
        plain.as_file().sync_all().map_err(cannot)?;
        plain.persist_noclobber(path).map_err(|failure| cannot(failure.error))?;
        Ok(bytes)
    }
}

/// A folder that nobody else may enter, for what is not proven yet.
pub(super) fn scratch_in(folder: &Path) -> Result<TempDir, ShareError> {
    tempfile::tempdir_in(folder).map_err(|cause| ShareError::Folder { folder: folder.to_owned(), cause })
}

pub(super) fn sealed_in(scratch: &TempDir) -> PathBuf {
    scratch.path().join("sealed")
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}
