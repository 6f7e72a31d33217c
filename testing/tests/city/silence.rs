//! A chain that does not answer, as an inspector meets it: what was found is told, what cannot be found out is "cannot determine".

use std::process::Output;

use chancery_testing::process::built_binary;
use serde_json::{Value, json};

use crate::{
    front::Front,
    support::{citizen, presented, send, shared},
};

fn inspect(front: &Front, options: &[&str], link: &str) -> Output {
    let mut command = std::process::Command::new(built_binary());
    command.args(options).args(["--url", &front.url, "--dev-key", "7", "inspect", link]).output().unwrap()
}

fn told(output: &Output) -> (Option<i32>, Value) {
    let answer = serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {output:?}"));
    (output.status.code(), answer)
}

// INSPECTION-1, C-API-3, bad input: a chain that does not answer
#[test]
fn what_was_found_is_told_although_it_cannot_be_recorded_or_found_out() {
    let (key, address) = citizen("silence");
    let issued = send("degree", "3", "SAMPLE-UNIVERSITY", &address);
    let link = presented(&key, issued["certificateId"].as_str().unwrap());
    let front = &shared().front;

    front.silence("/v1/inspections");
    let (code, unrecorded) = told(&inspect(front, &["--json"], &link));
    assert_eq!((code, &unrecorded["outcome"], &unrecorded["recorded"]), (Some(1), &json!("valid"), &Value::Null));
    assert_eq!(unrecorded["notRecorded"]["code"], "chain-unreachable");
    let text = String::from_utf8_lossy(&inspect(front, &[], &link).stdout).into_owned();
    assert!(text.starts_with("VALID\n") && text.contains("NOT RECORDED: chain-unreachable"), "{text}");

    front.silence("/v1/inspections/checks");
    let (code, unknown) = told(&inspect(front, &["--json"], &link));
    assert_eq!((code, &unknown["outcome"], &unknown["recorded"]), (Some(1), &json!("cannot-determine"), &Value::Null));
    assert_eq!((&unknown["checks"][0]["passed"], unknown["checks"].as_array().unwrap().len()), (&Value::Null, 1));
    assert_eq!(unknown["document"]["subject"]["level"], "master");

    front.answer_again();
    let (code, recorded) = told(&inspect(front, &["--json"], &link));
    assert_eq!((code, recorded["recorded"]["txHash"].is_string()), (Some(0), true));
}
