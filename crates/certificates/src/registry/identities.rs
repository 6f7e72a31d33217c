//! `EthereumDIDRegistry` (ERC-1056) on the main chain: the keys that a person has published.

use alloy_primitives::{Address, B256, Bytes, U256, keccak256};
use alloy_sol_types::SolEvent;
use chancery_contracts::{EthereumDIDRegistry, predeploys};
use chancery_reference_points::{
    DoorResult,
    chain_records::{EventQuery, EventRecord},
    data_block::TransactionLocator,
};

use super::{ReadAt, Registry};
use crate::keys::EncryptionPublicKey;

/// Name of the attribute with the signing key: uncompressed secp256k1, 65 bytes.
pub const ATTRIBUTE_SIGNING: &str = "did/pub/Secp256k1/veriKey/hex";
/// Name of the attribute with the encryption key: X25519, 32 bytes.
pub const ATTRIBUTE_ENCRYPTION: &str = "did/pub/X25519/enc/hex";

/// An attribute's name as the contract holds it.
pub(crate) fn attribute_name(name: &str) -> Option<B256> {
    let bytes = name.as_bytes();
    if bytes.is_empty() || bytes.len() > 32 || !name.is_ascii() {
        return None;
    }
    let mut word = B256::ZERO;
    word[..bytes.len()].copy_from_slice(bytes);
    Some(word)
}

/// The keys in force that an address has published.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublishedKeys {
    /// Uncompressed secp256k1 public key; its address is the identity.
    pub signing: Option<Bytes>,
    /// The key that certificates are sealed to.
    pub encryption: Option<EncryptionPublicKey>,
    /// The transaction of the last change of an attribute.
    pub last_change: Option<TransactionLocator>,
    /// Where it was read.
    pub read_at: ReadAt,
}

/// One attribute as published.
#[derive(Clone, Debug)]
struct Attribute {
    value: Bytes,
    valid_to: U256,
}

impl Registry<'_> {
    /// The keys of an address at a time; `None` when it has never published anything.
    ///
    /// # Errors
    /// `ChainUnreachable`.
    pub async fn published_keys(&self, address: Address, now: u64) -> DoorResult<Option<PublishedKeys>> {
        let chain = self.directory.main();
        let call = EthereumDIDRegistry::changedCall { identity: address };
        let (changed, block_number) = self.call(&chain, predeploys::ETHEREUM_DID_REGISTRY, call).await?;
        if changed.is_zero() {
            return Ok(None);
        }
        let events = self
            .s2p
            .events(EventQuery {
                chain: Some(chain.clone()),
                contract: Some(predeploys::ETHEREUM_DID_REGISTRY),
                topics: [
                    vec![EthereumDIDRegistry::DIDAttributeChanged::SIGNATURE_HASH],
                    vec![address.into_word()],
                    Vec::new(),
                    Vec::new(),
                ],
                from_block: 0,
                to_block: Some(block_number),
                ..EventQuery::default()
            })
            .await?;
        let signing = latest_attribute(&events, ATTRIBUTE_SIGNING, now)
            .filter(|attribute| address_of_key(&attribute.value) == Some(address))
            .map(|attribute| attribute.value);
        let encryption = latest_attribute(&events, ATTRIBUTE_ENCRYPTION, now)
            .and_then(|attribute| <[u8; 32]>::try_from(attribute.value.as_ref()).ok())
            .map(EncryptionPublicKey);
        let last_change = events.last().map(|event| event.locator.clone());
        Ok(Some(PublishedKeys { signing, encryption, last_change, read_at: ReadAt { chain, block_number } }))
    }

    /// How many signed changes the owner of an identity has made: the number that the next signature names.
    ///
    /// # Errors
    /// `ChainUnreachable`.
    pub async fn identity_nonce(&self, address: Address) -> DoorResult<u64> {
        let call = EthereumDIDRegistry::nonceCall { owner: address };
        let (nonce, _) = self.call(&self.directory.main(), predeploys::ETHEREUM_DID_REGISTRY, call).await?;
        Ok(nonce.saturating_to())
    }
}

/// The address of an uncompressed secp256k1 public key; `None` when it is none.
#[must_use]
pub(crate) fn address_of_key(key: &[u8]) -> Option<Address> {
    match key {
        [4, point @ ..] if point.len() == 64 => Some(Address::from_word(keccak256(point))),
        _ => None,
    }
}

/// The last value of an attribute that is in force: a later event for the same name takes the place of an earlier one; one whose end has
/// passed takes its value away.
fn latest_attribute(events: &[EventRecord], name: &str, now: u64) -> Option<Attribute> {
    let wanted = attribute_name(name)?;
    let mut values: Vec<Attribute> = Vec::new();
    for event in events {
        let decoded =
            EthereumDIDRegistry::DIDAttributeChanged::decode_raw_log(event.topics.iter().copied(), &event.data);
        let Ok(decoded) = decoded else { continue };
        if decoded.name != wanted {
            continue;
        }
        values.retain(|attribute| attribute.value != decoded.value);
        values.push(Attribute { value: decoded.value, valid_to: decoded.validTo });
    }
    values.into_iter().rev().find(|attribute| attribute.valid_to > U256::from(now))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use chancery_reference_points::operation::ChainName;

    use super::*;

    fn event(name: &str, value: u8, valid_to: u64) -> EventRecord {
        let event = EthereumDIDRegistry::DIDAttributeChanged {
            identity: Address::repeat_byte(1),
            name: attribute_name(name).unwrap(),
            value: Bytes::from(vec![value]),
            validTo: U256::from(valid_to),
            previousChange: U256::ZERO,
        };
        let log = event.encode_log_data();
        EventRecord {
            locator: TransactionLocator {
                chain: ChainName("main".into()),
                tx_hash: B256::ZERO,
                block_number: 1,
                block_hash: B256::ZERO,
            },
            block_time_ms: 0,
            log_index: 0,
            contract: predeploys::ETHEREUM_DID_REGISTRY,
            topics: log.topics().to_vec(),
            data: log.data,
        }
    }

    // C-API-4
    #[test]
    fn the_newest_key_in_force_counts() {
        let value =
            |events: &[EventRecord], now| latest_attribute(events, ATTRIBUTE_ENCRYPTION, now).map(|a| a.value[0]);
        let events = vec![
            event(ATTRIBUTE_ENCRYPTION, 1, 100),
            event(ATTRIBUTE_SIGNING, 9, 100),
            event(ATTRIBUTE_ENCRYPTION, 2, 50),
        ];
        assert_eq!(value(&events, 10), Some(2));
        // The newer has ended, the older has not.
        assert_eq!(value(&events, 60), Some(1));
        assert_eq!(value(&events, 100), None);
        let mut revoked = events;
        revoked.push(event(ATTRIBUTE_ENCRYPTION, 1, 0));
        assert_eq!(value(&revoked, 60), None);
    }

    #[test]
    fn a_key_has_an_address_and_a_name_fits_32_bytes() {
        let key = crate::keys::PersonKeys::from_phrase("test test test test test test test test test test test junk")
            .unwrap();
        assert_eq!(address_of_key(&key.public_key()), Some(key.address()));
        assert_eq!(address_of_key(&key.public_key()[1..]), None);
        assert!(attribute_name(&"a".repeat(33)).is_none() && attribute_name("").is_none());
    }
}
