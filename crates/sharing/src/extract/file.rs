//! CSV and NDJSON files, and files of rejects that were corrected. Records and fields are bounded, whatever the file holds.

use std::{
    fs::File,
    io::{self, BufRead, BufReader, Read},
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use async_trait::async_trait;
use ring::digest::{Context, SHA256};
use serde_json::{Map, Value as Json};

use super::{
    Declaration, DeclarationError, ExtractError, Reject, Source, Stage, Staged, conditions::holds, staging::StagedRows,
    value::from_json,
};
use crate::sealing::{DataKey, Fingerprint};

/// Longest record, in bytes.
pub const MAX_RECORD_BYTES: u64 = 4 * 1024 * 1024;
const BUFFER_BYTES: usize = 64 * 1024;

/// How a file is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileFormat {
    /// RFC 4180, with a header.
    Csv,
    /// A JSON object a line.
    Ndjson,
    /// The file of rejects of an earlier run, corrected ([`Reject`]).
    Rejects,
}

/// A file of the owner. It has no cursor: each run takes all of it.
#[derive(Clone, Debug)]
pub struct FileSource {
    path: PathBuf,
    format: FileFormat,
}

impl FileSource {
    /// Names a file.
    #[must_use]
    pub fn new(path: &Path, format: FileFormat) -> Self {
        Self { path: path.to_owned(), format }
    }
}

#[async_trait]
impl Source for FileSource {
    async fn stage(
        &self,
        declaration: &Declaration,
        _after: Option<i64>,
        directory: &Path,
        key: &DataKey,
    ) -> Result<Staged, ExtractError> {
        declaration.check()?;
        if let Some(cursor) = &declaration.cursor {
            return Err(DeclarationError::Cursor(cursor.clone()).into());
        }
        let (source, declaration) = (self.clone(), declaration.clone());
        let (directory, key) = (directory.to_owned(), key.clone());
        tokio::task::spawn_blocking(move || {
            let rows = Stage { directory: &directory, key: &key }.rows(&declaration)?;
            let file = File::open(&source.path).map_err(|error| ExtractError::SourceLost(error.to_string()))?;
            match source.format {
                FileFormat::Csv => csv_file(file, &declaration, rows),
                FileFormat::Ndjson => lines(file, &declaration, rows, Ok),
                FileFormat::Rejects => {
                    let mut hashed = Hashed { inner: file, hash: Context::new(&SHA256) };
                    let staged = lines(&mut hashed, &declaration, rows, |line| {
                        serde_json::from_value::<Reject>(Json::Object(line)).map(|reject| reject.fields).map_err(|_| ())
                    })?;
                    Ok(Staged { replayed: Some(hashed.fingerprint()), ..staged })
                }
            }
        })
        .await
        .map_err(|error| ExtractError::Writing(error.to_string()))?
    }
}

fn csv_file(file: File, declaration: &Declaration, mut rows: StagedRows) -> Result<Staged, ExtractError> {
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
    let mut position = 0;
    loop {
        refill();
        if !reader.read_byte_record(&mut record).map_err(unreadable)? {
            return rows.finish(None);
        }
        position += 1;
        let text = |field: &[u8]| Json::String(String::from_utf8_lossy(field).into_owned());
        let fields: Map<String, Json> = header.iter().cloned().zip(record.iter().map(text)).collect();
        if record.len() != header.len() {
            rows.reject(position, None, "another number of fields than the header", fields)?;
        } else if record.iter().any(|field| std::str::from_utf8(field).is_err()) {
            rows.reject(position, None, "not UTF-8", fields)?;
        } else {
            take(position, fields, declaration, &mut rows)?;
        }
    }
}

fn lines(
    file: impl Read,
    declaration: &Declaration,
    mut rows: StagedRows,
    record: impl Fn(Map<String, Json>) -> Result<Map<String, Json>, ()>,
) -> Result<Staged, ExtractError> {
    let mut reader = BufReader::with_capacity(BUFFER_BYTES, file);
    let mut line = Vec::new();
    let mut position = 0;
    loop {
        line.clear();
        let count = (&mut reader).take(MAX_RECORD_BYTES + 1).read_until(b'\n', &mut line).map_err(lost)?;
        if count == 0 {
            return rows.finish(None);
        }
        if count as u64 > MAX_RECORD_BYTES {
            return Err(ExtractError::SourceMalformed("a record is longer than its bound"));
        }
        position += 1;
        if line.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        match serde_json::from_slice::<Map<String, Json>>(&line).map_err(drop).and_then(&record) {
            Ok(fields) => take(position, fields, declaration, &mut rows)?,
            Err(()) => {
                let line = Json::String(String::from_utf8_lossy(&line).trim_end().to_owned());
                rows.reject(
                    position,
                    None,
                    "not a JSON object as expected",
                    Map::from_iter([("line".to_owned(), line)]),
                )?;
            }
        }
    }
}

/// A record becomes a row, or a reject, or is not among the chosen ones.
fn take(
    position: u64,
    fields: Map<String, Json>,
    declaration: &Declaration,
    rows: &mut StagedRows,
) -> Result<(), ExtractError> {
    for condition in &declaration.conditions {
        match holds(condition, fields.get(&condition.column).unwrap_or(&Json::Null)) {
            Ok(true) => {}
            Ok(false) => return Ok(()),
            Err(reason) => return rows.reject(position, Some(&condition.column), reason, fields),
        }
    }
    let mut values = Vec::with_capacity(declaration.columns.len());
    for column in &declaration.columns {
        match from_json(column.kind, fields.get(&column.name).unwrap_or(&Json::Null)) {
            Ok(value) => values.push(value),
            Err(reason) => return rows.reject(position, Some(&column.name), reason, fields),
        }
    }
    rows.row(&values)
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

/// Knows the SHA-256 of what was read.
struct Hashed<R> {
    inner: R,
    hash: Context,
}

impl<R> Hashed<R> {
    fn fingerprint(self) -> Fingerprint {
        let mut bytes = [0; 32];
        bytes.copy_from_slice(self.hash.finish().as_ref());
        Fingerprint(bytes)
    }
}

impl<R: Read> Read for Hashed<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(out)?;
        self.hash.update(&out[..count]);
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

fn lost(error: io::Error) -> ExtractError {
    ExtractError::SourceLost(error.to_string())
}
