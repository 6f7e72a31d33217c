#![allow(clippy::unwrap_used)]

mod stream;

use std::collections::BTreeSet;

use alloy_primitives::{Address, B256};
use chancery_grpc::{DESCRIPTORS, r2d::Line as Message, u2s::AssetTrace as WireTrace};
use chancery_reference_points::{
    Code,
    data_search::{
        Asset, AssetAccess, AssetTrace, AssetVersion, DataOperation, MAX_TRACE_BYTES, MAX_TRACE_VERSIONS,
        OperationPlace,
    },
    read_right::ReadRight,
    source_data::MAX_OPERATIONS,
    trace::{HandOver, HandedBy, MAX_HAND_OVERS, Transfers},
};
use proptest::prelude::*;
use prost::Message as _;
use prost_types::FileDescriptorSet;

use super::{
    limits::MAX_ANSWER_BYTES,
    methods::{METHODS, find},
    reading::read,
};
use crate::{
    authorization::matrix,
    limits::{MAX_JSON_DEPTH, MAX_LINE_BYTES},
    lines,
};

// GRPC-3
#[test]
fn every_method_that_is_described_is_decided_by_a_row() {
    let files = FileDescriptorSet::decode(DESCRIPTORS).unwrap().file;
    let mut described = BTreeSet::new();
    for file in &files {
        for service in &file.service {
            let name = |method: &prost_types::MethodDescriptorProto| {
                format!("/{}.{}/{}", file.package(), service.name(), method.name())
            };
            described.extend(service.method.iter().map(name));
        }
    }
    let ours: BTreeSet<_> =
        METHODS.iter().map(|method| method.path.to_owned()).filter(|path| path.starts_with("/chancery.")).collect();
    assert_eq!(described, ours);
    for method in METHODS {
        assert!(matrix::find(method.row.0, method.row.1).is_some(), "{}", method.path);
    }
    assert_eq!(find("/chancery.r2d.v1.R2d/submit"), None);
    assert_eq!(find("/grpc.health.v1.Health/Watch"), None);
}

/// What is said in the .proto files, for whoever reads them there.
#[test]
fn every_message_and_field_is_documented() {
    let files = FileDescriptorSet::decode(DESCRIPTORS).unwrap().file;
    for file in files.iter().filter(|file| file.package().starts_with("chancery.")) {
        let comments = file.source_code_info.as_ref().unwrap().location.iter();
        let documented: BTreeSet<&[i32]> = comments
            .filter(|location| location.leading_comments.as_ref().is_some_and(|text| !text.trim().is_empty()))
            .map(|location| location.path.as_slice())
            .collect();
        // descriptor.proto: 4 are a file's messages and 2 a message's fields, 6 its services and 2 a service's methods.
        for (message, at) in file.message_type.iter().zip(0..) {
            assert!(documented.contains([4, at].as_slice()), "{}", message.name());
            for (field, place) in message.field.iter().zip(0..) {
                assert!(documented.contains([4, at, 2, place].as_slice()), "{}.{}", message.name(), field.name());
            }
        }
        for (service, at) in file.service.iter().zip(0..) {
            assert!(documented.contains([6, at].as_slice()), "{}", service.name());
            for (method, place) in service.method.iter().zip(0..) {
                assert!(documented.contains([6, at, 2, place].as_slice()), "{}", method.name());
            }
        }
    }
}

fn message(operations: impl IntoIterator<Item = impl AsRef<[u8]>>) -> Message {
    let operations = operations.into_iter().map(|one| one.as_ref().to_vec().into()).collect();
    Message { submission: "a.b.c".into(), operations }
}

/// The code of HTTP's line and that of the message, for the same operations.
fn codes(operations: &[String]) -> [Option<Code>; 2] {
    let line = format!("{{\"submission\":\"a.b.c\",\"operations\":[{}]}}", operations.join(","));
    let code = |line: lines::Line| line.err().map(|error| error.error.code());
    [code(lines::read(line.as_bytes())), code(read(message(operations)))]
}

fn nested(levels: usize) -> String {
    format!("{}{}", "[".repeat(levels), "]".repeat(levels))
}

proptest! {
    // GRPC-2
    #[test]
    fn a_message_is_read_as_a_line_is(
        levels in proptest::collection::vec(0_usize..40, 1..4), broken in any::<bool>(), text in "[a-z{}\\[\\]\"\\\\]{0,12}",
    ) {
        let quoted = serde_json::to_string(&text).unwrap();
        let mut operations: Vec<String> = levels.into_iter().map(|levels| match levels {
            0 => quoted.clone(),
            levels => nested(levels),
        }).collect();
        if broken {
            operations.push(format!("{{{quoted}}}"));
        }
        let [line, message] = codes(&operations);
        prop_assert_eq!(line, message, "{:?}", operations);
    }
}

