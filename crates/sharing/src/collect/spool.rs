//! The spool: segments of NDJSON, numbered by their first record. A record is there when [`Spool::append`] returns.

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io::{self, Seek as _, SeekFrom, Write as _},
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use super::{
    CollectError, Record,
    positions::{self, Positions},
};

/// Member with the number of a record: the cursor of an extract.
pub(crate) const SEQUENCE: &str = "_seq";
/// Bytes after which a segment ends.
const SEGMENT_BYTES: u64 = 16 * 1024 * 1024;
/// Most bytes of a segment that is read again: its own and those of one append.
const MAX_SEGMENT_BYTES: u64 = SEGMENT_BYTES + 128 * 1024 * 1024;
const IDENTITY: &str = "spool.json";

/// What a spool is recognized by.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Identity {
    id: String,
}

/// A file of the spool.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Segment {
    /// Number of its first record.
    pub(crate) first: u64,
    pub(crate) path: PathBuf,
    pub(crate) bytes: u64,
}

/// A spool that is being written.
pub(super) struct Spool {
    folder: PathBuf,
    max_bytes: u64,
    current: File,
    /// Of the present segment.
    bytes: u64,
    /// Of all segments, when they were last counted, and of what was appended since.
    total: u64,
    next: u64,
    positions: Positions,
    broken: bool,
    _lock: File,
}

impl Spool {
    pub(super) fn open(folder: &Path, max_bytes: u64) -> Result<Self, CollectError> {
        let failed = |error: io::Error| CollectError::spool(folder, &error);
        make_private(folder).map_err(failed)?;
        let lock = private().write(true).create(true).truncate(false).open(folder.join("lock")).map_err(failed)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(CollectError::Busy(folder.to_owned())),
            Err(TryLockError::Error(error)) => return Err(failed(error)),
        }
        if identity(folder).map_err(failed)?.is_none() {
            let mut id = [0; 16];
            getrandom::fill(&mut id).map_err(|error| CollectError::spool(folder, &error))?;
            let text = serde_json::to_vec(&Identity { id: hex::encode(id) })
                .map_err(|error| CollectError::spool(folder, &error))?;
            replace(folder, IDENTITY, &text).map_err(failed)?;
        }
        let mut positions = positions::load(folder)?;
        let segments = segments(folder).map_err(failed)?;
        let (current, bytes, next) = match segments.last() {
            None => (create(folder, 1).map_err(failed)?, 0, 1),
            Some(last) => recover(last, &mut positions).map_err(|error| CollectError::spool(&last.path, &error))?,
        };
        let total = segments.iter().map(|segment| segment.bytes).sum();
        let folder = folder.to_owned();
        Ok(Self { folder, max_bytes, current, bytes, total, next, positions, broken: false, _lock: lock })
    }

    pub(super) const fn positions(&self) -> &Positions {
        &self.positions
    }

    /// Writes records, all or none, and waits until they are on disk.
    pub(super) fn append(&mut self, records: Vec<Record>) -> Result<(), CollectError> {
        if self.broken {
            return Err(CollectError::spool(&self.folder, &"an earlier write failed: start the collector again"));
        }
        let (mut text, mut next) = (Vec::new(), self.next);
        for record in &records {
            let numbered = Numbered { sequence: next, record };
            serde_json::to_writer(&mut text, &numbered).map_err(|error| CollectError::spool(&self.folder, &error))?;
            text.push(b'\n');
            next += 1;
        }
        self.make_room(text.len() as u64)?;
        let written = self.current.write_all(&text).and_then(|()| self.current.sync_data());
        if let Err(error) = written {
            // What is there in part is taken away. When that fails too, or the disk did not keep its word, nothing more is written.
            let undone = self.current.set_len(self.bytes).and_then(|()| self.current.seek(SeekFrom::End(0)));
            self.broken = undone.is_err() || !is_full(&error);
            return Err(if is_full(&error) {
                CollectError::Full(self.folder.clone())
            } else {
                CollectError::spool(&self.folder, &error)
            });
        }
        (self.next, self.bytes, self.total) = (next, self.bytes + text.len() as u64, self.total + text.len() as u64);
        for record in &records {
            positions::note(&mut self.positions, record);
        }
        Ok(())
    }

    fn make_room(&mut self, bytes: u64) -> Result<(), CollectError> {
        let failed = |folder: &Path, error: io::Error| CollectError::spool(folder, &error);
        if self.bytes >= SEGMENT_BYTES {
            positions::save(&self.folder, &self.positions)?;
            self.current = create(&self.folder, self.next).map_err(|error| failed(&self.folder, error))?;
            self.bytes = 0;
        }
        if self.total + bytes > self.max_bytes {
            // Extracts may have taken segments away.
            let kept = segments(&self.folder).map_err(|error| failed(&self.folder, error))?;
            self.total = kept.iter().map(|segment| segment.bytes).sum();
            if self.total + bytes > self.max_bytes {
                return Err(CollectError::Full(self.folder.clone()));
            }
        }
        Ok(())
    }
}

