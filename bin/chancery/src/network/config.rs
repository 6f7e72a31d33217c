//! `node.toml`: everything that one node has to be told. Paths are relative to the file.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    time::Duration,
};

use alloy_primitives::FixedBytes;
use anyhow::{Context, Result, bail, ensure};
use chancery_chain::{DEFAULT_HEARTBEAT, NodeConfig, P2pConfig, PeerAddress, PeerKey, Role, ValidatorKeys};
use chancery_execution::{ExecutionConfig, GenesisConfig, Retention, StoreConfig};
use chancery_rpc::RpcConfig;
use serde::{Deserialize, Serialize};

use super::tokens;
use crate::{commands::read_bounded, memory};

/// Genesis files hold the contracts' creation code and every validator.
const MAX_GENESIS_BYTES: u64 = 16 << 20;
/// A configuration names at most 256 validators and as many followers.
const MAX_CONFIG_BYTES: u64 = 1 << 20;
/// A shorter heartbeat makes more empty blocks than it is worth; a longer one hides a silent leader for too long.
const HEARTBEAT_MS: std::ops::RangeInclusive<u64> = 50..=600_000;

/// Fewer states serve no call that takes a moment, and no snapshot, whose block lies up to 64 blocks below the head.
pub(crate) const LEAST_STATE_BLOCKS: u64 = 128;
/// From the newest blocks, others catch up that were away for a moment; consensus' own files have 512.
pub(crate) const LEAST_BODY_BLOCKS: u64 = 1_024;
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
    /// Where metrics and health are served; absent: nowhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) observe: Option<ObserveSection>,
    /// What is kept of the past, and what memory is spent on it; absent: everything, and as much as suits a machine of its own.
    #[serde(default, skip_serializing_if = "StorageSection::is_usual")]
    pub(super) storage: StorageSection,
}

/// How far back a node goes, and how memory is spent on the chain's data.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StorageSection {
    /// Blocks whose state is kept.
    #[serde(default)]
    pub(super) state: Kept,
    /// Blocks whose transactions and receipts are kept.
    #[serde(default)]
    pub(super) blocks: Kept,
    /// What the caches of state and database take once they are full, in MiB; absent: an eighth of the machine's memory, 128 to 1,024. A hundred for each million slots keep a chain fast.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) cache_mb: Option<usize>,
}

impl StorageSection {
    const fn is_usual(&self) -> bool {
        matches!((self.state, self.blocks, self.cache_mb), (Kept::Archive(_), Kept::Archive(_), None))
    }

    fn store(self) -> Result<StoreConfig> {
        let cache_mb = self.cache_mb.unwrap_or_else(memory::of_a_node);
        ensure!(
            CACHE_MB.contains(&cache_mb),
            "storage.cache_mb must lie between {} and {}, and is {cache_mb}",
            CACHE_MB.start(),
            CACHE_MB.end(),
        );
        Ok(StoreConfig::with_cache(cache_mb << 20))
    }

    fn retention(self) -> Result<Retention> {
        Ok(Retention {
            state_blocks: self.state.at_least(LEAST_STATE_BLOCKS).context("storage.state")?,
            body_blocks: self.blocks.at_least(LEAST_BODY_BLOCKS).context("storage.blocks")?,
        })
    }
}

/// `"archive"`, or a number of blocks.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(untagged)]
pub(super) enum Kept {
    Archive(Archive),
    Blocks(u64),
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Archive {
    Archive,
}

impl Default for Kept {
    fn default() -> Self {
        Self::Archive(Archive::Archive)
    }
}

impl Kept {
    fn at_least(self, least: u64) -> Result<Option<u64>> {
        match self {
            Self::Archive(_) => Ok(None),
            Self::Blocks(blocks) if blocks >= least => Ok(Some(blocks)),
            Self::Blocks(blocks) => bail!("keep at least {least} blocks, or \"archive\"; {blocks} are too few"),
        }
    }
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
    /// File of the tokens of whoever may call; absent: everybody who reaches the port, which is then on this machine alone or `public`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) tokens: Option<PathBuf>,
    /// Beyond this machine: everybody may call without a token.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) public: bool,
    /// Nobody reaches `listen`, nor that of `[observe]`, but over a network that authenticates and encrypts itself; needed beyond loopback.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) encrypted_network: bool,
}

impl RpcSection {
    /// Of a trial: beyond this machine it is open to everybody, as its keys are, and hosts of one machine have a network of their own between them.
    pub(super) const fn of_trial(listen: SocketAddr) -> Self {
        let beyond = !listen.ip().is_loopback();
        Self { listen, tokens: None, public: beyond, encrypted_network: beyond }
    }
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
    /// A listener that other machines would reach in clear, and what to do about it: such a node does not start.
    pub(crate) in_clear: Option<String>,
}

/// JSON-RPC and metrics are plain HTTP: beyond loopback they are for a network that somebody says is encrypted.
fn in_clear(file: &NodeFile) -> Option<String> {
    let listeners =
        [Some(("[rpc]", file.rpc.listen)), file.observe.as_ref().map(|observe| ("[observe]", observe.listen))];
    let reached = listeners.into_iter().flatten().find(|(_, listen)| !listen.ip().is_loopback());
    let (section, listen) = reached.filter(|_| !file.rpc.encrypted_network)?;
    Some(format!(
        "{section} listen = \"{listen}\" is reached from other machines in clear: listen on a loopback address, behind a proxy that speaks TLS, or add encrypted_network = true to [rpc] where nobody reaches it but over a network that authenticates and encrypts itself (WireGuard, IPsec)"
    ))
}

/// Where a node keeps what, for commands that need no keys.
pub(crate) struct NodePlaces {
    pub(crate) genesis: PathBuf,
    pub(crate) data_dir: PathBuf,
    pub(crate) key_file: PathBuf,
    pub(crate) execution: ExecutionConfig,
}

impl NodePlaces {
    /// Reads a configuration alone.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(crate) fn load(path: &Path) -> Result<Self> {
        let file = read_file(path)?;
        Self::of(&file, path)
    }

