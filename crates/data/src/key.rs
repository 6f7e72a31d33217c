//! Public keys of sources as JWK (RFC 7517), and their thumbprints (RFC 7638).

use alloy_primitives::Address;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::jws::Algorithm;

/// SHA-256 thumbprint of a key (RFC 7638).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Thumbprint(pub [u8; 32]);

/// The name of a source: the last 20 bytes of the thumbprint of the key that it was registered with.
pub type SourceId = Address;

impl Thumbprint {
    /// As `kid` says it: base64url.
    #[must_use]
    pub fn to_kid(self) -> String {
        URL_SAFE_NO_PAD.encode(self.0)
    }

    /// From a `kid`; `None` when it is no thumbprint.
    #[must_use]
    pub fn from_kid(kid: &str) -> Option<Self> {
        URL_SAFE_NO_PAD.decode(kid).ok()?.try_into().ok().map(Self)
    }

    /// The source that was registered with this key.
    #[must_use]
    pub fn source(self) -> SourceId {
        Address::from_slice(&self.0[12..])
    }
}

/// The public members of a JWK; others (`use`, `alg`, `kid`) are not signed for and not known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Jwk {
    /// `OKP` or `EC`.
    pub kty: String,
    /// `Ed25519`, `P-256` or `secp256k1`.
    pub crv: String,
    /// Base64url.
    pub x: String,
    /// Base64url; EC only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub y: Option<String>,
}

/// Why a JWK is no key of a source.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// Another type or curve.
    #[error("the key is of none of the kinds Ed25519 (OKP), P-256 or secp256k1 (EC)")]
    Kind,
    /// The coordinates name no point, or one that every message verifies for.
    #[error(
        "the coordinates are no public key of this kind: base64url of 32 bytes each, a point of the curve, not of small order"
    )]
    Point,
}

/// A public key that a source signs with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PublicKey {
    /// EdDSA.
    Ed25519(ed25519_dalek::VerifyingKey),
    /// ES256.
    P256(p256::ecdsa::VerifyingKey),
    /// ES256K; libsecp256k1, three times as fast as pure Rust.
    Secp256k1(secp256k1::PublicKey),
}

impl PublicKey {
    /// Reads a JWK.
    ///
    /// # Errors
    /// [`KeyError`].
    pub fn from_jwk(jwk: &Jwk) -> Result<Self, KeyError> {
        let x = coordinate(&jwk.x)?;
        match (jwk.kty.as_str(), jwk.crv.as_str(), &jwk.y) {
            ("OKP", "Ed25519", None) => {
                let key = ed25519_dalek::VerifyingKey::from_bytes(&x).map_err(|_| KeyError::Point)?;
                if key.is_weak() { Err(KeyError::Point) } else { Ok(Self::Ed25519(key)) }
            }
            ("EC", "P-256", Some(y)) => {
                let point = uncompressed(&x, &coordinate(y)?);
                p256::ecdsa::VerifyingKey::from_sec1_bytes(&point).map(Self::P256).map_err(|_| KeyError::Point)
            }
            ("EC", "secp256k1", Some(y)) => {
                let point = uncompressed(&x, &coordinate(y)?);
                secp256k1::PublicKey::from_slice(&point).map(Self::Secp256k1).map_err(|_| KeyError::Point)
            }
            _ => Err(KeyError::Kind),
        }
    }

    /// As JWK.
    #[must_use]
    pub fn to_jwk(&self) -> Jwk {
        let text = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        let ec = |crv: &str, point: &[u8]| Jwk {
            kty: "EC".into(),
            crv: crv.into(),
            x: text(&point[1..33]),
            y: Some(text(&point[33..65])),
        };
        match self {
            Self::Ed25519(key) => Jwk { kty: "OKP".into(), crv: "Ed25519".into(), x: text(key.as_bytes()), y: None },
            Self::P256(key) => ec("P-256", key.to_sec1_point(false).as_bytes()),
            Self::Secp256k1(key) => ec("secp256k1", &key.serialize_uncompressed()),
        }
    }

    /// RFC 7638: SHA-256 over the required members in lexicographic order.
    #[must_use]
    pub fn thumbprint(&self) -> Thumbprint {
        let Jwk { kty, crv, x, y } = self.to_jwk();
        let text = match y {
            None => format!(r#"{{"crv":"{crv}","kty":"{kty}","x":"{x}"}}"#),
            Some(y) => format!(r#"{{"crv":"{crv}","kty":"{kty}","x":"{x}","y":"{y}"}}"#),
        };
        Thumbprint(Sha256::digest(text).into())
    }

    /// The one algorithm that this key signs with.
    #[must_use]
    pub const fn algorithm(&self) -> Algorithm {
        match self {
            Self::Ed25519(_) => Algorithm::EdDsa,
            Self::P256(_) => Algorithm::Es256,
            Self::Secp256k1(_) => Algorithm::Es256K,
        }
    }

    /// Whether the 64 bytes are this key's signature of the message. Ed25519 strictly (decision 0018); ECDSA over SHA-256.
    #[must_use]
    pub fn verifies(&self, message: &[u8], signature: &[u8; 64]) -> bool {
        match self {
            Self::Ed25519(key) => key.verify_strict(message, &ed25519_dalek::Signature::from_bytes(signature)).is_ok(),
            Self::P256(key) => {
                use p256::ecdsa::signature::Verifier as _;
                p256::ecdsa::Signature::from_slice(signature)
                    .is_ok_and(|signature| key.verify(message, &signature).is_ok())
            }
            Self::Secp256k1(key) => {
                let Ok(mut signature) = secp256k1::ecdsa::Signature::from_compact(signature) else { return false };
                // JOSE does not ask for the low s that libsecp256k1 does.
                signature.normalize_s();
                let digest = secp256k1::Message::from_digest(Sha256::digest(message).into());
                secp256k1::SECP256K1.verify_ecdsa(digest, &signature, key).is_ok()
            }
        }
    }
}

fn coordinate(text: &str) -> Result<[u8; 32], KeyError> {
    URL_SAFE_NO_PAD.decode(text).ok().and_then(|bytes| bytes.try_into().ok()).ok_or(KeyError::Point)
}

fn uncompressed(x: &[u8; 32], y: &[u8; 32]) -> [u8; 65] {
    let mut point = [4; 65];
    point[1..33].copy_from_slice(x);
    point[33..].copy_from_slice(y);
    point
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_thumbprint_is_that_of_rfc_8037_appendix_a3() {
        let jwk = Jwk {
            kty: "OKP".into(),
            crv: "Ed25519".into(),
            x: "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo".into(),
            y: None,
        };
        let key = PublicKey::from_jwk(&jwk).unwrap();
        assert_eq!(key.thumbprint().to_kid(), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
        assert_eq!(key.to_jwk(), jwk);
    }

    #[test]
    fn a_key_that_everything_verifies_for_is_none() {
        let mut x = [0; 32];
        x[0] = 1;
        let jwk = Jwk { kty: "OKP".into(), crv: "Ed25519".into(), x: URL_SAFE_NO_PAD.encode(x), y: None };
        assert_eq!(PublicKey::from_jwk(&jwk), Err(KeyError::Point));
    }
}
