use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
    time::Duration,
};

use chancery_execution::{ExecutionConfig, GenesisConfig};
use chancery_rpc::RpcConfig;
use commonware_runtime::tokio as runtime;

use crate::{PeerKey, ValidatorKeys};

/// How long an idle leader waits for a transaction before it proposes an empty block.
pub const DEFAULT_HEARTBEAT: Duration = Duration::from_secs(10);

/// How far a block's time may lie ahead of a validator's clock before the validator waits with its vote.
pub const MAX_CLOCK_DRIFT: Duration = Duration::from_millis(500);

/// Everything that a node needs to be told.
#[derive(Clone, Debug)]
pub struct NodeConfig {
    /// The chain.
    pub genesis: GenesisConfig,
    /// Where the chain's blocks and state are kept. Consensus keeps its own files in the runtime's storage directory (see
    /// [`runtime_config`]).
    pub data_dir: PathBuf,
    /// Where the record of the views that the keys may have voted in is kept (CHAIN-7): beside the keys, not in a folder that is wiped or put back
    /// with the data.
    pub votes_dir: PathBuf,
    /// Who this node is.
    pub keys: ValidatorKeys,
    /// What it does.
    pub role: Role,
    /// How it reaches the others.
    pub p2p: P2pConfig,
    /// Where it serves JSON-RPC.
    pub rpc: RpcConfig,
    /// Caches and bounds of execution.
    pub execution: ExecutionConfig,
    /// See [`DEFAULT_HEARTBEAT`].
    pub heartbeat: Duration,
}

/// What a node does on its chain.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Role {
    /// Proposes and votes; its keys stand in the validator set.
    #[default]
    Validator,
    /// Takes part in the network, verifies and executes everything, and votes on nothing: for reading, and as a spare. Its keys stand in no
    /// set, and each validator that it is to be connected with lists it among its followers.
    Follower,
}

/// The validators' own network.
#[derive(Clone, Debug)]
pub struct P2pConfig {
    /// Where to listen; port 0 takes a free one, which nobody can be told of: for a single validator.
    pub listen: SocketAddr,
    /// Where each of the other validators listens.
    pub peers: Vec<PeerAddress>,
    /// Followers that may connect to this node.
    pub followers: Vec<PeerAddress>,
    /// Whether addresses of private networks and the loopback interface are dialled and accepted.
    pub allow_private_addresses: bool,
}

impl P2pConfig {
    /// A network of one: nobody is dialled, and the port is any on the loopback interface.
    #[must_use]
    pub const fn alone() -> Self {
        Self {
            listen: SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0),
            peers: Vec::new(),
            followers: Vec::new(),
            allow_private_addresses: true,
        }
    }
}

/// Where another node listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeerAddress {
    /// Its peer key, for a validator the one in the genesis file.
    pub key: PeerKey,
    /// Its address.
    pub address: SocketAddr,
}

/// Consensus' timeouts. They follow from the heartbeat alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConsensusTiming {
    /// An idle leader's wait.
    pub heartbeat: Duration,
    /// A view without a proposal is given up after this. An honest idle leader proposes after the heartbeat; what is added
    /// is for building, sending and clocks. So this is how long a silent leader can hide, and the only cost of a slow
    /// heartbeat: keep both short where several validators matter more than idle cost.
    pub leader_timeout: Duration,
    /// A view that is not certified is given up after this: after the latest proposal there must be time for executing a
    /// full block and two message delays.
    pub certification_timeout: Duration,
    /// A vote to give up a view is repeated so often.
    pub nullify_retry: Duration,
    /// A leader that nobody has heard of for so long is skipped at once when its turn comes, so a dead validator costs its
    /// timeout once, not in every round. Longer than the certification timeout, as consensus demands.
    pub inactivity_timeout: Duration,
}

impl ConsensusTiming {
    /// What is added to the heartbeat for a leader's own work.
    const LEADER_MARGIN: Duration = Duration::from_secs(2);
    /// What is added for executing and voting.
    const CERTIFICATION_MARGIN: Duration = Duration::from_secs(2);

    /// The timeouts that fit a heartbeat.
    #[must_use]
    pub const fn from_heartbeat(heartbeat: Duration) -> Self {
        let leader_timeout = heartbeat.saturating_add(Self::LEADER_MARGIN);
        let certification_timeout = leader_timeout.saturating_add(Self::CERTIFICATION_MARGIN);
        Self {
            heartbeat,
            leader_timeout,
            certification_timeout,
            nullify_retry: Self::LEADER_MARGIN,
            inactivity_timeout: certification_timeout.saturating_mul(2),
        }
    }
}

/// A runtime that all chains of a process share: few threads, small stacks, consensus files under `storage_dir`.
///
/// Run everything inside it: `Runner::new(runtime_config(dir)).start(|context| async move { ... })`.
#[must_use]
pub fn runtime_config(storage_dir: &Path) -> runtime::Config {
    /// Consensus is mostly waiting; signatures and execution run on blocking threads.
    const WORKER_THREADS: usize = 2;
    /// Threads exist only while they are used. Many disk operations of six chains may wait at once.
    const MAX_BLOCKING_THREADS: usize = 64;
    runtime::Config::new()
        .with_worker_threads(WORKER_THREADS)
        .with_max_blocking_threads(MAX_BLOCKING_THREADS)
        // What consensus gives up on ends the part, and the node with it, by a named error.
        .with_catch_panics(true)
        .with_storage_directory(storage_dir)
}
