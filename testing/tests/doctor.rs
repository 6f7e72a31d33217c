//! `chancery doctor` and `chancery evidence`, asked of real nodes: who is missing is named, and a chain that is well is called well.
#![allow(clippy::unwrap_used, missing_docs)]

use std::{
    fs,
    path::Path,
    process::Command,
    time::{Duration, Instant},
};

use alloy_primitives::keccak256;
use chancery_light::finality_namespace;
use chancery_testing::process::{Network, NodeProcess, built_binary, rpc};
use commonware_codec::{DecodeExt as _, Encode as _};
use commonware_cryptography::bls12381::primitives::{group::Private, ops, variant::MinPk};
use serde_json::{Value, json};

const CHAIN_ID: u64 = 7100;
/// Short, so that a standstill is called one soon.
const HEARTBEAT_MS: u64 = 100;
/// Many times what a loaded machine needs.
const MAX_WAIT: Duration = Duration::from_secs(120);
const WELL: i32 = 0;
const NEEDS_ATTENTION: i32 = 3;
const SICK: i32 = 4;

fn chancery(arguments: &[&str]) -> (i32, String, String) {
    let output = Command::new(built_binary()).args(arguments).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

fn doctor(node: &NodeProcess) -> (i32, String) {
    let (code, said, complained) = chancery(&["doctor", "--rpc", &node.rpc]);
    assert_eq!(complained, "");
    (code, said)
}

/// Asks until the answer is of this kind; what it says then.
fn doctor_says(node: &NodeProcess, code: i32, words: &str) -> String {
    let started = Instant::now();
    loop {
        let (found, said) = doctor(node);
        if found == code && said.contains(words) {
            return said;
        }
        let log = node.said();
        assert!(
            started.elapsed() < MAX_WAIT,
            "{log}\n{} was to say {words} ({code}), and says ({found}): {said}",
            node.name
        );
    }
}

async fn grow(node: &NodeProcess, by: u64) {
    let height = node.height().await.unwrap() + by;
    node.block_hash(height).await.unwrap();
}

#[tokio::test]
async fn a_survivor_names_who_is_missing_and_calls_a_chain_well_that_is() {
    let dir = tempfile::tempdir().unwrap();
    let mut network = Network::init(dir.path(), 4, 1, HEARTBEAT_MS).unwrap();
    network.start_all().unwrap();
    grow(&network.nodes[0], 3).await;
    for node in &network.nodes {
        // A peer that is still on its way is nothing wrong.
        let said = doctor_says(node, WELL, "4 of 4 validators connected");
        assert!(said.contains("Nothing is wrong."), "{said}");
    }
    let status = rpc(&network.nodes[1].rpc, "chancery_status", json!([])).await.unwrap();
    let validators = status["validators"].as_array().unwrap();
    assert!(validators.iter().all(|validator| validator["lastVote"]["view"].as_u64() > Some(0)), "{status}");
    assert_eq!(chancery(&["evidence", "--rpc", &network.nodes[0].rpc]).1.trim(), "No evidence against any validator.");

    // One of four: the chain goes on, and says who is missing.
    network.nodes[2].kill().unwrap();
    let said = doctor_says(&network.nodes[0], NEEDS_ATTENTION, "nothing is heard of validator-3;");
    assert!(said.contains("the chain goes on"), "{said}");
    // CHAIN-9: what the others have, and whom they hear, as they tell.
    let status = rpc(&network.nodes[0].rpc, "chancery_status", json!([])).await.unwrap();
    let validators = status["validators"].as_array().unwrap();
    let told = &validators.iter().find(|validator| validator["organization"] == "validator-2").unwrap()["report"];
    assert!(told["height"].as_u64() > Some(0) && told["blocksBehind"].is_u64(), "{status}");
    assert_eq!(told["heardMs"].as_array().map(Vec::len), Some(4), "{status}");

    // Two of four: it stands still, and each node that is left names both, a follower too.
    network.nodes[3].kill().unwrap();
    for node in [&network.nodes[0], &network.nodes[1], &network.nodes[4]] {
        let said = doctor_says(node, SICK, "the chain stands still");
        assert!(said.contains("2 validators are heard and 3 are needed"), "{said}");
        assert!(said.contains("validator-3 and validator-4"), "{said}");
        assert!(said.contains("on this side that tell"), "{said}");
        assert!(!said.contains("validator-1") && !said.contains("validator-2"), "{said}");
    }
    let (code, json, _) = chancery(&["--json", "doctor", "--rpc", &network.nodes[0].rpc]);
    let json: Value = serde_json::from_str(&json).unwrap();
    assert_eq!((code, &json["severity"], &json["findings"][0]["finding"]), (SICK, &json!("sick"), &json!("noQuorum")));

    // The last one left hears nobody, and blames nobody.
    network.nodes[1].kill().unwrap();
    doctor_says(&network.nodes[0], SICK, "it hears none of the 3 other validators");

    // With the quorum back it is well again.
    network.start_all().unwrap();
    doctor_says(&network.nodes[0], WELL, "Nothing is wrong.");

    network.nodes[0].kill().unwrap();
    let (code, said) = doctor(&network.nodes[0]);
    assert_eq!(code, SICK);
    assert!(said.contains("nobody listens on") && said.contains("chancery doctor --config"), "{said}");
}

#[tokio::test]
async fn files_of_a_node_that_does_not_start_are_looked_at_and_left_as_they_are() {
    let dir = tempfile::tempdir().unwrap();
    let mut network = Network::init(dir.path(), 1, 0, HEARTBEAT_MS).unwrap();
    let home = network.dir().join("validator-1");
    let config = home.join("node.toml");
    let look = |path: &Path| {
        let (code, said, complained) = chancery(&["doctor", "--config", path.to_str().unwrap()]);
        assert_eq!(complained, "");
        (code, said)
    };
    assert_eq!(look(&config).0, WELL, "before the first start");
    network.start_all().unwrap();
    grow(&network.nodes[0], 1).await;
    let (code, said) = look(&config);
    assert_eq!(code, SICK);
    assert!(said.contains("has") && said.contains("open") && said.contains("chancery doctor --rpc"), "{said}");

    // A second node over the same files is refused at once, not kept waiting.
    let second = Command::new(built_binary()).args(["node", "--config"]).arg(&config).output().unwrap();
    let complained = String::from_utf8(second.stderr).unwrap();
    assert!(!second.status.success() && complained.contains("stop it first"), "{complained}");

    network.nodes[0].kill().unwrap();
    let (code, said) = look(&config);
    assert_eq!(code, WELL, "{said}");

    // CHAIN-7: it has voted, and where its record of votes cannot be written any more it ends by name and votes no more.
    let mut beside = fs::read_dir(&home).unwrap().map(|entry| entry.unwrap().path());
    let record = beside.find(|path| path.file_name().unwrap().to_str().unwrap().starts_with("votes-")).unwrap();
    let recorded = fs::read(&record).unwrap();
    // A folder in the place of the file that it begins as stops everybody, whoever runs this test.
    let in_the_way = record.with_extension("new");
    fs::create_dir(&in_the_way).unwrap();
    let refused = network.nodes[0].start().unwrap_err().to_string();
    let named = format!("the record of votes {} cannot be used", record.display());
    assert!(refused.contains(&named) && refused.contains("make the file and its folder"), "{refused}");
    assert_eq!(fs::read(&record).unwrap(), recorded);
    fs::remove_dir(&in_the_way).unwrap();

    // FOUND-3: a trial on this machine is meant; one that others reach is not.
    assert!(network.nodes[0].said().contains("whose keys everybody knows"), "{}", network.nodes[0].said());
    let text = fs::read_to_string(&config).unwrap();
    let reached = text.replacen("127.0.0.1", "0.0.0.0", 1);
    fs::write(&config, &reached).unwrap();
    // M-PRO-5: and beyond this machine nobody is let in unless it is said who may call.
    let (code, said) = look(&config);
    assert_eq!(code, SICK, "{said}");
    assert!(said.contains("rpc.tokens") && said.contains("rpc.public"), "{said}");
    let refused = Command::new(built_binary()).args(["node", "--config"]).arg(&config).output().unwrap();
    assert!(!refused.status.success() && String::from_utf8_lossy(&refused.stderr).contains("rpc.tokens"));
    fs::write(&config, reached.replacen("[rpc]\n", "[rpc]\npublic = true\n", 1)).unwrap();
    let (code, said) = look(&config);
    assert_eq!(code, NEEDS_ATTENTION, "{said}");
    assert!(said.contains("whose keys everybody knows") && said.contains("chancery network founding"), "{said}");
    fs::write(&config, &text).unwrap();

    let listen = text.lines().rfind(|line| line.starts_with("listen")).unwrap();
    let address: std::net::SocketAddr = listen.split('"').nth(1).unwrap().parse().unwrap();
    let taken = std::net::TcpListener::bind(address).unwrap();
    let (code, said) = look(&config);
    assert_eq!(code, SICK);
    assert!(said.contains(&format!("the port {address}")) && said.contains("is taken"), "{said}");
    drop(taken);

    // Another genesis: data and file do not belong together.
    let genesis = network.dir().join("genesis.json");
    let whole = fs::read_to_string(&genesis).unwrap();
    let mut other: Value = serde_json::from_str(&whole).unwrap();
    other["timestamp"] = json!(other["timestamp"].as_u64().unwrap() + 1);
    fs::write(&genesis, other.to_string()).unwrap();
    for arguments in [
        vec!["doctor", "--config", config.to_str().unwrap()],
        vec!["doctor", "--data-dir", home.join("data").to_str().unwrap(), "--genesis", genesis.to_str().unwrap()],
    ] {
        let (code, said, _) = chancery(&arguments);
        assert_eq!(code, SICK);
        assert!(said.contains("belong to a chain whose genesis hash begins with"), "{said}");
    }
    fs::write(&genesis, whole).unwrap();
    network.start_all().unwrap();
    grow(&network.nodes[0], 1).await;
}

// M-PRO-5
#[tokio::test]
async fn a_node_with_tokens_answers_who_shows_one_and_what_it_reaches() {
    let dir = tempfile::tempdir().unwrap();
    let mut network = Network::init(dir.path(), 1, 0, HEARTBEAT_MS).unwrap();
    let home = network.dir().join("validator-1");
    let token = |name: &str| home.join(format!("{name}.token")).display().to_string();
    let tokens = home.join("rpc-tokens.toml").display().to_string();
    for (name, groups) in [("operator", "read,admin"), ("wallet", "read")] {
        let arguments = ["network", "token", name, "--groups", groups, "--tokens", &tokens, "--out", &token(name)];
        let (code, said, complained) = chancery(&arguments);
        assert_eq!(code, WELL, "{said}{complained}");
        let secret = fs::read_to_string(token(name)).unwrap();
        assert!(!said.contains(secret.trim()) && !fs::read_to_string(&tokens).unwrap().contains(secret.trim()));
    }
    let config = home.join("node.toml");
    let text = fs::read_to_string(&config).unwrap();
    fs::write(&config, text.replacen("[rpc]\n", "[rpc]\ntokens = \"rpc-tokens.toml\"\n", 1)).unwrap();
    network.start_all().unwrap();

    let node = &network.nodes[0];
    let (code, said) = doctor(node);
    assert!(code == SICK && said.contains("unauthorized: show a token"), "{said}");
    assert!(rpc(&node.rpc, "eth_blockNumber", json!([])).await.is_err());
    let as_who = |name: &str| format!("{}#token-file={}", node.rpc, token(name));
    let (code, said, _) = chancery(&["doctor", "--rpc", &as_who("wallet")]);
    assert!(code == SICK && said.contains("in the group admin"), "{said}");
    let (_, said, _) = chancery(&["doctor", "--rpc", &as_who("operator")]);
    assert!(said.contains("chain main (7100), validator"), "{said}");
    let (code, said, complained) = chancery(&["network", "validators", "--rpc", &as_who("wallet")]);
    assert!(code == WELL && said.contains("validator-1"), "{said}{complained}");
}

/// A validator's key signs two votes for two blocks of one view.
fn votes_of(network: &Network, validator: &str, blocks: [u8; 2]) -> Value {
    let genesis: Value = serde_json::from_slice(&fs::read(network.dir().join("genesis.json")).unwrap()).unwrap();
    let members = genesis["validators"].as_array().unwrap();
    let member = members.iter().find(|member| member["name"] == validator).unwrap();
    let file = fs::read_to_string(network.dir().join(validator).join("node.key")).unwrap();
    let secret = file.lines().find_map(|line| line.strip_prefix("bls ")).unwrap();
    let secret = Private::decode(hex::decode(secret).unwrap()).unwrap();
    let mut namespace = finality_namespace(CHAIN_ID, network.genesis_hash().parse().unwrap());
    namespace.extend_from_slice(b"_NOTARIZE");
    let vote = |byte: u8| {
        let mut message = vec![0, 9, 8];
        message.extend_from_slice(&[byte; 32]);
        let signature = ops::sign_message::<MinPk>(&secret, &namespace, &message).encode();
        let block = json!({ "parentView": 8, "hash": format!("0x{}", hex::encode([byte; 32])) });
        json!({ "kind": "notarize", "block": block, "signature": format!("0x{}", hex::encode(signature)) })
    };
    json!([{
        "organization": "somebody else", "misconduct": "notarizedTwo", "heardAtMs": 1,
        "evidence": {
            "version": 1, "chain": { "chainId": CHAIN_ID, "genesisHash": network.genesis_hash() },
            "epoch": 0, "view": 9, "validator": member["blsPublicKey"], "votes": [vote(blocks[0]), vote(blocks[1])],
        },
    }])
}

// EVIDENCE-4
#[test]
fn evidence_is_verified_offline_and_names_the_organization_of_the_genesis() {
    let dir = tempfile::tempdir().unwrap();
    let network = Network::init(dir.path(), 4, 0, HEARTBEAT_MS).unwrap();
    let genesis = network.dir().join("genesis.json");
    let file = dir.path().join("evidence.json");
    let verify = |evidence: &Value| {
        fs::write(&file, evidence.to_string()).unwrap();
        chancery(&["evidence", "verify", file.to_str().unwrap(), "--genesis", genesis.to_str().unwrap()])
    };
    let (code, said, _) = verify(&votes_of(&network, "validator-3", [1, 2]));
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("PROVEN: validator-3 voted for two blocks of one view (epoch 0, view 9)"), "{said}");

    let (code, said, _) = verify(&votes_of(&network, "validator-3", [1, 1]));
    assert!(code == 1 && said.contains("NotConflicting"), "{said}");
    let mut forged = votes_of(&network, "validator-3", [1, 2]);
    forged[0]["evidence"]["view"] = json!(10);
    let (code, said, _) = verify(&forged);
    assert!(code == 1 && said.contains("VoteSignature"), "{said}");
    let mut blamed = votes_of(&network, "validator-3", [1, 2]);
    blamed[0]["evidence"]["validator"] = votes_of(&network, "validator-1", [1, 2])[0]["evidence"]["validator"].clone();
    let (code, said, _) = verify(&blamed);
    assert!(code == 1 && said.contains("NOT PROVEN") && !said.contains("validator-1"), "{said}");
}

