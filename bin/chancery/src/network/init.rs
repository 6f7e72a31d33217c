//! `chancery network init`: a chain of several nodes on one machine, for a trial.

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    num::NonZeroU64,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail, ensure};
use chancery_chain::ValidatorKeys;
use chancery_execution::ValidatorConfig;
use serde::Serialize;

use super::{
    config::{NodeFile, P2pSection, PeerEntry, RoleName, RpcSection, StorageSection},
    files::{development, genesis_of, voting_key, write_genesis, write_new},
};
use crate::{arguments::InitNetwork, founding::chain_ids, output::Output};

/// Validators that a trial on one machine may have.
const MAX_TRIAL_VALIDATORS: u16 = 31;

/// One node of the trial.
pub(crate) struct Member {
    name: String,
    keys: ValidatorKeys,
    role: RoleName,
    p2p: SocketAddr,
    rpc: SocketAddr,
}

impl Member {
    /// A validator with new keys in its folder.
    pub(crate) fn validator(dir: &Path, name: String, p2p: SocketAddr, rpc: SocketAddr) -> Result<Self> {
        let keys = ValidatorKeys::load_or_create(&key_path(dir, &name))?;
        Ok(Self { name, keys, role: RoleName::Validator, p2p, rpc })
    }
}

/// What a trial is.
pub(crate) struct Trial<'a> {
    /// Which chain of a city.
    pub(crate) chain: &'a str,
    /// How long an idle leader waits before it makes an empty block.
    pub(crate) heartbeat_ms: u64,
    /// Blocks of an epoch.
    pub(crate) epoch_length: NonZeroU64,
    /// EIP-155 id of the main chain.
    pub(crate) main_chain_id: u64,
}

impl<'a> Trial<'a> {
    /// A trial of a chain with this heartbeat; the rest is as usual.
    pub(crate) const fn of(chain: &'a str, heartbeat_ms: u64) -> Self {
        let (epoch_length, main_chain_id) = (chancery_contracts::DEFAULT_EPOCH_LENGTH, chain_ids::DEVELOPMENT);
        Self { chain, heartbeat_ms, epoch_length, main_chain_id }
    }
}

/// What was written.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Made {
    genesis: PathBuf,
    genesis_hash: alloy_primitives::B256,
    chain_id: u64,
    /// Always: a trial has the public keys.
    development: bool,
    pub(crate) nodes: Vec<MadeNode>,
}

/// One node's configuration, and where it will answer.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct MadeNode {
    pub(crate) name: String,
    pub(crate) config: PathBuf,
    pub(crate) rpc: String,
}

pub(super) fn run(command: &InitNetwork, output: &Output) -> Result<()> {
    ensure!(
        (1..=MAX_TRIAL_VALIDATORS).contains(&command.validators),
        "a trial network has 1 to {MAX_TRIAL_VALIDATORS} validators, not {}",
        command.validators
    );
    if command.dir.exists() && command.dir.read_dir().is_ok_and(|mut entries| entries.next().is_some()) {
        bail!("{} is not empty: choose another --dir, or remove it", command.dir.display());
    }
    let members = members(command)?;
    let trial = Trial {
        chain: &command.chain,
        heartbeat_ms: command.heartbeat_ms,
        epoch_length: command.epoch_length,
        main_chain_id: command.chain_id,
    };
    let made = write_network(&command.dir, &members, &trial)?;
    let mut text = format!(
        "{}: chain {} ({}), genesis hash {}\nA trial: everybody knows the keys of its administrator, operators and submitter; nothing of it is for use.\n\nRun each in a terminal of its own:\n",
        made.genesis.display(),
        command.chain,
        made.chain_id,
        made.genesis_hash
    );
    for node in &made.nodes {
        text.push_str(&format!("  chancery node --config {}    # {}\n", node.config.display(), node.rpc));
    }
    output.answer(&made, text.trim_end());
    Ok(())
}

/// Writes the genesis file and every member's configuration.
///
/// # Errors
/// An unknown chain, a set of validators that no chain can have, a file that exists already.
pub(crate) fn write_network(dir: &Path, members: &[Member], trial: &Trial<'_>) -> Result<Made> {
    let validators: Vec<_> = members.iter().filter(|member| matches!(member.role, RoleName::Validator)).collect();
    let public = validators
        .iter()
        .map(|member| {
            let voter = voting_key(&key_path(dir, &member.name))?;
            Ok(ValidatorConfig { voting_account: Some(voter.address()), ..member.keys.public(&member.name) })
        })
        .collect::<Result<_>>()?;
    let genesis = genesis_of(trial.chain, development(public, trial.epoch_length, trial.main_chain_id)?)?;
    let genesis_path = dir.join("genesis.json");
    let genesis_hash = write_genesis(&genesis_path, &genesis)?;

    let mut nodes = Vec::with_capacity(members.len());
    for member in members {
        let config = dir.join(&member.name).join("node.toml");
        write_new(
            &config,
            &format!(
                "# {} of chain {}. `chancery node --config` runs it.\n{}",
                member.name,
                genesis.name,
                toml::to_string(&file_of(member, members, trial.heartbeat_ms))?
            ),
        )?;
        nodes.push(MadeNode { name: member.name.clone(), config, rpc: format!("http://{}", member.rpc) });
    }
    Ok(Made { genesis: genesis_path, genesis_hash, chain_id: genesis.chain_id, development: true, nodes })
}

fn members(command: &InitNetwork) -> Result<Vec<Member>> {
    let roles = (1..=command.validators)
        .map(|number| (format!("validator-{number}"), RoleName::Validator))
        .chain((1..=command.followers).map(|number| (format!("follower-{number}"), RoleName::Follower)));
    (0u16..)
        .zip(roles)
        .map(|(offset, (name, role))| {
            let keys = ValidatorKeys::load_or_create(&key_path(&command.dir, &name))?;
            let p2p = port(command.host, command.p2p_base_port, offset)?;
            let here = if command.host.is_loopback() { command.host } else { Ipv4Addr::LOCALHOST.into() };
            let rpc = port(here, command.rpc_base_port, offset)?;
            Ok(Member { name, keys, role, p2p, rpc })
        })
        .collect()
}

fn port(host: IpAddr, base: u16, offset: u16) -> Result<SocketAddr> {
    let port = base.checked_add(offset).with_context(|| format!("there are too few ports from {base} on"))?;
    Ok(SocketAddr::new(host, port))
}

fn key_path(dir: &Path, name: &str) -> PathBuf {
    dir.join(name).join("node.key")
}

fn file_of(member: &Member, members: &[Member], heartbeat_ms: u64) -> NodeFile {
    let others = |role: fn(&RoleName) -> bool| {
        members
            .iter()
            .filter(|other| other.name != member.name && role(&other.role))
            .map(|other| PeerEntry {
                name: other.name.clone(),
                key: other.keys.peer_public_key_bytes(),
                address: other.p2p,
            })
            .collect()
    };
    NodeFile {
        genesis: "../genesis.json".into(),
        data_dir: "data".into(),
        key_file: "node.key".into(),
        role: member.role,
        heartbeat_ms,
        rpc: RpcSection::of_trial(member.rpc),
        p2p: P2pSection {
            listen: member.p2p,
            allow_private_addresses: true,
            peers: others(|role| matches!(role, RoleName::Validator)),
            followers: others(|role| matches!(role, RoleName::Follower)),
        },
        observe: None,
        storage: StorageSection::default(),
    }
}
