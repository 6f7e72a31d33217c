//! A city whose chains other processes run, on this machine or elsewhere: where their nodes are, and the genesis files by which what these say is verified
//! (`docs/specs/founding.md`, "A city over nodes elsewhere").

mod followed;
mod said;

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    sync::Arc,
};

use alloy_primitives::Bytes;
use anyhow::{Context as _, Result, bail, ensure};
use chancery_chain::chain_essentials;
use chancery_execution::GenesisConfig;
use chancery_ledger::{ChainConfig, Ledger, LedgerLimits, RevertReasons};
use serde::Deserialize;
use url::Url;

pub(super) use self::{
    followed::{Followed, Told},
    said::Said,
};
use super::{
    chains::CityChains,
    founded::Founded,
    genesis,
    layout::{CityChain, DataDir, MAIN},
};
use crate::{
    alliance::{beside, configuration},
    founding::FoundingFile,
    network::config::load_genesis,
    own_machine::encrypted_elsewhere,
};

/// Stands for a password in what everybody sees.
const HIDDEN: &str = "hidden";

/// The file, as it stands.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ChainsFile {
    /// The founding file, relative to this file.
    founding: PathBuf,
    chains: Vec<ChainSection>,
}

/// A chain, as the file of a relay names it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ChainSection {
    /// `main`, or the kind of certificate that it carries.
    name: String,
    /// JSON-RPC of one of its nodes. What it says is verified.
    rpc: Url,
    /// Its genesis file, relative to this file: what is trusted.
    genesis: PathBuf,
}

/// A city over nodes that run elsewhere.
pub(crate) struct Elsewhere {
    pub(super) founded: Founded,
    /// The main chain first.
    pub(super) genesis: Vec<(CityChain, GenesisConfig)>,
    /// In the same order.
    sites: Vec<Site>,
    /// Where the file is: what is wrong with what it names is said of its folder.
    path: PathBuf,
}

/// Where a chain is, and what is believed of it.
#[derive(Clone)]
pub(crate) struct Site {
    pub(super) chain: CityChain,
    pub(crate) config: ChainConfig,
    /// Header of block 0 (RLP).
    genesis_header: Bytes,
}

impl Site {
    /// The chain's name.
    pub(crate) const fn name(&self) -> &'static str {
        self.chain.name
    }
}

/// A chain that is followed at its node.
pub(super) struct Distant {
    pub(super) chain: CityChain,
    pub(super) config: ChainConfig,
    /// Header of block 0 (RLP).
    pub(super) genesis_header: Bytes,
    pub(super) followed: Followed,
}

impl Distant {
    /// Where its node is, for everybody.
    pub(super) fn shown_url(&self) -> String {
        shown(&self.config.rpc_url)
    }
}

/// Of a password only that there is one, and of a token nothing.
fn shown(url: &Url) -> String {
    let mut url = url.clone();
    url.set_fragment(None);
    if url.password().is_some() && url.set_password(Some(HIDDEN)).is_err() {
        return HIDDEN.to_owned();
    }
    url.as_str().trim_end_matches('/').to_owned()
}

