//! The journal: append-only segments of checksummed groups (DATA-2, DATA-7; the format is in `docs/specs/data.md`).
//!
//! ```text
//!  append(group) -> write -> fdatasync -> acknowledged        open -> scan the last segment -> cut a torn end, or refuse damage
//! ```

mod error;
mod frame;
mod lock;
mod repair;
mod scan;

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read as _, Seek as _, SeekFrom, Write as _},
    path::{Path, PathBuf},
};

use chancery_stores::write_anew;
pub use error::JournalError;
pub use frame::{Entry, FRAME_HEADER_BYTES, MAX_ENTRY_BYTES, MAX_GROUP_BYTES};
pub use lock::JournalLock;
pub use repair::{Repair, plan_repair};
pub use scan::Position;
use scan::{segments, verify_segment};

/// Size beyond which a new segment is begun, in bytes.
pub const SEGMENT_BYTES: u64 = 128 * 1024 * 1024;
const MAGIC: &[u8; 19] = b"CHANCERY-JOURNAL-1\n";
/// Length of a segment's head: magic and chain id.
pub(crate) const HEAD_BYTES: u64 = 19 + 8;

/// A journal that is open for appending by one process.
#[derive(Debug)]
pub struct Journal {
    directory: PathBuf,
    chain_id: u64,
    file: File,
    segment: u64,
    offset: u64,
    next_place: u64,
    segment_bytes: u64,
    broken: bool,
}

impl Journal {
    /// Opens a journal, or makes one. A torn end is cut off; `complete_to` is the place up to which somebody remembers acknowledged entries.
    ///
    /// # Errors
    /// [`JournalError::Damaged`] when what is there does not read, [`JournalError::OtherChain`], [`JournalError::Io`].
    pub fn open(directory: &Path, chain_id: u64, complete_to: u64) -> Result<Self, JournalError> {
        Self::open_with(directory, chain_id, complete_to, SEGMENT_BYTES)
    }

