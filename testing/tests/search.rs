//! Data of registered sources found, added up, proven, traced and audited in a whole city; nothing lost to search or to a subscription when the city is killed.
#![allow(missing_docs, clippy::unwrap_used)]

#[path = "search/watched.rs"]
mod watched;

use std::{collections::BTreeMap, path::Path, process::Command};

use alloy_primitives::FixedBytes;
use chancery_data::submission::Access;
use chancery_testing::{
    ingest::{FORMAT, Source, StreamConnection, format, new_york_weather, now_ms, run, seattle_weather},
    process::{City, CityOptions, built_binary, project_root},
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
    let proofs = file("proofs");
    let to_named = ["--reader", NAMED, "--seal-to", NAMED, "--genesis", &genesis, "--proofs", &proofs];
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
    let by = mine[0]["source"].as_str().unwrap().to_lowercase();
    assert_eq!((&opened["source"], &opened["signedBySource"]), (&json!(by), &json!(true)));

    // The source has its proof by its own key, who is named by its own, and whoever knows the digest alone has none.
    assert!(std::fs::exists(folder.join(format!("proofs/{}.json", receipt["place"]))).unwrap());
    assert_eq!(proof_for_anybody(gateway, &receipt["place"], &receipt["digest"]).await, 401);
    let proven = run(gateway, &["--dev-key", "7", "search", "--format", SEALED, "--proofs"]).unwrap();
    assert!(proven["operations"][0]["proof"].is_object(), "{proven}");

    // The operator has an office, and is not named; the source's organization sees that there is something sealed.
    assert_eq!((found("0", &[]), all(gateway, json!({"formats": [SEALED]})).await), (Vec::new(), Vec::new()));
    assert!(open("0").unwrap_err().to_string().contains("no operation that you may read"));
    let trace = ["--dev-key", "0", "trace", "case 7", "--organization", "SAMPLE-HEALTH-OFFICE", "--format", SEALED];
    assert!(run(gateway, &trace).unwrap_err().to_string().contains("/problems/unknown-operation"));
    assert_eq!(found("5", &[])[0]["right"], json!("same-organization"));
    // The accounts of the development phrase share its one key of encryption: what the gateway hands over opens here. With another key: `contents.rs`.
    assert_eq!(open("5").unwrap()["right"], json!("same-organization"));
    let counted = |who: &[&str]| {
        let counts = run(gateway, &[who, &["search", "--count"]].concat()).unwrap();
        counts.as_array().unwrap().iter().filter(|one| one["format"] == SEALED).count()
    };
    assert_eq!((counted(&[]), counted(&["--dev-key", "7"]), counted(&["--dev-key", "5"])), (0, 0, 1));
    assert_eq!(counted(&["--dev-key", "8"]), 1, "supervisors see how much there is of everything");
}

