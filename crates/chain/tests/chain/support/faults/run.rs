//! Plays a story on a network of real nodes.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use alloy::primitives::keccak256;
use chancery_chain::ValidatorKeys;
use commonware_runtime::{Clock as _, deterministic};
use rand::{RngExt as _, SeedableRng as _, rngs::StdRng, seq::IteratorRandom as _};

use super::{
    Outcome, Told,
    checks::{self, Ledger},
    lies::{Liar, Lie},
    load::{self, SENDERS},
    plan::Plan,
    story::{Change, Fault, Story},
    twins,
    weather::{self, Links},
};
use crate::support::{
    BuiltGenesis, genesis,
    membership::changing_genesis,
    simulation::{Simulation, good_link},
    validator_keys,
};

/// Time between two faults.
const PAUSE_MS: std::ops::Range<u64> = 200..2_500;
/// How often transactions are sent while the network heals.
const HEALING_PACE: Duration = Duration::from_millis(250);
/// What a healed network may take until everybody has everything: the longest timeouts, several times over.
const HEALED_WITHIN: Duration = Duration::from_secs(120);
/// The most that a clock is off.
const CLOCK_ERROR_MS: i64 = 5_000;

pub struct Run {
    simulation: Simulation,
    story: Story,
    random: StdRng,
    ledger: Ledger,
    plan: Plan,
    told: Told,
    drawn: BTreeMap<&'static str, u64>,
}

/// Geneses that were built, by whether the validators may change, the number of nodes and that of validators.
type Built = BTreeMap<(bool, usize, usize), BuiltGenesis>;

/// The genesis of a story. There are a handful of them for all seeds.
fn built(change: Change, keys: &[ValidatorKeys], validators: usize) -> BuiltGenesis {
    static BUILT: Mutex<Built> = Mutex::new(Built::new());
    let changes = change != Change::None;
    let mut built = BUILT.lock().unwrap();
    let build = || BuiltGenesis::new(&if changes { changing_genesis(keys, validators) } else { genesis(keys) });
    built.entry((changes, keys.len(), validators)).or_insert_with(build).clone()
}

impl Run {
    pub async fn new(
        context: deterministic::Context,
        seed: u64,
        validators: u64,
        lie: Option<Lie>,
        told: Told,
    ) -> Self {
        let mut random = StdRng::seed_from_u64(seed);
        let count = validators as usize;
        let drawn = Story::draw(&mut random, count);
        let story = match lie {
            Some(lie) => drawn.of_one_liar(lie),
            None => drawn,
        };
        let keys = validator_keys(validators + u64::from(story.change.has_candidate()));
        let genesis = built(story.change, &keys, count);
        let plan = Plan::new(story.change, &keys, count);
        let mut simulation = Simulation::on(context, keys, genesis, good_link(), story.disconnects).await;
        simulation.heartbeat = story.heartbeat;
        simulation.keep_votes_apart();
        let mut run = Self { simulation, story, random, ledger: Ledger::default(), plan, told, drawn: BTreeMap::new() };
        run.tell(format!("{:?}", run.story));
        run
    }

    pub async fn play(mut self) -> Outcome {
        self.begin().await;
        for fault in self.story.faults.clone() {
            self.pause().await;
            if self.random.random_range(0..3) > 0 {
                self.restart_all().await;
            }
            if self.random.random() {
                self.links(&weather::calm(self.nodes()), "calm").await;
            }
            self.happens(fault).await;
        }
        self.pause().await;
        let healed_after = self.heal().await;
        self.outcome(healed_after).await
    }

    async fn begin(&mut self) {
        *self.drawn.entry(self.story.change.name()).or_default() += 1;
        for index in 0..self.nodes() {
            let Some(lie) = self.story.liars.get(&index).copied() else {
                self.simulation.start(index).await;
                continue;
            };
            *self.drawn.entry(lie.name()).or_default() += 1;
            if lie == Lie::Twins {
                twins::start(&mut self.simulation, index, &mut self.random).await;
                continue;
            }
            let keys = self.simulation.nodes[index].keys.clone();
            let others = self.simulation.nodes.iter().map(|node| node.keys.peer_public_key());
            let others = others.filter(|peer| *peer != keys.peer_public_key()).collect();
            let liar = Liar::new(lie, keys, others, self.random.random());
            self.simulation.nodes[index].liar = Some(Arc::new(Mutex::new(liar)));
            self.simulation.start(index).await;
        }
    }

