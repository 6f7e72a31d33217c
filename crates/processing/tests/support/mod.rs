//! A small city, main chain and one side chain, on our own nodes and on anvils.
#![allow(dead_code, unreachable_pub, clippy::unwrap_used, reason = "each test file uses a part of it")]

mod handlers;

use std::{
    collections::BTreeMap,
    path::Path,
    sync::{Arc, Mutex},
    time::Duration,
};

use alloy::{
    genesis::GenesisAccount,
    signers::{SignerSync, local::PrivateKeySigner},
};
use alloy_primitives::{Address, B256, Bytes, U256, keccak256};
use chancery_chain::{Node, NodeConfig, NodeHandle, P2pConfig, Role, ValidatorKeys, runtime_config};
use chancery_contracts::{
    Authorities, FollowedMain, Predeploy, anchored_side_chain, main_chain, predeploys, side_chain,
};
use chancery_execution::{BLOCK_GAS_LIMIT_DEFAULT, ExecutionConfig, GenesisConfig, PredeployConfig};
use chancery_ledger::{ChainConfig, Ledger, LedgerLimits, RevertReasons, SubmitterKey};
use chancery_primitives::{
    CertificateId, CertificateKind, ChangeKind, Issue, OrganizationCode, SignedOperation as _, SigningDomain,
    UnixSeconds, data_block::DataBlockTree,
};
use chancery_processing::{AnchorPlaces, Processing, ProcessingConfig, Registrations};
use chancery_reference_points::{
    Actor, Code, DoorError, DoorResult, Role as Office,
    anchor::AnchorPlace,
    application::{OperationHandler, OperationHandlers},
    c2p::C2p,
    data_block::DataBlock,
    mandate::{AccessRight, Contracts, Holders, Mandate, rights},
    o2c::{Change, Mode},
    operation::{ChainName, OperationType, SignedOperation},
    organization::OrganizationKey,
};
use chancery_rpc::RpcConfig;
use chancery_testing::process::{Anvil, FIRST_ACCOUNT, FIRST_KEY, Wire, install};
use commonware_runtime::{Runner as _, Supervisor as _};
use handlers::{IssueHandler, RecordHandler};

pub const ANVIL_CHAIN_ID: u64 = 31_337;
pub const OFFICE: &str = "OFFICE-1";
const OPERATOR: Address = Address::repeat_byte(0x0b);
const SUPERVISOR: Address = Address::repeat_byte(0x05);

/// The anchor of the main chain on the side chain, and one on a chain that is not there.
struct AnchorOfTheMain;

impl AnchorPlaces for AnchorOfTheMain {
    fn places(&self) -> Vec<AnchorPlace> {
        [side_name(), ChainName("nowhere".into())]
            .map(|host| AnchorPlace { host, follows: main_name(), contract: predeploys::MAIN_ANCHOR, is_fed: true })
            .into()
    }
}

/// A register of persons, as far as processing asks it.
pub struct Register(Mutex<Option<BTreeMap<Address, Office>>>);

impl Default for Register {
    fn default() -> Self {
        Self(Mutex::new(Some(BTreeMap::new())))
    }
}

impl Register {
    pub fn write(&self, address: Address, role: Office) {
        self.0.lock().unwrap().get_or_insert_default().insert(address, role);
    }

    pub fn falls_silent(&self) {
        *self.0.lock().unwrap() = None;
    }
}

#[async_trait::async_trait]
impl Registrations for Register {
    async fn role_of(&self, address: Address) -> DoorResult<Option<Office>> {
        match &*self.0.lock().unwrap() {
            Some(entries) => Ok(entries.get(&address).copied()),
            None => Err(DoorError::new(Code::DatabaseUnreachable, "it does not answer")),
        }
    }
}

/// A city and what keeps it running.
pub struct City {
    pub processing: Processing,
    pub register: Arc<Register>,
    /// Leads to the side chain.
    pub wire: Wire,
    /// Whether its chains have finality certificates.
    pub certified: bool,
    pub chain_id: u64,
    anvils: Vec<Anvil>,
    nodes: Vec<NodeHandle>,
}

