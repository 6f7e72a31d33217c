//! `chancery verify`: being genuine is one thing, being valid another (C-API-5).

use serde_json::{Value, json};

use crate::{
    alteration::without,
    support::{answer, citizen, headline, query_to_file, send, verify, verify_altered},
};

fn read(file: &std::path::Path) -> Value {
    serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap()
}

#[test]
fn a_revoked_certificate_is_genuine_and_does_not_pass() {
    let (_, address) = citizen("verify-revoked");
    let issued = send("degree", "3", "SAMPLE-UNIVERSITY", &address);
    answer(&["--dev-key", "3", "certificate", "revoke", issued["certificateId"].as_str().unwrap()]);
    let file = query_to_file(&issued, &address, "revoked.json");
    let verified = verify(&file);
    assert_eq!((verified.code, verified.outcome()), (3, "revoked"), "{verified:?}");
    assert_eq!(headline(&file), "GENUINE, but REVOKED");

    let mut flattering = read(&file);
    flattering["status"] = json!("valid");
    let refused = verify_altered("flattering.json", flattering);
    assert_eq!((refused.code, &refused.answer["check"]), (1, &json!("status-matches")), "{refused:?}");
}

#[test]
fn a_file_without_proof_of_the_status_cannot_be_determined() {
    let (_, address) = citizen("verify-cut");
    let issued = send("degree", "3", "SAMPLE-UNIVERSITY", &address);
    let file = query_to_file(&issued, &address, "whole.json");
    let cut = verify_altered("cut.json", without(&read(&file), "/proof", "state"));
    assert_eq!((cut.code, cut.outcome()), (4, "cannot-determine"), "{cut:?}");
    assert_eq!(cut.answer["unproven"], json!(["organizationName", "status"]));
}

#[test]
fn what_a_file_leaves_out_is_not_believed_and_what_it_adds_is_named() {
    let (_, address) = citizen("verify-added");
    let issued = send("degree", "3", "SAMPLE-UNIVERSITY", &address);
    let whole = read(&query_to_file(&issued, &address, "added.json"));
    for name in whole.as_object().unwrap().keys() {
        let less = verify_altered("less.json", without(&whole, "", name));
        let says_less = ["organizationName", "issuerKey", "issuedAt", "status"].contains(&name.as_str());
        assert_eq!(less.code, i32::from(!says_less), "without {name}: {less:?}");
    }
    let mut more = whole;
    more["grade"] = json!("with honours");
    let named = verify_altered("more.json", more);
    assert_eq!((named.code, &named.answer["unproven"]), (0, &json!(["organizationName", "grade"])), "{named:?}");
}
