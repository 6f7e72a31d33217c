//! Names, codes, statuses and the storage layout, against the vectors.
#![allow(clippy::unwrap_used)]

use alloy_primitives::{Address, B256, U256};
use chancery_primitives::{
    CertificateId, CertificateKind, CertificateStatus, NameError, OrganizationCode, Outcome, RevocationReason, Right,
    UnixSeconds, UnknownCode, Validity,
    certificate_storage::{CertificateSlots, StatusWord, commitment},
};
use proptest::prelude::*;
use serde_json::Value;

fn vectors(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

fn read<T: serde::de::DeserializeOwned>(value: &Value) -> T {
    serde_json::from_value(value.clone()).unwrap()
}

#[test]
fn names_are_encoded_as_the_vectors_say() {
    let file = vectors(include_str!("../vectors/names.json"));
    for vector in file["vectors"].as_array().unwrap() {
        let text: String = read(&vector["text"]);
        let bytes32: B256 = read(&vector["bytes32"]);
        if text.chars().any(|character| character.is_ascii_lowercase()) {
            assert_eq!(Right::parse(&text).unwrap().to_bytes32(), bytes32);
            assert_eq!(CertificateKind::from_bytes32(bytes32).unwrap().as_str(), text);
        } else {
            assert_eq!(OrganizationCode::parse(&text).unwrap().to_bytes32(), bytes32);
            assert_eq!(OrganizationCode::from_bytes32(bytes32).unwrap().to_string(), text);
        }
    }
}

#[test]
fn names_outside_their_alphabet_are_refused() {
    assert!(matches!(OrganizationCode::parse(""), Err(NameError::Empty { .. })));
    assert!(matches!(OrganizationCode::parse("ABc"), Err(NameError::Character { position: 2, .. })));
    assert!(matches!(OrganizationCode::parse(&"A".repeat(33)), Err(NameError::TooLong { length_bytes: 33, .. })));
    assert!(matches!(CertificateKind::parse("Degree"), Err(NameError::Character { position: 0, .. })));
    assert!(matches!(CertificateKind::parse("学位"), Err(NameError::Character { position: 0, .. })));
    let mut encoded = CertificateKind::DEGREE.to_bytes32();
    encoded.0[31] = b'x';
    assert!(matches!(CertificateKind::from_bytes32(encoded), Err(NameError::Padding { .. })));
    assert!(matches!(CertificateKind::from_bytes32(B256::ZERO), Err(NameError::Empty { .. })));
}

#[test]
fn a_right_is_a_kind_or_one_of_the_others() {
    for kind in CertificateKind::FIRST_CITY {
        assert_eq!(Right::from(kind).kind(), Some(kind));
    }
    for right in [Right::INSPECTION, Right::REGISTRATION, Right::SUBMISSION] {
        assert_eq!(right.kind(), None);
    }
}

#[test]
fn certificate_ids_are_never_zero() {
    assert!(CertificateId::new(B256::ZERO).is_err());
    assert!("0x00".parse::<CertificateId>().is_err());
    assert!("ff".repeat(32).parse::<CertificateId>().is_err());
    assert_eq!(CertificateId::optional_from_bytes32(B256::ZERO), None);
    let id: CertificateId = format!("0x{}", "ff".repeat(32)).parse().unwrap();
    assert_eq!(id.to_string().parse::<CertificateId>().unwrap(), id);
}

#[test]
fn numbers_and_names_of_codes_agree_with_json() {
    for status in CertificateStatus::ALL {
        assert_eq!(CertificateStatus::try_from(status.code()), Ok(*status));
        assert_eq!(serde_json::to_value(status).unwrap(), status.as_str());
    }
    for reason in RevocationReason::ALL {
        assert_eq!(RevocationReason::try_from(reason.code()), Ok(*reason));
        assert_eq!(serde_json::to_value(reason).unwrap(), reason.as_str());
    }
    for outcome in Outcome::ALL {
        assert_eq!(Outcome::try_from(outcome.code()), Ok(*outcome));
        assert_eq!(serde_json::to_value(outcome).unwrap(), outcome.as_str());
    }
    assert_eq!(RevocationReason::try_from(2), Err(UnknownCode { what: "reason", code: 2 }));
    assert!(Outcome::try_from(0).is_err() && Outcome::try_from(7).is_err());
}

// C-QR, C-LIFE: CERT rules of docs/specs/certificate-registry.md.
#[test]
fn outcomes_follow_from_status_and_time() {
    let validity = Validity { valid_from: UnixSeconds(100), valid_until: UnixSeconds(200) };
    let at = |status, time| validity.outcome(status, UnixSeconds(time));
    use CertificateStatus::{Renewed, Revoked, Suspended, Valid};
    assert_eq!(at(Valid, 99), Outcome::Refused);
    assert_eq!(at(Valid, 100), Outcome::Valid);
    assert_eq!(at(Valid, 199), Outcome::Valid);
    assert_eq!(at(Valid, 200), Outcome::Expired);
    assert_eq!(at(Suspended, 150), Outcome::Suspended);
    assert_eq!(at(Suspended, 200), Outcome::Expired);
    assert_eq!(at(Revoked, 200), Outcome::Revoked);
    assert_eq!(at(Renewed, 150), Outcome::Revoked);
    let endless = Validity { valid_until: UnixSeconds::ZERO, ..validity };
    assert_eq!(endless.outcome(Valid, UnixSeconds(u64::MAX)), Outcome::Valid);
}

#[test]
fn storage_stands_where_the_specification_says() {
    let file = vectors(include_str!("../vectors/certificate-storage.json"));
    let slots = CertificateSlots::of(read(&file["certificateId"]));
    assert_eq!(slots.status, read::<B256>(&file["statusSlot"]));
    assert_eq!(slots.commitment, read::<B256>(&file["commitmentSlot"]));
    let issuer: Address = read(&file["issuer"]);
    let committed = commitment(read(&file["issueDigest"]), issuer, read(&file["issuedAt"]));
    assert_eq!(committed, read::<B256>(&file["commitment"]));

    let packed: B256 = read(&file["packedWord"]);
    let word = StatusWord::decode(packed.into()).unwrap().unwrap();
    assert_eq!(word.status, CertificateStatus::Suspended);
    assert_eq!(word.reason, RevocationReason::CertificateHold);
    assert_eq!(word.revision, 3);
    assert_eq!(word.validity.valid_from, read(&file["word"]["validFrom"]));
    assert_eq!(word.validity.valid_until, read(&file["word"]["validUntil"]));
    assert_eq!(word.changed_at, read(&file["word"]["changedAt"]));
    assert_eq!(StatusWord::decode(U256::ZERO), Ok(None));
}

proptest! {
    #[test]
    fn any_storage_word_is_read_or_refused(bytes in any::<[u8; 32]>()) {
        let word = U256::from_be_bytes(bytes);
        if let Ok(Some(read)) = StatusWord::decode(word) {
            prop_assert_eq!(read.status.code(), bytes[31]);
            prop_assert_eq!(read.reason.code(), bytes[30]);
            prop_assert!(read.revision < 1 << 48);
        }
    }

    #[test]
    fn names_read_back(text in "[0-9A-Z-]{1,32}", other in "\\PC{0,40}") {
        let code = OrganizationCode::parse(&text).unwrap();
        prop_assert_eq!(OrganizationCode::from_bytes32(code.to_bytes32()).unwrap(), code);
        prop_assert_eq!(code.as_str(), text);
        if let Ok(code) = OrganizationCode::parse(&other) {
            prop_assert_eq!(code.as_str(), other);
        }
    }

    #[test]
    fn any_bytes32_is_a_name_or_refused(bytes in any::<[u8; 32]>()) {
        if let Ok(kind) = CertificateKind::from_bytes32(B256::new(bytes)) {
            prop_assert_eq!(CertificateKind::parse(kind.as_str()).unwrap().to_bytes32(), B256::new(bytes));
        }
    }
}
