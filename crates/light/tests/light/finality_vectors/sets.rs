//! Validator sets: what a verifier must refuse to trust.
use alloy_primitives::{B256, Bytes};
use chancery_light::{ChainEssentials, TrustError, TrustedChain, ValidatorKey};
use serde::{Deserialize, Serialize};

use super::uncompressed_keys;
use crate::support::{TestChain, points};

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SetCase {
    pub(crate) name: String,
    /// `ok`, or the name of the check that refuses it.
    pub(crate) expect: String,
    /// What is wrong with a key, where a verifier tells that apart.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    validators: Vec<ValidatorKey>,
    /// The same as EIP-2537 G1 points of 128 bytes, one after another.
    keys: Bytes,
}

fn essentials(validators: Vec<ValidatorKey>) -> ChainEssentials {
    ChainEssentials { chain_id: crate::support::CHAIN_ID, genesis_hash: B256::ZERO, validators }
}

pub(crate) fn cases(chain: &TestChain) -> Vec<SetCase> {
    let genuine = &chain.essentials.validators;
    let with = |key: &[u8]| {
        let mut validators = genuine.clone();
        validators[2] = ValidatorKey::from_slice(key);
        validators
    };
    let case = |name: &str, expect: &str, reason: Option<&str>, validators: Vec<ValidatorKey>| SetCase {
        name: name.into(),
        expect: expect.into(),
        reason: reason.map(Into::into),
        keys: uncompressed_keys(&essentials(validators.clone())),
        validators,
    };
    let infinity = [&[0xc0][..], &[0; 47]].concat();
    let off_curve = (0u8..)
        .map(|low| [&[0x80][..], &[0; 46], &[low]].concat())
        .find(|key| !points::is_on_curve(&points::uncompressed_g1(key)))
        .unwrap();
    let beyond = [&[0x9f][..], &[0xff; 47]].concat();
    vec![
        case("four validators", "ok", None, genuine.clone()),
        case("nobody", "ValidatorCount", None, vec![]),
        case("the same key twice", "DuplicateKey", None, with(genuine[0].as_slice())),
        case("a key is the point at infinity", "MalformedKey", Some("IsInfinity"), with(&infinity)),
        case("a key is not on the curve", "MalformedKey", Some("NotOnCurve"), with(&off_curve)),
        case("a key is beyond the field", "MalformedKey", Some("NotOnCurve"), with(&beyond)),
        case(
            "a key outside the subgroup",
            "MalformedKey",
            Some("NotInSubgroup"),
            with(&points::outside_the_subgroup_g1()),
        ),
    ]
}

pub(crate) fn outcome(set: &SetCase) -> &'static str {
    match TrustedChain::new(essentials(set.validators.clone())) {
        Ok(_) => "ok",
        Err(TrustError::ValidatorCount(_)) => "ValidatorCount",
        Err(TrustError::MalformedKey(_)) => "MalformedKey",
        Err(TrustError::DuplicateKey(_)) => "DuplicateKey",
    }
}
