//! Data of registered sources found, proven, traced and audited in a whole city; nothing lost to search when the city is killed.
#![allow(missing_docs, clippy::unwrap_used)]

#[path = "search/watched.rs"]
mod watched;

use std::{path::Path, process::Command};

use alloy_primitives::FixedBytes;
use chancery_data::submission::Access;
use chancery_testing::{
    ingest::{FORMAT, Source, StreamConnection, format, now_ms, run, seattle_weather},
    process::{City, CityOptions, project_root},
};
use serde_json::{Value, json};

async fn search(gateway: &str, body: &Value) -> (u16, Value) {
    let response = reqwest::Client::new().post(format!("{gateway}/v1/data/search")).json(body).send().await.unwrap();
    (response.status().as_u16(), response.json().await.unwrap())
}

/// Every page of a search.
async fn all(gateway: &str, mut body: Value) -> Vec<Value> {
    let mut found = Vec::new();
    loop {
        let (status, page) = search(gateway, &body).await;
        assert_eq!(status, 200, "{page}");
        found.extend(page["operations"].as_array().unwrap().iter().cloned());
        match page.get("next") {
            None => return found,
            Some(next) => body["after"] = next.clone(),
        }
    }
}

/// Searches until so many are found: the index follows the journal.
async fn until(gateway: &str, body: &Value, count: usize) -> Vec<Value> {
    let mut found = Vec::new();
    for _ in 0..600 {
        found = all(gateway, body.clone()).await;
        if found.len() >= count {
            break;
        }
        tokio::task::yield_now().await;
    }
    assert_eq!(found.len(), count, "{body}");
    found
}

async fn submit(gateway: &str, lines: &[String]) -> Vec<Value> {
    let (mut sender, mut outcomes) = StreamConnection::open(gateway).await.unwrap().split();
    for line in lines {
        sender.send(line.as_bytes()).await.unwrap();
    }
    sender.finish().await.unwrap();
    outcomes.head().await.unwrap();
    let mut receipts = Vec::new();
    while let Some(outcome) = outcomes.next().await.unwrap() {
        assert!(outcome["receipt"].is_object(), "{outcome}");
        receipts.push(outcome["receipt"].clone());
    }
    receipts
}

