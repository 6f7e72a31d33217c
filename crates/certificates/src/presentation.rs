//! What a holder shows (C-QR, `docs/specs/rest.md`): a small code with a pointer to a ciphertext and its key.

use alloy_primitives::{Address, B256, Bytes};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use chancery_keys::{AccountKey, KeyFailure};
use chancery_primitives::{CertificateId, Present, SignedOperation, SigningDomain, UnixSeconds};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::{
    document::{CertificateDocument, DocumentError, content_hash},
    sealing::{JweError, open_direct, seal_direct},
};

/// Bytes of a presentation's identifier.
pub const PRESENTATION_ID_BYTES: usize = 16;
/// The oldest presentation that is believed, in seconds.
pub const MAX_PRESENTATION_AGE_S: u64 = 300;
/// How far a holder's clock may be ahead, in seconds.
pub const MAX_CLOCK_SKEW_S: u64 = 60;

/// Why something is no presentation, or not one to believe.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PresentationError {
    /// The code cannot be read.
    #[error("this is not a code that a holder shows: it ends in #P.<id>.<key>")]
    Code,
    /// It cannot be opened.
    #[error("the presentation cannot be opened: {0}")]
    Sealed(#[from] JweError),
    /// It is not of this form.
    #[error("the presentation cannot be read: {0}")]
    Malformed(String),
    /// The document in it cannot be read.
    #[error(transparent)]
    Document(#[from] DocumentError),
    /// The document is of another certificate than the presentation names.
    #[error("the document belongs to another certificate than is presented")]
    OtherCertificate,
    /// Not signed by the holder.
    #[error("the holder whom the document names has not signed the presentation")]
    HolderSignature,
    /// Made too long ago.
    #[error(
        "the presentation is {age_s} s old, at most {MAX_PRESENTATION_AGE_S} s are accepted: ask the holder to show the code again"
    )]
    Stale {
        /// Its age.
        age_s: u64,
    },
    /// Made in the future.
    #[error("the presentation is {ahead_s} s ahead of the clock here: check both clocks")]
    FromTheFuture {
        /// By how much.
        ahead_s: u64,
    },
    /// It could not be signed.
    #[error("the presentation could not be signed")]
    Signing,
    /// Whoever keeps the holder's key did not sign.
    #[error("the presentation could not be signed: {0}")]
    Key(#[from] KeyFailure),
}

/// What the code says: which presentation, and the key that opens it.
#[derive(Clone, PartialEq, Eq)]
pub struct PresentationCode {
    /// Where it is kept.
    pub id: [u8; PRESENTATION_ID_BYTES],
    /// What opens it. Behind `#`, so no server sees it.
    pub key: Zeroizing<[u8; 32]>,
}

impl PresentationCode {
    /// The link that the QR code holds.
    #[must_use]
    pub fn link(&self, origin: &str) -> String {
        format!("{origin}/inspect#P.{}.{}", URL_SAFE_NO_PAD.encode(self.id), URL_SAFE_NO_PAD.encode(*self.key))
    }

    /// Reads a link, or only what stands behind `#`.
    ///
    /// # Errors
    /// [`PresentationError::Code`].
    pub fn parse(text: &str) -> Result<Self, PresentationError> {
        let text = text.trim();
        let fragment = text.rsplit_once('#').map_or(text, |(_, fragment)| fragment);
        let (id, key) =
            fragment.strip_prefix("P.").and_then(|rest| rest.split_once('.')).ok_or(PresentationError::Code)?;
        let decode = |part: &str| URL_SAFE_NO_PAD.decode(part).map(Zeroizing::new).map_err(|_| PresentationError::Code);
        Ok(Self {
            id: decode(id)?.as_slice().try_into().map_err(|_| PresentationError::Code)?,
            key: Zeroizing::new(decode(key)?.as_slice().try_into().map_err(|_| PresentationError::Code)?),
        })
    }

    /// The code of a presentation that is kept under an identifier.
    ///
    /// # Errors
    /// [`PresentationError::Code`] when it is none.
    pub fn from_parts(id: &str, key: Zeroizing<[u8; 32]>) -> Result<Self, PresentationError> {
        let id = URL_SAFE_NO_PAD.decode(id).map_err(|_| PresentationError::Code)?;
        Ok(Self { id: id.try_into().map_err(|_| PresentationError::Code)?, key })
    }

    /// The identifier as it stands in the path.
    #[must_use]
    pub fn id_text(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.id)
    }
}

