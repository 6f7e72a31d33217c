//! Everything that may go wrong at once, by a seed: crashes at any await, loss, delay, partitions, and up to f validators that lie.
//!
//! What must hold in every run (`docs/specs/chain.md`): all honest chains are prefixes of one, each block of it provable; what an honest
//! validator has once called final stays; when the faults end, the chain goes on and everybody catches up.

use std::{collections::BTreeMap, time::Duration};

use alloy::primitives::{B256, keccak256};
use chancery_chain::{BlockDigest, ConsensusScheme, PeerKey, ValidatorKeys};
use commonware_codec::{DecodeExt as _, Encode as _};
use commonware_consensus::simplex::types::{Finalize, Notarize, Proposal, Vote};
use commonware_p2p::{Receiver as _, Recipients, Sender as _, simulated::Link, utils::mux};
use commonware_runtime::{Clock as _, Handle, Quota, Spawner as _, Supervisor as _, deterministic};
use commonware_utils::{NZU32, probability};
use rand::{Rng, RngExt as _, SeedableRng as _, rngs::StdRng, seq::IteratorRandom as _};

use super::{
    simulation::{Simulation, good_link, simulate},
    transfer,
};

/// How long faults happen.
const FAULTS: Duration = Duration::from_secs(40);
/// The longest time between two faults.
const MAX_PAUSE_MS: u64 = 2_500;
/// How often transactions are sent and nodes are looked at.
const STEP: Duration = Duration::from_millis(50);
/// What a healed network may take until everybody has everything: the longest timeouts, several times over.
const HEALED_WITHIN: Duration = Duration::from_secs(120);
/// Accounts that send.
const SENDERS: u8 = 3;

/// How a validator breaks the rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lie {
    /// Says nothing at all.
    Silent,
    /// Votes for every proposal and for another one of the same view.
    DoubleVotes,
    /// Proposes and votes, but keeps its blocks to itself.
    WithholdsBlocks,
}

/// What one run came to.
#[derive(Debug, PartialEq, Eq)]
pub struct Outcome {
    /// Of the final chain and of everything that happened: the same seed gives the same.
    pub digest: B256,
    /// Final blocks.
    pub blocks: usize,
    /// Final transactions.
    pub transactions: u64,
    /// Faults that happened.
    pub faults: usize,
}

/// One run with everything that the seed says.
///
/// # Panics
/// When a promise is broken; the seed is on standard error.
pub fn run(seed: u64, validators: u64) -> Outcome {
    simulate(seed, move |context| async move { Run::new(context, seed, validators).await.play().await })
}

struct Run {
    simulation: Simulation,
    random: StdRng,
    liars: BTreeMap<usize, Lie>,
    liar_tasks: Vec<Handle<()>>,
    /// Height -> hash of every block that an honest validator has called final.
    seen: BTreeMap<u64, B256>,
    /// Everything that happened, for the digest.
    story: String,
    faults: usize,
}

impl Run {
    async fn new(context: deterministic::Context, seed: u64, validators: u64) -> Self {
        let mut random = StdRng::seed_from_u64(seed);
        let simulation = Simulation::new(context, validators, good_link()).await;
        let most = (validators as usize - 1) / 3;
        let count = random.random_range(0..=most);
        let liars = (0..validators as usize)
            .sample(&mut random, count)
            .into_iter()
            .map(|index| (index, [Lie::Silent, Lie::DoubleVotes, Lie::WithholdsBlocks][random.random_range(0..3)]))
            .collect();
        Self { simulation, random, liars, liar_tasks: vec![], seen: BTreeMap::new(), story: String::new(), faults: 0 }
    }

    async fn play(mut self) -> Outcome {
        for index in 0..self.simulation.nodes.len() {
            match self.liars.get(&index) {
                None => self.simulation.start(index).await,
                Some(Lie::WithholdsBlocks) => {
                    self.simulation.nodes[index].withholds_blocks = true;
                    self.simulation.start(index).await;
                }
                Some(Lie::DoubleVotes) => self.start_double_voter(index).await,
                Some(Lie::Silent) => {}
            }
        }
        let end = self.simulation.context.current() + FAULTS;
        let mut next = self.pause();
        while self.simulation.context.current() < end {
            if self.simulation.context.current() >= next {
                self.fault().await;
                next = self.pause();
            }
            self.step().await;
        }
        self.heal().await;
        self.outcome()
    }

