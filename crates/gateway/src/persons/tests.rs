#![allow(clippy::unwrap_used)]

use std::sync::Mutex;

use alloy::signers::{SignerSync as _, local::PrivateKeySigner};
use alloy_primitives::B256;
use axum::body::{Body, to_bytes};
use chancery_rest::erc8128::{KeyId, RequestParts, SignatureInput, content_digest, signature_base, signature_header};
use serde_json::Value;
use tower::ServiceExt as _;

use super::*;

const NOW_S: u64 = 1_795_230_000;
const HOST: &str = "persons.example";

struct StoppedClock;

impl Clock for StoppedClock {
    fn unix_milliseconds(&self) -> u64 {
        NOW_S * 1000
    }
}

/// Knows offices, and notes who asks.
struct Offices {
    offices: Vec<Address>,
    asked: Mutex<Vec<Address>>,
}

impl Offices {
    fn of(signers: &[u8]) -> Arc<Self> {
        Arc::new(Self {
            offices: signers.iter().map(|byte| signer(*byte).address()).collect(),
            asked: Mutex::default(),
        })
    }

    fn note(&self, caller: Address) {
        self.asked.lock().unwrap().push(caller);
    }
}

#[async_trait]
impl PersonService for Offices {
    fn is_office(&self, caller: Address) -> bool {
        self.offices.contains(&caller)
    }

    fn office_count(&self) -> usize {
        self.offices.len()
    }

    async fn evaluate(&self, caller: Address, _: EvaluateInputs) -> DoorResult<EvaluatedInputs> {
        self.note(caller);
        Ok(EvaluatedInputs { evaluated: Vec::new() })
    }

    async fn claim(&self, caller: Address, _: ClaimPerson) -> DoorResult<ClaimedPerson> {
        self.note(caller);
        Ok(ClaimedPerson { identity: None })
    }

    async fn change(&self, caller: Address, _: &str, _: ChangePerson) -> DoorResult<ChangedPerson> {
        self.note(caller);
        Ok(ChangedPerson { held: false })
    }
}

fn signer(byte: u8) -> PrivateKeySigner {
    PrivateKeySigner::from_bytes(&B256::repeat_byte(byte)).unwrap()
}

/// A signed request whose body is `sent`, signed for `body`.
fn signed(path: &str, signer: &PrivateKeySigner, nonce: &str, (body, sent): (&str, &str)) -> Request {
    let key = KeyId { chain_id: 7100, address: signer.address() };
    let input = SignatureInput::new(key, NOW_S, NOW_S + 60, nonce, true).unwrap();
    let digest = content_digest(body.as_bytes());
    let parts = RequestParts {
        method: "POST",
        authority: HOST,
        https: true,
        path,
        query: None,
        content_digest: Some(digest.as_str()),
        content_type: Some("application/json"),
        idempotency_key: None,
    };
    let signature = signer.sign_message_sync(signature_base(&parts, &input).unwrap().as_bytes()).unwrap();
    Request::post(path)
        .header("host", HOST)
        .header("content-type", "application/json")
        .header("content-digest", digest)
        .header("signature-input", input.header())
        .header("signature", signature_header(&signature.as_bytes()))
        .body(Body::from(sent.to_owned()))
        .unwrap()
}

async fn ask(door: &Router, request: Request) -> (u16, String) {
    let response = door.clone().oneshot(request).await.unwrap();
    let status = response.status().as_u16();
    let body = to_bytes(response.into_body(), 1 << 20).await.unwrap();
    let body: Value = serde_json::from_slice(&body).unwrap();
    (status, body["code"].as_str().unwrap_or_default().to_owned())
}

fn door(service: &Arc<Offices>, nonces_of_an_office: usize) -> Router {
    let origins = vec![Origin::parse(&format!("https://{HOST}")).unwrap()];
    with_clock(origins, 7100, service.clone(), Arc::new(StoppedClock), nonces_of_an_office)
}

