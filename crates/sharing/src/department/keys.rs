//! The data keys of an asset: one for each key epoch, in a file that its owner alone may read (SHARE-7, SHARE-8).

use std::{
    fs, io,
    io::Write as _,
    path::{Path, PathBuf},
};

use tempfile::NamedTempFile;
use zeroize::Zeroizing;

use super::{
    DepartmentError,
    aside::{numbered, set_aside},
    folder::state,
};
use crate::{extract::EpochKey, sealing::DataKey};

/// The data keys of an asset.
#[derive(Clone, Debug)]
pub struct EpochKeys {
    directory: PathBuf,
}

impl EpochKeys {
    pub(super) const fn new(directory: PathBuf) -> Self {
        Self { directory }
    }

    /// The key of an epoch that has been used.
    ///
    /// # Errors
    /// [`DepartmentError::KeyMissing`], [`DepartmentError::KeyExposed`], [`DepartmentError::State`].
    pub fn of(&self, epoch: u32) -> Result<DataKey, DepartmentError> {
        self.find(epoch)?.ok_or(DepartmentError::KeyMissing(epoch))
    }

    /// The key of the present epoch, made at random when there is none yet.
    ///
    /// # Errors
    /// [`DepartmentError::Key`], [`DepartmentError::KeyExposed`], [`DepartmentError::State`].
    pub fn of_present(&self, epoch: u32) -> Result<EpochKey, DepartmentError> {
        if let Some(key) = self.find(epoch)? {
            return Ok(EpochKey { epoch, key });
        }
        let (key, path) = (DataKey::random()?, self.path(epoch));
        match keep(&self.directory, &path, &key) {
            Ok(()) => Ok(EpochKey { epoch, key }),
            // Another process was first.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(EpochKey { epoch, key: self.of(epoch)? }),
            Err(error) => Err(state(&path, &error)),
        }
    }

    /// The epochs from one on of which there is a key, in order.
    pub(super) fn epochs_from(&self, first: u32) -> Result<Vec<u32>, DepartmentError> {
        Ok(self.kept_from(first)?.into_iter().map(|(epoch, _)| epoch).collect())
    }

    /// Puts the keys of an epoch and of later ones where nothing looks for them. Their epochs, in order.
    pub(super) fn set_aside_from(&self, first: u32) -> Result<Vec<u32>, DepartmentError> {
        let (epochs, names): (Vec<u32>, Vec<String>) = self.kept_from(first)?.into_iter().unzip();
        set_aside(&self.directory, &names)?;
        Ok(epochs)
    }

    /// Keys from an epoch on, with their files' names, in order.
    fn kept_from(&self, first: u32) -> Result<Vec<(u32, String)>, DepartmentError> {
        let mut found: Vec<(u32, String)> = numbered(&self.directory, "epoch-", ".key")?;
        found.retain(|(epoch, _)| *epoch >= first);
        found.sort_unstable();
        Ok(found)
    }

    fn find(&self, epoch: u32) -> Result<Option<DataKey>, DepartmentError> {
        let path = self.path(epoch);
        let metadata = match fs::metadata(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            other => other.map_err(|error| state(&path, &error))?,
        };
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            if metadata.permissions().mode() & 0o077 != 0 {
                return Err(DepartmentError::KeyExposed(path));
            }
        }
        if metadata.len() > 256 {
            return Err(state(&path, &"it holds no data key"));
        }
        let text = Zeroizing::new(fs::read_to_string(&path).map_err(|error| state(&path, &error))?);
        let mut bytes = Zeroizing::new([0; 32]);
        hex::decode_to_slice(text.trim(), bytes.as_mut_slice()).map_err(|_| state(&path, &"it holds no data key"))?;
        Ok(Some(DataKey::from_bytes(&bytes)))
    }

    fn path(&self, epoch: u32) -> PathBuf {
        self.directory.join(format!("epoch-{epoch}.key"))
    }
}

fn keep(directory: &Path, path: &Path, key: &DataKey) -> io::Result<()> {
    let text = Zeroizing::new(hex::encode(key.expose()));
    // tempfile makes it with mode 0600.
    let mut file = NamedTempFile::new_in(directory)?;
    file.write_all(text.as_bytes())?;
    file.as_file().sync_all()?;
    file.persist_noclobber(path).map_err(|error| error.error)?;
    fs::File::open(directory)?.sync_all()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    // SHARE-15
    #[test]
    fn keys_of_an_epoch_and_of_later_ones_are_put_aside_and_nothing_is_lost() {
        let folder = tempfile::tempdir().unwrap();
        let keys = EpochKeys::new(folder.path().to_owned());
        let made: Vec<EpochKey> = [1, 2, 10].map(|epoch| keys.of_present(epoch).unwrap()).into();
        assert_eq!(keys.set_aside_from(2).unwrap(), [2, 10]);
        assert_eq!(keys.of(1).unwrap().expose(), made[0].key.expose());
        assert!(matches!(keys.of(10), Err(DepartmentError::KeyMissing(10))));
        assert_ne!(keys.of_present(2).unwrap().key.expose(), made[1].key.expose());
        assert_eq!(keys.set_aside_from(2).unwrap(), [2], "and again, beside the first");
        let first = fs::read_to_string(folder.path().join("aside-1/epoch-2.key")).unwrap();
        assert_eq!(first, hex::encode(made[1].key.expose()));
        assert!(keys.set_aside_from(2).unwrap().is_empty() && !folder.path().join("aside-3").exists());
    }

    #[test]
    fn a_key_is_made_once_an_epoch_and_kept_from_others() {
        let folder = tempfile::tempdir().unwrap();
        let keys = EpochKeys::new(folder.path().to_owned());
        assert!(matches!(keys.of(1), Err(DepartmentError::KeyMissing(1))));
        let first = keys.of_present(1).unwrap();
        assert_eq!(keys.of_present(1).unwrap().key.expose(), first.key.expose());
        assert_eq!(keys.of(1).unwrap().expose(), first.key.expose());
        assert_ne!(keys.of_present(2).unwrap().key.expose(), first.key.expose(), "SHARE-8");
        fs::write(keys.path(3), "no key").unwrap();
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            assert_eq!(fs::metadata(keys.path(1)).unwrap().permissions().mode() & 0o777, 0o600);
            fs::set_permissions(keys.path(3), fs::Permissions::from_mode(0o644)).unwrap();
            assert!(matches!(keys.of(3), Err(DepartmentError::KeyExposed(_))));
            fs::set_permissions(keys.path(3), fs::Permissions::from_mode(0o600)).unwrap();
        }
        assert!(matches!(keys.of_present(3), Err(DepartmentError::State { .. })), "a damaged key is not replaced");
    }
}
