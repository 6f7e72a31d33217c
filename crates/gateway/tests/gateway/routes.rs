//! What the endpoints make of a right request at the doors, and of what the doors answer.

use alloy_primitives::{B256, b256, keccak256};
use chancery_gateway::ChainFacts;
use chancery_reference_points::{Code, DoorError, Role, data_format::canonical_json, o2c::Change};
use chancery_rest::types::chains::Contracts;
use serde_json::json;

use crate::{
    callers::{Caller, key},
    harness::Harness,
    requests::{NAMED, right},
    wire::{Answer, Request},
};

async fn everybody(harness: &Harness) -> Caller {
    Caller::new(harness, key(0x77), Role::ALL).await
}

async fn ask(harness: &Harness, caller: &Caller, method: &str, template: &str) -> Answer {
    let request = right(harness, method, template, &caller.signer, NAMED).await;
    harness.send(caller.bearing(request)).await
}

// M-ACQ, M-CON-2, M-CON-4
#[tokio::test]
async fn a_format_is_configured_with_the_hash_of_its_schema() {
    let harness = Harness::start().await;
    let caller = everybody(&harness).await;
    let request = right(&harness, "PUT", "/v1/formats/{format}", &caller.signer, NAMED).await;
    let schema: serde_json::Value =
        serde_json::from_slice::<serde_json::Value>(&request.body).unwrap()["schema"].clone();
    let mut check = caller.bearing(request.clone());
    check.target.push_str("?check=true");
    for (request, call, applied) in [(check, "o2c.check", false), (caller.bearing(request), "o2c.apply", true)] {
        let answer = harness.send(request).await;
        assert_eq!((answer.status, &answer.json()["applied"]), (200, &json!(applied)), "{}", answer.text());
        assert_eq!(harness.behind.take_calls(), [call]);
        let changes = harness.behind.take_changes();
        let [Change::ConfigureFormat(format)] = changes.as_slice() else { panic!("{changes:?}") };
        assert_eq!(format.id.0, "reading/air-quality");
        assert_eq!(format.schema_hash, keccak256(canonical_json(&schema).unwrap()));
    }
    harness.stop().await;
}

// M-ACQ, DATA-11: whoever submits reads what a format asks for, and whether its content has to be sealed.
#[tokio::test]
async fn a_format_in_force_is_shown_with_its_schema() {
    let harness = Harness::start().await;
    let request = Request::new("GET", "/v1/formats/certificate%2Fdegree");
    let answer = harness.send(request.clone()).await;
    let shown = answer.json();
    let members = ["format", "version", "sealed", "schema"].map(|member| shown[member].clone());
    let expected = [json!("certificate/degree"), json!(1), json!(true), json!({"type": "object"})];
    assert_eq!((answer.status, members), (200, expected), "{}", answer.text());
    assert_eq!(harness.behind.take_calls(), ["r2d.data_format"]);
    harness.behind.refuse("r2d.data_format", DoorError::new(Code::UnknownFormat, "there is no such data format"));
    let refused = harness.send(request).await;
    assert_eq!((refused.status, refused.problem().as_str()), (404, "unknown-format"));
    harness.stop().await;
}

#[tokio::test]
async fn a_schema_without_a_canonical_form_is_refused_before_any_door() {
    let harness = Harness::start().await;
    let caller = everybody(&harness).await;
    let request = right(&harness, "PUT", "/v1/formats/{format}", &caller.signer, NAMED).await;
    let mut body: serde_json::Value = serde_json::from_slice(&request.body).unwrap();
    body["schema"]["properties"]["pm25"]["minimum"] = json!(0.5);
    let answer = harness.send(caller.bearing(request.json(&body))).await;
    assert_eq!((answer.status, answer.problem().as_str()), (400, "configuration-invalid"));
    assert_eq!(harness.behind.take_calls(), Vec::<String>::new());
    harness.stop().await;
}

