//! What was fetched, in the order of fetching: lines of NDJSON that are only appended.
//!
//! Its first line is `{"spool": ID}`; each of the others is a [`Taken`]. A line that a crash cut off is taken away: its file is fetched again.

use std::{
    collections::HashMap,
    fs::File,
    io::{self, BufRead as _, BufReader, Read as _, Seek as _, SeekFrom, Write as _},
    path::Path,
};

use ring::digest::{SHA256, digest};
use serde::{Deserialize, Serialize};

use super::{RemoteError, connection::Identity, name::FileName};
use crate::{private_folder::private, sealing::Fingerprint};

const NAME: &str = "files.ndjson";
/// Longest line.
const MAX_LINE_BYTES: u64 = 4096;
/// Most files that are ever fetched into a spool.
const MAX_TAKEN: u64 = 1_000_000;

/// A file that was fetched, whole.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Taken {
    /// Counts from 1, without gap: the position of an extract.
    pub(crate) number: u64,
    /// Its name in the directory.
    pub(crate) name: String,
    /// As the server listed it.
    pub(super) size: u64,
    pub(super) modified_ms: i64,
    /// Of what came.
    pub(crate) sha256: Fingerprint,
    /// Whether it holds the bytes that were taken under this name before: it has no rows that are new.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) repeats: bool,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    spool: String,
}

/// The ledger, opened for more.
pub(super) struct Ledger {
    file: File,
    id: String,
    /// What is known of a name, by its last line.
    latest: HashMap<String, (Identity, Fingerprint)>,
    /// Files behind the position, with the mark of each.
    pub(super) waiting: Vec<(Taken, String)>,
    /// Mark of the file at the position; none when there is no such line.
    pub(super) mark: Option<String>,
    next: u64,
}

impl Ledger {
    /// Opens it, or begins one; `after` is the position of the extract.
    pub(super) fn open(folder: &Path, after: u64) -> Result<Self, RemoteError> {
        let failed = |error: io::Error| RemoteError::spool(folder, &error);
        let path = folder.join(NAME);
        let file = private().read(true).write(true).create(true).truncate(false).open(path).map_err(failed)?;
        let mut ledger =
            Self { file, id: String::new(), latest: HashMap::new(), waiting: Vec::new(), mark: None, next: 1 };
        let whole = ledger.load(after).map_err(failed)?;
        ledger.file.set_len(whole).and_then(|()| ledger.file.seek(SeekFrom::End(0))).map_err(failed)?;
        if whole == 0 {
            ledger.begin().and_then(|()| File::open(folder)?.sync_all()).map_err(failed)?;
        }
        Ok(ledger)
    }

    /// Reads its whole lines; answers how many bytes they have.
    fn load(&mut self, after: u64) -> io::Result<u64> {
        let wrong = |line: u64| {
            let said = format!("line {line} of {NAME} is not what was written there: put a backup in its place");
            io::Error::new(io::ErrorKind::InvalidData, said)
        };
        let mut reader = BufReader::new(self.file.try_clone()?);
        let (mut line, mut whole, mut number) = (Vec::new(), 0, 0);
        loop {
            line.clear();
            let count = (&mut reader).take(MAX_LINE_BYTES).read_until(b'\n', &mut line)? as u64;
            if line.last() != Some(&b'\n') {
                return if count == MAX_LINE_BYTES { Err(wrong(number + 1)) } else { Ok(whole) };
            }
            if number == 0 {
                self.id = serde_json::from_slice::<Header>(&line).map_err(|_| wrong(1))?.spool;
            } else {
                let taken: Taken = serde_json::from_slice(&line).map_err(|_| wrong(number + 1))?;
                if taken.number != number || number > MAX_TAKEN {
                    return Err(wrong(number + 1));
                }
                let mark = self.mark_of(&line);
                if number == after {
                    self.mark = Some(mark.clone());
                }
                self.note(taken, mark, after);
            }
            whole += count;
            number += 1;
        }
    }

    fn begin(&mut self) -> io::Result<()> {
        let mut id = [0; 16];
        getrandom::fill(&mut id).map_err(io::Error::other)?;
        self.id = hex::encode(id);
        let mut line = serde_json::to_vec(&Header { spool: self.id.clone() })?;
        line.push(b'\n');
        self.file.write_all(&line)?;
        self.file.sync_all()
    }

    fn note(&mut self, taken: Taken, mark: String, after: u64) {
        let identity = Identity { size: taken.size, modified_ms: taken.modified_ms };
        self.latest.insert(taken.name.clone(), (identity, taken.sha256));
        self.next = taken.number + 1;
        if taken.number > after {
            self.waiting.push((taken, mark));
        }
    }

    fn mark_of(&self, line: &[u8]) -> String {
        format!("{}:{}", self.id, hex::encode(digest(&SHA256, line)))
    }

    /// Whether a file was taken as it is now.
    pub(super) fn knows(&self, name: &FileName, identity: Identity) -> bool {
        self.latest.get(name.as_str()).is_some_and(|(known, _)| *known == identity)
    }

    /// Number of the file that comes next.
    pub(super) const fn next(&self) -> u64 {
        self.next
    }

    /// Whether the bytes under a name are the ones that were taken last.
    pub(super) fn repeats(&self, name: &FileName, sha256: Fingerprint) -> bool {
        self.latest.get(name.as_str()).is_some_and(|(_, known)| *known == sha256)
    }

    /// Notes a file that lies in the spool; on disk when this returns.
    pub(super) fn append(&mut self, taken: Taken) -> io::Result<()> {
        if taken.number > MAX_TAKEN {
            return Err(io::Error::other(format!("{MAX_TAKEN} files were taken into it: begin with another one")));
        }
        let mut line = serde_json::to_vec(&taken)?;
        line.push(b'\n');
        self.file.write_all(&line)?;
        self.file.sync_data()?;
        let mark = self.mark_of(&line);
        // What waits is what lies behind the position, and this does.
        self.note(taken, mark, 0);
        Ok(())
    }
}
