//! A page of operations as a file of Apache Parquet.

use parquet::{
    arrow::ArrowWriter,
    basic::Compression,
    file::{metadata::KeyValue, properties::WriterProperties},
};

use super::columns::{Batches, ColumnsError, METADATA, schema};

/// The whole file: its end says where everything is, so nothing of it is of use before. It has one row group, or none without rows.
pub(super) fn write(batches: Batches) -> Result<Vec<u8>, ColumnsError> {
    let metadata = METADATA.map(|(key, value)| KeyValue::new(key.to_owned(), value.to_owned()));
    let properties = WriterProperties::builder()
        .set_compression(Compression::SNAPPY)
        .set_key_value_metadata(Some(metadata.into()))
        .build();
    let mut writer = ArrowWriter::try_new(Vec::new(), schema(), Some(properties))?;
    for batch in batches {
        writer.write(&batch?)?;
    }
    Ok(writer.into_inner()?)
}
