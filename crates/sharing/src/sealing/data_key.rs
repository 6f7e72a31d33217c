//! Data keys, and sealing them to a reader: HPKE (RFC 9180), bound to asset, key epoch and request (SHARE-7).

use std::{fmt, sync::Arc};

use alloy_primitives::Address;
use chancery_keys::{AgreementKey, KeyFailure};
use hpke::{
    Deserializable, Kem, OpModeR, OpModeS, Serializable, aead::AesGcm256, kdf::HkdfSha256, kem::X25519HkdfSha256,
    single_shot_open, single_shot_seal,
};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use super::hpke_open::open_base;

const KEY_BYTES: usize = 32;
const ENCAPSULATED_BYTES: usize = 32;
/// Bytes of a sealed data key: encapsulated key, ciphertext, tag.
pub const SEALED_KEY_BYTES: usize = ENCAPSULATED_BYTES + KEY_BYTES + 16;
const INFO: &[u8] = b"chancery data key v1";

/// Why a key cannot be made, sealed or opened.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// Not the bytes of a key of X25519, or one of the few weak ones.
    #[error("this is no usable X25519 key")]
    BadKey,
    /// Not [`SEALED_KEY_BYTES`] long.
    #[error("a sealed data key has {SEALED_KEY_BYTES} bytes")]
    Malformed,
    /// Sealed to another reader, or for another asset, epoch or request, or altered.
    #[error("the sealed data key does not open: it is for another reader or place, or was altered")]
    Refused,
    /// Whoever keeps the reader's key does not use it.
    #[error(transparent)]
    Kept(KeyFailure),
    /// The system gives no randomness.
    #[error("the system gives no random numbers")]
    Randomness,
}

impl From<KeyFailure> for KeyError {
    fn from(failure: KeyFailure) -> Self {
        match failure {
            KeyFailure::WeakKey => Self::Refused,
            other => Self::Kept(other),
        }
    }
}

/// The secret under which files of one key epoch of one asset are sealed.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct DataKey([u8; KEY_BYTES]);

impl DataKey {
    /// A new key.
    ///
    /// # Errors
    /// [`KeyError::Randomness`].
    pub fn random() -> Result<Self, KeyError> {
        let mut bytes = [0; KEY_BYTES];
        getrandom::fill(&mut bytes).map_err(|_| KeyError::Randomness)?;
        Ok(Self(bytes))
    }

    /// A key that is kept by its owner.
    #[must_use]
    pub fn from_bytes(bytes: &[u8; KEY_BYTES]) -> Self {
        Self(*bytes)
    }

    /// For whoever keeps it.
    #[must_use]
    pub fn expose(&self) -> &[u8; KEY_BYTES] {
        &self.0
    }

    /// Seals it to a reader for one place.
    ///
    /// # Errors
    /// [`KeyError::BadKey`].
    pub fn seal_to(&self, reader: &ReaderKey, place: &KeyPlace) -> Result<Vec<u8>, KeyError> {
        let key = Public::from_bytes(&reader.0).map_err(|_| KeyError::BadKey)?;
        let (encapsulated, ciphertext) = single_shot_seal::<AesGcm256, HkdfSha256, X25519HkdfSha256>(
            &OpModeS::Base,
            &key,
            INFO,
            &self.0,
            &place.associated_data(),
        )
        .map_err(|_| KeyError::BadKey)?;
        Ok([encapsulated.to_bytes().as_slice(), &ciphertext].concat())
    }

    /// Opens what was sealed to a reader for one place.
    ///
    /// # Errors
    /// [`KeyError::Malformed`], [`KeyError::Refused`], [`KeyError::Kept`].
    pub fn open(sealed: &[u8], secret: &ReaderSecret, place: &KeyPlace) -> Result<Self, KeyError> {
        if sealed.len() != SEALED_KEY_BYTES {
            return Err(KeyError::Malformed);
        }
        let (encapsulated, ciphertext) = sealed.split_at(ENCAPSULATED_BYTES);
        let associated = place.associated_data();
        let plain = match &secret.0 {
            Secret::Held(held) => {
                let encapsulated = Encapsulated::from_bytes(encapsulated).map_err(|_| KeyError::Refused)?;
                let opened = single_shot_open::<AesGcm256, HkdfSha256, X25519HkdfSha256>(
                    &OpModeR::Base,
                    held,
                    &encapsulated,
                    INFO,
                    ciphertext,
                    &associated,
                );
                Zeroizing::new(opened.map_err(|_| KeyError::Refused)?)
            }
            Secret::Kept(key) => {
                let encapsulated = encapsulated.try_into().map_err(|_| KeyError::Malformed)?;
                open_base(encapsulated, &**key, INFO, &associated, ciphertext)?
            }
        };
        plain.as_slice().try_into().map(|bytes: &[u8; KEY_BYTES]| Self(*bytes)).map_err(|_| KeyError::Refused)
    }
}

impl fmt::Debug for DataKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("DataKey")
    }
}

/// What a sealed data key is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyPlace {
    /// The asset's contract.
    pub asset: Address,
    /// The key epoch.
    pub key_epoch: u32,
    /// The request that was granted.
    pub request: u64,
}

impl KeyPlace {
    fn associated_data(&self) -> Vec<u8> {
        [self.asset.as_slice(), &self.key_epoch.to_be_bytes(), &self.request.to_be_bytes()].concat()
    }
}

type Public = <X25519HkdfSha256 as Kem>::PublicKey;
type Private = <X25519HkdfSha256 as Kem>::PrivateKey;
type Encapsulated = <X25519HkdfSha256 as Kem>::EncappedKey;

/// A reader's public key: X25519, 32 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReaderKey(pub [u8; KEY_BYTES]);

/// A reader's secret key: held here, and zeroized by the library, or kept elsewhere.
#[derive(Clone)]
pub struct ReaderSecret(Secret);

#[derive(Clone)]
enum Secret {
    Held(Private),
    Kept(Arc<dyn AgreementKey>),
}

impl ReaderSecret {
    /// From the 32 bytes of an X25519 secret.
    ///
    /// # Errors
    /// [`KeyError::BadKey`].
    pub fn from_bytes(bytes: &[u8; KEY_BYTES]) -> Result<Self, KeyError> {
        Private::from_bytes(bytes).map(|held| Self(Secret::Held(held))).map_err(|_| KeyError::BadKey)
    }

    /// A key that is kept elsewhere. To open with it may block.
    #[must_use]
    pub fn kept(key: Arc<dyn AgreementKey>) -> Self {
        Self(Secret::Kept(key))
    }

    /// The public key.
    #[must_use]
    pub fn public(&self) -> ReaderKey {
        match &self.0 {
            Secret::Held(held) => {
                let mut bytes = [0; KEY_BYTES];
                bytes.copy_from_slice(&X25519HkdfSha256::sk_to_pk(held).to_bytes());
                ReaderKey(bytes)
            }
            Secret::Kept(key) => ReaderKey(key.public_key()),
        }
    }
}

impl fmt::Debug for ReaderSecret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("ReaderSecret")
    }
}
