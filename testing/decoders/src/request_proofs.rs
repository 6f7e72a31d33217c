//! Proofs of how a request over several chains ended: files that anybody may hand to `chancery verify` (`docs/specs/alliance.md`).

use std::sync::LazyLock;

use alloy_primitives::{Address, Bytes};
use chancery_bridge::proof::{ProofFailure, ProvenRefusal, RequestProof, VerifiedRequest};
use chancery_light::{ChainEssentials, TrustedChain};
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::{bundles, patches};

#[derive(Deserialize)]
struct Vectors {
    alliance: Alliance,
    chains: Vec<ChainEssentials>,
    bases: Map<String, Value>,
}

#[derive(Deserialize)]
struct Alliance {
    chain: ChainEssentials,
    contract: Address,
}

struct Known {
    alliance: (TrustedChain, Address),
    chains: Vec<TrustedChain>,
    proofs: Vec<RequestProof>,
    true_ones: Vec<VerifiedRequest>,
}

impl Known {
    fn verify(&self, proof: &RequestProof) -> Result<VerifiedRequest, ProofFailure> {
        proof.verify((&self.alliance.0, self.alliance.1), &self.chains)
    }
}

const VECTORS: &str = include_str!("../../../crates/bridge/vectors/request-proof.json");

static KNOWN: LazyLock<Known> = LazyLock::new(|| {
    let vectors: Vectors = serde_json::from_str(VECTORS).unwrap();
    let alliance = (TrustedChain::new(vectors.alliance.chain).unwrap(), vectors.alliance.contract);
    let chains = vectors.chains.into_iter().map(|chain| TrustedChain::new(chain).unwrap()).collect();
    let files = vectors.bases.values();
    let proofs = files.map(|file| RequestProof::from_json(file.to_string().as_bytes()).unwrap()).collect();
    let mut known = Known { alliance, chains, proofs, true_ones: Vec::new() };
    known.true_ones = known.proofs.iter().map(|proof| known.verify(proof).unwrap()).collect();
    known
});

/// A proof is read as it is written, and whatever a changed one proves has happened.
pub fn check(data: &[u8]) {
    let proof = if data.first() == Some(&patches::JSON_START) {
        let Ok(proof) = RequestProof::from_json(data) else { return };
        let written = serde_json::to_vec(&proof).unwrap();
        assert_eq!(RequestProof::from_json(&written).unwrap(), proof);
        proof
    } else {
        let Some((case, changes)) = data.split_first() else { return };
        let mut proof = KNOWN.proofs[usize::from(*case) % KNOWN.proofs.len()].clone();
        patches::apply(changes, &mut parts(&mut proof));
        proof
    };
    let Ok(proven) = KNOWN.verify(&proof) else { return };
    let is_true = KNOWN.true_ones.iter().any(|known| is_of(&proven, known));
    assert!(is_true, "a proof proves what has not happened");
}

/// A file may show less than another one of the same end, and nothing else.
fn is_of(proven: &VerifiedRequest, known: &VerifiedRequest) -> bool {
    let without_key = |refusal: ProvenRefusal| ProvenRefusal { key: None, ..refusal };
    (proven.number, proven.contract, proven.outcome, proven.decided, proven.refused_by)
        == (known.number, known.contract, known.outcome, known.decided, known.refused_by)
        && proven.members.iter().all(|member| known.members.contains(member))
        && (proven.refusal == known.refusal || proven.refusal == known.refusal.map(without_key))
}

fn parts(proof: &mut RequestProof) -> Vec<&mut Bytes> {
    let mut parts = bundles::parts(&mut proof.alliance);
    for member in &mut proof.members {
        parts.extend(member.part.iter_mut().map(|part| &mut part.call));
        parts.extend(member.proof.iter_mut().flat_map(bundles::parts));
    }
    parts
}

/// All files of the vectors, each without its members, and changes of them.
#[must_use]
pub fn seeds() -> Vec<Vec<u8>> {
    let vectors: Vectors = serde_json::from_str(VECTORS).unwrap();
    let mut seeds: Vec<_> = vectors.bases.values().map(|file| file.to_string().into_bytes()).collect();
    for mut file in vectors.bases.into_iter().map(|(_, file)| file) {
        file["members"] = Value::Array(Vec::new());
        seeds.push(file.to_string().into_bytes());
    }
    for case in 0..3 {
        seeds.extend(patches::seeds(12).into_iter().map(|changes| [&[case][..], &changes].concat()));
    }
    seeds
}
