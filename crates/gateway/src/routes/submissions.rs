//! From requests about certificates to submissions at R2D, and back from their receipts.

use alloy_primitives::{Bytes, keccak256};
use chancery_primitives::{
    CertificateId, CertificateKind, OrganizationCode, UnixSeconds,
    operation::{ChangeStatus as ChangeStatusOperation, Inspect, Issue, OperationType},
};
use chancery_reference_points::{
    Code, DoorError,
    data_format::FormatId,
    operation::{ChainName, OperationType as DoorOperationType, SignedOperation},
    r2d::{Submission, SubmissionReceipt},
};
use chancery_rest::{
    types::{
        Recorded,
        certificates::{CertificateStatus as WireStatus, ChangeStatus, DataBlock, IssueCertificate, Issued},
        inspections::{CheckCertificate, RecordInspection},
    },
    values::{HexBytes, HexHash},
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

use super::map;
use crate::{
    authorization::layer::Caller,
    problem::{ApiError, ApiResult},
    state::Shared,
};

/// An operation whose own contract call is not in its receipt: the entities promise one for certificates.
#[derive(Debug, thiserror::Error)]
#[error("the receipt of a certificate operation has no transaction of its own")]
struct NoTransaction;

/// A member that does not read as what it has to be.
fn malformed(member: &'static str) -> impl Fn(&dyn std::fmt::Display) -> ApiError {
    move |error| ApiError::new(Code::MalformedRequest, format!("{member}: {error}")).with("member", member)
}

fn kind(name: &str) -> ApiResult<CertificateKind> {
    CertificateKind::parse(name)
        .map_err(|error| ApiError::new(Code::UnknownKind, format!("kind: {error}")).with("member", "kind"))
}

fn organization(member: &'static str, code: &str) -> ApiResult<OrganizationCode> {
    OrganizationCode::parse(code).map_err(|error| malformed(member)(&error))
}

fn certificate_id(id: HexHash) -> ApiResult<CertificateId> {
    CertificateId::new(id.0).map_err(|error| malformed("certificateId")(&error))
}

/// One name, one value: the wire and the platform write codes alike, and a test holds it.
fn same_name<T: DeserializeOwned>(value: &impl Serialize) -> ApiResult<T> {
    Ok(serde_json::from_value(map::to_json(value)?).map_err(DoorError::internal)?)
}

struct Parts {
    operation_type: OperationType,
    kind: CertificateKind,
    message: Value,
    payload: Bytes,
    signature: HexBytes,
    metadata: Value,
}

fn submission(parts: Parts, idempotency_key: Option<String>) -> Submission {
    Submission {
        operation: SignedOperation {
            operation_type: DoorOperationType(parts.operation_type.as_str().to_owned()),
            message: parts.message,
            payload: parts.payload,
            signature: parts.signature.0,
            // A kind is named like its side chain (encodings, "Chains of a city").
            chain: ChainName(parts.kind.to_string()),
        },
        format: FormatId(format!("certificate/{}", parts.kind)),
        metadata: parts.metadata,
        idempotency_key,
    }
}

/// Submits an operation about a certificate. Every kind has a data format of its own, so a format that R2D does not know is a kind that the
/// city does not have: the caller never named a format.
pub(super) async fn submit(shared: &Shared, caller: &Caller, submission: Submission) -> ApiResult<SubmissionReceipt> {
    shared.doors.r2d.submit(&caller.actor, submission).await.map_err(|error| match error.code() {
        Code::UnknownFormat => {
            ApiError::new(Code::UnknownKind, "kind: GET /v1/kinds lists them").with("member", "kind")
        }
        _ => error.into(),
    })
}

/// The EIP-712 struct `Issue` with the sealed certificate.
pub(super) fn issue(request: IssueCertificate, idempotency_key: Option<String>) -> ApiResult<Submission> {
    let kind = kind(&request.kind)?;
    let payload = Bytes::from(request.sealed.into_bytes());
    let operation = Issue {
        certificate_id: certificate_id(request.certificate_id)?,
        kind,
        organization: organization("organization", &request.organization)?,
        holder: request.holder.0,
        content_hash: request.content_hash.0,
        sealed_hash: keccak256(&payload),
        valid_from: UnixSeconds(request.valid_from),
        valid_until: UnixSeconds(request.valid_until),
        previous: request.previous.map(certificate_id).transpose()?,
        deadline: UnixSeconds(request.deadline),
    };
    let parts = Parts {
        operation_type: OperationType::CertificateIssue,
        kind,
        message: map::to_json(&operation)?,
        payload,
        signature: request.signature,
        metadata: Value::Null,
    };
    Ok(submission(parts, idempotency_key))
}

/// The EIP-712 struct `ChangeStatus`.
pub(super) fn change_status(
    id: HexHash,
    request: ChangeStatus,
    idempotency_key: Option<String>,
) -> ApiResult<Submission> {
    if request.status == WireStatus::Renewed {
        return Err(malformed("status")(&"renewed is set by a renewal, never signed for"));
    }
    let operation = ChangeStatusOperation {
        certificate_id: certificate_id(id)?,
        status: same_name(&request.status)?,
        reason: same_name(&request.reason)?,
        revision: request.revision,
        deadline: UnixSeconds(request.deadline),
    };
    let parts = Parts {
        operation_type: OperationType::CertificateStatus,
        kind: kind(&request.kind)?,
        message: map::to_json(&operation)?,
        payload: Bytes::new(),
        signature: request.signature,
        metadata: Value::Null,
    };
    Ok(submission(parts, idempotency_key))
}

/// The EIP-712 struct `Inspect`. What was checked travels as its payload, so that whoever records it makes the checks again.
pub(super) fn inspect(request: RecordInspection, idempotency_key: Option<String>) -> ApiResult<Submission> {
    let evidence = serde_json::to_vec(&check_of(&request)).map_err(DoorError::internal)?;
    let operation = Inspect {
        certificate_id: certificate_id(request.certificate_id)?,
        holder: request.address.0,
        organization: organization("inspectingOrganization", &request.inspecting_organization)?,
        presentation_hash: request.presentation_hash.0,
        outcome: same_name(&request.outcome)?,
        deadline: UnixSeconds(request.deadline),
    };
    let parts = Parts {
        operation_type: OperationType::CertificateInspect,
        kind: kind(&request.kind)?,
        message: map::to_json(&operation)?,
        payload: evidence.into(),
        signature: request.signature,
        metadata: Value::Null,
    };
    Ok(submission(parts, idempotency_key))
}

/// What an inspection checks: itself without the outcome and the signature.
pub(super) fn check_of(request: &RecordInspection) -> CheckCertificate {
    CheckCertificate {
        address: request.address,
        organization: request.organization.clone(),
        certificate_id: request.certificate_id,
        kind: request.kind.clone(),
        content_hash: request.content_hash,
        presentation: request.presentation.clone(),
        presentation_hash: request.presentation_hash,
        sealed: request.sealed.clone(),
    }
}

/// Where the operation's own contract call is recorded.
pub(super) fn own_record(receipt: SubmissionReceipt) -> ApiResult<Recorded> {
    Ok(receipt.operation.map(map::recorded).ok_or_else(|| DoorError::internal(NoTransaction))?)
}

pub(super) fn issued(certificate_id: HexHash, receipt: SubmissionReceipt) -> ApiResult<Issued> {
    let data_block = DataBlock { root: receipt.data_block_root.into(), tx_hash: receipt.data_block.tx_hash.into() };
    let recorded = own_record(receipt)?;
    Ok(Issued {
        certificate_id,
        chain: recorded.chain,
        tx_hash: recorded.tx_hash,
        block_number: recorded.block_number,
        block_hash: recorded.block_hash,
        data_block,
        application_closed: None,
    })
}
