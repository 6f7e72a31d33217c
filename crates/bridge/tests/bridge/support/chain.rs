//! A chain of one validator in a process of its own, and somebody who deploys contracts on it.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use alloy::{
    consensus::{SignableTransaction, TxEnvelope, TxLegacy},
    eips::eip2718::Encodable2718,
    rpc::types::Block,
    signers::{SignerSync, local::PrivateKeySigner},
};
use alloy_primitives::{Address, Bytes, TxKind, U256, hex};
use alloy_sol_types::{SolCall, SolConstructor};
use chancery_ledger::{Chain, ChainConfig, Ledger, LedgerError, LedgerLimits, RevertReasons};
use chancery_light::ChainEssentials;
use chancery_testing::process::{Network, built_binary, rpc};
use serde_json::{Value, json};
use tokio::sync::Mutex;

/// What is sent makes a block at once; blocks without anything, which every process of a test looks at, are for what waits for time to pass.
const HEARTBEAT_MS: u64 = 2000;
/// Blocks of an epoch: as few as the registry takes.
const SHORT_EPOCH: u64 = 8;
/// Of a chain whose epochs are to end.
const SHORT_HEARTBEAT_MS: u64 = 200;
/// Many times the heartbeat.
const MAX_FIRST_BLOCK: Duration = Duration::from_secs(60);
/// Many times what a node takes to start again.
const MAX_AWAY: Duration = Duration::from_secs(60);
/// Osaka takes no more in one transaction.
const GAS: u64 = 16_000_000;

pub(crate) struct TestChain {
    pub(crate) chain: Chain,
    pub(crate) id: u64,
    network: Mutex<Network>,
    dir: PathBuf,
    rpc: String,
    essentials: ChainEssentials,
    deployer: PrivateKeySigner,
    nonce: AtomicU64,
}

impl TestChain {
    /// `name` is that of a chain of a city, which decides its id.
    pub(crate) async fn start(dir: &Path, name: &str) -> Self {
        Self::of(Network::init_with(&dir.join(name), 1, 0, HEARTBEAT_MS, &["--chain", name]).unwrap(), name).await
    }

    /// The same with a follower that can be voted in, in epochs as short as they may be, with blocks that come often enough to see them end.
    pub(crate) async fn start_growing(dir: &Path, name: &str) -> Self {
        let epoch = SHORT_EPOCH.to_string();
        let options = ["--chain", name, "--epoch-length", &epoch];
        Self::of(Network::init_with(&dir.join(name), 1, 1, SHORT_HEARTBEAT_MS, &options).unwrap(), name).await
    }

