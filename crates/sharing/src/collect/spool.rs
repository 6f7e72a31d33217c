//! The spool: segments of NDJSON, numbered by their first record. A record is there when [`Spool::append`] returns.
//!
//! Records of one append carry the number of its last record. After a crash an append is there whole, or cut off: what was not acknowledged comes again, and
//! would otherwise be there twice.

#[cfg(test)]
mod tests;

use std::{
    fs::{self, File, OpenOptions},
    io::{self, BufRead as _, BufReader, Read as _, Seek as _, SeekFrom, Write as _},
    path::{Path, PathBuf},
};

use chancery_stores::{Standing, write_anew};
use serde::{Deserialize, Serialize};

use super::{
    CollectError, Record,
    batches::{Batch, Batches},
    positions::{self, Positions},
};
use crate::private_folder::{FolderLock, make_private, private, replace};

/// Member with the number of a record: the cursor of an extract.
pub(crate) const SEQUENCE: &str = "_seq";
/// Member with the number of the last record of the same append.
pub(crate) const UNTIL: &str = "_until";
/// Longest line of a spool.
pub(crate) const MAX_LINE_BYTES: u64 = 64 * 1024 * 1024;
/// Bytes after which a segment ends, with the append that reaches them.
const SEGMENT_BYTES: u64 = 16 * 1024 * 1024;
const IDENTITY: &str = "spool.json";

/// What a spool is recognized by.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Identity {
    id: String,
}

/// How far a batch is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Known {
    New,
    /// Among those that are written together now.
    AboutToBe,
    OnDisk,
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
    /// Number of the present segment's first record.
    first: u64,
    /// Of the present segment.
    bytes: u64,
    /// Of all segments, when they were last counted, and of what was appended since.
    total: u64,
    next: u64,
    positions: Positions,
    batches: Batches,
    /// What a write has left could not be taken back, or a sync failed.
    broken: bool,
    standing: Standing,
    _lock: FolderLock,
}

impl Spool {
    pub(super) fn open(folder: &Path, max_bytes: u64) -> Result<Self, CollectError> {
        let failed = |error: io::Error| CollectError::spool(folder, &error);
        make_private(folder).map_err(failed)?;
        let Some(lock) = FolderLock::try_take(&folder.join("lock")).map_err(failed)? else {
            return Err(CollectError::Busy(folder.to_owned()));
        };
        if identity(folder).map_err(failed)?.is_none() {
            let mut id = [0; 16];
            getrandom::fill(&mut id).map_err(|error| CollectError::spool(folder, &error))?;
            let text = serde_json::to_vec(&Identity { id: hex::encode(id) })
                .map_err(|error| CollectError::spool(folder, &error))?;
            replace(folder, IDENTITY, &text).map_err(failed)?;
        }
        let (mut positions, mut batches) = (positions::load(folder)?, Batches::load(folder)?);
        let segments = segments(folder).map_err(failed)?;
        let (current, bytes, next) = match segments.last() {
            None => (create(folder, 1).map_err(failed)?, 0, 1),
            Some(last) => {
                recover(last, &mut positions, &mut batches).map_err(|error| CollectError::spool(&last.path, &error))?
            }
        };
        Ok(Self {
            folder: folder.to_owned(),
            max_bytes,
            current,
            first: segments.last().map_or(1, |last| last.first),
            bytes,
            total: segments.iter().map(|segment| segment.bytes).sum(),
            next,
            positions,
            batches,
            broken: false,
            standing: Standing::of("spool"),
            _lock: lock,
        })
    }

    pub(super) const fn positions(&self) -> &Positions {
        &self.positions
    }

    /// Takes numbered batches of these senders alone; with none named, of whoever comes.
    pub(super) fn take_only(&mut self, senders: &[String]) {
        self.batches.take_only(senders);
    }

    /// How far a batch is, when these are about to be written.
    ///
    /// # Errors
    /// As [`Batches::has`].
    pub(super) fn knows(&self, batch: &Batch, about_to_be: &Batches) -> Result<Known, CollectError> {
        if self.batches.has(batch, &self.folder)? {
            return Ok(Known::OnDisk);
        }
        Ok(if about_to_be.has(batch, &self.folder)? { Known::AboutToBe } else { Known::New })
    }

    /// Writes records, all or none, and waits until they are on disk.
    pub(super) fn append(&mut self, records: Vec<Record>) -> Result<(), CollectError> {
        if records.is_empty() {
            return Ok(());
        }
        self.mend()?;
        let (mut text, mut next) = (Vec::new(), self.next);
        let until = next + records.len() as u64 - 1;
        for record in &records {
            let numbered = Numbered { sequence: next, until, record };
            serde_json::to_writer(&mut text, &numbered).map_err(|error| CollectError::spool(&self.folder, &error))?;
            text.push(b'\n');
            next += 1;
        }
        self.make_room(text.len() as u64)?;
        if let Err(error) = self.current.write_all(&text) {
            // What is there in part is taken away; when that fails too, before anything follows.
            let undone = self.current.set_len(self.bytes).and_then(|()| self.current.seek(SeekFrom::End(0)));
            self.broken = undone.is_err();
            return Err(self.unwritten(&error));
        }
        if let Err(error) = self.current.sync_data() {
            self.broken = true;
            // At once, so that nobody reads what is not acknowledged; that it is gone for good, the next append makes sure of.
            self.current.set_len(self.bytes).ok();
            return Err(self.unwritten(&error));
        }
        (self.next, self.bytes, self.total) = (next, self.bytes + text.len() as u64, self.total + text.len() as u64);
        for record in &records {
            positions::note(&mut self.positions, record);
            self.batches.note(record);
        }
        Ok(())
    }

