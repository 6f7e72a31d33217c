//! Data formats: what a source may submit (M-ACQ). A JSON Schema with metadata, versioned, configured by an operator.

mod canonical;

use std::{collections::BTreeMap, sync::Arc};

use alloy_primitives::{B256, keccak256};
use chancery_data::Reader;
use serde::{Deserialize, Serialize};

pub use self::canonical::{CanonicalError, canonical_json};
use crate::{Code, DoorError, DoorResult, operation::ChainName};

/// The name of a format: `certificate/degree`, `reading/air-quality`. 1 to 32 characters of `[a-z0-9/-]`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct FormatId(pub String);

/// A title in the languages of the city.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Title {
    /// English.
    pub en: String,
    /// Chinese.
    pub zh: String,
}

/// A declared format of data.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DataFormat {
    /// Name.
    pub id: FormatId,
    /// 1, 2, ...: a changed schema is a new version; old data keep theirs.
    pub version: u32,
    /// The chain that records data of this format.
    pub chain: ChainName,
    /// For people.
    pub title: Title,
    /// Where the format comes from: standard, section.
    pub source: String,
    /// Whether the content is sealed to who may read it. The schema then describes the plain document and is checked by whoever seals or opens it; what is submitted is
    /// refused unless it is sealed (DATA-11).
    pub sealed: bool,
    /// JSON Schema 2020-12.
    pub schema: serde_json::Value,
    /// keccak256 of the schema's canonical JSON (RFC 8785), as recorded on the main chain.
    pub schema_hash: B256,
}

/// What a format in force says of who reads its data.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FormatReading {
    /// Its content is sealed. What was accepted of it in clear, before that was enforced or before it was sealed, is restricted, whatever its source said (DATA-11).
    pub sealed: bool,
    /// Who may read what is restricted, beside whom the sources name.
    pub readers: Vec<Reader>,
}

/// What formats in force say of who reads their data, by their names. What is not in it says nothing.
pub type FormatReadings = BTreeMap<String, FormatReading>;

/// Knows the formats in force.
pub trait FormatsInForce: Send + Sync {
    /// What they say of who reads their data, now.
    fn readings(&self) -> Arc<FormatReadings>;
}

/// Longest name of a format, in bytes: as `bytes32` it is its key on the main chain.
pub const MAX_FORMAT_ID_BYTES: usize = 32;

impl FormatId {
    /// The name as the main chain keeps it: ASCII, padded right with zeros.
    ///
    /// # Errors
    /// `ConfigurationInvalid` when it is empty, too long, or has a character outside of `[a-z0-9/-]`.
    pub fn to_bytes32(&self) -> DoorResult<B256> {
        let bytes = self.0.as_bytes();
        let allowed = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"/-".contains(byte);
        if bytes.is_empty() || bytes.len() > MAX_FORMAT_ID_BYTES || !bytes.iter().all(allowed) {
            let rule = format!("a format is named by 1 to {MAX_FORMAT_ID_BYTES} characters of [a-z0-9/-]");
            return Err(DoorError::new(Code::ConfigurationInvalid, rule));
        }
        let mut word = B256::ZERO;
        word[..bytes.len()].copy_from_slice(bytes);
        Ok(word)
    }
}

impl DataFormat {
    /// The schema's canonical JSON and its hash, computed (M-ACQ).
    ///
    /// # Errors
    /// `ConfigurationInvalid` when the schema has no canonical form.
    pub fn canonical_schema(&self) -> DoorResult<(String, B256)> {
        let text = canonical_json(&self.schema)
            .map_err(|error| DoorError::new(Code::ConfigurationInvalid, format!("the schema: {error}")))?;
        let hash = keccak256(text.as_bytes());
        Ok((text, hash))
    }
}
