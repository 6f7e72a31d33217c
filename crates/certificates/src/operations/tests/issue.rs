//! `certificate.issue` (C-ISSUE, C-API-2).

use alloy_primitives::{Address, B256};
use chancery_primitives::{CertificateKind, CertificateStatus, Issue, RevocationReason, Right};

use super::*;
use crate::{
    recorded_city::{
        BEFORE, OFFICE, RecordedCity, office, other_office,
        samples::{DEGREE, Degree, id},
        stranger,
    },
    sealing::seal,
};

fn domain() -> SigningDomain {
    directory().certificate_domain(DEGREE).unwrap()
}

fn signed(degree: &Degree) -> SignedOperation {
    signed_by(degree, office())
}

fn signed_by(degree: &Degree, keys: &PersonKeys) -> SignedOperation {
    let signature = sign(&degree.issue, &domain(), keys);
    issue_operation(&directory(), &degree.issue, &degree.sealed, signature).unwrap()
}

/// Signed anew after a change of what is signed.
fn with(change: impl FnOnce(&mut Issue)) -> SignedOperation {
    let mut degree = Degree::new(1);
    change(&mut degree.issue);
    signed(&degree)
}

/// Sealed to somebody, and signed for that.
fn sealed_to(recipient: &PersonKeys) -> SignedOperation {
    let mut degree = Degree::new(1);
    degree.sealed = seal(&degree.document, &recipient.encryption_public_key()).unwrap();
    degree.issue.sealed_hash = keccak256_of(&degree.sealed);
    signed(&degree)
}

fn keccak256_of(text: &str) -> B256 {
    alloy_primitives::keccak256(text.as_bytes())
}

#[tokio::test]
async fn an_office_issues_to_a_confirmed_person() {
    let degree = Degree::new(1);
    let operation = signed(&degree);
    submitted(&operation, &RecordedCity::founded()).await.unwrap();
    let read = handler(&operation).interpret(&operation).unwrap();
    assert_eq!((read.source, read.subject), (office().address(), id(1).to_bytes32()));
    assert_eq!(read.digest, degree.issue.digest(&domain()));
    let call = handler(&operation).contract_call(&operation).unwrap().unwrap();
    assert_eq!((call.chain, call.to), (operation.chain, chancery_contracts::predeploys::CERTIFICATE_REGISTRY));
}

// bad input: a certificate sealed to the wrong key
#[tokio::test]
async fn what_is_sealed_to_another_key_than_the_holders_is_refused_and_both_are_named() {
    let other = PersonKeys::from_phrase(&PersonKeys::new_phrase().unwrap()).unwrap();
    let error = submitted(&sealed_to(&other), &RecordedCity::founded()).await.unwrap_err();
    assert_eq!(error.code(), Code::SealedToWrongKey);
    assert_eq!(error.members()["actual"], other.encryption_public_key().thumbprint());
    assert_eq!(error.members()["expected"], crate::recorded_city::holder().encryption_public_key().thumbprint());
}

// bad input: an issuer without the right to a kind
#[tokio::test]
async fn a_key_without_the_right_to_the_kind_is_not_authorized() {
    let city = RecordedCity::founded();
    assert_eq!(refused(&signed_by(&Degree::new(1), other_office()), &city).await, Code::IssuerNotAuthorized);
    city.authorize(OFFICE, other_office().address(), Right::issue(CertificateKind::MARRIAGE));
    assert_eq!(refused(&signed_by(&Degree::new(1), other_office()), &city).await, Code::IssuerNotAuthorized);
    // The side chain has not heard of the right yet: its contract would refuse.
    city.authorize(OFFICE, stranger().address(), Right::issue(DEGREE));
    city.forget_key("degree", stranger().address());
    assert_eq!(refused(&signed_by(&Degree::new(1), stranger()), &city).await, Code::IssuerNotAuthorized);
}

// C-CHAINS, TRUST-6: what the main chain gives and the side chain was not shown yet passes by itself; what the main chain does not give never counts.
#[tokio::test]
async fn a_right_on_its_way_is_told_from_none_at_all() {
    let city = RecordedCity::founded();
    city.prove_rights();
    submitted(&signed(&Degree::new(1)), &city).await.unwrap();
    city.authorize(OFFICE, stranger().address(), Right::issue(DEGREE));
    city.forget_key("degree", stranger().address());
    let by_stranger = signed_by(&Degree::new(1), stranger());
    let error = submitted(&by_stranger, &city).await.unwrap_err();
    assert_eq!((error.code(), error.members()["chain"].as_str()), (Code::RightNotShown, Some("degree")));
    assert_eq!(error.class(), chancery_reference_points::Class::Temporary);
    assert!(error.to_string().contains("was not shown there yet"), "{error}");
    // It is over on the main chain, and the side chain has not heard of it.
    city.authorize(OFFICE, stranger().address(), Right::issue(DEGREE));
    city.forget_key("main", stranger().address());
    assert_eq!(refused(&by_stranger, &city).await, Code::IssuerNotAuthorized);
}

