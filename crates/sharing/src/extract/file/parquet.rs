//! Apache Parquet: flat columns, uncompressed or Snappy. The file is hostile until it is read: what it claims of itself is bounded before it is believed.
//!
//! Columns are read through the reader's own column readers, a batch of values at a time: values of a dictionary are shared by all rows that have them, so a small
//! file that stands for gigabytes stays small until its rows are written, one batch after the other.

mod chunk;
mod field;
mod header;
mod pages;

use std::{
    fs::File,
    io::{ErrorKind, Read as _, Seek as _, SeekFrom},
    sync::Arc,
};

use parquet::{
    basic::Compression,
    errors::ParquetError,
    file::{
        metadata::{ColumnChunkMetaData, ParquetMetaData, ParquetMetaDataReader},
        serialized_reader::SerializedPageReader,
    },
};
use serde_json::{Map, Value as Json};

use self::{chunk::BoundedFile, field::FieldReader, pages::GuardedPages};
use super::lost;
use crate::extract::{
    Declaration, DeclarationError, ExtractError, conditions::holds, staging::StagedRows, value::Value,
};

/// Longest metadata at the end of a file.
const MAX_METADATA_BYTES: u64 = 16 * 1024 * 1024;
/// Values of a column that are read at a time.
const BATCH_VALUES: usize = 1024;

pub(super) fn parquet(mut file: File, declaration: &Declaration, rows: &mut StagedRows) -> Result<(), ExtractError> {
    let metadata = metadata(&mut file)?;
    let places = places(&metadata, declaration)?;
    let file = Arc::new(BoundedFile::new(file).map_err(lost)?);
    let mut position = 0;
    for group in metadata.row_groups() {
        let mut left = usize::try_from(group.num_rows()).map_err(|_| WRONG)?;
        let mut readers = Vec::with_capacity(places.len());
        for place in &places {
            let chunk = group.columns().get(*place).ok_or(WRONG)?;
            check(chunk, file.length())?;
            let pages = SerializedPageReader::new(Arc::clone(&file), chunk, left, None).map_err(unreadable)?;
            readers.push(FieldReader::new(chunk.column_descr_ptr(), Box::new(GuardedPages::new(pages)))?);
        }
        while left > 0 {
            let count = left.min(BATCH_VALUES);
            for reader in &mut readers {
                reader.fill(count)?;
            }
            for row in 0..count {
                position += 1;
                take(position, row, &readers, declaration, rows)?;
            }
            left -= count;
        }
    }
    Ok(())
}

const WRONG: ExtractError = ExtractError::SourceMalformed("the Parquet file contradicts itself");

/// The metadata, whose length is bounded before it is read.
fn metadata(file: &mut File) -> Result<ParquetMetaData, ExtractError> {
    const NONE: ExtractError = ExtractError::SourceMalformed("this is no Parquet file");
    let length = file.seek(SeekFrom::End(0)).map_err(lost)?;
    let at = length.checked_sub(8).ok_or(NONE)?;
    file.seek(SeekFrom::Start(at)).map_err(lost)?;
    let mut tail = [0; 8];
    file.read_exact(&mut tail).map_err(lost)?;
    let [a, b, c, d, magic @ ..] = tail;
    let claimed = u64::from(u32::from_le_bytes([a, b, c, d]));
    if magic != *b"PAR1" {
        return Err(NONE);
    }
    if claimed > MAX_METADATA_BYTES || claimed > at {
        return Err(ExtractError::SourceMalformed("the metadata of the Parquet file is longer than its bound"));
    }
    ParquetMetaDataReader::new().parse_and_finish(&*file).map_err(unreadable)
}

/// Where the columns are that are shared or compared: flat ones of the file's root.
fn places(metadata: &ParquetMetaData, declaration: &Declaration) -> Result<Vec<usize>, ExtractError> {
    let schema = metadata.file_metadata().schema_descr();
    let compared = declaration.conditions.iter().map(|condition| &condition.column);
    let mut places = Vec::new();
    for name in declaration.columns.iter().map(|column| &column.name).chain(compared) {
        let mut found =
            schema.columns().iter().enumerate().filter(|(_, column)| column.path().parts().first() == Some(name));
        let (place, column) = found.next().ok_or_else(|| DeclarationError::NoColumn(name.clone()))?;
        if found.next().is_some() || column.path().parts().len() != 1 || column.max_rep_level() != 0 {
            let refused = DeclarationError::Nested(name.clone());
            return Err(refused.into());
        }
        places.push(place);
    }
    Ok(places)
}

/// What a chunk claims of itself, before a reader takes it.
fn check(chunk: &ColumnChunkMetaData, length: u64) -> Result<(), ExtractError> {
    match chunk.compression() {
        Compression::UNCOMPRESSED | Compression::SNAPPY => {}
        _ => return Err(ExtractError::SourceMalformed("a Parquet file is read uncompressed or with Snappy")),
    }
    let start = chunk.dictionary_page_offset().unwrap_or_else(|| chunk.data_page_offset());
    let (start, bytes) = (u64::try_from(start), u64::try_from(chunk.compressed_size()));
    match (start, bytes) {
        (Ok(start), Ok(bytes)) if start.checked_add(bytes).is_some_and(|end| end <= length) => Ok(()),
        _ => Err(WRONG),
    }
}

/// A record becomes a row, or a reject, or is not among the chosen ones.
fn take(
    position: u64,
    row: usize,
    readers: &[FieldReader],
    declaration: &Declaration,
    rows: &mut StagedRows,
) -> Result<(), ExtractError> {
    let (shared, compared) = readers.split_at(declaration.columns.len());
    let record = || -> Map<String, Json> {
        let named = declaration.columns.iter().map(|column| &column.name);
        let named = named.chain(declaration.conditions.iter().map(|condition| &condition.column));
        named.cloned().zip(readers.iter().map(|reader| reader.json(row))).collect()
    };
    for (condition, reader) in declaration.conditions.iter().zip(compared) {
        match reader.compared(row).and_then(|value| holds(condition, &value)) {
            Ok(true) => {}
            Ok(false) => return Ok(()),
            Err(reason) => return rows.reject(position, Some(&condition.column), reason, record()),
        }
    }
    let mut values: Vec<Value> = Vec::with_capacity(shared.len());
    for (column, reader) in declaration.columns.iter().zip(shared) {
        match reader.value(row, column.kind) {
            Ok(value) => values.push(value),
            Err(reason) => return rows.reject(position, Some(&column.name), reason, record()),
        }
    }
    rows.row(&values)
}

fn unreadable(error: ParquetError) -> ExtractError {
    match error {
        ParquetError::External(inner) => match inner.downcast::<std::io::Error>() {
            Ok(error) if !matches!(error.kind(), ErrorKind::InvalidData | ErrorKind::UnexpectedEof) => lost(*error),
            _ => ExtractError::SourceMalformed("the Parquet file cannot be read"),
        },
        _ => ExtractError::SourceMalformed("the Parquet file cannot be read"),
    }
}
