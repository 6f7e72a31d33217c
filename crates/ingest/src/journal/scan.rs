//! Reading a journal from one end to the other, and telling a torn end from damage.

use std::{
    fs,
    io::{Read as _, Seek as _, SeekFrom},
    path::{Path, PathBuf},
};

use super::{FRAME_HEADER_BYTES, Group, HEAD_BYTES, JournalError, MAGIC, cut, frame, segment_path};

/// Where a group stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// First place of its segment, which names the file.
    pub segment: u64,
    /// Byte in the file.
    pub offset: u64,
}

/// First places of the segments, in order.
pub(super) fn segments(directory: &Path) -> Result<Vec<u64>, JournalError> {
    let mut found = Vec::new();
    for entry in fs::read_dir(directory).map_err(|source| JournalError::io(directory, source))? {
        let name = entry.map_err(|source| JournalError::io(directory, source))?.file_name();
        let place: Option<u64> =
            name.to_str().and_then(|name| name.strip_suffix(".journal")).and_then(|stem| stem.parse().ok());
        found.extend(place);
    }
    found.sort_unstable();
    Ok(found)
}

/// Where what was acknowledged ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct End {
    pub(super) offset: u64,
    pub(super) next_place: u64,
}

/// What reads in a segment, and what does not.
pub(super) struct Scanned {
    pub(super) end: End,
    /// Why nothing more reads at `end.offset`; `None` at the end of the file.
    pub(super) problem: Option<String>,
    /// Where a whole group stands after that: then it is no torn end.
    pub(super) whole_after: Option<u64>,
}

/// Reads the last segment. A segment is bounded, so it is read as a whole.
///
/// # Errors
/// [`JournalError::Damaged`] unless what does not read can be what a kill leaves.
pub(super) fn verify_segment(path: &Path, chain_id: u64, first_place: u64) -> Result<End, JournalError> {
    let Scanned { end, problem, whole_after } = scan(path, chain_id, first_place)?;
    match (problem, whole_after) {
        (Some(problem), Some(after)) => Err(JournalError::damaged(
            path,
            end.offset,
            format!("{problem}, and a whole group follows at byte {after}"),
        )),
        _ => Ok(end),
    }
}

pub(super) fn scan(path: &Path, chain_id: u64, first_place: u64) -> Result<Scanned, JournalError> {
    let bytes = fs::read(path).map_err(|source| JournalError::io(path, source))?;
    check_head(path, &bytes, chain_id)?;
    let mut end = End { offset: HEAD_BYTES, next_place: first_place };
    loop {
        let rest = usize::try_from(end.offset).ok().and_then(|offset| bytes.get(offset..)).unwrap_or_default();
        if rest.is_empty() {
            return Ok(Scanned { end, problem: None, whole_after: None });
        }
        match whole_group(rest) {
            Ok((place, entries, length)) if place == end.next_place => {
                end = End { offset: end.offset + length as u64, next_place: place + entries };
            }
            other => {
                let problem = match other {
                    Ok((place, ..)) => format!("the group begins with place {place}, not {}", end.next_place),
                    Err(problem) => problem,
                };
                let after = (1..rest.len())
                    .find(|start| rest[*start..].starts_with(&frame::MAGIC) && whole_group(&rest[*start..]).is_ok());
                let whole_after = after.map(|start| end.offset + start as u64);
                return Ok(Scanned { end, problem: Some(problem), whole_after });
            }
        }
    }
}

/// First place, number of entries and length of the group that the bytes begin with.
fn whole_group(bytes: &[u8]) -> Result<(u64, u64, usize), String> {
    let head = bytes.first_chunk::<FRAME_HEADER_BYTES>().ok_or("a group is cut")?;
    let length = FRAME_HEADER_BYTES + frame::body_bytes(head).ok_or("no group begins here")?;
    let (place, entries) = frame::decode(bytes.get(..length).ok_or("a group is cut")?)?;
    Ok((place, entries.len() as u64, length))
}

fn check_head(path: &Path, bytes: &[u8], chain_id: u64) -> Result<(), JournalError> {
    let found = bytes.strip_prefix(MAGIC.as_slice()).and_then(|rest| rest.first_chunk::<8>());
    match found.map(|bytes| u64::from_le_bytes(*bytes)) {
        Some(found) if found == chain_id => Ok(()),
        Some(found) => Err(JournalError::OtherChain { path: path.into(), found, expected: chain_id }),
        None => Err(JournalError::damaged(path, 0, "it does not begin as a journal".into())),
    }
}

/// Groups in order, over all segments, one segment open at a time.
pub struct Groups {
    directory: PathBuf,
    segments: Vec<u64>,
    file: Option<(fs::File, u64)>,
    position: Position,
    /// Groups of which every entry is before this place are passed over by their heads.
    from_place: u64,
}

impl Groups {
    pub(super) fn new(directory: &Path, position: Position, from_place: u64) -> Result<Self, JournalError> {
        let segments = segments(directory)?.into_iter().filter(|segment| *segment > position.segment).collect();
        let mut groups = Self { directory: directory.into(), segments, file: None, position, from_place };
        groups.enter(position)?;
        Ok(groups)
    }

    fn enter(&mut self, position: Position) -> Result<(), JournalError> {
        let path = segment_path(&self.directory, position.segment);
        let mut file = fs::File::open(&path).map_err(|source| JournalError::io(&path, source))?;
        let length = file.metadata().map_err(|source| JournalError::io(&path, source))?.len();
        file.seek(SeekFrom::Start(position.offset)).map_err(|source| JournalError::io(&path, source))?;
        self.file = Some((file, length));
        self.position = position;
        Ok(())
    }

    fn read(&mut self) -> Result<Option<Group>, JournalError> {
        loop {
            let Some((file, length)) = &mut self.file else { return Ok(None) };
            if self.position.offset >= *length {
                if self.segments.is_empty() {
                    return Ok(None);
                }
                let segment = self.segments.remove(0);
                self.enter(Position { segment, offset: HEAD_BYTES })?;
                continue;
            }
            let path = segment_path(&self.directory, self.position.segment);
            let damaged = |detail: &str| JournalError::damaged(&path, self.position.offset, detail.into());
            let mut head = [0; FRAME_HEADER_BYTES];
            file.read_exact(&mut head).map_err(|error| cut(&path, self.position.offset, error))?;
            let body = frame::body_bytes(&head).ok_or_else(|| damaged("no group begins here"))?;
            if frame::place_after(&head).is_some_and(|place| place <= self.from_place) {
                let offset = self.position.offset + (FRAME_HEADER_BYTES + body) as u64;
                file.seek(SeekFrom::Start(offset)).map_err(|source| JournalError::io(&path, source))?;
                self.position.offset = offset;
                continue;
            }
            let mut whole = head.to_vec();
            whole.resize(FRAME_HEADER_BYTES + body, 0);
            file.read_exact(&mut whole[FRAME_HEADER_BYTES..])
                .map_err(|error| cut(&path, self.position.offset, error))?;
            let (first_place, entries) = frame::decode(&whole).map_err(|detail| damaged(&detail))?;
            let group = Group { position: self.position, first_place, bytes: whole.len() as u64, entries };
            self.position.offset += group.bytes;
            return Ok(Some(group));
        }
    }
}

impl Iterator for Groups {
    type Item = Result<Group, JournalError>;

    fn next(&mut self) -> Option<Self::Item> {
        let read = self.read();
        if read.is_err() {
            // What comes after what does not read has no known place.
            self.file = None;
        }
        read.transpose()
    }
}
