//! Why something is not submitted, or not known to be.

use chancery_data::{
    JwsError, OperationError, SubmissionError,
    operation::MAX_OPERATION_BYTES,
    submission::{MAX_OPERATIONS, MAX_SUBMISSION_BYTES},
};
use chancery_messages::contents::ContentError;
use chancery_rest::Problem;
use serde_json::Value;

use super::SignedSubmission;
use crate::{Client, ClientError, verify::ReceiptFailure};

/// Why a submission has no receipt.
#[derive(Debug, thiserror::Error)]
pub enum SubmitError {
    /// The gateway refused it, or was not asked: nothing of it is accepted.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// Tried as often as the policy says, and it is not known whether these were accepted. Keep them and send them again as they are: what was accepted is accepted once.
    #[error("it is not known whether {} submissions were accepted: send the same again ({cause})", .submissions.len())]
    Undecided {
        /// What was signed.
        submissions: Vec<SignedSubmission>,
        /// The last failure.
        cause: ClientError,
    },
    /// The gateway answered with a receipt that is not of what was sent, or not signed by the journal: it is not known whether it was accepted.
    #[error("the gateway answered with a receipt that is not genuine ({0}): it is not known whether it was accepted")]
    Receipt(#[from] ReceiptFailure),
    /// A text is no operation.
    #[error(transparent)]
    Operation(#[from] OperationError),
    /// A text is no JSON.
    #[error("it is no JSON: {0}")]
    NotJson(String),
    /// None, or too many, or too long together.
    #[error("a signature is over 1 to {MAX_OPERATIONS} operations of at most {MAX_SUBMISSION_BYTES} bytes together")]
    Size,
    /// What was kept is no submission.
    #[error(transparent)]
    Submission(#[from] SubmissionError),
    /// Whoever keeps the key does not sign.
    #[error(transparent)]
    Signing(#[from] JwsError),
    /// The runtime ends.
    #[error("it was not signed: this process ends")]
    Ended,
    /// No idempotency key can be drawn.
    #[error("the system gives no randomness")]
    Randomness,
    /// A reader is named for what is not sealed.
    #[error("{format} is not sealed: its content is submitted in clear")]
    NotSealed {
        /// The format.
        format: String,
    },
    /// Contents are checked before they are sealed, and the schema at hand is of another version.
    #[error("version {in_force} of {format} is in force, not {named}")]
    OtherVersion {
        /// The format.
        format: String,
        /// Its version in force.
        in_force: u32,
        /// The one that the terms name.
        named: u32,
    },
    /// The format is sealed and the content is not: it was not sent.
    #[error("the format is sealed: name who may read it")]
    InClear,
    /// A description beside a content that is to be sealed.
    #[error("a description stands in clear: put it into the content")]
    Described,
    /// The format's schema does not compile, or the content breaks it: which rules, and nothing of the content.
    #[error("{0}")]
    Schema(String),
    /// The content cannot be sealed.
    #[error(transparent)]
    Sealing(#[from] ContentError),
    /// Sealed it is too long.
    #[error("sealed, it is longer than {MAX_OPERATION_BYTES} bytes: send less")]
    SealedTooLong,
}

impl SubmitError {
    pub(super) const fn undecided(submissions: Vec<SignedSubmission>, cause: ClientError) -> Self {
        Self::Undecided { submissions, cause }
    }
}

/// A problem as a member of an outcome.
pub(super) fn problem_in(client: &Client, problem: Value) -> ClientError {
    match serde_json::from_value::<Problem>(problem) {
        Ok(problem) => ClientError::Problem(Box::new(problem)),
        Err(error) => client.answered_otherwise(&error.to_string()),
    }
}
