//! The folder of a provider: sealed files by their digests, and their keys (EXCHANGE-4).

use std::{
    fs::{self, File},
    io::{self, Read, Seek as _, SeekFrom},
    path::{Path, PathBuf},
};

use alloy_primitives::{B256, hex};
use chancery_sharing::sealing::{DataKey, KeyError, SealError, Sealed, SealingWriter};
use zeroize::Zeroizing;

/// Largest file that is sealed, in bytes.
pub const MAX_FILE_BYTES: u64 = 1 << 30;
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
    pub(super) bytes: u64,
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

    /// Seals what is read under a key of its own, and puts it on the shelf; the digest (SHA-256 of the sealed bytes) is what a request writes.
    ///
    /// # Errors
    /// [`ShelfError`]; nothing is left then.
    pub fn seal(&self, plain: impl Read) -> Result<B256, ShelfError> {
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
        // The key first: a file without one is of no use.
        let kept = tempfile::NamedTempFile::new_in(&self.folder)?;
        fs::write(kept.path(), Zeroizing::new(hex::encode(key.expose())).as_bytes())?;
        kept.as_file().sync_all()?;
        kept.persist(self.path(digest, "key")).map_err(|error| error.error)?;
        new.persist(self.path(digest, "sealed")).map_err(|error| error.error)?;
        File::open(&self.folder)?.sync_all()?;
        Ok(digest)
    }

    /// A sealed file; `None`: there is none or, where its bytes are looked at, they have another digest.
    pub(super) fn find(&self, digest: B256, is_looked_at: bool) -> Result<Option<Shelved>, ShelfError> {
        let text = match fs::read_to_string(self.path(digest, "key")) {
            Ok(text) => Zeroizing::new(text),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let mut key = Zeroizing::new([0; 32]);
        if hex::decode_to_slice(text.trim(), key.as_mut_slice()).is_err() {
            return Ok(None);
        }
        let mut file = match File::open(self.path(digest, "sealed")) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        if is_looked_at && digest_of(&mut file)?.0 != digest {
            return Ok(None);
        }
        let bytes = file.metadata()?.len();
        Ok(Some(Shelved { key: DataKey::from_bytes(&key), bytes, file }))
    }

    fn path(&self, digest: B256, ending: &str) -> PathBuf {
        self.folder.join(format!("{}.{ending}", hex::encode(digest)))
    }
}

impl Shelved {
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
