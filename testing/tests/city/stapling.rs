//! What a holder saves for somebody without a network (C-API-5, C-MORE-1, `docs/specs/stapled.md`).

use std::{
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

use serde_json::{Value, json};

use crate::support::{
    answer, citizen, headline, query_to_file, refusal, send, shared, verify, verify_altered, verify_with,
};

fn present(key: &Path, certificate: &str, name: &str) -> PathBuf {
    let file = shared().data.path().join(name);
    let (key, out) = (key.to_str().unwrap(), file.to_str().unwrap());
    answer(&["--key", key, "certificate", "present", certificate, "--out", out]);
    // It holds the document in the clear.
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    file
}

fn read(file: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap()
}

// C-API-5, C-MORE-1, STAPLE-1 to STAPLE-10
#[test]
fn what_a_holder_saves_is_verified_by_the_genesis_alone_and_shows_its_age() {
    let (key, address) = citizen("staple");
    let issued = send("degree", "3", "SAMPLE-UNIVERSITY", &address);
    let certificate = issued["certificateId"].as_str().unwrap();
    let file = present(&key, certificate, "stapled.json");
    let verified = verify_with(&file, &["--max-age", "1h"]);
    assert_eq!((verified.code, verified.outcome()), (0, "valid"), "{verified:?}");
    let age = verified.answer["ageS"].as_u64().unwrap();
    assert!(age < 600 && verified.answer["presented"]["ageS"].as_u64().unwrap() <= 600, "{verified:?}");
    assert_eq!(verified.answer["right"]["isInForce"], true);
    assert_eq!(headline(&file), "GENUINE and VALID");

    // What happens later is not in it: the old file is what it was, a new one says so.
    answer(&["--dev-key", "3", "certificate", "suspend", certificate]);
    assert_eq!(verify(&file).outcome(), "valid");
    assert_eq!(verify_with(&file, &["--max-age", "any"]).outcome(), "valid");
    let newer = present(&key, certificate, "stapled-suspended.json");
    let suspended = verify(&newer);
    assert_eq!((suspended.code, suspended.outcome()), (3, "suspended"), "{suspended:?}");
    answer(&["--dev-key", "3", "certificate", "revoke", certificate]);
    let revoked = verify(&present(&key, certificate, "stapled-revoked.json"));
    assert_eq!((revoked.code, revoked.outcome()), (3, "revoked"), "{revoked:?}");
}

// STAPLE-10: what does not verify by the genesis that its holder trusts is not written.
#[test]
fn a_file_is_verified_by_the_genesis_that_is_given_before_it_is_written() {
    let (key, address) = citizen("staple-trust");
    let issued = send("degree", "3", "SAMPLE-UNIVERSITY", &address);
    let certificate = issued["certificateId"].as_str().unwrap();
    let data = shared().data.path();
    let (key, out) = (key.to_str().unwrap(), data.join("stapled-trust.json"));
    let present = ["--key", key, "certificate", "present", certificate, "--out", out.to_str().unwrap(), "--genesis"];
    let (whole, main) = (data.join("city/genesis"), data.join("city/genesis/main.json"));
    assert!(refusal(&[&present[..], &[main.to_str().unwrap()]].concat()).contains("no file was written"));
    assert!(!out.exists());
    answer(&[&present[..], &[whole.to_str().unwrap()]].concat());
    assert_eq!(verify(&out).outcome(), "valid");
}

#[test]
fn a_staple_belongs_to_one_certificate_and_nothing_of_it_can_be_changed() {
    let (key, address) = citizen("staple-forged");
    let saved = |name: &str| {
        let issued = send("degree", "3", "SAMPLE-UNIVERSITY", &address);
        read(&present(&key, issued["certificateId"].as_str().unwrap(), name))
    };
    let (one, other) = (saved("stapled-one.json"), saved("stapled-other.json"));
    let check = |altered: Value| {
        let refused = verify_altered("stapled-altered.json", altered);
        assert_eq!(refused.code, 1, "{refused:?}");
        refused.answer["check"].as_str().unwrap_or_default().to_owned()
    };
    let with = |pointer: &str, value: Value| {
        let mut altered = one.clone();
        *altered.pointer_mut(pointer).unwrap() = value;
        altered
    };
    assert_eq!(check(with("/staple/status", other["staple"]["status"].clone())), "status-of-certificate");
    assert_eq!(check(with("/presentation", other["presentation"].clone())), "document-unaltered");
    assert_eq!(check(with("/status", json!("revoked"))), "status-matches");
    assert_eq!(check(with("/staple/right/chain", one["proof"]["chain"].clone())), "WrongChain");
    assert_eq!(check(with("/staple/right/keyRecord", json!(4_000))), "right-complete");
}

#[test]
fn a_file_without_a_presentation_says_that_nothing_shows_its_holder() {
    let (_, address) = citizen("staple-query");
    let issued = send("degree", "3", "SAMPLE-UNIVERSITY", &address);
    let file = shared().data.path().join("stapled-query.json");
    answer(&[
        "certificate",
        "query",
        &address,
        &issued["blockNumber"].to_string(),
        issued["txHash"].as_str().unwrap(),
        "--staple",
        "--out",
        file.to_str().unwrap(),
    ]);
    let verified = verify(&file);
    assert_eq!((verified.code, &verified.answer["presented"]), (0, &Value::Null), "{verified:?}");
    let plain = query_to_file(&issued, &address, "stapled-not.json");
    assert_ne!(verify_with(&plain, &["--max-age", "1h"]).code, 0, "an age is asked of a file that carries a staple");
    assert!(refusal(&["verify", file.to_str().unwrap(), "--max-age", "soon"]).contains("90s"));
}

// What the operator publishes is what a browser shows: both are held to the same vector.
#[test]
fn the_fingerprint_of_a_city_is_eight_groups_of_four() {
    let genesis = shared().data.path().join("city/genesis");
    let shown = answer(&["fingerprint", "--genesis", genesis.to_str().unwrap()]);
    let groups: Vec<&str> = shown["fingerprint"].as_str().unwrap().split(' ').collect();
    assert!(groups.len() == 8 && groups.iter().all(|group| group.len() == 4), "{shown}");
    assert_eq!((&shown["mainChain"], &shown["chains"]), (&json!(7100), &json!(6)));
}
