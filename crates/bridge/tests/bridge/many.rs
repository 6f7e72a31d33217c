//! `cargo xtask simulate alliance`: runs of a whole alliance with faults, each by its seed; says what happened, and which seed broke a promise.

use std::{
    env,
    panic::catch_unwind,
    sync::{
        Mutex,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::Instant,
};

use crate::support::world::story::{Outcome, run};

/// Progress is said after so many runs.
const PROGRESS_RUNS: usize = 50;

#[test]
#[ignore = "many runs: cargo xtask simulate alliance"]
fn no_seed_breaks_a_promise() {
    let numbers = env::var("CHANCERY_SIMULATION").unwrap_or_default();
    let numbers: Vec<u64> = numbers.split(' ').filter_map(|number| number.parse().ok()).collect();
    let [first, last, threads] = numbers[..] else {
        panic!("CHANCERY_SIMULATION must be FIRST_SEED LAST_SEED THREADS, as cargo xtask simulate alliance sets it");
    };
    let began = Instant::now();
    let next = AtomicU64::new(first);
    let tally: Mutex<Vec<(u64, Option<Outcome>)>> = Mutex::default();
    thread::scope(|scope| {
        for _ in 0..threads.max(1) {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed > last {
                        return;
                    }
                    let outcome = catch_unwind(|| run(seed)).ok();
                    if outcome.is_none() {
                        println!(
                            "seed {seed} broke a promise; again: cargo xtask simulate alliance --seeds {seed}..{seed}"
                        );
                    }
                    let mut tally = tally.lock().unwrap();
                    tally.push((seed, outcome));
                    if tally.len().is_multiple_of(PROGRESS_RUNS) {
                        println!("{} runs, {:.0} s", tally.len(), began.elapsed().as_secs_f64());
                    }
                }
            });
        }
    });
    report(&tally.into_inner().unwrap(), began);
}

fn report(tally: &[(u64, Option<Outcome>)], began: Instant) {
    let kept: Vec<&Outcome> = tally.iter().filter_map(|(_, outcome)| outcome.as_ref()).collect();
    let total = |what: fn(&Outcome) -> u64| kept.iter().map(|outcome| what(outcome)).sum::<u64>();
    println!(
        "{} runs, {} broken, {:.0} s: {} requests committed, {} aborted, {} invalid; {} kills, {} lies, {} forgeries",
        tally.len(),
        tally.len() - kept.len(),
        began.elapsed().as_secs_f64(),
        total(|outcome| outcome.committed),
        total(|outcome| outcome.aborted),
        total(|outcome| outcome.invalid),
        total(|outcome| outcome.kills),
        total(|outcome| outcome.lies),
        total(|outcome| outcome.forgeries),
    );
    if let [(seed, Some(outcome))] = tally {
        println!("seed {seed}: digest {}", outcome.digest);
    }
    assert_eq!(kept.len(), tally.len(), "some runs broke a promise");
}
