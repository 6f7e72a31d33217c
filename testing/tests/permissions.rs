//! Who may connect, send and create contracts, decided by vote over real processes: nobody is started again for it, and after a stop of the whole
//! network everybody starts with unchanged flags. `docs/specs/permissions.md`: PERMIT-2 to PERMIT-6, CHAIN-5.
#![allow(clippy::unwrap_used, missing_docs)]

use std::{
    fs,
    path::Path,
    process::Command,
    time::{Duration, Instant},
};

use alloy::{
    consensus::{SignableTransaction, TxEip1559, TxEnvelope},
    eips::eip2718::Encodable2718,
    network::TxSignerSync,
    signers::local::PrivateKeySigner,
};
use alloy_primitives::{Address, TxKind, hex};
use chancery_testing::{
    load::{STORE_INIT_CODE, funded_signers},
    process::{Network, NodeProcess, built_binary, rpc},
};
use serde_json::{Value, json};
use tokio::time::sleep;

const CHAIN_ID: u64 = 7100;
const HEARTBEAT_MS: u64 = 200;
/// Short, so that the test sees several: peers are told of anew in each.
const EPOCH_LENGTH: &str = "16";
/// The longest wait for a condition: many times what a loaded machine needs.
const MAX_WAIT: Duration = Duration::from_secs(120);
const FOLLOWER: &str = "follower-1";

struct Consortium {
    network: Network,
    /// On the list of those who may send, once it is.
    listed: (PrivateKeySigner, u64),
    stranger: PrivateKeySigner,
}

/// A transaction without fees.
fn signed(signer: &PrivateKeySigner, nonce: u64, to: TxKind) -> String {
    let input = if to.is_create() { STORE_INIT_CODE.to_vec() } else { Vec::new() };
    let mut transaction =
        TxEip1559 { chain_id: CHAIN_ID, nonce, gas_limit: 200_000, to, input: input.into(), ..TxEip1559::default() };
    let signature = signer.sign_transaction_sync(&mut transaction).unwrap();
    hex::encode_prefixed(TxEnvelope::from(transaction.into_signed(signature)).encoded_2718())
}

impl Consortium {
    fn start(dir: &Path) -> Self {
        let mut network = Network::init_with(dir, 4, 1, HEARTBEAT_MS, &["--epoch-length", EPOCH_LENGTH]).unwrap();
        network.start_all().unwrap();
        let [listed, stranger] = funded_signers(2).unwrap().try_into().unwrap();
        Self { network, listed: (listed, 0), stranger }
    }

    fn node(&self, name: &str) -> &NodeProcess {
        self.network.nodes.iter().find(|node| node.name == name).unwrap()
    }

    async fn run(&self, validator: &str, arguments: &[&str]) -> Result<Value, String> {
        self.network.as_organization(validator, arguments).await.map_err(|refused| refused.to_string())
    }

    /// Proposes something, and has it voted for by as many as are needed.
    async fn decide(&self, proposal: &[&str]) {
        let proposed = self.run("validator-1", proposal).await.unwrap();
        assert_eq!(proposed["proposal"]["state"], "open");
        let id = proposed["proposal"]["id"].to_string();
        self.run("validator-2", &["vote", &id, "--on", "permissions"]).await.unwrap();
        let passed = self.run("validator-3", &["vote", &id, "--on", "permissions"]).await.unwrap();
        assert_eq!(passed["proposal"]["state"], "passed", "{proposal:?}");
        self.network.in_step().await.unwrap();
    }

    async fn send(&self, to: &str, raw: String) -> Result<String, String> {
        let answer = rpc(&self.node(to).rpc, "eth_sendRawTransaction", json!([raw])).await;
        answer.map(|hash| hash.as_str().unwrap().to_owned()).map_err(|error| error.to_string())
    }

    /// Has the one that is listed send to one node, and waits until another has it; the height of its block.
    async fn transact(&mut self, to: &str, seen_at: &str) -> u64 {
        let raw = signed(&self.listed.0, self.listed.1, Address::repeat_byte(1).into());
        self.listed.1 += 1;
        let hash = self.send(to, raw).await.unwrap();
        let receipt = self.node(seen_at).receipt(&hash).await.unwrap();
        u64::from_str_radix(&receipt["blockNumber"].as_str().unwrap()[2..], 16).unwrap()
    }

    /// How many validators the follower is connected with.
    async fn connections(&self) -> usize {
        let status = rpc(&self.node(FOLLOWER).rpc, "chancery_status", json!([])).await.unwrap();
        let validators = status["validators"].as_array().unwrap().iter();
        validators.filter(|validator| !validator["connectedSinceMs"].is_null()).count()
    }

    async fn until_connections(&self, reached: impl Fn(usize) -> bool) {
        let started = Instant::now();
        while !reached(self.connections().await) {
            assert!(started.elapsed() < MAX_WAIT, "the follower has {} connections", self.connections().await);
            sleep(Duration::from_millis(50)).await;
        }
    }

    async fn until_doctor_speaks_of_permission(&self) {
        let started = Instant::now();
        loop {
            let said =
                Command::new(built_binary()).args(["doctor", "--rpc", &self.node(FOLLOWER).rpc]).output().unwrap();
            let said = String::from_utf8(said.stdout).unwrap();
            if said.contains("not permitted to connect") || said.contains("the list of nodes that may connect") {
                return;
            }
            assert!(started.elapsed() < MAX_WAIT, "{said}");
            sleep(Duration::from_millis(200)).await;
        }
    }

