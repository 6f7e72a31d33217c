//! Networks of one and four validators on a deterministic clock: the same seed gives the same blocks, any seed gives one chain.

use std::time::Duration;

use crate::support::{
    genesis,
    simulation::{HEARTBEAT, Simulation, bad_link, good_link, simulate},
    until, validator_keys, verified_hashes,
};
use alloy::primitives::B256;
use chancery_chain::{ConsensusTiming, NodeError};
use commonware_p2p::simulated::Link;
use commonware_runtime::{Clock as _, deterministic};

async fn transfers(context: deterministic::Context, validators: u64, link: Link) -> Vec<B256> {
    let mut simulation = Simulation::new(context, validators, link).await;
    simulation.start_all().await;
    for nonce in 0..6 {
        // Whichever validator it is given to, gossip brings it to the leader.
        simulation.submit(nonce as usize % validators as usize, 0, nonce);
        simulation.until_nonces(0, nonce + 1).await;
    }
    simulation.agreed()
}

// CHAIN-1, FINALITY-3, FINALITY-4
#[test]
fn one_validator_makes_a_provable_chain_and_the_same_seed_the_same_chain() {
    for seed in 0..3 {
        let run = || simulate(seed, |context| transfers(context, 1, good_link()));
        let first = run();
        assert!(first.len() > 6);
        assert_eq!(first, run(), "seed {seed}");
    }
}

#[test]
fn four_validators_make_one_chain_and_the_same_seed_the_same_chain() {
    for seed in 0..3 {
        let run = || simulate(seed, |context| transfers(context, 4, good_link()));
        assert_eq!(run(), run(), "seed {seed}");
    }
}

#[test]
fn four_validators_agree_over_lossy_links() {
    for seed in 10..13 {
        simulate(seed, |context| transfers(context, 4, bad_link()));
    }
}

#[test]
fn a_silent_validator_costs_its_leader_timeout_and_the_chain_goes_on() {
    simulate(20, |context| async move {
        let mut simulation = Simulation::new(context, 4, good_link()).await;
        for index in 0..3 {
            simulation.start(index).await;
        }
        let timing = ConsensusTiming::from_heartbeat(HEARTBEAT);
        for nonce in 0..8 {
            let submitted = simulation.context.current();
            simulation.submit(0, 0, nonce);
            simulation.until_nonces(0, nonce + 1).await;
            let waited = simulation.context.current().duration_since(submitted).unwrap();
            // Simulated time: the bound that the timeouts promise, not a measurement.
            assert!(waited < timing.certification_timeout + HEARTBEAT, "{waited:?}");
        }
        simulation.agreed()
    });
}

// A leader that has not been heard of yet is no silent leader: whoever gave it up would leave neither side a quorum.
#[test]
fn nobody_gives_up_a_leader_that_is_a_little_behind_when_the_chain_begins() {
    for behind in 0..4 {
        simulate(21, |context| async move {
            let mut simulation = Simulation::new(context, 4, steady(LATENCY)).await;
            let latency = |from| if from == behind { LATENCY * 4 } else { LATENCY };
            let links = (0..4).map(|from| vec![Some(steady(latency(from))); 4]).collect();
            simulation.link(&links).await;
            simulation.start_all().await;
            for nonce in 0..5 {
                simulation.submit(0, 0, nonce);
                simulation.until_nonces(0, nonce + 1).await;
            }
            let chain = simulation.nodes[0].chain();
            for height in 1..=chain.head().block().height() {
                let context = chain.block(height).unwrap().unwrap().block().context().unwrap();
                assert_eq!(context.view, height, "node {behind} is behind, and a view was given up");
            }
            simulation.agreed()
        });
    }
}

const LATENCY: Duration = Duration::from_millis(10);

fn steady(latency: Duration) -> Link {
    Link { latency, jitter: Duration::ZERO, ..good_link() }
}

#[test]
fn an_idle_chain_makes_a_block_each_heartbeat_and_a_transaction_makes_one_at_once() {
    simulate(30, |context| async move {
        let mut simulation = Simulation::new(context, 1, good_link()).await;
        simulation.start_all().await;
        simulation.context.sleep(HEARTBEAT * 10 + HEARTBEAT / 2).await;
        let idle = simulation.nodes[0].height();
        assert!((9..=10).contains(&idle), "{idle} blocks in ten heartbeats");
        let submitted = simulation.context.current();
        simulation.submit(0, 0, 0);
        simulation.until_nonces(0, 1).await;
        assert!(simulation.context.current().duration_since(submitted).unwrap() < HEARTBEAT / 4);
        let carrying: Vec<_> = (idle + 1..=simulation.nodes[0].height())
            .map(|height| simulation.nodes[0].chain().block(height).unwrap().unwrap().block().transactions().len())
            .collect();
        assert_eq!(carrying, [1], "a lone transaction makes one block, no empty ones");
        simulation.agreed()
    });
}

