//! The life of certificates through the command line, as a newcomer, a clerk and an inspector use it.
#![allow(missing_docs, unreachable_pub, clippy::unwrap_used)]

#[path = "city/alteration.rs"]
mod alteration;
#[path = "city/commands.rs"]
mod commands;
#[path = "city/front.rs"]
mod front;
#[path = "city/identities.rs"]
mod identities;
#[path = "city/silence.rs"]
mod silence;
#[path = "city/support.rs"]
mod support;
#[path = "city/verification.rs"]
mod verification;

use std::process::Command;

use alloy::signers::{
    SignerSync as _,
    local::{MnemonicBuilder, PrivateKeySigner, coins_bip39::English},
};
use alloy_primitives::{B256, keccak256};
use chancery_contracts::predeploys;
use chancery_light::{ProofBundle, TrustedChain};
use chancery_primitives::{
    DataOperation, OperationType, SignedOperation as _, SigningDomain, UnixSeconds,
    data_block::{self, DataBlockRoot, Leaf},
};
use chancery_testing::process::{City, CityOptions, built_binary};
use support::*;

// C-LIFE, C-API-1..5, C-QR
#[test]
fn a_certificate_lives_its_life() {
    let (key, address) = citizen("life");
    let key = key.to_str().unwrap();
    let published = answer(&["public-key", &address]);
    assert_eq!(published["address"].as_str().unwrap().to_lowercase(), address.to_lowercase());

    let issued = send("degree", "3", "SAMPLE-UNIVERSITY", &address);
    let id = issued["certificateId"].as_str().unwrap();
    let listed = answer(&["--key", key, "certificate", "list"]);
    assert_eq!(listed["items"][0]["certificateId"], id);

    let link = answer(&["--key", key, "certificate", "present", id])["link"].as_str().unwrap().to_owned();
    let inspected = answer(&["--dev-key", "7", "inspect", &link]);
    assert_eq!(inspected["outcome"], "valid");
    assert_eq!(inspected["document"]["subject"]["level"], "master");
    assert!(inspected["recorded"]["txHash"].is_string());

    answer(&["--dev-key", "3", "certificate", "revoke", id, "--reason", "privilege-withdrawn"]);
    let link = answer(&["--key", key, "certificate", "present", id])["link"].as_str().unwrap().to_owned();
    let again = refusal(&["--dev-key", "7", "inspect", &link]);
    assert!(again.contains("\"revoked\""), "{again}");
    let twice = refusal(&["--dev-key", "3", "certificate", "revoke", id]);
    assert!(twice.contains("status-transition"), "{twice}");

    // M-MON-2, M-MON-3
    let history = answer(&["--dev-key", "8", "history", id]);
    assert_eq!(history["inOrder"], true);
    let names: Vec<_> = history["entries"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|entry| entry["verified"]["result"] == "verified")
        .collect();
    assert!(names.len() >= 4, "{history:#}");
}

// C-API-5, M-AUTH
#[test]
fn a_certificate_file_is_verified_offline_and_a_changed_byte_is_named() {
    let (_, address) = citizen("offline");
    let issued = send("health-licence", "5", "SAMPLE-HEALTH-OFFICE", &address);
    let file = query_to_file(&issued, &address, "offline.json");
    let verified = verify(&file);
    assert_eq!((verified.code, verified.outcome()), (0, "valid"), "{verified:?}");
    assert_eq!(verified.answer["unproven"], serde_json::json!(["organizationName"]));

    let whole: serde_json::Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    let members = alteration::leaves(&whole);
    assert!(members.len() >= 30, "{members:?}");
    for member in members {
        let refused = verify_altered("changed.json", alteration::altered(&whole, &member));
        if member == "/organizationName" {
            // The main chain knows it, this file does not: it is named as what it is.
            assert_eq!(refused.answer["unproven"], serde_json::json!(["organizationName"]), "{refused:?}");
        } else {
            assert_eq!(refused.code, 1, "another {member} was not noticed: {refused:?}");
            assert!(refused.answer["check"].is_string() || refused.error.contains("cannot"), "{member}: {refused:?}");
        }
    }
}

