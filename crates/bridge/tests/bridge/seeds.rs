//! Runs by their seed (A-MORE-1, A-MORE-2): some here, a thousand by `cargo xtask simulate alliance`.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    thread,
};

use crate::support::world::story::{Outcome, run};

const SEEDS: u64 = 20;
const THREADS: usize = 2;

// ALLIANCE-5, ALLIANCE-7, ALLIANCE-9, ALLIANCE-10, ALLIANCE-13
#[test]
fn whatever_a_seed_brings_money_moves_on_both_chains_or_on_none() {
    let next = AtomicU64::new(1);
    let outcomes = || -> Vec<Outcome> {
        let seeds = std::iter::from_fn(|| Some(next.fetch_add(1, Ordering::Relaxed)).filter(|seed| *seed <= SEEDS));
        let each = seeds.map(|seed| {
            println!("seed {seed}; again: cargo xtask simulate alliance --seeds {seed}..{seed}");
            run(seed)
        });
        each.collect()
    };
    let all: Vec<Outcome> = thread::scope(|scope| {
        let running: Vec<_> = (0..THREADS).map(|_| scope.spawn(outcomes)).collect();
        running.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    // What they were for has happened.
    let total = |what: fn(&Outcome) -> u64| all.iter().map(what).sum::<u64>();
    assert!(total(|outcome| outcome.kills) > SEEDS && total(|outcome| outcome.lies) > SEEDS);
    assert!(total(|outcome| outcome.forgeries) > SEEDS && total(|outcome| outcome.aborted) > 0);
    assert_eq!(total(|outcome| outcome.invalid), SEEDS, "each seed has one lie that a third of a member signs");
}

#[test]
fn the_same_seed_is_the_same_run() {
    for seed in [101, 102] {
        assert_eq!(run(seed), run(seed), "seed {seed}");
    }
    assert_ne!(run(101).digest, run(102).digest);
}
