//! The 32 bytes of a block header's `extraData` (docs/specs/encodings.md, "Block header `extraData`").
//!
//! A block carries there what consensus must commit to and an Ethereum header has no field for: the epoch, the view in which
//! it was proposed, the parent's view, and the milliseconds of its time. The genesis block carries the hash of its validator set.

use alloy_primitives::{B256, Bytes, keccak256};
use alloy_sol_types::SolValue;

/// Length of `extraData` in every block of a Chancery chain, in bytes. It is also the most that Ethereum allows.
pub const EXTRA_DATA_BYTES: usize = 32;

/// The only version of the layout so far.
pub const EXTRA_DATA_VERSION: u8 = 1;

/// Length of a compressed BLS12-381 G1 public key, in bytes.
pub const BLS_PUBLIC_KEY_BYTES: usize = 48;

/// Milliseconds in a second: the exclusive upper bound of [`ConsensusContext::millisecond`].
pub const MILLISECONDS_PER_SECOND: u16 = 1_000;

/// ASCII of the first word hashed into a validator-set hash; keeps it apart from every other hash.
const VALIDATOR_SET_DOMAIN: &[u8] = b"chancery-validators";

/// What consensus commits to in a block, besides the block itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct ConsensusContext {
    /// The epoch, which names the validator set.
    pub epoch: u32,
    /// The view in which the block was proposed.
    pub view: u64,
    /// The view in which the parent was proposed.
    pub parent_view: u64,
    /// Milliseconds within the second of the header's `timestamp`, 0..1000.
    pub millisecond: u16,
}

/// Why bytes are not a [`ConsensusContext`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ExtraDataError {
    /// Not 32 bytes.
    #[error("extraData has {actual} bytes, a block needs exactly {EXTRA_DATA_BYTES}")]
    Length {
        /// The number of bytes found.
        actual: usize,
    },
    /// A version that this build does not know.
    #[error("extraData version {version} is unknown, this build reads version {EXTRA_DATA_VERSION}: upgrade it")]
    Version {
        /// The version found.
        version: u8,
    },
    /// A millisecond that is not below 1000.
    #[error("extraData names millisecond {millisecond}, which is not below {MILLISECONDS_PER_SECOND}")]
    Millisecond {
        /// The millisecond found.
        millisecond: u16,
    },
    /// Reserved bytes that are not zero.
    #[error("the reserved bytes of extraData (23..32) are not zero")]
    Reserved,
}

impl ConsensusContext {
    /// The 32 bytes of a header's `extraData`.
    ///
    /// The millisecond is written as it is: a value of 1000 or more gives bytes that [`Self::decode`] refuses.
    pub fn encode(&self) -> [u8; EXTRA_DATA_BYTES] {
        let mut bytes = [0; EXTRA_DATA_BYTES];
        bytes[0] = EXTRA_DATA_VERSION;
        bytes[1..5].copy_from_slice(&self.epoch.to_be_bytes());
        bytes[5..13].copy_from_slice(&self.view.to_be_bytes());
        bytes[13..21].copy_from_slice(&self.parent_view.to_be_bytes());
        bytes[21..23].copy_from_slice(&self.millisecond.to_be_bytes());
        bytes
    }

    /// Reads what [`Self::encode`] wrote; every context has exactly one encoding.
    ///
    /// # Errors
    /// [`ExtraDataError`] names the first byte range that is wrong.
    pub fn decode(bytes: &[u8]) -> Result<Self, ExtraDataError> {
        let bytes: &[u8; EXTRA_DATA_BYTES] =
            bytes.try_into().map_err(|_| ExtraDataError::Length { actual: bytes.len() })?;
        let (version, rest) = (bytes[0], &bytes[1..]);
        if version != EXTRA_DATA_VERSION {
            return Err(ExtraDataError::Version { version });
        }
        let context = Self {
            epoch: u32::from_be_bytes(field(rest, 0)),
            view: u64::from_be_bytes(field(rest, 4)),
            parent_view: u64::from_be_bytes(field(rest, 12)),
            millisecond: u16::from_be_bytes(field(rest, 20)),
        };
        if context.millisecond >= MILLISECONDS_PER_SECOND {
            return Err(ExtraDataError::Millisecond { millisecond: context.millisecond });
        }
        if rest[22..].iter().any(|byte| *byte != 0) {
            return Err(ExtraDataError::Reserved);
        }
        Ok(context)
    }
}

