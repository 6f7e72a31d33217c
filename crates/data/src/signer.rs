//! Keys that sign messages: of a source in a client, of the journal that gives receipts.

use std::sync::Arc;

use chancery_keys::{Curve, KeyFailure, SigningKey};
use ed25519_dalek::Signer as _;
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use crate::{Algorithm, Jws, JwsError, PublicKey, jws::Header};

/// A secret key, here or kept elsewhere. It is not shown, and wiped where its library does so. What is kept elsewhere may block.
pub enum Signer {
    /// EdDSA.
    Ed25519(ed25519_dalek::SigningKey),
    /// ES256.
    P256(p256::ecdsa::SigningKey),
    /// ES256K.
    Secp256k1(k256::ecdsa::SigningKey),
    /// Of any of the three, kept elsewhere.
    Kept {
        /// Its public key.
        public: PublicKey,
        /// What signs.
        key: Arc<dyn SigningKey>,
    },
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

    /// A key that is kept elsewhere.
    ///
    /// # Errors
    /// [`KeyFailure::WrongCurve`] for X25519, [`KeyFailure::Refused`] when its public key is none.
    pub fn kept(key: Arc<dyn SigningKey>) -> Result<Self, KeyFailure> {
        let none = || KeyFailure::Refused(format!("the public key is no point of {}", key.curve()));
        let bytes = key.public_key();
        let public = match key.curve() {
            Curve::Ed25519 => {
                let key = bytes.try_into().ok().and_then(|key| ed25519_dalek::VerifyingKey::from_bytes(key).ok());
                PublicKey::Ed25519(key.ok_or_else(none)?)
            }
            Curve::P256 => PublicKey::P256(p256::ecdsa::VerifyingKey::from_sec1_bytes(bytes).map_err(|_| none())?),
            Curve::Secp256k1 => PublicKey::Secp256k1(secp256k1::PublicKey::from_slice(bytes).map_err(|_| none())?),
            found @ Curve::X25519 => return Err(KeyFailure::WrongCurve { expected: Curve::Ed25519, found }),
        };
        Ok(Self::Kept { public, key })
    }

    /// Whether signing waits for somebody else: then it is called off an async runtime.
    #[must_use]
    pub const fn may_block(&self) -> bool {
        matches!(self, Self::Kept { .. })
    }

    /// The public key.
    #[must_use]
    pub fn public_key(&self) -> PublicKey {
        match self {
            Self::Kept { public, .. } => public.clone(),
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
    /// [`JwsError`] when the payload is too long for a JWS, or whoever keeps the key does not sign.
    pub fn sign(&self, payload: &impl Serialize, typ: &'static str) -> Result<Jws, JwsError> {
        let payload = serde_json::to_vec(payload).map_err(|_| JwsError::Form)?;
        let public = self.public_key();
        let header = Header { alg: public.algorithm(), kid: public.thumbprint().to_kid(), typ: typ.to_owned() };
        self.sign_with(&header, &payload, typ)
    }

    /// Signs with a header that is known already.
    ///
    /// # Errors
    /// [`JwsError`] when the payload is too long for a JWS, or whoever keeps the key does not sign.
    pub fn sign_with(&self, header: &Header, payload: &[u8], typ: &'static str) -> Result<Jws, JwsError> {
        Jws::build(header, payload, |message| self.signature(message), typ)
    }

    fn signature(&self, message: &[u8]) -> Result<[u8; 64], JwsError> {
        Ok(match self {
            Self::Kept { public, key } => {
                let signature = match public {
                    PublicKey::Ed25519(_) => key.sign(message)?,
                    PublicKey::P256(_) | PublicKey::Secp256k1(_) => key.sign(Sha256::digest(message).as_slice())?,
                };
                // KEY-1: a token's two objects need not be a pair.
                if !public.verifies(message, &signature) {
                    return Err(KeyFailure::WrongSignature.into());
                }
                signature
            }
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
        })
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

    /// Ed25519, kept elsewhere; the public key that it shows may be another's.
    struct Keeper {
        secret: ed25519_dalek::SigningKey,
        shows: [u8; 32],
    }

    impl SigningKey for Keeper {
        fn curve(&self) -> Curve {
            Curve::Ed25519
        }

        fn public_key(&self) -> &[u8] {
            &self.shows
        }

        fn sign(&self, input: &[u8]) -> Result<[u8; 64], KeyFailure> {
            Ok(self.secret.sign(input).to_bytes())
        }
    }

    // S-SVC, KEY-1
    #[test]
    fn what_a_kept_key_signs_is_verified_before_it_is_handed_on() {
        let key = |byte: u8| ed25519_dalek::SigningKey::from_bytes(&[byte; 32]);
        let kept = |secret: u8, shows: u8| {
            let keeper = Keeper { secret: key(secret), shows: key(shows).verifying_key().to_bytes() };
            let signer = Signer::kept(Arc::new(keeper)).unwrap();
            assert!(signer.may_block());
            signer.sign(&serde_json::json!({"a": 1}), "test+jws")
        };
        let held = Signer::from_bytes(Algorithm::EdDsa, &[7; 32]).unwrap();
        let expected = held.sign(&serde_json::json!({"a": 1}), "test+jws").unwrap();
        assert_eq!(kept(7, 7).unwrap().text(), expected.text());
        assert_eq!(kept(7, 8).unwrap_err(), JwsError::Key(KeyFailure::WrongSignature));
    }
}