/// Reads a file and everything that it names. No node is asked.
///
/// # Errors
/// What is missing, unknown, or does not belong together.
pub(crate) fn read(path: &Path) -> Result<Elsewhere> {
    let file: ChainsFile = configuration(path)?;
    let founding = FoundingFile::read(&beside(path, &file.founding))?;
    let chains: Vec<CityChain> = std::iter::once(MAIN).chain(founding.sides()).collect();
    let mut named = BTreeSet::new();
    for section in &file.chains {
        let name = section.name.as_str();
        ensure!(named.insert(name), "{} names chain {name} twice", path.display());
        ensure!(
            chains.iter().any(|chain| chain.name == name),
            "{} names chain {name}, which the founding file does not",
            path.display()
        );
    }
    let section_of = |chain: CityChain| {
        let section = file.chains.iter().find(|section| section.name == chain.name);
        let Some(section) = section else {
            bail!("{} does not say where chain {} is: add it to [[chains]]", path.display(), chain.name)
        };
        ensure!(
            matches!(section.rpc.scheme(), "http" | "https" | "ws" | "wss"),
            "rpc of chain {}: JSON-RPC is spoken over http and ws, with or without TLS",
            chain.name
        );
        encrypted_elsewhere(section.rpc.as_str(), &format!("rpc of chain {}", chain.name))?;
        Ok((chain, section))
    };
    // All that the file says wrongly of itself, before anything that it names is read.
    let sections = chains.into_iter().map(section_of).collect::<Result<Vec<_>>>()?;
    let (mut genesis, mut sites) = (Vec::new(), Vec::new());
    for (chain, section) in sections {
        let file = beside(path, &section.genesis);
        let config = load_genesis(&file)?;
        let built = config.build().with_context(|| format!("{} makes no chain", file.display()))?;
        let essentials = chain_essentials(&config, built.header().hash());
        sites.push(Site {
            chain,
            config: ChainConfig::certified(chain.name, section.rpc.clone(), essentials),
            genesis_header: alloy_rlp::encode(built.header().inner()).into(),
        });
        genesis.push((chain, config));
    }
    let elsewhere = Elsewhere { founded: Founded::by(founding)?, genesis, sites, path: path.to_owned() };
    elsewhere.check().with_context(|| format!("the genesis files that {} names", path.display()))?;
    Ok(elsewhere)
}

impl Elsewhere {
    /// Where the chains are, the main chain first.
    pub(crate) fn sites(&self) -> &[Site] {
        &self.sites
    }

    /// Whether the genesis files are of one city, and of that of the founding file.
    fn check(&self) -> Result<()> {
        let folder = DataDir::new(self.path.parent().unwrap_or_else(|| Path::new("")));
        genesis::check(&folder, &self.genesis)?;
        self.founded.ensure_founded_as(&folder, &self.genesis)
    }

    /// Checks that a data directory is new or this city's.
    ///
    /// # Errors
    /// When it is that of a city with other chains.
    pub(super) fn ensure_of(&self, data: &DataDir) -> Result<()> {
        if !data.genesis().exists() {
            return Ok(());
        }
        for (chain, config) in &self.genesis {
            let path = data.genesis_of(*chain);
            let kept = load_genesis(&path)?;
            ensure!(
                kept == *config,
                "the city in {} was begun with another genesis of {} than {} names: put the genesis file of {} back, or begin a new city in another --data-dir",
                data.path().display(),
                chain.name,
                self.path.display(),
                path.display()
            );
        }
        Ok(())
    }

    /// Keeps genesis files and founding file with the city: from now on it takes no other ones.
    pub(super) fn keep(&self, data: &DataDir) -> Result<()> {
        if !data.genesis().exists() {
            genesis::write(&data.genesis(), self.genesis.iter().map(|(chain, config)| (*chain, config)))?;
        }
        self.founded.keep(data)
    }

    /// Reaches the chains. One that does not answer is tried again whenever it is needed.
    ///
    /// # Errors
    /// A node that shows another chain id or another genesis.
    pub(super) async fn connect(&self) -> Result<CityChains> {
        let configs = self.sites.iter().map(|site| site.config.clone()).collect();
        let ledger = Ledger::connect(configs, LedgerLimits::default(), RevertReasons::of_our_contracts())
            .await
            .with_context(|| format!("a node that {} names", self.path.display()))?;
        let distant = self.sites.iter().cloned().map(|Site { chain, config, genesis_header }| {
            let followed = Followed::start(ledger.chain(chain.name)?.clone());
            Ok::<_, anyhow::Error>(Distant { chain, config, genesis_header, followed })
        });
        Ok(CityChains::Elsewhere(distant.collect::<Result<_>>()?, Arc::new(Said::start(&self.sites)?)))
    }
}

#[cfg(test)]
mod tests;
