//! What a grant commits to, and where contracts keep it (`docs/specs/sharing.md`, "On chain").

use alloy_primitives::{Address, B256, U256, keccak256};
use alloy_sol_types::SolValue;
use serde::{Deserialize, Serialize};

/// Slot of the mapping `grants`.
const GRANTS_SLOT: u64 = 0;
/// Slot of the mapping `_versions`; the contract's test of its layout and the test over a node hold it.
const VERSIONS_SLOT: u64 = 2;
/// Slot of (owner, number of rights), packed from the right.
const OWNER_SLOT: u64 = 7;
/// Place of the fingerprint in a version, in slots.
const FINGERPRINT_OFFSET: u64 = 2;
/// Place of size, time and key epoch, packed from the right.
const SIZE_OFFSET: u64 = 3;

/// Place of the metadata in a version, in slots.
const METADATA_OFFSET: u64 = 4;

/// The terms of a grant: everything that a release depends on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Grant {
    /// Whose it is.
    pub reader: Address,
    /// X25519 public key to which the data key is sealed.
    pub reader_key: B256,
    /// Version that was asked for.
    pub version: u32,
    /// Key epoch of that version.
    pub key_epoch: u32,
    /// SHA-256 of the sealed data key.
    pub sealed_key_hash: B256,
    /// Last second, Unix time; zero for no end.
    pub valid_until: u64,
}

impl Grant {
    /// What the contract stores: `keccak256(abi.encode(reader, readerKey, version, keyEpoch, sealedKeyHash, validUntil))`.
    #[must_use]
    pub fn commitment(&self) -> B256 {
        let terms =
            (self.reader, self.reader_key, self.version, self.key_epoch, self.sealed_key_hash, self.valid_until);
        keccak256(terms.abi_encode_params())
    }
}

/// Storage slot of a request's grant.
#[must_use]
pub fn grant_slot(request: u64) -> B256 {
    mapping_slot(U256::from(request), GRANTS_SLOT)
}

/// Storage slot of the owner.
#[must_use]
pub(super) fn owner_slot() -> B256 {
    U256::from(OWNER_SLOT).into()
}

/// Storage slots of a version: fingerprint; size, time and key epoch.
#[must_use]
pub fn version_slots(version: u32) -> [B256; 2] {
    let base = U256::from_be_bytes(mapping_slot(U256::from(version), VERSIONS_SLOT).0);
    [FINGERPRINT_OFFSET, SIZE_OFFSET].map(|offset| base.wrapping_add(U256::from(offset)).into())
}

/// All storage slots of a version, in order: data type, hash algorithm, fingerprint, (size, time and key epoch), head of the metadata.
pub(super) fn whole_version_slots(version: u32) -> [B256; 5] {
    let base = U256::from_be_bytes(mapping_slot(U256::from(version), VERSIONS_SLOT).0);
    [0, 1, FINGERPRINT_OFFSET, SIZE_OFFSET, METADATA_OFFSET].map(|offset| base.wrapping_add(U256::from(offset)).into())
}

/// Solidity's layout: `keccak256(key || slot)`.
fn mapping_slot(key: U256, slot: u64) -> B256 {
    keccak256([key.to_be_bytes::<32>(), U256::from(slot).to_be_bytes()].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_term_changes_the_commitment() {
        let grant = Grant {
            reader: Address::repeat_byte(1),
            reader_key: B256::repeat_byte(2),
            version: 3,
            key_epoch: 4,
            sealed_key_hash: B256::repeat_byte(5),
            valid_until: 6,
        };
        for other in [
            Grant { reader: Address::ZERO, ..grant },
            Grant { reader_key: B256::ZERO, ..grant },
            Grant { version: 4, ..grant },
            Grant { key_epoch: 3, ..grant },
            Grant { sealed_key_hash: B256::ZERO, ..grant },
            Grant { valid_until: 7, ..grant },
        ] {
            assert_ne!(other.commitment(), grant.commitment());
        }
    }
}
