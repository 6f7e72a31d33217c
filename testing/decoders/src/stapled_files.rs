//! Stapled certificates: what a holder hands to somebody without a network (`docs/specs/stapled.md`).

use std::sync::LazyLock;

use alloy_primitives::Bytes;
use chancery_certificates::stapled::{Policy, ProvenState, StapledFile, Trust, VerifiedStaple, verify_stapled};
use chancery_light::{ChainEssentials, TrustedChain};
use chancery_primitives::UnixSeconds;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::patches;

const POLICY: Policy = Policy { now: UnixSeconds(1_800_000_000), max_age_s: None };

#[derive(Deserialize)]
struct Vectors {
    chain: ChainEssentials,
    authority: ChainEssentials,
    bases: Map<String, Value>,
}

struct Known {
    chain: TrustedChain,
    authority: TrustedChain,
    json: Vec<u8>,
    file: StapledFile,
    proven: VerifiedStaple,
}

impl Known {
    const fn trust(&self) -> Trust<'_> {
        Trust { chain: &self.chain, authority: &self.authority }
    }
}

static KNOWN: LazyLock<Known> = LazyLock::new(|| {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../crates/certificates/vectors/stapled.json");
    let vectors: Vectors = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let (chain, authority) = (TrustedChain::new(vectors.chain).unwrap(), TrustedChain::new(vectors.authority).unwrap());
    let json = vectors.bases["whole"].to_string().into_bytes();
    let file = StapledFile::from_json(&json).unwrap();
    let proven = file.verify(Trust { chain: &chain, authority: &authority }, POLICY).unwrap();
    Known { chain, authority, json, file, proven }
});

/// Whatever a file is changed to, what it proves is what was issued, by a key that had the right, as of the blocks that show it.
pub fn check(data: &[u8]) {
    if data.first() == Some(&patches::JSON_START) {
        if let Ok(proven) = verify_stapled(data, KNOWN.trust(), POLICY) {
            hold(&proven);
        }
        return;
    }
    let mut file = KNOWN.file.clone();
    let mut parts = parts_of(&mut file.staple.status);
    parts.extend(parts_of(&mut file.staple.right.state));
    parts.extend(file.presentation.iter_mut().map(|shown| &mut shown.signature));
    patches::apply(data, &mut parts);
    if let Ok(proven) = file.verify(KNOWN.trust(), POLICY) {
        hold(&proven);
    }
}

fn parts_of(state: &mut ProvenState) -> Vec<&mut Bytes> {
    let mut parts = vec![&mut state.finality.header, &mut state.finality.certificate];
    parts.extend(&mut state.account.account_proof);
    parts.extend(state.account.storage_proof.iter_mut().flat_map(|slot| &mut slot.proof));
    parts
}

fn hold(proven: &VerifiedStaple) {
    let known = &KNOWN.proven;
    assert_eq!((&proven.certificate.issue, proven.outcome), (&known.certificate.issue, known.outcome));
    assert_eq!((proven.as_of, proven.age_s, &proven.right), (known.as_of, known.age_s, &known.right));
    assert!(proven.presented.is_none() || proven.presented == known.presented, "another presentation is believed");
}

/// The vector, the vector without each of its members, and changes of it.
#[must_use]
pub fn seeds() -> Vec<Vec<u8>> {
    let whole: Map<String, Value> = serde_json::from_slice(&KNOWN.json).unwrap();
    let without = |name: &String| {
        let mut file = whole.clone();
        file.remove(name);
        Value::Object(file).to_string().into_bytes()
    };
    whole.keys().map(without).chain([KNOWN.json.clone()]).chain(patches::seeds(16)).collect()
}