// C-ISSUE, bad input: an issuer without the right to a kind
#[test]
fn an_office_issues_only_its_own_kind() {
    let (_, address) = citizen("rights");
    let refused = refusal_code(&[
        "--dev-key",
        "1",
        "certificate",
        "send",
        "--kind",
        "degree",
        "--holder",
        &address,
        "--organization",
        "SAMPLE-CIVIL-AFFAIRS",
        "--subject",
        subject("degree").to_str().unwrap(),
    ]);
    assert_eq!(refused, "issuer-not-authorized");
}

// C-ID: a returning person is recognised
#[test]
fn a_person_registers_once() {
    citizen("once");
    let key = shared().data.path().join("once-again.key");
    answer(&["key", "new", key.to_str().unwrap()]);
    let refused = refusal(&[
        "--key",
        key.to_str().unwrap(),
        "user",
        "register",
        "--account",
        "once2",
        "--name",
        " ONCE ",
        "--unit",
        "sample unit",
        "--city",
        "hangzhou",
        "--country",
        "CN",
    ]);
    assert!(refused.contains("person-already-registered"), "{refused}");
}

// bad input: a rotated key
#[test]
fn a_retired_key_issues_nothing_and_what_it_issued_stays_valid() {
    let (key, address) = citizen("rotation");
    let office = shared().data.path().join("office.key");
    let office_address = answer(&["key", "new", office.to_str().unwrap()])["address"].as_str().unwrap().to_owned();
    answer(&[
        "--dev-key",
        "0",
        "organization",
        "authorize-key",
        "SAMPLE-CIVIL-AFFAIRS",
        &office_address,
        "--right",
        "marriage",
    ]);
    let office = office.to_str().unwrap();
    let send = [
        "--key",
        office,
        "certificate",
        "send",
        "--kind",
        "marriage",
        "--holder",
        &address,
        "--organization",
        "SAMPLE-CIVIL-AFFAIRS",
        "--subject",
    ];
    let subject = subject("marriage");
    let arguments: Vec<&str> = send.into_iter().chain([subject.to_str().unwrap()]).collect();
    let issued = answer(&arguments);
    answer(&["--dev-key", "0", "organization", "retire-key", "SAMPLE-CIVIL-AFFAIRS", &office_address]);
    let refused = refusal_code(&arguments);
    assert_eq!(refused, "key-rotated");
    let link =
        answer(&["--key", key.to_str().unwrap(), "certificate", "present", issued["certificateId"].as_str().unwrap()])
            ["link"]
            .as_str()
            .unwrap()
            .to_owned();
    assert_eq!(answer(&["--dev-key", "7", "inspect", "--dry-run", &link])["outcome"], "valid");
}

// C-LIFE of all five kinds, with its tampering
#[test]
fn the_demonstration_tells_its_story_to_the_end() {
    let told = answer(&["demo"]);
    let refused =
        told.as_array().unwrap().iter().filter(|event| event["what"].as_str().unwrap().ends_with("is refused"));
    assert!(refused.count() >= 4, "{told:#}");
}

#[test]
fn a_data_directory_has_one_city_at_a_time() {
    let data = shared().data.path().join("city");
    let error = City::start(&CityOptions::new(&data)).unwrap_err();
    assert!(error.to_string().contains("ended before"), "{error}");
}

#[test]
fn a_city_starts_again_with_what_it_had() {
    let data = tempfile::tempdir().unwrap();
    let options = CityOptions::new(data.path());
    let first = City::start(&options).unwrap();
    let genesis = std::fs::read(data.path().join("genesis/main.json")).unwrap();
    first.kill().unwrap();
    let second = City::start(&options).unwrap();
    assert_eq!(second.chains.len(), 6);
    assert_eq!(std::fs::read(data.path().join("genesis/main.json")).unwrap(), genesis);
}

#[test]
fn help_and_completions_are_there() {
    for arguments in [vec!["--help"], vec!["up", "--help"], vec!["completions", "bash"]] {
        let output = Command::new(built_binary()).args(&arguments).output().unwrap();
        assert!(output.status.success() && !output.stdout.is_empty(), "{arguments:?}");
    }
    for command in ["verify", "inspect"] {
        let output = Command::new(built_binary()).args([command, "--help"]).output().unwrap();
        assert!(String::from_utf8_lossy(&output.stdout).contains("Exit codes: 0 "), "{command}");
    }
}