// CHAIN-5
#[test]
fn a_killed_validator_starts_again_with_the_same_files_at_any_moment() {
    for seed in 40..42 {
        simulate(seed, |context| async move {
            let mut simulation = Simulation::new(context, 1, good_link()).await;
            for round in 0..6u64 {
                simulation.start(0).await;
                simulation.submit(0, 0, simulation.nonce(0, 0));
                let final_before = verified_hashes(simulation.nodes[0].chain(), &simulation.trusted);
                // Each round ends at another point of the block's way.
                simulation.context.sleep(Duration::from_millis((seed * 13 + round * 5) % 29)).await;
                let seen = verified_hashes(simulation.nodes[0].chain(), &simulation.trusted);
                assert_eq!(final_before[..], seen[..final_before.len()]);
                simulation.kill(0).await;
                simulation.start(0).await;
                let after = verified_hashes(simulation.nodes[0].chain(), &simulation.trusted);
                assert_eq!(seen[..], after[..seen.len()], "seed {seed} round {round}: a final block is gone");
                simulation.kill(0).await;
            }
            simulation.start(0).await;
            let nonce = simulation.nonce(0, 0);
            simulation.submit(0, 1, 0);
            simulation.until_nonces(1, 1).await;
            assert!(simulation.nonce(0, 0) >= nonce);
            simulation.agreed()
        });
    }
}

// CHAIN-5
#[test]
fn a_validator_that_was_away_catches_up() {
    simulate(50, |context| async move {
        let mut simulation = Simulation::new(context, 4, good_link()).await;
        simulation.start_all().await;
        simulation.submit(0, 0, 0);
        simulation.until_nonces(0, 1).await;
        simulation.kill(3).await;
        for nonce in 1..5 {
            simulation.submit(0, 0, nonce);
            simulation.until_nonces(0, nonce + 1).await;
        }
        simulation.start(3).await;
        simulation.submit(3, 1, 0);
        simulation.until_nonces(0, 5).await;
        simulation.until_nonces(1, 1).await;
        simulation.agreed()
    });
}

// CHAIN-5: the execution data are an older copy, or were lost; consensus' files still have the blocks.
#[test]
fn execution_that_is_behind_takes_over_what_consensus_has() {
    simulate(60, |context| async move {
        let mut simulation = Simulation::new(context, 1, good_link()).await;
        simulation.start_all().await;
        for nonce in 0..3 {
            simulation.submit(0, 0, nonce);
            simulation.until_nonces(0, nonce + 1).await;
        }
        let before = simulation.agreed();
        simulation.kill(0).await;
        simulation.dirs[0] = tempfile::tempdir().unwrap();
        simulation.start(0).await;
        assert_eq!(simulation.nonce(0, 0), 3);
        let after = simulation.agreed();
        assert_eq!(before[..], after[..before.len()]);
        simulation.submit(0, 0, 3);
        simulation.until_nonces(0, 4).await;
        simulation.agreed()
    });
}

/// More blocks than consensus keeps itself, made without anything in them.
const BEYOND_WHAT_CONSENSUS_KEEPS: u64 = 700;

// CHAIN-5: the execution data were lost after more blocks than consensus' files still have; another node has them.
#[test]
fn execution_that_is_far_behind_is_fetched_from_the_others() {
    simulate(61, |context| async move {
        let keys = validator_keys(2);
        let mut simulation = Simulation::of(context, keys.clone(), genesis(&keys[..1]), good_link()).await;
        simulation.heartbeat = Duration::from_millis(20);
        simulation.start_all().await;
        let has = |simulation: &Simulation, height: u64| simulation.nodes[1].height() >= height;
        until(&simulation.context, || has(&simulation, BEYOND_WHAT_CONSENSUS_KEEPS)).await;
        let before = simulation.nodes[1].height();
        simulation.kill(1).await;
        simulation.dirs[1] = tempfile::tempdir().unwrap();
        simulation.start(1).await;
        assert_eq!(simulation.nodes[1].height(), 0, "nothing of it was left");
        simulation.submit(1, 0, 0);
        simulation.until_nonces(0, 1).await;
        until(&simulation.context, || has(&simulation, before)).await;
        for height in [1, 2, before / 2, before] {
            let hash = |node: usize| simulation.nodes[node].chain().hash_at(height).unwrap().unwrap();
            assert_eq!(hash(1), hash(0), "block {height}");
        }
        // What was fetched is there after another start, too.
        simulation.kill(1).await;
        simulation.start(1).await;
        assert!(simulation.nodes[1].height() >= before);
    });
}

