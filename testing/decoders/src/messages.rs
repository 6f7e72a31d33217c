//! Sealed messages: statements, envelopes, files of proofs.

use std::sync::LazyLock;

use alloy_primitives::keccak256;
use chancery_certificates::keys::PersonKeys;
use chancery_messages::{
    envelope,
    proof::MessageProof,
    statement::{Acknowledgement, Deposit, Stated, Statement},
};
use serde::Deserialize;

#[derive(Deserialize)]
struct Vector {
    deposit: String,
    envelope: String,
}

struct Known {
    vector: Vector,
    deposit: Deposit,
    stranger: PersonKeys,
}

static KNOWN: LazyLock<Known> = LazyLock::new(|| {
    let vector: Vector =
        serde_json::from_str(include_str!("../../../crates/messages/vectors/sealed-by-jose.json")).unwrap();
    let deposit = Stated::<Deposit>::read(&vector.deposit).unwrap().statement;
    let stranger = PersonKeys::from_phrase("test test test test test test test test test test test junk").unwrap();
    Known { vector, deposit, stranger }
});

/// A statement that reads says the same when it is written; an envelope opens for nobody to whom it was not sealed.
pub fn check(data: &[u8]) {
    let Some((kind, data)) = data.split_first() else { return };
    match kind % 4 {
        0 => statement::<Deposit>(data),
        1 => statement::<Acknowledgement>(data),
        2 => changed(data),
        _ => proof(data),
    }
}

fn statement<S: Statement + PartialEq + std::fmt::Debug>(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let Ok(read) = Stated::<S>::read(text) else { return };
    let _ = (read.digest(), read.verify(data).is_ok());
    let written = Stated::write(read.statement).unwrap();
    assert_eq!(Stated::<S>::read(&written.text).unwrap(), written);
}

/// The envelope of the vector with some of its characters changed, under a deposit that names what came out.
fn changed(changes: &[u8]) {
    let mut bytes = KNOWN.vector.envelope.clone().into_bytes();
    for change in changes.chunks_exact(3) {
        let at = usize::from(u16::from_be_bytes([change[0], change[1]])) % bytes.len();
        bytes[at] = change[2];
    }
    let Ok(text) = String::from_utf8(bytes) else { return };
    let deposit =
        Deposit { sealed_hash: keccak256(text.as_bytes()), sealed_bytes: text.len() as u64, ..KNOWN.deposit.clone() };
    let _ = envelope::check(&text, &deposit);
    assert!(envelope::open(&text, &deposit, KNOWN.stranger.encryption_secret()).is_err(), "a stranger opens a message");
    let is_known = text == KNOWN.vector.envelope;
    assert_eq!(envelope::check(&text, &KNOWN.deposit).is_ok(), is_known, "another envelope passes for the signed one");
}

fn proof(data: &[u8]) {
    let Ok(read) = MessageProof::from_json(data) else { return };
    let written = serde_json::to_vec(&read).unwrap();
    assert!(MessageProof::from_json(&written).unwrap() == read);
}

/// The vector's statement and envelope, an acknowledgement, a proof without finality.
#[must_use]
pub fn seeds() -> Vec<Vec<u8>> {
    let tagged = |kind: u8, text: &str| [&[kind][..], text.as_bytes()].concat();
    let (hash, address) = (format!("0x{}", "d1".repeat(32)), format!("0x{}", "5a".repeat(20)));
    let acknowledgement = serde_json::json!({
        "version": 1, "chainId": 7100, "message": hash, "deposit": hash,
        "by": { "organization": "RECEIVER-1", "address": address }, "received": 1_795_230_060,
    });
    let recorded = serde_json::json!({ "chain": "main", "txHash": hash, "blockNumber": 7, "blockHash": hash });
    let proof = serde_json::json!({
        "version": 1,
        "deposit": {
            "statement": KNOWN.vector.deposit, "signature": "0x1b", "siblings": [hash], "root": hash, "recorded": recorded, "proof": null,
        },
    });
    vec![
        tagged(0, &KNOWN.vector.deposit),
        tagged(1, &acknowledgement.to_string()),
        tagged(2, ""),
        tagged(2, "\0\0A"),
        tagged(3, &proof.to_string()),
    ]
}
