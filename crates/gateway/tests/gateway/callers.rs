//! Who asks: keys, sessions that they have opened, requests that they have signed.

use std::sync::atomic::{AtomicU64, Ordering};

use alloy::signers::{SignerSync as _, local::PrivateKeySigner};
use alloy_primitives::{Address, B256};
use chancery_reference_points::Role;
use chancery_rest::{
    eip4361::Message,
    erc8128::{KeyId, RequestParts, SignatureInput, content_digest, signature_base, signature_header},
    values::{HexAddress, Timestamp},
};
use serde_json::{Value, json};

use crate::{
    harness::{Harness, MAIN_CHAIN},
    wire::Request,
};

/// The key of the holder of every certificate that the doors answer with.
const HOLDER: u8 = 0x4d;
/// The key of an office of the organization that issued them.
const OFFICE: u8 = 0x0f;

/// A key that is the same in every run.
pub(crate) fn key(seed: u8) -> PrivateKeySigner {
    PrivateKeySigner::from_bytes(&B256::repeat_byte(seed)).unwrap()
}

pub(crate) fn holder() -> PrivateKeySigner {
    key(HOLDER)
}

pub(crate) fn office() -> PrivateKeySigner {
    key(OFFICE)
}

/// A key, and the token of a session that it has opened.
pub(crate) struct Caller {
    pub(crate) signer: PrivateKeySigner,
    pub(crate) token: String,
}

impl Caller {
    /// Grants the roles and signs in.
    pub(crate) async fn new(
        harness: &Harness,
        signer: PrivateKeySigner,
        roles: impl IntoIterator<Item = Role>,
    ) -> Self {
        harness.behind.grant(signer.address(), roles);
        let answer = harness.send(Request::new("POST", "/v1/session").json(&sign_in(harness, &signer).await)).await;
        let token = answer.json()["token"].as_str().unwrap_or_else(|| panic!("{}", answer.text())).to_owned();
        Self { signer, token }
    }

    pub(crate) fn address(&self) -> Address {
        self.signer.address()
    }

    /// The request with the session's token.
    pub(crate) fn bearing(&self, request: Request) -> Request {
        request.with("authorization", &format!("Bearer {}", self.token))
    }
}

/// The body of `POST /v1/session` with a fresh nonce.
pub(crate) async fn sign_in(harness: &Harness, signer: &PrivateKeySigner) -> Value {
    let nonce = harness.send(Request::new("GET", "/v1/session/nonce")).await.json();
    signed_message(&message(harness, signer, nonce["nonce"].as_str().unwrap()), signer)
}

/// What is signed to sign in, with this nonce.
pub(crate) fn message(harness: &Harness, signer: &PrivateKeySigner, nonce: &str) -> Message {
    Message {
        domain: harness.authority(),
        address: HexAddress(signer.address()),
        statement: None,
        uri: format!("http://{}", harness.authority()),
        chain_id: MAIN_CHAIN,
        nonce: nonce.to_owned(),
        issued_at: Timestamp::from_unix_seconds(harness.now()),
        expiration_time: None,
        not_before: None,
        request_id: None,
        resources: Vec::new(),
    }
}

pub(crate) fn signed_message(message: &Message, signer: &PrivateKeySigner) -> Value {
    let text = message.to_string();
    let signature = signer.sign_message_sync(text.as_bytes()).unwrap();
    json!({"message": text, "signature": format!("0x{}", alloy_primitives::hex::encode(signature.as_bytes()))})
}

/// How a request is signed.
pub(crate) struct Signing {
    pub(crate) authority: String,
    pub(crate) chain_id: u64,
    pub(crate) created: u64,
    pub(crate) expires: u64,
    /// Whom `keyid` names.
    pub(crate) named: Address,
    /// A fresh one when absent.
    pub(crate) nonce: Option<String>,
}

impl Signing {
    /// As it should be.
    pub(crate) fn right(harness: &Harness, signer: &PrivateKeySigner) -> Self {
        Self {
            authority: harness.authority(),
            chain_id: MAIN_CHAIN,
            created: harness.now(),
            expires: harness.now() + 60,
            named: signer.address(),
            nonce: None,
        }
    }

    /// The request, signed by ERC-8128.
    pub(crate) fn sign(&self, request: Request, signer: &PrivateKeySigner) -> Request {
        static NONCES: AtomicU64 = AtomicU64::new(0);
        let fresh = || format!("nonce-of-a-test-{}", NONCES.fetch_add(1, Ordering::Relaxed));
        let nonce = self.nonce.clone().unwrap_or_else(fresh);
        let with_body = !request.body.is_empty();
        let key_id = KeyId { chain_id: self.chain_id, address: self.named };
        let input = SignatureInput::new(key_id, self.created, self.expires, &nonce, with_body).unwrap();
        let digest = with_body.then(|| content_digest(&request.body));
        let (path, query) =
            request.target.split_once('?').map_or((request.target.as_str(), None), |(path, query)| (path, Some(query)));
        let parts = RequestParts {
            method: &request.method,
            authority: &self.authority,
            https: false,
            path,
            query,
            content_digest: digest.as_deref(),
            content_type: None,
            idempotency_key: None,
        };
        let base = signature_base(&parts, &input).unwrap();
        let signature = signer.sign_message_sync(base.as_bytes()).unwrap();
        let request = match digest {
            Some(digest) => request.with("content-digest", &digest),
            None => request,
        };
        request.with("signature-input", &input.header()).with("signature", &signature_header(&signature.as_bytes()))
    }
}
