//! What is known of a file that was read, so that the next run takes what is new in it and nothing twice (S-COL, SHARE-3). The cursor is how many bytes were
//! read, and its mark says which.
//!
//! ```text
//! same size, inode and time, and older than a moment --> nothing new
//! same bytes                                         --> nothing new
//! begins with the same bytes, to a record's end      --> what is behind them    (CSV, NDJSON)
//! anything else                                      --> all of it, and that is said
//! ```

use std::{
    fs::{File, Metadata},
    io::{self, Read, Seek as _},
    os::unix::fs::MetadataExt as _,
    path::Path,
    time::{Duration, SystemTime},
};

use ring::digest::{Context, SHA256, digest};
use serde::{Deserialize, Serialize};

use super::{FileFormat, array, csv, ends::RecordEnds, lines, lost, parquet_file};
use crate::{
    extract::{Cursor, Declaration, ExtractError, staging::StagedRows},
    sealing::Fingerprint,
};

/// How old a change is when a later one has another time, whatever the file system.
const SETTLED: Duration = Duration::from_secs(2);

/// What was read of a file, as the state keeps it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Mark {
    /// SHA-256 of the bytes that were read.
    sha256: Fingerprint,
    /// SHA-256 of what was declared of them: other columns or rows of the same file are another extract.
    declared: Fingerprint,
    /// How many records they are.
    records: u64,
    /// How many of the bytes are the header, of CSV.
    header_bytes: u64,
    /// Whether they end with a record, so that what is appended is another one.
    is_whole: bool,
    /// By what an unchanged file is known without being read; none when it was changed just before.
    seen: Option<Seen>,
}

/// A file as its folder has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Seen {
    device: u64,
    inode: u64,
    modified_s: i64,
    modified_ns: i64,
}

impl Seen {
    fn of(metadata: &Metadata) -> Option<Self> {
        let age = SystemTime::now().duration_since(metadata.modified().ok()?).ok()?;
        (age >= SETTLED).then(|| Self {
            device: metadata.dev(),
            inode: metadata.ino(),
            modified_s: metadata.mtime(),
            modified_ns: metadata.mtime_nsec(),
        })
    }
}

/// Takes what is new in a file into rows; answers how far it is read then.
pub(super) fn take_new(
    path: &Path,
    format: FileFormat,
    declaration: &Declaration,
    after: Option<&Cursor>,
    rows: &mut StagedRows,
) -> Result<Cursor, ExtractError> {
    let file = File::open(path).map_err(lost)?;
    let metadata = file.metadata().map_err(lost)?;
    let (declared, seen) = (declared(format, declaration)?, Seen::of(&metadata));
    let mut followed = Followed::new(file, format);
    if let Some((after, bytes, mark)) = after.and_then(known) {
        if mark.declared != declared {
            tracing::warn!(file = %path.display(), "other columns or conditions are declared than before: all of the file is taken");
        } else if seen.is_some() && seen == mark.seen && metadata.len() == bytes {
            return Ok(after.clone());
        } else {
            let header = followed.pass(bytes, mark.header_bytes)?;
            let is_same = followed.bytes == bytes && followed.sha256() == mark.sha256;
            if is_same && metadata.len() == bytes {
                return cursor(bytes, &Mark { seen, ..mark });
            }
            if is_same && mark.is_whole {
                let records = followed.records(&header, declaration, rows, mark.records)?;
                let (sha256, is_whole) = (followed.sha256(), followed.is_whole());
                return cursor(followed.bytes, &Mark { sha256, records, is_whole, seen, ..mark });
            }
            tracing::warn!(file = %path.display(), "the file is not the one that was read with something behind it: all of it is taken");
            let mut file = followed.file;
            file.rewind().map_err(lost)?;
            followed = Followed::new(file, format);
        }
    }
    let records = followed.records(&[], declaration, rows, 0)?;
    let (sha256, is_whole) = (followed.sha256(), followed.is_whole());
    let header_bytes = followed.csv.first_end();
    cursor(followed.bytes, &Mark { sha256, declared, records, header_bytes, is_whole, seen })
}