proptest! {
    // GRPC-5
    #[test]
    fn no_bytes_break_the_reading(bytes in proptest::collection::vec(any::<u8>(), 0..300), operation in proptest::collection::vec(any::<u8>(), 0..60)) {
        if let Ok(message) = Message::decode(bytes.as_slice()) {
            let _ = read(message);
        }
        let _ = read(message([operation]));
    }
}

// GRPC-2
#[test]
fn what_could_not_stand_in_a_line_is_refused_by_its_place() {
    assert_eq!(codes(&[nested(MAX_JSON_DEPTH - 2)]), [None; 2]);
    assert_eq!(codes(&[nested(MAX_JSON_DEPTH - 1)]), [Some(Code::MalformedRequest); 2]);
    let bad: [&[u8]; 8] = [b"", b" {}", b"{} ", b"{}\n", b"{}{}", b"{},{}", b"{\"a\":\"\xff\"}", b"{]"];
    for operation in bad {
        let error = read(message([b"{}".as_slice(), operation])).unwrap_err().error;
        assert_eq!(
            (error.code(), error.members()["member"].as_str()),
            (Code::MalformedRequest, Some("operations[1]")),
            "{operation:?}"
        );
    }
}

// GRPC-2, GRPC-5
#[test]
fn more_operations_than_a_submission_has_are_refused_before_they_wait_for_the_door() {
    let many = |count: usize| vec!["1".to_owned(); count];
    assert_eq!(codes(&many(MAX_OPERATIONS)), [None; 2]);
    assert_eq!(codes(&many(MAX_OPERATIONS + 1)), [Some(Code::BodyTooLarge); 2]);
    let mut broken = many(MAX_OPERATIONS + 1);
    broken.push("{".to_owned());
    assert_eq!(codes(&broken), [Some(Code::MalformedRequest); 2]);
}

// GRPC-4: the door refuses a larger trace, so that none is without a name.
#[test]
fn the_largest_trace_fits_into_an_answer() {
    let asset = Asset { organization: "a".repeat(256), format: "f".repeat(32), subject: "s".repeat(256) };
    let mut operation = DataOperation {
        at: OperationPlace { place: u64::MAX, index: u32::MAX },
        digest: B256::repeat_byte(1),
        name: B256::repeat_byte(2),
        source: Address::repeat_byte(3),
        organization: asset.organization.clone(),
        format: asset.format.clone(),
        format_version: u32::MAX,
        access: serde_json::from_str("\"restricted\"").unwrap(),
        right: ReadRight::SameOrganization,
        accepted_at: u64::MAX,
        operation: String::new(),
    };
    operation.operation = "x".repeat(MAX_TRACE_BYTES / MAX_TRACE_VERSIONS - operation.bytes());
    let versions = (1..=MAX_TRACE_VERSIONS as u64)
        .map(|version| AssetVersion { version: u64::MAX - version, operation: operation.clone() })
        .collect();
    let access = AssetAccess { time: u64::MAX, by: Some(Address::ZERO), service: "data.search".into() };
    let finding = format!("version {} (place {}) does not follow the one before it", u64::MAX, u64::MAX);
    let hand_over = HandOver {
        of: Address::ZERO,
        from: Some("k".repeat(43)),
        to: Some("k".repeat(43)),
        at: u64::MAX,
        how: HandedBy::Registration,
        recorded: None,
    };
    let trace = AssetTrace {
        asset,
        versions,
        older: Some(operation.at),
        rights: Vec::new(),
        transfers: Transfers::never("DATA-10", &"r".repeat(256), vec![hand_over; MAX_HAND_OVERS]),
        accesses: vec![access; 1000],
        cut: true,
        findings: vec![finding; MAX_TRACE_VERSIONS],
    };
    let bytes = WireTrace::from(trace).encoded_len();
    assert!((MAX_TRACE_BYTES / 2..MAX_ANSWER_BYTES).contains(&bytes), "{bytes}");
}

// GRPC-5
#[test]
fn a_line_has_the_same_bound_at_every_door() {
    let fill = |bytes: usize| format!("\"{}\"", "x".repeat(bytes - 2));
    assert!(read(message([fill(MAX_LINE_BYTES - 5)])).is_ok());
    for operations in [vec![fill(MAX_LINE_BYTES - 4)], vec![fill(MAX_LINE_BYTES / 2), fill(MAX_LINE_BYTES / 2)]] {
        let error = read(message(operations)).unwrap_err().error;
        assert_eq!(
            (error.code(), error.members()["limit"].as_u64()),
            (Code::BodyTooLarge, Some(MAX_LINE_BYTES as u64))
        );
    }
}
