//! What was signed, as it is sent.

use alloy_primitives::B256;
use chancery_data::{Jws, Submission, submission::Statement};
use chancery_rest::types::submissions::SubmitData;

use super::{Prepared, SubmitError};

/// Signed, and not known to be accepted until there is a receipt. Whoever must not lose it keeps [`Self::data`], which is JSON, until then.
#[derive(Clone, Debug)]
pub struct SignedSubmission {
    data: SubmitData,
    statement: Statement,
    digest: B256,
}

impl SignedSubmission {
    pub(super) fn new(jws: &Jws, statement: Statement, operations: Vec<Prepared>) -> Self {
        let operations = operations.into_iter().map(Prepared::into_raw).collect();
        let data = SubmitData { submission: jws.text().to_owned(), operations };
        Self { data, statement, digest: jws.digest() }
    }

    /// What was kept, to be sent again.
    ///
    /// # Errors
    /// [`SubmitError::Submission`] for what is none, or has other operations than were signed.
    pub fn restore(data: SubmitData) -> Result<Self, SubmitError> {
        let operations = data.operations.iter().map(|one| one.get().as_bytes().to_vec()).collect();
        let read = Submission::parse(&data.submission, operations)?;
        Ok(Self { data, statement: read.statement, digest: read.digest })
    }

    /// As it is sent.
    #[must_use]
    pub const fn data(&self) -> &SubmitData {
        &self.data
    }

    /// What its source states.
    #[must_use]
    pub const fn statement(&self) -> &Statement {
        &self.statement
    }

    /// SHA-256 of what was signed: the receipt names it.
    #[must_use]
    pub const fn digest(&self) -> B256 {
        self.digest
    }
}
