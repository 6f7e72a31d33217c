//! Real readings over MQTT: at the city's own listener, and through a Mosquitto. Nothing that was acknowledged is lost and nothing is there twice, whoever
//! is killed.
#![allow(missing_docs, clippy::unwrap_used)]

#[path = "mqtt/publisher.rs"]
mod publisher;

use std::{
    collections::{BTreeMap, BTreeSet},
    process::Command,
};

use alloy_primitives::FixedBytes;
use chancery_testing::{
    ingest::{Source, now_ms, run, seattle_weather},
    process::{City, CityOptions, Mosquitto},
};
use serde_json::{Value, json};

use publisher::{Account, Publisher4, Publisher5};

fn reading(content: &Value) -> String {
    json!({"time": now_ms(), "content": content}).to_string()
}

/// Seattle's weather, ten days under one signature.
fn lines_of(source: &Source) -> Vec<String> {
    let readings: Vec<String> = seattle_weather().unwrap().iter().map(reading).collect();
    let line = |(operations, number): (&[String], u128)| source.line(operations, FixedBytes::new(number.to_be_bytes()));
    readings.chunks(10).zip(1..).map(|one| line(one).unwrap()).collect()
}

/// How many operations the whole journal holds, as an auditor computes it anew; nothing in it differs.
fn audited(city: &City) -> u64 {
    let audit = run(&city.gateway, &["--dev-key", "8", "audit"]).unwrap();
    assert_eq!((&audit["difference"], &audit["complete"]), (&Value::Null, &json!(true)), "{audit}");
    audit["operations"].as_u64().unwrap()
}

/// Every line has one place and no two have the same.
fn places(account: &Account) -> BTreeMap<usize, u64> {
    let places: BTreeMap<usize, u64> =
        account.receipts().into_iter().map(|(line, receipt)| (line, receipt["place"].as_u64().unwrap())).collect();
    assert_eq!(places.values().collect::<BTreeSet<_>>().len(), places.len(), "two lines at one place");
    places
}

// M-ACQ, M-P-SUB, M-REP-1, M-REP-4, DATA-2, DATA-3, MQTT-1, MQTT-2
#[tokio::test(flavor = "multi_thread")]
async fn what_the_listener_acknowledged_survives_a_kill_and_is_there_once() {
    let folder = tempfile::tempdir().unwrap();
    let options = CityOptions::founded(&folder.path().join("city")).unwrap();
    let city = City::start(&options).unwrap();
    let source = Source::register(folder.path(), &city.gateway).unwrap();
    let lines = lines_of(&source);

    let (mut device, mut before) = (Publisher5::connect(&city.mqtt), Account::default());
    for (number, line) in lines.iter().enumerate() {
        device.publish(number, line);
    }
    assert!(device.until(&mut before, |account| account.acknowledged.len() >= 40).await);
    city.kill().unwrap();
    assert!(!device.until(&mut before, |_| false).await, "the connection is lost");
    let receipts = places(&before);
    assert!(before.acknowledged.len() < lines.len(), "the city was not killed in mid-stream");
    assert!(before.acknowledged.iter().all(|line| receipts.contains_key(line)), "acknowledged, yet without a receipt");

    // The device sends everything again: what had been acknowledged is known by its place, the rest gets one.
    let city = City::start(&options).unwrap();
    let (mut device, mut after) = (Publisher5::connect(&city.mqtt), Account::default());
    for (number, line) in lines.iter().enumerate() {
        device.publish(number, line);
    }
    assert!(device.until(&mut after, |account| account.acknowledged.len() == lines.len()).await);
    let again = after.receipts();
    for (line, place) in &receipts {
        assert_eq!(
            (&again[line]["repeated"], again[line]["place"].as_u64()),
            (&json!(true), Some(*place)),
            "line {line}"
        );
    }
    assert_eq!(places(&after).len(), lines.len());
    let stored = audited(&city);
    assert_eq!(stored, 1461);

    each_bad_message_has_its_problem(&city, &source, &lines[0]).await;
    another_client_is_answered(&city, &source);
    assert_eq!(audited(&city), stored + 1, "what is refused is not stored");
}

/// The line with another letter in its signature, which is the end of its JWS.
fn forged(line: &str) -> String {
    let at = line.find("\",\"operations\"").unwrap() - 10;
    let letter = if line.as_bytes()[at] == b'A' { "B" } else { "A" };
    format!("{}{letter}{}", &line[..at], &line[at + 1..])
}

