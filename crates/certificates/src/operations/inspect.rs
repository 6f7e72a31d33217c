//! `certificate.inspect`: an inspector records what was found (C-API-3). The checks are made again here; a signed outcome that differs from
//! what they find is refused, so that no record says what was not so.

use std::sync::Arc;

use alloy_primitives::{Address, B256, Bytes};
use alloy_sol_types::SolCall;
use async_trait::async_trait;
use chancery_contracts::{CertificateRegistry, predeploys};
use chancery_primitives::{
    CertificateKind, Inspect, OperationType as PrimitiveType, Right, SignedOperation as _, UnixSeconds,
};
use chancery_reference_points::{
    Code, DoorError, DoorResult,
    application::{ContractCall, ContractRefusal, OperationHandler},
    operation::{InterpretedOperation, OperationType, SignedOperation},
    s2p::Retrieval,
};

use super::{MAX_SEALED_BYTES, check_deadline, errors, message, operation, signature_error, type_of};
use crate::{
    directory::CityDirectory,
    inspection::{CheckCertificate, Findings, gather},
    registry::Registry,
};

/// Largest evidence that travels with an inspection, in bytes of JSON.
const MAX_EVIDENCE_BYTES: usize = 2 * MAX_SEALED_BYTES;

/// The operation to submit: what the inspector signed, with what was in the inspector's hands as its payload.
///
/// # Errors
/// `UnknownKind`.
pub fn inspect_operation(
    directory: &CityDirectory,
    inspect: &Inspect,
    evidence: &CheckCertificate,
    signature: Bytes,
) -> DoorResult<SignedOperation> {
    let payload = serde_json::to_vec(evidence).map_err(DoorError::internal)?;
    operation(PrimitiveType::CertificateInspect, directory.chain_of(evidence.kind)?, inspect, payload.into(), signature)
}

pub(super) struct InspectHandler {
    directory: Arc<CityDirectory>,
}

impl InspectHandler {
    pub(super) const fn new(directory: Arc<CityDirectory>) -> Self {
        Self { directory }
    }

    fn read(&self, operation: &SignedOperation) -> DoorResult<(CertificateKind, Inspect, Address)> {
        let inspect: Inspect = message(operation)?;
        let kind = self.directory.kind_of(&operation.chain)?;
        let domain = self.directory.certificate_domain(kind)?;
        let inspector = inspect.recover(&domain, &operation.signature).map_err(signature_error)?;
        Ok((kind, inspect, inspector))
    }
}

#[async_trait]
impl OperationHandler for InspectHandler {
    fn operation_type(&self) -> OperationType {
        type_of(PrimitiveType::CertificateInspect)
    }

    fn interpret(&self, operation: &SignedOperation) -> DoorResult<InterpretedOperation> {
        let (kind, inspect, inspector) = self.read(operation)?;
        let evidence = evidence(&operation.payload)?;
        if inspect.presentation_hash.is_zero() {
            let detail = "presentationHash: name what was shown; without a presentation, the hash of the document";
            return Err(DoorError::new(Code::MalformedRequest, detail));
        }
        check_same_subject(kind, &inspect, &evidence)?;
        Ok(InterpretedOperation {
            digest: inspect.digest(&self.directory.certificate_domain(kind)?),
            source: inspector,
            content_hash: evidence.content_hash,
            subject: inspect.certificate_id.to_bytes32(),
            time: 0,
        })
    }

    async fn check(
        &self,
        operation: &SignedOperation,
        interpreted: &InterpretedOperation,
        chains: &dyn Retrieval,
        now: u64,
    ) -> DoorResult<()> {
        let (kind, inspect, inspector) = self.read(operation)?;
        let now = UnixSeconds(now);
        check_deadline(inspect.deadline, now)?;
        let registry = Registry::new(chains, &self.directory);
        // It is recorded on the side chain, whose registry judges the inspector; that chain has to answer anyhow.
        let authorization =
            registry.authorization(&operation.chain, inspector, inspect.organization, Right::INSPECTION, now).await?;
        errors::require_authorized(&operation.chain, authorization, inspect.organization, Right::INSPECTION)?;
        if registry.is_inspection_recorded(kind, interpreted.digest).await? {
            return Err(DoorError::new(Code::AlreadyInspected, "this inspection is recorded already"));
        }
        let findings = gather(&registry, &evidence(&operation.payload)?, now).await?.findings;
        if findings.outcome == inspect.outcome { Ok(()) } else { Err(mismatch(&inspect, &findings)) }
    }

    fn contract_call(&self, operation: &SignedOperation) -> DoorResult<Option<ContractCall>> {
        let (_, inspect, inspector) = self.read(operation)?;
        let call = CertificateRegistry::inspectCall {
            operation: (&inspect).into(),
            inspector,
            signature: operation.signature.clone(),
        };
        Ok(Some(ContractCall {
            chain: operation.chain.clone(),
            to: predeploys::CERTIFICATE_REGISTRY,
            data: call.abi_encode().into(),
        }))
    }

    fn refused(&self, refusal: &ContractRefusal) -> Option<DoorError> {
        if refusal.name == "SignerNotAuthorized" {
            let detail = "the key is not authorized for inspection on the chain of this kind";
            return Some(DoorError::new(Code::RoleRequired, detail).with("required", vec!["inspector"]));
        }
        errors::of_contract(refusal)
    }
}

fn evidence(payload: &[u8]) -> DoorResult<CheckCertificate> {
    if payload.len() > MAX_EVIDENCE_BYTES {
        return Err(DoorError::new(Code::BodyTooLarge, "the evidence is too large").with("limit", MAX_EVIDENCE_BYTES));
    }
    serde_json::from_slice(payload)
        .map_err(|error| DoorError::new(Code::MalformedRequest, format!("the evidence of the inspection: {error}")))
}

/// What was signed and what is checked must be about the same thing.
fn check_same_subject(kind: CertificateKind, inspect: &Inspect, evidence: &CheckCertificate) -> DoorResult<()> {
    let differs = if inspect.certificate_id != evidence.certificate_id {
        "certificateId"
    } else if inspect.holder != evidence.address {
        "holder"
    } else if kind != evidence.kind {
        "kind"
    } else if inspect.presentation_hash != shown_hash(evidence) {
        "presentationHash"
    } else {
        return Ok(());
    };
    Err(DoorError::new(
        Code::MalformedRequest,
        format!("{differs}: the inspector signed for another one than is checked"),
    ))
}

/// What a record names as shown: the presentation, or without one the document itself.
fn shown_hash(evidence: &CheckCertificate) -> B256 {
    if evidence.presentation.is_some() { evidence.presentation_hash } else { evidence.content_hash }
}

fn mismatch(inspect: &Inspect, findings: &Findings) -> DoorError {
    let failed = findings.failed().map_or_else(String::new, |check| format!(" ({}: {})", check.name, check.detail));
    let detail = format!("signed {}, found {}{failed}", inspect.outcome, findings.outcome);
    let checks = serde_json::to_value(&findings.checks).unwrap_or_default();
    DoorError::new(Code::OutcomeMismatch, detail)
        .with("signed", inspect.outcome.as_str())
        .with("found", findings.outcome.as_str())
        .with("checks", checks)
}
