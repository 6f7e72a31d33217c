//! Who came for what, and who was refused: the owner's own journal of its service. The chain knows what was granted, and not how often it was fetched. What stands here is handed over to
//! supervision (`handing_over`).
//!
//! One JSON object a line; each names the SHA-256 of the line before, so that count and last hash say whether it is the same journal as before. Two files of
//! bounded length: of what is older than both the sums are kept (`forgotten`), so that nobody has it forgotten that it came by coming often.

use std::{
    fs::{self, File},
    io::{self, BufRead as _, BufReader, Read as _, Seek as _, SeekFrom, Write as _},
    path::{Path, PathBuf},
    time::SystemTime,
};

use alloy_primitives::{Address, B256};
use ring::digest::{SHA256, digest};
use serde::{Deserialize, Serialize};

use super::{DepartmentError, folder::state, forgotten::forget, refusals::Refusals};
use crate::private_folder::private;

/// Length beyond which a file takes the place of the one before, in bytes.
pub const MAX_FETCHES_BYTES: u64 = 8 * 1024 * 1024;
const PRESENT: &str = "fetches.ndjson";
const BEFORE: &str = "fetches.1.ndjson";
/// Held while a line is added.
const TURN: &str = "fetches.lock";

/// What somebody came for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fetched {
    /// The terms of a grant, and the data key sealed to its reader.
    Key,
    /// The sealed file.
    File,
}

/// Somebody who came.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Fetch {
    /// Its number in the journal, from 1.
    pub number: u64,
    /// Unix seconds.
    pub at: u64,
    /// Who signed the request.
    pub reader: Address,
    /// The request at the asset.
    pub request: u64,
    /// The version that it is for; zero of what was refused.
    pub version: u32,
    /// What for.
    pub fetched: Fetched,
    /// Why it was refused: the name of the error; absent: it was handed out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused: Option<String>,
    /// Of a refusal: how many before it, since the line of a refusal before, have no line of their own, because there were too many.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub unnoted: u64,
    /// SHA-256 of the line before; zero in the first.
    pub previous: B256,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "as serde asks")]
const fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// A line as it stands in the journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) fetch: Fetch,
    /// Exactly these bytes, without the line feed.
    pub(super) text: String,
    /// SHA-256 of them.
    pub(super) hash: B256,
}

/// The journal, open for writing.
#[derive(Debug)]
pub(super) struct FetchJournal {
    folder: PathBuf,
    limit_bytes: u64,
    /// The present file as this left it, and number and SHA-256 of its last line; none before they were read, and after something went wrong.
    last: Option<(Left, u64, B256)>,
    refusals: Refusals,
}

/// Length and time of change of a file.
type Left = (u64, SystemTime);

impl FetchJournal {
    pub(super) const fn new(folder: PathBuf) -> Self {
        Self { folder, limit_bytes: MAX_FETCHES_BYTES, last: None, refusals: Refusals::new() }
    }

    /// Adds a line; it is durable when this returns.
    pub(super) fn add(
        &mut self,
        at: u64,
        reader: Address,
        (request, version): (u64, u32),
        fetched: Fetched,
    ) -> Result<(), DepartmentError> {
        self.write(at, reader, (request, version), fetched, None)
    }

    /// Adds a line of who was refused, and why, as far as refusals have lines; false where this one has none. It is durable when this returns.
    pub(super) fn refuse(
        &mut self,
        at: u64,
        reader: Address,
        request: u64,
        fetched: Fetched,
        why: &str,
    ) -> Result<bool, DepartmentError> {
        let Some(unnoted) = self.refusals.admit(at) else { return Ok(false) };
        let written = self.write(at, reader, (request, 0), fetched, Some((why, unnoted)));
        if written.is_err() {
            self.refusals.pass_over(unnoted + 1);
        }
        written.map(|()| true)
    }

    fn write(
        &mut self,
        at: u64,
        reader: Address,
        (request, version): (u64, u32),
        fetched: Fetched,
        refusal: Option<(&str, u64)>,
    ) -> Result<(), DepartmentError> {
        let path = self.folder.join(PRESENT);
        // Another process may serve from this folder.
        let _turn = take_turn(&self.folder).map_err(|error| state(&path, &error))?;
        let left = |(left, ..): &(Left, u64, B256)| {
            fs::metadata(&path).and_then(|found| left_of(&found)).is_ok_and(|found| found == *left)
        };
        let (number, previous) = match self.last.take().filter(left) {
            Some((_, number, hash)) => (number, hash),
            None => {
                end_last_line(&path).map_err(|error| state(&path, &error))?;
                read(&self.folder)?.last().map_or((0, B256::ZERO), |(fetch, hash)| (fetch.number, *hash))
            }
        };
        let (refused, unnoted) = refusal.map_or((None, 0), |(why, unnoted)| (Some(why.to_owned()), unnoted));
        let fetch = Fetch { number: number + 1, at, reader, request, version, fetched, refused, unnoted, previous };
        let mut line = serde_json::to_vec(&fetch).map_err(|error| state(&path, &error))?;
        let hash = hash_of(&line);
        line.push(b'\n');
        let left = self.append(&path, &line).map_err(|error| state(&path, &error))?;
        self.last = Some((left, fetch.number, hash));
        Ok(())
    }

