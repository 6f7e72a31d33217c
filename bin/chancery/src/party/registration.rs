//! Registering (C-API-1): the public keys, the real name, and the signed attributes that will stand on the main chain.

use alloy_primitives::Bytes;
use anyhow::{Context, Result};
use chancery_certificates::{
    operations::{IdentityAttribute, attribute_digest},
    registry::{ATTRIBUTE_ENCRYPTION, ATTRIBUTE_SIGNING},
};
use chancery_client::rest::{
    types::users::{Person, RegisterUser, Registered, SignedAttribute, UserType},
    values::{HexAddress, HexBytes, HexHash},
};

use super::Party;

/// How long published keys are valid, in seconds: ten years.
const ATTRIBUTE_VALIDITY_S: u64 = 10 * 365 * 24 * 60 * 60;

/// What an office will confirm.
pub(crate) struct RealName {
    pub(crate) account: String,
    pub(crate) person: Person,
}

impl Party {
    /// Registers the owner of the key. The private key stays here; what goes out is public keys and signatures.
    pub(crate) async fn register(&self, real_name: RealName) -> Result<Registered> {
        let public_key = Bytes::from(self.keys.public_key().to_vec());
        let encryption_key = self.keys.encryption_public_key().0;
        let attributes =
            [(ATTRIBUTE_SIGNING, public_key.clone()), (ATTRIBUTE_ENCRYPTION, Bytes::from(encryption_key.to_vec()))];
        let attributes = (0u64..)
            .zip(attributes)
            .map(|(nonce, (name, value))| {
                let attribute = IdentityAttribute {
                    identity: self.address(),
                    name: name.to_owned(),
                    value: value.clone(),
                    validity: ATTRIBUTE_VALIDITY_S,
                    nonce,
                };
                let digest = attribute_digest(&attribute).context("the attribute's name is too long")?;
                let signature = self.keys.sign_digest(digest)?;
                Ok(SignedAttribute {
                    name: name.to_owned(),
                    value: HexBytes(value),
                    validity: ATTRIBUTE_VALIDITY_S,
                    signature: HexBytes(signature.to_vec().into()),
                })
            })
            .collect::<Result<Vec<_>>>()?;
        let request = RegisterUser {
            account: real_name.account,
            address: HexAddress(self.address()),
            public_key: HexBytes(public_key),
            encryption_key: HexHash(encryption_key.into()),
            user_type: UserType::Person,
            person: real_name.person,
            attributes,
            recovery: false,
        };
        Ok(self.client.register_user(&request).await?)
    }
}
