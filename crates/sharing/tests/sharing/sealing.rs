//! SHARE-5, SHARE-6, SHARE-7: what was sealed opens as it was, and nothing else does.
#![allow(missing_docs, clippy::unwrap_used)]

use std::io::{Read, Write};

use alloy_primitives::Address;
use chancery_sharing::sealing::{
    CHUNK_BYTES, DataKey, HEADER_BYTES, KeyError, KeyPlace, OpeningReader, ReaderSecret, SealingWriter, TAG_BYTES,
};
use proptest::prelude::*;
use ring::digest::{SHA256, digest};

fn seal(plain: &[u8], key: &DataKey) -> Vec<u8> {
    let mut writer = SealingWriter::new(Vec::new(), key).unwrap();
    for piece in plain.chunks(40_000) {
        writer.write_all(piece).unwrap();
    }
    let (bytes, sealed) = writer.finish().unwrap();
    assert_eq!(sealed.bytes, bytes.len() as u64);
    assert_eq!(sealed.fingerprint.0, digest(&SHA256, &bytes).as_ref());
    bytes
}

fn open(sealed: &[u8], key: &DataKey) -> Option<Vec<u8>> {
    let mut plain = Vec::new();
    OpeningReader::new(sealed, key).ok()?.read_to_end(&mut plain).ok()?;
    Some(plain)
}

#[test]
fn files_of_every_length_around_a_chunk_open_as_they_were() {
    let key = DataKey::random().unwrap();
    for length in [0, 1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 2 * CHUNK_BYTES, 40 * CHUNK_BYTES + 7] {
        let plain: Vec<u8> = (0..length).map(|index| (index % 251) as u8).collect();
        assert_eq!(open(&seal(&plain, &key), &key).unwrap(), plain, "{length} bytes");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn any_changed_byte_is_refused(length in 0usize..200_000, at in any::<prop::sample::Index>(), flip in 1u8..) {
        let key = DataKey::random().unwrap();
        let mut sealed = seal(&vec![7; length], &key);
        let index = at.index(sealed.len());
        sealed[index] ^= flip;
        prop_assert!(open(&sealed, &key).is_none());
    }
}

#[test]
fn a_file_that_was_cut_extended_or_put_in_another_order_is_refused() {
    let key = DataKey::random().unwrap();
    let sealed = seal(&vec![1; 3 * CHUNK_BYTES], &key);
    let chunk = CHUNK_BYTES + TAG_BYTES;
    for cut in [0, HEADER_BYTES - 1, HEADER_BYTES, HEADER_BYTES + chunk, HEADER_BYTES + 2 * chunk, sealed.len() - 1] {
        assert!(open(&sealed[..cut], &key).is_none(), "cut at {cut}");
    }
    let swapped = [
        &sealed[..HEADER_BYTES],
        &sealed[HEADER_BYTES + chunk..HEADER_BYTES + 2 * chunk],
        &sealed[HEADER_BYTES..HEADER_BYTES + chunk],
        &sealed[HEADER_BYTES + 2 * chunk..],
    ]
    .concat();
    assert!(open(&swapped, &key).is_none());
    assert!(open(&[sealed.as_slice(), b"x"].concat(), &key).is_none());
    assert!(open(&sealed, &DataKey::random().unwrap()).is_none());
}

#[test]
fn a_data_key_opens_for_its_reader_at_its_place_alone() {
    let key = DataKey::random().unwrap();
    let reader = ReaderSecret::from_bytes(&[7; 32]).unwrap();
    let other = ReaderSecret::from_bytes(&[8; 32]).unwrap();
    let place = KeyPlace { asset: Address::repeat_byte(1), key_epoch: 1, request: 1 };
    let mut sealed = key.seal_to(&reader.public(), &place).unwrap();
    assert_eq!(DataKey::open(&sealed, &reader, &place).unwrap().expose(), key.expose());
    for wrong in [
        KeyPlace { asset: Address::repeat_byte(2), ..place },
        KeyPlace { key_epoch: 2, ..place },
        KeyPlace { request: 2, ..place },
    ] {
        assert_eq!(DataKey::open(&sealed, &reader, &wrong).unwrap_err(), KeyError::Refused);
    }
    assert_eq!(DataKey::open(&sealed, &other, &place).unwrap_err(), KeyError::Refused);
    assert_eq!(DataKey::open(&sealed[1..], &reader, &place).unwrap_err(), KeyError::Malformed);
    sealed[40] ^= 1;
    assert_eq!(DataKey::open(&sealed, &reader, &place).unwrap_err(), KeyError::Refused);
}

struct FullDisk;

impl Write for FullDisk {
    fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
        Err(std::io::ErrorKind::StorageFull.into())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_full_disk_is_named() {
    // 8 chunks wait for the end; 400 are more than may wait, so that writing itself notices.
    for chunks in [8, 400] {
        let mut writer = SealingWriter::new(FullDisk, &DataKey::random().unwrap()).unwrap();
        let error = match writer.write_all(&vec![0; chunks * CHUNK_BYTES]) {
            Err(error) => error,
            Ok(()) => writer.finish().err().unwrap().into(),
        };
        assert_eq!(error.kind(), std::io::ErrorKind::StorageFull, "{chunks} chunks");
    }
}
