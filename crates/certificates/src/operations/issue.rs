//! `certificate.issue`: a key of an organization issues a certificate, or renews one (C-ISSUE, C-API-2).

use std::sync::Arc;

use alloy_primitives::{Address, Bytes, keccak256};
use alloy_sol_types::SolCall;
use async_trait::async_trait;
use chancery_contracts::{CertificateRegistry, predeploys};
use chancery_primitives::{
    CertificateStatus, Issue, OperationType as PrimitiveType, Right, SignedOperation as _, UnixSeconds,
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
    registry::Registry,
    sealing::{JweError, check_sealed_to, read_header},
};

/// The operation to submit: what the issuer signed, with the sealed document as its payload.
///
/// # Errors
/// `UnknownKind`.
pub fn issue_operation(
    directory: &CityDirectory,
    issue: &Issue,
    sealed: &str,
    signature: Bytes,
) -> DoorResult<SignedOperation> {
    let chain = directory.chain_of(issue.kind)?;
    operation(PrimitiveType::CertificateIssue, chain, issue, Bytes::copy_from_slice(sealed.as_bytes()), signature)
}

pub(super) struct IssueHandler {
    directory: Arc<CityDirectory>,
}

impl IssueHandler {
    pub(super) const fn new(directory: Arc<CityDirectory>) -> Self {
        Self { directory }
    }

    fn read(&self, operation: &SignedOperation) -> DoorResult<(Issue, Address)> {
        let issue: Issue = message(operation)?;
        if self.directory.chain_of(issue.kind)? != operation.chain {
            let detail = format!("certificates of the kind {} are not recorded on {}", issue.kind, operation.chain);
            return Err(DoorError::new(Code::WrongChain, detail));
        }
        let domain = self.directory.certificate_domain(issue.kind)?;
        let issuer = issue.recover(&domain, &operation.signature).map_err(signature_error)?;
        Ok((issue, issuer))
    }
}

#[async_trait]
impl OperationHandler for IssueHandler {
    fn operation_type(&self) -> OperationType {
        type_of(PrimitiveType::CertificateIssue)
    }

    fn interpret(&self, operation: &SignedOperation) -> DoorResult<InterpretedOperation> {
        let (issue, issuer) = self.read(operation)?;
        check_members(&issue)?;
        let sealed = sealed_text(&operation.payload)?;
        if keccak256(sealed.as_bytes()) != issue.sealed_hash {
            let detail = "sealedHash is not keccak256 of the sealed document";
            return Err(DoorError::new(Code::SealedHashMismatch, detail));
        }
        read_header(sealed).map_err(jwe_error)?;
        let domain = self.directory.certificate_domain(issue.kind)?;
        Ok(InterpretedOperation {
            digest: issue.digest(&domain),
            source: issuer,
            content_hash: issue.content_hash,
            subject: issue.certificate_id.to_bytes32(),
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
        let (issue, issuer) = self.read(operation)?;
        let now = UnixSeconds(now);
        check_deadline(issue.deadline, now)?;
        let registry = Registry::new(chains, &self.directory);
        check_issuer(&registry, &issue, issuer, now).await?;
        check_recipient(&registry, &issue, sealed_text(&operation.payload)?, now).await?;
        if registry.certificate(issue.kind, issue.certificate_id).await?.is_some() {
            let detail = format!("certificate {} is issued already", issue.certificate_id);
            return Err(DoorError::new(Code::CertificateExists, detail));
        }
        check_renewal(&registry, &issue).await?;
        check_condition(&registry, &issue).await
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
        errors::of_contract(refusal)
    }
}

fn check_members(issue: &Issue) -> DoorResult<()> {
    let malformed = |detail: &str| Err(DoorError::new(Code::MalformedRequest, detail));
    if issue.holder == Address::ZERO {
        return malformed("holder: this is nobody's address");
    }
    if issue.content_hash.is_zero() {
        return malformed("contentHash: it is the hash of the document, never zero");
    }
    if issue.valid_until != UnixSeconds::ZERO && issue.valid_until <= issue.valid_from {
        return malformed("validUntil: it lies after validFrom, or is 0 for without end");
    }
    Ok(())
}

fn sealed_text(payload: &[u8]) -> DoorResult<&str> {
    if payload.len() > MAX_SEALED_BYTES {
        return Err(
            DoorError::new(Code::BodyTooLarge, "the sealed document is too large").with("limit", MAX_SEALED_BYTES)
        );
    }
    std::str::from_utf8(payload).map_err(|_| DoorError::new(Code::MalformedJwe, "the sealed document is no text"))
}

fn jwe_error(error: JweError) -> DoorError {
    DoorError::new(Code::MalformedJwe, error.to_string())
}

/// The main chain is the authority; the side chain must have heard of the right too, or its contract would refuse.
async fn check_issuer(registry: &Registry<'_>, issue: &Issue, issuer: Address, now: UnixSeconds) -> DoorResult<()> {
    let directory = registry.directory();
    for chain in [directory.main(), directory.chain_of(issue.kind)?] {
        let right = Right::issue(issue.kind);
        let authorization = registry.authorization(&chain, issuer, issue.organization, right, now).await?;
        errors::require_authorized(&chain, authorization, issue.organization, right)?;
    }
    Ok(())
}

/// The holder is a confirmed person, and what is sealed is sealed to the key that the person has published.
async fn check_recipient(registry: &Registry<'_>, issue: &Issue, sealed: &str, now: UnixSeconds) -> DoorResult<()> {
    let keys = registry.published_keys(issue.holder, now.get()).await?;
    let Some(key) = keys.and_then(|keys| keys.encryption) else {
        let detail = format!("{} has no digital identity with an encryption key on the main chain", issue.holder);
        return Err(DoorError::new(Code::HolderNotConfirmed, detail));
    };
    match check_sealed_to(sealed, &key) {
        Ok(_) => Ok(()),
        Err(JweError::WrongKey { sealed_to, own }) => {
            let detail = format!("the document is sealed to key {sealed_to}, the holder's is {own}");
            Err(DoorError::new(Code::SealedToWrongKey, detail).with("expected", own).with("actual", sealed_to))
        }
        Err(error) => Err(jwe_error(error)),
    }
}

/// The rule of the kind's chain, which its contract holds as well: a valid certificate of another chain (C-CHAINS).
async fn check_condition(registry: &Registry<'_>, issue: &Issue) -> DoorResult<()> {
    match registry.missing_kind(issue.kind, issue.holder).await? {
        None => Ok(()),
        Some(missing) => {
            let chain = registry.directory().chain_of(issue.kind)?;
            Err(errors::condition_not_met(&chain, issue.holder, missing.as_str()))
        }
    }
}

async fn check_renewal(registry: &Registry<'_>, issue: &Issue) -> DoorResult<()> {
    let Some(previous) = issue.previous else { return Ok(()) };
    let Some(renewed) = registry.certificate(issue.kind, previous).await? else {
        return Err(DoorError::new(Code::UnknownCertificate, format!("there is no certificate {previous} to renew")));
    };
    if renewed.holder != issue.holder || renewed.organization != issue.organization {
        let detail = "a renewal has the holder and the organization of the certificate that it renews";
        return Err(DoorError::new(Code::MalformedRequest, detail));
    }
    if renewed.status != CertificateStatus::Valid {
        let detail = format!("certificate {previous} is {}: issue a new one instead", renewed.status);
        return Err(DoorError::new(Code::StatusTransition, detail).with("status", renewed.status.as_str()));
    }
    Ok(())
}
