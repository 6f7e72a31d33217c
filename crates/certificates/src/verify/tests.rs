//! What a file proves, and which check names what it does not (C-API-5).
#![allow(clippy::unwrap_used)]

mod chain;
mod file;
mod proof;

use chancery_primitives::{RevocationReason, Validity, certificate_storage::StatusWord};
use serde_json::{Value, json};

use super::*;
use crate::{
    recorded_city::{BEFORE, NOW, office, samples::Degree},
    services::rfc3339,
};
use chain::Claim;

fn word(status: CertificateStatus) -> StatusWord {
    StatusWord {
        status,
        reason: RevocationReason::Unspecified,
        revision: u64::from(status != CertificateStatus::Valid),
        validity: Validity { valid_from: BEFORE, valid_until: UnixSeconds::ZERO },
        changed_at: BEFORE,
    }
}

fn claim() -> Claim {
    Claim::of(Degree::new(1), word(CertificateStatus::Valid))
}

/// The file that C-API-5 answers for a claim, and the chain to verify it by.
fn file_of(claim: &Claim) -> (TrustedChain, Value) {
    let (chain, bundle) = claim.proven();
    let issue = &claim.degree.issue;
    let file = json!({
        "certificateId": issue.certificate_id,
        "organization": issue.organization,
        "organizationName": "Sample University",
        "kind": issue.kind,
        "holder": issue.holder,
        "sealed": claim.degree.sealed,
        "issuerKey": office().address(),
        "issuedAt": rfc3339(BEFORE),
        "status": claim.word.status.as_str(),
        "proof": bundle,
    });
    (chain, file)
}

fn verified(chain: &TrustedChain, file: &Value) -> Result<VerifiedCertificate, VerificationFailure> {
    verify_file(file.to_string().as_bytes(), chain, None, NOW)
}

/// The check that refuses what a claim makes of the file.
fn failed(claim: &Claim) -> &'static str {
    let (chain, file) = file_of(claim);
    verified(&chain, &file).unwrap_err().check
}

#[test]
fn a_whole_file_proves_the_certificate_and_its_status() {
    let claim = claim();
    let (chain, file) = file_of(&claim);
    let document = claim.degree.document.as_slice();
    let verified = verify_file(file.to_string().as_bytes(), &chain, Some(document), NOW).unwrap();
    assert_eq!((verified.outcome, verified.issue), (Outcome::Valid, claim.degree.issue));
    assert_eq!((verified.issuer_key, verified.issued_at, verified.block_number), (office().address(), BEFORE, 1));
    let status = verified.status.unwrap();
    assert_eq!((status.block_number, status.at.get(), status.age_s), (2, BEFORE.get() + 1, 999));
    assert_eq!((verified.document_checked, verified.unproven), (true, vec!["organizationName".to_owned()]));
    let checks = "proof-present proof-version block-final transaction-included certificate-issued organization-matches \
                  kind-matches holder-matches issuer-key-matches issued-at-matches sealed-unaltered digest-matches \
                  issuer-signature document-unaltered status-of-registry status-of-certificate commitment-matches \
                  status-readable status-matches";
    assert_eq!(verified.checks.join(" "), checks);
}

// C-MORE-2: genuine is one thing, valid another
#[test]
fn the_proven_status_decides_what_a_genuine_certificate_amounts_to() {
    use CertificateStatus::{Renewed, Revoked, Suspended, Valid};
    for (status, valid_from, valid_until, outcome) in [
        (Valid, 0, 0, Outcome::Valid),
        (Revoked, 0, 0, Outcome::Revoked),
        (Renewed, 0, 0, Outcome::Revoked),
        (Suspended, 0, 0, Outcome::Suspended),
        (Valid, 0, NOW.get(), Outcome::Expired),
        (Valid, NOW.get() + 1, 0, Outcome::Refused),
    ] {
        let mut claim = Claim::of(Degree::new(1), word(status));
        claim.word.validity = Validity { valid_from: UnixSeconds(valid_from), valid_until: UnixSeconds(valid_until) };
        let (chain, file) = file_of(&claim);
        let verified = verified(&chain, &file).unwrap();
        assert_eq!((verified.outcome, verified.status.unwrap().status), (outcome, status));
    }
}

#[test]
fn without_a_proof_of_the_status_it_cannot_be_determined() {
    let (chain, mut file) = file_of(&claim());
    file["proof"].as_object_mut().unwrap().remove("state");
    let cut = verified(&chain, &file).unwrap();
    assert_eq!((cut.outcome, cut.status), (Outcome::CannotDetermine, None));
    assert_eq!(cut.unproven, ["organizationName", "status"]);
}
