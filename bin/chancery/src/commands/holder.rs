//! What a chain shows of a holder, as it is proven here: the gateway is asked, and what it says of a kind counts where its proof says the same (SHOWN-1 to SHOWN-8).

use alloy_primitives::Address;
use chancery_certificates::{
    services::rfc3339,
    shown::{Asked, CodeHashes, Period, ShownAnswer, ShownBy, ShownProof, VerifiedKind, is_of_genesis},
    stapled::TrustedCity,
    verify::VerificationFailure,
};
use chancery_client::rest::types::shown::{HolderKinds, ShownKind};
use chancery_contracts::{anchor_code, held_certificates_code, predeploys};
use chancery_execution::code_hash_at;
use chancery_light::TrustedChain;
use chancery_primitives::{CertificateKind, UnixSeconds};
use serde_json::{Value, json};

use super::proven::Known;
use crate::city::{genesis::TRUST_MAX_AGE_S, layout::chain_named};

/// Who is looked at, where.
pub(super) struct Question<'a> {
    pub(super) holder: Address,
    pub(super) on: &'a str,
    pub(super) now: UnixSeconds,
}

/// A kind that the gateway says is held, and whether that is proven.
pub(super) struct Finding {
    kind: String,
    proof: Result<(VerifiedKind, Period), VerificationFailure>,
}

impl Finding {
    pub(super) const fn is_proven(&self) -> bool {
        self.proof.is_ok()
    }
}

/// Verifies each kind that is said to be held.
pub(super) fn examine(found: &HolderKinds, question: &Question<'_>, known: &Known) -> Vec<Finding> {
    let held = found.kinds.iter().filter(|shown| shown.held);
    let finding = |shown: &ShownKind| Finding {
        kind: shown.kind.clone(),
        proof: match known {
            Known::City { city, .. } => verify(found, shown, question, city),
            Known::Nothing { check, detail } => Err(VerificationFailure { check, detail: detail.clone() }),
        },
    };
    held.map(finding).collect()
}

fn verify(
    found: &HolderKinds,
    shown: &ShownKind,
    question: &Question<'_>,
    city: &TrustedCity,
) -> Result<(VerifiedKind, Period), VerificationFailure> {
    let unreadable = |detail: String| VerificationFailure { check: "proof-present", detail };
    let proof = shown.proof.clone().ok_or_else(|| unreadable("the gateway gives no proof of it".to_owned()))?;
    serde_json::from_value::<ShownProof>(proof).map_err(|error| unreadable(error.to_string()))?;
    let kind =
        shown.kind.parse::<CertificateKind>().map_err(|_| unreadable(format!("`{:.40}` is no kind", shown.kind)))?;
    let host = asked(found, question, city)?;
    // A certificate of a kind stands on the chain of its name: what any other chain calls so is none.
    let carries = chain_named(kind.as_str()).map_err(|_| VerificationFailure {
        check: "WrongChain",
        detail: format!("no chain of a city carries {kind}"),
    })?;
    let followed = trusted(city, carries.id(city.authority.chain_id()))?;
    let (holder, now) = (question.holder, question.now);
    let asked = Asked { host, followed, holder, kind, max_age_s: TRUST_MAX_AGE_S, now };
    let ShownKind { proof, genesis, factory, period, .. } = shown.clone();
    ShownAnswer { proof, genesis, factory, period }.verify(&asked, |by| codes(by, host, followed))
}

/// The chain that was asked: by its name, which says its id (`docs/specs/encodings.md`, "Chains of a city"), and never by what the answer says of itself.
fn asked<'a>(
    found: &HolderKinds,
    question: &Question<'_>,
    city: &'a TrustedCity,
) -> Result<&'a TrustedChain, VerificationFailure> {
    let wrong = |detail: String| VerificationFailure { check: "WrongChain", detail };
    let chain = chain_named(question.on).map_err(|error| wrong(error.to_string()))?;
    let id = chain.id(city.authority.chain_id());
    if found.chain != question.on || found.chain_id != id {
        return Err(wrong(format!(
            "chain {} of this city is {id}; the gateway answers of {:.40}, {}",
            question.on, found.chain, found.chain_id
        )));
    }
    trusted(city, id)
}

