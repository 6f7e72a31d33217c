//! Headers: linked ones, ones that are none, ones that the certificate is not of, rounds that contradict.
use alloy_consensus::Header;
use alloy_primitives::{B256, Bytes, keccak256};
use chancery_light::FinalityProof;
use commonware_codec::Encode;
use commonware_consensus::{
    simplex::types::Proposal,
    types::{Epoch, Round, View},
};

use super::{Case, FOUR, with_certificate};
use crate::support::{Digest, TestChain, extra_data, rlp};

/// Where the number stands in a header of these chains, and its first byte being its only one.
const NUMBER_AT: usize = 449;

pub(crate) fn cases(chain: &TestChain) -> Vec<Case> {
    [linked(chain), other_headers(chain), malformed(chain), rounds(chain)].into_iter().flatten().collect()
}

fn case(name: &str, expect: &str, proof: FinalityProof) -> Case {
    Case::new(FOUR, name, expect, proof)
}

/// The first block with another `extraData`, finalised by a quorum in the given round.
fn certified(chain: &TestChain, extra: Bytes, epoch: u64, view: u64, parent: u64) -> FinalityProof {
    let header = Header { extra_data: extra, ..chain.blocks[0].clone() };
    let round = Round::new(Epoch::new(epoch), View::new(view));
    let proposal = Proposal::new(round, View::new(parent), Digest::from(header.hash_slow().0));
    let certificate = chain.validators.finalize(&chain.namespace(), &proposal, &[0, 1, 3]);
    FinalityProof {
        header: rlp(&header),
        certificate: certificate.encode().to_vec().into(),
        descendants: vec![],
        handovers: vec![],
    }
}

fn linked(chain: &TestChain) -> Vec<Case> {
    let linked = FinalityProof {
        header: rlp(&chain.blocks[0]),
        descendants: vec![rlp(&chain.blocks[1]), rlp(&chain.blocks[2])],
        certificate: chain.certificate(3, &[1, 2, 3]),
        handovers: vec![],
    };
    // Everything is genuine but the first header, which has the right number and is no parent of the second.
    let forged = Header { state_root: keccak256("another state"), ..chain.blocks[0].clone() };
    let forged_parent = FinalityProof {
        header: rlp(&forged),
        descendants: vec![rlp(&chain.blocks[1])],
        certificate: chain.certificate(2, &[0, 1, 3]),
        handovers: vec![],
    };
    // A block whose number leaps, which its validators would never sign.
    let leap = Header { number: 3, ..chain.blocks[1].clone() };
    let gap = FinalityProof { descendants: vec![rlp(&chain.blocks[2])], ..linked.clone() };
    let leap = FinalityProof { descendants: vec![rlp(&leap)], ..linked.clone() };
    let backwards =
        FinalityProof { header: rlp(&chain.blocks[1]), descendants: vec![rlp(&chain.blocks[0])], ..linked.clone() };
    let unlinked = FinalityProof { descendants: vec![], ..linked.clone() };
    let garbage = FinalityProof { descendants: vec![Bytes::from_static(&[0xc0])], ..linked.clone() };
    vec![
        case("finalised through a descendant", "ok", linked),
        case("a linking header is missing", "HeaderLinkBroken", gap),
        case("a forged block before a final one", "HeaderLinkBroken", forged_parent),
        case("a number is left out", "HeaderLinkBroken", leap),
        case("headers in the wrong order", "HeaderLinkBroken", backwards),
        case("linking headers are missing", "HeaderHashMismatch", unlinked),
        case("a linking header is no header", "HeaderMalformed/NotAHeader", garbage),
    ]
}

fn other_headers(chain: &TestChain) -> Vec<Case> {
    let valid = chain.finality(1);
    let altered = Header { state_root: keccak256("another state"), ..chain.blocks[0].clone() };
    let other_block = FinalityProof { certificate: chain.certificate(2, &[0, 1, 3]), ..valid.clone() };
    let altered = FinalityProof { header: rlp(&altered), ..valid };
    vec![
        case("the certificate of another block", "HeaderHashMismatch", other_block),
        case("another state root in the header", "HeaderHashMismatch", altered),
    ]
}

