#![allow(clippy::unwrap_used)]

use axum::{body::Body, extract::Request};
use chancery_reference_points::Code;
use http::HeaderMap;

use super::{Credential, read_body, single};
use crate::{limits::MAX_BODY_BYTES, problem::ApiResult};

fn request(headers: &[(&str, &str)]) -> Request {
    let builder = headers.iter().fold(Request::builder(), |builder, (name, value)| builder.header(*name, *value));
    builder.body(Body::empty()).unwrap()
}

fn found(headers: &[(&str, &str)]) -> ApiResult<Credential> {
    Credential::of(&request(headers))
}

fn code<T>(result: ApiResult<T>) -> Option<Code> {
    result.err().map(|error| error.error.code())
}

#[test]
fn a_credential_is_a_session_or_a_signature_or_nothing() {
    assert!(matches!(found(&[]).unwrap(), Credential::None));
    for written in ["Bearer abc", "bearer abc", "BEARER  abc "] {
        assert!(
            matches!(found(&[("authorization", written)]).unwrap(), Credential::Session(token) if token == "abc"),
            "{written}"
        );
    }
    // Half a signature is a signature that does not hold, not the absence of one.
    for half in ["signature", "signature-input"] {
        assert!(matches!(found(&[(half, "eth=")]).unwrap(), Credential::Signature), "{half}");
    }
}

// GATEWAY-2
#[test]
fn two_credentials_could_name_two_callers_and_are_refused() {
    let two = found(&[("authorization", "Bearer abc"), ("signature", "eth=")]);
    assert_eq!(code(two), Some(Code::MalformedRequest));
    let twice = found(&[("authorization", "Bearer abc"), ("authorization", "Bearer def")]);
    assert_eq!(code(twice), Some(Code::MalformedRequest));
    for other in ["Basic abc", "Bearer", "abc", ""] {
        assert_eq!(code(found(&[("authorization", other)])), Some(Code::AuthenticationRequired), "{other}");
    }
}

#[test]
fn a_header_counts_once_and_in_ascii() {
    let mut headers = HeaderMap::new();
    assert_eq!(single(&headers, "host").unwrap(), None);
    headers.append("host", " city.example ".parse().unwrap());
    assert_eq!(single(&headers, "host").unwrap(), Some("city.example"));
    headers.append("host", "city.example".parse().unwrap());
    assert_eq!(code(single(&headers, "host")), Some(Code::MalformedRequest));
    let mut headers = HeaderMap::new();
    headers.insert("host", http::HeaderValue::from_bytes(b"caf\xe9").unwrap());
    assert_eq!(code(single(&headers, "host")), Some(Code::MalformedRequest));
}

// GATEWAY-6
#[tokio::test]
async fn a_body_is_read_up_to_its_bound() {
    let with = |bytes: usize| Request::new(Body::from(vec![b' '; bytes]));
    let kept = read_body(with(MAX_BODY_BYTES)).await.unwrap();
    assert_eq!(axum::body::to_bytes(kept.into_body(), usize::MAX).await.unwrap().len(), MAX_BODY_BYTES);
    let error = read_body(with(MAX_BODY_BYTES + 1)).await.unwrap_err().error;
    assert_eq!((error.code(), error.members()["limit"].as_u64()), (Code::BodyTooLarge, Some(MAX_BODY_BYTES as u64)));
}

#[tokio::test]
async fn a_body_that_ends_early_is_malformed() {
    let parts: Vec<Result<&str, std::io::Error>> = vec![Ok("{"), Err(std::io::Error::other("the client went away"))];
    let request = Request::new(Body::from_stream(futures::stream::iter(parts)));
    assert_eq!(code(read_body(request).await), Some(Code::MalformedRequest));
}
