//! The vectors that every implementation of the verifier shares: valid proofs and forged ones, each with the name of the
//! check that must refuse it. They are generated here from constants; `CHANCERY_BLESS=1 cargo test -p chancery-light`
//! rewrites the files, an ordinary run demands that they are unchanged and that this implementation agrees with them.
#![allow(clippy::unwrap_used, missing_docs)]

mod support;

use std::path::PathBuf;

use alloy_primitives::{Bytes, U256, keccak256};
use chancery_light::{
    ChainEssentials, FinalityCertificate, FinalityProof, ProofBundle, TrustedChain, VerifyError, finality_namespace,
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use support::{CHAIN_ID, TestChain, extra_data, rlp};

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Vectors<P> {
    description: String,
    chain: ChainEssentials,
    genesis_header: Bytes,
    /// Namespace of votes to finalise, the bytes that precede the message.
    namespace: Bytes,
    cases: Vec<Case<P>>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Case<P> {
    name: String,
    /// `ok`, or the name of the check that refuses it.
    expect: String,
    proof: P,
}

fn case<P>(name: &str, expect: &str, proof: P) -> Case<P> {
    Case { name: name.into(), expect: expect.into(), proof }
}

fn vectors<P>(chain: &TestChain, description: &str, cases: Vec<Case<P>>) -> Vectors<P> {
    let essentials = chain.essentials.clone();
    let mut namespace = finality_namespace(essentials.chain_id, essentials.genesis_hash);
    namespace.extend_from_slice(b"_FINALIZE");
    Vectors {
        description: description.into(),
        chain: essentials,
        genesis_header: rlp(&chain.genesis),
        namespace: namespace.into(),
        cases,
    }
}

/// Compares what is generated with the file, or writes the file when asked to, and returns what the file says.
fn golden<P: Serialize + DeserializeOwned>(name: &str, generated: &Vectors<P>) -> Vectors<P> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("vectors").join(name);
    let mut json = serde_json::to_string_pretty(generated).unwrap();
    json.push('\n');
    if std::env::var_os("CHANCERY_BLESS").is_some() {
        std::fs::write(&path, &json).unwrap();
    }
    let file = std::fs::read_to_string(&path).unwrap();
    assert!(
        file == json,
        "{name} is not what the code generates: run with CHANCERY_BLESS=1 and look at the difference"
    );
    serde_json::from_str(&file).unwrap()
}

fn outcome<T>(result: Result<T, VerifyError>) -> &'static str {
    result.map_or_else(|error| error.check(), |_| "ok")
}

fn with_certificate(proof: &FinalityProof, change: impl FnOnce(&mut Vec<u8>)) -> FinalityProof {
    let mut bytes = proof.certificate.to_vec();
    change(&mut bytes);
    FinalityProof { certificate: bytes.into(), ..proof.clone() }
}

/// Offset of the bitmap: three one-byte varints, hash, length.
const BITMAP_AT: usize = 3 + 32 + 8;

