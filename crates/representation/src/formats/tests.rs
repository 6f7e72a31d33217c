#![allow(clippy::unwrap_used)]

use alloy_primitives::B256;
use chancery_reference_points::{data_format::Title, operation::ChainName};
use serde_json::json;

use super::*;

mod sealing;

pub(crate) fn format(id: &str, version: u32, schema: Value) -> DataFormat {
    let mut format = DataFormat {
        id: FormatId(id.into()),
        version,
        chain: ChainName("main".into()),
        title: Title { en: "Reading".into(), zh: "读数".into() },
        source: "sample".into(),
        sealed: false,
        schema,
        schema_hash: B256::ZERO,
    };
    format.schema_hash = format.canonical_schema().unwrap().1;
    format
}

fn reading(required: &[&str]) -> Value {
    json!({"type": "object", "properties": {"celsius": {"type": "number"}, "at": {"type": "string"}}, "required": required, "additionalProperties": false})
}

// M-ACQ
#[test]
fn content_that_breaks_the_format_is_refused_without_quoting_it() {
    let directory = tempfile::tempdir().unwrap();
    let formats = Formats::open(
        vec![format("reading/air", 1, reading(&["celsius"]))],
        Arc::new(FormatFiles::new(directory.path())),
    )
    .unwrap();
    let id = FormatId("reading/air".into());
    assert!(formats.validate(&id, &json!({"celsius": 21.5})).is_ok());
    let error = formats.validate(&id, &json!({"celsius": "secret"})).unwrap_err();
    assert_eq!(error.code(), Code::SchemaViolation);
    assert_eq!(error.members()["violations"][0]["at"], "/celsius");
    assert!(!format!("{:?}{error}", error.members()).contains("secret"));
    assert_eq!(formats.validate(&FormatId("none".into()), &json!({})).unwrap_err().code(), Code::UnknownFormat);
}

// M-CON-2, M-CON-4
#[test]
fn a_new_version_says_what_changes_and_stays_over_a_restart() {
    let directory = tempfile::tempdir().unwrap();
    let store = Arc::new(FormatFiles::new(directory.path()));
    let first = vec![format("reading/air", 1, reading(&["celsius"]))];
    let formats = Formats::open(first.clone(), store.clone()).unwrap();
    let second = format("reading/air", 2, reading(&["celsius", "at"]));
    assert_eq!(
        formats.check(&second).unwrap(),
        ["format reading/air: version 2 replaces 1", "member at: now required"]
    );
    assert_eq!(formats.get(&second.id).unwrap().version, 1, "a check changes nothing");
    formats.apply(&second).unwrap();
    assert!(formats.check(&second).unwrap().is_empty(), "nothing changes twice");
    assert_eq!(Formats::open(first, store).unwrap().get(&second.id).unwrap(), second);
}

// M-CON-4
#[test]
fn what_is_no_format_is_refused_with_the_rule() {
    let directory = tempfile::tempdir().unwrap();
    let formats =
        Formats::open(vec![format("reading/air", 1, reading(&[]))], Arc::new(FormatFiles::new(directory.path())))
            .unwrap();
    let mut moved = format("reading/air", 2, reading(&["at"]));
    moved.chain = ChainName("degree".into());
    let mut forged = format("reading/water", 1, reading(&[]));
    forged.schema_hash = B256::ZERO;
    for wrong in [
        format("reading/air", 3, reading(&["at"])),
        format("reading/water", 1, json!({"type": 7})),
        moved,
        forged,
        DataFormat { id: FormatId("Bad Name".into()), ..format("reading/x", 1, reading(&[])) },
    ] {
        assert_eq!(formats.check(&wrong).unwrap_err().code(), Code::ConfigurationInvalid, "{wrong:?}");
    }
}

// M-CON-4, M-REP-4, DATA-6: metadata rules are versioned with the schema, and a dry run shows what they become.
#[test]
fn a_dry_run_shows_how_metadata_rules_change() {
    let directory = tempfile::tempdir().unwrap();
    let with = |rules: Value| {
        let mut schema = reading(&["celsius"]);
        schema["x-metadata"] = rules;
        schema
    };
    let first = format("reading/air", 1, with(json!({"access": ["public"], "subject": "required"})));
    let formats = Formats::open(vec![first], Arc::new(FormatFiles::new(directory.path()))).unwrap();
    let second = format("reading/air", 2, with(json!({"access": ["public", "internal"], "maxRetentionDays": 30})));
    assert_eq!(
        formats.check(&second).unwrap(),
        [
            "format reading/air: version 2 replaces 1",
            r#"rule access: ["public","internal"] instead of ["public"]"#,
            r#"rule subject: no longer applies (was "required")"#,
            "rule maxRetentionDays: new, 30",
        ]
    );
    let wrong = format("reading/air", 2, with(json!({"access": "everybody"})));
    let refused = formats.check(&wrong).unwrap_err();
    assert_eq!(refused.code(), Code::ConfigurationInvalid);
    assert!(refused.detail().starts_with("x-metadata"), "{refused}");
}