/// `N` bytes of a fixed layout from `start`.
fn field<const N: usize>(bytes: &[u8], start: usize) -> [u8; N] {
    let mut out = [0; N];
    out.copy_from_slice(&bytes[start..start + N]);
    out
}

/// The hash of a validator set, which the genesis block carries as its `extraData`:
/// `keccak256(abi.encode(bytes32("chancery-validators"), bytes[] blsPublicKeys))`, keys in the order of the set.
pub fn validator_set_hash(keys: &[[u8; BLS_PUBLIC_KEY_BYTES]]) -> B256 {
    let mut domain = B256::ZERO;
    domain[..VALIDATOR_SET_DOMAIN.len()].copy_from_slice(VALIDATOR_SET_DOMAIN);
    let keys: Vec<Bytes> = keys.iter().map(|key| Bytes::copy_from_slice(key)).collect();
    keccak256((domain, keys).abi_encode_params())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use alloy_primitives::hex;
    use proptest::prelude::*;

    fn context() -> ConsensusContext {
        ConsensusContext { epoch: 1, view: 0x0203, parent_view: 0x0202, millisecond: 999 }
    }

    #[test]
    fn layout_is_the_one_of_the_specification() {
        let expected = hex!("01 00000001 0000000000000203 0000000000000202 03e7 000000000000000000");
        assert_eq!(context().encode(), expected);
    }

    #[test]
    fn each_wrong_field_has_its_own_error() {
        let good = context().encode();
        assert_eq!(ConsensusContext::decode(&good[..31]), Err(ExtraDataError::Length { actual: 31 }));
        let mut version = good;
        version[0] = 2;
        assert_eq!(ConsensusContext::decode(&version), Err(ExtraDataError::Version { version: 2 }));
        let mut late = good;
        late[21..23].copy_from_slice(&1000u16.to_be_bytes());
        assert_eq!(ConsensusContext::decode(&late), Err(ExtraDataError::Millisecond { millisecond: 1000 }));
        for reserved in 23..32 {
            let mut bytes = good;
            bytes[reserved] = 1;
            assert_eq!(ConsensusContext::decode(&bytes), Err(ExtraDataError::Reserved));
        }
    }

    #[test]
    fn validator_set_hash_is_the_hash_of_its_abi_encoding() {
        // abi.encode(bytes32, bytes[]) of one 48-byte key, written out by hand.
        let key = [0xab; BLS_PUBLIC_KEY_BYTES];
        let mut abi = Vec::new();
        abi.extend_from_slice(&hex!("6368616e636572792d76616c696461746f727300000000000000000000000000"));
        for word in [0x40u8, 1, 0x20, 48] {
            abi.extend_from_slice(&B256::with_last_byte(word)[..]);
        }
        abi.extend_from_slice(&key);
        abi.extend_from_slice(&[0; 16]);
        assert_eq!(validator_set_hash(&[key]), keccak256(abi));
    }

    #[test]
    fn validator_set_hash_depends_on_the_order() {
        let (a, b) = ([1; BLS_PUBLIC_KEY_BYTES], [2; BLS_PUBLIC_KEY_BYTES]);
        assert_ne!(validator_set_hash(&[a, b]), validator_set_hash(&[b, a]));
    }

    proptest! {
        #[test]
        fn decoding_gives_back_what_was_encoded(epoch: u32, view: u64, parent_view: u64, millisecond in 0..MILLISECONDS_PER_SECOND) {
            let context = ConsensusContext { epoch, view, parent_view, millisecond };
            prop_assert_eq!(ConsensusContext::decode(&context.encode()), Ok(context));
        }

        #[test]
        fn whatever_decodes_has_one_encoding(bytes: [u8; EXTRA_DATA_BYTES]) {
            if let Ok(context) = ConsensusContext::decode(&bytes) {
                prop_assert_eq!(context.encode(), bytes);
            }
        }
    }
}
