#![allow(clippy::unwrap_used)]

use std::sync::Mutex;

use alloy::signers::{SignerSync as _, local::PrivateKeySigner};
use alloy_primitives::B256;
use axum::body::to_bytes;
use chancery_reference_points::DoorError;
use chancery_rest::{
    erc8128::{KeyId, RequestParts, SignatureInput, signature_base, signature_header},
    types::resources::GrantTerms,
    values::{HexBytes, HexHash},
};
use futures::{StreamExt as _, stream};
use serde_json::Value;
use tower::ServiceExt as _;

use super::*;

const NOW_S: u64 = 1_795_230_000;
const HOST: &str = "ods.weather.example";

struct StoppedClock;

impl Clock for StoppedClock {
    fn unix_milliseconds(&self) -> u64 {
        NOW_S * 1000
    }
}

/// Releases to one reader, and notes who asks.
struct OneReader {
    reader: Address,
    asked: Mutex<Vec<Address>>,
}

impl OneReader {
    fn admit(&self, reader: Address, request: u64) -> DoorResult<()> {
        self.asked.lock().unwrap().push(reader);
        if reader == self.reader {
            return Ok(());
        }
        Err(DoorError::new(Code::NotYourRequest, format!("request {request} is another reader's")))
    }
}

#[async_trait]
impl Releases for OneReader {
    async fn granted(&self, reader: Address, asset: Address, request: u64) -> DoorResult<GrantedAccess> {
        self.admit(reader, request)?;
        let hash = HexHash(B256::ZERO);
        Ok(GrantedAccess {
            asset: asset.into(),
            request,
            grant: GrantTerms {
                reader: reader.into(),
                reader_key: hash,
                version: 1,
                key_epoch: 1,
                sealed_key_hash: hash,
                valid_until: 0,
            },
            sealed_key: HexBytes::default(),
            size: 6,
            proven: true,
            block_number: 1,
        })
    }

    async fn file(&self, reader: Address, _: Address, request: u64) -> DoorResult<ReleasedFile> {
        self.admit(reader, request)?;
        let bytes = stream::iter(["sea", "led"].map(|part| Ok(Bytes::from(part)))).boxed();
        Ok(ReleasedFile { size: 6, bytes })
    }
}

fn signer(byte: u8) -> PrivateKeySigner {
    PrivateKeySigner::from_bytes(&B256::repeat_byte(byte)).unwrap()
}

fn path(tail: &str) -> String {
    format!("/v1/assets/{}/requests/7{tail}", signer(3).address())
}

fn signed(path: &str, signer: &PrivateKeySigner, nonce: &str, authority: &str) -> Request {
    let key = KeyId { chain_id: 7100, address: signer.address() };
    let input = SignatureInput::new(key, NOW_S, NOW_S + 60, nonce, false).unwrap();
    let parts = RequestParts {
        method: "GET",
        authority,
        https: true,
        path,
        query: None,
        content_digest: None,
        content_type: None,
        idempotency_key: None,
    };
    let base = signature_base(&parts, &input).unwrap();
    let signature = signer.sign_message_sync(base.as_bytes()).unwrap();
    Request::get(path)
        .header("host", authority)
        .header("signature-input", input.header())
        .header("signature", signature_header(&signature.as_bytes()))
        .body(Body::empty())
        .unwrap()
}

async fn ask(door: &Router, request: Request) -> (u16, Vec<u8>) {
    let response = door.clone().oneshot(request).await.unwrap();
    let status = response.status().as_u16();
    assert!(response.headers().contains_key("x-request-id"));
    (status, to_bytes(response.into_body(), 1 << 20).await.unwrap().to_vec())
}

fn code(body: &[u8]) -> String {
    serde_json::from_slice::<Value>(body).unwrap()["code"].as_str().unwrap().to_owned()
}

fn door() -> (Router, Arc<OneReader>) {
    let releases = Arc::new(OneReader { reader: signer(1).address(), asked: Mutex::default() });
    let origins = vec![Origin::parse(&format!("https://{HOST}")).unwrap()];
    (with_clock(origins, 7100, releases.clone(), Arc::new(StoppedClock), REQUEST_TIMEOUT), releases)
}

// S-RULES, SHARE-9: what is released is released to who has proven to be the reader.
#[tokio::test]
async fn the_reader_is_whoever_signed_and_a_signature_counts_once() {
    let (door, releases) = door();
    let (status, body) = ask(&door, signed(&path("/file"), &signer(1), "nonce-number-1", HOST)).await;
    assert_eq!((status, body.as_slice()), (200, b"sealed".as_slice()));
    let (status, body) = ask(&door, signed(&path("/file"), &signer(1), "nonce-number-1", HOST)).await;
    assert_eq!((status, code(&body).as_str()), (401, "request-replayed"));
    let (status, body) = ask(&door, signed(&path(""), &signer(2), "nonce-number-2", HOST)).await;
    assert_eq!((status, code(&body).as_str()), (403, "not-your-request"));
    let (status, _) = ask(&door, signed(&path(""), &signer(1), "nonce-number-3", HOST)).await;
    assert_eq!(status, 200);
    let expected = [1, 2, 1].map(|byte| signer(byte).address());
    assert_eq!(*releases.asked.lock().unwrap(), expected);
}

