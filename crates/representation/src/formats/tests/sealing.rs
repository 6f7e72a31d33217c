use alloy_primitives::FixedBytes;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use chancery_data::{
    Algorithm, Control, Operation, Reader, Signer, Submission, merkle,
    sealed::{Context, KEY_AGREEMENT, PROTECTED},
    submission::{Access, Basis, Statement, TYP},
};
use chancery_ingest::ContentRules;

use super::*;

const FORMAT: &str = "health/finding";

/// What a source signs of operations of the format, version 1.
fn submitted(operations: &[Value]) -> Submission {
    signed(operations.iter().map(|one| one.to_string().into_bytes()).collect())
}

fn signed(operations: Vec<Vec<u8>>) -> Submission {
    let signer = Signer::from_bytes(Algorithm::EdDsa, &[2; 32]).unwrap();
    let names: Vec<B256> = operations.iter().map(|bytes| Operation::name(bytes)).collect();
    let statement = Statement {
        chain_id: 7100,
        source: signer.public_key().thumbprint().source(),
        key: FixedBytes::ZERO,
        format: FORMAT.into(),
        format_version: 1,
        time: 1,
        count: u32::try_from(names.len()).unwrap(),
        root: merkle::root(&names).unwrap(),
        control: Control { access: Access::Public, retention_days: 1, basis: Basis::Consent, readers: Vec::new() },
    };
    let jws = signer.sign(&statement, TYP).unwrap().text().to_owned();
    Submission::parse(&jws, operations).unwrap()
}

/// Of the form that a sealed content has, for what is submitted with it.
fn content() -> Value {
    let text = |bytes: usize| URL_SAFE_NO_PAD.encode(vec![7; bytes]);
    let context = Context::of(&submitted(&[json!({"time": 1, "content": 1})]).statement);
    let header = json!({"alg": KEY_AGREEMENT, "epk": {"kty": "OKP", "crv": "X25519", "x": text(32)}, "kid": text(32)});
    json!({
        "protected": URL_SAFE_NO_PAD.encode(PROTECTED), "recipients": [{"header": header, "encrypted_key": text(40)}],
        "aad": URL_SAFE_NO_PAD.encode(context.to_bytes()), "iv": text(12), "ciphertext": text(50), "tag": text(16),
    })
}

fn finding(version: u32, sealed: bool, rules: Value) -> DataFormat {
    let mut schema = json!({"type": "object", "required": ["diagnosis"]});
    schema["x-metadata"] = rules;
    let format = format(FORMAT, version, schema);
    DataFormat { sealed, ..format }
}

// DATA-6: of a member that stands twice the last would be checked, and both be signed.
#[test]
fn clear_content_in_which_a_member_stands_twice_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let formats =
        Formats::open(vec![finding(1, false, json!({}))], Arc::new(FormatFiles::new(directory.path()))).unwrap();
    let check = |content: &str| {
        let operation = format!(r#"{{"time":1,"content":{content}}}"#).into_bytes();
        ContentRules::check(&formats, &signed(vec![operation]), &ChainName("main".into()), 2)
    };
    assert!(check(r#"{"diagnosis":"a","more":[{"a":1},{"a":2}]}"#).is_ok());
    for twice in [r#"{"diagnosis":7,"diagnosis":"a"}"#, r#"{"diagnosis":"a","more":[{"b":1,"b":2}]}"#] {
        let refused = check(twice).unwrap_err();
        assert_eq!((refused.code(), &refused.members()["rule"]), (Code::SchemaViolation, &json!("twice")), "{refused}");
        assert_eq!(refused.members()["operation"], 0);
    }
}

// DATA-11, M-SEC: a format that is sealed takes nothing in clear, and says what is missing.
#[test]
fn a_sealed_format_takes_sealed_content_alone() {
    let directory = tempfile::tempdir().unwrap();
    let formats =
        Formats::open(vec![finding(1, true, json!({}))], Arc::new(FormatFiles::new(directory.path()))).unwrap();
    let check =
        |operation: Value| ContentRules::check(&formats, &submitted(&[operation]), &ChainName("main".into()), 2);
    assert!(check(json!({"time": 1, "subject": "case 7", "content": content()})).is_ok());
    assert!(check(json!({"time": 1, "contentHash": B256::ZERO})).is_ok(), "what stays at its owner shows nothing");
    let changed = |pointer: &str, value: Value| {
        let mut content = content();
        *content.pointer_mut(pointer).unwrap() = value;
        content
    };
    let other = Context {
        format: "health/other".into(),
        ..Context::of(&submitted(&[json!({"time": 1, "content": 1})]).statement)
    };
    for (operation, missing) in [
        (json!({"time": 1, "content": {"diagnosis": "secret"}}), "content"),
        (json!({"time": 1, "content": "secret"}), "content"),
        (json!({"time": 1, "content": changed("/recipients", json!([]))}), "recipients"),
        (json!({"time": 1, "content": changed("/aad", json!(URL_SAFE_NO_PAD.encode(other.to_bytes())))}), "aad"),
        (json!({"time": 1, "description": "secret", "content": content()}), "description"),
    ] {
        let error = check(operation).unwrap_err();
        assert_eq!((error.code(), &error.members()["missing"]), (Code::MalformedJwe, &json!(missing)), "{error}");
        assert_eq!((&error.members()["rule"], &error.members()["operation"]), (&json!("sealed"), &json!(0)));
        assert!(error.detail().contains(FORMAT) && !format!("{error:?}").contains("secret"), "{error:?}");
    }
    // A format in clear takes what its schema does.
    let open = Formats::open(vec![finding(1, false, json!({}))], Arc::new(FormatFiles::new(directory.path()))).unwrap();
    let clear = submitted(&[json!({"time": 1, "content": {"diagnosis": "flu"}})]);
    assert!(ContentRules::check(&open, &clear, &ChainName("main".into()), 2).is_ok());
}

// M-CON-4, DATA-11, SEARCH-3: sealing and readers are said by a dry run, and in force at once.
#[test]
fn a_dry_run_says_that_a_format_becomes_sealed_and_who_reads() {
    let directory = tempfile::tempdir().unwrap();
    let clinic = Reader::Organization("CLINIC".into());
    let first = finding(1, false, json!({}));
    let formats = Formats::open(vec![first], Arc::new(FormatFiles::new(directory.path()))).unwrap();
    assert!(formats.readings().is_empty());
    let second = finding(2, true, json!({"readers": ["organization:CLINIC"]}));
    assert!(formats.begins_to_be_sealed(&second));
    let effects = formats.check(&second).unwrap();
    assert!(effects.iter().any(|effect| effect.starts_with("content: sealed from now on")), "{effects:?}");
    assert!(effects.contains(&r#"rule readers: new, ["organization:CLINIC"]"#.to_owned()), "{effects:?}");
    assert!(formats.readings().is_empty(), "a check changes nothing");
    formats.apply(&second).unwrap();
    let readings = formats.readings();
    assert_eq!((readings[FORMAT].sealed, &readings[FORMAT].readers), (true, &vec![clinic]));
    let third = finding(3, false, json!({}));
    let effects = formats.check(&third).unwrap();
    assert!(effects.iter().any(|effect| effect.starts_with("content: in clear from now on")), "{effects:?}");
    let wrong = finding(3, true, json!({"readers": ["anybody"]}));
    assert_eq!(formats.check(&wrong).unwrap_err().code(), Code::ConfigurationInvalid);
}
