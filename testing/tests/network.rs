//! A chain that several processes run over real sockets: it lives through what happens to its nodes, and nothing final is ever lost.
//! `docs/specs/chain.md`: CHAIN-2, CHAIN-3, CHAIN-5.
#![allow(clippy::unwrap_used, missing_docs)]

use std::{fs, process::Command, time::Duration};

use alloy::{
    pubsub::Subscription,
    rpc::client::{ClientBuilder, RpcClient},
    signers::{SignerSync as _, local::PrivateKeySigner},
    sol_types::{SolCall as _, SolError as _},
    transports::ws::WsConnect,
};
use alloy_primitives::{Address, B256, Bytes, keccak256};
use chancery_contracts::{ChangeApprovals, predeploys};
use chancery_light::{ChainEssentials, FinalityProof, TrustedChain};
use chancery_primitives::{ChangeKind, ProposeChange, SignedOperation as _, SigningDomain, UnixSeconds};
use chancery_testing::{
    load::{Kind, Latencies, Workload, funded_signers},
    process::{Network, NodeProcess, built_binary, rpc},
};
use serde_json::{Value, json};

const CHAIN_ID: u64 = 7100;
/// Short, so that a dead leader is waited for a short time.
const HEARTBEAT_MS: u64 = 200;
/// Many times what a loaded machine needs.
const MAX_WAIT: Duration = Duration::from_secs(120);

/// Transfers of the first development account, in nonce order.
struct Sender {
    transactions: Vec<String>,
    sent: usize,
}

impl Sender {
    fn new(transactions: usize) -> Self {
        let signers = funded_signers(1).unwrap();
        let workload = Workload::sign(Kind::Transfer, &signers, &[0], transactions, CHAIN_ID, Address::ZERO).unwrap();
        Self { transactions: workload.transactions.into_iter().next().unwrap(), sent: 0 }
    }

    /// Sends the next transaction to a node; returns its hash.
    async fn send(&mut self, node: &NodeProcess) -> String {
        let raw = &self.transactions[self.sent];
        self.sent += 1;
        let hash = rpc(&node.rpc, "eth_sendRawTransaction", json!([raw])).await.unwrap();
        hash.as_str().unwrap().to_owned()
    }

    /// Sends the next transaction to a node, and waits for its receipt at another; returns the block's height.
    async fn transact(&mut self, to: &NodeProcess, seen_at: &NodeProcess) -> u64 {
        let hash = self.send(to).await;
        let receipt = seen_at.receipt(&hash).await.unwrap();
        assert_eq!(receipt["status"], "0x1");
        u64::from_str_radix(receipt["blockNumber"].as_str().unwrap().trim_start_matches("0x"), 16).unwrap()
    }
}

/// What a light client trusts that knows the genesis file alone.
async fn trusted(network: &Network, node: &NodeProcess) -> TrustedChain {
    let genesis: Value = serde_json::from_slice(&fs::read(network.dir().join("genesis.json")).unwrap()).unwrap();
    let first = node.block_hash(0).await.unwrap();
    let validators = genesis["validators"].as_array().unwrap();
    let keys = validators.iter().map(|validator| serde_json::from_value(validator["blsPublicKey"].clone()).unwrap());
    let essentials =
        ChainEssentials { chain_id: CHAIN_ID, genesis_hash: first.parse().unwrap(), validators: keys.collect() };
    TrustedChain::new(essentials).unwrap()
}

/// Verifies a block's finality as a light client does that knows the genesis file alone.
async fn verify(network: &Network, node: &NodeProcess, height: u64) {
    let proof = rpc(&node.rpc, "chancery_getFinality", json!([format!("{height:#x}")])).await.unwrap();
    let proof: FinalityProof = serde_json::from_value(proof).unwrap();
    let header = trusted(network, node).await.verify_finality(&proof).unwrap();
    assert_eq!(header.number(), height);
}

/// What a node tells of blocks as they become final: an Ethereum client that knows nothing of it subscribes by the method's name.
/// The connection ends with the client.
async fn finality_of(node: &NodeProcess) -> (RpcClient, Subscription<Value>) {
    let url = node.rpc.replacen("http://", "ws://", 1);
    let client = ClientBuilder::default().pubsub(WsConnect::new(url)).await.unwrap();
    let mut call = client.request::<_, B256>("chancery_subscribe", ("finality",));
    call.set_is_subscription();
    let id = call.await.unwrap();
    let notices = client.get_subscription(id).await;
    (client, notices)
}

