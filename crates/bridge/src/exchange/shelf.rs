//! The folder of a provider: sealed files by their digests, their keys (EXCHANGE-4), and the request that each was sealed for (EXCHANGE-5).

use std::{
    fs::{self, File},
    io::{self, Read, Seek as _, SeekFrom},
    path::{Path, PathBuf},
};

use alloy_primitives::{B256, hex};
use chancery_sharing::sealing::{DataKey, KeyError, SealError, Sealed, SealingWriter};
use zeroize::Zeroizing;

use super::{examined::Stamp, sealed_for::SealedFor};

/// Largest file that is sealed, in bytes.
pub const MAX_FILE_BYTES: u64 = 1 << 30;
/// More than a sealed file of the largest size has.
pub(super) const MAX_SEALED_BYTES: u64 = MAX_FILE_BYTES + MAX_FILE_BYTES / 64;
/// Most files of a shelf.
pub const MAX_FILES: usize = 4096;
/// Most bytes of all sealed files of a shelf.
pub const MAX_SHELF_BYTES: u64 = 64 * MAX_FILE_BYTES;
/// More than what stands beside a sealed file has: its key, and what it was sealed for.
const MAX_BESIDE_BYTES: u64 = 1024;
/// Pieces that are hashed at once.
const HASHED_BYTES: usize = 64 * 1024;

