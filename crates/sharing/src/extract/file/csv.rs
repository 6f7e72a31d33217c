//! CSV: RFC 4180, with a header that names every declared column once.

use std::{
    io::{self, Read},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use serde_json::{Map, Value as Json};

use super::{BUFFER_BYTES, MAX_RECORD_BYTES, record::take};
use crate::extract::{Declaration, DeclarationError, ExtractError, staging::StagedRows};

/// Takes the records of a file, of which so many were taken before; how many there are then.
pub(super) fn csv_file(
    file: impl Read,
    declaration: &Declaration,
    rows: &mut StagedRows,
    before: u64,
) -> Result<u64, ExtractError> {
    let left = Arc::new(AtomicU64::new(0));
    let refill = || left.store(MAX_RECORD_BYTES + BUFFER_BYTES as u64, Ordering::Relaxed);
    refill();
    let bounded = Bounded { inner: file, left: Arc::clone(&left) };
    let mut reader = csv::ReaderBuilder::new().flexible(true).buffer_capacity(BUFFER_BYTES).from_reader(bounded);
    let header: Vec<String> = reader.headers().map_err(unreadable)?.iter().map(str::to_owned).collect();
    let compared = declaration.conditions.iter().map(|condition| &condition.column);
    for name in declaration.columns.iter().map(|column| &column.name).chain(compared) {
        match header.iter().filter(|known| *known == name).count() {
            0 => return Err(DeclarationError::NoColumn(name.clone()).into()),
            1 => {}
            _ => return Err(DeclarationError::Twice(name.clone()).into()),
        }
    }
    let mut record = csv::ByteRecord::new();
    let mut position = before;
    loop {
        refill();
        if !reader.read_byte_record(&mut record).map_err(unreadable)? {
            return Ok(position);
        }
        position += 1;
        let text = |field: &[u8]| Json::String(String::from_utf8_lossy(field).into_owned());
        let fields: Map<String, Json> = header.iter().cloned().zip(record.iter().map(text)).collect();
        if record.len() != header.len() {
            rows.reject(position, None, "another number of fields than the header", fields)?;
        } else if record.iter().any(|field| std::str::from_utf8(field).is_err()) {
            rows.reject(position, None, "not UTF-8", fields)?;
        } else {
            take(position, fields, declaration, rows)?;
        }
    }
}

/// Ends a record that does not end.
struct Bounded<R> {
    inner: R,
    left: Arc<AtomicU64>,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(out)?;
        let left = self.left.load(Ordering::Relaxed);
        let rest = left.checked_sub(count as u64).ok_or(io::ErrorKind::FileTooLarge)?;
        self.left.store(rest, Ordering::Relaxed);
        Ok(count)
    }
}

fn unreadable(error: csv::Error) -> ExtractError {
    match error.kind() {
        csv::ErrorKind::Io(error) if error.kind() == io::ErrorKind::FileTooLarge => {
            ExtractError::SourceMalformed("a record is longer than its bound")
        }
        csv::ErrorKind::Io(error) => ExtractError::SourceLost(error.to_string()),
        _ => ExtractError::SourceMalformed("this is no CSV with a header in UTF-8"),
    }
}
