#![allow(clippy::unwrap_used)]

use super::*;

#[test]
fn every_kind_has_titles_a_source_and_a_sample_that_its_format_accepts() {
    assert_eq!(all().len(), 5);
    for kind in all() {
        assert!(!kind.title.en.is_empty() && !kind.title.zh.is_empty() && kind.source.len() > 20);
        check_subject(kind.kind, &sample(kind.kind).unwrap()).unwrap();
        assert!(sample(kind.kind).unwrap().to_string().contains("sample"), "{} does not say that it is one", kind.kind);
    }
}

#[test]
fn every_field_has_a_title_in_both_languages() {
    fn walk(schema: &Value, path: &str) {
        let Some(properties) = schema.get("properties").and_then(Value::as_object) else { return };
        for (name, field) in properties {
            let path = format!("{path}/{name}");
            assert!(field.get("title").is_some_and(Value::is_string), "{path} has no title");
            assert!(field.get("x-title-zh").is_some_and(Value::is_string), "{path} has no Chinese title");
            walk(field, &path);
            walk(field.get("items").unwrap_or(&Value::Null), &path);
        }
        assert_eq!(schema.get("additionalProperties"), Some(&Value::Bool(false)), "{path} lets anything in");
    }
    for kind in all() {
        walk(&kind.schema, kind.kind.as_str());
        walk(&kind.application_schema, kind.kind.as_str());
    }
}

#[test]
fn a_violation_names_place_and_rule_and_never_the_value() {
    let mut subject = sample(CertificateKind::DEGREE).unwrap();
    subject["graduate"]["birthDate"] = json!("a-private-thing");
    subject["unknown"] = json!("another-private-thing");
    let error = check_subject(CertificateKind::DEGREE, &subject).unwrap_err();
    assert_eq!(error.code(), Code::SchemaViolation);
    assert!(error.detail().contains("/graduate/birthDate"), "{error}");
    let everything = format!("{error} {:?}", error.members());
    assert!(!everything.contains("private"), "{everything}");
}

#[test]
fn what_an_application_lacks_is_named() {
    let error = check_application(CertificateKind::MARRIAGE, &json!({})).unwrap_err();
    assert_eq!(error.code(), Code::SchemaViolation);
    let unknown = check_application("fishing".parse().unwrap(), &json!({})).unwrap_err();
    assert_eq!(unknown.code(), Code::UnknownKind);
}

#[test]
fn the_data_formats_have_canonical_schemas() {
    // M-ACQ
    let formats = data_formats().unwrap();
    assert_eq!(formats.len(), 11);
    for format in formats {
        assert!(format.id.to_bytes32().is_ok() && !format.schema_hash.is_zero(), "{}", format.id.0);
    }
}

#[test]
fn check_characters_find_a_mistyped_character_and_two_that_changed_places() {
    // The credit code of GB 32100's own explanation of the algorithm, and one that is public: that of the standards administration's publisher.
    for code in ["91350100M000100Y43", "91110000600037341L"] {
        assert!(is_credit_code(code), "{code}");
        let mistyped = format!("{}{}", if code.starts_with('9') { "8" } else { "9" }, &code[1..]);
        assert!(!is_credit_code(&mistyped));
    }
    assert!(!is_credit_code("91350100M000100Y4") && !is_credit_code("91350100M000100I43"));

    let parts = "11100000000013338W002.11330106002497831A.2026000123.001";
    let check = licence_identifier_check_character(parts).unwrap();
    assert!(is_licence_identifier(&format!("1.2.156.3005.2.{parts}.{check}")));
    let swapped = parts.replacen("2026000123", "2026000132", 1);
    assert!(!is_licence_identifier(&format!("1.2.156.3005.2.{swapped}.{check}")));
    assert!(!is_licence_identifier(&format!("1.2.156.9.{parts}.{check}")));
}

#[test]
fn a_wrong_check_character_is_a_violation() {
    let mut subject = sample(CertificateKind::BUSINESS_LICENCE).unwrap();
    let code = subject["creditCode"].as_str().unwrap().to_owned();
    let last = if code.ends_with('1') { "2" } else { "1" };
    subject["creditCode"] = json!(format!("{}{last}", &code[..17]));
    let error = check_subject(CertificateKind::BUSINESS_LICENCE, &subject).unwrap_err();
    assert!(error.detail().contains("/creditCode (check-character)"), "{error}");
}