fn finality_cases(chain: &TestChain) -> Vec<Case<FinalityProof>> {
    let valid = chain.finality(1);
    let all = FinalityProof { certificate: chain.certificate(1, &[0, 1, 2, 3]), ..valid.clone() };
    let linked = FinalityProof {
        descendants: vec![rlp(&chain.blocks[1]), rlp(&chain.blocks[2])],
        header: valid.header.clone(),
        certificate: chain.certificate(3, &[1, 2, 3]),
    };
    // Everything is genuine but the first header, which has the right number and is no parent of the second.
    let forged_parent = FinalityProof {
        header: {
            let mut forged = chain.blocks[0].clone();
            forged.state_root = keccak256("another state");
            rlp(&forged)
        },
        descendants: vec![rlp(&chain.blocks[1])],
        certificate: chain.certificate(2, &[0, 1, 3]),
    };
    let gap = FinalityProof { descendants: vec![rlp(&chain.blocks[2])], ..linked.clone() };
    let other_block = FinalityProof { certificate: chain.certificate(2, &[0, 1, 3]), ..valid.clone() };
    let other_chain = TestChain {
        essentials: ChainEssentials { chain_id: CHAIN_ID + 1, ..chain.essentials.clone() },
        ..TestChain::new(CHAIN_ID, 4)
    };
    let wrong_chain = FinalityProof { certificate: other_chain.certificate(1, &[0, 1, 3]), ..valid.clone() };
    let wrong_genesis = {
        let namespace = finality_namespace(CHAIN_ID, keccak256("another genesis"));
        let certificate =
            commonware_codec::Encode::encode(&chain.validators.finalize(&namespace, &chain.proposal(1), &[0, 1, 3]))
                .to_vec();
        FinalityProof { certificate: certificate.into(), ..valid.clone() }
    };
    let notarized = {
        // What a vote to notarise would be: the same message under another namespace. Its signature must not count.
        let mut namespace = finality_namespace(CHAIN_ID, chain.essentials.genesis_hash);
        namespace.extend_from_slice(b"_NOTARIZE");
        let certificate =
            commonware_codec::Encode::encode(&chain.validators.finalize(&namespace, &chain.proposal(1), &[0, 1, 3]))
                .to_vec();
        FinalityProof { certificate: certificate.into(), ..valid.clone() }
    };
    let more_validators =
        FinalityProof { certificate: TestChain::new(CHAIN_ID, 7).certificate(1, &[0, 1, 2, 3, 4]), ..valid.clone() };
    let more_validators = with_certificate(&more_validators, |bytes| {
        bytes[3..35].copy_from_slice(chain.blocks[0].hash_slow().as_slice())
    });
    let mut altered_header = chain.blocks[0].clone();
    altered_header.state_root = keccak256("another state");
    let mut other_epoch = chain.blocks[0].clone();
    other_epoch.extra_data = extra_data(1, 1, 0, 250);
    let other_epoch = {
        let proposal = support::proposal(1, 0, other_epoch.hash_slow());
        let certificate =
            commonware_codec::Encode::encode(&chain.validators.finalize(&chain.namespace(), &proposal, &[0, 1, 3]))
                .to_vec();
        FinalityProof { header: rlp(&other_epoch), certificate: certificate.into(), descendants: vec![] }
    };
    vec![
        case("a quorum signed", "ok", valid.clone()),
        case("everybody signed", "ok", all),
        case("finalised through a descendant", "ok", linked.clone()),
        case("a linking header is missing", "HeaderLinkBroken", gap),
        case("a forged block before a final one", "HeaderLinkBroken", forged_parent),
        case(
            "linking headers are missing",
            "HeaderHashMismatch",
            FinalityProof { descendants: vec![], ..linked.clone() },
        ),
        case("the certificate of another block", "HeaderHashMismatch", other_block),
        case(
            "one byte of the header changed",
            "HeaderHashMismatch",
            FinalityProof { header: rlp(&altered_header), ..valid.clone() },
        ),
        case("another round than the header's", "FinalitySignature", with_certificate(&valid, |bytes| bytes[1] = 2)),
        case("an earlier view than the header's", "RoundMismatch", with_certificate(&valid, |bytes| bytes[1] = 0)),
        case("another epoch than the header's", "RoundMismatch", other_epoch),
        case("signed for another chain", "FinalitySignature", wrong_chain),
        case("signed for another genesis", "FinalitySignature", wrong_genesis),
        case("votes to notarise", "FinalitySignature", notarized),
        case(
            "bitmap names one who did not sign",
            "FinalitySignature",
            with_certificate(&valid, |bytes| bytes[BITMAP_AT] = 0b1111),
        ),
        case(
            "bitmap names another who did not sign",
            "FinalitySignature",
            with_certificate(&valid, |bytes| bytes[BITMAP_AT] = 0b0111),
        ),
        case(
            "bitmap leaves out one who signed",
            "BelowQuorum",
            with_certificate(&valid, |bytes| bytes[BITMAP_AT] = 0b0011),
        ),
        case("bitmap of nobody", "BelowQuorum", with_certificate(&valid, |bytes| bytes[BITMAP_AT] = 0)),
        case(
            "bit beyond the validator set",
            "CertificateMalformed",
            with_certificate(&valid, |bytes| bytes[BITMAP_AT] = 0b1_1011),
        ),
        case(
            "bitmap over a larger set",
            "UnknownValidator",
            with_certificate(&valid, |bytes| bytes[BITMAP_AT - 1] = 5),
        ),
        case("certificate of a larger set", "UnknownValidator", more_validators),
        case("set size of zero", "CertificateMalformed", with_certificate(&valid, |bytes| bytes[BITMAP_AT - 1] = 0)),
        case("truncated", "CertificateMalformed", with_certificate(&valid, |bytes| bytes.truncate(bytes.len() - 1))),
        case("empty", "CertificateMalformed", with_certificate(&valid, Vec::clear)),
        case("a byte too many", "CertificateMalformed", with_certificate(&valid, |bytes| bytes.push(0))),
        case(
            "view not in its shortest form",
            "CertificateMalformed",
            with_certificate(&valid, |bytes| {
                bytes.splice(1..2, [0x81, 0x00]);
            }),
        ),
        case(
            "signature is no point",
            "CertificateMalformed",
            with_certificate(&valid, |bytes| {
                let at = bytes.len() - 96;
                bytes[at..].fill(0xff);
            }),
        ),
        case(
            "signature is the point at infinity",
            "CertificateMalformed",
            with_certificate(&valid, |bytes| {
                let at = bytes.len() - 96;
                bytes[at..].fill(0);
                bytes[at] = 0xc0;
            }),
        ),
        case(
            "signature of other signers",
            "FinalitySignature",
            with_certificate(&valid, |bytes| {
                let other = chain.certificate(1, &[0, 1, 2]);
                let at = bytes.len() - 96;
                bytes[at..].copy_from_slice(&other[at..]);
            }),
        ),
        case(
            "header is truncated",
            "HeaderMalformed",
            FinalityProof { header: valid.header[..valid.header.len() - 1].to_vec().into(), ..valid.clone() },
        ),
        case(
            "header is followed by a byte",
            "HeaderMalformed",
            FinalityProof { header: [valid.header.as_ref(), &[0]].concat().into(), ..valid.clone() },
        ),
        case("header is empty", "HeaderMalformed", FinalityProof { header: Bytes::new(), ..valid }),
    ]
}

