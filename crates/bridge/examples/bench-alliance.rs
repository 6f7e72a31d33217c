//! `cargo xtask bench alliance`: from a request to its final commit over two members and the alliance chain, one validator each in a process of its own;
//! requester, endorsers and relay are in this process.
#![allow(missing_docs, clippy::unwrap_used, clippy::print_stdout, clippy::large_futures)]

#[path = "../tests/bridge/support/mod.rs"]
mod support;

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use alloy_primitives::B256;
use chancery_bridge::{
    alliance::store::Refusal,
    requester::{NextStep, RequestError, Requester},
};
use chancery_contracts::StoreNode;
use chancery_testing::numbers::{Number, quantile};
use clap::Parser;
use tokio::{task::JoinSet, time::sleep};

use support::partnership::{Partnership, name};

/// Keys that half of a conflict-heavy load is about.
const HOT_KEYS: u32 = 10;
/// What is asked of a request that is alone, in milliseconds.
const ASKED_ALONE_P50_MS: f64 = 1_000.0;
const ASKED_ALONE_P99_MS: f64 = 3_000.0;
/// Requests a second without conflicts that are asked for.
const ASKED_RATE: f64 = 100.0;
/// Of the progress that they make alone, what is asked of requests without conflicts beside as many with them, in hundredths.
const ASKED_PROGRESS: f64 = 80.0;
/// Longest wait for what was committed to be applied.
const MAX_SETTLE: Duration = Duration::from_secs(120);

#[derive(Parser)]
struct Arguments {
    /// Requests one after the other, for the latency without load.
    #[arg(long, default_value_t = 50)]
    alone: u32,
    /// Clients at a time, each of which asks again as soon as it has its answer.
    #[arg(long, default_value_t = 64)]
    clients: u32,
    /// Seconds of each load.
    #[arg(long, default_value_t = 20)]
    seconds: u64,
}

#[derive(Default)]
struct Tally {
    /// From asking to the final commit, of requests that nobody competes with.
    cold: Vec<Duration>,
    /// The same of those about hot keys.
    hot: Vec<Duration>,
    /// Commits of each hot key.
    commits: BTreeMap<u32, u64>,
    /// Refused on chain: a version that was read is not the newest any more.
    stale: u64,
    /// Refused on chain: another request that is not decided yet has reserved the key.
    in_conflict: u64,
    /// Refused by endorsers beforehand: the suggestion is not what they find any more.
    overtaken: u64,
    /// Other ends, by their text.
    others: BTreeMap<String, u64>,
}

impl Tally {
    fn add(&mut self, other: Self) {
        self.cold.extend(other.cold);
        self.hot.extend(other.hot);
        self.stale += other.stale;
        self.in_conflict += other.in_conflict;
        self.overtaken += other.overtaken;
        for (key, count) in other.commits {
            *self.commits.entry(key).or_default() += count;
        }
        for (text, count) in other.others {
            *self.others.entry(text).or_default() += count;
        }
    }

    fn failed(&mut self, error: &RequestError) {
        match error {
            RequestError::Refused { refusal: Refusal::Stale { .. }, .. } => self.stale += 1,
            RequestError::Refused { refusal: Refusal::Conflict { .. }, .. } => self.in_conflict += 1,
            RequestError::NotEndorsed { .. } if error.next_step() == NextStep::SuggestAnew => self.overtaken += 1,
            error => *self.others.entry(error.to_string()).or_default() += 1,
        }
    }
}

