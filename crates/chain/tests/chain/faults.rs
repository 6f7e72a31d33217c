//! Networks of real nodes in which everything may go wrong at once, by a seed. `cargo xtask simulate` runs many more.
//! `docs/specs/chain.md`: CHAIN-1 to CHAIN-5, CHAIN-8, SIM-1 to SIM-8.

use std::{
    env,
    panic::catch_unwind,
    process::Command,
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use crate::support::faults::{self, lies::Lie};

/// Runs stories on all cores; gives those that broke a promise.
fn broken(stories: &[(u64, u64)]) -> Vec<(u64, u64)> {
    let next = AtomicUsize::new(0);
    let broken = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                while let Some((seed, validators)) = stories.get(next.fetch_add(1, Ordering::Relaxed)).copied() {
                    if catch_unwind(|| faults::run(seed, validators)).is_err() {
                        broken.lock().unwrap().push((seed, validators));
                    }
                }
            });
        }
    });
    broken.into_inner().unwrap()
}

// SIM-1 to SIM-6, a sample of fifty; `cargo xtask simulate` runs as many as it is told to.
#[test]
fn no_fault_forks_the_chain_loses_what_was_final_or_stops_it_for_good() {
    let of_four = (5_001..=5_034).map(|seed| (seed, 4));
    let of_seven = (5_001..=5_016).map(|seed| (seed, 7));
    let stories: Vec<_> = of_four.chain(of_seven).collect();
    assert_eq!(broken(&stories), [], "(seed, validators)");
}

/// Stories that broke a promise once, by seed and number of validators.
///
/// - 39 of 4: a validator that garbles gave others a header with a wrong body, and they stopped for good.
const BROKE_ONCE: [(u64, u64); 1] = [(39, 4)];

#[test]
fn what_broke_a_promise_once_breaks_none_now() {
    assert_eq!(broken(&BROKE_ONCE), [], "(seed, validators)");
}

// CHAIN-8, SIM-1 to SIM-6, SIM-8: blocks and gossip of one validator claim other senders all the time.
#[test]
fn claiming_other_senders_neither_forks_the_chain_nor_changes_whose_a_transaction_is() {
    for seed in 6_001..=6_003 {
        let outcome = faults::run_with(seed, 4, Lie::FalseClaims);
        assert_eq!(outcome.drawn.get(Lie::FalseClaims.name()), Some(&1), "seed {seed}");
        assert!(outcome.transactions > 0, "seed {seed}");
    }
}

const SEED: u64 = 3_000;
const DIGEST: &str = "digest ";

// SIM-7
#[test]
fn the_same_seed_gives_the_same_run_in_another_process_too() {
    let here = faults::run(SEED, 4);
    assert_eq!(here, faults::run(SEED, 4));
    let child = Command::new(env::current_exe().unwrap())
        .args(["--exact", "faults::says_its_digest", "--ignored", "--nocapture", "--test-threads=1"])
        .output()
        .unwrap();
    let said = String::from_utf8(child.stdout).unwrap();
    let there = said.lines().find_map(|line| line.strip_prefix(DIGEST)).unwrap();
    assert_eq!(there, here.digest.to_string());
    assert_ne!(here.digest, faults::run(SEED + 1, 4).digest);
}

#[test]
#[ignore = "runs in a process of its own, see the other test"]
fn says_its_digest() {
    println!("\n{DIGEST}{}", faults::run(SEED, 4).digest);
}
