//! Validators that join and leave by vote, on a deterministic clock: the next epoch is theirs, whatever crashes meanwhile.

use crate::support::{
    membership::{
        EPOCH, addition, changing_genesis, handover_at, handovers, removal, signers, trusted_by_epoch,
        verified_across_epochs, vote,
    },
    simulation::{HEARTBEAT, Simulation, bad_link, good_link, simulate},
    validator_keys,
};
use alloy::primitives::{Address, B256, Bytes, U256};
use chancery_contracts::{uncompressed_g1, uncompressed_g2};
use chancery_light::{FinalityProof, Handover, ValidatorKey};
use commonware_runtime::{Clock as _, deterministic};

async fn network(context: deterministic::Context, validators: usize, others: usize) -> Simulation {
    // Those who join come last in the order of keys here; the registry sorts them in.
    let keys = validator_keys((validators + others) as u64);
    let genesis = changing_genesis(&keys, validators);
    Simulation::of(context, keys, genesis, good_link()).await
}

/// Where a node stands in the order of the set, if it is a member.
fn position(simulation: &Simulation, node: usize, observer: usize, epoch: u64) -> Option<usize> {
    let trusted = trusted_by_epoch(simulation.nodes[observer].chain(), &simulation.trusted);
    let key = simulation.nodes[node].keys.bls_public_key();
    trusted[&epoch].validators().iter().position(|validator| *validator == key)
}

fn agreed(simulation: &Simulation) -> Vec<B256> {
    let chains: Vec<_> = simulation
        .running()
        .map(|node| verified_across_epochs(simulation.nodes[node].chain(), &simulation.trusted))
        .collect();
    let longest = chains.iter().max_by_key(|chain| chain.len()).unwrap().clone();
    for chain in chains {
        assert_eq!(chain[..], longest[..chain.len()]);
    }
    longest
}

/// Node 4 is voted in and node 1 out, both by the first three organizations.
async fn exchange(simulation: &Simulation, through: usize) {
    simulation.registry(through, 0, addition(&simulation.nodes[4].keys, 4)).await;
    simulation.registry(through, 1, vote(0)).await;
    simulation.registry(through, 2, vote(0)).await;
    // There are five organizations now, so it takes four.
    simulation.registry(through, 4, removal(&simulation.nodes[1].keys)).await;
    for organization in [0, 2, 3] {
        simulation.registry(through, organization, vote(1)).await;
    }
}

// MEMBER-1 to MEMBER-4
#[test]
fn the_next_epoch_is_decided_by_whom_the_organizations_voted_for() {
    simulate(100, |context| async move {
        let mut simulation = network(context, 4, 1).await;
        simulation.start_all().await;
        exchange(&simulation, 0).await;
        let changed = simulation.nodes[0].height() / EPOCH.get() + 1;
        simulation.until_epoch(0, 0, changed + 1).await;

        let joined = position(&simulation, 4, 0, changed).expect("it is a member of the epoch after the vote");
        assert_eq!(position(&simulation, 4, 0, 0), None);
        assert_eq!(position(&simulation, 1, 0, changed), None, "it has left");
        assert!(signers(simulation.nodes[0].chain(), changed).contains(&joined), "it votes");
        assert_eq!(trusted_by_epoch(simulation.nodes[0].chain(), &simulation.trusted)[&changed].validators().len(), 4);

        // Three of the four are left, so every decision needs the new one.
        simulation.kill(0).await;
        simulation.until_epoch(2, 1, changed + 2).await;
        // The one that left follows, and nothing was restarted or configured anew.
        assert_eq!(simulation.nodes[1].height() / EPOCH.get(), changed + 2);
        agreed(&simulation)
    });
}

// CHAIN-5, MEMBER-3
#[test]
fn whoever_was_away_for_some_epochs_follows_them_one_after_the_other() {
    simulate(110, |context| async move {
        let mut simulation = network(context, 4, 1).await;
        for node in [0, 1, 2, 4] {
            simulation.start(node).await;
        }
        exchange(&simulation, 0).await;
        simulation.until_epoch(0, 0, 4).await;
        // It has never been there, and knows the genesis alone.
        simulation.start(3).await;
        simulation.submit(3, 1, 0);
        simulation.until_nonces(1, 1).await;
        assert!(simulation.nodes[3].height() > 4 * EPOCH.get());
        simulation.kill(0).await;
        // Now it is needed: of the four, it is one of three.
        simulation.until_epoch(2, 0, 6).await;
        agreed(&simulation)
    });
}