/// The line that a node keeps of a record, as `docs/specs/finality.md` has it ("Evidence against a validator").
fn kept_line(record: &Value) -> String {
    let json = record.to_string();
    format!("{} {json}\n", &hex::encode(keccak256(&json))[..16])
}

// EVIDENCE-4, EVIDENCE-5: `chancery evidence` of a node that has some, from its files and while it runs.
#[test]
fn a_node_that_has_evidence_names_the_organization_and_what_it_shows_is_proven() {
    let dir = tempfile::tempdir().unwrap();
    let mut network = Network::init(dir.path(), 4, 0, HEARTBEAT_MS).unwrap();
    network.nodes[0].start().unwrap();
    network.nodes[0].kill().unwrap();
    let mut record = votes_of(&network, "validator-3", [1, 2])[0].clone();
    record["organization"] = json!("validator-3");
    record["heardAtMs"] = json!(1_700_000_000_000_u64);
    let data = network.dir().join("validator-1/data");
    // The second line is damaged: it is left out, and the first counts.
    let damaged = kept_line(&record).replacen('{', "[", 1);
    fs::write(data.join("chain/evidence"), kept_line(&record) + &damaged).unwrap();

    let told = "validator-3: voted for two blocks of one view (epoch 0, view 9, heard 2023-11-14T22:13:20Z)";
    let (code, said, complained) = chancery(&["evidence", "--data-dir", data.to_str().unwrap()]);
    assert!(code == WELL && said.starts_with(told), "{said}{complained}");
    assert_eq!(said.matches("voted for two blocks").count(), 1, "{said}");

    network.nodes[0].start().unwrap();
    let node = &network.nodes[0];
    let (code, said, complained) = chancery(&["evidence", "--rpc", &node.rpc]);
    assert!(code == WELL && said.starts_with(told), "{said}{complained}");
    assert!(doctor(node).1.contains("validators of validator-3 have signed votes that contradict each other"));

    let (_, shown, _) = chancery(&["--json", "evidence", "--rpc", &node.rpc]);
    let file = dir.path().join("evidence.json");
    fs::write(&file, &shown).unwrap();
    let genesis = network.dir().join("genesis.json");
    let verify = ["evidence", "verify", file.to_str().unwrap(), "--genesis", genesis.to_str().unwrap()];
    let (code, said, complained) = chancery(&verify);
    assert_eq!(code, WELL, "{said}{complained}");
    assert!(said.contains("PROVEN: validator-3 voted for two blocks of one view"), "{said}");
}