#[tokio::main]
async fn main() {
    let arguments = Arguments::parse();
    let dir = tempfile::tempdir().unwrap();
    let partnership = Arc::new(Partnership::start(dir.path()).await);
    let courier = partnership.courier();
    let carries = tokio::spawn({
        let courier = courier.clone();
        async move { courier.run().await }
    });
    let mut requester = partnership.requester(courier);
    requester.limits.max_tries = 1;
    let serial = Arc::new(AtomicU64::new(0));

    let (mut alone, mut stages) = (Tally::default(), Stages::default());
    for _ in 0..arguments.alone {
        alone.cold.push(stages.ask(&partnership, &requester, &serial).await);
    }
    report("one at a time", &mut alone, None);
    // Sorted by the report.
    let ms: Vec<f64> = alone.cold.iter().map(|one| one.as_secs_f64() * 1000.0).collect();
    Number::below("one request at a time, p50", ASKED_ALONE_P50_MS, "ms", quantile(&ms, 0.5)).print().unwrap();
    Number::below("one request at a time, p99", ASKED_ALONE_P99_MS, "ms", quantile(&ms, 0.99)).print().unwrap();
    stages.report();
    let before = heights(&partnership).await;
    let mut free = load(&partnership, &requester, &serial, &arguments, false).await;
    let seconds = arguments.seconds as f64;
    report("without conflicts", &mut free, Some(seconds));
    let what = format!("requests without conflicts, {} clients", arguments.clients);
    Number::at_least(what, ASKED_RATE, "requests/s", free.cold.len() as f64 / seconds).print().unwrap();
    let blocks = heights(&partnership).await.into_iter().zip(before);
    let rates: Vec<_> = blocks.map(|(after, before)| format!("{:.0}", (after - before) as f64 / seconds)).collect();
    println!("without conflicts: blocks a second on the alliance's chain and each member's: {}", rates.join(", "));
    let mut heavy = load(&partnership, &requester, &serial, &arguments, true).await;
    report("half on 10 keys", &mut heavy, Some(seconds));
    progress(&free, &heavy);
    exactly_one_each(&partnership, &heavy).await;
    carries.abort();
}

/// What conflicts cost, in both readings: of all that was committed, and of the half that competes with nobody beside half of what is committed without conflicts.
fn progress(free: &Tally, heavy: &Tally) {
    let (alone, cold, hot) = (free.cold.len(), heavy.cold.len(), heavy.hot.len());
    let per_cent = |count: usize, of: f64| count as f64 / of * 100.0;
    println!(
        "all commits: {} beside {alone} without conflicts, {:.0} %",
        cold + hot,
        per_cent(cold + hot, alone as f64)
    );
    println!(
        "requests without conflicts among them make {:.0} % of the progress that they make alone: {cold} commits beside half of {alone}",
        per_cent(cold, alone as f64 / 2.0)
    );
    let what = format!("progress without conflicts, beside as many requests on {HOT_KEYS} keys");
    let measured = per_cent(cold, alone as f64 / 2.0);
    Number::at_least(what, ASKED_PROGRESS, "% of what they make alone", measured).print().unwrap();
}

/// Of the alliance's chain and of each member's.
async fn heights(partnership: &Partnership) -> Vec<u64> {
    let mut heights = vec![partnership.home.height().await];
    for partner in &partnership.partners {
        heights.push(partner.chain.height().await);
    }
    heights
}

/// Where the time of a request goes that is alone.
#[derive(Default)]
struct Stages {
    suggested: Vec<Duration>,
    endorsed: Vec<Duration>,
    sequenced: Vec<Duration>,
    decided: Vec<Duration>,
}

impl Stages {
    /// One request, step by step; from the beginning to the final commit.
    async fn ask(&mut self, partnership: &Partnership, requester: &Requester, serial: &AtomicU64) -> Duration {
        let number = serial.fetch_add(1, Ordering::Relaxed);
        let calls = partnership.calls(name(&format!("cold {number}")), [number, number]);
        let started = Instant::now();
        let suggested = calls.iter().map(|(member, call)| requester.suggest(*member, call));
        let parts = futures::future::try_join_all(suggested).await.unwrap();
        self.suggested.push(started.elapsed());
        let (key, mut last) = (name(&format!("request {number}")), Instant::now());
        let submission = requester.endorse(key, parts).await.unwrap();
        self.endorsed.push(last.elapsed());
        last = Instant::now();
        let number = requester.carrier.carry(&submission).await.unwrap();
        self.sequenced.push(last.elapsed());
        last = Instant::now();
        requester.follow(number, key, Some(&submission)).await.unwrap();
        self.decided.push(last.elapsed());
        started.elapsed()
    }

    fn report(&mut self) {
        let stages = [
            ("suggested by both members", &mut self.suggested),
            ("endorsed and signed", &mut self.endorsed),
            ("sequenced, final", &mut self.sequenced),
            ("reserved, proven and decided, final", &mut self.decided),
        ];
        for (stage, latencies) in stages {
            latencies.sort_unstable();
            if let Some(median) = latencies.get(latencies.len() / 2) {
                println!("  {stage}: p50 {} ms", median.as_millis());
            }
        }
    }
}