// CHAIN-5
#[test]
fn all_may_be_stopped_at_any_moment_of_a_change() {
    for seed in 120..122 {
        simulate(seed, |context| async move {
            let mut simulation = network(context, 4, 1).await;
            simulation.start_all().await;
            exchange(&simulation, 0).await;
            let first = simulation.nodes[0].height();
            let mut round = 0;
            while simulation.nodes[0].height() < first + EPOCH.get() + 1 {
                let nonce = simulation.nonce(0, 0);
                simulation.submit(0, 0, nonce);
                simulation.context.sleep(std::time::Duration::from_millis(seed * 7 % 11 + round * 5 % 90)).await;
                for node in 0..5 {
                    simulation.kill(node).await;
                }
                simulation.start_all().await;
                let before = simulation.nodes[0].height();
                crate::support::until(&simulation.context, || simulation.nodes[0].height() > before).await;
                round += 1;
            }
            agreed(&simulation)
        });
    }
}

// MEMBER-2: the same transactions over lossy links, and the same chain for the same seed.
#[test]
fn a_change_over_lossy_links_is_one_change_and_the_same_seed_gives_the_same_chain() {
    let run = |seed| {
        simulate(seed, |context| async move {
            let keys = validator_keys(5);
            let genesis = changing_genesis(&keys, 4);
            let mut simulation = Simulation::of(context, keys, genesis, bad_link()).await;
            simulation.start_all().await;
            exchange(&simulation, 2).await;
            let changed = simulation.nodes[0].height() / EPOCH.get() + 1;
            simulation.until_epoch(2, 0, changed + 1).await;
            simulation.context.sleep(HEARTBEAT).await;
            agreed(&simulation)
        })
    };
    let first = run(130);
    assert_eq!(first, run(130));
    assert_ne!(first, run(131));
}

// A chain of one validator grows to two and shrinks again.
#[test]
fn a_chain_of_one_takes_a_second_validator_and_gives_it_back() {
    simulate(140, |context| async move {
        let mut simulation = network(context, 1, 1).await;
        simulation.start_all().await;
        simulation.registry(0, 0, addition(&simulation.nodes[1].keys, 1)).await;
        simulation.until_epoch(0, 0, 2).await;
        assert_eq!(signers(simulation.nodes[0].chain(), 1), [0, 1]);
        simulation.registry(1, 1, removal(&simulation.nodes[1].keys)).await;
        simulation.registry(1, 0, vote(1)).await;
        let changed = simulation.nodes[0].height() / EPOCH.get() + 1;
        simulation.until_epoch(0, 0, changed + 1).await;
        assert_eq!(signers(simulation.nodes[1].chain(), changed), [0]);
        agreed(&simulation)
    });
}

/// What a light client is given, and the check that refuses it.
struct Case {
    name: &'static str,
    expect: &'static str,
    proof: FinalityProof,
}

/// A genuine proof across a change of the set, and what forgers and liars would make of it.
fn handover_cases(simulation: &Simulation, changed: u64) -> Vec<Case> {
    let chain = simulation.nodes[0].chain();
    let all = handovers(chain);
    // A set counts until it is handed over, so the epoch between needs no proof.
    let later = crate::support::finality(chain, (changed + 2) * EPOCH.get() - 1).unwrap();
    let proof = FinalityProof { handovers: all.clone(), ..later.clone() };
    let case = |name, expect, proof| Case { name, expect, proof };
    let forged = |name, expect, forge: &dyn Fn(&mut Handover)| {
        let mut proof = proof.clone();
        forge(proof.handovers.last_mut().unwrap());
        assert!(proof.handovers != all, "{name}: nothing was forged");
        case(name, expect, proof)
    };
    // Node 1's, which is no validator any more in between.
    let former = simulation.trusted.validators()[1];
    let another = handover_at(chain, chain.epochs().last(changed));
    let middle = (chain.epochs().first(changed - 1).max(1)..chain.epochs().last(changed - 1))
        .rfind(|height| chain.certificate(*height).unwrap().is_some())
        .unwrap();
    let middle = handover_at(chain, middle);
    let bare = FinalityProof { handovers: vec![], ..later };
    let earlier = FinalityProof { handovers: all.clone(), ..crate::support::finality(chain, 3).unwrap() };
    assert_eq!(all.len(), 2);
    let between = crate::support::finality(chain, (changed - 1) * EPOCH.get() + 3).unwrap();
    let only_first = |proof: &FinalityProof| FinalityProof { handovers: all[..1].to_vec(), ..proof.clone() };
    let signature = |forged: &mut Handover| {
        let mut bytes = forged.certificate.to_vec();
        bytes[0] ^= 1;
        forged.certificate = bytes.into();
    };
    vec![
        case("handed over each time the set changed", "ok", proof.clone()),
        case("between the two changes", "ok", only_first(&between)),
        case("between the two changes, by the set before", "FinalitySignature", between),
        case("not handed over", "UnknownValidator", bare),
        case("the last handover left out", "UnknownValidator", only_first(&proof)),
        case("a block of an epoch before the set", "EpochMismatch", earlier),
        forged("a key of the set before among the new ones", "HandoverValidatorsMismatch", &|forged| {
            forged.validators[0] = former;
        }),
        forged("the new keys in another order", "HandoverValidatorsMismatch", &|forged| forged.validators.swap(0, 1)),
        forged("handed over to nobody", "HandoverMalformed", &|forged| forged.validators.clear()),
        forged("the slots in another order", "HandoverMalformed", &|forged| forged.registry.storage_proof.swap(0, 1)),
        forged("without the epoch's length", "HandoverMalformed", &|forged| {
            forged.registry.storage_proof.pop();
        }),
        forged("another hash of the set", "StorageNotProven", &|forged| {
            forged.registry.storage_proof[0].value += U256::ONE;
        }),
        forged("another length of the epoch", "StorageNotProven", &|forged| {
            forged.registry.storage_proof[1].value += U256::ONE;
        }),
        forged("another account", "AccountNotProven", &|forged| forged.registry.address = Address::repeat_byte(1)),
        forged("the registry altered", "AccountNotProven", &|forged| forged.registry.nonce += 1),
        forged("another block's certificate", "HeaderHashMismatch", &|forged| {
            forged.certificate = another.certificate.clone();
        }),
        forged("the certificate of another epoch", "RoundMismatch", &signature),
        forged("genuine, from the middle of the epoch", "HandoverMalformed", &|forged| forged.clone_from(&middle)),
    ]
}

