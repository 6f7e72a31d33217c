//! A node that does not start: its configuration, keys, ports, files and disk, looked at and left as they are.

use std::{
    fs, io,
    net::{SocketAddr, TcpListener},
    path::{Path, PathBuf},
    process::ExitCode,
};

use alloy_primitives::B256;
use anyhow::Result;
use chancery_chain::{Role, Severity, ValidatorSet, free_bytes, is_locked};
use serde_json::json;

use super::{NEEDS_ATTENTION, SICK};
use crate::{
    founding::known_keys,
    network::config::{LoadedNode, load, load_genesis},
    output::Output,
};

/// A node stops before less than this is left.
const LEAST_FREE_BYTES: u64 = 64 << 20;
/// Digits of a genesis hash and of a node's key in the names of consensus' files.
const NAME_DIGITS: usize = 8;

/// What was found and how much it matters; each says what to do.
#[derive(Default)]
pub(super) struct Findings(Vec<(Severity, String)>);

impl Findings {
    pub(super) fn add(&mut self, text: impl Into<String>) {
        self.0.push((Severity::Sick, text.into()));
    }

    pub(super) fn add_attention(&mut self, text: impl Into<String>) {
        self.0.push((Severity::Attention, text.into()));
    }

    pub(super) fn answer(self, what: &Path, output: &Output) -> ExitCode {
        let severity = self.0.iter().map(|(severity, _)| *severity).max();
        let text = if self.0.is_empty() {
            format!("Nothing is wrong with {} that could be seen from outside. Its log says more.", what.display())
        } else {
            self.0.iter().map(|(_, finding)| format!("- {finding}")).collect::<Vec<_>>().join("\n")
        };
        let findings: Vec<_> = self.0.iter().map(|(_, text)| json!({ "text": text })).collect();
        output.answer(&json!({ "severity": severity, "findings": findings }), text);
        match severity {
            None => ExitCode::SUCCESS,
            Some(Severity::Attention) => ExitCode::from(NEEDS_ATTENTION),
            Some(Severity::Sick) => ExitCode::from(SICK),
        }
    }
}

/// Looks at everything that a configuration names.
pub(super) fn examine_node(path: &Path, output: &Output) -> Result<ExitCode> {
    let mut findings = Findings::default();
    match load(path) {
        Ok(node) => look_at(&node, &mut findings),
        Err(error) => findings.add(format!("the configuration cannot be used: {error:#}")),
    }
    Ok(findings.answer(path, output))
}

/// Looks at a data directory, and at whether it belongs to a genesis.
pub(super) fn examine_directory(data_dir: &Path, genesis: Option<&Path>, output: &Output) -> Result<ExitCode> {
    let mut findings = Findings::default();
    let expected =
        genesis.map(|path| Ok::<_, anyhow::Error>(load_genesis(path)?.build()?.header().hash())).transpose()?;
    if data_dir.is_dir() {
        directories(&data_dir.join("chain"), &data_dir.join("consensus"), expected, None, &mut findings);
    } else {
        findings.add(format!("{} is no folder: nothing was stored there yet, or it was moved", data_dir.display()));
    }
    Ok(findings.answer(data_dir, output))
}

fn look_at(node: &LoadedNode, findings: &mut Findings) {
    let config = &node.config;
    let mut hash = None;
    match config.genesis.build() {
        Ok(block) => {
            hash = Some(block.header().hash());
            let checked = ValidatorSet::new(&config.genesis, block.header().hash())
                .and_then(|validators| validators.check_role(config.role, &config.keys));
            if let Err(error) = checked {
                findings.add(error.to_string());
            }
        }
        Err(error) => findings.add(format!("the genesis file makes no chain: {error}")),
    }
    if config.role == Role::Validator && config.p2p.peers.is_empty() && config.genesis.validators.len() > 1 {
        findings.add("the configuration names no peers: add the other validators' addresses to p2p.peers");
    }
    // What is on this machine alone is a trial.
    let is_reached = [config.p2p.listen, config.rpc.listen].iter().any(|address| !address.ip().is_loopback());
    if let Some(warning) = known_keys::warning(&config.genesis).filter(|_| is_reached) {
        findings.add_attention(warning);
    }
    if let Some(in_clear) = &node.in_clear {
        findings.add_attention(in_clear.as_str());
    }
    if config.role == Role::Validator
        && let Err(error) = tempfile::NamedTempFile::new_in(&config.votes_dir)
    {
        findings.add(format!(
            "{}, where a validator keeps the record of its votes beside its key, cannot be written by this user: {error}; give the folder to the user that runs the node (`chown USER {}`), or put the key into one that is its own (key_file)",
            config.votes_dir.display(),
            config.votes_dir.display()
        ));
    }
    let key = hex::encode(config.keys.peer_public_key_bytes());
    let runs = directories(&config.data_dir, &node.consensus_dir, hash, Some(&key), findings);
    if !runs {
        port(config.p2p.listen, "p2p.listen", findings);
        port(config.rpc.listen, "rpc.listen", findings);
    }
}

