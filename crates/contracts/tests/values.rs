//! Points, names and refusals, as the contracts write them.
#![allow(clippy::unwrap_used, missing_docs)]

use alloy_primitives::hex;
use chancery_contracts::{
    PointError, TrustRefusal, organization_name, organization_text, uncompressed_g1, uncompressed_g2,
};

/// The generators, from RFC 9380's curve definitions (draft-irtf-cfrg-pairing-friendly-curves, 4.2.1).
const G1: [u8; 48] =
    hex!("97f1d3a73197d7942695638c4fa9ac0fc3688c4f9774b905a14e3a3f171bac586c55e83ff97a1aeffb3af00adb22c6bb");
const G1_Y: [u8; 48] =
    hex!("08b3f481e3aaa0f1a09e30ed741d8ae4fcf5e095d5d00af600db18cb2c04b3edd03cc744a2888ae40caa232946c5e7e1");

#[test]
fn a_key_has_x_and_y() {
    let point = uncompressed_g1(&G1).unwrap();
    assert_eq!(point.len(), 128);
    assert_eq!(point[..16], [0; 16]);
    assert_eq!(point[17..64], G1[1..]);
    assert_eq!(point[80..], G1_Y);
}

#[test]
fn a_signature_has_the_real_part_first() {
    let mut compressed = hex!(
        "13e02b6052719f607dacd3a088274f65596bd0d09920b61ab5da61bbdc7f5049334cf11213945d57e5ac7d055d042b7e"
        "024aa2b2f08f0a91260805272dc51051c6e47ad4fa403b02b4510b647ae3d1770bac0326a805bbefd48056c8c121bdb8"
    );
    let (c1, c0) = (compressed[..48].to_vec(), compressed[48..].to_vec());
    compressed[0] |= 0x80;
    let point = uncompressed_g2(&compressed).unwrap();
    assert_eq!(point.len(), 256);
    assert_eq!((&point[16..64], &point[80..128]), (c0.as_slice(), c1.as_slice()));
}

#[test]
fn what_is_no_point_is_refused() {
    assert_eq!(uncompressed_g1(&[0xff; 48]), Err(PointError));
    assert_eq!(uncompressed_g1(&G1[1..]), Err(PointError));
    assert_eq!(uncompressed_g2(&[0; 96]), Err(PointError));
}

#[test]
fn names_have_one_encoding_of_at_most_32_bytes() {
    let name = organization_name("Ministry of Health").unwrap();
    assert_eq!(organization_text(name), "Ministry of Health");
    assert_eq!(organization_text(organization_name(&"x".repeat(32)).unwrap()), "x".repeat(32));
    for refused in ["", "a\0b", &"x".repeat(33)] {
        assert_eq!(organization_name(refused), None, "{refused:?}");
    }
}

// TRUST-5: the member's number is the contract's.
#[test]
fn each_refusal_says_what_would_help() {
    let all: Vec<_> = (0..14).map(|number| TrustRefusal(number).to_string()).collect();
    assert!(all.iter().all(|text| !text.contains("not known here")));
    assert!(TrustRefusal(14).to_string().contains("not known here"));
    let voted: Vec<_> = (0..14).filter(|number| all[usize::from(*number)].contains("have voted")).collect();
    assert_eq!(voted, [TrustRefusal::ANCHOR_FROZEN.0]);
}