// C-API-2, C-API-3
#[tokio::test]
async fn a_kind_that_the_city_does_not_have_is_an_unknown_kind() {
    let harness = Harness::start().await;
    let caller = everybody(&harness).await;
    harness.behind.refuse("r2d.submit", DoorError::new(Code::UnknownFormat, "there is no such data format"));
    for template in ["/v1/certificates", "/v1/certificates/{id}/status", "/v1/inspections"] {
        let answer = ask(&harness, &caller, "POST", template).await;
        assert_eq!((answer.status, answer.problem().as_str()), (400, "unknown-kind"), "{template}");
        assert_eq!(answer.json()["member"], "kind", "{template}");
    }
    // Who names a format is told of the format.
    let answer = ask(&harness, &caller, "POST", "/v1/operations").await;
    assert_eq!((answer.status, answer.problem().as_str()), (404, "unknown-format"));
    harness.stop().await;
}

#[tokio::test]
async fn a_name_that_no_kind_can_have_reaches_no_door() {
    let harness = Harness::start().await;
    let caller = everybody(&harness).await;
    for template in ["/v1/certificates", "/v1/certificates/{id}/status"] {
        let request = right(&harness, "POST", template, &caller.signer, NAMED).await;
        let mut body: serde_json::Value = serde_json::from_slice(&request.body).unwrap();
        body["kind"] = json!("No Such Kind");
        let answer = harness.send(caller.bearing(request.json(&body))).await;
        assert_eq!((answer.status, answer.problem().as_str()), (400, "unknown-kind"), "{template}");
        assert_eq!(harness.behind.take_calls(), Vec::<String>::new(), "{template}");
    }
    harness.stop().await;
}

// M-ACQ: data are checked against the format that the source has signed, or not at all.
#[tokio::test]
async fn a_format_that_differs_from_the_signed_one_is_refused() {
    let harness = Harness::start().await;
    let caller = everybody(&harness).await;
    let request = right(&harness, "POST", "/v1/operations", &caller.signer, NAMED).await;
    let mut body: serde_json::Value = serde_json::from_slice(&request.body).unwrap();
    let signed = b256!("72656164696e672f6169722d7175616c69747900000000000000000000000000");
    assert_eq!(body["operation"]["dataFormat"], signed.to_string());
    body["operation"]["dataFormat"] = json!(keccak256("reading/air-quality"));
    let answer = harness.send(caller.bearing(request.clone().json(&body))).await;
    assert_eq!((answer.status, answer.problem().as_str()), (400, "malformed-request"));
    assert_eq!(answer.json()["member"], "operation.dataFormat");
    body["format"] = json!("No Format");
    let answer = harness.send(caller.bearing(request.json(&body))).await;
    assert_eq!((answer.status, answer.problem().as_str()), (404, "unknown-format"));
    assert_eq!(harness.behind.take_calls(), Vec::<String>::new());
    harness.stop().await;
}

#[tokio::test]
async fn a_submission_carries_what_was_signed_and_the_idempotency_key() {
    let harness = Harness::start().await;
    let caller = everybody(&harness).await;
    for template in ["/v1/certificates", "/v1/certificates/{id}/status", "/v1/inspections", "/v1/operations"] {
        let request = right(&harness, "POST", template, &caller.signer, NAMED).await;
        let mut sent: serde_json::Value = serde_json::from_slice(&request.body).unwrap();
        if template == "/v1/certificates" {
            sent["validUntil"] = json!(1_999_999_999);
            sent["previous"] = json!(B256::repeat_byte(0x99).to_string());
        }
        let request = request.json(&sent).with("idempotency-key", "once_and-again");
        let answer = harness.send(caller.bearing(request)).await;
        assert!(answer.status < 300, "{template}: {}", answer.text());
        let [submission] = harness.behind.take_submitted().try_into().unwrap();
        assert_eq!(submission.idempotency_key.as_deref(), Some("once_and-again"), "{template}");
        assert_eq!(submission.operation.signature.to_string(), sent["signature"], "{template}");
        let named = sent.get("chain").or(sent.get("kind")).unwrap();
        assert_eq!(submission.operation.chain.0, *named, "{template}");
        assert_eq!(submission.metadata, sent["metadata"], "{template}");
        let payload = &submission.operation.payload;
        match template {
            "/v1/operations" => assert_eq!(payload.to_string(), sent["content"]),
            "/v1/certificates" => assert_eq!(payload[..], *sent["sealed"].as_str().unwrap().as_bytes()),
            "/v1/inspections" => assert!(is_within(&serde_json::from_slice(payload).unwrap(), &sent, &[])),
            _ => assert!(payload.is_empty()),
        }
        let mut message = submission.operation.message;
        if template == "/v1/certificates" {
            let sealed = message.as_object_mut().unwrap().remove("sealedHash");
            assert_eq!(sealed, Some(json!(keccak256(payload))));
        }
        let signed = sent.get("operation").unwrap_or(&sent);
        // What the body calls otherwise: the path names the certificate, and an inspection its two organizations.
        let called = [
            ("certificateId", json!(B256::repeat_byte(0xce))),
            ("holder", sent["address"].clone()),
            ("organization", sent["inspectingOrganization"].clone()),
        ];
        assert!(is_within(&message, signed, &called), "{template}: {message} of {signed}");
    }
    harness.stop().await;
}

