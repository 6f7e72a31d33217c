#![allow(clippy::unwrap_used)]

use alloy_primitives::{Address, hex};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use chancery_primitives::{OrganizationCode, UnixSeconds};
use proptest::prelude::*;

use super::*;
use crate::{
    limits::{MAX_CONTENT_BYTES, MAX_SUBJECT_BYTES},
    statement::{Correspondent, VERSION},
};

fn secret(byte: u8) -> StaticSecret {
    StaticSecret::from([byte; 32])
}

fn public(byte: u8) -> EncryptionPublicKey {
    EncryptionPublicKey(PublicKey::from(&secret(byte)).to_bytes())
}

fn head() -> Head {
    let of = |organization: &str, byte| Correspondent {
        organization: OrganizationCode::parse(organization).unwrap(),
        address: Address::repeat_byte(byte),
    };
    let (from, to) = (of("SENDER-1", 1), of("RECEIVER-1", 2));
    let genesis = Some(B256::repeat_byte(0x9e));
    Head {
        version: VERSION,
        chain_id: 7100,
        genesis,
        to_city: None,
        from,
        to,
        sent: UnixSeconds(1_795_230_000),
        in_reply_to: None,
    }
}

fn content(bytes: &[u8]) -> Content {
    Content { subject: "Minutes".to_owned(), media_type: "text/plain".to_owned(), bytes: bytes.to_vec() }
}

fn sealed(bytes: &[u8]) -> Sealed {
    seal(head(), &content(bytes), &public(2), &public(1)).unwrap()
}

/// The same deposit of another envelope: what somebody without the sender's key could write.
fn stated_anew(deposit: &Deposit, envelope: &str) -> Deposit {
    Deposit { sealed_hash: keccak256(envelope.as_bytes()), sealed_bytes: envelope.len() as u64, ..deposit.clone() }
}

// S-NET, MSG-3
#[test]
fn receiver_and_sender_open_it_and_nobody_else() {
    let Sealed { envelope, deposit } = sealed(b"Agreed on Tuesday.");
    check(&envelope, &deposit.statement).unwrap();
    for byte in [1, 2] {
        assert_eq!(open(&envelope, &deposit.statement, &secret(byte)), Ok(content(b"Agreed on Tuesday.")));
    }
    assert_eq!(open(&envelope, &deposit.statement, &secret(3)), Err(EnvelopeError::WrongKey));
    // Somebody who writes its own name over the receiver's still has no key that unwraps.
    let taken = envelope.replace(&public(2).thumbprint(), &public(3).thumbprint());
    let deposit = Deposit { sealed_to: public(3).thumbprint(), ..stated_anew(&deposit.statement, &taken) };
    assert_eq!(open(&taken, &deposit, &secret(3)), Err(EnvelopeError::Altered));
}

// S-NET, MSG-3, MSG-10
#[test]
fn what_travels_holds_nothing_of_what_was_said() {
    let said = "Agreed on Tuesday: the bridge is closed.";
    let Sealed { envelope, .. } = sealed(said.as_bytes());
    let members: serde_json::Value = serde_json::from_str(&envelope).unwrap();
    let ciphertext = URL_SAFE_NO_PAD.decode(members["ciphertext"].as_str().unwrap()).unwrap();
    assert!(ciphertext.len() > said.len());
    for text in [said, "Minutes", "text/plain"] {
        // Without the last characters, which depend on what follows.
        let encoded = URL_SAFE_NO_PAD.encode(text);
        for found in [text, &encoded[..encoded.len() - 2]] {
            let is_in = |bytes: &[u8]| bytes.windows(found.len()).any(|window| window == found.as_bytes());
            assert!(!is_in(&ciphertext) && !is_in(envelope.as_bytes()), "{found} can be read");
        }
    }
}

// MSG-3
#[test]
fn an_envelope_belongs_to_one_message_alone() {
    let Sealed { envelope, deposit } = sealed(b"1");
    let mut other = deposit.statement.clone();
    other.head.from.address = Address::repeat_byte(9);
    assert_eq!(check(&envelope, &other), Err(EnvelopeError::Malformed("it is bound to another message")));
    let mut other = deposit.statement.clone();
    other.sealed_to = public(1).thumbprint();
    assert!(matches!(check(&envelope, &other), Err(EnvelopeError::Malformed(_))));
    assert_eq!(check(&sealed(b"1").envelope, &deposit.statement), Err(EnvelopeError::OtherEnvelope));
}

