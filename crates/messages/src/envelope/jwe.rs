//! JWE in the general JSON serialization (RFC 7516 7.2.1), of exactly the shape that this platform writes: two recipients, `aad`, no shared unprotected header.

use aes_gcm::{
    Aes256Gcm, KeyInit as _,
    aead::{Aead as _, Payload},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use chancery_certificates::keys::{EncryptionPublicKey, Jwk};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::{EnvelopeError, key_wrap::WRAPPED_BYTES};

/// The protected header, always the same bytes.
const PROTECTED: &str = r#"{"enc":"A256GCM","typ":"chancery-message+jwe"}"#;
const KEY_AGREEMENT: &str = "ECDH-ES+A256KW";
const TAG_BYTES: usize = 16;

/// A JWE.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Jwe {
    protected: String,
    /// Receiver, sender.
    pub(super) recipients: [Recipient; 2],
    aad: String,
    iv: String,
    ciphertext: String,
    tag: String,
}

/// How one recipient gets the content key.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Recipient {
    pub(super) header: RecipientHeader,
    encrypted_key: String,
}

/// A recipient's unprotected header.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RecipientHeader {
    alg: String,
    epk: Jwk,
    /// Thumbprint of the recipient's key.
    pub(super) kid: String,
}

impl Recipient {
    pub(super) fn new(
        recipient: &EncryptionPublicKey,
        ephemeral: &EncryptionPublicKey,
        wrapped: &[u8; WRAPPED_BYTES],
    ) -> Self {
        let header =
            RecipientHeader { alg: KEY_AGREEMENT.to_owned(), epk: ephemeral.jwk(), kid: recipient.thumbprint() };
        Self { header, encrypted_key: URL_SAFE_NO_PAD.encode(wrapped) }
    }

    pub(super) fn ephemeral(&self) -> Result<EncryptionPublicKey, EnvelopeError> {
        self.header.epk.to_key().ok_or(EnvelopeError::Malformed("epk is no X25519 key"))
    }

    pub(super) fn wrapped_key(&self) -> Result<[u8; WRAPPED_BYTES], EnvelopeError> {
        let bytes = decode(&self.encrypted_key)?;
        bytes.try_into().map_err(|_| EnvelopeError::Malformed("an encrypted key has 40 bytes"))
    }
}

/// Seals `plain` under the content key, bound to `head`.
pub(super) fn encrypt(
    key: &[u8; 32],
    nonce: &[u8; 12],
    plain: &[u8],
    head: &[u8],
    recipients: [Recipient; 2],
) -> Result<String, EnvelopeError> {
    let (protected, aad) = (URL_SAFE_NO_PAD.encode(PROTECTED), URL_SAFE_NO_PAD.encode(head));
    let bound = format!("{protected}.{aad}");
    let encrypted = Aes256Gcm::new(key.into())
        .encrypt(&(*nonce).into(), Payload { msg: plain, aad: bound.as_bytes() })
        .map_err(|_| EnvelopeError::Malformed("the content does not encrypt"))?;
    let (ciphertext, tag) = encrypted.split_at(encrypted.len() - TAG_BYTES);
    let jwe = Jwe {
        protected,
        recipients,
        aad,
        iv: URL_SAFE_NO_PAD.encode(nonce),
        ciphertext: URL_SAFE_NO_PAD.encode(ciphertext),
        tag: URL_SAFE_NO_PAD.encode(tag),
    };
    serde_json::to_string(&jwe).map_err(|_| EnvelopeError::Malformed("the envelope does not serialize"))
}

impl Jwe {
    /// Reads an envelope of a message with this head; everything but the tag is checked.
    pub(super) fn parse(text: &str, head: &[u8]) -> Result<Self, EnvelopeError> {
        let jwe: Self = serde_json::from_str(text)
            .map_err(|_| EnvelopeError::Malformed("it has not exactly the members it should have"))?;
        if jwe.protected != URL_SAFE_NO_PAD.encode(PROTECTED) {
            return Err(EnvelopeError::Malformed("enc must be A256GCM and typ chancery-message+jwe"));
        }
        if jwe.aad != URL_SAFE_NO_PAD.encode(head) {
            return Err(EnvelopeError::Malformed("it is bound to another message"));
        }
        for recipient in &jwe.recipients {
            if recipient.header.alg != KEY_AGREEMENT {
                return Err(EnvelopeError::Malformed("alg must be ECDH-ES+A256KW"));
            }
            recipient.ephemeral()?;
            recipient.wrapped_key()?;
        }
        jwe.nonce()?;
        if decode(&jwe.tag)?.len() != TAG_BYTES {
            return Err(EnvelopeError::Malformed("the tag must have 16 bytes"));
        }
        decode(&jwe.ciphertext)?;
        Ok(jwe)
    }

    /// Opens it with the content key.
    pub(super) fn decrypt(&self, key: &[u8; 32]) -> Result<Zeroizing<Vec<u8>>, EnvelopeError> {
        let mut encrypted = decode(&self.ciphertext)?;
        encrypted.extend_from_slice(&decode(&self.tag)?);
        let bound = format!("{}.{}", self.protected, self.aad);
        Aes256Gcm::new(key.into())
            .decrypt(&self.nonce()?.into(), Payload { msg: &encrypted, aad: bound.as_bytes() })
            .map(Zeroizing::new)
            .map_err(|_| EnvelopeError::Altered)
    }

    fn nonce(&self) -> Result<[u8; 12], EnvelopeError> {
        decode(&self.iv)?
            .try_into()
            .map_err(|_| EnvelopeError::Malformed("the initialization vector must have 12 bytes"))
    }
}

fn decode(part: &str) -> Result<Vec<u8>, EnvelopeError> {
    URL_SAFE_NO_PAD.decode(part).map_err(|_| EnvelopeError::Malformed("a part is not base64url"))
}
