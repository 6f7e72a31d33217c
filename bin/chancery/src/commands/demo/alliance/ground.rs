//! Four chains of one validator each: the alliance's and three members'.

use std::{
    net::{Ipv4Addr, SocketAddr, TcpListener},
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result};
use chancery_bridge::establish::Site;
use chancery_execution::GenesisConfig;
use chancery_ledger::{Chain, ChainConfig, Ledger, LedgerLimits, RevertReasons};
use tokio::time::{Duration, sleep, timeout};

use super::processes::Process;
use crate::{
    commands::read_bounded,
    network::{Member, Trial, write_network},
};

/// Also what an idle alliance chain's clock advances by.
const HEARTBEAT_MS: u64 = 500;
/// Largest genesis file, in bytes.
const MAX_GENESIS_BYTES: u64 = 16 << 20;
/// Longest wait for a chain's first block: many times the heartbeat.
const MAX_FIRST_BLOCK: Duration = Duration::from_secs(60);

/// A chain that runs.
pub(super) struct Ground {
    pub(super) site: Site,
    /// What a relay's or an endorser's configuration says of it.
    pub(super) section: String,
    _node: Process,
}

impl Ground {
    /// `role` is what the chain is called here; `chain` the chain of a city whose genesis and id it gets.
    pub(super) async fn start(dir: &Path, role: &str, chain: &str) -> Result<Self> {
        let dir = dir.join(role.replace(' ', "-"));
        let validator = Member::validator(&dir, "validator-1".to_owned(), free_address()?, free_address()?)?;
        let made = write_network(&dir, &[validator], &Trial::of(chain, HEARTBEAT_MS))?;
        let node = made.nodes.first().context("there is one node")?;
        let (process, _) = Process::start("node", &node.config)?;
        let genesis: PathBuf = dir.join("genesis.json");
        let config: GenesisConfig = serde_json::from_slice(&read_bounded(&genesis, MAX_GENESIS_BYTES)?)?;
        let built = config.build()?;
        let essentials = chancery_chain::chain_essentials(&config, built.header().hash());
        let header = alloy_rlp::encode(built.header().inner());
        let config = ChainConfig::certified(role, node.rpc.parse()?, essentials);
        let ledger = Ledger::connect(vec![config], LedgerLimits::default(), RevertReasons::of_our_contracts()).await?;
        let chain = ledger.chain(role)?.clone();
        // Of the genesis block alone nothing can be anchored.
        timeout(MAX_FIRST_BLOCK, first_block(&chain)).await.with_context(|| format!("{role} makes no block"))??;
        let section = format!("name = \"{role}\"\nrpc = \"{}\"\ngenesis = {:?}\n", node.rpc, genesis);
        Ok(Self { site: Site { chain, genesis_header: Some(header.into()) }, section, _node: process })
    }
}

async fn first_block(chain: &Chain) -> Result<()> {
    while chain.head().await?.number == 0 {
        sleep(Duration::from_millis(50)).await;
    }
    Ok(())
}

/// An address of this machine on which nobody listens now.
fn free_address() -> Result<SocketAddr> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|listener| listener.local_addr())?)
}