fn bundle_cases(chain: &TestChain) -> Vec<Case<ProofBundle>> {
    let valid = chain.bundle(1);
    let change = |change: &dyn Fn(&mut ProofBundle)| {
        let mut bundle = valid.clone();
        change(&mut bundle);
        bundle
    };
    let flip = |bytes: &Bytes, at: usize| {
        let mut bytes = bytes.to_vec();
        bytes[at] ^= 1;
        Bytes::from(bytes)
    };
    vec![
        case("transaction, receipt and later state", "ok", valid.clone()),
        case("first transaction", "ok", chain.bundle(0)),
        case("without state", "ok", change(&|b| b.state = None)),
        case("state of the same block", "ok", change(&|b| b.state.as_mut().unwrap().finality = None)),
        case("another chain id", "WrongChain", change(&|b| b.chain.chain_id += 1)),
        case("another genesis", "WrongChain", change(&|b| b.chain.genesis_hash = keccak256("another"))),
        case(
            "one byte of the transaction changed",
            "TransactionNotIncluded",
            change(&|b| b.transaction.transaction = flip(&b.transaction.transaction, 20)),
        ),
        case(
            "one byte of the receipt changed",
            "ReceiptNotIncluded",
            change(&|b| b.receipt.receipt = flip(&b.receipt.receipt, 12)),
        ),
        case(
            "one byte of a proof node changed",
            "TransactionNotIncluded",
            change(&|b| b.transaction.proof[0] = flip(&b.transaction.proof[0], 5)),
        ),
        case(
            "proof without its last node",
            "ReceiptNotIncluded",
            change(&|b| {
                b.receipt.proof.pop();
            }),
        ),
        case("empty proof", "TransactionNotIncluded", change(&|b| b.transaction.proof.clear())),
        case("receipt of another transaction", "ReceiptNotIncluded", change(&|b| b.receipt = chain.bundle(2).receipt)),
        case(
            "transaction under another index",
            "TransactionNotIncluded",
            change(&|b| {
                b.transaction.index = 2;
                b.receipt.index = 2;
            }),
        ),
        case("header of another block", "TransactionNotIncluded", change(&|b| b.finality = chain.finality(1))),
        case(
            "finality of another block",
            "HeaderHashMismatch",
            change(&|b| b.finality.certificate = chain.finality(3).certificate),
        ),
        case(
            "state before the transaction",
            "StateBeforeTransaction",
            change(&|b| b.state.as_mut().unwrap().finality = Some(chain.finality(1))),
        ),
        case(
            "another value in the slot",
            "StorageNotProven",
            change(&|b| b.state.as_mut().unwrap().account.storage_proof[0].value = U256::from(3)),
        ),
        case(
            "present slot shown as absent",
            "StorageNotProven",
            change(&|b| b.state.as_mut().unwrap().account.storage_proof[0].value = U256::ZERO),
        ),
        case(
            "absent slot shown as present",
            "StorageNotProven",
            change(&|b| b.state.as_mut().unwrap().account.storage_proof[1].value = U256::from(1)),
        ),
        case(
            "another balance",
            "AccountNotProven",
            change(&|b| b.state.as_mut().unwrap().account.balance = U256::from(1)),
        ),
        case(
            "another account",
            "AccountNotProven",
            change(&|b| b.state.as_mut().unwrap().account.address = alloy_primitives::Address::repeat_byte(1)),
        ),
    ]
}