// C-ID, GATEWAY-4: the register and the evaluators know who asks, and answer offices alone.
#[tokio::test]
async fn only_an_office_that_signs_each_request_is_answered() {
    let service = Offices::of(&[1]);
    let door = door(&service, 100);
    let hash = B256::ZERO;
    let claim = format!(r#"{{"keySet":"{hash}","nameTag":"{hash}"}}"#);
    for (index, (path, body)) in [
        ("/v1/evaluations", r#"{"blinded":[]}"#),
        ("/v1/persons", claim.as_str()),
        ("/v1/persons/00/state", r#"{"state":"kept"}"#),
    ]
    .into_iter()
    .enumerate()
    {
        let nonce = |of: &str| format!("nonce-{of}-{index}");
        let bare = Request::post(path).header("host", HOST).body(Body::from(body.to_owned())).unwrap();
        assert_eq!(ask(&door, bare).await, (401, "authentication-required".to_owned()), "{path}");
        let altered = signed(path, &signer(1), &nonce("altered"), (body, "{}"));
        assert_eq!(ask(&door, altered).await.0, 401, "{path}");
        assert_eq!(service.asked.lock().unwrap().len(), index, "nobody who has not signed reaches the service");
        let stranger = signed(path, &signer(2), &nonce("stranger"), (body, body));
        assert_eq!(ask(&door, stranger).await, (403, "role-required".to_owned()), "{path}");
        let office = || signed(path, &signer(1), &nonce("of-the-office"), (body, body));
        assert_eq!(ask(&door, office()).await, (200, String::new()), "{path}");
        assert_eq!(ask(&door, office()).await, (401, "request-replayed".to_owned()), "{path}");
    }
    let unknown = signed("/v1/persons", &signer(1), "nonce-unknown-member", (r#"{"name":"Lin"}"#, r#"{"name":"Lin"}"#));
    assert_eq!(ask(&door, unknown).await.0, 400);
    assert_eq!(*service.asked.lock().unwrap(), [signer(1).address(); 3], "no stranger either");
}

// PERSONS-6: strangers, and whoever names an office's key, take no place in the memory of nonces; an office takes its own alone.
#[tokio::test]
async fn strangers_fill_no_memory_and_an_office_its_own_alone() {
    let service = Offices::of(&[1, 2]);
    let door = door(&service, 2);
    let (path, body) = ("/v1/evaluations", r#"{"blinded":[]}"#);
    for number in 0..5 {
        let stranger = signed(path, &signer(3), &format!("nonce-of-a-stranger-{number}"), (body, body));
        assert_eq!(ask(&door, stranger).await, (403, "role-required".to_owned()));
        let mut pretender = signed(path, &signer(3), &format!("nonce-of-a-pretender-{number}"), (body, body));
        let named = pretender.headers()["signature-input"].to_str().unwrap().to_lowercase();
        let (own, office) = (signer(3).address().to_string(), signer(1).address().to_string());
        let named = named.replace(&own.to_lowercase(), &office.to_lowercase());
        pretender.headers_mut().insert("signature-input", named.parse().unwrap());
        assert_eq!(ask(&door, pretender).await.0, 401, "the signature is not of the office's key");
    }
    for (office, number, answer) in [
        (1, 1, (200, String::new())),
        (1, 2, (200, String::new())),
        (1, 3, (429, "too-many-requests".to_owned())),
        (2, 1, (200, String::new())),
        (2, 2, (200, String::new())),
    ] {
        let request = signed(path, &signer(office), &format!("nonce-of-an-office-{number}"), (body, body));
        assert_eq!(ask(&door, request).await, answer, "office {office}, request {number}");
    }
}

#[test]
fn all_offices_together_have_the_memory_of_a_door_and_none_too_little() {
    let of = nonces_of_an_office;
    assert_eq!((of(0), of(2), of(16)), (MAX_NONCES_OF_AN_OFFICE, MAX_NONCES_OF_AN_OFFICE, 16_384));
    assert_eq!((of(64), of(1024)), (4096, MIN_NONCES_OF_AN_OFFICE));
}