/// DATA-1, DATA-3, DATA-6: the same refusals as over HTTP.
async fn each_bad_message_has_its_problem(city: &City, source: &Source, good: &str) {
    let key = |byte| FixedBytes::repeat_byte(byte);
    let fine = || reading(&json!({"station": "a", "temp_max": 1}));
    let lines = [
        (forged(&source.line(&[fine()], key(0xb1)).unwrap()), "signature-invalid"),
        (source.line(&[reading(&json!({"station": "a"}))], key(0xb2)).unwrap(), "schema-violation"),
        (source.line(&[fine()], FixedBytes::new(1_u128.to_be_bytes())).unwrap(), "idempotency-conflict"),
        (good.replace("temp_max", "temp_min"), "malformed-request"),
        ("no json".into(), "malformed-request"),
        ("x".repeat(1024 * 1024 + 16 * 1024 + 1), "body-too-large"),
    ];
    let (mut device, mut account) = (Publisher5::connect(&city.mqtt), Account::default());
    for (number, (line, _)) in lines.iter().enumerate() {
        device.publish(number, line);
    }
    assert!(device.until(&mut account, |account| account.acknowledged.len() == lines.len()).await);
    for (number, (_, code)) in lines.iter().enumerate() {
        assert_eq!(
            account.outcomes[&number][0]["problem"]["code"], *code,
            "line {number}: {:?}",
            account.outcomes[&number]
        );
    }
}

/// A client that is not ours: response topic and correlation of MQTT 5.
fn another_client_is_answered(city: &City, source: &Source) {
    let line = source.line(&[reading(&json!({"station": "b", "temp_max": 2}))], FixedBytes::repeat_byte(0xc1)).unwrap();
    let (host, port) = city.mqtt.rsplit_once(':').unwrap();
    let output = Command::new("mosquitto_rr")
        .args(["-V", "5", "-q", "1", "-h", host, "-p", port, "-t", "chancery/v1/operations"])
        .args(["-e", "chancery/v1/outcomes/asked", "-W", "60", "-m", line.trim_end()])
        .output()
        .expect("mosquitto-clients is installed");
    let outcome: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{output:?}"));
    assert_eq!(outcome["receipt"]["repeated"], json!(false), "{outcome}");
}

// M-ACQ, M-P-SUB, M-SEC, DATA-2, DATA-3, MQTT-1, MQTT-6
#[tokio::test(flavor = "multi_thread")]
async fn what_a_mosquitto_has_reaches_the_journal_whoever_is_killed() {
    let folder = tempfile::tempdir().unwrap();
    let broker = Mosquitto::start(&folder.path().join("mosquitto")).unwrap();
    let mut options = CityOptions::founded(&folder.path().join("city")).unwrap();
    // The device is on the broker's machine; the city comes over TLS, with a certificate and a password.
    options.arguments = vec!["--mqtt-broker".into(), broker.encrypted_url()];
    let city = City::start(&options).unwrap();
    let source = Source::register(folder.path(), &city.gateway).unwrap();
    let lines = lines_of(&source);
    let (mut device, mut account) = (Publisher4::connect(broker.port), Account::default());

    // Until the city has subscribed once, the broker keeps nothing for it: the first line is sent until it has a receipt.
    while account.receipts().is_empty() {
        device.publish(0, &lines[0]);
        account.acknowledged.clear();
        assert!(device.until(&mut account, |account| !account.acknowledged.is_empty()).await);
    }

    // The city is killed in mid-stream. The broker has what was published; the device sends nothing again.
    for (number, line) in lines.iter().enumerate().take(100).skip(1) {
        device.publish(number, line);
    }
    assert!(device.until(&mut account, |account| account.receipts().len() >= 20).await);
    city.kill().unwrap();
    assert!(device.until(&mut account, |account| account.acknowledged.len() == 100).await, "the broker takes all");
    let city = City::start(&options).unwrap();
    assert!(device.until(&mut account, |account| account.receipts().len() == 100).await);

    // The broker is killed in mid-stream. The device sends again what has no receipt.
    for (number, line) in lines.iter().enumerate().skip(100) {
        device.publish(number, line);
    }
    assert!(device.until(&mut account, |account| account.receipts().len() >= 110).await);
    let broker = broker.kill_and_start().unwrap();
    assert!(!device.until(&mut account, |_| false).await, "the connection is lost");
    let mut device = Publisher4::connect(broker.port);
    let receipts = account.receipts();
    let open: Vec<usize> = (100..lines.len()).filter(|line| !receipts.contains_key(line)).collect();
    for number in open {
        device.publish(number, &lines[number]);
    }
    assert!(device.until(&mut account, |account| account.receipts().len() == lines.len()).await);

    assert_eq!(places(&account).len(), lines.len());
    assert_eq!(audited(&city), 1461);

    // A forged signature comes back by name and is not stored; the same line again has its place.
    device.publish(
        1000,
        &forged(
            &source.line(&[reading(&json!({"station": "c", "temp_max": 3}))], FixedBytes::repeat_byte(0xd1)).unwrap(),
        ),
    );
    device.publish(1001, &lines[5]);
    assert!(
        device.until(&mut account, |account| [1000, 1001].iter().all(|line| account.outcomes.contains_key(line))).await
    );
    assert_eq!(account.outcomes[&1000][0]["problem"]["code"], "signature-invalid");
    assert_eq!(account.outcomes[&1001][0]["receipt"]["place"], account.receipts()[&5]["place"]);
    assert_eq!(audited(&city), 1461);
}
