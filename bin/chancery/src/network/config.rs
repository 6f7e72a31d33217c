//! `node.toml`: everything that one node has to be told. Paths are relative to the file.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    time::Duration,
};

use alloy_primitives::FixedBytes;
use anyhow::{Context, Result, ensure};
use chancery_chain::{DEFAULT_HEARTBEAT, NodeConfig, P2pConfig, PeerAddress, PeerKey, Role, ValidatorKeys};
use chancery_execution::{ExecutionConfig, GenesisConfig, StoreConfig};
use chancery_rpc::RpcConfig;
use serde::{Deserialize, Serialize};

use crate::commands::read_bounded;

/// Genesis files hold the contracts' creation code and every validator.
const MAX_GENESIS_BYTES: u64 = 16 << 20;
/// A configuration names at most 256 validators and as many followers.
const MAX_CONFIG_BYTES: u64 = 1 << 20;
/// A shorter heartbeat makes more empty blocks than it is worth; a longer one hides a silent leader for too long.
const HEARTBEAT_MS: std::ops::RangeInclusive<u64> = 50..=600_000;

/// Caches of a node, in MiB: one that has a machine to itself.
const DEFAULT_CACHE_MB: usize = 128;
/// Less does not hold what one block needs; more is no cache any more.
const CACHE_MB: std::ops::RangeInclusive<usize> = 16..=65_536;

/// The file as it stands.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NodeFile {
    /// The genesis file, the same for everybody.
    pub(super) genesis: PathBuf,
    /// Where blocks, state and consensus' files are kept.
    pub(super) data_dir: PathBuf,
    /// The node's keys.
    pub(super) key_file: PathBuf,
    pub(super) role: RoleName,
    /// How long an idle leader waits before it makes an empty block. The same for everybody.
    #[serde(default = "default_heartbeat_ms")]
    pub(super) heartbeat_ms: u64,
    pub(super) rpc: RpcSection,
    pub(super) p2p: P2pSection,
    #[serde(default)]
    pub(super) storage: StorageSection,
    /// Where metrics and health are served; absent: nowhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) observe: Option<ObserveSection>,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum RoleName {
    Validator,
    Follower,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RpcSection {
    pub(super) listen: SocketAddr,
}

/// How memory is spent on the chain's data.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StorageSection {
    /// What the caches of state and database take once they are full, in MiB. More of it keeps a chain of many millions of slots fast.
    #[serde(default = "default_cache_mb")]
    pub(super) cache_mb: usize,
}

impl Default for StorageSection {
    fn default() -> Self {
        Self { cache_mb: default_cache_mb() }
    }
}

const fn default_cache_mb() -> usize {
    DEFAULT_CACHE_MB
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ObserveSection {
    pub(super) listen: SocketAddr,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct P2pSection {
    pub(super) listen: SocketAddr,
    /// Private networks and loopback: for a trial, or where all members share a private network.
    #[serde(default)]
    pub(super) allow_private_addresses: bool,
    /// Every other validator.
    #[serde(default)]
    pub(super) peers: Vec<PeerEntry>,
    /// Followers that may connect.
    #[serde(default)]
    pub(super) followers: Vec<PeerEntry>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PeerEntry {
    /// For people.
    pub(super) name: String,
    /// The peer key, as in the genesis file.
    pub(super) key: FixedBytes<32>,
    pub(super) address: SocketAddr,
}

const fn default_heartbeat_ms() -> u64 {
    DEFAULT_HEARTBEAT.as_millis() as u64
}

/// A node, ready to be started.
pub(crate) struct LoadedNode {
    pub(crate) config: NodeConfig,
    /// Where consensus keeps its files.
    pub(crate) consensus_dir: PathBuf,
    /// Where metrics and health are served.
    pub(crate) observe: Option<SocketAddr>,
}

/// Reads a configuration and what it refers to.
///
/// # Errors
/// Which file is wrong, and where.
pub(crate) fn load(path: &Path) -> Result<LoadedNode> {
    let bytes = read_bounded(path, MAX_CONFIG_BYTES)?;
    let text = std::str::from_utf8(&bytes).with_context(|| format!("{} is not UTF-8", path.display()))?;
    let file: NodeFile = toml::from_str(text).with_context(|| format!("{} cannot be read", path.display()))?;
    ensure!(
        HEARTBEAT_MS.contains(&file.heartbeat_ms),
        "{}: heartbeat_ms must lie between {} and {}, and is {}",
        path.display(),
        HEARTBEAT_MS.start(),
        HEARTBEAT_MS.end(),
        file.heartbeat_ms
    );
    ensure!(
        CACHE_MB.contains(&file.storage.cache_mb),
        "{}: storage.cache_mb must lie between {} and {}, and is {}",
        path.display(),
        CACHE_MB.start(),
        CACHE_MB.end(),
        file.storage.cache_mb
    );
    let base = path.parent().unwrap_or(Path::new("."));
    let data_dir = base.join(&file.data_dir);
    let config = NodeConfig {
        genesis: load_genesis(&base.join(&file.genesis))?,
        data_dir: data_dir.join("chain"),
        keys: ValidatorKeys::load(&base.join(&file.key_file))?,
        role: match file.role {
            RoleName::Validator => Role::Validator,
            RoleName::Follower => Role::Follower,
        },
        p2p: P2pConfig {
            listen: file.p2p.listen,
            peers: addresses(&file.p2p.peers).with_context(|| format!("{}: p2p.peers", path.display()))?,
            followers: addresses(&file.p2p.followers).with_context(|| format!("{}: p2p.followers", path.display()))?,
            allow_private_addresses: file.p2p.allow_private_addresses,
        },
        rpc: RpcConfig::new(file.rpc.listen),
        execution: ExecutionConfig {
            store: StoreConfig::with_cache(file.storage.cache_mb << 20),
            ..ExecutionConfig::default()
        },
        heartbeat: Duration::from_millis(file.heartbeat_ms),
    };
    Ok(LoadedNode {
        config,
        consensus_dir: data_dir.join("consensus"),
        observe: file.observe.map(|observe| observe.listen),
    })
}

/// Reads a genesis file.
pub(crate) fn load_genesis(path: &Path) -> Result<GenesisConfig> {
    let bytes = read_bounded(path, MAX_GENESIS_BYTES)?;
    serde_json::from_slice(&bytes).with_context(|| format!("{} is not a genesis file", path.display()))
}

fn addresses(entries: &[PeerEntry]) -> Result<Vec<PeerAddress>> {
    entries
        .iter()
        .map(|entry| {
            let key = PeerKey::try_from(entry.key.as_slice())
                .ok()
                .with_context(|| format!("the key of {} is not an Ed25519 public key", entry.name))?;
            Ok(PeerAddress { key, address: entry.address })
        })
        .collect()
}