    fn unwritten(&self, error: &io::Error) -> CollectError {
        if self.broken {
            self.standing.failed(error);
        }
        CollectError::writing(&self.folder, error)
    }

    /// Goes on after a sync that failed, or a write that could not be taken back. What such a sync was for may be in memory, called clean, and on no disk: the segment is cut behind the
    /// last append that a sync has kept, through a handle of its own, read again, and left (STORE-2).
    fn mend(&mut self) -> Result<(), CollectError> {
        if !self.broken {
            return Ok(());
        }
        if self.standing.waits() {
            let reason = "a write failed before".to_owned();
            return Err(CollectError::Unwritten { path: self.folder.clone(), reason });
        }
        if let Err(error) = self.cut().and_then(|()| self.begin_segment()) {
            return Err(self.unwritten(&error));
        }
        self.broken = false;
        self.standing.goes_on();
        Ok(())
    }

    fn cut(&self) -> io::Result<()> {
        let file = OpenOptions::new().read(true).write(true).open(segment_path(&self.folder, self.first))?;
        file.set_len(self.bytes)?;
        file.sync_all()?;
        if whole(&file, self.first, |_, _| {})? == (self.bytes, self.next) {
            return Ok(());
        }
        let said = "records that were acknowledged are missing: put the segment of a backup in its place";
        Err(io::Error::new(io::ErrorKind::InvalidData, said))
    }

    fn begin_segment(&mut self) -> io::Result<()> {
        positions::save(&self.folder, &self.positions)?;
        self.batches.save(&self.folder)?;
        self.current = create(&self.folder, self.next)?;
        (self.first, self.bytes) = (self.next, 0);
        Ok(())
    }

    fn make_room(&mut self, bytes: u64) -> Result<(), CollectError> {
        if self.bytes >= SEGMENT_BYTES {
            self.begin_segment().map_err(|error| CollectError::writing(&self.folder, &error))?;
        }
        if self.total + bytes > self.max_bytes {
            // Extracts may have taken segments away.
            let kept = segments(&self.folder).map_err(|error| CollectError::writing(&self.folder, &error))?;
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
    #[serde(rename = "_until")]
    until: u64,
    #[serde(flatten)]
    record: &'a Record,
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

/// Opens the last segment behind its last whole append: what follows was never acknowledged.
fn recover(segment: &Segment, positions: &mut Positions, batches: &mut Batches) -> io::Result<(File, u64, u64)> {
    // A sync may have failed before this process: what can be read may be on no disk (STORE-2).
    write_anew(&segment.path)?;
    let (mut begun, mut begun_batches) = (Positions::new(), Batches::default());
    let (whole, next) = whole(&File::open(&segment.path)?, segment.first, |record, ends| {
        positions::note(&mut begun, record);
        begun_batches.note(record);
        if ends {
            positions.append(&mut begun);
            batches.append(&mut begun_batches);
        }
    })?;
    let mut file = OpenOptions::new().write(true).open(&segment.path)?;
    file.set_len(whole)?;
    file.seek(SeekFrom::End(0))?;
    file.sync_all()?;
    Ok((file, whole, next))
}

/// Length of a segment up to the end of its last whole append, and the number that comes next. Records are seen one at a time, with whether their append ends.
pub(crate) fn whole(file: &File, first: u64, mut seen: impl FnMut(&Record, bool)) -> io::Result<(u64, u64)> {
    let wrong = |number: u64, what: &str| {
        let line = number - first + 1;
        let said = format!("line {line} {what}: put the segment of a backup in its place, or begin with another spool");
        io::Error::new(io::ErrorKind::InvalidData, said)
    };
    let (mut reader, mut line) = (BufReader::new(file), Vec::new());
    let (mut number, mut read, mut whole) = (first, 0, (0, first));
    loop {
        line.clear();
        (&mut reader).take(MAX_LINE_BYTES).read_until(b'\n', &mut line)?;
        if line.last() != Some(&b'\n') {
            return if line.len() as u64 == MAX_LINE_BYTES { Err(wrong(number, "is too long")) } else { Ok(whole) };
        }
        read += line.len() as u64;
        let record: Record = serde_json::from_slice(&line).map_err(|_| wrong(number, "is no record"))?;
        let member = |name| record.get(name).and_then(serde_json::Value::as_u64);
        if member(SEQUENCE) != Some(number) {
            return Err(wrong(number, "is missing or out of order"));
        }
        let ends = match member(UNTIL) {
            Some(until) if until >= number => until == number,
            _ => return Err(wrong(number, "does not say where its append ends")),
        };
        number += 1;
        seen(&record, ends);
        if ends {
            whole = (read, number);
        }
    }
}

fn segment_path(folder: &Path, first: u64) -> PathBuf {
    folder.join(format!("{first:020}.ndjson"))
}

fn create(folder: &Path, first: u64) -> io::Result<File> {
    // One of that name that is empty was made when the disk had no room for more.
    let file = private().write(true).create(true).truncate(false).open(segment_path(folder, first))?;
    if file.metadata()?.len() > 0 {
        return Err(io::Error::new(io::ErrorKind::AlreadyExists, format!("there is a segment {first:020} already")));
    }
    File::open(folder)?.sync_all()?;
    Ok(file)
}
