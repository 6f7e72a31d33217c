//! A secp256k1 key as the account that it controls.

use std::{fmt, sync::Arc};

use alloy::signers::local::PrivateKeySigner;
use alloy_primitives::{Address, B256, Signature, U256, eip191_hash_message};
use zeroize::Zeroizing;

use crate::{Curve, KeyFailure, SigningKey, memory};

/// A secp256k1 key that signs digests for its address. Cheap to clone; a key in memory is wiped when the last clone is dropped. Printed by its address alone.
#[derive(Clone)]
pub struct AccountKey {
    kept: Kept,
    public_key: [u8; 65],
    address: Address,
}

#[derive(Clone)]
enum Kept {
    Memory(Arc<Zeroizing<[u8; 32]>>),
    Elsewhere(Arc<dyn SigningKey>),
}

impl AccountKey {
    /// A key that is kept elsewhere.
    ///
    /// # Errors
    /// [`KeyFailure::WrongCurve`].
    pub fn kept(key: Arc<dyn SigningKey>) -> Result<Self, KeyFailure> {
        let wrong = KeyFailure::WrongCurve { expected: Curve::Secp256k1, found: key.curve() };
        let public_key: [u8; 65] = match key.curve() {
            Curve::Secp256k1 => key.public_key().try_into().map_err(|_| wrong)?,
            _ => return Err(wrong),
        };
        let address = Address::from_raw_public_key(&public_key[1..]);
        Ok(Self { kept: Kept::Elsewhere(key), public_key, address })
    }

    /// The account.
    #[must_use]
    pub const fn address(&self) -> Address {
        self.address
    }

    /// Uncompressed SEC1 public key.
    #[must_use]
    pub const fn public_key(&self) -> [u8; 65] {
        self.public_key
    }

    /// Whether signing waits for somebody else: then it is called off an async runtime.
    #[must_use]
    pub const fn may_block(&self) -> bool {
        matches!(self.kept, Kept::Elsewhere(_))
    }

    /// Signs a digest, with the nonce of RFC 6979. `s` is in the lower half of the group order (EIP-2).
    ///
    /// # Errors
    /// [`KeyFailure`]; a key in memory has none.
    pub fn sign_digest(&self, digest: B256) -> Result<Signature, KeyFailure> {
        match &self.kept {
            Kept::Memory(secret) => memory::sign_recoverable(secret, digest),
            Kept::Elsewhere(key) => recoverable(&key.sign(digest.as_slice())?, digest, self.address),
        }
    }

    /// Signs a message as EIP-191 says, version 0x45.
    ///
    /// # Errors
    /// As [`Self::sign_digest`].
    pub fn sign_message(&self, message: &[u8]) -> Result<Signature, KeyFailure> {
        self.sign_digest(eip191_hash_message(message))
    }
}

impl From<PrivateKeySigner> for AccountKey {
    fn from(signer: PrivateKeySigner) -> Self {
        let mut public_key = [4; 65];
        public_key[1..].copy_from_slice(signer.public_key().as_slice());
        let secret = Arc::new(Zeroizing::new(signer.credential().to_bytes().into()));
        Self { kept: Kept::Memory(secret), public_key, address: signer.address() }
    }
}

impl fmt::Debug for AccountKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("AccountKey").field(&self.address()).finish()
    }
}

/// Tokens give `r || s` with any `s` and without the point's parity: `s` is brought into the lower half, and the parity is the one with which the digest names the
/// account. That this is so for one of the two is what verifies the signature (KEY-1).
fn recoverable(raw: &[u8; 64], digest: B256, account: Address) -> Result<Signature, KeyFailure> {
    let (r, s) = (U256::from_be_slice(&raw[..32]), U256::from_be_slice(&raw[32..]));
    [false, true]
        .into_iter()
        .map(|parity| Signature::new(r, s, parity).normalized_s())
        .find(|signature| signature.recover_address_from_prehash(&digest).is_ok_and(|found| found == account))
        .ok_or(KeyFailure::WrongSignature)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use k256::ecdsa::{Signature as Ecdsa, SigningKey as Secret, signature::hazmat::PrehashSigner as _};

    use super::*;

    /// Half of the group order of secp256k1, rounded down (EIP-2).
    const HALF: U256 =
        U256::from_limbs([0xDFE9_2F46_681B_20A0, 0x5D57_6E73_57A4_501D, u64::MAX, 0x7FFF_FFFF_FFFF_FFFF]);

    /// A keeper that gives `s` in the upper half whenever it was in the lower, as some tokens do.
    struct Keeper {
        secret: Secret,
        public_key: Vec<u8>,
        high: bool,
    }

    impl Keeper {
        fn new(byte: u8, high: bool) -> Self {
            let secret = Secret::from_slice(&[byte; 32]).unwrap();
            let public_key = secret.verifying_key().to_encoded_point(false).as_bytes().to_vec();
            Self { secret, public_key, high }
        }
    }

    impl SigningKey for Keeper {
        fn curve(&self) -> Curve {
            Curve::Secp256k1
        }

        fn public_key(&self) -> &[u8] {
            &self.public_key
        }

        fn sign(&self, input: &[u8]) -> Result<[u8; 64], KeyFailure> {
            let signature: Ecdsa = self.secret.sign_prehash(input).unwrap();
            let (r, s) = signature.split_scalars();
            let s = if self.high { -*s } else { *s };
            Ok(Ecdsa::from_scalars(r.to_bytes(), s.to_bytes()).unwrap().to_bytes().into())
        }
    }

    // S-SVC, KEY-1
    #[test]
    fn what_a_keeper_signs_is_what_the_same_key_in_memory_signs() {
        let memory = AccountKey::from(PrivateKeySigner::from_slice(&[7; 32]).unwrap());
        assert!(!memory.may_block());
        for high in [false, true] {
            let kept = AccountKey::kept(Arc::new(Keeper::new(7, high))).unwrap();
            assert!(kept.may_block());
            assert_eq!((kept.address(), kept.public_key()), (memory.address(), memory.public_key()));
            for number in 1..64_u8 {
                let digest = B256::repeat_byte(number);
                let signature = kept.sign_digest(digest).unwrap();
                assert!(signature.s() <= HALF);
                assert_eq!(signature, memory.sign_digest(digest).unwrap(), "RFC 6979: one digest, one signature");
            }
            assert_eq!(kept.sign_message(b"sign in").unwrap(), memory.sign_message(b"sign in").unwrap());
        }
    }

    // KEY-1
    #[test]
    fn a_signature_of_another_key_is_not_handed_on() {
        let (one, mut other) = (Keeper::new(7, false), Keeper::new(8, false));
        other.public_key = one.public_key;
        let key = AccountKey::kept(Arc::new(other)).unwrap();
        assert_eq!(key.sign_digest(B256::repeat_byte(1)).unwrap_err(), KeyFailure::WrongSignature);
    }

    #[test]
    fn it_prints_its_address_alone() {
        let key = AccountKey::from(PrivateKeySigner::from_slice(&[7; 32]).unwrap());
        assert_eq!(format!("{key:?}"), format!("AccountKey({:?})", key.address()));
    }
}
