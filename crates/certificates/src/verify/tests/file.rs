//! What the file says beside its proof.

use super::*;

fn set(name: &str, value: Value) -> &'static str {
    let (chain, mut file) = file_of(&claim());
    file[name] = value;
    verified(&chain, &file).unwrap_err().check
}

#[test]
fn every_member_that_is_not_what_was_proven_is_named() {
    for (name, value, check) in [
        ("certificateId", json!(format!("0x{}", "22".repeat(32))), "certificate-issued"),
        ("organization", json!("ANOTHER-OFFICE"), "organization-matches"),
        ("kind", json!("marriage"), "kind-matches"),
        ("holder", json!(format!("0x{}", "22".repeat(20))), "holder-matches"),
        ("issuerKey", json!(format!("0x{}", "22".repeat(20))), "issuer-key-matches"),
        ("issuedAt", json!(rfc3339(NOW)), "issued-at-matches"),
        ("issuedAt", json!("long ago"), "issued-at-matches"),
        ("sealed", json!("another"), "sealed-unaltered"),
        ("status", json!("suspended"), "status-matches"),
        ("proof", Value::Null, "proof-present"),
        ("status", json!("splendid"), "file-readable"),
        ("kind", json!(7), "file-readable"),
    ] {
        assert_eq!(set(name, value.clone()), check, "{name}: {value}");
    }
}

#[test]
fn a_moment_may_be_written_otherwise_and_not_be_another() {
    let (chain, mut file) = file_of(&claim());
    file["issuedAt"] = json!(rfc3339(BEFORE).replace('Z', "+00:00"));
    verified(&chain, &file).unwrap();
    file["issuedAt"] = json!(rfc3339(BEFORE).replace('Z', ".5Z"));
    assert_eq!(verified(&chain, &file).unwrap_err().check, "issued-at-matches");
}

#[test]
fn what_a_file_leaves_out_is_what_the_proof_says() {
    let claim = claim();
    let (chain, mut file) = file_of(&claim);
    for name in ["organizationName", "holder", "issuerKey", "issuedAt", "status"] {
        file.as_object_mut().unwrap().remove(name);
    }
    let verified = verified(&chain, &file).unwrap();
    assert_eq!((verified.issue.holder, verified.unproven), (claim.degree.issue.holder, vec![]));
}

#[test]
fn what_a_file_adds_is_named_bounded_and_harmless_to_show() {
    let (chain, mut file) = file_of(&claim());
    file["\u{1b}[2J"] = json!("clears a terminal");
    file["x".repeat(500)] = json!(1);
    let unproven = verified(&chain, &file).unwrap().unproven;
    assert_eq!(unproven.len(), 3);
    assert!(unproven.iter().all(|name| name.len() <= 40 && !name.contains('\u{1b}')), "{unproven:?}");
    for more in 0..100 {
        file[format!("more-{more}")] = json!(more);
    }
    assert_eq!(verified(&chain, &file).unwrap().unproven.len(), 17);
}

#[test]
fn a_file_that_cannot_be_read_or_is_too_long_is_no_certificate() {
    let (chain, file) = file_of(&claim());
    let refused = |json: &[u8]| verify_file(json, &chain, None, NOW).unwrap_err().check;
    assert_eq!((refused(b""), refused(b"[]"), refused(b"{}")), ("file-readable", "file-readable", "file-readable"));
    let mut long = file.to_string().into_bytes();
    long.resize(MAX_FILE_BYTES + 1, b' ');
    assert_eq!(refused(&long), "file-readable");
    let twice = file.to_string().replacen('{', "{\"status\":\"valid\",", 1);
    assert_eq!(refused(twice.as_bytes()), "file-readable");
}

#[test]
fn another_document_is_not_the_one_that_was_issued() {
    let (chain, file) = file_of(&claim());
    let refused = verify_file(file.to_string().as_bytes(), &chain, Some(b"another"), NOW).unwrap_err();
    assert_eq!(refused.check, "document-unaltered");
}
