//! A person's keys, all from one BIP-39 phrase (`docs/specs/encodings.md`, "Keys of a person"). They never leave the person's side.

use std::fmt;

use alloy::signers::local::{
    PrivateKeySigner,
    coins_bip39::{English, Mnemonic},
};
use alloy_primitives::{Address, B256};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use chancery_keys::AccountKey;
use coins_bip32::{
    BIP32_HARDEN,
    prelude::{Parent as _, SigningKey, XPriv},
};
use hkdf::Hkdf;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use x25519_dalek::{PublicKey, StaticSecret};
use zeroize::Zeroizing;

/// Words of a new phrase: 128 bits of entropy.
pub const PHRASE_WORDS: usize = 12;
/// Salt of the encryption key's derivation.
const SALT: &[u8] = b"chancery";
/// Info of the encryption key's derivation.
const INFO: &[u8] = b"x25519 encryption v1";

/// Why there are no keys. It never holds a word of the phrase.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// Not a BIP-39 phrase.
    #[error(
        "this is not a phrase: it needs 12 (or 15, 18, 21, 24) words of the English BIP-39 list with a right checksum"
    )]
    NotAPhrase,
    /// No randomness.
    #[error("the system gives no randomness")]
    NoRandomness,
    /// The signing key cannot be derived.
    #[error("the signing key cannot be derived")]
    Derivation,
}

/// What a phrase stands for: the keys of all its accounts. Stretching the phrase is slow on purpose and is done once (BIP-39).
#[derive(Clone)]
pub struct PhraseKeys {
    accounts: XPriv,
    encryption: StaticSecret,
}

impl PhraseKeys {
    /// Where the accounts are (BIP-44), without their index.
    const ACCOUNTS: &'static str = "m/44'/60'/0'/0";

    /// The keys of a phrase; upper case and extra spaces do not matter.
    ///
    /// # Errors
    /// [`KeyError::NotAPhrase`].
    pub fn of(phrase: &str) -> Result<Self, KeyError> {
        let phrase = Zeroizing::new(phrase.split_whitespace().map(str::to_lowercase).collect::<Vec<_>>().join(" "));
        // What went wrong may quote the phrase.
        let mnemonic = Mnemonic::<English>::new_from_phrase(&phrase).map_err(|_| KeyError::NotAPhrase)?;
        let seed = Zeroizing::new(mnemonic.to_seed(None).map_err(|_| KeyError::NotAPhrase)?);
        let mut secret = Zeroizing::new([0; 32]);
        Hkdf::<Sha256>::new(Some(SALT), seed.as_slice())
            .expand(INFO, secret.as_mut_slice())
            .map_err(|_| KeyError::Derivation)?;
        let root = XPriv::root_from_seed(seed.as_slice(), None).map_err(|_| KeyError::Derivation)?;
        let accounts = root.derive_path(Self::ACCOUNTS).map_err(|_| KeyError::Derivation)?;
        Ok(Self { accounts, encryption: StaticSecret::from(*secret) })
    }

    /// The keys of one account. The encryption key is that of the phrase.
    ///
    /// # Errors
    /// [`KeyError::Derivation`].
    pub fn account(&self, index: u32) -> Result<PersonKeys, KeyError> {
        // From here on the index would mean a hardened child (BIP-32), which is no account of BIP-44.
        if index >= BIP32_HARDEN {
            return Err(KeyError::Derivation);
        }
        let child = self.accounts.derive_child(index).map_err(|_| KeyError::Derivation)?;
        let key: &SigningKey = child.as_ref();
        Ok(PersonKeys { signer: PrivateKeySigner::from_signing_key(key.clone()), encryption: self.encryption.clone() })
    }
}

impl fmt::Debug for PhraseKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PhraseKeys").finish_non_exhaustive()
    }
}

/// Signing key (secp256k1, whose address is the person) and encryption key (X25519) of a person.
#[derive(Clone)]
pub struct PersonKeys {
    signer: PrivateKeySigner,
    encryption: StaticSecret,
}

impl PersonKeys {
    /// Makes a new phrase. Whoever has it has the keys.
    ///
    /// # Errors
    /// [`KeyError::NoRandomness`].
    pub fn new_phrase() -> Result<Zeroizing<String>, KeyError> {
        let mut entropy = Zeroizing::new([0u8; 16]);
        getrandom::fill(entropy.as_mut_slice()).map_err(|_| KeyError::NoRandomness)?;
        let mnemonic = Mnemonic::<English>::new_from_entropy((*entropy).into());
        Ok(Zeroizing::new(mnemonic.to_phrase()))
    }

    /// The keys of a phrase; upper case and extra spaces do not matter.
    ///
    /// # Errors
    /// [`KeyError::NotAPhrase`].
    pub fn from_phrase(phrase: &str) -> Result<Self, KeyError> {
        Self::from_phrase_at(phrase, 0)
    }

    /// The keys of a phrase with another account index, as the development phrase has for its sample offices. The encryption key is that of the phrase.
    ///
    /// # Errors
    /// [`KeyError::NotAPhrase`].
    pub fn from_phrase_at(phrase: &str, index: u32) -> Result<Self, KeyError> {
        PhraseKeys::of(phrase)?.account(index)
    }

    /// The person on the chains.
    #[must_use]
    pub fn address(&self) -> Address {
        self.signer.address()
    }

