//! What does not exist is told by its name, on every endpoint that can be asked for it.

use alloy::signers::local::PrivateKeySigner;
use serde_json::json;

use super::{signed_in::SignedIn, support::*};

// C-API-1, C-API-4, C-API-5, bad input: unknown addresses
#[tokio::test]
async fn an_address_that_nobody_has_is_unknown_wherever_it_is_named() {
    let (_, holder) = tokio::task::spawn_blocking(|| citizen("known")).await.unwrap();
    let issued = send("business-licence", "4", "SAMPLE-MARKET-REGULATION", &holder);
    let (block, transaction) = (&issued["blockNumber"], issued["txHash"].as_str().unwrap());
    let stranger = PrivateKeySigner::random().address();
    let confirmation = json!({"decision": "confirm"});
    let (operator, registrar) = (SignedIn::as_development_account(0).await, SignedIn::as_development_account(6).await);
    let no_transaction = format!("0x{}", "ce".repeat(32));
    for (asking, method, path, body, code) in [
        (&registrar, "GET", format!("/v1/users/{stranger}"), None, "unknown-address"),
        (&registrar, "GET", format!("/v1/users/{stranger}/public-key"), None, "unknown-address"),
        (&registrar, "POST", format!("/v1/users/{stranger}/confirmation"), Some(&confirmation), "unknown-address"),
        (&registrar, "GET", format!("/v1/certificates/{stranger}/{block}/{transaction}"), None, "unknown-transaction"),
        (&registrar, "GET", format!("/v1/certificates/{holder}/{block}/{no_transaction}"), None, "unknown-transaction"),
        (&registrar, "GET", format!("/v1/certificates/{no_transaction}"), None, "unknown-certificate"),
        (
            &operator,
            "DELETE",
            format!("/v1/organizations/NOBODY/keys/{stranger}?reason=compromised"),
            None,
            "unknown-organization",
        ),
    ] {
        let (status, answer) = asking.ask(method, &path, body).await;
        assert_eq!((status, answer["code"].as_str().unwrap_or_default()), (404, code), "{method} {path}: {answer}");
        assert!(!answer["remedy"].as_str().unwrap_or_default().is_empty(), "{answer}");
    }
    let holder = stranger.to_string();
    let refused = refusal_code(&[
        "--dev-key",
        "4",
        "certificate",
        "send",
        "--kind",
        "business-licence",
        "--holder",
        &holder,
        "--organization",
        "SAMPLE-MARKET-REGULATION",
        "--subject",
        subject("business-licence").to_str().unwrap(),
    ]);
    assert_eq!(refused, "unknown-address");
}
