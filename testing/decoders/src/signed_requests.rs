//! Signed requests (ERC-8128), sign-in messages (EIP-4361), and the values of the REST interface.

use chancery_identity::Cursor;
use chancery_rest::{
    eip4361::Message,
    erc8128::{
        Component, MAX_INPUT_LENGTH, RequestParts, SignatureInput, content_digest, parse_signature, signature_base,
        signature_header, verify_content_digest,
    },
    values::{HexAddress, HexBytes, HexHash, Timestamp},
};

/// What is read means one thing: written again it reads as the same, and the text that is signed tells two requests apart.
pub fn check(data: &[u8]) {
    let Some((kind, data)) = data.split_first() else { return };
    let Ok(text) = std::str::from_utf8(data) else { return };
    match kind % 5 {
        0 => input(text),
        1 => signature(text),
        2 => sign_in(text),
        3 => digest(text),
        _ => values(text),
    }
}

/// A header, a line feed, and a request line to sign with it.
fn input(text: &str) {
    let (header, target) = text.split_once('\n').unwrap_or((text, "/v1/operations?check=true"));
    let Ok(input) = SignatureInput::parse(header) else { return };
    assert!(header.len() <= MAX_INPUT_LENGTH);
    let again = SignatureInput::parse(&input.header()).unwrap();
    assert_eq!(again, input);
    assert!(Component::REQUIRED.into_iter().all(|component| input.covers(component)));
    // As hyper gives them: neither has control characters or spaces.
    let plain: String = target.chars().filter(char::is_ascii_graphic).collect();
    let (path, query) = plain.split_once('?').map_or((plain.as_str(), None), |(path, query)| (path, Some(query)));
    let parts = RequestParts {
        method: "POST",
        authority: "city.example:8080",
        https: false,
        path,
        query,
        content_digest: Some("sha-256=:M2pyFAduT7n4WZuJ1fRfZUju1fP9ILAidjK36TJEVds=:"),
        content_type: Some("application/json"),
        idempotency_key: Some("once"),
    };
    let base = signature_base(&parts, &input).unwrap();
    assert_eq!(base.lines().count(), input.components().len() + 1, "a value has become a line of its own");
    let other = signature_base(&RequestParts { path: "/another", ..parts }, &input).unwrap();
    assert!(other != base || path == "/another");
}

fn signature(text: &str) {
    if let Ok(signature) = parse_signature(text) {
        assert_eq!(parse_signature(&signature_header(&signature)).unwrap(), signature);
    }
}

fn sign_in(text: &str) {
    if let Ok(message) = Message::parse(text) {
        let written = message.to_string();
        assert_eq!(Message::parse(&written).unwrap(), message);
    }
}

/// A header, a line feed, and a body.
fn digest(text: &str) {
    let (header, body) = text.split_once('\n').unwrap_or((text, ""));
    if verify_content_digest(header, body.as_bytes()).is_ok() {
        let own = content_digest(body.as_bytes());
        let digest = own.strip_prefix("sha-256=").unwrap();
        assert!(header.contains(digest.trim_matches(':').trim_end_matches('=')), "a body of another digest is taken");
        assert!(verify_content_digest(header, &[body.as_bytes(), b"x"].concat()).is_err());
    }
}

fn values(text: &str) {
    if let Ok(value) = text.parse::<HexAddress>() {
        assert_eq!(value.to_string().parse::<HexAddress>().unwrap(), value);
    }
    if let Ok(value) = text.parse::<HexHash>() {
        assert_eq!(value.to_string().parse::<HexHash>().unwrap(), value);
    }
    if let Ok(value) = text.parse::<HexBytes>() {
        assert_eq!(value.to_string().parse::<HexBytes>().unwrap(), value);
    }
    if let Ok(value) = text.parse::<Timestamp>() {
        assert_eq!(value.to_string().parse::<Timestamp>().unwrap(), value);
        let _ = (value.unix_seconds(), value.unix_milliseconds());
    }
    if let Ok(value) = text.parse::<Cursor>() {
        assert_eq!(value.to_string().parse::<Cursor>().unwrap(), value);
    }
}

/// Requests and messages as clients write them.
#[must_use]
pub fn seeds() -> Vec<Vec<u8>> {
    let tagged = |kind: u8, text: &str| [&[kind][..], text.as_bytes()].concat();
    let address = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266";
    let names = Component::ALL.map(|component| format!("\"{}\"", component.name())).join(" ");
    let parameters =
        format!("created=1795230000;expires=1795230060;nonce=\"0123456789abcdef\";keyid=\"erc8128:7100:{address}\"");
    let message = format!(
        "city.example wants you to sign in with your Ethereum account:\n{address}\n\nSign in.\n\nURI: https://city.example\nVersion: 1\n\
         Chain ID: 7100\nNonce: abcdefgh12\nIssued At: 2026-01-02T03:04:05Z\nExpiration Time: 2026-01-02T03:09:05.250Z\nNot Before: \
         2026-01-02T03:04:05Z\nRequest ID: 7\nResources:\n- https://city.example/a\n- ipfs://b"
    );
    let body = "{\"pm25\":12}";
    vec![
        tagged(0, &format!("eth=({names});{parameters}")),
        tagged(0, &format!("eth=(\"@method\" \"@authority\" \"@path\" \"@query\");{parameters}\n/v1/users?a=b")),
        tagged(1, &signature_header(&[7; 65])),
        tagged(2, &message),
        tagged(2, &message.replace("\nSign in.\n", "")),
        tagged(3, &format!("{}\n{body}", content_digest(body.as_bytes()))),
        tagged(3, &format!("sha-512=:AAAA:, {}\n{body}", content_digest(body.as_bytes()))),
        tagged(4, address),
        tagged(4, &format!("0x{}", "ab".repeat(32))),
        tagged(4, "0x"),
        tagged(4, "2026-01-02T03:04:05.250Z"),
        tagged(4, "1700000000000.a1b2"),
    ]
}
