#![allow(clippy::unwrap_used)]

use alloy_primitives::address;
use proptest::prelude::*;

use super::*;
use crate::values::{HexAddress, Timestamp};

const LONG: &str = "city.example:8080 wants you to sign in with your Ethereum account:
0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266

Sign in to the city's office.

URI: https://city.example:8080/wallet
Version: 1
Chain ID: 7100
Nonce: 0123456789abcdef
Issued At: 2026-11-21T03:00:00Z
Expiration Time: 2026-11-21T03:05:00Z
Not Before: 2026-11-21T03:00:00Z
Request ID: 7
Resources:
- https://city.example/terms
- did:ethr:0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266";

const SHORT: &str = "city.example wants you to sign in with your Ethereum account:
0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266


URI: https://city.example
Version: 1
Chain ID: 1
Nonce: 01234567
Issued At: 2026-11-21T03:00:00Z";

// By the grammar of EIP-4361.
#[test]
fn a_message_is_read_member_by_member() {
    let message = Message::parse(LONG).unwrap();
    assert_eq!(message.domain, "city.example:8080");
    assert_eq!(message.address.0, address!("f39Fd6e51aad88F6F4ce6aB8827279cffFb92266"));
    assert_eq!(message.statement.as_deref(), Some("Sign in to the city's office."));
    assert_eq!((message.uri.as_str(), message.chain_id), ("https://city.example:8080/wallet", 7100));
    assert_eq!(message.nonce, "0123456789abcdef");
    assert_eq!(message.issued_at, Timestamp::from_unix_seconds(1_795_230_000));
    assert_eq!(message.expiration_time, Some(Timestamp::from_unix_seconds(1_795_230_300)));
    assert_eq!(message.not_before, Some(message.issued_at));
    assert_eq!(message.request_id.as_deref(), Some("7"));
    assert_eq!(message.resources.len(), 2);
}

#[test]
fn what_is_written_is_what_was_read() {
    for text in [LONG, SHORT] {
        assert_eq!(Message::parse(text).unwrap().to_string(), text);
    }
    let short = Message::parse(SHORT).unwrap();
    assert_eq!((short.statement, short.expiration_time, short.resources.len()), (None, None, 0));
}

/// The line at which a message is refused when one text of it is replaced.
fn refused_at(text: &str, from: &str, to: &str) -> Option<usize> {
    assert!(text.contains(from), "{from}");
    match Message::parse(&text.replacen(from, to, 1)) {
        Err(MessageError::Line { line, .. }) => Some(line),
        Err(MessageError::TooLong) => panic!("too long"),
        Ok(_) => None,
    }
}

#[test]
fn every_line_is_read_strictly() {
    for (from, to, line) in [
        ("city.example:8080 wants", "https://city.example wants", 1),
        ("city.example:8080 wants", "lin@city.example wants", 1),
        ("city.example:8080 wants", " wants", 1),
        ("Ethereum", "ethereum", 1),
        ("0xf39Fd6", "0xF39Fd6", 2),
        ("0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266", "0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266", 2),
        ("92266\n\nSign", "92266\nSign", 3),
        ("office.\n", "office.\r\n", 4),
        ("office.\n", "office\u{2028}.\n", 4),
        ("office.\n\n", "office.\n", 5),
        ("office.\n\n", "office.\n\n\n", 6),
        ("URI: https", "URL: https", 6),
        ("URI: https://city.example:8080/wallet", "URI: wallet", 6),
        ("URI: https://city", "URI: https://ci ty", 6),
        ("Version: 1", "Version: 2", 7),
        ("Chain ID: 7100", "Chain ID: 07100", 8),
        ("Chain ID: 7100", "Chain ID: -1", 8),
        ("Chain ID: 7100", "Chain ID: 99999999999999999999", 8),
        ("Nonce: 0123456789abcdef", "Nonce: 0123456", 9),
        ("Nonce: 0123456789abcdef", "Nonce: 01234567-9abcdef", 9),
        ("Issued At: 2026-11-21T03", "Issued At: 2026-11-21 03", 10),
        ("Issued At: 2026-11-21T03:00:00Z", "Issued At: yesterday", 10),
        ("Expiration Time: 2026", "Expiration Time: late 2026", 11),
        ("Not Before: 2026", "Not Before: late 2026", 12),
        ("- https://city.example/terms", "- terms", 15),
        ("- did", "did", 16),
        ("Request ID: 7", "Request ID: 7\nRequest ID: 8", 14),
    ] {
        assert_eq!(refused_at(LONG, from, to), Some(line), "{from:?} -> {to:?}");
    }
    assert_eq!(
        Message::parse(&format!("{SHORT}\n")),
        Err(MessageError::Line { line: 10, expected: "the end of the message" })
    );
}

// The order of the EIP: a later line cannot be moved before an earlier one.
#[test]
fn the_optional_lines_have_their_order() {
    let swapped = "Not Before: 2026-11-21T03:00:00Z\nExpiration Time: 2026-11-21T03:05:00Z";
    let written = "Expiration Time: 2026-11-21T03:05:00Z\nNot Before: 2026-11-21T03:00:00Z";
    assert_eq!(refused_at(LONG, written, swapped), Some(12));
}

// What a person is shown must be one line: nothing in it can pass for the lines that follow.
#[test]
fn a_statement_cannot_forge_the_lines_after_it() {
    let forged = LONG.replacen("office.", "office.\n\nURI: https://elsewhere.example\nVersion: 1", 1);
    assert_eq!(
        Message::parse(&forged).unwrap_err().to_string().split(':').next(),
        Some("line 8 of the sign-in message")
    );
}

#[test]
fn a_message_is_bounded() {
    let long = format!("{LONG}\n- https://city.example/{}", "x".repeat(MAX_MESSAGE_LENGTH));
    assert_eq!(Message::parse(&long), Err(MessageError::TooLong));
    let mut many = SHORT.to_owned() + "\nResources:";
    for _ in 0..MAX_RESOURCES {
        many.push_str("\n- https://city.example");
    }
    assert_eq!(Message::parse(&many).unwrap().resources.len(), MAX_RESOURCES);
    assert!(Message::parse(&(many + "\n- https://city.example")).is_err());
}

proptest! {
    #[test]
    fn no_text_makes_the_reader_fail_otherwise_than_by_an_error(text in "\\PC{0,300}", at in 0_usize..700) {
        let _ = Message::parse(&text);
        if LONG.is_char_boundary(at.min(LONG.len())) {
            let (head, tail) = LONG.split_at(at.min(LONG.len()));
            let _ = Message::parse(&format!("{head}{text}{tail}"));
            let _ = Message::parse(head);
        }
    }

    #[test]
    fn whatever_is_written_is_read_again(
        domain in "[a-z0-9.-]{1,40}(:[1-9][0-9]{0,4})?",
        address: [u8; 20],
        statement in proptest::option::of("[A-Za-z0-9 .,:/?!-]{1,80}"),
        chain_id in 1_u64..,
        nonce in "[A-Za-z0-9]{8,64}",
        seconds in 0_u64..4_000_000_000,
        resources in proptest::collection::vec("[a-z]{1,8}:[a-z0-9/.]{1,20}", 0..8),
    ) {
        let message = Message {
            domain,
            address: HexAddress(address.into()),
            statement,
            uri: "https://city.example".into(),
            chain_id,
            nonce,
            issued_at: Timestamp::from_unix_seconds(seconds),
            expiration_time: Some(Timestamp::from_unix_seconds(seconds + 1)),
            not_before: None,
            request_id: None,
            resources,
        };
        prop_assert_eq!(Message::parse(&message.to_string()), Ok(message));
    }
}
