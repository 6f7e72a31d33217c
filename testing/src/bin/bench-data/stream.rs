//! Lines through streams of a city, as fast as it takes them, and some of them followed to their proofs.

use std::time::{Duration, Instant};

use alloy_primitives::{B256, FixedBytes};
use anyhow::{Context, Result, ensure};
use chancery_testing::ingest::{Source, StreamConnection, now_ms, synthetic};
use rayon::prelude::*;
use serde_json::Value;
use tokio::sync::mpsc;

/// How often an acknowledged submission is followed to its proof.
const SAMPLE_EVERY: Duration = Duration::from_millis(200);
/// How often a followed submission is asked for.
const ASK_EVERY: Duration = Duration::from_millis(50);
/// Longest that a proof is waited for.
const PATIENCE: Duration = Duration::from_secs(60);
/// Lines above this length are sent alone.
const MAX_TOGETHER_BYTES: usize = 8192;

/// Lines with these operations, each signed for so many.
pub(crate) fn prepare(
    source: &Source,
    numbers: std::ops::Range<usize>,
    batch: usize,
    bytes: usize,
) -> Result<Vec<String>> {
    let time = now_ms();
    numbers
        .collect::<Vec<_>>()
        .par_chunks(batch)
        .map(|numbers| {
            let operations: Vec<String> = numbers.iter().map(|number| synthetic(*number, bytes, time)).collect();
            source.line(&operations, FixedBytes::new(rand::random()))
        })
        .collect()
}

/// What was measured; times are in milliseconds, in order.
pub(crate) struct Measured {
    pub(crate) elapsed: Duration,
    pub(crate) acknowledged: Vec<f64>,
    pub(crate) proven: Vec<f64>,
    /// From the last acknowledgement to the last proof.
    pub(crate) tail_ms: f64,
}

/// A submission that is followed to its proof.
struct Sample {
    place: u64,
    digest: B256,
    acknowledged: Instant,
}

/// Sends everything over so many connections.
pub(crate) async fn stream(gateway: &str, lines: Vec<String>, connections: usize) -> Result<Measured> {
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
        for group in
            lines.chunks(if lines.first().is_some_and(|line| line.len() > MAX_TOGETHER_BYTES) { 1 } else { 32 })
        {
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
    // Most outcomes are only looked at: reading each would take of the city's two cores what no device takes.
    while let Some(outcome) = outcomes.next_text().await? {
        ensure!(outcome.contains(r#""receipt":{"#), "{outcome}");
        let now = Instant::now();
        let sent = sent.recv().await.context("more outcomes than lines")?;
        latencies.push(now.duration_since(sent).as_secs_f64() * 1000.0);
        if now >= next_sample || latencies.len() == count {
            next_sample = now + SAMPLE_EVERY;
            samples.send(sample(outcome, now)?)?;
        }
    }
    drop(sending.await??);
    ensure!(latencies.len() == count, "{} of {count} lines were answered", latencies.len());
    Ok(latencies)
}

fn sample(outcome: &str, acknowledged: Instant) -> Result<Sample> {
    let outcome: Value = serde_json::from_str(outcome)?;
    let place = outcome["receipt"]["place"].as_u64().context("no place")?;
    let digest = outcome["receipt"]["digest"].as_str().context("no digest")?.parse()?;
    Ok(Sample { place, digest, acknowledged })
}

/// Fetches the proof of each sample as soon as there is one.
async fn follow(gateway: String, mut samples: mpsc::UnboundedReceiver<Sample>) -> Result<Vec<f64>> {
    let client = reqwest::Client::new();
    let mut running = Vec::new();
    while let Some(sample) = samples.recv().await {
        let (client, gateway) = (client.clone(), gateway.clone());
        running.push(tokio::spawn(async move {
            proof(&client, &gateway, sample.place, sample.digest, 0).await?;
            anyhow::Ok(sample.acknowledged.elapsed().as_secs_f64() * 1000.0)
        }));
    }
    let mut latencies = Vec::new();
    for one in running {
        latencies.push(one.await??);
    }
    Ok(latencies)
}

/// The proof of an operation, once there is one.
pub(crate) async fn proof(
    client: &reqwest::Client,
    gateway: &str,
    place: u64,
    digest: B256,
    index: usize,
) -> Result<Vec<u8>> {
    let (begun, url) = (Instant::now(), format!("{gateway}/v1/submissions/{place}/{digest}"));
    loop {
        let state: Value = client.get(&url).send().await?.json().await?;
        if state["dataBlock"].is_object() {
            let proof = client.get(format!("{url}/operations/{index}")).send().await?;
            ensure!(proof.status() == 200, "no proof: {}", proof.text().await?);
            return Ok(proof.bytes().await?.to_vec());
        }
        ensure!(begun.elapsed() < PATIENCE, "place {place} is not proven: {state}");
        tokio::time::sleep(ASK_EVERY).await;
    }
}
