//! Refusals in the terms of the doors, whether a check of ours or the contract finds them.

use alloy_primitives::{Address, B256};
use chancery_contracts::TrustRefusal;
use chancery_primitives::{CertificateKind, OrganizationCode, Right};
use chancery_reference_points::{Code, DoorError, DoorResult, application::ContractRefusal, operation::ChainName};

use crate::registry::Authorization;

/// Only an authorized key goes on.
pub(super) fn require_authorized(
    chain: &ChainName,
    authorization: Authorization,
    organization: OrganizationCode,
    right: Right,
) -> DoorResult<()> {
    let (code, detail) = match authorization {
        Authorization::Authorized => return Ok(()),
        Authorization::KeyEnded => {
            (Code::KeyRotated, format!("the key's authorization for {right} of {organization} has ended"))
        }
        Authorization::OrganizationSuspended => {
            (Code::OrganizationSuspended, format!("organization {organization} is suspended"))
        }
        Authorization::UnknownOrganization => {
            (Code::UnknownOrganization, format!("there is no organization {organization}"))
        }
        Authorization::NotAuthorized => return Err(not_authorized(organization.as_str(), right)),
        Authorization::NotShown(why) => return Err(not_shown(chain, organization, right, why)),
    };
    Err(DoorError::new(code, detail).with("organization", organization.as_str()).with("right", right.as_str()))
}

/// It passes by itself, since whoever carries proofs has not been there yet; or by a vote, if the anchor is frozen.
fn not_shown(chain: &ChainName, organization: OrganizationCode, right: Right, why: TrustRefusal) -> DoorError {
    let detail =
        format!("the main chain lets the key use {right} of {organization}, and chain {chain} does not: {why}");
    DoorError::new(Code::RightNotShown, detail)
        .with("chain", chain.0.as_str())
        .with("organization", organization.as_str())
        .with("right", right.as_str())
}

fn not_authorized(organization: &str, right: Right) -> DoorError {
    let detail = format!("the key is not authorized for {right} of {organization}");
    let error = if right.kind().is_some() {
        DoorError::new(Code::IssuerNotAuthorized, detail)
    } else {
        // Who may not inspect lacks a role, not a kind.
        DoorError::new(Code::RoleRequired, detail).with("required", vec![role_of(right)])
    };
    error.with("organization", organization).with("right", right.as_str())
}

fn role_of(right: Right) -> &'static str {
    if right == Right::INSPECTION {
        "inspector"
    } else if right == Right::REGISTRATION {
        "registrar"
    } else {
        "source"
    }
}

/// The rule asks for a kind that the holder was not shown to have.
pub(super) fn condition_not_met(chain: &ChainName, holder: Address, missing: &str) -> DoorError {
    let detail = format!("chain {chain} was not shown that {holder} holds a valid certificate of the kind {missing}");
    DoorError::new(Code::ConditionNotMet, detail).with("requiredKind", missing).with("chain", chain.0.as_str())
}

/// What a contract's error means. The same names as our own checks give, for races in which the chain sees what we did not yet see.
pub(super) fn of_contract(refusal: &ContractRefusal) -> Option<DoorError> {
    if refusal.name == "ConditionNotMet" {
        return Some(condition_of_contract(refusal));
    }
    let code = match refusal.name.as_str() {
        "OperationExpired" => Code::OperationExpired,
        "SignatureInvalid" | "OwnerSignatureInvalid" => Code::SignatureInvalid,
        "SignerNotAuthorized" => Code::IssuerNotAuthorized,
        "KindNotEnabled" | "KindMalformed" => Code::UnknownKind,
        "CertificateAlreadyIssued" => Code::CertificateExists,
        "CertificateUnknown" => Code::UnknownCertificate,
        "SealedPayloadMismatch" => Code::SealedHashMismatch,
        "SealedPayloadLength" => Code::BodyTooLarge,
        "RevisionStale" => Code::StaleRevision,
        "StatusTransition" | "RenewalOfStatus" => Code::StatusTransition,
        "InspectionAlreadyRecorded" => Code::AlreadyInspected,
        "RenewalMismatch"
        | "ValidityMalformed"
        | "ReasonMalformed"
        | "HolderZero"
        | "ContentHashZero"
        | "CertificateIdZero"
        | "OutcomeUnknown"
        | "PresentationHashZero" => Code::MalformedRequest,
        _ => return None,
    };
    let error = DoorError::new(code, format!("the contract refuses: {}", refusal.name));
    Some(match (refusal.argument("expected"), refusal.argument("actual")) {
        (Some(expected), Some(actual)) => error.with("expected", expected).with("actual", actual),
        _ => error,
    })
}

/// As our own check says it; which chain it was, the caller knows.
fn condition_of_contract(refusal: &ContractRefusal) -> DoorError {
    let asked = refusal.argument("requiredKind").unwrap_or_default();
    let kind = asked.parse::<B256>().ok().and_then(|word| CertificateKind::from_bytes32(word).ok());
    let kind = kind.map_or_else(|| asked.to_owned(), |kind| kind.to_string());
    let detail = format!("the chain was not shown that the holder has a valid certificate of the kind {kind}");
    DoorError::new(Code::ConditionNotMet, detail).with("requiredKind", kind)
}