fn trusted(city: &TrustedCity, id: u64) -> Result<&TrustedChain, VerificationFailure> {
    city.chains.iter().find(|chain| chain.chain_id() == id).ok_or_else(|| VerificationFailure {
        check: "WrongChain",
        detail: format!("chain {id} is none of those that are trusted"),
    })
}

/// What the contracts of this program leave at these addresses of the genesis. Of one that was made later the code says too little: whoever made it may have left this code behind with
/// headers of its own in the storage. Of those, what has made them is asked.
fn codes(by: ShownBy, host: &TrustedChain, followed: &TrustedChain) -> Option<CodeHashes> {
    if !is_of_genesis(by) {
        return None;
    }
    let hash = |address, code| code_hash_at(host.chain_id(), address, code).ok();
    let held = held_certificates_code(by.anchor, predeploys::CERTIFICATE_REGISTRY, TRUST_MAX_AGE_S);
    let anchor = anchor_code(followed.chain_id(), followed.genesis_hash());
    Some(CodeHashes { anchor: hash(by.anchor, anchor)?, held: hash(by.held, held)? })
}

/// For `--json`.
pub(super) fn told(findings: &[Finding]) -> Value {
    let finding = |finding: &Finding| match &finding.proof {
        Ok((verified, period)) => json!({
            "kind": finding.kind,
            "proven": true,
            "validUntil": match period {
                Period::NotProven => None,
                Period::Unlimited => Some("unlimited".to_owned()),
                Period::Until(until) => Some(rfc3339(*until)),
            },
            "asOf": rfc3339(verified.as_of),
            "ageS": verified.age_s,
            "agreedAt": rfc3339(verified.agreed_at),
            "agreedUntil": rfc3339(verified.agreed_until),
        }),
        Err(VerificationFailure { check, detail }) => {
            json!({"kind": finding.kind, "proven": false, "check": check, "detail": detail})
        }
    };
    findings.iter().map(finding).collect()
}

