//! What is wrong is the credential: also an open endpoint refuses one that does not hold, since it would name somebody who did not ask.

use chancery_gateway::{
    authorization::matrix::{MATRIX, find},
    limits::MAX_CLOCK_SKEW,
};

use super::{IN_BODY, Walk};
use crate::{
    callers::{Signing, key},
    requests::NAMED,
    wire::Request,
};

impl Walk {
    fn signing(&self) -> Signing {
        Signing::right(&self.harness, &self.caller.signer)
    }

    fn sign(&self, signing: &Signing, request: Request) -> Request {
        signing.sign(request, &self.caller.signer)
    }
}

#[tokio::test]
async fn a_request_without_a_credential_is_refused_where_one_is_needed() {
    let walk = Walk::start().await;
    let rows: Vec<_> = MATRIX.iter().filter(|row| row.needs_authentication()).collect();
    assert!(rows.len() >= 22);
    for row in rows {
        let request = walk.right(row).await;
        walk.refused(row, request, 401, "authentication-required").await;
    }
    walk.end().await;
}

// GATEWAY-3, M-SEC
#[tokio::test]
async fn a_signature_of_another_key_is_refused() {
    let walk = Walk::start().await;
    for row in MATRIX {
        let request = walk.signing().sign(walk.right(row).await, &key(0x66));
        walk.refused(row, request, 401, "request-signature-invalid").await;
        let named_another = Signing { named: NAMED.parse().unwrap(), ..walk.signing() };
        let request = walk.sign(&named_another, walk.right(row).await);
        walk.refused(row, request, 401, "request-signature-invalid").await;
    }
    walk.end().await;
}

// GATEWAY-3, M-SEC
#[tokio::test]
async fn what_was_signed_cannot_be_altered() {
    let walk = Walk::start().await;
    for row in MATRIX {
        let signed = walk.sign(&walk.signing(), walk.right(row).await);
        let mut elsewhere = signed.clone();
        elsewhere.target.push_str(if signed.target.contains('?') { "&check=true" } else { "?check=true" });
        walk.refused(row, elsewhere, 401, "request-signature-invalid").await;
        if signed.body.is_empty() {
            continue;
        }
        let mut other_body = signed.clone();
        other_body.body = format!("{{\"{IN_BODY}\": 1}}").into_bytes();
        let answer = walk.refused(row, other_body.clone(), 401, "request-signature-invalid").await;
        assert_eq!(answer.json()["component"], "content-digest");
        let digest = chancery_rest::erc8128::content_digest(&other_body.body);
        walk.refused(row, other_body.instead("content-digest", &digest), 401, "request-signature-invalid").await;
        let undigested = signed.clone().without("content-digest");
        walk.refused(row, undigested, 401, "request-signature-invalid").await;
        // Signed as if there were no body, sent with one.
        let mut bare = walk.right(row).await;
        let body = std::mem::take(&mut bare.body);
        let mut uncovered = walk.sign(&walk.signing(), bare);
        uncovered.body = body;
        let answer = walk.refused(row, uncovered, 401, "request-signature-invalid").await;
        assert_eq!(answer.json()["component"], "content-digest");
    }
    walk.end().await;
}

// GATEWAY-3
#[tokio::test]
async fn a_signed_request_counts_within_its_time_alone() {
    let walk = Walk::start().await;
    let (now, skew) = (walk.harness.now(), MAX_CLOCK_SKEW.as_secs());
    for row in MATRIX {
        for (created, expires) in [(now - 100, now - skew - 1), (now + skew + 1, now + skew + 61)] {
            let request = walk.sign(&Signing { created, expires, ..walk.signing() }, walk.right(row).await);
            let answer = walk.refused(row, request, 401, "request-expired").await;
            assert_eq!(answer.json()["now"], now);
        }
    }
    walk.end().await;
}

// GATEWAY-3
#[tokio::test]
async fn a_signed_request_counts_once() {
    let walk = Walk::start().await;
    for row in MATRIX {
        let request = walk.sign(&walk.signing(), walk.right(row).await);
        let first = walk.harness.send(request.clone()).await;
        let signs_out = (row.method, row.path) == ("DELETE", "/v1/session");
        assert!(first.status < 300 || signs_out, "{} {}: {}", row.method, row.path, first.text());
        walk.refused(row, request, 401, "request-replayed").await;
    }
    walk.end().await;
}

