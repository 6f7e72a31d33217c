//! A node of its own, an asset with one version, its owner and its reader.
#![allow(dead_code, unreachable_pub, clippy::unwrap_used, reason = "each test uses a part of it")]

use std::{
    io::{Read, Write},
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::UNIX_EPOCH,
};

use alloy::{
    consensus::{SignableTransaction, TxEip1559, TxEnvelope},
    eips::eip2718::Encodable2718,
    network::TxSignerSync,
    sol_types::SolCall,
};
use alloy_primitives::{Address, B256, TxKind, hex};
use async_trait::async_trait;
use chancery_contracts::DigitalAsset;
use chancery_ledger::{
    Call, Chain, ChainConfig, FinalTransaction, Ledger, LedgerError, LedgerLimits, RevertReasons, SubmitterKey,
};
use chancery_light::ChainEssentials;
use chancery_sharing::{
    department::{Department, StateFolder},
    name::ObjectName,
    release::{ChainTrust, Grant, PreparedGrant, Reception, ReleaseError, Released, prepare_grant, receive, release},
    sealing::{DataKey, OpeningReader, ReaderSecret, Sealed, SealingWriter},
    storage::{ByteStream, DirectoryStore, FileStore, Location, StoreError},
};
use chancery_testing::{
    load::funded_signers,
    process::{Network, rpc},
};
use serde_json::{Value, json};

const CHAIN_ID: u64 = 7100;
/// What is sent makes a block at once, and nothing here waits for time to pass.
const HEARTBEAT_MS: u64 = 2000;

pub fn now_s() -> u64 {
    UNIX_EPOCH.elapsed().unwrap().as_secs()
}

/// A store that counts how often something is read from it.
#[derive(Debug)]
pub struct CountingStore {
    inner: DirectoryStore,
    opened: AtomicU32,
}

#[async_trait]
impl FileStore for CountingStore {
    async fn publish(&self, name: &ObjectName, staged: &Path) -> Result<Location, StoreError> {
        self.inner.publish(name, staged).await
    }
    async fn open(&self, location: &Location) -> Result<ByteStream, StoreError> {
        self.opened.fetch_add(1, Ordering::SeqCst);
        self.inner.open(location).await
    }
    async fn remove(&self, location: &Location) -> Result<(), StoreError> {
        self.inner.remove(location).await
    }
}

pub struct Desk {
    network: Network,
    directory: tempfile::TempDir,
    pub chain: Chain,
    pub owner: Arc<SubmitterKey>,
    pub reader: Arc<SubmitterKey>,
    pub secret: ReaderSecret,
    pub asset: Address,
    pub store: CountingStore,
    pub location: Location,
    pub sealed: Sealed,
    pub plain: Vec<u8>,
    key: DataKey,
}

