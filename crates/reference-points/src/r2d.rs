//! R2D (D3.7 7.3.4): representation to data sources. Formats, authentication and submission of data.

use alloy_primitives::B256;
use async_trait::async_trait;
use chancery_data::SourceId;
use serde::{Deserialize, Serialize};

use crate::{
    Actor, DoorResult,
    data_block::{OperationProof, TransactionLocator},
    data_format::{DataFormat, FormatId},
    operation::SignedOperation,
    source_data::{AcceptedSubmission, Source, SourceChange, SourceOperationProof, SourceSubmission, SubmissionState},
};

/// A submission: procedure 8.6, step 1.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Submission {
    /// What the source signed.
    pub operation: SignedOperation,
    /// The declared format of the content.
    pub format: FormatId,
    /// Metadata for validation, by the format.
    pub metadata: serde_json::Value,
    /// The same key twice is the same submission: the first receipt is given again.
    pub idempotency_key: Option<String>,
}

/// The receipt: procedure 8.6, step 4.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SubmissionReceipt {
    /// The operation's digest.
    pub operation_digest: B256,
    /// The data block that holds it.
    pub data_block_root: B256,
    /// The transaction that recorded the data block.
    pub data_block: TransactionLocator,
    /// The transaction of the operation's own contract call, if its kind has one.
    pub operation: Option<TransactionLocator>,
}

/// The door between data sources and representation.
#[async_trait]
pub trait R2d: Send + Sync {
    /// The formats in which data may be submitted.
    async fn data_formats(&self) -> DoorResult<Vec<DataFormat>>;

    /// One format, newest version.
    ///
    /// # Errors
    /// `UnknownFormat`.
    async fn data_format(&self, id: &FormatId) -> DoorResult<DataFormat>;

    /// Authenticates the source, validates metadata, encapsulates the operation in a data block and waits until that is final.
    ///
    /// # Errors
    /// `SignatureInvalid` when the actor is not who signed; `SchemaViolation`; whatever the application's handler refuses; `ChainUnreachable`, `NotFinalYet`.
    async fn submit(&self, actor: &Actor, submission: Submission) -> DoorResult<SubmissionReceipt>;

    /// Proof that an operation is in a final data block.
    ///
    /// # Errors
    /// `UnknownOperation`, `ChainUnreachable`.
    async fn operation_proof(&self, digest: B256) -> DoorResult<OperationProof>;
}

/// The part of R2D for registered sources, whose submissions authenticate themselves (`docs/specs/data.md`).
#[async_trait]
pub trait R2dSources: Send + Sync {
    /// Accepts submissions: each is durable when this returns its receipt (DATA-2). One that is refused keeps no other from being accepted.
    /// Waits while too much is under way.
    ///
    /// # Errors
    /// For each: `MalformedRequest`, `SignatureInvalid`, `UnknownSource`, `KeyRotated`, `SourceWithdrawn`, `WrongChain`, `ClockSkew`, `UnknownFormat`,
    /// `FormatVersion`, `SchemaViolation`, `IdempotencyConflict`, `VersionConflict`, `QuotaExceeded`, `TooManyRequests`, `JournalUnavailable`.
    async fn accept(&self, submissions: Vec<SourceSubmission>) -> Vec<DoorResult<AcceptedSubmission>>;

    /// What has become of a submission.
    ///
    /// # Errors
    /// `UnknownSubmission`, `JournalUnavailable`.
    async fn submission(&self, place: u64) -> DoorResult<SubmissionState>;

    /// Proof of the operation at `index` of a submission.
    ///
    /// # Errors
    /// `UnknownSubmission`, `NotFinalYet`, `ChainUnreachable`, `JournalUnavailable`.
    async fn submitted_operation_proof(&self, place: u64, index: u32) -> DoorResult<SourceOperationProof>;

    /// Replaces the key of a source, as the present key approves it. What an operator changes of sources is a change of the configuration
    /// ([`Change::ChangeSource`](crate::o2c::Change::ChangeSource)), whoever asks here. The result is durable, and recorded as data are.
    ///
    /// # Errors
    /// `RoleRequired` unless the present key approves a rotation; `SignatureInvalid`, `MalformedRequest`, `WrongChain`, `ClockSkew`,
    /// `SourceExists`, `UnknownSource`, `SourceWithdrawn`, `TooManyRequests`, `JournalUnavailable`.
    async fn change_source(&self, actor: &Actor, change: SourceChange) -> DoorResult<Source>;

    /// A source with the history of its keys.
    ///
    /// # Errors
    /// `UnknownSource`.
    async fn source(&self, source: SourceId) -> DoorResult<Source>;
}
