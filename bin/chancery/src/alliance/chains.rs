//! Chains as the configuration of a relay or an endorser names them.

use std::path::{Path, PathBuf};

use alloy_primitives::Bytes;
use anyhow::{Context as _, Result};
use chancery_bridge::establish::Site;
use chancery_execution::GenesisConfig;
use chancery_ledger::{ChainConfig, Ledger, LedgerLimits, RevertReasons};
use serde::Deserialize;

use crate::commands::read_bounded;

/// Genesis files hold the contracts' creation code and every validator.
const MAX_GENESIS_BYTES: u64 = 16 << 20;

/// A chain: with finality certificates by its genesis file, or foreign by its id.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ChainSection {
    /// What the rest of the file calls it.
    pub(crate) name: String,
    /// JSON-RPC endpoint of one of its nodes. What it says is verified.
    rpc: String,
    /// Its genesis file, relative to this file: what is trusted. Absent for a foreign chain.
    genesis: Option<PathBuf>,
    /// EIP-155 id of a foreign chain.
    chain_id: Option<u64>,
    /// Blocks after which one of a foreign chain counts as final.
    #[serde(default)]
    confirmations: u64,
}

impl ChainSection {
    /// A chain with finality certificates.
    pub(crate) fn certified(name: &str, rpc: String, genesis: &Path) -> Self {
        let (name, genesis) = (name.to_owned(), Some(genesis.to_owned()));
        Self { name, rpc, genesis, chain_id: None, confirmations: 0 }
    }

    /// With the genesis header, by which an anchor begins to follow it; `None` for a foreign chain.
    pub(crate) async fn site(&self, file: &Path) -> Result<Site> {
        let (config, genesis_header) = self.built(directory_of(file))?;
        let ledger = ledger(vec![config]).await?;
        Ok(Site { chain: ledger.chain(&self.name)?.clone(), genesis_header })
    }

    fn built(&self, directory: &Path) -> Result<(ChainConfig, Option<Bytes>)> {
        let rpc = self.rpc.parse().with_context(|| format!("rpc of chain {} is no URL", self.name))?;
        let Some(genesis) = &self.genesis else {
            let chain_id =
                self.chain_id.with_context(|| format!("chain {} has neither genesis nor chain_id", self.name))?;
            let config = ChainConfig::uncertified(self.name.clone(), rpc, chain_id);
            return Ok((ChainConfig { confirmations: self.confirmations, ..config }, None));
        };
        let path = directory.join(genesis);
        let config: GenesisConfig = serde_json::from_slice(&read_bounded(&path, MAX_GENESIS_BYTES)?)
            .with_context(|| format!("{} is no genesis file", path.display()))?;
        let genesis = config.build().with_context(|| format!("{} makes no chain", path.display()))?;
        let essentials = chancery_chain::chain_essentials(&config, genesis.header().hash());
        let header = alloy_rlp::encode(genesis.header().inner());
        Ok((ChainConfig::certified(self.name.clone(), rpc, essentials), Some(header.into())))
    }
}

fn directory_of(file: &Path) -> &Path {
    file.parent().unwrap_or_else(|| Path::new("."))
}

/// Connects to them. One that does not answer yet is tried again when it is used.
pub(crate) async fn connect(sections: &[ChainSection], file: &Path) -> Result<Ledger> {
    let directory = directory_of(file);
    let configs = sections.iter().map(|section| Ok(section.built(directory)?.0)).collect::<Result<_>>()?;
    ledger(configs).await
}

async fn ledger(configs: Vec<ChainConfig>) -> Result<Ledger> {
    Ok(Ledger::connect(configs, LedgerLimits::default(), RevertReasons::of_our_contracts()).await?)
}
