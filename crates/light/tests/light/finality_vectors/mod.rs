//! The vectors of finality proofs that the verifiers in Rust, Solidity and TypeScript share: genuine ones for chains of 1, 4,
//! 7 and 10 validators, forged ones, and validator sets that are none. They are generated here from constants (see
//! `support::golden`), and this implementation is held to them.
mod certificates;
mod headers;
mod sets;

use alloy_primitives::Bytes;
use chancery_light::{
    BLS_SIGNATURE_BYTES, ChainEssentials, FinalityCertificate, FinalityProof, TrustedChain, finality_namespace,
};
use serde::{Deserialize, Serialize};

use crate::support::{
    CHAIN_ID, TestChain,
    golden::{golden, outcome},
    points, rlp,
};
use sets::SetCase;

/// How many validators the chains of the vectors have, in the order of the file.
const SIZES: [u64; 4] = [1, 4, 7, 10];
/// Place of the chain of four validators, which most of the forged certificates are of.
const FOUR: usize = 1;
/// Offset of the bitmap: three one-byte varints, hash, length.
const BITMAP_AT: usize = 3 + 32 + 8;

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Vectors {
    description: String,
    chains: Vec<Chain>,
    sets: Vec<SetCase>,
    cases: Vec<Case>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Chain {
    essentials: ChainEssentials,
    /// The validators' keys as EIP-2537 G1 points of 128 bytes, one after another.
    keys: Bytes,
    genesis_header: Bytes,
    /// Namespace of votes to finalise, the bytes that precede the message.
    namespace: Bytes,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Case {
    name: String,
    /// Index of the chain that is trusted.
    chain: usize,
    /// `ok`, or the name of the check that refuses it.
    expect: String,
    /// What is wrong, where a verifier tells apart several reasons of one check; the names are those of the Solidity verifier.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    proof: FinalityProof,
    /// The certificate's signature as an EIP-2537 G2 point of 256 bytes, or what a forger would give for it.
    signature_point: Bytes,
}

impl Case {
    fn new(chain: usize, name: &str, expect: &str, proof: FinalityProof) -> Self {
        let (expect, reason) = expect.split_once('/').map_or((expect, None), |(check, reason)| (check, Some(reason)));
        let signature_point = match compressed_signature(&proof) {
            Some(compressed) => points::uncompressed_g2(compressed),
            None => vec![0; 256].into(),
        };
        let reason = reason.map(Into::into);
        Self { name: name.into(), chain, expect: expect.into(), reason, proof, signature_point }
    }
}

fn compressed_signature(proof: &FinalityProof) -> Option<&[u8]> {
    proof.certificate.len().checked_sub(BLS_SIGNATURE_BYTES).map(|start| &proof.certificate[start..])
}

fn with_certificate(proof: &FinalityProof, change: impl FnOnce(&mut Vec<u8>)) -> FinalityProof {
    let mut bytes = proof.certificate.to_vec();
    change(&mut bytes);
    FinalityProof { certificate: bytes.into(), ..proof.clone() }
}

fn with_signature(proof: &FinalityProof, signature: &[u8]) -> FinalityProof {
    with_certificate(proof, |bytes| {
        let start = bytes.len() - BLS_SIGNATURE_BYTES;
        bytes[start..].copy_from_slice(signature);
    })
}

fn uncompressed_keys(essentials: &ChainEssentials) -> Bytes {
    essentials.validators.iter().flat_map(|key| points::uncompressed_g1(key.as_slice())).collect()
}

fn generated() -> Vectors {
    let chains = SIZES.map(|size| TestChain::new(CHAIN_ID, size));
    let mut cases: Vec<_> =
        chains.iter().enumerate().flat_map(|(at, chain)| certificates::genuine(at, chain)).collect();
    cases.extend(certificates::malformed(&chains[FOUR], &chains[3]));
    cases.extend(certificates::forged_signatures(&chains[FOUR]));
    cases.extend(headers::cases(&chains[FOUR]));
    let described = chains.iter().map(|chain| {
        let essentials = chain.essentials.clone();
        let mut namespace = finality_namespace(essentials.chain_id, essentials.genesis_hash);
        namespace.extend_from_slice(b"_FINALIZE");
        Chain {
            keys: uncompressed_keys(&essentials),
            essentials,
            genesis_header: rlp(&chain.genesis),
            namespace: namespace.into(),
        }
    });
    Vectors {
        description: "Finality proofs and validator sets (docs/specs/finality.md); made by crates/light/tests".into(),
        chains: described.collect(),
        sets: sets::cases(&chains[FOUR]),
        cases,
    }
}

#[test]
fn finality_vectors_are_current_and_hold() {
    let file = golden("finality.json", &generated());
    let trusted: Vec<_> =
        file.chains.iter().map(|chain| TrustedChain::new(chain.essentials.clone()).unwrap()).collect();
    for (chain, trusted) in file.chains.iter().zip(&trusted) {
        trusted.verify_genesis(&chain.genesis_header).unwrap();
    }
    for case in file.cases {
        assert_eq!(outcome(trusted[case.chain].verify_finality(&case.proof)), case.expect, "{}", case.name);
    }
    for set in file.sets {
        assert_eq!(sets::outcome(&set), set.expect, "{}", set.name);
    }
}

#[test]
fn every_case_has_a_name_of_its_own() {
    let vectors = generated();
    let mut names: Vec<_> = vectors.cases.iter().map(|case| (case.chain, &case.name)).collect();
    names.sort();
    names.dedup();
    assert_eq!(names.len(), vectors.cases.len());
}

// The Solidity verifier takes both forms of a signature and of a key; here it is shown that they are two forms of one point.
#[test]
fn uncompressed_points_are_the_compressed_ones() {
    let vectors = generated();
    for chain in &vectors.chains {
        for (key, point) in chain.essentials.validators.iter().zip(chain.keys.chunks(128)) {
            assert!(points::is_on_curve(point));
            assert_eq!(points::compressed(point), key.as_slice());
        }
    }
    for case in vectors.cases.iter().filter(|case| case.expect == "ok" || case.expect == "FinalitySignature") {
        assert!(points::is_on_curve(&case.signature_point), "{}", case.name);
        let compressed = compressed_signature(&case.proof).unwrap();
        assert_eq!(points::compressed(&case.signature_point), compressed, "{}", case.name);
    }
}

// The signatures that forged certificates are made of are the consensus library's own, but for what is said to be forged.
#[test]
fn a_sum_of_votes_is_the_signature_of_the_certificate() {
    let chain = TestChain::new(CHAIN_ID, 4);
    let certificate = chain.certificate(1, &[0, 1, 3]);
    assert!(certificate.ends_with(&chain.signature(1, &[0, 1, 3])));
}

#[test]
fn certificates_of_all_sizes_are_read_as_the_consensus_library_reads_them() {
    for case in generated().cases.iter().filter(|case| case.expect == "ok") {
        let ours = FinalityCertificate::decode(&case.proof.certificate).unwrap();
        let theirs = crate::support::decode_with_the_library(&case.proof.certificate, 10).unwrap();
        let signers: Vec<_> = theirs.certificate.signers.iter().map(|signer| signer.get() as usize).collect();
        assert_eq!(ours.signers.signers().collect::<Vec<_>>(), signers, "{}", case.name);
        assert_eq!(ours.view, theirs.proposal.round.view().get(), "{}", case.name);
    }
}
