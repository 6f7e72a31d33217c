//! Files that grow. A file is known by its inode and by what stands before the place that was reached, so that a rotation by renaming, a truncation and a
//! replacement are told apart, and said.

mod rotation;
#[cfg(test)]
mod tests;

use std::{
    fs::File,
    io::{self, Read as _, Seek as _, SeekFrom},
    os::unix::fs::MetadataExt as _,
    path::PathBuf,
    time::Duration,
};

use tokio::sync::watch;

use self::rotation::{at, before, is_same, next, open, renamed};
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
/// Most records that are read at a time.
const MAX_READ_RECORDS: usize = 8192;
/// How often a renamed file has to hold nothing new before the next one is read: who writes it may not have heard yet.
const QUIET_READS: u32 = 5;

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
    let mut tail = Tail { path: file.path, json: file.json, position, patience: QUIET_READS, quiet: 0 };
    let mut unreadable = false;
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
                if read.records.is_empty() {
                    tail.position = Some(read.position);
                    continue;
                }
                match writer.append(read.records, read.bytes).await {
                    Ok(()) => tail.position = Some(read.position),
                    // Nothing is lost: it is read once more.
                    Err(error) if error.passes() => more = false,
                    Err(error) => return Err(error),
                }
            }
            Ok(None) if std::mem::take(&mut unreadable) => {
                tracing::info!(file = %tail.path.display(), "the file can be read again");
            }
            Ok(None) => {}
            Err(error) if !std::mem::replace(&mut unreadable, true) => {
                tracing::warn!(file = %tail.path.display(), %error, "the file cannot be read");
            }
            Err(_) => {}
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
    /// How often a renamed file is read that holds nothing new.
    patience: u32,
    /// How often it was.
    quiet: u32,
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
    fn read(&mut self) -> io::Result<Option<Taken>> {
        let present = open(&self.path)?;
        let Some(position) = self.position.clone() else {
            let Some((file, metadata)) = present else { return Ok(None) };
            return self.lines(&file, at(&metadata, 0), false, None);
        };
        if let Some((file, metadata)) = &present
            && is_same(file, metadata, &position)?
        {
            self.quiet = 0;
            let change = if metadata.len() < position.offset {
                Some(Change::Truncated)
            } else if before(file, position.offset)? != position.before {
                Some(Change::Rewritten)
            } else {
                None
            };
            let start =
                if change.is_some() { at(metadata, 0) } else { Position { device: metadata.dev(), ..position } };
            return self.lines(file, start, false, change);
        }
        // It was renamed: what is left of it comes first. Its last line may have no end.
        let old = renamed(&self.path, &position)?;
        if let Some((file, _)) = &old {
            if let Some(taken) = self.lines(file, position.clone(), false, None)? {
                self.quiet = 0;
                return Ok(Some(taken));
            }
            if present.is_none() {
                return Ok(None);
            }
            if self.quiet < self.patience {
                self.quiet += 1;
                return Ok(None);
            }
            if let Some(taken) = self.lines(file, position, true, None)? {
                return Ok(Some(taken));
            }
        }
        let Some((file, metadata)) = present else { return Ok(None) };
        self.quiet = 0;
        let Some((_, old)) = old else { return self.lines(&file, at(&metadata, 0), false, Some(Change::Gone)) };
        // There may have been more than one rotation since.
        match next(&self.path, &old, &metadata)? {
            Some((file, metadata)) => self.lines(&file, at(&metadata, 0), false, None),
            None => self.lines(&file, at(&metadata, 0), false, None),
        }
    }

    /// Whole lines from a place on. None when there are none, nothing changed, and the file is the one that was read before.
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
        while taken < text.len() && records.len() < MAX_READ_RECORDS {
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
        let is_known = self.position.as_ref().is_some_and(|known| known.inode == place.inode);
        if records.is_empty() && change.is_none() && is_known {
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
