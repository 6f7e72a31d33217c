//! Opening HPKE in base mode (RFC 9180) with a key that is kept elsewhere: DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, AES-256-GCM. The library opens with keys that it holds
//! itself alone; here the one step that needs the key is asked for, and the rest is the RFC's arithmetic. Held to the library by what it seals.

use aes_gcm::{
    Aes256Gcm, KeyInit as _,
    aead::{Aead as _, Payload},
};
use chancery_keys::AgreementKey;
use hkdf::Hkdf;
use sha2::Sha256;
use zeroize::Zeroizing;

use super::KeyError;

/// RFC 9180, 4: begins everything that is labeled.
const VERSION: &[u8] = b"HPKE-v1";
/// `"KEM" || I2OSP(kem_id, 2)` (4.1, 7.1).
const KEM: &[u8] = b"KEM\x00\x20";
/// `"HPKE" || kem_id || kdf_id || aead_id` (5.1, 7).
const SUITE: &[u8] = b"HPKE\x00\x20\x00\x01\x00\x02";
/// `mode_base` (5).
const BASE: u8 = 0;
const HASH_BYTES: usize = 32;
const NONCE_BYTES: usize = 12;

/// `OpenBase` (6.1) with the first sequence number.
pub(super) fn open_base(
    encapsulated: &[u8; 32],
    key: &dyn AgreementKey,
    info: &[u8],
    associated: &[u8],
    ciphertext: &[u8],
) -> Result<Zeroizing<Vec<u8>>, KeyError> {
    let secret = decapsulate(encapsulated, key)?;
    // KeySchedule (5.1).
    let psk_id_hash = extract(SUITE, &[], b"psk_id_hash", &[]);
    let info_hash = extract(SUITE, &[], b"info_hash", info);
    let context = [&[BASE][..], psk_id_hash.as_slice(), info_hash.as_slice()].concat();
    let secret = extract(SUITE, secret.as_slice(), b"secret", &[]);
    let cipher_key: Zeroizing<[u8; HASH_BYTES]> = expand(SUITE, &secret, b"key", &context)?;
    let nonce: Zeroizing<[u8; NONCE_BYTES]> = expand(SUITE, &secret, b"base_nonce", &context)?;
    let payload = Payload { msg: ciphertext, aad: associated };
    let opened = Aes256Gcm::new((&*cipher_key).into()).decrypt(&(*nonce).into(), payload);
    opened.map(Zeroizing::new).map_err(|_| KeyError::Refused)
}

/// `Decap` (4.1).
fn decapsulate(encapsulated: &[u8; 32], key: &dyn AgreementKey) -> Result<Zeroizing<[u8; HASH_BYTES]>, KeyError> {
    let shared = key.agree(encapsulated)?;
    let context = [&encapsulated[..], &key.public_key()].concat();
    expand(KEM, &extract(KEM, &[], b"eae_prk", shared.as_slice()), b"shared_secret", &context)
}

/// `LabeledExtract` (4).
fn extract(suite: &[u8], salt: &[u8], label: &[u8], secret: &[u8]) -> Zeroizing<[u8; HASH_BYTES]> {
    let labeled = Zeroizing::new([VERSION, suite, label, secret].concat());
    Zeroizing::new(Hkdf::<Sha256>::extract(Some(salt), &labeled).0.into())
}

/// `LabeledExpand` (4).
fn expand<const N: usize>(
    suite: &[u8],
    prk: &[u8; HASH_BYTES],
    label: &[u8],
    info: &[u8],
) -> Result<Zeroizing<[u8; N]>, KeyError> {
    let length = u16::try_from(N).map_err(|_| KeyError::Refused)?.to_be_bytes();
    let labeled = [&length[..], VERSION, suite, label, info].concat();
    let mut expanded = Zeroizing::new([0; N]);
    let hkdf = Hkdf::<Sha256>::from_prk(prk).map_err(|_| KeyError::Refused)?;
    hkdf.expand(&labeled, expanded.as_mut_slice()).map_err(|_| KeyError::Refused)?;
    Ok(expanded)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::sync::Arc;

    use alloy_primitives::{Address, hex};
    use chancery_keys::KeyFailure;
    use x25519_dalek::StaticSecret;

    use crate::sealing::{DataKey, KeyError, KeyPlace, ReaderSecret};

    /// A key that is not there.
    struct Gone;

    impl chancery_keys::AgreementKey for Gone {
        fn public_key(&self) -> [u8; 32] {
            [9; 32]
        }

        fn agree(&self, _: &[u8; 32]) -> Result<zeroize::Zeroizing<[u8; 32]>, KeyFailure> {
            Err(KeyFailure::Unavailable("the token is gone".to_owned()))
        }
    }

    fn place(request: u64) -> KeyPlace {
        KeyPlace { asset: Address::repeat_byte(1), key_epoch: 1, request }
    }

    // RFC 9180, A.1.1
    #[test]
    fn the_decapsulated_secret_is_that_of_rfc_9180() {
        let key = StaticSecret::from(hex!("4612c550263fc8ad58375df3f557aac531d26850903e55a9f23f21d8534e8ac8"));
        let encapsulated = hex!("37fda3567bdbd628e88668c3c8d7e97d1d1253b6d4ea6d44c150f741f1bf4431");
        let secret = hex!("fe0e18c9f024ce43799ae393c7e8fe8fce9d218875e8227b0187c04e7d2ea1fc");
        assert_eq!(*super::decapsulate(&encapsulated, &key).unwrap(), secret);
    }

    // SHARE-7, S-SVC
    #[test]
    fn what_the_library_seals_a_kept_key_opens_and_no_other() {
        for byte in 1..16_u8 {
            let held = ReaderSecret::from_bytes(&[byte; 32]).unwrap();
            let kept = ReaderSecret::kept(Arc::new(StaticSecret::from([byte; 32])));
            assert_eq!(kept.public(), held.public());
            let key = DataKey::random().unwrap();
            let sealed = key.seal_to(&held.public(), &place(7)).unwrap();
            assert_eq!(DataKey::open(&sealed, &kept, &place(7)).unwrap().expose(), key.expose());
            assert_eq!(DataKey::open(&sealed, &kept, &place(8)).unwrap_err(), KeyError::Refused);
            let other = ReaderSecret::kept(Arc::new(StaticSecret::from([byte + 100; 32])));
            assert_eq!(DataKey::open(&sealed, &other, &place(7)).unwrap_err(), KeyError::Refused);
            for position in [0, 31, 32, sealed.len() - 1] {
                let mut altered = sealed.clone();
                altered[position] ^= 1;
                assert_eq!(DataKey::open(&altered, &kept, &place(7)).unwrap_err(), KeyError::Refused, "{position}");
            }
        }
    }

    #[test]
    fn a_key_that_is_not_there_is_said_to_be_so() {
        let sealed =
            DataKey::random().unwrap().seal_to(&ReaderSecret::from_bytes(&[7; 32]).unwrap().public(), &place(7));
        let error = DataKey::open(&sealed.unwrap(), &ReaderSecret::kept(Arc::new(Gone)), &place(7)).unwrap_err();
        assert!(matches!(error, KeyError::Kept(KeyFailure::Unavailable(_))), "{error}");
    }
}