    fn append(&self, path: &Path, line: &[u8]) -> io::Result<Left> {
        let mut file = private().append(true).create(true).open(path)?;
        let mut length = file.metadata()?.len();
        if length + line.len() as u64 > self.limit_bytes {
            let before = self.folder.join(BEFORE);
            forget(&self.folder, &lines(&before)?)?;
            fs::rename(path, before)?;
            file = private().append(true).create(true).open(path)?;
            length = 0;
        }
        file.write_all(line)?;
        file.sync_data()?;
        if length == 0 {
            // A file is not there after a crash when its name is not.
            File::open(&self.folder)?.sync_all()?;
        }
        left_of(&file.metadata()?)
    }
}

fn left_of(found: &fs::Metadata) -> io::Result<Left> {
    Ok((found.len(), found.modified()?))
}

/// Held until it is dropped.
fn take_turn(folder: &Path) -> io::Result<File> {
    let file = private().write(true).create(true).truncate(false).open(folder.join(TURN))?;
    file.lock()?;
    Ok(file)
}

/// What a crash has cut short is a line of its own, which nobody reads.
fn end_last_line(path: &Path) -> io::Result<()> {
    let mut file = match private().read(true).append(true).open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        opened => opened?,
    };
    let mut last = [0];
    if file.metadata()?.len() == 0 {
        return Ok(());
    }
    file.seek(SeekFrom::End(-1))?;
    file.read_exact(&mut last)?;
    if last == *b"\n" { Ok(()) } else { file.write_all(b"\n") }
}

/// Everybody who came, oldest first, as far as it is kept; each with the SHA-256 of its line. A line that a crash has cut short is left out.
///
/// # Errors
/// [`DepartmentError::State`].
pub(super) fn read(folder: &Path) -> Result<Vec<(Fetch, B256)>, DepartmentError> {
    let mut fetches = Vec::new();
    for name in [BEFORE, PRESENT] {
        let path = folder.join(name);
        fetches.append(&mut lines(&path).map_err(|error| state(&path, &error))?);
    }
    Ok(fetches)
}

/// What stands in a file that may not be there.
fn lines(path: &Path) -> io::Result<Vec<(Fetch, B256)>> {
    Ok(texts(path)?.into_iter().map(|line| (line.fetch, line.hash)).collect())
}

fn texts(path: &Path) -> io::Result<Vec<Line>> {
    let file = match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        opened => opened?,
    };
    let mut lines = Vec::new();
    for line in BufReader::new(file).split(b'\n') {
        lines.extend(parse(&line?));
    }
    Ok(lines)
}

/// A line by its bytes; none of what is no line.
pub(super) fn parse(line: &[u8]) -> Option<Line> {
    let fetch = serde_json::from_slice(line).ok()?;
    Some(Line { fetch, text: std::str::from_utf8(line).ok()?.to_owned(), hash: hash_of(line) })
}

/// What stands behind a line, oldest first: all that is kept where that line does not stand there any more, or stands there otherwise.
pub(super) fn after(folder: &Path, (number, hash): (u64, B256)) -> Result<Vec<Line>, DepartmentError> {
    let path = folder.join(PRESENT);
    // What is being written meanwhile is in one of the two files, or in neither.
    let _turn = take_turn(folder).map_err(|error| state(&path, &error))?;
    let is_it = |line: &Line| line.fetch.number == number && line.hash == hash;
    let mut present = texts(&path).map_err(|error| state(&path, &error))?;
    if let Some(place) = present.iter().position(is_it) {
        return Ok(present.split_off(place + 1));
    }
    let before = folder.join(BEFORE);
    let mut all = texts(&before).map_err(|error| state(&before, &error))?;
    all.append(&mut present);
    let next = all.iter().position(is_it).map_or(0, |place| place + 1);
    Ok(all.split_off(next))
}

/// Whether each line names the one before it, as far as the journal is kept.
#[must_use]
pub fn is_unbroken(fetches: &[(Fetch, B256)]) -> bool {
    fetches.windows(2).all(|pair| {
        let [(before, hash), (after, _)] = pair else { return true };
        after.previous == *hash && after.number == before.number + 1
    })
}

