//! Whether genesis files are of one city: each names those that it follows.

use anyhow::{Context, Result, ensure};
use chancery_contracts::predeploys;
use chancery_execution::GenesisConfig;

use crate::city::layout::{CityChain, DataDir, MAIN, founded_before};

/// A side chain that follows another main chain than the one beside it would start, and take no right from it.
pub(super) fn ensure_of_one_city(data: &DataDir, all: &[(CityChain, GenesisConfig)]) -> Result<()> {
    let main = all.iter().find(|(chain, _)| *chain == MAIN).context("there is no main chain")?;
    let hash = main.1.build().context("the genesis of the main chain makes no chain")?.header().hash();
    for (chain, config) in all.iter().filter(|(chain, _)| *chain != MAIN) {
        let anchor = config.predeploys.iter().find(|contract| contract.address == predeploys::MAIN_ANCHOR);
        ensure!(
            anchor.is_some_and(|anchor| anchor.init_code.ends_with(hash.as_slice())),
            "{} follows another main chain than that of {}, whose genesis hash is {hash}: put all genesis files of the city back from one copy",
            data.genesis_of(*chain).display(),
            data.genesis_of(MAIN).display()
        );
    }
    for (chain, config) in all.iter().filter(|(chain, _)| *chain != MAIN) {
        for followed in founded_before(*chain) {
            ensure_follows(data, all, (*chain, config), followed)?;
        }
    }
    Ok(())
}

/// A side chain whose rules may ask for certificates of another has to follow the one beside it.
fn ensure_follows(
    data: &DataDir,
    all: &[(CityChain, GenesisConfig)],
    (chain, config): (CityChain, &GenesisConfig),
    followed: CityChain,
) -> Result<()> {
    let anchor = predeploys::side_anchor(followed.number());
    let anchor = config.predeploys.iter().find(|contract| contract.address == anchor).with_context(|| {
        format!(
            "the city in {} was founded before a rule of one side chain could ask for certificates of another, and {} has no anchor of {} (docs/decisions/0041): \
             start a new city in another --data-dir; what this one holds is read with the version that made it",
            data.path().display(),
            data.genesis_of(chain).display(),
            followed.name
        )
    })?;
    let (_, other) = all.iter().find(|(known, _)| *known == followed).context("a side chain is missing")?;
    let hash =
        other.build().with_context(|| format!("the genesis of {} makes no chain", followed.name))?.header().hash();
    ensure!(
        anchor.init_code.ends_with(hash.as_slice()),
        "{} follows another {} chain than that of {}, whose genesis hash is {hash}: put all genesis files of the city back from one copy",
        data.genesis_of(chain).display(),
        followed.name,
        data.genesis_of(followed).display()
    );
    Ok(())
}
