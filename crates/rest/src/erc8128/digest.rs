//! `Content-Digest` (RFC 9530) with sha-256.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use sha2::{Digest as _, Sha256};

/// Why a `Content-Digest` is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DigestError {
    /// No member `sha-256` of 32 bytes.
    #[error("write `Content-Digest: sha-256=:BASE64:` with the 32 bytes of the body's SHA-256")]
    Malformed,
    /// The body is not what the digest says.
    #[error("the body is not the one whose digest was signed")]
    Mismatch,
}

/// The value of the header for a body.
#[must_use]
pub fn content_digest(body: &[u8]) -> String {
    format!("sha-256=:{}:", STANDARD.encode(Sha256::digest(body)))
}

/// Checks a body against the header. Other algorithms may stand beside sha-256; they are not looked at.
///
/// # Errors
/// [`DigestError`].
pub fn verify_content_digest(header: &str, body: &[u8]) -> Result<(), DigestError> {
    let mut members = header.split(',').map(str::trim).filter_map(|member| member.strip_prefix("sha-256="));
    let (Some(value), None) = (members.next(), members.next()) else { return Err(DigestError::Malformed) };
    let inner = value.strip_prefix(':').and_then(|rest| rest.strip_suffix(':')).ok_or(DigestError::Malformed)?;
    let digest = STANDARD.decode(inner).map_err(|_| DigestError::Malformed)?;
    if digest.len() != 32 {
        return Err(DigestError::Malformed);
    }
    if digest == Sha256::digest(body)[..] { Ok(()) } else { Err(DigestError::Mismatch) }
}
