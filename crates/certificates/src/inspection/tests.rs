//! INSPECTION-1 to -3: what an inspection concludes.
#![allow(clippy::unwrap_used)]

use alloy_primitives::Address;
use chancery_primitives::{CertificateStatus, RevocationReason, Right};

use super::*;
use crate::{
    presentation::{MAX_CLOCK_SKEW_S, MAX_PRESENTATION_AGE_S},
    recorded_city::{
        BEFORE, NOW, RecordedCity, directory, office,
        samples::{DEGREE, Degree, id},
        stranger,
    },
    registry::{Reading, RegisteredCertificate, Registry},
};

/// A city that has issued the degree.
fn city_with(degree: &Degree) -> RecordedCity {
    let city = RecordedCity::founded();
    city.issue(&degree.issue, office(), &degree.sealed);
    city
}

async fn found(city: &RecordedCity, claim: &CheckCertificate, now: UnixSeconds) -> Findings {
    let directory = directory();
    gather(&Registry::new(city, &directory), claim, now).await.unwrap().findings
}

async fn registered(city: &RecordedCity) -> RegisteredCertificate {
    let directory = directory();
    Registry::new(city, &directory).certificate(DEGREE, id(1)).await.unwrap().unwrap()
}

/// Names of the checks that did not pass.
fn not_passed(findings: &Findings) -> Vec<&str> {
    findings.checks.iter().filter(|check| check.passed != Some(true)).map(|check| check.name.as_str()).collect()
}

// C-API-3, C-QR
#[tokio::test]
async fn an_authentic_certificate_in_force_passes_every_check() {
    let degree = Degree::new(1);
    let mut claim = degree.shown();
    claim.sealed = Some(degree.sealed.clone());
    let findings = found(&city_with(&degree), &claim, NOW).await;
    assert_eq!(findings.outcome, Outcome::Valid);
    let names: Vec<&str> = findings.checks.iter().map(|check| check.name.as_str()).collect();
    use check_names::{BEGUN, CONTENT, FRESH, HOLDER, ISSUER, KNOWN, ORGANIZATION, PRESENTED, SEALED, STATUS};
    assert_eq!(names, [PRESENTED, FRESH, KNOWN, CONTENT, HOLDER, ORGANIZATION, SEALED, ISSUER, BEGUN, STATUS]);
    assert_eq!(not_passed(&findings), Vec::<&str>::new());
}

#[tokio::test]
async fn each_check_fails_alone_and_is_named() {
    let degree = Degree::new(1);
    let city = city_with(&degree);
    let registered = registered(&city).await;
    let domain = directory().certificate_domain(DEGREE).unwrap();
    let presentation = PresentationEvidence { domain, must_be_fresh: true };
    type Alteration = fn(&mut RegisteredCertificate, &mut CheckCertificate, &mut bool);
    let alterations: [(&str, Alteration); 9] = [
        (check_names::CONTENT, |known, _, _| known.content_hash = B256::ZERO),
        (check_names::HOLDER, |known, _, _| known.holder = Address::ZERO),
        (check_names::ORGANIZATION, |_, claim, _| claim.organization = "ANOTHER-OFFICE".parse().unwrap()),
        (check_names::SEALED, |_, claim, _| claim.sealed = Some("another".to_owned())),
        (check_names::ISSUER, |_, _, authorized| *authorized = false),
        (check_names::BEGUN, |known, _, _| known.validity.valid_from = UnixSeconds(NOW.get() + 1)),
        (check_names::PRESENTED, |_, claim, _| claim.presentation_hash = B256::repeat_byte(1)),
        (check_names::PRESENTED, |_, claim, _| *claim = Degree::new(1).shown_by(stranger(), NOW)),
        (check_names::FRESH, |_, claim, _| claim.presentation.as_mut().unwrap().nonce = B256::ZERO),
    ];
    for (name, alter) in alterations {
        let (mut known, mut claim, mut authorized) = (registered.clone(), degree.shown(), true);
        alter(&mut known, &mut claim, &mut authorized);
        let mut now = NOW;
        if name == check_names::PRESENTED {
            // Whoever shows another document shows another content too; here the document is the one that was issued.
            known.content_hash = claim.content_hash;
        }
        if name == check_names::FRESH {
            claim = degree.shown();
            now = UnixSeconds(NOW.get() + MAX_PRESENTATION_AGE_S + 1);
        }
        let evidence = Evidence {
            claim: &claim,
            presentation,
            registered: Reading::Read(Some(known)),
            issuer_authorized: Some(Reading::Read(authorized)),
            now,
        };
        let findings = inspect(&evidence);
        assert_eq!((findings.outcome, not_passed(&findings)), (Outcome::Refused, vec![name]));
        assert_eq!(findings.failed().unwrap().name, name);
    }
}

