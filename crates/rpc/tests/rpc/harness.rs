//! A chain with known accounts and contracts, a server over it, and a client.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use alloy::{
    consensus::{SignableTransaction, TxEip1559, TxEnvelope},
    eips::eip2718::Encodable2718,
    primitives::{Address, B256, Bytes, FixedBytes, TxKind, U256, address, hex},
    signers::{SignerSync, local::PrivateKeySigner},
};
use alloy_genesis::GenesisAccount;
use chancery_execution::{
    Blockchain, BuildAttributes, BuildBudget, ExecutionConfig, Finalization, FinalizedBlock, GenesisConfig,
    ValidatorConfig,
};
use chancery_rpc::{
    EvidenceRecord, HeadStatus, NodeReports, NodeStatus, RpcAccess, RpcConfig, RpcHandle, RpcLimits, RpcServer,
    RpcTokens, TimingStatus,
};
use serde_json::{Value, json};

pub(crate) const CHAIN_ID: u64 = 7100;
/// With calldata: stores its second word under its first and logs it (one topic, the first word). Without: returns slot 0.
pub(crate) const STORE: Address = address!("00000000000000000000000000000000000051a7");
/// Reverts with `Error("no entry")`.
pub(crate) const REVERTER: Address = address!("000000000000000000000000000000000000dead");
/// Runs until its gas is gone.
pub(crate) const LOOPER: Address = address!("0000000000000000000000000000000000100b00");
/// An account that nobody ever touched.
pub(crate) const NOBODY: Address = address!("000000000000000000000000000000000000bbbb");

const STORE_CODE: &[u8] = &hex!("3615601b576020356000355560203560005260003560206000a1005b60005460005260206000f3");
const REVERTER_CODE: &[u8] = &hex!(
    "6064600c60003960646000fd08c379a000000000000000000000000000000000000000000000000000000000000000200000000000000000000000000000000000000000000000000000000000000008"
    "6e6f20656e747279000000000000000000000000000000000000000000000000"
);
const LOOPER_CODE: &[u8] = &hex!("5b600056");

/// What every funded account starts with: 1,000 ether.
pub(crate) fn start_balance() -> U256 {
    U256::from(1_000) * U256::from(10).pow(U256::from(18))
}

/// The funded account with a number from 1 to 20.
pub(crate) fn signer(number: u64) -> PrivateKeySigner {
    PrivateKeySigner::from_bytes(&B256::from(U256::from(0x1000 + number))).unwrap()
}

pub(crate) fn genesis() -> GenesisConfig {
    let contract = |code: &[u8]| GenesisAccount::default().with_code(Some(Bytes::copy_from_slice(code)));
    let mut alloc = BTreeMap::from([
        (STORE, contract(STORE_CODE)),
        (REVERTER, contract(REVERTER_CODE)),
        (LOOPER, contract(LOOPER_CODE)),
    ]);
    for number in 1..=20 {
        alloc.insert(signer(number).address(), GenesisAccount::default().with_balance(start_balance()));
    }
    GenesisConfig {
        name: "main".to_owned(),
        chain_id: CHAIN_ID,
        timestamp: 1_700_000_000,
        gas_limit: 1_000_000_000,
        validators: vec![ValidatorConfig {
            name: "only".to_owned(),
            // The generator of G1, a valid point.
            bls_public_key: FixedBytes::new(hex!(
                "97f1d3a73197d7942695638c4fa9ac0fc3688c4f9774b905a14e3a3f171bac586c55e83ff97a1aeffb3af00adb22c6bb"
            )),
            peer_public_key: FixedBytes::repeat_byte(7),
            proof_of_possession: FixedBytes::ZERO,
            voting_account: None,
        }],
        alloc,
        predeploys: Vec::new(),
    }
}

/// A signed transaction that pays nothing for its gas.
pub(crate) fn signed(from: &PrivateKeySigner, nonce: u64, to: TxKind, value: u64, input: impl Into<Bytes>) -> Bytes {
    let transaction = TxEip1559 { to, value: U256::from(value), input: input.into(), ..unpriced(nonce) };
    sign(from, transaction)
}

/// A transaction whose fields are still to be set.
pub(crate) fn unpriced(nonce: u64) -> TxEip1559 {
    TxEip1559 { chain_id: CHAIN_ID, nonce, gas_limit: 1_000_000, to: NOBODY.into(), ..TxEip1559::default() }
}

pub(crate) fn sign(from: &PrivateKeySigner, transaction: TxEip1559) -> Bytes {
    let signature = from.sign_hash_sync(&transaction.signature_hash()).unwrap();
    TxEnvelope::from(transaction.into_signed(signature)).encoded_2718().into()
}

pub(crate) fn transfer(from: u64, nonce: u64) -> Bytes {
    signed(&signer(from), nonce, NOBODY.into(), 1, Bytes::new())
}

/// Calldata for [`STORE`].
pub(crate) fn store_input(slot: u64, value: u64) -> Bytes {
    [U256::from(slot).to_be_bytes::<32>(), U256::from(value).to_be_bytes::<32>()].concat().into()
}

pub(crate) fn store(from: u64, nonce: u64, slot: u64, value: u64) -> Bytes {
    signed(&signer(from), nonce, STORE.into(), 0, store_input(slot, value))
}

/// What a server answers.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Failure {
    pub(crate) code: i64,
    pub(crate) message: String,
    pub(crate) data: Value,
}

pub(crate) type Answer = Result<Value, Failure>;

pub(crate) fn answer(mut response: Value) -> Answer {
    match response.get_mut("error") {
        Some(error) => Err(Failure {
            code: error["code"].as_i64().unwrap(),
            message: error["message"].as_str().unwrap().to_owned(),
            data: error["data"].take(),
        }),
        None => Ok(response.get_mut("result").unwrap_or_else(|| panic!("neither result nor error")).take()),
    }
}

