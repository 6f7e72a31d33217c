//! `identity.attribute`: a person publishes a key on the main chain (C-ID, C-API-4). The signature is that of ERC-1056's `setAttributeSigned`,
//! made by the person at registration and kept until an office has seen the person.

use std::sync::Arc;

use alloy_primitives::{Address, B256, Bytes, U256, keccak256};
use alloy_sol_types::SolCall;
use async_trait::async_trait;
use chancery_contracts::{EthereumDIDRegistry, predeploys};
use chancery_primitives::{OperationType as PrimitiveType, SIGNATURE_BYTES, recover_signer};
use chancery_reference_points::{
    Code, DoorError, DoorResult,
    application::{ContractCall, ContractRefusal, OperationHandler},
    operation::{InterpretedOperation, OperationType, SignedOperation},
    s2p::Retrieval,
};
use serde::{Deserialize, Serialize};

use super::{errors, message, operation, signature_error, type_of};
use crate::{
    directory::CityDirectory,
    registry::{Registry, identities::attribute_name},
};

/// An attribute of an identity, as its owner signs it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct IdentityAttribute {
    /// Whose.
    pub identity: Address,
    /// Name of the attribute, at most 32 ASCII bytes.
    pub name: String,
    /// Value.
    pub value: Bytes,
    /// For how long it holds from its recording on, seconds.
    pub validity: u64,
    /// The owner's count of signed changes: a signature is used once.
    pub nonce: u64,
}

/// What the owner signs: `keccak256(0x19 0x00 || registry || nonce || identity || "setAttribute" || name || value || validity)` (ERC-1056).
#[must_use]
pub fn attribute_digest(attribute: &IdentityAttribute) -> Option<B256> {
    let name = attribute_name(&attribute.name)?;
    let mut preimage = Vec::with_capacity(200 + attribute.value.len());
    preimage.extend_from_slice(&[0x19, 0x00]);
    preimage.extend_from_slice(predeploys::ETHEREUM_DID_REGISTRY.as_slice());
    preimage.extend_from_slice(&U256::from(attribute.nonce).to_be_bytes::<32>());
    preimage.extend_from_slice(attribute.identity.as_slice());
    preimage.extend_from_slice(b"setAttribute");
    preimage.extend_from_slice(name.as_slice());
    preimage.extend_from_slice(&attribute.value);
    preimage.extend_from_slice(&U256::from(attribute.validity).to_be_bytes::<32>());
    Some(keccak256(preimage))
}

/// The operation to submit.
///
/// # Errors
/// `MalformedRequest`.
pub fn attribute_operation(
    directory: &CityDirectory,
    attribute: &IdentityAttribute,
    signature: Bytes,
) -> DoorResult<SignedOperation> {
    operation(PrimitiveType::IdentityAttribute, directory.main(), attribute, Bytes::new(), signature)
}

pub(super) struct IdentityHandler {
    directory: Arc<CityDirectory>,
}

impl IdentityHandler {
    pub(super) const fn new(directory: Arc<CityDirectory>) -> Self {
        Self { directory }
    }

    fn read(&self, operation: &SignedOperation) -> DoorResult<(IdentityAttribute, B256)> {
        let attribute: IdentityAttribute = message(operation)?;
        if operation.chain != self.directory.main() {
            return Err(DoorError::new(Code::WrongChain, "identities are recorded on the main chain"));
        }
        let digest = attribute_digest(&attribute)
            .ok_or_else(|| DoorError::new(Code::MalformedRequest, "name: it has 1 to 32 ASCII characters"))?;
        Ok((attribute, digest))
    }
}

#[async_trait]
impl OperationHandler for IdentityHandler {
    fn operation_type(&self) -> OperationType {
        type_of(PrimitiveType::IdentityAttribute)
    }

    fn interpret(&self, operation: &SignedOperation) -> DoorResult<InterpretedOperation> {
        let (attribute, digest) = self.read(operation)?;
        let signer = recover_signer(digest, &operation.signature).map_err(signature_error)?;
        if signer != attribute.identity {
            let detail = format!("signed by {signer}, the identity is {}", attribute.identity);
            return Err(DoorError::new(Code::SignatureInvalid, detail));
        }
        Ok(InterpretedOperation {
            digest,
            source: signer,
            content_hash: keccak256(&attribute.value),
            subject: attribute.identity.into_word(),
            time: 0,
        })
    }

    async fn check(
        &self,
        operation: &SignedOperation,
        _: &InterpretedOperation,
        chains: &dyn Retrieval,
        _: u64,
    ) -> DoorResult<()> {
        let (attribute, _) = self.read(operation)?;
        let expected = Registry::new(chains, &self.directory).identity_nonce(attribute.identity).await?;
        if expected == attribute.nonce {
            return Ok(());
        }
        let detail = format!("the attribute was signed as change {}, the identity is at {expected}", attribute.nonce);
        Err(DoorError::new(Code::SignatureInvalid, detail).with("expected", expected).with("actual", attribute.nonce))
    }

    fn contract_call(&self, operation: &SignedOperation) -> DoorResult<Option<ContractCall>> {
        let (attribute, _) = self.read(operation)?;
        let malformed = || DoorError::new(Code::SignatureInvalid, "a signature has 65 bytes");
        let signature: &[u8; SIGNATURE_BYTES] = operation.signature.as_ref().try_into().map_err(|_| malformed())?;
        let call = EthereumDIDRegistry::setAttributeSignedCall {
            identity: attribute.identity,
            sigV: signature[64],
            sigR: B256::from_slice(&signature[..32]),
            sigS: B256::from_slice(&signature[32..64]),
            name: attribute_name(&attribute.name).ok_or_else(malformed)?,
            value: attribute.value,
            validity: U256::from(attribute.validity),
        };
        Ok(Some(ContractCall {
            chain: operation.chain.clone(),
            to: predeploys::ETHEREUM_DID_REGISTRY,
            data: call.abi_encode().into(),
        }))
    }

    fn refused(&self, refusal: &ContractRefusal) -> Option<DoorError> {
        errors::of_contract(refusal)
    }
}
