//! `cargo xtask simulate`: many runs of a network with faults, each by its seed; says what was drawn, and which seed broke a promise.

use std::{
    collections::BTreeMap,
    env,
    panic::catch_unwind,
    sync::{
        Mutex,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use crate::support::faults::{self, Outcome};

/// Progress is said after so many runs.
const PROGRESS_RUNS: u64 = 50;

/// Runs so far.
#[derive(Default)]
struct Tally {
    kept: Vec<(u64, Outcome)>,
    broken: Vec<u64>,
}

#[test]
#[ignore = "many runs: cargo xtask simulate"]
fn no_seed_breaks_a_promise() {
    let numbers = env::var("CHANCERY_SIMULATION").unwrap_or_default();
    let numbers: Vec<u64> = numbers.split(' ').filter_map(|number| number.parse().ok()).collect();
    let [first, last, validators, threads] = numbers[..] else {
        panic!("CHANCERY_SIMULATION must be FIRST_SEED LAST_SEED VALIDATORS THREADS, as cargo xtask simulate sets it");
    };
    let began = Instant::now();
    let next = AtomicU64::new(first);
    let tally = Mutex::new(Tally::default());
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed > last {
                        return;
                    }
                    let outcome = catch_unwind(|| faults::run(seed, validators));
                    note(&mut tally.lock().unwrap(), seed, outcome.ok(), last + 1 - first, validators, began);
                }
            });
        }
    });
    report(&tally.into_inner().unwrap(), validators, began);
}

fn note(tally: &mut Tally, seed: u64, outcome: Option<Outcome>, runs: u64, validators: u64, began: Instant) {
    match outcome {
        Some(outcome) => tally.kept.push((seed, outcome)),
        None => {
            tally.broken.push(seed);
            println!("seed {seed} broke a promise; again: {}", command(seed, validators));
        }
    }
    let done = (tally.kept.len() + tally.broken.len()) as u64;
    if done.is_multiple_of(PROGRESS_RUNS) || done == runs {
        println!("{done} of {runs} runs, {} broken, {:.0} s", tally.broken.len(), began.elapsed().as_secs_f64());
    }
}

fn command(seed: u64, validators: u64) -> String {
    format!("cargo xtask simulate --validators {validators} --seeds {seed}..{seed}")
}

fn report(tally: &Tally, validators: u64, began: Instant) {
    let runs = tally.kept.len() + tally.broken.len();
    let total = |what: fn(&Outcome) -> u64| tally.kept.iter().map(|(_, outcome)| what(outcome)).sum::<u64>();
    let mut drawn: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
    for (name, times) in tally.kept.iter().flat_map(|(_, outcome)| &outcome.drawn) {
        let entry = drawn.entry(name).or_default();
        *entry = (entry.0 + 1, entry.1 + times);
    }
    println!("\n{:<40} {:>8} {:>8}", "what was drawn", "runs", "times");
    for (name, (runs, times)) in drawn {
        println!("{name:<40} {runs:>8} {times:>8}");
    }
    let mut healed: Vec<Duration> = tally.kept.iter().map(|(_, outcome)| outcome.healed_after).collect();
    healed.sort_unstable();
    let median = healed.get(healed.len() / 2).copied().unwrap_or_default();
    let longest = healed.last().copied().unwrap_or_default();
    println!(
        "\n{runs} runs of {validators} validators in {:.0} s: {} final blocks, {} final transactions, {} epochs ended; healed after {median:?} \
         (median), {longest:?} (longest), in the network's time",
        began.elapsed().as_secs_f64(),
        total(|outcome| outcome.blocks as u64),
        total(|outcome| outcome.transactions),
        total(|outcome| outcome.epochs),
    );
    if let [(seed, outcome)] = &tally.kept[..] {
        println!("seed {seed}: digest {}", outcome.digest);
    }
    if tally.broken.is_empty() {
        println!("no promise was broken");
        return;
    }
    tally.broken.iter().for_each(|seed| println!("  {}", command(*seed, validators)));
    panic!("{} runs broke a promise", tally.broken.len());
}
