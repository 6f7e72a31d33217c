//! Real readings over gRPC, as any client of the .proto files would send them: nothing that was acknowledged is lost when the city is killed, what one door
//! refuses the others refuse, and what was submitted is found and proven.
#![allow(missing_docs, clippy::unwrap_used)]

#[path = "grpc/client.rs"]
mod client;
#[path = "grpc/offices.rs"]
mod offices;

use std::{collections::BTreeSet, path::Path, process::Command, time::Duration};

use alloy_primitives::FixedBytes;
use chancery_grpc::{
    problem_of,
    r2d::{Line, OperationName, Outcome, SubmissionName, SubmissionReceipt},
    u2s::{Access, AggregateRequest, Asset, Member, SearchRequest, Sort, SubscribeRequest},
};
use chancery_testing::{
    ingest::{FORMAT, Source, StreamConnection, now_ms, run, seattle_weather},
    process::{City, CityOptions, built_binary},
};
use serde_json::{Value, json};
use tonic::{Code, Request};
use tonic_health::pb::{HealthCheckRequest, health_client::HealthClient};
use tonic_reflection::pb::v1::{
    ServerReflectionRequest, server_reflection_client::ServerReflectionClient,
    server_reflection_request::MessageRequest, server_reflection_response::MessageResponse,
};

use client::{Receipts, Submitting, code_of, http, r2d, u2s};

/// Lines that a source keeps without an outcome.
const WINDOW: usize = 20;
const MAX_LINE_BYTES: usize = 1024 * 1024 + 16 * 1024;

fn key(byte: u8) -> FixedBytes<16> {
    FixedBytes::repeat_byte(byte)
}

fn reading(content: &Value) -> String {
    json!({"time": now_ms(), "content": content}).to_string()
}

fn message(source: &Source, operations: &[String], key: FixedBytes<16>) -> Line {
    let submission = source.submission(operations, key).unwrap();
    Line { submission, operations: operations.iter().map(|operation| operation.clone().into()).collect() }
}

/// Seattle's weather, ten days under one signature.
fn messages_of(source: &Source) -> Vec<Line> {
    let readings: Vec<String> = seattle_weather().unwrap().iter().map(reading).collect();
    let one =
        |(operations, number): (&[String], u128)| message(source, operations, FixedBytes::new(number.to_be_bytes()));
    readings.chunks(10).zip(1..).map(one).collect()
}

/// How many operations the whole journal holds, as an auditor computes it anew; nothing in it differs.
fn audited(city: &City) -> u64 {
    let audit = run(&city.gateway, &["--dev-key", "8", "audit"]).unwrap();
    assert_eq!((&audit["difference"], &audit["complete"]), (&Value::Null, &json!(true)), "{audit}");
    audit["operations"].as_u64().unwrap()
}

/// Every line has an outcome and every outcome is a receipt.
async fn submit_all(address: &str, lines: &[Line]) -> Vec<SubmissionReceipt> {
    let mut stream = Submitting::open(address).await;
    lines.iter().for_each(|line| stream.send(line));
    drop(stream.lines);
    let mut receipts = Receipts::default();
    while let Some(outcome) = stream.outcomes.message().await.unwrap() {
        receipts.heard(outcome);
    }
    assert_eq!(receipts.0.len(), lines.len());
    receipts.0.into_values().collect()
}

fn name_of(receipt: &SubmissionReceipt) -> SubmissionName {
    SubmissionName { place: receipt.place, digest: receipt.digest.clone() }
}