#[tokio::test]
async fn four_validators_and_a_follower_agree_and_every_node_proves_it() {
    let dir = tempfile::tempdir().unwrap();
    let mut network = Network::init(dir.path(), 4, 1, HEARTBEAT_MS).unwrap();
    network.start_all().unwrap();
    let mut sender = Sender::new(16);
    let mut height = 0;
    for index in 0..10 {
        // Whichever node it is given to, a follower too, every other gets it.
        let (to, seen_at) = (&network.nodes[index % 5], &network.nodes[(index + 1) % 5]);
        height = sender.transact(to, seen_at).await;
    }
    network.agree_at(height).await.unwrap();
    for node in &network.nodes {
        verify(&network, node, height).await;
    }

    // A follower tells of each block that has a certificate of its own, once, in order, and each is proven by the genesis file.
    let trusted = trusted(&network, &network.nodes[0]).await;
    let (_client, mut finality) = finality_of(&network.nodes[4]).await;
    let mut told: Vec<FinalityProof> = Vec::new();
    let mut last = 0;
    while told.len() < 3 {
        let notice = tokio::time::timeout(MAX_WAIT, finality.recv()).await.expect("a notice in time").unwrap();
        let proof = json!({ "header": notice["header"], "certificate": notice["certificate"] });
        let proof: FinalityProof = serde_json::from_value(proof).unwrap();
        let header = trusted.verify_finality(&proof).unwrap();
        assert!(header.number() > last, "{notice}");
        last = header.number();
        assert_eq!(notice["number"], json!(format!("{last:#x}")));
        assert_eq!(notice["hash"], json!(network.nodes[1].block_hash(last).await.unwrap()));
        told.push(proof);
    }
    let mixed = FinalityProof { certificate: told[1].certificate.clone(), ..told[0].clone() };
    assert!(trusted.verify_finality(&mixed).is_err(), "the certificate of another block");
}

// An idle chain makes its next block after the heartbeat, which is far away here: a follower hears of the newest one all the same, in whichever
// epoch that is.
#[tokio::test]
async fn a_new_follower_of_an_idle_chain_catches_up_at_once() {
    const FAR_AWAY_MS: u64 = 600_000;
    let dir = tempfile::tempdir().unwrap();
    let mut network = Network::init_with(dir.path(), 1, 1, FAR_AWAY_MS, &["--epoch-length", "8"]).unwrap();
    let [validator, follower] = &mut network.nodes[..] else { panic!("a network of two") };
    validator.start().unwrap();
    let mut sender = Sender::new(20);
    let mut height = 0;
    for _ in 0..4 {
        height = sender.transact(validator, validator).await;
    }
    follower.start().unwrap();
    assert_eq!(follower.block_hash(height).await.unwrap(), validator.block_hash(height).await.unwrap());

    follower.kill().unwrap();
    follower.wipe().unwrap();
    while sender.sent < 20 {
        height = sender.transact(validator, validator).await;
    }
    assert!(height > 8, "the first epoch is over");
    follower.start().unwrap();
    assert_eq!(follower.block_hash(height).await.unwrap(), validator.block_hash(height).await.unwrap());
}

// CHAIN-5: f of 3f+1 may be gone; whoever comes back, with or without its data, catches up.
#[tokio::test]
async fn one_of_four_is_killed_and_wiped_and_rejoins() {
    let dir = tempfile::tempdir().unwrap();
    let mut network = Network::init(dir.path(), 4, 0, HEARTBEAT_MS).unwrap();
    network.start_all().unwrap();
    let mut sender = Sender::new(32);
    let before = sender.transact(&network.nodes[0], &network.nodes[3]).await;
    let agreed = network.agree_at(before).await.unwrap();

    network.nodes[3].kill().unwrap();
    for _ in 0..5 {
        sender.transact(&network.nodes[0], &network.nodes[1]).await;
    }
    network.nodes[3].start().unwrap();
    let height = sender.transact(&network.nodes[3], &network.nodes[3]).await;
    network.agree_at(height).await.unwrap();

    network.nodes[3].kill().unwrap();
    network.nodes[3].wipe().unwrap();
    let height = sender.transact(&network.nodes[1], &network.nodes[2]).await;
    network.nodes[3].start().unwrap();
    assert_eq!(network.nodes[3].block_hash(before).await.unwrap(), agreed, "an old block is fetched again");
    network.agree_at(height).await.unwrap();
    // CHAIN-7: it does not know how it has voted, so it only looks on at first, and nobody gets two votes of it.
    assert!(network.nodes[3].abstains_through().await.unwrap().is_some());
    network.nodes[3].votes().await.unwrap();
    // It votes again: without it and another one there would be no quorum.
    network.nodes[0].kill().unwrap();
    let height = sender.transact(&network.nodes[3], &network.nodes[3]).await;
    verify(&network, &network.nodes[3], height).await;
    for node in &network.nodes[1..] {
        assert_eq!(rpc(&node.rpc, "chancery_getEvidence", json!([])).await.unwrap(), json!([]), "{}", node.name);
    }
}

