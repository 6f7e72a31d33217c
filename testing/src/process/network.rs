//! A chain of several nodes, each a `chancery node` process of its own, as `chancery network init` sets it up.

use std::{
    fs::File,
    io::{BufRead, BufReader},
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use alloy::{
    consensus::{SignableTransaction as _, TxEip1559, TxEnvelope},
    eips::eip2718::Encodable2718 as _,
    network::TxSignerSync as _,
    signers::local::PrivateKeySigner,
};
use alloy_primitives::{U64, hex};
use anyhow::{Context, Result, bail, ensure};
use rand::RngExt as _;
use serde_json::{Value, json};
use tokio::time::sleep;

use super::{built_binary, predeployed::rpc};

/// How often a condition is looked at.
const POLL: Duration = Duration::from_millis(50);
/// The longest wait for a condition: many times what a loaded machine needs.
const MAX_WAIT: Duration = Duration::from_secs(120);

/// What `network init` made, and the processes that run.
#[derive(Debug)]
pub struct Network {
    dir: PathBuf,
    genesis_hash: String,
    /// The nodes, validators first.
    pub nodes: Vec<NodeProcess>,
}

/// One node of the network; killed when dropped.
#[derive(Debug)]
pub struct NodeProcess {
    /// `validator-1`, ..., `follower-1`, ...
    pub name: String,
    /// JSON-RPC endpoint, whether the node runs or not.
    pub rpc: String,
    config: PathBuf,
    /// Program and arguments that the node is started through; empty: none.
    through: Vec<String>,
    arguments: Vec<String>,
    child: Option<Child>,
}

impl Network {
    /// Makes keys, genesis file and configurations in `dir`, on free ports; nothing runs yet.
    ///
    /// # Errors
    /// When the binary is not built or refuses.
    pub fn init(dir: &Path, validators: usize, followers: usize, heartbeat_ms: u64) -> Result<Self> {
        Self::init_with(dir, validators, followers, heartbeat_ms, &[])
    }

    /// The same with further options of `network init`.
    ///
    /// # Errors
    /// As [`Self::init`].
    pub fn init_with(
        dir: &Path,
        validators: usize,
        followers: usize,
        heartbeat_ms: u64,
        options: &[&str],
    ) -> Result<Self> {
        let dir = dir.join("network");
        let count = u16::try_from(validators + followers)?;
        let made = Command::new(built_binary())
            .args(["--json", "network", "init", "--dir"])
            .arg(&dir)
            .args(["--validators", &validators.to_string(), "--followers", &followers.to_string()])
            .args(["--heartbeat-ms", &heartbeat_ms.to_string()])
            .args(options)
            .args(["--p2p-base-port", &free_ports(count)?.to_string()])
            .args(["--rpc-base-port", &free_ports(count)?.to_string()])
            .output()
            .context("cannot run the chancery binary: build it first (cargo build -p chancery)")?;
        ensure!(made.status.success(), "network init: {}", String::from_utf8_lossy(&made.stderr));
        let made: Value = serde_json::from_slice(&made.stdout)?;
        let text = |value: &Value| value.as_str().map(str::to_owned).context("network init printed something else");
        let nodes = made["nodes"].as_array().context("no nodes")?.iter().map(|node| {
            Ok(NodeProcess::configured(&text(&node["name"])?, text(&node["rpc"])?, text(&node["config"])?.into()))
        });
        Ok(Self { nodes: nodes.collect::<Result<_>>()?, genesis_hash: text(&made["genesisHash"])?, dir })
    }

    /// Starts every node that does not run.
    ///
    /// # Errors
    /// When one ends before it is ready.
    pub fn start_all(&mut self) -> Result<()> {
        self.nodes.iter_mut().filter(|node| node.child.is_none()).try_for_each(NodeProcess::start)
    }

    /// Hash of the genesis header, in hexadecimal.
    #[must_use]
    pub fn genesis_hash(&self) -> &str {
        &self.genesis_hash
    }

    /// Where the files are: `genesis.json` and a folder a node.
    #[must_use]
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Waits until all running nodes have the block of this height, and that it is the same block.
    ///
    /// # Errors
    /// When they do not get there, or disagree.
    pub async fn agree_at(&self, height: u64) -> Result<String> {
        let mut agreed: Option<String> = None;
        for node in self.nodes.iter().filter(|node| node.child.is_some()) {
            let hash = node.block_hash(height).await?;
            if let Some(agreed) = &agreed {
                ensure!(*agreed == hash, "{} has {hash} at {height}, others {agreed}", node.name);
            }
            agreed = Some(hash);
        }
        agreed.context("no node runs")
    }
}

impl NodeProcess {
    /// A node by a configuration file of the caller, which says that it answers at `rpc`. It does not run yet.
    #[must_use]
    pub fn configured(name: &str, rpc: String, config: PathBuf) -> Self {
        Self { name: name.to_owned(), rpc, config, through: Vec::new(), arguments: Vec::new(), child: None }
    }

    /// The node's configuration file.
    #[must_use]
    pub fn config(&self) -> &Path {
        &self.config
    }

    /// The process, while it runs.
    #[must_use]
    pub fn pid(&self) -> Option<u32> {
        self.child.as_ref().map(Child::id)
    }

    /// More arguments of `chancery node`, from the next start on.
    pub fn set_arguments(&mut self, arguments: &[&str]) {
        self.arguments = arguments.iter().map(|argument| (*argument).to_owned()).collect();
    }

    /// Starts the node and waits for its `ready` line.
    ///
    /// # Errors
    /// When it ends before; its words are in `node.log` beside its configuration.
    pub fn start(&mut self) -> Result<()> {
        let log = self.log();
        let earlier = self.said().len();
        let mut command = match self.through.split_first() {
            Some((program, arguments)) => {
                let mut command = Command::new(program);
                command.args(arguments).arg(built_binary());
                command
            }
            None => Command::new(built_binary()),
        };
        let mut child = command
            .args(["node", "--config"])
            .arg(&self.config)
            .args(&self.arguments)
            // However this process ends, it does not leave the node behind.
            .arg("--until-stdin-ends")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(File::options().create(true).append(true).open(&log)?)
            .spawn()?;
        let output = child.stdout.take().context("the node has no output")?;
        for line in BufReader::new(output).lines() {
            if line?.starts_with("ready ") {
                self.child = Some(child);
                return Ok(());
            }
        }
        let status = child.wait()?;
        let said = self.said().split_off(earlier);
        bail!("{} ended before it was ready: {status}\n{said}", self.name)
    }

    /// Has it make its first block now, not after the heartbeat: an account that nobody else has sends nothing to itself. The chain has to take what anybody sends.
    ///
    /// # Errors
    /// When it does not.
    pub async fn make_first_block(&self) -> Result<()> {
        let chain_id: U64 = serde_json::from_value(rpc(&self.rpc, "eth_chainId", json!([])).await?)?;
        let somebody = PrivateKeySigner::random();
        let mut transaction = TxEip1559 {
            chain_id: chain_id.to(),
            gas_limit: 21_000,
            to: somebody.address().into(),
            ..TxEip1559::default()
        };
        let signature = somebody.sign_transaction_sync(&mut transaction)?;
        let raw = TxEnvelope::from(transaction.into_signed(signature)).encoded_2718();
        rpc(&self.rpc, "eth_sendRawTransaction", json!([hex::encode_prefixed(raw)])).await?;
        self.block_hash(1).await.map(drop)
    }

    /// Starts it through another program from now on.
    pub fn start_through(&mut self, program: Vec<String>) {
        self.through = program;
    }

    /// Waits until the node ends by itself; what it has said in all its runs.
    ///
    /// # Errors
    /// When it does not end, or ends well.
    pub fn ended(&mut self, within: Duration) -> Result<String> {
        let started = Instant::now();
        let child = self.child.as_mut().with_context(|| format!("{} does not run", self.name))?;
        let status = loop {
            if let Some(status) = child.try_wait()? {
                break status;
            }
            ensure!(started.elapsed() < within, "{} goes on", self.name);
            std::thread::sleep(POLL);
        };
        ensure!(!status.success(), "{} ended well", self.name);
        self.child = None;
        Ok(self.said())
    }

    fn log(&self) -> PathBuf {
        self.config.with_file_name("node.log")
    }

    /// What the node has said in all its runs.
    #[must_use]
    pub fn said(&self) -> String {
        std::fs::read_to_string(self.log()).unwrap_or_default()
    }

    /// `SIGKILL`, and waits for the end.
    ///
    /// # Errors
    /// When it does not run.
    pub fn kill(&mut self) -> Result<()> {
        let mut child = self.child.take().with_context(|| format!("{} does not run", self.name))?;
        child.kill()?;
        child.wait()?;
        Ok(())
    }

    /// Removes everything that the node has stored; its keys stay.
    ///
    /// # Errors
    /// When the node runs.
    pub fn wipe(&self) -> Result<()> {
        ensure!(self.child.is_none(), "{} runs", self.name);
        std::fs::remove_dir_all(self.config.with_file_name("data")).context("cannot wipe")
    }

    /// Whether the process was started and not killed.
    #[must_use]
    pub const fn runs(&self) -> bool {
        self.child.is_some()
    }

    /// The head's height.
    ///
    /// # Errors
    /// When the node does not answer.
    pub async fn height(&self) -> Result<u64> {
        number(&rpc(&self.rpc, "eth_blockNumber", json!([])).await?)
    }

    /// The hash of the block at a height, waited for.
    ///
    /// # Errors
    /// When it does not come.
    pub async fn block_hash(&self, height: u64) -> Result<String> {
        let block = self.wait("eth_getBlockByNumber", json!([format!("{height:#x}"), false])).await?;
        Ok(block["hash"].as_str().context("a block without a hash")?.to_owned())
    }

    /// The hash of the block at a height, as the node has it now.
    ///
    /// # Errors
    /// When it refuses, or has none.
    pub async fn block_hash_now(&self, height: u64) -> Result<String> {
        let block = rpc(&self.rpc, "eth_getBlockByNumber", json!([format!("{height:#x}"), false])).await?;
        Ok(block["hash"].as_str().context("no such block")?.to_owned())
    }

    /// The last view that it does not vote in because it has lost the journal of its votes; `None` when it may vote.
    ///
    /// # Errors
    /// When the node does not answer.
    pub async fn abstains_through(&self) -> Result<Option<u64>> {
        Ok(rpc(&self.rpc, "chancery_status", json!([])).await?["abstainsThrough"].as_u64())
    }

    /// Waits until it may vote.
    ///
    /// # Errors
    /// When it goes on abstaining.
    pub async fn votes(&self) -> Result<()> {
        let started = Instant::now();
        while self.abstains_through().await?.is_some() {
            ensure!(started.elapsed() < MAX_WAIT, "{} still abstains", self.name);
            sleep(POLL).await;
        }
        Ok(())
    }

    /// The receipt of a transaction, waited for.
    ///
    /// # Errors
    /// When it does not come.
    pub async fn receipt(&self, transaction: &str) -> Result<Value> {
        self.wait("eth_getTransactionReceipt", json!([transaction])).await
    }

    async fn wait(&self, method: &str, params: Value) -> Result<Value> {
        let started = Instant::now();
        loop {
            if let Ok(answer) = rpc(&self.rpc, method, params.clone()).await
                && !answer.is_null()
            {
                return Ok(answer);
            }
            ensure!(started.elapsed() < MAX_WAIT, "{} has no answer to {method} {params}", self.name);
            sleep(POLL).await;
        }
    }
}

impl Drop for NodeProcess {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().ok();
            child.wait().ok();
        }
    }
}

