//! The shared vectors: what both verifiers say about each file (`docs/specs/stapled.md`, "Vectors"; made by `sdk/typescript/tests/staple`).
#![allow(clippy::unwrap_used)]

use alloy_primitives::{Address, B256};
use chancery_light::ChainEssentials;
use chancery_primitives::Right;
use serde_json::json;

use super::*;

const NOW: UnixSeconds = UnixSeconds(1_800_000_000);

#[derive(Deserialize)]
pub(crate) struct Vectors {
    pub(crate) chain: ChainEssentials,
    pub(crate) authority: ChainEssentials,
    fingerprint: String,
    slots: Slots,
    pub(crate) bases: std::collections::BTreeMap<String, serde_json::Value>,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Slots {
    places: Places,
    slots: Vec<B256>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Places {
    organization: String,
    period: u64,
    key_record: u64,
    suspensions: u64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Case {
    name: String,
    base: String,
    now: UnixSeconds,
    max_age_seconds: Option<u64>,
    /// A pointer, and what stands there; nothing: the member is removed.
    changes: Vec<Vec<serde_json::Value>>,
    expect: String,
    outcome: Option<Outcome>,
    as_of: Option<UnixSeconds>,
    age_seconds: Option<u64>,
}

pub(crate) fn vectors() -> Vectors {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors/stapled.json");
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

impl Vectors {
    fn trust(&self) -> (TrustedChain, TrustedChain) {
        (TrustedChain::new(self.chain.clone()).unwrap(), TrustedChain::new(self.authority.clone()).unwrap())
    }

    fn file_of(&self, case: &Case) -> Vec<u8> {
        let mut file = self.bases[&case.base].clone();
        for change in &case.changes {
            let (parent, name) = change[0].as_str().unwrap().rsplit_once('/').unwrap();
            let members = file.pointer_mut(parent).unwrap().as_object_mut().unwrap();
            match change.get(1) {
                Some(value) => members.insert(name.to_owned(), value.clone()),
                None => members.remove(name),
            };
        }
        serde_json::to_vec(&file).unwrap()
    }
}

// C-API-5, C-MORE-1, STAPLE-1 to STAPLE-12
#[test]
fn every_vector_is_accepted_or_refused_by_the_check_that_it_names() {
    let vectors = vectors();
    let (chain, authority) = vectors.trust();
    let trust = Trust { chain: &chain, authority: &authority };
    for case in &vectors.cases {
        let policy = Policy { now: case.now, max_age_s: case.max_age_seconds };
        match verify_stapled(&vectors.file_of(case), trust, policy) {
            Ok(verified) => {
                let found = (Some(verified.outcome), Some(verified.as_of), Some(verified.age_s));
                assert_eq!(
                    ("ok", found),
                    (&*case.expect, (case.outcome, case.as_of, case.age_seconds)),
                    "{}",
                    case.name
                );
            }
            Err(failure) => assert_eq!(failure.check, case.expect, "{}: {}", case.name, failure.detail),
        }
    }
    assert!(vectors.cases.len() > 60, "{} cases", vectors.cases.len());
}

#[test]
fn the_slots_that_show_a_right_are_those_of_the_other_verifier() {
    let Slots { places, slots } = vectors().slots;
    let own = RightPlaces {
        organization: places.organization.parse().unwrap(),
        right: Right::issue("degree".parse().unwrap()),
        period: places.period,
        key_record: places.key_record,
        suspensions: places.suspensions,
    };
    assert_eq!(own.slots(), slots);
}

#[test]
fn a_file_is_read_within_its_bound_and_written_within_it() {
    let vectors = vectors();
    let mut file = serde_json::to_vec(&vectors.bases["whole"]).unwrap();
    file.resize(MAX_STAPLED_BYTES, b' ');
    assert!(StapledFile::from_json(&file).is_ok());
    file.push(b' ');
    assert_eq!(StapledFile::from_json(&file).unwrap_err().check, "staple-size");
    let mut long = StapledFile::from_json(&serde_json::to_vec(&vectors.bases["whole"]).unwrap()).unwrap();
    assert_eq!(long.to_json().unwrap()["staple"], vectors.bases["whole"]["staple"]);
    long.certificate.sealed = "x".repeat(MAX_STAPLED_BYTES);
    assert_eq!(long.to_json().unwrap_err().check, "staple-size");
}

#[test]
fn a_fingerprint_is_that_of_the_other_verifier_and_stands_for_everything_that_is_trusted() {
    let vectors = vectors();
    let (chain, authority) = (&vectors.chain, &vectors.authority);
    let main = authority.chain_id;
    assert_eq!(trust_fingerprint(main, &[chain, authority]), vectors.fingerprint);
    assert_eq!(trust_fingerprint(main, &[authority, chain]), vectors.fingerprint, "in any order");
    let mut other = chain.clone();
    other.validators[0][5] ^= 1;
    for changed in [
        trust_fingerprint(chain.chain_id, &[chain, authority]),
        trust_fingerprint(main, &[authority]),
        trust_fingerprint(main, &[&other, authority]),
    ] {
        assert_ne!(changed, vectors.fingerprint);
    }
}

// What is not proven is named, and what is shown is not believed for its name.
#[test]
fn members_that_no_file_has_are_named() {
    let vectors = vectors();
    let (chain, authority) = vectors.trust();
    let mut file = vectors.bases["whole"].clone();
    file["grade"] = json!("with honours");
    let trust = Trust { chain: &chain, authority: &authority };
    let policy = Policy { now: NOW, max_age_s: None };
    let verified = verify_stapled(&serde_json::to_vec(&file).unwrap(), trust, policy).unwrap();
    assert_eq!(verified.certificate.unproven, ["organizationName", "grade"]);
    assert!(verified.right.is_in_force && !verified.right.is_organization_suspended);
    assert_eq!(verified.presented.unwrap().age_s, 30);
    assert_ne!(verified.certificate.issuer_key, Address::ZERO);
    assert!(is_stapled(&serde_json::to_vec(&file).unwrap()) && !is_stapled(b"{\"proof\":1}") && !is_stapled(b"[]"));
    let twice = file.to_string().replacen('{', "{\"staple\":null,", 1);
    assert_eq!(verify_stapled(twice.as_bytes(), trust, policy).unwrap_err().check, "file-readable");
}
