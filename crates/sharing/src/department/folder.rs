//! The folder of state of a data set. Files are replaced by rename; all of them are of mode 0600.

use std::{
    fs::{self, File, TryLockError},
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use alloy_primitives::Address;
use chancery_ledger::Chain;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use tempfile::NamedTempFile;

use super::{DepartmentError, EpochKeys};
use crate::{directory::ResourceName, extract::ExtractState, release::PreparedGrant};

/// Largest file of the state that is read here, in bytes.
const MAX_FILE_BYTES: u64 = 64 * 1024;

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
    #[serde(skip)]
    pub(super) folder: PathBuf,
}

impl AssetRecord {
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

/// A folder of state.
#[derive(Clone, Debug)]
pub struct StateFolder {
    path: PathBuf,
}

impl StateFolder {
    /// Uses a folder, made when it is not there, for the owner alone.
    ///
    /// # Errors
    /// [`DepartmentError::State`].
    pub fn new(path: &Path) -> Result<Self, DepartmentError> {
        let folder = Self { path: path.to_owned() };
        for directory in [path.to_owned(), folder.keys_path(), folder.grants_path()] {
            fs::create_dir_all(&directory).map_err(|error| state(&directory, &error))?;
            #[cfg(unix)]
            {
                use std::os::unix::fs::PermissionsExt as _;
                fs::set_permissions(&directory, fs::Permissions::from_mode(0o700))
                    .map_err(|error| state(&directory, &error))?;
            }
        }
        Ok(folder)
    }

    /// Holds off other commands that write the folder, until what is returned is dropped.
    ///
    /// # Errors
    /// [`DepartmentError::Busy`].
    pub fn lock(&self) -> Result<File, DepartmentError> {
        let path = self.path.join("lock");
        let file = File::create(&path).map_err(|error| state(&path, &error))?;
        match file.try_lock() {
            Ok(()) => Ok(file),
            Err(TryLockError::WouldBlock) => Err(DepartmentError::Busy(self.path.clone())),
            Err(TryLockError::Error(error)) => Err(state(&path, &error)),
        }
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
        write(&self.path, "asset.json", record)
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

    fn keys_path(&self) -> PathBuf {
        self.path.join("keys")
    }

    fn grants_path(&self) -> PathBuf {
        self.path.join("grants")
    }
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