// ANCHOR-4, TRUST-5: whoever waits for what only a vote ends is told so.
#[tokio::test]
async fn a_frozen_anchor_is_not_called_a_right_on_its_way() {
    let city = RecordedCity::founded();
    city.prove_rights();
    city.freeze_anchors();
    let error = submitted(&signed(&Degree::new(1)), &city).await.unwrap_err();
    assert_eq!(error.code(), Code::RightNotShown);
    assert!(error.to_string().contains("until the organizations of the chain have voted"), "{error}");
}

// bad input: a rotated key
#[tokio::test]
async fn a_key_that_was_retired_or_revoked_is_rotated_from_that_second_on() {
    // A contract gives what is taken away in this second the next one's time, and stops further records at once.
    for from in [BEFORE, NOW, UnixSeconds(NOW.get() + 1)] {
        let city = RecordedCity::founded();
        city.end_key(office().address(), from);
        assert_eq!(refused(&signed(&Degree::new(1)), &city).await, Code::KeyRotated, "{from:?}");
    }
    let city = RecordedCity::founded();
    city.end_key(office().address(), UnixSeconds(NOW.get() + 2));
    submitted(&signed(&Degree::new(1)), &city).await.unwrap();
}

#[tokio::test]
async fn an_organization_that_is_suspended_or_unknown_issues_nothing() {
    let city = RecordedCity::founded();
    city.suspend(OFFICE);
    assert_eq!(refused(&signed(&Degree::new(1)), &city).await, Code::OrganizationSuspended);
    let unknown = with(|issue| issue.organization = "NOBODY".parse().unwrap());
    assert_eq!(refused(&unknown, &RecordedCity::founded()).await, Code::UnknownOrganization);
}

#[tokio::test]
async fn a_holder_without_published_keys_is_not_confirmed() {
    let operation = with(|issue| issue.holder = stranger().address());
    assert_eq!(refused(&operation, &RecordedCity::founded()).await, Code::HolderNotConfirmed);
}

// C-CHAINS: a rule of the kind's chain asks for a certificate of another chain.
#[tokio::test]
async fn what_a_rule_asks_for_is_named_and_the_contracts_refusal_says_the_same() {
    let (city, operation) = (RecordedCity::founded(), signed(&Degree::new(1)));
    city.ask_for(Some(CertificateKind::REAL_ESTATE));
    let error = submitted(&operation, &city).await.unwrap_err();
    assert_eq!(error.code(), Code::ConditionNotMet);
    let named = |error: &DoorError| error.members()["requiredKind"].as_str().unwrap().to_owned();
    assert_eq!((named(&error), error.members()["chain"].as_str()), ("real-estate".to_owned(), Some("degree")));
    city.ask_for(None);
    submitted(&operation, &city).await.unwrap();

    let kind = CertificateKind::REAL_ESTATE.to_bytes32().to_string();
    let refusal =
        ContractRefusal { name: "ConditionNotMet".to_owned(), arguments: vec![("requiredKind".to_owned(), kind)] };
    let error = handler(&operation).refused(&refusal).unwrap();
    assert_eq!((error.code(), named(&error)), (Code::ConditionNotMet, "real-estate".to_owned()));
}

#[tokio::test]
async fn a_certificate_is_issued_once() {
    let (city, degree) = (RecordedCity::founded(), Degree::new(1));
    city.issue(&degree.issue, office(), &degree.sealed);
    assert_eq!(refused(&signed(&degree), &city).await, Code::CertificateExists);
}

#[tokio::test]
async fn an_operation_past_its_deadline_or_signed_for_long_is_refused() {
    let city = RecordedCity::founded();
    let late = with(|issue| issue.deadline = UnixSeconds(NOW.get() - 1));
    assert_eq!(refused(&late, &city).await, Code::OperationExpired);
    let long = with(|issue| issue.deadline = UnixSeconds(NOW.get() + MAX_DEADLINE_AHEAD_S + 1));
    assert_eq!(refused(&long, &city).await, Code::MalformedRequest);
}