// CHAIN-5, M-AUTH: more than f gone is a stand-still, never a fork or a loss; the chain resumes with unchanged files.
#[tokio::test]
async fn when_all_are_killed_at_once_the_chain_resumes_and_has_every_receipt() {
    let dir = tempfile::tempdir().unwrap();
    let mut network = Network::init(dir.path(), 4, 0, HEARTBEAT_MS).unwrap();
    network.start_all().unwrap();
    let mut sender = Sender::new(64);
    let mut receipts = Vec::new();
    for round in 0..3 {
        for _ in 0..6 {
            let hash = sender.send(&network.nodes[round]).await;
            receipts.push((network.nodes[round].receipt(&hash).await.unwrap()["blockHash"].clone(), hash));
        }
        network.nodes.iter_mut().for_each(|node| node.kill().unwrap());
        network.start_all().unwrap();
        for (block, hash) in &receipts {
            for node in &network.nodes {
                let receipt = node.receipt(hash).await.unwrap();
                assert_eq!(receipt["blockHash"], *block, "{} in round {round}", node.name);
            }
        }
    }
    let height = sender.transact(&network.nodes[0], &network.nodes[2]).await;
    network.agree_at(height).await.unwrap();
}

#[tokio::test]
async fn without_a_quorum_nothing_becomes_final_and_nothing_is_forgotten() {
    let dir = tempfile::tempdir().unwrap();
    let mut network = Network::init(dir.path(), 4, 0, HEARTBEAT_MS).unwrap();
    network.start_all().unwrap();
    let mut sender = Sender::new(8);
    sender.transact(&network.nodes[0], &network.nodes[1]).await;
    network.nodes[2].kill().unwrap();
    network.nodes[3].kill().unwrap();
    // Idle blocks that were voted for before the kill may still become final.
    let hash = sender.send(&network.nodes[0]).await;
    network.nodes[2].start().unwrap();
    let receipt = network.nodes[2].receipt(&hash).await.unwrap();
    assert_eq!(receipt["status"], "0x1", "what waited is taken up when there is a quorum again");
}

#[test]
fn what_makes_no_network_is_refused_with_what_to_do() {
    let dir = tempfile::tempdir().unwrap();
    let network = Network::init(dir.path(), 4, 1, HEARTBEAT_MS).unwrap();
    let node = |name: &str| network.dir().join(name).join("node.toml");
    let refusal = |config: &std::path::Path| {
        let output = Command::new(built_binary()).args(["node", "--config"]).arg(config).output().unwrap();
        assert!(!output.status.success());
        String::from_utf8(output.stderr).unwrap()
    };
    let change = |name: &str, from: &str, to: &str| {
        let text = fs::read_to_string(node(name)).unwrap();
        assert!(text.contains(from), "{text}");
        let changed = node(name).with_file_name("changed.toml");
        fs::write(&changed, text.replacen(from, to, 1)).unwrap();
        refusal(&changed)
    };
    assert!(change("validator-1", "role = \"validator\"", "role = \"follower\"").contains("cannot be a follower"));
    assert!(
        change("follower-1", "role = \"follower\"", "role = \"validator\"")
            .contains("belongs to none of the validators")
    );
    assert!(change("validator-1", "heartbeat_ms = 200", "heartbeat_ms = 1").contains("heartbeat_ms must lie between"));
    assert!(change("validator-1", "heartbeat_ms", "heart_beat").contains("unknown field `heart_beat`"));
    assert!(change("validator-1", "[[p2p.peers]]", "[[p2p.followers]]").contains("no address for validator"));

    // FINALITY-8: a key that nobody has shown to possess makes no chain.
    let path = network.dir().join("genesis.json");
    let mut genesis: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    let other = genesis["validators"][1]["proofOfPossession"].clone();
    genesis["validators"][0]["proofOfPossession"] = other;
    fs::write(&path, genesis.to_string()).unwrap();
    assert!(refusal(&node("validator-1")).contains("proof of possession"));

    let again = Command::new(built_binary()).args(["network", "init", "--dir"]).arg(network.dir()).output().unwrap();
    assert!(String::from_utf8(again.stderr).unwrap().contains("is not empty"));
}

