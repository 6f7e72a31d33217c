#![allow(clippy::unwrap_used)]

use super::*;
use crate::{CertificateId, CertificateKind, CertificateStatus, OrganizationCode, RevocationReason, UnixSeconds};
use alloy_primitives::{Bytes, hex};
use proptest::prelude::*;
use serde::de::DeserializeOwned;
use serde_json::Value;

const VECTORS: &str = include_str!("../../vectors/operations.json");
const DISCLOSURES: &str = include_str!("../../vectors/disclosures.json");
const RELEASES: &str = include_str!("../../vectors/releases.json");
const CHANGES: &str = include_str!("../../vectors/changes.json");

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Vector {
    title: String,
    #[serde(rename = "type")]
    name: String,
    chain_id: u64,
    verifying_contract: Address,
    operation: Value,
    struct_hash: B256,
    digest: B256,
    signer: Address,
    signature: Bytes,
}

fn vectors() -> Vec<Vector> {
    read(VECTORS)
}

fn read(file: &str) -> Vec<Vector> {
    let file: Value = serde_json::from_str(file).unwrap();
    serde_json::from_value(file["vectors"].clone()).unwrap()
}

fn check<O: SignedOperation + Serialize + DeserializeOwned>(vector: &Vector) {
    let operation: O = serde_json::from_value(vector.operation.clone()).unwrap();
    assert_eq!(serde_json::to_value(&operation).unwrap(), vector.operation, "{}", vector.title);
    let domain = SigningDomain::new(vector.chain_id, vector.verifying_contract);
    assert_eq!(operation.struct_hash(), vector.struct_hash, "{}", vector.title);
    assert_eq!(operation.digest(&domain), vector.digest, "{}", vector.title);
    assert_eq!(operation.recover(&domain, &vector.signature).unwrap(), vector.signer, "{}", vector.title);

    let elsewhere = SigningDomain::new(vector.chain_id + 1, vector.verifying_contract);
    assert!(matches!(
        operation.verify(&elsewhere, &vector.signature, vector.signer),
        Err(SignatureError::WrongSigner { expected, .. }) if expected == vector.signer
    ));
}

// M-SEC, C-ISSUE: what one language signs, every other one verifies.
#[test]
fn operations_hash_and_recover_as_viem_has_them() {
    let vectors = vectors();
    for vector in &vectors {
        match vector.name.as_str() {
            "Issue" => check::<Issue>(vector),
            "ChangeStatus" => check::<ChangeStatus>(vector),
            "Inspect" => check::<Inspect>(vector),
            "Present" => check::<Present>(vector),
            "DataOperation" => check::<DataOperation>(vector),
            other => panic!("no operation is named {other}"),
        }
    }
    assert_eq!(vectors.len(), 9);
}

// RELEASE-1, S-SVC
#[test]
fn steps_of_releases_hash_and_recover_as_viem_has_them() {
    let vectors = read(RELEASES);
    for vector in &vectors {
        match vector.name.as_str() {
            "ProposeContract" => check::<ProposeContract>(vector),
            "ChangeRelease" => check::<ChangeRelease>(vector),
            other => panic!("no operation is named {other}"),
        }
    }
    assert_eq!(vectors.len(), 4);
}

// CHANGE-1, CHANGE-3, M-CON-3
#[test]
fn steps_of_changes_hash_and_recover_as_viem_has_them() {
    let vectors = read(CHANGES);
    for vector in &vectors {
        match vector.name.as_str() {
            "ProposeChange" => check::<ProposeChange>(vector),
            "DecideChange" => check::<DecideChange>(vector),
            other => panic!("no operation is named {other}"),
        }
    }
    assert_eq!(vectors.len(), 4);
}

// C-CHAINS, TRUST-7
#[test]
fn what_a_holder_agrees_to_hashes_and_recovers_as_viem_has_it() {
    let vectors = read(DISCLOSURES);
    vectors.iter().for_each(check::<Disclose>);
    assert_eq!(vectors.len(), 2);
}

#[test]
fn a_signature_of_the_wrong_form_is_refused_by_name() {
    let vector = &vectors()[0];
    let signature = vector.signature.to_vec();
    assert_eq!(recover_signer(vector.digest, &signature[..64]), Err(SignatureError::Length { length_bytes: 64 }));

    let mut parity = signature.clone();
    parity[64] -= 27;
    assert_eq!(recover_signer(vector.digest, &parity), Err(SignatureError::RecoveryId { v: parity[64] }));

    // The same signature with s in the upper half (n - s) and v flipped, which EIP-2 forbids.
    let order =
        alloy_primitives::U256::from_be_bytes(hex!("fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141"));
    let mut malleable = signature.clone();
    let low = alloy_primitives::U256::from_be_slice(&signature[32..64]);
    malleable[32..64].copy_from_slice(&(order - low).to_be_bytes::<32>());
    malleable[64] = 27 + 28 - malleable[64];
    assert_eq!(recover_signer(vector.digest, &malleable), Err(SignatureError::Unrecoverable));
    assert_eq!(recover_signer(vector.digest, &[0; 65]), Err(SignatureError::RecoveryId { v: 0 }));
}

