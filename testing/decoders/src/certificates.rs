//! Finality certificates, headers and what stands in them, as the light client reads them (FINALITY-2, -3, -5, -6).

use std::{collections::BTreeSet, sync::LazyLock};

use alloy_primitives::{B256, Bytes, keccak256};
use chancery_light::{
    ChainEssentials, FinalityCertificate, FinalityProof, MAX_CERTIFICATE_BYTES, MAX_HEADER_BYTES, TrustedChain,
};
use chancery_primitives::extra_data::ConsensusContext;
use serde::Deserialize;

use crate::patches;

#[derive(Deserialize)]
struct Vectors {
    chains: Vec<Chain>,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Chain {
    essentials: ChainEssentials,
}

#[derive(Deserialize)]
struct Case {
    chain: usize,
    expect: String,
    proof: FinalityProof,
}

/// One of the chains of the vectors, its proofs, and the hashes of all blocks that they prove final.
struct Known {
    chain: TrustedChain,
    proofs: Vec<FinalityProof>,
    is_final: BTreeSet<B256>,
}

static KNOWN: LazyLock<Vec<Known>> = LazyLock::new(|| {
    let vectors: Vectors = serde_json::from_str(include_str!("../../../crates/light/vectors/finality.json")).unwrap();
    let known = |(index, chain): (usize, &Chain)| {
        let good = vectors.cases.iter().filter(|case| case.chain == index && case.expect == "ok");
        let proofs: Vec<_> = good.map(|case| case.proof.clone()).collect();
        // A block is final with each of its ancestors, so all headers of a proof that holds are.
        let is_final = proofs.iter().flat_map(|proof| [&proof.header].into_iter().chain(&proof.descendants));
        Known {
            chain: TrustedChain::new(chain.essentials.clone()).unwrap(),
            is_final: is_final.map(keccak256).collect(),
            proofs,
        }
    };
    vectors.chains.iter().enumerate().map(known).collect()
});

/// Certificates and consensus contexts have one encoding; a proof of finality, changed in any way, proves no other block.
pub fn check(data: &[u8]) {
    if let Ok(context) = ConsensusContext::decode(data) {
        assert_eq!(context.encode(), data);
    }
    if let Ok(certificate) = FinalityCertificate::decode(data) {
        assert_eq!(certificate.encode().as_ref(), data);
        assert!(data.len() <= MAX_CERTIFICATE_BYTES && certificate.signers.count() <= certificate.signers.validators());
        assert_eq!(certificate.signers.signers().count(), certificate.signers.count());
    }
    let Some(([which, case], changes)) = data.split_first_chunk::<2>() else { return };
    let known = &KNOWN[usize::from(*which) % KNOWN.len()];
    let mut proof = known.proofs[usize::from(*case) % known.proofs.len()].clone();
    patches::apply(changes, &mut parts(&mut proof));
    if let Ok(header) = known.chain.verify_finality(&proof) {
        assert!(known.is_final.contains(&header.hash()), "a block is proven final that is not");
        assert!(proof.header.len() <= MAX_HEADER_BYTES);
    }
}

/// What a proof of finality consists of.
pub(crate) fn parts(proof: &mut FinalityProof) -> Vec<&mut Bytes> {
    let FinalityProof { header, certificate, descendants, .. } = proof;
    [header, certificate].into_iter().chain(descendants).collect()
}

/// The certificates of the vectors, a context, and changes of each proof.
#[must_use]
pub fn seeds() -> Vec<Vec<u8>> {
    let proofs = KNOWN.iter().flat_map(|known| &known.proofs);
    let encoded = proofs.map(|proof| proof.certificate.to_vec());
    let context = ConsensusContext { epoch: 1, view: 3, parent_view: 2, millisecond: 999 }.encode().to_vec();
    let changed = patches::seeds(3)
        .into_iter()
        .flat_map(|changes| (0..4u8).map(move |chain| [&[chain, chain][..], &changes].concat()));
    encoded.chain([context]).chain(changed).collect()
}