#[tokio::test]
async fn a_presentation_from_the_future_is_not_fresh_and_an_old_one_only_where_it_must_be() {
    let degree = Degree::new(1);
    let city = city_with(&degree);
    let ahead = degree.shown_by(crate::recorded_city::holder(), UnixSeconds(NOW.get() + MAX_CLOCK_SKEW_S + 1));
    assert_eq!(not_passed(&found(&city, &ahead, NOW).await), [check_names::FRESH]);

    let (known, claim) = (registered(&city).await, degree.shown());
    let domain = directory().certificate_domain(DEGREE).unwrap();
    let later = Evidence {
        claim: &claim,
        presentation: PresentationEvidence { domain, must_be_fresh: false },
        registered: Reading::Read(Some(known)),
        issuer_authorized: Some(Reading::Read(true)),
        now: UnixSeconds(NOW.get() + 1_000_000),
    };
    assert_eq!(inspect(&later).outcome, Outcome::Valid);
}

#[tokio::test]
async fn a_copy_without_the_holders_signature_is_checked_as_a_copy() {
    let degree = Degree::new(1);
    let city = city_with(&degree);
    let copy = CheckCertificate { presentation: None, ..degree.shown() };
    for hash in [B256::ZERO, copy.content_hash] {
        let findings = found(&city, &CheckCertificate { presentation_hash: hash, ..copy.clone() }, NOW).await;
        assert_eq!(findings.outcome, Outcome::Valid);
        assert!(!findings.checks.iter().any(|check| check.name == check_names::PRESENTED));
    }
    let named = CheckCertificate { presentation_hash: B256::repeat_byte(1), ..copy };
    assert_eq!(not_passed(&found(&city, &named, NOW).await), [check_names::PRESENTED]);
}

// C-MORE-2: five outcomes
#[tokio::test]
async fn status_and_validity_decide_when_every_check_has_passed() {
    use CertificateStatus::{Renewed, Revoked, Suspended, Valid};
    let ended = UnixSeconds(NOW.get() - 1);
    for (status, valid_until, outcome) in [
        (Valid, UnixSeconds::ZERO, Outcome::Valid),
        (Revoked, UnixSeconds::ZERO, Outcome::Revoked),
        (Renewed, UnixSeconds::ZERO, Outcome::Revoked),
        (Suspended, UnixSeconds::ZERO, Outcome::Suspended),
        (Valid, ended, Outcome::Expired),
        (Suspended, ended, Outcome::Expired),
        (Revoked, ended, Outcome::Revoked),
    ] {
        let mut degree = Degree::new(1);
        degree.issue.valid_until = valid_until;
        let city = city_with(&degree);
        city.change(id(1), status, RevocationReason::Unspecified);
        let findings = found(&city, &degree.shown(), NOW).await;
        assert_eq!((findings.outcome, findings.failed()), (outcome, None), "{status}");
    }
}

