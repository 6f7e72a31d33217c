//! Rows as the other side takes them: NDJSON, under its names; in batches that fit into a request.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::File,
    io::{BufRead as _, BufReader, BufWriter, Read as _, Seek as _, SeekFrom, Write as _},
    path::Path,
};

use arrow_array::{
    Array, BinaryArray, BooleanArray, Date32Array, Float64Array, Int64Array, RecordBatch, StringArray,
    TimestampMicrosecondArray,
};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use serde_json::{Map, Value as Json};
use tempfile::NamedTempFile;

use super::ForwardError;
use crate::{
    collect::MAX_BODY_BYTES,
    extract::{Declaration, Reject, Rejects, Value},
    sealing::{DataKey, OpeningReader},
};

/// Bytes after which a batch ends.
const BATCH_BYTES: usize = 1024 * 1024;
/// Rows after which it does: fewer than a collector takes.
const BATCH_ROWS: u64 = 10_000;

/// What columns are called on the other side: those that are not named are called as here.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Names(pub BTreeMap<String, String>);

impl Names {
    /// Checks that each names a column, and that no two are called the same, or as a member of the other side's spool.
    pub(super) fn check(&self, declaration: &Declaration) -> Result<(), ForwardError> {
        let columns: BTreeSet<&str> = declaration.columns.iter().map(|column| column.name.as_str()).collect();
        if let Some(stranger) = self.0.keys().find(|name| !columns.contains(name.as_str())) {
            return Err(ForwardError::Target(format!("names has {stranger:?}, which is no column of [shared]")));
        }
        let mut called = BTreeSet::new();
        for column in columns {
            let name = self.of(column);
            if name.is_empty() || name.starts_with('_') {
                let said = format!(
                    "the column {column:?} needs a name that does not begin with _, which are the other spool's: add it to names"
                );
                return Err(ForwardError::Target(said));
            }
            if !called.insert(name) {
                return Err(ForwardError::Target(format!("two columns are called {name:?}")));
            }
        }
        Ok(())
    }

    fn of<'a>(&'a self, column: &'a str) -> &'a str {
        self.0.get(column).map_or(column, String::as_str)
    }
}

/// Opens a staged part and writes its rows to `target`, which is there whole or not at all. What no collector takes as it is goes aside: the rejects, with those.
pub(super) fn write(
    sealed: &Path,
    key: &DataKey,
    names: &Names,
    folder: &Path,
    target: &Path,
    mut rejects: Rejects,
) -> Result<Rejects, ForwardError> {
    let mut plain = tempfile::tempfile_in(folder)?;
    let mut reader = OpeningReader::new(File::open(sealed)?, key).map_err(std::io::Error::from)?;
    std::io::copy(&mut reader, &mut plain)?;
    plain.seek(SeekFrom::Start(0))?;
    let unreadable = |error: &dyn std::fmt::Display| ForwardError::State(error.to_string());
    let reader = ParquetRecordBatchReaderBuilder::try_new(plain).map_err(|error| unreadable(&error))?;
    let batches = reader.build().map_err(|error| unreadable(&error))?;
    let (mut file, mut position) = (BufWriter::new(NamedTempFile::new_in(folder)?), 0);
    for batch in batches {
        let batch = batch.map_err(|error| unreadable(&error))?;
        for row in 0..batch.num_rows() {
            position += 1;
            match line(&batch, row, names)? {
                Line::Whole(line) => {
                    file.write_all(&line)?;
                    file.write_all(b"\n")?;
                }
                Line::Aside { column, reason, fields } => {
                    rejects.set_aside(&Reject { file: None, position, column, reason, fields })?;
                }
            }
        }
    }
    let file = file.into_inner().map_err(|error| ForwardError::from(error.into_error()))?;
    file.as_file().sync_all()?;
    file.persist(target).map_err(|error| ForwardError::from(error.error))?;
    File::open(folder)?.sync_all()?;
    Ok(rejects)
}

/// What becomes of a row.
enum Line {
    /// JSON under the names of the other side, without the end of a line.
    Whole(Vec<u8>),
    /// Why it goes aside, and what it holds, under its own names.
    Aside { column: Option<String>, reason: String, fields: Map<String, Json> },
}

fn line(batch: &RecordBatch, row: usize, names: &Names) -> Result<Line, ForwardError> {
    let (schema, mut fields, mut column_aside) = (batch.schema(), Map::new(), None);
    for (field, column) in schema.fields().iter().zip(batch.columns()) {
        if column.is_valid(row) {
            let value = value(column.as_ref(), row)?;
            let json = value.exact_json().unwrap_or_else(|| {
                column_aside.get_or_insert_with(|| field.name().clone());
                value.said().into()
            });
            fields.insert(field.name().clone(), json);
        }
    }
    if column_aside.is_some() {
        let reason = "no JSON says this value: it would be another one on the other side".to_owned();
        return Ok(Line::Aside { column: column_aside, reason, fields });
    }
    let record: Map<String, Json> =
        fields.iter().map(|(column, value)| (names.of(column).to_owned(), value.clone())).collect();
    let line = serde_json::to_vec(&record).map_err(|error| ForwardError::State(error.to_string()))?;
    if line.len() >= MAX_BODY_BYTES {
        let said = format!(
            "it has {} bytes as JSON, and a collector takes fewer than {MAX_BODY_BYTES}: share the column that holds so much as a file",
            line.len()
        );
        return Ok(Line::Aside { column: None, reason: said, fields });
    }
    Ok(Line::Whole(line))
}