fn authorities() -> Authorities {
    Authorities {
        administrator: FIRST_ACCOUNT,
        operators: vec![FIRST_ACCOUNT],
        submitters: vec![FIRST_ACCOUNT],
        contract_operators: (0..2).map(|index| contract_operator(index).address()).collect(),
        approval_requirement: 1 << ChangeKind::Quotas.code(),
    }
}

/// One of two people who release contracts.
pub fn contract_operator(index: u8) -> PrivateKeySigner {
    PrivateKeySigner::from_bytes(&B256::repeat_byte(0xc1 + index)).unwrap()
}

pub fn main_name() -> ChainName {
    ChainName("main".to_owned())
}

pub fn side_name() -> ChainName {
    ChainName("degree".to_owned())
}

pub fn now() -> u64 {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs()
}

impl City {
    /// Runs a scenario on two anvils.
    pub fn on_anvil<F: Future<Output = ()>>(scenario: impl FnOnce(Arc<Self>) -> F) {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let arguments = ["--gas-price", "0", "--block-base-fee-per-gas", "0"];
            let anvils: Vec<Anvil> = (0..2).map(|_| Anvil::start(&arguments).unwrap()).collect();
            install(&anvils[0].url, &main_chain(&authorities())).await.unwrap();
            install(&anvils[1].url, &side_chain(&authorities(), &[CertificateKind::DEGREE])).await.unwrap();
            let wire = Wire::to(&anvils[1].url).await.unwrap();
            let configs = vec![
                ChainConfig::uncertified("main", anvils[0].url.parse().unwrap(), ANVIL_CHAIN_ID),
                ChainConfig::uncertified("degree", wire.url.parse().unwrap(), ANVIL_CHAIN_ID),
            ];
            let register = Arc::new(Register::default());
            let processing = assemble(configs, ANVIL_CHAIN_ID, &register).await;
            let nodes = Vec::new();
            let chain_id = ANVIL_CHAIN_ID;
            scenario(Arc::new(Self { processing, register, wire, certified: false, chain_id, anvils, nodes })).await;
        });
    }

    /// Runs a scenario on two nodes of ours, in this process. Rights are written to both chains.
    pub fn on_own_nodes<F: Future<Output = ()>>(scenario: impl FnOnce(Arc<Self>) -> F) {
        Self::on_nodes(|_| side_chain(&authorities(), &[CertificateKind::DEGREE]), scenario);
    }

    /// The same, where the side chain takes rights from the main chain by proof. Nobody carries proofs.
    pub fn on_nodes_that_prove<F: Future<Output = ()>>(scenario: impl FnOnce(Arc<Self>) -> F) {
        let side = |genesis_hash| {
            let main = FollowedMain { chain_id: 7100, genesis_hash, max_age_s: 900 };
            anchored_side_chain(&authorities(), &[CertificateKind::DEGREE], &main, &[])
        };
        Self::on_nodes(side, scenario);
    }

    fn on_nodes<F: Future<Output = ()>>(
        side: impl FnOnce(B256) -> Vec<Predeploy>,
        scenario: impl FnOnce(Arc<Self>) -> F,
    ) {
        let dir = tempfile::tempdir().unwrap();
        let runner = commonware_runtime::tokio::Runner::new(runtime_config(&dir.path().join("consensus")));
        runner.start(|context| async move {
            let main = node_config("main", 7100, main_chain(&authorities()), dir.path());
            let genesis_hash = main.genesis.build().unwrap().header().hash();
            let side = node_config("degree", 7103, side(genesis_hash), dir.path());
            let main = Node::start(context.child("node"), main).await.unwrap();
            let side = Node::start(context.child("node"), side).await.unwrap();
            let wire = Wire::to(side.rpc_url()).await.unwrap();
            let configs = vec![
                ChainConfig::certified("main", main.rpc_url().parse().unwrap(), main.essentials().clone()),
                ChainConfig::certified("degree", wire.url.parse().unwrap(), side.essentials().clone()),
            ];
            let register = Arc::new(Register::default());
            let processing = assemble(configs, 7103, &register).await;
            let (anvils, nodes) = (Vec::new(), vec![main, side]);
            scenario(Arc::new(Self { processing, register, wire, certified: true, chain_id: 7103, anvils, nodes }))
                .await;
        });
    }

    /// Another processing over the same chains that has seen nothing of them.
    pub async fn fresh(&self) -> Processing {
        let configs = self.processing_configs();
        assemble(configs, self.chain_id, &self.register).await
    }

    fn processing_configs(&self) -> Vec<ChainConfig> {
        if self.certified {
            let config = |name: &str, url: String, node: &NodeHandle| {
                ChainConfig::certified(name, url.parse().unwrap(), node.essentials().clone())
            };
            vec![
                config("main", self.nodes[0].rpc_url().to_owned(), &self.nodes[0]),
                config("degree", self.wire.url.clone(), &self.nodes[1]),
            ]
        } else {
            let config = |name: &str, url: &str| ChainConfig::uncertified(name, url.parse().unwrap(), ANVIL_CHAIN_ID);
            vec![config("main", &self.anvils[0].url), config("degree", &self.wire.url)]
        }
    }

    pub async fn control(&self, change: Change, mode: Mode) -> Vec<String> {
        self.processing.control(&by_operator(), &change, mode).await.unwrap().effects
    }

    /// Registers the office and authorizes a key of it for degrees.
    pub async fn found_office(&self) -> PrivateKeySigner {
        let clerk = PrivateKeySigner::random();
        self.control(register(OFFICE), Mode::Apply).await;
        self.control(authorize(OFFICE, clerk.address(), "degree"), Mode::Apply).await;
        clerk
    }

    /// A certificate that a clerk issues.
    pub fn issue(&self, clerk: &PrivateKeySigner, number: u64) -> SignedOperation {
        self.renew(clerk, number, None)
    }

    /// A certificate that renews another one.
    pub fn renew(&self, clerk: &PrivateKeySigner, number: u64, previous: Option<u64>) -> SignedOperation {
        let sealed = Bytes::from(format!("sealed {number}").into_bytes());
        let issue = Issue {
            certificate_id: CertificateId::new(subject(number)).unwrap(),
            kind: CertificateKind::DEGREE,
            organization: OrganizationCode::parse(OFFICE).unwrap(),
            holder: Address::repeat_byte(0x55),
            content_hash: keccak256("document"),
            sealed_hash: keccak256(&sealed),
            valid_from: UnixSeconds(1_700_000_000),
            valid_until: UnixSeconds::ZERO,
            previous: previous.map(|number| CertificateId::new(subject(number)).unwrap()),
            deadline: UnixSeconds(now() + 3600),
        };
        let digest = issue.digest(&SigningDomain::new(self.chain_id, predeploys::CERTIFICATE_REGISTRY));
        SignedOperation {
            operation_type: OperationType("certificate.issue".to_owned()),
            chain: side_name(),
            message: serde_json::to_value(&issue).unwrap(),
            payload: sealed,
            signature: clerk.sign_hash_sync(&digest).unwrap().as_bytes().to_vec().into(),
        }
    }

    pub fn no_chain() -> ChainName {
        ChainName("atlantis".to_owned())
    }

    pub fn handlers(&self) -> OperationHandlers {
        handlers(self.chain_id)
    }
}

