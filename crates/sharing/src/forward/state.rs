//! What is kept between runs: one file, replaced by rename.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::ForwardError;
use crate::{extract::Cursor, private_folder::replace};

const NAME: &str = "forward.json";
/// Bytes of the name under which the other side knows this exchange.
const SENDER_BYTES: usize = 16;

/// A part that was read and is not yet on the other side.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Pending {
    /// Its file, in this folder.
    pub(super) file: String,
    /// Where the source is when it is there.
    pub(super) cursor: Option<i64>,
    pub(super) mark: Option<String>,
    /// Whether that is a position in a file.
    #[serde(default)]
    pub(super) is_file: bool,
    /// How many bytes of it are there.
    pub(super) offset: u64,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ForwardState {
    /// Drawn once.
    sender: String,
    /// Number of the next batch.
    next: u64,
    /// Parts that were read.
    pub(super) part: u64,
    cursor: Option<i64>,
    mark: Option<String>,
    /// The same of a file: another source of the same data goes on at its own cursor.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    file: Option<Cursor>,
    pub(super) pending: Option<Pending>,
}

impl ForwardState {
    /// Reads it, or draws a name.
    pub(super) fn load(folder: &Path) -> Result<Self, ForwardError> {
        let unusable = |error: &dyn std::fmt::Display| ForwardError::State(error.to_string());
        match std::fs::read(folder.join(NAME)) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                let mut sender = [0; SENDER_BYTES];
                getrandom::fill(&mut sender).map_err(|error| unusable(&error))?;
                let sender = hex::encode(sender);
                Ok(Self { sender, next: 1, part: 0, cursor: None, mark: None, file: None, pending: None })
            }
            Err(error) => Err(unusable(&error)),
            Ok(bytes) => serde_json::from_slice(&bytes).map_err(|error| unusable(&error)),
        }
    }

    pub(super) fn save(&self, folder: &Path) -> Result<(), ForwardError> {
        let bytes = serde_json::to_vec(self).map_err(|error| ForwardError::State(error.to_string()))?;
        Ok(replace(folder, NAME, &bytes)?)
    }

    /// How far the source was read, of what is on the other side.
    pub(super) fn after(&self, is_file: bool) -> Option<Cursor> {
        if is_file {
            return self.file.clone();
        }
        self.cursor.map(|value| Cursor { value, mark: self.mark.clone() })
    }

    /// Takes a position over behind rows of which none is chosen; whether it is another one.
    pub(super) fn moved(&mut self, is_file: bool, cursor: Option<i64>, mark: Option<String>) -> bool {
        let Some(value) = cursor else { return false };
        let now = Some(Cursor { value, mark });
        let moved = now != self.after(is_file);
        if is_file {
            self.file = now;
        } else {
            (self.cursor, self.mark) = (cursor, now.and_then(|now| now.mark));
        }
        moved
    }

    /// Name of the next batch (`Idempotency-Key`).
    pub(super) fn batch(&self) -> String {
        format!("{}-{}", self.sender, self.next)
    }

    /// The next batch is there, and so the file up to an offset.
    pub(super) fn advance(&mut self, offset: u64) {
        self.next += 1;
        if let Some(pending) = &mut self.pending {
            pending.offset = offset;
        }
    }

    /// All of it is there.
    pub(super) fn finish(&mut self) {
        if let Some(Pending { cursor, mark, is_file, .. }) = self.pending.take() {
            self.moved(is_file, cursor, mark);
        }
    }
}
