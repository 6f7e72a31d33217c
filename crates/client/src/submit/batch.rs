//! Operations that are gathered until they are worth a signature.

use alloy_primitives::B256;
use chancery_data::{
    Operation,
    submission::{MAX_OPERATIONS, MAX_SUBMISSION_BYTES},
};
use serde_json::value::RawValue;

use super::SubmitError;

/// Bytes of operations after which a batch is full: the body that carries them has to stay below the gateway's bound.
pub const MAX_BATCH_BYTES: usize = MAX_SUBMISSION_BYTES / 2;

/// An operation as it will be signed.
#[derive(Clone, Debug)]
pub struct Prepared(Box<RawValue>);

impl Prepared {
    pub(super) fn new(text: String) -> Result<Self, SubmitError> {
        Ok(Self(RawValue::from_string(text).map_err(|error| SubmitError::NotJson(error.to_string()))?))
    }

    /// Its exact text.
    #[must_use]
    pub fn text(&self) -> &str {
        self.0.get()
    }

    pub(super) fn bytes(&self) -> usize {
        self.0.get().len()
    }

    pub(super) fn name(&self) -> B256 {
        Operation::name(self.0.get().as_bytes())
    }

    pub(super) fn into_raw(self) -> Box<RawValue> {
        self.0
    }
}

/// Operations that will be under one signature.
#[derive(Clone, Debug)]
pub struct Batch {
    most: usize,
    operations: Vec<Prepared>,
    bytes: usize,
}

impl Batch {
    /// Of at most so many operations, 1 to 1,000.
    #[must_use]
    pub fn new(most: usize) -> Self {
        Self { most: most.clamp(1, MAX_OPERATIONS), operations: Vec::new(), bytes: 0 }
    }

    /// Takes one more; send it when it [is full](Self::is_full).
    pub fn push(&mut self, operation: Prepared) {
        self.bytes += operation.bytes();
        self.operations.push(operation);
    }

    /// Whether it has as many operations as it may, or more than [`MAX_BATCH_BYTES`].
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.operations.len() >= self.most || self.bytes > MAX_BATCH_BYTES
    }

    /// Whether it has none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.operations.is_empty()
    }

    /// What it has; it is empty afterwards.
    #[must_use]
    pub fn take(&mut self) -> Vec<Prepared> {
        self.bytes = 0;
        std::mem::take(&mut self.operations)
    }
}
