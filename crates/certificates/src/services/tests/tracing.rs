//! `certificates.trace`: source, owner, rights, renewals, hands and inspections, for whom it concerns.

use alloy_primitives::B256;
use chancery_primitives::{Inspect, Outcome, UnixSeconds};

use super::*;
use crate::{
    recorded_city::{
        INSPECTORS, OFFICE, holder, inspector, office, other_office,
        samples::{Degree, id},
        stranger,
    },
    registry::MAX_CHANGED_BLOCKS,
};

/// Three degrees in a line of renewals, the middle one inspected twice and the first once.
fn city() -> RecordedCity {
    let city = RecordedCity::founded();
    for byte in [1, 2, 3] {
        let mut degree = Degree::new(byte);
        degree.issue.previous = (byte > 1).then(|| id(byte - 1));
        city.issue(&degree.issue, office(), &degree.sealed);
    }
    city.renewed(id(1), id(2));
    city.renewed(id(2), id(3));
    for (byte, at) in [(2, 200), (1, 150), (2, 100)] {
        let inspect = Inspect {
            certificate_id: id(byte),
            holder: holder().address(),
            organization: INSPECTORS.parse().unwrap(),
            presentation_hash: B256::with_last_byte(at),
            outcome: Outcome::Valid,
            deadline: NOW,
        };
        city.inspected("degree", &inspect, inspector(), UnixSeconds(at.into()));
    }
    city
}

fn of(byte: u8) -> Value {
    json!({ "certificateId": id(byte) })
}

fn acts(answer: &Value, of: &Value) -> Vec<String> {
    let rights = answer["trace"]["rights"].as_array().unwrap().iter().filter(|right| right["by"] == *of);
    rights.map(|right| right["act"].as_str().unwrap().to_owned()).collect()
}

// M-APP
#[tokio::test]
async fn a_trace_tells_source_owner_rights_renewals_and_inspections() {
    let (city, actor) = (city(), Actor::new(holder().address(), [Role::Citizen]));
    city.hand_identity(holder().address(), stranger().address());
    let answer = ask(names::TRACE, &actor, of(2), &city).await.unwrap();
    let trace = &answer["trace"];
    let certificate = &trace["certificate"];
    assert_eq!((&certificate["organization"], &certificate["issuerKey"]), (&json!(OFFICE), &json!(office().address())));
    assert_eq!(certificate["holder"], json!(holder().address()));
    assert_eq!(trace["before"][0]["certificateId"], json!(id(1)));
    assert_eq!(trace["after"][0]["certificateId"], json!(id(3)));
    assert_eq!(trace["before"][0]["holder"], certificate["holder"], "a renewal has the same holder (CERT-6)");
    assert_eq!(trace["accesses"].as_array().unwrap().len(), 2, "of this certificate alone");
    assert_eq!((&trace["accesses"][0]["inspector"], &trace["cut"]), (&json!(inspector().address()), &json!(false)));

    // It stays its holder's, and the trace says by which rules; the holder's identity is in other hands.
    assert_eq!(trace["transfers"]["transferable"], json!(false));
    assert_eq!(trace["transfers"]["rule"], "CERT-3, CERT-4, CERT-6");
    let hand_over = &trace["transfers"]["path"][0];
    assert_eq!(hand_over["from"], json!(holder().address().to_string()));
    assert_eq!((&hand_over["to"], &hand_over["how"]), (&json!(stranger().address().to_string()), &json!("approval")));

    let (whose, issuer) = (
        json!({"who": "address", "address": holder().address()}),
        json!({"who": "organization", "organization": OFFICE}),
    );
    assert_eq!(acts(&answer, &whose), ["read", "present", "see-history"]);
    assert_eq!(acts(&answer, &issuer), ["see-history"], "what is renewed is final (CERT-7)");
    assert_eq!(acts(&answer, &json!({"who": "anybody"})), ["ask-status"]);
    let newest = ask(names::TRACE, &actor, of(3), &city).await.unwrap();
    assert_eq!(acts(&newest, &issuer), ["change-status", "renew", "see-history"]);

    let relations = |relation: &str| {
        let edges = answer["graph"]["edges"].as_array().unwrap().iter();
        edges.filter(|edge| edge["relation"] == relation).count()
    };
    assert_eq!(["issued", "owns", "renewed", "inspected", "took-over"].map(relations), [1, 1, 2, 1, 1]);
    assert!(answer["mermaid"].as_str().unwrap().starts_with("graph LR"));
}

