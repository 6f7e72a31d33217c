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

use super::{
    Column, ColumnType, ExtractError,
    postgres_value::{self, Untaken},
    value::{TOO_LONG, Value},
};

/// Rows of a batch.
pub const BATCH_ROWS: usize = 8192;
/// Bytes of a batch after which it ends early.
const BATCH_BYTES: usize = 16 * 1024 * 1024;
/// Longest field, in bytes.
pub const MAX_FIELD_BYTES: usize = 1024 * 1024;

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

impl Builder {
    fn append_null(&mut self) {
        match self {
            Self::Boolean(builder) => builder.append_null(),
            Self::Integer(builder) => builder.append_null(),
            Self::Float(builder) => builder.append_null(),
            Self::Text(builder) => builder.append_null(),
            Self::Bytes(builder) => builder.append_null(),
            Self::Date(builder) => builder.append_null(),
            Self::Timestamp(builder) => builder.append_null(),
        }
    }
}

/// Columns that are being filled.
pub(super) struct Columns {
    schema: SchemaRef,
    builders: Vec<Builder>,
    rows: usize,
    /// Of the fields that were taken since the last batch.
    bytes: usize,
    /// Which of the rows are in no batch.
    abandoned: Vec<usize>,
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
        Self { schema: schema(columns), builders: builders.collect(), rows: 0, bytes: 0, abandoned: Vec::new() }
    }

    pub(super) fn width(&self) -> usize {
        self.builders.len()
    }

    /// Takes a field in PostgreSQL's binary form. One that it does not take leaves the column as it was.
    pub(super) fn push_binary(&mut self, column: usize, value: Option<&[u8]>) -> Result<(), Untaken> {
        let length = value.map_or(0, <[u8]>::len);
        if length > MAX_FIELD_BYTES {
            return Err(Untaken::Unreadable(TOO_LONG));
        }
        self.bytes += length;
        match (&mut self.builders[column], value) {
            (Builder::Boolean(builder), value) => {
                builder.append_option(value.map(postgres_value::boolean).transpose()?);
            }
            (Builder::Integer(builder), value) => {
                builder.append_option(value.map(postgres_value::integer).transpose()?);
            }
            (Builder::Float(builder), value) => builder.append_option(value.map(postgres_value::float).transpose()?),
            (Builder::Text(builder), Some(bytes)) => builder.append_value(postgres_value::text(bytes)?),
            (Builder::Text(builder), None) => builder.append_null(),
            (Builder::Bytes(builder), value) => builder.append_option(value),
            (Builder::Date(builder), value) => builder.append_option(value.map(postgres_value::date).transpose()?),
            (Builder::Timestamp(builder), value) => {
                builder.append_option(value.map(postgres_value::timestamp).transpose()?);
            }
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
            (builder, _) => builder.append_null(),
        }
    }

    pub(super) fn end_row(&mut self) {
        self.rows += 1;
    }

    /// Ends a row of which the field of this column was not taken: it is in no batch.
    pub(super) fn abandon_row(&mut self, column: usize) {
        for builder in &mut self.builders[column..] {
            builder.append_null();
        }
        self.abandoned.push(self.rows);
        self.rows += 1;
    }

    pub(super) fn is_full(&self) -> bool {
        self.rows >= BATCH_ROWS || self.bytes >= BATCH_BYTES
    }

    /// What was taken so far: one batch, or several around the rows that were abandoned; none when there are no rows.
    pub(super) fn take(&mut self) -> Result<Vec<RecordBatch>, ExtractError> {
        let rows = std::mem::take(&mut self.rows);
        if rows == 0 {
            return Ok(Vec::new());
        }
        self.bytes = 0;
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
        let batch = RecordBatch::try_new(Arc::clone(&self.schema), arrays.collect())
            .map_err(|error| ExtractError::Writing(error.to_string()))?;
        if self.abandoned.is_empty() {
            return Ok(vec![batch]);
        }
        let (mut kept, mut from) = (Vec::new(), 0);
        for row in self.abandoned.drain(..).chain([rows]) {
            if row > from {
                kept.push(batch.slice(from, row - from));
            }
            from = row + 1;
        }
        Ok(kept)
    }
}
