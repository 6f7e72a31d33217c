//! Personal data at rest: AES-256-GCM under a key for each column (HKDF-SHA256 from the key ring), bound to its row.
//!
//! A sealed value is `format (1) || key version (4, big-endian) || nonce (12, random) || ciphertext and tag`. The associated data name table,
//! column, row and key version, so that a value that is moved to another place does not open.

use aes_gcm::{
    Aes256Gcm,
    aead::{Aead, KeyInit, Payload},
};
use zeroize::Zeroizing;

use crate::key_ring::KeyRing;

/// Longest value that is sealed, in bytes.
pub const MAX_SEALED_BYTES: usize = 256 * 1024;
const FORMAT: u8 = 1;
const NONCE_BYTES: usize = 12;
const HEADER_BYTES: usize = 1 + 4 + NONCE_BYTES;

/// Why a value cannot be sealed or opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SealingError {
    /// The value is longer than [`MAX_SEALED_BYTES`].
    #[error("a value to be sealed is longer than {MAX_SEALED_BYTES} bytes")]
    TooLong,
    /// The bytes are no sealed value.
    #[error("this is no sealed value")]
    Malformed,
    /// The key ring lacks the version that sealed the value.
    #[error("the key ring lacks version {0}")]
    UnknownVersion(u32),
    /// The value was altered, moved, or sealed with another key.
    #[error("a sealed value does not open: it was altered or moved, or the key is another")]
    Refused,
    /// The system gives no randomness.
    #[error("the system gives no random numbers")]
    Randomness,
}

/// Where a sealed value stands.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    /// `table.column`.
    pub column: &'static str,
    /// Key of the row.
    pub row: &'a str,
}

impl Place<'_> {
    fn associated_data(&self, version: u32) -> Vec<u8> {
        let mut data = Vec::with_capacity(64 + self.row.len());
        for part in [b"chancery-identity".as_slice(), self.column.as_bytes(), self.row.as_bytes()] {
            data.extend_from_slice(&(part.len() as u64).to_be_bytes());
            data.extend_from_slice(part);
        }
        data.extend_from_slice(&version.to_be_bytes());
        data
    }
}

impl KeyRing {
    /// Seals a value for its place with the newest key.
    ///
    /// # Errors
    /// [`SealingError::TooLong`], [`SealingError::Randomness`].
    pub fn seal(&self, place: Place<'_>, plain: &[u8]) -> Result<Vec<u8>, SealingError> {
        if plain.len() > MAX_SEALED_BYTES {
            return Err(SealingError::TooLong);
        }
        let version = self.current_version();
        let key = self.sealing_key(version, place.column).ok_or(SealingError::UnknownVersion(version))?;
        let mut nonce = [0; NONCE_BYTES];
        getrandom::fill(&mut nonce).map_err(|_| SealingError::Randomness)?;
        let payload = Payload { msg: plain, aad: &place.associated_data(version) };
        let ciphertext =
            Aes256Gcm::new((&*key).into()).encrypt((&nonce).into(), payload).map_err(|_| SealingError::TooLong)?;
        let mut sealed = Vec::with_capacity(HEADER_BYTES + ciphertext.len());
        sealed.push(FORMAT);
        sealed.extend_from_slice(&version.to_be_bytes());
        sealed.extend_from_slice(&nonce);
        sealed.extend_from_slice(&ciphertext);
        Ok(sealed)
    }

    /// Opens a value that was sealed for this place.
    ///
    /// # Errors
    /// [`SealingError::Malformed`], [`SealingError::UnknownVersion`], [`SealingError::Refused`].
    pub fn open(&self, place: Place<'_>, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, SealingError> {
        let (header, ciphertext) = sealed.split_at_checked(HEADER_BYTES).ok_or(SealingError::Malformed)?;
        let [format, v0, v1, v2, v3, nonce @ ..] = header else {
            return Err(SealingError::Malformed);
        };
        if *format != FORMAT {
            return Err(SealingError::Malformed);
        }
        let version = u32::from_be_bytes([*v0, *v1, *v2, *v3]);
        let key = self.sealing_key(version, place.column).ok_or(SealingError::UnknownVersion(version))?;
        let nonce: [u8; NONCE_BYTES] = nonce.try_into().map_err(|_| SealingError::Malformed)?;
        let payload = Payload { msg: ciphertext, aad: &place.associated_data(version) };
        let plain =
            Aes256Gcm::new((&*key).into()).decrypt((&nonce).into(), payload).map_err(|_| SealingError::Refused)?;
        Ok(Zeroizing::new(plain))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use proptest::prelude::*;

    use super::*;

    const PLACE: Place<'_> = Place { column: "persons.person_sealed", row: "1" };

    proptest! {
        #[test]
        fn what_was_sealed_opens_and_any_changed_byte_is_refused(plain in proptest::collection::vec(any::<u8>(), 0..300), at in any::<prop::sample::Index>(), flip in 1u8..) {
            let ring = KeyRing::random().unwrap();
            let mut sealed = ring.seal(PLACE, &plain).unwrap();
            let opened = ring.open(PLACE, &sealed).unwrap();
            prop_assert_eq!(opened.as_slice(), plain.as_slice());
            let index = at.index(sealed.len());
            sealed[index] ^= flip;
            prop_assert!(ring.open(PLACE, &sealed).is_err());
        }
    }

    #[test]
    fn a_value_that_was_moved_does_not_open() {
        let ring = KeyRing::random().unwrap();
        let sealed = ring.seal(PLACE, b"x").unwrap();
        assert_eq!(ring.open(Place { row: "2", ..PLACE }, &sealed).unwrap_err(), SealingError::Refused);
        assert_eq!(ring.open(Place { column: "users.x", ..PLACE }, &sealed).unwrap_err(), SealingError::Refused);
        assert_eq!(KeyRing::random().unwrap().open(PLACE, &sealed).unwrap_err(), SealingError::Refused);
    }

    #[test]
    fn an_unknown_version_and_a_short_value_are_named() {
        let ring = KeyRing::random().unwrap();
        let mut sealed = ring.seal(PLACE, b"x").unwrap();
        sealed[4] = 9;
        assert_eq!(ring.open(PLACE, &sealed).unwrap_err(), SealingError::UnknownVersion(9));
        assert_eq!(ring.open(PLACE, &sealed[..10]).unwrap_err(), SealingError::Malformed);
    }
}
