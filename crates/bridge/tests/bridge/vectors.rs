//! Messages and words of storage, in the file to which the contracts are held as well. `CHANCERY_BLESS=1` writes it.
use alloy_primitives::{Address, B256, Bytes};
use chancery_bridge::{
    alliance::{
        decision::Decision,
        message::{
            Attest, Endorse, Endorsement, Part, PartReference, Read, Request, Sequence, Write, endorsements_hash,
        },
        store::Outcome,
    },
    exchange::Receive,
};
use chancery_primitives::{SignedOperation, SigningDomain};
use serde_json::{Value, json};

const PATH: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/vectors/alliance.json");

fn word(byte: u8) -> B256 {
    B256::repeat_byte(byte)
}

fn parts() -> Vec<Part> {
    let full = Part {
        member: word(0x11),
        call: Bytes::from_static(b"pay"),
        reads: vec![Read { key: word(1), version: 0 }, Read { key: word(2), version: u64::MAX }],
        writes: vec![Write { key: word(2), value: word(9) }],
    };
    let empty = Part { member: word(0x22), call: Bytes::new(), reads: vec![], writes: vec![] };
    vec![full, empty]
}

fn vectors() -> Value {
    let domain = SigningDomain::new(7100, Address::repeat_byte(0xa1));
    let parts = parts();
    let request = Request {
        idempotency_key: word(0x33),
        certificate: 7,
        valid_until: 1_790_000_000,
        window: 60,
        parts: parts.iter().map(|part| PartReference { member: part.member, part_hash: part.hash() }).collect(),
    };
    request.check().unwrap();
    let endorsements = [
        Endorsement { certificate: 8, member: word(0x11), signature: Bytes::from(vec![0xab; 65]) },
        Endorsement { certificate: 9, member: word(0x22), signature: Bytes::new() },
    ];
    let endorsements_hash = endorsements_hash(&endorsements);
    let endorse = Endorse { request_hash: request.hash(), member: word(0x11), certificate: 8 };
    let sequence = Sequence { request_hash: request.hash(), endorsements_hash };
    let attest = Attest { number: 3, part_hash: parts[0].hash(), outcome: Outcome::Refused, certificate: 8 };
    let receive = Receive { number: 3, member: word(0x11), key: word(2), encryption_key: word(0x44), certificate: 8 };
    let mut decision = Decision::sequenced(1_790_000_000, 60, 3);
    let sequenced = decision.to_word();
    decision.prove(1, Some(Outcome::Reserved), 1_790_000_001).unwrap();
    json!({
        "domain": { "chainId": 7100, "verifyingContract": domain.verifying_contract },
        "parts": parts.iter().map(|part| json!({
            "member": part.member,
            "call": part.call,
            "readKeys": part.reads.iter().map(|read| read.key).collect::<Vec<_>>(),
            "readVersions": part.reads.iter().map(|read| B256::from(alloy_primitives::U256::from(read.version))).collect::<Vec<_>>(),
            "writeKeys": part.writes.iter().map(|write| write.key).collect::<Vec<_>>(),
            "writeValues": part.writes.iter().map(|write| write.value).collect::<Vec<_>>(),
            "hash": part.hash(),
        })).collect::<Vec<_>>(),
        "request": {
            "idempotencyKey": request.idempotency_key,
            "certificate": request.certificate,
            "validUntil": request.valid_until,
            "window": request.window,
            "hash": request.hash(),
        },
        "endorsements": endorsements.iter().map(|endorsement| json!({
            "certificate": endorsement.certificate,
            "member": endorsement.member,
            "signature": endorsement.signature,
        })).collect::<Vec<_>>(),
        "endorsementsHash": endorsements_hash,
        "endorseDigest": endorse.digest(&domain),
        "sequenceDigest": sequence.digest(&domain),
        "attestDigest": attest.digest(&domain),
        "receiveDigest": receive.digest(&domain),
        "words": { "sequenced": B256::from(sequenced), "onePrepared": B256::from(decision.to_word()) },
    })
}

#[test]
fn messages_and_words_are_those_of_the_file() {
    let mut vectors = vectors();
    // In one order, whatever features serde_json is built with.
    vectors.sort_all_objects();
    let text = format!("{}\n", serde_json::to_string_pretty(&vectors).unwrap());
    if std::env::var_os("CHANCERY_BLESS").is_some() {
        std::fs::create_dir_all(std::path::Path::new(PATH).parent().unwrap()).unwrap();
        std::fs::write(PATH, &text).unwrap();
    }
    assert!(std::fs::read_to_string(PATH).unwrap() == text, "CHANCERY_BLESS=1 writes {PATH}");
}
