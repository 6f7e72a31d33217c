//! `identity.attribute` (C-ID, C-API-4).

use super::*;
use crate::{
    recorded_city::{holder, office, stranger},
    registry::ATTRIBUTE_ENCRYPTION,
};

fn attribute(nonce: u64) -> IdentityAttribute {
    IdentityAttribute {
        identity: stranger().address(),
        name: ATTRIBUTE_ENCRYPTION.to_owned(),
        value: Bytes::from(vec![7; 32]),
        validity: 1000,
        nonce,
    }
}

fn signed_by(attribute: &IdentityAttribute, keys: &PersonKeys) -> SignedOperation {
    let signature = keys.sign_digest(attribute_digest(attribute).unwrap()).unwrap();
    attribute_operation(&directory(), attribute, signature.to_vec().into()).unwrap()
}

#[tokio::test]
async fn a_person_publishes_its_own_key_as_its_next_change() {
    let city = RecordedCity::founded();
    let operation = signed_by(&attribute(0), stranger());
    submitted(&operation, &city).await.unwrap();
    let call = handler(&operation).contract_call(&operation).unwrap().unwrap();
    assert_eq!(call.to, chancery_contracts::predeploys::ETHEREUM_DID_REGISTRY);
}

#[tokio::test]
async fn a_signature_is_used_once() {
    let city = RecordedCity::founded();
    let own = IdentityAttribute { identity: holder().address(), ..attribute(0) };
    // Two changes have been made.
    let error = submitted(&signed_by(&own, holder()), &city).await.unwrap_err();
    assert_eq!((error.code(), error.members()["expected"].as_u64()), (Code::SignatureInvalid, Some(2)));
    submitted(&signed_by(&IdentityAttribute { nonce: 2, ..own }, holder()), &city).await.unwrap();
}

#[tokio::test]
async fn nobody_publishes_for_somebody_else_or_on_another_chain() {
    let city = RecordedCity::founded();
    assert_eq!(refused(&signed_by(&attribute(0), office()), &city).await, Code::SignatureInvalid);
    let operation = signed_by(&attribute(0), stranger());
    assert_eq!(refused(&renamed(&operation, "degree"), &city).await, Code::WrongChain);
    let mut longer = operation;
    longer.message["validity"] = serde_json::json!(1001);
    assert_eq!(refused(&longer, &city).await, Code::SignatureInvalid);
}

#[test]
fn a_name_has_at_most_32_ascii_bytes() {
    for name in ["", "a name that is longer than 32 bytes", "schl\u{fc}ssel"] {
        assert_eq!(attribute_digest(&IdentityAttribute { name: name.to_owned(), ..attribute(0) }), None, "{name}");
        let mut operation = signed_by(&attribute(0), stranger());
        operation.message["name"] = serde_json::json!(name);
        assert_eq!(handler(&operation).interpret(&operation).unwrap_err().code(), Code::MalformedRequest, "{name}");
    }
}
