//! The chains of a city: one node each, or several validators in this one process, connected over the loopback interface.

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener},
    path::Path,
    sync::Arc,
};

use anyhow::{Context, Result, anyhow, bail, ensure};
use chancery_chain::{DEFAULT_HEARTBEAT, Node, NodeConfig, NodeHandle, P2pConfig, PeerAddress, Role, ValidatorKeys};
use chancery_execution::{ExecutionConfig, GenesisConfig, StoreConfig};
use chancery_ledger::ChainConfig;
use chancery_rpc::RpcConfig;
use commonware_runtime::{Supervisor as _, tokio as runtime};
use tracing::error;

use super::layout::{CityChain, DataDir, MAIN};
use crate::memory;

/// Ports in which validators of one process listen for one another: this many for each chain.
const PEER_PORTS: u16 = 200;
/// The first of them.
const FIRST_PEER_PORT: u16 = 24_000;
/// Validators of one chain in one process. A city has six chains, and each validator executes every block.
const MAX_CITY_VALIDATORS: u16 = 7;

/// A chain of the city, running: its nodes, the one that serves the gateway first.
pub(crate) struct CityNodes {
    pub(crate) chain: CityChain,
    nodes: Vec<Arc<NodeHandle>>,
}

impl CityNodes {
    /// The node that serves the gateway, and whose endpoint is announced.
    pub(crate) fn first(&self) -> &Arc<NodeHandle> {
        &self.nodes[0]
    }

    /// All of them.
    pub(crate) fn all(&self) -> &[Arc<NodeHandle>] {
        &self.nodes
    }

    /// Waits until one of the nodes fails, and says which.
    pub(crate) async fn failed(&self) -> anyhow::Error {
        let failures = self.nodes.iter().map(|node| Box::pin(node.failed()));
        let (failure, index, _) = futures::future::select_all(failures).await;
        error!(chain = self.chain.name, validator = index + 1, %failure, "a node failed");
        anyhow!("validator {} of chain {} failed: {failure}", index + 1, self.chain.name)
    }

    pub(crate) async fn shutdown(self) {
        // Whoever else looked at a node is gone by now.
        for node in self.nodes.into_iter().filter_map(Arc::into_inner) {
            node.shutdown().await;
        }
    }
}

/// How many validators each chain has: what the genesis files of a city that exists say, or what was asked for.
pub(crate) fn validator_count(asked: Option<u16>, data: &DataDir) -> Result<usize> {
    if let Some(asked) = asked {
        ensure!(
            (1..=MAX_CITY_VALIDATORS).contains(&asked),
            "a city in one process has 1 to {MAX_CITY_VALIDATORS} validators a chain, not {asked}; `chancery network` makes larger networks"
        );
    }
    let Some(existing) = existing_validators(&data.genesis_of(MAIN))? else {
        return Ok(usize::from(asked.unwrap_or(1)));
    };
    match asked {
        Some(asked) if usize::from(asked) != existing => bail!(
            "the city in {} has {existing} validators a chain, not {asked}: leave --validators out, or start a new city in another --data-dir",
            data.path().display()
        ),
        _ => Ok(existing),
    }
}

fn existing_validators(genesis: &Path) -> Result<Option<usize>> {
    if !genesis.exists() {
        return Ok(None);
    }
    let text = std::fs::read_to_string(genesis).with_context(|| format!("cannot read {}", genesis.display()))?;
    let genesis: GenesisConfig =
        serde_json::from_str(&text).with_context(|| format!("{} cannot be read", genesis.display()))?;
    Ok(Some(genesis.validators.len()))
}

/// Starts all nodes of all chains.
pub(crate) async fn start(
    context: &runtime::Context,
    rpc_base_port: u16,
    data: &DataDir,
    validators: &[ValidatorKeys],
    genesis: &[(CityChain, GenesisConfig)],
) -> Result<Vec<CityNodes>> {
    let cache_mb = memory::of_each(genesis.len() * validators.len());
    let execution =
        ExecutionConfig { store: StoreConfig::of_one_of_several(cache_mb << 20), ..ExecutionConfig::default() };
    let starting = (0u16..).zip(genesis).map(|(offset, (chain, genesis))| {
        let port = if rpc_base_port == 0 { Some(0) } else { rpc_base_port.checked_add(offset) };
        let (context, execution) = (context.child("chain"), execution.clone());
        async move {
            let port = port.with_context(|| {
                format!("there is no port left for chain {}: choose a lower --rpc-base-port", chain.name)
            })?;
            let network = peers(validators, offset)?;
            let nodes = validators.iter().zip(network).enumerate().map(|(index, (keys, p2p))| {
                let config = NodeConfig {
                    genesis: genesis.clone(),
                    data_dir: data.chain(*chain, index),
                    votes_dir: data.chain(*chain, index),
                    keys: keys.clone(),
                    role: Role::Validator,
                    p2p,
                    rpc: RpcConfig::new(loopback(if index == 0 { port } else { 0 })),
                    execution: execution.clone(),
                    heartbeat: DEFAULT_HEARTBEAT,
                };
                Node::start(context.child("validator").with_attribute("index", index), config)
            });
            let nodes = futures::future::try_join_all(nodes)
                .await
                .with_context(|| format!("chain {} does not start", chain.name))?;
            Ok::<_, anyhow::Error>(CityNodes { chain: *chain, nodes: nodes.into_iter().map(Arc::new).collect() })
        }
    });
    futures::future::try_join_all(starting).await
}

/// How a ledger of this process reaches the chains: through the first node of each.
pub(super) fn configs(nodes: &[CityNodes]) -> Result<Vec<ChainConfig>> {
    nodes
        .iter()
        .map(|nodes| {
            let node = nodes.first();
            Ok(ChainConfig::certified(nodes.chain.name, node.rpc_url().parse()?, node.essentials().clone()))
        })
        .collect()
}

/// Where the validators of one chain find one another: free ports of the loopback interface, chosen anew at each start. Each chain has a range of its
/// own, below the ports that the system gives to outgoing connections, so that nobody takes one before its validator listens.
fn peers(validators: &[ValidatorKeys], chain: u16) -> Result<Vec<P2pConfig>> {
    if validators.len() == 1 {
        return Ok(vec![P2pConfig::alone()]);
    }
    let first = FIRST_PEER_PORT + chain * PEER_PORTS;
    let free = (first..first + PEER_PORTS).map(loopback).filter(|address| TcpListener::bind(address).is_ok());
    let addresses: Vec<_> = free.take(validators.len()).collect();
    ensure!(
        addresses.len() == validators.len(),
        "{} validators find no free ports from {first} to {}; stop other cities",
        validators.len(),
        first + PEER_PORTS - 1
    );
    let everybody: Vec<_> = validators
        .iter()
        .zip(&addresses)
        .map(|(keys, address)| PeerAddress { key: keys.peer_public_key(), address: *address })
        .collect();
    Ok(addresses
        .iter()
        .map(|listen| P2pConfig {
            listen: *listen,
            peers: everybody.iter().filter(|peer| peer.address != *listen).cloned().collect(),
            ..P2pConfig::alone()
        })
        .collect())
}

const fn loopback(port: u16) -> SocketAddr {
    SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port)
}