// M-SER-2, M-SER-3, M-SER-4, M-APP, M-MON-3, M-MON-4, S-APP, SEARCH-1, SEARCH-2, SEARCH-3
#[tokio::test(flavor = "multi_thread")]
async fn what_is_submitted_is_found_traced_and_audited() {
    let folder = tempfile::tempdir().unwrap();
    let options = CityOptions::founded(&folder.path().join("city")).unwrap();
    let city = City::start(&options).unwrap();
    let source = Source::register(folder.path(), &city.gateway).unwrap();
    let weather = seattle_weather().unwrap();
    let snow = weather.iter().filter(|content| content["weather"] == "snow").count();
    let warm = weather.iter().filter(|content| content["temp_max"] == json!(30.0)).count();
    assert!(snow > 10 && warm > 0);
    let (begin, operation) = (now_ms(), |content: &Value| json!({"time": now_ms(), "content": content}).to_string());
    let readings: Vec<String> = weather.iter().map(operation).collect();
    let lines: Vec<String> = readings
        .chunks(50)
        .zip(1_u128..)
        .map(|(operations, number)| source.line(operations, FixedBytes::new(number.to_be_bytes())).unwrap())
        .collect();
    let receipts = submit(&city.gateway, &lines).await;
    let every = json!({"formats": [FORMAT], "limit": 100, "ascending": true});
    let found = until(&city.gateway, &every, readings.len()).await;
    // The order of acceptance is that of the places. Lines of one stream are checked at once, so it need not be theirs.
    let mut accepted: Vec<_> =
        receipts.iter().map(|receipt| receipt["place"].as_u64().unwrap()).zip(readings.chunks(50)).collect();
    accepted.sort_unstable_by_key(|(place, _)| *place);
    let accepted: Vec<&String> = accepted.into_iter().flat_map(|(_, readings)| readings).collect();
    assert_eq!(accepted.len(), found.len());
    for (found, reading) in found.iter().zip(accepted) {
        assert_eq!(found["operation"], json!(reading));
    }

    let gateway = city.gateway.clone();
    assert_eq!(all(&gateway, json!({"text": "SNOW", "sources": [source.name]})).await.len(), snow);
    assert_eq!(all(&gateway, json!({"fields": [{"path": "temp_max", "value": "30"}]})).await.len(), warm);
    assert_eq!(all(&gateway, json!({"to": begin})).await.len(), 0);
    assert_eq!(all(&gateway, json!({"text": "snow\" OR \"sun", "formats": ["'; DROP TABLE rows; --"]})).await.len(), 0);
    for (body, member) in [
        (json!({"limit": 1000}), "limit"),
        (json!({"from": 5, "to": 5}), "from"),
        (json!({"text": "x".repeat(1000)}), "text"),
    ] {
        let (status, problem) = search(&gateway, &body).await;
        assert_eq!(
            (status, problem["code"].as_str(), problem["member"].as_str()),
            (400, Some("malformed-request"), Some(member))
        );
    }
    let counted: u64 = run(&gateway, &["search", "--count"])
        .unwrap()
        .as_array()
        .unwrap()
        .iter()
        .map(|c| c["operations"].as_u64().unwrap())
        .sum();
    assert_eq!(counted, readings.len() as u64);
    let csv = run(&gateway, &["search", "snow", "--csv", "--limit", "5"]).unwrap();
    assert_eq!(csv.as_str().unwrap().lines().count(), 6);

    // Two versions of one well, read by an operator, traced by anybody; who has read them, by supervisors.
    let well = |temp_max: u32, previous: Option<&Value>| {
        let mut operation =
            json!({"time": now_ms(), "subject": "well 7", "content": {"station": "w", "temp_max": temp_max}});
        if let Some(previous) = previous {
            operation["previous"] = previous.clone();
        }
        operation.to_string()
    };
    submit(&gateway, &[source.line(&[well(1, None)], FixedBytes::repeat_byte(0xe1)).unwrap()]).await;
    let first = until(&gateway, &json!({"subject": "well 7"}), 1).await;
    submit(&gateway, &[source.line(&[well(2, Some(&first[0]["name"]))], FixedBytes::repeat_byte(0xe2)).unwrap()]).await;
    until(&gateway, &json!({"subject": "well 7"}), 2).await;
    run(&gateway, &["--dev-key", "0", "search", "--subject", "well 7"]).unwrap();
    let asset = ["trace", "well 7", "--organization", "SAMPLE-HEALTH-OFFICE", "--format", FORMAT];
    let trace = run(&gateway, &asset).unwrap();
    assert_eq!(trace["trace"]["versions"].as_array().unwrap().len(), 2, "{trace}");
    assert_eq!(trace["trace"]["findings"], json!([]));
    let readers = |trace: &Value| {
        trace["graph"]["nodes"].as_array().unwrap().iter().filter(|node| node["kind"] == "reader").count()
    };
    assert_eq!(readers(&trace), 0, "{trace}");
    let seen = run(&gateway, &[&["--dev-key", "8"], &asset[..]].concat()).unwrap();
    assert_eq!(readers(&seen), 2, "the public and the operator: {seen}");
    let right = &trace["trace"]["rights"][0];
    assert_eq!(
        (&right["act"], &right["by"]["who"], &right["access"]),
        (&json!("read"), &json!("anybody"), &json!("public"))
    );
    let transfers = &trace["trace"]["transfers"];
    assert_eq!((&transfers["transferable"], &transfers["rule"]), (&json!(false), &json!("DATA-10")), "{trace}");
    let hands = transfers["path"].as_array().unwrap();
    assert_eq!((hands.len(), &hands[0]["how"]), (1, &json!("registration")), "one source with its first key: {trace}");

    // What is internal is found and traced by an office that signs, and by nobody else.
    let inside = json!({"time": now_ms(), "subject": "well 8", "content": {"station": "w", "temp_max": 3}}).to_string();
    let line = source.line_for(&[inside], FixedBytes::repeat_byte(0xe3), Access::Internal).unwrap();
    let [receipt] = submit(&gateway, &[line]).await.try_into().unwrap();
    // The index is in the order of the places: what is after it is found after it.
    let after = json!({"time": now_ms(), "subject": "well 9", "content": {"station": "w", "temp_max": 4}}).to_string();
    submit(&gateway, &[source.line(&[after], FixedBytes::repeat_byte(0xe4)).unwrap()]).await;
    until(&gateway, &json!({"subject": "well 9"}), 1).await;
    assert_eq!(all(&gateway, json!({"subject": "well 8"})).await, Vec::<Value>::new());
    let office = run(&gateway, &["--dev-key", "0", "search", "--subject", "well 8"]).unwrap();
    assert_eq!(office["operations"][0]["at"]["place"], receipt["place"], "{office}");
    let asset = ["trace", "well 8", "--organization", "SAMPLE-HEALTH-OFFICE", "--format", FORMAT];
    let versions = |trace: &Value| trace["trace"]["versions"].as_array().unwrap().len();
    let refusal = run(&gateway, &asset).unwrap_err().to_string();
    assert!(refusal.contains("/problems/unknown-operation"), "{refusal}");
    assert_eq!(versions(&run(&gateway, &[&["--dev-key", "0"], &asset[..]].concat()).unwrap()), 1);

    city.kill().unwrap();
    let city = City::start(&options).unwrap();
    until(&city.gateway, &every, readings.len() + 3).await;
    let audit = run(&city.gateway, &["--dev-key", "8", "audit"]).unwrap();
    assert_eq!(
        (&audit["difference"], &audit["complete"], &audit["sequence"]),
        (&Value::Null, &json!(true), &json!([])),
        "{audit}"
    );
    assert_eq!(audit["operations"], json!(readings.len() + 4));
    assert!(run(&city.gateway, &["--dev-key", "0", "audit"]).is_err(), "an operator is no supervisor");
    let proven = json!({"text": "snow", "proofs": true, "limit": 5});
    let (status, page) = search(&city.gateway, &proven).await;
    assert_eq!(status, 200, "{page}");
    assert!(
        page["operations"].as_array().unwrap().iter().all(|one| one["proof"]["operation"] == one["operation"]),
        "{page}"
    );
    columns_are_read_by_others(&city.gateway, folder.path()).await;
    what_is_sealed_is_for_who_is_named(&city.gateway, folder.path(), &source).await;
    what_was_in_clear_of_a_format_that_becomes_sealed_is_restricted(&city.gateway, folder.path()).await;
}