/// Looks at the two folders of a node; true if a process has them open.
fn directories(
    chain: &Path,
    consensus: &Path,
    genesis: Option<B256>,
    node_key: Option<&str>,
    findings: &mut Findings,
) -> bool {
    let mut runs = false;
    for directory in [chain, consensus].into_iter().filter(|directory| directory.exists()) {
        match is_locked(directory) {
            Ok(true) if !runs => {
                runs = true;
                findings.add(format!(
                    "a process has {} open: if it is the node, ask it (`chancery doctor --rpc URL`); if it hangs, stop it before you start another",
                    directory.display()
                ));
            }
            Ok(_) => {}
            Err(error) => findings.add(format!(
                "{} cannot be written by this user: {error}; give it to the user that runs the node (`chown -R USER {}`)",
                directory.display(),
                directory.display()
            )),
        }
    }
    let disk = [chain, consensus].into_iter().find(|directory| directory.exists()).and_then(|it| free_bytes(it).ok());
    if let Some(free) = disk.filter(|free| *free < LEAST_FREE_BYTES) {
        findings.add(format!(
            "the disk is full: {} MiB are left for {}; make room, then start the node again",
            free >> 20,
            chain.display()
        ));
    }
    let staging = chain.with_file_name("chain.importing");
    if staging.exists() {
        findings.add(format!(
            "{} is what an import has not finished: if none is under way, run `chancery snapshot import` or `chancery restore` again, or remove the folder",
            staging.display()
        ));
    }
    match partitions(consensus) {
        Ok(names) => strangers(&names, consensus, chain, genesis, node_key, findings),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => findings.add(format!("{} cannot be read: {error}", consensus.display())),
    }
    runs
}

/// Folders of consensus' files: `CHAIN-GENESIS-KEY-...`, eight digits each.
fn partitions(consensus: &Path) -> io::Result<Vec<String>> {
    let entries = fs::read_dir(consensus)?.flatten();
    Ok(entries
        .filter(|entry| entry.path().is_dir())
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect())
}

fn strangers(
    names: &[String],
    consensus: &Path,
    chain: &Path,
    genesis: Option<B256>,
    node_key: Option<&str>,
    findings: &mut Findings,
) {
    let parts: Vec<Vec<&str>> = names.iter().map(|name| name.split('-').collect()).collect();
    let is_digits = |part: &&&str| part.len() == NAME_DIGITS && part.bytes().all(|byte| byte.is_ascii_hexdigit());
    let identities: Vec<(&str, &str)> = parts
        .iter()
        .filter_map(|parts| {
            let mut digits = parts.iter().filter(is_digits);
            Some((*digits.next()?, *digits.next()?))
        })
        .collect();
    if identities.is_empty() {
        return;
    }
    let folders = |what: &[&Path]| -> String {
        what.iter().map(|path| PathBuf::from(path).display().to_string()).collect::<Vec<_>>().join(" and ")
    };
    if let Some(genesis) = genesis {
        let expected = hex::encode(&genesis[..NAME_DIGITS / 2]);
        if identities.iter().all(|(found, _)| *found != expected) {
            findings.add(format!(
                "the data belong to a chain whose genesis hash begins with 0x{}, the genesis file gives 0x{expected}...: use the genesis file that the members agreed on, or another data_dir; to join the other chain from nothing, move {} away",
                identities[0].0,
                folders(&[chain, consensus])
            ));
            return;
        }
    }
    if let Some(key) = node_key
        && identities.iter().all(|(_, found)| !key.starts_with(found))
    {
        findings.add(format!(
            "the data belong to a node whose key begins with {}, the key file holds {}...: use the key file that the node had, or move {} away",
            identities[0].1,
            &key[..NAME_DIGITS],
            folders(&[consensus])
        ));
    }
}

fn port(address: SocketAddr, name: &str, findings: &mut Findings) {
    match TcpListener::bind(address) {
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::AddrInUse => findings.add(format!(
            "the port {address} ({name}) is taken: stop the process that uses it (`ss -ltnp sport = :{}`), or choose another port",
            address.port()
        )),
        Err(error) => findings.add(format!("cannot listen on {address} ({name}): {error}; choose an address of this machine")),
    }
}