/// A cursor of a file; what another source has recorded is none.
fn known(after: &Cursor) -> Option<(&Cursor, u64, Mark)> {
    let mark = serde_json::from_str(after.mark.as_deref()?).ok()?;
    Some((after, u64::try_from(after.value).ok()?, mark))
}

fn cursor(bytes: u64, mark: &Mark) -> Result<Cursor, ExtractError> {
    let value = i64::try_from(bytes).map_err(|_| ExtractError::SourceMalformed("the file has no end"))?;
    let mark = serde_json::to_string(mark).map_err(|error| ExtractError::State(error.to_string()))?;
    Ok(Cursor { value, mark: Some(mark) })
}

fn declared(format: FileFormat, declaration: &Declaration) -> Result<Fingerprint, ExtractError> {
    let said = serde_json::to_string(&(format!("{format:?}"), &declaration.columns, &declaration.conditions));
    let said = said.map_err(|error| ExtractError::State(error.to_string()))?;
    Ok(fingerprint(digest(&SHA256, said.as_bytes()).as_ref()))
}

fn fingerprint(digest: &[u8]) -> Fingerprint {
    let mut bytes = [0; 32];
    bytes.copy_from_slice(digest);
    Fingerprint(bytes)
}

/// A file, and what was read of it.
struct Followed {
    file: File,
    format: FileFormat,
    hash: Context,
    bytes: u64,
    last: Option<u8>,
    csv: RecordEnds,
}

impl Followed {
    fn new(file: File, format: FileFormat) -> Self {
        Self { file, format, hash: Context::new(&SHA256), bytes: 0, last: None, csv: RecordEnds::default() }
    }

    /// Reads so many bytes, or to the end, and answers the first of them.
    fn pass(&mut self, bytes: u64, header_bytes: u64) -> Result<Vec<u8>, ExtractError> {
        let mut header = Vec::new();
        self.by_ref().take(header_bytes.min(bytes)).read_to_end(&mut header).map_err(lost)?;
        let rest = bytes.saturating_sub(header_bytes);
        io::copy(&mut self.by_ref().take(rest), &mut io::sink()).map_err(lost)?;
        Ok(header)
    }

    /// Takes the records from here on, behind as many, up to the end of the file; how many there are in all.
    fn records(
        &mut self,
        header: &[u8],
        declaration: &Declaration,
        rows: &mut StagedRows,
        before: u64,
    ) -> Result<u64, ExtractError> {
        match self.format {
            FileFormat::Csv => csv::csv_file(header.chain(self), declaration, rows, before),
            FileFormat::Ndjson => lines::lines(self, declaration, rows, lines::Lines::Records, before),
            FileFormat::Rejects => lines::lines(self, declaration, rows, lines::Lines::Rejects, before),
            FileFormat::Json => array::array(self, declaration, rows).map(|()| before),
            FileFormat::Parquet => {
                let look =
                    |file: &File| file.metadata().and_then(|metadata| Ok((metadata.len(), metadata.modified()?)));
                let seen = look(&self.file).map_err(lost)?;
                self.pass(u64::MAX, 0)?;
                // It is read by places, and not from its beginning to its end.
                parquet_file(self.file.try_clone().map_err(lost)?, declaration, rows)?;
                if look(&self.file).map_err(lost)? != seen {
                    return Err(ExtractError::SourceLost("the file was changed while it was read".to_owned()));
                }
                Ok(before)
            }
        }
    }

    fn sha256(&self) -> Fingerprint {
        fingerprint(self.hash.clone().finish().as_ref())
    }

    fn is_whole(&self) -> bool {
        match self.format {
            FileFormat::Csv => self.csv.is_whole(),
            FileFormat::Ndjson => self.last == Some(b'\n'),
            FileFormat::Json | FileFormat::Parquet | FileFormat::Rejects => false,
        }
    }
}

impl Read for Followed {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let count = self.file.read(out)?;
        let read = &out[..count];
        self.hash.update(read);
        self.bytes += count as u64;
        self.last = read.last().copied().or(self.last);
        if self.format == FileFormat::Csv {
            self.csv.update(read);
        }
        Ok(count)
    }
}
