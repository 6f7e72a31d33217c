//! Data of a registered source, signed and sent (R2D, M-P-SUB; `docs/specs/data.md`).
//!
//! ```text
//! text of an operation --prepare--> checked; sealed, where its format is --sign--> SignedSubmission
//!   --send, send_all--> receipt (durable), held against what was signed --Client::proof_of--> the file that `verify` reads
//! ```
//!
//! A signed submission has an idempotency key: sent again it is accepted once (DATA-3). So what is signed may be tried again after any failure, and what has no
//! answer in the end is given back in [`SubmitError::Undecided`], to be kept and sent again. Signed anew it would be another submission.

mod batch;
mod error;
mod lines;
mod proof;
mod sealing;
mod signed;
mod stream;

use std::sync::Arc;

use alloy_primitives::B256;
use chancery_certificates::keys::EncryptionPublicKey;
use chancery_data::{
    Control, Jws, Operation, PublicKey, Signer, SourceId, merkle,
    submission::{MAX_OPERATIONS, MAX_SUBMISSION_BYTES, Statement, SubmissionKey, TYP},
};
use chancery_rest::types::submissions::{SubmissionOutcome, SubmissionReceipt};
use serde::Serialize;
use serde_json::value::RawValue;

pub use self::{
    batch::{Batch, MAX_BATCH_BYTES, Prepared},
    error::SubmitError,
    proof::PROOF_PATIENCE,
    signed::SignedSubmission,
    stream::{Outcome, Outcomes},
};
use self::{error::problem_in, sealing::Sealing};
use crate::{Client, ClientError, Retry, clock::now_ms, verify::ShownReceipt};

/// What a source states of everything that it submits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Terms {
    /// Name of the data format.
    pub format: String,
    /// Its version in force.
    pub format_version: u32,
    /// Who may see it, how long it is kept, and why it may be processed.
    pub control: Control,
}

/// A source that submits to one city.
#[derive(Debug)]
pub struct Submitter {
    client: Client,
    signer: Arc<Signer>,
    source: SourceId,
    chain_id: u64,
    terms: Terms,
    sealing: Sealing,
    receipt_key: Option<PublicKey>,
    retry: Retry,
}

impl Submitter {
    /// Reads the city's main chain and the format in force. The source is the one that its key has been since it was registered. The key may be Ed25519, P-256 or secp256k1.
    ///
    /// # Errors
    /// [`SubmitError::Client`]; `unknown-format` for a format that is not configured.
    pub async fn open(client: Client, signer: Signer, terms: Terms) -> Result<Self, SubmitError> {
        let chain_id = client.main_chain().await?.chain_id;
        let sealing = Sealing::of(client.format(&terms.format).await?);
        let source = signer.public_key().thumbprint().source();
        let (signer, retry) = (Arc::new(signer), Retry::default());
        Ok(Self { client, signer, source, chain_id, terms, sealing, receipt_key: None, retry })
    }

    /// The same for a source whose key has been replaced since it was registered.
    #[must_use]
    pub fn of_source(self, source: SourceId) -> Self {
        Self { source, ..self }
    }

    /// The same, sealing each content to these keys, 1 to 32, after it was checked against its format. Of an address [`crate::MainChain::encryption_key`] proves the key.
    ///
    /// # Errors
    /// [`SubmitError::NotSealed`] for a format that is not, [`SubmitError::OtherVersion`] when another version is in force than the terms name, [`SubmitError::Schema`].
    pub fn sealing_to(self, keys: Vec<EncryptionPublicKey>) -> Result<Self, SubmitError> {
        let sealing = self.sealing.sealing_to(&self.terms, keys)?;
        Ok(Self { sealing, ..self })
    }

    /// The same, verifying each receipt by the public key of the city's journal, which its operator hands out.
    #[must_use]
    pub fn believing(self, receipt_key: PublicKey) -> Self {
        Self { receipt_key: Some(receipt_key), ..self }
    }

    /// The same, trying so often.
    #[must_use]
    pub fn trying(self, retry: Retry) -> Self {
        Self { retry, ..self }
    }

    /// The source.
    #[must_use]
    pub const fn source(&self) -> SourceId {
        self.source
    }

    /// Checks the text of an operation, `{time, subject?, previous?, description?, content or contentHash}`, and seals its content where its format is sealed. What counts from here on is
    /// exactly this text.
    ///
    /// # Errors
    /// [`SubmitError::Operation`]; of a sealed format [`SubmitError::InClear`], [`SubmitError::Described`], [`SubmitError::Schema`], [`SubmitError::Sealing`].
    pub fn prepare(&self, text: &str) -> Result<Prepared, SubmitError> {
        let operation = Operation::parse(text.as_bytes())?;
        let sealed = self.sealing.applied(&operation, &self.terms, self.chain_id, self.source)?;
        Prepared::new(sealed.unwrap_or_else(|| text.to_owned()))
    }

