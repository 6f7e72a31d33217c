//! A file that is on its way: how much of it is here for certain, so that a transfer goes on where it ended.

use std::{
    fs::{self, File},
    io::{self, Read as _, Seek as _, SeekFrom, Write as _},
    os::unix::fs::FileExt as _,
    path::{Path, PathBuf},
};

use ring::digest::{Context, SHA256};
use serde::{Deserialize, Serialize};

use super::{connection::Identity, name::FileName};
use crate::{
    private_folder::{private, replace},
    sealing::Fingerprint,
};

const DATA: &str = "partial";
const RECORD: &str = "partial.json";
/// Bytes after which what came is kept for certain.
const CHECKPOINT_BYTES: u64 = 16 * 1024 * 1024;
/// Bytes before the end of what is here that are fetched once more, and compared.
const OVERLAP_BYTES: u64 = 64 * 1024;

/// What is kept of a file that is on its way.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Record {
    name: String,
    size: u64,
    modified_ms: i64,
    /// Bytes that are on disk.
    length: u64,
    /// Of these.
    sha256: Fingerprint,
}

/// A file that is on its way.
pub(super) struct Partial {
    folder: PathBuf,
    file: File,
    name: String,
    identity: Identity,
    /// Bytes that are here.
    length: u64,
    /// Where the next bytes of the server belong: before the end while they are compared.
    position: u64,
    hash: Context,
    kept: u64,
}

impl Partial {
    /// Goes on with what an earlier run left of the same file, or begins.
    pub(super) fn open(folder: &Path, name: &FileName, identity: Identity) -> io::Result<Self> {
        let file = private().read(true).write(true).create(true).truncate(false).open(folder.join(DATA))?;
        let mut partial = Self {
            folder: folder.to_owned(),
            file,
            name: name.as_str().to_owned(),
            identity,
            length: 0,
            position: 0,
            hash: Context::new(&SHA256),
            kept: 0,
        };
        if !partial.goes_on()? {
            partial.restart()?;
        }
        Ok(partial)
    }

    /// Takes up what is kept, when it is of the same file and is what was written.
    fn goes_on(&mut self) -> io::Result<bool> {
        let record: Record = match fs::read(self.folder.join(RECORD)) {
            Ok(bytes) => match serde_json::from_slice(&bytes) {
                Ok(record) => record,
                Err(_) => return Ok(false),
            },
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
            Err(error) => return Err(error),
        };
        let identity = Identity { size: record.size, modified_ms: record.modified_ms };
        if record.name != self.name || identity != self.identity || record.length > identity.size {
            return Ok(false);
        }
        let (mut left, mut block) = (record.length, vec![0; 64 * 1024]);
        self.file.seek(SeekFrom::Start(0))?;
        while left > 0 {
            let count = self.file.read(&mut block)?.min(usize::try_from(left).unwrap_or(usize::MAX));
            if count == 0 {
                return Ok(false);
            }
            self.hash.update(&block[..count]);
            left -= count as u64;
        }
        if self.so_far() != record.sha256 {
            return Ok(false);
        }
        self.file.set_len(record.length)?;
        (self.length, self.kept) = (record.length, record.length);
        self.position = record.length.saturating_sub(OVERLAP_BYTES);
        Ok(true)
    }

    /// Begins again with nothing.
    pub(super) fn restart(&mut self) -> io::Result<()> {
        self.file.set_len(0)?;
        self.hash = Context::new(&SHA256);
        (self.length, self.position, self.kept) = (0, 0, 0);
        forget(&self.folder)
    }

    pub(super) const fn position(&self) -> u64 {
        self.position
    }

    pub(super) const fn identity(&self) -> Identity {
        self.identity
    }

    /// Takes the next bytes of the server; false when they are not what came before.
    pub(super) fn take(&mut self, bytes: &[u8]) -> io::Result<bool> {
        let known = usize::try_from(self.length - self.position).unwrap_or(usize::MAX).min(bytes.len());
        let (compared, new) = bytes.split_at(known);
        if !compared.is_empty() {
            let mut here = vec![0; compared.len()];
            self.file.read_exact_at(&mut here, self.position)?;
            if here != compared {
                return Ok(false);
            }
        }
        if !new.is_empty() {
            self.file.seek(SeekFrom::Start(self.length))?;
            self.file.write_all(new)?;
            self.hash.update(new);
            self.length += new.len() as u64;
        }
        self.position += bytes.len() as u64;
        if self.length - self.kept >= CHECKPOINT_BYTES {
            self.keep()?;
        }
        Ok(true)
    }

