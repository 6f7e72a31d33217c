//! The proof of an operation, waited for until its data block is final.

use std::time::{Duration, Instant};

use chancery_reference_points::Code;
use chancery_rest::types::submissions::SubmissionReceipt;
use serde_json::Value;

use crate::{Client, ClientError};

/// How long a proof is usually waited for.
pub const PROOF_PATIENCE: Duration = Duration::from_secs(60);
const PAUSE: Duration = Duration::from_millis(100);

impl Client {
    /// The proof of one operation of what a receipt is for, counted from 0, as soon as there is one. It is not verified here: [`crate::Verifier::operation`] does it.
    ///
    /// # Errors
    /// [`ClientError`]; `not-final-yet` after so much time.
    pub async fn proof_of(
        &self,
        receipt: &SubmissionReceipt,
        index: u32,
        patience: Duration,
    ) -> Result<Value, ClientError> {
        let begun = Instant::now();
        loop {
            match self.submitted_operation_proof(receipt.place, receipt.digest.0, index).await {
                Err(error) if error.code() == Some(Code::NotFinalYet) && begun.elapsed() < patience => {
                    tokio::time::sleep(PAUSE).await;
                }
                other => return other,
            }
        }
    }
}
