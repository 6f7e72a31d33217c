//! Certificates: genuine ones, ones whose bytes are wrong, ones that nobody or the wrong ones signed.
use alloy_primitives::keccak256;
use chancery_light::{FinalityProof, finality_namespace, quorum};
use commonware_codec::Encode;

use super::{BITMAP_AT, Case, FOUR, with_certificate, with_signature};
use crate::support::{CHAIN_ID, TestChain, TestFinalization, Validators, points, proposal, rlp};

fn encoded(certificate: &TestFinalization) -> alloy_primitives::Bytes {
    certificate.encode().to_vec().into()
}

/// Everybody, a quorum without the first validators, and one validator less.
pub(crate) fn genuine(place: usize, chain: &TestChain) -> Vec<Case> {
    let size = chain.essentials.validators.len();
    let quorum = quorum(size);
    let signed_by = |signers: &[usize]| FinalityProof {
        header: rlp(&chain.blocks[0]),
        certificate: chain.certificate(1, signers),
        descendants: vec![],
        handovers: vec![],
    };
    let last = |count: usize| (size - count..size).collect::<Vec<_>>();
    let mut cases =
        vec![Case::new(place, &format!("all of {size} signed"), "ok", signed_by(&(0..size).collect::<Vec<_>>()))];
    if quorum < size {
        cases.push(Case::new(place, &format!("{quorum} of {size} signed"), "ok", signed_by(&last(quorum))));
        // The consensus library makes no certificate below the quorum: the bit of one who signed is cleared, and his
        // signature is not in the sum either.
        let below = with_signature(
            &with_certificate(&signed_by(&last(quorum)), |bytes| {
                let dropped = size - quorum;
                bytes[BITMAP_AT + dropped / 8] &= !(1 << (dropped % 8));
            }),
            &chain.signature(1, &last(quorum - 1)),
        );
        cases.push(Case::new(place, &format!("{} of {size} signed", quorum - 1), "BelowQuorum", below));
    }
    cases
}

/// Bytes that are no certificate, or none of this set.
pub(crate) fn malformed(chain: &TestChain, ten: &TestChain) -> Vec<Case> {
    let valid = chain.finality(1);
    let of_ten = FinalityProof {
        header: rlp(&ten.blocks[0]),
        certificate: ten.certificate(1, &[0, 1, 2, 3, 4, 5, 6]),
        descendants: vec![],
        handovers: vec![],
    };
    let case =
        |name, expect, change: &dyn Fn(&mut Vec<u8>)| Case::new(FOUR, name, expect, with_certificate(&valid, change));
    let more_validators =
        FinalityProof { certificate: TestChain::new(CHAIN_ID, 7).certificate(1, &[0, 1, 2, 3, 4]), ..valid.clone() };
    let more_validators = with_certificate(&more_validators, |bytes| {
        bytes[3..35].copy_from_slice(chain.blocks[0].hash_slow().as_slice());
    });
    vec![
        case("empty", "CertificateMalformed/Truncated", &Vec::clear),
        case("truncated", "CertificateMalformed/Truncated", &|bytes| bytes.truncate(bytes.len() - 1)),
        case("a byte too many", "CertificateMalformed/BytesFollow", &|bytes| bytes.push(0)),
        case("longer than a certificate can be", "CertificateMalformed/TooLong", &|bytes| bytes.resize(199, 0)),
        case("view not in its shortest form", "CertificateMalformed/NumberNotShortest", &|bytes| {
            bytes.splice(1..2, [0x81, 0x00]);
        }),
        case("view of 65 bits", "CertificateMalformed/NumberTooLarge", &|bytes| {
            bytes.splice(1..2, [[0xff; 9].as_slice(), &[0x02]].concat());
        }),
        case("view of eleven bytes", "CertificateMalformed/NumberTooLarge", &|bytes| {
            bytes.splice(1..2, [[0x80; 10].as_slice(), &[0x01]].concat());
        }),
        case("set size of zero", "CertificateMalformed/SetSizeOutOfRange", &|bytes| bytes[BITMAP_AT - 1] = 0),
        case("set size of 257", "CertificateMalformed/SetSizeOutOfRange", &|bytes| {
            bytes[BITMAP_AT - 2..BITMAP_AT].copy_from_slice(&[1, 1]);
        }),
        case("bit beyond the validator set", "CertificateMalformed/BitBeyondSet", &|bytes| bytes[BITMAP_AT] |= 1 << 4),
        case("bitmap shorter than its set", "CertificateMalformed/Truncated", &|bytes| bytes[BITMAP_AT - 1] = 16),
        Case::new(
            3,
            "bitmap longer than its set",
            "CertificateMalformed/BytesFollow",
            with_certificate(&of_ten, |bytes| bytes[BITMAP_AT - 1] = 8),
        ),
        case("bitmap over a larger set", "UnknownValidator", &|bytes| bytes[BITMAP_AT - 1] = 5),
        case("bitmap over a smaller set", "UnknownValidator", &|bytes| {
            bytes[BITMAP_AT - 1] = 3;
            bytes[BITMAP_AT] = 0b0111;
        }),
        Case::new(FOUR, "certificate of a larger set", "UnknownValidator", more_validators),
        case("bitmap of nobody", "BelowQuorum", &|bytes| bytes[BITMAP_AT] = 0),
        case("bitmap leaves out one who signed", "BelowQuorum", &|bytes| bytes[BITMAP_AT] = 0b0011),
    ]
}

