//! The certificate document: what the holder has and shows. Commitments are to its exact bytes (decision 0004).

use alloy_primitives::{Address, B256, keccak256};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use chancery_primitives::{CertificateId, CertificateKind, OrganizationCode};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Largest document in bytes; sealed and base64url it stays below the registry's limit.
pub const MAX_DOCUMENT_BYTES: usize = 40 * 1024;
/// Random bytes that keep the hash of a guessable document from being guessed.
pub const SALT_BYTES: usize = 16;

/// Why bytes are no document.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DocumentError {
    /// Too large.
    #[error("the document has {actual} bytes, at most {MAX_DOCUMENT_BYTES} are allowed")]
    TooLarge {
        /// Its size.
        actual: usize,
    },
    /// Not JSON of this form.
    #[error("the document cannot be read: {0}")]
    Malformed(String),
    /// The format member names no kind, or another version.
    #[error("the document's format `{0}` is not one that this version reads")]
    UnknownFormat(String),
    /// No or a short salt.
    #[error("the document needs a salt of {SALT_BYTES} random bytes, base64url")]
    Salt,
    /// No randomness.
    #[error("the system gives no randomness")]
    NoRandomness,
}

/// Who issued.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Issuer {
    /// Code of the organization.
    pub organization: OrganizationCode,
    /// Its name, for people; the chain's registry is the authority.
    pub name: String,
}

/// A certificate in clear.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CertificateDocument {
    /// `chancery/<kind>/1`.
    pub format: String,
    /// The certificate.
    pub id: CertificateId,
    /// Who issued it.
    pub issuer: Issuer,
    /// Whose it is.
    pub holder: Address,
    /// RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub valid_from: Option<String>,
    /// RFC 3339; absent: without end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub valid_until: Option<String>,
    /// The certificate that this one renews.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub previous: Option<CertificateId>,
    /// What it says, by the kind's schema.
    pub subject: Value,
    /// 16 random bytes, base64url.
    pub salt: String,
}

impl CertificateDocument {
    /// The format member of a kind.
    #[must_use]
    pub fn format_of(kind: CertificateKind) -> String {
        format!("chancery/{kind}/1")
    }

    /// A fresh salt.
    ///
    /// # Errors
    /// [`DocumentError::NoRandomness`].
    pub fn fresh_salt() -> Result<String, DocumentError> {
        let mut salt = [0; SALT_BYTES];
        getrandom::fill(&mut salt).map_err(|_| DocumentError::NoRandomness)?;
        Ok(URL_SAFE_NO_PAD.encode(salt))
    }

    /// Reads a document from its exact bytes.
    ///
    /// # Errors
    /// [`DocumentError`].
    pub fn parse(bytes: &[u8]) -> Result<Self, DocumentError> {
        if bytes.len() > MAX_DOCUMENT_BYTES {
            return Err(DocumentError::TooLarge { actual: bytes.len() });
        }
        let document: Self =
            serde_json::from_slice(bytes).map_err(|error| DocumentError::Malformed(error.to_string()))?;
        document.kind()?;
        if URL_SAFE_NO_PAD.decode(&document.salt).map_or(0, |salt| salt.len()) < SALT_BYTES {
            return Err(DocumentError::Salt);
        }
        Ok(document)
    }

    /// The bytes that are committed to and sealed. Call it once: whoever has the document from then on keeps these bytes.
    ///
    /// # Errors
    /// [`DocumentError::TooLarge`].
    pub fn to_bytes(&self) -> Result<Vec<u8>, DocumentError> {
        let bytes = serde_json::to_vec(self).map_err(|error| DocumentError::Malformed(error.to_string()))?;
        if bytes.len() > MAX_DOCUMENT_BYTES {
            return Err(DocumentError::TooLarge { actual: bytes.len() });
        }
        Ok(bytes)
    }

    /// The kind that the format names.
    ///
    /// # Errors
    /// [`DocumentError::UnknownFormat`].
    pub fn kind(&self) -> Result<CertificateKind, DocumentError> {
        let refuse = || DocumentError::UnknownFormat(self.format.chars().take(64).collect());
        let kind = self.format.strip_prefix("chancery/").and_then(|rest| rest.strip_suffix("/1")).ok_or_else(refuse)?;
        kind.parse().map_err(|_| refuse())
    }
}

/// `keccak256` of the document's exact bytes: what the issuer signs.
#[must_use]
pub fn content_hash(document: &[u8]) -> B256 {
    keccak256(document)
}

#[cfg(test)]
pub(crate) mod tests {
    #![allow(clippy::unwrap_used)]

    use serde_json::json;

    use super::*;

    pub(crate) fn sample() -> CertificateDocument {
        CertificateDocument {
            format: CertificateDocument::format_of(CertificateKind::DEGREE),
            id: CertificateId::new(B256::repeat_byte(7)).unwrap(),
            issuer: Issuer { organization: "SAMPLE-UNIVERSITY".parse().unwrap(), name: "Sample University".into() },
            holder: Address::repeat_byte(3),
            valid_from: Some("2026-07-01T00:00:00Z".into()),
            valid_until: None,
            previous: None,
            subject: json!({"name": "Lin (sample)"}),
            salt: CertificateDocument::fresh_salt().unwrap(),
        }
    }

    // C-ISSUE
    #[test]
    fn a_document_is_read_from_the_bytes_that_were_hashed() {
        let document = sample();
        let bytes = document.to_bytes().unwrap();
        assert_eq!(CertificateDocument::parse(&bytes).unwrap(), document);
        assert_eq!(document.kind().unwrap(), CertificateKind::DEGREE);
        let mut changed = bytes.clone();
        *changed.last_mut().unwrap() = b' ';
        assert_ne!(content_hash(&bytes), content_hash(&changed));
    }

    #[test]
    fn equal_contents_have_different_hashes() {
        assert_ne!(content_hash(&sample().to_bytes().unwrap()), content_hash(&sample().to_bytes().unwrap()));
    }

    #[test]
    fn what_is_no_document_is_refused() {
        let good: Value = serde_json::from_slice(&sample().to_bytes().unwrap()).unwrap();
        let refused = |change: fn(&mut Value)| {
            let mut value = good.clone();
            change(&mut value);
            CertificateDocument::parse(value.to_string().as_bytes()).unwrap_err()
        };
        assert!(matches!(
            refused(|value| value["format"] = json!("chancery/degree/2")),
            DocumentError::UnknownFormat(_)
        ));
        assert_eq!(refused(|value| value["salt"] = json!("AAAA")), DocumentError::Salt);
        assert!(matches!(refused(|value| value["more"] = json!(1)), DocumentError::Malformed(_)));
        assert!(matches!(refused(|value| value["holder"] = json!("nobody")), DocumentError::Malformed(_)));
        assert!(matches!(
            CertificateDocument::parse(&vec![b' '; MAX_DOCUMENT_BYTES + 1]),
            Err(DocumentError::TooLarge { .. })
        ));
        assert!(matches!(CertificateDocument::parse(b"\xff"), Err(DocumentError::Malformed(_))));
    }
}