    /// The key that signs, as the account that it controls.
    #[must_use]
    pub fn account(&self) -> AccountKey {
        self.signer.clone().into()
    }

    /// Uncompressed SEC1 public key, 65 bytes.
    #[must_use]
    pub fn public_key(&self) -> [u8; 65] {
        let mut uncompressed = [0; 65];
        uncompressed[0] = 4;
        uncompressed[1..].copy_from_slice(self.signer.public_key().as_slice());
        uncompressed
    }

    /// The key that others seal to.
    #[must_use]
    pub fn encryption_public_key(&self) -> EncryptionPublicKey {
        EncryptionPublicKey(PublicKey::from(&self.encryption).to_bytes())
    }

    /// The key that opens what is sealed to this person.
    #[must_use]
    pub const fn encryption_secret(&self) -> &StaticSecret {
        &self.encryption
    }

    /// Signs a digest (of a signed operation, say); 65 bytes, `v` 27 or 28.
    ///
    /// # Errors
    /// [`KeyError::Derivation`] when the key does not sign, which a valid key always does.
    pub fn sign_digest(&self, digest: B256) -> Result<[u8; 65], KeyError> {
        use alloy::signers::SignerSync;
        Ok(self.signer.sign_hash_sync(&digest).map_err(|_| KeyError::Derivation)?.as_bytes())
    }
}

impl fmt::Debug for PersonKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PersonKeys").field("address", &self.address()).finish_non_exhaustive()
    }
}

/// An X25519 public key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct EncryptionPublicKey(pub [u8; 32]);

impl EncryptionPublicKey {
    /// The key as JWK (RFC 8037).
    #[must_use]
    pub fn jwk(&self) -> Jwk {
        Jwk { kty: "OKP".to_owned(), crv: "X25519".to_owned(), x: URL_SAFE_NO_PAD.encode(self.0) }
    }

    /// RFC 7638 thumbprint (SHA-256, base64url): the `kid` of what is sealed to it.
    #[must_use]
    pub fn thumbprint(&self) -> String {
        let members = format!(r#"{{"crv":"X25519","kty":"OKP","x":"{}"}}"#, URL_SAFE_NO_PAD.encode(self.0));
        URL_SAFE_NO_PAD.encode(Sha256::digest(members.as_bytes()))
    }
}

/// A public key as JSON Web Key, OKP X25519 only.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Jwk {
    /// `OKP`.
    pub kty: String,
    /// `X25519`.
    pub crv: String,
    /// 32 bytes, base64url.
    pub x: String,
}

impl Jwk {
    /// The key; `None` for another type of key or a malformed one.
    #[must_use]
    pub fn to_key(&self) -> Option<EncryptionPublicKey> {
        if self.kty != "OKP" || self.crv != "X25519" {
            return None;
        }
        let bytes = URL_SAFE_NO_PAD.decode(&self.x).ok()?;
        Some(EncryptionPublicKey(bytes.try_into().ok()?))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    const DEVELOPMENT: &str = "test test test test test test test test test test test junk";

    // C-API-1
    #[test]
    fn the_development_phrase_gives_the_addresses_that_everybody_knows() {
        let first = PersonKeys::from_phrase(DEVELOPMENT).unwrap();
        assert_eq!(first.address().to_string(), "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266");
        let second = PersonKeys::from_phrase_at(DEVELOPMENT, 1).unwrap();
        assert_eq!(second.address().to_string(), "0x70997970C51812dc3A010C7d01b50e0d17dc79C8");
        assert_eq!(first.encryption_public_key(), second.encryption_public_key());
        let ninth = PersonKeys::from_phrase_at(DEVELOPMENT, 9).unwrap();
        assert_eq!(ninth.address().to_string(), "0xa0Ee7A142d267C1f36714E4a8F75612F20a79720");
        assert!(matches!(PersonKeys::from_phrase_at(DEVELOPMENT, 1 << 31), Err(KeyError::Derivation)));
    }

    #[test]
    fn a_new_phrase_recovers_the_same_keys() {
        let phrase = PersonKeys::new_phrase().unwrap();
        assert_eq!(phrase.split(' ').count(), PHRASE_WORDS);
        let (one, two) = (
            PersonKeys::from_phrase(&phrase).unwrap(),
            PersonKeys::from_phrase(&format!("  {} ", phrase.to_uppercase())).unwrap(),
        );
        assert_eq!((one.address(), one.encryption_public_key()), (two.address(), two.encryption_public_key()));
        assert_ne!(*phrase, *PersonKeys::new_phrase().unwrap());
    }

    #[test]
    fn what_is_no_phrase_is_refused_without_quoting_it() {
        for wrong in [
            "",
            "test",
            "test test test test test test test test test test test test",
            "secret word list that is not at all a phrase of this sort",
        ] {
            let error = PersonKeys::from_phrase(wrong).unwrap_err();
            assert!(!error.to_string().contains("secret"), "{error}");
        }
    }

    // RFC 8037, appendix A.3, names the thumbprint of an Ed25519 key; the same rule for X25519 is checked against jose in the vectors.
    #[test]
    fn keys_do_not_print_themselves() {
        let printed = format!("{:?}", PersonKeys::from_phrase(DEVELOPMENT).unwrap());
        assert_eq!(printed, "PersonKeys { address: 0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266, .. }");
        assert_eq!(format!("{:?}", PhraseKeys::of(DEVELOPMENT).unwrap()), "PhraseKeys { .. }");
    }
}
