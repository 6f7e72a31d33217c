//! `cargo xtask crash`: kills the whole city at random moments under load, starts it again with unchanged flags, and checks that every
//! transaction whose receipt was given is still there, in the same block; and every certificate whose issue was answered, with its status, on its side chain, and
//! every registration in the identity database.
#![allow(clippy::print_stdout, reason = "it prints what it found")]

mod certificates;

use std::{
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use alloy_primitives::Address;
use anyhow::{Context, Result, ensure};
use certificates::{Desk, Given};
use chancery_testing::{
    load::{GivenReceipts, Kind, Workload, check_receipts, funded_signers, submit},
    process::{City, CityOptions},
};
use clap::Parser;
use rand::{Rng, RngExt, SeedableRng, rngs::StdRng};
use reqwest::Client;
use serde_json::{Value, json};

/// How many accounts send at once.
const SENDERS: u32 = 8;
/// Transactions signed for each round, more than a round takes: a round whose senders have nothing left to send is an error.
const PER_ROUND: usize = 24_000;
/// Transactions in one batch.
const BATCH: usize = 20;
/// Receipts looked at after each restart; after the last one all are.
const MAX_CHECKED_PER_ROUND: usize = 10_000;
/// Earliest and latest moment of the kill after the first batch.
const KILL_AFTER_MS: std::ops::Range<u64> = 20..1_500;

#[derive(Parser)]
struct Arguments {
    /// How many times the city is killed.
    #[arg(long, default_value_t = 50)]
    rounds: u32,
    /// Keep the city's data here, to look at them afterwards.
    #[arg(long)]
    data_dir: Option<PathBuf>,
    /// Seed of the moments; chosen and printed when absent.
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
    let options = CityOptions::new(arguments.data_dir.as_deref().unwrap_or(data.path()));
    let given = GivenReceipts::default();
    let keys = tempfile::tempdir()?;
    let mut registered = Given::default();
    let client = Client::builder().no_proxy().timeout(Duration::from_secs(10)).build()?;

    for round in 1..=arguments.rounds {
        let city = City::start(&options)
            .with_context(|| format!("round {round}: the city did not start again (seed {seed})"))?;
        let url = city.chains.get("main").context("no main chain")?.clone();
        let sample = given.sample(MAX_CHECKED_PER_ROUND, &mut random);
        check_receipts(&client, &url, &sample).await.with_context(|| format!("round {round} (seed {seed})"))?;
        registered.check(&client, &city.gateway).await.with_context(|| format!("round {round} (seed {seed})"))?;
        let (known, known_certificates) = (given.count(), registered.certificates.len());

        let desk = Desk::new(city.gateway.clone(), keys.path().to_path_buf(), round);
        if registered.people.is_empty() {
            registered.people.push(desk.first_person()?);
        }
        let holder = registered.people.first().context("nobody is registered")?.clone();
        let workload = Arc::new(sign(&client, &url).await?);
        let stop = Arc::new(AtomicBool::new(false));
        let senders: Vec<_> = (0..SENDERS as usize)
            .map(|sender| {
                tokio::spawn(send(client.clone(), url.clone(), workload.clone(), sender, given.clone(), stop.clone()))
            })
            .collect();
        let issuing = tokio::task::spawn_blocking(move || desk.work(&holder, known_certificates));
        tokio::time::sleep(Duration::from_millis(random.random_range(KILL_AFTER_MS))).await;
        city.kill()?;
        stop.store(true, Ordering::Relaxed);
        for sender in senders {
            ensure!(
                !sender.await?,
                "round {round}: a sender had nothing left to send before the kill, so there was no load; raise PER_ROUND"
            );
        }
        registered.add(issuing.await?.with_context(|| format!("round {round} (seed {seed})"))?);
        println!(
            "round {round}: {} receipts given, {} in all; {} certificates issued, {} in all",
            given.count() - known,
            given.count(),
            registered.certificates.len() - known_certificates,
            registered.certificates.len()
        );
    }
    let city = City::start(&options)?;
    let url = city.chains.get("main").context("no main chain")?;
    check_receipts(&client, url, &given.sample(usize::MAX, &mut random)).await?;
    registered.check(&client, &city.gateway).await?;
    let (total, certificates, people) = (given.count(), registered.certificates.len(), registered.people.len());
    ensure!(total > 0, "no receipt was ever given: nothing was tested");
    ensure!(certificates > 0, "no certificate was ever issued: nothing was tested of them; take more rounds");
    println!(
        "{} kills: all {total} confirmed transactions are there, all {certificates} certificates and all {people} registrations",
        arguments.rounds
    );
    Ok(())
}

async fn sign(client: &Client, url: &str) -> Result<Workload> {
    let signers = funded_signers(SENDERS)?;
    let mut nonces = Vec::new();
    for signer in &signers {
        let answer: Value = client.post(url).json(&json!({"jsonrpc": "2.0", "id": 1, "method": "eth_getTransactionCount", "params": [signer.address(), "latest"]})).send().await?.json().await?;
        let nonce = answer["result"].as_str().context("no nonce")?;
        nonces.push(u64::from_str_radix(nonce.trim_start_matches("0x"), 16)?);
    }
    let chain: Value = client
        .post(url)
        .json(&json!({"jsonrpc": "2.0", "id": 1, "method": "eth_chainId", "params": []}))
        .send()
        .await?
        .json()
        .await?;
    let chain_id = u64::from_str_radix(chain["result"].as_str().context("no chain id")?.trim_start_matches("0x"), 16)?;
    Workload::sign(Kind::Transfer, &signers, &nonces, PER_ROUND, chain_id, Address::ZERO)
}

/// Sends batches in order and asks for their receipts until the city is gone; returns whether it ran out of transactions before.
async fn send(
    client: Client,
    url: String,
    workload: Arc<Workload>,
    sender: usize,
    given: GivenReceipts,
    stop: Arc<AtomicBool>,
) -> bool {
    let mut waiting: Vec<String> = Vec::new();
    for batch in workload.transactions[sender].chunks(BATCH) {
        if stop.load(Ordering::Relaxed) {
            return false;
        }
        let Ok(mut accepted) = submit(&client, &url, batch).await else {
            return false;
        };
        waiting.append(&mut accepted);
        if given.collect(&client, &url, &mut waiting).await.is_err() {
            return false;
        }
    }
    true
}