fn value(column: &dyn Array, row: usize) -> Result<Value, ForwardError> {
    let any = column.as_any();
    Ok(if let Some(column) = any.downcast_ref::<BooleanArray>() {
        Value::Boolean(column.value(row))
    } else if let Some(column) = any.downcast_ref::<Int64Array>() {
        Value::Integer(column.value(row))
    } else if let Some(column) = any.downcast_ref::<Float64Array>() {
        Value::Float(column.value(row))
    } else if let Some(column) = any.downcast_ref::<StringArray>() {
        Value::Text(column.value(row).to_owned())
    } else if let Some(column) = any.downcast_ref::<BinaryArray>() {
        Value::Bytes(column.value(row).to_vec())
    } else if let Some(column) = any.downcast_ref::<Date32Array>() {
        Value::Date(column.value(row))
    } else if let Some(column) = any.downcast_ref::<TimestampMicrosecondArray>() {
        Value::Timestamp(column.value(row))
    } else {
        return Err(ForwardError::State("a column of this type is not forwarded".to_owned()));
    })
}

/// What is sent at once.
pub(super) struct Batch {
    pub(super) body: Vec<u8>,
    pub(super) rows: u64,
}

/// The lines from an offset on that make the next batch: always the same ones. None at the end.
pub(super) fn next_batch(mut file: File, offset: u64) -> Result<Option<Batch>, ForwardError> {
    file.seek(SeekFrom::Start(offset))?;
    let mut reader = BufReader::new(file);
    let (mut body, mut rows) = (Vec::new(), 0);
    while rows < BATCH_ROWS {
        let before = body.len();
        let read = (&mut reader).take(MAX_BODY_BYTES as u64).read_until(b'\n', &mut body)?;
        if read == 0 {
            break;
        }
        if rows > 0 && body.len() > BATCH_BYTES {
            body.truncate(before);
            break;
        }
        rows += 1;
    }
    Ok((rows > 0).then_some(Batch { body, rows }))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::sync::Arc;

    use arrow_array::ArrayRef;
    use serde_json::json;

    use super::*;

    fn lines(columns: Vec<(&str, ArrayRef)>) -> Vec<Line> {
        let batch = RecordBatch::try_from_iter(columns).unwrap();
        let names = Names(BTreeMap::from([("id".to_owned(), "number".to_owned())]));
        (0..batch.num_rows()).map(|row| line(&batch, row, &names).unwrap()).collect()
    }

    // S-COL, SHARE-3: what JSON does not say is never null, and never keeps the other rows from going on.
    #[test]
    fn a_row_that_cannot_be_said_or_is_too_large_goes_aside_and_the_others_go_on() {
        let long = "x".repeat(MAX_BODY_BYTES);
        let column = |values: ArrayRef| values;
        let found = lines(vec![
            ("id", column(Arc::new(Int64Array::from(vec![1, 2, 3, 4, 5])))),
            ("x", column(Arc::new(Float64Array::from(vec![Some(0.5), Some(f64::NAN), None, Some(1.0), Some(2.0)])))),
            ("day", column(Arc::new(Date32Array::from(vec![Some(1), Some(1), None, Some(i32::MAX), Some(2)])))),
            ("text", column(Arc::new(StringArray::from(vec!["a", "b", "c", "d", long.as_str()])))),
        ]);
        let whole = |line: &Line| match line {
            Line::Whole(line) => serde_json::from_slice::<Json>(line).unwrap(),
            Line::Aside { .. } => Json::Null,
        };
        let aside = |line: &Line| match line {
            Line::Whole(_) => None,
            Line::Aside { column, fields, .. } => Some((column.clone(), fields["x"].clone(), fields["day"].clone())),
        };
        assert_eq!(
            found.iter().map(whole).collect::<Vec<_>>(),
            [
                json!({"day": "1970-01-02", "number": 1, "text": "a", "x": 0.5}),
                Json::Null,
                json!({"number": 3, "text": "c"}),
                Json::Null,
                Json::Null,
            ]
        );
        let last_day = "2147483647 days since 1970-01-01";
        assert_eq!(
            found.iter().map(aside).collect::<Vec<_>>(),
            [
                None,
                Some((Some("x".to_owned()), json!("NaN"), json!("1970-01-02"))),
                None,
                Some((Some("day".to_owned()), json!(1.0), json!(last_day))),
                Some((None, json!(2.0), json!("1970-01-03"))),
            ]
        );
        let Some(Line::Aside { reason, fields, .. }) = found.last() else { panic!("it goes on") };
        assert!(reason.contains("as a file") && fields["text"] == long, "{reason}");
    }

    // S-COL
    #[test]
    fn batches_are_whole_lines_and_the_same_ones_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("batches");
        let lines: Vec<String> = (0..12_000)
            .map(|row| format!("{{\"row\":{row}}}\n"))
            .chain([format!("\"{}\"\n", "x".repeat(2 << 20))])
            .collect();
        std::fs::write(&path, lines.concat()).unwrap();
        let batches = || {
            let (mut offset, mut found) = (0, Vec::new());
            while let Some(batch) = next_batch(File::open(&path).unwrap(), offset).unwrap() {
                offset += batch.body.len() as u64;
                found.push((batch.rows, batch.body));
            }
            found
        };
        let found = batches();
        assert_eq!(found.iter().map(|(rows, _)| *rows).collect::<Vec<_>>(), [10_000, 2_000, 1]);
        assert_eq!(found.iter().flat_map(|(_, body)| body.clone()).collect::<Vec<u8>>(), lines.concat().into_bytes());
        assert_eq!(found, batches());
    }
}