/// The inspector of a development city, whose key is public.
const NAMED: &str = "0x14dC79964da2C08b23698B3D3cc7Ca32193d9955";
const SEALED: &str = "health/finding";

/// M-SEC, M-PRIV, DATA-11, SEARCH-3: refused in clear, sealed by who submits, found and opened by who is named, and shown and counted to nobody else.
async fn what_is_sealed_is_for_who_is_named(gateway: &str, folder: &Path, source: &Source) {
    let file = |name: &str| folder.join(name).to_str().unwrap().to_owned();
    let format = json!({
        "version": 1, "chain": "main", "title": {"en": "Finding", "zh": "检查结果"}, "source": "sample", "sealed": true,
        "schema": {
            "type": "object", "required": ["diagnosis"], "additionalProperties": false, "properties": {"diagnosis": {"type": "string"}},
        },
    });
    std::fs::write(file("finding.json"), format.to_string()).unwrap();
    run(gateway, &["--dev-key", "0", "format", "configure", SEALED, &file("finding.json")]).unwrap();

    let clear = json!({"time": now_ms(), "subject": "case 7", "content": {"diagnosis": "quinsy"}}).to_string();
    let submission = source
        .submission_of(SEALED, std::slice::from_ref(&clear), FixedBytes::repeat_byte(0xe5), Access::Public)
        .unwrap();
    let body = format!(r#"{{"submission":"{submission}","operations":[{clear}]}}"#);
    let answer = reqwest::Client::new().post(format!("{gateway}/v1/submissions"));
    let answer = answer.header("content-type", "application/json").body(body).send().await.unwrap();
    let (status, problem): (_, Value) = (answer.status().as_u16(), answer.json().await.unwrap());
    assert_eq!(
        (status, &problem["code"], &problem["missing"]),
        (400, &json!("malformed-jwe"), &json!("content")),
        "{problem}"
    );
    assert!(
        problem["detail"].as_str().unwrap().contains("JWE") && !problem.to_string().contains("quinsy"),
        "{problem}"
    );

    std::fs::write(file("finding"), format!("{clear}\n")).unwrap();
    std::fs::write(file("broken"), r#"{"time":1,"content":{"diagnosis":"quinsy","note":1}}"#).unwrap();
    let (genesis, key) = (file("city/genesis/main.json"), file("source.key"));
    run(gateway, &["--dev-key", "7", "message", "publish-key", "--genesis", &genesis]).unwrap();
    let submit = |name: &str, more: &[&str]| {
        let path = file(name);
        let begin = ["submit", &path, "--source-key", &key, "--format", SEALED, "--access", "restricted"];
        run(gateway, &[&begin, more].concat())
    };
    let to_named = ["--reader", NAMED, "--seal-to", NAMED, "--genesis", &genesis];
    let unsealed = submit("finding", &[]).unwrap_err().to_string();
    assert!(unsealed.contains("--seal-to") && !unsealed.contains("quinsy"), "{unsealed}");
    let broken = submit("broken", &to_named).unwrap_err().to_string();
    assert!(broken.contains("additionalProperties") && !broken.contains("quinsy"), "{broken}");
    let receipt = submit("finding", &to_named).unwrap()["receipts"][0].clone();
    let after = json!({"time": now_ms(), "subject": "well 10", "content": {"station": "w", "temp_max": 5}}).to_string();
    submit_line(gateway, source, after, 0xe6).await;
    until(gateway, &json!({"subject": "well 10"}), 1).await;

    let found = |who: &str, more: &[&str]| {
        let page = run(gateway, &[&["--dev-key", who, "search", "--format", SEALED], more].concat()).unwrap();
        page["operations"].as_array().unwrap().clone()
    };
    let mine = found("7", &["--subject", "case 7"]);
    assert_eq!((mine.len(), &mine[0]["access"], &mine[0]["right"]), (1, &json!("restricted"), &json!("named")));
    assert_eq!(mine[0]["at"]["place"], receipt["place"]);
    assert!(!mine[0].to_string().contains("quinsy"));
    assert!(found("7", &["quinsy"]).is_empty() && found("7", &["--field", "diagnosis=quinsy"]).is_empty());
    let at = format!("{}.0", receipt["place"]);
    let open = |who: &str| run(gateway, &["--dev-key", who, "data", "open", &at]);
    let opened = open("7").unwrap();
    assert_eq!((&opened["content"], &opened["followsFormat"]), (&json!({"diagnosis": "quinsy"}), &json!(true)));

    // The operator has an office, and is not named; the source's organization sees that there is something sealed.
    assert_eq!((found("0", &[]), all(gateway, json!({"formats": [SEALED]})).await), (Vec::new(), Vec::new()));
    assert!(open("0").unwrap_err().to_string().contains("no operation that you may read"));
    let trace = ["--dev-key", "0", "trace", "case 7", "--organization", "SAMPLE-HEALTH-OFFICE", "--format", SEALED];
    assert!(run(gateway, &trace).unwrap_err().to_string().contains("/problems/unknown-operation"));
    assert_eq!(found("5", &[])[0]["right"], json!("same-organization"));
    assert!(open("5").unwrap_err().to_string().contains("sealed to other keys"));
    let counted = |who: &[&str]| {
        let counts = run(gateway, &[who, &["search", "--count"]].concat()).unwrap();
        counts.as_array().unwrap().iter().filter(|one| one["format"] == SEALED).count()
    };
    assert_eq!((counted(&[]), counted(&["--dev-key", "7"]), counted(&["--dev-key", "5"])), (0, 0, 1));
    assert_eq!(counted(&["--dev-key", "8"]), 1, "supervisors see how much there is of everything");
}

async fn submit_line(gateway: &str, source: &Source, operation: String, key: u8) {
    submit(gateway, &[source.line(&[operation], FixedBytes::repeat_byte(key)).unwrap()]).await;
}

/// DATA-11, M-CON-4: a dry run says what was accepted in clear; from then on that is restricted.
async fn what_was_in_clear_of_a_format_that_becomes_sealed_is_restricted(gateway: &str, folder: &Path) {
    let mut second = format();
    (second["version"], second["sealed"]) = (json!(2), json!(true));
    let file = folder.join("second.json").to_str().unwrap().to_owned();
    std::fs::write(&file, second.to_string()).unwrap();
    let configure = ["--dev-key", "0", "format", "configure", FORMAT, &file];
    let effects = run(gateway, &[&configure[..], &["--check"]].concat()).unwrap();
    let told = effects["effects"].as_array().unwrap().iter();
    assert!(
        told.clone().any(|one| one.as_str().unwrap().contains("are in clear and would be refused now")),
        "{effects}"
    );
    assert!(!all(gateway, json!({"formats": [FORMAT], "limit": 100})).await.is_empty(), "a dry run changes nothing");
    run(gateway, &configure).unwrap();
    assert_eq!(all(gateway, json!({"formats": [FORMAT]})).await, Vec::<Value>::new());
    let of_owner = run(gateway, &["--dev-key", "5", "search", "--format", FORMAT]).unwrap();
    let first = &of_owner["operations"][0];
    assert_eq!((&first["access"], &first["right"]), (&json!("restricted"), &json!("same-organization")), "{of_owner}");
}

/// A page in columns as the command line writes it, by readers that are not ours, and the proof that a row of it asks for.
async fn columns_are_read_by_others(gateway: &str, folder: &Path) {
    let (status, page) = search(gateway, &json!({"formats": [FORMAT], "ascending": true, "limit": 100})).await;
    assert_eq!(status, 200, "{page}");
    let [json, parquet, arrow] =
        ["json", "parquet", "arrow"].map(|name| folder.join(format!("page.{name}")).to_str().unwrap().to_owned());
    std::fs::write(&json, page.to_string()).unwrap();
    for (option, file) in [("--parquet", &parquet), ("--arrow", &arrow)] {
        let search = ["search", "--format", FORMAT, "--ascending", "--limit", "100", option, file.as_str()];
        let written = run(gateway, &search).unwrap();
        assert_eq!(written["next"], page["next"]);
        assert_eq!(written["bytes"], std::fs::metadata(file).unwrap().len());
        assert!(run(gateway, &search).unwrap_err().to_string().contains("exists"));
    }
    let clients = project_root().join("testing/clients");
    assert!(clients.join("node_modules").is_dir(), "run `npm ci` in testing/clients (cargo xtask test does it)");
    let read = Command::new("node").arg(clients.join("columns.mjs")).args([json, parquet, arrow]).output().unwrap();
    assert!(read.status.success(), "{}", String::from_utf8_lossy(&read.stderr));
    let row: Value = serde_json::from_slice(&read.stdout).unwrap();
    let (place, digest, index) = (&row["place"], row["digest"].as_str().unwrap(), &row["index"]);
    let proof = reqwest::get(format!("{gateway}/v1/submissions/{place}/{digest}/operations/{index}")).await.unwrap();
    let proof: Value = proof.json().await.unwrap();
    assert_eq!((&proof["operation"], &proof["leaf"]["root"]), (&row["operation"], &row["dataBlockRoot"]));
    for member in ["chain", "txHash", "blockNumber", "blockHash"] {
        assert_eq!(proof["recorded"][member], row[member], "{member}");
    }
}