    /// Opens a journal with segments of another size.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn open_with(
        directory: &Path,
        chain_id: u64,
        complete_to: u64,
        segment_bytes: u64,
    ) -> Result<Self, JournalError> {
        fs::create_dir_all(directory).map_err(|source| JournalError::io(directory, source))?;
        remove_headless(directory)?;
        let Some(last) = segments(directory)?.pop() else {
            if complete_to > 0 {
                return Err(JournalError::damaged(directory, 0, format!("it is empty, and had {complete_to} entries")));
            }
            let file = begin_segment(directory, chain_id, 0)?;
            return Ok(Self {
                directory: directory.into(),
                chain_id,
                file,
                segment: 0,
                offset: HEAD_BYTES,
                next_place: 0,
                segment_bytes,
                broken: false,
            });
        };
        let path = segment_path(directory, last);
        let mut end = verify_segment(&path, chain_id, last)?;
        if end.next_place > complete_to {
            // Nobody remembers its end as durable: a sync of it may have failed before this process, and then what can be read of it is on no disk (STORE-2).
            write_anew(&path).map_err(|source| JournalError::io(&path, source))?;
            end = verify_segment(&path, chain_id, last)?;
        }
        if end.next_place < complete_to {
            let detail = format!("it ends before place {}, and had {complete_to} acknowledged entries", end.next_place);
            return Err(JournalError::damaged(&path, end.offset, detail));
        }
        let mut file =
            OpenOptions::new().read(true).write(true).open(&path).map_err(|source| JournalError::io(&path, source))?;
        let length = file.metadata().map_err(|source| JournalError::io(&path, source))?.len();
        if length > end.offset {
            tracing::warn!(segment = last, bytes = length - end.offset, "the torn end of the journal is cut off");
            file.set_len(end.offset)
                .and_then(|()| file.sync_all())
                .map_err(|source| JournalError::io(&path, source))?;
        }
        file.seek(SeekFrom::Start(end.offset)).map_err(|source| JournalError::io(&path, source))?;
        Ok(Self {
            directory: directory.into(),
            chain_id,
            file,
            segment: last,
            offset: end.offset,
            next_place: end.next_place,
            segment_bytes,
            broken: false,
        })
    }

    /// Place of the next entry.
    #[must_use]
    pub const fn next_place(&self) -> u64 {
        self.next_place
    }

    /// Writes a group and syncs it. When this returns, the entries are durable.
    ///
    /// # Errors
    /// [`JournalError::Io`]: nothing of it was accepted while [`Self::goes_on`]. After a failed sync nothing more is, before the journal is mended; until then
    /// it is not known whether this is on the disk.
    pub fn append(&mut self, entries: &[Entry<'_>]) -> Result<Position, JournalError> {
        if self.broken {
            return Err(JournalError::io(
                &self.directory,
                io::Error::other("a write failed before, and is not mended"),
            ));
        }
        self.try_append(entries)
    }

    /// Whether it takes more: then what could not be written last was taken back.
    #[must_use]
    pub const fn goes_on(&self) -> bool {
        !self.broken
    }

    /// Goes on after a sync that failed, or a write that could not be taken back; does nothing otherwise. What such a sync was for may be in memory, called clean, and on no disk:
    /// nothing of it is believed. The segment is cut behind the last group that a sync has kept, through a handle of its own, read again, and left; what follows goes into the next
    /// one (STORE-2).
    ///
    /// # Errors
    /// [`JournalError::Io`] while that does not succeed, [`JournalError::Damaged`] when what was acknowledged is not there: then nothing may follow it.
    pub fn mend(&mut self) -> Result<(), JournalError> {
        if !self.broken {
            return Ok(());
        }
        let path = segment_path(&self.directory, self.segment);
        let io = |source| JournalError::io(&path, source);
        let file = OpenOptions::new().read(true).write(true).open(&path).map_err(io)?;
        file.set_len(self.offset).and_then(|()| file.sync_all()).map_err(io)?;
        let end = verify_segment(&path, self.chain_id, self.segment)?;
        if (end.offset, end.next_place) != (self.offset, self.next_place) {
            let Self { next_place, .. } = *self;
            let detail = format!("it ends before place {}, and had {next_place} acknowledged entries", end.next_place);
            return Err(JournalError::damaged(&path, end.offset, detail));
        }
        self.file = begin_segment(&self.directory, self.chain_id, self.next_place)?;
        (self.segment, self.offset) = (self.next_place, HEAD_BYTES);
        self.broken = false;
        Ok(())
    }

    fn try_append(&mut self, entries: &[Entry<'_>]) -> Result<Position, JournalError> {
        let frame = frame::encode(self.next_place, entries)?;
        if self.offset >= self.segment_bytes {
            self.file = begin_segment(&self.directory, self.chain_id, self.next_place)?;
            (self.segment, self.offset) = (self.next_place, HEAD_BYTES);
        }
        let path = || segment_path(&self.directory, self.segment);
        if let Err(source) = self.file.write_all(&frame) {
            // A full disk: what was written of it is taken back, so that the next group can follow. If that fails too, nothing may follow.
            let back = self.file.set_len(self.offset).and_then(|()| self.file.seek(SeekFrom::Start(self.offset)));
            self.broken = back.and_then(|_| self.file.sync_all()).is_err();
            return Err(JournalError::io(&path(), source));
        }
        if let Err(source) = self.file.sync_data() {
            // After a sync that failed the system may call lost pages clean: a second one that succeeds says nothing.
            self.broken = true;
            return Err(JournalError::io(&path(), source));
        }
        let position = Position { segment: self.segment, offset: self.offset };
        self.offset += frame.len() as u64;
        self.next_place += entries.len() as u64;
        Ok(position)
    }
}

/// Reads one group at a position.
///
/// # Errors
/// [`JournalError::Damaged`], [`JournalError::Io`].
pub fn read_group(directory: &Path, position: Position) -> Result<Group, JournalError> {
    let path = segment_path(directory, position.segment);
    let mut file = File::open(&path).map_err(|source| JournalError::io(&path, source))?;
    file.seek(SeekFrom::Start(position.offset)).map_err(|source| JournalError::io(&path, source))?;
    let damaged = |detail: String| JournalError::damaged(&path, position.offset, detail);
    let mut head = [0; FRAME_HEADER_BYTES];
    file.read_exact(&mut head).map_err(|error| cut(&path, position.offset, error))?;
    let bytes = frame::body_bytes(&head).ok_or_else(|| damaged("no group begins here".into()))?;
    let mut frame = head.to_vec();
    frame.resize(FRAME_HEADER_BYTES + bytes, 0);
    file.read_exact(&mut frame[FRAME_HEADER_BYTES..]).map_err(|error| cut(&path, position.offset, error))?;
    let (first_place, entries) = frame::decode(&frame).map_err(damaged)?;
    Ok(Group { position, first_place, bytes: frame.len() as u64, entries })
}

/// Why less can be read than a group has: it is not there, which is damage; or the disk does not answer, which is none.
fn cut(path: &Path, offset: u64, error: io::Error) -> JournalError {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => JournalError::damaged(path, offset, "a group is cut".into()),
        _ => JournalError::io(path, error),
    }
}

