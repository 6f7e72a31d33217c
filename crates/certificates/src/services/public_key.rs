//! `users.public-key` (C-API-4): the keys that a person has published, from the main chain.

use alloy_primitives::{Address, Bytes};
use async_trait::async_trait;
use chancery_reference_points::{
    Actor, Code, DoorError, DoorResult, application::Service, operation::ChainName, s2p::Retrieval,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Context, answer, names, parameters, subject_member};
use crate::{keys::Jwk, registration::did, registry::Registry};

/// Whose keys.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PublicKeyQuery {
    /// The person.
    pub address: Address,
}

/// The key that certificates are sealed to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EncryptionKey {
    /// RFC 8037.
    pub jwk: Jwk,
    /// RFC 7638: the `kid` of what is sealed to it.
    pub thumbprint: String,
}

/// Where it was read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ReadAtAnswer {
    /// The chain.
    pub chain: ChainName,
    /// Its final block.
    pub block_number: u64,
}

/// The keys of a person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PublicKeyAnswer {
    /// The person.
    pub address: Address,
    /// Decentralized identifier.
    pub did: String,
    /// Uncompressed secp256k1, 65 bytes.
    pub public_key: Bytes,
    /// X25519.
    pub encryption_key: EncryptionKey,
    /// Where it was read.
    pub source: ReadAtAnswer,
}

pub(super) struct PublicKeyService(pub(super) Context);

#[async_trait]
impl Service for PublicKeyService {
    fn name(&self) -> &'static str {
        names::PUBLIC_KEY
    }

    fn description(&self) -> &'static str {
        "The public keys of a person, as published on the main chain."
    }

    async fn answer(&self, _: &Actor, value: Value, chains: &dyn Retrieval) -> DoorResult<Value> {
        let address = parameters::<PublicKeyQuery>(self.name(), value)?.address;
        let directory = &self.0.directory;
        let keys = Registry::new(chains, directory).published_keys(address, self.0.now().get()).await?;
        let found = keys.and_then(|keys| Some((keys.signing?, keys.encryption?, keys.read_at)));
        let Some((public_key, encryption, read_at)) = found else {
            let detail = format!("{address} has published no keys that are in force");
            return Err(DoorError::new(Code::UnknownAddress, detail));
        };
        answer(&PublicKeyAnswer {
            address,
            did: did(directory, address),
            public_key,
            encryption_key: EncryptionKey { jwk: encryption.jwk(), thumbprint: encryption.thumbprint() },
            source: ReadAtAnswer { chain: read_at.chain, block_number: read_at.block_number },
        })
    }

    fn subject(&self, parameters: &Value) -> Option<String> {
        subject_member(parameters, "address")
    }
}