// SHARE-9, GATEWAY-4: the authorization walk of a department's door. Readers cannot be listed beforehand: a stranger is told so by whoever releases, and by no byte.
#[tokio::test]
async fn every_route_of_a_department_is_asked_by_everybody() {
    let (door, releases) = door();
    for (index, (route, reader, stranger)) in [(path(""), 200, 403), (path("/file"), 200, 403)].into_iter().enumerate()
    {
        let nonce = |of: &str| format!("nonce-{of}-{index}");
        let bare = Request::get(&route).header("host", HOST).body(Body::empty()).unwrap();
        assert_eq!(ask(&door, bare).await.0, 401, "{route}, without a signature");
        let elsewhere = signed(&route, &signer(1), &nonce("elsewhere"), "other.example");
        assert_eq!(ask(&door, elsewhere).await.0, 401, "{route}, signed for another door");
        let (status, answer) = ask(&door, signed(&route, &signer(2), &nonce("stranger"), HOST)).await;
        assert_eq!((status, code(&answer).as_str()), (stranger, "not-your-request"), "{route}, by another");
        let of_the_reader = signed(&route, &signer(1), &nonce("of-the-reader"), HOST);
        assert_eq!(ask(&door, of_the_reader).await.0, reader, "{route}, by the reader");
    }
    let health = Request::get("/health").header("host", HOST).body(Body::empty()).unwrap();
    assert_eq!(ask(&door, health).await.0, 200, "whoever runs it asks without a key");
    let expected = [2, 1, 2, 1].map(|byte| signer(byte).address());
    assert_eq!(*releases.asked.lock().unwrap(), expected, "nobody who has not signed reaches what is behind the door");
}

// GATEWAY-4
#[tokio::test]
async fn who_does_not_sign_or_signs_for_another_door_reaches_nothing() {
    let (door, releases) = door();
    let bare = Request::get(path("/file")).header("host", HOST).body(Body::empty()).unwrap();
    let (status, body) = ask(&door, bare).await;
    assert_eq!((status, code(&body).as_str()), (401, "authentication-required"));
    let (status, body) = ask(&door, signed(&path("/file"), &signer(1), "nonce-number-1", "other.example")).await;
    assert_eq!((status, code(&body).as_str()), (401, "request-signature-invalid"));
    let mut moved = signed(&path(""), &signer(1), "nonce-number-2", HOST);
    *moved.uri_mut() = path("/file").parse().unwrap();
    let (status, body) = ask(&door, moved).await;
    assert_eq!(
        (status, code(&body).as_str()),
        (401, "request-signature-invalid"),
        "signed for the terms, not the file"
    );
    for (path, status, name) in
        [("/v1/assets/0x12/requests/7", 400, "malformed-address"), ("/v1/assets", 404, "unknown-route")]
    {
        let answer = ask(&door, Request::get(path).body(Body::empty()).unwrap()).await;
        assert_eq!((answer.0, code(&answer.1).as_str()), (status, name), "{path}");
    }
    assert!(releases.asked.lock().unwrap().is_empty());
}

// GATEWAY-6
#[tokio::test]
async fn a_body_is_refused_before_anything_is_read_of_it() {
    let (door, releases) = door();
    let endless = || Body::from_stream(stream::pending::<io::Result<Bytes>>());
    for body in [Body::from("x"), endless()] {
        let mut request = signed(&path("/file"), &signer(1), "nonce-number-1", HOST);
        *request.body_mut() = body;
        let (status, answer) = ask(&door, request).await;
        assert_eq!((status, code(&answer).as_str()), (400, "malformed-request"));
    }
    assert!(releases.asked.lock().unwrap().is_empty());
    let (status, _) = ask(&door, signed(&path("/file"), &signer(1), "nonce-number-1", HOST)).await;
    assert_eq!(status, 200, "the nonce was not used up");
}

/// Waits for a chain that makes no block.
struct StandingChain;

#[async_trait]
impl Releases for StandingChain {
    async fn granted(&self, _: Address, _: Address, _: u64) -> DoorResult<GrantedAccess> {
        std::future::pending().await
    }

    async fn file(&self, _: Address, _: Address, _: u64) -> DoorResult<ReleasedFile> {
        std::future::pending().await
    }
}

// GATEWAY-6
#[tokio::test]
async fn an_answer_that_does_not_come_in_time_is_a_problem() {
    let origins = vec![Origin::parse(&format!("https://{HOST}")).unwrap()];
    let longest = Duration::from_millis(1);
    let door = with_clock(origins, 7100, Arc::new(StandingChain), Arc::new(StoppedClock), longest);
    for (tail, nonce) in [("", "nonce-number-1"), ("/file", "nonce-number-2")] {
        let (status, body) = ask(&door, signed(&path(tail), &signer(1), nonce, HOST)).await;
        assert_eq!((status, code(&body).as_str()), (503, "timed-out"));
    }
}
