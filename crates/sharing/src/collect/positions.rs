//! How far files are read. A position is in the spool itself, with the last record that it stands for, so the two are kept or lost together; what
//! earlier segments had of positions is in a file beside them.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use super::{CollectError, Record};
use crate::private_folder::replace;

/// Member of a record with the position behind it.
pub(super) const POSITION: &str = "_position";
/// Member with the path of the file.
pub(super) const FILE: &str = "_file";
const NAME: &str = "positions.json";

/// Of each file, by path.
pub(super) type Positions = BTreeMap<PathBuf, Position>;

/// A place in a file that is recognized again, wherever the file was moved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Position {
    pub(super) device: u64,
    pub(super) inode: u64,
    /// Bytes that were read.
    pub(super) offset: u64,
    /// SHA-256 of the last of these bytes, in hexadecimal digits.
    pub(super) before: String,
}

/// Takes over what a record says.
pub(super) fn note(positions: &mut Positions, record: &Record) {
    let (Some(file), Some(position)) = (record.get(FILE).and_then(|file| file.as_str()), record.get(POSITION)) else {
        return;
    };
    if let Ok(position) = serde_json::from_value(position.clone()) {
        positions.insert(PathBuf::from(file), position);
    }
}

pub(super) fn load(folder: &Path) -> Result<Positions, CollectError> {
    let path = folder.join(NAME);
    match std::fs::read(&path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Positions::new()),
        Err(error) => Err(CollectError::spool(&path, &error)),
        Ok(bytes) => serde_json::from_slice(&bytes).map_err(|error| CollectError::spool(&path, &error)),
    }
}

pub(super) fn save(folder: &Path, positions: &Positions) -> std::io::Result<()> {
    replace(folder, NAME, &serde_json::to_vec(positions)?)
}
