//! `data.record` (M-ACQ, M-REP-1).

use alloy_primitives::{B256, keccak256};
use chancery_primitives::{DataOperation, Right};

use super::*;
use crate::recorded_city::{OFFICE, chain, office, stranger};

const CONTENT: &[u8] = b"{\"level\": 3}";

fn data() -> DataOperation {
    DataOperation {
        data_format: B256::repeat_byte(1),
        content_hash: keccak256(CONTENT),
        source: stranger().address(),
        subject: B256::repeat_byte(2),
        previous: B256::ZERO,
        time: NOW,
        idempotency_key: B256::repeat_byte(3),
    }
}

fn signed(data: &DataOperation, content: &'static [u8]) -> SignedOperation {
    let domain = directory().data_domain(&chain("main")).unwrap();
    data_operation(chain("main"), data, Bytes::from_static(content), sign(data, &domain, stranger())).unwrap()
}

fn city() -> RecordedCity {
    let city = RecordedCity::founded();
    city.authorize(OFFICE, stranger().address(), Right::SUBMISSION);
    city
}

#[tokio::test]
async fn an_authorized_source_submits_with_or_without_the_content() {
    let city = city();
    for content in [CONTENT, b""] {
        let operation = signed(&data(), content);
        submitted(&operation, &city).await.unwrap();
        // Its membership in a data block is the record.
        assert_eq!(handler(&operation).contract_call(&operation).unwrap(), None);
    }
}

#[tokio::test]
async fn a_source_without_the_right_is_refused() {
    let error = submitted(&signed(&data(), CONTENT), &RecordedCity::founded()).await.unwrap_err();
    assert_eq!((error.code(), &error.members()["required"]), (Code::RoleRequired, &serde_json::json!(["source"])));
    let city = city();
    city.end_key(stranger().address(), NOW);
    assert_eq!(refused(&signed(&data(), CONTENT), &city).await, Code::RoleRequired);
    city.silence("main");
    assert_eq!(refused(&signed(&data(), CONTENT), &city).await, Code::ChainUnreachable);
}

#[tokio::test]
async fn content_that_was_not_signed_for_and_a_time_ahead_are_refused() {
    let city = city();
    assert_eq!(refused(&signed(&data(), b"something else"), &city).await, Code::MalformedRequest);
    let ahead = DataOperation { time: UnixSeconds(NOW.get() + 61), ..data() };
    assert_eq!(refused(&signed(&ahead, CONTENT), &city).await, Code::MalformedRequest);
    let in_another_name = DataOperation { source: office().address(), ..data() };
    assert_eq!(refused(&signed(&in_another_name, CONTENT), &city).await, Code::SignatureInvalid);
    assert_eq!(refused(&renamed(&signed(&data(), CONTENT), "degree"), &city).await, Code::SignatureInvalid);
    assert_eq!(refused(&renamed(&signed(&data(), CONTENT), "moon"), &city).await, Code::UnknownChain);
}
