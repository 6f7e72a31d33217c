//! From the outputs of all evaluators to one tag. Whoever lacks the key of any one of them cannot make it.

use std::collections::BTreeMap;

use alloy_primitives::B256;
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use crate::evaluation::{EvaluatorPublicKey, OUTPUT_BYTES};

/// Most evaluators of a network: each is asked for every registration.
pub const MAX_EVALUATORS: usize = 16;

/// The outputs of all evaluators for one input.
pub type Outputs = BTreeMap<EvaluatorPublicKey, Zeroizing<[u8; OUTPUT_BYTES]>>;

/// The tag: SHA-256 of the words `chancery network tag v1` and, in the order of the keys, each key and its output. Every part has a fixed length.
#[must_use]
pub fn tag(outputs: &Outputs) -> B256 {
    let mut hash = Sha256::new_with_prefix(b"chancery network tag v1");
    for (key, output) in outputs {
        hash.update(key.bytes());
        hash.update(output.as_slice());
    }
    B256::from(<[u8; 32]>::from(hash.finalize()))
}

/// What tags are made by: SHA-256 of the words `chancery network keys v1` and the public keys in their order. The order in which they are declared is none.
#[must_use]
pub fn key_set(keys: &[EvaluatorPublicKey]) -> B256 {
    let mut keys = keys.to_vec();
    keys.sort_unstable();
    keys.dedup();
    let mut hash = Sha256::new_with_prefix(b"chancery network keys v1");
    for key in &keys {
        hash.update(key.bytes());
    }
    B256::from(<[u8; 32]>::from(hash.finalize()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::evaluation::EvaluatorKey;

    fn public(byte: u8) -> EvaluatorPublicKey {
        EvaluatorKey::from_seed(&[byte; 32]).unwrap().public()
    }

    fn outputs(bytes: &[(u8, u8)]) -> Outputs {
        bytes.iter().map(|(key, output)| (public(*key), Zeroizing::new([*output; 32]))).collect()
    }

    // PERSONS-3: the same evaluators in another order are the same, others are others.
    #[test]
    fn tags_depend_on_every_key_and_output_and_on_no_order() {
        let known = tag(&outputs(&[(1, 7), (2, 8)]));
        assert_eq!(tag(&outputs(&[(2, 8), (1, 7)])), known);
        for other in [&[(1, 7)][..], &[(1, 8), (2, 7)], &[(1, 7), (3, 8)], &[(1, 7), (2, 9)], &[(1, 7), (2, 8), (3, 9)]]
        {
            assert_ne!(tag(&outputs(other)), known);
        }
        assert_eq!(key_set(&[public(1), public(2)]), key_set(&[public(2), public(1), public(2)]));
        assert_ne!(key_set(&[public(1), public(2)]), key_set(&[public(1)]));
    }
}
