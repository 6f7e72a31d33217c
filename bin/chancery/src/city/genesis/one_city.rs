//! Whether genesis files are of one city: each names those that it follows.

use alloy_primitives::B256;
use anyhow::{Context, Result, ensure};
use chancery_contracts::predeploys;
use chancery_execution::GenesisConfig;

use crate::city::layout::{CityChain, DataDir, FOUNDED, MAIN, founded_before};

/// A side chain that follows another main chain than the one beside it would start, and take no right from it; one that follows another side chain would never issue by a
/// rule that asks for its certificates.
pub(super) fn ensure_of_one_city(data: &DataDir, all: &[(CityChain, GenesisConfig)]) -> Result<()> {
    let main = hash_of(all, MAIN)?;
    for (chain, config) in all.iter().filter(|(chain, _)| *chain != MAIN) {
        let anchor = config.predeploys.iter().find(|contract| contract.address == predeploys::MAIN_ANCHOR);
        ensure!(
            anchor.is_some_and(|anchor| anchor.init_code.ends_with(main.as_slice())),
            "{} follows another main chain than that of {}, whose genesis hash is {main}: put all genesis files of the city back from one copy",
            data.genesis_of(*chain).display(),
            data.genesis_of(MAIN).display()
        );
    }
    for followed in FOUNDED.into_iter().filter(|followed| all.iter().any(|(chain, _)| chain == followed)) {
        let mut after =
            all.iter().filter(|(chain, _)| *chain != MAIN && is_founded_before(followed, *chain)).peekable();
        // The last is followed by nobody.
        if after.peek().is_none() {
            continue;
        }
        let hash = hash_of(all, followed)?;
        for (chain, config) in after {
            ensure_follows(data, (*chain, config), followed, hash)?;
        }
    }
    Ok(())
}

fn is_founded_before(followed: CityChain, chain: CityChain) -> bool {
    founded_before(chain).any(|before| before == followed)
}

fn hash_of(all: &[(CityChain, GenesisConfig)], chain: CityChain) -> Result<B256> {
    let found = all.iter().find(|(known, _)| *known == chain);
    let (_, config) = found.with_context(|| format!("there is no genesis of {}", chain.name))?;
    let genesis = config.build().with_context(|| format!("the genesis of {} makes no chain", chain.name))?;
    Ok(genesis.header().hash())
}

/// A side chain whose rules may ask for certificates of another has to follow the one beside it.
fn ensure_follows(
    data: &DataDir,
    (chain, config): (CityChain, &GenesisConfig),
    followed: CityChain,
    hash: B256,
) -> Result<()> {
    let place = predeploys::side_anchor(followed.number);
    let anchor = config.predeploys.iter().find(|contract| contract.address == place).with_context(|| {
        format!(
            "the city in {} was founded before a rule of one side chain could ask for certificates of another, and {} has no anchor of {} (docs/decisions/0041): \
             start a new city in another --data-dir; what this one holds is read with the version that made it",
            data.path().display(),
            data.genesis_of(chain).display(),
            followed.name
        )
    })?;
    ensure!(
        anchor.init_code.ends_with(hash.as_slice()),
        "{} follows another chain {} than that of {}, whose genesis hash is {hash}: put all genesis files of the city back from one copy",
        data.genesis_of(chain).display(),
        followed.name,
        data.genesis_of(followed).display()
    );
    Ok(())
}