// INSPECTION-1, bad input: a chain that does not answer
#[tokio::test]
async fn a_chain_that_does_not_answer_is_cannot_determine_and_never_a_verdict() {
    let degree = Degree::new(1);
    for status in [CertificateStatus::Valid, CertificateStatus::Revoked] {
        let city = city_with(&degree);
        city.change(id(1), status, RevocationReason::Unspecified);
        for (silent, check) in [("degree", check_names::KNOWN), ("main", check_names::ISSUER)] {
            city.answer_again();
            city.silence(silent);
            let findings = found(&city, &degree.shown(), NOW).await;
            assert_eq!((findings.outcome, not_passed(&findings)), (Outcome::CannotDetermine, vec![check]));
            assert!(findings.checks.iter().any(|check| check.detail.contains(silent)), "{findings:?}");
        }
    }
}

// INSPECTION-2
#[tokio::test]
async fn what_is_altered_stays_altered_while_a_chain_is_silent() {
    let degree = Degree::new(1);
    let city = city_with(&degree);
    city.silence("main");
    let altered = CheckCertificate { content_hash: B256::repeat_byte(9), ..degree.shown() };
    let findings = found(&city, &altered, NOW).await;
    assert_eq!(findings.outcome, Outcome::Refused);
    assert!(
        not_passed(&findings).contains(&check_names::CONTENT) && not_passed(&findings).contains(&check_names::ISSUER)
    );

    city.silence("degree");
    let forged = degree.shown_by(stranger(), NOW);
    let findings = found(&city, &forged, NOW).await;
    assert_eq!((findings.outcome, &*findings.failed().unwrap().name), (Outcome::Refused, check_names::PRESENTED));
}

// INSPECTION-3
#[tokio::test]
async fn a_revoked_certificate_in_the_wrong_hands_is_refused_first() {
    let degree = Degree::new(1);
    let city = city_with(&degree);
    city.change(id(1), CertificateStatus::Revoked, RevocationReason::KeyCompromise);
    let stolen = CheckCertificate { address: stranger().address(), presentation: None, ..degree.shown() };
    let stolen = CheckCertificate { presentation_hash: B256::ZERO, ..stolen };
    let findings = found(&city, &stolen, NOW).await;
    assert_eq!((findings.outcome, not_passed(&findings)), (Outcome::Refused, vec![check_names::HOLDER]));
}

#[tokio::test]
async fn an_unknown_certificate_is_refused_and_nothing_more_is_asked() {
    let degree = Degree::new(1);
    let city = RecordedCity::founded();
    let findings = found(&city, &degree.shown(), NOW).await;
    assert_eq!((findings.outcome, not_passed(&findings)), (Outcome::Refused, vec![check_names::KNOWN]));
    assert_eq!(city.readings(), 1);
}

// bad input: a rotated key; C-MORE-7: key history
#[tokio::test]
async fn what_a_key_signed_before_its_end_stays_valid_and_what_it_signed_after_it_is_refused() {
    let degree = Degree::new(1);
    let city = city_with(&degree);
    city.end_key(office().address(), UnixSeconds(NOW.get() - 1));
    assert_eq!(found(&city, &degree.shown(), NOW).await.outcome, Outcome::Valid);
    city.end_key(office().address(), BEFORE);
    assert_eq!(not_passed(&found(&city, &degree.shown(), NOW).await), [check_names::ISSUER]);
}

#[tokio::test]
async fn a_right_to_another_kind_is_no_right_to_this_one() {
    let degree = Degree::new(1);
    let city = RecordedCity::founded();
    city.authorize(crate::recorded_city::OFFICE, stranger().address(), Right::issue(CertificateKind::MARRIAGE));
    city.issue(&degree.issue, stranger(), &degree.sealed);
    assert_eq!(not_passed(&found(&city, &degree.shown(), NOW).await), [check_names::ISSUER]);
    // The claim names the chain: another kind's chain does not know the certificate.
    let moved = CheckCertificate { kind: CertificateKind::MARRIAGE, presentation: None, ..degree.shown() };
    let findings = found(&city, &moved, NOW).await;
    assert!(not_passed(&findings).contains(&check_names::KNOWN), "{findings:?}");
}
