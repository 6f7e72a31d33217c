//! A real node but for clock, randomness and sockets, that can be stopped and started again over the same files.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use chancery_chain::{
    Channels, ConsensusTiming, EngineConfig, EngineHandle, NodeError, PeerKey, PeerTracker, Role, ValidatorKeys,
    ValidatorSet, Witness, start_engine,
};
use chancery_execution::{Blockchain, ExecutionConfig, Genesis, GenesisConfig, StoreConfig};
use commonware_p2p::simulated::{Control, Oracle};
use commonware_runtime::{Clock as _, Handle, Quota, Spawner as _, Supervisor as _, deterministic};
use commonware_utils::NZU32;

use super::{
    faults::{
        channel::{Ears, Mouth, SharedLiar, Topic},
        deliveries::{Deliveries, Disorder},
        lies::Informs,
    },
    own_clock::{ClockError, OwnClock},
};

/// As on a real network. Mailboxes have room for this and the number of peers, so more would cost most of the time of a run.
const SMALL_MESSAGES_PER_SECOND: Quota = Quota::per_second(NZU32!(512));
const LARGE_MESSAGES_PER_SECOND: Quota = Quota::per_second(NZU32!(128));
/// The channels of the network.
pub const TOPICS: [(u64, Topic); 6] = [
    (0, Topic::Votes),
    (1, Topic::Certificates),
    (2, Topic::Requests),
    (3, Topic::Blocks),
    (4, Topic::Backfill),
    (5, Topic::Transactions),
];

/// How many messages a channel carries from one peer to another.
pub const fn quota(topic: Topic) -> Quota {
    match topic {
        Topic::Votes | Topic::Certificates | Topic::Requests => SMALL_MESSAGES_PER_SECOND,
        Topic::Blocks | Topic::Backfill | Topic::Transactions => LARGE_MESSAGES_PER_SECOND,
    }
}

/// The simulated network connects everybody with everybody, whoever votes.
struct Everybody;

impl PeerTracker for Everybody {
    fn track(&mut self, _: &ValidatorSet) {}
}

/// A genesis, and what every node makes of it.
#[derive(Clone)]
pub struct BuiltGenesis {
    pub genesis: Genesis,
    pub validators: ValidatorSet,
}

impl BuiltGenesis {
    pub fn new(config: &GenesisConfig) -> Self {
        let genesis = config.build().unwrap();
        let validators = ValidatorSet::new(config, genesis.header().hash()).unwrap();
        Self { genesis, validators }
    }
}

/// One node that can be stopped and started again over the same files.
pub struct TestNode {
    pub keys: ValidatorKeys,
    pub role: Role,
    /// Where its record of votes is; with its data if nothing is said.
    pub votes_dir: Option<PathBuf>,
    /// Whether nobody else is there.
    pub is_alone: bool,
    /// What its clock shows.
    pub clock: ClockError,
    /// How messages come in.
    pub disorder: Disorder,
    /// How it lies, if it does.
    pub liar: Option<SharedLiar>,
    pub chain: Option<Blockchain>,
    /// What it hears.
    pub witness: Option<Witness>,
    task: Option<Handle<()>>,
    starts: u64,
}

pub type TestOracle = Oracle<PeerKey, deterministic::Context>;

/// A node that runs.
pub struct Started {
    chain: Blockchain,
    witness: Witness,
    task: Handle<()>,
}

/// What one start of a node needs.
pub struct Instance {
    pub keys: ValidatorKeys,
    pub dir: PathBuf,
    pub votes_dir: PathBuf,
    /// What the names of consensus' files begin with.
    pub partition: String,
    pub heartbeat: Duration,
    /// Whether nobody else is there.
    pub is_alone: bool,
    pub clock: ClockError,
    pub liar: Option<SharedLiar>,
    /// Whether its end is a failure of the test.
    pub must_last: bool,
    /// In the order of [`TOPICS`].
    pub channels: Vec<(Mouth, Ears)>,
}