/// What anybody may read, and what inspectors may.
fn read_rights() -> Vec<AccessRight> {
    let right = |name, holders| AccessRight {
        name,
        holders,
        chain: None,
        contracts: Contracts::Of(&[predeploys::CERTIFICATE_REGISTRY]),
    };
    vec![
        right("certificates.query", Holders::Anybody),
        right("certificates.check", Holders::Roles(&[Office::Inspector])),
        right("certificates.trace", Holders::Roles(&[Office::Citizen, Office::Issuer])),
        right("certificates.of-holder", Holders::Roles(&[Office::Registered, Office::Citizen, Office::Supervisor])),
    ]
}

/// An operator who configures.
pub fn by_operator() -> Mandate {
    Mandate::of(&Actor::new(OPERATOR, [Office::Operator]), rights::CONFIGURATION)
}

/// A supervisor who looks.
pub fn by_supervisor() -> Mandate {
    Mandate::of(&Actor::new(SUPERVISOR, [Office::Supervisor]), rights::SUPERVISION)
}

pub fn subject(number: u64) -> B256 {
    keccak256(number.to_be_bytes())
}

/// Data without a contract call of its own.
pub fn reading(number: u64) -> SignedOperation {
    SignedOperation {
        operation_type: OperationType("data.record".to_owned()),
        chain: side_name(),
        message: serde_json::json!({ "number": number }),
        payload: Bytes::new(),
        signature: Bytes::new(),
    }
}

