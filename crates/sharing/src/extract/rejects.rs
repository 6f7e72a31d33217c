//! Rows that break the declaration, kept with the reason (SHARE-3), so that they can be corrected and replayed.

use std::{
    io::{BufWriter, Write},
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};
use tempfile::NamedTempFile;

use super::ExtractError;

/// Most rejects of a run; with more it publishes nothing.
pub const MAX_REJECTS: u64 = 100_000;
/// Rejects after which a part that has a cursor ends.
pub const PART_REJECTS: u64 = MAX_REJECTS / 4;
/// Most bytes of them.
const MAX_REJECT_BYTES: u64 = 256 * 1024 * 1024;

/// A line of the file of rejects.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reject {
    /// The file of the source, where it has several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// Which record of the source, from 1; which line, of NDJSON.
    pub position: u64,
    /// The column that is wrong; none when the record as a whole is.
    pub column: Option<String>,
    /// Why, in words.
    pub reason: String,
    /// The record as it came. Correct it here, then replay the file.
    pub fields: Map<String, Json>,
}

/// Rejects of a run, being written. The file can be read by its owner alone.
pub(crate) struct Rejects {
    directory: PathBuf,
    file: Option<BufWriter<NamedTempFile>>,
    pub(crate) count: u64,
    bytes: u64,
}

impl Rejects {
    pub(super) fn new(directory: &Path) -> Self {
        Self { directory: directory.to_owned(), file: None, count: 0, bytes: 0 }
    }

    pub(super) fn push(&mut self, reject: &Reject) -> Result<(), ExtractError> {
        self.set_aside(reject)?;
        if self.count > MAX_REJECTS || self.bytes > MAX_REJECT_BYTES {
            return Err(ExtractError::TooManyRejects);
        }
        Ok(())
    }

    /// Takes one without a bound: for rows of a part that was read, which has one.
    pub(crate) fn set_aside(&mut self, reject: &Reject) -> Result<(), ExtractError> {
        let mut line = serde_json::to_vec(reject).map_err(|error| ExtractError::Writing(error.to_string()))?;
        line.push(b'\n');
        self.count += 1;
        self.bytes += line.len() as u64;
        let file = match &mut self.file {
            Some(file) => file,
            // tempfile makes it with mode 0600.
            none => none.insert(BufWriter::new(NamedTempFile::new_in(&self.directory)?)),
        };
        Ok(file.write_all(&line)?)
    }

    /// Whether a part that has a cursor ends with them.
    pub(super) const fn are_many(&self) -> bool {
        self.count >= PART_REJECTS || self.bytes >= MAX_REJECT_BYTES / 4
    }

    /// Keeps them under a name; none when there are none.
    pub(crate) fn keep(self, name: &str) -> Result<Option<PathBuf>, ExtractError> {
        let Some(file) = self.file else { return Ok(None) };
        let file = file.into_inner().map_err(|error| ExtractError::from(error.into_error()))?;
        file.as_file().sync_all()?;
        let path = self.directory.join(name);
        file.persist_noclobber(&path).map_err(|error| ExtractError::from(error.error))?;
        Ok(Some(path))
    }
}
