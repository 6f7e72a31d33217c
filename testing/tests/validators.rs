//! Validators that join and leave by vote, over real processes: nobody is started again, and a light client that knows the genesis alone follows.
//! `docs/specs/finality.md`: MEMBER-1, MEMBER-3, MEMBER-4, FINALITY-10.
#![allow(clippy::unwrap_used, missing_docs)]

use std::{fs, path::Path, process::Command};

use alloy_primitives::{Address, keccak256};
use chancery_light::{ChainEssentials, FinalityCertificate, FinalityProof, Handover, TrustedChain, ValidatorKey};
use chancery_testing::{
    load::{Kind, Workload, funded_signers},
    process::{Network, NodeProcess, built_binary, rpc},
};
use serde_json::{Value, json};

const CHAIN_ID: u64 = 7100;
const HEARTBEAT_MS: u64 = 200;
/// Blocks of an epoch: as few as the registry takes, so that the test sees several.
const EPOCH: u64 = 8;

struct Consortium {
    network: Network,
    transfers: Vec<String>,
    sent: usize,
}

impl Consortium {
    fn start(dir: &Path) -> Self {
        let mut network = Network::init_with(dir, 4, 1, HEARTBEAT_MS, &["--epoch-length", &EPOCH.to_string()]).unwrap();
        network.start_all().unwrap();
        let signers = funded_signers(1).unwrap();
        let workload = Workload::sign(Kind::Transfer, &signers, &[0], 200, CHAIN_ID, Address::ZERO).unwrap();
        Self { network, transfers: workload.transactions.into_iter().next().unwrap(), sent: 0 }
    }

    fn file(&self, node: &str, name: &str) -> String {
        self.network.dir().join(node).join(name).to_str().unwrap().to_owned()
    }

    fn node(&self, name: &str) -> &NodeProcess {
        self.network.nodes.iter().find(|node| node.name == name).unwrap()
    }

    async fn run(&self, as_node: &str, arguments: &[&str]) -> Result<Value, String> {
        self.network.as_organization(as_node, arguments).await.map_err(|refused| refused.to_string())
    }

    fn essentials(&self, genesis_hash: &str) -> ChainEssentials {
        let genesis: Value =
            serde_json::from_slice(&fs::read(self.network.dir().join("genesis.json")).unwrap()).unwrap();
        let keys = genesis["validators"].as_array().unwrap().iter();
        let keys = keys.map(|validator| serde_json::from_value(validator["blsPublicKey"].clone()).unwrap());
        ChainEssentials { chain_id: CHAIN_ID, genesis_hash: genesis_hash.parse().unwrap(), validators: keys.collect() }
    }

    /// Sends transfers to a node, one a block, until another has the last block before a height.
    async fn until(&mut self, to: &str, seen_at: &str, height: u64) {
        loop {
            let raw = self.transfers[self.sent].clone();
            self.sent += 1;
            let hash = rpc(&self.node(to).rpc, "eth_sendRawTransaction", json!([raw])).await.unwrap();
            let receipt = self.node(seen_at).receipt(hash.as_str().unwrap()).await.unwrap();
            let block = u64::from_str_radix(&receipt["blockNumber"].as_str().unwrap()[2..], 16).unwrap();
            if block >= height {
                return;
            }
        }
    }

    async fn finality(&self, node: &str, height: u64) -> FinalityProof {
        let answer = rpc(&self.node(node).rpc, "chancery_getFinality", json!([format!("{height:#x}")])).await.unwrap();
        serde_json::from_value(answer).unwrap()
    }
}

