//! What the directory says of a resource: JSON whose hash stands on the chain.

use alloy_primitives::{B256, keccak256};
use serde::{Deserialize, Serialize};

use crate::extract::{Column, MAX_COLUMNS};

/// Longest description, in bytes; the contract's own bound.
pub const MAX_DESCRIPTION_BYTES: usize = 4096;
/// Longest title, in bytes.
const MAX_TITLE_BYTES: usize = 200;

/// Correct the description.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DescriptionError {
    /// Too long for the contract.
    #[error(
        "a description has at most {MAX_DESCRIPTION_BYTES} bytes of JSON, this has {0}: shorten title and text, or share fewer columns"
    )]
    TooLong(usize),
    /// A title that is empty or too long, or too many columns.
    #[error("a description has a title of 1 to {MAX_TITLE_BYTES} bytes and 1 to {MAX_COLUMNS} columns")]
    Bounds,
    /// It is no description.
    #[error("this is no description: {0}")]
    Malformed(String),
}

/// What a resource is, for whoever looks for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ResourceDescription {
    /// One line.
    pub title: String,
    /// More of it.
    #[serde(default)]
    pub description: String,
    /// The shared columns.
    pub columns: Vec<Column>,
    /// The owner's service, which hands out what it has granted: an URL.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
}

impl ResourceDescription {
    /// The exact text that is hashed.
    ///
    /// # Errors
    /// [`DescriptionError`].
    pub fn to_text(&self) -> Result<String, DescriptionError> {
        self.check()?;
        let text = serde_json::to_string(self).map_err(|error| DescriptionError::Malformed(error.to_string()))?;
        if text.len() > MAX_DESCRIPTION_BYTES { Err(DescriptionError::TooLong(text.len())) } else { Ok(text) }
    }

    /// Reads a text.
    ///
    /// # Errors
    /// [`DescriptionError`].
    pub fn parse(text: &str) -> Result<Self, DescriptionError> {
        if text.len() > MAX_DESCRIPTION_BYTES {
            return Err(DescriptionError::TooLong(text.len()));
        }
        let read: Self = serde_json::from_str(text).map_err(|error| DescriptionError::Malformed(error.to_string()))?;
        read.check()?;
        Ok(read)
    }

    /// Whether each word stands in title, description, names of columns or `beside`; words are in lower case.
    #[must_use]
    pub fn has_words(&self, words: &[String], beside: &[&str]) -> bool {
        let columns = self.columns.iter().map(|column| column.name.as_str());
        let texts = [self.title.as_str(), &self.description].into_iter().chain(columns).chain(beside.iter().copied());
        let all = texts.map(str::to_lowercase).collect::<Vec<_>>();
        words.iter().all(|word| all.iter().any(|text| text.contains(word.as_str())))
    }

    fn check(&self) -> Result<(), DescriptionError> {
        let bounded =
            (1..=MAX_TITLE_BYTES).contains(&self.title.len()) && (1..=MAX_COLUMNS).contains(&self.columns.len());
        if bounded { Ok(()) } else { Err(DescriptionError::Bounds) }
    }
}

/// What the contract keeps of a description's text.
#[must_use]
pub fn description_hash(text: &str) -> B256 {
    keccak256(text.as_bytes())
}
