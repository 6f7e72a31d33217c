//! A whole node on the real runtime: sockets, files, JSON-RPC. And what it says when it cannot start.

use std::{net::TcpListener, path::Path, time::Duration};

use crate::support::{genesis, transfer, validator_keys};
use alloy::{
    primitives::{B256, Bytes, FixedBytes},
    providers::{Provider as _, ProviderBuilder},
};
use chancery_chain::{
    Node, NodeConfig, NodeError, NodeHandle, P2pConfig, PeerAddress, Role, ValidatorKeys, runtime_config,
};
use chancery_execution::{ExecutionConfig, GenesisConfig, ValidatorConfig};
use chancery_light::{FinalityProof, ProofBundle, TrustedChain, prove_inclusion};
use chancery_rpc::RpcConfig;
use commonware_runtime::{Runner as _, Supervisor as _, tokio::Context};

fn config(keys: &ValidatorKeys, genesis: GenesisConfig, dir: &Path) -> NodeConfig {
    NodeConfig {
        genesis,
        data_dir: dir.join("main"),
        votes_dir: dir.to_owned(),
        keys: keys.clone(),
        role: Role::Validator,
        p2p: P2pConfig::alone(),
        rpc: RpcConfig::new("127.0.0.1:0".parse().unwrap()),
        execution: ExecutionConfig::default(),
        heartbeat: Duration::from_millis(500),
    }
}

fn run<T, F, Fut>(dir: &Path, scenario: F) -> T
where
    F: FnOnce(Context) -> Fut,
    Fut: Future<Output = T>,
{
    commonware_runtime::tokio::Runner::new(runtime_config(&dir.join("consensus"))).start(scenario)
}

fn refusal(change: impl FnOnce(&mut NodeConfig)) -> NodeError {
    let dir = tempfile::tempdir().unwrap();
    let keys = validator_keys(1);
    let mut config = config(&keys[0], genesis(&keys), dir.path());
    change(&mut config);
    run(dir.path(), |context| async move {
        match Node::start(context.child("main"), config).await {
            Ok(_) => panic!("the node started"),
            Err(error) => error,
        }
    })
}

/// Sends a transaction and waits until its block is final.
async fn transact(node: &NodeHandle, nonce: u64) -> (B256, u64) {
    let mut finals = node.blockchain().subscribe();
    let hash = *node.pool().add(vec![transfer(0, nonce)])[0].as_ref().unwrap();
    loop {
        let block = finals.recv().await.unwrap();
        if block.block().transactions().iter().any(|transaction| transaction.hash() == hash) {
            return (hash, block.block().height());
        }
    }
}

// C-API-5: what a node answers is enough to verify a transaction with the genesis alone.
#[test]
fn a_transaction_becomes_final_and_its_proof_verifies_offline() {
    let dir = tempfile::tempdir().unwrap();
    let keys = validator_keys(1);
    let config = config(&keys[0], genesis(&keys), dir.path());
    let (json, essentials, hash) = run(dir.path(), |context| async move {
        let node = Node::start(context.child("main"), config).await.unwrap();
        let (hash, height) = transact(&node, 0).await;
        let provider = ProviderBuilder::new().connect_http(node.rpc_url().parse().unwrap());
        let finality: FinalityProof =
            provider.raw_request("chancery_getFinality".into(), (format!("0x{height:x}"),)).await.unwrap();
        let block = node.blockchain().block(height).unwrap().unwrap();
        let transactions: Vec<Bytes> =
            block.block().transactions().iter().map(|transaction| transaction.encoded().clone()).collect();
        let receipts = crate::support::encoded_receipts(&block);
        let bundle = crate::support::bundle(node.essentials(), finality, 0, &transactions, &receipts);
        let essentials = node.essentials().clone();
        assert_eq!(prove_inclusion(&transactions, transactions.len()), None);
        node.shutdown().await;
        (serde_json::to_vec(&bundle).unwrap(), essentials, hash)
    });
    let trusted = TrustedChain::new(essentials).unwrap();
    let verified = ProofBundle::from_json(&json).unwrap().verify(&trusted).unwrap();
    assert_eq!(verified.transaction.hash, hash);
    assert!(verified.receipt.receipt.status());
}

// CHAIN-5
#[test]
fn a_node_starts_again_with_unchanged_files() {
    let dir = tempfile::tempdir().unwrap();
    let keys = validator_keys(1);
    let mut heights = vec![];
    for round in 0..3 {
        let config = config(&keys[0], genesis(&keys), dir.path());
        let height = run(dir.path(), |context| async move {
            let node = Node::start(context.child("main"), config).await.unwrap();
            transact(&node, round).await.1
            // The runtime ends here without any farewell, as a process that is killed.
        });
        heights.push(height);
    }
    assert!(heights.is_sorted_by(|a, b| a < b), "{heights:?}");
}