impl Desk {
    pub async fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let mut network = Network::init(directory.path(), 1, 0, HEARTBEAT_MS).unwrap();
        network.start_all().unwrap();
        let chain = connect(ChainConfig::certified("main", url(&network), essentials(&network).await)).await;
        let signers = funded_signers(2).unwrap();
        let keys =
            [0, 1].map(|index: usize| Arc::new(SubmitterKey::from_bytes(&signers[index].to_bytes().0.into()).unwrap()));
        let [owner, reader] = keys;
        let asset = deploy(&network, &signers[0]).await;
        let store = DirectoryStore::new(&directory.path().join("ods")).unwrap();
        let store = CountingStore { inner: store, opened: AtomicU32::new(0) };
        let plain: Vec<u8> = (0..200_000u32).map(|index| (index % 251) as u8).collect();
        let key = DataKey::random().unwrap();
        let staged = directory.path().join("staged");
        let mut writer = SealingWriter::new(std::fs::File::create(&staged).unwrap(), &key).unwrap();
        writer.write_all(&plain).unwrap();
        let (_, sealed) = writer.finish().unwrap();
        let location = store.publish(&"weather/1".parse().unwrap(), &staged).await.unwrap();
        let secret = ReaderSecret::from_bytes(&[7; 32]).unwrap();
        let desk =
            Self { network, directory, chain, owner, reader, secret, asset, store, location, sealed, plain, key };
        desk.publish(1, 1).await.unwrap();
        desk.by_owner(DigitalAsset::listCall { reader: desk.reader.address() }).await.unwrap();
        desk
    }

    pub async fn publish(&self, version: u32, key_epoch: u32) -> Result<FinalTransaction, LedgerError> {
        self.by_owner(DigitalAsset::publishCall {
            version,
            dataType: name("parquet"),
            hashAlgorithm: name("sha-256"),
            fingerprint: self.sealed.fingerprint.0.into(),
            size: self.sealed.bytes,
            keyEpoch_: key_epoch,
            metadata: Default::default(),
        })
        .await
    }

    /// The reader asks; the number of its request, the first.
    pub async fn request(&self) -> u64 {
        let reader_key = self.secret.public().0.into();
        let call = DigitalAsset::requestCall { version: 1, readerKey: reader_key, purpose: name("statistics") };
        self.by_reader(call).await.unwrap();
        1
    }

    pub async fn by_owner(&self, call: impl SolCall) -> Result<FinalTransaction, LedgerError> {
        self.chain.submit(&self.owner, Call { to: Some(self.asset), data: call.abi_encode().into() }).await
    }

    pub async fn by_reader(&self, call: impl SolCall) -> Result<FinalTransaction, LedgerError> {
        self.chain.submit(&self.reader, Call { to: Some(self.asset), data: call.abi_encode().into() }).await
    }

    pub async fn prepare(&self, request: u64, valid_until: u64) -> PreparedGrant {
        let key_of = |epoch| (epoch == 1).then(|| self.key.clone());
        prepare_grant(&self.chain, self.asset, request, key_of, valid_until).await.unwrap()
    }

    pub async fn release(&self, prepared: &PreparedGrant) -> Result<Released, ReleaseError> {
        release(&self.chain, &ChainTrust::default(), &self.store, &self.location, prepared, now_s()).await
    }

    pub async fn receive(&self, request: u64, grant: &Grant, released: Released) -> Result<Reception, ReleaseError> {
        let handed = (released.sealed_key.as_slice(), released.file);
        let trust = ChainTrust::default();
        receive(&self.chain, &trust, self.asset, request, grant, &self.secret, handed, &self.target(), now_s()).await
    }

    /// A department's folder of state: this asset with its one version as the first part, and its data key.
    pub fn state_folder(&self) -> PathBuf {
        let path = self.directory.path().join("state");
        let folder = StateFolder::new(&path).unwrap();
        let record = json!({"asset": self.asset, "chain": "main", "resource": "weather"});
        std::fs::write(path.join("asset.json"), record.to_string()).unwrap();
        let part = json!({
            "location": self.location, "fingerprint": self.sealed.fingerprint, "bytes": self.sealed.bytes, "rows": 1,
        });
        std::fs::write(folder.extract_path(), json!({"cursor": null, "parts": [part]}).to_string()).unwrap();
        let key = path.join("keys/epoch-1.key");
        std::fs::write(&key, hex::encode(self.key.expose())).unwrap();
        #[cfg(unix)]
        std::fs::set_permissions(&key, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
        path
    }

    pub fn department(&self, state: &Path) -> Department {
        self.department_of(state, &self.owner)
    }

    pub fn department_of(&self, state: &Path, key: &Arc<SubmitterKey>) -> Department {
        let store = Arc::new(DirectoryStore::new(&self.directory.path().join("ods")).unwrap());
        let (chain, key) = (self.chain.clone(), Arc::clone(key));
        let resource = "weather".parse().unwrap();
        Department::open(resource, chain, key, store, StateFolder::new(state).unwrap()).unwrap()
    }

    pub fn opened(&self) -> u32 {
        self.store.opened.load(Ordering::SeqCst)
    }

    pub fn target(&self) -> PathBuf {
        self.directory.path().join("received")
    }

    pub fn open(&self, path: &Path, key: &DataKey) -> Vec<u8> {
        let mut plain = Vec::new();
        OpeningReader::new(std::fs::File::open(path).unwrap(), key).unwrap().read_to_end(&mut plain).unwrap();
        plain
    }

    /// The same chain, of which no certificate is known.
    pub async fn without_certificates(&self) -> Chain {
        connect(ChainConfig::uncertified("main", url(&self.network), CHAIN_ID)).await
    }
}

async fn connect(config: ChainConfig) -> Chain {
    let reasons = RevertReasons::of_our_contracts();
    let ledger = Ledger::connect(vec![config], LedgerLimits::default(), reasons).await.unwrap();
    ledger.chain("main").unwrap().clone()
}

fn url<T: std::str::FromStr<Err: std::fmt::Debug>>(network: &Network) -> T {
    network.nodes[0].rpc.parse().unwrap()
}

async fn essentials(network: &Network) -> ChainEssentials {
    let genesis = std::fs::read(network.dir().join("genesis.json")).unwrap();
    let genesis: Value = serde_json::from_slice(&genesis).unwrap();
    let validators = genesis["validators"].as_array().unwrap().iter();
    let keys = validators.map(|validator| serde_json::from_value(validator["blsPublicKey"].clone()).unwrap());
    let genesis_hash = network.nodes[0].block_hash(0).await.unwrap().parse().unwrap();
    ChainEssentials { chain_id: CHAIN_ID, genesis_hash, validators: keys.collect() }
}

async fn deploy(network: &Network, signer: &alloy::signers::local::PrivateKeySigner) -> Address {
    let mut transaction = TxEip1559 {
        chain_id: CHAIN_ID,
        gas_limit: 6_000_000,
        to: TxKind::Create,
        input: DigitalAsset::BYTECODE.clone(),
        ..TxEip1559::default()
    };
    let signature = signer.sign_transaction_sync(&mut transaction).unwrap();
    let raw = TxEnvelope::from(transaction.into_signed(signature)).encoded_2718();
    let node = &network.nodes[0];
    let hash = rpc(&node.rpc, "eth_sendRawTransaction", json!([hex::encode_prefixed(raw)])).await.unwrap();
    let receipt = node.receipt(hash.as_str().unwrap()).await.unwrap();
    assert_eq!(receipt["status"], "0x1", "{receipt}");
    receipt["contractAddress"].as_str().unwrap().parse().unwrap()
}

fn name(text: &str) -> B256 {
    let mut word = B256::ZERO;
    word[..text.len()].copy_from_slice(text.as_bytes());
    word
}
