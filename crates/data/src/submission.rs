//! What a source signs: one statement about one or more operations.

use alloy_primitives::{B256, FixedBytes};
use chancery_primitives::{OperationType, UnixSeconds, data_block::Leaf};
use serde::{Deserialize, Serialize};

use crate::{
    Jws, JwsError, OperationError, SourceId, merkle,
    operation::{MAX_OPERATION_BYTES, Operation},
    reader::{MAX_READERS, Reader},
};

/// `typ` of a submission.
pub const TYP: &str = "chancery-data+jws";
/// Most operations of one submission.
pub const MAX_OPERATIONS: usize = 1000;
/// Most bytes of all operations of one submission.
pub const MAX_SUBMISSION_BYTES: usize = 1024 * 1024;

/// The idempotency key, drawn by the source.
pub type SubmissionKey = FixedBytes<16>;

/// Who may see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Access {
    /// Anybody.
    Public,
    /// The city's offices.
    Internal,
    /// Who is named: by the source in the submission's [`Control::readers`], or by the format.
    Restricted,
}

/// Why it may be processed (GDPR, article 6(1)).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Basis {
    /// (a)
    Consent,
    /// (b)
    Contract,
    /// (c)
    LegalObligation,
    /// (d)
    VitalInterests,
    /// (e)
    PublicTask,
    /// (f)
    LegitimateInterests,
    /// No personal data.
    NotPersonal,
}

/// Control data of a submission (M-REP-4).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Control {
    /// Access class.
    pub access: Access,
    /// How long it is kept.
    pub retention_days: u32,
    /// Lawful basis.
    pub basis: Basis,
    /// Who may read it, of restricted data: at most [`MAX_READERS`]. What was signed before there were any names none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub readers: Vec<Reader>,
}

/// The payload of a submission.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Statement {
    /// The chain that records it.
    pub chain_id: u64,
    /// Whose data.
    pub source: SourceId,
    /// Idempotency key.
    pub key: SubmissionKey,
    /// The operations' format.
    pub format: String,
    /// Its version in force.
    pub format_version: u32,
    /// When it was signed, Unix milliseconds.
    pub time: u64,
    /// How many operations.
    pub count: u32,
    /// Merkle tree hash over them.
    pub root: B256,
    /// Control data.
    pub control: Control,
}

/// Why something is no submission.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SubmissionError {
    /// The JWS.
    #[error("submission: {0}")]
    Jws(#[from] JwsError),
    /// The payload.
    #[error("the payload of the submission: {0}")]
    Statement(String),
    /// Readers of what is not restricted, or too many.
    #[error("control.readers: at most {MAX_READERS} are named, and of restricted data alone")]
    Readers,
    /// None, or too many, or too long together.
    #[error("a submission has 1 to {MAX_OPERATIONS} operations of at most {MAX_SUBMISSION_BYTES} bytes together")]
    Size,
    /// An operation.
    #[error("operations[{index}]: {error}")]
    Operation {
        /// Which.
        index: usize,
        /// What is wrong.
        error: OperationError,
    },
    /// Other operations than signed.
    #[error("root and count are not those of the operations as they were sent: {count} operations with root {root}")]
    Root {
        /// How many came.
        count: usize,
        /// Their root.
        root: B256,
    },
}

/// A submission that is what its statement says; whose it is has still to be verified.
#[derive(Clone, Debug)]
pub struct Submission {
    /// What was signed.
    pub jws: Jws,
    /// Its payload.
    pub statement: Statement,
    /// SHA-256 of what was signed.
    pub digest: B256,
    /// The operations' exact bytes.
    pub operations: Vec<Vec<u8>>,
    /// Their names.
    pub names: Vec<B256>,
}