/// What is inside.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Presentation {
    /// Version, `1`.
    pub v: u8,
    /// The chain of the certificate.
    pub chain: String,
    /// The certificate.
    pub certificate_id: CertificateId,
    /// The document's exact bytes, base64url.
    pub document: String,
    /// When it was made.
    pub presented_at: UnixSeconds,
    /// 32 random bytes.
    pub nonce: B256,
    /// The holder's signature of [`Present`].
    pub signature: Bytes,
}

/// A presentation whose holder and age have been checked.
#[derive(Clone, Debug, PartialEq)]
pub struct CheckedPresentation {
    /// What it shows.
    pub document: CertificateDocument,
    /// Its exact bytes.
    pub document_bytes: Vec<u8>,
    /// Hash of these bytes.
    pub content_hash: B256,
    /// Digest of the holder's signature: what an inspection names.
    pub presentation_hash: B256,
}

impl Presentation {
    /// Makes a presentation, signed by the holder.
    ///
    /// # Errors
    /// [`PresentationError::Signing`], [`PresentationError::Key`], [`PresentationError::Document`].
    pub fn make(
        document_bytes: &[u8],
        chain: &str,
        domain: &SigningDomain,
        holder: &AccountKey,
        now: UnixSeconds,
    ) -> Result<Self, PresentationError> {
        let document = CertificateDocument::parse(document_bytes)?;
        let mut nonce = B256::ZERO;
        getrandom::fill(nonce.as_mut_slice()).map_err(|_| PresentationError::Signing)?;
        let present = Present {
            certificate_id: document.id,
            holder: holder.address(),
            content_hash: content_hash(document_bytes),
            presented_at: now,
            nonce,
        };
        Ok(Self {
            v: 1,
            chain: chain.to_owned(),
            certificate_id: document.id,
            document: URL_SAFE_NO_PAD.encode(document_bytes),
            presented_at: now,
            nonce,
            signature: Bytes::from(holder.sign_digest(present.digest(domain))?.as_bytes().to_vec()),
        })
    }

    /// Encrypts it under a fresh key.
    ///
    /// # Errors
    /// [`PresentationError::Sealed`].
    pub fn seal(&self) -> Result<(String, Zeroizing<[u8; 32]>), PresentationError> {
        let mut key = Zeroizing::new([0; 32]);
        getrandom::fill(key.as_mut_slice()).map_err(|_| JweError::NoRandomness)?;
        let plain = serde_json::to_vec(self).map_err(|error| PresentationError::Malformed(error.to_string()))?;
        Ok((seal_direct(&key, &plain)?, key))
    }

    /// Opens it.
    ///
    /// # Errors
    /// [`PresentationError`].
    pub fn open(ciphertext: &str, key: &[u8; 32]) -> Result<Self, PresentationError> {
        let plain = open_direct(key, ciphertext)?;
        let presentation: Self =
            serde_json::from_slice(&plain).map_err(|error| PresentationError::Malformed(error.to_string()))?;
        if presentation.v != 1 {
            return Err(PresentationError::Malformed(format!("version {} is not known", presentation.v)));
        }
        Ok(presentation)
    }

    /// The exact bytes of the document.
    ///
    /// # Errors
    /// [`PresentationError::Malformed`].
    pub fn document_bytes(&self) -> Result<Vec<u8>, PresentationError> {
        URL_SAFE_NO_PAD
            .decode(&self.document)
            .map_err(|_| PresentationError::Malformed("the document is not base64url".to_owned()))
    }

    /// Checks age, document and holder's signature. What the chain says is checked elsewhere.
    ///
    /// # Errors
    /// [`PresentationError`], which names the check.
    pub fn check(&self, domain: &SigningDomain, now: UnixSeconds) -> Result<CheckedPresentation, PresentationError> {
        check_age(self.presented_at, now)?;
        let document_bytes = URL_SAFE_NO_PAD
            .decode(&self.document)
            .map_err(|_| PresentationError::Malformed("the document is not base64url".to_owned()))?;
        let document = CertificateDocument::parse(&document_bytes)?;
        if document.id != self.certificate_id {
            return Err(PresentationError::OtherCertificate);
        }
        let content_hash = content_hash(&document_bytes);
        let presentation_hash = check_holder(
            self.certificate_id,
            document.holder,
            content_hash,
            self.presented_at,
            self.nonce,
            &self.signature,
            domain,
        )?;
        Ok(CheckedPresentation { document, document_bytes, content_hash, presentation_hash })
    }
}

