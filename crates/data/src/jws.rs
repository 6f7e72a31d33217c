//! JWS compact serialization (RFC 7515), as narrow as this platform needs it.

use alloy_primitives::B256;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use chancery_keys::KeyFailure;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::key::{PublicKey, Thumbprint};

/// Longest JWS that is read, in bytes.
pub const MAX_JWS_BYTES: usize = 8 * 1024;

/// Signature algorithms (RFC 7518, 8037, 8812).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Algorithm {
    /// Ed25519.
    #[serde(rename = "EdDSA")]
    EdDsa,
    /// ECDSA on P-256 with SHA-256.
    #[serde(rename = "ES256")]
    Es256,
    /// ECDSA on secp256k1 with SHA-256.
    #[serde(rename = "ES256K")]
    Es256K,
}

/// The protected header: these members and no other, so nothing in it can change what the rest means.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Header {
    /// How it is signed.
    pub alg: Algorithm,
    /// With which key.
    pub kid: String,
    /// What it is.
    pub typ: String,
}

/// Why a text is no JWS of ours.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JwsError {
    /// Too long.
    #[error("a JWS has at most {MAX_JWS_BYTES} bytes")]
    TooLong,
    /// Not three parts of base64url, or a signature that is not 64 bytes.
    #[error("it is not header.payload.signature, each base64url without padding, the signature 64 bytes")]
    Form,
    /// The header.
    #[error("the header has the members alg (EdDSA, ES256, ES256K), kid (RFC 7638 thumbprint) and typ, and no other")]
    Header,
    /// Another message.
    #[error("typ is not {expected}")]
    Type {
        /// What it should be.
        expected: &'static str,
    },
    /// Whoever keeps the key did not sign.
    #[error(transparent)]
    Key(#[from] KeyFailure),
    /// Not this key's.
    #[error("the signature is not of this key")]
    Signature,
}

/// A JWS that has been read, not yet verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Jws {
    text: String,
    signed_bytes: usize,
    /// The header.
    pub header: Header,
    /// Which key it names.
    pub kid: Thumbprint,
    /// The payload's exact bytes.
    pub payload: Vec<u8>,
    signature: [u8; 64],
}

impl Jws {
    /// Reads a compact serialization of the type.
    ///
    /// # Errors
    /// [`JwsError`].
    pub fn parse(text: &str, typ: &'static str) -> Result<Self, JwsError> {
        if text.len() > MAX_JWS_BYTES {
            return Err(JwsError::TooLong);
        }
        let (signed, signature) = text.rsplit_once('.').ok_or(JwsError::Form)?;
        let (header, payload) = signed.split_once('.').ok_or(JwsError::Form)?;
        let decode = |part: &str| URL_SAFE_NO_PAD.decode(part).map_err(|_| JwsError::Form);
        let header: Header = serde_json::from_slice(&decode(header)?).map_err(|_| JwsError::Header)?;
        if header.typ != typ {
            return Err(JwsError::Type { expected: typ });
        }
        Ok(Self {
            kid: Thumbprint::from_kid(&header.kid).ok_or(JwsError::Header)?,
            payload: decode(payload)?,
            signature: decode(signature)?.try_into().map_err(|_| JwsError::Form)?,
            signed_bytes: signed.len(),
            text: text.to_owned(),
            header,
        })
    }

    /// The payload of one that was read before, and kept: nothing else of it is looked at.
    ///
    /// # Errors
    /// [`JwsError::Form`].
    pub fn payload_of(text: &str) -> Result<Vec<u8>, JwsError> {
        let payload = text.split('.').nth(1).ok_or(JwsError::Form)?;
        URL_SAFE_NO_PAD.decode(payload).map_err(|_| JwsError::Form)
    }

    /// Builds one around a signature that somebody makes over the signed bytes.
    ///
    /// # Errors
    /// [`JwsError`] when the result would not be read, or nothing is signed.
    pub fn build(
        header: &Header,
        payload: &[u8],
        sign: impl FnOnce(&[u8]) -> Result<[u8; 64], JwsError>,
        typ: &'static str,
    ) -> Result<Self, JwsError> {
        let header = serde_json::to_vec(header).map_err(|_| JwsError::Header)?;
        let mut text = URL_SAFE_NO_PAD.encode(header);
        text.push('.');
        URL_SAFE_NO_PAD.encode_string(payload, &mut text);
        let signature = sign(text.as_bytes())?;
        text.push('.');
        URL_SAFE_NO_PAD.encode_string(signature, &mut text);
        Self::parse(&text, typ)
    }

    /// The compact serialization.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What is signed.
    #[must_use]
    pub fn signed(&self) -> &[u8] {
        &self.text.as_bytes()[..self.signed_bytes]
    }

    /// SHA-256 of what is signed: the message's name, whoever makes the signature anew.
    #[must_use]
    pub fn digest(&self) -> B256 {
        B256::new(Sha256::digest(self.signed()).into())
    }

    /// Checks that the key made it.
    ///
    /// # Errors
    /// [`JwsError::Signature`] also when `alg` or `kid` name another key than this one.
    pub fn verify(&self, key: &PublicKey) -> Result<(), JwsError> {
        let names_it = self.header.alg == key.algorithm() && self.kid == key.thumbprint();
        let is_its = names_it && key.verifies(self.signed(), &self.signature);
        if is_its { Ok(()) } else { Err(JwsError::Signature) }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::{Algorithm, Signer};

    #[test]
    fn a_signature_under_the_name_of_another_key_is_not_this_keys() {
        let [one, another] = [1, 2].map(|byte| Signer::from_bytes(Algorithm::EdDsa, &[byte; 32]).unwrap());
        let header = |of: &Signer| Header {
            alg: Algorithm::EdDsa,
            kid: of.public_key().thumbprint().to_kid(),
            typ: crate::source::TYP.into(),
        };
        let verified = |named: &Signer| {
            one.sign_with(&header(named), b"{}", crate::source::TYP).and_then(|jws| jws.verify(&one.public_key()))
        };
        assert!(verified(&one).is_ok());
        assert!(matches!(verified(&another), Err(JwsError::Signature)));
    }
}
