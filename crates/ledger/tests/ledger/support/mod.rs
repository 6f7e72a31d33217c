//! A ledger over a wire to an anvil that carries our contracts.
#![allow(dead_code, unreachable_pub, clippy::unwrap_used, reason = "each test file uses a part of it")]

use std::{future::Future, sync::Arc, time::Duration};

use alloy::sol_types::SolCall;
use alloy_primitives::{Address, B256, U64, keccak256};
use chancery_contracts::{Authorities, DataBlockRegistry, OrganizationRegistry, main_chain, predeploys};
use chancery_ledger::{Call, Chain, ChainConfig, Ledger, LedgerLimits, RevertReasons, SubmitterKey};
use chancery_testing::process::{Anvil, FIRST_ACCOUNT, FIRST_KEY, Wire, install, rpc};
use serde_json::json;

pub const CHAIN_ID: u64 = 31_337;

/// A ledger, the wire that it talks through, and the node behind it.
pub struct Setting {
    pub anvil: Anvil,
    pub wire: Wire,
    pub ledger: Ledger,
    pub key: Arc<SubmitterKey>,
}

impl Setting {
    /// Automatic mining, free gas, small limits so that faults are noticed at once.
    pub async fn new() -> Self {
        Self::with(limits()).await
    }

    pub async fn with(limits: LedgerLimits) -> Self {
        let anvil = Anvil::start(&["--gas-price", "0", "--block-base-fee-per-gas", "0"]).unwrap();
        let authorities = Authorities {
            administrator: FIRST_ACCOUNT,
            operators: vec![FIRST_ACCOUNT],
            submitters: vec![FIRST_ACCOUNT],
            contract_operators: Vec::new(),
            approval_requirement: 0,
        };
        install(&anvil.url, &main_chain(&authorities)).await.unwrap();
        let wire = Wire::to(&anvil.url).await.unwrap();
        let ledger = connect(vec![config(&wire.url)], limits).await.unwrap();
        let key = Arc::new(SubmitterKey::from_hex(FIRST_KEY).unwrap());
        Self { anvil, wire, ledger, key }
    }

    pub fn chain(&self) -> &Chain {
        self.ledger.chain("main").unwrap()
    }

    /// How many transactions of the key are mined.
    pub async fn mined(&self) -> u64 {
        let count = rpc(&self.anvil.url, "eth_getTransactionCount", json!([FIRST_ACCOUNT, "latest"])).await.unwrap();
        serde_json::from_value::<U64>(count).unwrap().to()
    }

    /// How many transactions wait in the node's pool.
    pub async fn pooled(&self) -> u64 {
        let status = rpc(&self.anvil.url, "txpool_status", json!([])).await.unwrap();
        let count = |name: &str| serde_json::from_value::<U64>(status[name].clone()).unwrap().to::<u64>();
        count("pending") + count("queued")
    }

    pub async fn mining(&self, automatic: bool) {
        rpc(&self.anvil.url, "evm_setAutomine", json!([automatic])).await.unwrap();
    }

    pub async fn mine(&self) {
        rpc(&self.anvil.url, "evm_mine", json!([])).await.unwrap();
    }
}

pub fn config(url: &str) -> ChainConfig {
    ChainConfig::uncertified("main", url.parse().unwrap(), CHAIN_ID)
}

pub fn limits() -> LedgerLimits {
    LedgerLimits {
        request_timeout: Duration::from_millis(1500),
        max_requests_in_flight: 16,
        breaker_open_min: Duration::from_millis(50),
        breaker_open_max: Duration::from_millis(200),
        rebroadcast_after: Duration::from_millis(150),
        ..LedgerLimits::default()
    }
}

pub async fn connect(configs: Vec<ChainConfig>, limits: LedgerLimits) -> Result<Ledger, chancery_ledger::LedgerError> {
    Ledger::connect(configs, limits, RevertReasons::of_our_contracts()).await
}

/// A call that succeeds once for each number: it records a data block.
pub fn record(number: u64) -> Call {
    let call = DataBlockRegistry::recordCall { root: root(number), operationCount: 1, firstTime: 1, lastTime: 1 };
    Call { to: Some(predeploys::DATA_BLOCK_REGISTRY), data: call.abi_encode().into() }
}

pub fn root(number: u64) -> B256 {
    keccak256(number.to_be_bytes())
}

/// A call that the contract refuses.
pub fn suspend_unknown() -> Call {
    let call = OrganizationRegistry::suspendOrganizationCall { code: code("NOBODY") };
    Call { to: Some(predeploys::ORGANIZATION_REGISTRY), data: call.abi_encode().into() }
}

pub fn code(text: &str) -> B256 {
    let mut word = B256::ZERO;
    word[..text.len()].copy_from_slice(text.as_bytes());
    word
}

/// An address without code.
pub fn nobody() -> Address {
    Address::repeat_byte(0x77)
}

/// Waits until something is so, and fails after a time that no test needs when everything works.
pub async fn eventually<F: Future<Output = bool>>(what: &str, mut is_so: impl FnMut() -> F) {
    let looks = async {
        while !is_so().await {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), looks).await.unwrap_or_else(|_| panic!("never: {what}"));
}
