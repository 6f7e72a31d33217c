//! Signing in by EIP-4361: each message once, for this gateway, this chain and this time; a session until it ends (GATEWAY-3, M-SEC).

use alloy::signers::local::PrivateKeySigner;
use chancery_gateway::limits::{NONCE_LIFETIME, SESSION_LIFETIME};
use chancery_rest::{eip4361::Message, values::Timestamp};
use serde_json::{Value, json};

use crate::{
    callers::{Caller, key, sign_in, signed_message},
    harness::Harness,
    wire::{Answer, Request},
};

async fn open(harness: &Harness, body: &Value) -> Answer {
    harness.send(Request::new("POST", "/v1/session").json(body)).await
}

/// The answer to a message that differs in one thing from a right one.
async fn open_altered(harness: &Harness, signer: &PrivateKeySigner, alter: impl FnOnce(&mut Message)) -> (u16, String) {
    let right = sign_in(harness, signer).await;
    let mut message = Message::parse(right["message"].as_str().unwrap()).unwrap();
    alter(&mut message);
    let answer = open(harness, &signed_message(&message, signer)).await;
    (answer.status, if answer.status == 201 { String::new() } else { answer.problem() })
}

fn refused(status: u16, code: &str) -> (u16, String) {
    (status, code.to_owned())
}

#[tokio::test]
async fn a_message_signs_in_once() {
    let harness = Harness::start().await;
    let body = sign_in(&harness, &key(1)).await;
    assert_eq!(open(&harness, &body).await.status, 201);
    let again = open(&harness, &body).await;
    assert_eq!((again.status, again.problem()), refused(401, "request-replayed"));
    harness.stop().await;
}

#[tokio::test]
async fn a_message_is_for_this_gateway_and_this_chain() {
    let harness = Harness::start().await;
    let signer = key(1);
    let unaltered = open_altered(&harness, &signer, |_| ()).await;
    assert_eq!(unaltered.0, 201);
    let elsewhere = |message: &mut Message| message.domain = "gateway.example".into();
    assert_eq!(open_altered(&harness, &signer, elsewhere).await, refused(401, "request-signature-invalid"));
    let other_scheme = format!("https://{}", harness.authority());
    for uri in ["http://gateway.example", "https://127.0.0.1", "urn:x", &other_scheme] {
        let elsewhere = |message: &mut Message| message.uri = uri.into();
        assert_eq!(
            open_altered(&harness, &signer, elsewhere).await,
            refused(401, "request-signature-invalid"),
            "{uri}"
        );
    }
    assert_eq!(open_altered(&harness, &signer, |message| message.chain_id = 1).await, refused(400, "wrong-chain"));
    harness.stop().await;
}

#[tokio::test]
async fn a_message_is_signed_by_whom_it_names() {
    let harness = Harness::start().await;
    let mut body = sign_in(&harness, &key(1)).await;
    body["signature"] = sign_in(&harness, &key(2)).await["signature"].clone();
    let answer = open(&harness, &body).await;
    assert_eq!((answer.status, answer.problem()), refused(401, "request-signature-invalid"));
    for signature in ["0x", "0x00", &format!("0x{}", "ff".repeat(65))] {
        body["signature"] = json!(signature);
        let answer = open(&harness, &body).await;
        assert_eq!((answer.status, answer.problem()), refused(401, "request-signature-invalid"), "{signature}");
    }
    harness.stop().await;
}

#[tokio::test]
async fn what_was_signed_cannot_be_altered() {
    let harness = Harness::start().await;
    let signer = key(1);
    let alterations: [fn(&mut Message); 5] = [
        |message| message.statement = Some("Sign in to something else.".into()),
        |message| message.uri.push_str("/elsewhere"),
        |message| message.expiration_time = Some(Timestamp::from_unix_seconds(4_000_000_000)),
        |message| message.request_id = Some("7".into()),
        |message| message.address = key(2).address().into(),
    ];
    for alter in alterations {
        let mut body = sign_in(&harness, &signer).await;
        let mut message = Message::parse(body["message"].as_str().unwrap()).unwrap();
        alter(&mut message);
        body["message"] = json!(message.to_string());
        let answer = open(&harness, &body).await;
        assert_eq!((answer.status, answer.problem()), refused(401, "request-signature-invalid"), "{message}");
    }
    harness.stop().await;
}

