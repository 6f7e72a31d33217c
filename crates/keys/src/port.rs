//! The port.

use std::fmt;

use zeroize::Zeroizing;

/// The curve of a key, and with it what the key does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Curve {
    /// ECDSA on secp256k1 (SEC 2): accounts of chains; sources (ES256K).
    Secp256k1,
    /// ECDSA on P-256 (FIPS 186-5): sources (ES256).
    P256,
    /// Ed25519 (RFC 8032): sources (EdDSA).
    Ed25519,
    /// X25519 (RFC 7748): opens what is sealed to its owner.
    X25519,
}

impl Curve {
    /// Length of a public key: SEC1 uncompressed for ECDSA, the RFC's own 32 bytes otherwise.
    #[must_use]
    pub const fn public_key_bytes(self) -> usize {
        match self {
            Self::Secp256k1 | Self::P256 => 65,
            Self::Ed25519 | Self::X25519 => 32,
        }
    }
}

impl fmt::Display for Curve {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Secp256k1 => "secp256k1",
            Self::P256 => "P-256",
            Self::Ed25519 => "Ed25519",
            Self::X25519 => "X25519",
        })
    }
}

/// Why a key did not do its work. It never holds a secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyFailure {
    /// Whoever keeps the key is not there at the moment; the same may succeed later.
    #[error("{0}")]
    Unavailable(String),
    /// Whoever keeps the key does not do it; something has to be changed first.
    #[error("{0}")]
    Refused(String),
    /// A signature that is not of the public key at hand.
    #[error(
        "the signature is not of the key's public half: the two objects in the token are no pair; make a new key, and have it authorized"
    )]
    WrongSignature,
    /// A key of another curve than the one that is needed.
    #[error("this is a key of {found}, and one of {expected} is needed")]
    WrongCurve {
        /// Needed.
        expected: Curve,
        /// At hand.
        found: Curve,
    },
    /// A point of small order.
    #[error("the public key is of small order: it protects nothing")]
    WeakKey,
}

/// A private key that signs.
pub trait SigningKey: Send + Sync {
    /// Its curve.
    fn curve(&self) -> Curve;

    /// Its public key, [`Curve::public_key_bytes`] long.
    fn public_key(&self) -> &[u8];

    /// Signs: with ECDSA a digest of 32 bytes, with Ed25519 the message itself. The result is `r || s`, big-endian, or the 64 bytes of RFC 8032.
    /// May block for as long as a token takes.
    ///
    /// # Errors
    /// [`KeyFailure`].
    fn sign(&self, input: &[u8]) -> Result<[u8; 64], KeyFailure>;
}

/// A private X25519 key that agrees on a secret (RFC 7748, 6.1).
pub trait AgreementKey: Send + Sync {
    /// Its public key.
    fn public_key(&self) -> [u8; 32];

    /// The secret that it shares with the owner of another key. May block for as long as a token takes.
    ///
    /// # Errors
    /// [`KeyFailure::WeakKey`] for a point of small order, and those of whoever keeps the key.
    fn agree(&self, other: &[u8; 32]) -> Result<Zeroizing<[u8; 32]>, KeyFailure>;
}
