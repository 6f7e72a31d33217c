//! What is wrong is the body.

use chancery_gateway::{
    authorization::matrix::{MATRIX, Row},
    limits::{MAX_BODY_BYTES, MAX_JSON_DEPTH, MAX_SEALED_BYTES},
};
use serde_json::json;

use super::{IN_BODY, Walk};
use crate::wire::Request;

/// The endpoints that read a body.
async fn with_body(walk: &Walk) -> Vec<&'static Row> {
    let mut rows = Vec::new();
    for row in MATRIX {
        if !walk.right(row).await.body.is_empty() {
            rows.push(row);
        }
    }
    assert!(rows.len() >= 14, "only {} endpoints read a body", rows.len());
    rows
}

#[tokio::test]
async fn a_body_that_is_no_json_is_refused_with_its_place() {
    let walk = Walk::start().await;
    for row in with_body(&walk).await {
        for body in ["{".to_owned(), format!("\"{IN_BODY}\""), "[]".into(), String::new(), "{} {}".into()] {
            let request = walk.right_in_session(row).await.bytes("application/json", body.clone().into_bytes());
            let answer = walk.refused(row, request, 400, "malformed-request").await;
            assert!(answer.json()["detail"].as_str().unwrap().contains("line 1"), "{body}: {}", answer.text());
        }
    }
    walk.end().await;
}

#[tokio::test]
async fn a_member_that_the_interface_does_not_know_is_named() {
    let walk = Walk::start().await;
    for row in with_body(&walk).await {
        let request = walk.right_in_session(row).await;
        let mut body: serde_json::Value = serde_json::from_slice(&request.body).unwrap();
        body["surprise"] = json!(IN_BODY);
        let answer = walk.refused(row, request.json(&body), 400, "unknown-member").await;
        assert!(answer.json()["detail"].as_str().unwrap().contains("surprise"), "{}", answer.text());
    }
    walk.end().await;
}

#[tokio::test]
async fn a_body_of_another_media_type_is_refused() {
    let walk = Walk::start().await;
    for row in with_body(&walk).await {
        let right = walk.right_in_session(row).await;
        for media_type in ["text/plain", "application/x-www-form-urlencoded", "application/json; charset=utf-16", ""] {
            let request = right.clone().instead("content-type", media_type);
            walk.refused(row, request, 415, "unsupported-media-type").await;
        }
        walk.refused(row, right.without("content-type"), 415, "unsupported-media-type").await;
    }
    walk.end().await;
}

// GATEWAY-6
#[tokio::test]
async fn a_body_that_is_announced_as_too_large_is_not_read() {
    let walk = Walk::start().await;
    for row in MATRIX {
        let mut request = walk.right_in_session(row).await.with("content-length", &(MAX_BODY_BYTES + 1).to_string());
        request.body.clear();
        // Nothing follows the head: an answer comes only if nobody waits for the body.
        let answer = walk.harness.send(request).await;
        assert_eq!((answer.status, answer.problem().as_str()), (413, "body-too-large"), "{} {}", row.method, row.path);
        assert_eq!(answer.json()["limit"], MAX_BODY_BYTES);
    }
    assert_eq!(walk.harness.behind.take_calls(), Vec::<String>::new());
    walk.end().await;
}

// GATEWAY-6
#[tokio::test]
async fn a_body_that_grows_too_large_unannounced_is_refused() {
    let walk = Walk::start().await;
    let content = " ".repeat(MAX_BODY_BYTES + 1);
    // The last chunk is left out: the gateway must not want to see it.
    let chunk = format!("{:x}\r\n{content}\r\n", content.len());
    for row in with_body(&walk).await {
        let mut request = walk.right_in_session(row).await.with("transfer-encoding", "chunked");
        request.body = chunk.clone().into_bytes();
        let answer = walk.refused(row, request, 413, "body-too-large").await;
        assert_eq!(answer.json()["limit"], MAX_BODY_BYTES);
    }
    walk.end().await;
}

/// A right request but for one member of its body.
async fn with_member(walk: &Walk, row: &Row, name: &str, value: serde_json::Value) -> Request {
    let request = walk.right_in_session(row).await;
    let mut body: serde_json::Value = serde_json::from_slice(&request.body).unwrap();
    body[name] = value;
    request.json(&body)
}

// GATEWAY-6
#[tokio::test]
async fn a_sealed_certificate_is_bounded_and_ascii() {
    let walk = Walk::start().await;
    for path in ["/v1/certificates", "/v1/inspections", "/v1/inspections/checks"] {
        let row = MATRIX.iter().find(|row| row.method == "POST" && row.path == path).unwrap();
        let long = with_member(&walk, row, "sealed", json!("A".repeat(MAX_SEALED_BYTES + 1))).await;
        let answer = walk.refused(row, long, 413, "body-too-large").await;
        assert_eq!(answer.json()["limit"], MAX_SEALED_BYTES);
        let no_ascii = with_member(&walk, row, "sealed", json!("\u{e9}")).await;
        walk.refused(row, no_ascii, 400, "malformed-jwe").await;
    }
    walk.end().await;
}

// C-LIFE: a renewal makes the status; nobody signs for it.
#[tokio::test]
async fn nobody_sets_the_status_renewed() {
    let walk = Walk::start().await;
    let row = MATRIX.iter().find(|row| row.path == "/v1/certificates/{id}/status").unwrap();
    let renewed = with_member(&walk, row, "status", json!("renewed")).await;
    let answer = walk.refused(row, renewed, 400, "malformed-request").await;
    assert_eq!(answer.json()["member"], "status");
    walk.end().await;
}

// GATEWAY-6
#[tokio::test]
async fn json_that_is_nested_too_deep_is_refused_before_it_is_read() {
    let walk = Walk::start().await;
    for row in with_body(&walk).await {
        let body = "[".repeat(MAX_JSON_DEPTH + 1);
        let request = walk.right_in_session(row).await.bytes("application/json", body.into_bytes());
        let answer = walk.refused(row, request, 400, "malformed-request").await;
        assert_eq!(answer.json()["limit"], MAX_JSON_DEPTH, "{}", answer.text());
    }
    walk.end().await;
}