// M-APP, M-PRIV
#[tokio::test]
async fn a_trace_is_for_whom_it_concerns() {
    let city = city();
    let supervisor = Actor::new(stranger().address(), [Role::Supervisor]);
    let issuer = Actor::new(office().address(), [Role::Issuer]);
    for concerned in [&supervisor, &issuer] {
        assert!(ask(names::TRACE, concerned, of(1), &city).await.is_ok());
    }
    let (other, claims) = (
        Actor::new(stranger().address(), [Role::Citizen]),
        // An issuer, but of nobody.
        Actor::new(other_office().address(), [Role::Issuer]),
    );
    let inspects = Actor::new(inspector().address(), [Role::Inspector]);
    for stranger in [&other, &claims, &inspects, &Actor::public()] {
        assert_eq!(refusal(names::TRACE, stranger, of(1), &city).await, Code::NotYourCertificate);
    }
    assert_eq!(refusal(names::TRACE, &supervisor, of(9), &city).await, Code::UnknownCertificate);
    city.silence("main");
    assert_eq!(refusal(names::TRACE, &supervisor, of(1), &city).await, Code::ChainUnreachable);
}

// M-APP, CERT-3: whoever hands its identity on again and again makes its own trace short, and nobody's unanswerable.
#[tokio::test]
async fn a_holder_that_hands_its_identity_on_without_end_has_a_trace() {
    let (city, actor) = (city(), Actor::new(stranger().address(), [Role::Supervisor]));
    let path = |answer: &Value| answer["trace"]["transfers"]["path"].as_array().unwrap().clone();
    let blocks = u64::try_from(MAX_CHANGED_BLOCKS).unwrap();
    // The two changes that published its keys are followed as well.
    for _ in 0..blocks - 2 {
        city.hand_identity(holder().address(), stranger().address());
    }
    let whole = ask(names::TRACE, &actor, of(2), &city).await.unwrap();
    assert_eq!(path(&whole).len() as u64, blocks - 2);
    assert_eq!(path(&whole)[0]["from"], json!(holder().address().to_string()));
    assert_eq!(whole["trace"]["transfers"]["cut"], json!(false));
    for _ in 0..4 {
        city.hand_identity(holder().address(), stranger().address());
    }
    let before = city.readings();
    let cut = ask(names::TRACE, &actor, of(2), &city).await.unwrap();
    assert_eq!((path(&cut).len() as u64, &cut["trace"]["transfers"]["cut"]), (blocks, &json!(true)));
    assert_eq!(path(&cut)[0]["from"], Value::Null, "who had it before is not read");
    assert!(city.readings() - before < MAX_CHANGED_BLOCKS + 32, "{}", city.readings() - before);

    // More in one block than a query answers.
    city.answer_at_most(20);
    city.hand_identity_often(holder().address(), stranger().address(), 21);
    let none = ask(names::TRACE, &actor, of(2), &city).await.unwrap();
    assert_eq!((path(&none).len(), &none["trace"]["transfers"]["cut"]), (0, &json!(true)));
}

// M-APP: what is not shown is said to be missing.
#[tokio::test]
async fn a_long_line_of_renewals_is_cut_and_says_so() {
    let (city, actor) = (RecordedCity::founded(), Actor::new(holder().address(), [Role::Citizen]));
    let length = u8::try_from(MAX_SUCCESSION).unwrap() + 2;
    for byte in 1..=length {
        let mut degree = Degree::new(byte);
        degree.issue.previous = (byte > 1).then(|| id(byte - 1));
        city.issue(&degree.issue, office(), &degree.sealed);
    }
    let shown = |answer: &Value| (answer["trace"]["before"].as_array().unwrap().len(), answer["trace"]["cut"].clone());
    let newest = ask(names::TRACE, &actor, of(length), &city).await.unwrap();
    assert_eq!(shown(&newest), (MAX_SUCCESSION, json!(true)));
    let before = ask(names::TRACE, &actor, of(length - 1), &city).await.unwrap();
    assert_eq!(shown(&before), (MAX_SUCCESSION, json!(false)));
}
