#![allow(clippy::unwrap_used)]

use proptest::prelude::*;
use serde::Deserialize;
use serde_json::{Value, json};

use super::*;

#[derive(Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
struct Letter {
    to: chancery_rest::values::HexAddress,
    #[serde(default)]
    pages: Vec<Page>,
}

#[derive(Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
struct Page {
    words: u8,
}

const TO: &str = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266";

fn refusal(body: &str) -> (Code, String, Value) {
    let error = read_json::<Letter>(body.as_bytes()).unwrap_err().error;
    (error.code(), error.detail().to_owned(), error.members().get("member").cloned().unwrap_or_default())
}

#[test]
fn a_refusal_names_the_place() {
    let letter = read_json::<Letter>(json!({"to": TO, "pages": [{"words": 7}]}).to_string().as_bytes()).unwrap();
    assert_eq!(letter.pages, [Page { words: 7 }]);
    let (code, detail, member) = refusal(&json!({"to": TO, "pages": [{"words": 7}, {"words": 700}]}).to_string());
    assert_eq!((code, &member), (Code::MalformedRequest, &json!("pages[1].words")));
    assert!(detail.starts_with("pages[1].words: invalid value"), "{detail}");
    let (code, _, member) = refusal(&json!({"to": TO, "pages": [{"words": 7, "ink": "blue"}]}).to_string());
    assert_eq!((code, member), (Code::UnknownMember, json!("pages[0].ink")));
    let (code, _, member) = refusal(&json!({"to": "0x12"}).to_string());
    assert_eq!((code, member), (Code::MalformedAddress, json!("to")));
}

#[test]
fn a_body_is_one_value_and_nothing_after_it() {
    for body in ["", "{", "null", "{\"to\": \"", "\u{feff}{}", "// {}", "{'to': 1}"] {
        assert_eq!(refusal(body).0, Code::MalformedRequest, "{body}");
    }
    let twice = format!("{{\"to\": \"{TO}\"}} {{}}");
    assert_eq!(refusal(&twice).0, Code::MalformedRequest);
    let repeated = format!("{{\"to\": \"{TO}\", \"to\": \"{TO}\"}}");
    assert_eq!(refusal(&repeated).0, Code::MalformedRequest);
}

// GATEWAY-6
#[test]
fn nesting_counts_outside_of_strings_alone() {
    let nested = |levels: usize| "[".repeat(levels) + &"]".repeat(levels);
    assert_eq!(too_deep(nested(MAX_JSON_DEPTH).as_bytes(), MAX_JSON_DEPTH), None);
    assert_eq!(too_deep(nested(MAX_JSON_DEPTH + 1).as_bytes(), MAX_JSON_DEPTH), Some(MAX_JSON_DEPTH));
    let quoted = format!("{{\"a\\\"{}\": \"{}\"}}", "[".repeat(100), "{".repeat(100));
    assert_eq!(too_deep(quoted.as_bytes(), MAX_JSON_DEPTH), None);
    let beside = "[[],".repeat(MAX_JSON_DEPTH - 1) + "[]";
    assert_eq!(too_deep(beside.as_bytes(), MAX_JSON_DEPTH), None);
    assert_eq!(read_json::<Value>(nested(100_000).as_bytes()).unwrap_err().error.code(), Code::MalformedRequest);
}

#[test]
fn json_is_utf_8() {
    let of = |value: &str| {
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, value.parse().unwrap());
        content_type(&headers).as_deref() == Some("application/json")
    };
    for right in [
        "application/json",
        "Application/JSON",
        "application/json; charset=utf-8",
        "application/json;charset=\"UTF-8\"",
    ] {
        assert!(of(right), "{right}");
    }
    for wrong in [
        "application/json; charset=latin-1",
        "application/json; profile=x",
        "text/json",
        "application/problem+json",
        "json",
    ] {
        assert!(!of(wrong), "{wrong}");
    }
    assert_eq!(content_type(&HeaderMap::new()), None);
}

// GATEWAY-6
#[test]
fn a_page_has_1_to_100_rows() {
    assert_eq!(page(None, None).unwrap(), PageRequest { limit: DEFAULT_PAGE_ROWS, cursor: None });
    for limit in [1, MAX_PAGE_ROWS] {
        assert_eq!(page(Some(limit), Some("c".into())).unwrap().limit, limit);
    }
    for limit in [0, MAX_PAGE_ROWS + 1, usize::MAX] {
        assert_eq!(page(Some(limit), None).unwrap_err().error.code(), Code::MalformedRequest);
    }
    for cursor in [String::new(), "c".repeat(MAX_CURSOR_BYTES + 1)] {
        assert_eq!(page(None, Some(cursor)).unwrap_err().error.code(), Code::MalformedRequest);
    }
    page(None, Some("c".repeat(MAX_CURSOR_BYTES))).unwrap();
}

fn depth(value: &Value) -> usize {
    match value {
        Value::Array(items) => 1 + items.iter().map(depth).max().unwrap_or(0),
        Value::Object(members) => 1 + members.values().map(depth).max().unwrap_or(0),
        _ => 0,
    }
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<u64>().prop_map(Value::from),
        "[\\[\\]{}\"\\\\a]{0,8}".prop_map(Value::from)
    ];
    leaf.prop_recursive(48, 96, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            prop::collection::btree_map("[\\[{\"a]{0,3}", inner, 0..3).prop_map(Value::from_iter),
        ]
    })
}

proptest! {
    #[test]
    fn what_is_too_deep_is_what_nests_past_the_limit(value in any_json(), more in 0_usize..40) {
        let value = (0..more).fold(value, |inner, _| json!([inner]));
        prop_assert_eq!(too_deep(value.to_string().as_bytes(), MAX_JSON_DEPTH).is_some(), depth(&value) > MAX_JSON_DEPTH);
    }

    #[test]
    fn no_bytes_make_the_reader_fail_otherwise_than_by_an_error(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = read_json::<Letter>(&bytes);
        let _ = read_json::<Value>(&bytes);
    }
}
