//! X.509 certificates that a peer shows in a handshake between nodes of an alliance (`docs/specs/alliance.md`, "X.509 and TLS").

use std::sync::LazyLock;

use alloy_primitives::{Address, B256, Bytes};
use chancery_bridge::{
    key::NodeKey,
    tls::{Claim, NodeCertificate, make_credentials},
};

use crate::patches;

/// Until 2049 a time of X.509 has two digits for the year.
const TIMES: [(u64, u64); 2] = [(1_790_000_000, 1_790_600_000), (2_600_000_000, 2_600_600_000)];
/// Of the whole certificate: what is changed piece by piece, so that lengths around it can stay right.
const PIECES: usize = 64;

struct Known {
    der: Vec<u8>,
    read: NodeCertificate,
}

/// With another TLS key in each run; what is said of them is the same.
static KNOWN: LazyLock<Vec<Known>> = LazyLock::new(|| {
    let identity = NodeKey::from_hex(&"5e".repeat(32)).unwrap();
    let made = TIMES.map(|times| {
        let claim = Claim {
            chain_id: 7100,
            contract: Address::repeat_byte(0xa1),
            genesis_hash: B256::repeat_byte(0x1c),
            member: B256::right_padding_from(b"bank"),
            key: identity.address(),
            identity: 1,
            transaction: Some(2),
        };
        let text = make_credentials(&claim, B256::right_padding_from(b"node 1"), times, &identity).unwrap();
        let der = certificate_of(&text);
        let read = NodeCertificate::read(&der).unwrap();
        assert_eq!((read.claim, read.not_before, read.not_after), (claim, times.0, times.1));
        Known { der, read }
    });
    made.into()
});

/// Whatever is shown, it says nothing but what the two keys have signed: nobody else has them.
pub fn check(data: &[u8]) {
    hold(data);
    let Some((case, changes)) = data.split_first() else { return };
    let known = &KNOWN[usize::from(*case) % KNOWN.len()];
    let mut pieces: Vec<Bytes> =
        known.der.chunks(known.der.len().div_ceil(PIECES)).map(Bytes::copy_from_slice).collect();
    patches::apply(changes, &mut pieces.iter_mut().collect::<Vec<_>>());
    let whole: Vec<u8> = pieces.iter().flat_map(|piece| piece.iter().copied()).collect();
    hold(&whole);
}

fn hold(der: &[u8]) {
    if let Ok(read) = NodeCertificate::read(der) {
        assert!(KNOWN.iter().any(|known| known.read == read), "a certificate says what nobody has signed: {read:?}");
    }
}

/// The certificate of a node's file (RFC 7468).
fn certificate_of(pem: &str) -> Vec<u8> {
    let (_, behind) = pem.split_once("-----BEGIN CERTIFICATE-----").unwrap();
    let (text, _) = behind.split_once("-----END CERTIFICATE-----").unwrap();
    let digit = |letter: u8| match letter {
        b'A'..=b'Z' => Some(letter - b'A'),
        b'a'..=b'z' => Some(letter - b'a' + 26),
        b'0'..=b'9' => Some(letter - b'0' + 52),
        b'+' => Some(62),
        b'/' => Some(63),
        _ => None,
    };
    let digits: Vec<_> = text.bytes().filter_map(digit).collect();
    let group = |four: &[u8]| {
        let bits = four.iter().fold(0_u32, |bits, digit| bits << 6 | u32::from(*digit)) << (6 * (4 - four.len()));
        bits.to_be_bytes()[1..four.len()].to_vec()
    };
    digits.chunks(4).flat_map(group).collect()
}

/// Both certificates whole, and changes of them.
#[must_use]
pub fn seeds() -> Vec<Vec<u8>> {
    let mut seeds: Vec<_> = KNOWN.iter().map(|known| known.der.clone()).collect();
    for case in 0..2 {
        seeds.extend(patches::seeds(63).into_iter().map(|changes| [&[case][..], &changes].concat()));
    }
    seeds
}