    /// The operation of a content, as it is now, and about nothing in particular.
    ///
    /// # Errors
    /// As [`Self::prepare`]; [`SubmitError::NotJson`].
    pub fn prepare_content(&self, content: &str) -> Result<Prepared, SubmitError> {
        // What is more than one value would become members of the operation.
        let content: &RawValue =
            serde_json::from_str(content).map_err(|error| SubmitError::NotJson(error.to_string()))?;
        self.prepare(&format!(r#"{{"time":{},"content":{content}}}"#, now_ms()))
    }

    /// One signature over 1 to 1,000 operations of at most 1 MiB together, in this order.
    ///
    /// # Errors
    /// [`SubmitError::Size`], [`SubmitError::Signing`], [`SubmitError::Randomness`].
    pub async fn sign(&self, operations: Vec<Prepared>) -> Result<SignedSubmission, SubmitError> {
        let bytes: usize = operations.iter().map(Prepared::bytes).sum();
        if !(1..=MAX_OPERATIONS).contains(&operations.len()) || bytes > MAX_SUBMISSION_BYTES {
            return Err(SubmitError::Size);
        }
        let names: Vec<B256> = operations.iter().map(Prepared::name).collect();
        let mut key = SubmissionKey::ZERO;
        getrandom::fill(key.as_mut_slice()).map_err(|_| SubmitError::Randomness)?;
        let statement = Statement {
            chain_id: self.chain_id,
            source: self.source,
            key,
            format: self.terms.format.clone(),
            format_version: self.terms.format_version,
            time: now_ms(),
            count: u32::try_from(names.len()).map_err(|_| SubmitError::Size)?,
            root: merkle::root(&names).ok_or(SubmitError::Size)?,
            control: self.terms.control.clone(),
        };
        let jws = self.signed(statement.clone(), TYP).await?;
        Ok(SignedSubmission::new(&jws, statement, operations))
    }

    /// A statement under the source's key, which may be kept where signing blocks.
    async fn signed(&self, statement: impl Serialize + Send + 'static, typ: &'static str) -> Result<Jws, SubmitError> {
        let signer = Arc::clone(&self.signer);
        if !self.signer.may_block() {
            return Ok(signer.sign(&statement, typ)?);
        }
        let signing = tokio::task::spawn_blocking(move || signer.sign(&statement, typ));
        Ok(signing.await.map_err(|_| SubmitError::Ended)??)
    }

    /// Sends what is signed, as often as it takes, and holds the receipt against it. What a receipt names is durable (DATA-2).
    ///
    /// # Errors
    /// [`SubmitError::Client`] when it is refused; [`SubmitError::Undecided`] when it is not known whether it was accepted; [`SubmitError::Receipt`] when the receipt is not of it.
    pub async fn send(&self, signed: &SignedSubmission) -> Result<SubmissionReceipt, SubmitError> {
        match self.retry.run(|| self.sent_once(signed)).await {
            Ok(receipt) => self.genuine(receipt, signed),
            Err(refused @ ClientError::Problem(_)) if !refused.is_temporary() => Err(refused.into()),
            Err(cause) if was_sent(&cause) => Err(SubmitError::undecided(vec![signed.clone()], cause)),
            Err(cause) => Err(cause.into()),
        }
    }

    /// Prepares, signs and sends operations under one signature.
    ///
    /// # Errors
    /// As [`Self::prepare`], [`Self::sign`] and [`Self::send`].
    pub async fn submit(
        &self,
        operations: impl IntoIterator<Item = impl AsRef<str>>,
    ) -> Result<SubmissionReceipt, SubmitError> {
        let prepared = operations.into_iter().map(|text| self.prepare(text.as_ref())).collect::<Result<Vec<_>, _>>()?;
        self.send(&self.sign(prepared).await?).await
    }

    async fn sent_once(&self, signed: &SignedSubmission) -> Result<SubmissionReceipt, ClientError> {
        let outcomes = self.client.submit_data(std::slice::from_ref(signed.data())).await?;
        match outcomes.into_iter().next() {
            Some(SubmissionOutcome { receipt: Some(receipt), .. }) => Ok(receipt),
            Some(SubmissionOutcome { problem: Some(problem), .. }) => Err(problem_in(&self.client, problem)),
            _ => Err(self.client.answered_otherwise("it answered neither a receipt nor a problem")),
        }
    }

    fn genuine(&self, receipt: SubmissionReceipt, signed: &SignedSubmission) -> Result<SubmissionReceipt, SubmitError> {
        ShownReceipt::answered(&receipt).ensure_of(signed, self.receipt_key.as_ref())?;
        Ok(receipt)
    }
}

/// Whether a gateway may have read it.
const fn was_sent(failure: &ClientError) -> bool {
    matches!(failure, ClientError::Unreachable { .. } | ClientError::NotAGateway { .. } | ClientError::Problem(_))
}

#[cfg(test)]
mod tests;
