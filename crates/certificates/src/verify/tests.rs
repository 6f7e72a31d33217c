//! What a file proves, and which check names what it does not (C-API-5).
#![allow(clippy::unwrap_used)]

pub(crate) mod chain;
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

#[derive(serde::Serialize, serde::Deserialize)]
struct Vector {
    description: String,
    chain: chancery_light::ChainEssentials,
    now: UnixSeconds,
    file: Value,
}

/// Documents are sealed with fresh keys, so a new vector differs from the one before: `CHANCERY_BLESS=1` writes it, this test holds the present one.
#[test]
fn the_vector_of_a_certificate_file_proves_what_it_says() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors/certificate-file.json");
    if std::env::var_os("CHANCERY_BLESS").is_some() {
        let (chain, file) = file_of(&claim());
        let description = "A certificate file (C-API-5), the chain by which it is verified, and when".to_owned();
        let vector = Vector { description, chain: chain.essentials().clone(), now: NOW, file };
        std::fs::write(&path, serde_json::to_string_pretty(&vector).unwrap() + "\n").unwrap();
    }
    let vector: Vector = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let proven = verified(&TrustedChain::new(vector.chain).unwrap(), &vector.file).unwrap();
    assert_eq!((proven.outcome, proven.unproven), (Outcome::Valid, vec!["organizationName".to_owned()]));
}
