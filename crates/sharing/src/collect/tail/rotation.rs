//! Which file is which: the one that was read, under another name, and those between it and the present one.

use std::{
    ffi::OsStr,
    fs::{self, File, Metadata, OpenOptions},
    io::{self, Read as _, Seek as _, SeekFrom},
    os::unix::fs::{MetadataExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
    time::SystemTime,
};

use ring::digest::{SHA256, digest};
use rustix::fs::OFlags;

use crate::collect::positions::Position;

/// Bytes before a place by which it is recognized.
const RECOGNIZED_BYTES: u64 = 1024;
/// Endings of rotated files that are not read.
const COMPRESSED: [&str; 4] = ["gz", "bz2", "xz", "zst"];

/// Opens a file; none when there is none. What is no file is refused, and nobody who would write into a pipe is waited for.
pub(super) fn open(path: &Path) -> io::Result<Option<(File, Metadata)>> {
    let nonblocking = OFlags::NONBLOCK.bits().cast_signed();
    match OpenOptions::new().read(true).custom_flags(nonblocking).open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
        Ok(file) => {
            let metadata = file.metadata()?;
            if metadata.is_file() { Ok(Some((file, metadata))) } else { Err(io::ErrorKind::InvalidInput.into()) }
        }
    }
}

/// The file that was read, under another name in the same folder.
pub(super) fn renamed(path: &Path, position: &Position) -> io::Result<Option<(File, Metadata)>> {
    for entry in fs::read_dir(folder(path))? {
        let entry = entry?;
        let found = entry.metadata().is_ok_and(|metadata| metadata.is_file() && metadata.ino() == position.inode);
        if found
            && let Some((file, metadata)) = open(&entry.path())?
            && is_same(&file, &metadata, position)?
        {
            let known = metadata.len() >= position.offset && before(&file, position.offset)? == position.before;
            return Ok(known.then_some((file, metadata)));
        }
    }
    Ok(None)
}

/// The first of the rotated files that are newer than the one that was read, and not the present one. One that is compressed is not read, and said.
pub(super) fn next(path: &Path, old: &Metadata, present: &Metadata) -> io::Result<Option<(File, Metadata)>> {
    let read_until = old.modified()?;
    let mut newer: Vec<(SystemTime, PathBuf)> = Vec::new();
    for entry in fs::read_dir(folder(path))? {
        let entry = entry?;
        let Ok(metadata) = entry.metadata() else { continue };
        let another = metadata.ino() != old.ino() && metadata.ino() != present.ino();
        if !(metadata.is_file() && another && metadata.modified()? > read_until) {
            continue;
        }
        match rotated(path, &entry.file_name()) {
            Rotated::Plain => newer.push((metadata.modified()?, entry.path())),
            Rotated::Compressed => {
                let skipped = entry.path();
                tracing::warn!(skipped = %skipped.display(), "a rotated file is compressed and may not have been read");
            }
            Rotated::Not => {}
        }
    }
    newer.sort_unstable();
    match newer.first() {
        Some((_, path)) => open(path),
        None => Ok(None),
    }
}

enum Rotated {
    Plain,
    Compressed,
    Not,
}

/// Whether a name is that of the file with a number or a date behind it.
fn rotated(path: &Path, name: &OsStr) -> Rotated {
    let of = path.file_name().and_then(OsStr::to_str);
    let Some(rest) = of.and_then(|of| name.to_str()?.strip_prefix(of)) else { return Rotated::Not };
    let (rest, compressed) = match rest.rsplit_once('.') {
        Some((rest, ending)) if COMPRESSED.contains(&ending) => (rest, true),
        _ => (rest, false),
    };
    let counted = rest.contains(|c: char| c.is_ascii_digit())
        && rest.chars().all(|c| c.is_ascii_digit() || matches!(c, '.' | '-' | '_' | ':' | 'T'));
    match (counted, compressed) {
        (false, _) => Rotated::Not,
        (true, false) => Rotated::Plain,
        (true, true) => Rotated::Compressed,
    }
}

fn folder(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// A place in a file.
pub(super) fn at(metadata: &Metadata, offset: u64) -> Position {
    Position { device: metadata.dev(), inode: metadata.ino(), offset, before: hashed(&[]) }
}

/// Whether a file is the one that was read. The number of its device is not kept over a restart everywhere: then what was read says it.
pub(super) fn is_same(file: &File, metadata: &Metadata, position: &Position) -> io::Result<bool> {
    if metadata.ino() != position.inode {
        return Ok(false);
    }
    if metadata.dev() == position.device {
        return Ok(true);
    }
    let reaches = position.offset > 0 && metadata.len() >= position.offset;
    Ok(reaches && before(file, position.offset)? == position.before)
}

/// What stands before a place.
pub(super) fn before(mut file: &File, offset: u64) -> io::Result<String> {
    let count = offset.min(RECOGNIZED_BYTES);
    file.seek(SeekFrom::Start(offset - count))?;
    let mut bytes = Vec::new();
    file.take(count).read_to_end(&mut bytes)?;
    Ok(hashed(&bytes))
}

fn hashed(bytes: &[u8]) -> String {
    hex::encode(digest(&SHA256, bytes))
}
