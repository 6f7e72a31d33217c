//! The encryption key that an address has published in `EthereumDIDRegistry` (ERC-1056), followed from the slot that names its last change back through every change.

use alloy_primitives::{Address, B256, U256, keccak256};
use alloy_sol_types::{SolEventInterface as _, SolValue as _};
use chancery_certificates::{keys::EncryptionPublicKey, registry::ATTRIBUTE_ENCRYPTION};
use chancery_contracts::{EthereumDIDRegistry, predeploys};
use chancery_ledger::{Chain, Event, Finality};
use x25519_dalek::{PublicKey, StaticSecret};

use super::{LookupError, proven};

/// Most blocks with changes of one identity that are followed back.
pub const MAX_CHANGES: usize = 64;
/// Position of the mapping `changed` in the registry.
const CHANGED: u64 = 2;

/// A key that the chain shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PublishedKey {
    /// The key.
    pub key: EncryptionPublicKey,
    /// The block that published it.
    pub published_in: u64,
    /// The final block at which it was the last.
    pub seen_at: u64,
}

/// What one event says, if it is about the identity.
enum Change {
    Attribute { name: B256, value: Vec<u8>, valid_to: U256, previous: u64 },
    Other { previous: u64 },
}

/// The last encryption key in force of an address.
///
/// # Errors
/// [`LookupError::NoKey`], [`LookupError::WeakKey`], [`LookupError::TooManyChanges`], [`LookupError::Stale`], [`LookupError::Ahead`], [`LookupError::Unproven`],
/// [`LookupError::Chain`], [`LookupError::Answer`].
pub async fn encryption_key(chain: &Chain, address: Address, now_s: u64) -> Result<PublishedKey, LookupError> {
    let slot = keccak256((address.into_word(), B256::from(U256::from(CHANGED))).abi_encode());
    let (head, now_s, words) = proven(chain, predeploys::ETHEREUM_DID_REGISTRY, &[slot], now_s).await?;
    let mut block = words.first().and_then(|word| u64::try_from(*word).ok()).ok_or(LookupError::Answer)?;
    let mut replaced: Vec<Vec<u8>> = Vec::new();
    for _ in 0..MAX_CHANGES {
        if block == 0 {
            return Err(LookupError::NoKey { address });
        }
        let (finality, events) = chain.block_events(block).await?;
        if !matches!(finality, Finality::Certified { .. }) {
            return Err(LookupError::Unproven);
        }
        let changes: Vec<Change> = events.iter().filter_map(|event| change(event, address)).collect();
        if let Some(value) = in_force(&changes, &mut replaced, now_s) {
            let key = sealable(value).ok_or(LookupError::WeakKey { address })?;
            return Ok(PublishedKey { key, published_in: block, seen_at: head.number });
        }
        // The first change of the block names the one before.
        let previous = match changes.first() {
            Some(Change::Attribute { previous, .. } | Change::Other { previous }) => *previous,
            None => return Err(LookupError::Answer),
        };
        if previous >= block {
            return Err(LookupError::Answer);
        }
        block = previous;
    }
    Err(LookupError::TooManyChanges { address })
}

/// The last value of the attribute that is in force. A later event with the same value takes the place of an earlier one, also to end it.
fn in_force(changes: &[Change], replaced: &mut Vec<Vec<u8>>, now_s: u64) -> Option<[u8; 32]> {
    let wanted = B256::right_padding_from(ATTRIBUTE_ENCRYPTION.as_bytes());
    for change in changes.iter().rev() {
        let Change::Attribute { name, value, valid_to, .. } = change else { continue };
        if *name != wanted || replaced.contains(value) {
            continue;
        }
        replaced.push(value.clone());
        if *valid_to > U256::from(now_s)
            && let Ok(key) = value.as_slice().try_into()
        {
            return Some(key);
        }
    }
    None
}

fn sealable(key: [u8; 32]) -> Option<EncryptionPublicKey> {
    let contributes = StaticSecret::from([9; 32]).diffie_hellman(&PublicKey::from(key)).was_contributory();
    contributes.then_some(EncryptionPublicKey(key))
}

fn change(event: &Event, identity: Address) -> Option<Change> {
    type Registry = EthereumDIDRegistry::EthereumDIDRegistryEvents;
    let is_of_identity =
        event.contract == predeploys::ETHEREUM_DID_REGISTRY && event.topics.get(1) == Some(&identity.into_word());
    if !is_of_identity {
        return None;
    }
    match Registry::decode_raw_log(&event.topics, &event.data).ok()? {
        Registry::DIDAttributeChanged(change) => Some(Change::Attribute {
            name: change.name,
            value: change.value.to_vec(),
            valid_to: change.validTo,
            previous: u64::try_from(change.previousChange).ok()?,
        }),
        Registry::DIDDelegateChanged(change) => {
            Some(Change::Other { previous: u64::try_from(change.previousChange).ok()? })
        }
        Registry::DIDOwnerChanged(change) => {
            Some(Change::Other { previous: u64::try_from(change.previousChange).ok()? })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attribute(value: u8, valid_to: u64) -> Change {
        Change::Attribute {
            name: B256::right_padding_from(ATTRIBUTE_ENCRYPTION.as_bytes()),
            value: vec![value; 32],
            valid_to: U256::from(valid_to),
            previous: 0,
        }
    }

    // MSG-2
    #[test]
    fn the_last_key_in_force_counts_and_an_ended_one_never() {
        let find = |changes: &[Change], now| in_force(changes, &mut Vec::new(), now).map(|key| key[0]);
        let changes = [attribute(1, 100), attribute(2, 50), Change::Other { previous: 0 }];
        assert_eq!((find(&changes, 10), find(&changes, 60), find(&changes, 100)), (Some(2), Some(1), None));
        // Its owner has ended it: what was published before, also in an earlier block, does not come back.
        let mut replaced = Vec::new();
        assert_eq!(in_force(&[attribute(1, 0)], &mut replaced, 10), None);
        assert_eq!(in_force(&[attribute(1, 100)], &mut replaced, 10), None);
    }

    #[test]
    fn a_key_of_small_order_is_none() {
        assert_eq!(sealable([0; 32]), None);
        assert!(sealable([9; 32]).is_some());
    }
}
