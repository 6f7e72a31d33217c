//! A page of operations as a file of Apache Parquet.

use parquet::{
    arrow::ArrowWriter,
    basic::Compression,
    file::{metadata::KeyValue, properties::WriterProperties},
};

use super::columns::{Columns, ColumnsError};

/// The whole file: its end says where everything is, so nothing of it is of use before. It has one row group, or none without rows.
pub(super) fn write(batches: impl Columns) -> Result<Vec<u8>, ColumnsError> {
    let metadata: Vec<_> =
        batches.about().iter().map(|(key, value)| KeyValue::new((*key).to_owned(), (*value).to_owned())).collect();
    let properties =
        WriterProperties::builder().set_compression(Compression::SNAPPY).set_key_value_metadata(Some(metadata)).build();
    let mut writer = ArrowWriter::try_new(Vec::new(), batches.schema(), Some(properties))?;
    for batch in batches {
        writer.write(&batch?)?;
    }
    Ok(writer.into_inner()?)
}
