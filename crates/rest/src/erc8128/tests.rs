#![allow(clippy::unwrap_used)]

use alloy::signers::{SignerSync as _, local::PrivateKeySigner};
use alloy_primitives::{Address, Signature, address};
use proptest::prelude::*;

use super::*;

const WHO: Address = address!("f39Fd6e51aad88F6F4ce6aB8827279cffFb92266");
const CREATED: u64 = 1_795_230_000;
const NONCE: &str = "0123456789abcdef";
const BODY: &[u8] = br#"{"pm25":12}"#;
const DIGEST: &str = "sha-256=:M2pyFAduT7n4WZuJ1fRfZUju1fP9ILAidjK36TJEVds=:";

/// The first key of the development phrase.
fn signer() -> PrivateKeySigner {
    "ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80".parse().unwrap()
}

fn input(with_body: bool) -> SignatureInput {
    SignatureInput::new(KeyId { chain_id: 7100, address: WHO }, CREATED, CREATED + 60, NONCE, with_body).unwrap()
}

const fn parts() -> RequestParts<'static> {
    RequestParts {
        method: "POST",
        authority: "City.Example:8080",
        https: false,
        path: "/v1/operations",
        query: Some("check=true"),
        content_digest: Some(DIGEST),
        content_type: None,
        idempotency_key: None,
    }
}

// Written by hand from RFC 9421, sections 2.2 and 2.5.
#[test]
fn the_signature_base_is_that_of_rfc_9421() {
    let base = signature_base(&parts(), &input(true)).unwrap();
    let expected = [
        r#""@method": POST"#,
        r#""@authority": city.example:8080"#,
        r#""@path": /v1/operations"#,
        r#""@query": ?check=true"#,
        r#""content-digest": sha-256=:M2pyFAduT7n4WZuJ1fRfZUju1fP9ILAidjK36TJEVds=:"#,
        concat!(
            r#""@signature-params": ("@method" "@authority" "@path" "@query" "content-digest")"#,
            r#";created=1795230000;expires=1795230060;nonce="0123456789abcdef""#,
            r#";keyid="erc8128:7100:0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266""#
        ),
    ];
    assert_eq!(base, expected.join("\n"));
}

#[test]
fn a_request_without_query_and_body_has_a_lone_question_mark() {
    let get = RequestParts { method: "GET", path: "", query: None, content_digest: None, ..parts() };
    let base = signature_base(&get, &input(false)).unwrap();
    assert!(base.contains("\"@path\": /\n\"@query\": ?\n\"@signature-params\""), "{base}");
    assert_eq!(signature_base(&get, &input(true)), Err(Component::ContentDigest));
}

