//! What monitoring keeps: small JSON files in a folder that only its owner may enter, each replaced at once and on disk before that counts.

use std::{
    fs, io,
    io::Write as _,
    path::{Path, PathBuf},
};

use serde::{Serialize, de::DeserializeOwned};
use zeroize::Zeroizing;

/// Longest file, in bytes.
const MAX_FILE_BYTES: u64 = 128 * 1024 * 1024;

/// A folder.
#[derive(Clone, Debug)]
pub(crate) struct Store(PathBuf);

/// Why something is not kept, or cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("{}: {problem}", path.display())]
pub struct StoreError {
    path: PathBuf,
    problem: String,
}

impl Store {
    /// Makes the folder if there is none.
    pub(crate) fn open(folder: &Path) -> Result<Self, StoreError> {
        let failed = |error: io::Error| StoreError { path: folder.into(), problem: error.to_string() };
        fs::create_dir_all(folder).map_err(failed)?;
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            fs::set_permissions(folder, fs::Permissions::from_mode(0o700)).map_err(failed)?;
        }
        Ok(Self(folder.into()))
    }

    /// What a file has; `None` when there is none.
    pub(crate) fn load<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>, StoreError> {
        let path = self.0.join(name);
        let failed = |problem: String| StoreError { path: path.clone(), problem };
        let bytes = match read_private(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(failed(error.to_string())),
        };
        serde_json::from_slice(&bytes).map(Some).map_err(|error| failed(format!("it does not read: {error}")))
    }

    /// Replaces a file: whoever reads it meanwhile, or after a loss of power, reads the old one or the new one.
    pub(crate) fn save<T: Serialize>(&self, name: &str, value: &T) -> Result<(), StoreError> {
        let path = self.0.join(name);
        let failed = |problem: String| StoreError { path: path.clone(), problem };
        let bytes = Zeroizing::new(serde_json::to_vec(value).map_err(|error| failed(error.to_string()))?);
        self.replace(&path, &bytes).map_err(|error| failed(error.to_string()))
    }

    fn replace(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        let new = path.with_extension("new");
        let mut options = fs::OpenOptions::new();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        {
            use std::os::unix::fs::OpenOptionsExt as _;
            options.mode(0o600);
        }
        let mut file = options.open(&new)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&new, path)?;
        if cfg!(unix) { fs::File::open(&self.0)?.sync_all() } else { Ok(()) }
    }
}

/// Reads a file that may hold secrets; one that others may read is refused.
fn read_private(path: &Path) -> io::Result<Zeroizing<Vec<u8>>> {
    let metadata = fs::metadata(path)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        if metadata.permissions().mode() & 0o077 != 0 {
            return Err(io::Error::other("it may be read by others: chmod 600 it, and add receivers anew"));
        }
    }
    if metadata.len() > MAX_FILE_BYTES {
        return Err(io::Error::other(format!("it has more than {MAX_FILE_BYTES} bytes")));
    }
    Ok(Zeroizing::new(fs::read(path)?))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    // WATCH-5
    #[test]
    fn what_is_kept_is_read_again_and_only_by_its_owner() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("monitoring")).unwrap();
        assert_eq!(store.load::<u64>("number.json").unwrap(), None);
        store.save("number.json", &7_u64).unwrap();
        assert_eq!(store.load::<u64>("number.json").unwrap(), Some(7));
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let path = folder.path().join("monitoring/number.json");
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
            fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
            assert!(store.load::<u64>("number.json").unwrap_err().to_string().contains("chmod 600"));
        }
    }
}