    fn of(file: &NodeFile, path: &Path) -> Result<Self> {
        let base = path.parent().unwrap_or(Path::new("."));
        let here = || path.display().to_string();
        let (retention, store) =
            (file.storage.retention().with_context(here)?, file.storage.store().with_context(here)?);
        Ok(Self {
            genesis: base.join(&file.genesis),
            data_dir: base.join(&file.data_dir),
            key_file: base.join(&file.key_file),
            execution: ExecutionConfig { retention, store, ..ExecutionConfig::default() },
        })
    }

    /// The chain's store.
    pub(crate) fn chain_dir(&self) -> PathBuf {
        self.data_dir.join("chain")
    }

    /// Consensus' files.
    pub(crate) fn consensus_dir(&self) -> PathBuf {
        self.data_dir.join("consensus")
    }
}

fn read_file(path: &Path) -> Result<NodeFile> {
    let bytes = read_bounded(path, MAX_CONFIG_BYTES)?;
    let text = std::str::from_utf8(&bytes).with_context(|| format!("{} is not UTF-8", path.display()))?;
    toml::from_str(text).with_context(|| format!("{} cannot be read", path.display()))
}

/// Reads a configuration and what it refers to.
///
/// # Errors
/// Which file is wrong, and where.
pub(crate) fn load(path: &Path) -> Result<LoadedNode> {
    let file = read_file(path)?;
    ensure!(
        HEARTBEAT_MS.contains(&file.heartbeat_ms),
        "{}: heartbeat_ms must lie between {} and {}, and is {}",
        path.display(),
        HEARTBEAT_MS.start(),
        HEARTBEAT_MS.end(),
        file.heartbeat_ms
    );
    let (places, in_clear) = (NodePlaces::of(&file, path)?, in_clear(&file));
    let base = path.parent().unwrap_or(Path::new("."));
    let tokens = tokens::of_listener(file.rpc.listen, file.rpc.tokens.as_ref(), file.rpc.public, base)
        .with_context(|| path.display().to_string())?;
    let config = NodeConfig {
        genesis: load_genesis(&places.genesis)?,
        data_dir: places.chain_dir(),
        votes_dir: places.key_file.parent().unwrap_or(Path::new(".")).to_owned(),
        keys: ValidatorKeys::load(&places.key_file)?,
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
        rpc: RpcConfig { tokens, ..RpcConfig::new(file.rpc.listen) },
        execution: places.execution.clone(),
        heartbeat: Duration::from_millis(file.heartbeat_ms),
    };
    Ok(LoadedNode {
        config,
        consensus_dir: places.consensus_dir(),
        observe: file.observe.map(|observe| observe.listen),
        in_clear,
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn retention(text: &str) -> Result<Retention> {
        toml::from_str::<StorageSection>(text)?.retention()
    }

    #[test]
    fn a_node_keeps_everything_unless_it_is_told_how_much() {
        assert_eq!(retention("").unwrap(), Retention::default());
        assert_eq!(retention("state = \"archive\"\nblocks = \"archive\"").unwrap(), Retention::default());
        let both = retention("state = 128\nblocks = 1024").unwrap();
        assert_eq!(both, Retention { state_blocks: Some(128), body_blocks: Some(1024) });
        assert_eq!(retention("state = 5000").unwrap(), Retention { state_blocks: Some(5000), body_blocks: None });
    }

    #[test]
    fn too_little_and_what_is_no_number_is_refused() {
        assert!(format!("{:#}", retention("state = 127").unwrap_err()).contains("at least 128"));
        assert!(format!("{:#}", retention("blocks = 1023").unwrap_err()).contains("at least 1024"));
        for text in ["state = \"all\"", "state = -1", "bodies = 1024"] {
            assert!(retention(text).is_err(), "{text}");
        }
    }

    // M-SEC
    #[test]
    fn what_other_machines_would_reach_in_clear_is_named() {
        let of = |rpc: &str, observe: &str| {
            let file = format!(
                "genesis = 'g'\ndata_dir = 'd'\nkey_file = 'k'\nrole = 'follower'\n[rpc]\n{rpc}\n[observe]\nlisten = '{observe}'\n[p2p]\nlisten = '0.0.0.0:1'"
            );
            in_clear(&toml::from_str(&file).unwrap())
        };
        let here = "127.0.0.1:9600";
        assert_eq!(of("listen = '[::1]:8545'", here), None);
        assert_eq!(of("listen = '10.0.0.8:8545'\nencrypted_network = true", "10.0.0.8:9600"), None);
        assert!(of("listen = '0.0.0.0:8545'", here).unwrap().contains("[rpc] listen = \"0.0.0.0:8545\""));
        assert!(of("listen = '127.0.0.1:8545'", "10.0.0.8:9600").unwrap().starts_with("[observe]"));
    }
}