#[tokio::test]
async fn a_signature_counts_for_what_was_signed_on_its_chain_alone() {
    let city = RecordedCity::founded();
    let degree = Degree::new(1);
    let mut altered = degree.clone();
    altered.issue.content_hash = B256::repeat_byte(1);
    // Somebody else's address comes out of it, and that has no right.
    let operation =
        issue_operation(&directory(), &altered.issue, &altered.sealed, sign(&degree.issue, &domain(), office()));
    assert_eq!(refused(&operation.unwrap(), &city).await, Code::IssuerNotAuthorized);
    let marriage = directory().certificate_domain(CertificateKind::MARRIAGE).unwrap();
    let elsewhere =
        issue_operation(&directory(), &degree.issue, &degree.sealed, sign(&degree.issue, &marriage, office()));
    assert_eq!(refused(&elsewhere.unwrap(), &city).await, Code::IssuerNotAuthorized);
    assert_eq!(refused(&renamed(&signed(&degree), "marriage"), &city).await, Code::WrongChain);
    let unsigned = SignedOperation { signature: Bytes::from(vec![0; 64]), ..signed(&degree) };
    assert_eq!(refused(&unsigned, &city).await, Code::SignatureInvalid);
}

#[test]
fn what_cannot_be_right_is_refused_before_any_chain_is_read() {
    let refused = |operation: &SignedOperation| handler(operation).interpret(operation).unwrap_err().code();
    assert_eq!(refused(&with(|issue| issue.holder = Address::ZERO)), Code::MalformedRequest);
    assert_eq!(refused(&with(|issue| issue.content_hash = B256::ZERO)), Code::MalformedRequest);
    assert_eq!(refused(&with(|issue| issue.valid_until = issue.valid_from)), Code::MalformedRequest);
    assert_eq!(refused(&with(|issue| issue.sealed_hash = B256::ZERO)), Code::SealedHashMismatch);
    let mut open = Degree::new(1);
    open.sealed = "not sealed".to_owned();
    open.issue.sealed_hash = keccak256_of(&open.sealed);
    assert_eq!(refused(&signed(&open)), Code::MalformedJwe);
    let mut large = Degree::new(1);
    large.sealed = "x".repeat(MAX_SEALED_BYTES + 1);
    assert_eq!(refused(&signed(&large)), Code::BodyTooLarge);
    let binary = SignedOperation { payload: Bytes::from(vec![0xff]), ..signed(&Degree::new(1)) };
    assert_eq!(refused(&binary), Code::MalformedJwe);
    let mut less = signed(&Degree::new(1));
    less.message.as_object_mut().unwrap().remove("deadline").unwrap();
    assert_eq!(refused(&less), Code::MalformedRequest);
}

// C-LIFE: renewal
#[tokio::test]
async fn a_renewal_continues_a_valid_certificate_of_the_same_holder_and_organization() {
    let city = RecordedCity::founded();
    let renewal = |byte: u8| {
        let mut degree = Degree::new(byte);
        degree.issue.previous = Some(id(1));
        degree
    };
    assert_eq!(refused(&signed(&renewal(2)), &city).await, Code::UnknownCertificate);
    let old = Degree::new(1);
    city.issue(&old.issue, office(), &old.sealed);
    submitted(&signed(&renewal(2)), &city).await.unwrap();
    for status in [CertificateStatus::Suspended, CertificateStatus::Revoked, CertificateStatus::Renewed] {
        city.change(id(1), status, RevocationReason::Unspecified);
        assert_eq!(refused(&signed(&renewal(2)), &city).await, Code::StatusTransition, "{status}");
    }
    let city = RecordedCity::founded();
    let mut others = Degree::new(1);
    others.issue.holder = stranger().address();
    city.issue(&others.issue, office(), &others.sealed);
    assert_eq!(refused(&signed(&renewal(2)), &city).await, Code::MalformedRequest);
}

#[tokio::test]
async fn a_silent_chain_decides_nothing() {
    for silent in ["main", "degree"] {
        let city = RecordedCity::founded();
        city.silence(silent);
        let error = submitted(&signed(&Degree::new(1)), &city).await.unwrap_err();
        assert_eq!((error.code(), error.members()["chain"].as_str()), (Code::ChainUnreachable, Some(silent)));
    }
}