/// A data block as representation makes it.
pub fn block(city: &City, operations: Vec<SignedOperation>) -> DataBlock {
    let handlers = city.handlers();
    let operations = operations
        .into_iter()
        .map(|operation| {
            let interpreted = handlers.get(&operation.operation_type).unwrap().interpret(&operation).unwrap();
            (operation, interpreted)
        })
        .collect();
    let mut block = DataBlock { chain: side_name(), root: B256::ZERO, operations, closed_at_ms: now() * 1000 };
    block.root = DataBlockTree::new(&block.leaves().unwrap()).unwrap().root().0;
    block
}

pub fn register(code: &str) -> Change {
    Change::RegisterOrganization {
        code: code.to_owned(),
        name: "An office".to_owned(),
        administrator: Address::repeat_byte(0x33),
    }
}

pub fn authorize(code: &str, key: Address, right: &str) -> Change {
    let key =
        OrganizationKey { address: key, right: right.to_owned(), not_before: 0, not_after: None, revoked_at: None };
    Change::AuthorizeKey { organization: code.to_owned(), key }
}

fn handlers(chain_id: u64) -> OperationHandlers {
    let issue: Arc<dyn OperationHandler> = Arc::new(IssueHandler { chain_id });
    OperationHandlers::default().with(issue).with(Arc::new(RecordHandler))
}

async fn assemble(configs: Vec<ChainConfig>, chain_id: u64, register: &Arc<Register>) -> Processing {
    let limits = LedgerLimits {
        request_timeout: Duration::from_secs(2),
        breaker_open_min: Duration::from_millis(50),
        breaker_open_max: Duration::from_millis(200),
        ..LedgerLimits::default()
    };
    let ledger = Ledger::connect(configs, limits, RevertReasons::of_our_contracts()).await.unwrap();
    let key = Arc::new(SubmitterKey::from_hex(FIRST_KEY).unwrap());
    let config = ProcessingConfig {
        main: main_name(),
        submitter: Arc::clone(&key),
        operator: key,
        kinds: BTreeMap::from([("degree".to_owned(), side_name())]),
        genesis_files: BTreeMap::new(),
        public_rpc_urls: BTreeMap::new(),
        shown_patience: Duration::from_millis(100),
        rights: read_rights(),
        operators: [OPERATOR].into(),
        supervisors: [SUPERVISOR].into(),
        registrations: register.clone(),
        anchors: Arc::new(AnchorOfTheMain),
    };
    Processing::new(ledger, handlers(chain_id), config, Arc::new(|| now() * 1000)).unwrap()
}

fn node_config(name: &str, chain_id: u64, contracts: Vec<Predeploy>, dir: &Path) -> NodeConfig {
    let keys = ValidatorKeys::from_seed(1);
    let funded = GenesisAccount::default().with_balance(U256::from(10).pow(U256::from(24)));
    let genesis = GenesisConfig {
        name: name.to_owned(),
        chain_id,
        timestamp: now(),
        gas_limit: BLOCK_GAS_LIMIT_DEFAULT,
        validators: vec![keys.public("validator")],
        alloc: BTreeMap::from([(FIRST_ACCOUNT, funded)]),
        predeploys: contracts
            .into_iter()
            .map(|Predeploy { address, init_code, .. }| PredeployConfig { address, init_code, deployer: FIRST_ACCOUNT })
            .collect(),
    };
    NodeConfig {
        genesis,
        data_dir: dir.join(name),
        votes_dir: dir.to_owned(),
        keys,
        role: Role::Validator,
        p2p: P2pConfig::alone(),
        rpc: RpcConfig::new("127.0.0.1:0".parse().unwrap()),
        execution: ExecutionConfig::default(),
        heartbeat: Duration::from_secs(2),
    }
}
