//! The folder of state of a data set. Files are replaced by rename; all of them are of mode 0600.

use std::{
    fs::{self, File},
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use alloy_primitives::{Address, B256};
use chancery_ledger::Chain;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use tempfile::NamedTempFile;

use super::{
    DepartmentError, EpochKeys, Fetch, ForgottenFetches,
    aside::{numbered, set_aside},
    fetches, forgotten,
    hidden::EntrySalts,
    own_keys::OwnKeys,
};
use crate::{directory::ResourceName, extract::ExtractState, private_folder::FolderLock, release::PreparedGrant};

/// Largest file of the state that is read here, in bytes.
const MAX_FILE_BYTES: u64 = 64 * 1024;

/// The contract that is being deployed.
const INTENT: &str = "asset-intent.json";

/// Salts of an entry that is not for everybody.
const ENTRY: &str = "entry.json";

/// From which key epoch on the keys are the owner's own.
const OWN_KEYS: &str = "own-keys.json";

/// Which contract the folder's asset is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AssetRecord {
    /// The contract.
    pub asset: Address,
    /// The chain's name in the declaration.
    pub chain: String,
    /// The resource.
    pub resource: ResourceName,
    /// Versions that owners before have published, and that are no parts of this folder.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub versions_before: u32,
    #[serde(skip)]
    pub(super) folder: PathBuf,
}

impl AssetRecord {
    pub(super) fn new(asset: Address, chain: &Chain, resource: &ResourceName) -> Self {
        Self {
            asset,
            chain: chain.name().to_owned(),
            resource: resource.clone(),
            versions_before: 0,
            folder: PathBuf::new(),
        }
    }

    pub(super) fn check(&self, resource: &ResourceName, chain: &Chain) -> Result<(), DepartmentError> {
        if self.resource == *resource && self.chain == chain.name() {
            return Ok(());
        }
        Err(DepartmentError::OtherState {
            folder: self.folder.clone(),
            found: format!("{} on {}", self.resource, self.chain),
            expected: format!("{resource} on {}", chain.name()),
        })
    }
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "as serde asks")]
const fn is_zero(number: &u32) -> bool {
    *number == 0
}

/// A folder of state.
#[derive(Clone, Debug)]
pub struct StateFolder {
    path: PathBuf,
}

impl StateFolder {
    /// Uses a folder, made when it is not there, for the owner alone. The mode of one that is there is its owner's affair, and is not changed.
    ///
    /// # Errors
    /// [`DepartmentError::FolderExposed`], [`DepartmentError::State`].
    pub fn new(path: &Path) -> Result<Self, DepartmentError> {
        let folder = Self { path: path.to_owned() };
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).map_err(|error| state(parent, &error))?;
        }
        for directory in [path.to_owned(), folder.keys_path(), folder.grants_path()] {
            make_private(&directory)?;
        }
        Ok(folder)
    }

    /// Holds off other commands that write the folder, until what is returned is dropped.
    ///
    /// # Errors
    /// [`DepartmentError::Busy`].
    pub fn lock(&self) -> Result<FolderLock, DepartmentError> {
        let path = self.path.join("lock");
        let taken = FolderLock::try_take(&path).map_err(|error| state(&path, &error))?;
        taken.ok_or_else(|| DepartmentError::Busy(self.path.clone()))
    }

    /// The contract, when it was declared.
    ///
    /// # Errors
    /// [`DepartmentError::State`].
    pub fn asset(&self) -> Result<Option<AssetRecord>, DepartmentError> {
        let found: Option<AssetRecord> = read(&self.path.join("asset.json"))?;
        Ok(found.map(|record| AssetRecord { folder: self.path.clone(), ..record }))
    }

    pub(super) fn keep_asset(&self, record: &AssetRecord) -> Result<(), DepartmentError> {
        write(&self.path, "asset.json", record)?;
        let intent = self.path.join(INTENT);
        match fs::remove_file(&intent) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(state(&intent, &error)),
            _ => Ok(()),
        }
    }

    /// Where a contract that was about to be deployed stands, if it does.
    pub(super) fn intent(&self) -> Result<Option<AssetRecord>, DepartmentError> {
        read(&self.path.join(INTENT))
    }

    pub(super) fn keep_intent(&self, record: &AssetRecord) -> Result<(), DepartmentError> {
        write(&self.path, INTENT, record)
    }

    pub(super) fn entry_salts(&self) -> Result<Option<EntrySalts>, DepartmentError> {
        read(&self.path.join(ENTRY))
    }

    pub(super) fn keep_entry_salts(&self, salts: &EntrySalts) -> Result<(), DepartmentError> {
        write(&self.path, ENTRY, salts)
    }

    /// Of an entry that was taken out: its word is not given twice.
    pub(super) fn forget_entry_salts(&self) -> Result<(), DepartmentError> {
        let path = self.path.join(ENTRY);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(state(&path, &error)),
            _ => Ok(()),
        }
    }

    /// What was extracted.
    ///
    /// # Errors
    /// [`DepartmentError::Extract`].
    pub fn extract(&self) -> Result<ExtractState, DepartmentError> {
        Ok(ExtractState::load(&self.extract_path())?)
    }

    /// Where that is kept; rejects lie beside it.
    #[must_use]
    pub fn extract_path(&self) -> PathBuf {
        self.path.join("extract.json")
    }

    /// Files of rejects, in the order of their parts.
    ///
    /// # Errors
    /// [`DepartmentError::State`].
    pub fn rejects(&self) -> Result<Vec<PathBuf>, DepartmentError> {
        let listed = fs::read_dir(&self.path).map_err(|error| state(&self.path, &error))?;
        let mut files: Vec<PathBuf> = listed
            .filter_map(Result::ok)
            .map(|entry| entry.path())
            .filter(|path| path.to_string_lossy().ends_with(".rejects.ndjson"))
            .collect();
        files.sort_unstable();
        Ok(files)
    }

    /// The data keys.
    #[must_use]
    pub fn keys(&self) -> EpochKeys {
        EpochKeys::new(self.keys_path())
    }

    pub(super) fn grant(&self, request: u64) -> Result<Option<PreparedGrant>, DepartmentError> {
        read(&self.grants_path().join(format!("{request}.json")))
    }

    pub(super) fn keep_grant(&self, grant: &PreparedGrant) -> Result<(), DepartmentError> {
        write(&self.grants_path(), &format!("{}.json", grant.request), grant)
    }

    /// Requests of which grants are kept.
    pub(super) fn grants(&self) -> Result<Vec<u64>, DepartmentError> {
        Ok(numbered(&self.grants_path(), "", ".json")?.into_iter().map(|(request, _)| request).collect())
    }

    /// Puts grants where nothing looks for them.
    pub(super) fn set_grants_aside(&self, requests: &[u64]) -> Result<(), DepartmentError> {
        let mut names: Vec<(u64, String)> = numbered(&self.grants_path(), "", ".json")?;
        names.retain(|(request, _)| requests.contains(request));
        let names: Vec<String> = names.into_iter().map(|(_, name)| name).collect();
        set_aside(&self.grants_path(), &names)
    }

    /// What the owner has said of the keys.
    pub(super) fn own_keys(&self) -> Result<Option<OwnKeys>, DepartmentError> {
        read(&self.path.join(OWN_KEYS))
    }

    pub(super) fn keep_own_keys(&self, own: &OwnKeys) -> Result<(), DepartmentError> {
        write(&self.path, OWN_KEYS, own)
    }

    /// Who came to the service, oldest first, as far as it is kept; each with the SHA-256 of its line.
    ///
    /// # Errors
    /// [`DepartmentError::State`].
    pub fn fetches(&self) -> Result<Vec<(Fetch, B256)>, DepartmentError> {
        fetches::read(&self.path)
    }

    /// Sums of those who came before that.
    ///
    /// # Errors
    /// [`DepartmentError::State`].
    pub fn forgotten_fetches(&self) -> Result<Vec<ForgottenFetches>, DepartmentError> {
        forgotten::read(&self.path)
    }

    /// Where it is.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    fn keys_path(&self) -> PathBuf {
        self.path.join("keys")
    }

    fn grants_path(&self) -> PathBuf {
        self.path.join("grants")
    }
}

