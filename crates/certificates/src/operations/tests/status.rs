//! `certificate.status` (C-LIFE).

use chancery_primitives::{CertificateKind, CertificateStatus, ChangeStatus, RevocationReason, Right};

use super::*;
use crate::recorded_city::{
    OFFICE, office, other_office,
    samples::{DEGREE, Degree, id},
};

use CertificateStatus::{Renewed, Revoked, Suspended, Valid};
use RevocationReason::{CertificateHold, KeyCompromise, Unspecified};

fn city() -> RecordedCity {
    let (city, degree) = (RecordedCity::founded(), Degree::new(1));
    city.issue(&degree.issue, office(), &degree.sealed);
    city
}

fn change(status: CertificateStatus, reason: RevocationReason, revision: u64) -> ChangeStatus {
    ChangeStatus { certificate_id: id(1), status, reason, revision, deadline: UnixSeconds(NOW.get() + 300) }
}

fn signed_by(change: &ChangeStatus, keys: &PersonKeys) -> SignedOperation {
    let domain = directory().certificate_domain(DEGREE).unwrap();
    status_operation(&directory(), DEGREE, change, sign(change, &domain, keys)).unwrap()
}

fn signed(change: &ChangeStatus) -> SignedOperation {
    signed_by(change, office())
}

#[tokio::test]
async fn suspending_resuming_and_revoking_follow_one_another_and_nothing_follows_revocation() {
    for (from, to, allowed) in [
        (Valid, Suspended, true),
        (Valid, Revoked, true),
        (Suspended, Valid, true),
        (Suspended, Revoked, true),
        (Valid, Valid, false),
        (Suspended, Suspended, false),
        (Revoked, Valid, false),
        (Revoked, Suspended, false),
        (Revoked, Revoked, false),
        (Renewed, Valid, false),
        (Renewed, Revoked, false),
    ] {
        let city = city();
        city.change(id(1), from, Unspecified);
        let answer = submitted(&signed(&change(to, Unspecified, 1)), &city).await;
        let expected = if allowed { Ok(()) } else { Err(Code::StatusTransition) };
        assert_eq!(answer.map_err(|error| error.code()), expected, "{from} to {to}");
    }
}

#[tokio::test]
async fn a_change_that_was_made_before_cannot_be_made_again() {
    let city = city();
    let suspension = signed(&change(Suspended, CertificateHold, 0));
    submitted(&suspension, &city).await.unwrap();
    city.change(id(1), Suspended, CertificateHold);
    city.change(id(1), Valid, Unspecified);
    let error = submitted(&suspension, &city).await.unwrap_err();
    assert_eq!(error.code(), Code::StaleRevision);
    assert_eq!((error.members()["expected"].as_u64(), error.members()["actual"].as_u64()), (Some(0), Some(2)));
}

#[test]
fn a_reason_goes_with_its_status_and_nobody_signs_for_a_renewal() {
    for (status, reason, fits) in [
        (Suspended, Unspecified, true),
        (Suspended, CertificateHold, true),
        (Suspended, KeyCompromise, false),
        (Revoked, Unspecified, true),
        (Revoked, KeyCompromise, true),
        (Revoked, CertificateHold, false),
        (Valid, Unspecified, true),
        (Valid, KeyCompromise, false),
        (Renewed, Unspecified, false),
    ] {
        let operation = signed(&change(status, reason, 0));
        let answer = handler(&operation).interpret(&operation);
        assert_eq!(
            answer.err().map(|error| error.code()),
            (!fits).then_some(Code::MalformedRequest),
            "{status} {reason}"
        );
    }
}

#[tokio::test]
async fn only_a_key_of_the_issuing_organization_changes_a_status() {
    let city = city();
    let revocation = change(Revoked, KeyCompromise, 0);
    assert_eq!(refused(&signed_by(&revocation, other_office()), &city).await, Code::IssuerNotAuthorized);
    city.register("ANOTHER-OFFICE");
    city.authorize("ANOTHER-OFFICE", other_office().address(), Right::issue(DEGREE));
    assert_eq!(refused(&signed_by(&revocation, other_office()), &city).await, Code::IssuerNotAuthorized);
    city.authorize(OFFICE, other_office().address(), Right::issue(CertificateKind::HEALTH_LICENCE));
    assert_eq!(refused(&signed_by(&revocation, other_office()), &city).await, Code::IssuerNotAuthorized);
    // Another key of the office may: the one that issued may be gone.
    city.authorize(OFFICE, other_office().address(), Right::issue(DEGREE));
    submitted(&signed_by(&revocation, other_office()), &city).await.unwrap();
    city.end_key(office().address(), NOW);
    assert_eq!(refused(&signed(&revocation), &city).await, Code::KeyRotated);
}

#[tokio::test]
async fn an_unknown_certificate_a_passed_deadline_and_another_chain_are_told_apart() {
    let city = city();
    let unknown = ChangeStatus { certificate_id: id(2), ..change(Revoked, Unspecified, 0) };
    assert_eq!(refused(&signed(&unknown), &city).await, Code::UnknownCertificate);
    let late = ChangeStatus { deadline: UnixSeconds(NOW.get() - 1), ..change(Revoked, Unspecified, 0) };
    assert_eq!(refused(&signed(&late), &city).await, Code::OperationExpired);
    let operation = signed(&change(Revoked, Unspecified, 0));
    assert_eq!(refused(&renamed(&operation, "main"), &city).await, Code::WrongChain);
    assert_eq!(refused(&renamed(&operation, "marriage"), &city).await, Code::UnknownCertificate);
    city.silence("degree");
    assert_eq!(refused(&operation, &city).await, Code::ChainUnreachable);
}
