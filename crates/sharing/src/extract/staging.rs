//! A part being made of values: rows go into Parquet, what breaks the declaration goes aside.

use std::path::Path;

use arrow_schema::SchemaRef;
use serde_json::{Map, Value as Json};
use tempfile::NamedTempFile;

use super::{
    Declaration, ExtractError, MAX_PART_ROWS,
    columns::{self, Columns},
    part::PartWriter,
    rejects::{Reject, Rejects},
    value::Value,
};
use crate::sealing::{DataKey, Fingerprint, Sealed};

/// What a source made: staged, not yet published.
pub struct Staged {
    pub(crate) file: NamedTempFile,
    pub(crate) sealed: Sealed,
    pub(crate) rows: u64,
    pub(crate) cursor: Option<i64>,
    pub(crate) rejects: Rejects,
    /// SHA-256 of the file, when it is one of corrected rejects: it is taken once.
    pub(crate) replayed: Option<Fingerprint>,
    /// What the source remembers the cursor's row by.
    pub(crate) mark: Option<String>,
}

/// Where and under which key a part is staged.
#[derive(Debug)]
pub(super) struct Stage<'a> {
    pub(super) directory: &'a Path,
    pub(super) key: &'a DataKey,
}

impl Stage<'_> {
    pub(super) fn part(&self, schema: SchemaRef) -> Result<PartWriter, ExtractError> {
        PartWriter::new(NamedTempFile::new_in(self.directory)?, schema, self.key)
    }

    pub(super) fn rows(&self, declaration: &Declaration) -> Result<StagedRows, ExtractError> {
        Ok(StagedRows {
            part: self.part(columns::schema(&declaration.columns))?,
            columns: Columns::new(&declaration.columns),
            rejects: Rejects::new(self.directory),
            rows: 0,
            file: None,
        })
    }
}

/// A part that is filled row by row.
pub(super) struct StagedRows {
    part: PartWriter,
    columns: Columns,
    rejects: Rejects,
    rows: u64,
    /// Which file of several is read.
    file: Option<String>,
}

impl StagedRows {
    /// From here on rows are of this file.
    pub(super) fn begin_file(&mut self, name: &str) {
        self.file = Some(name.to_owned());
    }

    /// Takes a row whose values have the declared types.
    pub(super) fn row(&mut self, values: &[Value]) -> Result<(), ExtractError> {
        for (column, value) in values.iter().enumerate() {
            self.columns.push(column, value);
        }
        self.columns.end_row();
        self.rows += 1;
        if self.rows > MAX_PART_ROWS {
            return Err(ExtractError::TooManyRows);
        }
        if self.columns.is_full() { self.write() } else { Ok(()) }
    }

    /// Whether a part that has a cursor ends here. Rejects count, and end it long before there are too many of them.
    pub(super) const fn is_full(&self, part_rows: u64) -> bool {
        self.rows + self.rejects.count >= part_rows || self.rejects.are_many()
    }

    /// Keeps a record aside.
    pub(super) fn reject(
        &mut self,
        position: u64,
        column: Option<&str>,
        reason: &str,
        fields: Map<String, Json>,
    ) -> Result<(), ExtractError> {
        let column = column.map(str::to_owned);
        self.rejects.push(&Reject { file: self.file.clone(), position, column, reason: reason.to_owned(), fields })
    }

    pub(super) fn finish(mut self, cursor: Option<i64>) -> Result<Staged, ExtractError> {
        self.write()?;
        let (file, sealed) = self.part.finish()?;
        Ok(Staged { file, sealed, rows: self.rows, cursor, rejects: self.rejects, replayed: None, mark: None })
    }

    fn write(&mut self) -> Result<(), ExtractError> {
        self.part.write_all(&self.columns.take()?)
    }
}
