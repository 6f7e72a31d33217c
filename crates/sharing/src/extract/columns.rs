//! Rows become columns, a batch at a time.

use std::sync::Arc;

use arrow_array::{
    ArrayRef, RecordBatch,
    builder::{
        BinaryBuilder, BooleanBuilder, Date32Builder, Float64Builder, Int64Builder, StringBuilder,
        TimestampMicrosecondBuilder,
    },
};
use arrow_schema::{DataType, Field, Schema, SchemaRef, TimeUnit};

use super::{Column, ColumnType, ExtractError, value::Value};

/// Rows of a batch.
pub const BATCH_ROWS: usize = 8192;
/// Bytes of a batch after which it ends early.
const BATCH_BYTES: usize = 16 * 1024 * 1024;
/// Longest field, in bytes.
pub const MAX_FIELD_BYTES: usize = 1024 * 1024;
/// PostgreSQL counts from 2000-01-01.
const DAYS_TO_2000: i32 = 10_957;
const MICROSECONDS_TO_2000: i64 = 946_684_800_000_000;

pub(super) fn schema(columns: &[Column]) -> SchemaRef {
    let fields = columns.iter().map(|column| {
        let kind = match column.kind {
            ColumnType::Boolean => DataType::Boolean,
            ColumnType::Integer => DataType::Int64,
            ColumnType::Float => DataType::Float64,
            ColumnType::Text => DataType::Utf8,
            ColumnType::Bytes => DataType::Binary,
            ColumnType::Date => DataType::Date32,
            ColumnType::Timestamp => DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
        };
        Field::new(&column.name, kind, true)
    });
    Arc::new(Schema::new(fields.collect::<Vec<_>>()))
}

enum Builder {
    Boolean(BooleanBuilder),
    Integer(Int64Builder),
    Float(Float64Builder),
    Text(StringBuilder),
    Bytes(BinaryBuilder),
    Date(Date32Builder),
    Timestamp(TimestampMicrosecondBuilder),
}

/// Columns that are being filled.
pub(super) struct Columns {
    schema: SchemaRef,
    builders: Vec<Builder>,
    rows: usize,
    /// Of the fields that were taken since the last batch.
    bytes: usize,
}

impl Columns {
    pub(super) fn new(columns: &[Column]) -> Self {
        let builders = columns.iter().map(|column| match column.kind {
            ColumnType::Boolean => Builder::Boolean(BooleanBuilder::new()),
            ColumnType::Integer => Builder::Integer(Int64Builder::new()),
            ColumnType::Float => Builder::Float(Float64Builder::new()),
            ColumnType::Text => Builder::Text(StringBuilder::new()),
            ColumnType::Bytes => Builder::Bytes(BinaryBuilder::new()),
            ColumnType::Date => Builder::Date(Date32Builder::new()),
            ColumnType::Timestamp => Builder::Timestamp(TimestampMicrosecondBuilder::new().with_timezone("UTC")),
        });
        Self { schema: schema(columns), builders: builders.collect(), rows: 0, bytes: 0 }
    }

    pub(super) fn width(&self) -> usize {
        self.builders.len()
    }

    /// Takes a field in PostgreSQL's binary form.
    pub(super) fn push_binary(&mut self, column: usize, value: Option<&[u8]>) -> Result<(), ExtractError> {
        const WRONG: ExtractError = ExtractError::SourceMalformed("a field has not the length of its type");
        self.bytes += value.map_or(0, <[u8]>::len);
        match (&mut self.builders[column], value) {
            (Builder::Boolean(builder), value) => builder.append_option(match value {
                Some([byte]) => Some(*byte != 0),
                None => None,
                Some(_) => return Err(WRONG),
            }),
            (Builder::Integer(builder), value) => builder.append_option(value.map(integer).transpose()?),
            (Builder::Float(builder), value) => builder.append_option(match value {
                Some(bytes) => match *bytes {
                    [a, b, c, d] => Some(f64::from(f32::from_be_bytes([a, b, c, d]))),
                    _ => Some(f64::from_be_bytes(bytes.try_into().map_err(|_| WRONG)?)),
                },
                None => None,
            }),
            (Builder::Text(builder), Some(bytes)) => {
                let text =
                    std::str::from_utf8(bytes).map_err(|_| ExtractError::SourceMalformed("a text is not UTF-8"))?;
                builder.append_value(text);
            }
            (Builder::Text(builder), None) => builder.append_null(),
            (Builder::Bytes(builder), value) => builder.append_option(value),
            (Builder::Date(builder), value) => builder.append_option(match value {
                Some(bytes) => {
                    Some(i32::from_be_bytes(bytes.try_into().map_err(|_| WRONG)?).saturating_add(DAYS_TO_2000))
                }
                None => None,
            }),
            (Builder::Timestamp(builder), value) => builder.append_option(match value {
                Some(bytes) => {
                    Some(i64::from_be_bytes(bytes.try_into().map_err(|_| WRONG)?).saturating_add(MICROSECONDS_TO_2000))
                }
                None => None,
            }),
        }
        Ok(())
    }

