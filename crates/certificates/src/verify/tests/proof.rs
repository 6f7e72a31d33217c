//! What the chain says: everything but one thing is right, and final.

use alloy_primitives::{Bytes, U256};

use super::*;
use crate::recorded_city::{samples::id, stranger};
use chancery_primitives::certificate_storage::CertificateSlots;

#[test]
fn only_a_successful_event_of_the_registry_proves_an_issue() {
    assert_eq!(failed(&Claim { contract: Address::repeat_byte(1), ..claim() }), "certificate-issued");
    assert_eq!(failed(&Claim { succeeded: false, ..claim() }), "transaction-succeeded");
    let other = Claim { event: |event| event.operation.certificateId = B256::repeat_byte(9), ..claim() };
    assert_eq!(failed(&other), "certificate-issued");
}

// The contract's code is not trusted with what can be checked without it.
#[test]
fn digest_and_signature_are_checked_again() {
    assert_eq!(failed(&Claim { event: |event| event.digest = B256::ZERO, ..claim() }), "digest-matches");
    let by_another = Claim { event: |event| event.issuer = stranger().address(), ..claim() };
    let (chain, mut file) = file_of(&by_another);
    file["issuerKey"] = json!(stranger().address());
    assert_eq!(verified(&chain, &file).unwrap_err().check, "issuer-signature");
    let altered = Claim {
        event: |event| {
            let mut signature = event.signature.to_vec();
            signature[0] ^= 1;
            event.signature = signature.into();
        },
        ..claim()
    };
    assert_eq!(failed(&altered), "issuer-signature");
}

#[test]
fn the_signature_of_a_contract_is_the_registrys_to_check_and_is_not_claimed() {
    let by_contract = Claim { event: |event| event.signature = Bytes::from(vec![1; 130]), ..claim() };
    let (chain, file) = file_of(&by_contract);
    let verified = verified(&chain, &file).unwrap();
    assert!(!verified.checks.iter().any(|check| check == "issuer-signature"), "{:?}", verified.checks);
}

#[test]
fn a_status_is_that_of_this_certificate_in_the_registry() {
    let elsewhere = Claim { slots: |slots| slots[0].0 = CertificateSlots::of(id(9)).status, ..claim() };
    assert_eq!(failed(&elsewhere), "status-of-certificate");
    let uncommitted = Claim { slots: |slots| slots[1].0 = CertificateSlots::of(id(9)).commitment, ..claim() };
    assert_eq!(failed(&uncommitted), "status-of-certificate");
    let other_issue = Claim { slots: |slots| slots[1].1 = U256::from(1), ..claim() };
    assert_eq!(failed(&other_issue), "commitment-matches");
    let unknown = Claim { slots: |slots| slots[0].1 = U256::ZERO, ..claim() };
    assert_eq!(failed(&unknown), "status-readable");
    let unreadable = Claim { slots: |slots| slots[0].1 = U256::from(99), ..claim() };
    assert_eq!(failed(&unreadable), "status-readable");
    // The issue is of the registry, the status of another contract.
    let (chain, mut file) = file_of(&claim());
    let (_, foreign) = Claim { contract: Address::repeat_byte(1), ..claim() }.proven();
    file["proof"]["state"] = json!(foreign.state);
    assert_eq!(verified(&chain, &file).unwrap_err().check, "status-of-registry");
}

#[test]
fn a_proof_counts_for_the_chain_that_is_trusted_and_in_the_version_that_is_read() {
    let (chain, file) = file_of(&claim());
    let mut essentials = chain.essentials().clone();
    essentials.genesis_hash = B256::repeat_byte(1);
    let other = TrustedChain::new(essentials).unwrap();
    assert_eq!(verified(&other, &file).unwrap_err().check, "WrongChain");
    let mut newer = file;
    newer["proof"]["version"] = json!(BUNDLE_VERSION + 1);
    assert_eq!(verified(&chain, &newer).unwrap_err().check, "proof-version");
}