/// A load of clients for some time; with `conflicts`, every second request is about a hot key.
async fn load(
    partnership: &Arc<Partnership>,
    requester: &Requester,
    serial: &Arc<AtomicU64>,
    arguments: &Arguments,
    conflicts: bool,
) -> Tally {
    let end = Instant::now() + Duration::from_secs(arguments.seconds);
    let mut clients = JoinSet::new();
    for client in 0..arguments.clients {
        let (partnership, requester, serial) = (partnership.clone(), requester.clone(), serial.clone());
        clients.spawn(async move {
            let mut tally = Tally::default();
            let (mut turn, mut failures) = (client, 0);
            while Instant::now() < end {
                turn = turn.wrapping_add(1);
                let hot = (conflicts && turn % 2 == 0).then(|| getrandom::u32().unwrap() % HOT_KEYS);
                let one = ask(&partnership, &requester, &serial, hot).await;
                failures = if one.cold.len() + one.hot.len() == 1 { 0 } else { failures + 1 };
                tally.add(one);
                if failures > 0 {
                    sleep(requester.limits.backoff.delay(failures)).await;
                }
            }
            tally
        });
    }
    let mut all = Tally::default();
    while let Some(one) = clients.join_next().await {
        all.add(one.unwrap());
    }
    all
}

/// One request over both members, tried once.
async fn ask(partnership: &Partnership, requester: &Requester, serial: &AtomicU64, hot: Option<u32>) -> Tally {
    let number = serial.fetch_add(1, Ordering::Relaxed);
    let key = hot.map_or_else(|| name(&format!("cold {number}")), hot_key);
    let calls = partnership.calls(key, [number, number]);
    let (started, mut tally) = (Instant::now(), Tally::default());
    match Box::pin(requester.execute(name(&format!("request {number}")), &calls)).await {
        Ok(_) => match hot {
            None => tally.cold.push(started.elapsed()),
            Some(hot) => {
                tally.hot.push(started.elapsed());
                tally.commits.insert(hot, 1);
            }
        },
        Err(error) => tally.failed(&error),
    }
    tally
}

fn hot_key(hot: u32) -> B256 {
    name(&format!("hot {hot}"))
}

/// Each commit about a hot key raised its version by one on both members: of every set that conflicted one was committed. Where none was, nothing is shown of that.
async fn exactly_one_each(partnership: &Partnership, tally: &Tally) {
    assert!(!tally.commits.is_empty(), "no request about any of the {HOT_KEYS} hot keys was committed");
    for (hot, commits) in &tally.commits {
        for partner in &partnership.partners {
            let version = async || {
                let call = StoreNode::entryCall { key: hot_key(*hot) };
                partner.chain.view(partner.link.node_contract, &call).await.version
            };
            let settled = async {
                while version().await != *commits {
                    sleep(Duration::from_millis(100)).await;
                }
            };
            let settled = tokio::time::timeout(MAX_SETTLE, settled).await;
            assert!(settled.is_ok(), "hot key {hot}: {commits} commits and version {}", version().await);
        }
    }
    println!(
        "each of {} of {HOT_KEYS} hot keys has as many versions on both members as requests about it were committed",
        tally.commits.len()
    );
}

fn report(what: &str, tally: &mut Tally, seconds: Option<f64>) {
    let rate = |count: usize| seconds.map_or_else(String::new, |seconds| format!(" ({:.1}/s)", count as f64 / seconds));
    for (kind, latencies) in [("", &mut tally.cold), (" about hot keys", &mut tally.hot)] {
        if latencies.is_empty() {
            continue;
        }
        latencies.sort_unstable();
        let count = latencies.len();
        let ms = |per_cent: usize| latencies[(count * per_cent / 100).min(count - 1)].as_millis();
        println!("{what}: {count} commits{kind}{}, p50 {} ms, p99 {} ms", rate(count), ms(50), ms(99));
    }
    if tally.stale + tally.in_conflict + tally.overtaken > 0 {
        println!(
            "{what}: {} refused as stale, {} refused as in conflict, {} not endorsed any more",
            tally.stale, tally.in_conflict, tally.overtaken
        );
    }
    for (text, count) in &tally.others {
        println!("{what}: {count} x {text}");
    }
}
