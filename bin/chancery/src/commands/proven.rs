//! What an inspection proves: the gateway is asked, and what it says counts where the chains prove the same (STAPLE-13 to STAPLE-16). By which genesis, is
//! said: the one that was given, otherwise what the gateway gave when this machine met it first.

use std::path::{Path, PathBuf};

use alloy_primitives::B256;
use anyhow::{Context, Error, Result, ensure};
use chancery_certificates::{
    inspection::check_names,
    services::rfc3339,
    stapled::{TrustedCity, VerifiedStaple, agreed},
    verify::VerificationFailure,
};
use chancery_client::{
    ClientError,
    rest::types::{
        chains::{Chain, Chains},
        inspections::Checked,
    },
};
use chancery_contracts::predeploys;
use chancery_execution::GenesisConfig;
use chancery_light::ChainEssentials;
use chancery_primitives::Outcome;
use chancery_reference_points::Code;
use serde_json::{Value, json};

use super::{
    handing_out::essentials,
    known_cities::{self, KnownCity},
    trust::{authority, trusted_chains},
};
use crate::{
    arguments::CityTrust,
    founding::chain_ids,
    party::{Inspection, Party, now, stapled},
};

/// By which genesis a city is known.
#[derive(Debug)]
pub(super) enum Basis {
    /// The one that was given.
    Given(PathBuf),
    /// The one that was kept when the city was met first.
    Remembered { since: String, file: PathBuf },
    /// The one that the gateway gives now; kept from now on.
    First { fingerprint: String, file: PathBuf },
    /// The same, and not kept: a development city, whose keys are public, or a machine that keeps nothing.
    Unkept { why: String },
}

/// Whom an inspection trusts.
#[derive(Debug)]
pub(super) enum Known {
    City {
        city: Box<TrustedCity>,
        basis: Basis,
        /// What the gateway shows that is not what is trusted.
        alarm: Option<String>,
    },
    Nothing {
        check: &'static str,
        detail: String,
    },
}

/// What the chains prove.
#[derive(Debug)]
pub(super) enum Proof {
    Proven {
        outcome: Outcome,
        verified: Box<VerifiedStaple>,
    },
    Unproven {
        check: String,
        detail: String,
        /// The gateway says that there is no such certificate.
        is_absent: bool,
    },
}

/// By which genesis the chains of this gateway are verified.
///
/// # Errors
/// When the genesis that was given is none.
pub(super) fn known(trust: &CityTrust, url: &str, offered: &Chains) -> Result<Known> {
    if let Some(genesis) = &trust.genesis {
        let city = TrustedCity { authority: authority(genesis)?, chains: trusted_chains(genesis)? };
        return Ok(city_known(city, Basis::Given(genesis.clone()), offered));
    }
    let folder = known_cities::folder(trust.known_cities.as_deref());
    let met = folder.as_deref().map_or(Ok(None), |folder| known_cities::read(folder, url));
    Ok(match met {
        Err(error) => Known::Nothing { check: "trust-intact", detail: format!("{error:#}") },
        Ok(Some(known)) => remembered(known, folder.as_deref().unwrap_or(Path::new(".")), url, offered),
        Ok(None) => match offered_city(url, offered) {
            Ok(known) => first(&known, folder.as_deref(), offered),
            Err(error) => Known::Nothing { check: "city-provable", detail: format!("{error:#}") },
        },
    })
}

fn remembered(known: KnownCity, folder: &Path, url: &str, offered: &Chains) -> Known {
    let file = known_cities::file_of(folder, url);
    match TrustedCity::new(known.authority, &known.chains) {
        Some(city) => city_known(city, Basis::Remembered { since: known.met_at, file }, offered),
        None => {
            let detail = format!("what {} keeps of this city makes no chains", file.display());
            Known::Nothing { check: "trust-intact", detail }
        }
    }
}

