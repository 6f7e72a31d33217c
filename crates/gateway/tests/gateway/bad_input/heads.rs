//! What is wrong is the size of the head, or its headers.

use chancery_gateway::{
    authorization::matrix::MATRIX,
    limits::{MAX_HEADER_BYTES, MAX_URL_BYTES},
};

use super::{IN_HEADER, IN_QUERY, Walk};

// GATEWAY-6
#[tokio::test]
async fn a_url_that_is_too_long_is_refused_with_its_limit() {
    let walk = Walk::start().await;
    for row in MATRIX {
        let mut request = walk.right_in_session(row).await;
        let separator = if request.target.contains('?') { '&' } else { '?' };
        request.target = format!("{}{separator}{IN_QUERY}={}", request.target, "x".repeat(MAX_URL_BYTES));
        let answer = walk.refused(row, request, 414, "url-too-long").await;
        assert_eq!(answer.json()["limit"], MAX_URL_BYTES);
    }
    walk.end().await;
}

// GATEWAY-6
#[tokio::test]
async fn headers_that_are_too_large_are_refused_with_their_limit() {
    let walk = Walk::start().await;
    for row in MATRIX {
        let request = walk.right_in_session(row).await.with(IN_HEADER, &"x".repeat(MAX_HEADER_BYTES));
        let answer = walk.refused(row, request, 431, "headers-too-large").await;
        assert_eq!(answer.json()["limit"], MAX_HEADER_BYTES);
    }
    walk.end().await;
}

#[tokio::test]
async fn an_idempotency_key_is_one_word() {
    let walk = Walk::start().await;
    let long = "k".repeat(65);
    for path in ["/v1/certificates", "/v1/certificates/{id}/status", "/v1/inspections", "/v1/operations"] {
        let row = MATRIX.iter().find(|row| row.method == "POST" && row.path == path).unwrap();
        for key in ["two words", "", long.as_str(), "\u{e9}"] {
            let request = walk.right_in_session(row).await.with("idempotency-key", key);
            walk.refused(row, request, 400, "malformed-request").await;
        }
        let twice = walk.right_in_session(row).await.with("idempotency-key", "one").with("idempotency-key", "two");
        walk.refused(row, twice, 400, "malformed-request").await;
    }
    walk.end().await;
}
