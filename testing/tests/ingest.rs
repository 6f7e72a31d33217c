//! Data of registered sources through a whole city: real readings in, proofs out, and nothing lost when the city is killed.
#![allow(missing_docs, clippy::unwrap_used)]

use std::{process::Command, time::Duration};

use alloy_primitives::FixedBytes;
use chancery_data::{PublicKey, receipt::Receipt};
use chancery_testing::{
    ingest::{Source, StreamConnection, now_ms, run, seattle_weather},
    process::{City, CityOptions, built_binary},
};
use serde_json::{Value, json};

/// What verifies offline, and what it says.
fn verify(folder: &std::path::Path, proof: &Value) -> (bool, Value) {
    let file = folder.join("proof.json");
    std::fs::write(&file, proof.to_string()).unwrap();
    let output = Command::new(built_binary())
        .args(["--json", "verify", file.to_str().unwrap(), "--genesis", folder.join("city/genesis").to_str().unwrap()])
        .output()
        .unwrap();
    let answer = if output.stdout.is_empty() {
        json!(String::from_utf8(output.stderr).unwrap())
    } else {
        serde_json::from_slice(&output.stdout).unwrap()
    };
    (output.status.success(), answer)
}

async fn proof(gateway: &str, receipt: &Value) -> Value {
    let url =
        format!("{gateway}/v1/submissions/{}/{}/operations/0", receipt["place"], receipt["digest"].as_str().unwrap());
    for _ in 0..300 {
        let response = reqwest::get(&url).await.unwrap();
        if response.status() == 200 {
            return response.json().await.unwrap();
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("{url} is not proven");
}

// M-ACQ, M-P-SUB, M-REP-1..4, DATA-2, DATA-3, DATA-8: what was acknowledged is there after SIGKILL, once, and proven to who knows the genesis alone.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_acknowledged_survives_a_kill_and_is_proven() {
    let folder = tempfile::tempdir().unwrap();
    let options = CityOptions::founded(&folder.path().join("city")).unwrap();
    let city = City::start(&options).unwrap();
    let source = Source::register(folder.path(), &city.gateway).unwrap();
    let readings: Vec<String> = seattle_weather()
        .unwrap()
        .iter()
        .map(|content| json!({"time": now_ms(), "content": content}).to_string())
        .collect();
    assert_eq!(readings.len(), 1461);
    let lines: Vec<String> = readings
        .chunks(10)
        .zip(1_u128..)
        .map(|(operations, number)| source.line(operations, FixedBytes::new(number.to_be_bytes())).unwrap())
        .collect();

    let (mut sender, mut outcomes) = StreamConnection::open(&city.gateway).await.unwrap().split();
    let sent = lines.clone();
    let sending = tokio::spawn(async move {
        for line in sent {
            if sender.send(line.as_bytes()).await.is_err() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    });
    outcomes.head().await.unwrap();
    let mut acknowledged = Vec::new();
    while acknowledged.len() < 60 {
        let outcome = outcomes.next().await.unwrap().unwrap();
        assert!(outcome["receipt"].is_object(), "{outcome}");
        acknowledged.push(outcome["receipt"].clone());
    }
    city.kill().unwrap();
    sending.abort();

    let city = City::start(&options).unwrap();
    let mut proven = Value::Null;
    for receipt in acknowledged.iter().step_by(20) {
        proven = proof(&city.gateway, receipt).await;
        let (genuine, answer) = verify(folder.path(), &proven);
        assert!(genuine, "{answer}");
        assert_eq!(
            answer["statement"]["source"].as_str().unwrap().to_lowercase(),
            source.name.to_string().to_lowercase()
        );
    }

    // Everything once more: what was there keeps its place, what was not gets one.
    let (mut sender, mut outcomes) = StreamConnection::open(&city.gateway).await.unwrap().split();
    for line in &lines {
        sender.send(line.as_bytes()).await.unwrap();
    }
    sender.finish().await.unwrap();
    outcomes.head().await.unwrap();
    let mut again = Vec::new();
    while let Some(outcome) = outcomes.next().await.unwrap() {
        assert!(outcome["receipt"].is_object(), "{outcome}");
        again.push(outcome["receipt"].clone());
    }
    assert_eq!(again.len(), lines.len());
    for (before, after) in acknowledged.iter().zip(&again) {
        assert_eq!(
            (&after["repeated"], &after["place"], &after["receipt"]),
            (&json!(true), &before["place"], &before["receipt"])
        );
    }
    assert_eq!(again.last().unwrap()["repeated"], false);

    each_receipt_is_genuine(folder.path(), &again);
    each_changed_member_is_noticed(folder.path(), &proven);
    each_bad_line_has_its_problem(&city, &source, &lines[0]).await;
    let _ = run(&city.gateway, &["--dev-key", "8", "source", "show", &source.name.to_string()]).unwrap();
}

/// DATA-12: by the key that the city lays open, whatever submissions were written together.
fn each_receipt_is_genuine(folder: &std::path::Path, receipts: &[Value]) {
    let key = folder.join("city/receipts.jwk");
    let jwk = serde_json::from_slice(&std::fs::read(&key).unwrap()).unwrap();
    let public = PublicKey::from_jwk(&jwk).unwrap();
    for answered in receipts {
        let receipt = Receipt::verify(answered["receipt"].as_str().unwrap(), &public).unwrap();
        let said = serde_json::to_value(&receipt).unwrap();
        for member in ["place", "digest", "key", "count", "acceptedAt"] {
            assert_eq!(said[member], answered[member], "{member}");
        }
    }
    let file = folder.join("receipts.json");
    let verify = |receipts: &[Value]| {
        std::fs::write(&file, json!({"receipts": receipts}).to_string()).unwrap();
        let arguments = ["--json", "verify", file.to_str().unwrap(), "--receipt-key", key.to_str().unwrap()];
        let output = Command::new(built_binary()).args(arguments).output().unwrap();
        let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
        (output.status.success(), answer)
    };
    let (genuine, answer) = verify(receipts);
    assert!(genuine, "{answer}");
    assert_eq!(answer["receipts"].as_array().unwrap().len(), receipts.len());
    let mut swapped = receipts.to_vec();
    swapped[0]["receipt"] = receipts[1]["receipt"].clone();
    let (genuine, answer) = verify(&swapped);
    assert_eq!((genuine, answer["check"].as_str()), (false, Some("receipt-matches")));
}

/// DATA-8
fn each_changed_member_is_noticed(folder: &std::path::Path, proof: &Value) {
    let text = |pointer: &str| proof.pointer(pointer).unwrap().as_str().unwrap().to_owned();
    let flipped = |pointer: &str| {
        let mut text = text(pointer).into_bytes();
        let place = text.len() / 2;
        text[place] = if text[place] == b'1' { b'2' } else { b'1' };
        json!(String::from_utf8(text).unwrap())
    };
    for (pointer, value, check) in [
        ("/operation", json!(text("/operation").replace("temp_max", "temp_min")), "operation-in-submission"),
        ("/index", json!(1), "operation-in-submission"),
        ("/siblings/0", flipped("/siblings/0"), "operation-in-submission"),
        ("/keys/0/x", flipped("/keys/0/x"), "source-key"),
        ("/leaf/siblings/0", flipped("/leaf/siblings/0"), "submission-in-block"),
        ("/leaf/root", flipped("/leaf/root"), "submission-in-block"),
        ("/recorded/txHash", flipped("/recorded/txHash"), "root-recorded"),
        ("/recorded/blockNumber", json!(0), "root-recorded"),
    ] {
        let mut altered = proof.clone();
        let Some(place) = altered.pointer_mut(pointer) else { continue };
        *place = value;
        let (genuine, answer) = verify(folder, &altered);
        assert!(!genuine, "{pointer}");
        assert_eq!(answer["check"], check, "{pointer}: {answer}");
    }
}

/// DATA-1, DATA-3, DATA-6, DATA-9: a bad line is refused by name, and the lines around it are accepted.
async fn each_bad_line_has_its_problem(city: &City, source: &Source, good: &str) {
    let key = |byte| FixedBytes::repeat_byte(byte);
    let reading = |content: Value| json!({"time": now_ms(), "content": content}).to_string();
    let fine = || reading(json!({"station": "a", "temp_max": 1}));
    let ahead = json!({"time": now_ms() + 600_000, "content": {"station": "a", "temp_max": 1}}).to_string();
    let lines = [
        (source.line(&[fine()], key(0xa1)).unwrap(), None),
        (source.line(&[reading(json!({"station": "a"}))], key(0xa2)).unwrap(), Some("schema-violation")),
        (source.line(&[ahead], key(0xa3)).unwrap(), Some("clock-skew")),
        (source.line(&[fine(), fine()], key(0xa1)).unwrap(), Some("idempotency-conflict")),
        ("{\"submission\":\"x\",\"operations\":[]}\n".into(), Some("body-too-large")),
        ("no json\n".into(), Some("malformed-request")),
        (good.replace("temp_max", "temp_min"), Some("malformed-request")),
        (source.line(&[fine()], key(0xa4)).unwrap(), None),
        ("x".repeat(2 * 1024 * 1024), Some("body-too-large")),
    ];
    let (mut sender, mut outcomes) = StreamConnection::open(&city.gateway).await.unwrap().split();
    for (place, (line, code)) in lines.iter().enumerate() {
        // One after the other: of lines that are on their way together, any may be the first to use a key.
        sender.send(line.as_bytes()).await.unwrap();
        if place == 0 {
            outcomes.head().await.unwrap();
        }
        let outcome = outcomes.next().await.unwrap().unwrap();
        assert_eq!(outcome["index"], place, "{outcome}");
        assert_eq!(outcome["problem"]["code"].as_str(), *code, "line {place}: {outcome}");
    }
}
