//! What does not exist is told by its name, wherever an address, a code, a hash or a chain that nobody has can be asked for.

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
        (&registrar, "GET", format!("/v1/chains/nowhere/holders/{stranger}"), None, "unknown-chain"),
        (&registrar, "GET", "/v1/organizations/NOBODY".to_owned(), None, "unknown-organization"),
        (&registrar, "GET", "/v1/formats/reading%2Fof-nobody".to_owned(), None, "unknown-format"),
        (&registrar, "GET", format!("/v1/contracts/nowhere/{no_transaction}"), None, "unknown-chain"),
        (&operator, "GET", format!("/v1/sources/{stranger}"), None, "unknown-source"),
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
    // Who has inspected nothing is nobody that a list could not find.
    let supervisor = SignedIn::as_development_account(8).await;
    let (status, inspections) = supervisor.ask("GET", &format!("/v1/inspections?inspector={stranger}"), None).await;
    assert_eq!((status, &inspections["items"]), (200, &json!([])), "{inspections}");
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