    fn pause(&mut self) -> std::time::SystemTime {
        self.simulation.context.current() + Duration::from_millis(self.random.random_range(0..MAX_PAUSE_MS))
    }

    fn honest(&self) -> Vec<usize> {
        (0..self.simulation.nodes.len()).filter(|index| !self.liars.contains_key(index)).collect()
    }

    fn runs(&self, index: usize) -> bool {
        self.simulation.nodes[index].chain.is_some()
    }

    /// Sends what each account has to send next to some node, and looks at what is final.
    async fn step(&mut self) {
        let running: Vec<_> = self.honest().into_iter().filter(|index| self.runs(*index)).collect();
        for index in &running {
            self.look(*index);
        }
        if let Some(node) = running.iter().choose(&mut self.random).copied() {
            let from = self.random.random_range(0..SENDERS);
            let nonce = running.iter().map(|index| self.simulation.nonce(*index, from)).max().unwrap_or_default();
            // It may be known already, or its predecessor not yet final here.
            let _ = self.simulation.nodes[node].chain().pool().add(vec![transfer(from, nonce)]);
        }
        self.simulation.context.sleep(STEP).await;
    }

    /// Whatever an honest validator calls final is what every other has called final at that height.
    fn look(&mut self, index: usize) {
        let chain = self.simulation.nodes[index].chain();
        let head = chain.head().block().height();
        let from = head.saturating_sub(64).max(1);
        for height in from..=head {
            let hash = chain.hash_at(height).unwrap().unwrap();
            let before = *self.seen.entry(height).or_insert(hash);
            assert_eq!(before, hash, "fork at {height}, seen by validator {index}");
        }
    }

    async fn fault(&mut self) {
        self.faults += 1;
        let honest = self.honest();
        let some = *honest.iter().choose(&mut self.random).unwrap();
        match self.random.random_range(0..6) {
            0 | 1 if self.runs(some) => {
                self.tell(format!("crash {some}"));
                self.simulation.kill(some).await;
            }
            0..=2 => self.restart_all().await,
            3 => {
                self.tell("all crash".into());
                for index in honest {
                    if self.runs(index) {
                        self.simulation.kill(index).await;
                    }
                }
                self.restart_all().await;
            }
            4 => self.partition().await,
            _ => {
                let link = Link {
                    latency: Duration::from_millis(self.random.random_range(1..150)),
                    jitter: Duration::from_millis(self.random.random_range(0..100)),
                    success_rate: probability!(0.8),
                };
                self.tell(format!("links {:?} {:?}", link.latency, link.jitter));
                self.link(|_, _| true, &link).await;
            }
        }
    }

    async fn restart_all(&mut self) {
        for index in self.honest() {
            if !self.runs(index) {
                self.tell(format!("start {index}"));
                self.simulation.start(index).await;
            }
        }
    }

    async fn partition(&mut self) {
        let sides: Vec<bool> = self.simulation.nodes.iter().map(|_| self.random.random()).collect();
        self.tell(format!("partition {sides:?}"));
        self.link(|from, to| sides[from] == sides[to], &good_link()).await;
    }

    /// Links again the pairs that may talk, and no others.
    async fn link(&self, may_talk: impl Fn(usize, usize) -> bool, link: &Link) {
        let peers: Vec<PeerKey> = self.simulation.nodes.iter().map(|node| node.keys.peer_public_key()).collect();
        for (from, sender) in peers.iter().enumerate() {
            for (to, receiver) in peers.iter().enumerate().filter(|(to, _)| *to != from) {
                // It may not be there.
                let _ = self.simulation.oracle.remove_link(sender.clone(), receiver.clone()).await;
                if may_talk(from, to) {
                    self.simulation.oracle.add_link(sender.clone(), receiver.clone(), link.clone()).await.unwrap();
                }
            }
        }
    }