#[test]
fn finality_vectors_are_current_and_hold() {
    let chain = TestChain::new(CHAIN_ID, 4);
    let generated =
        vectors(&chain, "Finality proofs of a chain with four validators (quorum 3).", finality_cases(&chain));
    let file = golden("finality.json", &generated);
    let trusted = TrustedChain::new(file.chain).unwrap();
    trusted.verify_genesis(&file.genesis_header).unwrap();
    for case in file.cases {
        assert_eq!(outcome(trusted.verify_finality(&case.proof)), case.expect, "{}", case.name);
    }
}

#[test]
fn bundle_vectors_are_current_and_hold() {
    let chain = TestChain::new(CHAIN_ID, 4);
    let generated = vectors(&chain, "Proof bundles of a chain with four validators (quorum 3).", bundle_cases(&chain));
    let file = golden("bundle.json", &generated);
    let trusted = TrustedChain::new(file.chain).unwrap();
    for case in file.cases {
        let json = serde_json::to_vec(&case.proof).unwrap();
        let bundle = ProofBundle::from_json(&json).unwrap();
        assert_eq!(outcome(bundle.verify(&trusted)), case.expect, "{}", case.name);
    }
}

#[test]
fn a_certificate_is_read_as_the_consensus_library_reads_it() {
    let chain = TestChain::new(CHAIN_ID, 7);
    let bytes = chain.certificate(2, &[0, 2, 3, 5, 6]);
    let ours = FinalityCertificate::decode(&bytes).unwrap();
    let theirs = support::decode_with_the_library(&bytes, 7).unwrap();
    assert_eq!(ours.encode(), bytes);
    assert_eq!(ours.view, theirs.proposal.round.view().get());
    assert_eq!(ours.parent_view, theirs.proposal.parent.get());
    assert_eq!(ours.block_hash.as_slice(), theirs.proposal.payload.as_ref());
    let signers: Vec<_> = theirs.certificate.signers.iter().map(|signer| signer.get() as usize).collect();
    assert_eq!(ours.signers.signers().collect::<Vec<_>>(), signers);
}