    /// Takes a field whose type has been checked; one of another type becomes null.
    pub(super) fn push(&mut self, column: usize, value: &Value) {
        self.bytes += value.bytes();
        match (&mut self.builders[column], value) {
            (Builder::Boolean(builder), Value::Boolean(value)) => builder.append_value(*value),
            (Builder::Integer(builder), Value::Integer(value)) => builder.append_value(*value),
            (Builder::Float(builder), Value::Float(value)) => builder.append_value(*value),
            (Builder::Text(builder), Value::Text(value)) => builder.append_value(value),
            (Builder::Bytes(builder), Value::Bytes(value)) => builder.append_value(value),
            (Builder::Date(builder), Value::Date(value)) => builder.append_value(*value),
            (Builder::Timestamp(builder), Value::Timestamp(value)) => builder.append_value(*value),
            (Builder::Boolean(builder), _) => builder.append_null(),
            (Builder::Integer(builder), _) => builder.append_null(),
            (Builder::Float(builder), _) => builder.append_null(),
            (Builder::Text(builder), _) => builder.append_null(),
            (Builder::Bytes(builder), _) => builder.append_null(),
            (Builder::Date(builder), _) => builder.append_null(),
            (Builder::Timestamp(builder), _) => builder.append_null(),
        }
    }

    pub(super) fn end_row(&mut self) {
        self.rows += 1;
    }

    pub(super) fn is_full(&self) -> bool {
        self.rows >= BATCH_ROWS || self.bytes >= BATCH_BYTES
    }

    /// The batch so far; empty ones are none.
    pub(super) fn take(&mut self) -> Result<Option<RecordBatch>, ExtractError> {
        if self.rows == 0 {
            return Ok(None);
        }
        (self.rows, self.bytes) = (0, 0);
        let arrays = self.builders.iter_mut().map(|builder| -> ArrayRef {
            match builder {
                Builder::Boolean(builder) => Arc::new(builder.finish()),
                Builder::Integer(builder) => Arc::new(builder.finish()),
                Builder::Float(builder) => Arc::new(builder.finish()),
                Builder::Text(builder) => Arc::new(builder.finish()),
                Builder::Bytes(builder) => Arc::new(builder.finish()),
                Builder::Date(builder) => Arc::new(builder.finish()),
                Builder::Timestamp(builder) => Arc::new(builder.finish()),
            }
        });
        RecordBatch::try_new(Arc::clone(&self.schema), arrays.collect())
            .map(Some)
            .map_err(|error| ExtractError::Writing(error.to_string()))
    }
}

/// `int2`, `int4` or `int8`.
pub(super) fn integer(bytes: &[u8]) -> Result<i64, ExtractError> {
    match *bytes {
        [a, b] => Ok(i16::from_be_bytes([a, b]).into()),
        [a, b, c, d] => Ok(i32::from_be_bytes([a, b, c, d]).into()),
        [a, b, c, d, e, f, g, h] => Ok(i64::from_be_bytes([a, b, c, d, e, f, g, h])),
        _ => Err(ExtractError::SourceMalformed("an integer has not 2, 4 or 8 bytes")),
    }
}