/// Keys as EIP-2537 has them, one after another.
fn uncompressed(keys: &[ValidatorKey]) -> Bytes {
    keys.iter().flat_map(|key| uncompressed_g1(key.as_slice()).unwrap().to_vec()).collect()
}

/// The points of a proof as EIP-2537 has them, for the Solidity verifier.
fn points(proof: &FinalityProof) -> serde_json::Value {
    let signature = |certificate: &[u8]| uncompressed_g2(&certificate[certificate.len() - 96..]).unwrap();
    let handovers: Vec<_> = proof
        .handovers
        .iter()
        .map(|handover| {
            serde_json::json!({
                "signaturePoint": signature(&handover.certificate),
                "keys": uncompressed(&handover.validators),
            })
        })
        .collect();
    serde_json::json!({ "signaturePoint": signature(&proof.certificate), "handovers": handovers })
}

/// Written by this test alone with `CHANCERY_BLESS=1`; what holds the other verifiers.
const VECTORS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../light/vectors/handover.json");

// FINALITY-10
#[test]
fn a_light_client_follows_the_changes_from_the_genesis_and_refuses_forged_ones() {
    simulate(150, |context| async move {
        let mut simulation = network(context, 4, 1).await;
        simulation.start_all().await;
        exchange(&simulation, 0).await;
        let changed = simulation.nodes[0].height() / EPOCH.get() + 1;
        simulation.until_epoch(0, 0, changed).await;
        // Node 1 comes back: five validators.
        simulation.registry(0, 0, addition(&simulation.nodes[1].keys, 1)).await;
        simulation.registry(0, 2, vote(2)).await;
        simulation.registry(0, 3, vote(2)).await;
        let changed = simulation.nodes[0].height() / EPOCH.get() + 1;
        simulation.until_epoch(0, 0, changed + 2).await;
        let (chain, genesis) = (simulation.nodes[0].chain(), &simulation.trusted);

        let trusted = genesis.follow_all(&handovers(chain)).unwrap();
        assert_eq!(trusted.epoch(), changed);
        assert_eq!(trusted.validators(), trusted_by_epoch(chain, genesis)[&changed].validators());

        let cases = handover_cases(&simulation, changed);
        // Whoever has followed the chain already does not follow it again.
        trusted.verify_finality(&cases[0].proof).unwrap();
        for Case { name, expect, proof } in &cases {
            let outcome = genesis.verify_finality(proof).map_or_else(|error| error.check(), |_| "ok");
            assert_eq!(outcome, *expect, "{name}");
        }
        if std::env::var_os("CHANCERY_BLESS").is_some() {
            let cases: Vec<_> = cases
                .iter()
                .map(|case| {
                    let points = points(&case.proof);
                    serde_json::json!({ "name": case.name, "expect": case.expect, "proof": case.proof, "points": points })
                })
                .collect();
            let essentials = genesis.essentials();
            let keys = uncompressed(&essentials.validators);
            let header = alloy::rlp::encode(chain.header(0).unwrap().unwrap().inner());
            let header = Bytes::from(header);
            let vectors =
                serde_json::json!({ "essentials": essentials, "keys": keys, "genesisHeader": header, "cases": cases });
            std::fs::write(VECTORS, serde_json::to_string_pretty(&vectors).unwrap() + "\n").unwrap();
        }
        agreed(&simulation)
    });
}