// RFC 9530, section 2, with the body of its appendix.
#[test]
fn a_content_digest_is_the_sha_256_of_the_body() {
    assert_eq!(content_digest(br#"{"hello": "world"}"#), "sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:");
    assert_eq!(content_digest(BODY), DIGEST);
    verify_content_digest(DIGEST, BODY).unwrap();
    verify_content_digest(&format!("sha-512=:AAAA:, {DIGEST}"), BODY).unwrap();
    assert_eq!(verify_content_digest(DIGEST, br#"{"pm25":13}"#), Err(DigestError::Mismatch));
    let twice = format!("{DIGEST}, {DIGEST}");
    for malformed in ["", "sha-512=:AAAA:", "sha-256=AAAA", "sha-256=:AAAA:", "sha-256=:no base64:", &twice] {
        assert_eq!(verify_content_digest(malformed, BODY), Err(DigestError::Malformed), "{malformed}");
    }
}

/// Whom a verifier takes for the signer of these parts.
fn recovered(parts: &RequestParts<'_>, input: &SignatureInput, signature: &[u8; 65]) -> Option<Address> {
    let base = signature_base(parts, input).unwrap();
    Signature::from_raw_array(signature).unwrap().recover_address_from_msg(base.as_bytes()).ok()
}

fn signed(parts: &RequestParts<'_>, input: &SignatureInput) -> [u8; 65] {
    signer().sign_message_sync(signature_base(parts, input).unwrap().as_bytes()).unwrap().as_bytes()
}

// Deterministic (RFC 6979): this one was made by another implementation (eth-account) of the text above.
#[test]
fn the_signature_of_a_known_request_is_known() {
    let signature = signed(&parts(), &input(true));
    assert_eq!(signature_header(&signature), KNOWN_SIGNATURE);
    assert_eq!(parse_signature(KNOWN_SIGNATURE).unwrap(), signature);
    assert_eq!(recovered(&parts(), &input(true), &signature), Some(WHO));
}

const KNOWN_SIGNATURE: &str =
    "eth=:xkCz2qMlmCEdcKxnIPv/mr8kkDlFx/skfIrwCCDcLK4Vz4fkQN9Q0rwRTLZjWPwe2Sw2HjJbGeAHApA24nbftxs=:";

// M-SEC, GATEWAY-3
#[test]
fn every_covered_component_is_signed_for() {
    let all = SignatureInput::parse(&format!(
        "eth=({});created={CREATED};expires={};nonce=\"{NONCE}\";keyid=\"erc8128:7100:{WHO}\"",
        Component::ALL.map(|component| format!("\"{}\"", component.name())).join(" "),
        CREATED + 60
    ))
    .unwrap();
    let whole = RequestParts { content_type: Some("application/json"), idempotency_key: Some("once"), ..parts() };
    let signature = signed(&whole, &all);
    assert_eq!(recovered(&whole, &all, &signature), Some(WHO));
    for component in Component::ALL {
        let altered = match component {
            Component::Method => RequestParts { method: "PUT", ..whole },
            Component::Authority => RequestParts { authority: "city.example:8081", ..whole },
            Component::Path => RequestParts { path: "/v1/operation", ..whole },
            Component::Query => RequestParts { query: None, ..whole },
            Component::ContentDigest => RequestParts { content_digest: Some("sha-256=:AAAA:"), ..whole },
            Component::ContentType => RequestParts { content_type: Some("text/plain"), ..whole },
            Component::IdempotencyKey => RequestParts { idempotency_key: Some("twice"), ..whole },
        };
        assert_ne!(recovered(&altered, &all, &signature), Some(WHO), "{component:?}");
    }
    for (from, to) in [
        ("created=1795230000", "created=1795230001"),
        ("expires=1795230060", "expires=1795230061"),
        (NONCE, "0123456789abcdeF"),
        ("7100", "7101"),
        ("\"@method\" \"@authority\"", "\"@authority\" \"@method\""),
        (" \"idempotency-key\"", ""),
    ] {
        assert!(all.header().contains(from), "{from}");
        let altered = SignatureInput::parse(&all.header().replacen(from, to, 1)).unwrap();
        assert_ne!(recovered(&whole, &altered, &signature), Some(WHO), "{to}");
    }
}

#[test]
fn what_a_client_writes_a_gateway_reads() {
    for with_body in [false, true] {
        let written = input(with_body);
        assert_eq!(SignatureInput::parse(&written.header()).unwrap(), written);
        assert_eq!(written.covers(Component::ContentDigest), with_body);
        assert_eq!((written.created(), written.expires(), written.nonce()), (CREATED, CREATED + 60, NONCE));
    }
}

/// The header of a right request with one thing in another way.
fn altered(from: &str, to: &str) -> Result<SignatureInput, InputError> {
    let header = input(true).header();
    assert!(header.contains(from), "{from}");
    SignatureInput::parse(&header.replacen(from, to, 1))
}

#[test]
fn what_is_needed_is_there_once_and_nothing_else() {
    use InputError as Refusal;
    assert_eq!(altered(r#""@query" "#, ""), Err(Refusal::MissingComponent(Component::Query)));
    assert_eq!(altered(r#""@query" "#, r#""@path" "#), Err(Refusal::RepeatedComponent(Component::Path)));
    assert_eq!(altered(r#""@query" "#, r#""@query" "@status" "#), Err(Refusal::UnknownComponent("@status".into())));
    assert_eq!(altered(";created=1795230000", ""), Err(Refusal::MissingParameter("created")));
    assert_eq!(altered(";expires=1795230060", ""), Err(Refusal::MissingParameter("expires")));
    assert_eq!(altered(";nonce=\"0123456789abcdef\"", ""), Err(Refusal::MissingParameter("nonce")));
    assert_eq!(altered(";created", ";created=1;created"), Err(Refusal::RepeatedParameter("created".into())));
    assert_eq!(altered(";nonce", ";alg=\"x\";nonce"), Err(Refusal::UnknownParameter("alg".into())));
    assert_eq!(SignatureInput::parse(&"e".repeat(MAX_INPUT_LENGTH + 1)), Err(Refusal::TooLong));
}

#[test]
fn what_is_written_otherwise_is_refused_with_its_place() {
    for (from, to) in [
        ("eth=", "sig1="),
        ("eth=", " eth="),
        ("(", ""),
        (")", ""),
        ("\"@method\" ", "\"@method\"  "),
        ("\"@method\"", "@method"),
        (";created", " ;created"),
        (";created=", ";created:"),
        ("=1795230000", "=\"1795230000\""),
        ("=1795230000", "=-1"),
        ("=1795230000", "=1795230000000000"),
        ("\"0123456789abcdef\"", "0123456789abcdef"),
        ("cdef\"", "cdef\\\"\""),
    ] {
        let error = altered(from, to).unwrap_err();
        assert!(matches!(error, InputError::Malformed { header: "Signature-Input", .. }), "{from} -> {to}: {error:?}");
    }
    let two = format!("{}, {}", input(true).header(), input(true).header());
    assert!(SignatureInput::parse(&two).is_err());
}

#[test]
fn a_key_id_is_a_chain_and_an_address() {
    for wrong in [
        "",
        "0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266",
        "erc8128:7100",
        "erc8128::0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266",
        "erc8128:07100:0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266",
        "erc8128:7100:0xf39f",
        "eip155:7100:0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266",
        "erc8128:99999999999999999999:0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266",
    ] {
        let key = "erc8128:7100:0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266";
        assert_eq!(altered(key, wrong), Err(InputError::KeyId), "{wrong}");
    }
}

#[test]
fn a_nonce_and_a_validity_are_bounded() {
    let new =
        |expires, nonce: &str| SignatureInput::new(KeyId { chain_id: 1, address: WHO }, CREATED, expires, nonce, false);
    for nonce in ["", "short", "with space 123", "with\"quote1234", &"n".repeat(MAX_NONCE_LENGTH + 1)] {
        assert_eq!(new(CREATED + 60, nonce), Err(InputError::Nonce), "{nonce}");
    }
    for expires in [0, CREATED - 1, CREATED, CREATED + MAX_VALIDITY_SECONDS + 1, u64::MAX] {
        assert_eq!(new(expires, NONCE), Err(InputError::Validity), "{expires}");
    }
    new(CREATED + 1, &"n".repeat(MIN_NONCE_LENGTH)).unwrap();
    new(CREATED + MAX_VALIDITY_SECONDS, &"n".repeat(MAX_NONCE_LENGTH)).unwrap();
}

#[test]
fn a_signature_is_65_bytes_of_base64_under_the_label() {
    assert_eq!(parse_signature("eth=:AAAA:"), Err(InputError::SignatureLength));
    assert_eq!(parse_signature("eth=::"), Err(InputError::SignatureLength));
    // Each differs in one thing from one that is read.
    let right = KNOWN_SIGNATURE;
    parse_signature(right).unwrap();
    for malformed in [
        "",
        "eth=",
        &right.replacen("eth", "sig1", 1),
        &right.replacen("=:", "=", 1),
        right.trim_end_matches(':'),
        &right.replacen("xkCz", "****", 1),
        &format!("{right}, {right}"),
        &format!(" {right}"),
    ] {
        let error = parse_signature(malformed).unwrap_err();
        assert!(matches!(error, InputError::Malformed { header: "Signature", .. }), "{malformed}: {error:?}");
    }
}

// RFC 9421, section 2.2.3
#[test]
fn an_authority_is_lower_case_and_without_its_default_port() {
    for (authority, https, normal) in [
        ("City.Example", false, "city.example"),
        ("city.example:80", false, "city.example"),
        ("city.example:443", true, "city.example"),
        ("city.example:443", false, "city.example:443"),
        ("city.example:80", true, "city.example:80"),
        ("[::1]:80", false, "[::1]"),
        ("::1:80", false, "::1:80"),
        (":80", false, ":80"),
    ] {
        assert_eq!(RequestParts { authority, https, ..parts() }.normalized_authority(), normal);
    }
}

proptest! {
    #[test]
    fn no_header_makes_the_reader_fail_otherwise_than_by_an_error(header in "\\PC{0,200}", tail in "[()\"; =:a-z0-9@-]{0,120}") {
        for text in [header.clone(), format!("eth={header}"), format!("eth=(\"@method\"{tail}"), format!("eth=:{tail}")] {
            let _ = SignatureInput::parse(&text);
            let _ = parse_signature(&text);
            let _ = verify_content_digest(&text, b"");
        }
    }

    #[test]
    fn what_is_read_is_signed_as_it_was_written(created in 1_u64..1_000_000_000, valid in 1_u64..=300, nonce in "[A-Za-z0-9_.~+/=-]{11,128}", with_body: bool) {
        let input = SignatureInput::new(KeyId { chain_id: 7100, address: WHO }, created, created + valid, &nonce, with_body).unwrap();
        let read = SignatureInput::parse(&input.header()).unwrap();
        prop_assert_eq!(signature_base(&parts(), &read).unwrap(), signature_base(&parts(), &input).unwrap());
    }
}