/// The status of a receipt's proof, for who knows the digest and nothing else.
async fn proof_for_anybody(gateway: &str, place: &Value, digest: &Value) -> u16 {
    let digest = digest.as_str().unwrap();
    let proof = reqwest::get(format!("{gateway}/v1/submissions/{place}/{digest}/operations/0")).await.unwrap();
    proof.status().as_u16()
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
    let open = all(gateway, json!({"formats": [FORMAT], "limit": 100})).await;
    let (place, digest) = (&open.last().unwrap()["at"]["place"], &open.last().unwrap()["digest"]);
    assert_eq!(proof_for_anybody(gateway, place, digest).await, 200, "a dry run changes nothing");
    run(gateway, &configure).unwrap();
    assert_eq!(proof_for_anybody(gateway, place, digest).await, 401);
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

/// A format of another office, in which the same members have other names.
const CLIMATE: &str = "reading/climate";
const DAY_MS: u64 = 86_400_000;

/// Unix milliseconds of a date: days from civil, as in the calendar of Gregory XIII.
fn date_ms(date: &str) -> u64 {
    let [year, month, day] =
        date.split('-').map(|part| part.parse().unwrap()).collect::<Vec<i64>>().try_into().unwrap();
    let (shifted, months) = (year - i64::from(month <= 2), (month + 9) % 12);
    let days = 365 * shifted + shifted / 4 - shifted / 100 + shifted / 400 + (153 * months + 2) / 5 + day - 719_469;
    u64::try_from(days).unwrap() * DAY_MS
}

/// Tenths as a decimal number, and their mean to twelve digits, half to even.
fn sum_and_mean(tenths: &[i64]) -> (String, String) {
    let sum: i64 = tenths.iter().sum();
    let (size, count) = (i128::from(sum.abs()) * 100_000_000_000, tenths.len() as i128);
    let (whole, rest) = (size / count, size % count);
    let is_up = rest * 2 > count || (rest * 2 == count && whole % 2 == 1);
    let sign = if sum < 0 { "-" } else { "" };
    let text = |size: i128, digits: usize| {
        let unit = 10_i128.pow(u32::try_from(digits).unwrap());
        let fraction = format!("{:0digits$}", size % unit);
        let text = format!("{sign}{}.{fraction}", size / unit);
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    };
    (text(i128::from(sum.abs()), 1), text(whole + i128::from(is_up), 12))
}

async fn aggregate(gateway: &str, body: &Value) -> (u16, Value) {
    let response = reqwest::Client::new().post(format!("{gateway}/v1/data/aggregate")).json(body).send().await.unwrap();
    (response.status().as_u16(), response.json().await.unwrap())
}

/// What a subscription of the operator delivers until there is nothing more: cursors and operations.
fn delivered(gateway: &str, subscription: &str, after: Option<&str>) -> Vec<(String, String)> {
    let mut command = Command::new(built_binary());
    command.args(["--json", "--url", gateway, "--dev-key", "0", "subscription", "follow", subscription, "--once"]);
    let output = command.args(after.into_iter().flat_map(|after| ["--after", after])).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let lines = String::from_utf8(output.stdout).unwrap();
    let line = |line: &str| {
        let one: Value = serde_json::from_str(line).unwrap();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        (text(&one["cursor"]), text(&one["operation"]["operation"]))
    };
    lines.lines().map(line).collect()
}

// M-SER-2, M-SER-3, M-CON-2, S-APP, S-SVC, SEARCH-5, SEARCH-6, PROVISIONING-3, PROVISIONING-5
#[tokio::test(flavor = "multi_thread")]
async fn questions_are_answered_over_two_data_sets_and_a_subscription_outlives_a_kill() {
    let folder = tempfile::tempdir().unwrap();
    let options = CityOptions::founded(&folder.path().join("city")).unwrap();
    let city = City::start(&options).unwrap();
    let source = Source::register(folder.path(), &city.gateway).unwrap();
    let file = folder.path().join("climate.json");
    let climate = json!({
        "version": 1, "chain": "main", "title": {"en": "Climate", "zh": "气候"}, "source": "NOAA daily summary", "sealed": false,
        "schema": {
            "type": "object", "required": ["day", "warmest"], "additionalProperties": false,
            "properties": {"day": {"type": "string"}, "warmest": {"type": "number"}},
        },
    });
    std::fs::write(&file, climate.to_string()).unwrap();
    run(&city.gateway, &["--dev-key", "0", "format", "configure", CLIMATE, file.to_str().unwrap()]).unwrap();
    let subscribe = ["--dev-key", "0", "subscription", "create", "--format", CLIMATE, "--range", "warmest>=30"];
    let subscription = run(&city.gateway, &subscribe).unwrap()["id"].as_str().unwrap().to_owned();

    // Two cities, two formats, a day an operation.
    let (seattle, new_york) = (seattle_weather().unwrap(), new_york_weather().unwrap());
    let mut months: BTreeMap<String, Vec<i64>> = BTreeMap::new();
    let mut note = |date: &str, warmest: f64| {
        months.entry(date[..7].to_owned()).or_default().push((warmest * 10.0).round() as i64)
    };
    let near: Vec<String> = seattle
        .iter()
        .map(|content| {
            let date = content["date"].as_str().unwrap();
            note(date, content["temp_max"].as_f64().unwrap());
            json!({"time": date_ms(date), "content": content}).to_string()
        })
        .collect();
    let far: Vec<String> = new_york
        .iter()
        .map(|(date, warmest)| {
            note(date, *warmest);
            json!({"time": date_ms(date), "content": {"day": date, "warmest": warmest}}).to_string()
        })
        .collect();
    let key = |number: usize| FixedBytes::new((number as u128).to_be_bytes());
    let lines = |format: &str, operations: &[String], first: usize| -> Vec<String> {
        let numbered = operations.chunks(100).zip(first..);
        numbered.map(|(some, number)| source.line_of(format, some, key(number)).unwrap()).collect()
    };
    let (early, late) = far.split_at(far.len() / 2);
    submit(&city.gateway, &lines(FORMAT, &near, 1)).await;
    submit(&city.gateway, &lines(CLIMATE, early, 100)).await;
    until(&city.gateway, &json!({"formats": [CLIMATE], "limit": 100}), early.len()).await;
    let is_hot = |operation: &&String| {
        serde_json::from_str::<Value>(operation).unwrap()["content"]["warmest"].as_f64().unwrap() >= 30.0
    };
    let sorted = |mut all: Vec<String>| {
        all.sort_unstable();
        all
    };
    let hot = |operations: &[String]| sorted(operations.iter().filter(is_hot).cloned().collect());
    let first = delivered(&city.gateway, &subscription, None);
    let operations = |delivered: &[(String, String)]| sorted(delivered.iter().map(|(_, text)| text.clone()).collect());
    assert_eq!(operations(&first), hot(early));

    // What comes after a kill is delivered from where the reader stands: nothing again, and nothing left out.
    city.kill().unwrap();
    let city = City::start(&options).unwrap();
    let gateway = city.gateway.clone();
    submit(&gateway, &lines(CLIMATE, late, 200)).await;
    until(&gateway, &json!({"formats": [CLIMATE], "limit": 100}), far.len()).await;
    until(&gateway, &json!({"formats": [FORMAT], "limit": 100}), near.len()).await;
    let (cursor, _) = first.last().unwrap();
    assert_eq!(operations(&delivered(&gateway, &subscription, Some(cursor))), hot(late));
    assert_eq!(operations(&delivered(&gateway, &subscription, None)), hot(&far));

    // Average temperature by month, over both.
    let question = json!({
        "query": {"formats": [FORMAT, CLIMATE]}, "every": {"interval": "month"},
        "value": {"path": "temp_max", "inFormats": {CLIMATE: "warmest"}},
    });
    let (status, answer) = aggregate(&gateway, &question).await;
    assert_eq!((status, answer["operations"].as_u64()), (200, Some((near.len() + far.len()) as u64)), "{answer}");
    let groups = answer["groups"].as_array().unwrap();
    assert_eq!(groups.len(), months.len());
    for (group, (month, tenths)) in groups.iter().zip(&months) {
        let (sum, mean) = sum_and_mean(tenths);
        assert_eq!(group["from"].as_u64(), Some(date_ms(&format!("{month}-01"))));
        assert_eq!((&group["sum"], &group["mean"]), (&json!(sum), &json!(mean)), "{month}");
        assert_eq!((group["values"].as_u64(), group["others"].as_u64()), (Some(tenths.len() as u64), Some(0)));
    }
    let mapped = format!("temp_max,{CLIMATE}=warmest");
    let command =
        ["aggregate", "--format", FORMAT, "--format", CLIMATE, "--value", mapped.as_str(), "--every", "month"];
    assert_eq!(run(&gateway, &command).unwrap()["groups"], answer["groups"]);
    let parquet = folder.path().join("months.parquet");
    let written = run(&gateway, &[&command[..], &["--parquet", parquet.to_str().unwrap()]].concat()).unwrap();
    assert_eq!(written["bytes"], std::fs::metadata(&parquet).unwrap().len());

    // Ranges of numbers and of dates find what looking at each finds.
    let counts =
        |member: &str, holds: &dyn Fn(&Value) -> bool| seattle.iter().filter(|one| holds(&one[member])).count();
    let hot_days = counts("temp_max", &|value| value.as_f64().unwrap() >= 30.0);
    let of_2013 = counts("date", &|value| value.as_str().unwrap().starts_with("2013"));
    let hot_range = json!({"path": "temp_max", "atLeast": "30"});
    assert_eq!(all(&gateway, json!({"ranges": [hot_range], "limit": 100})).await.len(), hot_days);
    let year = json!({"path": "date", "atLeast": "2013-01-01", "below": "2014-01-01T00:00:00Z"});
    assert_eq!(all(&gateway, json!({"ranges": [year], "limit": 100})).await.len(), of_2013);
    let (status, problem) = search(&gateway, &json!({"ranges": [{"path": "temp_max", "above": "warm"}]})).await;
    assert_eq!((status, problem["member"].as_str()), (400, Some("ranges")));

    // An operator withdraws the service, and its owner the subscription.
    run(&gateway, &["--dev-key", "0", "service", "withdraw", "data.aggregate"]).unwrap();
    let (status, problem) = aggregate(&gateway, &question).await;
    assert_eq!((status, problem["code"].as_str()), (404, Some("unknown-service")));
    run(&gateway, &["--dev-key", "0", "service", "offer", "data.aggregate"]).unwrap();
    assert_eq!(aggregate(&gateway, &question).await.0, 200);
    let list = || run(&gateway, &["--dev-key", "0", "subscription", "list"]).unwrap()["subscriptions"].clone();
    assert_eq!(list()[0]["id"], json!(subscription));
    run(&gateway, &["--dev-key", "0", "subscription", "delete", &subscription]).unwrap();
    assert_eq!(list(), json!([]));
}