fn first(known: &KnownCity, folder: Option<&Path>, offered: &Chains) -> Known {
    let Some(city) = TrustedCity::new(known.authority, &known.chains) else {
        let detail = "what the gateway says of its chains makes none".to_owned();
        return Known::Nothing { check: "city-provable", detail };
    };
    // That it is one, the gateway alone says: of a city whose main chain is another than theirs it would be a way never to be remembered.
    let basis = if offered.development && known.authority == chain_ids::DEVELOPMENT {
        Basis::Unkept { why: "a development city, whose keys are public, is not remembered".to_owned() }
    } else {
        match folder.context("there is no folder for it").and_then(|folder| known_cities::remember(folder, known)) {
            Ok(file) => Basis::First { fingerprint: known.fingerprint.clone(), file },
            Err(error) => Basis::Unkept { why: format!("it could not be remembered: {error:#}") },
        }
    };
    city_known(city, basis, offered)
}

fn city_known(city: TrustedCity, basis: Basis, offered: &Chains) -> Known {
    let is_remembered = matches!(basis, Basis::Remembered { .. });
    let trusted = city.chains.iter().map(|chain| (chain.chain_id(), chain.genesis_hash()));
    let alarm = alarm(trusted, offered, is_remembered);
    Known::City { city: Box::new(city), basis, alarm }
}

/// Chains that the gateway shows with another genesis than is trusted; of a city that is remembered also those that it shows no more.
fn alarm(trusted: impl Iterator<Item = (u64, B256)>, offered: &Chains, is_remembered: bool) -> Option<String> {
    let differs = |(id, hash): &(u64, B256)| {
        let shown = offered.chains.iter().find(|chain| chain.chain_id == *id);
        shown.map_or(is_remembered, |chain| chain.genesis_hash.0 != *hash)
    };
    let changed: Vec<String> = trusted.filter(differs).map(|(id, _)| id.to_string()).collect();
    (!changed.is_empty()).then(|| {
        format!(
            "the gateway shows another genesis than is trusted, of chain {}: it may be another city, or somebody who pretends to be this one",
            changed.join(", ")
        )
    })
}

/// The city as its gateway describes it.
fn offered_city(url: &str, offered: &Chains) -> Result<KnownCity> {
    let chains: Vec<ChainEssentials> = offered.chains.iter().map(essentials).collect::<Result<_>>()?;
    let mut mains = offered.chains.iter().filter(|chain| holds_identities(chain));
    let main = mains.next().context("the gateway lists no main chain: none holds the registry of identities")?;
    ensure!(
        mains.next().is_none(),
        "the gateway lists two main chains: which of them says who may issue, nobody knows"
    );
    Ok(KnownCity::new(url, main.chain_id, chains, now()))
}

fn holds_identities(chain: &Chain) -> bool {
    let genesis = chain.genesis.clone().and_then(|genesis| serde_json::from_value::<GenesisConfig>(genesis).ok());
    genesis.is_some_and(|config| {
        config.predeploys.iter().any(|predeploy| predeploy.address == predeploys::ETHEREUM_DID_REGISTRY)
    })
}

/// Asks for the proofs of what is inspected, and verifies them.
pub(super) async fn prove(party: &Party, inspection: &Inspection, known: &Known) -> Proof {
    let city = match known {
        Known::City { city, .. } => city,
        Known::Nothing { check, detail } => return unproven((*check).to_owned(), detail.clone()),
    };
    let id = inspection.presentation.document.id;
    let file = match stapled(&party.client, id.to_bytes32()).await {
        Ok(file) => file,
        Err(error) => return not_given(&error),
    };
    match file.verify_online(city, id, now()) {
        Ok(verified) => {
            Proof::Proven { outcome: verified.outcome_of(&inspection.presentation), verified: Box::new(verified) }
        }
        Err(VerificationFailure { check, detail }) => unproven(check.to_owned(), detail),
    }
}

fn not_given(error: &Error) -> Proof {
    if let Some(VerificationFailure { check, detail }) = error.downcast_ref() {
        return unproven((*check).to_owned(), detail.clone());
    }
    let code = error.downcast_ref::<ClientError>().and_then(ClientError::code);
    let is_absent = code == Some(Code::UnknownCertificate);
    Proof::Unproven { check: "proof-present".to_owned(), detail: format!("{error:#}"), is_absent }
}