fn number(value: &Value) -> Result<u64> {
    let digits = value.as_str().context("no number")?.trim_start_matches("0x");
    Ok(u64::from_str_radix(digits, 16)?)
}

/// What this process holds of ports that it has chosen: until it ends, nobody who chooses as here takes them.
static CHOSEN: Mutex<Vec<File>> = Mutex::new(Vec::new());

/// The first of `count` ports in a row that nobody uses now, and that are nobody else's until this process ends. Not those that the system gives to
/// outgoing connections (from 32,768 on): one of them may be gone when a node that was killed is started again. Nor those in which the validators of a city
/// of one process find one another (from 24,000 on).
///
/// # Errors
/// When none are found.
pub fn free_ports(count: u16) -> Result<u16> {
    const TRIES: u32 = 100;
    for _ in 0..TRIES {
        let first = rand::rng().random_range(10_000..23_900);
        let held: Vec<_> = (first..first + count).map_while(choose).collect();
        if held.len() == usize::from(count) {
            CHOSEN.lock().unwrap_or_else(PoisonError::into_inner).extend(held);
            return Ok(first);
        }
    }
    bail!("there are no {count} free ports in a row")
}

/// The lock of a port that nobody uses and nobody has chosen. Tests of several processes choose at the same time, and use what they chose later.
fn choose(port: u16) -> Option<File> {
    let folder = std::env::temp_dir().join("chancery-ports");
    std::fs::create_dir_all(&folder).ok()?;
    let lock = File::options().create(true).append(true).open(folder.join(port.to_string())).ok()?;
    lock.try_lock().ok()?;
    TcpListener::bind(("127.0.0.1", port)).ok().map(|_| lock)
}
