//! The .proto files name every operation of every door, and no other.

use std::collections::BTreeMap;

use chancery_doors::DESCRIPTORS;
use prost::Message as _;
use prost_types::FileDescriptorSet;

use crate::house::{House, offered};

// M-RP-12, DOORS-1
#[test]
fn the_proto_files_name_every_operation_of_every_door() {
    let files = FileDescriptorSet::decode(DESCRIPTORS).unwrap();
    let services: Vec<_> = files.file.iter().flat_map(|file| &file.service).collect();
    let named: BTreeMap<&str, Vec<&str>> = services
        .iter()
        .map(|service| (service.name(), service.method.iter().map(|rpc| rpc.name()).collect()))
        .collect();
    assert_eq!(offered(&House::new(0)).operations(), named);
    assert_eq!(named.len(), 19, "the twelve doors, six of them in two parts, and the process itself");
    for rpc in services.iter().flat_map(|service| &service.method) {
        assert_eq!((rpc.input_type(), rpc.output_type()), (".chancery.doors.v1.Call", ".chancery.doors.v1.Answer"));
        assert!(!rpc.client_streaming() && !rpc.server_streaming());
    }
}