    /// The faults end (the liars go on): everybody gets everything, and the chain takes new transactions.
    async fn heal(&mut self) {
        self.tell("heal".into());
        self.link(|_, _| true, &good_link()).await;
        self.restart_all().await;
        let honest = self.honest();
        let deadline = self.simulation.context.current() + HEALED_WITHIN;
        let target: Vec<u64> = (0..SENDERS)
            .map(|from| 2 + honest.iter().map(|index| self.simulation.nonce(*index, from)).max().unwrap_or_default())
            .collect();
        let reached = |run: &Self| {
            honest
                .iter()
                .all(|index| (0..SENDERS).all(|from| run.simulation.nonce(*index, from) >= target[from as usize]))
        };
        while !reached(self) {
            assert!(self.simulation.context.current() < deadline, "no progress after healing: {}", self.story);
            self.step().await;
        }
        for index in honest {
            self.look(index);
        }
    }

    fn outcome(&mut self) -> Outcome {
        let honest = self.honest();
        for index in self.liars.keys() {
            self.simulation.nodes[*index].chain = None;
        }
        let chain = self.simulation.agreed();
        for (height, hash) in &self.seen {
            assert_eq!(chain.get(*height as usize), Some(hash), "block {height} was final and is gone");
        }
        let transactions = (0..SENDERS).map(|from| self.simulation.nonce(honest[0], from)).sum();
        let told = chain.iter().flat_map(|hash| hash.0).chain(self.story.bytes()).collect::<Vec<_>>();
        Outcome { digest: keccak256(told), blocks: chain.len(), transactions, faults: self.faults }
    }

    fn tell(&mut self, what: String) {
        let at = self.simulation.context.current().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        self.story.push_str(&format!("{at:?} {what}; "));
    }

    /// A validator that has no blocks and no state, and answers each vote with two of its own.
    async fn start_double_voter(&mut self, index: usize) {
        let keys = self.simulation.nodes[index].keys.clone();
        let scheme = self.scheme(&keys);
        let control = self.simulation.oracle.control(keys.peer_public_key());
        let quota = Quota::per_second(NZU32!(100_000));
        let (mut sender, mut receiver) = control.register(0, quota).await.unwrap();
        let mut random = StdRng::seed_from_u64(self.random.next_u64());
        let task = self.simulation.context.child("double_voter").spawn(move |_| async move {
            while let Ok((_, message)) = receiver.recv().await {
                // Votes carry the number of their epoch in front; all runs are of one epoch.
                let Ok((0, message)) = mux::parse(message) else { continue };
                let Ok(vote) = Vote::<ConsensusScheme, BlockDigest>::decode(message) else { continue };
                let mut other = [0; 32];
                random.fill_bytes(&mut other);
                let other = BlockDigest::decode(other.to_vec()).unwrap();
                for vote in conflicting(&scheme, &vote, other) {
                    sender.send(Recipients::All, [&[0], vote.encode().as_ref()].concat(), true);
                }
            }
        });
        self.liar_tasks.push(task);
    }

    fn scheme(&self, keys: &ValidatorKeys) -> ConsensusScheme {
        let hash = self.simulation.genesis.build().unwrap().header().hash();
        let validators = chancery_chain::ValidatorSet::new(&self.simulation.genesis, hash).unwrap();
        validators.scheme(keys)
    }
}

/// Votes for the same proposal and for another of the same view.
pub fn conflicting(
    scheme: &ConsensusScheme,
    vote: &Vote<ConsensusScheme, BlockDigest>,
    other: BlockDigest,
) -> Vec<Vote<ConsensusScheme, BlockDigest>> {
    let proposals =
        |proposal: &Proposal<BlockDigest>| [proposal.clone(), Proposal::new(proposal.round, proposal.parent, other)];
    match vote {
        Vote::Notarize(notarize) => proposals(&notarize.proposal)
            .into_iter()
            .filter_map(|proposal| Notarize::sign(scheme, proposal).map(Vote::Notarize))
            .collect(),
        Vote::Finalize(finalize) => proposals(&finalize.proposal)
            .into_iter()
            .filter_map(|proposal| Finalize::sign(scheme, proposal).map(Vote::Finalize))
            .collect(),
        Vote::Nullify(_) => vec![],
    }
}