/// Checks that a presentation is neither stale nor from the future.
///
/// # Errors
/// [`PresentationError::Stale`], [`PresentationError::FromTheFuture`].
pub fn check_age(presented_at: UnixSeconds, now: UnixSeconds) -> Result<(), PresentationError> {
    let age_s = now.get().saturating_sub(presented_at.get());
    if age_s > MAX_PRESENTATION_AGE_S {
        return Err(PresentationError::Stale { age_s });
    }
    let ahead_s = presented_at.get().saturating_sub(now.get());
    if ahead_s > MAX_CLOCK_SKEW_S {
        return Err(PresentationError::FromTheFuture { ahead_s });
    }
    Ok(())
}

/// Checks the holder's signature and returns the digest that was signed.
///
/// # Errors
/// [`PresentationError::HolderSignature`].
pub fn check_holder(
    certificate_id: CertificateId,
    holder: Address,
    content_hash: B256,
    presented_at: UnixSeconds,
    nonce: B256,
    signature: &[u8],
    domain: &SigningDomain,
) -> Result<B256, PresentationError> {
    let present = Present { certificate_id, holder, content_hash, presented_at, nonce };
    present.verify(domain, signature, holder).map_err(|_| PresentationError::HolderSignature)?;
    Ok(present.digest(domain))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::document::tests::sample;
    use crate::keys::PersonKeys;

    const NOW: UnixSeconds = UnixSeconds(1_800_000_000);

    fn domain() -> SigningDomain {
        SigningDomain::new(7103, Address::repeat_byte(0xc4))
    }

    fn shown() -> (Presentation, PersonKeys) {
        let holder = PersonKeys::from_phrase(&PersonKeys::new_phrase().unwrap()).unwrap();
        let mut document = sample();
        document.holder = holder.address();
        (
            Presentation::make(&document.to_bytes().unwrap(), "degree", &domain(), &holder.account(), NOW).unwrap(),
            holder,
        )
    }

    // C-QR
    #[test]
    fn what_is_shown_is_what_the_inspector_opens() {
        let (presentation, _) = shown();
        let (ciphertext, key) = presentation.seal().unwrap();
        let code = PresentationCode { id: [9; 16], key };
        let link = code.link("https://city.example");
        assert!(link.len() < 110, "{} characters make a small code", link.len());
        let scanned = PresentationCode::parse(&link).unwrap();
        assert!(scanned == code && PresentationCode::parse("#P.x.y").is_err() && PresentationCode::parse("").is_err());
        let opened = Presentation::open(&ciphertext, &scanned.key).unwrap();
        assert_eq!(opened.check(&domain(), NOW).unwrap().document.subject, sample().subject);
    }

    #[test]
    fn a_stale_presentation_is_refused_and_says_so() {
        let (presentation, _) = shown();
        assert!(presentation.check(&domain(), UnixSeconds(NOW.get() + MAX_PRESENTATION_AGE_S)).is_ok());
        assert!(matches!(
            presentation.check(&domain(), UnixSeconds(NOW.get() + MAX_PRESENTATION_AGE_S + 1)),
            Err(PresentationError::Stale { .. })
        ));
        assert!(matches!(
            presentation.check(&domain(), UnixSeconds(NOW.get() - MAX_CLOCK_SKEW_S - 1)),
            Err(PresentationError::FromTheFuture { .. })
        ));
    }

    #[test]
    fn whatever_is_altered_is_refused() {
        let (presentation, holder) = shown();
        let mut altered = presentation.clone();
        let mut document =
            CertificateDocument::parse(&URL_SAFE_NO_PAD.decode(&presentation.document).unwrap()).unwrap();
        document.subject = serde_json::json!({"name": "Somebody else"});
        altered.document = URL_SAFE_NO_PAD.encode(document.to_bytes().unwrap());
        assert_eq!(altered.check(&domain(), NOW), Err(PresentationError::HolderSignature));

        let mut stolen = presentation.clone();
        document.holder = Address::repeat_byte(1);
        stolen.document = URL_SAFE_NO_PAD.encode(document.to_bytes().unwrap());
        assert_eq!(stolen.check(&domain(), NOW), Err(PresentationError::HolderSignature));

        let mut other = presentation.clone();
        other.certificate_id = CertificateId::new(B256::repeat_byte(8)).unwrap();
        assert_eq!(other.check(&domain(), NOW), Err(PresentationError::OtherCertificate));

        let elsewhere = SigningDomain::new(7101, domain().verifying_contract);
        assert_eq!(presentation.check(&elsewhere, NOW), Err(PresentationError::HolderSignature));
        drop(holder);
    }
}
