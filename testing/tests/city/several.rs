//! A city whose chains have several validators each, all in one process (`chancery up --validators`).

use std::{fs, process::Command};

use alloy_primitives::Address;
use chancery_light::{ChainEssentials, FinalityCertificate, FinalityProof, TrustedChain};
use chancery_testing::{
    load::{Kind, Workload, funded_signers},
    process::{City, CityOptions, NodeProcess, built_binary, rpc},
};
use serde_json::{Value, json};

const MAIN: u64 = 7100;
const VALIDATORS: usize = 4;
/// A development account that has no part in a city.
const SENDER: u32 = 16;

// CHAIN-1, CHAIN-3
#[tokio::test]
async fn four_validators_a_chain_in_one_process_make_final_by_quorum_and_their_number_stays() {
    let data = tempfile::tempdir().unwrap();
    let mut options = CityOptions::new(data.path());
    options.arguments = ["--validators".to_owned(), VALIDATORS.to_string()].to_vec();
    let city = City::start(&options).unwrap();
    assert_eq!(city.chains.len(), 6);
    let genesis = |chain: &str| -> Value {
        serde_json::from_slice(&fs::read(data.path().join(format!("genesis/{chain}.json"))).unwrap()).unwrap()
    };
    for chain in city.chains.keys() {
        assert_eq!(genesis(chain)["validators"].as_array().unwrap().len(), VALIDATORS, "{chain}");
    }

    let main = NodeProcess::configured("main", city.chains["main"].clone(), data.path().join("none.toml"));
    let sender = funded_signers(SENDER + 1).unwrap().split_off(SENDER as usize);
    let sent = Workload::sign(Kind::Transfer, &sender, &[0], 1, MAIN, Address::ZERO).unwrap();
    let hash = rpc(&main.rpc, "eth_sendRawTransaction", json!([sent.transactions[0][0]])).await.unwrap();
    let receipt = main.receipt(hash.as_str().unwrap()).await.unwrap();
    assert_eq!(receipt["status"], "0x1");

    // Final by three of the four that the genesis names, as a light client sees it that knows the genesis alone.
    let proof = rpc(&main.rpc, "chancery_getFinality", json!([receipt["blockNumber"]])).await.unwrap();
    let proof: FinalityProof = serde_json::from_value(proof).unwrap();
    let genesis_hash = main.block_hash(0).await.unwrap().parse().unwrap();
    let named = genesis("main");
    let keys = named["validators"].as_array().unwrap().iter();
    let validators = keys.map(|named| serde_json::from_value(named["blsPublicKey"].clone()).unwrap()).collect();
    let trusted = TrustedChain::new(ChainEssentials { chain_id: MAIN, genesis_hash, validators }).unwrap();
    let header = trusted.verify_finality(&proof).unwrap();
    assert_eq!(json!(format!("{:#x}", header.number())), receipt["blockNumber"]);
    let certificate = FinalityCertificate::decode(&proof.certificate).unwrap();
    assert_eq!(certificate.signers.validators(), VALIDATORS);
    assert!(certificate.signers.count() >= 3, "{certificate:?}");

    // The number stands in the genesis files: another one is refused, and nothing is changed.
    city.kill().unwrap();
    let refused = |validators: &str| {
        let up = ["up", "--gateway", "127.0.0.1:0", "--rpc-base-port", "0", "--validators", validators, "--data-dir"];
        let output = Command::new(built_binary()).args(up).arg(data.path()).output().unwrap();
        assert!(!output.status.success(), "{validators}");
        String::from_utf8(output.stderr).unwrap()
    };
    let other = refused("3");
    assert!(other.contains("has 4 validators a chain, not 3: leave --validators out"), "{other}");
    let too_many = refused("8");
    assert!(too_many.contains("has 1 to 7 validators a chain, not 8"), "{too_many}");
    assert_eq!(genesis("main"), named);
}
