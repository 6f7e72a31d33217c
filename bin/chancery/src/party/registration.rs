//! Registering (C-API-1): the public keys, the real name, and the signed attributes that will stand on the main chain.

use alloy_primitives::Bytes;
use anyhow::{Context, Result};
use chancery_certificates::{
    operations::{IdentityAttribute, attribute_digest},
    registry::{ATTRIBUTE_ENCRYPTION, ATTRIBUTE_SIGNING},
};
use chancery_client::{
    ClientError,
    rest::{
        types::users::{Person, RegisterUser, Registered, SignedAttribute, UserType},
        values::{HexAddress, HexBytes, HexHash},
    },
};
use chancery_reference_points::Code;
use serde_json::Value;

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
        self.send(real_name, false).await
    }

    /// Registers this key in the place of a lost one of the same person; an office has to confirm that.
    pub(crate) async fn recover(&self, real_name: RealName) -> Result<Registered> {
        self.send(real_name, true).await
    }

    async fn send(&self, real_name: RealName, recovery: bool) -> Result<Registered> {
        let mut request = RegisterUser {
            account: real_name.account,
            address: HexAddress(self.address()),
            public_key: HexBytes(self.public_key()),
            encryption_key: HexHash(self.keys.encryption_public_key()?.0.into()),
            user_type: UserType::Person,
            person: real_name.person,
            attributes: self.signed_attributes(0).await?,
            recovery,
        };
        match self.client.register_user(&request).await {
            Ok(registered) => Ok(registered),
            // An identity that was changed before: the gateway has read from the chain which change comes next.
            Err(error) => {
                let Some(next) = next_change(&error) else { return Err(error.into()) };
                request.attributes = self.signed_attributes(next).await?;
                Ok(self.client.register_user(&request).await?)
            }
        }
    }

    fn public_key(&self) -> Bytes {
        Bytes::from(self.keys.account().public_key().to_vec())
    }

    /// Both keys, signed as the identity's changes from `first` on.
    async fn signed_attributes(&self, first: u64) -> Result<Vec<SignedAttribute>> {
        let encryption_key = Bytes::from(self.keys.encryption_public_key()?.0.to_vec());
        let values = [(ATTRIBUTE_SIGNING, self.public_key()), (ATTRIBUTE_ENCRYPTION, encryption_key)];
        let mut signed = Vec::new();
        for (nonce, (name, value)) in (first..).zip(values) {
            signed.push(self.signed_attribute(name, value, nonce).await?);
        }
        Ok(signed)
    }

    async fn signed_attribute(&self, name: &str, value: Bytes, nonce: u64) -> Result<SignedAttribute> {
        let attribute = IdentityAttribute {
            identity: self.address(),
            name: name.to_owned(),
            value: value.clone(),
            validity: ATTRIBUTE_VALIDITY_S,
            nonce,
        };
        let digest = attribute_digest(&attribute).context("the attribute's name is too long")?;
        let signature = self.keys.sign_digest(digest).await?;
        Ok(SignedAttribute {
            name: name.to_owned(),
            value: HexBytes(value),
            validity: ATTRIBUTE_VALIDITY_S,
            signature: HexBytes(signature.to_vec().into()),
        })
    }
}

/// The number of the identity's next change, when the signatures named another one.
fn next_change(error: &ClientError) -> Option<u64> {
    let problem = error.problem().filter(|problem| problem.known_code() == Some(Code::SignatureInvalid))?;
    problem.members.get("nonce").and_then(Value::as_u64).filter(|next| *next != 0)
}