    fn nodes(&self) -> usize {
        self.simulation.nodes.len()
    }

    fn honest(&self) -> Vec<usize> {
        (0..self.nodes()).filter(|index| !self.story.liars.contains_key(index)).collect()
    }

    fn running(&self) -> Vec<usize> {
        self.honest().into_iter().filter(|index| self.simulation.nodes[*index].chain.is_some()).collect()
    }

    /// Time passes with transactions, until the next fault.
    async fn pause(&mut self) {
        let end = self.now() + Duration::from_millis(self.random.random_range(PAUSE_MS));
        while self.now() < end {
            self.step();
            let left = end.duration_since(self.now()).unwrap_or_default();
            self.simulation.context.sleep(self.story.pace.min(left)).await;
        }
    }

    fn now(&self) -> SystemTime {
        self.simulation.context.current()
    }

    /// Sends what there is to send, and looks at what is final.
    fn step(&mut self) {
        let running = self.running();
        for index in &running {
            let chain = self.simulation.nodes[*index].chain();
            self.ledger.look(*index, chain);
            self.plan.look(chain);
        }
        load::send(&self.simulation, &running, &self.plan, &mut self.random);
    }

    async fn happens(&mut self, fault: Fault) {
        if fault == Fault::ExecutionLost && self.story.losers.is_empty() {
            return;
        }
        *self.drawn.entry(fault.name()).or_default() += 1;
        let nodes = self.nodes();
        match fault {
            Fault::Crash => {
                if let Some(node) = self.running().into_iter().choose(&mut self.random) {
                    self.crash(&[node]).await;
                }
            }
            Fault::CrashSeveral => {
                let running = self.running();
                let count = self.random.random_range(0..=running.len());
                let some = running.into_iter().sample(&mut self.random, count);
                self.crash(&some).await;
            }
            Fault::CrashAll => {
                self.crash(&self.running()).await;
                let away = Duration::from_millis(self.random.random_range(0..300));
                self.simulation.context.sleep(away).await;
                self.restart_all().await;
            }
            Fault::ExecutionLost => {
                let Some(node) = self.story.losers.iter().choose(&mut self.random).copied() else { return };
                if self.simulation.nodes[node].chain.is_some() {
                    self.crash(&[node]).await;
                }
                self.tell(format!("execution data of {node} lost"));
                self.simulation.dirs[node] = tempfile::tempdir().unwrap();
                self.restart_all().await;
            }
            Fault::Partition => {
                let links = weather::partition(nodes, &mut self.random);
                self.links(&links, "partition").await;
            }
            Fault::Isolation => {
                let links = weather::isolation(nodes, &mut self.random);
                self.links(&links, "isolation").await;
            }
            Fault::OneWay => {
                let links = weather::one_way(nodes, &mut self.random);
                self.links(&links, "one way").await;
            }
            Fault::Loss => {
                let links = weather::loss(nodes, &mut self.random);
                self.links(&links, "loss").await;
            }
            Fault::Delay => {
                let links = weather::delay(nodes, &mut self.random);
                self.links(&links, "delay").await;
            }
            Fault::Disorder => {
                let (again, late) = (self.random.random_range(0..60), self.random.random_range(0..40));
                self.tell(format!("{again} % come again, {late} % late"));
                self.simulation.nodes.iter().for_each(|node| node.disorder.set_percent(again, late));
            }
            Fault::ClockStep => {
                let node = self.random.random_range(0..nodes);
                let ahead = self.random.random_range(-CLOCK_ERROR_MS..CLOCK_ERROR_MS);
                self.tell(format!("clock of {node} {ahead} ms ahead"));
                self.simulation.nodes[node].clock.set_ms(ahead);
            }
        }
    }

    async fn crash(&mut self, nodes: &[usize]) {
        self.tell(format!("crash {nodes:?}"));
        for node in nodes {
            // What it said before it died was heard.
            self.ledger.look(*node, self.simulation.nodes[*node].chain());
            self.simulation.kill(*node).await;
            self.forget_blocks(*node).await;
        }
    }

    /// Whom a node has shut out it forgets when it dies.
    async fn forget_blocks(&self, node: usize) {
        let me = self.simulation.nodes[node].keys.peer_public_key();
        for (by, whom) in self.simulation.oracle.blocked().await.unwrap() {
            if by == me {
                self.simulation.oracle.unblock(by, whom).await.unwrap();
            }
        }
    }

