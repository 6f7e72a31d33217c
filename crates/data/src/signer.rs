//! Keys that sign messages: of a source in a client, of the journal that gives receipts.

use ed25519_dalek::Signer as _;
use serde::Serialize;

use crate::{Algorithm, Jws, JwsError, PublicKey, jws::Header};

/// A secret key. It is not shown, and wiped where its library does so.
pub enum Signer {
    /// EdDSA.
    Ed25519(ed25519_dalek::SigningKey),
    /// ES256.
    P256(p256::ecdsa::SigningKey),
    /// ES256K.
    Secp256k1(k256::ecdsa::SigningKey),
}

impl std::fmt::Debug for Signer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Signer({})", self.public_key().thumbprint().to_kid())
    }
}

impl Signer {
    /// From 32 secret bytes.
    ///
    /// # Errors
    /// Bytes that are no scalar of the curve: zero, or not below its order.
    pub fn from_bytes(algorithm: Algorithm, secret: &[u8; 32]) -> Result<Self, JwsError> {
        match algorithm {
            Algorithm::EdDsa => Ok(Self::Ed25519(ed25519_dalek::SigningKey::from_bytes(secret))),
            Algorithm::Es256 => {
                p256::ecdsa::SigningKey::from_slice(secret).map(Self::P256).map_err(|_| JwsError::Signature)
            }
            Algorithm::Es256K => {
                k256::ecdsa::SigningKey::from_slice(secret).map(Self::Secp256k1).map_err(|_| JwsError::Signature)
            }
        }
    }

    /// The public key.
    #[must_use]
    pub fn public_key(&self) -> PublicKey {
        match self {
            Self::Ed25519(key) => PublicKey::Ed25519(key.verifying_key()),
            Self::P256(key) => PublicKey::P256(*key.verifying_key()),
            Self::Secp256k1(key) => {
                let point = key.verifying_key().to_encoded_point(false);
                // Both libraries agree on what a point of the curve is.
                PublicKey::Secp256k1(
                    secp256k1::PublicKey::from_slice(point.as_bytes())
                        .unwrap_or_else(|_| unreachable!("a point is a point")),
                )
            }
        }
    }

    /// Signs a payload.
    ///
    /// # Errors
    /// [`JwsError`] when the payload is too long for a JWS.
    pub fn sign(&self, payload: &impl Serialize, typ: &'static str) -> Result<Jws, JwsError> {
        let payload = serde_json::to_vec(payload).map_err(|_| JwsError::Form)?;
        let public = self.public_key();
        let header = Header { alg: public.algorithm(), kid: public.thumbprint().to_kid(), typ: typ.to_owned() };
        self.sign_with(&header, &payload, typ)
    }

    /// Signs with a header that is known already.
    ///
    /// # Errors
    /// [`JwsError`] when the payload is too long for a JWS.
    pub fn sign_with(&self, header: &Header, payload: &[u8], typ: &'static str) -> Result<Jws, JwsError> {
        Jws::build(header, payload, |message| self.signature(message), typ)
    }

    fn signature(&self, message: &[u8]) -> [u8; 64] {
        match self {
            Self::Ed25519(key) => key.sign(message).to_bytes(),
            Self::P256(key) => {
                use p256::ecdsa::signature::Signer as _;
                let signature: p256::ecdsa::Signature = key.sign(message);
                signature.to_bytes().into()
            }
            Self::Secp256k1(key) => {
                use k256::ecdsa::signature::Signer as _;
                let signature: k256::ecdsa::Signature = key.sign(message);
                signature.to_bytes().into()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    // M-REP-1, DATA-1
    #[test]
    fn what_each_kind_of_key_signs_it_and_no_other_key_verifies() {
        let signers: Vec<_> = [Algorithm::EdDsa, Algorithm::Es256, Algorithm::Es256K]
            .into_iter()
            .flat_map(|algorithm| [7, 8].map(|byte| Signer::from_bytes(algorithm, &[byte; 32]).unwrap()))
            .collect();
        for (place, signer) in signers.iter().enumerate() {
            let jws = signer.sign(&serde_json::json!({"a": 1}), "test+jws").unwrap();
            for (other, key) in signers.iter().map(Signer::public_key).enumerate() {
                assert_eq!(jws.verify(&key).is_ok(), place == other, "{place} {other}");
            }
            let jwk = signer.public_key().to_jwk();
            assert_eq!(PublicKey::from_jwk(&jwk).unwrap(), signer.public_key());
            let altered = jws.text().replacen('.', ".e", 1);
            assert!(Jws::parse(&altered, "test+jws").map_or(true, |jws| jws.verify(&signer.public_key()).is_err()));
        }
    }
}
