//! A run: read, stage, publish, record (SHARE-2, SHARE-3).

use std::{
    io::Write as _,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};
use tempfile::NamedTempFile;

use super::{Declaration, ExtractError, Source};
use crate::{
    name::ObjectName,
    sealing::{DataKey, Fingerprint, Sealed},
    storage::{FileStore, Location},
};

const MAX_STATE_BYTES: u64 = 64 * 1024 * 1024;

/// A part that is in the store.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublishedPart {
    /// Where.
    pub location: Location,
    /// SHA-256 of its sealed bytes.
    pub fingerprint: Fingerprint,
    /// Length of its sealed bytes.
    pub bytes: u64,
    /// Rows in it.
    pub rows: u64,
    /// Rows that were kept aside.
    #[serde(default)]
    pub rejected: u64,
    /// The file of those, beside the state.
    #[serde(default)]
    pub rejects: Option<PathBuf>,
}

/// What is kept between runs: one file, replaced by rename.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExtractState {
    /// The cursor's value in the last published row.
    pub cursor: Option<i64>,
    /// Published parts, in order.
    pub parts: Vec<PublishedPart>,
}

impl ExtractState {
    /// Reads it; one that is not there is empty.
    ///
    /// # Errors
    /// [`ExtractError::State`].
    pub fn load(path: &Path) -> Result<Self, ExtractError> {
        match std::fs::metadata(path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Self::default()),
            Ok(metadata) if metadata.len() > MAX_STATE_BYTES => return Err(ExtractError::State("too long".to_owned())),
            _ => {}
        }
        let bytes = std::fs::read(path).map_err(|error| ExtractError::State(error.to_string()))?;
        serde_json::from_slice(&bytes).map_err(|error| ExtractError::State(error.to_string()))
    }

    fn save(&self, path: &Path) -> Result<(), ExtractError> {
        let directory = path.parent().ok_or_else(|| ExtractError::State("no directory".to_owned()))?;
        let mut file = NamedTempFile::new_in(directory)?;
        file.write_all(&serde_json::to_vec(self).map_err(|error| ExtractError::State(error.to_string()))?)?;
        file.as_file().sync_all()?;
        file.persist(path).map_err(|error| ExtractError::from(error.error))?;
        std::fs::File::open(directory)?.sync_all()?;
        Ok(())
    }
}

/// Extracts the next part of a source into the store. None when there are no further rows.
///
/// # Errors
/// [`ExtractError`]; the state then stands as it was, and nothing that it names is touched.
pub async fn extract_part(
    source: &dyn Source,
    declaration: &Declaration,
    key: &DataKey,
    store: &dyn FileStore,
    asset: &ObjectName,
    state_path: &Path,
) -> Result<Option<PublishedPart>, ExtractError> {
    let mut state = ExtractState::load(state_path)?;
    let directory = state_path.parent().ok_or_else(|| ExtractError::State("no directory".to_owned()))?;
    let staged = source.stage(declaration, state.cursor, directory, key).await?;
    let rejected = staged.rejects.count;
    if staged.rows == 0 && rejected == 0 {
        return Ok(None);
    }
    let name = part_name(asset, state.parts.len() + 1)?;
    let own = name.as_str().rsplit('/').next().unwrap_or_default().trim_end_matches(".parquet.sealed");
    let rejects = staged.rejects.keep(&format!("{own}.rejects.ndjson"))?;
    if staged.rows == 0 {
        return Err(ExtractError::AllRejected(rejects.unwrap_or_default()));
    }
    let location = store.publish(&name, staged.file.path()).await?;
    let Sealed { fingerprint, bytes } = staged.sealed;
    let part = PublishedPart { location, fingerprint, bytes, rows: staged.rows, rejected, rejects };
    state.cursor = staged.cursor.or(state.cursor);
    state.parts.push(part.clone());
    state.save(state_path)?;
    Ok(Some(part))
}

/// A salt in the name, so that a part that was published and not recorded is never in the way.
fn part_name(asset: &ObjectName, sequence: usize) -> Result<ObjectName, ExtractError> {
    let mut salt = [0; 16];
    getrandom::fill(&mut salt).map_err(|error| ExtractError::Writing(error.to_string()))?;
    let name = format!("{asset}/{sequence:08}-{}.parquet.sealed", hex::encode(salt));
    name.parse().map_err(|error: crate::name::NameError| ExtractError::Writing(error.to_string()))
}