fn key_of(public: &Value) -> ValidatorKey {
    serde_json::from_value(public["blsPublicKey"].clone()).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_follower_is_voted_in_and_a_validator_out_and_nobody_is_started_again() {
    let dir = tempfile::tempdir().unwrap();
    let mut consortium = Consortium::start(dir.path());
    let trusted =
        TrustedChain::new(consortium.essentials(&consortium.node("validator-1").block_hash(0).await.unwrap())).unwrap();

    let printed = Command::new(built_binary())
        .args(["network", "key", &consortium.file("follower-1", "node.key"), "--name", "newcomer"])
        .output()
        .unwrap();
    let newcomer: Value = serde_json::from_slice(&printed.stdout).unwrap();
    let member = dir.path().join("newcomer.json");
    fs::write(&member, &printed.stdout).unwrap();

    let proposed = consortium.run("validator-1", &["propose-add", member.to_str().unwrap()]).await.unwrap();
    assert_eq!(proposed["proposal"]["state"], "open");
    let again = consortium.run("validator-1", &["vote", "0"]).await.unwrap_err();
    assert!(again.contains("validator-1 has voted for proposal 0 already"), "{again}");
    let stranger = consortium.run("follower-1", &["vote", "0"]).await.unwrap_err();
    assert!(stranger.contains("votes for no organization"), "{stranger}");
    consortium.run("validator-2", &["vote", "0"]).await.unwrap();
    let passed = consortium.run("validator-3", &["vote", "0"]).await.unwrap();
    assert_eq!(passed["proposal"]["state"], "passed");
    // There are five organizations now.
    consortium.run("validator-1", &["propose-remove", "validator-4"]).await.unwrap();
    for voter in ["validator-2", "validator-3"] {
        consortium.run(voter, &["vote", "1"]).await.unwrap();
    }
    // The newcomer's organization votes with the key that `network key` made beside its node's.
    let last = consortium.run("follower-1", &["vote", "1"]).await.unwrap();
    assert_eq!(last["proposal"]["state"], "passed");

    let shown = Command::new(built_binary())
        .args(["--json", "network", "validators", "--rpc", &consortium.node("validator-4").rpc])
        .output()
        .unwrap();
    let shown: Value = serde_json::from_slice(&shown.stdout).unwrap();
    let organizations: Vec<_> = shown["validators"]
        .as_array()
        .unwrap()
        .iter()
        .map(|validator| validator["organization"].as_str().unwrap())
        .collect();
    assert!(organizations.contains(&"newcomer") && !organizations.contains(&"validator-4"), "{organizations:?}");

    let changed = last["block"].as_u64().unwrap() / EPOCH + 1;
    consortium.until("validator-1", "validator-4", (changed + 1) * EPOCH).await;

    // A light client that knows the genesis alone.
    let height = changed * EPOCH + 2;
    let proof = consortium.finality("follower-1", height).await;
    assert!(!proof.handovers.is_empty());
    let header = trusted.verify_finality(&proof).unwrap();
    assert_eq!(header.number(), height);
    let handovers = rpc(&consortium.node("validator-2").rpc, "chancery_getHandovers", json!([])).await.unwrap();
    let handovers: Vec<Handover> = serde_json::from_value(handovers).unwrap();
    let now = trusted.follow_all(&handovers).unwrap();
    assert_eq!(now.epoch(), changed);
    assert_eq!(now.validators().len(), 4);
    assert!(now.validators().contains(&key_of(&newcomer)));
    let validators = rpc(&consortium.node("validator-2").rpc, "chancery_validators", json!([format!("{changed:#x}")]));
    let validators = validators.await.unwrap();
    let keys: Vec<_> = validators["validators"].as_array().unwrap().iter().map(key_of).collect();
    assert_eq!(keys, now.validators());

    // Without one of the three others, each decision needs the newcomer.
    let position = now.validators().iter().position(|key| *key == key_of(&newcomer)).unwrap();
    consortium.network.nodes.iter_mut().find(|node| node.name == "validator-1").unwrap().kill().unwrap();
    consortium.until("validator-2", "validator-4", (changed + 2) * EPOCH).await;
    let proof = consortium.finality("validator-4", (changed + 2) * EPOCH - 1).await;
    let certificate = FinalityCertificate::decode(&proof.certificate).unwrap();
    assert!(certificate.signers.signers().any(|signer| signer == position));
    trusted.verify_finality(&proof).unwrap();
    // Whom the handovers name, the genesis does not know. (Three signers of the genesis would be a quorum of it still.)
    let genesis_alone = FinalityProof { handovers: vec![], ..proof };
    assert_eq!(trusted.verify_finality(&genesis_alone).unwrap_err().check(), "FinalitySignature");

    // With unchanged flags and files everybody starts again where the chain is (CHAIN-5).
    consortium.network.nodes.iter_mut().filter(|node| node.runs()).for_each(|node| node.kill().unwrap());
    consortium.network.start_all().unwrap();
    consortium.until("follower-1", "validator-1", (changed + 3) * EPOCH).await;
    let agreed = consortium.network.agree_at((changed + 3) * EPOCH - 1).await.unwrap();
    let proof = consortium.finality("validator-4", (changed + 3) * EPOCH - 1).await;
    assert_eq!(keccak256(&proof.header).to_string(), agreed);
    trusted.verify_finality(&proof).unwrap();
}