/// Certificates that are well formed but for the signature, and that the named validators did not sign.
pub(crate) fn forged_signatures(chain: &TestChain) -> Vec<Case> {
    let valid = chain.finality(1);
    let case =
        |name, expect, change: &dyn Fn(&mut Vec<u8>)| Case::new(FOUR, name, expect, with_certificate(&valid, change));
    let refused = |name, proof| Case::new(FOUR, name, "FinalitySignature", proof);
    let signed_as = |validators: &Validators, namespace: &[u8], proposal| FinalityProof {
        certificate: encoded(&validators.finalize(namespace, &proposal, &[0, 1, 3])),
        ..valid.clone()
    };
    let other_id = finality_namespace(CHAIN_ID + 1, chain.essentials.genesis_hash);
    let other_genesis = finality_namespace(CHAIN_ID, keccak256("another genesis"));
    let notarized = chain.validators.signature(&chain.namespace(), "_NOTARIZE", &chain.proposal(1), &[0, 1, 3]);
    let other_payload = proposal(1, 0, keccak256("another block"));
    let other_payload = with_certificate(&signed_as(&chain.validators, &chain.namespace(), other_payload), |bytes| {
        bytes[3..35].copy_from_slice(chain.blocks[0].hash_slow().as_slice());
    });
    let strangers = Validators::new(4, 99);
    let stranger_among_them = strangers.signature(&chain.namespace(), "_FINALIZE", &chain.proposal(1), &[3]);
    let outside = points::outside_the_subgroup_g2();
    let infinity = [&[0xc0][..], &[0; 95]].concat();
    vec![
        case("bitmap names one who did not sign", "FinalitySignature", &|bytes| bytes[BITMAP_AT] = 0b1111),
        case("bitmap names another who did not sign", "FinalitySignature", &|bytes| bytes[BITMAP_AT] = 0b0111),
        refused("signature of other signers", with_signature(&valid, &chain.signature(1, &[0, 1, 2]))),
        refused("one signature counted twice", with_signature(&valid, &chain.signature(1, &[0, 1, 1]))),
        refused("signature of one alone", with_signature(&valid, &chain.signature(1, &[0]))),
        refused("signed by strangers", signed_as(&strangers, &chain.namespace(), chain.proposal(1))),
        refused(
            "signed by a stranger for one of the validators",
            with_signature(&valid, &Validators::sum(&[chain.signature(1, &[0, 1]), stranger_among_them])),
        ),
        refused("signed for another chain", signed_as(&chain.validators, &other_id, chain.proposal(1))),
        refused("signed for another genesis", signed_as(&chain.validators, &other_genesis, chain.proposal(1))),
        refused("votes to notarise", with_signature(&valid, &notarized)),
        refused("signed for another block", other_payload),
        case("another round than the one signed", "FinalitySignature", &|bytes| bytes[1] = 2),
        case("signature with the sign of y flipped", "FinalitySignature", &|bytes| {
            let start = bytes.len() - 96;
            bytes[start] ^= 0x20;
        }),
        case("signature without the flag of compression", "CertificateMalformed/SignatureNotCompressed", &|bytes| {
            let start = bytes.len() - 96;
            bytes[start] ^= 0x80;
        }),
        Case::new(
            FOUR,
            "signature is the point at infinity",
            "CertificateMalformed/SignatureIsInfinity",
            with_signature(&valid, &infinity),
        ),
        case("signature is filled with ones", "CertificateMalformed/SignatureIsInfinity", &|bytes| {
            let start = bytes.len() - 96;
            bytes[start..].fill(0xff);
        }),
        case("signature beyond the field", "CertificateMalformed/SignatureNotOnCurve", &|bytes| {
            let start = bytes.len() - 96;
            bytes[start] |= 0x1f;
            bytes[start + 1..start + 48].fill(0xff);
        }),
        Case::new(
            FOUR,
            "signature outside the subgroup",
            "CertificateMalformed/SignatureNotInSubgroup",
            with_signature(&valid, &outside),
        ),
        flipped(&valid, "SignatureNotOnCurve"),
        flipped(&valid, "SignatureNotInSubgroup"),
    ]
}

/// One bit of the signature's x flipped, the first one whose result is (or is not) on the curve. It is never in the subgroup.
fn flipped(valid: &FinalityProof, reason: &str) -> Case {
    let wanted = reason == "SignatureNotInSubgroup";
    (0..96)
        .map(|back| {
            with_certificate(valid, |bytes| {
                let last = bytes.len() - 1;
                bytes[last - back] ^= 1
            })
        })
        .map(|proof| {
            Case::new(
                FOUR,
                &format!("one bit of the signature flipped ({reason})"),
                &format!("CertificateMalformed/{reason}"),
                proof,
            )
        })
        .find(|case| points::is_on_curve(&case.signature_point) == wanted)
        .unwrap()
}
