//! What is known of a file that was read, so that the next run takes what is new in it and nothing twice (S-COL, SHARE-3). The cursor is how many bytes were
//! read, and its mark says which.
//!
//! ```text
//! same size, inode and times, all of before now     --> nothing new
//! same bytes                                         --> nothing new
//! begins with the same bytes, to a record's end      --> what is behind them    (CSV, NDJSON)
//! a last record that has no end yet                  --> waits for it           (CSV, NDJSON, unless the file is final)
//! anything else                                      --> all of it, and that is said
//! ```

mod whole;

use std::{
    fs::{File, Metadata},
    io::{self, Read, Seek as _},
    os::unix::fs::MetadataExt as _,
    path::Path,
    time::{Duration, SystemTime},
};

use ring::digest::{Context, SHA256, digest};
use serde::{Deserialize, Serialize};

use self::whole::WholeRecords;
use super::{FileFormat, FileSource, array, csv, ends::RecordEnds, lines, lost, parquet_file};
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
    /// When anything of it was changed last, which nobody sets as the time of modification is set; none in states of earlier versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    changed_s: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    changed_ns: Option<i64>,
    /// How long it was, which may be more than was read of it; none in states of earlier versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    bytes: Option<u64>,
}

impl Seen {
    /// None when it was changed so short before this time that a change after it could have the same time.
    fn of(metadata: &Metadata, now: SystemTime) -> Option<Self> {
        let changed = Duration::new(metadata.ctime().try_into().ok()?, metadata.ctime_nsec().try_into().ok()?);
        let changed = SystemTime::UNIX_EPOCH.checked_add(changed)?;
        let is_settled = |at| now.duration_since(at).is_ok_and(|age| age >= SETTLED);
        (is_settled(metadata.modified().ok()?) && is_settled(changed)).then(|| Self {
            device: metadata.dev(),
            inode: metadata.ino(),
            modified_s: metadata.mtime(),
            modified_ns: metadata.mtime_nsec(),
            changed_s: Some(metadata.ctime()),
            changed_ns: Some(metadata.ctime_nsec()),
            bytes: Some(metadata.len()),
        })
    }
}

/// Takes what is new in a file into rows; answers how far it is read then.
pub(super) fn take_new(
    source: &FileSource,
    declaration: &Declaration,
    after: Option<&Cursor>,
    rows: &mut StagedRows,
) -> Result<Cursor, ExtractError> {
    let FileSource { path, format, is_final } = source;
    let (format, is_final) = (*format, *is_final);
    let file = File::open(path).map_err(lost)?;
    let metadata = file.metadata().map_err(lost)?;
    let (declared, seen) = (declared(format, declaration)?, Seen::of(&metadata, SystemTime::now()));
    let mut followed = Followed::new(file, format, is_final);
    if let Some((after, bytes, mark)) = after.and_then(known) {
        if mark.declared != declared {
            tracing::warn!(file = %path.display(), "other columns or conditions are declared than before: all of the file is taken");
        } else if seen.is_some() && seen == mark.seen && (metadata.len() == bytes || !is_final) {
            followed.waiting = metadata.len().saturating_sub(bytes);
            followed.say_what_waits(path);
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
                followed.say_what_waits(path);
                return cursor(followed.bytes, &Mark { sha256, records, is_whole, seen, ..mark });
            }
            tracing::warn!(file = %path.display(), "the file is not the one that was read with something behind it: all of it is taken");
            let mut file = followed.file;
            file.rewind().map_err(lost)?;
            followed = Followed::new(file, format, is_final);
        }
    }
    let records = followed.records(&[], declaration, rows, 0)?;
    let (sha256, is_whole) = (followed.sha256(), followed.is_whole());
    followed.say_what_waits(path);
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
    /// Whether nothing comes behind its last byte.
    is_final: bool,
    hash: Context,
    bytes: u64,
    last: Option<u8>,
    /// Of CSV; also of what was read ahead.
    csv: RecordEnds,
    /// Bytes at its end that wait for the end of their line.
    waiting: u64,
}

impl Followed {
    fn new(file: File, format: FileFormat, is_final: bool) -> Self {
        let (hash, csv) = (Context::new(&SHA256), RecordEnds::default());
        Self { file, format, is_final, hash, bytes: 0, last: None, csv, waiting: 0 }
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
            FileFormat::Csv => csv::csv_file(header.chain(WholeRecords::new(self)), declaration, rows, before),
            FileFormat::Ndjson => {
                lines::lines(WholeRecords::new(self), declaration, rows, lines::Lines::Records, before)
            }
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

    /// Counts these as read.
    fn take_in(&mut self, read: &[u8]) {
        self.hash.update(read);
        self.bytes += read.len() as u64;
        self.last = read.last().copied().or(self.last);
    }

    /// A line without an end is one that somebody is writing, or the last one of a file whose writer leaves it so: only its owner knows.
    fn say_what_waits(&self, path: &Path) {
        if self.waiting > 0 {
            tracing::warn!(
                file = %path.display(),
                bytes = self.waiting,
                "the last line has no end and waits for it: declare `final = true` when nothing more is written to the file"
            );
        }
    }

    fn sha256(&self) -> Fingerprint {
        fingerprint(self.hash.clone().finish().as_ref())
    }

    fn is_whole(&self) -> bool {
        match self.format {
            FileFormat::Csv => self.bytes > 0 && self.csv.last_end() == self.bytes,
            FileFormat::Ndjson => matches!(self.last, None | Some(b'\n')),
            FileFormat::Json | FileFormat::Parquet | FileFormat::Rejects => false,
        }
    }
}

/// Takes bytes as they come, whether a record ends there or not.
impl Read for Followed {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let count = self.file.read(out)?;
        let read = &out[..count];
        self.take_in(read);
        if self.format == FileFormat::Csv {
            self.csv.update(read);
        }
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    // SHARE-3
    #[test]
    fn a_file_that_was_written_anew_is_another_one_whatever_time_it_is_given() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("in.csv");
        let past = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
        let later = SystemTime::now() + Duration::from_secs(60);
        let written = |text: &str| {
            std::fs::write(&path, text).unwrap();
            File::options().write(true).open(&path).unwrap().set_modified(past).unwrap();
            std::fs::metadata(&path).unwrap()
        };
        let first = written("a\n1\n");
        let seen = Seen::of(&first, later).unwrap();
        assert_eq!(Seen::of(&std::fs::metadata(&path).unwrap(), later).as_ref(), Some(&seen), "nobody touched it");
        assert_eq!(
            Seen::of(&first, SystemTime::now()),
            None,
            "a change of just now may be followed by one of the same time"
        );
        // The clock of a file system has ticks, and the next one is another time.
        let again = std::iter::repeat_with(|| written("a\n2\n"))
            .find(|now| (now.ctime(), now.ctime_nsec()) != (first.ctime(), first.ctime_nsec()));
        let again = again.unwrap();
        assert_eq!(
            (again.len(), again.modified().unwrap(), again.ino()),
            (first.len(), first.modified().unwrap(), first.ino())
        );
        assert_ne!(Seen::of(&again, later).unwrap(), seen);

        let old = r#"{"device":1,"inode":2,"modified_s":3,"modified_ns":4}"#;
        let old: Seen = serde_json::from_str(old).unwrap();
        assert_eq!((old.inode, old.changed_s, old.bytes), (2, None, None), "as earlier versions wrote it");
    }
}
