//! Files: CSV, NDJSON, JSON arrays, Parquet, and rejects that were corrected. Records and fields are bounded, whatever the file holds.

mod array;
mod csv;
mod ends;
mod known;
mod lines;
mod parquet;
pub(super) mod record;

use std::{
    fs::File,
    io,
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
};

use async_trait::async_trait;

use self::lines::{Hashed, Lines};
use super::{Cursor, Declaration, DeclarationError, ExtractError, Source, Stage, Staged, staging::StagedRows};
use crate::sealing::{DataKey, Fingerprint};

/// Longest record, in bytes.
pub const MAX_RECORD_BYTES: u64 = 4 * 1024 * 1024;
const BUFFER_BYTES: usize = 64 * 1024;

/// How a file is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileFormat {
    /// RFC 4180, with a header.
    Csv,
    /// A JSON object a line.
    Ndjson,
    /// One JSON array of objects (RFC 8259), read an element at a time.
    Json,
    /// Apache Parquet, flat columns, uncompressed or Snappy.
    Parquet,
    /// The file of rejects of an earlier run, corrected ([`Reject`](super::Reject)).
    Rejects,
}

/// A file of the owner. No cursor is declared: a run takes what is new in it, which is all of it unless rows were appended to what was read; a line that
/// somebody is still writing is taken when it has its end.
#[derive(Clone, Debug)]
pub struct FileSource {
    path: PathBuf,
    format: FileFormat,
    is_final: bool,
}

impl FileSource {
    /// Names a file. Of CSV and NDJSON it may still grow: a last record without a line end waits for it.
    #[must_use]
    pub fn new(path: &Path, format: FileFormat) -> Self {
        Self { path: path.to_owned(), format, is_final: false }
    }

    /// Says that nothing more is written to it, so that its last record is one also without a line end.
    #[must_use]
    pub fn finished(self) -> Self {
        Self { is_final: true, ..self }
    }
}

#[async_trait]
impl Source for FileSource {
    fn is_file(&self) -> bool {
        true
    }

    async fn stage(
        &self,
        declaration: &Declaration,
        after: Option<&Cursor>,
        directory: &Path,
        key: &DataKey,
    ) -> Result<Staged, ExtractError> {
        declaration.check()?;
        if let Some(cursor) = &declaration.cursor {
            return Err(DeclarationError::Cursor(cursor.clone()).into());
        }
        let (source, declaration, after) = (self.clone(), declaration.clone(), after.cloned());
        let (directory, key) = (directory.to_owned(), key.clone());
        let reading = tokio::task::spawn_blocking(move || {
            let mut rows = Stage { directory: &directory, key: &key }.rows(&declaration)?;
            if source.format == FileFormat::Rejects {
                let replayed = read(&source.path, source.format, &declaration, &mut rows)?;
                return Ok(Staged { replayed, ..rows.finish(None)? });
            }
            let read = known::take_new(&source, &declaration, after.as_ref(), &mut rows)?;
            Ok(Staged { mark: read.mark, ..rows.finish(Some(read.value))? })
        });
        reading.await.map_err(|error| ExtractError::Writing(error.to_string()))?
    }
}

/// Reads the records of a file into rows; answers its SHA-256 when it is one of corrected rejects. After an error the rows are of no use.
pub(super) fn read(
    path: &Path,
    format: FileFormat,
    declaration: &Declaration,
    rows: &mut StagedRows,
) -> Result<Option<Fingerprint>, ExtractError> {
    let file = File::open(path).map_err(lost)?;
    match format {
        FileFormat::Csv => csv::csv_file(file, declaration, rows, 0).map(drop)?,
        FileFormat::Ndjson => lines::lines(file, declaration, rows, Lines::Records, 0).map(drop)?,
        FileFormat::Json => array::array(file, declaration, rows)?,
        FileFormat::Parquet => parquet_file(file, declaration, rows)?,
        FileFormat::Rejects => {
            let mut hashed = Hashed::new(file);
            lines::lines(&mut hashed, declaration, rows, Lines::Rejects, 0)?;
            return Ok(Some(hashed.fingerprint()));
        }
    }
    Ok(None)
}

fn parquet_file(file: File, declaration: &Declaration, rows: &mut StagedRows) -> Result<(), ExtractError> {
    // Of the crates that read files, this one has assertions about them: they end the reading and not the process.
    let reading = AssertUnwindSafe(|| parquet::parquet(file, declaration, rows));
    let read = catch_unwind(reading);
    read.unwrap_or(Err(ExtractError::SourceMalformed("the Parquet file cannot be read")))
}

fn lost(error: io::Error) -> ExtractError {
    ExtractError::SourceLost(error.to_string())
}
