//! A network of real nodes without sockets: execution, pool and store are the real ones, consensus runs on the
//! deterministic clock and the simulated network.
#![allow(dead_code, clippy::unwrap_used, missing_docs, unreachable_pub)]

pub mod faults;
pub mod membership;
pub mod simulation;

use std::{collections::BTreeMap, path::Path, time::Duration};

use alloy::{
    consensus::{SignableTransaction as _, TxEip1559, TxEnvelope},
    eips::eip2718::Encodable2718 as _,
    genesis::GenesisAccount,
    primitives::{Address, B256, Bytes, U256},
    signers::{SignerSync as _, local::PrivateKeySigner},
};
use chancery_chain::{
    Channels, ConsensusTiming, EngineConfig, EngineHandle, NodeError, PeerKey, PeerTracker, Role, ValidatorKeys,
    ValidatorSet, Witness, start_engine,
};
use chancery_execution::{Blockchain, ExecutionConfig, GenesisConfig};
use chancery_light::{FinalityProof, TrustedChain};
use commonware_p2p::simulated::{Control, Link, Oracle};
use commonware_runtime::{Clock as _, Handle, Quota, Spawner as _, Supervisor as _, deterministic};
use commonware_utils::NZU32;

pub const CHAIN_ID: u64 = 7100;
/// A channel that no node listens on.
const UNHEARD_CHANNEL: u64 = 9;
const QUOTA: Quota = Quota::per_second(NZU32!(100_000));

pub fn account(index: u8) -> PrivateKeySigner {
    PrivateKeySigner::from_bytes(&B256::repeat_byte(index + 1)).unwrap()
}

pub fn transfer(from: u8, nonce: u64) -> Bytes {
    let to = Address::repeat_byte(0xEE).into();
    signed(from, TxEip1559 { nonce, gas_limit: 21_000, to, value: U256::from(1), ..Default::default() })
}

/// A transaction of an account on the test chain.
pub fn signed(from: u8, transaction: TxEip1559) -> Bytes {
    let transaction = TxEip1559 { chain_id: CHAIN_ID, ..transaction };
    let signature = account(from).sign_hash_sync(&transaction.signature_hash()).unwrap();
    TxEnvelope::from(transaction.into_signed(signature)).encoded_2718().into()
}

/// Keys of the validators, in the order of the set.
pub fn validator_keys(count: u64) -> Vec<ValidatorKeys> {
    let mut keys: Vec<_> = (0..count).map(|index| ValidatorKeys::from_seed(100 + index)).collect();
    keys.sort_by_key(ValidatorKeys::peer_public_key);
    keys
}

pub fn genesis(keys: &[ValidatorKeys]) -> GenesisConfig {
    let funded = GenesisAccount { balance: U256::from(10).pow(U256::from(24)), ..Default::default() };
    GenesisConfig {
        name: "main".into(),
        chain_id: CHAIN_ID,
        timestamp: 0,
        gas_limit: 100_000_000,
        validators: keys.iter().enumerate().map(|(index, keys)| keys.public(&format!("validator {index}"))).collect(),
        alloc: (0..4).map(|index| (account(index).address(), funded.clone())).collect::<BTreeMap<_, _>>(),
        predeploys: vec![],
    }
}

/// The simulated network connects everybody with everybody, whoever votes.
struct Everybody;

impl PeerTracker for Everybody {
    fn track(&mut self, _: &ValidatorSet) {}
}

/// One node that can be stopped and started again over the same files.
pub struct TestNode {
    pub keys: ValidatorKeys,
    pub role: Role,
    /// Where its record of votes is; with its data if nothing is said.
    pub votes_dir: Option<std::path::PathBuf>,
    /// Its blocks go where nobody listens.
    pub withholds_blocks: bool,
    pub chain: Option<Blockchain>,
    /// What it hears.
    pub witness: Option<Witness>,
    task: Option<Handle<()>>,
}

pub type TestOracle = Oracle<PeerKey, deterministic::Context>;

impl TestNode {
    pub fn new(keys: ValidatorKeys) -> Self {
        Self {
            keys,
            role: Role::Validator,
            votes_dir: None,
            withholds_blocks: false,
            chain: None,
            witness: None,
            task: None,
        }
    }

    pub fn chain(&self) -> &Blockchain {
        self.chain.as_ref().unwrap()
    }

    pub fn height(&self) -> u64 {
        self.chain().head().block().height()
    }

