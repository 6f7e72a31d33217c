#![allow(clippy::unwrap_used)]

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use proptest::prelude::*;

use super::*;
use crate::keys::PersonKeys;

fn person() -> PersonKeys {
    PersonKeys::from_phrase(&PersonKeys::new_phrase().unwrap()).unwrap()
}

// C-ISSUE, M-SEC
#[test]
fn only_the_holder_opens_it() {
    let (holder, other) = (person(), person());
    let sealed = seal(b"{}", &holder.encryption_public_key()).unwrap();
    assert_eq!(*open(&sealed, holder.encryption_secret()).unwrap(), b"{}");
    assert!(matches!(open(&sealed, other.encryption_secret()), Err(JweError::WrongKey { .. })));
    assert!(matches!(check_sealed_to(&sealed, &other.encryption_public_key()), Err(JweError::WrongKey { .. })));
    assert!(check_sealed_to(&sealed, &holder.encryption_public_key()).is_ok());
}

#[test]
fn every_altered_part_is_refused() {
    let holder = person();
    let sealed = seal(b"{\"a\":1}", &holder.encryption_public_key()).unwrap();
    let parts: Vec<&str> = sealed.split('.').collect();
    for place in [2, 3, 4] {
        let mut bytes = URL_SAFE_NO_PAD.decode(parts[place]).unwrap();
        bytes[0] ^= 1;
        let mut altered: Vec<String> = parts.iter().map(|part| (*part).to_owned()).collect();
        altered[place] = URL_SAFE_NO_PAD.encode(bytes);
        assert_eq!(open(&altered.join("."), holder.encryption_secret()), Err(JweError::Altered), "part {place}");
    }
}

#[test]
fn a_header_with_other_algorithms_is_refused() {
    let holder = person();
    let sealed = seal(b"{}", &holder.encryption_public_key()).unwrap();
    let (header, rest) = sealed.split_once('.').unwrap();
    let header = String::from_utf8(URL_SAFE_NO_PAD.decode(header).unwrap()).unwrap();
    for (from, to) in [
        ("ECDH-ES", "none"),
        ("A256GCM", "A128GCM"),
        ("X25519", "P-256"),
        ("+jwe", ""),
        ("\"alg\"", "\"zip\":\"DEF\",\"alg\""),
    ] {
        let changed = format!("{}.{rest}", URL_SAFE_NO_PAD.encode(header.replace(from, to)));
        assert!(matches!(open(&changed, holder.encryption_secret()), Err(JweError::Malformed(_))), "{from} -> {to}");
    }
}

#[test]
fn a_key_of_small_order_is_refused() {
    assert_eq!(seal(b"{}", &EncryptionPublicKey([0; 32])), Err(JweError::WeakKey));
}

proptest! {
    #[test]
    fn whatever_is_sealed_is_opened(plain in proptest::collection::vec(any::<u8>(), 0..2000)) {
        let key = [7; 32];
        let sealed = seal_direct(&key, &plain).unwrap();
        prop_assert_eq!(&*open_direct(&key, &sealed).unwrap(), &plain);
        prop_assert_eq!(open_direct(&[8; 32], &sealed), Err(JweError::Altered));
    }

    #[test]
    fn nothing_from_outside_makes_it_panic(text in "[A-Za-z0-9_.-]{0,300}") {
        prop_assert!(read_header(&text).is_err());
        prop_assert!(open_direct(&[0; 32], &text).is_err());
    }
}

/// Sealed by npm's `jose`, opened here; the other direction is in the web's tests.
#[test]
fn what_jose_sealed_is_opened() {
    #[derive(serde::Deserialize)]
    struct Vector {
        phrase: String,
        thumbprint: String,
        sealed: String,
        document: String,
    }
    let vectors: Vec<Vector> = serde_json::from_str(include_str!("../../vectors/sealed-by-jose.json")).unwrap();
    assert!(!vectors.is_empty());
    for vector in vectors {
        let keys = PersonKeys::from_phrase(&vector.phrase).unwrap();
        assert_eq!(keys.encryption_public_key().thumbprint(), vector.thumbprint);
        assert_eq!(*open(&vector.sealed, keys.encryption_secret()).unwrap(), vector.document.as_bytes());
    }
}
