//! How a process that runs no chain reaches the chains of its city: the endpoints are in a file that the process of the chains writes, and everything that is
//! believed of them follows from the genesis files.

use std::{collections::BTreeMap, fs, sync::Arc};

use anyhow::{Context as _, Result};
use chancery_chain::chain_essentials;
use chancery_execution::GenesisConfig;
use chancery_ledger::{ChainConfig, Ledger, LedgerLimits, RevertReasons, SubmitterKey};
use serde_json::Value;

use super::{
    entities::ChainAccess,
    founded::Founded,
    genesis,
    layout::{CityChain, DataDir},
};
use crate::commands::read_bounded;

/// Largest file of endpoints, in bytes.
const MAX_ENDPOINTS_BYTES: u64 = 64 * 1024;

/// Genesis files by chain.
pub(super) fn genesis_files(genesis: &[(CityChain, GenesisConfig)]) -> Result<BTreeMap<&'static str, Value>> {
    genesis.iter().map(|(chain, config)| Ok((chain.name, serde_json::to_value(config)?))).collect()
}

/// Connects to chains.
pub(super) async fn connect(
    configs: Vec<ChainConfig>,
    submitter: Arc<SubmitterKey>,
    genesis: BTreeMap<&'static str, Value>,
) -> Result<ChainAccess> {
    let ledger = Ledger::connect(configs, LedgerLimits::default(), RevertReasons::of_our_contracts()).await?;
    Ok(ChainAccess { ledger, submitter, genesis })
}

/// Tells the other processes of this city where its chains are. They are new at each start where ports are free ones.
pub(super) fn tell_endpoints(data: &DataDir, endpoints: &[(&str, String)]) -> Result<()> {
    let endpoints: BTreeMap<&str, &str> = endpoints.iter().map(|(name, url)| (*name, url.as_str())).collect();
    let path = data.chain_endpoints();
    let beside = path.with_extension("new");
    fs::write(&beside, serde_json::to_vec_pretty(&endpoints)?)
        .and_then(|()| fs::rename(&beside, &path))
        .with_context(|| format!("cannot write {}", path.display()))
}

/// The chains of a city that runs.
pub(super) async fn of_running_city(data: &DataDir) -> Result<ChainAccess> {
    let path = data.chain_endpoints();
    let text = read_bounded(&path, MAX_ENDPOINTS_BYTES).context(
        "the city does not run: start it first (`chancery up` or `chancery gateway`, with `--entities separate`)",
    )?;
    let endpoints: BTreeMap<String, String> =
        serde_json::from_slice(&text).with_context(|| format!("{} cannot be read", path.display()))?;
    let founded = Founded::of_existing(data)?;
    let genesis = genesis::load(data, &founded.sides())?;
    let configs = genesis.iter().map(|(chain, config)| {
        let endpoint = endpoints
            .get(chain.name)
            .with_context(|| format!("{} names no endpoint of chain {}", path.display(), chain.name))?;
        let hash = config.build().with_context(|| format!("the genesis of {} makes no chain", chain.name))?;
        let essentials = chain_essentials(config, hash.header().hash());
        Ok::<_, anyhow::Error>(ChainConfig::certified(chain.name, endpoint.parse()?, essentials))
    });
    connect(configs.collect::<Result<_>>()?, founded.submitter(data)?, genesis_files(&genesis)?).await
}