// CHAIN-5: nobody else has them, so the operator has to say where they come from.
#[test]
fn execution_that_is_far_behind_and_alone_is_refused_by_name() {
    simulate(62, |context| async move {
        let mut simulation = Simulation::new(context, 1, good_link()).await;
        simulation.heartbeat = Duration::from_millis(20);
        simulation.nodes[0].is_alone = true;
        simulation.start_all().await;
        until(&simulation.context, || simulation.nodes[0].height() >= BEYOND_WHAT_CONSENSUS_KEEPS).await;
        simulation.kill(0).await;
        let whole = std::mem::replace(&mut simulation.dirs[0], tempfile::tempdir().unwrap());
        let (dir, heartbeat) = (simulation.dirs[0].path(), simulation.heartbeat);
        let refused = simulation.nodes[0]
            .start(&simulation.context, &simulation.oracle, &simulation.genesis, dir, heartbeat)
            .await
            .unwrap_err();
        let NodeError::ExecutionBehind { head: 0, processed, .. } = refused else { panic!("{refused}") };
        // Of the newest it had not written down yet that they were processed.
        assert!(processed > BEYOND_WHAT_CONSENSUS_KEEPS - 100, "{processed}");
        assert!(refused.to_string().contains("chancery restore --replace"), "{refused}");
        // The backup is put back.
        simulation.context.sleep(Duration::from_millis(1)).await;
        simulation.dirs[0] = whole;
        simulation.start(0).await;
        let before = simulation.nodes[0].height();
        assert!(before >= BEYOND_WHAT_CONSENSUS_KEEPS);
        until(&simulation.context, || simulation.nodes[0].height() > before).await;
    });
}

// CHAIN-5: consensus' files are lost, the execution data are not.
#[test]
fn consensus_that_is_behind_begins_at_the_last_certificate() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().to_path_buf();
    let run = |seed: u64, first_nonce: u64| {
        let path = path.clone();
        simulate(seed, move |context| async move {
            let mut simulation = Simulation::new(context, 1, good_link()).await;
            simulation.nodes[0]
                .start(&simulation.context, &simulation.oracle, &simulation.genesis, &path, HEARTBEAT)
                .await
                .unwrap();
            for nonce in first_nonce..first_nonce + 3 {
                simulation.submit(0, 0, nonce);
                simulation.until_nonces(0, nonce + 1).await;
            }
            let chain = simulation.agreed();
            simulation.kill(0).await;
            chain
        })
    };
    // Each runner has a storage of its own, so the second knows nothing of the first's consensus.
    let first = run(70, 0);
    let second = run(71, 3);
    assert_eq!(first[..], second[..first.len()]);
    assert!(second.len() > first.len());
}

// CHAIN-5: a single validator has no view to wait out that it was stopped in; several may have one.
#[test]
fn at_whatever_moment_all_were_stopped_the_chain_goes_on_soon() {
    let timing = ConsensusTiming::from_heartbeat(HEARTBEAT);
    for (validators, within) in [(1, HEARTBEAT), (4, timing.certification_timeout + HEARTBEAT)] {
        simulate(80, |context| async move {
            let mut simulation = Simulation::new(context, validators, good_link()).await;
            let all = 0..validators as usize;
            simulation.start_all().await;
            for round in 0..12u64 {
                simulation.submit(0, 0, simulation.nonce(0, 0));
                simulation.context.sleep(Duration::from_millis(round * 7)).await;
                for index in all.clone() {
                    simulation.kill(index).await;
                }
                simulation.start_all().await;
                let started = simulation.context.current();
                simulation.submit(0, 1, round);
                simulation.until_nonces(1, round + 1).await;
                let waited = simulation.context.current().duration_since(started).unwrap();
                // Simulated time.
                assert!(waited < within, "{validators} validators, round {round}: {waited:?}");
            }
            simulation.agreed()
        });
    }
}
