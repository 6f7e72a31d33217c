//! `cargo xtask crash --validators 4`: kills 1, f, f + 1 and all validators of a network at random moments under load, starts them again with
//! unchanged flags, and checks that the chain goes on, that every receipt that was given is there on every node in the same block, and that
//! nobody has voted twice.
#![allow(clippy::print_stdout, reason = "it prints what it found")]

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use alloy_primitives::Address;
use anyhow::{Context, Result, ensure};
use chancery_testing::{
    load::{GivenReceipts, Kind, Workload, check_receipts, funded_signers, submit},
    process::{Network, rpc},
};
use clap::Parser;
use rand::{Rng, RngExt, SeedableRng, rngs::StdRng, seq::SliceRandom};
use reqwest::Client;
use serde_json::json;

/// Chain id of a trial network.
const CHAIN_ID: u64 = 7100;
/// Transactions signed for each sender and round, more than a round takes.
const PER_ROUND: usize = 1_500;
/// Transactions in one batch.
const BATCH: usize = 20;
/// Receipts looked at on every node after each restart; after the last one all are.
const MAX_CHECKED_PER_ROUND: usize = 2_000;
/// Earliest and latest moment of the kill after the load began.
const KILL_AFTER_MS: std::ops::Range<u64> = 20..1_500;

#[derive(Parser)]
struct Arguments {
    /// How many times validators are killed.
    #[arg(long, default_value_t = 200)]
    rounds: u32,
    /// Validators of the network.
    #[arg(long, default_value_t = 4)]
    validators: usize,
    /// How long an idle leader waits: with 2 s added, how long a dead one is waited for.
    #[arg(long, default_value_t = 200)]
    heartbeat_ms: u64,
    /// Seed of the moments and the victims; chosen and printed when absent.
    #[arg(long)]
    seed: Option<u64>,
}

#[tokio::main]
async fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let seed = arguments.seed.unwrap_or_else(|| rand::rng().next_u64());
    println!("seed {seed}");
    let mut random = StdRng::seed_from_u64(seed);
    let data = tempfile::tempdir()?;
    let mut network = Network::init(data.path(), arguments.validators, 0, arguments.heartbeat_ms)?;
    network.start_all()?;
    let given = GivenReceipts::default();
    let client = Client::builder().no_proxy().timeout(Duration::from_secs(10)).build()?;
    let faulty = (arguments.validators - 1) / 3;
    let counts = [1, faulty.max(1), faulty + 1, arguments.validators];
    for round in 1..=arguments.rounds {
        let count = counts[(round as usize - 1) % counts.len()];
        let known = given.count();
        let outcome = self::round(&mut network, count, faulty, &client, &given, &mut random).await;
        outcome.with_context(|| format!("round {round}, {count} killed (seed {seed})"))?;
        println!("round {round}: {count} killed, {} receipts given, {} in all", given.count() - known, given.count());
    }
    let all = given.sample(usize::MAX, &mut random);
    for node in &network.nodes {
        check_receipts(&client, &node.rpc, &all).await?;
        let evidence = rpc(&node.rpc, "chancery_getEvidence", json!([])).await?;
        ensure!(evidence.as_array().is_some_and(Vec::is_empty), "{}: somebody voted twice: {evidence}", node.name);
    }
    ensure!(!all.is_empty(), "no receipt was ever given: nothing was tested");
    println!(
        "{} rounds: all {} receipts are on all {} nodes, and nobody has voted twice",
        arguments.rounds,
        all.len(),
        network.nodes.len()
    );
    Ok(())
}

async fn round(
    network: &mut Network,
    count: usize,
    faulty: usize,
    client: &Client,
    given: &GivenReceipts,
    random: &mut StdRng,
) -> Result<()> {
    let workload = sign(network).await?;
    let stop = Arc::new(AtomicBool::new(false));
    let senders: Vec<_> = network
        .nodes
        .iter()
        .zip(workload.transactions)
        .map(|(node, raw)| tokio::spawn(send(client.clone(), node.rpc.clone(), raw, given.clone(), stop.clone())))
        .collect();
    tokio::time::sleep(Duration::from_millis(random.random_range(KILL_AFTER_MS))).await;
    let mut victims: Vec<usize> = (0..network.nodes.len()).collect();
    victims.shuffle(random);
    victims.truncate(count);
    for victim in &victims {
        network.nodes[*victim].kill()?;
    }
    if count <= faulty {
        // The others are a quorum, and go on.
        let survivor = network.nodes.iter().find(|node| node.runs()).context("nobody is left")?;
        let height = survivor.height().await?;
        survivor.block_hash(height + 2).await.context("the others do not go on")?;
    }
    stop.store(true, Ordering::Relaxed);
    for sender in senders {
        sender.await?;
    }
    for victim in victims {
        network.nodes[victim].start()?;
    }
    let mut highest = 0;
    for node in &network.nodes {
        highest = highest.max(node.height().await?);
    }
    network.agree_at(highest + 2).await.context("the chain does not go on after the restart")?;
    let sample = given.sample(MAX_CHECKED_PER_ROUND, random);
    for node in &network.nodes {
        check_receipts(client, &node.rpc, &sample).await?;
    }
    Ok(())
}

/// Transfers of one sender a node, from the nonces that are final.
async fn sign(network: &Network) -> Result<Workload> {
    let signers = funded_signers(u32::try_from(network.nodes.len())?)?;
    let first = network.nodes.first().context("no nodes")?;
    let mut nonces = Vec::with_capacity(signers.len());
    for signer in &signers {
        let nonce = rpc(&first.rpc, "eth_getTransactionCount", json!([signer.address(), "latest"])).await?;
        nonces.push(u64::from_str_radix(nonce.as_str().context("no nonce")?.trim_start_matches("0x"), 16)?);
    }
    Workload::sign(Kind::Transfer, &signers, &nonces, PER_ROUND * signers.len(), CHAIN_ID, Address::ZERO)
}

/// Sends batches in order and collects their receipts, until told to stop or the node is gone.
async fn send(client: Client, url: String, raw: Vec<String>, given: GivenReceipts, stop: Arc<AtomicBool>) {
    let mut waiting = Vec::new();
    for batch in raw.chunks(BATCH) {
        if stop.load(Ordering::Relaxed) {
            return;
        }
        let Ok(mut accepted) = submit(&client, &url, batch).await else { return };
        waiting.append(&mut accepted);
        if given.collect(&client, &url, &mut waiting).await.is_err() {
            return;
        }
    }
}
