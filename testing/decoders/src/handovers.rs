//! Handovers to other validators, as an untrusted node gives them to a light client (FINALITY-10).

use std::{collections::BTreeMap, sync::LazyLock};

use alloy_primitives::Bytes;
use chancery_light::{ChainEssentials, FinalityProof, Handover, TrustedChain, ValidatorKey};
use serde::Deserialize;

use crate::patches;

#[derive(Deserialize)]
struct Vectors {
    essentials: ChainEssentials,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    expect: String,
    proof: FinalityProof,
}

struct Known {
    chain: TrustedChain,
    proofs: Vec<FinalityProof>,
    /// Epoch -> who decides from it on.
    sets: BTreeMap<u64, Vec<ValidatorKey>>,
}

static KNOWN: LazyLock<Known> = LazyLock::new(|| {
    let vectors: Vectors = serde_json::from_str(include_str!("../../../crates/light/vectors/handover.json")).unwrap();
    let chain = TrustedChain::new(vectors.essentials).unwrap();
    let good = vectors.cases.into_iter().filter(|case| case.expect == "ok");
    let proofs: Vec<_> = good.map(|case| case.proof).filter(|proof| !proof.handovers.is_empty()).collect();
    let mut sets = BTreeMap::from([(0, chain.validators().to_vec())]);
    for proof in &proofs {
        for count in 1..=proof.handovers.len() {
            let next = chain.follow_all(&proof.handovers[..count]).unwrap();
            sets.insert(next.epoch(), next.validators().to_vec());
        }
    }
    Known { chain, proofs, sets }
});

/// Handovers are read as they are written, and lead to no other validators than the chain had, whatever is changed.
pub fn check(data: &[u8]) {
    if data.first() == Some(&patches::JSON_START) {
        let Ok(handover) = serde_json::from_slice::<Handover>(data) else { return };
        let written = serde_json::to_vec(&handover).unwrap();
        assert_eq!(serde_json::from_slice::<Handover>(&written).unwrap(), handover);
        follow(&[handover]);
        return;
    }
    let Some(([case, length], changes)) = data.split_first_chunk::<2>() else { return };
    let mut proof = KNOWN.proofs[usize::from(*case) % KNOWN.proofs.len()].clone();
    proof.handovers.truncate(1 + usize::from(*length % 4));
    if length & 0x80 != 0 {
        proof.handovers.reverse();
    }
    let mut keys: Vec<Bytes> =
        proof.handovers.iter().flat_map(|handover| &handover.validators).map(|key| key.to_vec().into()).collect();
    let mut parts = Vec::new();
    for Handover { header, certificate, registry, .. } in &mut proof.handovers {
        parts.extend([header, certificate]);
        parts.extend(&mut registry.account_proof);
        parts.extend(registry.storage_proof.iter_mut().flat_map(|slot| &mut slot.proof));
    }
    parts.extend(&mut keys);
    patches::apply(changes, &mut parts);
    let mut keys = keys.into_iter();
    for handover in &mut proof.handovers {
        let count = handover.validators.len();
        handover.validators =
            keys.by_ref().take(count).filter_map(|key| ValidatorKey::try_from(&key[..]).ok()).collect();
    }
    follow(&proof.handovers);
    let _ = KNOWN.chain.verify_finality(&proof);
}

fn follow(handovers: &[Handover]) {
    if let Ok(next) = KNOWN.chain.follow_all(handovers) {
        let decided = KNOWN.sets.get(&next.epoch()).map(Vec::as_slice);
        assert_eq!(decided, Some(next.validators()), "validators that nobody has voted in");
    }
}

/// The handovers of the vectors, and changes of them.
#[must_use]
pub fn seeds() -> Vec<Vec<u8>> {
    let whole = KNOWN.proofs.iter().flat_map(|proof| &proof.handovers).map(|one| serde_json::to_vec(one).unwrap());
    let changed = patches::seeds(20)
        .into_iter()
        .flat_map(|changes| [0u8, 1, 0x81].map(|length| [&[0, length][..], &changes].concat()));
    whole.chain(changed).collect()
}
