//! Keys in this process, from a file that only their owner reads.

use alloy_primitives::{B256, Signature, U256};
use secp256k1::{Message, SECP256K1, SecretKey};
use x25519_dalek::{PublicKey, StaticSecret};
use zeroize::Zeroizing;

use crate::{AgreementKey, KeyFailure};

/// Signs by libsecp256k1, which takes a third of the time that Rust's own arithmetic takes.
pub(crate) fn sign_recoverable(secret: &Zeroizing<[u8; 32]>, digest: B256) -> Result<Signature, KeyFailure> {
    let refused = |error: secp256k1::Error| KeyFailure::Refused(error.to_string());
    let mut key = SecretKey::from_byte_array(**secret).map_err(refused)?;
    let (parity, compact) = SECP256K1.sign_ecdsa_recoverable(Message::from_digest(digest.0), &key).serialize_compact();
    key.non_secure_erase();
    let (r, s) = (U256::from_be_slice(&compact[..32]), U256::from_be_slice(&compact[32..]));
    // An x beyond the group's order has no recovery here: one in 2^127.
    Ok(Signature::new(r, s, i32::from(parity) & 1 == 1))
}

impl AgreementKey for StaticSecret {
    fn public_key(&self) -> [u8; 32] {
        PublicKey::from(self).to_bytes()
    }

    fn agree(&self, other: &[u8; 32]) -> Result<Zeroizing<[u8; 32]>, KeyFailure> {
        let shared = self.diffie_hellman(&PublicKey::from(*other));
        if shared.was_contributory() { Ok(Zeroizing::new(shared.to_bytes())) } else { Err(KeyFailure::WeakKey) }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use alloy_primitives::hex;

    use super::*;

    // RFC 7748, 6.1
    #[test]
    fn what_is_agreed_is_that_of_rfc_7748() {
        let bob = StaticSecret::from(hex!("5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb"));
        let alice = hex!("8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a");
        let expected = hex!("4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742");
        assert_eq!(bob.public_key(), hex!("de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f"));
        assert_eq!(*bob.agree(&alice).unwrap(), expected);
    }

    // KEY-2
    #[test]
    fn a_point_of_small_order_is_refused() {
        let key = StaticSecret::from([7; 32]);
        assert_eq!(key.agree(&[0; 32]).unwrap_err(), KeyFailure::WeakKey);
    }
}
