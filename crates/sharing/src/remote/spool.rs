//! The folder of what was fetched: each file under its number, never under a name of the server.

use std::{
    collections::{BTreeMap, HashMap},
    fs, io,
    path::{Path, PathBuf},
};

use super::{
    RemoteConfig, RemoteError,
    connection::{Entry, Identity},
    ledger::{Ledger, Taken},
    name::FileName,
    partial::Partial,
};
use crate::private_folder::{FolderLock, is_exposed, make_private};

const SUFFIX: &str = ".file";
/// Fewest digits of a file's number in its name.
const MIN_DIGITS: usize = 8;

/// A file that waits to be read.
#[derive(Clone, Debug)]
pub(crate) struct Kept {
    pub(crate) taken: Taken,
    /// Where it lies; none when it has no rows that are new: it repeats what was taken, or waits in a newer version behind.
    pub(crate) path: Option<PathBuf>,
    /// By which it is recognized, once the extract's position is on it.
    pub(crate) mark: String,
}

/// A spool, for one command alone.
pub(crate) struct Spool {
    folder: PathBuf,
    ledger: Ledger,
    /// Numbers of the files that wait to be read, with their sizes.
    readable: BTreeMap<u64, u64>,
    /// Number of the one of these that has a name.
    named: HashMap<String, u64>,
    _lock: FolderLock,
}

impl Spool {
    /// Opens it, or makes one, behind the position of an extract and its mark. What lies before it is removed.
    ///
    /// # Errors
    /// [`RemoteError::SpoolReplaced`] when the position is none of this spool, [`RemoteError::SpoolExposed`], [`RemoteError::Busy`], [`RemoteError::Spool`],
    /// [`RemoteError::Full`].
    pub(crate) fn open(config: &RemoteConfig, after: Option<(i64, Option<&str>)>) -> Result<Self, RemoteError> {
        let folder = config.spool.clone();
        let failed = |error: io::Error| RemoteError::spool(&folder, &error);
        make_private(&folder).map_err(failed)?;
        // One that was there is its owner's affair: nothing is put into it, and its mode stays.
        if is_exposed(&folder).map_err(failed)? {
            return Err(RemoteError::SpoolExposed(folder));
        }
        let Some(lock) = FolderLock::try_take(&folder.join("lock")).map_err(failed)? else {
            return Err(RemoteError::Busy(folder));
        };
        let position = after.map_or(0, |(number, _)| u64::try_from(number).unwrap_or(0));
        let ledger = Ledger::open(&folder, position)?;
        if let Some((_, mark)) = after
            && (ledger.mark.is_none() || ledger.mark.as_deref() != mark)
        {
            return Err(RemoteError::SpoolReplaced(folder));
        }
        let mut spool = Self { folder, ledger, readable: BTreeMap::new(), named: HashMap::new(), _lock: lock };
        for taken in spool.ledger.waiting.iter().map(|(taken, _)| taken).filter(|taken| !taken.repeats) {
            if let Some(old) = spool.named.insert(taken.name.clone(), taken.number) {
                spool.readable.remove(&old);
            }
            spool.readable.insert(taken.number, taken.size);
        }
        let whole = spool.tidy().map_err(|error| RemoteError::spool(&spool.folder, &error))?;
        if whole { Ok(spool) } else { Err(RemoteError::SpoolReplaced(spool.folder)) }
    }

    /// Removes files that wait for nothing; answers whether the others are there. What has no name of a file of a spool is somebody else's, and stays.
    fn tidy(&self) -> io::Result<bool> {
        let mut found = 0;
        for entry in fs::read_dir(&self.folder)? {
            let entry = entry?;
            let name = entry.file_name();
            let Some(number) = name.to_str().and_then(|name| name.strip_suffix(SUFFIX)) else { continue };
            if number.len() < MIN_DIGITS || !number.bytes().all(|digit| digit.is_ascii_digit()) {
                continue;
            }
            if number.parse().is_ok_and(|number: u64| self.readable.contains_key(&number)) {
                found += 1;
            } else {
                fs::remove_file(entry.path())?;
            }
        }
        Ok(found == self.readable.len())
    }

    /// The files behind the position, in their order.
    pub(crate) fn waiting(&self) -> Vec<Kept> {
        let kept = self.ledger.waiting.iter().map(|(taken, mark)| {
            let is_read = self.readable.contains_key(&taken.number);
            Kept { taken: taken.clone(), path: is_read.then(|| self.path(taken.number)), mark: mark.clone() }
        });
        kept.collect()
    }

    /// Bytes of the files that wait.
    pub(super) fn waiting_bytes(&self) -> u64 {
        self.readable.values().fold(0, |sum, size| sum.saturating_add(*size))
    }

    /// Whether a file was taken as it is listed.
    pub(super) fn knows(&self, entry: &Entry) -> bool {
        self.ledger.knows(&entry.name, entry.identity)
    }

    /// What is here of a file that is on its way.
    pub(super) fn partial(&self, name: &FileName, identity: Identity) -> Result<Partial, RemoteError> {
        Partial::open(&self.folder, name, identity).map_err(|error| RemoteError::spool(&self.folder, &error))
    }

    /// Takes a file that is whole.
    pub(super) fn complete(&mut self, name: &FileName, partial: Partial) -> Result<(), RemoteError> {
        let (identity, sha256, number) = (partial.identity(), partial.so_far(), self.ledger.next());
        let repeats = self.ledger.repeats(name, sha256);
        let Identity { size, modified_ms } = identity;
        let path = self.path(number);
        let taken = Taken { number, name: name.as_str().to_owned(), size, modified_ms, sha256, repeats };
        let kept = partial.become_file(&path).and_then(|()| self.ledger.append(taken));
        kept.and_then(|()| self.replace(name, number, size, repeats))
            .map_err(|error| RemoteError::spool(&self.folder, &error))
    }

    /// What is not read any more goes: a file that repeats, or the one that waited under the name.
    fn replace(&mut self, name: &FileName, number: u64, size: u64, repeats: bool) -> io::Result<()> {
        if repeats {
            return fs::remove_file(self.path(number));
        }
        self.readable.insert(number, size);
        match self.named.insert(name.as_str().to_owned(), number) {
            Some(old) if self.readable.remove(&old).is_some() => fs::remove_file(self.path(old)),
            _ => Ok(()),
        }
    }

    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    fn path(&self, number: u64) -> PathBuf {
        self.folder.join(format!("{number:0MIN_DIGITS$}{SUFFIX}"))
    }
}