/// Malformed headers, most of them signed by a quorum all the same: the form counts, not the signature alone.
fn malformed(chain: &TestChain) -> Vec<Case> {
    let valid = chain.finality(1);
    let header = |change: &dyn Fn(&mut Vec<u8>)| {
        let mut bytes = valid.header.to_vec();
        change(&mut bytes);
        FinalityProof { header: bytes.into(), ..valid.clone() }
    };
    let longer = |bytes: &mut Vec<u8>, by: u8| bytes[2] += by;
    let extra = |change: &dyn Fn(&mut Vec<u8>)| {
        let mut bytes = extra_data(0, 1, 0, 250).to_vec();
        change(&mut bytes);
        certified(chain, bytes.into(), 0, 1, 0)
    };
    let not_a_header = "HeaderMalformed/NotAHeader";
    vec![
        case("header is empty", not_a_header, header(&Vec::clear)),
        case("header is truncated", not_a_header, header(&|bytes| bytes.truncate(bytes.len() - 1))),
        case("header is followed by a byte", not_a_header, header(&|bytes| bytes.push(0))),
        case("header is longer than one can be", "HeaderMalformed/TooLong", header(&|bytes| bytes.resize(2049, 0))),
        case("header is a string", not_a_header, header(&|bytes| bytes[0] = 0xb9)),
        case(
            "number with a leading zero",
            not_a_header,
            header(&|bytes| {
                bytes.splice(NUMBER_AT..=NUMBER_AT, [0x82, 0, 1]);
                longer(bytes, 2);
            }),
        ),
        case(
            "number of one byte with a prefix",
            not_a_header,
            header(&|bytes| {
                bytes.splice(NUMBER_AT..=NUMBER_AT, [0x81, 1]);
                longer(bytes, 1);
            }),
        ),
        case("number zero as a byte", not_a_header, header(&|bytes| bytes[NUMBER_AT] = 0)),
        case(
            "number of 72 bits",
            not_a_header,
            header(&|bytes| {
                bytes.splice(NUMBER_AT..=NUMBER_AT, [0x89, 1, 0, 0, 0, 0, 0, 0, 0, 0]);
                longer(bytes, 9);
            }),
        ),
        case(
            "parent hash of 31 bytes",
            not_a_header,
            header(&|bytes| {
                bytes.splice(3..5, [0x9f]);
                bytes[2] -= 1;
            }),
        ),
        case("extraData of 31 bytes", not_a_header, extra(&|bytes| bytes.truncate(31))),
        case("extraData of another version", "HeaderMalformed/ExtraDataVersion", extra(&|bytes| bytes[0] = 2)),
        case(
            "extraData with 1000 milliseconds",
            "HeaderMalformed/ExtraDataMillisecond",
            extra(&|bytes| {
                bytes[21..23].copy_from_slice(&1000u16.to_be_bytes());
            }),
        ),
        case(
            "extraData with bytes where zeros belong",
            "HeaderMalformed/ExtraDataReserved",
            extra(&|bytes| bytes[31] = 1),
        ),
        case(
            "extraData is a hash, as in a genesis",
            "HeaderMalformed/ExtraDataVersion",
            extra(&|bytes| {
                bytes.copy_from_slice(B256::repeat_byte(0xab).as_slice());
            }),
        ),
    ]
}

fn rounds(chain: &TestChain) -> Vec<Case> {
    let valid = chain.finality(1);
    let first = || chain.blocks[0].extra_data.clone();
    vec![
        case("an epoch, and views of several bytes", "ok", certified(chain, extra_data(5, 300, 299, 999), 5, 300, 299)),
        case(
            "the largest numbers",
            "ok",
            certified(
                chain,
                extra_data(u32::MAX, u64::MAX, u64::MAX - 1, 0),
                u64::from(u32::MAX),
                u64::MAX,
                u64::MAX - 1,
            ),
        ),
        case("proposed again in a later view", "ok", certified(chain, first(), 0, 7, 1)),
        case("another epoch than the header's", "RoundMismatch/OtherEpoch", certified(chain, first(), 1, 1, 0)),
        case(
            "an epoch that equals the header's in its lowest 32 bits",
            "RoundMismatch/OtherEpoch",
            certified(chain, first(), 1 << 32, 1, 0),
        ),
        case(
            "an earlier view than the header's",
            "RoundMismatch/FinalBeforeProposed",
            certified(chain, extra_data(0, 5, 3, 0), 0, 4, 3),
        ),
        case(
            "another parent view than the header's",
            "RoundMismatch/OtherParentView",
            certified(chain, extra_data(0, 5, 3, 0), 0, 5, 4),
        ),
        case(
            "the epoch of the certificate altered",
            "RoundMismatch/OtherEpoch",
            with_certificate(&valid, |bytes| bytes[0] = 1),
        ),
        case(
            "the view of the certificate altered",
            "RoundMismatch/FinalBeforeProposed",
            with_certificate(&valid, |bytes| bytes[1] = 0),
        ),
        case(
            "the parent view of the certificate altered",
            "RoundMismatch/OtherParentView",
            with_certificate(&valid, |bytes| bytes[2] = 1),
        ),
    ]
}