fn hash_of(line: &[u8]) -> B256 {
    B256::from_slice(digest(&SHA256, line).as_ref())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn journal(folder: &Path, limit_bytes: u64) -> FetchJournal {
        FetchJournal { limit_bytes, ..FetchJournal::new(folder.to_owned()) }
    }

    // S-RULES, M-MON-2
    #[test]
    fn who_came_is_kept_in_order_over_a_restart_and_a_change_of_it_shows() {
        let scratch = tempfile::tempdir().unwrap();
        let reader = Address::repeat_byte(7);
        for request in 1..=3 {
            // Each time as after a start.
            let mut journal = journal(scratch.path(), MAX_FETCHES_BYTES);
            journal.add(100 + request, reader, (request, 2), Fetched::Key).unwrap();
            journal.add(200 + request, reader, (request, 2), Fetched::File).unwrap();
        }
        let fetches = read(scratch.path()).unwrap();
        let told: Vec<_> = fetches.iter().map(|(fetch, _)| (fetch.number, fetch.request, fetch.fetched)).collect();
        assert_eq!((told.len(), told[0], told[5]), (6, (1, 1, Fetched::Key), (6, 3, Fetched::File)));
        assert!(is_unbroken(&fetches));
        let path = scratch.path().join(PRESENT);
        let text = fs::read_to_string(&path).unwrap();
        #[cfg(unix)]
        assert_eq!(std::os::unix::fs::PermissionsExt::mode(&fs::metadata(&path).unwrap().permissions()) & 0o777, 0o600);
        let without_second: String =
            text.lines().enumerate().filter(|(at, _)| *at != 1).map(|(_, line)| format!("{line}\n")).collect();
        for altered in [text.replacen("\"request\":2", "\"request\":9", 1), without_second] {
            assert_ne!(altered, text);
            fs::write(&path, altered).unwrap();
            assert!(!is_unbroken(&read(scratch.path()).unwrap()));
        }
    }

    // S-RULES: whoever fetches without end fills no disk, and what is new is kept.
    #[test]
    fn the_journal_is_bounded_and_goes_on() {
        let scratch = tempfile::tempdir().unwrap();
        let mut journal = journal(scratch.path(), 1000);
        for request in 1..=100 {
            journal.add(request, Address::ZERO, (request, 1), Fetched::File).unwrap();
        }
        let length = |name: &str| fs::metadata(scratch.path().join(name)).unwrap().len();
        assert!(length(PRESENT) <= 1000 && length(BEFORE) <= 1000);
        let fetches = read(scratch.path()).unwrap();
        assert!(is_unbroken(&fetches) && fetches.len() < 100);
        assert_eq!(fetches.last().unwrap().0.number, 100);
        // A line that was cut short is not read, and the next one stands alone.
        let mut file = private().append(true).open(scratch.path().join(PRESENT)).unwrap();
        file.write_all(b"{\"number\":101,").unwrap();
        assert_eq!(read(scratch.path()).unwrap().len(), fetches.len());
        let mut journal = self::journal(scratch.path(), 10_000);
        journal.add(101, Address::ZERO, (101, 1), Fetched::File).unwrap();
        let after = read(scratch.path()).unwrap();
        assert!(is_unbroken(&after) && after.last().unwrap().0.request == 101);
    }

    // SHARE-3: a disk that is full in the middle of a line costs no other line.
    #[test]
    fn what_is_added_after_a_line_that_broke_off_or_beside_another_process_stands_alone() {
        let scratch = tempfile::tempdir().unwrap();
        let [mut one, mut other] = [1, 2].map(|_| journal(scratch.path(), MAX_FETCHES_BYTES));
        one.add(1, Address::ZERO, (1, 1), Fetched::Key).unwrap();
        other.add(2, Address::ZERO, (2, 1), Fetched::Key).unwrap();
        one.add(3, Address::ZERO, (3, 1), Fetched::Key).unwrap();
        let mut file = private().append(true).open(scratch.path().join(PRESENT)).unwrap();
        file.write_all(b"{\"number\":4,").unwrap();
        one.add(4, Address::ZERO, (4, 1), Fetched::Key).unwrap();
        let fetches = read(scratch.path()).unwrap();
        assert_eq!(fetches.iter().map(|(fetch, _)| fetch.number).collect::<Vec<_>>(), [1, 2, 3, 4]);
        assert!(is_unbroken(&fetches));
    }

    // S-RULES, M-MON-2: who has come is known, however often somebody comes after it.
    #[test]
    fn of_what_is_forgotten_the_sums_are_kept() {
        let scratch = tempfile::tempdir().unwrap();
        let mut journal = journal(scratch.path(), 1000);
        let (once, often) = (Address::repeat_byte(1), Address::repeat_byte(2));
        journal.add(1, once, (1, 1), Fetched::Key).unwrap();
        for at in 2..=60 {
            journal.add(at, often, (2, 1), Fetched::File).unwrap();
        }
        let kept = read(scratch.path()).unwrap();
        let sums = super::super::forgotten::read(scratch.path()).unwrap();
        assert!(kept.iter().all(|(fetch, _)| fetch.reader == often));
        assert_eq!((sums[0].reader, sums[0].count, sums[0].first_at), (once, 1, 1));
        assert_eq!((sums[1].reader, sums[1].first_at), (often, 2));
        assert_eq!(sums.iter().map(|sum| sum.count).sum::<u64>() + kept.len() as u64, 60, "each is counted once");
    }
}
