//! `cargo xtask simulate`: many runs of a network with faults, each by its seed; says which seed broke a promise.
#![allow(clippy::unwrap_used, clippy::print_stdout, missing_docs)]

#[path = "../tests/support/mod.rs"]
mod support;

use std::{
    env,
    panic::catch_unwind,
    process::ExitCode,
    sync::atomic::{AtomicU64, Ordering},
    thread,
};

/// `simulate FIRST_SEED SEEDS VALIDATORS`
fn main() -> ExitCode {
    let numbers: Vec<u64> = env::args().skip(1).filter_map(|argument| argument.parse().ok()).collect();
    let [first, seeds, validators] = numbers[..] else {
        println!("usage: simulate FIRST_SEED SEEDS VALIDATORS");
        return ExitCode::FAILURE;
    };
    let next = AtomicU64::new(first);
    let workers = thread::available_parallelism().map_or(1, usize::from);
    let results: Vec<_> = thread::scope(|scope| {
        let worker = || {
            let mut results = vec![];
            loop {
                let seed = next.fetch_add(1, Ordering::Relaxed);
                if seed >= first + seeds {
                    return results;
                }
                results.push((seed, catch_unwind(|| support::faults::run(seed, validators))));
            }
        };
        let workers: Vec<_> = (0..workers).map(|_| scope.spawn(worker)).collect();
        workers.into_iter().flat_map(|worker| worker.join().unwrap()).collect()
    });
    let broken: Vec<_> = results.iter().filter(|(_, result)| result.is_err()).map(|(seed, _)| seed).collect();
    let kept: Vec<_> = results.iter().filter_map(|(_, result)| result.as_ref().ok()).collect();
    let total = |what: fn(&support::faults::Outcome) -> u64| kept.iter().map(|outcome| what(outcome)).sum::<u64>();
    println!(
        "{} runs of {validators} validators: {} faults, {} final blocks, {} final transactions; broken seeds: {broken:?}",
        results.len(),
        total(|outcome| outcome.faults as u64),
        total(|outcome| outcome.blocks as u64),
        total(|outcome| outcome.transactions),
    );
    if broken.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