#[test]
fn two_chains_share_a_runtime() {
    let dir = tempfile::tempdir().unwrap();
    let keys = validator_keys(1);
    let one = config(&keys[0], genesis(&keys), dir.path());
    let mut two = one.clone();
    two.genesis.name = "degree".into();
    two.genesis.timestamp += 1;
    two.data_dir = dir.path().join("degree");
    run(dir.path(), |context| async move {
        let one = Node::start(context.child("node"), one).await.unwrap();
        let two = Node::start(context.child("node"), two).await.unwrap();
        transact(&one, 0).await;
        transact(&two, 0).await;
        assert_ne!(one.essentials().genesis_hash, two.essentials().genesis_hash);
        one.shutdown().await;
        transact(&two, 1).await;
    });
}

#[test]
fn a_taken_port_is_named() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    let refused = refusal(|config| config.p2p.listen = address);
    assert!(matches!(refused, NodeError::P2pPortTaken { address: found } if found == address), "{refused}");
    let refused = refusal(|config| config.rpc.listen = address);
    assert!(matches!(refused, NodeError::Rpc(_)), "{refused}");
    assert!(refused.to_string().contains(&address.to_string()));
}

#[test]
fn a_key_that_is_no_validators_is_refused() {
    let refused = refusal(|config| config.keys = ValidatorKeys::from_seed(999));
    assert!(matches!(refused, NodeError::NotAValidator { .. }), "{refused}");
}

#[test]
fn a_genesis_that_pairs_the_keys_wrongly_is_refused() {
    let other = ValidatorKeys::from_seed(999);
    let refused = refusal(|config| {
        let peer_public_key = config.keys.peer_public_key_bytes();
        config.genesis.validators = vec![ValidatorConfig { peer_public_key, ..other.public("other") }];
    });
    assert!(matches!(refused, NodeError::KeyMismatch), "{refused}");
}

// FINALITY-8
#[test]
fn a_validator_that_has_not_shown_to_know_its_secret_is_refused() {
    let other = ValidatorKeys::from_seed(999);
    let refused =
        refusal(|config| config.genesis.validators[0].proof_of_possession = other.public("other").proof_of_possession);
    assert!(matches!(&refused, NodeError::Possession { validator } if validator == "validator 0"), "{refused}");
}

#[test]
fn a_follower_with_a_validators_keys_is_refused() {
    let refused = refusal(|config| config.role = Role::Follower);
    assert!(matches!(refused, NodeError::FollowerIsValidator { .. }), "{refused}");
}

#[test]
fn validators_out_of_order_or_with_broken_keys_are_refused() {
    let refused = refusal(|config| {
        config.genesis = genesis(&validator_keys(4));
        config.genesis.validators.swap(1, 2);
    });
    assert!(matches!(refused, NodeError::ValidatorOrder(2)), "{refused}");
    let refused = refusal(|config| config.genesis.validators[0].bls_public_key = FixedBytes::ZERO);
    assert!(matches!(refused, NodeError::Validators(_) | NodeError::Genesis(_)), "{refused}");
}

#[test]
fn peers_must_be_the_other_validators() {
    let stranger =
        PeerAddress { key: ValidatorKeys::from_seed(9).peer_public_key(), address: "127.0.0.1:1".parse().unwrap() };
    let refused = refusal(|config| config.p2p.peers.push(stranger));
    assert!(matches!(refused, NodeError::UnknownPeer { .. }), "{refused}");
    let keys = validator_keys(4);
    let refused = refusal(|config| {
        config.genesis = genesis(&keys);
        config.keys = keys[1].clone();
    });
    assert!(matches!(refused, NodeError::MissingPeer(0)), "{refused}");
}

#[test]
fn data_of_another_chain_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let keys = validator_keys(1);
    let one = config(&keys[0], genesis(&keys), dir.path());
    let mut other = one.clone();
    other.genesis.timestamp += 1;
    let refused = run(dir.path(), |context| async move {
        let node = Node::start(context.child("node"), one).await.unwrap();
        transact(&node, 0).await;
        node.shutdown().await;
        loop {
            // The directory is free when the last task of the first node has gone.
            match Node::start(context.child("node"), other.clone()).await {
                Err(NodeError::Open(chancery_execution::OpenError::Locked { .. })) => tokio::task::yield_now().await,
                Err(error) => return error,
                Ok(_) => panic!("the node started"),
            }
        }
    });
    assert!(matches!(refused, NodeError::Open(chancery_execution::OpenError::OtherGenesis { .. })), "{refused}");
}