/// Makes a folder that its owner alone may enter, or checks the one that is there.
pub(super) fn make_private(path: &Path) -> Result<(), DepartmentError> {
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    match builder.create(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
        other => return other.map_err(|error| state(path, &error)),
    }
    let found = fs::metadata(path).map_err(|error| state(path, &error))?;
    if !found.is_dir() {
        return Err(state(path, &"it is no folder"));
    }
    #[cfg(unix)]
    if std::os::unix::fs::PermissionsExt::mode(&found.permissions()) & 0o077 != 0 {
        return Err(DepartmentError::FolderExposed(path.to_owned()));
    }
    Ok(())
}

pub(super) fn state(path: &Path, error: &impl ToString) -> DepartmentError {
    DepartmentError::State { path: path.to_owned(), reason: error.to_string() }
}

fn read<T: DeserializeOwned>(path: &Path) -> Result<Option<T>, DepartmentError> {
    match fs::metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Ok(metadata) if metadata.len() > MAX_FILE_BYTES => return Err(state(path, &"it is too long")),
        other => other.map_err(|error| state(path, &error))?,
    };
    let bytes = fs::read(path).map_err(|error| state(path, &error))?;
    serde_json::from_slice(&bytes).map(Some).map_err(|error| state(path, &error))
}

fn write(directory: &Path, name: &str, value: &impl Serialize) -> Result<(), DepartmentError> {
    let path = directory.join(name);
    let bytes = serde_json::to_vec(value).map_err(|error| state(&path, &error))?;
    let kept = || -> io::Result<()> {
        // tempfile makes it with mode 0600.
        let mut file = NamedTempFile::new_in(directory)?;
        file.write_all(&bytes)?;
        file.as_file().sync_all()?;
        file.persist(&path).map_err(|error| error.error)?;
        File::open(directory)?.sync_all()
    };
    kept().map_err(|error| state(&path, &error))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[cfg(unix)]
    #[test]
    fn what_is_made_is_private_and_what_is_open_is_refused_and_left_as_it_is() {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        let scratch = tempfile::tempdir().unwrap();
        let made = scratch.path().join("a/state");
        let folder = StateFolder::new(&made).unwrap();
        let _alone = folder.lock().unwrap();
        assert!(matches!(folder.lock(), Err(DepartmentError::Busy(_))));
        assert_eq!((mode(&made), mode(&made.join("keys")), mode(&made.join("lock"))), (0o700, 0o700, 0o600));
        StateFolder::new(&made).unwrap();

        let open = scratch.path().join("open");
        fs::create_dir(&open).unwrap();
        fs::set_permissions(&open, fs::Permissions::from_mode(0o755)).unwrap();
        let refused = StateFolder::new(&open).unwrap_err();
        assert!(matches!(&refused, DepartmentError::FolderExposed(path) if *path == open), "{refused}");
        assert_eq!(mode(&open), 0o755);
        assert_eq!(fs::read_dir(&open).unwrap().count(), 0, "nothing is put into it");
        let file = scratch.path().join("file");
        fs::write(&file, "").unwrap();
        assert!(matches!(StateFolder::new(&file), Err(DepartmentError::State { .. })));
    }
}