/// The proof of a submission's first operation, once its data block is final.
async fn proof(address: &str, receipt: &SubmissionReceipt) -> Vec<u8> {
    let mut door = r2d(address);
    for _ in 0..300 {
        match door.prove_operation(OperationName { submission: Some(name_of(receipt)), index: 0 }).await {
            Ok(proof) => return proof.into_inner().file.to_vec(),
            Err(status) => assert_eq!((status.code(), code_of(&status).as_str()), (Code::Unavailable, "not-final-yet")),
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("place {} is not proven", receipt.place);
}

fn verifies(folder: &Path, proof: &[u8]) -> bool {
    let file = folder.join("proof.json");
    std::fs::write(&file, proof).unwrap();
    let genesis = folder.join("city/genesis");
    Command::new(built_binary())
        .arg("verify")
        .arg(&file)
        .arg("--genesis")
        .arg(genesis)
        .output()
        .unwrap()
        .status
        .success()
}

// M-ACQ, M-P-SUB, M-REP-1, M-REP-4, DATA-2, DATA-3, DATA-8, GRPC-1
#[tokio::test(flavor = "multi_thread")]
async fn what_was_acknowledged_over_grpc_survives_a_kill_and_is_there_once() {
    let folder = tempfile::tempdir().unwrap();
    let options = CityOptions::founded(&folder.path().join("city")).unwrap();
    let city = City::start(&options).unwrap();
    let source = Source::register(folder.path(), &city.gateway).unwrap();
    let lines = messages_of(&source);

    // The city is killed while lines are under way: one is sent for each outcome that comes.
    let (mut stream, mut before) = (Submitting::open(&city.grpc).await, Receipts::default());
    let mut waiting = lines.iter();
    waiting.by_ref().take(WINDOW).for_each(|line| stream.send(line));
    while before.0.len() < 60 {
        before.heard(stream.outcomes.message().await.unwrap().unwrap());
        waiting.next().into_iter().for_each(|line| stream.send(line));
    }
    city.kill().unwrap();
    while let Ok(Some(outcome)) = stream.outcomes.message().await {
        before.heard(outcome);
    }
    assert!(before.0.len() <= 60 + WINDOW, "the city was not killed in mid-stream");

    // The source sends everything again: what had a receipt is known by its place, the rest gets one.
    let city = City::start(&options).unwrap();
    let after = submit_all(&city.grpc, &lines).await;
    for (line, receipt) in &before.0 {
        let again = &after[usize::try_from(*line).unwrap()];
        assert_eq!(
            (again.repeated, again.place, &again.receipt),
            (true, receipt.place, &receipt.receipt),
            "line {line}"
        );
    }
    assert_eq!(after.iter().map(|receipt| receipt.place).collect::<BTreeSet<_>>().len(), lines.len());
    assert!(!after.last().unwrap().repeated);
    assert_eq!(audited(&city), 1461);

    // Each is proven to whoever knows the genesis alone, and a changed byte is noticed.
    let shown = proof(&city.grpc, &before.0[&30]).await;
    assert!(verifies(folder.path(), &shown));
    let altered = String::from_utf8(shown).unwrap().replace("temp_max", "temp_min");
    assert!(!verifies(folder.path(), altered.as_bytes()));
    let state = r2d(&city.grpc).get_submission(name_of(&before.0[&30])).await.unwrap().into_inner();
    assert_eq!((state.count, state.data_block_root.len(), state.data_block.unwrap().chain.as_str()), (10, 32, "main"));

    // A city that stops says so; what it had not decided is submitted again elsewhere.
    let mut open = Submitting::open(&city.grpc).await;
    open.send(&lines[0]);
    assert!(open.outcomes.message().await.unwrap().is_some());
    city.stop().unwrap();
    assert_eq!(open.outcomes.message().await.unwrap_err().code(), Code::Unavailable);
}

/// The message with another letter in its signature, which is the end of its JWS.
fn forged(line: Line) -> Line {
    let at = line.submission.len() - 10;
    let letter = if line.submission.as_bytes()[at] == b'A' { "B" } else { "A" };
    let submission = format!("{}{letter}{}", &line.submission[..at], &line.submission[at + 1..]);
    Line { submission, ..line }
}

// DATA-1, DATA-3, DATA-6, DATA-9, GRPC-2, GRPC-4, GRPC-5
#[tokio::test(flavor = "multi_thread")]
async fn what_one_door_refuses_the_others_refuse() {
    let folder = tempfile::tempdir().unwrap();
    let city = City::start(&CityOptions::founded(&folder.path().join("city")).unwrap()).unwrap();
    let source = Source::register(folder.path(), &city.gateway).unwrap();
    let fine = || reading(&json!({"station": "a", "temp_max": 1}));
    let good = message(&source, &[fine()], key(0xa1));
    let ahead = json!({"time": now_ms() + 600_000, "content": {"station": "a", "temp_max": 1}}).to_string();
    let other = |operation: &[u8]| Line { operations: vec![operation.to_vec().into()], ..good.clone() };
    let lines = [
        (good.clone(), None),
        (forged(message(&source, &[fine()], key(0xa2))), Some("signature-invalid")),
        (message(&source, &[reading(&json!({"station": "a"}))], key(0xa3)), Some("schema-violation")),
        (message(&source, &[ahead], key(0xa4)), Some("clock-skew")),
        (message(&source, &[fine(), fine()], key(0xa1)), Some("idempotency-conflict")),
        (Line { operations: Vec::new(), ..good.clone() }, Some("body-too-large")),
        (other(b"no json"), Some("malformed-request")),
        (other(&[0xff, 0xfe]), Some("malformed-request")),
        (other(&[b" ".as_slice(), good.operations[0].as_ref()].concat()), Some("malformed-request")),
        (other(&vec![b'x'; MAX_LINE_BYTES + 1]), Some("body-too-large")),
        (good.clone(), None),
    ];
    let mut stream = Submitting::open(&city.grpc).await;
    let mut places = Vec::new();
    // One after the other: of two with the same key under way together, either may be the first.
    for (number, (line, code)) in lines.iter().enumerate() {
        stream.send(line);
        let outcome = stream.outcomes.message().await.unwrap().unwrap();
        assert_eq!(outcome.index, number as u64, "{outcome:?}");
        match outcome.outcome.unwrap() {
            Outcome::Receipt(receipt) => {
                assert_eq!(*code, None, "line {number}");
                places.push((receipt.place, receipt.repeated));
            }
            Outcome::Problem(problem) => {
                assert_eq!(Some(problem.code.as_str()), *code, "line {number}: {problem:?}");
                assert!(problem.instance.starts_with("urn:uuid:") && !problem.remedy.is_empty());
            }
        }
    }
    assert_eq!(places, [(places[0].0, false), (places[0].0, true)]);

    // A message beyond every bound ends its call, by name, and nothing else.
    stream.send(&other(&vec![b'x'; 3 * 1024 * 1024]));
    let status = stream.outcomes.message().await.unwrap_err();
    assert_eq!((status.code(), code_of(&status).as_str()), (Code::InvalidArgument, "body-too-large"));
    let status = r2d(&city.grpc).submit_one(other(&vec![b'x'; 3 * 1024 * 1024])).await.unwrap_err();
    assert_eq!((status.code(), code_of(&status).as_str()), (Code::InvalidArgument, "body-too-large"));

    // One by itself: the receipt, or the status of its problem.
    let receipt = r2d(&city.grpc).submit_one(good.clone()).await.unwrap().into_inner();
    assert_eq!((receipt.place, receipt.repeated), places[1]);
    for (line, grpc, code) in [
        (lines[1].0.clone(), Code::InvalidArgument, "signature-invalid"),
        (lines[4].0.clone(), Code::FailedPrecondition, "idempotency-conflict"),
    ] {
        let status = r2d(&city.grpc).submit_one(line).await.unwrap_err();
        assert_eq!((status.code(), code_of(&status).as_str()), (grpc, code));
    }

    // The same submission at the door of REST is the same submission.
    let line = format!(
        "{{\"submission\":\"{}\",\"operations\":[{}]}}\n",
        good.submission,
        std::str::from_utf8(&good.operations[0]).unwrap()
    );
    let (mut sender, mut outcomes) = StreamConnection::open(&city.gateway).await.unwrap().split();
    sender.send(line.as_bytes()).await.unwrap();
    outcomes.head().await.unwrap();
    let outcome = outcomes.next().await.unwrap().unwrap();
    assert_eq!((&outcome["receipt"]["repeated"], &outcome["receipt"]["place"]), (&json!(true), &json!(receipt.place)));
    assert_eq!(audited(&city), 1, "what is refused is not stored");

    a_used_up_quota_is_refused_at_every_door(folder.path(), &city, &source, (&good, line.as_str())).await;

    // A name that is none, and one that nobody has.
    let mut door = r2d(&city.grpc);
    let status = door.get_submission(SubmissionName { place: 0, digest: vec![1; 31].into() }).await.unwrap_err();
    assert_eq!((status.code(), code_of(&status).as_str()), (Code::InvalidArgument, "malformed-request"));
    let status =
        door.get_submission(SubmissionName { place: receipt.place, digest: vec![1; 32].into() }).await.unwrap_err();
    assert_eq!((status.code(), code_of(&status).as_str()), (Code::NotFound, "unknown-submission"));
}

/// M-CON-2, M-CON-4, QUOTA-1, QUOTA-2, QUOTA-4, QUOTA-5: one operation is stored, and one is allowed.
async fn a_used_up_quota_is_refused_at_every_door(folder: &Path, city: &City, source: &Source, good: (&Line, &str)) {
    let subject = format!("source:{:#x}", source.name);
    let set = ["--dev-key", "0", "quota", "set", &subject, "--operations-per-day", "1"];
    let checked = run(&city.gateway, &[&set[..], &["--check"]].concat()).unwrap();
    let over = format!("{subject} is over already: 1 used of 1 operationsPerDay");
    assert!(checked["effects"].as_array().unwrap().contains(&json!(over)), "{checked}");
    assert_eq!((&checked["applied"], &checked["recorded"]), (&json!(false), &json!([])));
    let set = run(&city.gateway, &set).unwrap();
    assert_eq!(set["recorded"].as_array().map(Vec::len), Some(1), "{set}");

    let fine = || reading(&json!({"station": "a", "temp_max": 1}));
    let more = message(source, &[fine()], key(0xb1));
    let status = r2d(&city.grpc).submit_one(more.clone()).await.unwrap_err();
    assert_eq!((status.code(), code_of(&status).as_str()), (Code::ResourceExhausted, "quota-exceeded"));
    let mut stream = Submitting::open(&city.grpc).await;
    stream.send(&more);
    let outcome = stream.outcomes.message().await.unwrap().unwrap();
    let Some(Outcome::Problem(problem)) = outcome.outcome else { panic!("{outcome:?}") };
    assert_eq!(problem.code, "quota-exceeded");

    let (mut sender, mut outcomes) = StreamConnection::open(&city.gateway).await.unwrap().split();
    sender.send(source.line(&[fine()], key(0xb2)).unwrap().as_bytes()).await.unwrap();
    sender.send(good.1.as_bytes()).await.unwrap();
    outcomes.head().await.unwrap();
    let mut seen = Vec::new();
    for _ in 0..2 {
        let outcome = outcomes.next().await.unwrap().unwrap();
        seen.push((outcome["problem"]["code"].clone(), outcome["receipt"]["repeated"].clone()));
    }
    // Lines of one stream are decided together: their outcomes come in the order of the lines.
    assert_eq!(seen, [(json!("quota-exceeded"), Value::Null), (Value::Null, json!(true))]);

    // What was accepted before is a repetition, and stays so when nothing is left.
    assert!(r2d(&city.grpc).submit_one(good.0.clone()).await.unwrap().into_inner().repeated);
    let shown = run(&city.gateway, &["--dev-key", "8", "quota", "show"]).unwrap();
    let row = shown["usage"].as_array().unwrap().iter().find(|row| row["subject"] == json!(subject));
    assert_eq!(row.map(|row| (&row["operations"], &row["usedUp"])), Some((&json!(1), &json!(["operationsPerDay"]))));
    assert!(shown["settings"][0]["recorded"]["txHash"].is_string(), "{shown}");
    assert_eq!(audited(city), 1, "nothing more is stored, and the change of the quota is audited");

    let key_file = folder.join("source.key").display().to_string();
    let file = folder.join("one.ndjson").display().to_string();
    std::fs::write(&file, fine()).unwrap();
    let submit = ["submit", &file, "--source-key", &key_file, "--format", FORMAT];
    let refused = run(&city.gateway, &submit).unwrap_err().to_string();
    assert!(refused.contains("quota-exceeded"), "{refused}");
    run(&city.gateway, &["--dev-key", "0", "quota", "remove", &subject]).unwrap();
    r2d(&city.grpc).submit_one(more).await.unwrap();
}

// M-SER-2, M-APP, M-CON-1, M-MON-1, GRPC-2, GRPC-3, GRPC-4
#[tokio::test(flavor = "multi_thread")]
async fn what_was_submitted_is_found_traced_and_proven_over_grpc() {
    let folder = tempfile::tempdir().unwrap();
    let city = City::start(&CityOptions::founded(&folder.path().join("city")).unwrap()).unwrap();
    let source = Source::register(folder.path(), &city.gateway).unwrap();
    let weather = seattle_weather().unwrap();
    let snow = weather.iter().filter(|content| content["weather"] == "snow").count();
    submit_all(&city.grpc, &messages_of(&source)).await;
    let well = json!({"time": now_ms(), "subject": "well 7", "content": {"station": "w", "temp_max": 1}}).to_string();
    submit_all(&city.grpc, &[message(&source, std::slice::from_ref(&well), key(0xe1))]).await;

    // The index follows the journal.
    let mut door = u2s(&city.grpc);
    let of_well = SearchRequest { subject: Some("well 7".into()), ..Default::default() };
    let mut found = Vec::new();
    while found.is_empty() {
        found = door.search(of_well.clone()).await.unwrap().into_inner().operations;
        tokio::task::yield_now().await;
    }
    assert_eq!((found.len(), found[0].operation.as_ref(), found[0].access()), (1, well.as_bytes(), Access::Public));
    let mut request =
        SearchRequest { text: Some("snow".into()), limit: Some(10), ascending: true, ..Default::default() };
    let mut places = BTreeSet::new();
    loop {
        let page = door.search(request.clone()).await.unwrap().into_inner();
        for operation in page.operations {
            let at = operation.at.unwrap();
            assert!(places.insert((at.place, at.index)), "found twice");
        }
        match page.next {
            Some(next) => request.after = Some(next),
            None => break,
        }
    }
    assert_eq!(places.len(), snow);
    // In the order of a member, over pages; and all of them counted, but only for who is known kept.
    let sort = Sort { field: "content.temp_max".into(), descending: true, after: None };
    let mut request =
        SearchRequest { text: Some("snow".into()), sort: Some(sort), limit: Some(10), ..Default::default() };
    let mut warmest = Vec::new();
    loop {
        let page = door.search(request.clone()).await.unwrap().into_inner();
        let read = |one: &Value| one["content"]["temp_max"].as_f64().unwrap();
        warmest.extend(page.operations.iter().map(|one| read(&serde_json::from_slice(&one.operation).unwrap())));
        match (page.next, request.sort.as_mut()) {
            (Some(next), Some(sort)) => (request.after, sort.after) = (Some(next), page.next_key),
            _ => break,
        }
    }
    assert!(warmest.len() == snow && warmest.is_sorted_by(|left, right| left >= right), "{warmest:?}");
    let counted = AggregateRequest {
        query: Some(SearchRequest { text: Some("snow".into()), ..Default::default() }),
        value: Some(Member { path: "temp_max".into(), ..Default::default() }),
        ..Default::default()
    };
    let counted = door.aggregate(counted).await.unwrap().into_inner();
    assert_eq!((counted.operations, counted.groups[0].values), (snow as u64, snow as u64));
    let status = door.subscribe(SubscribeRequest::default()).await.unwrap_err();
    assert_eq!((status.code(), code_of(&status).as_str()), (Code::Unauthenticated, "authentication-required"));

    let refused = SearchRequest { limit: Some(1000), ..Default::default() };
    let status = door.search(refused).await.unwrap_err();
    let members: Value = serde_json::from_str(&problem_of(&status).unwrap().unwrap().members_json).unwrap();
    assert_eq!((status.code(), &members["member"]), (Code::InvalidArgument, &json!("limit")));

    let asset = |subject: &str| Asset {
        organization: "SAMPLE-HEALTH-OFFICE".into(),
        format: FORMAT.into(),
        subject: subject.into(),
        before: None,
    };
    let trace = door.trace(asset("well 7")).await.unwrap().into_inner();
    assert_eq!((trace.versions.len(), trace.findings.len()), (1, 0));
    assert_eq!(trace.versions[0].operation, Some(found[0].clone()));
    let right = &trace.rights[0];
    assert_eq!((right.act.as_str(), right.by.as_str(), right.access()), ("read", "anybody", Access::Public));
    let transfers = trace.transfers.unwrap();
    assert_eq!((transfers.transferable, transfers.rule.as_str(), transfers.path.len()), (false, "DATA-10", 1));
    let status = door.trace(asset("well 8")).await.unwrap_err();
    assert_eq!((status.code(), code_of(&status).as_str()), (Code::NotFound, "unknown-operation"));

    let mut shown = None;
    for _ in 0..300 {
        match door.prove_found(found[0].at.unwrap()).await {
            Ok(proof) => {
                shown = Some(proof.into_inner().file);
                break;
            }
            Err(status) => assert_eq!(code_of(&status), "not-final-yet"),
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert!(verifies(folder.path(), &shown.unwrap()));

    // A token that opens nothing, and a method that is not served.
    let mut request = Request::new(of_well);
    request.metadata_mut().insert("authorization", "Bearer nothing".parse().unwrap());
    let status = door.search(request).await.unwrap_err();
    assert_eq!((status.code(), code_of(&status).as_str()), (Code::Unauthenticated, "session-expired"));
    let mut health = HealthClient::with_origin(http(), city.grpc.parse().unwrap());
    let asked = HealthCheckRequest { service: String::new() };
    assert_eq!(health.check(asked.clone()).await.unwrap().into_inner().status, 1);
    let status = health.watch(asked).await.unwrap_err();
    assert_eq!((status.code(), code_of(&status).as_str()), (Code::Unimplemented, "unknown-route"));

    // What is served tells what it is.
    let asked = MessageRequest::ListServices(String::new());
    let asked = ServerReflectionRequest { host: String::new(), message_request: Some(asked) };
    let mut reflection = ServerReflectionClient::with_origin(http(), city.grpc.parse().unwrap());
    let asked = futures::stream::iter([asked]);
    let mut answers = reflection.server_reflection_info(asked).await.unwrap().into_inner();
    let answer = answers.message().await.unwrap().unwrap().message_response.unwrap();
    let MessageResponse::ListServicesResponse(list) = answer else { panic!("{answer:?}") };
    let names: BTreeSet<String> = list.service.into_iter().map(|service| service.name).collect();
    for name in ["chancery.r2d.v1.R2d", "chancery.u2s.v1.U2s", "chancery.o2c.v1.O2c", "grpc.health.v1.Health"] {
        assert!(names.contains(name), "{names:?}");
    }
    offices::an_operator_configures_and_a_supervisor_sees_it(&city).await;
}