#[derive(Serialize)]
struct Numbered<'a> {
    #[serde(rename = "_seq")]
    sequence: u64,
    #[serde(flatten)]
    record: &'a Record,
}

fn is_full(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
}

/// What a spool is recognized by; none when there is no spool.
pub(crate) fn identity(folder: &Path) -> io::Result<Option<String>> {
    match fs::read(folder.join(IDENTITY)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
        Ok(bytes) => Ok(Some(serde_json::from_slice::<Identity>(&bytes)?.id)),
    }
}

/// The segments, in their order.
pub(crate) fn segments(folder: &Path) -> io::Result<Vec<Segment>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        let number = name.to_str().and_then(|name| name.strip_suffix(".ndjson"));
        let Some(first) = number.filter(|digits| digits.len() == 20).and_then(|digits| digits.parse().ok()) else {
            continue;
        };
        // One that an extract takes away meanwhile is no longer there.
        match entry.metadata() {
            Ok(metadata) => found.push(Segment { first, path: entry.path(), bytes: metadata.len() }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    found.sort_unstable_by_key(|segment| segment.first);
    Ok(found)
}

/// Opens the last segment behind its last whole record: what follows was never acknowledged.
fn recover(segment: &Segment, positions: &mut Positions) -> io::Result<(File, u64, u64)> {
    if segment.bytes > MAX_SEGMENT_BYTES {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "a segment is longer than any that was written"));
    }
    let text = fs::read(&segment.path)?;
    let whole = text.iter().rposition(|byte| *byte == b'\n').map_or(0, |place| place + 1);
    let mut next = segment.first;
    for line in text[..whole].split_inclusive(|byte| *byte == b'\n') {
        let record: Record = serde_json::from_slice(line)?;
        if record.get(SEQUENCE).and_then(serde_json::Value::as_u64) != Some(next) {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "records are missing or out of order"));
        }
        next += 1;
        positions::note(positions, &record);
    }
    let mut file = OpenOptions::new().write(true).open(&segment.path)?;
    file.set_len(whole as u64)?;
    file.seek(SeekFrom::End(0))?;
    file.sync_all()?;
    Ok((file, whole as u64, next))
}

fn create(folder: &Path, first: u64) -> io::Result<File> {
    let file = private().write(true).create_new(true).open(folder.join(format!("{first:020}.ndjson")))?;
    File::open(folder)?.sync_all()?;
    Ok(file)
}

/// Replaces a file in one step.
pub(super) fn replace(folder: &Path, name: &str, bytes: &[u8]) -> io::Result<()> {
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    file.persist(folder.join(name)).map_err(|error| error.error)?;
    File::open(folder)?.sync_all()
}

fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

fn make_private(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.recursive(true).create(folder)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use serde_json::json;

    use super::*;

    fn record(text: &str) -> Record {
        Record::from_iter([("line".to_owned(), json!(text))])
    }

    // S-COL
    #[test]
    fn what_was_acknowledged_is_there_and_what_was_not_is_cut_off() {
        let folder = tempfile::tempdir().unwrap();
        let mut spool = Spool::open(folder.path(), 1 << 20).unwrap();
        assert!(matches!(Spool::open(folder.path(), 1 << 20), Err(CollectError::Busy(_))));
        spool.append(vec![record("a"), record("b")]).unwrap();
        let id = identity(folder.path()).unwrap();
        drop(spool);
        let path = segments(folder.path()).unwrap()[0].path.clone();
        let whole = fs::read(&path).unwrap();
        fs::write(&path, [whole.as_slice(), b"{\"_seq\":3,\"li"].concat()).unwrap();
        let mut spool = Spool::open(folder.path(), 1 << 20).unwrap();
        spool.append(vec![record("c")]).unwrap();
        let text = fs::read_to_string(&path).unwrap();
        let numbers: Vec<u64> = text
            .lines()
            .map(|line| serde_json::from_str::<Record>(line).unwrap()[SEQUENCE].as_u64().unwrap())
            .collect();
        assert_eq!(numbers, [1, 2, 3]);
        assert_eq!(identity(folder.path()).unwrap(), id);
        drop(spool);
        fs::write(&path, text.replacen("\"_seq\":2", "\"_seq\":9", 1)).unwrap();
        assert!(matches!(Spool::open(folder.path(), 1 << 20), Err(CollectError::Spool { .. })));
    }

    // S-COL
    #[test]
    fn a_full_spool_takes_nothing_until_there_is_room() {
        let folder = tempfile::tempdir().unwrap();
        let mut spool = Spool::open(folder.path(), 100).unwrap();
        spool.append(vec![record(&"x".repeat(50))]).unwrap();
        assert!(matches!(spool.append(vec![record(&"x".repeat(50))]), Err(CollectError::Full(_))));
        spool.append(vec![record("y")]).unwrap();
        let text = fs::read_to_string(&segments(folder.path()).unwrap()[0].path).unwrap();
        assert_eq!(text.lines().count(), 2);
    }
}
