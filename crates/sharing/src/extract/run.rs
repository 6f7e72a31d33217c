//! A run: read, stage, publish, record (SHARE-2, SHARE-3).

use std::{io::Write as _, path::Path};

use futures::StreamExt;
use serde::{Deserialize, Serialize};
use sqlx::Connection;
use tempfile::NamedTempFile;
use tokio::sync::mpsc;

use super::{Declaration, ExtractError, PostgresSource, columns, copy_binary::CopyDecoder, part::PartWriter, postgres};
use crate::{
    name::ObjectName,
    sealing::{DataKey, Fingerprint, Sealed},
    storage::{FileStore, Location},
};

/// Pieces of the stream that may wait for the decoder.
const MAX_WAITING_PIECES: usize = 64;
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

/// Extracts the next part of a table into the store. None when there are no further rows.
///
/// # Errors
/// [`ExtractError`]; the state then stands as it was, and nothing that it names is touched.
pub async fn extract_part(
    source: &PostgresSource,
    declaration: &Declaration,
    key: &DataKey,
    store: &dyn FileStore,
    asset: &ObjectName,
    state_path: &Path,
) -> Result<Option<PublishedPart>, ExtractError> {
    let mut state = ExtractState::load(state_path)?;
    let directory = state_path.parent().ok_or_else(|| ExtractError::State("no directory".to_owned()))?;
    let staged = NamedTempFile::new_in(directory)?;
    let mut connection = source.connect().await?;
    let statement = postgres::statement(&mut connection, declaration, state.cursor).await?;
    let (pieces, waiting) = mpsc::channel(MAX_WAITING_PIECES);
    let (columns, cursor_index, key) = (declaration.columns.clone(), declaration.cursor_index(), key.clone());
    let decoding = tokio::task::spawn_blocking(move || {
        let part = PartWriter::new(staged, columns::schema(&columns), &key)?;
        decode(part, waiting, columns::Columns::new(&columns), CopyDecoder::new(cursor_index))
    });
    let mut rows = postgres::rows(&mut connection, &statement).await?;
    let mut broken = None;
    while let Some(piece) = rows.next().await {
        match piece {
            // A decoder that stopped says why below.
            Ok(piece) => {
                if pieces.send(piece).await.is_err() {
                    break;
                }
            }
            Err(error) => {
                broken = Some(error);
                break;
            }
        }
    }
    drop(pieces);
    drop(rows);
    let decoded = decoding.await.map_err(|error| ExtractError::Writing(error.to_string()))?;
    if let Some(error) = broken {
        return Err(error);
    }
    let Staged { file, sealed, rows, cursor } = decoded?;
    let _ = connection.close().await;
    if rows == 0 {
        return Ok(None);
    }
    let name = part_name(asset, state.parts.len() + 1)?;
    let location = store.publish(&name, file.path()).await?;
    let part = PublishedPart { location, fingerprint: sealed.fingerprint, bytes: sealed.bytes, rows };
    state.cursor = cursor.or(state.cursor);
    state.parts.push(part.clone());
    state.save(state_path)?;
    Ok(Some(part))
}

struct Staged {
    file: NamedTempFile,
    sealed: Sealed,
    rows: u64,
    cursor: Option<i64>,
}

fn decode(
    mut part: PartWriter,
    mut waiting: mpsc::Receiver<bytes::Bytes>,
    mut columns: columns::Columns,
    mut decoder: CopyDecoder,
) -> Result<Staged, ExtractError> {
    while let Some(piece) = waiting.blocking_recv() {
        decoder.update(&piece, &mut columns, |columns| match columns.take()? {
            Some(batch) => part.write(&batch),
            None => Ok(()),
        })?;
    }
    decoder.finish()?;
    if let Some(batch) = columns.take()? {
        part.write(&batch)?;
    }
    let (file, sealed) = part.finish()?;
    Ok(Staged { file, sealed, rows: decoder.rows, cursor: decoder.cursor })
}

/// A salt in the name, so that a part that was published and not recorded is never in the way.
fn part_name(asset: &ObjectName, sequence: usize) -> Result<ObjectName, ExtractError> {
    let mut salt = [0; 16];
    getrandom::fill(&mut salt).map_err(|error| ExtractError::Writing(error.to_string()))?;
    let name = format!("{asset}/{sequence:08}-{}.parquet.sealed", hex::encode(salt));
    name.parse().map_err(|error: crate::name::NameError| ExtractError::Writing(error.to_string()))
}
