//! Constants and identity.

use serde_json::json;

use super::harness::*;

#[tokio::test]
async fn a_node_says_who_it_is() {
    let node = Node::start().await;
    let keccak_of_nothing = "0xc5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470";
    for (method, params, expected) in [
        ("web3_sha3", json!(["0x"]), json!(keccak_of_nothing)),
        ("net_version", json!([]), json!("7100")),
        ("net_listening", json!([]), json!(true)),
        ("net_peerCount", json!([]), json!("0x0")),
        ("eth_chainId", json!([]), json!("0x1bbc")),
        ("eth_syncing", json!([]), json!(false)),
        ("eth_accounts", json!([]), json!([])),
        ("eth_gasPrice", json!([]), json!("0x0")),
        ("eth_maxPriorityFeePerGas", json!([]), json!("0x0")),
        ("eth_blockNumber", json!([]), json!("0x0")),
    ] {
        assert_eq!(node.ok(method, params).await, expected, "{method}");
    }
    let version = node.ok("web3_clientVersion", json!([])).await;
    assert!(version.as_str().unwrap().starts_with("Chancery/v"), "{version}");
    let modules = node.ok("rpc_modules", json!([])).await;
    for module in ["eth", "net", "web3", "txpool", "debug", "chancery"] {
        assert_eq!(modules[module], "1.0", "{module}");
    }
}

#[tokio::test]
async fn parameters_may_be_left_out_where_there_are_none() {
    let node = Node::start().await;
    let (status, body) = node.post(r#"{"jsonrpc":"2.0","id":"x","method":"eth_chainId"}"#).await;
    assert_eq!((status, body.as_str()), (200, r#"{"jsonrpc":"2.0","id":"x","result":"0x1bbc"}"#));
}

#[tokio::test]
async fn eth_config_describes_osaka() {
    let config = Node::start().await.ok("eth_config", json!([])).await;
    assert_eq!(config["current"]["activationTime"], 0);
    assert_eq!(config["current"]["chainId"], "0x1bbc");
    assert_eq!(config["current"]["forkId"].as_str().unwrap().len(), 10);
    let precompiles = config["current"]["precompiles"].as_object().unwrap();
    for (name, address) in [
        ("ECREC", "0x0000000000000000000000000000000000000001"),
        ("BLS12_PAIRING_CHECK", "0x000000000000000000000000000000000000000f"),
        ("P256VERIFY", "0x0000000000000000000000000000000000000100"),
    ] {
        assert_eq!(precompiles.get(name).unwrap_or_else(|| panic!("{name} in {precompiles:?}")), address);
    }
    assert!(config["next"].is_null());
}

#[tokio::test]
async fn fee_history_is_free_of_fees() {
    let node = Node::start().await;
    node.include(vec![transfer(1, 0)]);
    let history = node.ok("eth_feeHistory", json!(["0x4", "latest", [10.0, 50.0]])).await;
    assert_eq!(history["oldestBlock"], "0x0");
    assert_eq!(history["baseFeePerGas"], json!(["0x0", "0x0", "0x0"]));
    assert_eq!(history["reward"], json!([["0x0", "0x0"], ["0x0", "0x0"]]));
    assert_eq!(history["gasUsedRatio"][0], 0.0);
    assert!((history["gasUsedRatio"][1].as_f64().unwrap() - 21_000.0 / 1e9).abs() < 1e-12);
    // Counts come as numbers too (ethers v5, web3.py).
    assert_eq!(node.ok("eth_feeHistory", json!([1, "latest", []])).await["oldestBlock"], "0x1");
    for bad in [json!(["0x1", "latest", [50, 10]]), json!(["0x1", "latest", [101]]), json!(["0x1", "latest", [-1]])] {
        assert_eq!(node.fails("eth_feeHistory", bad).await.code, -32602);
    }
    assert_eq!(node.fails("eth_feeHistory", json!(["0x1", "0x99", []])).await.code, -32001);
}

#[tokio::test]
async fn finality_comes_with_the_certificate_of_the_block_or_of_a_descendant() {
    let node = Node::start().await;
    let first = node.seal();
    let finality = node.ok("chancery_getFinality", json!(["0x1"])).await;
    let header = alloy_rlp::encode(first.block().header().inner());
    assert_eq!(finality["header"], data(alloy::primitives::Bytes::from(header.clone())));
    assert_eq!(finality["certificate"], data(alloy::primitives::Bytes::from_static(b"certificate 1")));
    assert!(finality.get("descendants").is_none());

    // The genesis has no certificate of its own: the first block's stands for it.
    let genesis = node.ok("chancery_getFinality", json!(["earliest"])).await;
    assert_eq!(genesis["certificate"], finality["certificate"]);
    assert_eq!(genesis["descendants"], json!([data(alloy::primitives::Bytes::from(header))]));
    assert_eq!(
        alloy::primitives::keccak256(genesis["header"].as_str().unwrap().parse::<alloy::primitives::Bytes>().unwrap()),
        node.chain.genesis_hash()
    );

    let config: chancery_execution::GenesisConfig =
        serde_json::from_value(node.ok("chancery_genesis", json!([])).await).unwrap();
    assert_eq!(config, super::harness::genesis());
    let validators = node.ok("chancery_validators", json!([])).await;
    assert_eq!(validators["validators"].as_array().unwrap().len(), 1);
    assert_eq!(validators["validators"][0]["name"], "only");
}

#[tokio::test]
async fn methods_that_are_not_there_say_so() {
    let node = Node::start().await;
    let failure = node.fails("eth_nonsense", json!([])).await;
    assert_eq!(failure.code, -32601);
    assert_eq!(failure.message, "the method eth_nonsense does not exist/is not available");
    let failure = node.fails("eth_sendTransaction", json!([{}])).await;
    assert_eq!(failure.code, -32601);
    assert!(failure.message.contains("eth_sendRawTransaction"), "{}", failure.message);
    let long = "x".repeat(10_000);
    assert!(node.fails(&long, json!([])).await.message.len() < 200, "names from outside are cut");
}

#[tokio::test]
async fn what_consensus_reports_is_passed_on_and_without_one_the_methods_say_so() {
    let node = Node::start().await;
    let status = node.ok("chancery_status", json!([])).await;
    assert_eq!((&status["chain"], &status["startedAtMs"]), (&json!("main"), &json!(1)));
    assert_eq!(node.ok("chancery_getEvidence", json!([])).await, json!([]));
    let config = chancery_rpc::RpcConfig::new("127.0.0.1:0".parse().unwrap());
    let alone = chancery_rpc::RpcServer::start(config, node.chain.clone()).await.unwrap();
    let request = json!({ "jsonrpc": "2.0", "id": 1, "method": "chancery_status", "params": [] });
    let answered = node.http().post(alone.url()).json(&request).send().await.unwrap().json().await.unwrap();
    let refused = answer(answered).unwrap_err();
    assert_eq!(refused.code, -32601);
    assert!(refused.message.contains("no consensus"), "{}", refused.message);
}