    async fn of(mut network: Network, name: &str) -> Self {
        network.start_all().unwrap();
        // Its genesis has no certificate.
        network.nodes[0].make_first_block().await.unwrap();
        let url = network.nodes[0].rpc.clone();
        let id: U256 = serde_json::from_value(rpc(&url, "eth_chainId", json!([])).await.unwrap()).unwrap();
        let id = id.to::<u64>();
        let essentials = essentials(&network, id);
        let chain = connect(name, &websocket(&url), &essentials).await;
        // Of the genesis block alone nothing can be anchored.
        let first = async {
            while chain.head().await.unwrap().number == 0 {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        tokio::time::timeout(MAX_FIRST_BLOCK, first).await.unwrap();
        let dir = network.dir().to_path_buf();
        let (network, deployer) = (Mutex::new(network), PrivateKeySigner::random());
        Self { chain, id, network, dir, rpc: url, essentials, deployer, nonce: AtomicU64::new(0) }
    }

    /// Number of its newest final block.
    pub(crate) async fn height(&self) -> u64 {
        self.chain.head().await.unwrap().number
    }

    /// The same chain, asked elsewhere.
    pub(crate) async fn through(&self, url: &str) -> Chain {
        connect(self.chain.name(), url, &self.essentials).await
    }

    /// SIGKILL for its node, and a new start.
    pub(crate) async fn crash(&self) {
        let mut network = self.network.lock().await;
        network.nodes[0].kill().unwrap();
        network.nodes[0].start().unwrap();
    }

    /// Its node loses all that it has, also what it has voted, and begins again from the genesis: another branch, with certificates of the same validators. Waits for a block
    /// of this number.
    pub(crate) async fn begin_anew(&self, number: u64) {
        let mut network = self.network.lock().await;
        let node = &mut network.nodes[0];
        node.kill().unwrap();
        node.wipe().unwrap();
        // The record beside its keys keeps an honest validator from just this.
        for file in fs::read_dir(self.dir.join(&node.name)).unwrap() {
            let path = file.unwrap().path();
            if path.file_name().unwrap().to_string_lossy().starts_with("votes-") {
                fs::remove_file(path).unwrap();
            }
        }
        node.start().unwrap();
        let begins = async {
            while node.height().await.unwrap() < number {
                node.make_first_block().await.unwrap();
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            // Whoever was connected has to connect again.
            while !self.chain.head().await.is_ok_and(|head| head.number >= number) {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        tokio::time::timeout(MAX_AWAY, begins).await.expect("it makes blocks again");
    }

    pub(crate) fn essentials(&self) -> ChainEssentials {
        self.essentials.clone()
    }

    pub(crate) fn genesis_file(&self) -> PathBuf {
        self.dir.join("genesis.json")
    }

    pub(crate) fn rpc(&self) -> &str {
        &self.rpc
    }

    /// The voting key of the organization that runs it.
    pub(crate) async fn voting_key(&self) -> PathBuf {
        let network = self.network.lock().await;
        self.dir.join(&network.nodes[0].name).join("node.vote")
    }

    /// Votes its follower in, and waits for a block that the new set has made; the first epoch that it decides.
    pub(crate) async fn grow(&self) -> u64 {
        let first_epoch = {
            let network = self.network.lock().await;
            let follower = self.dir.join("follower-1").join("node.key");
            let key = tokio::process::Command::new(built_binary())
                .args(["network", "key", follower.to_str().unwrap(), "--name", "newcomer"])
                .output()
                .await
                .unwrap();
            let newcomer = self.dir.join("newcomer.json");
            fs::write(&newcomer, &key.stdout).unwrap();
            let arguments = ["propose-add", newcomer.to_str().unwrap()];
            let voted = network.as_organization("validator-1", &arguments).await.unwrap();
            assert_eq!(voted["proposal"]["state"], "passed", "one organization is all of them: {voted}");
            voted["block"].as_u64().unwrap() / SHORT_EPOCH + 1
        };
        let grows = async {
            while self.height().await <= first_epoch * SHORT_EPOCH + 1 {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        tokio::time::timeout(MAX_AWAY, grows).await.expect("the new validators make blocks");
        first_epoch
    }

    pub(crate) fn operator(&self) -> Address {
        self.deployer.address()
    }

    /// The operator's key in hexadecimal. What is sent with it elsewhere is not counted here.
    pub(crate) fn operator_secret(&self) -> String {
        hex::encode(self.deployer.to_bytes())
    }

    /// Where the next contract will stand.
    pub(crate) fn next_address(&self) -> Address {
        self.operator().create(self.nonce.load(Ordering::Relaxed))
    }

    pub(crate) async fn genesis_header(&self) -> Bytes {
        let block = rpc(&self.rpc, "eth_getBlockByNumber", json!(["0x0", false])).await.unwrap();
        let block: Block = serde_json::from_value(block).unwrap();
        alloy_rlp::encode(&block.header.inner).into()
    }

    pub(crate) async fn deploy(&self, code: &Bytes, arguments: &impl SolConstructor) -> Address {
        let input = [code.to_vec(), arguments.abi_encode()].concat();
        let receipt = self.send(TxKind::Create, input.into()).await;
        serde_json::from_value(receipt["contractAddress"].clone()).unwrap()
    }

    pub(crate) async fn call(&self, to: Address, call: &impl SolCall) {
        self.send(TxKind::Call(to), call.abi_encode().into()).await;
    }

    /// Calls that follow one another, sent together: in as few blocks as they fit into.
    pub(crate) async fn call_all(&self, to: Address, calls: Vec<Vec<u8>>) {
        let mut sent = Vec::new();
        for input in calls {
            sent.push(self.begin(TxKind::Call(to), input.into()).await);
        }
        for hash in sent {
            assert_eq!(self.receipt(&hash).await["status"], "0x1", "a transaction of the operator failed");
        }
    }

    /// Bytes that are no call of a known contract.
    pub(crate) async fn hand(&self, to: Address, input: Bytes) {
        self.send(TxKind::Call(to), input).await;
    }

    /// Asked again while its node is away: some tests kill it.
    pub(crate) async fn view<C: SolCall>(&self, contract: Address, call: &C) -> C::Return {
        let input = call.abi_encode().into();
        let asks = async {
            loop {
                match self.chain.view(contract, &input).await {
                    Err(LedgerError::ChainUnreachable { .. }) => tokio::time::sleep(Duration::from_millis(50)).await,
                    answer => break answer,
                }
            }
        };
        let answer = tokio::time::timeout(MAX_AWAY, asks).await.expect("its node answers again").unwrap();
        C::abi_decode_returns(&answer.data).unwrap()
    }

    pub(crate) async fn time_s(&self) -> u64 {
        self.chain.head().await.unwrap().time_ms / 1000
    }

    /// Whether a call succeeded.
    pub(crate) async fn tries(&self, to: Address, call: &impl SolCall) -> bool {
        self.sent(TxKind::Call(to), call.abi_encode().into()).await["status"] == "0x1"
    }

    async fn send(&self, to: TxKind, input: Bytes) -> Value {
        let receipt = self.sent(to, input).await;
        assert_eq!(receipt["status"], "0x1", "a transaction of the operator failed");
        receipt
    }

    async fn sent(&self, to: TxKind, input: Bytes) -> Value {
        let hash = self.begin(to, input).await;
        self.receipt(&hash).await
    }

    /// Its hash, once the node has it.
    async fn begin(&self, to: TxKind, input: Bytes) -> String {
        let nonce = self.nonce.fetch_add(1, Ordering::Relaxed);
        let transaction =
            TxLegacy { chain_id: Some(self.id), nonce, gas_price: 0, gas_limit: GAS, to, value: U256::ZERO, input };
        let signature = self.deployer.sign_hash_sync(&transaction.signature_hash()).unwrap();
        let raw = TxEnvelope::from(transaction.into_signed(signature)).encoded_2718();
        let hash = rpc(&self.rpc, "eth_sendRawTransaction", json!([hex::encode_prefixed(raw)])).await.unwrap();
        hash.as_str().unwrap().to_owned()
    }

    async fn receipt(&self, hash: &str) -> Value {
        self.network.lock().await.nodes[0].receipt(hash).await.unwrap()
    }
}

/// The same port takes WebSocket, on which new blocks are told and many questions share a connection.
fn websocket(url: &str) -> String {
    url.replacen("http://", "ws://", 1)
}

async fn connect(name: &str, url: &str, essentials: &ChainEssentials) -> Chain {
    let config = ChainConfig::certified(name, url.parse().unwrap(), essentials.clone());
    let ledger =
        Ledger::connect(vec![config], LedgerLimits::default(), RevertReasons::of_our_contracts()).await.unwrap();
    ledger.chain(name).unwrap().clone()
}

fn essentials(network: &Network, chain_id: u64) -> ChainEssentials {
    let genesis: Value = serde_json::from_slice(&fs::read(network.dir().join("genesis.json")).unwrap()).unwrap();
    let keys = genesis["validators"].as_array().unwrap().iter();
    let validators = keys.map(|validator| serde_json::from_value(validator["blsPublicKey"].clone()).unwrap());
    ChainEssentials {
        chain_id,
        genesis_hash: network.genesis_hash().parse().unwrap(),
        validators: validators.collect(),
    }
}