/// Somebody who signs in by EIP-4361 and speaks REST, without a client of ours.
struct SignedIn {
    signer: PrivateKeySigner,
    token: String,
}

impl SignedIn {
    async fn new(signer: PrivateKeySigner) -> Self {
        let gateway = shared().city.gateway.as_str();
        let (_, nonce) = exchange(reqwest::Client::new().get(format!("{gateway}/v1/session/nonce"))).await;
        let clock = Command::new("date").args(["-u", "+%Y-%m-%dT%H:%M:%SZ"]).output().unwrap();
        let message = format!(
            "{} wants you to sign in with your Ethereum account:\n{}\n\n\nURI: {gateway}\nVersion: 1\nChain ID: 7100\nNonce: {}\nIssued At: {}",
            gateway.strip_prefix("http://").unwrap(),
            signer.address(),
            nonce["nonce"].as_str().unwrap(),
            String::from_utf8_lossy(&clock.stdout).trim(),
        );
        let signature = signer.sign_message_sync(message.as_bytes()).unwrap();
        let body = json!({"message": message, "signature": format!("0x{}", hex::encode(signature.as_bytes()))});
        let request = reqwest::Client::new().post(format!("{gateway}/v1/session")).json(&body);
        let (status, session) = exchange(request).await;
        assert_eq!(status, 201, "{session}");
        Self { signer, token: session["token"].as_str().unwrap().to_owned() }
    }

    async fn ask(&self, method: &str, path: &str, body: Option<&Value>) -> (u16, Value) {
        let url = format!("{}{path}", shared().city.gateway);
        let request = reqwest::Client::new().request(method.parse().unwrap(), url).bearer_auth(&self.token);
        exchange(body.into_iter().fold(request, reqwest::RequestBuilder::json)).await
    }
}

async fn exchange(request: reqwest::RequestBuilder) -> (u16, Value) {
    let response = request.send().await.unwrap();
    (response.status().as_u16(), response.json().await.unwrap())
}

