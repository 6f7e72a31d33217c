//! Genesis files: another organization made them.

use alloy_primitives::FixedBytes;
use chancery_chain::{ValidatorKeys, ValidatorSet, chain_essentials};
use chancery_execution::GenesisConfig;
use chancery_light::TrustedChain;
use serde_json::Value;

/// Id of the chain of [`small`].
pub(crate) const CHAIN_ID: u64 = 7100;

/// Longest predeploy that is run: each constructor may use a block's gas, which is the operator's to wait for and no finding.
const MAX_INIT_CODE_BYTES: usize = 4;

/// A file is refused with a reason or makes a chain, the same each time; it means the same when it is written again; a light client trusts its
/// header exactly if consensus takes its validators.
pub fn check(data: &[u8]) {
    let Ok(config) = serde_json::from_slice::<GenesisConfig>(data) else { return };
    let again: GenesisConfig = serde_json::from_slice(&serde_json::to_vec(&config).unwrap()).unwrap();
    assert_eq!(again, config);
    if config.predeploys.iter().any(|predeploy| predeploy.init_code.len() > MAX_INIT_CODE_BYTES) {
        return;
    }
    let Ok(genesis) = config.build() else { return };
    let hash = genesis.header().hash();
    assert_eq!(again.build().unwrap().header().hash(), hash);
    let trusted = TrustedChain::new(chain_essentials(&config, hash));
    let set = ValidatorSet::new(&config, hash);
    assert!(set.is_err() || trusted.is_ok());
    if let Ok(trusted) = trusted {
        trusted.verify_genesis(&alloy_rlp::encode(genesis.header().inner())).unwrap();
    }
}

/// A genesis of one validator.
pub(crate) fn small() -> GenesisConfig {
    GenesisConfig {
        name: "main".to_owned(),
        chain_id: CHAIN_ID,
        timestamp: 1_700_000_000,
        gas_limit: 100_000_000,
        validators: vec![ValidatorKeys::from_seed(1).public("only")],
        alloc: Default::default(),
        predeploys: Vec::new(),
    }
}

/// Files with accounts, code, storage and a contract that is deployed.
#[must_use]
pub fn seeds() -> Vec<Vec<u8>> {
    let plain = serde_json::to_value(small()).unwrap();
    let with = |name: &str, value: Value| {
        let mut file = plain.clone();
        file[name] = value;
        file.to_string().into_bytes()
    };
    let address = format!("0x{}", "51".repeat(20));
    let word = FixedBytes::<32>::repeat_byte(1);
    let account = serde_json::json!({ "balance": "0x1", "nonce": "0x1", "code": "0x600056", "storage": { word.to_string(): word } });
    let delegation = serde_json::json!({ "balance": "0x1", "code": format!("0xef0100{}", "51".repeat(20)) });
    let contract = serde_json::json!([{ "address": address, "initCode": "0x5ff3", "deployer": address }]);
    vec![
        plain.to_string().into_bytes(),
        with("alloc", serde_json::json!({ &address: account })),
        with("alloc", serde_json::json!({ &address: delegation })),
        with("predeploys", contract),
        with("validators", Value::Array(Vec::new())),
    ]
}