const fn unproven(check: String, detail: String) -> Proof {
    Proof::Unproven { check, detail, is_absent: false }
}

/// What an inspection finds: what the gateway says, where the chains prove the same. What is not proven is "cannot determine", but for a certificate that nobody
/// recorded: that there is none, no chain proves here.
pub(super) fn conclude(found: &Checked, word: Outcome, proof: Proof) -> (Outcome, Proof) {
    match proof {
        Proof::Proven { outcome, verified } => match agreed(word, outcome) {
            Ok(concluded) => (concluded, Proof::Proven { outcome, verified }),
            Err(VerificationFailure { check, detail }) => {
                (Outcome::CannotDetermine, unproven(check.to_owned(), detail))
            }
        },
        Proof::Unproven { is_absent, .. } => {
            let says_none =
                found.checks.iter().any(|check| check.name == check_names::KNOWN && check.passed == Some(false));
            let is_refused = word == Outcome::Refused && is_absent && says_none;
            (if is_refused { Outcome::Refused } else { Outcome::CannotDetermine }, proof)
        }
    }
}

/// For `--json`.
pub(super) fn told(proof: &Proof, known: &Known) -> Value {
    let mut value = match proof {
        Proof::Proven { outcome, verified } => json!({
            "proven": true,
            "outcome": outcome,
            "asOf": rfc3339(verified.as_of),
            "ageS": verified.age_s,
            "statusBlock": verified.certificate.status.as_ref().map(|status| status.block_number),
            "rightBlock": verified.right.block_number,
        }),
        Proof::Unproven { check, detail, .. } => json!({"proven": false, "check": check, "detail": detail}),
    };
    if let Known::City { alarm, .. } = known {
        value["genesis"] = basis_told(known);
        value["alarm"] = json!(alarm);
    }
    value
}

/// By which genesis, for `--json`; null where there is none.
pub(super) fn basis_told(known: &Known) -> Value {
    let Known::City { basis, .. } = known else { return Value::Null };
    match basis {
        Basis::Given(path) => json!({"basis": "given", "path": path}),
        Basis::Remembered { since, file } => json!({"basis": "remembered", "since": since, "path": file}),
        Basis::First { fingerprint, file } => json!({"basis": "first", "fingerprint": fingerprint, "path": file}),
        Basis::Unkept { why } => json!({"basis": "unkept", "detail": why}),
    }
}

/// For people.
pub(super) fn describe(proof: &Proof, word: Outcome, known: &Known) -> String {
    let mut text = match proof {
        Proof::Proven { outcome, verified } => {
            let silent =
                if word == Outcome::CannotDetermine { ", but the gateway could not make its checks" } else { "" };
            let (as_of, age_s) = (rfc3339(verified.as_of), verified.age_s);
            format!("proven     {outcome}, by the chains, as of {as_of} ({age_s} s old){silent}")
        }
        Proof::Unproven { check, detail, .. } => {
            format!("NOT PROVEN the gateway says {word}, and that is not proven\nfailed check: {check}\n{detail}")
        }
    };
    text.push_str(&basis_described(known));
    text
}