/// A consensus that has heard nothing.
#[derive(Debug)]
struct Quiet;

impl NodeReports for Quiet {
    fn status(&self) -> NodeStatus {
        NodeStatus {
            chain: "main".to_owned(),
            chain_id: CHAIN_ID,
            is_validator: true,
            may_connect: true,
            now_ms: 2,
            started_at_ms: 1,
            head: HeadStatus { height: 0, time_ms: 0, last_final_at_ms: None },
            final_height: 0,
            epoch: 0,
            view: 0,
            timing: TimingStatus { heartbeat_ms: 1, certification_timeout_ms: 2, inactivity_timeout_ms: 3 },
            validators: Vec::new(),
            recent_views: Vec::new(),
            waiting_transactions: 0,
            disk: None,
            clock_set: None,
            abstains_through: None,
            accused: Vec::new(),
        }
    }

    fn evidence(&self) -> Vec<EvidenceRecord> {
        Vec::new()
    }
}

/// A server over a fresh chain. Dropping it stops the server and removes the chain.
pub(crate) struct Node {
    pub(crate) chain: Blockchain,
    pub(crate) handle: RpcHandle,
    http: reqwest::Client,
    _directory: tempfile::TempDir,
}

impl Node {
    pub(crate) async fn start() -> Self {
        Self::with_limits(RpcLimits::default()).await
    }

    pub(crate) async fn with_limits(limits: RpcLimits) -> Self {
        Self::with(limits, RpcAccess::default()).await
    }

    pub(crate) async fn with(limits: RpcLimits, access: RpcAccess) -> Self {
        Self::over(&genesis(), limits, access).await
    }

    pub(crate) async fn over(genesis: &GenesisConfig, limits: RpcLimits, access: RpcAccess) -> Self {
        Self::configured(genesis, RpcConfig { limits, access, ..RpcConfig::new("127.0.0.1:0".parse().unwrap()) }).await
    }

    /// A server that takes these tokens alone.
    pub(crate) async fn guarded(tokens: RpcTokens) -> Self {
        Self::configured(&genesis(), RpcConfig { tokens, ..RpcConfig::new("127.0.0.1:0".parse().unwrap()) }).await
    }

    async fn configured(genesis: &GenesisConfig, config: RpcConfig) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let genesis = genesis.build().unwrap();
        let chain = Blockchain::open(directory.path(), &genesis, ExecutionConfig::default()).unwrap();
        let handle = RpcServer::start_beside(config, chain.clone(), Some(Arc::new(Quiet))).await.unwrap();
        Self { chain, handle, http: reqwest::Client::new(), _directory: directory }
    }

    /// Makes the pool's ready transactions a final block, even if there are none.
    pub(crate) fn seal(&self) -> Arc<FinalizedBlock> {
        let head = self.chain.head();
        let view = head.block().height() + 1;
        let attributes = BuildAttributes {
            time_ms: head.block().time_ms() + 1_000,
            epoch: u32::try_from(self.chain.epochs().of(view)).unwrap(),
            view,
            parent_view: view - 1,
            beneficiary: Address::ZERO,
        };
        let budget =
            BuildBudget { max_time: Duration::from_secs(60), max_bytes: 4 * 1024 * 1024, max_transactions: 100_000 };
        let built = self.chain.tree().build(head.block().hash(), attributes, budget).unwrap();
        let certificate = Some(Bytes::from(format!("certificate {view}").into_bytes()));
        let finalization = Finalization { block: built.block().clone(), certificate };
        self.chain.tree().finalize(vec![finalization]).unwrap().pop().unwrap()
    }

    /// Admits transactions, which must all be good, and seals them.
    pub(crate) fn include(&self, transactions: Vec<Bytes>) -> Arc<FinalizedBlock> {
        let count = transactions.len();
        for admitted in self.chain.pool().add(transactions) {
            admitted.unwrap();
        }
        let block = self.seal();
        assert_eq!(block.block().transactions().len(), count);
        block
    }

    /// Sends a body as it is; the status and the body that come back.
    pub(crate) async fn post(&self, body: impl Into<reqwest::Body>) -> (u16, String) {
        let request = self.http.post(self.handle.url()).header("content-type", "application/json").body(body);
        let response = request.send().await.unwrap();
        (response.status().as_u16(), response.text().await.unwrap())
    }

    pub(crate) async fn call(&self, method: &str, params: Value) -> Answer {
        let (_, body) =
            self.post(json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params }).to_string()).await;
        answer(serde_json::from_str(&body).unwrap_or_else(|_| panic!("{method} answered {body}")))
    }

    /// A call that must succeed.
    pub(crate) async fn ok(&self, method: &str, params: Value) -> Value {
        self.call(method, params.clone()).await.unwrap_or_else(|error| panic!("{method} {params}: {error:?}"))
    }

    /// A call that must fail.
    pub(crate) async fn fails(&self, method: &str, params: Value) -> Failure {
        match self.call(method, params.clone()).await {
            Ok(result) => panic!("{method} {params} gave {result}"),
            Err(failure) => failure,
        }
    }

    pub(crate) fn http(&self) -> &reqwest::Client {
        &self.http
    }

    pub(crate) fn ws_url(&self) -> String {
        format!("ws://{}", self.handle.addr())
    }
}

/// A number as the wire has it.
pub(crate) fn quantity(number: u64) -> Value {
    json!(format!("{number:#x}"))
}

/// An address or hash as the wire has it.
pub(crate) fn data(value: impl std::fmt::Debug) -> Value {
    json!(format!("{value:?}").to_lowercase())
}
