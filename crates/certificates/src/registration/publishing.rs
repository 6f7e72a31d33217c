//! The keys of a registration: whether they belong together, and how they get to the main chain.

use alloy_primitives::Address;
use chancery_identity::{SignedAttribute, UserRecord};
use chancery_primitives::recover_signer;
use chancery_reference_points::{
    Actor, Code, DoorError, DoorResult, Role, data_block::TransactionLocator, data_format::FormatId, r2d::Submission,
};
use x25519_dalek::{PublicKey, StaticSecret};

use super::{MIN_ATTRIBUTE_VALIDITY_S, RegisterUser, Registration};
use crate::{
    kinds::IDENTITY_FORMAT,
    operations::{IdentityAttribute, attribute_digest, attribute_operation},
    registry::{ATTRIBUTE_ENCRYPTION, ATTRIBUTE_SIGNING, PublishedKeys, Registry, identities::address_of_key},
};

fn malformed(detail: impl Into<String>) -> DoorError {
    DoorError::new(Code::MalformedRequest, detail)
}

/// Public key, encryption key and attributes of a request belong together.
pub(super) fn check_keys(request: &RegisterUser) -> DoorResult<()> {
    if address_of_key(&request.public_key) != Some(request.address) {
        return Err(malformed("publicKey: it is not the uncompressed public key of the address"));
    }
    if !is_sealable(request.encryption_key.0) {
        return Err(malformed("encryptionKey: it is no X25519 key that anything can be sealed to"));
    }
    let values =
        [(ATTRIBUTE_SIGNING, request.public_key.as_ref()), (ATTRIBUTE_ENCRYPTION, request.encryption_key.as_slice())];
    for (name, value) in values {
        let mut named = request.attributes.iter().filter(|attribute| attribute.name == name);
        let (Some(attribute), None) = (named.next(), named.next()) else {
            return Err(malformed(format!("attributes: {name} is needed, once")));
        };
        if attribute.value.as_ref() != value {
            return Err(malformed(format!("attributes: {name} has another value than the request")));
        }
        if attribute.validity < MIN_ATTRIBUTE_VALIDITY_S {
            let detail = format!("attributes: {name} has to hold for at least {MIN_ATTRIBUTE_VALIDITY_S} s");
            return Err(malformed(detail));
        }
    }
    if request.attributes.len() == values.len() {
        return Ok(());
    }
    Err(malformed(format!("attributes: only {ATTRIBUTE_SIGNING} and {ATTRIBUTE_ENCRYPTION} are published")))
}

/// Points of small order give everybody the same secret (RFC 7748, section 6.1).
fn is_sealable(key: [u8; 32]) -> bool {
    StaticSecret::from([9; 32]).diffie_hellman(&PublicKey::from(key)).was_contributory()
}

fn identity_attribute(identity: Address, attribute: &SignedAttribute, nonce: u64) -> IdentityAttribute {
    IdentityAttribute {
        identity,
        name: attribute.name.clone(),
        value: attribute.value.clone(),
        validity: attribute.validity,
        nonce,
    }
}

fn is_published(keys: Option<&PublishedKeys>, attribute: &SignedAttribute) -> bool {
    let Some(keys) = keys else { return false };
    match attribute.name.as_str() {
        ATTRIBUTE_SIGNING => keys.signing.as_ref() == Some(&attribute.value),
        ATTRIBUTE_ENCRYPTION => keys.encryption.is_some_and(|key| key.0 == attribute.value.as_ref()),
        _ => false,
    }
}

impl Registration {
    fn registry(&self) -> Registry<'_> {
        Registry::new(self.s2p.as_ref(), &self.directory)
    }

    /// The attributes are signed by the address, for the next changes of its identity in their order.
    pub(super) async fn check_attributes(&self, request: &RegisterUser) -> DoorResult<()> {
        let first_nonce = self.registry().identity_nonce(request.address).await?;
        for (nonce, attribute) in (first_nonce..).zip(&request.attributes) {
            let digest = attribute_digest(&identity_attribute(request.address, attribute, nonce));
            let signer = digest.and_then(|digest| recover_signer(digest, &attribute.signature).ok());
            if signer != Some(request.address) {
                let detail =
                    format!("attribute {} is not signed by {} as change {nonce}", attribute.name, request.address);
                return Err(DoorError::new(Code::SignatureInvalid, detail).with("nonce", nonce));
            }
        }
        Ok(())
    }

    /// Publishes what is not yet published, one after the other (each signature names the count of changes before it). Done again after a
    /// failure in between, it goes on where it stopped.
    pub(super) async fn publish(&self, record: &UserRecord) -> DoorResult<TransactionLocator> {
        let now = (self.clock)() / 1000;
        let keys = self.registry().published_keys(record.address, now).await?;
        let mut last = keys.as_ref().and_then(|keys| keys.last_change.clone());
        for attribute in record.attributes.iter().filter(|attribute| !is_published(keys.as_ref(), attribute)) {
            let nonce = self.registry().identity_nonce(record.address).await?;
            last = Some(self.publish_one(record.address, attribute, nonce).await?);
        }
        last.ok_or_else(|| malformed("there is nothing to publish"))
    }

    /// Whether all keys of a registration are public.
    pub(super) async fn is_published(&self, record: &UserRecord) -> DoorResult<bool> {
        let keys = self.registry().published_keys(record.address, (self.clock)() / 1000).await?;
        let mut attributes = record.attributes.iter();
        Ok(!record.attributes.is_empty() && attributes.all(|attribute| is_published(keys.as_ref(), attribute)))
    }

    async fn publish_one(
        &self,
        identity: Address,
        attribute: &SignedAttribute,
        nonce: u64,
    ) -> DoorResult<TransactionLocator> {
        let message = identity_attribute(identity, attribute, nonce);
        let operation = attribute_operation(&self.directory, &message, attribute.signature.clone())?;
        let metadata = operation.message.clone();
        // The source is the person, by the signature; the office only decides when.
        let source = Actor::new(identity, [Role::Registered]);
        let submission =
            Submission { operation, format: FormatId(IDENTITY_FORMAT.to_owned()), metadata, idempotency_key: None };
        let receipt = self.r2d.submit(&source, submission).await?;
        receipt.operation.ok_or_else(|| {
            DoorError::internal(std::io::Error::other("an identity attribute was recorded without its contract call"))
        })
    }
}
