//! Putting an imported store where a node looks for it.
//!
//! It is made in a folder beside the node's (`chain.importing`), and takes its place in one step when all of it has been checked and is on disk
//! (SNAPSHOT-4). An import that was interrupted leaves that folder, which the next one removes.

use std::{
    fs::{self, File},
    io::{self, ErrorKind, Read},
    path::{Path, PathBuf},
};

use chancery_execution::{ExecutionConfig, GenesisConfig, SnapshotError, SnapshotSummary, import_snapshot};

use super::{ImportError, trust::Followed};
use crate::{ValidatorSet, is_locked};

/// What in a chain's folder is not of its store: it stays when the store is replaced, or has no meaning for another.
const BESIDE_THE_STORE: [&str; 4] = [EVIDENCE, "last-proposal", "votes-", "control"];
/// Evidence against validators outlives the store.
const EVIDENCE: &str = "evidence";
/// The runtime's lock in the folder of consensus' files.
const RUNTIME_LOCK: &str = ".hold";

/// Where a node's data are.
#[derive(Clone, Debug)]
pub struct SnapshotTarget {
    /// The chain's store.
    pub data_dir: PathBuf,
    /// Consensus' files: those of an earlier run mean nothing to the new store, and are removed when it takes its place.
    pub consensus_dir: PathBuf,
    /// Whether a store that is there is replaced.
    pub replaces: bool,
}

/// Makes the store of a node that has none from a snapshot, trusting the genesis alone. The node starts with unchanged flags afterwards.
///
/// # Errors
/// [`ImportError`]; the node's data are as they were.
pub fn import(
    genesis: &GenesisConfig,
    execution: &ExecutionConfig,
    target: &SnapshotTarget,
    from: impl Read,
) -> Result<SnapshotSummary, ImportError> {
    let SnapshotTarget { data_dir, consensus_dir, replaces } = target;
    in_use(data_dir)?;
    in_use(consensus_dir)?;
    for (path, passed_over) in [(data_dir, &BESIDE_THE_STORE[..]), (consensus_dir, &[RUNTIME_LOCK])] {
        if !replaces && has_entries(path, passed_over).map_err(failed(path, "read"))? {
            return Err(SnapshotError::Exists { path: path.clone() }.into());
        }
    }
    let staging = beside(data_dir, "importing");
    in_use(&staging)?;
    remove(&staging)?;
    let imported = stage(genesis, execution, &staging, from);
    let summary = match imported {
        Ok(summary) => summary,
        Err(error) => {
            // What failed first is the answer.
            let _ = remove(&staging);
            return Err(error);
        }
    };
    take_place(&staging, data_dir, consensus_dir)?;
    Ok(summary)
}

/// Verifies all of a snapshot, the state's root included, in a folder `scratch` that is removed before and after.
///
/// # Errors
/// [`ImportError`].
pub fn verify(genesis: &GenesisConfig, scratch: &Path, from: impl Read) -> Result<SnapshotSummary, ImportError> {
    in_use(scratch)?;
    remove(scratch)?;
    let verified = stage(genesis, &ExecutionConfig::default(), scratch, from);
    let removed = remove(scratch);
    verified.and_then(|summary| removed.map(|()| summary))
}

fn stage(
    genesis: &GenesisConfig,
    execution: &ExecutionConfig,
    staging: &Path,
    from: impl Read,
) -> Result<SnapshotSummary, ImportError> {
    let genesis = genesis.build()?;
    let validators = ValidatorSet::new(genesis.config(), genesis.header().hash());
    let validators = validators.map_err(|error| ImportError::Validators(Box::new(error)))?;
    let mut trust = Followed(validators.trusted().clone());
    Ok(import_snapshot(from, &genesis, staging, &execution.store, &mut trust)?)
}

/// The finished store takes the place of what is there. Killed in between, the node has no store, and the import is started again.
fn take_place(staging: &Path, data_dir: &Path, consensus_dir: &Path) -> Result<(), ImportError> {
    match fs::copy(data_dir.join(EVIDENCE), staging.join(EVIDENCE)) {
        Ok(_) => {}
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        Err(source) => return Err(failed(&data_dir.join(EVIDENCE), "copied")(source)),
    }
    sync(staging)?;
    let replaced = beside(data_dir, "replaced");
    remove(&replaced)?;
    if data_dir.exists() {
        fs::rename(data_dir, &replaced).map_err(failed(data_dir, "renamed"))?;
    }
    remove(consensus_dir)?;
    fs::rename(staging, data_dir).map_err(failed(staging, "renamed"))?;
    if let Some(parent) = data_dir.parent() {
        sync(parent)?;
    }
    remove(&replaced)
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".");
    name.push(ending);
    path.with_file_name(name)
}

/// Refuses a folder that a process has open: a node, or another import.
fn in_use(path: &Path) -> Result<(), ImportError> {
    if path.exists() && is_locked(path).map_err(failed(path, "locked"))? {
        return Err(ImportError::InUse { path: path.to_owned() });
    }
    Ok(())
}

/// Whether there is anything but what is passed over, by how its name begins.
fn has_entries(path: &Path, passed_over: &[&str]) -> io::Result<bool> {
    let entries = match fs::read_dir(path) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(error),
    };
    for entry in entries {
        let name = entry?.file_name();
        if !passed_over.iter().any(|known| name.to_string_lossy().starts_with(known)) {
            return Ok(true);
        }
    }
    Ok(false)
}

fn remove(path: &Path) -> Result<(), ImportError> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(failed(path, "removed")(error)),
        _ => Ok(()),
    }
}

fn sync(folder: &Path) -> Result<(), ImportError> {
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(failed(folder, "synced"))
}

fn failed(path: &Path, action: &'static str) -> impl FnOnce(io::Error) -> ImportError + use<> {
    let path = path.to_owned();
    move |source| ImportError::Files { path, action, source }
}