impl TestNode {
    pub fn new(keys: ValidatorKeys) -> Self {
        Self {
            keys,
            role: Role::Validator,
            votes_dir: None,
            is_alone: false,
            clock: ClockError::default(),
            disorder: Disorder::default(),
            liar: None,
            chain: None,
            witness: None,
            task: None,
            starts: 0,
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
        genesis: &BuiltGenesis,
        dir: &Path,
        heartbeat: Duration,
    ) -> Result<(), NodeError> {
        let peer = self.keys.peer_public_key();
        let channels = self.channels(&oracle.control(peer.clone())).await;
        genesis.validators.check_role(self.role, &self.keys)?;
        let instance = Instance {
            keys: self.keys.clone(),
            dir: dir.to_owned(),
            votes_dir: self.votes_dir.clone().unwrap_or_else(|| dir.to_owned()),
            partition: format!("main-{peer}"),
            heartbeat,
            is_alone: self.is_alone,
            clock: self.clock.clone(),
            liar: self.liar.clone(),
            must_last: self.liar.is_none(),
            channels,
        };
        let started = instance.start(context, oracle, genesis).await?;
        self.keep(started);
        Ok(())
    }

    pub fn keep(&mut self, started: Started) {
        self.chain = Some(started.chain);
        self.witness = Some(started.witness);
        self.task = Some(started.task);
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

    async fn channels(&mut self, control: &Control<PeerKey, deterministic::Context>) -> Vec<(Mouth, Ears)> {
        self.starts += 1;
        let mut channels = Vec::new();
        for (number, topic) in TOPICS {
            let (sender, receiver) = control.register(number, quota(topic)).await.unwrap();
            let mouth = Mouth::new(sender, topic, self.liar.clone());
            let first_byte = u64::from(self.keys.peer_public_key_bytes()[0]);
            let seed = (self.starts << 16) | (first_byte << 8) | number;
            let deliveries = Deliveries::new(self.disorder.clone(), seed);
            let answering = self.liar.clone().map(|liar| (liar, mouth.clone()));
            channels.push((mouth, Ears::new(receiver, topic, deliveries, answering)));
        }
        channels
    }
}

impl Instance {
    /// Opens the data and starts consensus.
    pub async fn start(
        self,
        context: &deterministic::Context,
        oracle: &TestOracle,
        genesis: &BuiltGenesis,
    ) -> Result<Started, NodeError> {
        let chain = Blockchain::open(&self.dir, &genesis.genesis, small())?;
        let peer = self.keys.peer_public_key();
        let own = OwnClock::new(context.child("validator").with_attribute("node", &self.partition), self.clock.clone());
        let timing = ConsensusTiming::from_heartbeat(self.heartbeat);
        let clock = own.child("clock");
        let witness =
            Witness::new(chain.clone(), peer.clone(), timing, &self.dir, move || clock.current(), String::new).unwrap();
        let config = EngineConfig {
            chain: chain.clone(),
            keys: self.keys,
            tracker: match self.liar {
                Some(liar) => Box::new(Informs(liar)),
                None => Box::new(Everybody),
            },
            has_peers: !self.is_alone,
            can_fetch: !self.is_alone,
            validators: genesis.validators.clone(),
            peers: oracle.manager(),
            blocker: oracle.control(peer),
            timing,
            partition: self.partition,
            data_dir: self.dir,
            votes_dir: self.votes_dir,
            witness: witness.clone(),
        };
        let channels = named(self.channels);
        let must_last = self.must_last;
        let (ready, is_ready) = futures::channel::oneshot::channel();
        let task = own.spawn(move |context| async move {
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
            assert!(!must_last, "the engine ended: {ended}");
        });
        match is_ready.await.unwrap() {
            Ok(()) => Ok(Started { chain, witness, task }),
            Err(error) => {
                let _ = task.await;
                Err(error)
            }
        }
    }
}

fn named(channels: Vec<(Mouth, Ears)>) -> Channels<Mouth, Ears> {
    let Ok([votes, certificates, resolver, blocks, backfill, transactions]) =
        <[(Mouth, Ears); TOPICS.len()]>::try_from(channels)
    else {
        unreachable!("one channel for each topic")
    };
    Channels { votes, certificates, resolver, blocks, backfill, transactions }
}

/// Many nodes of short life share a process.
fn small() -> ExecutionConfig {
    const CACHE_BYTES: usize = 256 * 1024;
    let store = StoreConfig {
        block_cache_bytes: CACHE_BYTES as u64,
        write_buffer_bytes: CACHE_BYTES as u64,
        state_cache_bytes: CACHE_BYTES,
        trie_cache_bytes: CACHE_BYTES,
        ..StoreConfig::default()
    };
    ExecutionConfig { store, ..ExecutionConfig::default() }
}
