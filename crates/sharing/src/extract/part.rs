//! A part: Parquet, sealed while it is written to staging.

use std::{fs::File, io::BufWriter};

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use parquet::{arrow::ArrowWriter, basic::Compression, errors::ParquetError, file::properties::WriterProperties};
use tempfile::NamedTempFile;

use super::ExtractError;
use crate::sealing::{DataKey, SealError, Sealed, SealingWriter};

/// Rows of a row group: what a part keeps in memory.
const ROW_GROUP_ROWS: usize = 65_536;
/// Bytes after which a row group ends early.
const ROW_GROUP_BYTES: usize = 64 * 1024 * 1024;

pub(super) struct PartWriter {
    staged: NamedTempFile,
    parquet: ArrowWriter<SealingWriter<BufWriter<File>>>,
}

impl PartWriter {
    pub(super) fn new(staged: NamedTempFile, schema: SchemaRef, key: &DataKey) -> Result<Self, ExtractError> {
        let sealing = SealingWriter::new(BufWriter::new(staged.reopen()?), key).map_err(sealing)?;
        let properties = WriterProperties::builder()
            .set_compression(Compression::SNAPPY)
            .set_max_row_group_row_count(Some(ROW_GROUP_ROWS))
            .build();
        let parquet = ArrowWriter::try_new(sealing, schema, Some(properties)).map_err(writing)?;
        Ok(Self { staged, parquet })
    }

    pub(super) fn write(&mut self, batch: &RecordBatch) -> Result<(), ExtractError> {
        self.parquet.write(batch).map_err(writing)?;
        if self.parquet.in_progress_size() >= ROW_GROUP_BYTES { self.parquet.flush().map_err(writing) } else { Ok(()) }
    }

    pub(super) fn write_all(&mut self, batches: &[RecordBatch]) -> Result<(), ExtractError> {
        batches.iter().try_for_each(|batch| self.write(batch))
    }

    /// The staged file, whole and synced.
    pub(super) fn finish(self) -> Result<(NamedTempFile, Sealed), ExtractError> {
        let (file, sealed) = self.parquet.into_inner().map_err(writing)?.finish().map_err(sealing)?;
        file.into_inner().map_err(|error| ExtractError::from(error.into_error()))?.sync_all()?;
        Ok((self.staged, sealed))
    }
}

fn sealing(error: SealError) -> ExtractError {
    std::io::Error::from(error).into()
}

fn writing(error: ParquetError) -> ExtractError {
    match error {
        ParquetError::External(inner) => match inner.downcast::<std::io::Error>() {
            Ok(error) => (*error).into(),
            Err(inner) => ExtractError::Writing(inner.to_string()),
        },
        other => ExtractError::Writing(other.to_string()),
    }
}
