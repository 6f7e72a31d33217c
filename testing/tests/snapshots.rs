//! Nodes that begin from a snapshot, are backed up and restored, and forget their past: real processes, with load and a change of the validators.
//! `docs/specs/snapshot.md`: SNAPSHOT-1 to SNAPSHOT-5; `docs/specs/chain.md`: CHAIN-5.
#![allow(clippy::unwrap_used, missing_docs)]

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use alloy_primitives::Address;
use chancery_testing::{
    load::{Kind, Workload, funded_signers},
    process::{Network, NodeProcess, built_binary, rpc},
};
use serde_json::{Value, json};

const CHAIN_ID: u64 = 7100;
const HEARTBEAT_MS: u64 = 500;
/// Blocks of an epoch: as few as the registry takes.
const EPOCH: u64 = 8;
/// The code of a block that is not here any more.
const HISTORY_PRUNED: &str = "4444";
/// Many times what a loaded machine needs.
const MAX_WAIT: Duration = Duration::from_secs(180);

struct Story {
    network: Network,
    transfers: Vec<String>,
    sent: usize,
}

/// What a command printed, as JSON; its words if it failed.
fn chancery(arguments: &[&str]) -> Result<Value, String> {
    let output = Command::new(built_binary()).arg("--json").args(arguments).output().unwrap();
    if output.status.success() {
        Ok(serde_json::from_slice(&output.stdout).unwrap())
    } else {
        Err(String::from_utf8(output.stderr).unwrap())
    }
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

impl Story {
    fn start(dir: &Path, validators: usize, followers: usize) -> Self {
        let epoch = EPOCH.to_string();
        let mut network =
            Network::init_with(dir, validators, followers, HEARTBEAT_MS, &["--epoch-length", &epoch]).unwrap();
        network.nodes.iter_mut().filter(|node| node.name != "follower-2").try_for_each(NodeProcess::start).unwrap();
        let signers = funded_signers(1).unwrap();
        let workload = Workload::sign(Kind::Transfer, &signers, &[0], 600, CHAIN_ID, Address::ZERO).unwrap();
        Self { network, transfers: workload.transactions.into_iter().next().unwrap(), sent: 0 }
    }

    fn at(&self, name: &str) -> usize {
        self.network.nodes.iter().position(|node| node.name == name).unwrap()
    }

    fn node(&self, name: &str) -> &NodeProcess {
        &self.network.nodes[self.at(name)]
    }

    fn node_mut(&mut self, name: &str) -> &mut NodeProcess {
        let at = self.at(name);
        &mut self.network.nodes[at]
    }

    fn home(&self, name: &str) -> PathBuf {
        self.network.dir().join(name)
    }

    fn config(&self, name: &str) -> String {
        text(self.node(name).config()).to_owned()
    }

    /// Sends transfers to a node, one a block, until another has a block of this height.
    async fn until(&mut self, to: &str, seen_at: &str, height: u64) {
        loop {
            let hash = self.send(to).await;
            let receipt = self.node(seen_at).receipt(&hash).await.unwrap();
            if quantity(&receipt["blockNumber"]) >= height {
                return;
            }
        }
    }

    async fn send(&mut self, to: &str) -> String {
        let raw = self.transfers[self.sent].clone();
        self.sent += 1;
        let hash = rpc(&self.node(to).rpc, "eth_sendRawTransaction", json!([raw])).await.unwrap();
        hash.as_str().unwrap().to_owned()
    }

    /// The organization of the first validator proposes that another leaves, and these vote for it; the block of the last vote.
    async fn vote_out(&self, name: &str, voters: &[&str]) -> u64 {
        self.network.as_organization("validator-1", &["propose-remove", name]).await.unwrap();
        let mut last = Value::Null;
        for voter in voters {
            last = self.network.as_organization(voter, &["vote", "0"]).await.unwrap();
        }
        last["block"].as_u64().unwrap()
    }

    /// The answers of two nodes about a block are the same.
    async fn agree(&self, one: &str, other: &str, height: u64) {
        let block = format!("{height:#x}");
        let account = format!("{:?}", funded_signers(1).unwrap()[0].address());
        let registry = "0xC4A0000000000000000000000000000000000007";
        for (method, params) in [
            ("eth_getBlockByNumber", json!([block, true])),
            ("eth_getBlockReceipts", json!([block])),
            ("eth_getProof", json!([account, [], block])),
            ("eth_getProof", json!([registry, ["0x0", "0x1", "0x2"], block])),
            ("chancery_getHandovers", json!([])),
        ] {
            let mut ours = rpc(&self.node(one).rpc, method, params.clone()).await.unwrap();
            let mut theirs = rpc(&self.node(other).rpc, method, params.clone()).await.unwrap();
            assert!(!ours.is_null(), "{method} {params}");
            for answer in [&mut ours, &mut theirs] {
                // Each node has a certificate of those whom it heard first.
                let handovers = answer.as_array_mut().into_iter().flatten().filter_map(Value::as_object_mut);
                handovers.for_each(|handover| drop(handover.remove("certificate")));
            }
            assert_eq!(ours, theirs, "{method} {params} at {one} and {other}");
        }
    }
}

fn quantity(value: &Value) -> u64 {
    u64::from_str_radix(value.as_str().unwrap().trim_start_matches("0x"), 16).unwrap()
}

async fn refusal(node: &NodeProcess, method: &str, params: Value) -> String {
    rpc(&node.rpc, method, params).await.unwrap_err().to_string()
}

/// A copy of a folder's files, to be compared.
fn files(dir: &Path) -> Vec<(PathBuf, u64)> {
    let (mut found, mut left) = (Vec::new(), vec![dir.to_owned()]);
    while let Some(dir) = left.pop() {
        let Ok(entries) = fs::read_dir(&dir) else { continue };
        for entry in entries.map(|entry| entry.unwrap()) {
            let path = entry.path();
            if path.is_dir() { left.push(path) } else { found.push((path, entry.metadata().unwrap().len())) }
        }
    }
    found.sort();
    found
}

// SNAPSHOT-1, SNAPSHOT-4, SNAPSHOT-5
#[tokio::test(flavor = "multi_thread")]
async fn a_follower_begins_from_a_snapshot_of_a_running_one_after_the_validators_changed() {
    let dir = tempfile::tempdir().unwrap();
    let mut story = Story::start(dir.path(), 4, 2);
    story.until("validator-1", "follower-1", 3).await;
    let voted = story.vote_out("validator-4", &["validator-2", "validator-3"]).await;
    let changed = (voted / EPOCH + 1) * EPOCH;
    story.until("validator-1", "follower-1", changed + EPOCH + 3).await;

    // Of a node that runs, which goes on.
    let file = dir.path().join("chain.snapshot");
    let made =
        chancery(&["snapshot", "export", "--config", &story.config("follower-1"), "--out", text(&file)]).unwrap();
    let begins = made["height"].as_u64().unwrap();
    assert!(begins > changed, "{made}");
    let again = chancery(&["snapshot", "export", "--config", &story.config("follower-1"), "--out", text(&file)]);
    assert!(again.unwrap_err().contains("is not overwritten"));
    story.until("validator-2", "follower-1", begins + 3).await;

    // Offline, from the genesis alone.
    let genesis = story.network.dir().join("genesis.json");
    let verified = chancery(&["snapshot", "verify", text(&file), "--genesis", text(&genesis)]).unwrap();
    assert_eq!(verified, made);
    assert!(!dir.path().join("chain.snapshot.verifying").exists());

    // What is damaged, cut off, or of another chain is refused by name, and the folder stays as it was.
    let config = story.config("follower-2");
    let data = story.home("follower-2").join("data");
    let before = files(&data);
    let bytes = fs::read(&file).unwrap();
    let bad = dir.path().join("bad.snapshot");
    let mut damaged = bytes.clone();
    let middle = damaged.len() / 2;
    damaged[middle] ^= 1;
    for (bytes, words) in
        [(&bytes[..bytes.len() - 9], "is cut off"), (&damaged[..], "is damaged"), (b"{}", "not a snapshot")]
    {
        fs::write(&bad, bytes).unwrap();
        let refused = chancery(&["snapshot", "import", text(&bad), "--config", &config]).unwrap_err();
        assert!(refused.contains(words), "{refused}");
        assert_eq!(files(&data), before);
    }
    let elsewhere = Network::init(&dir.path().join("elsewhere"), 4, 0, HEARTBEAT_MS).unwrap();
    let other = text(elsewhere.nodes[0].config()).to_owned();
    let refused = chancery(&["snapshot", "import", text(&file), "--config", &other]).unwrap_err();
    assert!(refused.contains("of the chain with genesis"), "{refused}");

    // Killed while it imports, it imports again.
    let mut import = Command::new(built_binary())
        .args(["snapshot", "import", text(&file), "--config", &config])
        .stdin(Stdio::null())
        .spawn()
        .unwrap();
    let staging = data.join("chain.importing");
    let started = Instant::now();
    while !staging.exists() && import.try_wait().unwrap().is_none() {
        assert!(started.elapsed() < MAX_WAIT, "the import does not begin");
        std::thread::yield_now();
    }
    import.kill().ok();
    import.wait().unwrap();
    if !data.join("chain").exists() {
        let doctor = Command::new(built_binary()).args(["doctor", "--config", &config]).output().unwrap();
        assert!(String::from_utf8(doctor.stdout).unwrap().contains("an import has not finished"));
        chancery(&["snapshot", "import", text(&file), "--config", &config]).unwrap();
    }
    assert!(!staging.exists());
    let twice = chancery(&["snapshot", "import", text(&file), "--config", &config]).unwrap_err();
    assert!(twice.contains("holds a chain already"), "{twice}");

    // It catches up from the blocks after it, with the flags that it always had.
    story.node_mut("follower-2").start().unwrap();
    let epoch = begins / EPOCH + 2;
    story.until("follower-2", "follower-2", epoch * EPOCH + 2).await;
    for height in [begins, begins + 1, epoch * EPOCH + 1] {
        story.agree("follower-2", "follower-1", height).await;
    }
    let old = story.node("follower-2");
    let said = refusal(old, "eth_getBlockByNumber", json!(["0x2", false])).await;
    assert!(said.contains(HISTORY_PRUNED) && said.contains("pruned history unavailable"), "{said}");
    let said = refusal(old, "eth_getLogs", json!([{ "fromBlock": "0x2", "toBlock": "0x3" }])).await;
    assert!(said.contains(HISTORY_PRUNED), "{said}");
    let said = refusal(old, "eth_getProof", json!([Address::ZERO, [], "0x2"])).await;
    assert!(said.contains("no longer kept"), "{said}");
    assert_eq!(old.block_hash(0).await.unwrap(), story.network.genesis_hash());

    // And starts again.
    story.node_mut("follower-2").kill().unwrap();
    story.node_mut("follower-2").start().unwrap();
    story.until("validator-1", "follower-2", (epoch + 1) * EPOCH + 1).await;
    story.agree("follower-2", "follower-1", (epoch + 1) * EPOCH).await;

    // A snapshot of a node that began from one is as good.
    let second = dir.path().join("second.snapshot");
    chancery(&["snapshot", "export", "--config", &config, "--out", text(&second)]).unwrap();
    chancery(&["snapshot", "verify", text(&second), "--genesis", text(&genesis)]).unwrap();
}

// CHAIN-5, CHAIN-7
#[tokio::test(flavor = "multi_thread")]
async fn a_wiped_validator_that_begins_from_a_snapshot_votes_again() {
    let dir = tempfile::tempdir().unwrap();
    let mut story = Story::start(dir.path(), 4, 0);
    story.until("validator-1", "validator-2", EPOCH + 3).await;
    story.node_mut("validator-4").kill().unwrap();
    story.node("validator-4").wipe().unwrap();
    let file = dir.path().join("chain.snapshot");
    chancery(&["snapshot", "export", "--config", &story.config("validator-1"), "--out", text(&file)]).unwrap();
    chancery(&["snapshot", "import", text(&file), "--config", &story.config("validator-4")]).unwrap();
    story.node_mut("validator-4").start().unwrap();
    let height = story.node("validator-1").height().await.unwrap() + 3 * EPOCH;
    story.until("validator-1", "validator-4", height).await;
    story.agree("validator-4", "validator-1", height).await;
    // Without it and another one there would be no quorum.
    story.node_mut("validator-1").kill().unwrap();
    story.until("validator-4", "validator-4", height + 3).await;
}

// SNAPSHOT-5
#[tokio::test(flavor = "multi_thread")]
async fn a_node_is_backed_up_while_it_runs_and_restored_after_its_data_were_damaged() {
    let dir = tempfile::tempdir().unwrap();
    let mut story = Story::start(dir.path(), 4, 0);
    let hash = story.send("validator-1").await;
    let receipt = story.node("validator-4").receipt(&hash).await.unwrap();
    story.until("validator-1", "validator-4", 12).await;
    let (config, home) = (story.config("validator-4"), story.home("validator-4"));
    let backup = dir.path().join("backup");
    let made = chancery(&["backup", "--config", &config, "--out", text(&backup)]).unwrap();
    let names: Vec<_> = made["files"].as_object().unwrap().keys().cloned().collect();
    assert_eq!(names, ["chain.snapshot", "genesis.json", "node.toml"], "no keys, no votes");
    story.until("validator-1", "validator-4", 20).await;

    story.node_mut("validator-4").kill().unwrap();
    for (path, length) in files(&home.join("data/chain")) {
        if length > 0 {
            fs::write(path, b"damaged").unwrap();
        }
    }
    let refused = story.node_mut("validator-4").start().unwrap_err().to_string();
    assert!(refused.contains("chancery restore"), "{refused}");
    let refused = chancery(&["restore", text(&backup), "--config", &config]).unwrap_err();
    assert!(refused.contains("--replace"), "{refused}");
    let snapshot = backup.join("chain.snapshot");
    let whole = fs::read(&snapshot).unwrap();
    fs::write(&snapshot, &whole[1..]).unwrap();
    let refused = chancery(&["restore", text(&backup), "--config", &config, "--replace"]).unwrap_err();
    assert!(refused.contains("chain.snapshot in the back-up is damaged"), "{refused}");
    fs::write(&snapshot, &whole).unwrap();
    let key = fs::read(home.join("node.key")).unwrap();
    chancery(&["restore", text(&backup), "--config", &config, "--replace"]).unwrap();
    assert_eq!(fs::read(home.join("node.key")).unwrap(), key);
    assert!(!home.join("data/consensus").exists(), "its votes are not put back");

    story.node_mut("validator-4").start().unwrap();
    let height = story.node("validator-1").height().await.unwrap() + 3 * EPOCH;
    story.until("validator-1", "validator-4", height).await;
    story.agree("validator-4", "validator-1", height).await;
    let found = story.node("validator-4").receipt(&hash).await.unwrap();
    assert_eq!(found, receipt, "receipts from before the back-up are there");

    // With the keys, on a machine that has none.
    let keyed = dir.path().join("keyed");
    let made = chancery(&["backup", "--config", &config, "--out", text(&keyed), "--with-keys"]).unwrap();
    assert!(made["files"].get("node.key").is_some() && made["files"].get("node.vote").is_some());
    story.node_mut("validator-4").kill().unwrap();
    story.node("validator-4").wipe().unwrap();
    let refused = chancery(&["restore", text(&keyed), "--config", &config, "--with-keys"]).unwrap_err();
    assert!(refused.contains("node.key exists already"), "{refused}");
    fs::remove_file(home.join("node.key")).unwrap();
    chancery(&["restore", text(&keyed), "--config", &config, "--with-keys"]).unwrap();
    assert_eq!(fs::read(home.join("node.key")).unwrap(), key);
    story.node_mut("validator-4").start().unwrap();
    story.until("validator-1", "validator-4", height + EPOCH).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pruned_node_answers_for_what_it_keeps_and_says_what_it_does_not() {
    let dir = tempfile::tempdir().unwrap();
    // As few as can change: what a node forgets is its own matter, and each of many blocks is made by all of them.
    let mut story = Story::start(dir.path(), 2, 1);
    let voted = {
        story.until("validator-1", "follower-1", 3).await;
        story.vote_out("validator-2", &["validator-2"]).await
    };
    let head = (voted / EPOCH + 1) * EPOCH + 140;
    story.until("validator-1", "follower-1", head).await;
    let (config, home) = (story.config("follower-1"), story.home("follower-1"));
    let running = chancery(&["prune", "--config", &config, "--keep", "128"]).unwrap_err();
    assert!(running.contains("in use by another process"), "{running}");
    story.node_mut("follower-1").kill().unwrap();
    assert!(chancery(&["prune", "--config", &config, "--keep", "7"]).unwrap_err().contains("at least 128"));
    let pruned = chancery(&["prune", "--config", &config, "--keep", "128"]).unwrap();
    let earliest = pruned["earliestState"].as_u64().unwrap();
    assert_eq!(earliest, pruned["head"].as_u64().unwrap() - 127);

    story.node_mut("follower-1").start().unwrap();
    let account = Address::ZERO;
    let said = refusal(story.node("follower-1"), "eth_getProof", json!([account, [], "0x3"])).await;
    assert!(said.contains("no longer kept") && said.contains(&earliest.to_string()), "{said}");
    story.agree("follower-1", "validator-1", earliest).await;
    // Blocks are all there, and so is the proof of the change of the validators, whose state is not.
    assert!(voted < earliest);
    assert_eq!(
        story.node("follower-1").block_hash(3).await.unwrap(),
        story.node("validator-1").block_hash(3).await.unwrap()
    );
    let handovers = rpc(&story.node("follower-1").rpc, "chancery_getHandovers", json!([])).await.unwrap();
    assert_eq!(handovers.as_array().unwrap().len(), 1);

    // The same while it runs.
    story.node_mut("follower-1").kill().unwrap();
    let kept = fs::read_to_string(&config).unwrap();
    assert!(!kept.contains("[storage]"), "an archive is what a node is unless it is told otherwise");
    fs::write(&config, kept + "\n[storage]\nstate = 128\n").unwrap();
    story.node_mut("follower-1").start().unwrap();
    story.until("validator-1", "follower-1", head + 60).await;
    let said = refusal(story.node("follower-1"), "eth_getProof", json!([account, [], format!("{earliest:#x}")])).await;
    assert!(said.contains("no longer kept"), "{said}");
    story.agree("follower-1", "validator-1", head + 50).await;
    let file = dir.path().join("pruned.snapshot");
    chancery(&["snapshot", "export", "--config", &config, "--out", text(&file)]).unwrap();
    assert!(File::open(&file).unwrap().metadata().unwrap().len() > 0);
    assert!(home.join("data/chain").exists());
}
