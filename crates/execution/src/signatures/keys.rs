//! Public keys of senders that have been recovered lately. An address is a hash of its key, so what is found here is true whoever asks.

use std::{collections::HashMap, sync::LazyLock};

use alloy_consensus::TxEnvelope;
use alloy_primitives::{Address, Signature, U256, keccak256, uint};
use k256::{AffinePoint, EncodedPoint, elliptic_curve::sec1::FromEncodedPoint as _};
use parking_lot::RwLock;
use secp256k1::{
    Message, SECP256K1,
    ecdsa::{RecoverableSignature, RecoveryId},
};

use crate::SignedTransaction;

/// Keys of one generation; there are two, so at most twice as many are kept, of about 110 bytes each.
const GENERATION: usize = 8_192;

/// Half of the curve's order: a larger `s` is refused (EIP-2).
pub(super) const HALF_ORDER: U256 = uint!(0x7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF5D576E7357A4501DDFE92F46681B20A0_U256);

#[derive(Default)]
struct Recent {
    new: HashMap<Address, AffinePoint>,
    old: HashMap<Address, AffinePoint>,
}

impl Recent {
    fn insert(&mut self, sender: Address, key: AffinePoint) {
        if self.new.len() >= GENERATION {
            self.old = std::mem::take(&mut self.new);
        }
        self.new.insert(sender, key);
    }
}

static RECENT: LazyLock<RwLock<Recent>> = LazyLock::new(RwLock::default);

/// The key of a sender, if it was recovered lately.
pub(super) fn get(sender: &Address) -> Option<AffinePoint> {
    let (key, is_old) = {
        let recent = RECENT.read();
        recent.new.get(sender).map(|key| (*key, false)).or_else(|| recent.old.get(sender).map(|key| (*key, true)))
    }?;
    if is_old {
        RECENT.write().insert(*sender, key);
    }
    Some(key)
}

/// Recovers the key of a transaction's sender and remembers it. `None`: the signature is not valid, or not of the one who is claimed to have made it.
pub(super) fn learn(transaction: &SignedTransaction, claimed: &Address) -> Option<AffinePoint> {
    let (sender, key) = recover(transaction.envelope())?;
    transaction.set_sender(sender);
    RECENT.write().insert(sender, key);
    (sender == *claimed).then_some(key)
}

/// The sender and its public key, by libsecp256k1.
pub(super) fn recover(envelope: &TxEnvelope) -> Option<(Address, AffinePoint)> {
    let signature = envelope.signature();
    if signature.s() > HALF_ORDER {
        return None;
    }
    let recoverable = RecoverableSignature::from_compact(&compact(signature), recovery_id(signature)).ok()?;
    let key = SECP256K1.recover_ecdsa(Message::from_digest(envelope.signature_hash().0), &recoverable).ok()?;
    let bytes = key.serialize_uncompressed();
    let sender = Address::from_word(keccak256(&bytes[1..]));
    let point = AffinePoint::from_encoded_point(&EncodedPoint::from_bytes(bytes).ok()?).into_option()?;
    Some((sender, point))
}

fn compact(signature: &Signature) -> [u8; 64] {
    let mut bytes = [0; 64];
    bytes[..32].copy_from_slice(&signature.r().to_be_bytes::<32>());
    bytes[32..].copy_from_slice(&signature.s().to_be_bytes::<32>());
    bytes
}

fn recovery_id(signature: &Signature) -> RecoveryId {
    if signature.v() { RecoveryId::One } else { RecoveryId::Zero }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_keys_are_forgotten_and_no_more_than_two_generations_kept() {
        let mut recent = Recent::default();
        let address = |number: usize| Address::from_word(U256::from(number).into());
        for number in 0..3 * GENERATION {
            recent.insert(address(number), AffinePoint::GENERATOR);
        }
        assert_eq!(recent.new.len() + recent.old.len(), 2 * GENERATION);
        assert!(!recent.old.contains_key(&address(0)));
        assert!(recent.new.contains_key(&address(3 * GENERATION - 1)));
    }
}
