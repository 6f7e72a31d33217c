//! `cargo xtask bench data`: signed device readings through a whole city, durable and proven, beside the limit of Ed25519 verification measured in the same run.
#![allow(clippy::print_stdout, reason = "it prints its measurements")]

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use alloy_primitives::{B256, FixedBytes};
use anyhow::{Context, Result, ensure};
use chancery_data::{Algorithm, Signer};
use chancery_testing::{
    ingest::{Source, StreamConnection, now_ms, synthetic},
    process::{City, CityOptions},
};
use clap::Parser;
use rayon::prelude::*;
use serde_json::Value;
use tokio::sync::mpsc;

/// Signatures of the limit's measurement.
const LIMIT_SIGNATURES: usize = 20_000;
/// How often an acknowledged submission is followed to its proof.
const SAMPLE_EVERY: Duration = Duration::from_millis(200);
/// How often a followed submission is asked for.
const ASK_EVERY: Duration = Duration::from_millis(50);
/// Longest that a proof is waited for.
const PATIENCE: Duration = Duration::from_secs(60);

#[derive(Parser)]
struct Arguments {
    /// Operations in submissions of many.
    #[arg(long, default_value_t = 500_000)]
    batched: usize,
    /// Operations under one signature in those.
    #[arg(long, default_value_t = 100)]
    batch: usize,
    /// Operations that are signed each.
    #[arg(long, default_value_t = 150_000)]
    single: usize,
    /// Bytes of a reading.
    #[arg(long, default_value_t = 256)]
    bytes: usize,
    /// Connections that stream.
    #[arg(long, default_value_t = 2)]
    connections: usize,
}

#[tokio::main]
async fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let limit = ed25519_limit()?;
    println!("Ed25519 verification, all cores: {limit:.0}/s");
    let folder = tempfile::tempdir()?;
    let city = City::start(&CityOptions::new(&folder.path().join("city")))?;
    let source = Arc::new(Source::register(folder.path(), &city.gateway)?);
    for (name, operations, batch) in [
        ("warm-up", 10_000, arguments.batch),
        ("batch-signed", arguments.batched, arguments.batch),
        ("each signed", arguments.single, 1),
    ] {
        let lines = prepare(&source, operations, batch, arguments.bytes)?;
        let result = stream(&city.gateway, lines, arguments.connections).await?;
        let per_second = operations as f64 / result.elapsed.as_secs_f64();
        let signatures = per_second / batch as f64;
        println!(
            "{name}: {operations} operations of {} bytes, {batch} a signature: {per_second:.0}/s durable ({signatures:.0} signatures/s, {:.2} of the limit); \
             acknowledged p50 {:.0} ms, p99 {:.0} ms; final proof after acknowledgement p50 {:.0} ms, p99 {:.0} ms, most {:.0} ms over {} samples; all recorded {:.0} ms after the last",
            arguments.bytes,
            signatures / limit,
            at(&result.acknowledged, 50),
            at(&result.acknowledged, 99),
            at(&result.proven, 50),
            at(&result.proven, 99),
            at(&result.proven, 100),
            result.proven.len(),
            result.tail_ms,
        );
    }
    Ok(())
}

/// Verifications a second, of what a submission of one operation signs, on all cores.
fn ed25519_limit() -> Result<f64> {
    let signer = Signer::from_bytes(Algorithm::EdDsa, &[7; 32])?;
    let key = signer.public_key();
    let messages: Vec<_> = (0..64)
        .map(|number| signer.sign(&serde_json::json!({"number": number, "fill": "x".repeat(280)}), "bench+jws"))
        .collect::<Result<_, _>>()?;
    let begun = Instant::now();
    let right =
        (0..LIMIT_SIGNATURES).into_par_iter().filter(|number| messages[number % 64].verify(&key).is_ok()).count();
    ensure!(right == LIMIT_SIGNATURES, "a signature does not verify");
    Ok(LIMIT_SIGNATURES as f64 / begun.elapsed().as_secs_f64())
}

fn prepare(source: &Source, operations: usize, batch: usize, bytes: usize) -> Result<Vec<String>> {
    let time = now_ms();
    (0..operations)
        .collect::<Vec<_>>()
        .par_chunks(batch)
        .map(|numbers| {
            let operations: Vec<String> = numbers.iter().map(|number| synthetic(*number, bytes, time)).collect();
            source.line(&operations, FixedBytes::new(rand::random()))
        })
        .collect()
}

struct Measured {
    elapsed: Duration,
    /// Milliseconds, in order.
    acknowledged: Vec<f64>,
    proven: Vec<f64>,
    tail_ms: f64,
}

