//! One operation: what happened, to what, and its content or the hash of it.

use alloy_primitives::B256;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::merkle::leaf_hash;

/// Longest operation, in bytes.
pub const MAX_OPERATION_BYTES: usize = 64 * 1024;
/// Longest name of a subject, in bytes.
pub const MAX_SUBJECT_BYTES: usize = 128;
/// Longest description, in bytes.
pub const MAX_DESCRIPTION_BYTES: usize = 1024;

/// An operation, read from its exact bytes.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Operation<'a> {
    /// When it happened, Unix milliseconds, as the source says.
    pub time: u64,
    /// What it is about; what has a subject has versions.
    #[serde(default, skip_serializing_if = "Option::is_none", borrow)]
    pub subject: Option<std::borrow::Cow<'a, str>>,
    /// Name of the version that this one replaces.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous: Option<B256>,
    /// For people.
    #[serde(default, skip_serializing_if = "Option::is_none", borrow)]
    pub description: Option<std::borrow::Cow<'a, str>>,
    /// By the format's schema.
    #[serde(default, skip_serializing_if = "Option::is_none", borrow)]
    pub content: Option<&'a RawValue>,
    /// SHA-256 of data that stay at their owner.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content_hash: Option<B256>,
}

/// Why bytes are no operation.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OperationError {
    /// Too long.
    #[error("an operation has at most {MAX_OPERATION_BYTES} bytes")]
    TooLong,
    /// Not the JSON that it should be.
    #[error("it is no operation: {0}")]
    Form(String),
    /// Both or neither.
    #[error("it has either content or contentHash")]
    Content,
    /// A subject or description that is empty or too long, or a previous version of nothing in particular.
    #[error(
        "subject has 1 to {MAX_SUBJECT_BYTES} bytes, description at most {MAX_DESCRIPTION_BYTES}; previous needs a subject"
    )]
    Metadata,
}

impl<'a> Operation<'a> {
    /// Reads an operation.
    ///
    /// # Errors
    /// [`OperationError`].
    pub fn parse(bytes: &'a [u8]) -> Result<Self, OperationError> {
        if bytes.len() > MAX_OPERATION_BYTES {
            return Err(OperationError::TooLong);
        }
        let operation: Self = serde_json::from_slice(bytes).map_err(|error| OperationError::Form(error.to_string()))?;
        if operation.content.is_some() == operation.content_hash.is_some() {
            return Err(OperationError::Content);
        }
        let subject_fits = operation.subject.as_ref().is_none_or(|text| (1..=MAX_SUBJECT_BYTES).contains(&text.len()));
        let description_fits = operation.description.as_ref().is_none_or(|text| text.len() <= MAX_DESCRIPTION_BYTES);
        if !subject_fits || !description_fits || (operation.previous.is_some() && operation.subject.is_none()) {
            return Err(OperationError::Metadata);
        }
        Ok(operation)
    }

    /// The name of the operation with these bytes.
    #[must_use]
    pub fn name(bytes: &[u8]) -> B256 {
        leaf_hash(bytes)
    }
}
