//! Hosts: network namespaces with a node in each.

use std::{
    fs::File,
    io::{BufRead, BufReader},
    net::{Ipv4Addr, SocketAddr},
    path::PathBuf,
    process::{Child, Command, Stdio},
};

use anyhow::{Context, Result, bail, ensure};

use super::switch::{Switch, address_of, device};
use crate::network::init::{Made, MadeNode, Member, Trial, write_network};

/// Where each node listens for the others; every host has an address of its own.
const P2P_PORT: u16 = 9545;
/// Where each node answers over the management network.
const RPC_PORT: u16 = 8545;
/// A host's interface towards the others.
const INTERFACE: &str = "chaos0";

/// All hosts. Nodes are killed and namespaces removed when it is dropped.
pub(super) struct Lab {
    pub(super) hosts: Vec<Host>,
    pub(super) switch: Switch,
    /// Where keys, configurations, data and logs are.
    pub(super) dir: PathBuf,
}

/// One host.
pub(super) struct Host {
    /// The node's name.
    pub(super) name: String,
    /// The node's JSON-RPC endpoint on the management network.
    pub(super) rpc: String,
    namespace: String,
    node: Option<Child>,
}

impl Lab {
    /// Makes hosts and starts a validator on each.
    ///
    /// # Errors
    /// When the system refuses, or a node does not start.
    pub(super) fn open(dir: PathBuf, count: usize, heartbeat_ms: u64) -> Result<Self> {
        let members = (0..count)
            .map(|host| {
                let p2p = SocketAddr::new(address_of(host).into(), P2P_PORT);
                let rpc = SocketAddr::new(management(host, 2).into(), RPC_PORT);
                Member::validator(&dir, format!("validator-{}", host + 1), p2p, rpc)
            })
            .collect::<Result<Vec<_>>>()?;
        let Made { nodes, .. } = write_network(&dir, &members, &Trial::of("main", heartbeat_ms))?;
        let mut hosts = Vec::with_capacity(count);
        let mut devices = Vec::with_capacity(count);
        for (number, node) in nodes.iter().enumerate() {
            // Before anything can fail, so that it is removed whatever happens.
            let namespace = format!("chancery-{}-{number}", std::process::id());
            ip(&["netns", "add", &namespace])?;
            hosts.push(Host { name: node.name.clone(), rpc: node.rpc.clone(), namespace, node: None });
            let host = hosts.last().context("no host")?;
            let link = format!("chv{}-{number}", std::process::id() % 100_000);
            host.join_management(number, &link)?;
            let tun = format!("cht{}-{number}", std::process::id() % 100_000);
            devices.push(device(&tun)?);
            host.join_others(number, &tun)?;
        }
        let switch = Switch::join(devices);
        for (host, node) in hosts.iter_mut().zip(&nodes) {
            host.start(node)?;
        }
        Ok(Self { hosts, switch, dir })
    }
}

/// An address of the management network of a host: 1 is this side, 2 the host's.
fn management(host: usize, side: u8) -> Ipv4Addr {
    Ipv4Addr::new(10, 78, u8::try_from(host).unwrap_or(u8::MAX), side)
}

impl Host {
    fn join_management(&self, number: usize, link: &str) -> Result<()> {
        let (here, there) = (format!("{link}a"), format!("{link}b"));
        ip(&["link", "add", &here, "type", "veth", "peer", "name", &there])?;
        ip(&["link", "set", &there, "netns", &self.namespace])?;
        ip(&["addr", "add", &format!("{}/30", management(number, 1)), "dev", &here])?;
        ip(&["link", "set", &here, "up"])?;
        self.ip(&["addr", "add", &format!("{}/30", management(number, 2)), "dev", &there])?;
        self.ip(&["link", "set", &there, "up"])?;
        self.ip(&["link", "set", "lo", "up"])
    }

    fn join_others(&self, number: usize, tun: &str) -> Result<()> {
        ip(&["link", "set", tun, "netns", &self.namespace])?;
        self.ip(&["link", "set", tun, "name", INTERFACE])?;
        self.ip(&["addr", "add", &format!("{}/24", address_of(number)), "dev", INTERFACE])?;
        self.ip(&["link", "set", INTERFACE, "up"])
    }

    fn ip(&self, arguments: &[&str]) -> Result<()> {
        ip(&[&["-n", self.namespace.as_str()], arguments].concat())
    }

    fn start(&mut self, node: &MadeNode) -> Result<()> {
        let log = node.config.with_file_name("node.log");
        let program = std::env::current_exe().context("cannot find the own program")?;
        let mut child = Command::new("ip")
            .args(["netns", "exec", &self.namespace])
            .arg(program)
            .args(["node", "--config"])
            .arg(&node.config)
            // However this process ends, it does not leave the node behind.
            .arg("--until-stdin-ends")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(File::create(&log).with_context(|| format!("cannot write {}", log.display()))?)
            .spawn()
            .with_context(|| format!("cannot start {}", self.name))?;
        let output = child.stdout.take().context("the node has no output")?;
        self.node = Some(child);
        for line in BufReader::new(output).lines() {
            if line?.starts_with("ready ") {
                return Ok(());
            }
        }
        bail!("{} ended before it was ready; its log is {}", self.name, log.display())
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        if let Some(mut node) = self.node.take() {
            node.kill().ok();
            node.wait().ok();
        }
        // The interfaces go with it.
        ip(&["netns", "del", &self.namespace]).ok();
    }
}

fn ip(arguments: &[&str]) -> Result<()> {
    let output = Command::new("ip").args(arguments).output().context("cannot run ip")?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "ip {}: {}", arguments.join(" "), said.trim());
    Ok(())
}
