//! Files that grow. A file is known by its inode and by what stands before the place that was reached, so that a rotation by renaming, a truncation and a
//! replacement are told apart, and said.

use std::{
    fs::{self, File, Metadata},
    io::{self, Read as _, Seek as _, SeekFrom},
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
    time::Duration,
};

use ring::digest::{SHA256, digest};
use tokio::sync::watch;

use super::{
    CollectError, Record, TailedFile,
    positions::{FILE, POSITION, Position},
    syslog::received,
    writer::Writer,
};

/// Most bytes that are read at a time.
const MAX_READ_BYTES: usize = 1024 * 1024;
/// Longest line in one piece.
const MAX_LINE_BYTES: usize = 512 * 1024;
/// Bytes before a place by which it is recognized.
const RECOGNIZED_BYTES: u64 = 1024;

/// What happened to a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Change {
    /// It is shorter than what was read: it is read from its beginning.
    Truncated,
    /// It holds other bytes where it was read: it is read from its beginning.
    Rewritten,
    /// Another file is there, and the one before is nowhere beside it: what was not read of that is lost.
    Gone,
}

/// Reads a file until it is told to stop.
pub(super) async fn follow(
    file: TailedFile,
    position: Option<Position>,
    writer: Writer,
    interval: Duration,
    mut stopped: watch::Receiver<bool>,
) -> Result<(), CollectError> {
    let mut tail = Tail { path: file.path, json: file.json, position };
    loop {
        let (read, back) = tokio::task::spawn_blocking(move || (tail.read(), tail))
            .await
            .map_err(|error| CollectError::Stopped(error.to_string()))?;
        tail = back;
        let mut more = false;
        match read {
            Ok(Some(read)) => {
                if let Some(change) = read.change {
                    tracing::warn!(file = %tail.path.display(), ?change, "the file changed under its reader");
                }
                more = read.bytes > 0;
                match writer.append(read.records, read.bytes).await {
                    Ok(()) => tail.position = Some(read.position),
                    // Nothing is lost: it is read once more.
                    Err(CollectError::Full(_)) => more = false,
                    Err(error) => return Err(error),
                }
            }
            Ok(None) => {}
            Err(error) => tracing::warn!(file = %tail.path.display(), %error, "the file cannot be read"),
        }
        if *stopped.borrow() {
            return Ok(());
        }
        if !more {
            tokio::select! {
                () = tokio::time::sleep(interval) => {}
                _ = stopped.changed() => return Ok(()),
            }
        }
    }
}

struct Tail {
    path: PathBuf,
    json: bool,
    position: Option<Position>,
}

/// Lines on their way, and the place behind them.
struct Taken {
    records: Vec<Record>,
    bytes: usize,
    position: Position,
    change: Option<Change>,
}

impl Tail {
    /// Reads what is there, up to a bound; none when there is nothing new.
    fn read(&self) -> io::Result<Option<Taken>> {
        let present = open(&self.path)?;
        let Some(position) = &self.position else {
            let Some((file, metadata)) = present else { return Ok(None) };
            return self.lines(&file, at(&metadata, 0), false, None);
        };
        if let Some((file, metadata)) = &present
            && is_same(metadata, position)
        {
            let change = if metadata.len() < position.offset {
                Some(Change::Truncated)
            } else if before(file, position.offset)? != position.before {
                Some(Change::Rewritten)
            } else {
                None
            };
            let start = if change.is_some() { at(metadata, 0) } else { position.clone() };
            return self.lines(file, start, false, change);
        }
        // It was renamed: what is left of it comes first. Its last line may have no end.
        let renamed = self.renamed(position)?;
        if let Some(file) = &renamed
            && let Some(taken) = self.lines(file, position.clone(), present.is_some(), None)?
        {
            return Ok(Some(taken));
        }
        let Some((file, metadata)) = present else { return Ok(None) };
        let change = renamed.is_none().then_some(Change::Gone);
        self.lines(&file, at(&metadata, 0), false, change)
    }

    /// The file that was read, under another name in the same folder.
    fn renamed(&self, position: &Position) -> io::Result<Option<File>> {
        let folder = self.path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            let found = entry.metadata().is_ok_and(|metadata| metadata.is_file() && is_same(&metadata, position));
            if found && let Some((file, metadata)) = open(&entry.path())? {
                let known = metadata.len() >= position.offset && before(&file, position.offset)? == position.before;
                return Ok(known.then_some(file));
            }
        }
        Ok(None)
    }

    /// Whole lines from a place on. None when there are none and nothing changed.
    fn lines(
        &self,
        mut file: &File,
        mut place: Position,
        ended: bool,
        change: Option<Change>,
    ) -> io::Result<Option<Taken>> {
        file.seek(SeekFrom::Start(place.offset))?;
        let mut text = Vec::new();
        file.take(MAX_READ_BYTES as u64).read_to_end(&mut text)?;
        let at_end = text.len() < MAX_READ_BYTES;
        let (mut records, mut taken) = (Vec::new(), 0);
        while taken < text.len() {
            let rest = &text[taken..];
            let line = match rest.iter().position(|byte| *byte == b'\n') {
                Some(end) if end <= MAX_LINE_BYTES => &rest[..=end],
                _ if rest.len() > MAX_LINE_BYTES => &rest[..MAX_LINE_BYTES],
                _ if ended && at_end => rest,
                _ => break,
            };
            taken += line.len();
            records.push(self.record(line));
        }
        if records.is_empty() && change.is_none() {
            return Ok(None);
        }
        place.offset += taken as u64;
        place.before = before(file, place.offset)?;
        if let (Some(last), Ok(position)) = (records.last_mut(), serde_json::to_value(&place)) {
            last.insert(POSITION.to_owned(), position);
        }
        Ok(Some(Taken { records, bytes: taken, position: place, change }))
    }

    fn record(&self, line: &[u8]) -> Record {
        let whole = line.ends_with(b"\n");
        let text = line.strip_suffix(b"\n").unwrap_or(line);
        let text = text.strip_suffix(b"\r").unwrap_or(text);
        let parsed = self.json.then(|| serde_json::from_slice::<Record>(text).ok()).flatten();
        let mut record = match parsed.filter(|record| !record.keys().any(|name| name.starts_with('_'))) {
            Some(record) => record,
            None => match std::str::from_utf8(text) {
                Ok(text) => Record::from_iter([("line".to_owned(), text.into())]),
                Err(_) => Record::from_iter([("bytes".to_owned(), format!("0x{}", hex::encode(text)).into())]),
            },
        };
        if !whole {
            record.insert("_continued".to_owned(), true.into());
        }
        received(&mut record, "tail");
        record.insert(FILE.to_owned(), self.path.to_string_lossy().into_owned().into());
        record
    }
}

