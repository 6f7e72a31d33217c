//! Sealed documents (JWE), documents in clear, codes that a holder shows, what stands behind them.

use std::sync::LazyLock;

use chancery_certificates::{
    document::CertificateDocument,
    keys::{EncryptionPublicKey, PersonKeys},
    kinds,
    presentation::{Presentation, PresentationCode},
    sealing,
};
use chancery_primitives::{CertificateKind, SigningDomain, UnixSeconds};
use serde::Deserialize;
use serde_json::Value;

#[derive(Deserialize)]
struct Vector {
    phrase: String,
    document: String,
    sealed: String,
}

struct Known {
    keys: PersonKeys,
    vectors: Vec<Vector>,
    direct_key: [u8; 32],
    direct: String,
}

const DIRECT_PLAIN: &[u8] = b"{\"shown\":true}";

static KNOWN: LazyLock<Known> = LazyLock::new(|| {
    let vectors: Vec<Vector> =
        serde_json::from_str(include_str!("../../../crates/certificates/vectors/sealed-by-jose.json")).unwrap();
    let keys = PersonKeys::from_phrase(&vectors[0].phrase).unwrap();
    let direct_key = [7; 32];
    // Sealed once with a random nonce, written down so that an input means the same in each process.
    let direct = include_str!("../seeds/presentation.jwe").trim().to_owned();
    Known { keys, vectors, direct_key, direct }
});

/// Nothing that was changed opens; what can be read has one form; a document that a kind's schema takes is one of that kind.
pub fn check(data: &[u8]) {
    let Some((kind, data)) = data.split_first() else { return };
    let Ok(text) = std::str::from_utf8(data) else { return };
    match kind % 5 {
        0 => sealed(text),
        1 => changed(data),
        2 => code(text),
        3 => document(data),
        _ => subject(data),
    }
}

fn sealed(text: &str) {
    let own = KNOWN.keys.encryption_public_key();
    if let Ok(header) = sealing::read_header(text) {
        let key = header.epk.to_key().unwrap();
        assert_eq!(key.jwk().to_key(), Some(EncryptionPublicKey(key.0)));
    }
    let _ = sealing::check_sealed_to(text, &own);
    if let Ok(plain) = sealing::open(text, KNOWN.keys.encryption_secret()) {
        assert!(is_of_vectors(text, &plain), "something opens that was not sealed");
    }
    if let Ok(plain) = sealing::open_direct(&KNOWN.direct_key, text) {
        assert!(text == KNOWN.direct && *plain == DIRECT_PLAIN, "something opens that was not sealed");
    }
    if let Ok(shown) = Presentation::open(text, &KNOWN.direct_key) {
        let _ = shown.check(&SigningDomain::new(7103, Default::default()), UnixSeconds(0));
    }
}

fn is_of_vectors(sealed: &str, plain: &[u8]) -> bool {
    KNOWN.vectors.iter().any(|vector| vector.sealed == sealed && vector.document.as_bytes() == plain)
}

/// A sealed document of the vectors with some of its characters changed.
fn changed(changes: &[u8]) {
    let Some((which, changes)) = changes.split_first() else { return };
    let own: Vec<_> = KNOWN.vectors.iter().map(|vector| &vector.sealed).chain([&KNOWN.direct]).collect();
    let mut bytes = own[usize::from(*which) % own.len()].clone().into_bytes();
    for change in changes.chunks_exact(3) {
        let at = usize::from(u16::from_be_bytes([change[0], change[1]])) % bytes.len();
        bytes[at] = change[2];
    }
    if let Ok(text) = String::from_utf8(bytes) {
        sealed(&text);
    }
}

fn code(text: &str) {
    let Ok(code) = PresentationCode::parse(text) else { return };
    let again = PresentationCode::parse(&code.link("https://city.example")).unwrap();
    assert!(again == code);
    assert!(PresentationCode::from_parts(&code.id_text(), code.key.clone()).unwrap() == code);
}

fn document(data: &[u8]) {
    let Ok(document) = CertificateDocument::parse(data) else { return };
    let bytes = document.to_bytes().unwrap();
    assert_eq!(CertificateDocument::parse(&bytes).unwrap(), document);
    let _ = document.kind();
}

fn subject(data: &[u8]) {
    let Ok(value) = serde_json::from_slice::<Value>(data) else { return };
    for kind in CertificateKind::FIRST_CITY {
        let _ = (kinds::check_subject(kind, &value), kinds::check_application(kind, &value));
    }
}

/// What a browser has sealed, a code, a document and a subject of each kind.
#[must_use]
pub fn seeds() -> Vec<Vec<u8>> {
    let tagged = |kind: u8, text: &str| [&[kind][..], text.as_bytes()].concat();
    let code = PresentationCode { id: [9; 16], key: KNOWN.direct_key.into() };
    let sealed = KNOWN.vectors.iter().flat_map(|vector| [tagged(0, &vector.sealed), tagged(3, &vector.document)]);
    let subjects = CertificateKind::FIRST_CITY.into_iter().flat_map(|kind| {
        let subject = kinds::sample(kind).unwrap();
        let document = serde_json::json!({
            "format": CertificateDocument::format_of(kind),
            "id": format!("0x{}", "a1".repeat(32)),
            "issuer": { "organization": "SAMPLE-1", "name": "Sample" },
            "holder": format!("0x{}", "5a".repeat(20)),
            "subject": subject,
            "salt": "AAAAAAAAAAAAAAAAAAAAAA",
        });
        [tagged(4, &subject.to_string()), tagged(3, &document.to_string())]
    });
    let others = [
        tagged(0, &KNOWN.direct),
        tagged(2, &code.link("https://city.example")),
        tagged(2, "P.x.y"),
        tagged(1, "\0\0A"),
        tagged(1, "\x01\0\0A"),
    ];
    sealed.chain(subjects).chain(others).collect()
}