// M-CON-2, M-CON-4, M-ACQ, M-REP-1, S-COL: configured, submitted, and proven to who knows the genesis alone.
#[tokio::test]
async fn a_source_submits_data_of_a_format_that_the_operator_has_configured() {
    const PATH: &str = "/v1/formats/reading%2Fair-quality";
    let phrase =
        MnemonicBuilder::<English>::default().phrase("test test test test test test test test test test test junk");
    let operator = SignedIn::new(phrase.index(0).unwrap().build().unwrap()).await;
    let source = SignedIn::new(PrivateKeySigner::random()).await;
    let format = json!({
        "version": 1, "chain": "main", "title": {"en": "Air quality reading", "zh": "空气质量读数"}, "source": "HJ 633-2012, 5", "sealed": false,
        "schema": {"type": "object", "required": ["pm25"], "properties": {"pm25": {"type": "integer", "minimum": 0}}},
    });
    let (_, submission) = reading(&source.signer, r#"{"pm25":12}"#).await;

    let (status, refused) = source.ask("PUT", PATH, Some(&format)).await;
    assert_eq!((status, refused["code"].as_str().unwrap()), (403, "role-required"));
    let (status, checked) = operator.ask("PUT", &format!("{PATH}?check=true"), Some(&format)).await;
    assert_eq!((status, &checked["applied"], &checked["recorded"]), (200, &json!(false), &json!([])), "{checked}");
    assert!(!checked["effects"].as_array().unwrap().is_empty());
    let (status, refused) = source.ask("POST", "/v1/operations", Some(&submission)).await;
    assert_eq!((status, refused["code"].as_str().unwrap()), (403, "role-required"));

    let address = source.signer.address().to_string();
    let right = ["organization", "authorize-key", "SAMPLE-HEALTH-OFFICE", &address, "--right", "submission"];
    answer(&[&["--dev-key", "0"], right.as_slice()].concat());
    let (status, refused) = source.ask("POST", "/v1/operations", Some(&submission)).await;
    assert_eq!((status, refused["code"].as_str().unwrap()), (404, "unknown-format"), "a check changes nothing");

    let (status, applied) = operator.ask("PUT", PATH, Some(&format)).await;
    assert_eq!((status, &applied["applied"], &applied["recorded"][0]["chain"]), (200, &json!(true), &json!("main")));
    let (status, refused) =
        source.ask("POST", "/v1/operations", Some(&reading(&source.signer, r#"{"pm25":-1}"#).await.1)).await;
    assert_eq!((status, refused["code"].as_str().unwrap()), (422, "schema-violation"));

    let (operation, submission) = reading(&source.signer, r#"{"pm25":12}"#).await;
    let (status, receipt) = source.ask("POST", "/v1/operations", Some(&submission)).await;
    assert_eq!(status, 201, "{receipt}");
    let digest = operation.digest(&reading_domain());
    assert_eq!(receipt["operationDigest"], digest.to_string());
    let (status, proof) = source.ask("GET", &format!("/v1/operations/{digest}"), None).await;
    assert_eq!(status, 200, "{proof}");
    let leaf = Leaf {
        operation_digest: digest,
        source: source.signer.address(),
        operation_type: OperationType::DataRecord,
        content_hash: operation.content_hash,
        time: operation.time,
    };
    let siblings: Vec<B256> = serde_json::from_value(proof["siblings"].clone()).unwrap();
    let root: B256 = serde_json::from_value(proof["root"].clone()).unwrap();
    assert!(data_block::verify(DataBlockRoot(root), &leaf, &siblings), "{proof}");
    let bundle = ProofBundle::from_json(proof["recorded"]["proof"].to_string().as_bytes()).unwrap();
    let recorded = bundle.verify(&main_chain().await).unwrap();
    assert_eq!(recorded.transaction.hash.to_string(), proof["recorded"]["txHash"]);
    let logs = recorded.receipt.receipt.logs();
    assert!(logs.iter().any(|log| log.address == predeploys::DATA_BLOCK_REGISTRY && log.topics()[1] == root));
}

fn reading_domain() -> SigningDomain {
    SigningDomain::new(7100, predeploys::DATA_BLOCK_REGISTRY)
}

/// A reading, signed, and as it is submitted.
async fn reading(source: &PrivateKeySigner, content: &str) -> (DataOperation, Value) {
    let now = std::time::UNIX_EPOCH.elapsed().unwrap().as_secs();
    let mut data_format = B256::ZERO;
    data_format[.."reading/air-quality".len()].copy_from_slice(b"reading/air-quality");
    let operation = DataOperation {
        data_format,
        content_hash: keccak256(content),
        source: source.address(),
        subject: keccak256("station 1"),
        previous: B256::ZERO,
        time: UnixSeconds(now),
        idempotency_key: B256::random(),
    };
    let signature = source.sign_hash_sync(&operation.digest(&reading_domain())).unwrap();
    let submission = json!({
        "format": "reading/air-quality", "chain": "main", "operation": operation, "metadata": {},
        "content": format!("0x{}", hex::encode(content)), "signature": format!("0x{}", hex::encode(signature.as_bytes())),
    });
    (operation, submission)
}

/// What somebody who keeps the genesis file trusts.
async fn main_chain() -> TrustedChain {
    let file = std::fs::read(shared().data.path().join("city/genesis/main.json")).unwrap();
    let genesis: Value = serde_json::from_slice(&file).unwrap();
    let validators = genesis["validators"].as_array().unwrap().iter();
    let (_, chains) = exchange(reqwest::Client::new().get(format!("{}/v1/chains", shared().city.gateway))).await;
    let main = chains["chains"].as_array().unwrap().iter().find(|chain| chain["name"] == "main").unwrap();
    let essentials = json!({
        "chainId": genesis["chainId"],
        "genesisHash": main["genesisHash"],
        "validators": validators.map(|validator| &validator["blsPublicKey"]).collect::<Vec<_>>(),
    });
    TrustedChain::new(serde_json::from_value(essentials).unwrap()).unwrap()
}
