//! What a request carries.

use alloy::signers::local::PrivateKeySigner;
use alloy_primitives::{B256, Signature};
use chancery_rest::{
    erc8128::{Component, RequestParts, SignatureInput, parse_signature, signature_base, verify_content_digest},
    types::{Example as _, formats::ConfigureFormat, presentations::CreatePresentation, users::RegisterUser},
};
use serde_json::json;

use super::server::{Received, Server};
use crate::{Client, ClientError};

fn signer() -> PrivateKeySigner {
    PrivateKeySigner::from_bytes(&B256::repeat_byte(7)).unwrap()
}

/// A server that says nothing usable: what matters is what it was asked.
async fn server() -> Server {
    Server::with("200 OK", "application/json", "null").await
}

/// Whose signature a request carries, as a gateway finds out.
fn signed_by(received: &Received) -> alloy_primitives::Address {
    let input = SignatureInput::parse(received.header("signature-input").unwrap()).unwrap();
    let digest = received.header("content-digest");
    assert_eq!(input.covers(Component::ContentDigest), !received.body.is_empty());
    if let Some(digest) = digest {
        verify_content_digest(digest, &received.body).unwrap();
    }
    let [method, target, _] = received.request_line().split(' ').collect::<Vec<_>>().try_into().unwrap();
    let (path, query) = target.split_once('?').map_or((target, None), |(path, query)| (path, Some(query)));
    let parts = RequestParts {
        method,
        authority: received.header("host").unwrap(),
        https: false,
        path,
        query,
        content_digest: digest,
        content_type: None,
        idempotency_key: None,
    };
    let signature = parse_signature(received.header("signature").unwrap()).unwrap();
    let base = signature_base(&parts, &input).unwrap();
    let signer = Signature::from_raw_array(&signature).unwrap().recover_address_from_msg(base.as_bytes()).unwrap();
    assert_eq!((input.key().chain_id, input.key().address), (7100, signer));
    signer
}

// M-SEC
#[tokio::test]
async fn a_request_is_signed_as_it_is_sent() {
    let server = server().await;
    let client = server.client.clone().signing_with(signer(), 7100);
    client.register_user(&RegisterUser::example()).await.ok();
    let received = server.received().await;
    assert_eq!(received.request_line(), "POST /v1/users HTTP/1.1");
    assert_eq!(received.header("content-type"), Some("application/json"));
    assert_eq!(signed_by(&received), signer().address());
}

#[tokio::test]
async fn a_name_with_a_slash_is_one_part_of_the_path_and_a_query_is_signed_for() {
    let server = server().await;
    let client = server.client.clone().signing_with(signer(), 7100);
    client.configure_format("reading/air-quality", &ConfigureFormat::example(), true).await.ok();
    let received = server.received().await;
    assert_eq!(received.request_line(), "PUT /v1/formats/reading%2Fair-quality?check=true HTTP/1.1");
    assert_eq!(signed_by(&received), signer().address());
}

// GATEWAY-3
#[tokio::test]
async fn no_two_requests_have_one_nonce() {
    let mut nonces = Vec::new();
    for _ in 0..2 {
        let server = server().await;
        server.client.clone().signing_with(signer(), 7100).who_am_i().await.ok();
        let received = server.received().await;
        nonces.push(SignatureInput::parse(received.header("signature-input").unwrap()).unwrap().nonce().to_owned());
    }
    assert_ne!(nonces[0], nonces[1]);
}

#[tokio::test]
async fn an_idempotency_key_goes_with_what_is_submitted_alone() {
    let submits = server().await;
    let client = submits.client.clone().signing_with(signer(), 7100).with_idempotency_key("once");
    client.create_presentation(&CreatePresentation::example()).await.ok();
    assert_eq!(submits.received().await.header("idempotency-key"), Some("once"));
    let asks = server().await;
    asks.client.clone().with_idempotency_key("once").kinds().await.ok();
    assert_eq!(asks.received().await.header("idempotency-key"), None);
}

#[tokio::test]
async fn what_has_to_be_signed_is_not_sent_without_a_key() {
    let client = Client::new("http://127.0.0.1:1").unwrap();
    assert!(matches!(client.who_am_i().await, Err(ClientError::NoSigner)));
    assert!(matches!(client.register_user(&RegisterUser::example()).await, Err(ClientError::NoSigner)));
}

#[tokio::test]
async fn an_open_endpoint_is_asked_without_a_signature() {
    let server = Server::with("200 OK", "application/json", &json!({"kinds": []}).to_string()).await;
    assert!(server.client.kinds().await.unwrap().kinds.is_empty());
    let received = server.received().await;
    assert_eq!((received.header("signature"), received.header("authorization")), (None, None));
}

#[test]
fn a_client_is_shown_without_its_key() {
    let client = Client::new("http://127.0.0.1:8080").unwrap().signing_with(signer(), 7100);
    let shown = format!("{client:?}").to_lowercase();
    assert!(shown.contains(&signer().address().to_string().to_lowercase()) && !shown.contains("0707"), "{shown}");
}

// M-SEC: a name that somebody else has chosen does not lead to another endpoint.
#[tokio::test]
async fn what_names_nothing_is_not_asked_for() {
    let client = Client::new("http://127.0.0.1:1").unwrap();
    for wrong in ["", ".", "..", ".\t.", "a\nb"] {
        assert!(matches!(client.resource(wrong).await, Err(ClientError::BadName(_))), "{wrong:?}");
    }
    let server = server().await;
    server.client.resource("../%2e%2e/a?b#c").await.ok();
    assert_eq!(server.received().await.request_line(), "GET /v1/resources/..%2F%252e%252e%2Fa%3Fb%23c HTTP/1.1");
}

// M-SEC: neither sent to whoever answers there, nor shown in what is said about it.
#[test]
fn an_address_carries_no_password() {
    let client = Client::new("https://city.example").unwrap();
    for wrong in ["https://clerk:secret@city.example", "https://clerk@city.example", "http://:secret@127.0.0.1:8080"] {
        for refused in [Client::new(wrong).err(), client.at(wrong).err()] {
            let text = refused.expect(wrong).to_string();
            assert!(
                text.contains("is not the address") && !text.contains("secret") && !text.contains("clerk"),
                "{text}"
            );
        }
    }
}

// M-SEC: the key of one submission says nothing to the server of somebody else.
#[tokio::test]
async fn an_idempotency_key_does_not_go_to_another_server() {
    let server = server().await;
    let gateway = server.client.gateway().to_string();
    let elsewhere = Client::new("https://city.example").unwrap().with_idempotency_key("once").at(&gateway).unwrap();
    elsewhere.submit_data(&[]).await.ok();
    assert_eq!(server.received().await.header("idempotency-key"), None);
}