    fn stranger_is_refused(&self, refusal: &Result<String, String>) {
        let refusal = refusal.as_ref().unwrap_err();
        assert!(refusal.contains("-32003") && refusal.contains(r#""permission":"send""#), "{refusal}");
        assert!(refusal.contains(&format!("{:?}", self.stranger.address())), "{refusal}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_network_is_closed_by_vote_and_starts_again_as_a_whole_with_unchanged_flags() {
    let dir = tempfile::tempdir().unwrap();
    let mut consortium = Consortium::start(dir.path());
    let listed = consortium.listed.0.address().to_string();

    // Open: everybody may, as on a chain that knows no permissions.
    let stranger = consortium.stranger.clone();
    let first = consortium.send("validator-1", signed(&stranger, 0, TxKind::Create)).await.unwrap();
    assert_eq!(consortium.node("validator-2").receipt(&first).await.unwrap()["status"], "0x1");

    // Sending: voters are on no list, and vote all the same.
    consortium.decide(&["propose-mode", "send", "closed"]).await;
    let call = |nonce| signed(&stranger, nonce, Address::repeat_byte(1).into());
    for node in ["validator-1", "validator-4", FOLLOWER] {
        let refusal = consortium.send(node, call(1)).await;
        consortium.stranger_is_refused(&refusal);
    }
    consortium.decide(&["propose-permit", "send", &listed, "--organization", "Tax Office"]).await;
    consortium.transact("validator-4", "validator-1").await;
    let again =
        consortium.run("validator-1", &["propose-permit", "send", &listed, "--organization", "Tax Office"]).await;
    assert!(again.unwrap_err().contains("is on the list send already"));

    // Creating contracts.
    consortium.decide(&["propose-mode", "deploy", "closed"]).await;
    let (signer, nonce) = &consortium.listed;
    let refusal = consortium.send("validator-2", signed(signer, *nonce, TxKind::Create)).await.unwrap_err();
    assert!(refusal.contains("-32003") && refusal.contains(r#""permission":"deploy""#), "{refusal}");

    // Connecting: the follower is cut off without a restart of anybody.
    consortium.until_connections(|connected| connected == 4).await;
    consortium.decide(&["propose-mode", "connect", "closed"]).await;
    consortium.until_connections(|connected| connected == 0).await;
    let seen = consortium.node(FOLLOWER).height().await.unwrap();
    let height = consortium.transact("validator-1", "validator-2").await;
    assert!(height > seen, "the follower is at {seen}");
    // It says so by itself if it has the block that closed the list, and as soon as it calls itself cut off if it has not.
    consortium.until_doctor_speaks_of_permission().await;
    assert!(consortium.node(FOLLOWER).height().await.unwrap() < height);

    // It is permitted, and comes back by itself.
    let public = Command::new(built_binary())
        .args(["network", "key"])
        .arg(consortium.network.dir().join(FOLLOWER).join("node.key"))
        .args(["--name", "City Archive"])
        .output()
        .unwrap();
    let file = dir.path().join("archive.json");
    fs::write(&file, &public.stdout).unwrap();
    consortium.decide(&["propose-permit", "connect", file.to_str().unwrap()]).await;
    let height = consortium.transact("validator-1", FOLLOWER).await;
    consortium.network.agree_at(height).await.unwrap();
    let shown = rpc(&consortium.node(FOLLOWER).rpc, "chancery_permissions", json!([])).await.unwrap();
    assert_eq!(shown["connect"]["listed"][0]["organization"], "City Archive");
    assert_eq!(shown["send"]["listed"][0]["organization"], "Tax Office");
    assert_eq!((&shown["send"]["closed"], &shown["deploy"]["closed"]), (&json!(true), &json!(true)));

    // Everybody stops. One validator and the follower have lost everything: they begin with the genesis, in which nothing was closed and the
    // follower was not listed.
    consortium.network.nodes.iter_mut().for_each(|node| node.kill().unwrap());
    consortium.node("validator-4").wipe().unwrap();
    consortium.node(FOLLOWER).wipe().unwrap();
    consortium.network.start_all().unwrap();
    let height = consortium.transact("validator-1", "validator-4").await;
    consortium.network.agree_at(height).await.unwrap();
    for node in ["validator-2", "validator-4", FOLLOWER] {
        let refusal = consortium.send(node, call(1)).await;
        consortium.stranger_is_refused(&refusal);
    }
    consortium.until_connections(|connected| connected == 4).await;

    // Forbidden again, it stays cut off over a restart of everybody.
    consortium.decide(&["propose-forbid", "connect", file.to_str().unwrap()]).await;
    consortium.until_connections(|connected| connected == 0).await;
    let seen = consortium.node(FOLLOWER).height().await.unwrap();
    consortium.network.nodes.iter_mut().for_each(|node| node.kill().unwrap());
    consortium.network.start_all().unwrap();
    for _ in 0..5 {
        consortium.transact("validator-2", "validator-3").await;
    }
    assert_eq!(consortium.connections().await, 0);
    assert_eq!(consortium.node(FOLLOWER).height().await.unwrap(), seen);

    // And all of it can be opened again, by those who are on no list.
    consortium.decide(&["propose-mode", "connect", "open"]).await;
    consortium.decide(&["propose-mode", "send", "open"]).await;
    let hash = consortium.send("validator-3", call(1)).await.unwrap();
    assert_eq!(consortium.node(FOLLOWER).receipt(&hash).await.unwrap()["status"], "0x1");
}
