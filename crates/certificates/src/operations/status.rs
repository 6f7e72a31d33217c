//! `certificate.status`: a key of the issuing organization suspends, resumes or revokes (C-LIFE).

use std::sync::Arc;

use alloy_primitives::{Address, Bytes, keccak256};
use alloy_sol_types::SolCall;
use async_trait::async_trait;
use chancery_contracts::{CertificateRegistry, predeploys};
use chancery_primitives::{
    CertificateKind, CertificateStatus, ChangeStatus, OperationType as PrimitiveType, RevocationReason, Right,
    SignedOperation as _, UnixSeconds,
};
use chancery_reference_points::{
    Code, DoorError, DoorResult,
    application::{ContractCall, ContractRefusal, OperationHandler},
    operation::{InterpretedOperation, OperationType, SignedOperation},
    s2p::Retrieval,
};

use super::{check_deadline, errors, message, operation, signature_error, type_of};
use crate::{directory::CityDirectory, registry::Registry};

/// The operation to submit.
///
/// # Errors
/// `UnknownKind`.
pub fn status_operation(
    directory: &CityDirectory,
    kind: CertificateKind,
    change: &ChangeStatus,
    signature: Bytes,
) -> DoorResult<SignedOperation> {
    operation(PrimitiveType::CertificateStatus, directory.chain_of(kind)?, change, Bytes::new(), signature)
}

pub(super) struct StatusHandler {
    directory: Arc<CityDirectory>,
}

impl StatusHandler {
    pub(super) const fn new(directory: Arc<CityDirectory>) -> Self {
        Self { directory }
    }

    fn read(&self, operation: &SignedOperation) -> DoorResult<(CertificateKind, ChangeStatus, Address)> {
        let change: ChangeStatus = message(operation)?;
        let kind = self.directory.kind_of(&operation.chain)?;
        let domain = self.directory.certificate_domain(kind)?;
        let issuer = change.recover(&domain, &operation.signature).map_err(signature_error)?;
        Ok((kind, change, issuer))
    }
}

#[async_trait]
impl OperationHandler for StatusHandler {
    fn operation_type(&self) -> OperationType {
        type_of(PrimitiveType::CertificateStatus)
    }

    fn interpret(&self, operation: &SignedOperation) -> DoorResult<InterpretedOperation> {
        let (kind, change, issuer) = self.read(operation)?;
        if change.status == CertificateStatus::Renewed {
            return Err(DoorError::new(
                Code::MalformedRequest,
                "status: a renewal sets `renewed`, nobody signs for it",
            ));
        }
        if !reason_fits(change.status, change.reason) {
            let detail = format!("reason: {} does not go with {}", change.reason, change.status);
            return Err(DoorError::new(Code::MalformedRequest, detail));
        }
        let digest = change.digest(&self.directory.certificate_domain(kind)?);
        Ok(InterpretedOperation {
            digest,
            source: issuer,
            // There is no content but the change itself.
            content_hash: keccak256(digest),
            subject: change.certificate_id.to_bytes32(),
            time: 0,
        })
    }

    async fn check(
        &self,
        operation: &SignedOperation,
        _: &InterpretedOperation,
        chains: &dyn Retrieval,
        now: u64,
    ) -> DoorResult<()> {
        let (kind, change, issuer) = self.read(operation)?;
        let now = UnixSeconds(now);
        check_deadline(change.deadline, now)?;
        let registry = Registry::new(chains, &self.directory);
        let Some(certificate) = registry.certificate(kind, change.certificate_id).await? else {
            let detail = format!("the chain of {kind} knows no certificate {}", change.certificate_id);
            return Err(DoorError::new(Code::UnknownCertificate, detail));
        };
        let right = Right::issue(kind);
        for chain in [self.directory.main(), operation.chain.clone()] {
            let authorization = registry.authorization(&chain, issuer, certificate.organization, right, now).await?;
            errors::require_authorized(&chain, authorization, certificate.organization, right)?;
        }
        if change.revision != certificate.revision {
            let detail =
                format!("revision {} was signed, the certificate is at {}", change.revision, certificate.revision);
            return Err(DoorError::new(Code::StaleRevision, detail)
                .with("expected", change.revision)
                .with("actual", certificate.revision));
        }
        if !may_follow(certificate.status, change.status) {
            let detail = format!("a certificate that is {} does not become {}", certificate.status, change.status);
            return Err(DoorError::new(Code::StatusTransition, detail).with("status", certificate.status.as_str()));
        }
        Ok(())
    }

    fn contract_call(&self, operation: &SignedOperation) -> DoorResult<Option<ContractCall>> {
        let (_, change, issuer) = self.read(operation)?;
        let call = CertificateRegistry::changeStatusCall {
            operation: (&change).into(),
            issuer,
            signature: operation.signature.clone(),
        };
        Ok(Some(ContractCall {
            chain: operation.chain.clone(),
            to: predeploys::CERTIFICATE_REGISTRY,
            data: call.abi_encode().into(),
        }))
    }

    fn refused(&self, refusal: &ContractRefusal) -> Option<DoorError> {
        errors::of_contract(refusal)
    }
}

/// Valid can be suspended or revoked, suspended can be resumed or revoked; revoked and renewed are final.
const fn may_follow(from: CertificateStatus, to: CertificateStatus) -> bool {
    use CertificateStatus::{Revoked, Suspended, Valid};
    matches!((from, to), (Valid, Suspended | Revoked) | (Suspended, Valid | Revoked))
}

/// The contract's rule: resuming needs no reason, suspending is a hold, the others revoke.
const fn reason_fits(status: CertificateStatus, reason: RevocationReason) -> bool {
    use RevocationReason::{CertificateHold, Unspecified};
    match status {
        CertificateStatus::Suspended => matches!(reason, Unspecified | CertificateHold),
        CertificateStatus::Revoked => !matches!(reason, CertificateHold),
        CertificateStatus::Valid | CertificateStatus::Renewed => matches!(reason, Unspecified),
    }
}