/// A group that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// Where it stands.
    pub position: Position,
    /// Place of its first entry.
    pub first_place: u64,
    /// Its length in the file.
    pub bytes: u64,
    /// Kind and body of each entry.
    pub entries: Vec<(u8, Vec<u8>)>,
}

/// The groups from the one at a position on, over all segments.
///
/// # Errors
/// [`JournalError`] where they cannot be read.
pub fn read_from(directory: &Path, position: Position) -> Result<scan::Groups, JournalError> {
    scan::Groups::new(directory, position, 0)
}

/// The same without groups of which every entry is before a place: those are not read, and not checked.
///
/// # Errors
/// As [`read_from`].
pub fn read_beyond(directory: &Path, position: Position, place: u64) -> Result<scan::Groups, JournalError> {
    scan::Groups::new(directory, position, place)
}

/// Where the first group of a journal stands, if it has one.
///
/// # Errors
/// [`JournalError::Io`].
pub fn first_position(directory: &Path) -> Result<Option<Position>, JournalError> {
    Ok(segments(directory)?.first().map(|segment| Position { segment: *segment, offset: HEAD_BYTES }))
}

/// A segment whose head was not synced when the process was killed was never written to.
fn remove_headless(directory: &Path) -> Result<(), JournalError> {
    let Some(last) = segments(directory)?.pop() else { return Ok(()) };
    let path = segment_path(directory, last);
    let length = fs::metadata(&path).map_err(|source| JournalError::io(&path, source))?.len();
    if length < HEAD_BYTES {
        fs::remove_file(&path).map_err(|source| JournalError::io(&path, source))?;
    }
    Ok(())
}

fn begin_segment(directory: &Path, chain_id: u64, first_place: u64) -> Result<File, JournalError> {
    let path = segment_path(directory, first_place);
    let made = || -> io::Result<File> {
        let mut file = OpenOptions::new().read(true).write(true).create(true).truncate(true).open(&path)?;
        file.write_all(MAGIC)?;
        file.write_all(&chain_id.to_le_bytes())?;
        file.sync_all()?;
        // The new name is durable only when its folder is.
        File::open(directory)?.sync_all()?;
        Ok(file)
    };
    made().map_err(|source| JournalError::io(&path, source))
}

fn segment_path(directory: &Path, first_place: u64) -> PathBuf {
    directory.join(format!("{first_place:020}.journal"))
}

#[cfg(test)]
mod tests;
