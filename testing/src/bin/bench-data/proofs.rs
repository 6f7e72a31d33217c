//! The proof of an operation, as anybody verifies it offline: knowing the genesis alone, and when its block was verified before.

use std::{hint::black_box, path::Path, time::Instant};

use alloy_primitives::B256;
use anyhow::{Context, Result, ensure};
use chancery_data::proof::{OperationProof, ProofFailure, VerifiedOperation};
use chancery_light::{ChainEssentials, TrustedChain};
use chancery_testing::{
    ingest::{CHAIN_ID, Source, StreamConnection},
    numbers::{Number, quantile},
    process::{City, CityOptions, rpc},
};
use serde_json::{Value, json};

use crate::{limit, stream};

/// Asked for: of each proof, in milliseconds, and in microseconds when its header is trusted already.
const WHOLE_MS: f64 = 3.0;
const IN_TRUSTED_US: f64 = 50.0;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Submissions that are in the journal together, of which one is proven.
    #[arg(long, default_value_t = 200)]
    submissions: usize,
    /// Operations of each.
    #[arg(long, default_value_t = 100)]
    batch: usize,
    /// How often each verification is made.
    #[arg(long, default_value_t = 1000)]
    rounds: usize,
}

pub(crate) async fn run(arguments: &Arguments) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let data = folder.path().join("city");
    let city = City::start(&CityOptions::new(&data))?;
    let source = Source::register(folder.path(), &city.gateway)?;
    let lines = stream::prepare(&source, 0..arguments.submissions * arguments.batch, arguments.batch, 256)?;
    let (place, digest) = submit(&city.gateway, &lines).await?;
    let index = arguments.batch * 2 / 3;
    let file = stream::proof(&reqwest::Client::new(), &city.gateway, place, digest, index).await?;
    let chain = trusted(&data, &city).await?;
    let proof = read(&file)?;
    let header = chain.verify_finality(&proof.proof.as_ref().context("a proof without finality")?.finality)?;
    println!(
        "a proof of {} bytes: {} hashes to the submission's root, {} to the data block's",
        file.len(),
        proof.siblings.len(),
        proof.leaf.siblings.len()
    );

    let signature = limit::alone_us()?;
    let whole = times_us(arguments.rounds, || proof.verify(&chain))?;
    let from_file = times_us(arguments.rounds, || OperationProof::from_json(&file)?.verify(&chain))?;
    let inside = times_us(arguments.rounds, || proof.verify_in(&header))?;
    let included = times_us(arguments.rounds, || proof.verify_inclusion(&header))?;
    let parts = [
        ("verified", &whole),
        ("read and verified", &from_file),
        ("with its header trusted", &inside),
        ("with its header trusted and the source's signature verified before", &included),
    ];
    for (name, times) in parts {
        println!("{name}: p50 {:.1} us, p99 {:.1} us", quantile(times, 0.5), quantile(times, 0.99));
    }
    let limit = "one Ed25519 verification on one core";
    Number::below("proof of an operation, verified, p99", WHOLE_MS, "ms", quantile(&from_file, 0.99) / 1000.0)
        .beside(quantile(&from_file, 0.99) / signature, limit)
        .print()?;
    // The second also verifies the source's signature, which is no part of the way to the header and takes as long as it takes on this machine.
    for (what, times) in [("operation to header", &included), ("and the source's signature", &inside)] {
        let p50 = quantile(times, 0.5);
        Number::below(format!("proof of an operation, header trusted, {what}, p50"), IN_TRUSTED_US, "us", p50)
            .beside(p50 / signature, limit)
            .print()?;
    }
    Ok(())
}

/// Place and digest of a submission in the middle of these.
async fn submit(gateway: &str, lines: &[String]) -> Result<(u64, B256)> {
    let (mut sender, mut outcomes) = StreamConnection::open(gateway).await?.split();
    let sent = lines.to_vec();
    let sending = tokio::spawn(async move {
        for line in &sent {
            sender.send(line.as_bytes()).await?;
        }
        sender.finish().await?;
        anyhow::Ok(sender)
    });
    outcomes.head().await?;
    let mut receipts = Vec::with_capacity(lines.len());
    while let Some(outcome) = outcomes.next().await? {
        ensure!(outcome["receipt"].is_object(), "{outcome}");
        receipts.push(outcome["receipt"].clone());
    }
    drop(sending.await??);
    let one = receipts.get(receipts.len() / 2).context("nothing was answered")?;
    let digest = one["digest"].as_str().context("no digest")?.parse()?;
    Ok((one["place"].as_u64().context("no place")?, digest))
}

/// The main chain, as somebody trusts it who has its genesis.
async fn trusted(data: &Path, city: &City) -> Result<TrustedChain> {
    let genesis: Value = serde_json::from_slice(&std::fs::read(data.join("genesis/main.json"))?)?;
    let validators = genesis["validators"].as_array().context("a genesis without validators")?;
    let keys = validators.iter().map(|validator| serde_json::from_value(validator["blsPublicKey"].clone()));
    let url = city.chains.get("main").context("a city without its main chain")?;
    let first = rpc(url, "eth_getBlockByNumber", json!(["0x0", false])).await?;
    let essentials = ChainEssentials {
        chain_id: CHAIN_ID,
        genesis_hash: first["hash"].as_str().context("no genesis")?.parse()?,
        validators: keys.collect::<Result<_, _>>()?,
    };
    Ok(TrustedChain::new(essentials)?)
}

fn read(file: &[u8]) -> Result<OperationProof> {
    Ok(OperationProof::from_json(file)?)
}

/// Microseconds of each round, in order.
fn times_us(rounds: usize, verify: impl Fn() -> Result<VerifiedOperation, ProofFailure>) -> Result<Vec<f64>> {
    let mut times = Vec::with_capacity(rounds);
    for _ in 0..rounds {
        let begun = Instant::now();
        black_box(verify()?);
        times.push(begun.elapsed().as_secs_f64() * 1e6);
    }
    times.sort_by(f64::total_cmp);
    Ok(times)
}