#[test]
fn json_with_a_misnamed_value_is_no_operation() {
    let mut operation = vectors()[2].operation.clone();
    operation["status"] = Value::from("cancelled");
    assert!(serde_json::from_value::<ChangeStatus>(operation).is_err());
    let mut operation = vectors()[0].operation.clone();
    operation["certificateId"] = Value::from(B256::ZERO.to_string());
    assert!(serde_json::from_value::<Issue>(operation).is_err());
}

#[test]
fn operation_types_read_back_from_their_encoding() {
    for operation in OperationType::ALL {
        assert_eq!(OperationType::from_bytes32(operation.to_bytes32()), Some(operation));
        assert_eq!(serde_json::to_value(operation).unwrap(), operation.as_str());
    }
    assert_eq!(OperationType::from_bytes32(B256::ZERO), None);
}

fn issue() -> impl Strategy<Value = Issue> {
    let hashes = (any::<[u8; 32]>(), any::<[u8; 32]>(), any::<[u8; 32]>());
    let times = (any::<u64>(), any::<u64>(), any::<u64>());
    (hashes, "[a-z0-9-]{1,32}", "[0-9A-Z-]{1,32}", any::<[u8; 20]>(), times, any::<bool>()).prop_map(
        |((id, content, sealed), kind, organization, holder, (from, until, deadline), renews)| Issue {
            certificate_id: CertificateId::new(B256::new(id)).unwrap(),
            kind: CertificateKind::parse(&kind).unwrap(),
            organization: OrganizationCode::parse(&organization).unwrap(),
            holder: Address::new(holder),
            content_hash: B256::new(content),
            sealed_hash: B256::new(sealed),
            valid_from: UnixSeconds(from),
            valid_until: UnixSeconds(until),
            previous: renews.then(|| CertificateId::new(B256::new(sealed)).unwrap()),
            deadline: UnixSeconds(deadline),
        },
    )
}

proptest! {
    #[test]
    fn an_issue_survives_json(operation in issue()) {
        let text = serde_json::to_string(&operation).unwrap();
        prop_assert_eq!(serde_json::from_str::<Issue>(&text).unwrap(), operation);
    }

    #[test]
    fn every_member_of_an_issue_is_signed_for(operation in issue(), byte in 0..32_usize) {
        let hash = operation.struct_hash();
        let flip = |word: B256| { let mut other = word; other.0[byte] ^= 1; other };
        let later = |time: UnixSeconds| UnixSeconds(time.get() ^ 1);
        let changed = [
            Issue { certificate_id: CertificateId::new(flip(operation.certificate_id.to_bytes32())).unwrap(), ..operation.clone() },
            Issue { kind: CertificateKind::parse("other-kind").unwrap(), ..operation.clone() },
            Issue { organization: OrganizationCode::parse("OTHER-CODE").unwrap(), ..operation.clone() },
            Issue { holder: Address::repeat_byte(0xee), ..operation.clone() },
            Issue { content_hash: flip(operation.content_hash), ..operation.clone() },
            Issue { sealed_hash: flip(operation.sealed_hash), ..operation.clone() },
            Issue { valid_from: later(operation.valid_from), ..operation.clone() },
            Issue { valid_until: later(operation.valid_until), ..operation.clone() },
            Issue { previous: Some(CertificateId::new(B256::repeat_byte(0xef)).unwrap()), ..operation.clone() },
            Issue { deadline: later(operation.deadline), ..operation.clone() },
        ];
        for other in changed {
            prop_assert_ne!(other.struct_hash(), hash, "{:?}", other);
        }
    }

    #[test]
    fn recovery_never_panics(digest in any::<[u8; 32]>(), signature in proptest::collection::vec(any::<u8>(), 0..70)) {
        let _ = recover_signer(B256::new(digest), &signature);
    }

    #[test]
    fn a_change_of_status_is_signed_for_its_revision(revision in any::<u64>()) {
        let change = |revision| ChangeStatus {
            certificate_id: CertificateId::new(B256::repeat_byte(1)).unwrap(),
            status: CertificateStatus::Revoked,
            reason: RevocationReason::Unspecified,
            revision,
            deadline: UnixSeconds(0),
        };
        prop_assert_ne!(change(revision).struct_hash(), change(revision.wrapping_add(1)).struct_hash());
    }
}
