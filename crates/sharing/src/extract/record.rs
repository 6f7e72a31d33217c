//! One row of a source, in memory: what an office's business database says of one case (C-MOD-5). It is read as everything that is shared is: declared
//! columns, bound values, a part that is sealed on disk, under a key that is forgotten here.

use std::io::Read as _;

use arrow_array::{
    Array as _, ArrayRef, RecordBatch,
    cast::AsArray as _,
    types::{Date32Type, Float64Type, Int64Type, TimestampMicrosecondType},
};
use bytes::Bytes;
use jiff::{Span, Timestamp, civil::Date};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use serde_json::{Map, Number, Value as Json};

use super::{Column, ColumnType, Declaration, ExtractError, Source, Staged};
use crate::sealing::{DataKey, KeyError, OpeningReader};

/// Largest part that holds one row, in bytes.
const MAX_PART_BYTES: u64 = 16 * 1024 * 1024;

/// Why there is no row.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// No row has this key.
    #[error("the business database has no such record")]
    Missing,
    /// Several have.
    #[error("the business database has {0} such records; declare a key that is unique")]
    Several(u64),
    /// The row has other types than are declared.
    #[error("the record has other types than the declaration says; correct one of them")]
    OtherTypes,
    /// A column of bytes has no form in a certificate's content.
    #[error("column {0:?} is of bytes, which a certificate's content cannot hold")]
    Column(String),
    /// The source.
    #[error(transparent)]
    Source(#[from] ExtractError),
    /// No key for what is staged.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// What was staged cannot be read again.
    #[error("the staged record cannot be read: {0}")]
    Staged(String),
}

/// The one row that the declaration's conditions are true of, by column; what is null is absent. Dates and times are text as in ISO 8601.
///
/// # Errors
/// [`RecordError`].
pub async fn record(source: &dyn Source, declaration: &Declaration) -> Result<Map<String, Json>, RecordError> {
    // Only its owner can look into it.
    let directory = tempfile::tempdir().map_err(ExtractError::from)?;
    let key = DataKey::random()?;
    source.begin(None).await?;
    source.gather().await?;
    let staged = source.stage(declaration, None, directory.path(), &key).await?;
    match (staged.rows, staged.rejects.count) {
        (1, 0) => one_row(&staged, &key, &declaration.columns),
        (0, 0) => Err(RecordError::Missing),
        (rows, 0) => Err(RecordError::Several(rows)),
        _ => Err(RecordError::OtherTypes),
    }
}

fn unreadable(error: impl std::fmt::Display) -> RecordError {
    RecordError::Staged(error.to_string())
}

fn one_row(staged: &Staged, key: &DataKey, columns: &[Column]) -> Result<Map<String, Json>, RecordError> {
    let file = staged.file.reopen().map_err(ExtractError::from)?;
    let mut plain = Vec::new();
    let opening = OpeningReader::new(file, key).map_err(unreadable)?;
    opening.take(MAX_PART_BYTES).read_to_end(&mut plain).map_err(unreadable)?;
    let reader = ParquetRecordBatchReaderBuilder::try_new(Bytes::from(plain)).map_err(unreadable)?;
    let batch: RecordBatch =
        reader.build().map_err(unreadable)?.next().ok_or(RecordError::Missing)?.map_err(unreadable)?;
    let mut row = Map::new();
    for (index, column) in columns.iter().enumerate() {
        let values = batch.columns().get(index).ok_or_else(|| unreadable("a column is missing"))?;
        if !values.is_empty() && !values.is_null(0) {
            row.insert(column.name.clone(), value(column, values)?);
        }
    }
    Ok(row)
}

/// The first value of a column.
fn value(column: &Column, values: &ArrayRef) -> Result<Json, RecordError> {
    let value = match column.kind {
        ColumnType::Boolean => values.as_boolean_opt().map(|values| Json::Bool(values.value(0))),
        ColumnType::Integer => values.as_primitive_opt::<Int64Type>().map(|values| values.value(0).into()),
        ColumnType::Float => {
            let value = values.as_primitive_opt::<Float64Type>().map(|values| values.value(0));
            value.and_then(Number::from_f64).map(Json::Number)
        }
        ColumnType::Text => values.as_string_opt::<i32>().map(|values| values.value(0).into()),
        ColumnType::Date => values.as_primitive_opt::<Date32Type>().and_then(|values| day(values.value(0))),
        ColumnType::Timestamp => {
            let moment = values.as_primitive_opt::<TimestampMicrosecondType>().map(|values| values.value(0));
            moment.and_then(|moment| Timestamp::from_microsecond(moment).ok()).map(|moment| moment.to_string().into())
        }
        ColumnType::Bytes => return Err(RecordError::Column(column.name.clone())),
    };
    value.ok_or(RecordError::OtherTypes)
}

/// From days since 1970-01-01.
fn day(days: i32) -> Option<Json> {
    let span = Span::new().try_days(days).ok()?;
    let date = Date::new(1970, 1, 1).ok()?.checked_add(span).ok()?;
    Some(date.to_string().into())
}
