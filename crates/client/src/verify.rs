//! What proofs prove, by the genesis of chains that are trusted and nothing else: no network is asked (C-API-5, M-AUTH, DATA-8, DATA-12, STAPLE-1).
//!
//! Files are those that `chancery verify` reads. Each check that fails has its name; what passes comes back as what was proven, and what a file says beyond that is not in it.

mod receipt;

use chancery_certificates::{
    stapled::{Policy, Trust, VerifiedStaple, is_stapled, verify_stapled},
    verify::{MAX_FILE_BYTES, VerificationFailure, VerifiedCertificate, verify_file},
};
use chancery_data::{
    PublicKey,
    proof::{self, VerifiedOperation},
    receipt::Receipt,
};
use chancery_messages::proof::{MessageProof, ProofFailure, VerifiedMessage};
use chancery_primitives::UnixSeconds;
use serde_json::Value;

pub use self::receipt::{RECEIPT_CHECKS, ReceiptFailure, ShownReceipt};
use crate::{PinError, PinnedChain, PinnedCity, clock::now_s};

/// Oldest proof of a certificate that is accepted, in seconds, unless told: a day, as on the inspector's page.
pub const DEFAULT_MAX_AGE_S: u64 = 24 * 60 * 60;

/// What a file is, by its form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileKind {
    /// Receipts of submissions.
    Receipts,
    /// A certificate with its staple.
    Staple,
    /// The proof of an operation.
    Operation,
    /// The proof of a message.
    Message,
    /// Anything else: a certificate, if it is one.
    Certificate,
}

impl FileKind {
    /// What a file says that it is. That it is so, the proof has to show.
    #[must_use]
    pub fn of(file: &[u8]) -> Self {
        if ShownReceipt::in_file(file).is_some() {
            return Self::Receipts;
        }
        if is_stapled(file) {
            return Self::Staple;
        }
        let read: Value = serde_json::from_slice(file).unwrap_or_default();
        if read["submission"].is_string() && read["operation"].is_string() {
            Self::Operation
        } else if read["deposit"]["statement"].is_string() {
            Self::Message
        } else {
            Self::Certificate
        }
    }
}

/// EIP-155 id of the chain that a file says it is from.
#[must_use]
pub fn claimed_chain(file: &[u8]) -> Option<u64> {
    let file: Value = serde_json::from_slice(file).ok()?;
    let proof = if file["deposit"].is_object() { &file["deposit"]["proof"] } else { &file["proof"] };
    proof["chain"]["chainId"].as_u64()
}

/// What was proven.
#[derive(Clone, Debug)]
pub enum Verified {
    /// The journal has acknowledged these.
    Receipts(Vec<Receipt>),
    /// A source has signed this, and it is in a final block.
    Operation(Box<VerifiedOperation>),
    /// A certificate is genuine, and its member `outcome` says what it amounts to now.
    Certificate(Box<VerifiedCertificate>),
    /// The same, its issuer's right and its age included.
    Staple(Box<VerifiedStaple>),
    /// A message was deposited, and acknowledged or not.
    Message(Box<VerifiedMessage>),
}

/// Why nothing is proven.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// A check failed: the file is not genuine.
    #[error("{check}: {detail}")]
    Refused {
        /// Its name.
        check: String,
        /// What it found.
        detail: String,
    },
    /// Larger than any file that is read.
    #[error("it is longer than {MAX_FILE_BYTES} bytes")]
    TooLong,
    /// The file is from a chain that is not trusted here: nothing is said about it.
    #[error("the file {}, which is none of those that are trusted", named(.chain))]
    Untrusted {
        /// The chain that it names.
        chain: Option<u64>,
    },
    /// Whose receipt it has to be is not known: give the public key of the city's journal.
    #[error("say whose receipt it has to be: the public key of the city's journal, which its operator hands out")]
    NoReceiptKey,
    /// The main chain, which says who may issue what, is not among those that are trusted.
    #[error(transparent)]
    Pins(#[from] PinError),
}