#[tokio::test]
async fn a_nonce_is_one_of_this_gateway() {
    let harness = Harness::start().await;
    let signer = key(1);
    for nonce in ["12345678", &"0".repeat(64)] {
        let forged = |message: &mut Message| message.nonce = nonce.to_owned();
        assert_eq!(open_altered(&harness, &signer, forged).await, refused(401, "request-signature-invalid"));
    }
    let respelled = |message: &mut Message| message.nonce = message.nonce.to_uppercase();
    assert_eq!(open_altered(&harness, &signer, respelled).await, refused(401, "request-signature-invalid"));
    harness.stop().await;
}

#[tokio::test]
async fn a_message_counts_within_its_time_alone() {
    let harness = Harness::start().await;
    let (signer, now) = (key(1), harness.now());
    let at = |seconds| Timestamp::from_unix_seconds(seconds);
    type Alter = Box<dyn FnOnce(&mut Message)>;
    let alterations: [Alter; 4] = [
        Box::new(move |message| message.issued_at = at(now + 31)),
        Box::new(move |message| message.issued_at = at(now - 331)),
        Box::new(move |message| message.expiration_time = Some(at(now))),
        Box::new(move |message| message.not_before = Some(at(now + 31))),
    ];
    for alter in alterations {
        assert_eq!(open_altered(&harness, &signer, alter).await, refused(401, "request-expired"));
    }
    let body = sign_in(&harness, &signer).await;
    harness.clock.advance(NONCE_LIFETIME.as_secs() + 1);
    let answer = open(&harness, &body).await;
    assert_eq!((answer.status, answer.problem()), refused(401, "request-expired"));
    harness.stop().await;
}

#[tokio::test]
async fn a_text_that_is_no_sign_in_message_is_refused_with_its_line() {
    let harness = Harness::start().await;
    let answer = open(&harness, &json!({"message": "let me in", "signature": "0x"})).await;
    assert_eq!((answer.status, answer.problem()), refused(400, "malformed-request"));
    assert!(answer.json()["detail"].as_str().unwrap().contains("line 1"), "{}", answer.text());
    harness.stop().await;
}

#[tokio::test]
async fn a_session_lasts_its_time_and_not_a_second_longer() {
    let harness = Harness::start().await;
    let caller = Caller::new(&harness, key(1), []).await;
    let ask = || caller.bearing(Request::new("GET", "/v1/session"));
    harness.clock.advance(SESSION_LIFETIME.as_secs() - 1);
    let answer = harness.send(ask()).await;
    assert_eq!((answer.status, &answer.json()["address"]), (200, &json!(caller.address().to_string())));
    harness.clock.advance(1);
    let answer = harness.send(ask()).await;
    assert_eq!((answer.status, answer.problem()), refused(401, "session-expired"));
    harness.stop().await;
}

#[tokio::test]
async fn who_signs_out_is_out_and_others_stay() {
    let harness = Harness::start().await;
    let (one, other) = (Caller::new(&harness, key(1), []).await, Caller::new(&harness, key(1), []).await);
    let ended = harness.send(one.bearing(Request::new("DELETE", "/v1/session"))).await;
    assert_eq!((ended.status, ended.body.len()), (204, 0));
    let answer = harness.send(one.bearing(Request::new("GET", "/v1/session"))).await;
    assert_eq!((answer.status, answer.problem()), refused(401, "session-expired"));
    assert_eq!(harness.send(other.bearing(Request::new("GET", "/v1/session"))).await.status, 200);
    harness.stop().await;
}