    async fn restart_all(&mut self) {
        for index in self.honest() {
            if self.simulation.nodes[index].chain.is_none() {
                self.tell(format!("start {index}"));
                self.simulation.start(index).await;
                self.ledger.look_again(index, self.simulation.nodes[index].chain());
            }
        }
    }

    async fn links(&mut self, links: &Links, what: &str) {
        let cut: Vec<_> = (0..links.len())
            .flat_map(|from| (0..links.len()).map(move |to| (from, to)))
            .filter(|(from, to)| links[*from][*to].is_none())
            .collect();
        self.tell(format!("{what} {cut:?}"));
        self.simulation.link(links).await;
    }

    /// The faults end (the liars go on): everybody gets everything, and the chain takes new transactions (SIM-3).
    async fn heal(&mut self) -> Duration {
        self.simulation.nodes.iter().for_each(|node| {
            node.disorder.set_percent(0, 0);
            node.clock.set_ms(0);
        });
        self.links(&weather::calm(self.nodes()), "heal").await;
        self.restart_all().await;
        let began = self.now();
        let honest = self.honest();
        let target: Vec<u64> = (0..SENDERS).map(|from| 1 + load::nonce(&self.simulation, &honest, from)).collect();
        while !self.is_healed(&honest, &target) {
            assert!(self.now() < began + HEALED_WITHIN, "no progress after healing");
            self.step();
            self.simulation.context.sleep(HEALING_PACE).await;
        }
        self.step();
        // What one has called final last is on its way to the others.
        let top = self.ledger.top();
        while honest.iter().any(|node| self.simulation.nodes[*node].height() < top) {
            assert!(self.now() < began + HEALED_WITHIN, "somebody does not get what is final");
            self.simulation.context.sleep(HEALING_PACE).await;
        }
        let took = self.now().duration_since(began).unwrap_or_default();
        self.tell(format!("healed after {took:?}"));
        took
    }

    fn is_healed(&self, honest: &[usize], target: &[u64]) -> bool {
        let has_everything = |node: usize| {
            let chain = self.simulation.nodes[node].chain();
            let counts_from = self.plan.counts_from(chain);
            counts_from.is_some_and(|height| chain.head().block().height() >= height)
                && (0..SENDERS).all(|from| self.simulation.nonce(node, from) >= target[from as usize])
        };
        honest.iter().all(|node| has_everything(*node)) && self.open_liars_are_named(honest)
    }

    /// Every validator that stays has heard both votes of those who vote twice in everybody's hearing (SIM-4).
    fn open_liars_are_named(&self, honest: &[usize]) -> bool {
        let (leaves, liar_leaves) = match self.story.change {
            Change::Leave(node) | Change::Exchange(node) => (Some(node), None),
            Change::LiarLeaves(liar) => (None, Some(liar)),
            _ => (None, None),
        };
        let validators = honest.iter().filter(|node| Some(**node) != leaves && self.is_in_genesis(**node));
        let mut open = self.story.liars.iter().filter(|(liar, lie)| lie.is_open() && Some(**liar) != liar_leaves);
        open.all(|(liar, _)| validators.clone().all(|node| checks::names(&self.simulation, *node, *liar)))
    }

    fn is_in_genesis(&self, node: usize) -> bool {
        node < self.simulation.genesis.validators.peers().len()
    }

    async fn outcome(mut self, healed_after: Duration) -> Outcome {
        let honest = self.honest();
        let liars: BTreeSet<usize> = self.story.liars.keys().copied().collect();
        let hashes = checks::check(&self.simulation, &honest, &liars, &self.ledger).await;
        let events = self.simulation.context.auditor().state();
        self.tell(format!("events {events}"));
        let story = self.told.lock().unwrap().clone();
        let told = hashes.iter().flat_map(|hash| hash.0).chain(story.bytes()).collect::<Vec<_>>();
        let chain = self.simulation.nodes[honest[0]].chain();
        Outcome {
            digest: keccak256(told),
            blocks: hashes.len(),
            transactions: self.ledger.transactions(),
            epochs: chain.epochs().of(chain.head().block().height()),
            healed_after,
            drawn: self.drawn,
        }
    }

    fn tell(&mut self, what: String) {
        let at = self.now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis() % 10_000_000;
        self.told.lock().unwrap().push_str(&format!("\n  {at} {what}"));
    }
}
