#![allow(clippy::unwrap_used)]

use std::{collections::BTreeSet, fs, path::PathBuf};

use super::*;
use crate::authorization::matrix::MATRIX;

fn committed() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs/openapi.json")
}

#[test]
fn the_committed_document_is_the_one_that_the_code_makes() {
    let document = document().unwrap();
    // The one way to renew it: WRITE_OPENAPI=1 cargo test -p chancery-gateway openapi
    if std::env::var_os("WRITE_OPENAPI").is_some() {
        fs::write(committed(), &document).unwrap();
    }
    let known = fs::read_to_string(committed()).unwrap_or_default();
    assert!(
        known == document,
        "docs/openapi.json is stale: run WRITE_OPENAPI=1 cargo test -p chancery-gateway openapi"
    );
}

#[test]
fn every_endpoint_stands_in_the_document_and_in_the_matrix() {
    let (_, mut document) = router_and_document();
    let mut described = BTreeSet::new();
    for (path, item) in &mut document.paths.paths {
        for (method, _) in complete::operations(item) {
            described.insert((method.to_owned(), path.clone()));
        }
    }
    let rows: BTreeSet<_> = MATRIX.iter().map(|row| (row.method.to_owned(), row.path.to_owned())).collect();
    assert_eq!(described, rows);
    assert_eq!(rows.len(), MATRIX.len(), "a row stands twice");
}

#[test]
fn every_operation_has_an_id_a_summary_and_its_problems() {
    let (_, mut document) = router_and_document();
    let mut ids = BTreeSet::new();
    for (path, item) in &mut document.paths.paths {
        for (method, operation) in complete::operations(item) {
            let place = format!("{method} {path}");
            assert!(ids.insert(operation.operation_id.clone().unwrap()), "{place}");
            assert!(operation.summary.as_ref().is_some_and(|text| !text.is_empty()), "{place}");
            for status in ["400", "429", "500"] {
                assert!(operation.responses.responses.contains_key(status), "{place} {status}");
            }
        }
    }
}

#[test]
fn every_reference_leads_somewhere() {
    let document = serde_json::to_value(router_and_document().1).unwrap();
    let mut references = BTreeSet::new();
    collect(&document, &mut references);
    for reference in references {
        let (group, name) = reference.strip_prefix("#/components/").unwrap().split_once('/').unwrap();
        assert!(document["components"][group][name].is_object(), "{name}");
    }
}

fn collect(value: &serde_json::Value, references: &mut BTreeSet<String>) {
    match value {
        serde_json::Value::Object(members) => {
            references.extend(members.get("$ref").and_then(|reference| reference.as_str()).map(str::to_owned));
            members.values().for_each(|member| collect(member, references));
        }
        serde_json::Value::Array(items) => items.iter().for_each(|item| collect(item, references)),
        _ => {}
    }
}