    /// Keeps what is here for the next run.
    pub(super) fn keep(&mut self) -> io::Result<()> {
        self.file.sync_data()?;
        let record = Record {
            name: self.name.clone(),
            size: self.identity.size,
            modified_ms: self.identity.modified_ms,
            length: self.length,
            sha256: self.so_far(),
        };
        replace(&self.folder, RECORD, &serde_json::to_vec(&record)?)?;
        self.kept = self.length;
        Ok(())
    }

    /// SHA-256 of what is here.
    pub(super) fn so_far(&self) -> Fingerprint {
        let mut bytes = [0; 32];
        bytes.copy_from_slice(self.hash.clone().finish().as_ref());
        Fingerprint(bytes)
    }

    /// Gives the whole file a name in the spool.
    pub(super) fn become_file(self, path: &Path) -> io::Result<()> {
        self.file.sync_all()?;
        fs::rename(self.folder.join(DATA), path)?;
        forget(&self.folder)?;
        File::open(&self.folder)?.sync_all()
    }
}

/// Forgets how much of a file is here.
fn forget(folder: &Path) -> io::Result<()> {
    match fs::remove_file(folder.join(RECORD)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use proptest::prelude::*;

    use super::*;

    fn identity(size: usize) -> Identity {
        Identity { size: size as u64, modified_ms: 5 }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]
        // S-COL, SHARE-13
        #[test]
        fn wherever_a_transfer_ends_it_goes_on_and_is_the_whole(
            bytes in prop::collection::vec(any::<u8>(), 1..300_000), cuts in prop::collection::vec(1_usize..100_000, 0..6)
        ) {
            let folder = tempfile::tempdir().unwrap();
            let name = FileName::parse(b"a.csv").unwrap();
            for cut in cuts {
                let mut partial = Partial::open(folder.path(), &name, identity(bytes.len())).unwrap();
                let from = usize::try_from(partial.position()).unwrap();
                let to = (from + cut).min(bytes.len());
                prop_assert!(partial.take(&bytes[from..to]).unwrap());
                partial.keep().unwrap();
            }
            let mut partial = Partial::open(folder.path(), &name, identity(bytes.len())).unwrap();
            let from = usize::try_from(partial.position()).unwrap();
            prop_assert!(partial.take(&bytes[from..]).unwrap());
            let path = folder.path().join("1.file");
            let mut hash = Context::new(&SHA256);
            hash.update(&bytes);
            prop_assert_eq!(partial.so_far().0.to_vec(), hash.finish().as_ref().to_vec());
            partial.become_file(&path).unwrap();
            prop_assert_eq!(fs::read(&path).unwrap(), bytes);
        }
    }

    // S-COL, SHARE-13
    #[test]
    fn what_is_here_is_compared_and_is_of_one_file() {
        let folder = tempfile::tempdir().unwrap();
        let name = FileName::parse(b"a.csv").unwrap();
        let bytes = vec![7; 200_000];
        let mut partial = Partial::open(folder.path(), &name, identity(300_000)).unwrap();
        assert!(partial.take(&bytes).unwrap());
        partial.keep().unwrap();
        let position = |name: &FileName, size| Partial::open(folder.path(), name, identity(size)).unwrap().position();
        assert_eq!(position(&name, 300_000), 200_000 - OVERLAP_BYTES);
        let mut partial = Partial::open(folder.path(), &name, identity(300_000)).unwrap();
        assert!(!partial.take(&[8]).unwrap(), "other bytes than were here");
        // What lies there was changed, by a crash of the machine for example.
        private().write(true).open(folder.path().join(DATA)).unwrap().write_at(&[9], 10).unwrap();
        assert_eq!(position(&name, 300_000), 0);
        let mut partial = Partial::open(folder.path(), &name, identity(300_000)).unwrap();
        partial.take(&bytes).unwrap();
        partial.keep().unwrap();
        assert_eq!(position(&FileName::parse(b"b.csv").unwrap(), 300_000), 0, "another file");
    }
}
