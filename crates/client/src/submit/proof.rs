//! The proof of an operation, waited for until its data block is final.

use std::time::{Duration, Instant};

use alloy_primitives::B256;
use chancery_data::{
    ask::{self, Ask},
    submission::Access,
};
use chancery_reference_points::Code;
use chancery_rest::types::submissions::SubmissionReceipt;
use serde_json::Value;

use super::{SubmitError, Submitter};
use crate::{Client, ClientError, clock::now_ms};

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
        self.proof_at(receipt.place, receipt.digest.0, index, patience).await
    }

    /// The same by the place and the digest of the submission.
    ///
    /// # Errors
    /// As [`Self::proof_of`].
    pub async fn proof_at(
        &self,
        place: u64,
        digest: B256,
        index: u32,
        patience: Duration,
    ) -> Result<Value, ClientError> {
        let begun = Instant::now();
        loop {
            match self.submitted_operation_proof(place, digest, index).await {
                Err(error) if error.code() == Some(Code::NotFinalYet) && begun.elapsed() < patience => {
                    tokio::time::sleep(PAUSE).await;
                }
                other => return other,
            }
        }
    }
}

impl Submitter {
    /// The same, asked for as the source where the data are not for anybody.
    ///
    /// # Errors
    /// [`SubmitError::Client`]; [`SubmitError::Signing`].
    pub async fn proof_of(
        &self,
        receipt: &SubmissionReceipt,
        index: u32,
        patience: Duration,
    ) -> Result<Value, SubmitError> {
        if self.terms.control.access == Access::Public {
            match self.client.proof_of(receipt, index, patience).await {
                // Past its retention, of a format that is sealed by now, or submitted under other terms: as the source.
                Err(error) if matches!(error.code(), Some(Code::AuthenticationRequired | Code::UnknownSubmission)) => {}
                other => return Ok(other?),
            }
        }
        let begun = Instant::now();
        loop {
            // What is asked with is good for some minutes.
            let client = self.client.clone().asking_as_source(self.ask(receipt).await?);
            match client.proof_of(receipt, index, Duration::ZERO).await {
                Err(error) if error.code() == Some(Code::NotFinalYet) && begun.elapsed() < patience => {
                    tokio::time::sleep(PAUSE).await;
                }
                other => return Ok(other?),
            }
        }
    }

    async fn ask(&self, receipt: &SubmissionReceipt) -> Result<String, SubmitError> {
        let (place, digest) = (receipt.place, receipt.digest.0);
        let ask = Ask { chain_id: self.chain_id, source: self.source, place, digest, time: now_ms() };
        Ok(self.signed(ask, ask::TYP).await?.text().to_owned())
    }
}
