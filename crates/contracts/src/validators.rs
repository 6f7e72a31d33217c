//! The validator registry in a genesis.

use std::num::NonZeroU64;

use alloy_primitives::{Address, B256, Bytes, FixedBytes};

use crate::{Predeploy, ValidatorRegistry, init_code::with_arguments, predeploys};

/// Blocks of an epoch unless somebody chooses otherwise: with a block each ten seconds less than three hours, under load some minutes.
pub const DEFAULT_EPOCH_LENGTH: NonZeroU64 = NonZeroU64::new(1024).unwrap();
/// Fewest blocks of an epoch that the registry takes.
pub const MIN_EPOCH_LENGTH: u64 = 8;
/// Longest name of an organization, in bytes of UTF-8.
const MAX_ORGANIZATION_BYTES: usize = 32;

/// A validator of the genesis and who votes for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seat {
    /// See [`organization_name`].
    pub organization: B256,
    /// Ed25519 key that authenticates its connections.
    pub peer_public_key: FixedBytes<32>,
    /// Compressed BLS12-381 G1 key.
    pub bls_public_key: FixedBytes<48>,
    /// Votes for the organization.
    pub voting_account: Address,
}

/// An organization's name as the registry has it: its UTF-8, padded right with zeros. `None`: not 1 to 32 bytes, or with a zero in it.
#[must_use]
pub fn organization_name(text: &str) -> Option<B256> {
    let fits = (1..=MAX_ORGANIZATION_BYTES).contains(&text.len()) && !text.contains('\0');
    fits.then(|| B256::right_padding_from(text.as_bytes()))
}

/// The name for people to read.
#[must_use]
pub fn organization_text(name: B256) -> String {
    let end = name.iter().position(|byte| *byte == 0).unwrap_or(name.len());
    String::from_utf8_lossy(&name[..end]).into_owned()
}

/// The registry of a chain with these validators, in the order of the set.
#[must_use]
pub fn validator_registry(epoch_length: NonZeroU64, validators: &[Seat]) -> Predeploy {
    let first = validators
        .iter()
        .map(|validator| ValidatorRegistry::GenesisValidator {
            organization: validator.organization,
            peerKey: validator.peer_public_key,
            blsKey: Bytes::copy_from_slice(validator.bls_public_key.as_slice()),
            voter: validator.voting_account,
        })
        .collect();
    Predeploy {
        name: "ValidatorRegistry",
        address: predeploys::VALIDATOR_REGISTRY,
        init_code: with_arguments(
            &ValidatorRegistry::BYTECODE,
            &ValidatorRegistry::constructorCall { epochLength_: epoch_length.get(), first },
        ),
    }
}