fn open(path: &Path) -> io::Result<Option<(File, Metadata)>> {
    match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
        Ok(file) => {
            let metadata = file.metadata()?;
            if metadata.is_file() { Ok(Some((file, metadata))) } else { Err(io::ErrorKind::InvalidInput.into()) }
        }
    }
}

fn at(metadata: &Metadata, offset: u64) -> Position {
    Position { device: metadata.dev(), inode: metadata.ino(), offset, before: hashed(&[]) }
}

fn is_same(metadata: &Metadata, position: &Position) -> bool {
    metadata.dev() == position.device && metadata.ino() == position.inode
}

/// What stands before a place.
fn before(mut file: &File, offset: u64) -> io::Result<String> {
    let count = offset.min(RECOGNIZED_BYTES);
    file.seek(SeekFrom::Start(offset - count))?;
    let mut bytes = Vec::new();
    file.take(count).read_to_end(&mut bytes)?;
    Ok(hashed(&bytes))
}

fn hashed(bytes: &[u8]) -> String {
    hex::encode(digest(&SHA256, bytes))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::io::Write as _;

    use super::*;

    struct Log {
        folder: tempfile::TempDir,
        tail: Tail,
    }

    impl Log {
        fn new() -> Self {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("log");
            Self { folder, tail: Tail { path, json: false, position: None } }
        }

        fn write(&self, text: &str) {
            let mut file = fs::OpenOptions::new().create(true).append(true).open(&self.tail.path).unwrap();
            file.write_all(text.as_bytes()).unwrap();
        }

        fn rename(&self, name: &str) {
            fs::rename(&self.tail.path, self.folder.path().join(name)).unwrap();
        }

        /// Everything that is there, and what changed.
        fn read(&mut self) -> (Vec<String>, Vec<Change>) {
            let (mut lines, mut changes) = (Vec::new(), Vec::new());
            while let Some(taken) = self.tail.read().unwrap() {
                lines.extend(taken.records.iter().map(|record| record["line"].as_str().unwrap().to_owned()));
                changes.extend(taken.change);
                self.tail.position = Some(taken.position);
            }
            (lines, changes)
        }
    }

    // S-COL
    #[test]
    fn a_rotated_log_is_read_to_its_end_and_then_the_new_one() {
        let mut log = Log::new();
        assert_eq!(log.read(), (vec![], vec![]));
        log.write("a\nb\r\nc");
        assert_eq!(log.read().0, ["a", "b"], "a line has an end");
        log.write("c\nd\n");
        log.rename("log.1");
        assert_eq!(log.read().0, ["cc", "d"], "also before there is a new file");
        fs::write(log.folder.path().join("log.1"), "a\nb\r\ncc\nd\nlate").unwrap();
        log.write("e\n");
        assert_eq!(log.read(), (vec!["late".to_owned(), "e".to_owned()], vec![]));
        log.rename("log.2");
        log.write("f\n");
        fs::remove_file(log.folder.path().join("log.2")).unwrap();
        assert_eq!(log.read(), (vec!["f".to_owned()], vec![Change::Gone]));
    }

    // S-COL
    #[test]
    fn a_log_that_changed_under_its_reader_is_noticed_and_read_anew() {
        let mut log = Log::new();
        log.write("one\ntwo\n");
        assert_eq!(log.read().0.len(), 2);
        fs::write(&log.tail.path, "x\n").unwrap();
        assert_eq!(log.read(), (vec!["x".to_owned()], vec![Change::Truncated]));
        fs::write(&log.tail.path, "y\nz\n").unwrap();
        assert_eq!(log.read(), (vec!["y".to_owned(), "z".to_owned()], vec![Change::Rewritten]));
        assert_eq!(log.read(), (vec![], vec![]), "once");
    }

    // S-COL
    #[test]
    fn a_line_without_end_comes_in_pieces() {
        let mut log = Log::new();
        log.write(&"x".repeat(MAX_LINE_BYTES * 2 + 10));
        let lines = log.read().0;
        assert_eq!(lines.iter().map(String::len).collect::<Vec<_>>(), [MAX_LINE_BYTES, MAX_LINE_BYTES]);
        log.write("\n");
        assert_eq!(log.read().0, ["x".repeat(10)]);
    }
}