fn named(chain: &Option<u64>) -> String {
    chain.map_or_else(|| "names no chain".to_owned(), |id| format!("is from chain {id}"))
}

impl From<ReceiptFailure> for VerifyError {
    fn from(ReceiptFailure { check, detail }: ReceiptFailure) -> Self {
        Self::Refused { check: check.to_owned(), detail }
    }
}

impl From<proof::ProofFailure> for VerifyError {
    fn from(proof::ProofFailure { check, detail }: proof::ProofFailure) -> Self {
        Self::Refused { check: check.to_owned(), detail }
    }
}

impl From<VerificationFailure> for VerifyError {
    fn from(VerificationFailure { check, detail }: VerificationFailure) -> Self {
        Self::Refused { check: check.to_owned(), detail }
    }
}

impl From<ProofFailure> for VerifyError {
    fn from(ProofFailure { check, detail }: ProofFailure) -> Self {
        Self::Refused { check, detail }
    }
}

/// Verifies by the chains of one city.
#[derive(Clone, Debug)]
pub struct Verifier {
    city: PinnedCity,
    receipt_key: Option<PublicKey>,
    max_age_s: Option<u64>,
}

impl Verifier {
    /// By these chains, accepting proofs of certificates of up to [`DEFAULT_MAX_AGE_S`].
    #[must_use]
    pub const fn new(city: PinnedCity) -> Self {
        Self { city, receipt_key: None, max_age_s: Some(DEFAULT_MAX_AGE_S) }
    }

    /// The same, and receipts by the public key of the city's journal.
    #[must_use]
    pub fn with_receipt_key(self, key: PublicKey) -> Self {
        Self { receipt_key: Some(key), ..self }
    }

    /// The same, accepting proofs of certificates of up to this age in seconds; `None`: any.
    #[must_use]
    pub fn accepting_age_s(self, max_age_s: Option<u64>) -> Self {
        Self { max_age_s, ..self }
    }

    /// Verifies a file, whichever it is.
    ///
    /// # Errors
    /// [`VerifyError`].
    pub fn file(&self, file: &[u8]) -> Result<Verified, VerifyError> {
        if file.len() > MAX_FILE_BYTES {
            return Err(VerifyError::TooLong);
        }
        Ok(match FileKind::of(file) {
            FileKind::Receipts => Verified::Receipts(self.receipts(file)?),
            FileKind::Operation => Verified::Operation(Box::new(self.operation(file)?)),
            FileKind::Staple => Verified::Staple(Box::new(self.staple(file)?)),
            FileKind::Message => {
                let chain = self.chain_of(file)?;
                Verified::Message(Box::new(MessageProof::from_json(file)?.verify(chain.trusted())?))
            }
            FileKind::Certificate => Verified::Certificate(Box::new(self.certificate(file, None)?)),
        })
    }

    /// Verifies the proof of an operation: what its source has signed, and the block in which it is.
    ///
    /// # Errors
    /// [`VerifyError`].
    pub fn operation(&self, file: &[u8]) -> Result<VerifiedOperation, VerifyError> {
        let proof = proof::OperationProof::from_json(file)?;
        Ok(proof.verify(self.chain_of(file)?.trusted())?)
    }

    /// Verifies receipts, one or several.
    ///
    /// # Errors
    /// [`VerifyError`].
    pub fn receipts(&self, file: &[u8]) -> Result<Vec<Receipt>, VerifyError> {
        let key = self.receipt_key.as_ref().ok_or(VerifyError::NoReceiptKey)?;
        let shown = ShownReceipt::in_file(file).ok_or_else(|| {
            let check = RECEIPT_CHECKS[0].to_owned();
            VerifyError::Refused { check, detail: "it is neither a receipt nor an answer with one".to_owned() }
        })?;
        Ok(shown.iter().map(|one| one.verify(key)).collect::<Result<_, _>>()?)
    }