// Across machines: each member makes its keys, and everybody makes the genesis file from what they print and from the founding file that all have read.
// FOUND-1, FOUND-3, FOUND-5
#[test]
fn members_exchange_public_keys_and_make_one_genesis_file() {
    let dir = tempfile::tempdir().unwrap();
    let chancery = |arguments: &[&str]| {
        let output = Command::new(built_binary()).current_dir(dir.path()).args(arguments).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    for name in ["civil-affairs", "university", "tax"] {
        let printed = chancery(&["network", "key", &format!("{name}.key"), "--name", name]);
        assert_eq!(
            printed,
            chancery(&["network", "key", &format!("{name}.key"), "--name", name]),
            "a key is made once"
        );
        assert!(!printed.contains("secret"));
        fs::write(dir.path().join(format!("{name}.json")), printed).unwrap();
    }
    let files = ["civil-affairs.json", "university.json", "tax.json"];
    let account = |byte: u8| Address::repeat_byte(byte).to_string();
    let [administrator, operator, submitter, one, another] = [1, 2, 3, 4, 5].map(account);
    let founded = chancery(
        &[
            &["--json", "network", "founding", "--administrator", &administrator, "--operator", &operator][..],
            &["--submitter", &submitter, "--contract-operator", &one, "--contract-operator", &another],
        ]
        .concat(),
    );
    let founded: Value = serde_json::from_str(&founded).unwrap();
    let founding = ["--json", "network", "genesis", "--founding", "founding.toml"];
    let made = chancery(&[&founding[..], &[files[0], files[1], files[2], "--out", "genesis.json"]].concat());
    let made: Value = serde_json::from_str(&made).unwrap();
    assert_eq!(made["validators"], 3);
    assert_eq!((&made["chainId"], &made["authorities"]), (&founded["chainId"], &founded["authorities"]));
    assert_eq!(made["authorities"]["contractOperators"], json!([one.to_lowercase(), another.to_lowercase()]));
    assert_eq!((&made["funded"], &made["warning"]), (&json!(0), &Value::Null));
    assert_eq!(made["votes"].as_object().unwrap().len(), 3);

    // Another machine has the same files, in whatever order.
    let again = chancery(&[&founding[..], &[files[2], files[0], files[1], "--out", "again.json"]].concat());
    assert_eq!(serde_json::from_str::<Value>(&again).unwrap()["genesisHash"], made["genesisHash"]);
    let text = |name: &str| fs::read_to_string(dir.path().join(name)).unwrap();
    assert_eq!(text("again.json"), text("genesis.json"));
    let known: Vec<_> = funded_signers(32).unwrap().iter().map(|signer| format!("{:x}", signer.address())).collect();
    for account in known.iter().map(|account| account.trim_start_matches("0x")) {
        assert!(!text("genesis.json").to_lowercase().contains(account), "{account} has a part in it");
    }
    let trial = chancery(&["--json", "network", "genesis", "--development", files[0], "--out", "trial.json"]);
    let trial: Value = serde_json::from_str(&trial).unwrap();
    assert_eq!((&trial["chainId"], &trial["funded"]), (&json!(CHAIN_ID), &json!(32)));
    assert!(trial["warning"].as_str().unwrap().contains("everybody knows"), "{trial}");
    let refuse = |arguments: &[&str]| {
        let output = Command::new(built_binary()).current_dir(dir.path()).args(arguments).output().unwrap();
        assert!(!output.status.success(), "{arguments:?}");
        String::from_utf8(output.stderr).unwrap()
    };
    assert!(refuse(&["network", "genesis", files[0], "--out", "none.json"]).contains("--founding"));
    let both = ["network", "genesis", "--founding", "founding.toml", "--development", files[0], "--out", "none.json"];
    assert!(refuse(&both).contains("cannot be used with"));
    let public = funded_signers(1).unwrap()[0].address().to_string();
    let voter = chancery(&["network", "key", "public.key", "--name", "public", "--voting-account", &public]);
    fs::write(dir.path().join("public.json"), voter).unwrap();
    let member = ["network", "genesis", "--founding", "founding.toml", files[0], "public.json", "--out", "none.json"];
    assert!(refuse(&member).contains("the voting account of public"));
    assert!(!dir.path().join("none.json").exists());

    let genesis: Value = serde_json::from_slice(&fs::read(dir.path().join("genesis.json")).unwrap()).unwrap();
    let keys: Vec<&str> = genesis["validators"]
        .as_array()
        .unwrap()
        .iter()
        .map(|member| member["peerPublicKey"].as_str().unwrap())
        .collect();
    assert!(keys.is_sorted(), "in the order of the signer bitmap, whatever the order of the files");

    let twice = Command::new(built_binary())
        .current_dir(dir.path())
        .args(["network", "genesis", "--founding", "founding.toml", files[0], files[0], "--out", "twice.json"])
        .output()
        .unwrap();
    assert!(String::from_utf8(twice.stderr).unwrap().contains("same name"));
}

// FOUND-2: neither a transaction nor an operation that is signed for a development city counts on a chain with another id.
#[tokio::test]
async fn a_chain_with_an_id_of_its_own_refuses_what_is_signed_for_another() {
    const OWN_ID: u64 = 3_377_699_720_527_999;
    let dir = tempfile::tempdir().unwrap();
    let id = OWN_ID.to_string();
    let mut network = Network::init_with(dir.path(), 1, 0, HEARTBEAT_MS, &["--chain-id", &id]).unwrap();
    network.start_all().unwrap();
    let node = &network.nodes[0];
    assert_eq!(rpc(&node.rpc, "eth_chainId", json!([])).await.unwrap(), json!(format!("{OWN_ID:#x}")));
    let signers = funded_signers(1).unwrap();
    let transfer = |chain_id| {
        let workload = Workload::sign(Kind::Transfer, &signers, &[0], 1, chain_id, Address::ZERO).unwrap();
        workload.transactions[0][0].clone()
    };
    let refused = rpc(&node.rpc, "eth_sendRawTransaction", json!([transfer(CHAIN_ID)])).await.unwrap_err().to_string();
    assert!(refused.to_lowercase().contains("chain"), "{refused}");
    let hash = rpc(&node.rpc, "eth_sendRawTransaction", json!([transfer(OWN_ID)])).await.unwrap();
    assert_eq!(node.receipt(hash.as_str().unwrap()).await.unwrap()["status"], "0x1");

    let (elsewhere, here) = (proposal(&signers[0], CHAIN_ID), proposal(&signers[0], OWN_ID));
    let refused = rpc(&node.rpc, "eth_call", json!([elsewhere, "latest"])).await.unwrap_err().to_string();
    let selector = alloy_primitives::hex::encode(ChangeApprovals::SignatureInvalid::SELECTOR);
    assert!(refused.contains(&selector), "{refused}");
    rpc(&node.rpc, "eth_call", json!([here, "latest"])).await.unwrap();
}

/// A change that an operator proposes, signed for the approvals of a chain with this id: the call that records it.
fn proposal(operator: &PrivateKeySigner, chain_id: u64) -> Value {
    let now = std::time::UNIX_EPOCH.elapsed().unwrap().as_secs();
    let content = b"{}";
    let operation = ProposeChange {
        kind: ChangeKind::Keys,
        change_hash: keccak256(content),
        salt: B256::repeat_byte(7),
        expires_at: UnixSeconds(now + 86_400),
        deadline: UnixSeconds(now + 600),
    };
    let digest = operation.digest(&SigningDomain::new(chain_id, predeploys::CHANGE_APPROVALS));
    let signature = operator.sign_hash_sync(&digest).unwrap();
    let call = ChangeApprovals::proposeCall {
        operation: (&operation).into(),
        proposer: operator.address(),
        signature: signature.as_bytes().into(),
        content: Bytes::from_static(content),
    };
    json!({ "to": predeploys::CHANGE_APPROVALS, "data": Bytes::from(call.abi_encode()) })
}

// What `bench latency` says of a network.
#[test]
fn ranks_are_of_a_thousand() {
    let latencies: Latencies = (1..=2000).rev().map(Duration::from_millis).collect();
    assert_eq!(latencies.per_mille(500), Duration::from_millis(1001));
    assert_eq!(latencies.per_mille(990), Duration::from_millis(1981));
    assert_eq!(latencies.per_mille(1000), Duration::from_millis(2000));
    assert_eq!(Latencies::from_iter([]).per_mille(500), Duration::ZERO);
}
