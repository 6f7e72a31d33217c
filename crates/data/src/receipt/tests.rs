#![allow(clippy::unwrap_used)]

use alloy_primitives::{Address, FixedBytes};
use proptest::prelude::*;

use super::*;
use crate::Algorithm;

fn key(byte: u8) -> Signer {
    Signer::from_bytes(Algorithm::EdDsa, &[byte; 32]).unwrap()
}

fn receipt(place: u64) -> Receipt {
    Receipt {
        chain_id: 7100,
        place,
        digest: merkle::leaf_hash(&place.to_be_bytes()),
        source: Address::repeat_byte(2),
        key: FixedBytes::repeat_byte(3),
        count: 4,
        accepted_at: 1_795_230_000_000,
    }
}

/// The texts of receipts from a place on, under one signature.
fn group(first: u64, count: usize) -> Vec<String> {
    let receipts: Vec<Receipt> = (first..).take(count).map(receipt).collect();
    let signed = ReceiptSigner::new(key(1)).sign(&receipts).unwrap();
    (0..count).map(|index| signed.text(index).unwrap()).collect()
}

fn failed(text: &str) -> &'static str {
    Receipt::verify(text, &key(1).public_key()).unwrap_err().check()
}

/// The parts of a receipt of several: signed root, receipt, index, path.
fn parts(text: &str) -> [&str; 4] {
    text.split(SEPARATOR).collect::<Vec<_>>().try_into().unwrap()
}

proptest! {
    // DATA-12
    #[test]
    fn every_receipt_of_a_group_verifies_by_itself_and_under_no_other_key(first in 0..u64::MAX / 2, count in 1..=MAX_RECEIPTS) {
        for (place, text) in (first..).zip(group(first, count)) {
            prop_assert_eq!(Receipt::verify(&text, &key(1).public_key()), Ok(receipt(place)));
            let other = Receipt::verify(&text, &key(2).public_key()).unwrap_err();
            prop_assert_eq!(other.check(), "receipt-signature");
        }
    }

    // DATA-12
    #[test]
    fn a_changed_byte_is_refused_by_the_name_of_what_it_breaks(
        count in 1..=MAX_RECEIPTS, which in any::<prop::sample::Index>(), at in any::<prop::sample::Index>(), byte in 0x20..0x7f_u8,
    ) {
        let texts = group(9, count);
        let text = &texts[which.index(count)];
        let (mut altered, place) = (text.clone().into_bytes(), at.index(text.len()));
        prop_assume!(altered[place] != byte);
        altered[place] = byte;
        let in_root = text.find(SEPARATOR).is_none_or(|end| place < end);
        let expected = if in_root { "receipt-signature" } else { "receipt-in-group" };
        let check = failed(&String::from_utf8(altered).unwrap());
        prop_assert!(check == expected || check == "receipt-readable", "{check} for byte {place}");
    }

    // DATA-12
    #[test]
    fn a_receipt_moves_neither_to_another_group_nor_to_another_place_in_its_own(
        count in 2..=MAX_RECEIPTS, one in any::<prop::sample::Index>(), other in any::<prop::sample::Index>(),
    ) {
        let (here, there) = (group(0, count), group(1000, count));
        let (one, other) = (one.index(count), other.index(count));
        let ([root, payload, index, path], [elsewhere, ..]) = (parts(&here[one]), parts(&there[one]));
        prop_assert_eq!(failed(&[elsewhere, payload, index, path].join("~")), "receipt-in-group");
        prop_assume!(one != other);
        let [_, of_other, at_other, path_of_other] = parts(&here[other]);
        for moved in [
            [root, of_other, index, path],
            [root, payload, at_other, path],
            [root, payload, at_other, path_of_other],
        ] {
            prop_assert_eq!(failed(&moved.join("~")), "receipt-in-group");
        }
    }
}

// DATA-12: one form for each, so that a receipt has one text
#[test]
fn what_has_another_form_is_no_receipt() {
    let text = group(0, 3).remove(1);
    let [root, payload, index, path] = parts(&text);
    for (name, altered) in [
        ("a part too many", format!("{text}~")),
        ("a part too few", [root, payload, index].join("~")),
        ("a leading zero", [root, payload, "01", path].join("~")),
        ("a sign", [root, payload, "+1", path].join("~")),
        ("half a hash", [root, payload, index, &path[..path.len() - 2]].join("~")),
        ("too long", format!("{text}{}", "A".repeat(MAX_RECEIPT_BYTES))),
        ("a root alone", root.to_owned()),
        ("a receipt as a root", [group(0, 1)[0].as_str(), payload, index, path].join("~")),
    ] {
        assert_eq!(failed(&altered), "receipt-readable", "{name}");
    }
    let signer = ReceiptSigner::new(key(1));
    let too_many: Vec<Receipt> = (0..=MAX_RECEIPTS as u64).map(receipt).collect();
    assert!(signer.sign(&[]).is_err() && signer.sign(&too_many).is_err());
}

// DATA-12: as every receipt was before several were signed for at once
#[test]
fn a_receipt_that_is_signed_alone_is_a_jws() {
    let text = group(7, 1).remove(0);
    let jws = key(1).sign(&receipt(7), TYP).unwrap();
    assert_eq!(text, jws.text());
}

/// `vectors/receipts.json`, which the client in TypeScript is held to as well.
#[derive(serde::Deserialize)]
struct Vectors {
    jwk: crate::key::Jwk,
    receipts: Vec<Receipt>,
    alone: String,
    texts: Vec<String>,
    refused: Vec<Refused>,
}

#[derive(serde::Deserialize)]
struct Refused {
    name: String,
    receipt: String,
    expect: String,
}

// DATA-12
#[test]
fn receipts_have_the_texts_of_the_vectors_and_altered_they_are_refused_by_name() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors/receipts.json");
    let vectors: Vectors = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let public = PublicKey::from_jwk(&vectors.jwk).unwrap();
    assert_eq!(public, key(1).public_key());
    let signer = ReceiptSigner::new(key(1));
    let signed = signer.sign(&vectors.receipts).unwrap();
    for (index, (receipt, text)) in vectors.receipts.iter().zip(&vectors.texts).enumerate() {
        assert_eq!(signed.text(index).as_ref(), Some(text));
        assert_eq!(Receipt::verify(text, &public).as_ref(), Ok(receipt));
    }
    assert_eq!(vectors.texts.len(), vectors.receipts.len());
    let alone = signer.sign(&vectors.receipts[..1]).unwrap();
    assert_eq!((alone.text(0), alone.text(1)), (Some(vectors.alone.clone()), None));
    assert_eq!(Receipt::verify(&vectors.alone, &public).as_ref(), Ok(&vectors.receipts[0]));
    assert!(vectors.refused.len() > 10);
    for Refused { name, receipt, expect } in vectors.refused {
        assert_eq!(failed(&receipt), expect, "{name}");
    }
}