/// For people.
pub(super) fn describe(question: &Question<'_>, findings: &[Finding]) -> String {
    // What the answer says of itself is not repeated: it need not be what was asked.
    let Question { holder, on, .. } = question;
    if findings.is_empty() {
        return format!(
            "The gateway says that chain {on} shows no certificate of {holder}: there is none, or the holder does not agree. That nothing is left out, is its word."
        );
    }
    let mut text = format!("Chain {on} and {holder}:");
    for Finding { kind, proof } in findings {
        match proof {
            Ok((verified, period)) => text.push_str(&format!(
                "\n  {kind}: proven here: recorded as valid, as of {} ({} s old); the holder agrees until {}. {}",
                rfc3339(verified.as_of),
                verified.age_s,
                rfc3339(verified.agreed_until),
                match period {
                    Period::NotProven => "That its period is not over, is the gateway's word.".to_owned(),
                    Period::Unlimited => "It has no end.".to_owned(),
                    Period::Until(until) => format!("Its period ends at {}.", rfc3339(*until)),
                }
            )),
            Err(VerificationFailure { check, detail }) => text.push_str(&format!(
                "\n  {kind}: CANNOT BE DETERMINED: the gateway says so, and that is not proven\n    failed check: {check}\n    {detail}"
            )),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use alloy_primitives::B256;
    use chancery_light::ChainEssentials;

    use super::*;

    fn question() -> Question<'static> {
        Question { holder: Address::repeat_byte(0xa1), on: "main", now: UnixSeconds(1_800_000_000) }
    }

    fn answer(proof: Value) -> HolderKinds {
        let kind = |held: bool, kind: &str| json!({"kind": kind, "held": held, "contract": Address::ZERO, "nextNonce": 0, "proof": proof});
        serde_json::from_value(json!({
            "chain": "main", "chainId": 7100, "holder": Address::repeat_byte(0xa1),
            "kinds": [kind(true, "degree"), kind(false, "marriage")],
        }))
        .unwrap()
    }

    fn city() -> TrustedCity {
        let key = chancery_chain::ValidatorKeys::from_seed(1).bls_public_key();
        let chain =
            |chain_id, hash| ChainEssentials { chain_id, genesis_hash: B256::repeat_byte(hash), validators: vec![key] };
        TrustedCity::new(7100, &[chain(7100, 1), chain(7103, 2)]).unwrap()
    }

    // SHOWN-1: a gateway that adds a kind without a proof, or with something that is none, is told from one that proves.
    #[test]
    fn a_kind_without_a_proof_cannot_be_determined() {
        for (proof, part) in [(Value::Null, "gives no proof"), (json!({"version": 1}), "missing field")] {
            let found = answer(proof);
            let held = found.kinds.iter().find(|shown| shown.held).unwrap();
            let failure = verify(&found, held, &question(), &city()).unwrap_err();
            assert!(failure.check == "proof-present" && failure.detail.contains(part), "{failure}");
            let nothing = Known::Nothing { check: "trust-intact", detail: "the file is broken".to_owned() };
            let findings = examine(&found, &question(), &nothing);
            assert_eq!(findings.len(), 1, "what is not held needs no proof");
            assert!(!findings[0].is_proven());
            let text = describe(&question(), &findings);
            assert!(text.contains("CANNOT BE DETERMINED") && text.contains("trust-intact"), "{text}");
            assert_eq!(told(&findings)[0]["proven"], false);
        }
    }

    // SHOWN-1: which chain was asked is said by its name: an answer of another one, whose proofs are good, is none of it.
    #[test]
    fn an_answer_of_another_chain_is_not_taken_for_that_of_the_one_that_was_asked() {
        let (city, degree) = (city(), Question { on: "degree", ..question() });
        let of = |chain: &str, chain_id| HolderKinds { chain: chain.to_owned(), chain_id, ..answer(Value::Null) };
        let host = |found: HolderKinds, question: &Question<'_>| {
            asked(&found, question, &city).map(TrustedChain::chain_id).map_err(|failure| failure.check)
        };
        assert_eq!(host(of("main", 7100), &question()), Ok(7100));
        assert_eq!(host(of("degree", 7103), &degree), Ok(7103));
        for other in [of("main", 7100), of("degree", 7100), of("main", 7103)] {
            assert_eq!(host(other, &degree), Err("WrongChain"));
        }
        assert_eq!(host(of("main", 7103), &question()), Err("WrongChain"));
        let marriage = Question { on: "marriage", ..question() };
        assert_eq!(host(of("marriage", 7101), &marriage), Err("WrongChain"), "it is none of those that are trusted");
    }

    // SHOWN-1: the code names the anchor and stands for no other place, and where the genesis put nothing it stands for nothing.
    #[test]
    fn codes_are_those_of_the_contracts_at_their_places_in_the_genesis() {
        let city = city();
        let by =
            |number| ShownBy { anchor: predeploys::side_anchor(number), held: predeploys::held_certificates(number) };
        let of = |by| codes(by, &city.chains[0], &city.chains[1]);
        assert!(of(by(1)).is_some() && of(by(1)) == of(by(1)));
        assert_ne!(of(by(1)).unwrap().held, of(by(2)).unwrap().held);
        for made_later in [
            ShownBy { anchor: Address::repeat_byte(0xc1), held: Address::repeat_byte(0xc2) },
            ShownBy { anchor: Address::repeat_byte(0xc1), ..by(1) },
            ShownBy { held: Address::repeat_byte(0xc2), ..by(1) },
            ShownBy { held: by(2).held, ..by(1) },
        ] {
            assert_eq!(of(made_later), None, "{made_later:?}");
        }
    }
}