    /// Verifies a certificate by what its own chain shows; with the plain document too, when whoever asks has it. Who had the right to issue it the main chain shows: see [`Self::staple`].
    ///
    /// # Errors
    /// [`VerifyError`]. That it is out of force is an outcome, and no error.
    pub fn certificate(&self, file: &[u8], document: Option<&[u8]>) -> Result<VerifiedCertificate, VerifyError> {
        let chain = self.chain_of(file)?;
        Ok(verify_file(file, chain.trusted(), document, UnixSeconds(now_s()))?)
    }

    /// Verifies a certificate with its staple: genuine, by whose right, and what it amounts to as of when.
    ///
    /// # Errors
    /// [`VerifyError`]. That it is out of force or its proof too old are outcomes, and no errors.
    pub fn staple(&self, file: &[u8]) -> Result<VerifiedStaple, VerifyError> {
        let trust = Trust { chain: self.chain_of(file)?.trusted(), authority: self.city.main()?.trusted() };
        Ok(verify_stapled(file, trust, Policy { now: UnixSeconds(now_s()), max_age_s: self.max_age_s })?)
    }

    /// The chain that the file says it is from. That it is so, its proof has to show.
    fn chain_of(&self, file: &[u8]) -> Result<&PinnedChain, VerifyError> {
        let claimed = claimed_chain(file);
        claimed.and_then(|id| self.city.chain(id)).ok_or(VerifyError::Untrusted { chain: claimed })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use alloy_primitives::{Address, B256, FixedBytes};
    use chancery_data::{Algorithm, Signer, receipt::ReceiptSigner};
    use serde_json::json;

    use super::*;

    // M-AUTH
    #[test]
    fn a_file_of_a_chain_that_is_not_trusted_is_neither_genuine_nor_refused() {
        let verifier = Verifier::new(PinnedCity::default());
        let proof = |member: &str| json!({"chain": {"chainId": 7103}, "note": member});
        for (file, kind) in [
            (json!({"submission": "a", "operation": "b", "proof": proof("operation")}), FileKind::Operation),
            (json!({"certificateId": "0x", "proof": proof("certificate")}), FileKind::Certificate),
            (json!({"staple": {}, "proof": proof("staple")}), FileKind::Staple),
            (json!({"deposit": {"statement": "a", "proof": proof("message")}}), FileKind::Message),
        ] {
            let bytes = serde_json::to_vec(&file).unwrap();
            assert_eq!((FileKind::of(&bytes), claimed_chain(&bytes)), (kind, Some(7103)), "{file}");
            let failed = verifier.file(&bytes).unwrap_err();
            // The proof of an operation is read before its chain is looked for.
            let is_unread = kind == FileKind::Operation && matches!(failed, VerifyError::Refused { .. });
            assert!(is_unread || matches!(failed, VerifyError::Untrusted { chain: Some(7103) }), "{file}: {failed}");
        }
        let long = vec![b' '; MAX_FILE_BYTES + 1];
        assert!(matches!(verifier.file(&long), Err(VerifyError::TooLong)));
    }

    // DATA-12
    #[test]
    fn a_receipt_is_verified_by_the_key_that_is_given_and_by_no_other() {
        let signer = |byte| Signer::from_bytes(Algorithm::EdDsa, &[byte; 32]).unwrap();
        let receipt = Receipt {
            chain_id: 7100,
            place: 8,
            digest: B256::repeat_byte(1),
            source: Address::repeat_byte(2),
            key: FixedBytes::repeat_byte(3),
            count: 4,
            accepted_at: 5,
        };
        let text = ReceiptSigner::new(signer(1)).sign(std::slice::from_ref(&receipt)).unwrap().text(0).unwrap();
        let verifier = Verifier::new(PinnedCity::default());
        assert!(matches!(verifier.file(text.as_bytes()), Err(VerifyError::NoReceiptKey)));
        let other = verifier.clone().with_receipt_key(signer(2).public_key()).file(text.as_bytes());
        assert!(matches!(other, Err(VerifyError::Refused { .. })));
        let verified = verifier.with_receipt_key(signer(1).public_key()).file(text.as_bytes()).unwrap();
        assert!(matches!(verified, Verified::Receipts(shown) if shown == std::slice::from_ref(&receipt)));
    }
}
