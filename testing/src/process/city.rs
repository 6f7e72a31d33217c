//! A city as an operator starts it: the `chancery` binary in a process of its own.

use std::{
    collections::BTreeMap,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail, ensure};

use super::project_root;

/// How to start a city.
#[derive(Clone, Debug)]
pub struct CityOptions {
    /// The binary; by default the one built beside this program.
    pub binary: PathBuf,
    /// Where its data are.
    pub data_dir: PathBuf,
    /// `ADDR:PORT` of the gateway; port 0 takes a free one.
    pub gateway: String,
    /// First RPC port; 0 takes free ones.
    pub rpc_base_port: u16,
    /// Chains whose nodes run already, in place of its own: the file that `chancery gateway --chains` takes.
    pub chains: Option<PathBuf>,
    /// `ADDR:PORT` of MQTT; port 0 takes a free one.
    pub mqtt: String,
    /// `ADDR:PORT` of gRPC; port 0 takes a free one.
    pub grpc: String,
    /// More arguments for `chancery up` or `chancery gateway`.
    pub arguments: Vec<String>,
    /// Where its log goes, instead of this program's standard error, and what is logged: a file, and the filter of `RUST_LOG`.
    pub log: Option<(PathBuf, String)>,
    /// What else is in its environment.
    pub environment: Vec<(&'static str, PathBuf)>,
}

impl CityOptions {
    /// A city on free ports with its data in `data_dir`.
    #[must_use]
    pub fn new(data_dir: &Path) -> Self {
        Self {
            binary: built_binary(),
            data_dir: data_dir.to_path_buf(),
            gateway: "127.0.0.1:0".to_owned(),
            rpc_base_port: 0,
            chains: None,
            mqtt: "127.0.0.1:0".to_owned(),
            grpc: "127.0.0.1:0".to_owned(),
            arguments: Vec::new(),
            log: None,
            environment: Vec::new(),
        }
    }
}

/// The `chancery` binary of the build that this program belongs to, or `CHANCERY_BIN`.
#[must_use]
pub fn built_binary() -> PathBuf {
    if let Some(binary) = std::env::var_os("CHANCERY_BIN") {
        return PathBuf::from(binary);
    }
    let name = format!("chancery{}", std::env::consts::EXE_SUFFIX);
    let own = std::env::current_exe().unwrap_or_default();
    own.ancestors().skip(1).map(|directory| directory.join(&name)).find(|binary| binary.is_file()).unwrap_or_else(
        || {
            let target = project_root().join("target");
            let built = ["debug", "release"].map(|profile| target.join(profile).join(&name));
            built.iter().find(|binary| binary.is_file()).unwrap_or(&built[0]).clone()
        },
    )
}

/// A running city. Killed (not asked to stop) when dropped.
#[derive(Debug)]
pub struct City {
    child: Child,
    /// `http://ADDR:PORT` of the gateway.
    pub gateway: String,
    /// JSON-RPC endpoint of each chain by name.
    pub chains: BTreeMap<String, String>,
    /// `ADDR:PORT` of MQTT.
    pub mqtt: String,
    /// `http://ADDR:PORT` of gRPC.
    pub grpc: String,
    /// From the start of the process to its `ready` line.
    pub ready_after: Duration,
}

impl City {
    /// Starts a city and waits for its `ready` line.
    ///
    /// # Errors
    /// When the binary is not built, or the city ends before it is ready; its own words are on standard error.
    pub fn start(options: &CityOptions) -> Result<Self> {
        let started = Instant::now();
        let mut command = Command::new(&options.binary);
        command.envs(options.environment.iter().cloned());
        if let Some((file, filter)) = &options.log {
            command.env("RUST_LOG", filter).stderr(std::fs::File::create(file)?);
        }
        match &options.chains {
            Some(chains) => command.args(["gateway", "--chains"]).arg(chains),
            None => command.args(["up", "--rpc-base-port", &options.rpc_base_port.to_string()]),
        };
        let mut child = command
            .args(["--gateway", &options.gateway, "--mqtt", &options.mqtt, "--grpc", &options.grpc, "--data-dir"])
            .arg(&options.data_dir)
            .args(&options.arguments)
            // However this process ends, it does not leave the city behind.
            .arg("--until-stdin-ends")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| {
                format!("cannot start {}: build it first (cargo build -p chancery)", options.binary.display())
            })?;
        let output = child.stdout.take().context("the city has no output")?;
        let mut listening = None;
        for line in BufReader::new(output).lines() {
            let line = line?;
            listening = Listening::parse(&line).or(listening);
            if let Some(Ready { gateway, chains }) = Ready::parse(&line) {
                let Listening { mqtt, grpc } = listening.context("a city says where it listens before it is ready")?;
                return Ok(Self { child, gateway, chains, mqtt, grpc, ready_after: started.elapsed() });
            }
        }
        let status = child.wait()?;
        bail!("the city ended before it was ready: {status}")
    }

    /// The process id.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Asks it to stop, by the end of its standard input, and waits for the end.
    ///
    /// # Errors
    /// When the process cannot be waited for, or did not end well.
    pub fn stop(mut self) -> Result<()> {
        drop(self.child.stdin.take());
        let status = self.child.wait()?;
        ensure!(status.success(), "the city ended badly: {status}");
        Ok(())
    }

    /// `SIGKILL`, and waits for the end.
    ///
    /// # Errors
    /// When the process cannot be waited for.
    pub fn kill(mut self) -> Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }
}

impl Drop for City {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// What a city says when it is ready.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ready {
    /// `http://ADDR:PORT` of the gateway.
    pub gateway: String,
    /// JSON-RPC endpoint of each chain by name.
    pub chains: BTreeMap<String, String>,
}

/// Where else a city listens, which it says before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listening {
    /// `ADDR:PORT` of MQTT.
    pub mqtt: String,
    /// `http://ADDR:PORT` of gRPC.
    pub grpc: String,
}

impl Listening {
    /// Reads `listening mqtt=mqtt://ADDR:PORT grpc=URL`.
    #[must_use]
    pub fn parse(line: &str) -> Option<Self> {
        let (mqtt, grpc) = line.strip_prefix("listening mqtt=mqtt://")?.split_once(" grpc=")?;
        Some(Self { mqtt: mqtt.to_owned(), grpc: grpc.trim().to_owned() })
    }
}

impl Ready {
    /// Reads `ready gateway=URL chains=NAME=URL,...`, to the end of the line.
    #[must_use]
    pub fn parse(line: &str) -> Option<Self> {
        let (gateway, chains) = line.strip_prefix("ready gateway=")?.split_once(" chains=")?;
        let chains = chains
            .trim()
            .split(',')
            .filter_map(|chain| chain.split_once('='))
            .map(|(name, url)| (name.to_owned(), url.to_owned()))
            .collect();
        Some(Self { gateway: gateway.to_owned(), chains })
    }
}
