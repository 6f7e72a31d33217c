//! The vectors of proof bundles that every implementation of the verifier shares: valid ones and forged ones, each with the
//! name of the check that must refuse it. They are generated here from constants (see `support::golden`).
use crate::support::{
    CHAIN_ID, TestChain,
    golden::{golden, outcome},
    rlp,
};
use alloy_primitives::{Bytes, U256, keccak256};
use chancery_light::{ChainEssentials, FinalityCertificate, ProofBundle, TrustedChain, finality_namespace};
use serde::{Deserialize, Serialize};

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
    let theirs = crate::support::decode_with_the_library(&bytes, 7).unwrap();
    assert_eq!(ours.encode(), bytes);
    assert_eq!(ours.view, theirs.proposal.round.view().get());
    assert_eq!(ours.parent_view, theirs.proposal.parent.get());
    assert_eq!(ours.block_hash.as_slice(), theirs.proposal.payload.as_ref());
    let signers: Vec<_> = theirs.certificate.signers.iter().map(|signer| signer.get() as usize).collect();
    assert_eq!(ours.signers.signers().collect::<Vec<_>>(), signers);
}