// GATEWAY-3: a clock that goes after counts as right for a while, and for as long a nonce is remembered.
#[tokio::test]
async fn a_signed_request_counts_once_also_after_its_end() {
    let walk = Walk::start().await;
    let row = find("GET", "/v1/session").unwrap();
    let (valid, skew) = (60, MAX_CLOCK_SKEW.as_secs());
    let late = walk.sign(&walk.signing(), walk.right(row).await);
    let request = walk.sign(&walk.signing(), walk.right(row).await);
    assert_eq!(walk.harness.send(request.clone()).await.status, 200);
    walk.harness.clock.advance(valid + 1);
    walk.refused(row, request.clone(), 401, "request-replayed").await;
    walk.harness.clock.advance(skew - 1);
    assert_eq!(walk.harness.send(late).await.status, 200, "the last second in which it counts");
    walk.refused(row, request.clone(), 401, "request-replayed").await;
    walk.harness.clock.advance(1);
    walk.refused(row, request, 401, "request-expired").await;
    walk.end().await;
}

// GATEWAY-3: nobody uses up the nonces of others.
#[tokio::test]
async fn a_nonce_counts_once_for_its_signer() {
    let walk = Walk::start().await;
    let row = find("GET", "/v1/session").unwrap();
    for signer in [walk.caller.signer.clone(), key(0x66)] {
        let signing = Signing { nonce: Some("the-nonce-of-both".into()), ..Signing::right(&walk.harness, &signer) };
        let request = || signing.sign(Request::new("GET", row.path), &signer);
        assert_eq!(walk.harness.send(request()).await.status, 200);
        walk.refused(row, request(), 401, "request-replayed").await;
    }
    walk.end().await;
}

// GATEWAY-3, M-SEC
#[tokio::test]
async fn a_request_that_was_signed_for_another_gateway_is_refused() {
    let walk = Walk::start().await;
    for row in MATRIX {
        let elsewhere = Signing { authority: "gateway.example:8080".into(), ..walk.signing() };
        let request = walk.sign(&elsewhere, walk.right(row).await);
        walk.refused(row, request.clone(), 401, "request-signature-invalid").await;
        let answer =
            walk.refused(row, request.with("host", "gateway.example:8080"), 401, "request-signature-invalid").await;
        assert_eq!(answer.json()["component"], "@authority");
    }
    walk.end().await;
}

#[tokio::test]
async fn a_request_that_was_signed_for_another_chain_is_refused() {
    let walk = Walk::start().await;
    for row in MATRIX {
        let request = walk.sign(&Signing { chain_id: 1, ..walk.signing() }, walk.right(row).await);
        let answer = walk.refused(row, request, 400, "wrong-chain").await;
        assert_eq!(answer.json()["expected"], 7100);
    }
    walk.end().await;
}

#[tokio::test]
async fn a_session_that_is_not_open_and_a_credential_that_is_none_are_refused() {
    let walk = Walk::start().await;
    for row in MATRIX {
        let request = walk.right(row).await;
        let unknown = request.clone().with("authorization", "Bearer kT7q0mV2b9d8Jx3nRzW5yLh1sPcA6uFgEoIiQtYvBNM");
        walk.refused(row, unknown, 401, "session-expired").await;
        let signed = walk.sign(&walk.signing(), request.clone());
        walk.refused(row, walk.caller.bearing(signed.clone()), 400, "malformed-request").await;
        let headless = signed.clone().without("signature");
        walk.refused(row, headless, 401, "request-signature-invalid").await;
        walk.refused(row, signed.instead("signature", "eth=:AAAA:"), 401, "request-signature-invalid").await;
    }
    walk.end().await;
}

#[tokio::test]
async fn another_scheme_than_bearer_is_told_which_to_use() {
    let walk = Walk::start().await;
    let row = find("GET", "/v1/session").unwrap();
    for value in ["Basic bGluOmxpbg==", "Bearer", "kT7q0mV2b9d8"] {
        let request = walk.right(row).await.with("authorization", value);
        walk.refused(row, request, 401, "authentication-required").await;
    }
    let twice = walk.right_in_session(row).await.with("authorization", "Bearer another");
    walk.refused(row, twice, 400, "malformed-request").await;
    walk.end().await;
}