    /// Opens the data in `dir` and starts consensus.
    pub async fn start(
        &mut self,
        context: &deterministic::Context,
        oracle: &TestOracle,
        genesis: &GenesisConfig,
        dir: &Path,
        heartbeat: Duration,
    ) -> Result<(), NodeError> {
        let block = genesis.build()?;
        let chain = Blockchain::open(dir, &block, ExecutionConfig::default())?;
        let validators = ValidatorSet::new(genesis, block.header().hash())?;
        validators.check_role(self.role, &self.keys)?;
        let peer = self.keys.peer_public_key();
        let control = oracle.control(peer.clone());
        let mut channels = channels(&control).await;
        if self.withholds_blocks {
            channels.blocks.0 = control.register(UNHEARD_CHANNEL, QUOTA).await.unwrap().0;
        }
        let timing = ConsensusTiming::from_heartbeat(heartbeat);
        let clock = context.child("clock");
        let witness =
            Witness::new(chain.clone(), peer.clone(), timing, dir, move || clock.current(), String::new).unwrap();
        let config = EngineConfig {
            chain: chain.clone(),
            keys: self.keys.clone(),
            tracker: Box::new(Everybody),
            has_peers: true,
            validators,
            peers: oracle.manager(),
            blocker: control,
            timing,
            partition: format!("main-{peer}"),
            data_dir: dir.into(),
            votes_dir: self.votes_dir.clone().unwrap_or_else(|| dir.into()),
            witness: witness.clone(),
        };
        let (ready, is_ready) = futures::channel::oneshot::channel();
        let task = context.child("validator").with_attribute("index", &peer).spawn(move |context| async move {
            let mut engine: EngineHandle = match Box::pin(start_engine(context.child("engine"), config, channels)).await
            {
                Ok(engine) => {
                    let _ = ready.send(Ok(()));
                    engine
                }
                Err(error) => {
                    let _ = ready.send(Err(error));
                    return;
                }
            };
            let ended = engine.ended().await;
            panic!("the engine ended: {ended}");
        });
        match is_ready.await.unwrap() {
            Ok(()) => {}
            Err(error) => {
                let _ = task.await;
                return Err(error);
            }
        }
        self.chain = Some(chain);
        self.witness = Some(witness);
        self.task = Some(task);
        Ok(())
    }

    /// Stops at once, as a kill does: nothing is flushed, nobody is told.
    ///
    /// Tasks that were aborted go when they are polled next; the files are free when the last has gone.
    pub async fn kill(&mut self, context: &deterministic::Context) {
        let task = self.task.take().unwrap();
        task.abort();
        let _ = task.await;
        self.chain = None;
        // It has the store open.
        self.witness = None;
        context.sleep(Duration::from_millis(1)).await;
    }
}

async fn channels(
    control: &Control<PeerKey, deterministic::Context>,
) -> Channels<
    commonware_p2p::simulated::Sender<PeerKey, deterministic::Context>,
    commonware_p2p::simulated::Receiver<PeerKey>,
> {
    Channels {
        votes: control.register(0, QUOTA).await.unwrap(),
        certificates: control.register(1, QUOTA).await.unwrap(),
        resolver: control.register(2, QUOTA).await.unwrap(),
        blocks: control.register(3, QUOTA).await.unwrap(),
        backfill: control.register(4, QUOTA).await.unwrap(),
        transactions: control.register(5, QUOTA).await.unwrap(),
    }
}

/// Links every validator with every other.
pub async fn link_all(oracle: &TestOracle, keys: &[ValidatorKeys], link: &Link) {
    for from in keys {
        for to in keys {
            let (from, to) = (from.peer_public_key(), to.peer_public_key());
            if from != to {
                oracle.add_link(from, to, link.clone()).await.unwrap();
            }
        }
    }
}

pub async fn until(context: &deterministic::Context, mut reached: impl FnMut() -> bool) {
    while !reached() {
        context.sleep(Duration::from_millis(5)).await;
    }
}

/// What `chancery_getFinality` would answer.
pub fn finality(chain: &Blockchain, height: u64) -> Option<FinalityProof> {
    let rlp = |height| -> Bytes { alloy::rlp::encode(chain.header(height).unwrap().unwrap().inner()).into() };
    let head = chain.head().block().height();
    let certified = (height..=head).find(|height| chain.certificate(*height).unwrap().is_some())?;
    Some(FinalityProof {
        header: rlp(height),
        certificate: chain.certificate(certified).unwrap().unwrap(),
        descendants: (height + 1..=certified).map(rlp).collect(),
        handovers: vec![],
    })
}

/// The hashes of all final blocks; each must be provable to a light client that knows the essentials alone.
pub fn verified_hashes(chain: &Blockchain, trusted: &TrustedChain) -> Vec<B256> {
    let mut hashes = vec![trusted.genesis_hash()];
    for height in 1..=chain.head().block().height() {
        let Some(proof) = finality(chain, height) else { break };
        let header = trusted.verify_finality(&proof).unwrap();
        assert_eq!(header.number(), height);
        assert_eq!(header.header().parent_hash, hashes[height as usize - 1]);
        hashes.push(header.hash());
    }
    hashes
}

/// The EIP-2718 encodings of a block's receipts.
pub fn encoded_receipts(block: &chancery_execution::FinalizedBlock) -> Vec<Bytes> {
    use alloy::consensus::TxReceipt as _;
    block.receipts().iter().map(|receipt| receipt.clone().into_with_bloom().encoded_2718().into()).collect()
}

/// What the ledger makes of a node's answers.
pub fn bundle(
    essentials: &chancery_light::ChainEssentials,
    finality: FinalityProof,
    index: usize,
    transactions: &[Bytes],
    receipts: &[Bytes],
) -> chancery_light::ProofBundle {
    use chancery_light::{BUNDLE_VERSION, ChainReference, ReceiptInclusion, TransactionInclusion, prove_inclusion};
    chancery_light::ProofBundle {
        version: BUNDLE_VERSION,
        chain: ChainReference { chain_id: essentials.chain_id, genesis_hash: essentials.genesis_hash },
        finality,
        transaction: TransactionInclusion {
            index: index as u64,
            transaction: transactions[index].clone(),
            proof: prove_inclusion(transactions, index).unwrap(),
        },
        receipt: ReceiptInclusion {
            index: index as u64,
            receipt: receipts[index].clone(),
            proof: prove_inclusion(receipts, index).unwrap(),
        },
        state: None,
    }
}
