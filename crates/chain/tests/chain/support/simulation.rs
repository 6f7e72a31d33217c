//! A network of nodes that are real but for clock, randomness and sockets.

use std::time::{Duration, SystemTime};

use alloy::primitives::B256;
use chancery_chain::{Role, ValidatorKeys};
use chancery_light::TrustedChain;
use commonware_p2p::simulated::{Config, Link, Network};
use commonware_runtime::{Runner as _, Supervisor as _, deterministic};
use commonware_utils::{NZUsize, probability};

use super::{
    BuiltGenesis, TestNode, TestOracle, account, genesis, link_all, transfer, until, validator_keys, verified_hashes,
};

/// Nodes of a simulated network.
const MAX_NODES: std::num::NonZeroUsize = NZUsize!(8);

pub const HEARTBEAT: Duration = Duration::from_secs(1);

/// A network of real nodes on a deterministic clock.
pub struct Simulation {
    pub context: deterministic::Context,
    pub oracle: TestOracle,
    pub nodes: Vec<TestNode>,
    pub dirs: Vec<tempfile::TempDir>,
    pub genesis: BuiltGenesis,
    pub trusted: TrustedChain,
    pub heartbeat: Duration,
    /// Second machines with the keys of a node, and their data.
    pub twins: Vec<(TestNode, tempfile::TempDir)>,
    /// Where the nodes' keys would lie, with the records of their votes.
    homes: Vec<tempfile::TempDir>,
}

fn node(keys: ValidatorKeys, genesis: &BuiltGenesis) -> TestNode {
    let key = keys.peer_public_key();
    let named = genesis.validators.peers().iter().any(|peer| *peer == key);
    let mut node = TestNode::new(keys);
    node.role = if named { Role::Validator } else { Role::Follower };
    node
}

pub fn good_link() -> Link {
    Link { latency: Duration::from_millis(10), jitter: Duration::from_millis(3), success_rate: probability!(1.0) }
}

pub fn bad_link() -> Link {
    Link { latency: Duration::from_millis(30), jitter: Duration::from_millis(25), success_rate: probability!(0.85) }
}

impl Simulation {
    pub async fn new(context: deterministic::Context, validators: u64, link: Link) -> Self {
        let keys = validator_keys(validators);
        let genesis = genesis(&keys);
        Self::of(context, keys, genesis, link).await
    }

    /// Nodes with these keys on this chain; those that the genesis does not name are followers.
    pub async fn of(
        context: deterministic::Context,
        keys: Vec<ValidatorKeys>,
        genesis: chancery_execution::GenesisConfig,
        link: Link,
    ) -> Self {
        Self::on(context, keys, BuiltGenesis::new(&genesis), link, true).await
    }

    /// The same; `disconnects` says whether a node that blocks another loses the connection, too.
    pub async fn on(
        context: deterministic::Context,
        keys: Vec<ValidatorKeys>,
        genesis: BuiltGenesis,
        link: Link,
        disconnects: bool,
    ) -> Self {
        let peers: Vec<_> = keys.iter().map(|keys| keys.peer_public_key()).collect();
        let config = Config {
            max_size: chancery_chain::max_message_bytes(),
            max_peers_per_set: MAX_NODES,
            disconnect_on_block: disconnects,
            tracked_peer_sets: NZUsize!(1),
        };
        let (network, oracle) = Network::new_with_peers(context.child("network"), config, peers).await;
        network.start();
        link_all(&oracle, &keys, &link).await;
        let trusted = genesis.validators.trusted().clone();
        Self {
            context,
            oracle,
            dirs: keys.iter().map(|_| tempfile::tempdir().unwrap()).collect(),
            nodes: keys.into_iter().map(|keys| node(keys, &genesis)).collect(),
            genesis,
            trusted,
            heartbeat: HEARTBEAT,
            twins: vec![],
            homes: vec![],
        }
    }

    /// Each node's record of its votes outlives its data.
    pub fn keep_votes_apart(&mut self) {
        self.homes = self.nodes.iter().map(|_| tempfile::tempdir().unwrap()).collect();
        for (node, home) in self.nodes.iter_mut().zip(&self.homes) {
            node.votes_dir = Some(home.path().to_owned());
        }
    }

    pub async fn start(&mut self, index: usize) {
        let dir = self.dirs[index].path();
        self.nodes[index].start(&self.context, &self.oracle, &self.genesis, dir, self.heartbeat).await.unwrap();
    }

    pub async fn kill(&mut self, index: usize) {
        self.nodes[index].kill(&self.context).await;
    }

    pub async fn start_all(&mut self) {
        for index in 0..self.nodes.len() {
            self.start(index).await;
        }
    }

    pub fn submit(&self, node: usize, from: u8, nonce: u64) {
        let results = self.nodes[node].chain().pool().add(vec![transfer(from, nonce)]);
        results.into_iter().for_each(|result| assert!(result.is_ok(), "{result:?}"));
    }

    pub fn nonce(&self, node: usize, from: u8) -> u64 {
        let state = self.nodes[node].chain().head_state();
        state.account(account(from).address()).unwrap().map_or(0, |account| account.nonce)
    }

    pub fn running(&self) -> impl Iterator<Item = usize> + '_ {
        (0..self.nodes.len()).filter(|index| self.nodes[*index].chain.is_some())
    }

    pub async fn until_nonces(&self, from: u8, nonce: u64) {
        until(&self.context, || self.running().all(|node| self.nonce(node, from) == nonce)).await;
    }

    /// The verified chain of every running node: all are prefixes of one.
    pub fn agreed(&self) -> Vec<B256> {
        let chains: Vec<_> =
            self.running().map(|node| verified_hashes(self.nodes[node].chain(), &self.trusted)).collect();
        let longest = chains.iter().max_by_key(|chain| chain.len()).unwrap().clone();
        for chain in chains {
            assert_eq!(chain[..], longest[..chain.len()]);
        }
        longest
    }
}

pub fn simulate<T, F, Fut>(seed: u64, scenario: F) -> T
where
    F: FnOnce(deterministic::Context) -> Fut,
    Fut: Future<Output = T>,
{
    println_seed(seed);
    let config = deterministic::Config::new()
        .with_seed(seed)
        .with_start_time(simulated_time())
        .with_timeout(Some(Duration::from_secs(600)));
    deterministic::Runner::new(config).start(scenario)
}

/// When simulated time begins: late enough for a clock that is behind.
pub fn simulated_time() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000)
}

#[allow(clippy::print_stderr)]
fn println_seed(seed: u64) {
    eprintln!("seed {seed}");
}
