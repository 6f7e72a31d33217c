//! Founding a main chain and side chains together: each side chain's genesis names that of the main chain, and those of the side chains that were founded before it.

use std::{fs, io::Write as _, path::Path};

use alloy_primitives::B256;
use anyhow::{Context as _, Result};
use chancery_contracts::{FollowedMain, FollowedSide, anchored_side_chain};
use chancery_execution::GenesisConfig;

use super::{TRUST_MAX_AGE_S, config, kind_of, with_contracts};
use crate::{
    city::layout::{CityChain, FOUNDED, MAIN},
    founding::Founding,
};

/// A chain that is founded with others.
pub(crate) struct Together {
    pub(crate) chain: CityChain,
    pub(crate) config: GenesisConfig,
    /// Hash of its genesis header.
    pub(crate) hash: B256,
}

impl Together {
    fn new(chain: CityChain, config: GenesisConfig) -> Result<Self> {
        let genesis = config.build().with_context(|| format!("the genesis of {} makes no chain", chain.name))?;
        let hash = genesis.header().hash();
        Ok(Self { chain, config, hash })
    }

    /// What its file holds.
    pub(crate) const fn file(&self) -> (CityChain, &GenesisConfig) {
        (self.chain, &self.config)
    }
}

/// The genesis of the main chain and of these side chains, in the order of their founding. `founding`: what each is made from; the validators differ, and nothing else.
///
/// # Errors
/// What a chain cannot be made from.
pub(crate) fn together(sides: &[CityChain], founding: impl Fn(CityChain) -> Result<Founding>) -> Result<Vec<Together>> {
    // The side chains name the main chain's genesis, so its own cannot name theirs: its anchors are made when the city runs.
    let main = Together::new(MAIN, config(MAIN, &founding(MAIN)?)?)?;
    let main_hash = main.hash;
    let mut made = vec![main];
    let mut followed = Vec::new();
    for chain in FOUNDED.into_iter().filter(|chain| sides.contains(chain)) {
        let founding = founding(chain)?;
        let side = Together::new(chain, side_of_city(chain, &founding, main_hash, &followed)?)?;
        followed.push(FollowedSide {
            number: chain.number,
            chain_id: chain.id(founding.main_chain_id),
            genesis_hash: side.hash,
            kind: kind_of(chain)?,
            max_age_s: TRUST_MAX_AGE_S,
        });
        made.push(side);
    }
    Ok(made)
}

/// The genesis of a side chain that takes rights from the main chain of this genesis hash, and may ask for certificates of these side chains.
fn side_of_city(
    chain: CityChain,
    founding: &Founding,
    main_hash: B256,
    sides: &[FollowedSide],
) -> Result<GenesisConfig> {
    let main = FollowedMain { chain_id: founding.main_chain_id, genesis_hash: main_hash, max_age_s: TRUST_MAX_AGE_S };
    with_contracts(chain, founding, anchored_side_chain(&founding.authorities, &[kind_of(chain)?], &main, sides))
}

/// Writes all files into a folder beside, which then takes its name: a crash leaves either nothing or everything.
///
/// # Errors
/// When they cannot be written, or the folder is there and not empty.
pub(crate) fn write<'a>(directory: &Path, all: impl IntoIterator<Item = (CityChain, &'a GenesisConfig)>) -> Result<()> {
    let beside = directory.with_extension("new");
    if beside.exists() {
        fs::remove_dir_all(&beside)?;
    }
    fs::create_dir_all(&beside)?;
    for (chain, config) in all {
        let mut file = fs::File::create(beside.join(format!("{}.json", chain.name)))?;
        file.write_all(serde_json::to_string_pretty(config)?.as_bytes())?;
        file.sync_all()?;
    }
    fs::rename(&beside, directory).with_context(|| format!("cannot make {}", directory.display()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use chancery_chain::ValidatorKeys;
    use chancery_contracts::predeploys;

    use super::*;
    use crate::city::layout::chain_named;

    fn founding(seed: u64) -> Result<Founding> {
        Founding::development(vec![ValidatorKeys::from_seed(seed).public("member")], 1_700_000_000)
    }

    // FOUND-8, ANCHOR-1, decision 0070
    #[test]
    fn a_side_chain_names_the_main_chain_that_others_run() {
        let degree = chain_named("degree").unwrap();
        let apart = together(&[degree], |chain| founding(if chain == MAIN { 2 } else { 3 })).unwrap();
        assert_eq!(apart.iter().map(|made| made.chain.name).collect::<Vec<_>>(), ["main", "degree"]);
        let [main, side] = &apart[..] else { panic!("two chains") };
        assert_ne!(main.config.validators, side.config.validators);
        let anchor =
            side.config.predeploys.iter().find(|contract| contract.address == predeploys::MAIN_ANCHOR).unwrap();
        assert!(anchor.init_code.ends_with(main.hash.as_slice()));
        assert!(
            !side.config.predeploys.iter().any(|contract| contract.address == predeploys::side_anchor(1)),
            "there is no chain before it"
        );
    }
}