/// By which genesis, and the alarm, for people: lines that follow others.
pub(super) fn basis_described(known: &Known) -> String {
    let Known::City { basis, alarm, .. } = known else { return String::new() };
    let basis = match basis {
        Basis::Given(path) => format!("the one of {}", path.display()),
        Basis::Remembered { since, file } => {
            format!("what this gateway gave when it was met first, {since} ({})", file.display())
        }
        Basis::First { fingerprint, file } => format!(
            "what this gateway gives now, remembered in {}\n           compare with what the operator publishes: {fingerprint}",
            file.display()
        ),
        Basis::Unkept { why } => format!("what this gateway gives now ({why}); --genesis gives another"),
    };
    let mut text = format!("\ngenesis    {basis}");
    if let Some(alarm) = alarm {
        text.push_str(&format!("\nALARM      {alarm}"));
    }
    text
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use chancery_client::rest::types::{certificates::Outcome as Said, inspections::Check};

    use super::*;

    fn found(outcome: Said, check: &str, passed: bool) -> Checked {
        let check = Check { name: check.to_owned(), passed: Some(passed), detail: String::new() };
        Checked { outcome, checks: vec![check] }
    }

    fn chains(listed: &[(u64, u8)]) -> Chains {
        let chain = |(id, hash): &(u64, u8)| {
            let hash = B256::repeat_byte(*hash);
            json!({"name": "main", "chainId": id, "rpcUrl": "", "genesisHash": hash, "kinds": [], "contracts": {}, "anchors": []})
        };
        serde_json::from_value(json!({"development": false, "chains": listed.iter().map(chain).collect::<Vec<_>>()}))
            .unwrap()
    }

    // STAPLE-15: a word without a proof counts for nothing, but for a certificate that there is none of.
    #[test]
    fn what_is_not_proven_cannot_be_determined() {
        let missing =
            |is_absent| Proof::Unproven { check: "proof-present".to_owned(), detail: String::new(), is_absent };
        let valid = found(Said::Valid, check_names::STATUS, true);
        assert_eq!(conclude(&valid, Outcome::Valid, missing(false)).0, Outcome::CannotDetermine);
        assert_eq!(conclude(&valid, Outcome::Valid, missing(true)).0, Outcome::CannotDetermine);
        let unknown = found(Said::Refused, check_names::KNOWN, false);
        assert_eq!(conclude(&unknown, Outcome::Refused, missing(true)).0, Outcome::Refused);
        assert_eq!(conclude(&unknown, Outcome::Refused, missing(false)).0, Outcome::CannotDetermine);
        let altered = found(Said::Refused, check_names::CONTENT, false);
        assert_eq!(conclude(&altered, Outcome::Refused, missing(true)).0, Outcome::CannotDetermine);
    }

    // STAPLE-16: whoever deceives at the first time could otherwise deceive at each time, and never raise an alarm.
    #[test]
    fn a_gateway_that_calls_itself_a_development_city_is_remembered_all_the_same() {
        let key = chancery_chain::ValidatorKeys::from_seed(1).bls_public_key();
        let chain = |chain_id| ChainEssentials { chain_id, genesis_hash: B256::repeat_byte(7), validators: vec![key] };
        let city = |main| KnownCity::new("https://city.example", main, vec![chain(main)], now());
        let mut offered = chains(&[(88_211, 7)]);
        offered.development = true;
        for (main, is_kept) in [(88_211, true), (chain_ids::DEVELOPMENT, false)] {
            let folder = tempfile::tempdir().unwrap();
            let Known::City { basis, .. } = first(&city(main), Some(folder.path()), &offered) else {
                panic!("no city")
            };
            assert_eq!(matches!(basis, Basis::First { .. }), is_kept, "{main}: {basis:?}");
            assert_eq!(known_cities::read(folder.path(), "https://city.example").unwrap().is_some(), is_kept);
        }
    }

    // STAPLE-16
    #[test]
    fn another_genesis_of_a_chain_that_is_trusted_raises_an_alarm() {
        let trusted = || [(7100, B256::repeat_byte(1)), (7103, B256::repeat_byte(2))].into_iter();
        assert_eq!(alarm(trusted(), &chains(&[(7100, 1), (7103, 2), (7104, 3)]), true), None);
        let changed = alarm(trusted(), &chains(&[(7100, 1), (7103, 9)]), false).unwrap();
        assert!(changed.contains("7103") && !changed.contains("7100"), "{changed}");
        // A folder of genesis files may hold more than the city shows; what was remembered of it may not be missing.
        assert_eq!(alarm(trusted(), &chains(&[(7100, 1)]), false), None);
        assert!(alarm(trusted(), &chains(&[(7100, 1)]), true).is_some());
    }
}