impl Submission {
    /// Reads a submission and compares its operations with the signed root. The operations' own form is checked by [`Self::operation`].
    ///
    /// # Errors
    /// [`SubmissionError`].
    pub fn parse(jws: &str, operations: Vec<Vec<u8>>) -> Result<Self, SubmissionError> {
        let bytes: usize = operations.iter().map(Vec::len).sum();
        if !(1..=MAX_OPERATIONS).contains(&operations.len()) || bytes > MAX_SUBMISSION_BYTES {
            return Err(SubmissionError::Size);
        }
        if let Some(index) = operations.iter().position(|operation| operation.len() > MAX_OPERATION_BYTES) {
            return Err(SubmissionError::Operation { index, error: OperationError::TooLong });
        }
        let jws = Jws::parse(jws, TYP)?;
        let statement: Statement =
            serde_json::from_slice(&jws.payload).map_err(|error| SubmissionError::Statement(error.to_string()))?;
        let Control { access, readers, .. } = &statement.control;
        if readers.len() > MAX_READERS || (!readers.is_empty() && *access != Access::Restricted) {
            return Err(SubmissionError::Readers);
        }
        let names: Vec<B256> = operations.iter().map(|bytes| Operation::name(bytes)).collect();
        let root = merkle::root(&names).ok_or(SubmissionError::Size)?;
        if root != statement.root || names.len() != statement.count as usize {
            return Err(SubmissionError::Root { count: names.len(), root });
        }
        Ok(Self { digest: jws.digest(), jws, statement, operations, names })
    }

    /// Reads one of the operations.
    ///
    /// # Errors
    /// [`SubmissionError::Operation`].
    pub fn operation(&self, index: usize) -> Result<Operation<'_>, SubmissionError> {
        let bytes = self.operations.get(index).ok_or(SubmissionError::Size)?;
        Operation::parse(bytes).map_err(|error| SubmissionError::Operation { index, error })
    }

    /// How it stands in a data block.
    #[must_use]
    pub fn leaf(&self) -> Leaf {
        leaf(self.digest, &self.statement)
    }
}

/// How a submission stands in a data block.
#[must_use]
pub fn leaf(digest: B256, statement: &Statement) -> Leaf {
    Leaf {
        operation_digest: digest,
        source: statement.source,
        operation_type: OperationType::DataSubmission,
        content_hash: statement.root,
        time: UnixSeconds(statement.time / 1000),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use alloy_primitives::Address;

    use super::*;
    use crate::{Algorithm, Signer};

    fn parsed(access: Access, readers: Vec<Reader>) -> Result<Submission, SubmissionError> {
        let signer = Signer::from_bytes(Algorithm::EdDsa, &[2; 32]).unwrap();
        let operation = br#"{"time":1,"content":1}"#.to_vec();
        let name = Operation::name(&operation);
        let statement = Statement {
            chain_id: 7100,
            source: signer.public_key().thumbprint().source(),
            key: SubmissionKey::ZERO,
            format: "f".into(),
            format_version: 1,
            time: 1,
            count: 1,
            root: merkle::root(&[name]).unwrap(),
            control: Control { access, retention_days: 1, basis: Basis::Consent, readers },
        };
        Submission::parse(signer.sign(&statement, TYP).unwrap().text(), vec![operation])
    }

    // SEARCH-3: readers are signed for, of restricted data alone, and what names none is as it was before there were any.
    #[test]
    fn readers_are_named_of_restricted_data_alone() {
        let readers = |count| (0..count).map(|byte| Reader::Address(Address::repeat_byte(byte))).collect::<Vec<_>>();
        let named = parsed(Access::Restricted, readers(16)).unwrap();
        assert_eq!(named.statement.control.readers, readers(16));
        for (access, count) in [(Access::Restricted, 17), (Access::Internal, 1), (Access::Public, 1)] {
            assert_eq!(parsed(access, readers(count)).unwrap_err(), SubmissionError::Readers, "{access:?}, {count}");
        }
        let before = parsed(Access::Public, Vec::new()).unwrap();
        let payload: serde_json::Value = serde_json::from_slice(&before.jws.payload).unwrap();
        assert_eq!(payload["control"].as_object().unwrap().len(), 3, "{payload}");
    }
}