// MSG-3
#[test]
fn other_algorithms_and_members_are_refused() {
    let Sealed { envelope, deposit } = sealed(b"1");
    let protected = r#""protected":"eyJlbmMiOiJBMjU2R0NNIiwidHlwIjoiY2hhbmNlcnktbWVzc2FnZStqd2UifQ""#;
    assert!(envelope.contains(protected));
    for (from, to) in [
        ("ECDH-ES+A256KW", "ECDH-ES"),
        ("X25519", "P-256"),
        (protected, r#""protected":"eyJlbmMiOiJBMTI4R0NNIn0""#),
        (r#""tag":"#, r#""unprotected":{},"tag":"#),
        (r#""tag":""#, r#""tag":"AA"#),
    ] {
        let changed = envelope.replacen(from, to, 1);
        assert_ne!(changed, envelope, "{from}");
        let refused = check(&changed, &stated_anew(&deposit.statement, &changed));
        assert!(matches!(refused, Err(EnvelopeError::Malformed(_))), "{from} -> {to}: {refused:?}");
    }
}

// MSG-9
#[test]
fn what_is_too_large_is_not_sealed() {
    let seal = |content: &Content| seal(head(), content, &public(2), &public(1));
    let largest = seal(&content(&vec![7; MAX_CONTENT_BYTES])).unwrap();
    assert!(largest.envelope.len() <= MAX_ENVELOPE_BYTES);
    let what = |refused: Result<Sealed, EnvelopeError>| match refused {
        Err(EnvelopeError::TooLarge { what, .. }) => what,
        other => panic!("{other:?}"),
    };
    assert_eq!(what(seal(&content(&vec![7; MAX_CONTENT_BYTES + 1]))), "content");
    let mut long = content(b"");
    long.subject = "s".repeat(MAX_SUBJECT_BYTES + 1);
    assert_eq!(what(seal(&long)), "subject");
}

#[test]
fn a_key_of_small_order_is_refused() {
    let refused = seal(head(), &content(b""), &EncryptionPublicKey([0; 32]), &public(1));
    assert_eq!(refused, Err(EnvelopeError::WeakKey));
}

#[test]
fn a_content_does_not_print_itself() {
    assert_eq!(format!("{:?}", content(b"secret")), "Content { bytes: 6, .. }");
}

/// Sealed for two recipients by others, opened here by both.
fn is_opened(vector: &str) {
    #[derive(serde::Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Vector {
        receiver_secret: String,
        sender_secret: String,
        deposit: String,
        envelope: String,
        subject: String,
        media_type: String,
        content: String,
    }
    let vector: Vector = serde_json::from_str(vector).unwrap();
    let deposit = Stated::<Deposit>::read(&vector.deposit).unwrap();
    for secret in [vector.receiver_secret, vector.sender_secret] {
        let secret = StaticSecret::from(<[u8; 32]>::try_from(hex::decode(secret).unwrap()).unwrap());
        let opened = open(&vector.envelope, &deposit.statement, &secret).unwrap();
        assert_eq!((&opened.subject, &opened.media_type), (&vector.subject, &vector.media_type));
        assert_eq!(opened.bytes, vector.content.as_bytes());
    }
}

// MSG-3: npm's `jose`.
#[test]
fn what_jose_sealed_is_opened() {
    is_opened(include_str!("../../vectors/sealed-by-jose.json"));
}

// S-NET, MSG-3: `@chancery/client`, whose tests open both files too.
#[test]
fn what_the_client_in_typescript_sealed_is_opened() {
    is_opened(include_str!("../../vectors/sealed-by-typescript.json"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    // MSG-3
    #[test]
    fn whatever_is_sealed_is_opened(bytes in proptest::collection::vec(any::<u8>(), 0..2000)) {
        let Sealed { envelope, deposit } = sealed(&bytes);
        prop_assert_eq!(&open(&envelope, &deposit.statement, &secret(2)).unwrap().bytes, &bytes);
        prop_assert_eq!(&open(&envelope, &deposit.statement, &secret(1)).unwrap().bytes, &bytes);
        prop_assert!(open(&envelope, &deposit.statement, &secret(3)).is_err());
    }

    // MSG-3: under the sender's signature no byte changes; without it, nothing else comes out.
    #[test]
    fn every_altered_byte_is_refused(place in any::<proptest::sample::Index>(), bit in 0u8..7) {
        let Sealed { envelope, deposit } = sealed(b"Agreed on Tuesday.");
        let mut bytes = envelope.clone().into_bytes();
        let place = place.index(bytes.len());
        bytes[place] ^= 1 << bit;
        // Only ASCII becomes ASCII when one of its lower seven bits changes.
        let altered = String::from_utf8(bytes).unwrap();
        prop_assert_eq!(open(&altered, &deposit.statement, &secret(2)), Err(EnvelopeError::OtherEnvelope));
        if let Ok(opened) = open(&altered, &stated_anew(&deposit.statement, &altered), &secret(2)) {
            prop_assert_eq!(opened, content(b"Agreed on Tuesday."));
        }
    }

    #[test]
    fn nothing_from_outside_makes_it_panic(text in ".{0,300}") {
        let deposit = stated_anew(&sealed(b"").deposit.statement, &text);
        prop_assert!(check(&text, &deposit).is_err());
    }
}
