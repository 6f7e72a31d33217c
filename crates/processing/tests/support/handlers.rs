//! The smallest application: certificates without rules of their own, and data without a contract call.

use alloy::sol_types::SolCall;
use alloy_primitives::{Address, keccak256};
use async_trait::async_trait;
use chancery_contracts::{CertificateRegistry, predeploys};
use chancery_primitives::{Issue, SignedOperation as _, SigningDomain};
use chancery_reference_points::{
    Code, DoorError, DoorResult,
    application::{ContractCall, ContractRefusal, OperationHandler},
    operation::{InterpretedOperation, OperationType, SignedOperation},
    s2p::Retrieval,
};

pub struct IssueHandler {
    pub chain_id: u64,
}

impl IssueHandler {
    fn read(&self, operation: &SignedOperation) -> DoorResult<(Issue, Address)> {
        let issue: Issue = serde_json::from_value(operation.message.clone())
            .map_err(|error| DoorError::new(Code::MalformedRequest, error.to_string()))?;
        let domain = SigningDomain::new(self.chain_id, predeploys::CERTIFICATE_REGISTRY);
        let issuer = issue
            .recover(&domain, &operation.signature)
            .map_err(|error| DoorError::new(Code::SignatureInvalid, error.to_string()))?;
        Ok((issue, issuer))
    }
}

#[async_trait]
impl OperationHandler for IssueHandler {
    fn operation_type(&self) -> OperationType {
        OperationType("certificate.issue".to_owned())
    }

    fn interpret(&self, operation: &SignedOperation) -> DoorResult<InterpretedOperation> {
        let (issue, source) = self.read(operation)?;
        let domain = SigningDomain::new(self.chain_id, predeploys::CERTIFICATE_REGISTRY);
        Ok(InterpretedOperation {
            digest: issue.digest(&domain),
            source,
            content_hash: issue.content_hash,
            subject: issue.certificate_id.to_bytes32(),
            time: 0,
        })
    }

    async fn check(
        &self,
        operation: &SignedOperation,
        interpreted: &InterpretedOperation,
        chains: &dyn Retrieval,
        _: u64,
    ) -> DoorResult<()> {
        let call = CertificateRegistry::statusOfCall { certificateId: interpreted.subject };
        let view = chains.view(&operation.chain, predeploys::CERTIFICATE_REGISTRY, call.abi_encode().into()).await?;
        let word = CertificateRegistry::statusOfCall::abi_decode_returns(&view.data).map_err(DoorError::internal)?;
        if word.status == 0 { Ok(()) } else { Err(DoorError::new(Code::CertificateExists, "it exists")) }
    }

    fn contract_call(&self, operation: &SignedOperation) -> DoorResult<Option<ContractCall>> {
        let (issue, issuer) = self.read(operation)?;
        let call = CertificateRegistry::issueCall {
            operation: (&issue).into(),
            issuer,
            signature: operation.signature.clone(),
            sealedPayload: operation.payload.clone(),
        };
        Ok(Some(ContractCall {
            chain: operation.chain.clone(),
            to: predeploys::CERTIFICATE_REGISTRY,
            data: call.abi_encode().into(),
        }))
    }

    fn refused(&self, refusal: &ContractRefusal) -> Option<DoorError> {
        (refusal.name == "SignerNotAuthorized")
            .then(|| DoorError::new(Code::IssuerNotAuthorized, refusal.argument("signer").unwrap_or_default()))
    }
}

pub struct RecordHandler;

#[async_trait]
impl OperationHandler for RecordHandler {
    fn operation_type(&self) -> OperationType {
        OperationType("data.record".to_owned())
    }

    fn interpret(&self, operation: &SignedOperation) -> DoorResult<InterpretedOperation> {
        let digest = keccak256(operation.message.to_string());
        Ok(InterpretedOperation {
            digest,
            source: Address::repeat_byte(0x44),
            content_hash: digest,
            subject: digest,
            time: 0,
        })
    }

    async fn check(&self, _: &SignedOperation, _: &InterpretedOperation, _: &dyn Retrieval, _: u64) -> DoorResult<()> {
        Ok(())
    }

    fn contract_call(&self, _: &SignedOperation) -> DoorResult<Option<ContractCall>> {
        Ok(None)
    }
}
