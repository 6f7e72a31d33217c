//! `certificate.inspect` (C-API-3).

use alloy_primitives::{Address, B256};
use chancery_primitives::{CertificateStatus, Inspect, Outcome, RevocationReason};

use super::*;
use crate::{
    inspection::CheckCertificate,
    recorded_city::{
        INSPECTORS, inspector, office,
        samples::{DEGREE, Degree, id},
        stranger,
    },
};

fn city(degree: &Degree) -> RecordedCity {
    let city = RecordedCity::founded();
    city.issue(&degree.issue, office(), &degree.sealed);
    city
}

fn record(claim: &CheckCertificate, outcome: Outcome) -> Inspect {
    Inspect {
        certificate_id: claim.certificate_id,
        holder: claim.address,
        organization: INSPECTORS.parse().unwrap(),
        presentation_hash: claim.presentation_hash,
        outcome,
        deadline: UnixSeconds(NOW.get() + 300),
    }
}

fn signed_by(inspect: &Inspect, claim: &CheckCertificate, keys: &PersonKeys) -> SignedOperation {
    let domain = directory().certificate_domain(DEGREE).unwrap();
    inspect_operation(&directory(), inspect, claim, sign(inspect, &domain, keys)).unwrap()
}

fn signed(inspect: &Inspect, claim: &CheckCertificate) -> SignedOperation {
    signed_by(inspect, claim, inspector())
}

#[tokio::test]
async fn only_what_the_checks_find_is_recorded() {
    let degree = Degree::new(1);
    let (city, claim) = (city(&degree), degree.shown());
    submitted(&signed(&record(&claim, Outcome::Valid), &claim), &city).await.unwrap();
    city.change(id(1), CertificateStatus::Revoked, RevocationReason::KeyCompromise);
    let error = submitted(&signed(&record(&claim, Outcome::Valid), &claim), &city).await.unwrap_err();
    assert_eq!(error.code(), Code::OutcomeMismatch);
    assert_eq!(
        (error.members()["signed"].as_str(), error.members()["found"].as_str()),
        (Some("valid"), Some("revoked"))
    );
    submitted(&signed(&record(&claim, Outcome::Revoked), &claim), &city).await.unwrap();
    let forged = degree.shown_by(stranger(), NOW);
    let error = submitted(&signed(&record(&forged, Outcome::Revoked), &forged), &city).await.unwrap_err();
    assert!(error.detail().contains("presented-by-holder"), "{error}");
    submitted(&signed(&record(&forged, Outcome::Refused), &forged), &city).await.unwrap();
}

#[tokio::test]
async fn an_inspection_is_recorded_once() {
    let degree = Degree::new(1);
    let (city, claim) = (city(&degree), degree.shown());
    let inspect = record(&claim, Outcome::Valid);
    city.inspected("degree", &inspect, inspector(), NOW);
    assert_eq!(refused(&signed(&inspect, &claim), &city).await, Code::AlreadyInspected);
}

#[tokio::test]
async fn only_an_inspector_inspects() {
    let degree = Degree::new(1);
    let (city, claim) = (city(&degree), degree.shown());
    let inspect = record(&claim, Outcome::Valid);
    let error = submitted(&signed_by(&inspect, &claim, stranger()), &city).await.unwrap_err();
    assert_eq!((error.code(), &error.members()["required"]), (Code::RoleRequired, &serde_json::json!(["inspector"])));
    assert_eq!(refused(&signed_by(&inspect, &claim, office()), &city).await, Code::RoleRequired);
    city.end_key(inspector().address(), NOW);
    assert_eq!(refused(&signed(&inspect, &claim), &city).await, Code::KeyRotated);
    let by_contract = handler(&signed(&inspect, &claim)).refused(&refusal("SignerNotAuthorized")).unwrap();
    assert_eq!(by_contract.code(), Code::RoleRequired);
}

#[tokio::test]
async fn what_is_signed_is_what_was_checked() {
    let degree = Degree::new(1);
    let (city, claim) = (city(&degree), degree.shown());
    type Alteration = fn(&mut Inspect);
    let alterations: [(&str, Alteration); 3] = [
        ("certificateId", |inspect| inspect.certificate_id = id(2)),
        ("holder", |inspect| inspect.holder = Address::ZERO),
        ("presentationHash", |inspect| inspect.presentation_hash = B256::repeat_byte(1)),
    ];
    for (member, alter) in alterations {
        let mut inspect = record(&claim, Outcome::Valid);
        alter(&mut inspect);
        let error = submitted(&signed(&inspect, &claim), &city).await.unwrap_err();
        assert!(error.code() == Code::MalformedRequest && error.detail().starts_with(member), "{error}");
    }
    let mut nothing_shown = record(&claim, Outcome::Valid);
    nothing_shown.presentation_hash = B256::ZERO;
    assert_eq!(refused(&signed(&nothing_shown, &claim), &city).await, Code::MalformedRequest);
    let mut late = record(&claim, Outcome::Valid);
    late.deadline = UnixSeconds(NOW.get() - 1);
    assert_eq!(refused(&signed(&late, &claim), &city).await, Code::OperationExpired);
}

#[tokio::test]
async fn a_copy_is_recorded_under_the_hash_of_the_document() {
    let degree = Degree::new(1);
    let city = city(&degree);
    let copy = CheckCertificate { presentation: None, presentation_hash: B256::ZERO, ..degree.shown() };
    let mut inspect = record(&copy, Outcome::Valid);
    inspect.presentation_hash = copy.content_hash;
    submitted(&signed(&inspect, &copy), &city).await.unwrap();
}

// INSPECTION-1, bad input: a chain that does not answer
#[tokio::test]
async fn while_the_main_chain_is_silent_nothing_but_cannot_determine_can_be_recorded() {
    let degree = Degree::new(1);
    let (city, claim) = (city(&degree), degree.shown());
    city.silence("main");
    submitted(&signed(&record(&claim, Outcome::CannotDetermine), &claim), &city).await.unwrap();
    assert_eq!(refused(&signed(&record(&claim, Outcome::Valid), &claim), &city).await, Code::OutcomeMismatch);
    city.silence("degree");
    assert_eq!(refused(&signed(&record(&claim, Outcome::Valid), &claim), &city).await, Code::ChainUnreachable);
}

#[tokio::test]
async fn evidence_that_cannot_be_read_is_refused_without_reading_a_chain() {
    let degree = Degree::new(1);
    let (city, claim) = (city(&degree), degree.shown());
    let operation = signed(&record(&claim, Outcome::Valid), &claim);
    let unreadable = SignedOperation { payload: Bytes::from_static(b"{}"), ..operation.clone() };
    assert_eq!(refused(&unreadable, &city).await, Code::MalformedRequest);
    let large = SignedOperation { payload: Bytes::from(vec![b' '; 2 * MAX_SEALED_BYTES + 1]), ..operation };
    assert_eq!(refused(&large, &city).await, Code::BodyTooLarge);
    assert_eq!(city.readings(), 0);
}
