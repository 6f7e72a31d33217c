//! JWE compact serialization (RFC 7516 7.1) with `A256GCM`.

use aes_gcm::{
    Aes256Gcm, KeyInit,
    aead::{Aead, Payload},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use chancery_keys::KeyFailure;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::CERTIFICATE_TYPE;
use crate::keys::{EncryptionPublicKey, Jwk};

/// Largest JWE in bytes, as everywhere on the way to the chain.
pub const MAX_SEALED_BYTES: usize = 64 * 1024;
/// Largest protected header in base64url characters.
const MAX_HEADER_CHARACTERS: usize = 1024;
const NONCE_BYTES: usize = 12;
const TAG_BYTES: usize = 16;

/// Why something is not sealed, or not opened.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JweError {
    /// Too large.
    #[error("the sealed payload has {actual} bytes, at most {MAX_SEALED_BYTES} are allowed")]
    TooLarge {
        /// Its size.
        actual: usize,
    },
    /// Not the five base64url parts of a JWE, or not these members.
    #[error("this is not a JWE that this platform reads: {0}")]
    Malformed(&'static str),
    /// Sealed to another key.
    #[error("it is sealed to the key {sealed_to}, not to {own}")]
    WrongKey {
        /// Thumbprint in the header.
        sealed_to: String,
        /// Thumbprint of the key at hand.
        own: String,
    },
    /// The authentication tag does not fit.
    #[error("it was altered, or the key is another one")]
    Altered,
    /// Whoever keeps the key does not use it.
    #[error(transparent)]
    Key(KeyFailure),
    /// A point of small order.
    #[error("the public key is of small order: it protects nothing")]
    WeakKey,
    /// No randomness.
    #[error("the system gives no randomness")]
    NoRandomness,
}

impl From<KeyFailure> for JweError {
    fn from(failure: KeyFailure) -> Self {
        match failure {
            KeyFailure::WeakKey => Self::WeakKey,
            other => Self::Key(other),
        }
    }
}

/// Protected header of a certificate sealed to a holder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SealedHeader {
    /// `ECDH-ES`.
    pub alg: String,
    /// `A256GCM`.
    pub enc: String,
    /// The ephemeral key.
    pub epk: Jwk,
    /// Thumbprint of the recipient's key.
    pub kid: String,
    /// What is inside.
    pub typ: String,
}

impl SealedHeader {
    pub(super) fn to_recipient(recipient: &EncryptionPublicKey, ephemeral: &EncryptionPublicKey) -> Self {
        Self {
            alg: "ECDH-ES".to_owned(),
            enc: "A256GCM".to_owned(),
            epk: ephemeral.jwk(),
            kid: recipient.thumbprint(),
            typ: CERTIFICATE_TYPE.to_owned(),
        }
    }
}

/// Reads and checks the protected header of a sealed certificate, and the form of the rest.
///
/// # Errors
/// [`JweError::TooLarge`], [`JweError::Malformed`].
pub fn read_header(sealed: &str) -> Result<SealedHeader, JweError> {
    let parts = split(sealed)?;
    let header: SealedHeader = decode_header(parts.header)?;
    if header.alg != "ECDH-ES" {
        return Err(JweError::Malformed("alg must be ECDH-ES"));
    }
    if header.enc != "A256GCM" {
        return Err(JweError::Malformed("enc must be A256GCM"));
    }
    if header.typ != CERTIFICATE_TYPE {
        return Err(JweError::Malformed("typ must be chancery-certificate+jwe"));
    }
    header.epk.to_key().ok_or(JweError::Malformed("epk is not an X25519 key"))?;
    Ok(header)
}

/// Encrypts under a key that both sides have (`alg: dir`): presentations.
///
/// # Errors
/// [`JweError::TooLarge`], [`JweError::NoRandomness`].
pub fn seal_direct(key: &[u8; 32], plain: &[u8]) -> Result<String, JweError> {
    #[derive(Serialize)]
    struct Direct {
        alg: &'static str,
        enc: &'static str,
    }
    encrypt(&Direct { alg: "dir", enc: "A256GCM" }, key, plain)
}

