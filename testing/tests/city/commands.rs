//! Commands of the life of a certificate that the other tests leave out (C-LIFE).

use std::{
    io::Write,
    process::{Command, Stdio},
};

use chancery_testing::process::built_binary;
use serde_json::{Value, json};

use crate::support::{
    answer, chancery, citizen, inspected, key_of, query_to_file, refusal, refusal_code, registration, send, shared,
    subject,
};

fn certificate(issued: &Value) -> &str {
    issued["certificateId"].as_str().unwrap()
}

#[test]
fn a_certificate_is_suspended_resumed_and_renewed() {
    let (key, address) = citizen("changes");
    let old = send("business-licence", "4", "SAMPLE-MARKET-REGULATION", &address);
    let id = certificate(&old);
    let office = |arguments: &[&str]| answer(&[&["--dev-key", "4", "certificate"], arguments].concat());
    assert_eq!(office(&["suspend", id, "--reason", "certificate-hold"])["revision"], 1);
    assert_eq!(inspected(&key, id)["outcome"], "suspended");
    assert_eq!(office(&["resume", id])["status"], "valid");
    assert_eq!(inspected(&key, id)["outcome"], "valid");

    let subject = subject("business-licence");
    let new = office(&["renew", id, "--subject", subject.to_str().unwrap(), "--valid-until", "2099-12-31"]);
    assert_eq!(inspected(&key, id)["outcome"], "revoked");
    assert_eq!(inspected(&key, certificate(&new))["outcome"], "valid");
    let listed = answer(&["--key", key.to_str().unwrap(), "certificate", "list"]);
    let renewed = listed["items"].as_array().unwrap().iter().find(|item| item["certificateId"] == id).unwrap();
    assert_eq!((&renewed["status"], &renewed["renewedBy"]), (&json!("renewed"), &new["certificateId"]));
    let again = ["--dev-key", "4", "certificate", "renew", id, "--subject", subject.to_str().unwrap()];
    assert_eq!(refusal_code(&again), "status-transition");
}

#[test]
fn the_holder_alone_opens_a_certificate_file() {
    let (key, address) = citizen("opens");
    let issued = send("degree", "3", "SAMPLE-UNIVERSITY", &address);
    let file = query_to_file(&issued, &address, "to-open.json");
    let open = |key: &[&str]| chancery(&[key, &["certificate", "open", file.to_str().unwrap()]].concat());
    let opened = open(&["--key", key.to_str().unwrap()]);
    let document: Value = serde_json::from_slice(&opened.stdout).unwrap();
    assert_eq!((&document["id"], &document["subject"]["level"]), (&issued["certificateId"], &json!("master")));
    assert!(!open(&["--dev-key", "7"]).status.success());
}

#[test]
fn kinds_are_listed_with_their_formats() {
    assert_eq!(answer(&["certificate", "kinds"])["kinds"].as_array().unwrap().len(), 5);
    assert_eq!(answer(&["certificate", "kinds", "degree"])["schema"]["type"], "object");
    assert_eq!(refusal_code(&["certificate", "kinds", "fishing"]), "unknown-kind");
}

// M-CON-4: a check says what would change, and changes nothing
#[test]
fn a_check_says_what_would_change_and_changes_nothing() {
    let operator = |arguments: &[&str]| answer(&[&["--dev-key", "0", "organization"], arguments].concat());
    let known = || answer(&["organization", "list"])["organizations"].as_array().unwrap().clone();
    let before = known();
    let register = ["register", "SAMPLE-CHECKED", "--name", "Checked (sample)", "--check"];
    let checked = operator(&register);
    assert_eq!((&checked["applied"], checked["recorded"].as_array().unwrap().len()), (&json!(false), 0));
    assert!(!checked["effects"].as_array().unwrap().is_empty());
    let holder = "0x00000000000000000000000000000000000000aa";
    let checked = operator(&["authorize-key", "SAMPLE-UNIVERSITY", holder, "--right", "degree", "--check"]);
    assert_eq!(checked["applied"], false);
    assert!(checked["effects"].to_string().contains("degree"));
    let codes = |list: &[Value]| list.iter().map(|entry| entry["code"].clone()).collect::<Vec<_>>();
    assert_eq!(codes(&known()), codes(&before));
    assert!(!json!(known()).to_string().to_lowercase().contains(holder));
    operator(&register[..4]);
    assert_eq!(known().len(), before.len() + 1);
}

// C-ID
#[test]
fn who_waits_is_listed_shown_and_rejected_with_a_reason() {
    let (key, address) = key_of("waits");
    answer(&registration(&key, "waits", "waits", &[]));
    let waiting = || answer(&["--dev-key", "6", "user", "pending"])["items"].to_string().to_lowercase();
    assert!(waiting().contains(&address.to_lowercase()));
    let own = ["--key", key.to_str().unwrap(), "user", "show"];
    assert_eq!(answer(&own)["status"], "pending");
    answer(&["--dev-key", "6", "user", "confirm", &address, "--reject", "not the person in the papers"]);
    let shown = answer(&own);
    assert_eq!((&shown["status"], &shown["reason"]), (&json!("rejected"), &json!("not the person in the papers")));
    assert!(!waiting().contains(&address.to_lowercase()));
    assert!(refusal(&["--key", key.to_str().unwrap(), "user", "pending"]).contains("role-required"));
}

// C-MORE-6: a lost phone
#[test]
fn a_lost_key_is_replaced_by_a_new_one_of_the_same_person() {
    let (_, lost) = citizen("loses");
    let (key, new) = key_of("loses-new");
    assert_eq!(refusal_code(&registration(&key, "loses-new", "loses", &[])), "person-already-registered");
    let registered = answer(&registration(&key, "loses-new", "loses", &["--recovery"]));
    assert_eq!((&registered["status"], &registered["returning"]), (&json!("recovering"), &json!(true)));
    let waiting = answer(&["--dev-key", "6", "user", "pending"])["items"].to_string().to_lowercase();
    assert!(waiting.contains(&new.to_lowercase()));
    assert_eq!(answer(&["--dev-key", "6", "user", "confirm", &new])["status"], "confirmed");
    let issued = send("degree", "3", "SAMPLE-UNIVERSITY", &new);
    assert_eq!(inspected(&key, certificate(&issued))["outcome"], "valid");
    let nobody = key_of("loses-nothing").0;
    let refused = refusal_code(&registration(&nobody, "loses-nothing", "never registered", &["--recovery"]));
    assert_eq!((refused.as_str(), lost == new), ("malformed-request", false));
}

#[test]
fn a_phrase_recovers_the_key() {
    let (file, address) = key_of("written-down");
    let phrase = std::fs::read(&file).unwrap();
    let recover = |name: &str, phrase: &[u8]| {
        let mut child = Command::new(built_binary())
            .args(["--json", "key", "new", "--recover"])
            .arg(shared().data.path().join(name))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(phrase).unwrap();
        child.wait_with_output().unwrap()
    };
    let recovered: Value = serde_json::from_slice(&recover("recovered.key", &phrase).stdout).unwrap();
    assert_eq!(recovered["address"], address.as_str());
    let wrong = recover("wrong.key", b"secret words that are no phrase");
    let says = String::from_utf8_lossy(&wrong.stderr).into_owned();
    assert!(!wrong.status.success() && !says.contains("secret"), "{says}");
    // A key that is there is never written over.
    assert!(!recover("recovered.key", &phrase).status.success());
}
