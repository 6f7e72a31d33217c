//! `certificates.status`, `certificates.query`, `users.public-key`: open to anybody.

use chancery_primitives::{CertificateStatus, RevocationReason};

use super::*;
use crate::recorded_city::{
    BEFORE, holder, office,
    samples::{Degree, id},
    stranger,
};

fn city() -> RecordedCity {
    let (city, degree) = (RecordedCity::founded(), Degree::new(1));
    city.issue(&degree.issue, office(), &degree.sealed);
    city
}

async fn outcome(city: &RecordedCity) -> Value {
    let view = ask(names::STATUS, &Actor::public(), json!({"certificateId": id(1)}), city).await.unwrap();
    view["outcome"].clone()
}

#[tokio::test]
async fn a_status_is_found_on_whichever_chain_and_says_what_it_amounts_to() {
    let city = city();
    let view = ask(names::STATUS, &Actor::public(), json!({"certificateId": id(1)}), &city).await.unwrap();
    assert_eq!(
        (view["chain"].as_str(), view["status"].as_str(), view["revision"].as_u64()),
        (Some("degree"), Some("valid"), Some(0))
    );
    assert_eq!((view["outcome"].as_str(), view.get("validUntil")), (Some("valid"), None));
    city.change(id(1), CertificateStatus::Revoked, RevocationReason::KeyCompromise);
    assert_eq!(outcome(&city).await, "revoked");
    city.end_key(office().address(), BEFORE);
    // Its issuer had no right at that time, so it is not what it claims, whatever its status.
    assert_eq!(outcome(&city).await, "refused");
}

// INSPECTION-1, bad input: a chain that does not answer
#[tokio::test]
async fn a_silent_main_chain_makes_the_outcome_cannot_determine() {
    let city = city();
    city.silence("main");
    assert_eq!(outcome(&city).await, "cannot-determine");
}

// INSPECTION-1
#[tokio::test]
async fn only_when_every_chain_has_answered_is_a_certificate_unknown() {
    let city = city();
    let wanted = json!({"certificateId": id(2)});
    assert_eq!(refusal(names::STATUS, &Actor::public(), wanted.clone(), &city).await, Code::UnknownCertificate);
    city.silence("marriage");
    assert_eq!(refusal(names::STATUS, &Actor::public(), wanted, &city).await, Code::ChainUnreachable);
    // What a chain knows, a silent other chain does not hide.
    assert_eq!(outcome(&city).await, "valid");
    let on_degree = json!({"certificateId": id(2), "kind": "degree"});
    assert_eq!(refusal(names::STATUS, &Actor::public(), on_degree, &city).await, Code::UnknownCertificate);
}

// C-API-5
#[tokio::test]
async fn a_certificate_is_queried_by_holder_block_and_transaction() {
    let (city, degree) = (RecordedCity::founded(), Degree::new(1));
    let event = city.issue(&degree.issue, office(), &degree.sealed);
    let query =
        |address| json!({"address": address, "block": event.locator.block_number, "txHash": event.locator.tx_hash});
    let found = ask(names::QUERY, &Actor::public(), query(holder().address()), &city).await.unwrap();
    assert_eq!(
        (found["sealed"].as_str(), found["organizationName"].as_str()),
        (Some(&*degree.sealed), Some("Sample Office"))
    );
    assert_eq!((found["issuedAt"].as_str(), found["proof"].is_null()), (Some(&*rfc3339(BEFORE)), true));
    let code = refusal(names::QUERY, &Actor::public(), query(stranger().address()), &city).await;
    assert_eq!(code, Code::UnknownTransaction);
    let mut elsewhere = query(holder().address());
    elsewhere["block"] = json!(event.locator.block_number + 1);
    assert_eq!(refusal(names::QUERY, &Actor::public(), elsewhere, &city).await, Code::UnknownTransaction);
    // The name is on the main chain; without it the certificate is still given.
    city.silence("main");
    let found = ask(names::QUERY, &Actor::public(), query(holder().address()), &city).await.unwrap();
    assert_eq!(found["organizationName"], "");
    city.silence("degree");
    assert_eq!(refusal(names::QUERY, &Actor::public(), query(holder().address()), &city).await, Code::ChainUnreachable);
}

// C-API-4
#[tokio::test]
async fn the_published_keys_of_a_person_are_given() {
    let city = city();
    let found = ask(names::PUBLIC_KEY, &Actor::public(), json!({"address": holder().address()}), &city).await.unwrap();
    assert_eq!(found["encryptionKey"]["thumbprint"], holder().encryption_public_key().thumbprint());
    assert_eq!(found["did"], format!("did:ethr:0x1bbc:{}", holder().address()));
    let nobody = json!({"address": stranger().address()});
    assert_eq!(refusal(names::PUBLIC_KEY, &Actor::public(), nobody.clone(), &city).await, Code::UnknownAddress);
    // A signing key that is another's is none.
    city.publish_attribute(stranger().address(), crate::registry::ATTRIBUTE_SIGNING, &holder().public_key());
    assert_eq!(refusal(names::PUBLIC_KEY, &Actor::public(), nobody.clone(), &city).await, Code::UnknownAddress);
    city.silence("main");
    assert_eq!(refusal(names::PUBLIC_KEY, &Actor::public(), nobody, &city).await, Code::ChainUnreachable);
}