/// Why a shelf does not do it.
#[derive(Debug, thiserror::Error)]
pub enum ShelfError {
    /// Others may read the keys.
    #[error("others may enter the folder {0}: chmod 700 it; keys are kept there")]
    Exposed(PathBuf),
    /// The bound.
    #[error("a file has at most {MAX_FILE_BYTES} bytes")]
    TooLong,
    /// The shelf's bounds.
    #[error(
        "the shelf is full: it has {files} files of {bytes} bytes together, and takes {MAX_FILES} of {MAX_SHELF_BYTES}; remove what nobody asks for any more, or begin another shelf"
    )]
    Full {
        /// How many it has.
        files: usize,
        /// How long they are together.
        bytes: u64,
    },
    /// Name the digest that `seal` has printed.
    #[error("the shelf has no file of digest {0}")]
    NoSuchFile(B256),
    /// What stands beside a file is not what this program writes there.
    #[error(
        "what the file of digest {digest} was sealed for cannot be read ({reason}): say it anew (`chancery alliance file assign`)"
    )]
    Unreadable {
        /// Of the file.
        digest: B256,
        /// What is wrong with it.
        reason: String,
    },
    /// The folder, or a file of it.
    #[error("the shelf cannot be read or written: {0}")]
    Io(#[from] io::Error),
    /// The file could not be sealed.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// There was no key to seal it with.
    #[error(transparent)]
    Key(#[from] KeyError),
}

/// A provider's folder.
#[derive(Clone, Debug)]
pub struct Shelf {
    folder: PathBuf,
}

/// A sealed file with its key.
pub(super) struct Shelved {
    pub(super) key: DataKey,
    /// `None`: an earlier version has put it there, which did not say.
    pub(super) sealed_for: Option<SealedFor>,
    pub(super) bytes: u64,
    pub(super) stamp: Stamp,
    file: File,
}

impl Shelf {
    /// Opens a folder that its owner alone may enter; makes it where there is none.
    ///
    /// # Errors
    /// `Exposed`, `Io`.
    pub fn open(folder: &Path) -> Result<Self, ShelfError> {
        #[cfg(unix)]
        {
            use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
            fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
            if fs::metadata(folder)?.permissions().mode() & 0o077 != 0 {
                return Err(ShelfError::Exposed(folder.to_owned()));
            }
        }
        #[cfg(not(unix))]
        fs::create_dir_all(folder)?;
        Ok(Self { folder: folder.to_owned() })
    }

    /// Seals what is read under a key of its own for one request, and puts it on the shelf; the digest (SHA-256 of the sealed bytes) is what that request writes.
    ///
    /// # Errors
    /// [`ShelfError`]; nothing is left then.
    pub fn seal(&self, plain: impl Read, sealed_for: &SealedFor) -> Result<B256, ShelfError> {
        let (files, bytes) = self.contents()?;
        if files >= MAX_FILES || bytes >= MAX_SHELF_BYTES {
            return Err(ShelfError::Full { files, bytes });
        }
        let key = DataKey::random()?;
        let new = tempfile::NamedTempFile::new_in(&self.folder)?;
        let mut writer = SealingWriter::new(new.reopen()?, &key)?;
        let copied = io::copy(&mut plain.take(MAX_FILE_BYTES + 1), &mut writer)?;
        if copied > MAX_FILE_BYTES {
            return Err(ShelfError::TooLong);
        }
        let (file, Sealed { fingerprint, .. }) = writer.finish()?;
        file.sync_all()?;
        let digest = B256::from(fingerprint.0);
        // What is beside it first: a file without a key is of no use, and without its request it leaves for nobody.
        self.note(digest, sealed_for)?;
        self.put(digest, "key", Zeroizing::new(hex::encode(key.expose())).as_bytes())?;
        new.persist(self.path(digest, "sealed")).map_err(|error| error.error)?;
        File::open(&self.folder)?.sync_all()?;
        Ok(digest)
    }

    /// Says for which request a file of the shelf is from now on.
    ///
    /// # Errors
    /// `NoSuchFile`, `Io`.
    pub fn assign(&self, digest: B256, sealed_for: &SealedFor) -> Result<(), ShelfError> {
        if !self.path(digest, "sealed").try_exists()? {
            return Err(ShelfError::NoSuchFile(digest));
        }
        self.note(digest, sealed_for)?;
        Ok(File::open(&self.folder)?.sync_all()?)
    }

    /// A sealed file; `None`: there is none, or one that was not sealed here. Whether its bytes are still those is not looked at.
    pub(super) fn find(&self, digest: B256) -> Result<Option<Shelved>, ShelfError> {
        let Some(text) = self.beside(digest, "key")? else { return Ok(None) };
        let mut key = Zeroizing::new([0; 32]);
        if hex::decode_to_slice(text.trim(), key.as_mut_slice()).is_err() {
            return Ok(None);
        }
        let Some(file) = opened(&self.path(digest, "sealed"))? else { return Ok(None) };
        let about = file.metadata()?;
        let bytes = about.len();
        if bytes > MAX_SEALED_BYTES {
            return Ok(None);
        }
        let sealed_for = self.sealed_for(digest)?;
        Ok(Some(Shelved { key: DataKey::from_bytes(&key), sealed_for, bytes, stamp: Stamp::of(&about), file }))
    }

    fn sealed_for(&self, digest: B256) -> Result<Option<SealedFor>, ShelfError> {
        let Some(text) = self.beside(digest, "request")? else { return Ok(None) };
        let read = serde_json::from_str(&text);
        read.map(Some).map_err(|error| ShelfError::Unreadable { digest, reason: error.to_string() })
    }

    fn note(&self, digest: B256, sealed_for: &SealedFor) -> Result<(), ShelfError> {
        let text = serde_json::to_vec(sealed_for).map_err(io::Error::from)?;
        self.put(digest, "request", &text)
    }

    /// Writes what stands beside a file, for its owner alone, and whole or not at all.
    fn put(&self, digest: B256, ending: &str, content: &[u8]) -> Result<(), ShelfError> {
        let kept = tempfile::NamedTempFile::new_in(&self.folder)?;
        fs::write(kept.path(), content)?;
        kept.as_file().sync_all()?;
        kept.persist(self.path(digest, ending)).map_err(|error| error.error)?;
        Ok(())
    }

    fn beside(&self, digest: B256, ending: &str) -> Result<Option<Zeroizing<String>>, ShelfError> {
        let Some(file) = opened(&self.path(digest, ending))? else { return Ok(None) };
        let mut text = Zeroizing::new(String::new());
        file.take(MAX_BESIDE_BYTES).read_to_string(&mut text)?;
        Ok(Some(text))
    }

    /// How many sealed files there are, and how long they are together.
    fn contents(&self) -> Result<(usize, u64), ShelfError> {
        let (mut files, mut bytes) = (0, 0_u64);
        for entry in fs::read_dir(&self.folder)? {
            let entry = entry?;
            if entry.path().extension().is_some_and(|ending| ending == "sealed") {
                files += 1;
                bytes = bytes.saturating_add(entry.metadata()?.len());
            }
        }
        Ok((files, bytes))
    }

    fn path(&self, digest: B256, ending: &str) -> PathBuf {
        self.folder.join(format!("{}.{ending}", hex::encode(digest)))
    }
}

fn opened(path: &Path) -> io::Result<Option<File>> {
    match File::open(path) {
        Ok(file) => Ok(Some(file)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

impl Shelved {
    /// SHA-256 of all of its bytes: as long as a file of the largest size takes.
    pub(super) fn digest(&mut self) -> io::Result<B256> {
        self.file.seek(SeekFrom::Start(0))?;
        Ok(digest_of((&self.file).take(MAX_SEALED_BYTES))?.0)
    }

    /// At most so many bytes from an offset on.
    pub(super) fn piece(&mut self, offset: u64, limit: usize) -> io::Result<Vec<u8>> {
        self.file.seek(SeekFrom::Start(offset))?;
        let mut piece = Vec::new();
        (&self.file).take(limit as u64).read_to_end(&mut piece)?;
        Ok(piece)
    }
}

/// SHA-256 of everything that is read, and how much that was.
pub(super) fn digest_of(mut source: impl Read) -> io::Result<(B256, u64)> {
    let mut context = ring::digest::Context::new(&ring::digest::SHA256);
    let (mut buffer, mut bytes) = (vec![0; HASHED_BYTES], 0);
    loop {
        match source.read(&mut buffer) {
            Ok(0) => break,
            Ok(count) => {
                context.update(&buffer[..count]);
                bytes += count as u64;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok((B256::from_slice(context.finish().as_ref()), bytes))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    const SEALED_FOR: SealedFor =
        SealedFor { requester: B256::repeat_byte(1), node: None, idempotency_key: B256::repeat_byte(2) };

    // EXCHANGE-5: what a file is for is kept with it, can be said anew, and is not guessed for a file of which nothing was said.
    #[test]
    fn a_file_keeps_what_it_was_sealed_for() {
        let dir = tempfile::tempdir().unwrap();
        let shelf = Shelf::open(&dir.path().join("shelf")).unwrap();
        let digest = shelf.seal(&b"deed"[..], &SEALED_FOR).unwrap();
        let found = || shelf.find(digest).unwrap().unwrap();
        assert_eq!((found().sealed_for, found().digest().unwrap()), (Some(SEALED_FOR), digest));
        let other = SealedFor { requester: B256::repeat_byte(3), ..SEALED_FOR };
        shelf.assign(digest, &other).unwrap();
        assert_eq!(found().sealed_for, Some(other));
        assert!(matches!(shelf.assign(B256::ZERO, &other), Err(ShelfError::NoSuchFile(_))));
        fs::write(shelf.path(digest, "request"), "{}").unwrap();
        assert!(matches!(shelf.find(digest), Err(ShelfError::Unreadable { .. })));
        fs::remove_file(shelf.path(digest, "request")).unwrap();
        assert_eq!(found().sealed_for, None);
    }

    // EXCHANGE-6
    #[test]
    fn a_shelf_has_bounds_and_says_so() {
        let dir = tempfile::tempdir().unwrap();
        let shelf = Shelf::open(&dir.path().join("shelf")).unwrap();
        let digest = shelf.seal(&b"deed"[..], &SEALED_FOR).unwrap();
        // As long as no sealed file is; nothing is stored of a hole.
        File::options().write(true).open(shelf.path(digest, "sealed")).unwrap().set_len(MAX_SEALED_BYTES + 1).unwrap();
        assert!(shelf.find(digest).unwrap().is_none(), "it is not even hashed");
        let large = File::create(shelf.path(B256::ZERO, "sealed")).unwrap();
        large.set_len(MAX_SHELF_BYTES).unwrap();
        let full = shelf.seal(&b"deed"[..], &SEALED_FOR);
        assert!(matches!(full, Err(ShelfError::Full { files: 2, .. })), "{full:?}");
        large.set_len(0).unwrap();
        for number in 1..MAX_FILES as u64 - 1 {
            File::create(shelf.path(B256::from(alloy_primitives::U256::from(number)), "sealed")).unwrap();
        }
        let full = shelf.seal(&b"deed"[..], &SEALED_FOR);
        assert!(matches!(full, Err(ShelfError::Full { files: MAX_FILES, .. })), "{full:?}");
    }
}