/// Opens what [`seal_direct`] or a browser has encrypted.
///
/// # Errors
/// [`JweError`].
pub fn open_direct(key: &[u8; 32], sealed: &str) -> Result<Zeroizing<Vec<u8>>, JweError> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Direct {
        alg: String,
        enc: String,
    }
    let header: Direct = decode_header(split(sealed)?.header)?;
    if header.alg != "dir" || header.enc != "A256GCM" {
        return Err(JweError::Malformed("alg must be dir and enc A256GCM"));
    }
    decrypt(sealed, key)
}

pub(super) fn encrypt(header: &impl Serialize, key: &[u8; 32], plain: &[u8]) -> Result<String, JweError> {
    let mut nonce = [0; NONCE_BYTES];
    getrandom::fill(&mut nonce).map_err(|_| JweError::NoRandomness)?;
    let header = URL_SAFE_NO_PAD
        .encode(serde_json::to_vec(header).map_err(|_| JweError::Malformed("the header does not serialize"))?);
    let encrypted = Aes256Gcm::new(key.into())
        .encrypt(&nonce.into(), Payload { msg: plain, aad: header.as_bytes() })
        .map_err(|_| JweError::TooLarge { actual: plain.len() })?;
    let (ciphertext, tag) = encrypted.split_at(encrypted.len() - TAG_BYTES);
    let sealed = format!(
        "{header}..{}.{}.{}",
        URL_SAFE_NO_PAD.encode(nonce),
        URL_SAFE_NO_PAD.encode(ciphertext),
        URL_SAFE_NO_PAD.encode(tag)
    );
    if sealed.len() > MAX_SEALED_BYTES {
        return Err(JweError::TooLarge { actual: sealed.len() });
    }
    Ok(sealed)
}

pub(super) fn decrypt(sealed: &str, key: &[u8; 32]) -> Result<Zeroizing<Vec<u8>>, JweError> {
    let parts = split(sealed)?;
    let nonce: [u8; NONCE_BYTES] = decode(parts.nonce)?
        .try_into()
        .map_err(|_| JweError::Malformed("the initialization vector must have 12 bytes"))?;
    let mut encrypted = decode(parts.ciphertext)?;
    let tag = decode(parts.tag)?;
    if tag.len() != TAG_BYTES {
        return Err(JweError::Malformed("the tag must have 16 bytes"));
    }
    encrypted.extend_from_slice(&tag);
    let plain = Aes256Gcm::new(key.into())
        .decrypt(&nonce.into(), Payload { msg: &encrypted, aad: parts.header.as_bytes() })
        .map_err(|_| JweError::Altered)?;
    Ok(Zeroizing::new(plain))
}

struct Parts<'a> {
    header: &'a str,
    nonce: &'a str,
    ciphertext: &'a str,
    tag: &'a str,
}

fn split(sealed: &str) -> Result<Parts<'_>, JweError> {
    if sealed.len() > MAX_SEALED_BYTES {
        return Err(JweError::TooLarge { actual: sealed.len() });
    }
    let mut parts = sealed.split('.');
    let mut next = || parts.next().ok_or(JweError::Malformed("it needs five parts"));
    let (header, encrypted_key, nonce, ciphertext, tag) = (next()?, next()?, next()?, next()?, next()?);
    if parts.next().is_some() {
        return Err(JweError::Malformed("it needs five parts"));
    }
    if !encrypted_key.is_empty() {
        return Err(JweError::Malformed("there must be no encrypted key"));
    }
    if header.len() > MAX_HEADER_CHARACTERS {
        return Err(JweError::Malformed("the header is too long"));
    }
    Ok(Parts { header, nonce, ciphertext, tag })
}

fn decode(part: &str) -> Result<Vec<u8>, JweError> {
    URL_SAFE_NO_PAD.decode(part).map_err(|_| JweError::Malformed("a part is not base64url"))
}

fn decode_header<H: for<'de> Deserialize<'de>>(part: &str) -> Result<H, JweError> {
    serde_json::from_slice(&decode(part)?)
        .map_err(|_| JweError::Malformed("the header has not exactly the members it should have"))
}