/// Whether each member is one of the other object with the same value, or else the one that it is called there.
fn is_within(inner: &serde_json::Value, outer: &serde_json::Value, called: &[(&str, serde_json::Value)]) -> bool {
    let same = |one: &serde_json::Value, other: &serde_json::Value| {
        one == other || one.as_str().zip(other.as_str()).is_some_and(|(one, other)| one.eq_ignore_ascii_case(other))
    };
    inner.as_object().unwrap().iter().all(|(name, value)| {
        let other = called.iter().find(|(known, other)| known == name && !other.is_null());
        same(value, other.map_or(&outer[name], |(_, other)| other))
    })
}

// C-API-2: the certificate is recorded whatever becomes of its application.
#[tokio::test]
async fn an_application_that_stays_open_is_told_with_the_certificate() {
    let harness = Harness::start().await;
    let caller = everybody(&harness).await;
    let answer = ask(&harness, &caller, "POST", "/v1/certificates").await;
    assert_eq!((answer.status, &answer.json()["applicationClosed"]), (201, &json!(true)));
    harness.behind.refuse("applications.decide", DoorError::new(Code::AlreadyDecided, "it is decided"));
    let answer = ask(&harness, &caller, "POST", "/v1/certificates").await;
    assert_eq!((answer.status, &answer.json()["applicationClosed"]), (201, &json!(false)));
    harness.stop().await;
}

#[tokio::test]
async fn a_proof_of_an_operation_says_where_its_block_is_recorded() {
    let harness = Harness::start().await;
    let caller = everybody(&harness).await;
    let proof = ask(&harness, &caller, "GET", "/v1/operations/{digest}").await.json();
    assert_eq!(proof["recorded"]["txHash"], B256::repeat_byte(0x71).to_string());
    assert!(proof["recorded"].as_object().unwrap().contains_key("proof"), "{proof}");
    harness.stop().await;
}

#[tokio::test]
async fn chains_are_listed_as_configured_the_main_chain_first() {
    let facts = |name: &str| ChainFacts { name: name.into(), kinds: Vec::new(), contracts: Contracts::default() };
    let harness = Harness::configured(|config| config.chains = vec![facts("main"), facts("degree")]).await;
    let answer = harness.send(Request::new("GET", "/v1/chains")).await.json();
    let names: Vec<_> =
        answer["chains"].as_array().unwrap().iter().map(|chain| chain["name"].as_str().unwrap()).collect();
    // The doors answer in another order, and with one chain that the configuration does not know.
    assert_eq!(names, ["main", "degree", "archive"]);
    harness.stop().await;
}

// C-CHAINS
#[tokio::test]
async fn each_chain_tells_what_its_anchors_have_of_the_others_and_how_old_it_is() {
    let harness = Harness::start().await;
    let answer = harness.send(Request::new("GET", "/v1/chains")).await.json();
    let of = |name: &str| {
        let chains = answer["chains"].as_array().unwrap();
        chains.iter().find(|chain| chain["name"] == name).unwrap()["anchors"].clone()
    };
    let degree = of("degree");
    assert_eq!((&degree[0]["follows"], &degree[0]["height"]), (&"main".into(), &120.into()));
    assert_eq!((&degree[0]["ageSeconds"], &degree[0]["frozen"]), (&90.into(), &false.into()));
    assert!(degree[0]["blockHash"].is_string() && degree[0]["blockTime"].is_string(), "{degree}");
    let main = of("main");
    assert_eq!((&main[0]["height"], &main[0]["frozen"]), (&serde_json::Value::Null, &true.into()));
    assert_eq!(of("archive"), serde_json::json!([]));
    harness.stop().await;
}
