//! A chain of one validator in this process: the real execution, store, pool and JSON-RPC; whoever drives it says when it makes a block, and signs it.

use std::{
    collections::BTreeMap,
    sync::{Arc, mpsc},
    thread::JoinHandle,
    time::Duration,
};

use alloy::consensus::Header;
use alloy_primitives::{Address, B256, Bytes, FixedBytes};
use alloy_rlp::Decodable as _;
use blst::min_pk::SecretKey;
use chancery_contracts::{Seat, predeploys, validator_registry};
use chancery_execution::{
    Blockchain, BuildAttributes, BuildBudget, ExecutionConfig, Finalization, FinalizedBlock, Genesis, GenesisConfig,
    MAX_BLOCK_BYTES, PredeployConfig, StoreConfig, ValidatorConfig,
};
use chancery_light::{ChainEssentials, FinalityProof, finality_namespace};
use chancery_rpc::{LocalRpc, RpcConfig};
use parking_lot::Mutex;
use serde_json::{Value, json};
use tempfile::TempDir;

/// Of every chain's first block, seconds since 1970.
pub(crate) const GENESIS_S: u64 = 1_800_000_000;
/// Ciphersuite of finality signatures (`docs/specs/finality.md`).
const SUITE: &[u8] = b"BLS_SIG_BLS12381G2_XMD:SHA-256_SSWU_RO_POP_";
const BLOCK_GAS: u64 = 100_000_000;
/// More blocks than any run makes: validators do not change here.
const EPOCH_BLOCKS: u64 = 1 << 20;
/// Many nodes of short life share a process.
const CACHE_BYTES: usize = 256 * 1024;

/// A node that can be crashed and started again over the same files.
pub(crate) struct SimNode {
    pub(crate) name: &'static str,
    pub(crate) essentials: ChainEssentials,
    genesis: Genesis,
    validator: SecretKey,
    dir: TempDir,
    running: Mutex<Option<Running>>,
}

/// What is lost when it is killed: the pool, and whoever waits for an answer.
struct Running {
    chain: Blockchain,
    questions: mpsc::Sender<Question>,
    answers: JoinHandle<()>,
}

struct Question {
    body: Vec<u8>,
    answer: mpsc::Sender<Option<Vec<u8>>>,
}

impl SimNode {
    pub(crate) fn new(name: &'static str, chain_id: u64) -> Arc<Self> {
        let mut secret = [0x5a; 32];
        secret[..8].copy_from_slice(&chain_id.to_be_bytes());
        let validator = SecretKey::key_gen(&secret, &[]).unwrap();
        let bls_public_key = FixedBytes::from(validator.sk_to_pk().compress());
        let peer_public_key = FixedBytes::repeat_byte(0xed);
        let seat = Seat {
            organization: B256::right_padding_from(name.as_bytes()),
            peer_public_key,
            bls_public_key,
            voting_account: Address::repeat_byte(0x70),
        };
        let registry = validator_registry(EPOCH_BLOCKS.try_into().unwrap(), &[seat]);
        assert_eq!(registry.address, predeploys::VALIDATOR_REGISTRY);
        let config = GenesisConfig {
            name: name.to_owned(),
            chain_id,
            timestamp: GENESIS_S,
            gas_limit: BLOCK_GAS,
            validators: vec![ValidatorConfig {
                name: name.to_owned(),
                bls_public_key,
                peer_public_key,
                proof_of_possession: FixedBytes::ZERO,
                voting_account: None,
            }],
            alloc: BTreeMap::new(),
            predeploys: vec![PredeployConfig {
                address: registry.address,
                init_code: registry.init_code,
                deployer: Address::ZERO,
            }],
        };
        let genesis = config.build().unwrap();
        let essentials =
            ChainEssentials { chain_id, genesis_hash: genesis.header().hash(), validators: vec![bls_public_key] };
        let dir = tempfile::tempdir().unwrap();
        let node = Arc::new(Self { name, essentials, genesis, validator, dir, running: Mutex::new(None) });
        node.start();
        node
    }

    pub(crate) fn genesis_header(&self) -> Bytes {
        alloy_rlp::encode(self.genesis.header().inner()).into()
    }

    /// Opens its files; nothing is in its pool.
    pub(crate) fn start(&self) {
        let mut running = self.running.lock();
        if running.is_some() {
            return;
        }
        let store = StoreConfig {
            block_cache_bytes: CACHE_BYTES as u64,
            write_buffer_bytes: CACHE_BYTES as u64,
            state_cache_bytes: CACHE_BYTES,
            trie_cache_bytes: CACHE_BYTES,
            ..StoreConfig::default()
        };
        let config = ExecutionConfig { store, ..ExecutionConfig::default() };
        let chain = Blockchain::open(self.dir.path(), &self.genesis, config).unwrap();
        let (questions, asked) = mpsc::channel();
        let served = chain.clone();
        // A thread and a runtime of its own: whoever asks waits for the answer, and their clock stands still meanwhile.
        let answers = std::thread::spawn(move || answer_all(served, &asked));
        *running = Some(Running { chain, questions, answers });
    }