/// A submission that is followed to its proof.
struct Sample {
    place: u64,
    digest: B256,
    acknowledged: Instant,
}

async fn stream(gateway: &str, lines: Vec<String>, connections: usize) -> Result<Measured> {
    let (samples, sampled) = mpsc::unbounded_channel();
    let follower = tokio::spawn(follow(gateway.to_owned(), sampled));
    let begun = Instant::now();
    let share = lines.len().div_ceil(connections);
    let mut running = Vec::new();
    for part in lines.chunks(share) {
        running.push(tokio::spawn(one_connection(gateway.to_owned(), part.to_vec(), samples.clone())));
    }
    drop((samples, lines));
    let mut acknowledged = Vec::new();
    for connection in running {
        acknowledged.extend(connection.await??);
    }
    let elapsed = begun.elapsed();
    let last = Instant::now();
    let mut proven = follower.await??;
    let tail_ms = last.elapsed().as_secs_f64() * 1000.0;
    for latencies in [&mut acknowledged, &mut proven] {
        latencies.sort_by(f64::total_cmp);
    }
    Ok(Measured { elapsed, acknowledged, proven, tail_ms })
}

/// Sends as fast as the other side takes it; the time of each line from its sending to its receipt.
async fn one_connection(
    gateway: String,
    lines: Vec<String>,
    samples: mpsc::UnboundedSender<Sample>,
) -> Result<Vec<f64>> {
    let (mut sender, mut outcomes) = StreamConnection::open(&gateway).await?.split();
    let (times, mut sent) = mpsc::unbounded_channel::<Instant>();
    let count = lines.len();
    let sending = tokio::spawn(async move {
        // As a device's gateway does: what is at hand goes out together.
        for group in lines.chunks(if lines.first().is_some_and(|line| line.len() > 8192) { 1 } else { 32 }) {
            sender.send(group.concat().as_bytes()).await?;
            let now = Instant::now();
            for _ in group {
                times.send(now)?;
            }
        }
        sender.finish().await?;
        // Dropping it would close its half of the connection, which ends the whole of an HTTP/1.1 exchange.
        anyhow::Ok(sender)
    });
    outcomes.head().await?;
    let (mut latencies, mut next_sample) = (Vec::with_capacity(count), Instant::now());
    let mut last = None;
    while let Some(outcome) = outcomes.next().await? {
        let receipt = &outcome["receipt"];
        ensure!(receipt.is_object(), "{outcome}");
        let now = Instant::now();
        let sent = sent.recv().await.context("more outcomes than lines")?;
        latencies.push(now.duration_since(sent).as_secs_f64() * 1000.0);
        last = Some(sample(receipt, now)?);
        if now >= next_sample {
            next_sample = now + SAMPLE_EVERY;
            samples.send(sample(receipt, now)?)?;
        }
    }
    samples.send(last.context("no outcome")?)?;
    drop(sending.await??);
    ensure!(latencies.len() == count, "{} of {count} lines were answered", latencies.len());
    Ok(latencies)
}

fn sample(receipt: &Value, acknowledged: Instant) -> Result<Sample> {
    let place = receipt["place"].as_u64().context("no place")?;
    let digest = receipt["digest"].as_str().context("no digest")?.parse()?;
    Ok(Sample { place, digest, acknowledged })
}

/// Fetches the proof of each sample as soon as there is one.
async fn follow(gateway: String, mut samples: mpsc::UnboundedReceiver<Sample>) -> Result<Vec<f64>> {
    let client = reqwest::Client::new();
    let mut running = Vec::new();
    while let Some(sample) = samples.recv().await {
        let (client, gateway) = (client.clone(), gateway.clone());
        running.push(tokio::spawn(async move {
            let url = format!("{gateway}/v1/submissions/{}/{}", sample.place, sample.digest);
            loop {
                let state: Value = client.get(&url).send().await?.json().await?;
                if state["dataBlock"].is_object() {
                    let proof = client.get(format!("{url}/operations/0")).send().await?;
                    ensure!(proof.status() == 200, "no proof: {}", proof.text().await?);
                    proof.bytes().await?;
                    return Ok(sample.acknowledged.elapsed().as_secs_f64() * 1000.0);
                }
                ensure!(sample.acknowledged.elapsed() < PATIENCE, "place {} is not proven: {state}", sample.place);
                tokio::time::sleep(ASK_EVERY).await;
            }
        }));
    }
    let mut latencies = Vec::new();
    for one in running {
        latencies.push(one.await??);
    }
    Ok(latencies)
}

fn at(sorted: &[f64], percent: usize) -> f64 {
    let rank = (sorted.len() * percent / 100).min(sorted.len().saturating_sub(1));
    sorted.get(rank).copied().unwrap_or_default()
}
