//! A run: read, stage, publish, record (SHARE-2, SHARE-3).

use std::{
    fs::File,
    io::Write as _,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};
use tempfile::NamedTempFile;

use super::{Cursor, Declaration, ExtractError, Source};
use crate::{
    name::ObjectName,
    sealing::{DataKey, Fingerprint, OpeningReader, Sealed, SealingWriter},
    storage::{FileStore, Location, fetch_verified},
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
    /// Under which of the asset's keys it is sealed.
    #[serde(default = "first_epoch")]
    pub key_epoch: u32,
    /// Rows in it.
    pub rows: u64,
    /// Rows that were kept aside.
    #[serde(default)]
    pub rejected: u64,
    /// The file of those, beside the state.
    #[serde(default)]
    pub rejects: Option<PathBuf>,
    /// SHA-256 of the file of corrected rejects that it was made of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replayed: Option<Fingerprint>,
}

const fn first_epoch() -> u32 {
    1
}

/// A data key with the key epoch that it is of.
#[derive(Clone, Debug)]
pub struct EpochKey {
    /// Counts from 1; a removed reader begins the next (SHARE-8).
    pub epoch: u32,
    /// The key.
    pub key: DataKey,
}

/// What is kept between runs: one file, replaced by rename.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExtractState {
    /// The cursor's value in the last published row.
    pub cursor: Option<i64>,
    /// What the source remembers that row by, where it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mark: Option<String>,
    /// How far the file is read from which parts came: another source of the same data goes on at its own cursor.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<Cursor>,
    /// Published parts, in order.
    pub parts: Vec<PublishedPart>,
    /// Files of parts that were sealed anew and may still lie in the store, under the key that is over.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub superseded: Vec<Location>,
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

    /// How far a source is read.
    pub(crate) fn after(&self, source: &dyn Source) -> Option<Cursor> {
        if source.is_file() {
            return self.file.clone();
        }
        self.cursor.map(|value| Cursor { value, mark: self.mark.clone() })
    }

    /// Takes over how far a source was read; whether that is another position.
    fn moved(&mut self, source: &dyn Source, cursor: Option<i64>, mark: Option<&str>) -> bool {
        let Some(value) = cursor else { return false };
        let now = Some(Cursor { value, mark: mark.map(str::to_owned) });
        let moved = now != self.after(source);
        if source.is_file() {
            self.file = now;
        } else {
            (self.cursor, self.mark) = (cursor, mark.map(str::to_owned));
        }
        moved
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
/// [`ExtractError`]; the state then stands as it was, and nothing that it names is touched. Only with [`ExtractError::AllRejected`] is a cursor behind the
/// rejects, which are kept: they come once.
pub async fn extract_part(
    source: &dyn Source,
    declaration: &Declaration,
    key: &EpochKey,
    store: &dyn FileStore,
    asset: &ObjectName,
    state_path: &Path,
) -> Result<Option<PublishedPart>, ExtractError> {
    let mut state = ExtractState::load(state_path)?;
    let directory = state_path.parent().ok_or_else(|| ExtractError::State("no directory".to_owned()))?;
    let (staged, moved) = loop {
        let staged = source.stage(declaration, state.after(source).as_ref(), directory, &key.key).await?;
        if let Some(part) =
            state.parts.iter().position(|part| staged.replayed.is_some() && part.replayed == staged.replayed)
        {
            return Err(ExtractError::Replayed { part: part + 1 });
        }
        let moved = state.moved(source, staged.cursor, staged.mark.as_deref());
        if staged.rows > 0 || staged.rejects.count > 0 {
            break (staged, moved);
        }
        if moved {
            // Rows were read, and none is among the chosen ones: they are not read again.
            state.save(state_path)?;
        }
        // Behind files without rows others may wait, or an error of one.
        if !moved || !source.keeps_position() {
            return Ok(None);
        }
    };
    let (rejected, replayed) = (staged.rejects.count, staged.replayed);
    let name = part_name(asset, state.parts.len() + 1)?;
    let own = name.as_str().rsplit('/').next().unwrap_or_default().trim_end_matches(".parquet.sealed");
    let rejects = staged.rejects.keep(&format!("{own}.rejects.ndjson"))?;
    if staged.rows == 0 {
        if moved {
            state.save(state_path)?;
        }
        return Err(ExtractError::AllRejected(rejects.unwrap_or_default()));
    }
    let published = store.publish(&name, staged.file.path()).await;
    if let (Err(_), Some(kept)) = (&published, &rejects)
        && let Err(error) = std::fs::remove_file(kept)
    {
        // They come again, with the rows beside them; what the store said is what is to be corrected first.
        tracing::warn!(file = %kept.display(), %error, "rejects that come again could not be removed");
    }
    let location = published?;
    let Sealed { fingerprint, bytes } = staged.sealed;
    let (rows, key_epoch) = (staged.rows, key.epoch);
    let part = PublishedPart { location, fingerprint, bytes, key_epoch, rows, rejected, rejects, replayed };
    state.parts.push(part.clone());
    state.save(state_path)?;
    Ok(Some(part))
}

/// Seals a part anew under the key of a later epoch, since a reader was removed before it was published on the chain (SHARE-8). The state names the new file
/// afterwards, and the old one as superseded; then that is removed.
///
/// # Errors
/// [`ExtractError`]. The state then stands as it was, or names a file that is still to be removed ([`remove_superseded`]).
pub async fn reseal_part(
    index: usize,
    old: &DataKey,
    new: &EpochKey,
    store: &dyn FileStore,
    asset: &ObjectName,
    state_path: &Path,
) -> Result<PublishedPart, ExtractError> {
    let mut state = ExtractState::load(state_path)?;
    let directory = state_path.parent().ok_or_else(|| ExtractError::State("no directory".to_owned()))?;
    let part = state.parts.get(index).cloned().ok_or_else(|| ExtractError::State(format!("no part {}", index + 1)))?;
    let fetched = tempfile::tempdir_in(directory)?;
    let (sealed, resealed) = (fetched.path().join("sealed"), fetched.path().join("resealed"));
    let expected = Sealed { fingerprint: part.fingerprint, bytes: part.bytes };
    fetch_verified(store, &part.location, &expected, &sealed).await?;
    let (old, key, target) = (old.clone(), new.key.clone(), resealed.clone());
    let made = tokio::task::spawn_blocking(move || reseal(&sealed, &old, &target, &key))
        .await
        .map_err(|error| ExtractError::Writing(error.to_string()))??;
    let location = store.publish(&part_name(asset, index + 1)?, &resealed).await?;
    let replaced = PublishedPart {
        location,
        fingerprint: made.fingerprint,
        bytes: made.bytes,
        key_epoch: new.epoch,
        ..part.clone()
    };
    state.parts[index] = replaced.clone();
    state.superseded.push(part.location);
    state.save(state_path)?;
    remove_superseded(store, state_path).await?;
    Ok(replaced)
}

/// Removes the files whose parts were sealed anew: also those of a run that ended before it had removed its own (SHARE-8).
///
/// # Errors
/// [`ExtractError`]; what is not removed stays named.
pub async fn remove_superseded(store: &dyn FileStore, state_path: &Path) -> Result<(), ExtractError> {
    let mut state = ExtractState::load(state_path)?;
    if state.superseded.is_empty() {
        return Ok(());
    }
    for location in &state.superseded {
        store.remove(location).await?;
    }
    state.superseded.clear();
    state.save(state_path)
}

fn reseal(sealed: &Path, old: &DataKey, target: &Path, new: &DataKey) -> Result<Sealed, ExtractError> {
    let mut plain = OpeningReader::new(File::open(sealed)?, old).map_err(std::io::Error::from)?;
    let mut writer = SealingWriter::new(File::create(target)?, new).map_err(std::io::Error::from)?;
    std::io::copy(&mut plain, &mut writer)?;
    let (file, made) = writer.finish().map_err(std::io::Error::from)?;
    file.sync_all()?;
    Ok(made)
}

/// A salt in the name, so that a part that was published and not recorded is never in the way.
fn part_name(asset: &ObjectName, sequence: usize) -> Result<ObjectName, ExtractError> {
    let mut salt = [0; 16];
    getrandom::fill(&mut salt).map_err(|error| ExtractError::Writing(error.to_string()))?;
    let name = format!("{asset}/{sequence:08}-{}.parquet.sealed", hex::encode(salt));
    name.parse().map_err(|error: crate::name::NameError| ExtractError::Writing(error.to_string()))
}