    /// What is not in a final block is gone.
    pub(crate) fn crash(&self) {
        let Some(Running { chain, questions, answers }) = self.running.lock().take() else { return };
        drop(questions);
        answers.join().unwrap();
        drop(chain);
    }

    /// The body of an answer to the body of a JSON-RPC request; `None`: nobody is there.
    pub(crate) fn answer(&self, body: Vec<u8>) -> Option<Vec<u8>> {
        let questions = self.running.lock().as_ref().map(|running| running.questions.clone())?;
        let (answer, answered) = mpsc::channel();
        questions.send(Question { body, answer }).unwrap();
        answered.recv().unwrap()
    }

    /// The result of one request; `None`: nobody is there, or an error.
    pub(crate) fn ask(&self, method: &str, params: Value) -> Option<Value> {
        let request = json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params});
        let answer = self.answer(serde_json::to_vec(&request).unwrap())?;
        let mut answer: Value = serde_json::from_slice(&answer).unwrap();
        answer.get_mut("result").map(Value::take)
    }

    /// Time of its newest block, milliseconds since 1970, and whether it could make one with something in it; `None`: it is down.
    pub(crate) fn pulse(&self) -> Option<(u64, bool)> {
        let running = self.running.lock();
        let chain = &running.as_ref()?.chain;
        Some((chain.head().block().time_ms(), chain.pool().has_pending()))
    }

    /// Hash of its newest block.
    pub(crate) fn head(&self) -> Option<(u64, B256)> {
        let running = self.running.lock();
        let head = running.as_ref()?.chain.head();
        Some((head.block().height(), head.block().hash()))
    }

    /// Takes transactions as they are.
    pub(crate) fn add(&self, transactions: Vec<Bytes>) {
        let running = self.running.lock();
        for taken in running.as_ref().unwrap().chain.pool().add(transactions) {
            taken.unwrap();
        }
    }

    /// Makes a block of what its pool has, and makes it final.
    pub(crate) fn advance(&self, time_ms: u64) -> Option<Arc<FinalizedBlock>> {
        let running = self.running.lock();
        let chain = &running.as_ref()?.chain;
        let parent = chain.head().block().clone();
        let (height, view) = (parent.height(), parent.height() + 1);
        let attributes = BuildAttributes { time_ms, epoch: 0, view, parent_view: height, beneficiary: Address::ZERO };
        let budget = BuildBudget {
            max_time: Duration::from_secs(600),
            max_bytes: MAX_BLOCK_BYTES,
            max_transactions: usize::MAX,
        };
        let block = chain.tree().build(parent.hash(), attributes, budget).unwrap().block().clone();
        let certificate = Some(self.certificate(view, height, block.hash()));
        chain.tree().finalize(vec![Finalization { block, certificate }]).unwrap().pop()
    }

    /// Its newest block as it proves it, and another one of that number, signed by its validator just as well.
    pub(crate) fn two_branches(&self) -> [FinalityProof; 2] {
        let (height, _) = self.head().unwrap();
        let proof = self.ask("chancery_getFinality", json!([format!("{height:#x}")])).unwrap();
        let proof: FinalityProof = serde_json::from_value(proof).unwrap();
        let mut header = Header::decode(&mut proof.header.as_ref()).unwrap();
        header.state_root = B256::repeat_byte(0xee);
        let certificate = self.certificate(height, height - 1, header.hash_slow());
        let other = FinalityProof { header: alloy_rlp::encode(&header).into(), certificate, ..proof.clone() };
        [proof, other]
    }

    /// A finality certificate as `docs/specs/finality.md` has it, of the one validator.
    fn certificate(&self, view: u64, parent_view: u64, hash: B256) -> Bytes {
        let mut message = Vec::new();
        for number in [0, view, parent_view] {
            put_varint(&mut message, number);
        }
        message.extend_from_slice(hash.as_slice());
        let mut namespace = finality_namespace(self.essentials.chain_id, self.essentials.genesis_hash);
        namespace.extend_from_slice(b"_FINALIZE");
        let mut signed = Vec::new();
        put_varint(&mut signed, namespace.len() as u64);
        signed.extend_from_slice(&namespace);
        signed.extend_from_slice(&message);
        message.extend_from_slice(&1_u64.to_be_bytes());
        message.push(1);
        message.extend_from_slice(&self.validator.sign(&signed, SUITE, &[]).compress());
        message.into()
    }
}

impl Drop for SimNode {
    fn drop(&mut self) {
        self.crash();
    }
}

fn answer_all(chain: Blockchain, asked: &mpsc::Receiver<Question>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let config = RpcConfig::new(([127, 0, 0, 1], 0).into());
    let rpc = runtime.block_on(async { LocalRpc::new(config, chain, None) }).unwrap();
    while let Ok(Question { body, answer }) = asked.recv() {
        let answered = runtime.block_on(rpc.answer(body));
        // Whoever asked waits for it.
        answer.send(answered.ok().map(|(_, body)| body)).unwrap();
    }
}

/// LEB128.
fn put_varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(u8::try_from(value & 0x7f).unwrap() | 0x80);
        value >>= 7;
    }
    out.push(u8::try_from(value).unwrap());
}
