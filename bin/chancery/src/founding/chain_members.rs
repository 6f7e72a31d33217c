//! Which chains are founded together, and who runs each: `[chains]` of a founding file.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context as _, Result, ensure};
use chancery_execution::ValidatorConfig;
use serde::{Deserialize, Serialize};

use crate::city::layout::{CityChain, MAIN, SIDE, chain_named, chains};

/// Validators that a chain may have at first; a node's configuration names no more.
const MAX_VALIDATORS: usize = 256;

/// The names of the validators of each chain, by the chain's name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct ChainMembers(BTreeMap<String, Vec<String>>);

impl ChainMembers {
    /// As they were told, each chain once.
    ///
    /// # Errors
    /// A chain twice.
    pub(super) fn told(told: &[(String, Vec<String>)]) -> Result<Self> {
        let mut all = BTreeMap::new();
        for (chain, members) in told {
            ensure!(all.insert(chain.clone(), members.clone()).is_none(), "chain {chain} is named twice");
        }
        Ok(Self(all))
    }

    /// Whether the file names no chains: then a genesis is that of one chain, or the city has all of them in one process.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Checks what is the same for everybody (FOUND-8).
    ///
    /// # Errors
    /// No main chain or no side chain, a chain that no city has, a chain without validators, or one twice.
    pub(super) fn check(&self) -> Result<()> {
        if self.is_empty() {
            return Ok(());
        }
        ensure!(self.0.contains_key(MAIN.name), "no validators of the chain {} are named", MAIN.name);
        ensure!(self.0.len() > 1, "no side chain is named: leave [chains] out to found one chain by itself");
        for (chain, members) in &self.0 {
            chain_named(chain)?;
            ensure!(
                (1..=MAX_VALIDATORS).contains(&members.len()),
                "{chain}: {} validators are named, and 1 to {MAX_VALIDATORS} may be",
                members.len()
            );
            let mut seen = BTreeSet::new();
            for member in members {
                ensure!(seen.insert(member), "{chain}: {member:?} is named twice");
            }
        }
        Ok(())
    }

    /// The side chains; all that a city can have if the file names none.
    pub(super) fn sides(&self) -> Vec<CityChain> {
        SIDE.into_iter().filter(|chain| self.is_empty() || self.0.contains_key(chain.name)).collect()
    }

    /// The chains that the file names, the main chain first.
    pub(super) fn named(&self) -> impl Iterator<Item = CityChain> {
        chains().filter(|chain| self.0.contains_key(chain.name))
    }

    /// The names of a chain's validators.
    pub(super) fn names(&self, chain: CityChain) -> &[String] {
        self.0.get(chain.name).map_or(&[], Vec::as_slice)
    }

    /// The validators of a chain, as the file names them, of all whose public keys are known; in the order of a genesis.
    ///
    /// # Errors
    /// A name of which no public keys are known.
    pub(super) fn validators(&self, chain: CityChain, known: &[ValidatorConfig]) -> Result<Vec<ValidatorConfig>> {
        let mut validators = self
            .names(chain)
            .iter()
            .map(|name| {
                let found = known.iter().find(|member| member.name == *name);
                found.cloned().with_context(|| {
                    format!("{}: {name:?} is a validator, and no file of its public keys is given", chain.name)
                })
            })
            .collect::<Result<Vec<_>>>()?;
        validators.sort_by_key(|validator| validator.peer_public_key);
        Ok(validators)
    }

    /// Checks that a genesis has the validators that the file names, if it names any.
    ///
    /// # Errors
    /// When it has others.
    pub(super) fn ensure_run_by(&self, chain: CityChain, validators: &[ValidatorConfig]) -> Result<()> {
        if self.is_empty() {
            return Ok(());
        }
        let named: BTreeSet<&str> = self.names(chain).iter().map(String::as_str).collect();
        let found: BTreeSet<&str> = validators.iter().map(|validator| validator.name.as_str()).collect();
        ensure!(named == found, "its validators are {found:?}, and the founding file names {named:?}");
        Ok(())
    }

    /// Whether somebody of this name runs one of the chains.
    pub(super) fn is_anywhere(&self, name: &str) -> bool {
        self.0.values().flatten().any(|member| member == name)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use chancery_chain::ValidatorKeys;

    use super::*;

    fn members(text: &str) -> ChainMembers {
        toml::from_str(text).unwrap()
    }

    fn validator(seed: u64, name: &str) -> ValidatorConfig {
        ValidatorKeys::from_seed(seed).public(name)
    }

    // FOUND-8
    #[test]
    fn a_file_names_who_runs_each_chain() {
        let members = members("main = [\"tax\", \"university\"]\ndegree = [\"university\"]");
        members.check().unwrap();
        let names = |chains: Vec<CityChain>| chains.into_iter().map(|chain| chain.name).collect::<Vec<_>>();
        assert_eq!(names(members.named().collect()), ["main", "degree"]);
        assert_eq!(names(members.sides()), ["degree"]);
        assert_eq!(ChainMembers::default().sides(), SIDE);

        let known = [validator(1, "tax"), validator(2, "university")];
        let degree = chain_named("degree").unwrap();
        assert_eq!(members.validators(degree, &known).unwrap(), [validator(2, "university")]);
        let main = members.validators(MAIN, &known).unwrap();
        assert!(main.len() == 2 && main.is_sorted_by_key(|validator| validator.peer_public_key));
        members.ensure_run_by(MAIN, &main).unwrap();
        assert!(members.ensure_run_by(degree, &main).unwrap_err().to_string().contains("founding file names"));
        let refused = members.validators(MAIN, &known[..1]).unwrap_err().to_string();
        assert!(refused.contains("\"university\" is a validator"), "{refused}");
        assert!(members.is_anywhere("tax") && !members.is_anywhere("bank"));
    }

    // FOUND-8, bad input
    #[test]
    fn chains_that_make_no_city_are_refused() {
        for (text, why) in [
            ("degree = [\"university\"]", "no validators of the chain main"),
            ("main = [\"tax\"]", "no side chain"),
            ("main = [\"tax\"]\nfishing = [\"tax\"]", "there is no chain fishing"),
            ("main = [\"tax\"]\ndegree = []", "1 to 256"),
            ("main = [\"tax\", \"tax\"]\ndegree = [\"tax\"]", "is named twice"),
        ] {
            let refused = members(text).check().unwrap_err().to_string();
            assert!(refused.contains(why), "{text}: {refused}");
        }
        let told = ["main", "main"].map(|chain| (chain.to_owned(), vec!["tax".to_owned()]));
        assert!(ChainMembers::told(&told).unwrap_err().to_string().contains("twice"));
    }
}
